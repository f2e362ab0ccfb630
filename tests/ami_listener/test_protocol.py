"""Bytes to messages: however they are cut, whatever they are, the same messages come out and little is held."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ami_listener.message import Message
from ami_listener.protocol import MALFORMED, MAX_LINE_BYTES, MAX_MESSAGE_BYTES, OVERSIZED, AmiReader
from tests.stories.book import SHELF

WANTED = {"Hangup": b"", "Newexten": b"\r\nApplication: VoiceMail\r\n"}
HANGUP = b"Event: Hangup\r\nUniqueid: 1.1\r\n\r\n"
BANNER = b"Asterisk Call Manager/8.0.2\r\n"
UTF8_NAME = "Event: Hangup\r\nCallerIDName: 王小明\r\nUniqueid: 1.1\r\n\r\n".encode()


def read(chunks: Iterator[bytes] | list[bytes]) -> list[Message]:
    reader = AmiReader(WANTED)
    return [message for chunk in chunks for message in reader.feed(chunk)]


def pieces(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Random splits, empty pieces among them."""
    at = 0
    while at < len(data):
        size = chance.choice((0, 1, 2, 3, 7, 50, 400))
        yield data[at : at + size]
        at += size


def plain(messages: list[Message]) -> list[tuple[str, dict[str, str]]]:
    return [(message.name, dict(message.headers)) for message in messages]


def fed_in_every_way(data: bytes, seed: int = 1) -> list[tuple[str, dict[str, str]]]:
    """Whole, byte by byte, in random splits, and with the beginning of another message behind: the same comes out."""
    whole = plain(read([data]))
    assert plain(read([data[i : i + 1] for i in range(len(data))])) == whole
    chance = random.Random(seed)
    for _ in range(20):
        assert plain(read(pieces(data, chance))) == whole
    assert plain(read([data + b"Event: Hang"])) == whole
    assert plain(read([data, HANGUP])) == [*whole, ("Hangup", {"Event": "Hangup", "Uniqueid": "1.1"})]
    return whole


# -- what a message is ------------------------------------------------------------------------------------------------


def test_an_event_is_its_name_and_its_headers() -> None:
    assert fed_in_every_way(HANGUP) == [("Hangup", {"Event": "Hangup", "Uniqueid": "1.1"})]


def test_text_is_decoded_per_message_so_a_chinese_name_survives_any_split() -> None:
    ((_, headers),) = fed_in_every_way(UTF8_NAME)
    assert headers["CallerIDName"] == "王小明"


def test_bytes_that_are_no_utf8_are_replaced_not_raised() -> None:
    ((_, headers),) = fed_in_every_way(
        b"Event: Hangup\r\nCallerIDName: \xff\xfeM\xfcller\r\nUniqueid: 1.1\r\n\r\n"
    )
    assert headers["CallerIDName"] == "\ufffd\ufffdM\ufffdller"
    assert headers["Uniqueid"] == "1.1"


def test_of_equal_headers_the_first_counts() -> None:
    ((_, headers),) = fed_in_every_way(
        b"Event: Hangup\r\nCause: 16\r\nCause: 17\r\nUniqueid: 1\r\nUniqueid: 2\r\n\r\n"
    )
    assert (headers["Cause"], headers["Uniqueid"]) == ("16", "1")


def test_an_empty_last_header_is_an_empty_text() -> None:
    ((_, headers),) = fed_in_every_way(b"Event: Hangup\r\nUniqueid: 1\r\nCause-txt: \r\n\r\n")
    assert headers["Cause-txt"] == ""


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (b"Cause:16", "Cause", "16"),
        (b"Cause:", "Cause", ""),
        (b"Cause: a: b", "Cause", "a: b"),
        (b"Cause:  16 ", "Cause", " 16 "),
        (b"CallerIDName: Event: Newchannel", "CallerIDName", "Event: Newchannel"),
    ],
)
def test_unusual_headers(line: bytes, name: str, value: str) -> None:
    ((_, headers),) = fed_in_every_way(b"Event: Hangup\r\n" + line + b"\r\nUniqueid: 1\r\n\r\n")
    assert headers[name] == value
    assert headers["Uniqueid"] == "1"


def test_a_line_without_a_colon_is_passed_over() -> None:
    ((_, headers),) = fed_in_every_way(b"Event: Hangup\r\nnonsense\r\nUniqueid: 1\r\n\r\n")
    assert headers == {"Event": "Hangup", "Uniqueid": "1"}


# -- what is read and what is not -------------------------------------------------------------------------------------


def test_events_nobody_wants_are_dropped_and_counted() -> None:
    reader = AmiReader(WANTED)
    assert reader.feed(b"Event: VarSet\r\nVariable: X\r\n\r\n" + HANGUP) != []
    assert (reader.counts.messages, reader.counts.dropped) == (1, 1)


def test_an_event_wanted_for_one_header_only() -> None:
    data = b"".join(
        b"Event: Newexten\r\nApplication: " + name + b"\r\nUniqueid: 1\r\n\r\n"
        for name in (b"Dial", b"VoiceMail", b"VoiceMailMain")
    )
    assert [headers["Application"] for _, headers in fed_in_every_way(data)] == ["VoiceMail"]


def test_the_name_of_an_event_is_the_whole_first_line() -> None:
    assert fed_in_every_way(b"Event: HangupRequest\r\nUniqueid: 1\r\n\r\n") == []


