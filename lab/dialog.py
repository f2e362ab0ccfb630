"""One SIP call of one phone: the messages it exchanges, and the `Leg` it logs while it does.

Comes in: messages of this Call-ID, and orders (`ring`, `answer`, `hang_up`, …). Goes out: messages, facts, and the
events `established` and `over` to wait for. What a phone does when is `lab.phone`'s.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab import sip
from lab.facts import Leg
from lab.rtp import RtpStream

REFER_DEADLINE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Station:
    """What a dialog knows of its phone: its name to the PBX, both addresses, its way out, and how it sends keys."""

    name: str
    port: int
    pbx_port: int
    send: Callable[[sip.Message], None]
    voice: int
    """Of the next call: every call has a voice of its own."""
    keys_by_info: bool = False

    @property
    def contact(self) -> sip.Header:
        return ("Contact", f"<sip:{self.name}@127.0.0.1:{self.port}>")


class Dialog:
    """A call from its INVITE to its end; `Dialog.incoming` or `Dialog.outgoing` makes one."""

    def __init__(self, station: Station, leg: Leg, call_id: str) -> None:
        self._station = station
        self.leg = leg
        self.call_id = call_id
        self.tag = secrets.token_hex(4)
        self.remote_tag = ""
        self._local = ""
        self._remote = ""
        self._target = f"sip:127.0.0.1:{station.pbx_port}"
        self._sequence = 1
        self._invite: sip.Message | None = None
        self._last_answer: sip.Message | None = None
        self._audio = RtpStream(station.voice)
        self._event_type: int | None = None
        self._replies: dict[int, asyncio.Future[sip.Message]] = {}
        self.ringing = asyncio.Event()
        self.established = asyncio.Event()
        self.over = asyncio.Event()
        self.refer_done = asyncio.Event()

    # -- calls that come

    @classmethod
    async def incoming(cls, station: Station, invite: sip.Message, at: float) -> "Dialog":
        number = sip.user_of(invite.uri)
        dialog = cls(
            station,
            Leg(station.name, number, is_caller=False, invited_at=at, voice=station.voice),
            invite.call_id,
        )
        dialog._invite = invite
        dialog._remote = invite.get("from")
        dialog.remote_tag = sip.parse_address(dialog._remote).tag
        dialog._local = f"{invite.get('to')};tag={dialog.tag}"
        dialog._target = sip.parse_address(invite.get("contact")).uri
        dialog._respond(invite, 100)
        await dialog._audio.open()
        dialog._learn_audio(invite)
        return dialog

    def ring(self) -> None:
        self.leg.ringing_at = self._answer(180)

    def early_media(self) -> None:
        self._audio.talk()
        self.leg.progress_at = self._answer(183, with_audio=True)

    def answer(self, *, is_talking: bool = True) -> None:
        """Pick up; a phone that is not talking sends no audio at all."""
        if is_talking:
            self._audio.talk()
        self.leg.answered_at = self._answer(200, with_audio=True)
        self.leg.end = "picked_up"
        self.established.set()

    def reject(self, status: int, forward_to: str = "") -> None:
        """486, 603, 480 …, or 302 with where to go."""
        uri = f"sip:{forward_to}@127.0.0.1:{self._station.pbx_port}"
        extra = [("Contact", f"<{uri}>")] if forward_to else []
        self._ended(self._answer(status, extra=extra), f"rejected {status}")

    # -- calls that go

    @classmethod
    async def outgoing(
        cls, station: Station, number: str, caller: sip.Address, purpose: str = "call"
    ) -> "Dialog":
        """Send the INVITE. `caller`: name and user of From."""
        dialog = cls(
            station,
            Leg(station.name, number, is_caller=True, invited_at=0, voice=station.voice, purpose=purpose),
            "",
        )
        dialog.call_id = f"{secrets.token_hex(8)}@lab"
        dialog._target = f"sip:{number}@127.0.0.1:{station.pbx_port}"
        dialog._local = str(sip.Address(caller.uri, caller.name, dialog.tag))
        dialog._remote = f"<{dialog._target}>"
        await dialog._audio.open()
        body = sip.Audio("127.0.0.1", dialog._audio.port, None if station.keys_by_info else 101).sdp()
        dialog._invite = dialog._request("INVITE", body=body, extra=[("Content-Type", "application/sdp")])
        dialog.leg.invited_at = dialog._send(dialog._invite)
        return dialog

    def cancel(self) -> None:
        """Give up before the answer."""
        if self._invite is None or self.over.is_set() or self.established.is_set():
            return
        kept = [
            (name, value) for name, value in self._invite.headers if name in {"Via", "From", "To", "Call-ID"}
        ]
        headers = (*kept, ("CSeq", f"{self._invite.sequence[0]} CANCEL"), *self._own_headers())
        self.leg.gave_up_at = self._send(sip.Message(headers, method="CANCEL", uri=self._invite.uri))
        self.leg.hung_up_itself = True

    # -- within the call

    def hang_up(self) -> None:
        if not self.over.is_set():
            self.leg.hung_up_itself = True
            self._ended(self._send(self._request("BYE")), self.leg.end or "connected")

    async def press(self, digit: str) -> None:
        """Press a key, by RFC 2833 where both sides speak it, else by INFO."""
        if self._event_type is not None and not self._station.keys_by_info:
            await self._audio.press(digit, self._event_type, lambda at: self.leg.digits.append((digit, at)))
            return
        body = f"Signal={digit}\r\nDuration=160\r\n"
        at = self._send(self._request("INFO", body=body, extra=[("Content-Type", "application/dtmf-relay")]))
        self.leg.digits.append((digit, at))

    def talk(self) -> None:
        self._audio.talk()

    async def refer(self, uri: str) -> float:
        """Ask the PBX to connect the other party to `uri`; returns when the REFER left; raises TimeoutError."""
        extra = [("Refer-To", f"<{uri}>"), ("Referred-By", sip.parse_address(self._local).uri)]
        request = self._request("REFER", extra=extra)
        reply = self._replies[request.sequence[0]] = asyncio.get_running_loop().create_future()
        at = self._send(request)
        async with asyncio.timeout(REFER_DEADLINE_SECONDS):
            await reply
        return at

    def replaces(self) -> str:
        """The Replaces parameter that names this call in a Refer-To."""
        return f"Replaces={self.call_id}%3Bto-tag%3D{self.remote_tag}%3Bfrom-tag%3D{self.tag}".replace(
            "@", "%40"
        )

    # -- what arrives

    def deliver(self, message: sip.Message, at: float) -> None:
        """Take one message of this call, received `at`."""
        if message.status:
            self._take_response(message, at)
        else:
            self._take_request(message, at)

    def _take_request(self, request: sip.Message, at: float) -> None:
        match request.method:
            case "INVITE" | "UPDATE":
                self._take_invite(request)
            case "BYE":
                self._respond(request, 200)
                self._ended(at, self.leg.end or "connected")
            case "CANCEL":
                self._respond(request, 200)
                if not self.established.is_set() and not self.over.is_set():
                    self._answer(487)
                    self._ended(at, "cancelled")
            case "NOTIFY":
                self._respond(request, 200)
                if "SIP/2.0 1" not in request.body:
                    self.refer_done.set()
            case "ACK":
                pass
            case _:
                self._respond(request, 200)

    def _take_invite(self, request: sip.Message) -> None:
        """An INVITE that comes again, or the PBX changes an answered call: agree to all of it."""
        if self._last_answer and request.sequence == self._last_answer.sequence:
            self._station.send(self._last_answer)
        else:
            self._respond(request, 200, with_audio=bool(request.body) or request.method == "INVITE")

    def _take_response(self, response: sip.Message, at: float) -> None:
        number, method = response.sequence
        if method == "INVITE" and self._invite is not None and number == self._invite.sequence[0]:
            self._take_invite_response(response, at)
        reply = self._replies.get(number)
        if reply is not None and response.status >= 200 and not reply.done():
            reply.set_result(response)

    def _take_invite_response(self, response: sip.Message, at: float) -> None:
        if response.status > 100:
            self._remote = response.get("to")
            self.remote_tag = sip.parse_address(self._remote).tag or self.remote_tag
        self._learn_audio(response)
        if response.status == 180:
            self.leg.ringing_at = self.leg.ringing_at or at
            self.ringing.set()
        elif response.status == 183:
            self.leg.progress_at = self.leg.progress_at or at
        elif 200 <= response.status < 300:
            self._target = sip.parse_address(response.get("contact")).uri or self._target
            self._send(self._request("ACK", number=response.sequence[0]))
            if not self.established.is_set():
                self.leg.answered_at = at
                self.leg.end = "connected"
                self.established.set()
        elif response.status >= 300:
            self._refused(response, at)

    def _refused(self, response: sip.Message, at: float) -> None:
        if self._invite is None:
            return
        kept = [(name, value) for name, value in self._invite.headers if name in {"Via", "From", "Call-ID"}]
        headers = (
            *kept,
            ("To", response.get("to")),
            ("CSeq", f"{response.sequence[0]} ACK"),
            *self._own_headers(),
        )
        self._send(sip.Message(headers, method="ACK", uri=self._invite.uri))
        cancelled = self.leg.gave_up_at is not None
        self._ended(at, "cancelled" if cancelled else f"rejected {response.status}")

    def _ended(self, at: float, end: str) -> None:
        if self.over.is_set():
            return
        self.leg.ended_at, self.leg.end = at, end
        self.leg.heard = self._audio.heard
        self._audio.close()
        self.over.set()

    # -- building messages

    def _learn_audio(self, message: sip.Message) -> None:
        if audio := sip.parse_audio(message.body):
            self._event_type = audio.event_type
            self._audio.send_to(audio.host, audio.port)

    def _request(
        self, method: str, *, body: str = "", extra: list[sip.Header] | None = None, number: int | None = None
    ) -> sip.Message:
        if number is None:
            number = self._sequence
            self._sequence += 1
        via = f"SIP/2.0/UDP 127.0.0.1:{self._station.port};branch=z9hG4bK{secrets.token_hex(6)};rport"
        headers: list[sip.Header] = [("Via", via), ("From", self._local), ("To", self._remote)]
        headers += [
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            *self._own_headers(),
            *(extra or []),
        ]
        return sip.Message(tuple(headers), body, method=method, uri=self._target)

    def _own_headers(self) -> tuple[sip.Header, ...]:
        return (("X-Lab-Endpoint", self._station.name), ("Max-Forwards", "70"), self._station.contact)

    def _respond(self, request: sip.Message, status: int, *, with_audio: bool = False,
                 extra: list[sip.Header] | None = None) -> sip.Message:  # fmt: skip
        headers = [self._station.contact] if status < 300 else []
        headers += extra or []
        body = ""
        if with_audio:
            headers.append(("Content-Type", "application/sdp"))
            body = sip.Audio("127.0.0.1", self._audio.port, None if self._station.keys_by_info else 101).sdp()
        response = sip.response_to(request, status, self.tag, headers, body)
        self._station.send(response)
        return response

    def _answer(
        self, status: int, *, with_audio: bool = False, extra: list[sip.Header] | None = None
    ) -> float:
        """Respond to the INVITE of this call; return when."""
        at = time.time()
        if self._invite is not None and not self.over.is_set():
            self._last_answer = self._respond(self._invite, status, with_audio=with_audio, extra=extra)
        return at

    def _send(self, message: sip.Message) -> float:
        at = time.time()
        self._station.send(message)
        return at
