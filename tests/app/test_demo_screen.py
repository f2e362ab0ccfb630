"""The demo's screen: calls going on with their rings counted as they ring, and what ended; never more than fits."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from app.demo_screen import EndedCalls, dots, line_of, picture, save_picture
from hotline.calls import CallTracker
from hotline.records import Anomaly, AttemptResult, Outcome, TransferKind
from hotline.signals import (
    CallArrived,
    CallTransferred,
    Phone,
    PhoneDialled,
    PhonePickedUp,
    PhoneRang,
    PhoneStopped,
    TalkBegan,
)
from tests.app.made import NOW, record, tracker_after

DESK = Phone("PJSIP/deska-2", "deska", "deska")
MOBILE = Phone("PJSIP/trunk-3", "trunk", "13800000000", outside=True)


def arrives(call_id: str = "1.1") -> CallArrived:
    return CallArrived(
        call_id, NOW, "PJSIP/trunk-1", "13712345678", None, "101", "from-trunk", from_outside=True
    )


def drawn(
    tracker: CallTracker, after: float, *, size: tuple[int, int] = (80, 24), ended: int = 0
) -> list[str]:
    calls = EndedCalls()
    for _ in range(ended):
        calls.take(record())
    console = Console(file=StringIO(), width=size[0], height=size[1])
    now = NOW + timedelta(seconds=after)
    status = "23 s of about 65 s, metrics at http://127.0.0.1:32957/metrics, Ctrl-C ends it"
    with console.capture() as capture:
        console.print(picture(list(tracker.open_calls.values()), calls, now, status, size))
    return capture.get().splitlines()


def row(tracker: CallTracker, after: float) -> str:
    (line,) = [line for line in drawn(tracker, after) if "13712345678" in line]
    return " ".join(line.split())


def test_rings_are_counted_while_it_rings() -> None:
    tracker = tracker_after(arrives(), PhoneDialled("1.1", NOW, DESK), PhoneRang("1.1", NOW, DESK.channel))

    assert row(tracker, 1.0) == "Night duty 13712345678 ●○○ 1.0 s ringing Li Na"
    assert row(tracker, 5.0) == "Night duty 13712345678 ●●○ 5.0 s ringing Li Na"
    assert row(tracker, 14.9) == "Night duty 13712345678 ●●● 14.9 s ringing Li Na"
    assert row(tracker, 22.0) == "Night duty 13712345678 ●●●●● 22.0 s ringing Li Na"


def test_beyond_the_target_they_are_red() -> None:
    assert "red" not in dots(3, 3)
    assert dots(4, 3) == "[red]●●●●[/]"


def test_what_else_a_call_may_be_doing() -> None:
    waiting = tracker_after(arrives())
    talking = tracker_after(
        arrives(),
        PhoneDialled("1.1", NOW, DESK),
        PhoneRang("1.1", NOW, DESK.channel),
        TalkBegan("1.1", NOW + timedelta(seconds=6), DESK),
    )
    asked = tracker_after(
        arrives(),
        PhoneDialled("1.1", NOW, DESK),
        PhoneStopped("1.1", NOW, DESK.channel, AttemptResult.BUSY),
        PhoneDialled("1.1", NOW, MOBILE),
        PhoneRang("1.1", NOW, MOBILE.channel),
        PhonePickedUp("1.1", NOW, MOBILE.channel),
    )
    passed_on = tracker_after(
        arrives(),
        PhoneDialled("1.1", NOW, DESK),
        TalkBegan("1.1", NOW, DESK),
        CallTransferred("1.1", NOW, TransferKind.BLIND, DESK.channel, None),
        PhoneDialled("1.1", NOW, MOBILE),
    )

    assert row(waiting, 1.0) == "Night duty 13712345678 waiting"
    assert row(talking, 60.0) == "Night duty 13712345678 ●●○ 6.0 s talking Li Na"
    assert row(asked, 3.0) == "Night duty 13712345678 ●○○ 3.0 s key? Tang (duty)"
    assert row(passed_on, 3.0).endswith("passed on Tang (duty)")


def test_it_fits_the_screen_however_many_calls_there_are() -> None:
    tracker = tracker_after(*(arrives(f"1.{number}") for number in range(5)))

    for size in ((80, 24), (100, 30), (132, 50)):
        lines = drawn(tracker, 1.0, size=size, ended=60)
        assert len(lines) <= size[1]
        assert all(len(line) <= size[0] for line in lines)
        assert "…" not in "".join(lines)
        assert lines[-1].startswith("60 calls: 60 answered, 60 of them within three rings; 0 missed")


def test_nothing_going_on_is_said() -> None:
    assert any(line.split() == ["-"] * 6 for line in drawn(tracker_after(), 0.0))


def test_the_summary_counts_both_answered_and_in_time() -> None:
    ended = EndedCalls()
    for fact in (record(), record(within_target=False), record(Outcome.ABANDONED), Anomaly("x", None, "")):
        ended.take(fact)

    assert ended.summary() == "3 calls: 2 answered, 1 of them within three rings; 1 missed"


def test_an_ended_call_is_told_as_it_ends() -> None:
    told: list[str] = []
    ended = EndedCalls(lambda call: told.append(line_of(call)))

    ended.take(record())

    arrived = NOW.astimezone().strftime("%H:%M:%S")
    assert [" ".join(line.split()) for line in told] == [
        f"{arrived} Night duty 13712345678 rings 2 6.5 s in time Li Na talk 13.5 s"
    ]


def test_the_picture_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    ended, file = EndedCalls(), tmp_path / "demo.svg"
    ended.take(record())

    save_picture(ended, file)

    text = file.read_text()
    assert "13712345678" in text
    assert Text(text).plain.count("<svg") == 1
    assert "font-face" not in text
    assert "url(http" not in text
