"""The yardstick: panoramisk reads the bytes, cacofonisk tracks the calls, each fact is one line of JSON.

`python -m bench.peer FILE` wires the two as cacofonisk's own `AmiRunner` does: a panoramisk `Manager` that has a callback
for each event the tracker knows. `--direct` leaves the Manager's matching of names out and hands every event over at
once: faster than anybody runs it, the fairest bound there is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from cacofonisk.channel import SimpleChannel
from cacofonisk.handlers import EventHandler
from cacofonisk.reporters import BaseReporter
from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

CHUNK_BYTES = 64 * 1024  # what one read of a busy socket gives


class LineReporter(BaseReporter):  # type: ignore[misc]
    """Every fact about a call that cacofonisk reports, one JSON object a line on standard output."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._encode = json.JSONEncoder(ensure_ascii=False).encode
        self._write = sys.stdout.write

    def on_b_dial(self, caller: SimpleChannel, targets: list[SimpleChannel]) -> None:
        self._line("ringing", caller=caller, targets=targets)

    def on_up(self, caller: SimpleChannel, target: SimpleChannel) -> None:
        self._line("up", caller=caller, target=target)

    def on_attended_transfer(
        self, caller: SimpleChannel, transferer: SimpleChannel, target: SimpleChannel
    ) -> None:
        self._line("attended transfer", caller=caller, transferer=transferer, target=target)

    def on_blonde_transfer(
        self, caller: SimpleChannel, transferer: SimpleChannel, targets: list[SimpleChannel]
    ) -> None:
        self._line("blonde transfer", caller=caller, transferer=transferer, targets=targets)

    def on_blind_transfer(
        self, caller: SimpleChannel, transferer: SimpleChannel, targets: list[SimpleChannel]
    ) -> None:
        self._line("blind transfer", caller=caller, transferer=transferer, targets=targets)

    def on_hangup(self, caller: SimpleChannel, reason: str) -> None:
        self._line("hangup", caller=caller, reason=reason)

    def on_queue_caller_abandon(self, caller: SimpleChannel) -> None:
        self._line("queue abandon", caller=caller)

    def _line(self, fact: str, **told: Any) -> None:
        self.counts[fact] += 1
        self._write(self._encode({"fact": fact, "at": self.timestamp.isoformat(), **told}) + "\n")


class Peer:
    """What panoramisk calls with each event. A failed assertion of the tracker costs that event only."""

    save_stream = None

    def __init__(self) -> None:
        self.reporter = LineReporter()
        self.tracker = EventHandler(reporter=self.reporter)

    def on_event(self, _manager: Manager | None, event: Any) -> None:
        try:
            self.tracker.on_event(event)
        except (AssertionError, LookupError, AttributeError, ValueError, TypeError) as error:
            self.reporter.counts[f"raised {type(error).__name__}"] += 1

    def dispatch(self, event: Any) -> None:
        """In a Manager's place: every event, no matching of names."""
        self.on_event(None, event)


async def track(path: Path, *, direct: bool) -> Counter[str]:
    """Read the capture; the counts of what was reported, and of what the tracker stumbled over."""
    peer = Peer()
    manager = Manager(loop=asyncio.get_running_loop())
    for name in EventHandler.event_handlers():
        manager.register_event(name, peer.on_event)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.encoding = "utf8"
    protocol.factory = peer if direct else manager
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            protocol.data_received(chunk)
    return peer.reporter.counts


def main() -> None:
    logging.disable()
    arguments = [argument for argument in sys.argv[1:] if argument != "--direct"]
    counts = asyncio.run(track(Path(arguments[0]), direct="--direct" in sys.argv))
    sys.stdout.flush()
    print(json.dumps(counts), file=sys.stderr)


if __name__ == "__main__":
    main()
