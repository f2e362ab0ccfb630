"""Streams written by hand: a PBX in a few words, for what no lab of ours can record.

`Pbx` writes the events Asterisk would send, with its snapshot headers; `pbx.raw` is the stream. Nothing here knows how the
events are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.stories.book import records_of

BEGAN = 1_795_280_000.0
STATES = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6", "Busy": "7"}
FROM_OUTSIDE = {"number": "13700000001", "context": "from-trunk", "exten": "101", "state": "Ring"}
Json = dict[str, Any]


@dataclass
class Chan:
    """A channel of the written PBX, with what its snapshot shows."""

    name: str
    uniqueid: str
    linkedid: str
    number: str = "<unknown>"
    who: str = "<unknown>"
    context: str = "default"
    exten: str = "s"
    state: str = "Down"

    def headers(self, prefix: str = "") -> dict[str, str]:
        return {
            f"{prefix}Channel": self.name,
            f"{prefix}ChannelState": STATES[self.state],
            f"{prefix}ChannelStateDesc": self.state,
            f"{prefix}CallerIDNum": self.number,
            f"{prefix}CallerIDName": self.who,
            f"{prefix}Context": self.context,
            f"{prefix}Exten": self.exten,
            f"{prefix}Uniqueid": self.uniqueid,
            f"{prefix}Linkedid": self.linkedid,
        }


class Pbx:
    """`timed`: with `timestampevents`. Every event is a tenth of a second after the one before, unless `wait` says more."""

    def __init__(self, *, timed: bool = True) -> None:
        self._messages: list[str] = []
        self._timed = timed
        self._now = BEGAN
        self._next = 0

    @property
    def raw(self) -> bytes:
        return "".join(self._messages).encode()

    @property
    def records(self) -> list[Json]:
        return records_of(self.raw)

    @property
    def record(self) -> Json:
        (record,) = self.records
        return record

    def wait(self, seconds: float) -> None:
        self._now += seconds

    def event(self, name: str, **headers: str) -> None:
        stamp = {"Timestamp": f"{self._now:.6f}"} if self._timed else {}
        lines = {"Event": name, "Privilege": "call,all", **stamp, **headers}
        self._messages.append("".join(f"{key}: {value}\r\n" for key, value in lines.items()) + "\r\n")
        self._now += 0.1

    def untimed(self, name: str, **headers: str) -> None:
        """An event that has no time on any PBX."""
        timed, self._timed = self._timed, False
        self.event(name, **headers)
        self._timed = timed

    # -- channels -----------------------------------------------------------------------------------------------------

    def new(self, name: str, of: Chan | None = None, **facts: str) -> Chan:
        """A channel appears: the first of its call, or one more of `of`'s."""
        self._next += 1
        uniqueid = f"1795280000.{self._next}"
        chan = Chan(name, uniqueid, of.linkedid if of else uniqueid, **facts)
        self.event("Newchannel", **chan.headers())
        return chan

    def local(self, name: str, of: Chan | None = None) -> tuple[Chan, Chan]:
        """Both halves of a Local channel, joined."""
        one = self.new(f"Local/{name}-00000001;1", of, exten=name.partition("@")[0])
        two = self.new(f"Local/{name}-00000001;2", of or one, exten=name.partition("@")[0], state="Ring")
        self.event("LocalBridge", **one.headers("LocalOne"), **two.headers("LocalTwo"))
        return one, two

    def state(self, chan: Chan, state: str) -> None:
        chan.state = state
        self.event("Newstate", **chan.headers())

    def caller_id(self, chan: Chan, number: str, who: str = "<unknown>") -> None:
        chan.number, chan.who = number, who
        self.event("NewCallerid", **chan.headers())

    def request(self, chan: Chan, cause: int = 16) -> None:
        self.event("HangupRequest", **chan.headers(), Cause=str(cause))

    def hangup(self, *chans: Chan, cause: int = 16) -> None:
        for chan in chans:
            self.event("Hangup", **chan.headers(), Cause=str(cause))

    # -- dials --------------------------------------------------------------------------------------------------------

    def dial(self, dialler: Chan | None, leg: Chan, string: str) -> None:
        self.event(
            "DialBegin", **(dialler.headers() if dialler else {}), **leg.headers("Dest"), DialString=string
        )

    def dial_end(self, dialler: Chan | None, leg: Chan, status: str, **more: str) -> None:
        self.event(
            "DialEnd",
            **(dialler.headers() if dialler else {}),
            **leg.headers("Dest"),
            DialStatus=status,
            **more,
        )

    def rings(self, leg: Chan) -> None:
        self.state(leg, "Ringing")

    def answers(self, dialler: Chan, leg: Chan) -> None:
        """The leg goes up, its dial ends, the dialler goes up."""
        self.state(leg, "Up")
        self.dial_end(dialler, leg, "ANSWER")
        if dialler.state != "Up":
            self.state(dialler, "Up")

    # -- a call in four words -----------------------------------------------------------------------------------------

    def arrives(self, name: str = "SIP/trunk-1", **facts: str) -> Chan:
        """A call from outside for 101."""
        return self.new(name, **{**FROM_OUTSIDE, **facts})  # type: ignore[arg-type]

    def rung(self, caller: Chan, name: str = "SIP/deska-2", string: str = "deska") -> Chan:
        leg = self.new(name, caller)
        self.dial(caller, leg, string)
        self.rings(leg)
        return leg

    def talks(self, caller: Chan, leg: Chan, bridge: str = "b1") -> None:
        self.answers(caller, leg)
        self.enter(bridge, leg, caller)

    def over(self, *chans: Chan, by: Chan | None = None) -> None:
        if by is not None:
            self.request(by)
        self.hangup(*chans)

    # -- bridges ------------------------------------------------------------------------------------------------------

    def enter(
        self, bridge: str, *chans: Chan, swap: Chan | None = None, technology: str = "simple_bridge"
    ) -> None:
        for chan in chans:
            swapped = {"SwapUniqueid": swap.uniqueid} if swap else {}
            self.event(
                "BridgeEnter", BridgeUniqueid=bridge, BridgeTechnology=technology, **swapped, **chan.headers()
            )

    def leave(self, bridge: str, *chans: Chan) -> None:
        for chan in chans:
            self.event(
                "BridgeLeave", BridgeUniqueid=bridge, BridgeTechnology="simple_bridge", **chan.headers()
            )

    def attended(self, first: Chan, second: Chan, transferee: Chan, target: Chan | None, **more: str) -> None:
        self.event(
            "AttendedTransfer",
            Result="Success",
            **first.headers("OrigTransferer"),
            **second.headers("SecondTransferer"),
            **transferee.headers("Transferee"),
            **(target.headers("TransferTarget") if target else {}),
            **{"DestType": "Bridge", **more},
        )

    def blind(self, transferor: Chan, transferee: Chan, exten: str) -> None:
        self.event(
            "BlindTransfer",
            Result="Success",
            **transferor.headers("Transferer"),
            **transferee.headers("Transferee"),
            Extension=exten,
        )


def results(record: Json) -> list[tuple[str, str]]:
    """Endpoint and result of every attempt."""
    return [(attempt["endpoint"], attempt["result"]) for attempt in record["attempts"]]


def moves(record: Json) -> list[tuple[str, str, str | None]]:
    return [(t["kind"], t["by_channel"], t["to_channel"]) for t in record["transfers"]]
