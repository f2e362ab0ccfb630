"""Raw AMI bytes in, call records out, streaming: the same reader, translator and tracker that the service runs on.

Imports nothing slow: a replay starts in a few hundredths of a second. Printing is done by `cli.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ami_listener.protocol import AmiReader
from ami_listener.translate import WANTED, Translator
from hotline.calls import CallTracker
from hotline.directory import Directory
from hotline.records import Fact

CHUNK_BYTES = 256 * 1024


class Replay:
    """One stream of one PBX."""

    def __init__(self, pbx: str = "pbx", directory: Directory | None = None) -> None:
        self.reader = AmiReader(WANTED)
        directory = directory or Directory()
        self.translator = Translator(directory.is_trunk)
        self.tracker = CallTracker(pbx, directory)

    def feed(self, data: bytes) -> list[Fact]:
        """The facts that became known with these bytes."""
        return self.tracker.feed_all(self.translator.feed_all(self.reader.feed(data)))

    def finish(self) -> list[Fact]:
        """The stream is over: calls still open are given as `partial`."""
        return self.tracker.flush()


def replay(files: Iterable[BinaryIO], pbx: str = "pbx", directory: Directory | None = None) -> Iterator[Fact]:
    """Facts of consecutive files of one PBX, as they become known. Raises OSError from reading."""
    stream = Replay(pbx, directory)
    for file in files:
        while chunk := file.read(CHUNK_BYTES):
            yield from stream.feed(chunk)
    yield from stream.finish()
