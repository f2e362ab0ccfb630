"""`threerings run`: the service in the foreground until SIGTERM or Ctrl-C, and what it says when it cannot go on."""

from __future__ import annotations

import structlog

from app.failures import OF_THE_SERVICE, reason_for_a_person
from app.interruption import run_until_stopped
from app.logs import set_up_logs
from app.settings import Settings
from app.wiring import Service, program_version

_log = structlog.stdlib.get_logger("service")


def run_service(settings: Settings) -> int:
    """Run until stopped: 0. What only a person can mend is one log line and 1, anything unexpected its traceback and 1."""
    set_up_logs(settings.log)
    try:
        run_until_stopped(_serve(settings))
    except Exception as error:  # noqa: BLE001 - the supervisor: whatever it is, it is logged and systemd starts us again
        reason = reason_for_a_person(error, OF_THE_SERVICE)
        if reason is None:
            _log.critical("the service failed and ends; please report this", exc_info=error)
        else:
            _log.error(reason)
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    async with Service(settings) as service:
        _log.info(
            "started",
            version=program_version(),
            pbx=f"{settings.ami.host}:{settings.ami.port}",
            data=str(settings.storage.data_dir),
            metrics=service.metrics_address or "off",
        )
        await service.run()
