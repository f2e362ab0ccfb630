"""One connection: TLS and what is not to be believed of it, actions and their answers."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ami_listener.connection import AmiConnection
from ami_listener.errors import AmiActionFailed, AmiConnectionLost, AmiError, AmiPermissionError
from tests.ami_listener.listening import QUICK, Ear, call, listening, one_line
from tests.fakes.ami_peer import DENIED, AmiPeer, refused, reply, silence

# -- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "ami.key", "-out", folder / "ami.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "ami.crt"


def tls_peer(certificate: Path) -> AmiPeer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return AmiPeer(tls=context)


async def test_tls_with_a_certificate_of_ones_own(certificate: Path) -> None:
    async with tls_peer(certificate) as peer:
        ear = Ear()
        async with listening(peer.port, ear, host="localhost", tls=True, tls_ca_file=certificate):
            await ear.until(lambda: ear.times_connected == 1)
            peer.say(call().raw)
            await ear.until(lambda: bool(ear.records))
        by_number = Ear()
        async with listening(
            peer.port, by_number, tls=True, tls_ca_file=certificate, tls_check_hostname=False
        ):
            await by_number.until(lambda: by_number.times_connected == 1)


@pytest.mark.parametrize("why", ["nobody vouches for it", "made out to another name", "no TLS there"])
async def test_tls_that_is_not_to_be_believed(why: str, certificate: Path) -> None:
    peer = AmiPeer() if why == "no TLS there" else tls_peer(certificate)
    trusted = None if why == "nobody vouches for it" else certificate
    async with peer:
        ear = Ear()
        host = "localhost" if why == "nobody vouches for it" else "127.0.0.1"
        async with listening(peer.port, ear, host=host, tls=True, tls_ca_file=trusted):
            await ear.until(lambda: bool(ear.problems))
    assert ear.times_connected == 0
    assert one_line(ear.problems[0], "tls" if why == "no TLS there" else "certificate")


# -- one connection, its actions --------------------------------------------------------------------------------------


async def connected(peer: AmiPeer) -> AmiConnection:
    return await AmiConnection.open(
        replace(QUICK, port=peer.port, action_seconds=0.5), lambda _messages: None
    )


async def test_answers_and_refusals_of_actions() -> None:
    async with AmiPeer() as peer:
        connection = await connected(peer)
        assert connection.reader.banner == "Asterisk Call Manager/11.0.0"
        assert (await connection.act("Ping"))["ping"] == "Pong"
        assert await connection.ask_list("Status") == []
        peer.answers["Originate"] = DENIED
        with pytest.raises(AmiPermissionError, match="Originate is not permitted"):
            await connection.act("Originate")
        peer.answers["Status"] = refused("No such channel")
        with pytest.raises(AmiActionFailed, match="Status: No such channel"):
            await connection.ask_list("Status")
        peer.answers["Ping"] = silence
        with pytest.raises(AmiConnectionLost, match=r"did not answer Ping within 0\.5 s"):
            await connection.act("Ping")
        connection.close()
        connection.close()
        with pytest.raises(AmiConnectionLost, match="no connection"):
            await connection.act("Ping")


@pytest.mark.parametrize("value", ["x\r\nAction: Command", "x\ny", "\r"])
async def test_a_line_end_in_a_value_would_be_another_action(value: str) -> None:
    async with AmiPeer() as peer:
        connection = await connected(peer)
        with pytest.raises(AmiError, match="line end"):
            await connection.act("UserEvent", UserEvent=value)
        connection.close()
        assert "UserEvent" not in peer.names()


async def test_many_actions_at_once_get_their_own_answers() -> None:
    async with AmiPeer() as peer:
        peer.answers["GetVar"] = lambda fields: reply(fields, f"Value: {fields['Variable']}")
        connection = await connected(peer)
        answers = await asyncio.gather(*(connection.act("GetVar", Variable=str(n)) for n in range(50)))
        assert [answer["value"] for answer in answers] == [str(n) for n in range(50)]
        connection.close()
