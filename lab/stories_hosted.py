"""Stories on a dialplan in the manner of a hosted PBX: every leg behind a Local channel, on both ends of a transfer."""

from lab.behaviour import Answering, Calling, Talk, Transfer, picks_up, rings
from lab.scenario import ABANDONED, ANSWERED, Scenario, call, originated, rang

FIRST = "trunk:13800000000"
PICKUP = Calling("*8", purpose="pickup")


def _hands_over(kind: str, **times: float) -> Answering:
    return picks_up(1.0, transfer=Transfer(kind, "6502", **times))


HOSTED = (
    Scenario(
        "hosted_internal",
        "One desk calls another, through a Local channel.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="callee",
        caller=Calling("6502"),
        caller_phone="deska",
        answers={"deskb": picks_up(1.0, hangs_up_after=1.5)},
    ),
    Scenario(
        "hosted_outbound_abandon",
        "A desk calls a mobile through a Local channel and gives up.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=Calling("613800000000", gives_up_after=2.0),
        caller_phone="deska",
        answers={FIRST: rings()},
    ),
    Scenario(
        "hosted_pickup",
        "A desk behind a Local channel rings, desk C takes the call with *8.",
        outcome=ANSWERED,
        answered_by="deskc",
        hung_up_by="caller",
        caller=call("142", hangs_up_after=2.5),
        answers={"deska": rings()},
        play=rang("deska", 1.0, "deskc", PICKUP),
    ),
    Scenario(
        "hosted_pickup_group",
        "A group of desks behind Local channels rings, desk C takes the call with *8.",
        outcome=ANSWERED,
        answered_by="deskc",
        hung_up_by="caller",
        caller=call("143", hangs_up_after=2.5),
        answers={"deska": rings(), "deskb": rings()},
        play=rang("deska", 1.0, "deskc", PICKUP),
    ),
    Scenario(
        "hosted_pickup_queue",
        "An agent behind a Local channel rings, desk C takes the call with *8.",
        outcome=ANSWERED,
        answered_by="deskc",
        hung_up_by="caller",
        caller=call("114", hangs_up_after=2.5),
        answers={"deska": rings(), "deskb": rings()},
        play=rang("deska", 1.0, "deskc", PICKUP),
    ),
    Scenario(
        "hosted_queue_abandon",
        "The caller gives up in a queue whose agents are behind Local channels.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("114", gives_up_after=2.0),
        answers={"deska": rings(), "deskb": rings()},
    ),
    Scenario(
        "hosted_blind",
        "Desk A behind a Local channel transfers blindly to desk B behind another.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("142", hangs_up_after=5.0),
        answers={"deska": _hands_over("blind"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "hosted_attended",
        "Desk A behind a Local channel asks desk B behind another, then connects.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("142", hangs_up_after=6.0),
        answers={"deska": _hands_over("attended"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "hosted_blonde",
        "Desk A behind a Local channel leaves while desk B behind another still rings.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("142", hangs_up_after=6.0),
        answers={"deska": _hands_over("blonde"), "deskb": picks_up(2.5)},
    ),
    Scenario(
        "hosted_attended_by_caller",
        "Desk D calls desk A, asks desk B, connects the two; all behind Local channels.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=Calling("6501", talk=Talk(transfer=Transfer("attended", "6502"))),
        caller_phone="deskd",
        answers={"deska": picks_up(1.0, hangs_up_after=5.5), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "hosted_click_to_dial",
        "The PBX rings a user's desk and dials a mobile for it, both through Local channels.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="caller",
        user="deska",
        answers={"deska": picks_up(0.5, hangs_up_after=3.0), FIRST: picks_up(1.0)},
        play=originated("Local/501@targets/n", "from-internal", "613800000000", "Click <501>"),
    ),
)
