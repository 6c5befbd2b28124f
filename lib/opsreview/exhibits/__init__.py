"""The evidence of each review, topic by topic: every function takes `Results` and returns what a cell shows, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from opsreview import charts, formats, narrative
from opsreview.catalog import kpis
from opsreview.tables import Html, nothing

Part = Any  # a chart or Html
Exhibit = Callable[[Any], list[Part]]


def exhibits(review: str) -> dict[str, Exhibit]:
    """The review's exhibits by name, in the order of the meeting; of all reviews for `explore`."""
    from opsreview.exhibits import friday, monday, wednesday

    modules = {"monday": monday, "wednesday": wednesday, "friday": friday}
    chosen = modules.values() if review == "explore" else [modules[review]]
    return {exhibit.__name__: exhibit for module in chosen for exhibit in module.EXHIBITS}


def why_nothing(results: Any, tables: list[str]) -> str:
    """Which of the tables a picture stands on did not come, as far as the run knows; else that they held nothing."""
    here = {row["table"] for row in results.trust.get("tables", []) if row.get("rows")}
    gone = {m["table"].partition(".")[0]: m for m in results.trust.get("missing", [])}
    lines = [narrative.missing_table(gone[name]) for name in tables if name in gone]
    lines += [f"{name} was not exported" for name in tables if name not in gone and here and name not in here]
    return "; ".join(lines) or f"nothing in {formats.listing(tables, 4)} for it in this window"


def drawn(chart: Part | None, what: str, results: Any, tables: list[str]) -> Part:
    """The chart, or a plain note that says which table is missing."""
    return nothing(what, why_nothing(results, tables)) if chart is None else chart


def trend(results: Any, kpi: str, grains: list[str], subtitle: str = "") -> Part:
    """One KPI over 26 weeks with its limits: the whole store, and each key of the grains in a dropdown."""
    fact, currency = kpis()[kpi], results.settings.reporting_currency
    rows = results.history
    rows = rows[(rows.kpi == kpi) & rows.grain.isin(["all", *grains])]
    rows = rows.assign(series=_series(rows), place=rows.grain.map({g: i for i, g in enumerate(["all", *grains])}))
    rows = rows.sort_values(["place", "key", "week"], kind="stable")
    lines = {name: target_lines(results, kpi, key) for name, key in rows[["series", "key"]].drop_duplicates().itertuples(index=False)}
    said = subtitle or f"{fact.formula[0].upper()}{fact.formula[1:]}. {_charted(fact)}"
    chart = charts.trend(rows, narrative.trend_title(results, kpi), fact.unit, fact.better, fact.label, said, lines, "Show", currency)
    return chart if chart is not None else nothing(fact.label, f"n/a: {narrative.why_missing(results, kpi)}")


def family(results: Any, names: list[str], subtitle: str = "") -> Part:
    """Several KPIs of one unit for the whole store, one at a time, each against its own limits."""
    facts, currency = kpis(), results.settings.reporting_currency
    rows = results.history
    rows = rows[rows.kpi.isin(names) & (rows.grain == "all")]
    rows = rows.assign(series=rows.kpi.map(lambda k: facts[k].label), place=rows.kpi.map({n: i for i, n in enumerate(names)}))
    rows = rows.sort_values(["place", "week"], kind="stable")
    lines = {facts[name].label: target_lines(results, name, "") for name in names}
    first = facts[names[0]]
    said = subtitle or _charted(first)
    chart = charts.trend(rows, narrative.trend_title(results, names[0]), first.unit, first.better, "Value", said, lines, "Show", currency)
    return chart if chart is not None else nothing(first.label, f"n/a: {narrative.why_missing(results, names[0])}")


def ranked(results: Any, kpi: str, grains: list[str], worst_first: bool = True) -> Part:
    """One KPI at several grains as bars against its target, a grain at a time; the worst at the top."""
    fact, currency = kpis()[kpi], results.settings.reporting_currency
    rows = results.kpis
    rows = rows[(rows.kpi == kpi) & rows.grain.isin(grains) & rows.value.notna()]
    rows = rows.assign(
        goal=[_goal(results, kpi, key) for key in rows.key], grain=rows.grain.map(formats.words), place=rows.grain.map({g: i for i, g in enumerate(grains)}),
        bad=-rows.value if (fact.better == "up") != worst_first else rows.value,
    )  # fmt: skip
    rows = rows.sort_values(["place", "bad"], kind="stable")
    rows["bars"] = rows.key
    if rows.empty:
        return nothing(
            f"{fact.label} by {formats.listing([formats.words(g) for g in grains])}", f"n/a: {narrative.why_missing(results, kpi)}"
        )
    form = charts.forms.OF_UNIT.get(fact.unit, "one")
    tooltip = [
        "bars | Which",
        f"value | {fact.label} | {form}",
        "status | Status",
        "denominator | n | units",
        f"previous | Last week | {form}",
    ]
    return charts.ranked(
        rows, "bars", "value", ranked_title(rows, fact.label, fact.unit, currency, fact.better), fact.unit, fact.label, tooltip,
        group="grain", target="goal", currency=currency,
    )  # fmt: skip


def ranked_title(rows: pd.DataFrame, label: str, unit: str, currency: str, better: str) -> str:
    """The worst bar of the first grain, and how many of them miss their target. Rows: grain, key, value, status, worst first."""
    first = rows[rows.grain == rows.grain.iloc[0]]
    worst, off = first.iloc[0], first.status.isin(["watch", "breach"])
    text = f"{label}: {worst.key} is {'lowest' if better == 'up' else 'highest'} of {len(first)} by {worst.grain}, {formats.quantity(worst.value, unit, currency)}"
    return f"{text}; {int(off.sum())} off target" if first.status.isin(["ok", "watch", "breach"]).any() else text


def target_lines(results: Any, kpi: str, key: str) -> list[float]:
    """The lines of a figure's target to draw: one, or two for a band or around zero."""
    target = narrative.target_of(results.settings, kpi, key)
    if target is None:
        return []
    if isinstance(target.ok, tuple):
        return list(target.ok)
    return [-target.ok, target.ok] if kpis()[kpi].better == "zero" else [target.ok]


def _goal(results: Any, kpi: str, key: str) -> float:
    lines = target_lines(results, kpi, key)
    return lines[-1] if lines else float("nan")


def _series(rows: pd.DataFrame) -> pd.Series:
    return (rows.grain.map(formats.words) + " " + rows.key).where(rows.grain != "all", "whole store")


def _charted(fact: Any) -> str:
    alone = "Each point is the week alone, so that weeks can be compared. " if fact.charted_over and fact.charted_over < fact.window else ""
    return f"{alone}Band: what weeks differ by anyway; dashed: target."


__all__ = ["Html", "drawn", "exhibits", "family", "ranked", "target_lines", "trend", "why_nothing"]
