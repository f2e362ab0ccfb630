"""The calls of the demo, as data: who calls when, what the phones do. `demo.py` plays them, several side by side.

Times are seconds. With the cadence of China ring n of a call begins at 5 x (n - 1) seconds; the target is three rings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.behaviour import Answering, Calling, Talk, Transfer, picks_up, refuses, rings

SECONDS = 65  # all of it, about

LINES = {
    "Service": ("101", "102", "111"),
    "Repairs": ("103", "104", "113"),
    "Night duty": ("107", "151", "400"),
}
DUTY_MOBILE, BACKUP_MOBILE = "13800000000", "13900000000"
_FIRST, _SECOND = f"trunk:{DUTY_MOBILE}", f"trunkinfo:{BACKUP_MOBILE}"
_STAFF = (
    "Wang Fang", "Li Na", "Zhang Wei", "Liu Yang", "Chen Jie", "Yang Min", "Zhao Lei", "Huang Yan", "Zhou Tao",
    "Wu Xia", "Xu Qiang", "Sun Li", "Hu Jun", "Zhu Mei", "Gao Feng", "Lin Hui", "He Ping", "Guo Bin", "Ma Chao",
    "Luo Jing", "Liang Bo", "Song Yu", "Zheng Kai", "Xie Fei",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoCall:
    """One call, `at` seconds after the beginning."""

    at: float
    caller: Calling
    answers: dict[str, Answering] = field(default_factory=dict)


def _call(number: str, *, talks: float | None = None, gives_up: float | None = None) -> Calling:
    """A caller from outside; `talks`: hangs up so long after being put through, else the other side does."""
    return Calling(number, gives_up, Talk(hangs_up_after=talks))


CALLS = (
    # answered in the first, third and fifth ring
    DemoCall(0, _call("101", talks=9), {"deska": picks_up(2.2)}),
    DemoCall(1, _call("101", talks=8), {"deska": picks_up(12.4)}),
    DemoCall(2, _call("101", talks=6), {"deska": picks_up(22.8)}),
    # nobody is there; a desk is busy, so the duty mobile rings; two desks ring, one answers
    DemoCall(4, _call("102"), {"deska": rings()}),
    DemoCall(6, _call("103", talks=7), {"deska": refuses(486), "trunk": picks_up(6.5)}),
    DemoCall(9, _call("104", talks=8), {"deska": rings(), "deskb": picks_up(2.6)}),
    # a queue, whose first agent does not answer; a caller who is put through to a colleague
    DemoCall(12, _call("111", talks=9), {"deska": rings(), "deskb": picks_up(2.0)}),
    DemoCall(
        15,
        _call("101", talks=15),
        {"deska": picks_up(3.0, transfer=Transfer("blind", "502", after=4.0)), "deskb": picks_up(3.5)},
    ),
    # a caller gives up in the third ring
    DemoCall(18, _call("113", gives_up=13), {"deska": rings(), "deskb": rings()}),
    # the duty mobile accepts by key; its voicemail picks up, nobody presses a key, and the backup accepts
    DemoCall(22, _call("151", talks=10), {_FIRST: picks_up(4.0, keys="1", keys_after=1.2)}),
    DemoCall(
        26, _call("151", talks=12), {_FIRST: picks_up(3.0), _SECOND: picks_up(2.0, keys="1", keys_after=1.0)}
    ),
    # voicemail, and the backup declines: the call is missed
    DemoCall(30, _call("151"), {_FIRST: picks_up(2.0), _SECOND: refuses(603, 3.0)}),
    DemoCall(33, _call("101"), {"deska": picks_up(1.4, hangs_up_after=8)}),
    DemoCall(37, _call("104", talks=6), {"deska": picks_up(3.2), "deskb": rings()}),
    DemoCall(41, _call("101", talks=5), {"deska": picks_up(8.1)}),
    DemoCall(42, _call("101", talks=4), {"deska": picks_up(17.2)}),
    DemoCall(44, _call("107"), {"trunk": refuses(480)}),
    DemoCall(46, _call("103"), {"deska": picks_up(1.8, hangs_up_after=6)}),
)


def configuration(sites: int) -> dict[str, object]:
    """The part of config.yaml that knows lines and phones, for so many sets of phones."""
    names = iter(_STAFF * sites)
    sets = ["" if number == 1 else str(number) for number in range(1, sites + 1)]
    desks = [
        {"endpoint": f"desk{letter}{number}", "role": "office", "person": next(names)}
        for letter in "ab"
        for number in sets
    ]
    return {
        "lines": [{"name": name, "dids": list(dids)} for name, dids in LINES.items()],
        "phones": [
            {"number": DUTY_MOBILE, "role": "duty", "person": "Tang (duty)"},
            {"number": BACKUP_MOBILE, "role": "backup", "person": "Deng (backup)"},
            *desks,
        ],
        "trunks": ["trunk*"],
    }
