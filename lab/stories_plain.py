"""Stories of one hotline call: answered, abandoned, failed over, in groups and queues, ended by whom.

Times are kept short; a cadence of rings is tested with numbers, not by waiting.
"""

from lab.behaviour import Answering, Calling, Talk, picks_up, refuses, rings
from lab.scenario import ABANDONED, ANSWERED, NOT_ANSWERED, Scenario, call, talked
from lab.stage import Stage

MOBILE = "trunk:13800000000"
HOSTILE_NAME = '王"小\\明" <sip:1@x>; ${EXTEN}, %0d%0aEvent: Hangup'


async def _two_callers(stage: Stage) -> None:
    plan = Calling("104", talk=Talk(hangs_up_after=2.5), from_number="13600000002", purpose="second caller")
    await stage.call("trunkinfo", plan)


async def _operator_ends_it(stage: Stage) -> None:
    await stage.hang_up("deska")


def _group(first: Answering, second: Answering) -> dict[str, Answering]:
    return {"deska": first, "deskb": second}


PLAIN = (
    Scenario(
        "plain_one_ring",
        "The desk answers in the first ring; the caller hangs up.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=1.5),
        answers={"deska": picks_up(1.0)},
    ),
    Scenario(
        "plain_three_rings",
        "The desk answers in the third ring (11 s); the callee hangs up.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=call("101"),
        answers={"deska": picks_up(11.0, hangs_up_after=1.0)},
    ),
    Scenario(
        "callee_hangs_up",
        "The desk answers and hangs up first.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=call("101"),
        answers={"deska": picks_up(1.0, hangs_up_after=1.5)},
    ),
    Scenario(
        "slow_180",
        "The desk's phone rings 1.5 s after it was called (post-dial delay).",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=1.0),
        answers={"deska": Answering(1.5, rings_after=1.5)},
    ),
    Scenario(
        "never_rang",
        "The desk answers at once, without ringing.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=1.0),
        answers={"deska": Answering(0.5, rings_after=None)},
    ),
    Scenario(
        "abandon_ringing",
        "The caller gives up while the desk rings.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("101", gives_up_after=2.5),
        answers={"deska": rings()},
    ),
    Scenario(
        "abandon_before_ring",
        "The caller gives up before the desk's phone rings at all.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("101", gives_up_after=1.0),
        answers={"deska": Answering(rings_after=None)},
    ),
    Scenario(
        "no_answer",
        "Nobody answers the desk; the dialplan ends the call.",
        outcome=NOT_ANSWERED,
        caller=call("102"),
        answers={"deska": rings()},
    ),
    Scenario(
        "failover",
        "The desk rings out, the mobile behind the trunk answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="caller",
        caller=call("103", hangs_up_after=1.5),
        answers={"deska": rings(), MOBILE: picks_up(2.0)},
    ),
    Scenario(
        "failover_abandon",
        "The desk rings out; the caller gives up while the mobile rings.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("103", gives_up_after=5.5),
        answers={"deska": rings(), MOBILE: rings()},
    ),
    Scenario(
        "busy",
        "The desk is busy (486), the mobile answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="callee",
        caller=call("103"),
        answers={"deska": refuses(486), MOBILE: picks_up(1.0, hangs_up_after=1.0)},
    ),
    Scenario(
        "decline",
        "The desk declines (603) after 1.2 s of ringing, the mobile answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="caller",
        caller=call("103", hangs_up_after=1.0),
        answers={"deska": refuses(603, 1.2), MOBILE: picks_up(1.0)},
    ),
    Scenario(
        "unreachable",
        "The desk's phone is switched off (480), so is the mobile; the dialplan ends the call.",
        outcome=NOT_ANSWERED,
        caller=call("103"),
        answers={"deska": refuses(480), MOBILE: refuses(480)},
    ),
    Scenario(
        "group",
        "Two desks ring, the second answers.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="caller",
        caller=call("104", hangs_up_after=1.0),
        answers=_group(rings(), picks_up(1.5)),
    ),
    Scenario(
        "group_no_answer",
        "Two desks ring, nobody answers.",
        outcome=NOT_ANSWERED,
        caller=call("104"),
        answers=_group(rings(), Answering(rings_after=0.7)),
    ),
    Scenario(
        "group_busy_decline",
        "One desk is busy, the other declines, the mobile answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="callee",
        caller=call("105"),
        answers={**_group(refuses(486), refuses(603, 1.0)), MOBILE: picks_up(1.0, hangs_up_after=1.0)},
    ),
    Scenario(
        "group_one_declines",
        "One of two desks declines, the other answers.",
        outcome=ANSWERED,
        answered_by="deskb",
        hung_up_by="callee",
        caller=call("105"),
        answers=_group(refuses(603, 0.8), picks_up(2.0, hangs_up_after=1.0)),
    ),
    Scenario(
        "desk_and_mobile",
        "Desk and mobile ring at once, the mobile answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="caller",
        caller=call("106", hangs_up_after=1.0),
        answers={"deska": rings(), MOBILE: picks_up(1.5)},
    ),
    Scenario(
        "two_callers",
        "Two callers ring the same two desks; each is answered by another.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=3.0),
        answers=_group(picks_up(1.0), picks_up(1.5)),
        play=talked("deska", 0.3, _two_callers),
    ),
    Scenario(
        "hostile_name",
        "The caller's display name is full of traps, quotes and Chinese.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=1.0, name=HOSTILE_NAME),
        answers={"deska": picks_up(0.5)},
    ),
    Scenario(
        "number_corrected",
        "The dialplan corrects the caller's number and name before the desk rings.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("125", hangs_up_after=1.0),
        answers={"deska": picks_up(1.0)},
    ),
)

