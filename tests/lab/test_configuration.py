"""The PBX's files: complete, for as many sets of phones as asked, and with the caller's additions."""

from pathlib import Path

import pytest

from lab.configuration import Layout, endpoints_of, fill, render


def _layout(tmp_path: Path, **changes: object) -> Layout:
    sites = ("", "2")
    values = {
        "home": tmp_path, "modules": tmp_path, "data": tmp_path, "secret": "s", "ami_port": 1, "ami_tls_port": None,
        "sip_port": 2, "rtp_first": 10, "rtp_last": 20, "endpoints": endpoints_of(sites, 5000), "sites": sites,
    }  # fmt: skip
    return Layout(**{**values, **changes})  # type: ignore[arg-type]


def test_every_set_of_phones_has_ports_of_its_own() -> None:
    endpoints = endpoints_of(("", "2"), 5000)

    assert [endpoint.port for endpoint in endpoints] == list(range(5000, 5012))
    assert [endpoint.name for endpoint in endpoints][5:8] == ["trunkinfo", "deska2", "deskb2"]


def test_no_token_is_left_in_any_file(tmp_path: Path) -> None:
    for name, text in render(_layout(tmp_path)).items():
        assert not [line for line in text.splitlines() if "@SITE@" in line or "@HOME@" in line], name


def test_phones_and_queues_are_written_per_set(tmp_path: Path) -> None:
    files = render(_layout(tmp_path))

    assert "[deskb2](desk)" in files["pjsip.conf"]
    assert "match_header = X-Lab-Endpoint: deskb2" in files["pjsip.conf"]
    assert "member => PJSIP/deskb2" in files["queues.conf"]


def test_the_listener_gets_the_recommended_filters_where_the_pbx_knows_them(tmp_path: Path) -> None:
    assert "eventfilter(name(HangupRequest)) =" in render(_layout(tmp_path))["manager.conf"]
    assert "eventfilter(name(" not in render(_layout(tmp_path, release=16))["manager.conf"]


def test_what_the_caller_adds_is_there(tmp_path: Path) -> None:
    layout = _layout(
        tmp_path, dialplan="[mine]\nexten => 1,1,NoOp()", manager_users="[reader]", timestamps=False
    )
    files = render(layout)

    assert "[mine]\nexten => 1,1,NoOp()" in files["extensions.conf"]
    assert "[reader]" in files["manager.conf"]
    assert "timestampevents = no" in files["manager.conf"]


def test_only_modules_that_exist_are_loaded(tmp_path: Path) -> None:
    for name in ("bridge_simple.so", "bridge_softmix.so", "chan_pjsip.so"):
        (tmp_path / name).touch()

    loaded = [
        line for line in render(_layout(tmp_path))["modules.conf"].splitlines() if line.startswith("load")
    ]

    assert loaded == ["load = bridge_simple.so", "load = bridge_softmix.so", "load = chan_pjsip.so"]


def test_a_token_without_value_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        fill("@NOBODY_KNOWS@", {})
