"""Whether the PBX lets us listen: reachable, TLS, log-in, rights, times, filter, clock. For `threerings doctor`.

Rights are tried, not asked for: AMI does not tell them. What is done to the PBX for it changes nothing there: a module
that does not exist is reloaded, a variable that does not exist is emptied, and where the manager user may place calls, one
is placed into nowhere; the tracker of a running service does not take that for a call.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterator

from ami_listener import session
from ami_listener.connection import AmiConnection
from ami_listener.errors import AmiActionFailed, AmiAuthError, AmiConnectionLost, AmiError, AmiPermissionError
from ami_listener.settings import AmiSettings
from app.checks import Check, finding, ok, unknown

EVENTS_WITHIN = 1.0  # seconds; they come in milliseconds
CLOCK_MAY_DIFFER = 1.0  # seconds: a fifth of a ring
CLASSES = ("call", "system", "dialplan")  # of events that can be had for nothing
OLDEST_ASTERISK = 13
OLDEST_AMI = 2  # what Asterisk 12 and later say of themselves
_KEPT_BYTES = 4_000_000
_TIMED_EVENT = re.compile(rb"\r\nPrivilege: [^\r]*\r\nTimestamp: \d")
_NOWHERE = {"Channel": "Local/x@threerings-doctor-nowhere", "Application": "NoOp", "Timeout": "1000"}


class _Heard:
    """The raw bytes of the connection: which events came."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.every_class = asyncio.Event()

    def take(self, data: bytes) -> None:
        if len(self.data) < _KEPT_BYTES:
            self.data += data
        if all(map(self.of_class, CLASSES)):
            self.every_class.set()

    def _event(self, name: str) -> bool:
        return f"Event: {name}\r\n".encode() in self.data

    def of_class(self, name: str) -> bool:
        return f"\r\nPrivilege: {name},".encode() in self.data

    @property
    def only_calls(self) -> bool:
        """Manager.conf has a filter: of events of one class some come, and others that always do come not."""
        return self._event("Newchannel") and not self._event("DeviceStateChange")

    @property
    def has_times(self) -> bool:
        return _TIMED_EVENT.search(self.data) is not None

    @property
    def has_events(self) -> bool:
        return b"\r\nPrivilege: " in self.data


async def pbx_checks(settings: AmiSettings) -> AsyncIterator[Check]:
    """In the order in which a person would look."""
    heard = _Heard()
    where = f"{settings.host}:{settings.port}"
    try:
        connection = await AmiConnection.open(settings, lambda _messages: None, heard.take)
    except AmiError as error:
        for check in _not_let_in(error, heard, where):
            yield check
        return
    try:
        yield ok("PBX", f"{where} answers: {connection.reader.banner or 'a manager interface'}")
        yield _tls(settings)
        yield ok("log-in", f"as {settings.username}")
        async for check in _logged_in(connection, heard):
            yield check
    except AmiConnectionLost as error:
        yield finding("PBX", f"{error}; run this again, and look at Asterisk's own log")
    finally:
        connection.close()


def _not_let_in(error: AmiError, heard: _Heard, where: str) -> Iterator[Check]:
    if isinstance(error.__cause__, ssl.SSLError):
        yield ok("PBX", f"{where} answers")
        yield finding("TLS", str(error))
    elif isinstance(error, AmiAuthError):
        yield ok("PBX", f"{where} answers")
        yield finding("log-in", str(error))
    elif error.__cause__ is None and not heard.data.startswith(b"Asterisk Call Manager/"):
        yield finding(
            "PBX",
            f"what listens at {where} is no manager interface, or speaks TLS; look at `port` and `tlsbindaddr` in"
            " manager.conf, and at pbx.port and pbx.tls",
        )
    else:
        yield finding("PBX", str(error))
    yield unknown("rights and times", "mend the above first")


