"""One connection to the manager interface: panoramisk's Manager for log-in and actions, our own reader on the bytes.

panoramisk pairs actions with their answers; reconnecting, heartbeat and deadlines are ours (`listener.py`), because its
own ping does not wait for an answer and its reconnect knows no pause. Events come out as messages, see `protocol.py`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message as Reply

from ami_listener import session
from ami_listener.errors import AmiActionFailed, AmiAuthError, AmiConnectionLost, AmiError, AmiPermissionError
from ami_listener.message import Message
from ami_listener.protocol import AmiReader
from ami_listener.settings import AmiSettings
from ami_listener.translate import WANTED

NEVER = 10**9  # seconds: panoramisk's own timers are not used

Replies = list[Mapping[str, Any]]


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk is not typed
    """Bytes to our reader; replies, which panoramisk knows how to pair, to panoramisk."""

    def __init__(
        self, on_messages: Callable[[list[Message]], None], on_bytes: Callable[[bytes], None] | None
    ) -> None:
        super().__init__()
        self.reader = AmiReader(WANTED, keep_replies=True)
        self._on_messages = on_messages
        self._on_bytes = on_bytes

    def data_received(self, data: bytes) -> None:
        if self._on_bytes is not None:
            self._on_bytes(data)
        messages = self.reader.feed(data)
        if self.reader.replies:
            replies, self.reader.replies = self.reader.replies, []
            for raw in replies:
                reply = Reply.from_line(raw.decode("utf-8", "replace"))
                if reply is not None and not self._is_refusal(reply):
                    self.handle_message(reply)
        if messages:
            self._on_messages(messages)

    def _is_refusal(self, reply: Reply) -> bool:
        """An error is all that will ever come; panoramisk would wait for the rest of a list."""
        action = self.responses.get(reply.id) if reply.response == "Error" else None
        if action is None or action.future.done():
            return False
        action.future.set_result(reply)
        return True


class _Manager(Manager):  # type: ignore[misc]
    """panoramisk's Manager without its own reconnecting."""

    def __init__(self, on_lost: Callable[[], None], **config: Any) -> None:
        super().__init__(**config)
        self._on_lost = on_lost

    def connection_lost(self, _error: Exception | None) -> None:
        self._connected = False
        self.awaiting_actions.clear()
        self.stop_pinging()
        self._on_lost()

    def login(self, future: asyncio.Future[Any]) -> bool:
        """Whoever waits for the log-in is told of its failure; here it would only be logged."""
        if future.cancelled() or future.exception() is not None:
            return False
        return bool(super().login(future))

    def stop_pinging(self) -> None:
        pinger: asyncio.TimerHandle | None = getattr(self, "pinger", None)
        if pinger is not None:
            pinger.cancel()
        self.pinger = None


