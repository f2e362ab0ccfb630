"""Stories in which a call moves on: transfers of every kind, and Local channels."""

from lab.behaviour import Answering, Calling, Talk, Transfer, picks_up, refuses, rings
from lab.scenario import ABANDONED, ANSWERED, Scenario, call

FIRST = "trunk:13800000000"


def _hands_over(kind: str, to: str, **times: float) -> Answering:
    return picks_up(1.0, transfer=Transfer(kind, to, **times))


def _inside(number: str, transfer: Transfer | None = None, hangs_up_after: float | None = None) -> Calling:
    return Calling(number, talk=Talk(hangs_up_after=hangs_up_after, transfer=transfer))


TRANSFERS = (
    Scenario(
        "blind_by_callee",
        "Desk A answers and transfers blindly to desk B, who answers.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=5.0),
        answers={"deska": _hands_over("blind", "502"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "blind_no_answer",
        "Desk A transfers blindly to desk B; the caller leaves before B answers.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=4.0),
        answers={"deska": _hands_over("blind", "502"), "deskb": rings()},
    ),
    Scenario(
        "blind_busy",
        "Desk A transfers blindly to desk B, who is busy.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="pbx",
        caller=call("101"),
        answers={"deska": _hands_over("blind", "502"), "deskb": refuses(486)},
    ),
    Scenario(
        "blind_to_mobile",
        "Desk A transfers blindly to a mobile, who answers and hangs up.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=call("101"),
        answers={"deska": _hands_over("blind", "13800000000"), FIRST: picks_up(1.0, hangs_up_after=1.0)},
    ),
    Scenario(
        "blind_by_caller",
        "Desk D calls the hotline and transfers desk A blindly to desk B.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=_inside("101", Transfer("blind", "502")),
        caller_phone="deskd",
        answers={"deska": picks_up(1.0, hangs_up_after=4.0), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "attended_by_callee",
        "Desk A asks desk B first, then connects the caller with B.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=6.0),
        answers={"deska": _hands_over("attended", "502"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "attended_by_caller",
        "Desk D calls the hotline, asks desk B, then connects desk A with B.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=_inside("101", Transfer("attended", "502")),
        caller_phone="deskd",
        answers={"deska": picks_up(1.0, hangs_up_after=5.5), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "blonde_by_callee",
        "Desk A leaves while desk B still rings; B answers the caller.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=6.0),
        answers={"deska": _hands_over("blonde", "502"), "deskb": picks_up(2.5)},
    ),
    Scenario(
        "semi_by_callee",
        "Desk A calls desk B, hangs up while it rings, and transfers blindly.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=6.0),
        answers={"deska": _hands_over("semi", "502"), "deskb": picks_up(1.5)},
    ),
)

LOCALS = (
    Scenario(
        "local_optimised",
        "The desk is behind a Local channel that goes away once there is sound.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=call("141"),
        answers={"deska": picks_up(1.0, hangs_up_after=1.5)},
    ),
    Scenario(
        "local_silent",
        "The desk is behind a Local channel that stays, because nobody makes a sound.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("141", talk=Talk(hangs_up_after=1.5, has_media=False)),
        answers={"deska": picks_up(1.0, has_media=False)},
    ),
    Scenario(
        "local_kept",
        "The desk is behind a Local channel that is told to stay (/n).",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("142", hangs_up_after=1.5),
        answers={"deska": picks_up(1.0)},
    ),
    Scenario(
        "local_abandon",
        "The caller gives up while a desk behind a Local channel rings.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("142", gives_up_after=2.0),
        answers={"deska": rings()},
    ),
    Scenario(
        "local_group",
        "A group of Local channels; the second desk answers.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="caller",
        caller=call("143", hangs_up_after=1.0),
        answers={"deska": rings(), "deskb": picks_up(1.5)},
    ),
    Scenario(
        "local_chain",
        "A Local channel forwards to one that forwards to the desk.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("145", hangs_up_after=1.5),
        answers={"deska": picks_up(1.0)},
    ),
)
