"""What a channel's name and a dial string tell: technology, endpoint and number, for every channel driver.

Pure text work shared by the listener, the AGI scripts and the dialplan. `PJSIP/deska-00000001`,
`SIP/peer-0000001f`, `DAHDI/i1/13800000000-2`, `IAX2/office-7041` and `Local/501@targets-00000007;1` are understood.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class ChannelKind(Enum):
    """REAL: a phone or a trunk. LOCAL: one half of a Local pair. PSEUDO: Asterisk's own, never a person."""

    REAL = "real"
    LOCAL = "local"
    PSEUDO = "pseudo"


class ChannelName(NamedTuple):
    kind: ChannelKind
    tech: str
    endpoint: str


_PSEUDO_TECHS = frozenset(
    "announcer asyncgoto bridge cbann cbrec cdr confbridgerec conference message multicastrtp music null "
    "outgoingspoolfailed parked recorder snoop spy surrogate testchan unicastrtp".split()
)
_SUFFIX = re.compile(r"<(?:MASQ|ZOMBIE)>$")


def split_channel_name(name: str) -> ChannelName:
    """Never raises; a name without technology is a real channel of technology ''."""
    tech, slash, rest = _SUFFIX.sub("", name).partition("/")
    if not slash:
        return ChannelName(ChannelKind.PSEUDO if not name else ChannelKind.REAL, "", name)
    if tech == "Local":
        return ChannelName(ChannelKind.LOCAL, tech, rest.rpartition("-")[0] or rest)
    # DAHDI/i1/13800000000-2: the part before the second slash is the line, as with a dial string.
    endpoint = (rest.rpartition("-")[0] or rest).partition("/")[0]
    is_pseudo = tech.lower() in _PSEUDO_TECHS or (tech, endpoint) == ("DAHDI", "pseudo")
    return ChannelName(ChannelKind.PSEUDO if is_pseudo else ChannelKind.REAL, tech, endpoint)


def local_pair_name(name: str) -> str:
    """What the two halves of a Local channel have in common."""
    return name.rpartition(";")[0] or name


def number_in_dial_string(dial_string: str, tech: str, endpoint: str) -> str:
    """The number or name a phone was called by: `13800000000@trunk`, `trunk/13800000000`, `PJSIP/deska`, `deska`.

    An address (`501/sip:501@10.0.0.1:5060`) is reduced to its user part, and a secret (`user:secret@office`) is never
    taken for a number. Falls back to the endpoint.
    """
    target = dial_string
    if tech and target.startswith(tech + "/"):  # app_queue writes the technology in front
        target = target[len(tech) + 1 :]
    head, slash, tail = target.partition("/")
    if slash:
        target = tail or head
    if target.startswith(("sip:", "sips:")):
        address = target.partition(":")[2]
        target = address if "@" in address else ""
    user = target.partition("@")[0]
    return endpoint if not user or ":" in user else user


_TRUNK_WORDS = re.compile(
    r"trunk|pstn|gate-?way|(?:^|[-_])gw(?:$|[-_\d])|sbc|provider|carrier|telco|route|isdn|upstream|dongle",
    re.I,
)
_OUTSIDE = (
    "trunk|pstn|external|outside|did|isdn|dahdi|zaptel|digital|analog|provider|carrier|gateway|public|telco"
)
_OUTSIDE_CONTEXT = re.compile(
    rf"^(?:from|in)[-_]?(?:(?:pj)?sip[-_]|iax2?[-_])?(?:{_OUTSIDE})|(?:{_OUTSIDE})[-_]in$|^ext[-_]did"
    r"|(?:^|[-_])(?:inbound|incoming)(?:$|[-_])",
    re.I,
)
_PHONE_NUMBER = re.compile(r"^\+?\d{7,}$")


@lru_cache(maxsize=4096)
def looks_like_trunk(endpoint: str) -> bool:
    """Whether an endpoint's name says that it is a line to the outside. Used only where nothing is configured."""
    return _TRUNK_WORDS.search(endpoint) is not None


@lru_cache(maxsize=4096)
def is_outside_context(context: str) -> bool:
    """Contexts named like from-trunk, from-pstn, from-external hold calls from outside (Contract 1, rule 11)."""
    return _OUTSIDE_CONTEXT.search(context) is not None


def looks_like_phone_number(text: str) -> bool:
    """Seven digits or more: longer than an extension."""
    return _PHONE_NUMBER.match(text) is not None
