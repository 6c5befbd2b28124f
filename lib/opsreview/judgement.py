"""Two judgements for each figure, never merged: status (against its target) and signal (against its own history)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from opsreview import statistics
from opsreview.catalog import kpis
from opsreview.settings import Settings, Target
from opsreview.weeks import Week

KEY = ["kpi", "grain", "key"]
KPI_COLUMNS = [
    "week", "review", "kpi", "grain", "key", "value", "unit", "numerator", "denominator", "target", "status", "signal", "owner", "previous",
    "baseline",
]  # fmt: skip
BASELINE_WEEKS, BASELINE_LEAST = 13, 4


def target_of(settings: Settings, kpi: str, key: str) -> Target | None:
    """The target of a figure: its key's own, else the KPI's; None where neither says what is ok."""
    target = settings.targets.get(kpi)
    target = target.keys.get(key, target) if target else None
    return target if target and target.ok is not None else None


def status(value: float, better: str, target: Target | None) -> str:
    """ok, watch, breach; none where there is no target; n/a where there is no value. Both lines count to their better side."""
    if value is None or math.isnan(value):
        return "n/a"
    if target is None or target.ok is None:
        return "none"
    if isinstance(target.ok, tuple):
        low, high = target.ok
        return "ok" if low <= value <= high else "watch"
    sign = 1.0 if better == "up" else -1.0
    reached = abs(value) if better == "zero" else value
    if sign * reached >= sign * target.ok:
        return "ok"
    breach = target.ok if target.breach is None else float(target.breach)  # type: ignore[arg-type]
    return "watch" if sign * reached >= sign * breach else "breach"


def target_text(target: Target | None) -> str:
    """A target as a cell: a number, or `low..high` for a band."""
    if target is None or target.ok is None:
        return ""
    return f"{target.ok[0]:g}..{target.ok[1]:g}" if isinstance(target.ok, tuple) else f"{target.ok:g}"


def missing(gaps: dict[str, list[tuple[str, list[str]]]]) -> list[dict[str, Any]]:
    """A row a table (or table.column) that some KPI lacked: table, weeks, costs (the KPIs). `gaps`: (table, weeks) by KPI."""
    by: dict[str, dict[str, set[str]]] = {}
    for kpi, lacked in gaps.items():
        for table, weeks in lacked:
            entry = by.setdefault(table, {"weeks": set(), "costs": set()})
            entry["weeks"].update(weeks)
            entry["costs"].add(kpi)
    return [{"table": t, "weeks": sorted(e["weeks"]), "costs": sorted(e["costs"])} for t, e in sorted(by.items())]


def wide(cards: pd.DataFrame, weeks: list[Week]) -> pd.DataFrame:
    """Values by figure (kpi, grain, key) and week, a column a week in order, empty where n/a or not there."""
    table = cards.pivot_table(index=KEY, columns="week", values="value", aggfunc="first", dropna=False, observed=True)
    return table.reindex(columns=[str(w) for w in weeks])


def judge_kpis(week: Week, published: pd.DataFrame, charted: pd.DataFrame, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(kpis.csv, history) of a week, from the scorecards of it and the weeks before it, both with a `week` column.

    history: kpi, grain, key, week, value, centre, lower, upper, provisional, signal; a row a figure and week of the up to 26 charted.
    """
    now = published[published["week"] == str(week)].drop(columns="week").reset_index(drop=True)
    facts = kpis()
    before = wide(published, [week - i for i in range(BASELINE_WEEKS, 0, -1)])
    known = before.reindex(pd.MultiIndex.from_frame(now[KEY]))
    values = known.to_numpy(dtype=float)
    enough = np.isfinite(values).sum(axis=1) >= BASELINE_LEAST
    baseline = np.full(len(now), np.nan)
    if enough.any():
        baseline[enough] = np.nanmedian(values[enough], axis=1)
    signals, history = _signals(week, charted)
    targets = [target_of(settings, k, key) for k, key in zip(now["kpi"], now["key"], strict=True)]
    out = now.assign(
        week=str(week),
        review=now["kpi"].map(lambda k: facts[k].review),
        unit=now["kpi"].map(lambda k: facts[k].unit),
        target=[target_text(t) for t in targets],
        status=[status(v, facts[k].better, t) for v, k, t in zip(now["value"], now["kpi"], targets, strict=True)],
        owner=now["kpi"].map(lambda k: settings.owners[k].owner),
        previous=values[:, -1],
        baseline=baseline,
    )
    out["signal"] = pd.Series(pd.MultiIndex.from_frame(now[KEY]).map(signals.get)).fillna("short").to_numpy()
    return out[KPI_COLUMNS], history


def _signals(week: Week, charted: pd.DataFrame) -> tuple[dict[tuple[str, str, str], str], pd.DataFrame]:
    weeks = [week - i for i in range(statistics.HISTORY - 1, -1, -1)]
    table = wide(charted, weeks)
    facts = kpis()
    signals: dict[tuple[str, str, str], str] = {}
    rows = []
    names = [str(w) for w in weeks]
    for (kpi, grain, key), values in zip(table.index, table.to_numpy(dtype=float), strict=True):
        said = np.isfinite(values)
        fact = facts[kpi]
        floor = -math.inf if fact.floor is None else fact.floor
        ceiling = math.inf if fact.ceiling is None else fact.ceiling
        signal = statistics.xmr_signal(values[said].tolist(), floor, ceiling) if said[-1] else "none"
        signals[kpi, grain, key] = signal
        if grain == "sku":
            continue  # a chart a SKU is the analyst's to ask for, not the page's to carry
        before = values[:-1][said[:-1]] if said[-1] else values[said]
        limits = statistics.xmr_limits(before.tolist(), floor, ceiling)
        band = (limits.centre, limits.lower, limits.upper, limits.provisional) if limits else (np.nan, np.nan, np.nan, True)
        for name, value, there in zip(names, values, said, strict=True):
            if there:
                rows.append((kpi, grain, key, name, value, *band, signal if name == str(week) else ""))
    columns = [*KEY, "week", "value", "centre", "lower", "upper", "provisional", "signal"]
    return signals, pd.DataFrame(rows, columns=columns)
