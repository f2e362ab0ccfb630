"""`threerings doctor` prints a line for each check, in colour and folded in a terminal, and its exit code says it all."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.doctor_command import examine_and_print
from app.settings import Settings
from metrics.settings import MetricsSettings
from tests.app.running import settings_for


def settings(directory: Path, port: int, *, enabled: bool = True) -> Settings:
    """No PBX, no database."""
    return replace(settings_for(1, directory), metrics=MetricsSettings(port=port, enabled=enabled))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Verdict and text by subject."""
    found = {}
    for line in capsys.readouterr().out.splitlines():
        verdict, subject, text = line[:17].strip(), line[17:43].strip(), line[43:]
        if text:
            found[subject] = f"{verdict}: {text}"
    return found


def test_everything_is_looked_at_whatever_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = examine_and_print(settings(tmp_path, free_port()), Path("etc/config.yaml"))

    said = lines(capsys)
    assert status == 1
    assert list(said) == [
        "configuration", "PBX", "rights and times", "data directory", "disk space", "database", "spool",
        "metrics page",
    ]  # fmt: skip
    assert said["configuration"] == "ok: etc/config.yaml: 1 lines, 0 phones"
    assert said["PBX"].startswith("finding: manager interface 127.0.0.1:1: ")
    assert said["rights and times"] == "could not check: mend the above first"
    assert said["metrics page"].endswith("is free; the service does not run")


def test_the_last_line_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    examine_and_print(settings(tmp_path, 0, enabled=False), None)

    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "5 ok, 2 findings, 1 could not be checked"
    assert "the defaults: 1 lines" in out
    assert "off by metrics.enabled" in out


@contextmanager
def page(text: bytes) -> Iterator[int]:
    """A web page on some port."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + text)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_page_of_ours_means_that_the_service_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with page(
        b'# HELP x\nthreerings_storage_available{part="spool"} 1.0\nthreerings_spool_facts 7.0\n'
    ) as port:
        examine_and_print(settings(tmp_path, port), None)

    assert lines(capsys)["metrics page"] == (
        f"ok: http://127.0.0.1:{port}/metrics answers: the service runs, 7 facts wait"
    )


def test_a_running_service_in_trouble_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = b"".join(
        b'threerings_storage_available{part="%s"} 0.0\n' % part for part in (b"database", b"spool")
    )
    with page(b"# HELP x\n" + parts) as port:
        examine_and_print(settings(tmp_path, port), None)

    assert lines(capsys)["metrics page"] == (
        "finding: the running service cannot write its database and its spool; its log says why:"
        " journalctl -u threerings"
    )


def test_somebody_elses_page_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with page(b"go_goroutines 7\n") as port:
        examine_and_print(settings(tmp_path, port), None)

    said = lines(capsys)["metrics page"]
    assert said.startswith(f"finding: 127.0.0.1:{port}: ")
    assert "change metrics.host or metrics.port" in said
