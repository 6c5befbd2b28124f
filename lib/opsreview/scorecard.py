"""Every KPI at every grain in one tidy frame: kpi, grain, key, value, numerator, denominator. The seam between engine and reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import ibis
import pandas as pd

from opsreview import kpis
from opsreview.books import Books
from opsreview.catalog import Kpi
from opsreview.catalog import kpis as catalog_kpis
from opsreview.weeks import Window

Wanted = dict[Callable[..., ibis.Table], list[tuple[str, kpis.Figure]]]
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
    wanted: dict[bool, Wanted] = {False: defaultdict(list), True: defaultdict(list)}
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


def published(books: Books, names: Iterable[str]) -> pd.DataFrame:
    """COLUMNS of some KPIs, those that are n/a left out."""
    wanted: Wanted = defaultdict(list)
    registered = kpis.load()
    for name in names:
        kpi = catalog_kpis()[name]
        if not books.missing(kpi, windows(kpi, books)[False]):
            for figure in registered[name]:
                wanted[figure.rows].append((name, figure))
    return _collect(books, wanted)


def _collect(books: Books, wanted: Wanted) -> pd.DataFrame:
    frames = [_aggregate(books, rows, figures) for rows, figures in wanted.items()]
    return pd.concat([f for f in frames if len(f)] or [pd.DataFrame(columns=COLUMNS)], ignore_index=True)


def _aggregate(books: Books, rows: Callable[..., ibis.Table], figures: list[tuple[str, kpis.Figure]]) -> pd.DataFrame:
    """One query: every KPI of these rows at every grain."""
    named = (id(rows), *(name for name, _ in figures))
    wide = books.frame(("scorecard", *named), lambda: _parts(rows(books), figures))
    if wide.empty:  # nothing happened: no groups, and a whole whose denominator is 0
        wide = books.frame(("scorecard of nothing", *named), lambda: _whole_parts(rows(books), figures))
    frames = []
    for name, figure in figures:
        part = wide[["grain", "key", *(f"{name}|{c}" for c in COLUMNS[3:])]].set_axis(COLUMNS[1:], axis=1)
        part = part[part["grain"].isin([*figure.grains, *(["all"] if figure.whole else [])])].assign(kpi=name)
        frames.append(_share_denominator(part.astype(dict.fromkeys(COLUMNS[3:], float)), figure))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def _parts(table: ibis.Table, figures: list[tuple[str, kpis.Figure]]) -> ibis.Table:
    """A row a grain and key: the parts of every figure. Each row of the table counts once under each grain that it has a key for."""
    columns = {grain: column for _, figure in figures for grain, column in figure.grains.items()}
    places = [
        ibis.struct({"grain": g, "key": table[c].cast("string")}, type="struct<grain: string, key: string>") for g, c in columns.items()
    ]
    if any(figure.whole for _, figure in figures):
        places.append(ibis.struct({"grain": "all", "key": ""}, type="struct<grain: string, key: string>"))
    rows = table.mutate(place=ibis.array(places).unnest())
    rows = rows.mutate(grain=rows.place.grain, key=rows.place.key).filter(lambda t: t.key.notnull())
    return rows.group_by("grain", "key").aggregate(**_sums(rows, figures))


def _whole_parts(table: ibis.Table, figures: list[tuple[str, kpis.Figure]]) -> ibis.Table:
    """One row, of grain `all`, also where the table has none."""
    return table.aggregate(**_sums(table, figures)).mutate(grain=ibis.literal("all"), key=ibis.literal(""))


def _sums(rows: ibis.Table, figures: list[tuple[str, kpis.Figure]]) -> dict[str, ibis.Value]:
    out: dict[str, ibis.Value] = {}
    for name, figure in figures:
        parts = figure.parts(rows)
        out |= {f"{name}|value": parts.value, f"{name}|numerator": parts.numerator, f"{name}|denominator": parts.denominator}
    return out


def _share_denominator(part: pd.DataFrame, figure: kpis.Figure) -> pd.DataFrame:
    """At a grain that nothing sold has (a reason), the denominator is that of the whole."""
    of_all = part.loc[part["grain"] == "all", "denominator"]
    if not figure.shared_denominator or of_all.empty:
        return part
    rows = part["grain"] == figure.shared_denominator
    part.loc[rows, "denominator"] = of_all.iloc[0]
    part.loc[rows, "value"] = part.loc[rows, "numerator"] / (of_all.iloc[0] or float("nan"))
    return part


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """With a row of grain `all` for every KPI, in the catalog's order."""
    order = {name: i for i, name in enumerate(catalog_kpis())}
    have = set(frame.loc[frame["grain"] == "all", "kpi"])
    empty = pd.DataFrame([{"kpi": n, "grain": "all", "key": ""} for n in order if n not in have], columns=COLUMNS)
    out = pd.concat([frame, empty.astype({"value": float, "numerator": float, "denominator": float})], ignore_index=True)
    out = out.assign(_kpi=out["kpi"].map(order), _grain=out["grain"] != "all")
    return out.sort_values(["_kpi", "_grain", "grain", "key"], kind="stable")[COLUMNS].reset_index(drop=True)
