"""Free ports on the loopback, below the range the kernel hands out, so that a PBX finds its own again after a restart."""

import random
import socket

_LOWEST, _HIGHEST = 10_000, 32_000
_TRIES = 200


def free_ports(count: int, *, tcp: bool = False) -> int:
    """Return the first of `count` consecutive ports of 127.0.0.1 that nobody holds just now."""
    for _ in range(_TRIES):
        first = random.randrange(_LOWEST, _HIGHEST - count, 2)  # noqa: S311 - RTP wants an even one
        if all(_is_free(first + offset, tcp=tcp) for offset in range(count)):
            return first
    raise OSError(f"no {count} consecutive free ports between {_LOWEST} and {_HIGHEST}")


def _is_free(port: int, *, tcp: bool) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
