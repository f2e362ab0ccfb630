"""A picture of what a command prints, as SVG text: `python tools/picture.py docs/images/demo.svg -- threerings demo`.

The command runs once, with colours and a fixed width; its output is drawn as it stands. The picture names no
address: fonts are whatever fixed-width font the viewer has.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

DEADLINE_SECONDS = 300


def printed(command: list[str], columns: int) -> str:
    """What it writes to standard output, colours included. Raises CalledProcessError."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(columns), "TTY_INTERACTIVE": "0"}
    run = subprocess.run(
        command,
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    return run.stdout.strip("\n")


def drawn(text: str, title: str, columns: int) -> str:
    """Rich's drawing of a terminal, without the addresses it names."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text), soft_wrap=True)
    picture = console.export_svg(title=title, theme=MONOKAI)
    picture = re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    picture = re.sub(r"<!--.*?-->\s*", "", picture, flags=re.DOTALL)
    return picture.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw what a command prints.")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--title", default="threerings")
    parser.add_argument("--columns", type=int, default=112)
    parser.add_argument("command", nargs="+", help="after --")
    options = parser.parse_args()
    text = printed(options.command, options.columns)
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    options.picture.write_text(drawn(text, options.title, options.columns), encoding="utf-8")
    sys.stderr.write(f"drew {options.picture}\n")


if __name__ == "__main__":
    main()
