"""The part of SIP that a scripted phone speaks: messages, addresses, the SDP of one audio stream.

Bytes in, frozen values out, and back; no socket, no clock. `lab.dialog` keeps a call's state, `lab.phone` the behaviour.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

CRLF = "\r\n"
_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type",
    "r": "refer-to", "b": "referred-by", "e": "content-encoding", "s": "subject", "k": "supported",
}  # fmt: skip
REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 302: "Moved Temporarily",
    404: "Not Found", 480: "Temporarily Unavailable", 481: "Call Does Not Exist", 486: "Busy Here",
    487: "Request Terminated", 503: "Service Unavailable", 603: "Decline",
}  # fmt: skip

Header = tuple[str, str]


class SipError(ValueError):
    """These bytes are no SIP message, or lack a header that every message has."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`method`, `uri`) or a response (`status`, `reason`); headers in order, names as they came."""

    headers: tuple[Header, ...]
    body: str = ""
    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""

    def all(self, name: str) -> list[str]:
        """Return every value of a header; long and compact names alike, case ignored."""
        wanted = _long(name)
        return [value for key, value in self.headers if _long(key) == wanted]

    def get(self, name: str) -> str:
        """Return the first value of a header, or an empty string."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        return self.get("call-id")

    @property
    def sequence(self) -> tuple[int, str]:
        """Number and method of CSeq."""
        number, _, method = self.get("cseq").partition(" ")
        return int(number), method.strip()

    def encode(self) -> bytes:
        first = f"{self.method} {self.uri} SIP/2.0" if self.method else f"SIP/2.0 {self.status} {self.reason}"
        body = self.body.encode()
        kept = [f"{name}: {value}" for name, value in self.headers if _long(name) != "content-length"]
        return CRLF.join([first, *kept, f"Content-Length: {len(body)}", "", ""]).encode() + body


def parse(data: bytes) -> Message:
    """Parse one datagram; raises `SipError` and nothing else, whatever the bytes."""
    head, _, body = data.decode(errors="replace").partition(CRLF + CRLF)
    lines = re.sub(r"\r\n[ \t]+", " ", head).split(CRLF)
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise SipError(f"no header: {line[:60]!r}")
        headers.append((name.strip(), value.strip()))
    message = _first_line(lines[0], tuple(headers), body)
    if not re.fullmatch(r"[0-9]{1,10} +[A-Z]+", message.get("cseq")) or not message.call_id:
        raise SipError("no CSeq or no Call-ID")
    return message


def _first_line(line: str, headers: tuple[Header, ...], body: str) -> Message:
    if response := re.fullmatch(r"SIP/2\.0 ([1-6][0-9][0-9])(?: (.*))?", line):
        return Message(headers, body, status=int(response[1]), reason=response[2] or "")
    if request := re.fullmatch(r"([A-Z]+) (\S+) SIP/2\.0", line):
        return Message(headers, body, method=request[1], uri=request[2])
    raise SipError(f"neither request nor response: {line[:60]!r}")


def _long(name: str) -> str:
    lowered = name.lower()
    return _COMPACT.get(lowered, lowered)


def response_to(
    request: Message, status: int, tag: str, extra: Iterable[Header] = (), body: str = ""
) -> Message:
    """Answer a request: its Via, From, To, Call-ID and CSeq come back, To with our tag."""
    to = request.get("to")
    if status > 100 and "tag=" not in to:
        to = f"{to};tag={tag}"
    headers: list[Header] = [("Via", via) for via in request.all("via")]
    headers += [("From", request.get("from")), ("To", to), ("Call-ID", request.call_id)]
    headers += [("CSeq", request.get("cseq")), *extra]
    return Message(tuple(headers), body, status=status, reason=REASONS.get(status, "Because"))


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr of From, To, Contact and Refer-To: `"Name" <sip:user@host>;tag=x`."""

    uri: str
    name: str = ""
    tag: str = ""

    @property
    def user(self) -> str:
        return user_of(self.uri)

    def __str__(self) -> str:
        name = f'"{_escape(self.name)}" ' if self.name else ""
        return f"{name}<{self.uri}>" + (f";tag={self.tag}" if self.tag else "")


def parse_address(value: str) -> Address:
    """Parse a name-addr or a bare addr-spec; what cannot be read comes out as the URI."""
    found = re.fullmatch(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*))\s*<([^>]*)>(.*)', value, re.DOTALL)
    if found is None:
        uri, _, rest = value.strip().partition(";")
        return Address(uri, tag=_tag(";" + rest))
    name = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2].strip()
    return Address(found[3], name, _tag(found[4]))


def user_of(uri: str) -> str:
    """Return the user part of a SIP URI, or an empty string."""
    found = re.match(r"sips?:([^@;>]*)@", uri)
    return found[1] if found else ""


def _tag(parameters: str) -> str:
    found = re.search(r";\s*tag=([^;\s]+)", parameters)
    return found[1] if found else ""


def _escape(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Audio:
    """One PCMU stream as SDP says it: where to send, and the payload type of telephone-event (None: keys by INFO)."""

    host: str
    port: int
    event_type: int | None

    def sdp(self) -> str:
        payloads = "0" if self.event_type is None else f"0 {self.event_type}"
        lines = [
            "v=0", f"o=lab 1 1 IN IP4 {self.host}", "s=lab", f"c=IN IP4 {self.host}", "t=0 0",
            f"m=audio {self.port} RTP/AVP {payloads}", "a=rtpmap:0 PCMU/8000", "a=sendrecv",
        ]  # fmt: skip
        if self.event_type is not None:
            lines += [f"a=rtpmap:{self.event_type} telephone-event/8000", f"a=fmtp:{self.event_type} 0-16"]
        return CRLF.join(lines) + CRLF


def parse_audio(sdp: str) -> Audio | None:
    """Return the first audio stream of an SDP, or None where there is none."""
    host = re.search(r"^c=IN IP4 (\S+)", sdp, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
    event = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", sdp, re.MULTILINE)
    if host is None or port is None:
        return None
    return Audio(host[1], int(port[1]), int(event[1]) if event else None)
