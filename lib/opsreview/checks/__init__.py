"""What is worth a finding, and what it costs: one function a check, named as in the catalog, one module a review.

A check is given a `Context` and returns a row an entity that is worth a meeting's time (see `Found`); `findings` adds identity,
owner, SLA, escalation and state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from opsreview.books import Books

# What a check says of an entity. observed, expected and threshold are numbers in the check's own unit; impact is money a week
# (empty where it has none); basis is a phrase on how it was reckoned; decision is one of the decisions of a checklist, detail its arithmetic;
# members are the rows inside (ids); evidence names the tables and the window it stands on.
COLUMNS = [
    "entity", "observed", "expected", "threshold", "severity", "impact", "basis", "decision", "detail", "members", "evidence",
]  # fmt: skip


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


Check = Callable[[Context], pd.DataFrame]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Register a check under its function's name, which is its name in the catalog."""
    CHECKS[function.__name__] = function
    return function


def found(rows: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """A check's answer in COLUMNS, the rest empty."""
    return rows.assign(**columns).reindex(columns=COLUMNS)
