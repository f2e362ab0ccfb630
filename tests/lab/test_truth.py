"""What the phones' logs are taken to mean; only what was heard and sent counts."""

from lab.facts import Leg, Transferred, Truth
from lab.truth import Told, truth_of

TOLD = Told("a story", {}, "101", "2", "13700000001", ("1.1",))


def _caller(**facts: object) -> Leg:
    return Leg("trunk2", "101", is_caller=True, invited_at=0.0, voice=1, **facts)  # type: ignore[arg-type]


def _phone(name: str = "deska2", voice: int = 2, **facts: object) -> Leg:
    return Leg(name, name, is_caller=False, invited_at=0.1, voice=voice, **facts)  # type: ignore[arg-type]


def _ending(truth: Truth) -> tuple[str, str | None, str | None]:
    return truth.outcome, truth.answered_by, truth.hung_up_by


def test_who_is_heard_has_answered() -> None:
    caller = _caller(answered_at=3.0, ended_at=5.0, hung_up_itself=True, heard={3: 3.02})
    loser = _phone(ringing_at=0.2, ended_at=3.0, end="cancelled")
    winner = _phone("deskb2", 3, answered_at=2.99, ended_at=5.0, end="picked_up")

    truth = truth_of(TOLD, [caller, loser, winner])

    assert _ending(truth) == ("answered", "deskb", "caller")
    assert truth.talked_to == ({"phone": "deskb", "number": "deskb2", "at": 3.02},)
    assert [phone["number"] for phone in truth.phones] == ["deska", "deskb"]


def test_who_picked_up_and_was_never_heard_has_not_answered() -> None:
    caller = _caller(gave_up_at=4.0, ended_at=4.0, hung_up_itself=True)
    voicemail = _phone(answered_at=2.0, ended_at=6.0, end="picked_up")

    assert _ending(truth_of(TOLD, [caller, voicemail])) == ("abandoned", None, "caller")


def test_early_media_is_no_talk() -> None:
    caller = _caller(ended_at=4.0, end="rejected 480", heard={2: 1.0})
    switched_off = _phone(progress_at=0.9, ended_at=4.0, end="rejected 480")

    assert _ending(truth_of(TOLD, [caller, switched_off])) == ("not answered", None, None)


def test_talk_after_early_media_begins_when_the_phone_is_picked_up() -> None:
    caller = _caller(answered_at=4.0, ended_at=5.0, heard={2: 1.0})
    mobile = _phone(progress_at=0.9, answered_at=3.99, ended_at=5.0, hung_up_itself=True)

    truth = truth_of(TOLD, [caller, mobile])

    assert _ending(truth) == ("answered", "deska", "callee")
    assert truth.talked_to[0]["at"] == 3.99


def test_nobody_sent_a_bye_so_the_pbx_did() -> None:
    caller = _caller(answered_at=3.0, ended_at=5.0, heard={2: 3.0})
    desk = _phone(answered_at=2.9, ended_at=5.0)

    assert _ending(truth_of(TOLD, [caller, desk])) == ("answered", "deska", "pbx")


def test_a_transferor_who_left_long_before_did_not_end_the_call() -> None:
    caller = _caller(answered_at=1.0, ended_at=9.0, heard={2: 1.0, 3: 4.0})
    moved = Transferred("attended", "deska2", "502", 3.9)
    desk = _phone(answered_at=0.9, ended_at=4.0, hung_up_itself=True, transfers=[moved])
    target = _phone("deskb2", 3, answered_at=3.0, ended_at=9.0)

    truth = truth_of(TOLD, [caller, desk, target])

    assert _ending(truth) == ("answered", "deska", "pbx")
    assert [talk["phone"] for talk in truth.talked_to] == ["deska", "deskb"]
    assert truth.transfers == ({"kind": "attended", "by": "deska", "to": "502", "at": 3.9},)


def test_phones_without_sound_talk_where_their_answers_coincide() -> None:
    caller = _caller(answered_at=3.0, ended_at=5.0, hung_up_itself=True)
    refused = _phone(answered_at=1.0, ended_at=2.0)
    desk = _phone("deskb2", 3, answered_at=2.99, ended_at=5.0)

    assert _ending(truth_of(TOLD, [caller, refused, desk])) == ("answered", "deskb", "caller")


def test_a_call_the_pbx_places_has_no_caller() -> None:
    asked = _phone("trunk2", ringing_at=0.2, answered_at=1.0, ended_at=2.0)

    truth = truth_of(TOLD, [asked])

    assert _ending(truth) == ("answered", "trunk", None)
    assert truth.caller["phone"] is None


def test_the_shape_of_the_truth_files() -> None:
    facts = truth_of(TOLD, [_caller(gave_up_at=1.0, hung_up_itself=True), _phone()]).as_dict()

    assert {
        "flow",
        "truth",
        "summary",
        "caller",
        "phones",
        "digits",
        "answered_by",
        "outcome",
        "hung_up_by",
    } <= set(facts)
    assert {"invited_at", "heard_ringing_at", "connected_at", "gave_up_at", "number"} <= set(facts["caller"])
    shape = {"phone", "number", "invited_at", "ringing_at", "progress_at", "picked_up_at", "ended_at", "end"}
    assert shape <= set(facts["phones"][0])
