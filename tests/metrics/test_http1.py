"""Bytes of a request in, a request or a refusal out; whatever is sent, nothing is raised."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.http1 import Request, Response, parse_request, problem


def test_a_request_of_prometheus() -> None:
    head = (
        b"GET /metrics?x=1 HTTP/1.1\r\nHost: hotline:9733\r\nUser-Agent: Prometheus/2.42.0\r\n"
        b"Accept-Encoding: gzip\r\naccept: a\r\nAccept:  b \r\n\r\n"
    )
    assert parse_request(head) == Request(
        "GET",
        "/metrics",
        {
            "host": "hotline:9733",
            "user-agent": "Prometheus/2.42.0",
            "accept-encoding": "gzip",
            "accept": "a,b",
        },
    )


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/2\r\n\r\n",
        b"GET metrics HTTP/1.1\r\n\r\n",
        b"GET  /metrics HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n: no name\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost : blank before the colon\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(head: bytes) -> None:
    assert parse_request(head) is None


@given(st.binary(max_size=300))
def test_no_bytes_raise(noise: bytes) -> None:
    parse_request(noise + b"\r\n\r\n")
    parse_request(b"GET /metrics HTTP/1.1\r\n" + noise + b"\r\n\r\n")


def test_a_response_tells_its_length_and_ends_the_connection() -> None:
    response = Response(HTTPStatus.OK, b"ok\n", {"Content-Type": "text/plain; version=0.0.4"})
    expected = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
        b"Content-Length: 3\r\nConnection: close\r\n\r\n"
    )
    assert response.encode() == expected + b"ok\n"
    assert response.encode(with_body=False) == expected


def test_a_problem_is_one_line() -> None:
    assert problem(HTTPStatus.NOT_FOUND, "there are /metrics and /health").body == (
        b"Not Found: there are /metrics and /health\n"
    )
