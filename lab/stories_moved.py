"""Stories in which a call moves: pickups, forwards, transfers, Local channels, keys to accept, calls the PBX places."""

from lab.behaviour import Answering, Calling, Talk, Transfer, picks_up, refuses, rings
from lab.scenario import ABANDONED, ANSWERED, NOT_ANSWERED, Scenario, call, originated, rang

FIRST, SECOND = "trunk:13800000000", "trunkinfo:13900000000"


def _pickup(number: str) -> Calling:
    return Calling(number, talk=Talk(), purpose="pickup")


def _forwards(to: str) -> Answering:
    return Answering(0.5, refuses=302, forwards_to=to, rings_after=None)


def _hands_over(kind: str, to: str, **times: float) -> Answering:
    return picks_up(1.0, transfer=Transfer(kind, to, **times))


def _inside(number: str, transfer: Transfer | None = None, hangs_up_after: float | None = None) -> Calling:
    return Calling(number, talk=Talk(hangs_up_after=hangs_up_after, transfer=transfer))


PICKUPS_AND_FORWARDS = (
    Scenario(
        "pickup_group", "Desk A rings, desk C takes the call with *8.",
        ANSWERED, "deskc", "caller", call("101", hangs_up_after=2.0), answers={"deska": rings()},
        play=rang("deska", 1.5, "deskc", _pickup("*8")),
    ),
    Scenario(
        "pickup_directed", "Desk A rings, desk C takes the call with *8501.",
        ANSWERED, "deskc", "caller", call("101", hangs_up_after=2.0), answers={"deska": rings()},
        play=rang("deska", 1.5, "deskc", _pickup("*8501")),
    ),
    Scenario(
        "pickup_queue", "An agent's phone rings for a queue, desk C takes the call.",
        ANSWERED, "deskc", "caller", call("111", hangs_up_after=2.0), answers={"deska": rings(), "deskb": rings()},
        play=rang("deska", 1.5, "deskc", _pickup("*8")),
    ),
    Scenario(
        "forward_302", "The desk's phone forwards to a mobile by 302, which answers.",
        ANSWERED, "trunk", "callee", call("101"),
        answers={"deska": _forwards("13811110000"), "trunk:13811110000": picks_up(1.5, hangs_up_after=1.0)},
    ),
    Scenario(
        "forward_302_desk", "The desk's phone forwards to another desk by 302.",
        ANSWERED, "deskb", "caller", call("101", hangs_up_after=1.0),
        answers={"deska": _forwards("502"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "forward_302_unknown", "The desk's phone forwards to a number nobody has; the mobile answers.",
        ANSWERED, "trunk", "caller", call("103", hangs_up_after=1.0),
        answers={"deska": _forwards("777"), FIRST: picks_up(1.0)},
    ),
)

ACCEPTANCE = (
    Scenario(
        "accept", "The mobile's owner presses 1 and is put through.",
        ANSWERED, "trunk", "caller", call("151", hangs_up_after=1.5), answers={FIRST: picks_up(1.0, keys="1")},
    ),
    Scenario(
        "accept_by_info", "The first mobile is busy; the second accepts with a key sent by INFO.",
        ANSWERED, "trunkinfo", "callee", call("151"),
        answers={FIRST: refuses(486), SECOND: picks_up(1.0, keys="1", hangs_up_after=2.5)},
    ),
    Scenario(
        "accept_refused", "The first mobile's owner presses 2, the second accepts.",
        ANSWERED, "trunkinfo", "caller", call("151", hangs_up_after=1.0),
        answers={FIRST: picks_up(1.0, keys="2"), SECOND: picks_up(1.0, keys="1")},
    ),
    Scenario(
        "accept_voicemail", "The first mobile's voicemail answers and presses nothing, the second accepts.",
        ANSWERED, "trunkinfo", "caller", call("151", hangs_up_after=1.0),
        answers={FIRST: picks_up(1.0), SECOND: picks_up(1.0, keys="1")},
    ),
    Scenario(
        "accept_nobody", "The first mobile's voicemail answers, the second is busy.",
        NOT_ANSWERED, caller=call("151"), answers={FIRST: picks_up(0.5), SECOND: refuses(486)},
    ),
    Scenario(
        "accept_hangup_in_prompt", "The first mobile hangs up during the prompt, the second accepts.",
        ANSWERED, "trunkinfo", "caller", call("151", hangs_up_after=1.0),
        answers={FIRST: picks_up(1.0, hangs_up_after=1.0), SECOND: picks_up(1.0, keys="1")},
    ),
    Scenario(
        "accept_caller_leaves", "The caller gives up while the mobile hears the prompt.",
        ABANDONED, None, "caller", call("151", gives_up_after=2.0), answers={FIRST: picks_up(1.0)},
    ),
    Scenario(
        "recommended", "Desk busy after 1 s; first mobile hangs up in the prompt; second accepts. With the ledger.",
        ANSWERED, "trunkinfo", "callee", call("400"),
        answers={
            "deska": refuses(486, 1.0),
            FIRST: picks_up(1.0, hangs_up_after=1.0),
            SECOND: Answering(1.0, rings_after=0.7, talk=Talk(hangs_up_after=2.5, keys="1")),
        },
    ),
    Scenario(
        "accept_outer_local", "The acceptance is asked on the outer half of a Local channel.",
        ANSWERED, "trunk", "caller", call("152", hangs_up_after=1.0), answers={FIRST: picks_up(1.0, keys="1")},
    ),
    Scenario(
        "accept_outer_local_refused", "The acceptance asked on the outer half of a Local channel is refused.",
        NOT_ANSWERED, caller=call("152"), answers={FIRST: picks_up(1.0, keys="9")},
    ),
    Scenario(
        "accept_outer_group", "Two mobiles behind Local channels ring; the first to pick up accepts.",
        ANSWERED, "trunkinfo", "callee", call("153"),
        answers={FIRST: rings(), SECOND: picks_up(1.0, keys="1", hangs_up_after=2.5)},
    ),
    Scenario(
        "accept_outer_group_nobody", "Two mobiles behind Local channels ring; the first to pick up is a voicemail.",
        NOT_ANSWERED, caller=call("153"), answers={FIRST: picks_up(1.0), SECOND: rings()},
    ),
    Scenario(
        "accept_inner_group", "Two mobiles behind Local channels pick up and are both asked; the second accepts.",
        ANSWERED, "trunkinfo", "caller", call("154", hangs_up_after=1.0),
        answers={FIRST: picks_up(1.0), SECOND: picks_up(1.3, keys="1")},
    ),
)

TRANSFERS = (
    Scenario(
        "blind_by_callee", "Desk A answers and transfers blindly to desk B, who answers.",
        ANSWERED, "deska", "caller", call("101", hangs_up_after=5.0),
        answers={"deska": _hands_over("blind", "502"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "blind_no_answer", "Desk A transfers blindly to desk B; the caller leaves before B answers.",
        ANSWERED, "deska", "caller", call("101", hangs_up_after=4.0),
        answers={"deska": _hands_over("blind", "502"), "deskb": rings()},
    ),
    Scenario(
        "blind_busy", "Desk A transfers blindly to desk B, who is busy.",
        ANSWERED, "deska", "pbx", call("101"),
        answers={"deska": _hands_over("blind", "502"), "deskb": refuses(486)},
    ),
    Scenario(
        "blind_to_mobile", "Desk A transfers blindly to a mobile, who answers and hangs up.",
        ANSWERED, "deska", "callee", call("101"),
        answers={"deska": _hands_over("blind", "13800000000"), FIRST: picks_up(1.0, hangs_up_after=1.0)},
    ),
    Scenario(
        "blind_by_caller", "Desk D calls the hotline and transfers desk A blindly to desk B.",
        ANSWERED, "deska", "callee", _inside("101", Transfer("blind", "502")), "deskd",
        {"deska": picks_up(1.0, hangs_up_after=4.0), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "attended_by_callee", "Desk A asks desk B first, then connects the caller with B.",
        ANSWERED, "deska", "caller", call("101", hangs_up_after=6.0),
        answers={"deska": _hands_over("attended", "502"), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "attended_by_caller", "Desk D calls the hotline, asks desk B, then connects desk A with B.",
        ANSWERED, "deska", "callee", _inside("101", Transfer("attended", "502")), "deskd",
        {"deska": picks_up(1.0, hangs_up_after=5.5), "deskb": picks_up(1.0)},
    ),
    Scenario(
        "blonde_by_callee", "Desk A leaves while desk B still rings; B answers the caller.",
        ANSWERED, "deska", "caller", call("101", hangs_up_after=6.0),
        answers={"deska": _hands_over("blonde", "502"), "deskb": picks_up(2.5)},
    ),
    Scenario(
        "semi_by_callee", "Desk A calls desk B, hangs up while it rings, and transfers blindly.",
        ANSWERED, "deska", "caller", call("101", hangs_up_after=6.0),
        answers={"deska": _hands_over("semi", "502"), "deskb": picks_up(1.5)},
    ),
)

LOCALS = (
    Scenario(
        "local_optimised", "The desk is behind a Local channel that goes away once there is sound.",
        ANSWERED, "deska", "callee", call("141"), answers={"deska": picks_up(1.0, hangs_up_after=1.5)},
    ),
    Scenario(
        "local_silent", "The desk is behind a Local channel that stays, because nobody makes a sound.",
        ANSWERED, "deska", "caller", call("141", talk=Talk(hangs_up_after=1.5, has_media=False)),
        answers={"deska": picks_up(1.0, has_media=False)}, media=False,
    ),
    Scenario(
        "local_kept", "The desk is behind a Local channel that is told to stay (/n).",
        ANSWERED, "deska", "caller", call("142", hangs_up_after=1.5), answers={"deska": picks_up(1.0)},
    ),
    Scenario(
        "local_abandon", "The caller gives up while a desk behind a Local channel rings.",
        ABANDONED, None, "caller", call("142", gives_up_after=2.0), answers={"deska": rings()},
    ),
    Scenario(
        "local_group", "A group of Local channels; the second desk answers.",
        ANSWERED, "deskb", "caller", call("143", hangs_up_after=1.0), answers={"deska": rings(), "deskb": picks_up(1.5)},
    ),
    Scenario(
        "local_chain", "A Local channel forwards to one that forwards to the desk.",
        ANSWERED, "deska", "caller", call("145", hangs_up_after=1.5), answers={"deska": picks_up(1.0)},
    ),
)

PLACED = (
    Scenario(
        "spot_yes", "The PBX calls a mobile and asks for a key; the key comes.",
        ANSWERED, "trunk", answers={FIRST: picks_up(1.5, keys="1", keys_after=1.0)},
        play=originated("13800000000@trunk", "spot", "s"),
    ),
    Scenario(
        "spot_no_answer", "The PBX calls a mobile that nobody answers.",
        NOT_ANSWERED, answers={FIRST: rings()}, play=originated("13800000000@trunk", "spot", "s"),
    ),
    Scenario(
        "spot_busy", "The PBX calls a mobile that is busy.",
        NOT_ANSWERED, answers={FIRST: refuses(486, 0.5)}, play=originated("13800000000@trunk", "spot", "s"),
    ),
    Scenario(
        "click_to_dial", "The PBX rings a user's desk and then dials a mobile for it.",
        ANSWERED, "trunk", "caller", user="deska",
        answers={"deska": picks_up(0.5, hangs_up_after=3.0), FIRST: picks_up(1.0)},
        play=originated("deska", "from-internal", "13800000000", "Click <501>"),
    ),
    Scenario(
        "click_to_dial_local", "The same through a Local channel; the mobile hangs up.",
        ANSWERED, "trunk", "callee", user="deska",
        answers={"deska": picks_up(0.5), FIRST: picks_up(1.0, hangs_up_after=1.5)},
        play=originated("Local/501@targets", "from-internal", "13800000000", "Click <501>"),
    ),
    Scenario(
        "click_to_dial_abandon", "The user hangs up before the mobile answers.",
        ABANDONED, None, "caller", user="deska",
        answers={"deska": picks_up(0.5, hangs_up_after=1.5), FIRST: rings()},
        play=originated("deska", "from-internal", "13800000000", "Click <501>"),
    ),
    Scenario(
        "internal", "One desk calls another.",
        ANSWERED, "deskb", "caller", _inside("502", hangs_up_after=1.0), "deska", {"deskb": picks_up(1.0)},
    ),
    Scenario(
        "outbound", "A desk calls a mobile through the trunk.",
        ANSWERED, "trunk", "callee", _inside("13800000000"), "deska",
        {FIRST: picks_up(1.0, hangs_up_after=1.5)},
    ),
    Scenario(
        "outbound_no_answer", "A desk calls a mobile and gives up.",
        ABANDONED, None, "caller", Calling("13800000000", 2.0), "deska", {FIRST: rings()},
    ),
)
