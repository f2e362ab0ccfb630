"""`threerings replay FILE...`: recorded AMI bytes to call records on standard output. Kept apart from `cli.py` because
the imports of a full command line take longer than replaying a day of a small hotline.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from app.config_problems import ConfigError
from app.replay import replay
from hotline.directory import Directory
from hotline.record_json import call_to_json
from hotline.records import Anomaly, CallRecord, Fact

HELP = "Raw AMI bytes as read from the socket (`-`: standard input) -> one record per call as it ends."


def replay_command(arguments: Sequence[str]) -> int:
    """Exit code 0; 2 when a file or the configuration cannot be read. Anomalies are counted on standard error."""
    options = _parser().parse_args(arguments)
    try:
        with ExitStack() as stack:
            pbx, directory = _configuration(options.config)
            files = [_open(name, stack) for name in options.files]
            facts = replay(files, pbx, directory)
            anomalies = _print_lines(facts) if options.json else _print_table(facts)
    except BrokenPipeError:
        # `threerings replay ... | head`: whoever read us has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(
            f"threerings replay: {error.filename}: {error.strerror}; name a file that can be read",
            file=sys.stderr,
        )
        return 2
    except ConfigError as error:
        print(*(f"threerings replay: {problem}" for problem in error.problems), sep="\n", file=sys.stderr)
        return 2
    if anomalies:
        shown = ", ".join(f"{kind} {count}" for kind, count in sorted(anomalies.items()))
        print(f"threerings replay: anomalies in the stream: {shown}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="threerings replay", description=HELP)
    parser.add_argument("files", metavar="FILE", nargs="+", help="raw AMI bytes; `-` is standard input")
    parser.add_argument(
        "--config", type=Path, help="lines, phones and ring targets; default: none of them known"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line (docs/contracts.md)")
    return parser


def _configuration(path: Path | None) -> tuple[str, Directory]:
    if path is None:
        return "pbx", Directory()
    from app.settings import load_directory

    return load_directory(path)


def _open(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    return stack.enter_context(Path(name).open("rb"))


def _print_lines(facts: Iterator[Fact]) -> Counter[str]:
    """One JSON object a line, flushed as each call ends when somebody watches."""
    import json

    anomalies: Counter[str] = Counter()
    encode = json.JSONEncoder(ensure_ascii=False).encode
    out = sys.stdout
    watched = not Path("/dev/fd/1").is_file()
    for fact in facts:
        if isinstance(fact, CallRecord):
            out.write(encode(call_to_json(fact)) + "\n")
            if watched:
                out.flush()
        elif isinstance(fact, Anomaly):
            anomalies[fact.kind] += 1
    out.flush()
    return anomalies


def _print_table(facts: Iterator[Fact]) -> Counter[str]:
    from app.call_table import print_calls

    return print_calls(facts)
