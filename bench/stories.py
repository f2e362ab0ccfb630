"""The recorded calls that captures are made of: raw AMI bytes of one story each, every event class on.

Comes in: `recordings/NAME.ami`, made by `python -m lab capture` of the story of that name. Goes out: `Story`, from which
copies with identities and times of their own are cut. `interleaved.py` merges the copies.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError

REPOSITORY = Path(__file__).resolve().parent.parent
RECORDINGS = REPOSITORY / "bench/recordings"
END = b"\r\n\r\n"
_STAMP = re.compile(rb"(\r\nTimestamp: )(\d+\.\d+)")
_IDENTITY = re.compile(rb"\r\n(\w*(?:Uniqueid|Linkedid|Channel)): ([^\r]+)")
_TIME = b"\0time\0"


@dataclass(frozen=True, slots=True)
class _Message:
    """One event; in `pieces` every second one is an identity (or the time), the others are as recorded."""

    offset_us: int
    pieces: tuple[bytes, ...]


class Numbering:
    """New identities, as a PBX counts them: no two copies share one, and the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._channels = 0
        self._names = 0

    def channel(self, epoch: int) -> bytes:
        self._channels += 1
        return b"%d.%d" % (epoch, self._channels)

    def name(self) -> bytes:
        self._names += 1
        return b"%08x" % self._names

    def bridge(self) -> bytes:
        digits = f"{self._random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).encode()


class Story:
    """One recorded call, or the few calls of one incident, as a pattern for copies."""

    def __init__(self, name: str, raw: bytes) -> None:
        """Raises BenchError for a recording without a single event that has a time."""
        self.name = name
        self.fingerprint = hashlib.sha256(raw).digest()
        blocks = [block for block in raw.split(END) if _is_of_a_call(block)]
        if not blocks:
            raise BenchError(f"{name}: no event with a Timestamp in it; record it with timestampevents = yes")
        self.began_us = min(_stamp_us(block) for block in blocks)
        self._identities = _identities(blocks)
        pattern = _any_of(self._identities)
        self._messages = [
            _Message(
                _stamp_us(block) - self.began_us,
                tuple(pattern.split(_STAMP.sub(rb"\g<1>" + _TIME, block, count=1))),
            )
            for block in blocks
        ]

    def __len__(self) -> int:
        return len(self._messages)

    def copy(self, start_us: int, numbering: Numbering) -> Iterator[tuple[int, bytes]]:
        """The messages of one copy that begins at `start_us` (Unix microseconds), each with the instant it is sent.

        That is its own time, or that of a later one which was sent before it: the order stays as recorded.
        """
        names = self._names(start_us, numbering)
        sent_us = start_us
        for message in self._messages:
            at_us = start_us + message.offset_us
            sent_us = max(sent_us, at_us)
            names[_TIME] = b"%d.%06d" % divmod(at_us, 1_000_000)
            yield sent_us, b"".join(_filled(message.pieces, names))

    def _names(self, start_us: int, numbering: Numbering) -> dict[bytes, bytes]:
        shift = (start_us - self.began_us) // 1_000_000
        names: dict[bytes, bytes] = {}
        for identity in self._identities:
            epoch, dot, _ = identity.partition(b".")
            stem, dash, _ = identity.rpartition(b"-")
            if dot and epoch.isdigit():
                names[identity] = numbering.channel(int(epoch) + shift)
            elif b"/" in identity:
                names[identity] = stem + dash + numbering.name()
            elif identity.count(b"-") == 4:
                names[identity] = numbering.bridge()
            else:
                names[identity] = identity + b"-" + numbering.name()
        return names


def _is_of_a_call(block: bytes) -> bool:
    """Events with a time; the log-in of whoever recorded is left out, a capture has one of its own."""
    return (
        block.startswith(b"Event: ")
        and _STAMP.search(block) is not None
        and not block.startswith((b"Event: FullyBooted", b"Event: SuccessfulAuth"))
    )


def _stamp_us(block: bytes) -> int:
    found = _STAMP.search(block)
    seconds, _, fraction = (found[2] if found else b"0.0").partition(b".")
    return int(seconds) * 1_000_000 + int(fraction.ljust(6, b"0")[:6])


def _identities(blocks: Sequence[bytes]) -> list[bytes]:
    """Whatever names one channel or one bridge, in order of appearance; the halves of a Local share one name."""
    found: dict[bytes, None] = {}
    for block in blocks:
        for header, value in _IDENTITY.findall(block):
            if not header.endswith(b"Channel"):
                found[value] = None
            elif b"-" in value:
                found[value.partition(b";")[0]] = None
    return list(found)


def _any_of(identities: Sequence[bytes]) -> re.Pattern[bytes]:
    longest_first = sorted({*identities, _TIME}, key=len, reverse=True)
    return re.compile(rb"(?<![\w.])(" + b"|".join(map(re.escape, longest_first)) + rb")(?![\w.])")


def _filled(pieces: tuple[bytes, ...], names: Mapping[bytes, bytes]) -> Iterator[bytes]:
    for position, piece in enumerate(pieces):
        yield names[piece] if position % 2 else piece


def load_stories(folder: Path = RECORDINGS) -> list[Story]:
    """The recordings of a folder, in order of name. Raises BenchError where there is none."""
    stories = [Story(path.stem, path.read_bytes()) for path in sorted(folder.glob("*.ami"))]
    if not stories:
        raise BenchError(f"{folder}: no recording in it; make some with `python -m lab capture {folder}`")
    return stories
