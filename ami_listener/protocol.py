"""Bytes of the manager interface -> messages, and actions -> bytes. No socket, no clock, no logging.

Text is decoded per complete message, never per chunk: a Chinese name split across TCP segments survives. Unwanted
events are dropped by name before their headers are read. Whatever arrives, `feed` never raises and never holds more
than one message: what is too long is skipped and counted. The socket lives in `listener.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ami_listener.message import Message

MAX_MESSAGE_BYTES = 64 * 1024  # Asterisk's longest (a VarSet of a whole SIP body) stay below 10 KiB
MAX_LINE_BYTES = 16 * 1024
_END = b"\r\n\r\n"
_EVENT = b"Event: "
_BANNER = b"Asterisk Call Manager/"


@dataclass(slots=True)
class ReaderCounts:
    """What became of the bytes. `oversized` and `malformed` are anomalies; the others are traffic."""

    messages: int = 0
    dropped: int = 0
    oversized: int = 0
    malformed: int = 0


class AmiReader:
    """Feed it chunks of any size; it returns the wanted messages that became complete.

    `wanted` maps an event's name to bytes that must occur in the message (b"" for none), so that one needle in
    thousands of VarSets is found without reading them. `replies` receives the raw bytes of every reply to an action.
    """

    def __init__(self, wanted: Mapping[str, bytes], *, keep_replies: bool = False) -> None:
        self.counts = ReaderCounts()
        self.banner: str | None = None
        self.replies: list[bytes] = []
        self._wanted = {name.encode(): (name, needle) for name, needle in wanted.items()}
        self._keep_replies = keep_replies
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by these bytes, in order."""
        blocks = (self._rest + data if self._rest else data).split(_END)
        self._rest = blocks.pop()
        if self._skipping and blocks:
            # the tail of a message that was too long to keep
            self._skipping = False
            del blocks[0]
        if len(self._rest) > MAX_MESSAGE_BYTES + len(_END) or self._skipping:
            self._skip_rest()
        return self._messages(blocks) if blocks else []

    def _skip_rest(self) -> None:
        if not self._skipping:
            self.counts.oversized += 1
            self._skipping = True
        # enough to recognise a separator that is split between two chunks
        self._rest = self._rest[-(len(_END) - 1) :]

    def _messages(self, blocks: list[bytes]) -> list[Message]:
        counts, wanted = self.counts, self._wanted
        found: list[Message] = []
        dropped = 0
        for raw in blocks:
            block = raw
            if block[:7] != _EVENT:
                block = self._trim(block)
                if block[:7] != _EVENT:
                    continue
            want = wanted.get(block[7 : block.find(b"\r\n", 7)])
            if want is None or want[1] not in block:
                if self._keep_replies and b"\r\nActionID: " in block:
                    self.replies.append(block)
                dropped += 1
                continue
            message = self._message(want[0], block)
            if message is not None:
                found.append(message)
        counts.dropped += dropped
        counts.messages += len(found)
        return found

    def _trim(self, block: bytes) -> bytes:
        """Take off the banner (glued to the first message by one line end) and stray line ends; note replies."""
        block = block.lstrip(b"\r\n")
        if block.startswith(_BANNER):
            banner, _, block = block.partition(b"\r\n")
            self.banner = banner.decode("utf-8", "replace")
        if self._keep_replies and block.startswith(b"Response: "):
            self.replies.append(block)
        elif block and not block.startswith((_EVENT, b"Response: ")):
            self.counts.malformed += 1
        return block

    def _message(self, name: str, block: bytes) -> Message | None:
        if len(block) > MAX_LINE_BYTES and (
            len(block) > MAX_MESSAGE_BYTES or max(map(len, block.split(b"\r\n"))) > MAX_LINE_BYTES
        ):
            self.counts.oversized += 1
            return None
        lines = block.decode("utf-8", "replace").split("\r\n")
        lines.reverse()  # dict() keeps the last of equal keys: now that is the first line
        try:
            return Message(name, dict([line.split(": ", 1) for line in lines]))
        except ValueError:
            return Message(name, self._headers(lines))

    def _headers(self, lines: list[str]) -> dict[str, str]:
        headers: dict[str, str] = {}
        for line in lines:
            key, colon, value = line.partition(":")
            if colon:
                headers[key] = value.removeprefix(" ")
            else:
                self.counts.malformed += 1
        return headers
