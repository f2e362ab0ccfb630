"""Stories of calls that several people may take: queues, pickups, forwards."""

from lab.behaviour import Answering, Calling, Talk, picks_up, refuses, rings
from lab.scenario import ABANDONED, ANSWERED, Scenario, call, rang

FIRST = "trunk:13800000000"


def _group(first: Answering, second: Answering) -> dict[str, Answering]:
    return {"deska": first, "deskb": second}


def _pickup(number: str) -> Calling:
    return Calling(number, talk=Talk(), purpose="pickup")


def _forwards(to: str) -> Answering:
    return Answering(0.5, refuses=302, forwards_to=to, rings_after=None)


QUEUES = (
    Scenario(
        "queue_first",
        "A queue rings its first agent, who answers.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=call("111"),
        answers=_group(picks_up(1.0, hangs_up_after=1.5), rings()),
    ),
    Scenario(
        "queue_second",
        "The first agent of a queue does not answer, the second does.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="caller",
        caller=call("111", hangs_up_after=1.5),
        answers=_group(rings(), picks_up(1.0)),
    ),
    Scenario(
        "queue_ringall",
        "A queue rings all agents, the caller hears ringing from the start; one answers.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=call("113"),
        answers=_group(picks_up(1.5, hangs_up_after=1.0), rings()),
    ),
    Scenario(
        "queue_abandon",
        "The caller gives up in the queue.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("111", gives_up_after=2.0),
        answers=_group(rings(), rings()),
    ),
    Scenario(
        "queue_answered_abandon",
        "A queue answers with music; the caller hangs up before an agent does.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("115", hangs_up_after=2.0),
        answers=_group(rings(), rings()),
    ),
    Scenario(
        "queue_busy_agent",
        "One agent is busy, the other answers.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="caller",
        caller=call("112", hangs_up_after=1.0),
        answers=_group(refuses(486), picks_up(1.0)),
    ),
    Scenario(
        "queue_local",
        "Agents behind Local channels; the second answers.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="caller",
        caller=call("114", hangs_up_after=1.0),
        answers=_group(rings(), picks_up(1.0)),
    ),
)
PICKUPS_AND_FORWARDS = (
    Scenario(
        "pickup_group",
        "Desk A rings, desk C takes the call with *8.",
        outcome=ANSWERED,
        answered_by="deskc",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=2.0),
        answers={"deska": rings()},
        play=rang("deska", 1.5, "deskc", _pickup("*8")),
    ),
    Scenario(
        "pickup_directed",
        "Desk A rings, desk C takes the call with *8501.",
        outcome=ANSWERED,
        answered_by="deskc",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=2.0),
        answers={"deska": rings()},
        play=rang("deska", 1.5, "deskc", _pickup("*8501")),
    ),
    Scenario(
        "pickup_queue",
        "An agent's phone rings for a queue, desk C takes the call.",
        outcome=ANSWERED,
        answered_by="deskc",
        hung_up_by="caller",
        caller=call("111", hangs_up_after=2.0),
        answers={"deska": rings(), "deskb": rings()},
        play=rang("deska", 1.5, "deskc", _pickup("*8")),
    ),
    Scenario(
        "forward_302",
        "The desk's phone forwards to a mobile by 302, which answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="callee",
        caller=call("101"),
        answers={"deska": _forwards("13811110000"), "trunk:13811110000": picks_up(1.5, hangs_up_after=1.0)},
    ),
    Scenario(
        "forward_302_desk",
        "The desk's phone forwards to another desk by 302.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=1.0),
        answers={"deska": _forwards("502"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "forward_302_unknown",
        "The desk's phone forwards to a number nobody has; the mobile answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="caller",
        caller=call("103", hangs_up_after=1.0),
        answers={"deska": _forwards("777"), FIRST: picks_up(1.0)},
    ),
)
