"""One week's knowledge, and the facts worked out from it: each computed once, on the engine, and kept there until closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from itertools import count
from typing import Any

import ibis

from opsreview.catalog import Kpi
from opsreview.settings import Settings
from opsreview.weeks import Week, Window

# Tables whose newest export may be older than the window: a price list is valid until the next one.
STANDING = {"demand_plan", "products", "promotions", "carrier_rates", "fx_rates"}
_names = count()


class Books:
    """The exports as a run of one week knows them (`known`), with its settings and the facts built so far."""

    def __init__(self, known: Any, settings: Settings) -> None:
        self.known, self.settings = known, settings
        self.week: Week = known.week
        self.as_of = known.as_of
        self.con = known.exports.con
        self._facts: dict[Any, ibis.Table] = {}
        self._kept: list[str] = []

    def table(self, name: str) -> ibis.Table:
        """A table of the contract as known at `as_of`: one current row a key."""
        return self.known.table(name)

    def keep(self, query: ibis.Table) -> ibis.Table:
        """The query's rows, worked out once and held by the engine."""
        name = f"kept_{next(_names)}"
        self._kept.append(name)
        return self.con.create_table(name, query, temp=True)

    def close(self) -> None:
        """Give back what the engine holds."""
        for name in self._kept:
            self.con.drop_table(name, force=True)
        self._facts.clear()
        self._kept.clear()

    # What has been exported, and so what can be said at all.

    def has(self, need: str, window: Window) -> bool:
        """Whether every week that holds a day of the window has an export of a table, or of a column written `table.column`."""
        table, _, column = need.partition(".")
        if table in STANDING:
            return self.ever(need)
        return all(self.known.exported(table, week, column or None) for week in window.weeks)

    def ever(self, need: str) -> bool:
        """Whether any week up to this one has an export of the table or column; a column of the products must hold a value too."""
        if self.last_week(need) is None:
            return False
        table, _, column = need.partition(".")
        if table != "products" or not column:
            return True
        return bool(self.table(table)[column].notnull().any().to_pandas())

    def last_week(self, need: str) -> Week | None:
        """The newest week up to this one that exported the table or column."""
        table, _, column = need.partition(".")
        week = self.week
        while week >= self.known.first_week:
            if self.known.exported(table, week, column or None):
                return week
            week = week - 1
        return None

    def missing(self, kpi: Kpi, window: Window) -> list[tuple[str, list[str]]]:
        """What keeps a KPI from being said over a window: (table or column, weeks); empty where nothing does."""
        if window.start < self.known.first_week.monday:
            return [("exports", [f"before {self.known.first_week}"])]
        return [(need, self._gaps(need, window)) for need in kpi.needs if not self.has(need, window)]

    def _gaps(self, need: str, window: Window) -> list[str]:
        table, _, column = need.partition(".")
        if table in STANDING:
            return [f"up to {self.week}"]
        return [str(w) for w in window.weeks if not self.known.exported(table, w, column or None)]

    def reach(self, window: Window, ended_days_ago: int) -> Window:
        """A window that looks back at matured rows also needs everything since: up to `as_of`."""
        return Window(window.start, self.week.end) if ended_days_ago else window


def fact(build: Callable[..., ibis.Table]) -> Callable[..., ibis.Table]:
    """A table worked out from `books` once, whoever asks for it and how often."""

    @wraps(build)
    def of(books: Books, *args: Any) -> ibis.Table:
        key = (build.__module__, build.__name__, args)
        if key not in books._facts:
            books._facts[key] = books.keep(build(books, *args))
        return books._facts[key]

    return of


def inside(day: Any, window: Window) -> Any:
    """Whether a local day lies in a window."""
    return (day >= window.start) & (day < window.end)


def days(window: Window) -> ibis.Table:
    """One row a day of the window: `day`."""
    spread = ibis.range(0, window.days).unnest().name("n").as_table()
    return spread.select(day=(ibis.literal(window.start) + spread.n.as_interval("D")).cast("date"))


def before(week: Week, days_ago: int) -> date:
    """The local day so many days before `as_of`'s."""
    return week.end - timedelta(days=days_ago)


def beside(rows: ibis.Table, more: ibis.Table, *keys: str) -> ibis.Table:
    """Every row, with the columns that `more` has for its keys, empty where it has none."""
    joined = rows.left_join(more, list(keys))
    return joined.drop(*(f"{k}_right" for k in keys))
