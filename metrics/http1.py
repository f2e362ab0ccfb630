"""As much HTTP/1.1 as the metrics page needs: the bytes of a request's head -> Request, a Response -> bytes.

Pure; sockets, limits and deadlines are in `page.py`. A response always ends its connection, and the body of a
request is never read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Request:
    """`path` without a query; header names in lower case, a repeated header joined with commas."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    status: HTTPStatus
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self, *, with_body: bool = True) -> bytes:
        """The length is told even where the body is left out (HEAD)."""
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            **self.headers,
            "Content-Length": str(len(self.body)),
            "Connection": "close",
        }
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join((*lines, "", "")).encode("latin-1")
        return head + self.body if with_body else head


def parse_request(head: bytes) -> Request | None:
    """The head of a request up to and including its empty line; None where it is not one of HTTP/1."""
    first, *rest = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return None
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return None
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(words[0], words[1].partition("?")[0], headers)


def problem(status: HTTPStatus, advice: str) -> Response:
    """An answer in one line for whoever reads it with curl."""
    return Response(status, f"{status.phrase}: {advice}\n".encode())
