"""Bytes of the manager interface -> messages. No socket, no clock, no logging.

Text is decoded per complete message, never per chunk: a Chinese name split across TCP segments survives. Unwanted
events are dropped by name before their headers are read. Whatever arrives, `feed` never raises and never holds more
than one message: what is too long, or no message at all, becomes an `OVERSIZED` or `MALFORMED` message. The socket
lives in `connection.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ami_listener.message import HeaderText, Message

MAX_MESSAGE_BYTES = 64 * 1024  # Asterisk's longest (a VarSet of a whole SIP body) stay below 10 KiB
MAX_LINE_BYTES = 16 * 1024
_END = b"\r\n\r\n"
_EVENT = b"Event: "
_BANNER = b"Asterisk Call Manager/"

# Names no event can have: what the reader has to say itself.
OVERSIZED = "!oversized"
MALFORMED = "!malformed"


@dataclass(slots=True)
class ReaderCounts:
    """How many messages were read, and how many events were dropped because nobody wants them."""

    messages: int = 0
    dropped: int = 0


class AmiReader:
    """Feed it chunks of any size; it returns the wanted messages that became complete.

    `wanted` maps an event's name to bytes that must occur in the message (b"" for none), so that one needle in
    thousands of VarSets is found without reading them. `replies` receives the raw bytes of every reply to an action.
    """

    def __init__(self, wanted: Mapping[str, bytes], *, keep_replies: bool = False) -> None:
        self.counts = ReaderCounts()
        self.banner: str | None = None
        self.replies: list[bytes] = []
        self._wanted = {_EVENT + name.encode(): (name, needle) for name, needle in wanted.items()}
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
        found = self._messages(blocks) if blocks else []
        if self._skipping:
            self._rest = self._rest[-len(_END) :]
        elif len(self._rest) > MAX_MESSAGE_BYTES + len(_END):
            self._skipping = True
            found.append(Message(OVERSIZED, {}))
            self._rest = self._rest[-len(_END) :]  # enough to recognise a separator split between two chunks
        return found

    def _messages(self, blocks: list[bytes]) -> list[Message]:
        counts, wanted = self.counts, self._wanted
        found: list[Message] = []
        dropped = 0
        for raw in blocks:
            block = raw
            if len(block) > MAX_MESSAGE_BYTES:
                found.append(Message(OVERSIZED, {}))
                continue
            want = wanted.get(block.partition(b"\r\n")[0])
            if want is None and block[:7] != _EVENT:
                block = self._trim(block, found)
                if block[:7] != _EVENT:
                    continue
                want = wanted.get(block.partition(b"\r\n")[0])
            if want is None or want[1] not in block:
                if self._keep_replies and b"\r\nActionID: " in block:
                    self.replies.append(block)
                else:
                    dropped += 1
                continue
            found.append(self._message(want[0], block))
        counts.dropped += dropped
        counts.messages += len(found)
        return found

    def _trim(self, block: bytes, found: list[Message]) -> bytes:
        """Take off the banner (glued to the first message by one line end) and stray line ends; note replies."""
        block = block.lstrip(b"\r\n")
        if block.startswith(_BANNER):
            banner, _, block = block.partition(b"\r\n")
            self.banner = banner.decode("utf-8", "replace")
        if self._keep_replies and block.startswith(b"Response: "):
            self.replies.append(block)
        elif block and not block.startswith((_EVENT, b"Response: ")):
            found.append(Message(MALFORMED, {}))
        return block

    @staticmethod
    def _message(name: str, block: bytes) -> Message:
        if len(block) > MAX_LINE_BYTES and max(map(len, block.split(b"\r\n"))) > MAX_LINE_BYTES:
            return Message(OVERSIZED, {})
        return Message(name, HeaderText(block.decode("utf-8", "replace")))