def test_replies_are_kept_when_asked_for_and_are_no_events() -> None:
    reply = b"Response: Success\r\nActionID: 7\r\nMessage: x\r\n\r\n"
    row = b"Event: Status\r\nActionID: 7\r\nChannel: x\r\n\r\n"
    reader = AmiReader(WANTED, keep_replies=True)
    assert [message.name for message in reader.feed(BANNER + reply + row + HANGUP + reply)] == ["Hangup"]
    assert reader.replies == [reply[:-4], row[:-4], reply[:-4]]
    assert reader.counts.dropped == 0
    careless = AmiReader(WANTED)
    assert [message.name for message in careless.feed(reply + row + HANGUP)] == ["Hangup"]
    assert careless.replies == []


@pytest.mark.parametrize("between", [b"", b"\r\n", b"\r\n\r\n"])
def test_the_banner_glued_or_apart(between: bytes) -> None:
    reader = AmiReader(WANTED)
    assert [message.name for message in reader.feed(BANNER + between + HANGUP)] == ["Hangup"]
    assert reader.banner == "Asterisk Call Manager/8.0.2"
    assert [name for name, _ in fed_in_every_way(BANNER + between + HANGUP)] == ["Hangup"]


def test_no_banner() -> None:
    reader = AmiReader(WANTED)
    assert len(reader.feed(HANGUP)) == 1
    assert reader.banner is None


def test_a_stream_that_starts_in_the_middle_of_a_message() -> None:
    assert [name for name, _ in fed_in_every_way(b"nelState: 6\r\nUniqueid: 1\r\n\r\n" + HANGUP)] == [
        MALFORMED,
        "Hangup",
    ]


def test_a_message_that_never_ends_is_none() -> None:
    for end in range(1, 5):
        assert len(read([HANGUP + HANGUP[:-end]])) == 1


def test_stray_line_ends_between_messages() -> None:
    assert len(fed_in_every_way(b"\r\n\r\n\r\n" + HANGUP + b"\r\n\r\n" + HANGUP)) == 2


def test_what_is_no_message_is_counted_once_and_its_neighbours_stay() -> None:
    data = HANGUP + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + HANGUP
    assert [name for name, _ in fed_in_every_way(data)] == ["Hangup", MALFORMED, "Hangup"]


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [MAX_LINE_BYTES + 100, MAX_MESSAGE_BYTES - 100])
def test_a_line_too_long_to_be_one_is_counted_and_its_neighbours_stay(size: int) -> None:
    data = HANGUP + b"Event: Hangup\r\nCause-txt: " + b"x" * size + b"\r\n\r\n" + HANGUP
    names = [message.name for message in read([data])]
    assert names == ["Hangup", OVERSIZED, "Hangup"]
    assert [message.name for message in read(pieces(data, random.Random(2)))] == names


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES + 10_000, 3 * MAX_MESSAGE_BYTES])
def test_a_message_too_long_is_counted_once_and_its_neighbours_stay(size: int) -> None:
    line = b"X: " + b"y" * 95 + b"\r\n"
    data = HANGUP + b"Event: Hangup\r\n" + line * (size // 100 + 1) + b"\r\n" + HANGUP
    for chunks in (
        [data],
        pieces(data, random.Random(3)),
        (data[i : i + 1000] for i in range(0, len(data), 1000)),
    ):
        assert [message.name for message in read(list(chunks))] == ["Hangup", OVERSIZED, "Hangup"]


def test_many_lines_within_the_limit_are_a_message() -> None:
    data = b"Event: Hangup\r\n" + b"X: y\r\n" * 5000 + b"Uniqueid: 1\r\n\r\n"
    assert MAX_LINE_BYTES < len(data) < MAX_MESSAGE_BYTES
    ((_, headers),) = plain(read([data]))
    assert headers["Uniqueid"] == "1"


def test_a_gigabyte_without_a_line_end_is_not_kept() -> None:
    reader = AmiReader(WANTED)
    chunk = bytes(1024 * 1024)
    found = [message for _ in range(1024) for message in reader.feed(chunk)]
    assert [message.name for message in found] == [OVERSIZED]
    assert len(reader._rest) <= 4
    assert [message.name for message in reader.feed(b"\r\n\r\n" + HANGUP)] == ["Hangup"]


def test_the_end_of_an_endless_message_split_between_chunks() -> None:
    reader = AmiReader(WANTED)
    reader.feed(b"x" * (MAX_MESSAGE_BYTES + 100) + b"\r\n\r")
    assert [message.name for message in reader.feed(b"\n" + HANGUP)] == ["Hangup"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_do_not_raise_and_are_not_kept(chunks: list[bytes]) -> None:
    reader = AmiReader(WANTED, keep_replies=True)
    for chunk in chunks:
        reader.feed(chunk)
    assert len(reader._rest) <= MAX_MESSAGE_BYTES + 4


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.just(HANGUP), st.just(UTF8_NAME), st.binary(max_size=60), st.just(b"\r\n"), st.just(b"Response: x\r\n\r\n")
        ),
        max_size=12,
    ),
    st.integers(),
)  # fmt: skip
def test_any_mixture_is_read_alike_however_it_is_cut(parts: list[bytes], seed: int) -> None:
    data = b"".join(parts)
    assert plain(read(pieces(data, random.Random(seed)))) == plain(read([data]))


def test_a_real_capture_is_read_alike_however_it_is_cut() -> None:
    data = (SHELF / "hostile_name_22" / "ami.log").read_bytes()
    assert len(fed_in_every_way(data)) == 2
