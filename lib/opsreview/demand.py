"""What will sell and what will run out: trailing demand with a negative binomial spread, until a better forecast earns its place.

The only module that knows how demand is spread; everything else asks for probabilities and quantiles.
"""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.stock import demand, open_inbound, shelves, sku_days

HORIZON = 14  # days ahead that a stock-out is foretold, and that a move of stock is to bridge
METHOD = "trailing demand, negative binomial"
LATE_LINES = 3  # arrivals from which a supplier's lateness is believed


@fact
def dispersion(books: Books) -> ibis.Table:
    """One row a SKU with selling days in T91: variance / mean of its daily units, at least 1."""
    s = sku_days(books)
    by = s.group_by("sku").aggregate(mean=s.units.mean(), variance=s.units.var(how="sample"))
    return by.select("sku", dispersion=ibis.greatest((by.variance / by["mean"].nullif(0)).fill_null(1.0), 1.0))


@fact
def lateness(books: Books) -> ibis.Table:
    """One row a supplier with three arrivals or more in T182: median days after the first promise, at least 0."""
    t = books.table("inbound")
    t = t.filter(t.original_eta.notnull(), inside(t.arrived_at_local.date(), books.week.trailing(182)))
    late = t.arrived_at_local.date().delta(t.original_eta, unit="day").cast("float64")
    by = t.group_by("supplier").aggregate(late_days=late.median(), lines=t.count())
    return by.filter(by.lines >= LATE_LINES).select("supplier", late_days=ibis.greatest(by.late_days, 0.0))


@fact
def arrivals(books: Books) -> ibis.Table:
    """One row an open inbound line: quantity and the `offset` in days from `as_of` at which it is to be believed; which line it is.

    `here`: at the dock; `overdue`: believed to have come before `as_of`, and has not.
    """
    t = open_inbound(books).pipe(beside, lateness(books), "supplier")
    ahead = t.eta.delta(ibis.literal(books.week.end), unit="day").cast("float64") + t.late_days.fill_null(0.0)
    return t.select(
        "sku", "location", "document_id", "line_id", "kind", quantity="open_quantity", offset=ibis.greatest(ahead, 0.0),
        here=t.arrived_at.notnull(), overdue=(ahead < 0).fill_null(False),
    )  # fmt: skip


@fact
def stockout_risk(books: Books, charted: bool = False) -> ibis.Table:
    """One row a SKU and location in stock now, not discontinued: `p_out_of_stock` within 14 days, `lost_units` expected.

    At each arrival and at the horizon: how likely is it that demand until then has eaten what was there before it?
    """
    shelf = books.frame(("shelf at risk", charted), lambda: _shelf(books, charted))
    coming = books.frame("coming", lambda: arrivals(books).filter(lambda t: t.offset < HORIZON))
    out = _run_out(shelf, coming)
    schema = {c: "string" for c in ("sku", "location", "family", "tier")} | {c: "float64" for c in ("p_out_of_stock", "lost_units")}
    return ibis.memtable(out[list(schema)], schema=schema)


def _shelf(books: Books, charted: bool) -> ibis.Table:
    s = shelves(books, charted)
    s = s.filter(s.available > 0, ~s.discontinued).pipe(beside, dispersion(books), "sku")
    return s.select("sku", "location", "family", "tier", "available", "d_here", "dispersion")


def _run_out(shelf: pd.DataFrame, coming: pd.DataFrame) -> pd.DataFrame:
    keys = ["sku", "location"]
    shelf = shelf.assign(d_here=shelf["d_here"].astype(float).fillna(0.0), dispersion=shelf["dispersion"].astype(float).fillna(1.0))
    coming = coming.groupby([*keys, "offset"], as_index=False)["quantity"].sum().sort_values([*keys, "offset"])
    coming["before"] = coming.groupby(keys)["quantity"].cumsum() - coming["quantity"]
    end = coming.groupby(keys, as_index=False)["quantity"].sum().rename(columns={"quantity": "before"})
    last = shelf[keys].merge(end, on=keys, how="left").assign(offset=float(HORIZON))
    points = pd.concat([coming[[*keys, "offset", "before"]], last], ignore_index=True).fillna({"before": 0.0})
    points = points.merge(shelf[[*keys, "available", "d_here", "dispersion"]], on=keys)
    mean, supply = points["d_here"] * points["offset"], np.ceil(points["available"] + points["before"])
    points["p"] = at_least(supply, mean, points["dispersion"])
    points["lost"] = shortfall(supply, mean, points["dispersion"])
    worst = points.groupby(keys, as_index=False).agg(p_out_of_stock=("p", "max"), lost_units=("lost", "max"))
    return shelf.merge(worst, on=keys).sort_values(keys)


def _law(mean: Any, spread: Any, more: float = 0.0) -> Any:
    """Negative binomial with a mean and a variance of spread × mean (spread 1: so near Poisson that none can tell)."""
    from scipy.stats import nbinom

    spread = np.maximum(spread, 1.0 + 1e-6)
    return nbinom(np.maximum(mean, 1e-12) / (spread - 1.0) + more, 1.0 / spread)


def at_least(units: Any, mean: Any, spread: Any) -> Any:
    """P(demand ≥ units)."""
    return _law(mean, spread).sf(units - 1)


def shortfall(units: Any, mean: Any, spread: Any) -> Any:
    """Expected demand beyond `units`: E[max(0, D − units)]."""
    beyond = mean * _law(mean, spread, 1.0).sf(units - 2) - units * at_least(units, mean, spread)
    return np.maximum(beyond, 0.0)


def forecast(books: Books) -> pd.DataFrame:
    """forecast.csv: a row a SKU that sells and horizon (14 and 30 days after `as_of`)."""
    d = demand(books)
    t = d.pipe(beside, dispersion(books), "sku").order_by("sku").to_pandas()
    t["dispersion"] = t["dispersion"].fillna(1.0)
    rows = []
    for days in (14, 30):
        law = _law(t["d"] * days, t["dispersion"])
        quantiles = {f"q{int(q * 100)}": np.where(t["d"] > 0, law.ppf(q), 0.0) for q in (0.1, 0.5, 0.9)}
        rows.append(pd.DataFrame({"sku": t["sku"], "horizon_days": days, "expected_units": t["d"] * days, **quantiles}))
    out = pd.concat(rows).sort_values(["sku", "horizon_days"], ignore_index=True)
    out.insert(0, "week", str(books.week))
    return out.assign(method=METHOD)
