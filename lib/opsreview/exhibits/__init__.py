"""The evidence of each review, topic by topic: every function takes `Results` and returns what a cell shows, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from opsreview import charts, figures, formats
from opsreview.catalog import AUDIT, HEALTH, MONTH, REVIEWS, kpis
from opsreview.tables import Html, nothing, table

Part = Any  # a chart or Html
Exhibit = Callable[[Any], list[Part]]


ENOUGH = 30  # what a share is divided by, from which on it is worth a title
MOST_GONE = 3  # missing tables named beside a picture; the trust line names them all
MOST_SERIES = 60  # keys in a trend's dropdown: those with most behind them


def exhibits(review: str) -> dict[str, Exhibit]:
    """The review's exhibits by name, in the order of the meeting; of all reviews for `explore`."""
    from opsreview.exhibits import audit, exports, friday, monday, month, wednesday

    modules = {"monday": monday, "wednesday": wednesday, "friday": friday, HEALTH: exports, AUDIT: audit, MONTH: month}
    chosen = [modules[name] for name in REVIEWS] if review == "explore" else [modules[review]]
    return {exhibit.__name__: exhibit for module in chosen for exhibit in module.EXHIBITS}


def gone(results: Any, tables: list[str]) -> str:
    """Which of the tables a picture stands on did not come, as far as the run knows; empty where all did."""
    here = {row["table"] for row in results.trust.get("tables", []) if row.get("rows")}
    missing: dict[str, dict[str, Any]] = {}
    for entry in results.trust.get("missing", []):
        missing.setdefault(entry["table"].partition(".")[0], entry)
    lines = [figures.missing_table(missing[name]) for name in tables if name in missing]
    lines += [f"{name} was not exported" for name in tables if name not in missing and here and name not in here]
    return "; ".join(lines[:MOST_GONE]) + (f"; and {len(lines) - MOST_GONE} more tables" if len(lines) > MOST_GONE else "")


def each(frame: pd.DataFrame, column: str, say: Callable[[pd.DataFrame], str], whole: str = "") -> dict[str, str]:
    """What a chart says option by option of its dropdown: of the whole, where it is one, then of each key, which is named."""
    said = {whole: say(frame)} if whole else {}
    return said | {key: headed(key, say(own)) for key, own in frame.groupby(column, sort=False)}


def headed(name: str, sentence: str) -> str:
    """`Apparel: of 52 % gross margin …`."""
    return f"{name}: {sentence[:1].lower()}{sentence[1:]}"


def drawn(chart: Part | None, what: str, results: Any, stands_on: list[str]) -> Part:
    """The chart, or a plain note that says which table is missing."""
    return nothing(what, gone(results, stands_on) or "nothing to draw in its window") if chart is None else chart


def listed(
    results: Any, frame: pd.DataFrame, columns: str, caption: str, stands_on: list[str], quiet: str = "none this week", **more: Any
) -> Html:
    """The frame as a table; where it has no row, which table is missing, else `quiet`."""
    empty = gone(results, stands_on) or quiet
    return table(frame, columns, caption, results.settings.reporting_currency, empty=empty, **more)


def trend(results: Any, kpi: str, grains: list[str]) -> Part:
    """One KPI over 26 weeks with its limits: the whole store, and each key of the grains in a dropdown."""
    rows = results.history
    rows = rows[(rows.kpi == kpi) & rows.grain.isin(["all", *grains])]
    now = results.kpis[(results.kpis.kpi == kpi) & results.kpis.grain.isin(grains)]
    small = now.sort_values("denominator", ascending=False, na_position="last").iloc[MOST_SERIES:]
    rows = rows[~pd.MultiIndex.from_frame(rows[["grain", "key"]]).isin(pd.MultiIndex.from_frame(small[["grain", "key"]]))]
    rows = rows.assign(series=_series(rows), place=rows.grain.map({g: i for i, g in enumerate(["all", *grains])}))
    fact = kpis()[kpi]
    return _trend(results, rows, [kpi], f"{figures.formula(fact)}. ")


def several(results: Any, names: list[str]) -> Part:
    """KPIs of one unit for the whole store, one at a time, each against its own limits."""
    rows = results.history
    rows = rows[rows.kpi.isin(names) & (rows.grain == "all")]
    rows = rows.assign(series=rows.kpi.map(lambda name: kpis()[name].label), place=rows.kpi.map({n: i for i, n in enumerate(names)}))
    return _trend(results, rows, names, "")


