"""What the listener and the store tell about themselves: connection, lag, blind times, anomalies, spool."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hotline.ports import FactSink
from hotline.records import Anomaly, BlindInterval
from metrics.meters import Meters
from metrics.words import Fate, StorePart
from tests.metrics.small_hotline import START, Clock, MakeCall, Value


def blind(since: float, until: float | None, pbx: str = "campus") -> BlindInterval:
    def at(seconds: float) -> datetime:
        return START + timedelta(seconds=seconds)

    return BlindInterval(pbx, at(since), None if until is None else at(until), "connection lost")


def test_meters_take_every_kind_of_fact(meters: Meters, value: Value, make_call: MakeCall) -> None:
    sink: FactSink = meters
    sink.take(make_call())
    sink.take(Anomaly("unknown_channel", START, "an event for a channel nobody knows", "1709280000.1"))
    sink.take(blind(-60, 0))
    assert value("calls_total", line="repairs", direction="inbound", outcome="answered") == 1
    assert value("anomalies_total", kind="unknown_channel") == 1
    assert value("blind_seconds_total", pbx="campus") == 60


def test_an_anomaly_nobody_listed_counts_as_other(meters: Meters, value: Value) -> None:
    meters.anomaly("call 1709280000.1 of 13800000000 is odd")
    assert value("anomalies_total", kind="other") == 1


def test_a_reconnect_is_every_login_after_the_first(meters: Meters, value: Value) -> None:
    assert value("ami_connected", pbx="campus") == 0
    meters.ami("campus", connected=False)
    meters.ami("campus", connected=True)
    meters.ami("campus", connected=True)
    assert value("ami_connected", pbx="campus") == 1
    assert value("ami_reconnects_total", pbx="campus") == 0
    meters.ami("campus", connected=False)
    assert value("ami_connected", pbx="campus") == 0
    meters.ami("campus", connected=True)
    assert value("ami_reconnects_total", pbx="campus") == 1
    assert value("ami_connected", pbx="branch") == 0


def test_lag_is_from_the_timestamp_of_the_pbx_until_now(meters: Meters, value: Value, clock: Clock) -> None:
    meters.event_handled("campus", clock.now - timedelta(milliseconds=30))
    meters.event_handled("campus", None)
    assert value("event_lag_seconds_bucket", pbx="campus", le="0.025") == 0
    assert value("event_lag_seconds_bucket", pbx="campus", le="0.05") == 1
    assert value("event_lag_seconds_count", pbx="campus") == 1
    assert value("ami_events_handled_total", pbx="campus") == 2


def test_an_event_from_the_future_shows_that_the_clocks_differ(
    meters: Meters, value: Value, clock: Clock
) -> None:
    meters.event_handled("campus", clock.now + timedelta(seconds=3))
    assert value("event_lag_seconds_sum", pbx="campus") == 0
    assert value("events_ahead_total", pbx="campus") == 1


def test_silence_of_a_pbx_grows_until_its_next_event(meters: Meters, value: Value, clock: Clock) -> None:
    clock.forward(10)
    assert value("ami_last_event_age_seconds", pbx="campus") == 10
    meters.event_handled("campus", None)
    clock.forward(2.5)
    assert value("ami_last_event_age_seconds", pbx="campus") == 2.5
    assert value("ami_last_event_age_seconds", pbx="branch") == 12.5
    clock.forward(-60)
    assert value("ami_last_event_age_seconds", pbx="campus") == 0


def test_dropped_events_are_counted(meters: Meters, value: Value) -> None:
    meters.events_dropped("campus")
    meters.events_dropped("campus", 4)
    assert value("ami_events_dropped_total", pbx="campus") == 5


def test_a_pbx_nobody_configured_makes_no_series(meters: Meters, value: Value) -> None:
    with pytest.raises(KeyError, match="somewhere"):
        meters.events_dropped("somewhere")
    with pytest.raises(KeyError, match="somewhere"):
        meters.event_handled("somewhere", None)
    with pytest.raises(KeyError, match="somewhere"):
        meters.ami("somewhere", connected=True)
    with pytest.raises(KeyError, match="somewhere"):
        meters.open_calls("somewhere", {})
    assert value("ami_connected", pbx="somewhere") is None


def test_blind_seconds_grow_while_the_pbx_is_not_observed(meters: Meters, value: Value, clock: Clock) -> None:
    meters.take(blind(-2, None))
    assert value("blind_seconds_total", pbx="campus") == 2
    clock.forward(5)
    assert value("blind_seconds_total", pbx="campus") == 7
    meters.take(blind(-2, 6))
    clock.forward(100)
    assert value("blind_seconds_total", pbx="campus") == 8
    assert value("blind_seconds_total", pbx="branch") == 0


def test_blind_seconds_never_fall(meters: Meters, value: Value, clock: Clock) -> None:
    meters.take(blind(0, None))
    clock.forward(30)
    assert value("blind_seconds_total", pbx="campus") == 30
    clock.forward(-20)
    assert value("blind_seconds_total", pbx="campus") == 30
    meters.take(blind(0, 12))
    assert value("blind_seconds_total", pbx="campus") == 30
    meters.take(blind(50, 40))
    assert value("blind_seconds_total", pbx="campus") == 30


def test_an_interval_that_is_opened_twice_is_one(meters: Meters, value: Value, clock: Clock) -> None:
    meters.take(blind(0, None))
    meters.take(blind(5, None))
    clock.forward(10)
    assert value("blind_seconds_total", pbx="campus") == 10
    meters.take(blind(5, 10))
    assert value("blind_seconds_total", pbx="campus") == 10


def test_a_blind_interval_of_an_unknown_pbx_is_an_anomaly(meters: Meters, value: Value) -> None:
    meters.take(blind(0, 10, pbx="somewhere"))
    assert value("anomalies_total", kind="other") == 1


def test_the_spool_and_the_age_of_its_oldest_fact(meters: Meters, value: Value, clock: Clock) -> None:
    assert value("spool_oldest_age_seconds") == 0
    meters.spool(3, clock.now)
    clock.forward(40)
    assert value("spool_facts") == 3
    assert value("spool_oldest_age_seconds") == 40
    meters.spool(0, None)
    assert value("spool_facts") == 0
    assert value("spool_oldest_age_seconds") == 0


def test_what_became_of_the_facts(meters: Meters, value: Value) -> None:
    meters.facts(Fate.STORED, 12)
    meters.facts(Fate.REFUSED)
    assert value("facts_total", fate="stored") == 12
    assert value("facts_total", fate="rejected") == 0
    assert value("facts_total", fate="refused") == 1


def test_each_part_of_the_store_is_available_until_it_is_lost(meters: Meters, value: Value) -> None:
    assert value("storage_available", part="database") == 1
    meters.storage(StorePart.DATABASE, available=False)
    assert value("storage_available", part="database") == 0
    assert value("storage_available", part="spool") == 1
    meters.storage(StorePart.DATABASE, available=True)
    assert value("storage_available", part="database") == 1


def test_the_build_names_its_version(value: Value) -> None:
    assert value("build_info", version="1.2.3") == 1
