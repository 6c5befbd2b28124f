"""The business time zone as SQL. Python's time zone database decides, the engine only compares and subtracts.

An offset is a tree of CASEs over the zone's clock changes from 1990 to 2045 (seven comparisons a value, ten times as fast as a
calendar). Of a local time that occurs twice the first is meant; one that does not occur moves forward by what the clock skipped.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIRST, LAST = 1990, 2045


@cache
def changes(timezone: str) -> tuple[int, tuple[tuple[int, int, int], ...]]:
    """The offset before the first change, then (instant, offset before, offset after) of each change; all in microseconds."""
    zone = ZoneInfo(timezone)

    def offset(second: int) -> int:
        return int(datetime.fromtimestamp(second, zone).utcoffset() / timedelta(seconds=1))

    at, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST, LAST))
    initial, found = offset(at), []
    while at < end:
        following = at + 7 * 86400
        if offset(at) != offset(following):
            low, high = at, following
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(at) else (low, middle)
            found.append((high * 10**6, offset(low) * 10**6, offset(high) * 10**6))
        at = following
    return initial * 10**6, tuple(found)


def utc(timezone: str, local: str) -> str:
    """SQL: microseconds of UTC for an expression that gives microseconds of the local wall clock."""
    initial, found = changes(timezone)
    # Before u + the larger offset the old offset holds: that is the first of two equal times, and forward over a gap.
    return f"({local} - {_tree(local, [(u + max(a, b), b) for u, a, b in found], initial)})"


def local(timezone: str, utc: str) -> str:
    """SQL: microseconds of the local wall clock for an expression that gives microseconds of UTC."""
    initial, found = changes(timezone)
    return f"({utc} + {_tree(utc, [(u, b) for u, _, b in found], initial)})"


def _tree(value: str, cuts: list[tuple[int, int]], initial: int) -> str:
    if not cuts:
        return str(initial)
    middle = len(cuts) // 2
    cut, after = cuts[middle]
    return f"CASE WHEN {value} < {cut} THEN {_tree(value, cuts[:middle], initial)} ELSE {_tree(value, cuts[middle + 1 :], after)} END"