def _trend(results: Any, rows: pd.DataFrame, names: list[str], about: str) -> Part:
    here = [name for name in names if (rows.kpi == name).any()]
    first = kpis()[(here or names)[0]]
    rows = trend_rows(results, rows.sort_values(["place", "key", "week"], kind="stable"))
    alone = "Each point is the week alone, so that weeks can be compared. " if 0 < first.charted_over < first.window else ""
    aimed = "; dashed: target" if rows.low.notna().any() else ""
    subtitle = f"{about}{alone}Band: what weeks differ by anyway{aimed}."
    if here and (silent := [name for name in names if name not in here]):
        subtitle += f" n/a{figures.wanting(results, silent)}: {formats.listing([kpis()[name].label for name in silent], 4)}."
    label = first.label if len(names) == 1 else first.unit.capitalize()
    options = rows[["series", "kpi", "grain", "key"]].drop_duplicates("series")
    title = {series: figures.trend_title(results, *figure) for series, *figure in options.itertuples(index=False)}
    chart = charts.trend(rows, title, first.unit, label, subtitle, currency=results.settings.reporting_currency)
    return chart if chart is not None else nothing(first.label, f"n/a: {figures.why_missing(results, first.id)}")


def trend_rows(results: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `history` with what `charts.trend` wants beside them: better, and the target in words and as its lines low and high."""
    about = rows[["kpi", "key"]].drop_duplicates()
    lines = [target_lines(results, kpi, key) for kpi, key in about.itertuples(index=False)]
    said = [figures.target_words(kpi, key, results.settings) or "none" for kpi, key in about.itertuples(index=False)]
    ends = {name: [line[i] if line else float("nan") for line in lines] for name, i in (("low", 0), ("high", -1))}
    rows = rows.assign(better=rows.kpi.map(lambda name: kpis()[name].better))
    return rows.merge(about.assign(target=said, **ends), on=["kpi", "key"], how="left")


def ranked(results: Any, kpi: str, grains: list[str]) -> Part:
    """One KPI at several grains as bars against its target, a grain at a time; the worst at the top."""
    fact, currency = kpis()[kpi], results.settings.reporting_currency
    rows = results.kpis
    rows = rows[(rows.kpi == kpi) & rows.grain.isin(grains) & rows.value.notna()]
    if rows.empty:
        by = formats.listing([formats.words(grain) for grain in grains])
        return nothing(f"{fact.label} by {by}", f"n/a: {figures.why_missing(results, kpi)}")
    rows = rows.assign(
        goal=[_goal(results, kpi, key) for key in rows.key], place=-rows.groupby("grain").key.transform("size"),
        grain=rows.grain.map(formats.words), bad=rows.value if fact.better == "up" else -rows.value, name=rows.key,
    )  # fmt: skip
    rows = rows.sort_values(["place", "grain", "bad"], kind="stable")  # the longest list first: it sets the height of the picture
    form = charts.forms.OF_UNIT.get(fact.unit, "one")
    tooltip = [
        "name | Which",
        f"value | {fact.label} | {form}",
        "status | Status",
        "denominator | n | units",
        f"previous | Last week | {form}",
    ]
    groups = list(rows.grain.unique())
    title = {grain: ranked_title(rows[rows.grain == grain], fact.label, fact.unit, currency, fact.better) for grain in groups}
    return charts.ranked(
        rows, "name", "value", title, fact.unit, fact.label, tooltip, group="grain", target="goal", currency=currency
    )  # fmt: skip


def ranked_title(rows: pd.DataFrame, label: str, unit: str, currency: str, better: str) -> str:
    """The worst bar of the first grain, and how many of them miss their target. Rows: grain, key, value, status, worst first."""
    first = rows[rows.grain == rows.grain.iloc[0]]
    for known in (first.key != "(unknown)", first.denominator >= ENOUGH):  # a key without name or weight is no headline
        first = first[known.reindex(first.index)] if known.reindex(first.index).any() else first
    worst, off = first.iloc[0], first.status.isin(["watch", "breach"])
    extreme = "lowest" if better == "up" else "highest"
    text = f"{label}: {worst.key} is {extreme} of {len(first)} by {worst.grain}, {formats.quantity(worst.value, unit, currency)}"
    return f"{text}; {int(off.sum())} off target" if first.status.isin(["ok", "watch", "breach"]).any() else text


def target_lines(results: Any, kpi: str, key: str) -> list[float]:
    """The lines of a figure's target to draw: one, or two for a band or around zero."""
    target = figures.target_of(results.settings, kpi, key)
    if target is None:
        return []
    if isinstance(target.ok, tuple):
        return list(target.ok)
    return [-target.ok, target.ok] if kpis()[kpi].better == "zero" else [target.ok]


def _goal(results: Any, kpi: str, key: str) -> float:
    lines = target_lines(results, kpi, key)
    return lines[-1] if lines else float("nan")


def _series(rows: pd.DataFrame) -> pd.Series:
    named = [figures.key_words(grain, key) for grain, key in zip(rows.grain, rows.key, strict=True)]
    return pd.Series(named, index=rows.index, dtype=object).where(rows.grain != "all", "whole store")


__all__ = [
    "Exhibit",
    "Part",
    "drawn",
    "each",
    "exhibits",
    "gone",
    "headed",
    "listed",
    "ranked",
    "several",
    "target_lines",
    "trend",
    "trend_rows",
]