class AmiConnection:
    """Open with `await AmiConnection.open(...)`, then `act` and `ask_list`; `lost` is set when it is gone."""

    def __init__(self, settings: AmiSettings) -> None:
        self.settings = settings
        self.lost = asyncio.Event()
        self._manager: _Manager | None = None
        self._protocol: _Protocol | None = None
        self._pending: set[asyncio.Future[Any]] = set()

    @classmethod
    async def open(
        cls,
        settings: AmiSettings,
        on_messages: Callable[[list[Message]], None],
        on_bytes: Callable[[bytes], None] | None = None,
    ) -> AmiConnection:
        """Connect and log in, events still off. Raises AmiConnectionLost or AmiAuthError."""
        self = cls(settings)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(settings.connect_seconds):
                made = await loop.create_connection(
                    lambda: _Protocol(on_messages, on_bytes),
                    settings.host,
                    settings.port,
                    ssl=_tls(settings),
                )
        except (OSError, TimeoutError, ssl.SSLError) as error:
            raise AmiConnectionLost(_unreachable(settings, error)) from error
        self._protocol = made[1]
        try:
            await self._log_in(made)
        except BaseException:
            self.close()
            raise
        return self

    async def _log_in(self, made: tuple[asyncio.BaseTransport, _Protocol]) -> None:
        settings = self.settings
        manager = self._manager = _Manager(
            self._on_lost,
            loop=asyncio.get_running_loop(),
            username=settings.username,
            secret=settings.secret,
            events="off",
            ping_delay=NEVER,
            ping_interval=NEVER,
        )
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_result(made)
        for value in (settings.username, settings.secret):
            _refuse_line_ends(value)
        manager.connection_made(future)
        answer = await self._within(manager.authenticated_future, settings.connect_seconds, "log-in")
        if not answer.success:
            raise _refused(settings, str(answer.get("message", "")))

    @property
    def reader(self) -> AmiReader:
        """The reader of this connection: its counts and the PBX's banner."""
        if self._protocol is None:
            raise AmiConnectionLost("the connection is not open")
        return self._protocol.reader

    async def act(self, action: str, **fields: str) -> Mapping[str, Any]:
        """One action, one answer. Raises AmiPermissionError, AmiActionFailed or AmiConnectionLost."""
        return (await self._send(action, fields, as_list=False))[0]

    async def ask_list(self, action: str, **fields: str) -> Replies:
        """An action that answers with a list; its rows without the frame round them."""
        rows = await self._send(action, fields, as_list=True)
        return [row for row in rows if "event" in row and not str(row["event"]).endswith("Complete")]

    async def subscribe(self) -> None:
        """Have events sent. Without the right to filter all come and are dropped here: slower, not wrong."""
        if self.settings.filter_at_pbx:
            try:
                await self.filter_events()
            except (AmiPermissionError, AmiActionFailed):
                pass
        await self.act("Events", EventMask=session.EVENT_MASK)

    async def filter_events(self) -> None:
        """Ask for the events that are read, and no others. Raises as `act`."""
        new = session.understands_new_filters(await self.act("CoreSettings"))
        for action in session.filters() if new else session.legacy_filters():
            await self.act("Filter", **action)

    async def _send(self, action: str, fields: Mapping[str, str], *, as_list: bool) -> Replies:
        if self._manager is None or self.lost.is_set():
            raise AmiConnectionLost(f"no connection to {_where(self.settings)}")
        for value in fields.values():
            _refuse_line_ends(value)
        future = self._manager.send_action({"Action": action, **fields}, as_list=as_list or None)
        try:
            answer = await self._within(future, self.settings.action_seconds, action)
        finally:
            self._forget(future)
        answers: Replies = answer if isinstance(answer, list) else [answer]
        if str(answers[0].get("response", "Success")) == "Error":
            message = str(answers[0].get("message", ""))
            if "permission" in message.lower():
                raise AmiPermissionError(f"{_where(self.settings)}: {action} is not permitted")
            raise AmiActionFailed(f"{_where(self.settings)}: {action}: {message or 'refused'}")
        return answers

    async def _within(self, future: asyncio.Future[Any], seconds: float, what: str) -> Any:
        """The answer, unless the deadline passes or the connection breaks first."""
        self._pending.add(future)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            late = f"{_where(self.settings)} did not answer {what} within {seconds:g} s"
            raise AmiConnectionLost(late) from None
        finally:
            self._pending.discard(future)

    def _on_lost(self) -> None:
        self.lost.set()
        for future in self._pending:
            if not future.done():
                future.set_exception(AmiConnectionLost(f"{_where(self.settings)} closed the connection"))

    def _forget(self, future: asyncio.Future[Any]) -> None:
        """An action without an answer must not stay in panoramisk's table for ever."""
        responses = getattr(self._protocol, "responses", {})
        for key in [key for key, action in responses.items() if action.future is future]:
            del responses[key]

    def close(self) -> None:
        """Hang up; harmless when already closed."""
        self._on_lost()
        if self._protocol is not None:
            transport = getattr(self._protocol, "transport", None)
            if transport is not None:
                transport.abort()
        if self._manager is not None:
            self._manager.stop_pinging()


def _tls(settings: AmiSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca_file)
    context.check_hostname = settings.tls_check_hostname
    return context


def _refuse_line_ends(value: str) -> None:
    """A line end in a value would be a second header, or a second action."""
    if "\r" in value or "\n" in value:
        raise AmiError("a manager action must not hold a line end; remove it from the value")


def _where(settings: AmiSettings) -> str:
    return f"manager interface {settings.host}:{settings.port}"


def _unreachable(settings: AmiSettings, error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"{_where(settings)}: the PBX's certificate is not believed ({error.verify_message}); name it, or who signed "
            "it, in pbx.tls_ca_file"
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"{_where(settings)}: no TLS there ({error.reason}); set pbx.port to the port of `tlsbindaddr` in "
            "manager.conf, or pbx.tls to false"
        )
    reason = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return (
        f"{_where(settings)}: {reason}; is Asterisk running, with `enabled = yes`, "
        f"`port = {settings.port}` and a matching `bindaddr` in manager.conf?"
    )


def _refused(settings: AmiSettings, message: str) -> AmiError:
    if (
        message and "authentication" not in message.lower()
    ):  # "Asterisk is shutting down": nothing for a person to mend
        return AmiConnectionLost(f"{_where(settings)}: no log-in now ({message}); trying again")
    return AmiAuthError(
        f"{_where(settings)}: log-in of {settings.username!r} refused ({message or 'no reason given'}); "
        f"manager.conf needs a section [{settings.username}] with this `secret`, and a `permit` for this host"
    )