def _tls(settings: AmiSettings) -> Check:
    if settings.tls:
        return ok("TLS", "the connection is encrypted and the certificate believed")
    if _is_this_machine(settings.host):
        return ok("TLS", "off; not needed, the PBX is on this machine")
    return finding(
        "TLS",
        "off: the secret and callers' numbers cross the network in the clear; set pbx.tls: true and `tlsenable = yes` in"
        " manager.conf",
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _logged_in(connection: AmiConnection, heard: _Heard) -> AsyncIterator[Check]:
    yield await _version(connection)
    yield await _state(connection)
    may_originate = await _provoke(connection, heard)
    for check in _rights_to_read(connection.settings, heard, may_originate=may_originate):
        yield check
    yield _times(connection.settings, heard)
    yield await _filter(connection, heard)
    yield await _clock(connection)


async def _version(connection: AmiConnection) -> Check:
    try:
        version = str((await connection.act("CoreSettings")).get("asteriskversion", ""))
        major, oldest = version.partition(".")[0], OLDEST_ASTERISK
    except (AmiPermissionError, AmiActionFailed):
        version = connection.reader.banner or ""
        major, oldest = version.partition("/")[2].partition(".")[0], OLDEST_AMI
    if not major.isdecimal():
        return unknown(
            "version", f"the PBX calls itself {version!r}; Asterisk {OLDEST_ASTERISK} or later is needed"
        )
    if int(major) < oldest:
        return finding("version", f"{version} is too old: Asterisk {OLDEST_ASTERISK} or later is needed")
    return ok("version", version if version.startswith("Asterisk") else f"Asterisk {version}")


async def _state(connection: AmiConnection) -> Check:
    try:
        await connection.ask_list("Status")
        await connection.ask_list("CoreShowChannels")
    except AmiPermissionError:
        return finding(
            "write permissions", session.missing_write(connection.settings, "read the state of calls")
        )
    except AmiActionFailed as error:
        return finding("write permissions", f"{error}; look at Asterisk's own log")
    return ok("write permissions", "the state of calls can be read")


async def _provoke(connection: AmiConnection, heard: _Heard) -> bool:
    """Have the PBX send an event of each class that can be had for nothing. Whether a call may be placed."""
    await connection.act("Events", EventMask=session.EVENT_MASK)
    await _attempt(connection, "Reload", Module="threerings-doctor")
    await _attempt(connection, "Setvar", Variable="THREERINGS_DOCTOR", Value="")
    may_originate = await _attempt(connection, "Originate", **_NOWHERE)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(EVENTS_WITHIN):
            await heard.every_class.wait()
    return may_originate


async def _attempt(connection: AmiConnection, action: str, **fields: str) -> bool:
    """Whether it is permitted; whether it succeeds is of no interest."""
    try:
        await connection.act(action, **fields)
    except AmiPermissionError:
        return False
    except AmiActionFailed:
        return True
    return True


def _rights_to_read(settings: AmiSettings, heard: _Heard, *, may_originate: bool) -> Iterator[Check]:
    look = f"look for it yourself: asterisk -rx 'manager show user {settings.username}'"
    has_filter = heard.only_calls
    seen = [name for name in CLASSES if heard.of_class(name)]
    if seen:
        yield ok("read permissions", f"events come: {', '.join(seen)}")
    for name in CLASSES:
        if name in seen:
            continue
        if name == "call" and not may_originate:
            reason = f"{settings.username} may not place a call, which is as it should be"
            yield unknown(f"read permission {name}", f"{reason}; {look}")
        elif name != "call" and has_filter:
            yield unknown(
                f"read permission {name}", f"an `eventfilter` in manager.conf keeps such events away; {look}"
            )
        else:
            missing = session.missing_read(settings, f"no events of the class {name} come")
            yield finding(f"read permission {name}", missing)


def _times(settings: AmiSettings, heard: _Heard) -> Check:
    if heard.has_times:
        return ok("timestampevents", "events carry the PBX's time")
    if heard.has_events:
        return finding("timestampevents", session.missing_timestamps(settings))
    return unknown("timestampevents", "no event came; mend the permissions first")


async def _filter(connection: AmiConnection, heard: _Heard) -> Check:
    settings = connection.settings
    if not settings.filter_at_pbx:
        return ok("event filter", "off by pbx.filter_at_pbx; everything is sent, and dropped here")
    try:
        await connection.filter_events()
    except (AmiPermissionError, AmiActionFailed):
        if heard.only_calls:
            return ok("event filter", "by `eventfilter` in manager.conf")
        return finding(
            "event filter", session.missing_write(settings, "ask for the needed events only (Filter)")
        )
    return ok("event filter", "the PBX sends only what is read")


async def _clock(connection: AmiConnection) -> Check:
    sent = time.time()
    answer = await connection.act("Ping")
    here = (sent + time.time()) / 2
    try:
        ahead = float(str(answer.get("timestamp", ""))) - here
    except ValueError:
        return unknown("clock", "this PBX does not tell its time; compare `date` on both machines")
    if abs(ahead) > CLOCK_MAY_DIFFER:
        word = "ahead of" if ahead > 0 else "behind"
        return finding(
            "clock",
            f"the PBX's clock is {abs(ahead):.1f} s {word} this machine's; run `timedatectl set-ntp true` on both",
        )
    return ok("clock", f"the PBX's differs from this machine's by {abs(ahead) * 1000:.0f} ms")
