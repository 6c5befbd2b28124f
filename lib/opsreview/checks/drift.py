"""Stock that systems count differently: ERP, WMS and the shop's own, how long, what it costs, and which of them is most likely wrong."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, fact
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.overlaps import of_shelves
from opsreview.checks.stakes import lost_units, shelf_stakes
from opsreview.facts.drift import PAIRS, drift_days, last_counts, moved
from opsreview.formats import count, number

UNSEEN = 28  # days for which nothing is ordered for a shelf that the ERP takes to be full
SHOP_DAYS = 7  # for which a shop sells what is not there, or does not sell what is
SURELY = 2  # times as much unexplained as in the other system
NAMES = {"erp": "the ERP", "wms": "the WMS", "shop": "the shop"}


@fact
def disagreeing(books: Books) -> ibis.Table:
    """One row a SKU and location that two systems' last snapshots count differently, with what is at stake there."""
    return last_counts(books).join(shelf_stakes(books), ["sku", "location"])


def stock_drift(books: Books) -> pd.DataFrame:
    """A row a SKU and location that two systems count differently, dearest first: counts, pair, gap, since, age, impact, suspect, why.

    `pair` is ERP and WMS where these differ, else the shop and the dearer of them; `impact` the money of ERP and WMS, or the shop's where
    that is more: they are the same units. `suspect`: the system most likely wrong, empty where nothing says.
    """
    rows = rows_of(disagreeing(books), "sku", "location")
    shop = rows[["gap_shop_wms", "gap_shop_erp"]].fillna(0.0)
    by_wms = shop["gap_shop_wms"] > 0
    rows["pair"] = np.select([rows["gap_erp_wms"] > 0, by_wms], ["erp_wms", "shop_wms"], "shop_erp")
    for name in ("gap", "limit"):
        rows[name] = np.select([rows["pair"] == f"{a}_{b}" for a, b in PAIRS], [rows[f"{name}_{a}_{b}"] for a, b in PAIRS], np.nan)
    unseen = lost_units(rows, rows["wms_free"].fillna(0.0), UNSEEN) - lost_units(rows, rows["erp_free"].fillna(0.0), UNSEEN)
    carried = rows["gap_erp_wms"] * rows["unit_cost"].fillna(0.0) * books.settings.carrying_rate / 52
    erp_wms = (carried + np.maximum(unseen, 0.0) * rows["per_unit"]).where(rows["gap_erp_wms"] > 0, 0.0)
    there = rows["wms_free"].where(by_wms, rows["erp_free"]).fillna(0.0)
    missed = np.abs(lost_units(rows, rows["shop_free"].fillna(0.0), SHOP_DAYS) - lost_units(rows, there, SHOP_DAYS))
    rows["by_shop"] = (missed * rows["per_unit"]).where(shop.max(axis=1) > 0, 0.0)
    rows["impact"] = np.maximum(erp_wms, rows["by_shop"])
    rows = rows.merge(drift_days(books).to_pandas(), on=["sku", "location", "pair"], how="left")
    rows["age"] = (pd.Timestamp(books.week.end) - pd.to_datetime(rows["since"])).dt.days.astype(float)
    rows = rows.merge(moved(books).to_pandas(), on=["sku", "location"], how="left")
    said = [_suspect(row) for row in rows.itertuples()]
    rows["suspect"], rows["why"] = [name for name, _ in said], [why for _, why in said]
    columns = [
        "sku", "name", "location", "erp", "wms", "shop", "erp_free", "wms_free", "pair", "gap", "limit", "since", "age", "d_here", "impact",
        "by_shop", "suspect", "why",
    ]  # fmt: skip
    return rows[columns].sort_values(["impact", "sku", "location"], ascending=[False, True, True], ignore_index=True)


def _suspect(row: Any) -> tuple[str, str]:
    """(system, why): the one that two others contradict; else the one whose count what moved does not explain."""
    gaps = {frozenset(pair): getattr(row, f"gap_{pair[0]}_{pair[1]}") for pair in PAIRS}
    if not any(pd.isna(gap) for gap in gaps.values()):
        agree = [pair for pair, gap in gaps.items() if gap == 0]
        if len(agree) == 1:
            (odd,) = set(NAMES) - agree[0]
            first, second = sorted(agree[0])
            return odd, f"{NAMES[first]} and {NAMES[second]} agree"
    left = {system: abs(getattr(row, f"unexplained_{system}")) for system in ("erp", "wms")}
    worse, better = sorted(left, key=lambda system: -left[system] if pd.notna(left[system]) else np.inf)
    if row.pair == "erp_wms" and pd.notna(left[worse]) and left[worse] > max(row.limit, SURELY * left[better]):
        return worse, f"{number(left[worse])} units of {NAMES[worse]} are not explained by what moved"
    return "", "nothing says which"


@check
def erp_wms_mismatch(ctx: Context) -> pd.DataFrame:
    """SKU-locations whose stock two systems count differently, in snapshots at most a day apart."""
    if not ctx.covered(7, "inventory"):
        return nothing()
    rows = stock_drift(ctx.books)
    rows = worth(ctx, rows, rows["gap"] / rows["limit"])
    for place, (who, counts) in enumerate((("one", "first"), ("other", "second"))):
        rows[who] = [NAMES[pair.split("_")[place]] for pair in rows["pair"]]
        rows[counts] = [float(getattr(row, row.pair.split("_")[place])) for row in rows.itertuples()]
    shop = rows["by_shop"] >= rows["impact"]
    stands_on = f"the margin of {UNSEEN} days of sales that the ERP's stock would have served"
    return found(
        rows,
        entity=rows["sku"] + "@" + rows["location"],
        title=say(rows, lambda r: f"{r.name} at {r.location}: {r.one} counts {number(r.first)}, {r.other} {number(r.second)}"),
        observed=rows["second"],
        expected=rows["first"],
        threshold=rows["limit"],
        basis=np.where(
            shop,
            f"margin of {SHOP_DAYS} days of sales that the shop cannot serve, or does not make",
            f"units × unit cost × carrying rate / 52, and {stands_on}",
        ),
        decision="investigate",
        detail=say(rows, _detail),
        evidence="inventory: last snapshots of erp, wms and shop",
        overlaps=of_shelves(rows),
    )


def _detail(row: Any) -> str:
    age = f", for {count(row.age, 'day')}" if pd.notna(row.age) else ""
    suspect = f"; most likely wrong: {NAMES[row.suspect]} ({row.why})" if row.suspect else ""
    return f"count {row.location}: {number(row.gap)} units apart{age}, {number(row.d_here, 1)} sold a day{suspect}"
