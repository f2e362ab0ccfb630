"""Ports of the loopback for one PBX and its phones, below the range that the kernel hands out by itself.

A block of ports is reserved by a lock that this process holds, so that PBXs side by side never share one, and each
finds its own ports again after a restart. RTP ports need no lock: Asterisk takes the next one where one is in use.
"""

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

BLOCK = 100
_MEDIA = range(10_000, 21_000)
_BLOCKS = range(21_000, 32_000, BLOCK)
_TRIES = 200


class PortBlock:
    """`BLOCK` consecutive ports that no other lab of this user has; `release` or the end of the process frees them."""

    def __init__(self) -> None:
        folder = Path(tempfile.gettempdir()) / f"threerings-ports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        for first in random.sample(_BLOCKS, len(_BLOCKS)):
            handle = (folder / str(first)).open("w")
            if _is_locked(handle) and _is_free(range(first, first + BLOCK)):
                self._handle, self._ports = handle, iter(range(first, first + BLOCK))
                return
            handle.close()
        raise OSError(f"no block of {BLOCK} free ports in {_BLOCKS.start}-{_BLOCKS.stop}")

    def take(self, count: int = 1) -> int:
        """Return the first of the next `count` ports of the block."""
        ports = [next(self._ports) for _ in range(count)]
        return ports[0]

    def release(self) -> None:
        self._handle.close()


def media_ports(count: int) -> int:
    """Return the first of `count` ports that nobody holds just now, for audio; an even one, as RTP wants it."""
    for _ in range(_TRIES):
        first = random.randrange(_MEDIA.start, _MEDIA.stop - count, 2)  # noqa: S311 - no secret
        if _is_free(range(first, first + count)):
            return first
    raise OSError(f"no {count} consecutive free ports in {_MEDIA.start}-{_MEDIA.stop}")


def _is_locked(handle: IO[str]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _is_free(ports: Sequence[int]) -> bool:
    return all(_can_bind(port, kind) for port in ports for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM))


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind is socket.SOCK_STREAM))
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
