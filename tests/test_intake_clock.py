"""The zone's clock as SQL says the same as Python's, at random moments and around every change."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from opsreview.intake import clock

ZONES = [
    "Europe/London",
    "America/Sao_Paulo",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Apia",
]


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)


@pytest.mark.parametrize("timezone", ZONES)
def test_the_clock_is_pythons(timezone):
    zone, pick = ZoneInfo(timezone), random.Random(timezone)
    moments = [datetime(1990, 1, 8) + timedelta(seconds=pick.randrange(54 * 365 * 86400)) for _ in range(3000)]
    for instant, _, _ in clock.changes(timezone)[1]:
        at = datetime(1970, 1, 1) + timedelta(microseconds=instant)
        moments += [at + timedelta(minutes=m, microseconds=u) for m in range(-1500, 1501, 30) for u in (-1, 0)]
    con = duckdb.connect()
    con.execute("CREATE TABLE m AS SELECT unnest($all) AS x", {"all": [micros(m) for m in moments]})
    got = con.execute(f"SELECT {clock.utc(timezone, 'x')}, {clock.local(timezone, 'x')} FROM m").fetchall()
    # fold=0 is the contract: the first of two, and over a gap by the offset before it.
    utc = [micros(m.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)) for m in moments]
    local = [micros(m.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)) for m in moments]
    assert got == list(zip(utc, local, strict=True))
