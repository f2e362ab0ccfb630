"""What only the store on a real database has to prove; what every store does is in `test_store_contract.py`."""

from __future__ import annotations

import time
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import event

from hotline.ports import StorageUnavailable
from hotline.records import Attempt, AttemptResult, Caller
from storage.database import Database
from storage.errors import FactRejected
from storage.settings import StorageSettings
from storage.store import SqlStore
from tests.storage.facts import MORNING, missed_call
from tests.storage.places import only_postgresql, only_sqlite


async def test_ten_thousand_calls_are_saved_within_seconds(sql_store: SqlStore) -> None:
    """A year of a small hotline, or an hour's outage of a very large one. Takes about 1.5 s on two cores."""
    many = [missed_call(number, tried=3) for number in range(10_000)]
    began = time.monotonic()
    await sql_store.save(many)
    assert time.monotonic() - began < 15
    assert (await sql_store.counts()).attempts == 30_000


@only_sqlite
async def test_pages_are_read_from_an_index(settings: StorageSettings) -> None:
    """Neither a page nor its attempts make the database read or sort whole tables."""
    database = Database(settings)
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row.detail for row in plan)

    event.listen(database._engine.sync_engine, "before_cursor_execute", explain)
    store = SqlStore(database)
    await store.save([missed_call(number) for number in range(20)])
    page = await store.calls(limit=5)
    await store.calls(limit=5, cursor=page.next, newest_first=True)
    await store.calls(line="hotline", since=MORNING, until=MORNING + timedelta(hours=1), cursor=page.next)
    await store.calls(caller_number="13800000000", newest_first=True)
    await store.call("main", missed_call().call_id)
    await database.close()
    assert plans
    assert [step for step in plans if step.startswith("SCAN") and "INDEX" not in step] == []
    assert [step for step in plans if "TEMP B-TREE" in step] == []


async def test_text_that_postgresql_cannot_keep_gives_way_to_a_sign(sql_store: SqlStore) -> None:
    """A call is worth more than an impossible character in its caller's name or in its own id."""
    attempt = Attempt("PJSIP/\0", "a", None, None, None, None, None, None, None, 0, AttemptResult.FAILED)
    odd = missed_call(caller=Caller(name="W\0ng \ud800"), call_id="1\0", attempts=(attempt,))
    await sql_store.save([odd])
    kept = await sql_store.call("main", "1\0")
    assert kept is not None
    assert kept.caller.name == "W\N{REPLACEMENT CHARACTER}ng ?"
    assert kept.attempts[0].channel == "PJSIP/\N{REPLACEMENT CHARACTER}"


@only_postgresql
async def test_a_number_too_long_for_an_index_is_the_facts_fault(sql_store: SqlStore) -> None:
    """It could come from anybody who calls: it must not stop the others."""
    digits = "".join(sha256(b"%d" % number).hexdigest() for number in range(200))
    with pytest.raises(FactRejected):
        await sql_store.save([missed_call(caller=Caller(number=digits))])


@pytest.mark.parametrize(
    "broken",
    [
        missed_call(rings=2**63),
        missed_call(target_rings=-(2**63) - 1),
        missed_call(target_rings=None),
        missed_call(attempts=(Attempt(None, "a", *[None] * 7, 0, AttemptResult.FAILED),)),  # type: ignore[arg-type, call-arg]
        missed_call(arrived_at="yesterday"),
    ],
    ids=["too large", "too small", "missing", "missing in an attempt", "no time"],
)
async def test_a_value_that_cannot_be_is_the_facts_fault_even_after_another_error(
    sql_store: SqlStore, settings: StorageSettings, broken: object
) -> None:
    """Python 3.11's sqlite3 repeats the connection's last error for a value it cannot bind."""
    with pytest.raises(StorageUnavailable):
        await _cause_an_error(sql_store)
    with pytest.raises(FactRejected) as reason:
        await sql_store.save([broken])  # type: ignore[list-item]
    assert "13800000000" not in str(reason.value)
    assert "\n" not in str(reason.value)


async def _cause_an_error(store: SqlStore) -> None:
    async with store._database.writing() as connection:
        await connection.exec_driver_sql("SELECT * FROM no_such_table")
