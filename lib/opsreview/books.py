"""One week's knowledge, and the facts worked out from it: each computed once, on the engine, and held there until closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from hashlib import blake2s
from itertools import count
from typing import Any

import ibis
import pandas as pd

from opsreview.catalog import Kpi
from opsreview.plans import Plan, absolute, relative, undated
from opsreview.settings import Settings
from opsreview.weeks import Week, Window

# Tables whose newest export may be older than the window: a price list is valid until the next one.
STANDING = {"demand_plan", "products", "promotions", "carrier_rates", "fx_rates"}
_numbers = count()
Plans = dict[Any, list[Plan]]


def question(answer: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose answer decides which form a query takes: noted in the plans being made, so that they serve no other answer."""

    @wraps(answer)
    def ask(books: Books, *args: Any) -> Any:
        said = answer(books, *args)
        if books._making:
            noted = tuple(relative(a, books.week) for a in args)
            books._making[-1].asked.append((answer.__name__, noted, relative(said, books.week)))
        return said

    return ask


class Books:
    """The exports as a run of one week knows them (`known`), with its settings and the facts built so far.

    Books that share `plans` compile each query once between them; they must share exports and settings too.
    """

    def __init__(self, known: Any, settings: Settings, plans: Plans | None = None) -> None:
        self.known, self.settings = known, settings
        self.week: Week = known.week
        self.as_of = known.as_of
        self.con = known.exports.con
        self._plans: Plans = {} if plans is None else plans
        self._prefix = f"books{next(_numbers)}_"
        self._held: dict[Any, str] = {}
        self._views: dict[str, str] = {}
        self._making: list[Plan] = []
        self._filled: dict[str, bool] = {}

    def table(self, name: str) -> ibis.Table:
        """A table of the contract as known at `as_of`: one current row a key."""
        self._view(name)
        if self._making:
            self._making[-1].reads.append((Books._view, (name,)))
        return self.con.table(self._views[name])

    def _view(self, name: str) -> None:
        if name not in self._views:
            self._views[name] = f"{self._prefix}{name}"
            unusable = tuple(sorted(self.known.treated_as_missing))
            told = relative(getattr(self.known, "told", self.week), self.week)
            sql = self._sql(("known", name, unusable, told), lambda: self.known.table(name))
            self.con.con.execute(f'CREATE VIEW "{self._views[name]}" AS {sql}')

    def hold(self, build: Callable[..., ibis.Table], args: tuple[Any, ...], again: Callable[..., str]) -> str:
        """The name under which the engine holds a fact's rows, worked out at the first asking."""
        key = (build.__module__, build.__name__, *(relative(a, self.week) for a in args))
        if key not in self._held:
            name = f"{self._prefix}{build.__name__}_{blake2s(repr(key).encode(), digest_size=4).hexdigest()}"
            sql = self._sql(key, lambda: build(self, *args))
            if isinstance(sql, str):
                self.con.con.execute(f'CREATE TEMP TABLE "{name}" AS {sql}')
            else:
                self.con.create_table(name, sql, temp=True)
            self._held[key] = name
        if self._making:
            self._making[-1].reads.append((again, key[2:]))
        return self._held[key]

    def frame(self, key: Any, build: Callable[[], ibis.Table]) -> pd.DataFrame:
        """A query's few rows; `key` names the query from week to week."""
        sql = self._sql(key, build)
        return self.con.con.execute(sql).df() if isinstance(sql, str) else sql.to_pandas()

    def _sql(self, key: Any, build: Callable[[], ibis.Table]) -> str | ibis.Table:
        """The SQL of a query for this week, by a plan that fits or a new one; the query itself where it cannot be planned."""
        for plan in self._plans.get(key, []):
            if all(self._answer(name, args) == said for name, args, said in plan.asked):
                making, self._making = self._making, []
                for read, args in plan.reads:
                    read(self, *(absolute(a, self.week) for a in args))
                self._making = making
                return plan.dated(self.week, self.as_of, self._prefix)
        plan = Plan()
        self._making.append(plan)
        try:
            query = build()
        finally:
            self._making.pop()
        plan.sql = undated(query, self.week, self.as_of, self._prefix)
        if not plan.sql:
            return query
        self._plans.setdefault(key, []).append(plan)
        return plan.dated(self.week, self.as_of, self._prefix)

    def _answer(self, name: str, args: tuple[Any, ...]) -> Any:
        making, self._making = self._making, []
        said = relative(getattr(self, name)(*(absolute(a, self.week) for a in args)), self.week)
        self._making = making
        return said

    def close(self) -> None:
        """Give back what the engine holds."""
        for name in self._held.values():
            self.con.con.execute(f'DROP TABLE IF EXISTS "{name}"')
        for name in reversed(self._views.values()):
            self.con.con.execute(f'DROP VIEW IF EXISTS "{name}"')
        self._held.clear()
        self._views.clear()

    # What has been exported, and so what can be said at all.

    @question
    def has(self, need: str, window: Window) -> bool:
        """Whether every week that holds a day of the window has an export of a table, or of a column written `table.column`."""
        table, _, column = need.partition(".")
        if table in STANDING:
            return self.ever(need)
        return all(self.known.exported(table, week, column or None) for week in window.weeks)

    @question
    def has_any(self, table: str, window: Window) -> bool:
        """Whether some week that holds a day of the window has an export of a table."""
        return any(self.known.exported(table, week) for week in window.weeks)

    @question
    def told(self, window: Window, *tables: str) -> tuple[Week, ...]:
        """The weeks that hold a day of the window and have an export of each of the tables, oldest first."""
        return tuple(week for week in window.weeks if all(self.known.exported(table, week) for table in tables))

    @question
    def ever(self, need: str) -> bool:
        """Whether any week up to this one has an export of the table or column; a column of the products must hold a value too."""
        if self.last_week(need) is None:
            return False
        table, _, column = need.partition(".")
        if table != "products" or not column:
            return True
        if need not in self._filled:
            self._filled[need] = bool(self.frame(("filled", need), lambda: self._filling(table, column)).iloc[0, 0])
        return self._filled[need]

    def _filling(self, table: str, column: str) -> ibis.Table:
        t = self.table(table)
        return t.aggregate(filled=t[column].notnull().any())

    @question
    def last_week(self, need: str) -> Week | None:
        """The newest week up to this one that exported the table or column."""
        table, _, column = need.partition(".")
        week = self.week
        while week >= self.known.first_week:
            if self.known.exported(table, week, column or None):
                return week
            week = week - 1
        return None

    def first_week(self, need: str) -> Week | None:
        """The oldest week up to this one that exported the table or column."""
        table, _, column = need.partition(".")
        week = self.known.first_week
        while week <= self.week and not self.known.exported(table, week, column or None):
            week = week + 1
        return week if week <= self.week else None

    @question
    def began(self, window: Window) -> bool:
        """Whether the exports begin no later than the window does."""
        return window.start >= self.known.first_week.monday

    def missing(self, kpi: Kpi, window: Window) -> list[tuple[str, list[str]]]:
        """What keeps a KPI from being said over a window: (table or column, weeks); empty where nothing does."""
        if not self.began(window):
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
    """A table worked out from `books` once, whoever asks for it and how often. Arguments are windows, weeks, numbers or flags."""

    def hold(books: Books, *args: Any) -> str:
        return books.hold(build, args, hold)

    @wraps(build)
    def of(books: Books, *args: Any) -> ibis.Table:
        return books.con.table(hold(books, *args))

    return of


def inside(day: Any, window: Window) -> Any:
    """Whether a local day lies in a window."""
    return (day >= window.start) & (day < window.end)


def inside_weeks(day: Any, window: Window, weeks: tuple[Week, ...]) -> Any:
    """Whether a local day lies in a window and in one of these weeks of it."""
    if weeks == tuple(window.weeks):
        return inside(day, window)
    return inside(day, window) & ibis.or_(*(inside(day, week.window) for week in weeks))


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
