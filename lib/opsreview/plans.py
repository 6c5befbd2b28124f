"""Queries compiled once and asked again of every week: the SQL of two weeks differs in its dates and in nothing else.

Compiling a query costs ten times what running it over a week does, and a run asks every question of up to 39 weeks. A plan is the SQL of
one query with its dates as days from the week's end, kept together with every question about the exports (was this table there?) that
decided its form: it serves another week where all of them have the same answers. So a query holds no date but those reckoned from its week.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops

from opsreview.weeks import Week, Window

AGES = 36_525  # days
_DATE = re.compile(r"MAKE_DATE\((\d+), (\d+), (\d+)\)")
_DAYS = re.compile(r"\{day([+-]\d+)\}")


def relative(value: Any, week: Week) -> Any:
    """A week or window as days from the end of `week`; anything else as it is. What two weeks' questions are compared by."""
    if isinstance(value, Window):
        return "window", (value.start - week.end).days, (value.end - week.end).days
    if isinstance(value, Week):
        return "week", (value.monday - week.end).days
    if isinstance(value, tuple):
        return tuple(relative(each, week) for each in value)
    return value


def absolute(value: Any, week: Week) -> Any:
    """The week or window that `relative` said, seen from another week."""
    match value:
        case ("window", start, end):
            return Window(week.end + timedelta(days=start), week.end + timedelta(days=end))
        case ("week", monday):
            return Week(week.end + timedelta(days=monday))
    return value


@dataclass
class Plan:
    """One query's SQL, what it asked about the exports, and the facts it reads (function and relative arguments)."""

    asked: list[tuple[str, tuple[Any, ...], Any]] = field(default_factory=list)
    reads: list[tuple[Callable[..., Any], tuple[Any, ...]]] = field(default_factory=list)
    sql: str = ""

    def dated(self, week: Week, as_of: datetime, prefix: str) -> str:
        """The SQL for a week."""
        text = self.sql.replace("{as_of}", _timestamp(as_of)).replace("{books}", prefix)
        return _DAYS.sub(lambda m: _make_date(week.end + timedelta(days=int(m[1]))), text)


def undated(query: ibis.Table, week: Week, as_of: datetime, prefix: str) -> str:
    """A query's SQL with its dates as days from the week's end; empty where it holds rows of its own and so cannot be asked again."""
    if query.op().find(ops.InMemoryTable):
        return ""
    sql = str(ibis.to_sql(query, dialect="duckdb")).replace(_timestamp(as_of), "{as_of}").replace(prefix, "{books}")
    return _DATE.sub(lambda m: _from_end(date(int(m[1]), int(m[2]), int(m[3])), week), sql)


def _from_end(day: date, week: Week) -> str:
    """A day as days from the week's end; one that is ages away (since ever, for good) is the same in every week."""
    days = (day - week.end).days
    return f"{{day{days:+d}}}" if abs(days) < AGES else _make_date(day)


def _make_date(day: date) -> str:
    return f"MAKE_DATE({day.year}, {day.month}, {day.day})"


def _timestamp(moment: datetime) -> str:
    return f"MAKE_TIMESTAMP({moment.year}, {moment.month}, {moment.day}, {moment.hour}, {moment.minute}, {moment.second}.0)"