ENDED_BY_PBX = (
    Scenario(
        "limit",
        "The PBX ends the talk after 2.5 s, by L().",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="pbx",
        caller=call("131"),
        answers={"deska": picks_up(1.0)},
    ),
    Scenario(
        "absolute_timeout",
        "The PBX ends the whole call after 4 s, by TIMEOUT(absolute).",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="pbx",
        caller=call("132"),
        answers={"deska": picks_up(1.0)},
    ),
    Scenario(
        "dialplan_ends",
        "The dialplan ends the talk after 2 s, by S().",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="pbx",
        caller=call("133"),
        answers={"deska": picks_up(1.0)},
    ),
    Scenario(
        "operator_ends",
        "An operator ends the talk through AMI.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="pbx",
        caller=call("101"),
        answers={"deska": picks_up(1.0)},
        play=talked("deska", 1.5, _operator_ends_it),
    ),
)

EARLY_MEDIA = (
    Scenario(
        "early_only",
        "The mobile's carrier sends 183 and never 180; the dialplan ends the call.",
        outcome=NOT_ANSWERED,
        caller=call("107"),
        answers={MOBILE: Answering(rings_after=None, early_media_after=0.0)},
    ),
    Scenario(
        "early_only_answered",
        "The mobile's carrier sends 183 and never 180; the mobile answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="caller",
        caller=call("107", hangs_up_after=1.0),
        answers={MOBILE: Answering(2.0, rings_after=None, early_media_after=0.0)},
    ),
    Scenario(
        "early_then_rings",
        "183 first, 180 after 1.5 s, then the mobile answers.",
        outcome=ANSWERED,
        answered_by="trunk",
        hung_up_by="caller",
        caller=call("107", hangs_up_after=1.0),
        answers={MOBILE: Answering(1.5, rings_after=1.5, early_media_after=0.0)},
    ),
    Scenario(
        "early_announcement",
        "183, an announcement, then 480: the mobile is switched off.",
        outcome=NOT_ANSWERED,
        caller=call("107"),
        answers={MOBILE: Answering(2.0, refuses=480, rings_after=None, early_media_after=0.2)},
    ),
    Scenario(
        "greeting",
        "The PBX answers with a greeting, then the desk rings and answers.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("121", hangs_up_after=5.0),
        answers={"deska": picks_up(1.5)},
    ),
    Scenario(
        "greeting_abandon",
        "The caller hears the greeting and hangs up while the desk rings.",
        outcome=ABANDONED,
        hung_up_by="caller",
        caller=call("121", hangs_up_after=3.0),
        answers={"deska": rings()},
    ),
    Scenario(
        "greeting_early",
        "The greeting comes as early media, unanswered; then the desk answers.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="callee",
        caller=call("122"),
        answers={"deska": picks_up(1.5, hangs_up_after=1.0)},
    ),
    Scenario(
        "menu_only",
        "A menu, nobody behind it; the dialplan ends the call.",
        outcome=NOT_ANSWERED,
        caller=call("123", talk=Talk(keys="2", keys_after=0.8)),
    ),
    Scenario(
        "voicemail",
        "Nobody answers; the caller speaks to the answering machine and hangs up.",
        outcome="voicemail",
        hung_up_by="caller",
        caller=call("124", hangs_up_after=2.5),
        answers={"deska": rings()},
        ends_in="voicemail",
    ),
)
