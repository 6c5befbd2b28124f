"""Every KPI at every grain in one tidy frame: kpi, grain, key, value, numerator, denominator. The seam between engine and reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import ibis
import pandas as pd

from opsreview import kpis
from opsreview.books import Books
from opsreview.catalog import Kpi
from opsreview.catalog import kpis as catalog_kpis
from opsreview.weeks import Window

COLUMNS = ["kpi", "grain", "key", "value", "numerator", "denominator"]


def windows(kpi: Kpi, books: Books) -> dict[bool, Window]:
    """The window a KPI needs exports for: published (False) and charted over the week alone (True)."""
    week = books.week
    published = books.reach(week.trailing(kpi.window, kpi.ended_days_ago), kpi.ended_days_ago)
    if not kpi.charted_over:
        return {False: published, True: published}
    # Value added compares with as many days before; the others stand on the days they sum.
    days = kpi.charted_over * (2 if kpi.id.startswith("forecast_value_added") else 1)
    return {False: published, True: books.reach(week.trailing(days, kpi.ended_days_ago), kpi.ended_days_ago)}


def scorecard(books: Books) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, list[tuple[str, list[str]]]]]:
    """(published, charted, missing): two frames of COLUMNS, and for every KPI that is n/a what kept it from being said.

    A row of grain `all` always exists; its value is empty when the KPI is n/a.
    """
    missing: dict[str, list[tuple[str, list[str]]]] = {}
    wanted: dict[bool, dict[Callable[..., ibis.Table], list[tuple[str, kpis.Figure]]]] = {False: defaultdict(list), True: defaultdict(list)}
    registered = kpis.load()
    for name, kpi in catalog_kpis().items():
        window = windows(kpi, books)
        if gaps := books.missing(kpi, window[False]):
            missing[name] = gaps
        for charted in (False, True):
            if books.missing(kpi, window[charted]):
                continue
            for figure in registered[name]:
                # Where the week alone is the window, the published figure is the charted one.
                if not (charted and figure.charted is figure.rows and not gaps):
                    wanted[charted][figure.charted if charted else figure.rows].append((name, figure))
    frames = {charted: _collect(books, wanted[charted]) for charted in wanted}
    same = {n for n in catalog_kpis() if n not in missing and all(f.charted is f.rows for f in registered[n])}
    charted = pd.concat([frames[True], frames[False][frames[False]["kpi"].isin(same)]], ignore_index=True)
    return _whole(frames[False]), _whole(charted), missing


def _collect(books: Books, wanted: dict[Callable[..., ibis.Table], list[tuple[str, kpis.Figure]]]) -> pd.DataFrame:
    frames = [pd.DataFrame(columns=COLUMNS)]
    for rows, figures in wanted.items():
        table = rows(books)
        grains: dict[str, str] = {}
        for _, figure in figures:
            grains |= ({"all": ""} if figure.whole else {}) | figure.grains
        for grain, column in grains.items():
            of_grain = [(n, f) for n, f in figures if (grain in f.grains or (grain == "all" and f.whole))]
            frames.append(_aggregate(table, grain, column, of_grain))
    out = pd.concat([f for f in frames if len(f)] or frames, ignore_index=True)[COLUMNS]
    return _share_denominators(out, {n for figures in wanted.values() for n, f in figures if f.shared_denominator}, "reason")


def _aggregate(table: ibis.Table, grain: str, column: str, figures: list[tuple[str, kpis.Figure]]) -> pd.DataFrame:
    """One query: every KPI of these rows at one grain."""
    sums: dict[str, Any] = {}
    for name, figure in figures:
        parts = figure.parts(table)
        sums |= {f"{name}|value": parts.value, f"{name}|numerator": parts.numerator, f"{name}|denominator": parts.denominator}
    if grain == "all":
        wide = table.aggregate(**sums).to_pandas().assign(key="")
    else:
        keyed = table.filter(table[column].notnull())
        sums = {}
        for name, figure in figures:
            parts = figure.parts(keyed)
            sums |= {f"{name}|value": parts.value, f"{name}|numerator": parts.numerator, f"{name}|denominator": parts.denominator}
        wide = keyed.group_by(key=keyed[column]).aggregate(**sums).order_by("key").to_pandas()
    frames = []
    for name, _ in figures:
        part = wide[["key", f"{name}|value", f"{name}|numerator", f"{name}|denominator"]].set_axis(COLUMNS[2:], axis=1)
        frames.append(part.assign(kpi=name, grain=grain))
    out = pd.concat(frames, ignore_index=True)
    return out.astype({"value": float, "numerator": float, "denominator": float})


def _share_denominators(frame: pd.DataFrame, names: set[str], grain: str) -> pd.DataFrame:
    """At a grain that nothing sold has, the denominator is that of the whole."""
    for name in names:
        whole = frame.loc[(frame["kpi"] == name) & (frame["grain"] == "all"), "denominator"]
        rows = (frame["kpi"] == name) & (frame["grain"] == grain)
        if len(whole):
            frame.loc[rows, "denominator"] = whole.iloc[0]
            frame.loc[rows, "value"] = frame.loc[rows, "numerator"] / whole.iloc[0] if whole.iloc[0] else float("nan")
    return frame


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """With a row of grain `all` for every KPI, in the catalog's order."""
    order = {name: i for i, name in enumerate(catalog_kpis())}
    have = set(frame.loc[frame["grain"] == "all", "kpi"])
    empty = pd.DataFrame([{"kpi": n, "grain": "all", "key": ""} for n in order if n not in have], columns=COLUMNS)
    out = pd.concat([frame, empty.astype({"value": float, "numerator": float, "denominator": float})], ignore_index=True)
    out = out.assign(_kpi=out["kpi"].map(order), _grain=out["grain"] != "all")
    return out.sort_values(["_kpi", "_grain", "grain", "key"], kind="stable")[COLUMNS].reset_index(drop=True)
