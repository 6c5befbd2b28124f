"""What is worth a finding, and what it costs: one function a check, named as in the catalog.

A check is given a `Context` and returns a row an entity that is worth a meeting's time (see `COLUMNS`); `findings` adds identity,
owner, SLA, escalation and state. What the exports do not say is never flagged: a check whose tables did not come finds nothing.

Modules: plan, monday (stock), drift (of systems' stock), inbound, wednesday (warehouse), carriers, carriage, zones, friday (margin and
returns), agreement (documents that differ; matching, apart: how they do), promotions, exports, controls, documents; stakes holds what
several of them reckon money with, overlaps what they count twice, pricing whether a price is at fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from opsreview import catalog, formats
from opsreview.books import Books
from opsreview.settings import Target
from opsreview.statistics import xmr_limits

# What a check says of an entity. observed, expected and threshold are numbers in the check's own unit; impact is money a week
# (empty where it has none); basis is a phrase on how it was reckoned; decision is one of the decisions of a checklist, detail its
# arithmetic; members are the rows inside (ids, `; ` between them); evidence names the tables and the window it stands on. title is a plain
# sentence; entity_type says what the entity is, empty where it is what the catalog says; leak the same, with none as an empty text. period:
# `once` where the money comes once, else `week`. overlaps: what the money is lost on and how much of it, in JSON, where another check may
# find the same cents (`overlaps`).
COLUMNS = [
    "entity", "entity_type", "title", "observed", "expected", "threshold", "severity", "impact", "basis", "decision", "detail",
    "members", "evidence", "period", "leak", "overlaps",
]  # fmt: skip
GRAVE_MONEY = 10  # times the floor
GRAVE_TIMES = 2  # times the threshold


@dataclass(frozen=True)
class Context:
    """What a check may look at: the week's facts, its scorecard (kpi, grain, key, value, numerator, denominator), and the weeks before.

    `past` holds the charted scorecards of up to 25 weeks before W, oldest first (same columns plus `week`).
    """

    books: Books
    card: pd.DataFrame
    past: pd.DataFrame

    def threshold(self, check: str, name: str) -> float:
        return float(self.books.settings.checks[check][name])

    @property
    def floor(self) -> float:
        return float(self.books.settings.checks["floor"])

    def value(self, kpi: str, grain: str = "all", key: str = "") -> float | None:
        rows = self.card[(self.card["kpi"] == kpi) & (self.card["grain"] == grain) & (self.card["key"] == key)]["value"]
        return None if rows.empty or pd.isna(rows.iloc[0]) else float(rows.iloc[0])

    def history(self, kpi: str, grain: str = "all", key: str = "") -> list[float]:
        """Charted values of the weeks before W, oldest first, n/a left out."""
        p = self.past
        return p[(p["kpi"] == kpi) & (p["grain"] == grain) & (p["key"] == key)].sort_values("week")["value"].dropna().tolist()

    def covered(self, days: int, *needs: str) -> bool:
        """Whether the exports begin before the trailing days do, and each table (or `table.column`) came in every week of them."""
        window = self.books.week.trailing(days)
        return self.books.began(window) and all(self.books.has(need, window) for need in needs)

    def target(self, kpi: str, key: str = "") -> Target:
        """The target of a KPI, of a key where it has its own; empty where the team has none."""
        whole = self.books.settings.targets.get(kpi, Target())
        return whole.keys.get(key, whole)

    def measured(self, kpi: str, grain: str, least: float) -> pd.DataFrame:
        """A row a key with a value this week from a denominator of `least` or more: with the centre and limits of its own history.

        The centre from six weeks on, the limits from twelve (before that they call no signal); empty where there are fewer.
        """
        c, about = self.card, catalog.kpis()[kpi]
        rows = c[(c["kpi"] == kpi) & (c["grain"] == grain) & (c["denominator"] >= least) & c["value"].notna()].sort_values("key")
        floor, ceiling = (x if x is not None else bound for x, bound in ((about.floor, -np.inf), (about.ceiling, np.inf)))
        limits = [xmr_limits(self.history(kpi, grain, key), floor, ceiling) for key in rows["key"]]
        sure = [limit if limit and not limit.provisional else None for limit in limits]
        return rows.assign(
            centre=[limit.centre if limit else np.nan for limit in limits],
            lower=[limit.lower if limit else np.nan for limit in sure],
            upper=[limit.upper if limit else np.nan for limit in sure],
        )

    def money(self, amount: Any) -> str:
        """An amount as a reader says it."""
        return formats.money(amount, self.books.settings.reporting_currency)


Check = Callable[[Context], pd.DataFrame]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Register a check under its function's name, which is its name in the catalog."""
    CHECKS[function.__name__] = function
    return function


def load() -> dict[str, Check]:
    """Every check there is, in the catalog's order, their modules imported."""
    from opsreview.checks import (  # noqa: F401
        agreement,
        carriage,
        carriers,
        controls,
        documents,
        drift,
        exports,
        friday,
        inbound,
        monday,
        plan,
        promotions,
        wednesday,
        zones,
    )

    return {name: CHECKS[name] for name in catalog.checks() if name in CHECKS}


def rows_of(fact: ibis.Table, *by: str) -> pd.DataFrame:
    """A fact's few rows, in the order of some columns; decimals (the engine's reading of a literal) as floats."""
    floats = {name: "float64" for name, kind in fact.schema().items() if kind.is_decimal()}
    return fact.cast(floats).to_pandas().sort_values(list(by), kind="stable", ignore_index=True)


def nothing() -> pd.DataFrame:
    """The answer of a check that finds nothing, or has nothing to look at."""
    return pd.DataFrame(columns=COLUMNS)


def found(rows: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """A check's answer in COLUMNS, the rest empty."""
    return rows.assign(**columns).reindex(columns=COLUMNS)


def worth(ctx: Context, rows: pd.DataFrame, times: pd.Series | float | None = None) -> pd.DataFrame:
    """The rows whose impact reaches the floor in money, with their severity.

    Two things are grave: an impact of ten times the floor, and a threshold exceeded twice over (`times`: observed / threshold, where
    that makes sense). Both: critical; one: breach; neither: watch.
    """
    rows = rows.assign(times=0.0 if times is None else times)
    rows = rows[rows["impact"] >= ctx.floor].copy()
    grave = (rows["impact"] >= GRAVE_MONEY * ctx.floor).astype(int) + (rows["times"] >= GRAVE_TIMES).astype(int)
    rows["severity"] = grave.map({0: "watch", 1: "breach", 2: "critical"})
    return rows


def say(rows: pd.DataFrame, sentence: Callable[[Any], str]) -> list[str]:
    """A sentence a row; for the few rows that are findings."""
    return [sentence(row) for row in rows.itertuples()]
