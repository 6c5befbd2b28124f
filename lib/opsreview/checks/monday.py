"""Stock: what will run out, what lies too long, what never sells."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside, fact
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.overlaps import of_shelves
from opsreview.checks.plan import plan_vs_actual  # noqa: F401  (evidence of the same meeting)
from opsreview.checks.stakes import named, shelf_stakes
from opsreview.demand import HORIZON, stockout_risk
from opsreview.facts.stock import dead_stock as dead_shelves
from opsreview.facts.stock import open_inbound
from opsreview.formats import number, share
from opsreview.leaks import overstock

STOCK = ("inventory", "orders", "order_lines")


@fact
def at_risk(books: Books) -> ibis.Table:
    """One row a SKU and location likely to run out: how likely, units lost, and what is at stake there."""
    risk = stockout_risk(books)
    risk = risk.filter(risk.p_out_of_stock >= books.settings.oos_risk_threshold)
    return risk.select("sku", "location", "p_out_of_stock", "lost_units").join(shelf_stakes(books), ["sku", "location"])


def _runs_out(probability: float) -> str:
    """Past 99 in 100 a digit more says nothing."""
    if probability > 0.99:
        return f"is all but sure to run out within {HORIZON} days"
    return f"runs out within {HORIZON} days with {share(probability)} probability"


@check
def oos_risk(ctx: Context) -> pd.DataFrame:
    """SKU-locations that will probably run out within 14 days."""
    if not ctx.covered(28, *STOCK):
        return nothing()
    least = ctx.books.settings.oos_risk_threshold
    rows = rows_of(at_risk(ctx.books), "sku", "location")
    rows["impact"] = rows["lost_units"] * rows["per_unit"]
    rows = worth(ctx, rows, rows["p_out_of_stock"] / least if least else None)
    elsewhere = rows["spare"] >= rows["lost_units"]
    return found(
        rows,
        entity=rows["sku"] + "@" + rows["location"],
        title=say(rows, lambda r: f"{r.name} at {r.location} {_runs_out(r.p_out_of_stock)}"),
        observed=rows["p_out_of_stock"],
        threshold=least,
        basis=f"expected lost units of {HORIZON} days × contribution margin a unit",
        decision=np.where(elsewhere, "transfer", "expedite"),
        detail=say(
            rows,
            lambda r: (
                f"{number(r.available)} available, {number(r.d_here, 1)} sold a day, {number(r.lost_units, 1)} units short"
                + (f"; other places can spare {number(r.spare)}" if r.spare >= r.lost_units else "")
            ),
        ),
        evidence=f"inventory, inbound, order_lines: next {HORIZON} days",
        overlaps=of_shelves(rows),
    )


@fact
def too_much(books: Books) -> ibis.Table:
    """One row a SKU whose excess is worth a finding: `value` of it at cost, and units still `coming`."""
    t, coming = overstock(books), open_inbound(books)
    t = t.mutate(value=t.excess_units * t.unit_cost).filter(lambda t: t.value >= books.settings.checks["excess_stock"]["value"])
    t = beside(t, coming.group_by("sku").aggregate(coming=coming.open_quantity.sum()), "sku")
    return named(books, t.mutate(coming=t.coming.fill_null(0.0)))


@check
def excess_stock(ctx: Context) -> pd.DataFrame:
    """SKUs that hold more than the days of supply their tier needs."""
    if not ctx.covered(28, *STOCK):
        return nothing()
    least = ctx.threshold("excess_stock", "value")
    rows = rows_of(too_much(ctx.books), "sku")
    rows["impact"] = rows["value"] * ctx.books.settings.carrying_rate / 52
    rows["days"] = rows["available"] / rows["d"].where(rows["d"] > 0)
    return found(
        rows,
        entity=rows["sku"],
        title=say(rows, lambda r: f"{r.name} holds {number(r.excess_units)} units more than it needs"),
        observed=rows["value"],
        threshold=least,
        severity=_by_value(rows["value"], least),
        basis="excess units × unit cost × carrying rate / 52",
        decision=np.where(rows["coming"] > 0, "rebalance_inbound", "markdown"),
        detail=say(
            rows,
            lambda r: (
                f"{number(r.available)} available are {number(r.days)} days of supply, {number(r.target_days)} are enough: "
                f"{ctx.money(r.value)} at cost too much" + (f", {number(r.coming)} more on their way" if r.coming > 0 else "")
            ),
        ),
        evidence="inventory now, order_lines: 28 days",
    )


@fact
def unsold(books: Books) -> ibis.Table:
    """One row a SKU of dead stock: on_hand and value over its locations, which are its members."""
    t = dead_shelves(books)
    places = t.location.group_concat("; ", order_by=t.location)
    return named(books, t.group_by("sku").aggregate(on_hand=t.on_hand.sum(), value=t.value.sum(), members=places))


@check
def dead_stock(ctx: Context) -> pd.DataFrame:
    """SKUs that nobody bought in a quarter."""
    if not (ctx.covered(91, "orders", "order_lines") and ctx.covered(7, "inventory")):
        return nothing()
    least = ctx.threshold("dead_stock", "value")
    rows = rows_of(unsold(ctx.books), "sku")
    rows = rows[rows["value"] >= least]
    rows["impact"] = rows["value"] * ctx.books.settings.carrying_rate / 52
    return found(
        rows,
        entity=rows["sku"],
        title=say(rows, lambda r: f"{r.name} has not sold in 91 days and {number(r.on_hand)} are in stock"),
        observed=rows["value"],
        threshold=least,
        severity=_by_value(rows["value"], least),
        basis="on hand × unit cost × carrying rate / 52",
        decision="markdown",
        detail=say(rows, lambda r: f"{number(r.on_hand)} units, {ctx.money(r.value)} at cost, none sold in 91 days"),
        evidence="inventory now, order_lines: 91 days",
    )


def _by_value(value: pd.Series, least: float) -> np.ndarray:
    """Stock that lies there: watch from its line on, breach from ten times it."""
    return np.where(value >= 10 * least, "breach", "watch")
