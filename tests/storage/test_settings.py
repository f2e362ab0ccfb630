"""The section `storage` of the configuration: what its values mean and which cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.settings import JournalSettings, StorageSettings


def test_one_directory_is_the_whole_state_of_the_service() -> None:
    settings = StorageSettings(data_dir=Path("/srv/calls"))
    assert settings.database_url() == "sqlite:////srv/calls/threerings.db"
    assert settings.spool_directory() == Path("/srv/calls/spool")
    assert settings.journal_directory() == Path("/srv/calls/journal")


def test_each_part_may_be_elsewhere() -> None:
    journal = JournalSettings(directory=Path("/big/journal"))
    settings = StorageSettings(url="postgresql://db/calls", spool_dir=Path("/fast/spool"), journal=journal)
    assert settings.database_url() == "postgresql://db/calls"
    assert settings.spool_directory() == Path("/fast/spool")
    assert settings.journal_directory() == Path("/big/journal")


@pytest.mark.parametrize(
    "wrong",
    [
        {"spool_mb": 0},
        {"memory_facts": -1},
        {"batch_facts": 0},
        {"batch_delay_seconds": -1},
        {"busy_timeout_seconds": 0},
        {"connections": 1},
        {"retry_seconds": 0},
        {"retry_seconds": 5, "retry_max_seconds": 1},
    ],
)
def test_a_value_that_cannot_work_is_told_with_its_name(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"^storage.{list(wrong)[-1]}: "):
        StorageSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"file_mb": 0}, {"files": 0}])
def test_a_journal_that_cannot_work_is_told_with_its_name(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"^storage.journal.{next(iter(wrong))}: "):
        JournalSettings(**wrong)  # type: ignore[arg-type]
