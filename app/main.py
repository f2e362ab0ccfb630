"""The `threerings` command. `replay` is answered here with few imports, so that it starts at once; the rest is `cli.py`."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point. Exit 0 on success, 1 on a finding, 2 on bad usage or configuration."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["replay"]:
        from app.replay_command import replay_command

        sys.exit(replay_command(arguments[1:]))
    from app.cli import cli

    cli(prog_name="threerings")


if __name__ == "__main__":
    main()
