"""`threerings run`: the service in the foreground until SIGTERM or Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from app.logs import set_up_logs
from app.settings import Settings
from app.wiring import Service, program_version
from hotline.ports import StorageUnavailable
from metrics.page import MetricsPageError
from storage.errors import StorageError

_log = structlog.stdlib.get_logger("service")


def run_service(settings: Settings, run: Callable[[Coroutine[Any, Any, None]], None]) -> str | None:
    """Run until stopped. Returns one line when it could not start: what, where, what to do."""
    set_up_logs(settings.log)
    try:
        run(_serve(settings))
    except (StorageError, StorageUnavailable, MetricsPageError) as error:
        return str(error)
    except OSError as error:
        return f"storage.data_dir: {error.filename}: {error.strerror}; make it writable for this user"
    return None


async def _serve(settings: Settings) -> None:
    async with Service(settings) as service:
        _log.info(
            "started",
            version=program_version(),
            pbx=f"{settings.ami.host}:{settings.ami.port}",
            database=str(settings.storage.data_dir) if settings.storage.url is None else "by url",
            metrics=f"http://{settings.metrics.host}:{service.page.port}/metrics"
            if settings.metrics.enabled
            else "off",
        )
        await service.run()
