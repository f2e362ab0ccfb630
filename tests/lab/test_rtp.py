"""Voices and keys on the wire: a phone knows whom it hears, and a key is one event with three ends."""

import asyncio
import struct
import time

from lab.rtp import PACKET_SAMPLES, RtpStream, voice_of


class Listener(asyncio.DatagramProtocol):
    """Keeps every packet."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def datagram_received(self, data: bytes, _address: object) -> None:
        self.packets.append(data)


def _packet(payload: bytes, payload_type: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, 1, 160, 9) + payload


def test_a_voice_is_told_from_prompts_silence_and_keys() -> None:
    assert voice_of(_packet(b"\x05" * PACKET_SAMPLES)) == 5
    assert voice_of(_packet(b"\x05" * (PACKET_SAMPLES - 1) + b"\x06")) is None
    assert voice_of(_packet(b"\xff" * PACKET_SAMPLES)) is None
    assert voice_of(_packet(b"\x05" * PACKET_SAMPLES, payload_type=101)) is None
    assert voice_of(b"") is None


async def test_two_phones_hear_each_other() -> None:
    one, other = RtpStream(1), RtpStream(2)
    await one.open()
    await other.open()
    one.send_to("127.0.0.1", other.port)
    other.send_to("127.0.0.1", one.port)
    began = time.time()
    one.talk()
    other.talk()
    try:
        async with asyncio.timeout(5):
            while not (one.heard and other.heard):
                await asyncio.sleep(0.01)
    finally:
        one.close()
        other.close()

    assert set(one.heard) == {2}
    assert set(other.heard) == {1}
    assert began <= one.heard[2] <= time.time()


async def test_a_key_is_one_event_that_ends_three_times() -> None:
    listener = Listener()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: listener, ("127.0.0.1", 0))
    phone = RtpStream(1)
    await phone.open()
    phone.send_to("127.0.0.1", transport.get_extra_info("sockname")[1])
    ended: list[float] = []
    try:
        await phone.press("#", 101, ended.append)
        async with asyncio.timeout(5):
            while len(listener.packets) < 9:
                await asyncio.sleep(0.01)
    finally:
        phone.close()
        transport.close()

    events = [struct.unpack("!BBH", packet[12:]) for packet in listener.packets]
    assert {event for event, _, _ in events} == {11}
    assert [bool(flags & 0x80) for _, flags, _ in events] == [False] * 6 + [True] * 3
    assert len({packet[4:8] for packet in listener.packets}) == 1
    assert len(ended) == 1
