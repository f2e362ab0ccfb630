"""One audio stream of a phone: it sends a voice of its own, hears whose voice comes, and presses keys (RFC 2833).

A voice is one PCMU byte repeated: the PBX passes it on as it is, so what a phone hears tells who it is talking to,
whatever the PBX believes. Comes in: the peer's address. Goes out: `heard`, voice -> wall clock of its first packet.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Callable

PACKET_SECONDS = 0.02
PACKET_SAMPLES = 160
_PCMU, _MARKER = 0, 0x80
_KEYS = "0123456789*#ABCD"
_KEY_PACKETS = 6  # 120 ms of key, then three times its end
VOICES = range(1, 0x70)  # loud ones: prompts and silence never look like them


class RtpStream(asyncio.DatagramProtocol):
    """A UDP port for one call; silent until `talk`, deaf never."""

    def __init__(self, voice: int) -> None:
        self._voice = bytes([voice]) * PACKET_SAMPLES
        self._transport: asyncio.DatagramTransport | None = None
        self._peer: tuple[str, int] | None = None
        self._talking: asyncio.Task[None] | None = None
        self._sequence = 0
        self._samples = 0
        self._is_pressing = False
        self.heard: dict[int, float] = {}
        self.port = 0

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, ("127.0.0.1", 0), family=socket.AF_INET
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    def close(self) -> None:
        if self._talking:
            self._talking.cancel()
        if self._transport:
            self._transport.close()

    def send_to(self, host: str, port: int) -> None:
        self._peer = (host, port)

    def talk(self) -> None:
        """Send the voice from now on; without it a Local channel in the PBX never sees a frame and stays."""
        if self._talking is None:
            self._talking = asyncio.create_task(self._talk(), name=f"voice on {self.port}")

    async def press(self, digit: str, event_type: int, on_sent: Callable[[float], None]) -> None:
        """Press one key; `on_sent` gets the wall clock of the key's end, which is when a PBX counts it."""
        event = _KEYS.index(digit)
        started = self._samples
        self._is_pressing = True
        for packet in range(_KEY_PACKETS + 3):
            is_end = packet >= _KEY_PACKETS
            duration = PACKET_SAMPLES * min(packet + 1, _KEY_PACKETS)
            payload = struct.pack("!BBH", event, 0x8A if is_end else 0x0A, duration)
            marker = _MARKER if packet == 0 else 0
            self._send(event_type | marker, payload, started)
            if packet == _KEY_PACKETS:
                on_sent(time.time())
            if not is_end:
                await asyncio.sleep(PACKET_SECONDS)
        self._is_pressing = False

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self._is_pressing:
                self._send(_PCMU, self._voice, self._samples)
            self._samples += PACKET_SAMPLES
            due += PACKET_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _send(self, payload_type: int, payload: bytes, samples: int) -> None:
        if self._transport is None or self._peer is None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        header = struct.pack(
            "!BBHII", 0x80, payload_type, self._sequence, samples & 0xFFFFFFFF, self._voice[0]
        )
        self._transport.sendto(header + payload, self._peer)

    def datagram_received(self, data: bytes, _address: tuple[str, int]) -> None:
        voice = voice_of(data)
        if voice is not None and voice not in self.heard:
            self.heard[voice] = time.time()


def voice_of(packet: bytes) -> int | None:
    """Return whose voice an RTP packet carries: the byte it repeats; None for prompts, silence and keys."""
    payload = packet[12:]
    if len(payload) < PACKET_SAMPLES or packet[1] & 0x7F != _PCMU or payload[0] not in VOICES:
        return None
    return payload[0] if payload.count(payload[0]) == len(payload) else None
