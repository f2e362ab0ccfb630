"""What `doctor` says of a PBX: who answers, who is let in, which rights are there, whether clocks agree."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ami_listener.settings import AmiSettings
from app.checks import Check, Verdict
from app.pbx_checks import pbx_checks
from tests.fakes.ami_peer import DENIED, AmiPeer, Answer, Fields, refused, reply, silence

SETTINGS = AmiSettings(username="me", secret="s", connect_seconds=0.5, action_seconds=0.5)


def event(name: str, kind: str, *, timed: bool = True) -> bytes:
    stamp = "Timestamp: 1795280000.000000\r\n" if timed else ""
    return f"Event: {name}\r\nPrivilege: {kind},all\r\n{stamp}Channel: none\r\n\r\n".encode()


def says(*events: bytes, then: Answer = reply) -> Answer:
    return lambda fields: b"".join(events) + then(fields)


def pong(ahead: float = 0.0) -> Answer:
    return lambda fields: reply(fields, f"Timestamp: {time.time() + ahead:.6f}")


def permissive() -> AmiPeer:
    """An Asterisk whose manager user may do everything."""
    peer = AmiPeer()
    peer.answers |= {
        "CoreSettings": lambda fields: reply(fields, "AMIversion: 11.0.0", "AsteriskVersion: 22.10.1"),
        "Reload": says(event("Reload", "system"), then=refused("No such module")),
        "Setvar": says(event("VarSet", "dialplan")),
        "Originate": says(
            event("Newchannel", "call"), event("DeviceStateChange", "call"), then=refused("Originate failed")
        ),
        "Ping": pong(),
    }
    return peer


async def checked(peer: AmiPeer, **settings: Any) -> list[Check]:
    async with peer:
        return [check async for check in pbx_checks(replace(SETTINGS, port=peer.port, **settings))]


def of(checks: list[Check], verdict: Verdict) -> dict[str, str]:
    return {check.subject: check.text for check in checks if check.verdict is verdict}


async def test_all_is_well_in_an_order_that_a_person_understands() -> None:
    checks = await checked(permissive())

    assert {check.verdict for check in checks} == {Verdict.OK}, checks
    assert [check.subject for check in checks] == [
        "PBX", "TLS", "log-in", "version", "write permissions", "read permissions", "timestampevents", "event filter",
        "clock",
    ]  # fmt: skip
    assert "Asterisk Call Manager/11.0.0" in checks[0].text
    assert of(checks, Verdict.OK)["version"] == "Asterisk 22.10.1"


async def test_the_probe_reaches_no_phone_and_changes_nothing() -> None:
    peer = permissive()
    await checked(peer)

    sent = {fields["Action"]: fields for fields in peer.actions}
    assert sent["Originate"]["Channel"] == "Local/x@threerings-doctor-nowhere"
    assert sent["Reload"]["Module"] == "threerings-doctor"
    assert (sent["Setvar"]["Variable"], sent["Setvar"].get("Value", "")) == ("THREERINGS_DOCTOR", "")


async def test_the_recommended_rights_are_enough() -> None:
    peer = permissive()
    peer.answers["Originate"] = DENIED

    checks = await checked(peer)

    assert of(checks, Verdict.FINDING) == {}
    assert list(of(checks, Verdict.UNKNOWN)) == ["read permission call"]
    assert "asterisk -rx 'manager show user me'" in of(checks, Verdict.UNKNOWN)["read permission call"]


Change = Callable[[AmiPeer], None]


def without(*actions: str, answer: Answer = reply) -> Change:
    def change(peer: AmiPeer) -> None:
        peer.answers |= dict.fromkeys(actions, answer)

    return change


@pytest.mark.parametrize(
    ("change", "findings", "advice"),
    [
        (without("Originate"), ["read permission call"], "read = call,agent,user,system,dialplan` to [me]"),
        (without("Reload"), ["read permission system"], "read = call,agent,user,system,dialplan` to [me]"),
        (without("Setvar"), ["read permission dialplan"], "no events of the class dialplan come"),
        (without("Status", answer=DENIED), ["write permissions"], "add `write = call,system` to [me]"),
        (
            without("CoreShowChannels", answer=DENIED),
            ["write permissions"],
            "may not read the state of calls",
        ),
        (without("Filter", answer=DENIED), ["event filter"], "may not ask for the needed events only"),
        (without("Ping", answer=pong(3)), ["clock"], "3.0 s ahead of this machine's; run `timedatectl"),
        (without("Ping", answer=pong(-90)), ["clock"], "90.0 s behind this machine's"),
        (
            without(
                "CoreSettings",
                answer=lambda fields: reply(fields, "AsteriskVersion: 11.25.3", "AMIversion: 1.3"),
            ),
            ["version"],
            "11.25.3 is too old: Asterisk 13 or later is needed",
        ),
    ],
)
async def test_each_finding_says_what_to_do(change: Change, findings: list[str], advice: str) -> None:
    peer = permissive()
    change(peer)

    found = of(await checked(peer), Verdict.FINDING)

    assert list(found) == findings
    assert advice in found[findings[0]]


async def test_events_without_times() -> None:
    peer = permissive()
    for action, (name, kind) in {"Reload": ("Reload", "system"), "Setvar": ("VarSet", "dialplan")}.items():
        peer.answers[action] = says(event(name, kind, timed=False))
    peer.answers["Originate"] = DENIED

    found = of(await checked(peer), Verdict.FINDING)

    assert list(found) == ["timestampevents"]
    assert "add `timestampevents = yes` to [general] in manager.conf" in found["timestampevents"]


async def test_a_filter_in_manager_conf_is_not_taken_for_missing_rights() -> None:
    peer = permissive()
    peer.answers |= {
        "Reload": reply,
        "Setvar": reply,
        "Filter": DENIED,
        "Originate": says(event("Newchannel", "call")),
    }

    checks = await checked(peer)

    assert of(checks, Verdict.FINDING) == {}
    assert list(of(checks, Verdict.UNKNOWN)) == ["read permission system", "read permission dialplan"]
    assert of(checks, Verdict.OK)["event filter"] == "by `eventfilter` in manager.conf"


async def test_without_the_right_to_ask_the_banner_tells_the_version() -> None:
    peer = permissive()
    peer.answers["CoreSettings"] = DENIED

    checks = await checked(peer)

    assert of(checks, Verdict.OK)["version"] == "Asterisk Call Manager/11.0.0"


async def test_a_filter_that_is_not_wanted_is_not_asked_for() -> None:
    peer = permissive()

    checks = await checked(peer, filter_at_pbx=False)

    assert "Filter" not in peer.names()
    assert of(checks, Verdict.OK)["event filter"].startswith("off by pbx.filter_at_pbx")


async def test_a_clock_that_is_not_told() -> None:
    peer = permissive()
    peer.answers["Ping"] = reply

    assert list(of(await checked(peer), Verdict.UNKNOWN)) == ["clock"]


async def test_a_wrong_password() -> None:
    peer = permissive()
    peer.answers["Login"] = refused("Authentication failed")

    checks = await checked(peer)

    assert [check.verdict for check in checks] == [Verdict.OK, Verdict.FINDING, Verdict.UNKNOWN]
    assert "section [me] with this `secret`" in checks[1].text


async def test_nobody_there() -> None:
    checks = [check async for check in pbx_checks(replace(SETTINGS, port=1))]

    assert [check.verdict for check in checks] == [Verdict.FINDING, Verdict.UNKNOWN]
    assert "is Asterisk running" in checks[0].text


async def test_something_else_listens_there() -> None:
    peer = AmiPeer(banner=b"SSH-2.0-OpenSSH_9.2\r\n")
    peer.answers["Login"] = silence

    checks = await checked(peer)

    assert checks[0].verdict is Verdict.FINDING
    assert "is no manager interface, or speaks TLS" in checks[0].text


async def test_tls_where_there_is_none() -> None:
    checks = await checked(permissive(), tls=True)

    assert list(of(checks, Verdict.FINDING)) == ["TLS"]
    assert "set pbx.port to the port of `tlsbindaddr`" in of(checks, Verdict.FINDING)["TLS"]


async def test_the_clear_across_a_network_is_a_finding() -> None:
    peer = permissive()
    async with peer:
        settings = replace(SETTINGS, port=peer.port, host="0.0.0.0")  # noqa: S104 - an address of ours that is not the loopback's
        checks = [check async for check in pbx_checks(settings)]

    assert list(of(checks, Verdict.FINDING)) == ["TLS"]
    assert "set pbx.tls: true" in of(checks, Verdict.FINDING)["TLS"]


async def test_a_pbx_that_goes_away_meanwhile() -> None:
    peer = permissive()

    def leave(_fields: Fields) -> bytes:
        asyncio.get_running_loop().call_soon(peer.hang_up)
        return b""

    peer.answers["Status"] = leave

    checks = await checked(peer)

    assert checks[-1].verdict is Verdict.FINDING
    assert checks[-1].text.endswith("closed the connection; run this again, and look at Asterisk's own log")
