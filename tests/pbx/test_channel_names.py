"""Channel names and dial strings of every driver, and what they say about who is outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.channel_names import (
    ChannelKind,
    is_outside_context,
    local_pair_name,
    looks_like_phone_number,
    looks_like_trunk,
    number_in_dial_string,
    split_channel_name,
)

REAL, LOCAL, PSEUDO = ChannelKind.REAL, ChannelKind.LOCAL, ChannelKind.PSEUDO


@pytest.mark.parametrize(
    ("name", "kind", "tech", "endpoint"),
    [
        ("PJSIP/deska-00000001", REAL, "PJSIP", "deska"),
        ("SIP/my-trunk-0000001f", REAL, "SIP", "my-trunk"),
        ("SIP/sip.example.com-0000001f", REAL, "SIP", "sip.example.com"),
        ("SIP/192.0.2.7-0000001f", REAL, "SIP", "192.0.2.7"),
        ("SIP/501-0000001f<ZOMBIE>", REAL, "SIP", "501"),
        ("SIP/501-0000001f<MASQ>", REAL, "SIP", "501"),
        ("SIP/501-0000001f<MASQ><ZOMBIE>", REAL, "SIP", "501"),
        ("IAX2/office-7041", REAL, "IAX2", "office"),
        ("IAX2/192.0.2.7:4569-2", REAL, "IAX2", "192.0.2.7:4569"),
        ("DAHDI/1-1", REAL, "DAHDI", "1"),
        ("DAHDI/i1/13800000000-2", REAL, "DAHDI", "i1"),
        ("DAHDI/i2/-3", REAL, "DAHDI", "i2"),
        ("DAHDI/pseudo-1804289383", PSEUDO, "DAHDI", "pseudo"),
        ("Zap/4-1", REAL, "Zap", "4"),
        ("mISDN/1-u12", REAL, "mISDN", "1"),
        ("Dongle/dongle0-0100000000", REAL, "Dongle", "dongle0"),
        ("SCCP/501-00000002", REAL, "SCCP", "501"),
        ("Agent/1001", REAL, "Agent", "1001"),
        ("Console/dsp", REAL, "Console", "dsp"),
        ("Local/501@targets-00000007;1", LOCAL, "Local", "501@targets"),
        ("Local/s@macro-dial-00000007;2", LOCAL, "Local", "s@macro-dial"),
        ("Local/FMPR-501@from-internal-00000007;2", LOCAL, "Local", "FMPR-501@from-internal"),
        ("Message/ast_msg_queue", PSEUDO, "Message", "ast_msg_queue"),
        ("AsyncGoto/SIP/501-0000001f", PSEUDO, "AsyncGoto", "SIP"),
        ("Surrogate/SIP/501-0000001f", PSEUDO, "Surrogate", "SIP"),
        ("CBAnn/77-00000001;2", PSEUDO, "CBAnn", "77"),
        ("CBRec/77-00000001;1", PSEUDO, "CBRec", "77"),
        ("Announcer/ARI-00000001;1", PSEUDO, "Announcer", "ARI"),
        ("Recorder/ARI-00000001;1", PSEUDO, "Recorder", "ARI"),
        ("Snoop/1795.1-00000001", PSEUDO, "Snoop", "1795.1"),
        ("UnicastRTP/127.0.0.1:9000-0x1", PSEUDO, "UnicastRTP", "127.0.0.1:9000"),
        ("OutgoingSpoolFailed", REAL, "", "OutgoingSpoolFailed"),
        ("Parked/701", PSEUDO, "Parked", "701"),
        ("nonsense", REAL, "", "nonsense"),
        ("", PSEUDO, "", ""),
    ],
)
def test_channel_names(name: str, kind: ChannelKind, tech: str, endpoint: str) -> None:
    assert split_channel_name(name) == (kind, tech, endpoint)


@given(st.text(max_size=40))
def test_any_name_is_some_channel(name: str) -> None:
    split_channel_name(name)
    local_pair_name(name)


def test_both_halves_of_a_local_have_one_name() -> None:
    one, two = "Local/501@targets-00000007;1", "Local/501@targets-00000007;2"
    assert local_pair_name(one) == local_pair_name(two) == "Local/501@targets-00000007"
    assert local_pair_name("Local/501@targets-00000008;1") != local_pair_name(one)
    assert local_pair_name("Local/odd") == "Local/odd"


@pytest.mark.parametrize(
    ("dial_string", "tech", "endpoint", "number"),
    [
        ("deska", "PJSIP", "deska", "deska"),
        ("PJSIP/deska", "PJSIP", "deska", "deska"),  # from Queue, with the technology
        ("13800000000@trunk", "PJSIP", "trunk", "13800000000"),
        ("PJSIP/13800000000@trunk", "PJSIP", "trunk", "13800000000"),
        ("trunk/13800000000", "SIP", "trunk", "13800000000"),
        ("SIP/trunk/13800000000", "SIP", "trunk", "13800000000"),
        ("501/sip:501@192.0.2.7:5060", "PJSIP", "501", "501"),
        ("501/sip:501@192.0.2.7:5060;ob", "PJSIP", "501", "501"),
        ("501/sips:501@[2001:db8::1]:5061;transport=tls", "PJSIP", "501", "501"),
        ("trunk/sip:+8613800000000@192.0.2.7", "PJSIP", "trunk", "+8613800000000"),
        ("trunk/sip:192.0.2.7", "PJSIP", "trunk", "trunk"),
        ("13800000000@192.0.2.7:5060", "SIP", "192.0.2.7", "13800000000"),
        ("192.0.2.7:5060", "SIP", "192.0.2.7", "192.0.2.7"),
        ("i1/13800000000", "DAHDI", "i1", "13800000000"),
        ("g0/013800000000", "DAHDI", "1", "013800000000"),
        ("1", "DAHDI", "1", "1"),
        ("office/501", "IAX2", "office", "501"),
        ("office/501@default", "IAX2", "office", "501"),
        ("user:secret@office/501", "IAX2", "office", "501"),
        ("user:secret@office", "IAX2", "office", "office"),
        ("dongle0/13800000000", "Dongle", "dongle0", "13800000000"),
        ("501", "SCCP", "501", "501"),
        ("", "SIP", "501", "501"),
        ("/", "SIP", "501", "501"),
        ("@trunk", "SIP", "trunk", "trunk"),
    ],
)
def test_the_number_a_phone_was_called_by(dial_string: str, tech: str, endpoint: str, number: str) -> None:
    assert number_in_dial_string(dial_string, tech, endpoint) == number


@given(st.text(max_size=40), st.sampled_from(["", "SIP", "PJSIP", "DAHDI"]), st.text(min_size=1, max_size=10))
def test_any_dial_string_has_some_number(dial_string: str, tech: str, endpoint: str) -> None:
    assert number_in_dial_string(dial_string, tech, endpoint)


@pytest.mark.parametrize(
    "endpoint",
    (
        "trunk trunkinfo my-trunk SIP-Trunk pstn gateway gate-way gw gw1 main_gw voip-provider carrier2 sbc01 telco isdn "
        "dongle0"
    ).split(),
)
def test_names_of_trunks(endpoint: str) -> None:
    assert looks_like_trunk(endpoint)


@pytest.mark.parametrize("endpoint", "deska 501 150010001 reception zhang gwen tagwerk 192.0.2.7".split())
def test_names_of_phones(endpoint: str) -> None:
    assert not looks_like_trunk(endpoint)


@pytest.mark.parametrize(
    "context",
    (
        "from-trunk from_trunk from-trunk-sip-carrier from-pstn from-pstn-toheader from-external from-outside "
        "from-did-direct from-sip-external from-dahdi from-zaptel from-digital from-analog from-provider in-pstn "
        "trunk-in pstn_in ext-did inbound inbound-sip carrier-inbound incoming incoming_calls From-Trunk"
    ).split(),
)
def test_contexts_of_calls_from_outside(context: str) -> None:
    assert is_outside_context(context)


@pytest.mark.parametrize(
    "context",
    (
        "from-internal from-internal-xfer from-queue default internal outbound outgoing-pstn to-trunk users macro-dial main "
        "maintenance phones-in from-user begin"
    ).split(),
)
def test_other_contexts(context: str) -> None:
    assert not is_outside_context(context)


@pytest.mark.parametrize(
    ("text", "is_number"),
    [("13800000000", True), ("+8613800000000", True), ("1234567", True), ("123456", False), ("501", False),
     ("deska", False), ("138-0000-0000", False), ("", False)],
)  # fmt: skip
def test_phone_numbers_are_longer_than_extensions(text: str, is_number: bool) -> None:
    assert looks_like_phone_number(text) is is_number
