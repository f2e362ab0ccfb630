"""The lab's SIP: what comes back from the wire is what was sent, and no bytes make the parser stumble."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import sip

INVITE = (
    b"INVITE sip:13800000000@127.0.0.1:5070 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK2\r\n"
    b'f: "Wang \\"Xiao\\" Ming" <sip:139@127.0.0.1>;tag=abc\r\n'
    b"t: <sip:13800000000@127.0.0.1:5070>\r\n"
    b"i: one@127.0.0.1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Subject: folded\r\n  over two lines\r\n"
    b"l: 0\r\n\r\n"
)
no_breaks = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40)


def test_reads_compact_and_folded_headers() -> None:
    message = sip.parse(INVITE)

    assert (message.method, sip.user_of(message.uri)) == ("INVITE", "13800000000")
    assert (message.call_id, message.sequence) == ("one@127.0.0.1", (7, "INVITE"))
    assert len(message.all("via")) == 2
    assert message.get("subject") == "folded over two lines"
    assert sip.parse_address(message.get("from")) == sip.Address(
        "sip:139@127.0.0.1", 'Wang "Xiao" Ming', "abc"
    )


def test_a_response_carries_back_what_the_request_brought() -> None:
    request = sip.parse(INVITE)

    answer = sip.parse(sip.response_to(request, 486, "mine").encode())

    assert (answer.status, answer.reason) == (486, "Busy Here")
    assert answer.all("via") == request.all("via")
    assert (answer.call_id, answer.sequence) == (request.call_id, request.sequence)
    assert sip.parse_address(answer.get("to")).tag == "mine"


def test_trying_gets_no_tag() -> None:
    assert "tag" not in sip.response_to(sip.parse(INVITE), 100, "mine").get("to")


@given(name=no_breaks, tag=st.from_regex(r"[a-z0-9]{0,8}", fullmatch=True))
def test_any_display_name_survives(name: str, tag: str) -> None:
    address = sip.Address("sip:139@127.0.0.1", name, tag)

    assert sip.parse_address(str(address)) == address


@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_worse(noise: bytes) -> None:
    with pytest.raises(sip.SipError):
        sip.parse(noise)


@given(st.integers(0, len(INVITE)), st.binary(max_size=3))
def test_a_damaged_message_is_read_or_refused(at: int, noise: bytes) -> None:
    try:
        message = sip.parse(INVITE[:at] + noise + INVITE[at + len(noise) :])
    except sip.SipError:
        return
    assert message.call_id


@given(st.integers(1, 65535), st.none() | st.integers(96, 127))
def test_sdp_says_where_to_send_and_how_keys_are_pressed(port: int, event_type: int | None) -> None:
    audio = sip.Audio("127.0.0.1", port, event_type)

    assert sip.parse_audio(audio.sdp()) == audio


def test_sdp_without_audio_is_none() -> None:
    assert sip.parse_audio("") is None
    assert sip.parse_audio("v=0\r\nm=video 1000 RTP/AVP 96\r\n") is None
