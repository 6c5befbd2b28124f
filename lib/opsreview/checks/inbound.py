"""Goods on their way in: later than promised, announced and not on the shelf, received otherwise than announced, slow at the dock."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.overlaps import of_shelves
from opsreview.checks.stakes import lost_units, shelf_stakes
from opsreview.facts.stock import stock_days
from opsreview.facts.warehouse import stocked
from opsreview.formats import day, number

ANOTHER_WEEK = 7  # days for which a line is taken to stay away when nobody says until when
CLAIM_DAYS = 28  # since when a receipt can still be claimed
STOCK = ("inventory", "orders", "order_lines")


@fact
def waiting(books: Books) -> ibis.Table:
    """One row an inbound line that is not on the shelf yet, with what is at stake at its place.

    `ahead`: days until its eta (below 0: past), `slip`: days the eta moved, `hours` at the dock (empty: not arrived), `quantity` to come.
    """
    t = books.table("inbound")
    left = t.quantity_ordered - t.quantity_received.fill_null(0.0)
    here = t.arrived_at.notnull()
    t = t.filter(t.stocked_at.isnull(), ~t.closed.fill_null(False), here | (left > 0))
    t = t.select(
        "document_id", "line_id", "kind", "sku", "location", "original_eta", "eta", "asn_at", "arrived_at",
        supplier=t.supplier.fill_null("(unknown)"),
        quantity=ibis.ifelse(here, ibis.coalesce(t.quantity_received.nullif(0), t.asn_quantity, t.quantity_ordered), left),
        ahead=t.eta.delta(ibis.literal(books.week.end), unit="day").cast("float64"),
        slip=t.eta.delta(t.original_eta, unit="day").cast("float64"),
        hours=ibis.literal(books.as_of).cast("timestamp").delta(t.arrived_at, unit="second").cast("float64") / 3600.0,
    )  # fmt: skip
    t = t.mutate(entity=t.document_id + "/" + t.line_id)
    return beside(t, shelf_stakes(books), "sku", "location")


def _with_others(lines: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    """The lines with `others`: units that other waiting lines bring the same SKU and place before `until` days are over."""
    # What stands at the dock counts as there; what is past its eta is not relied on.
    other = every.assign(comes=every["ahead"].mask(every["hours"].notna(), 0.0))[["sku", "location", "entity", "quantity", "comes"]]
    both = lines[["entity", "sku", "location", "until"]].merge(other, on=["sku", "location"], suffixes=("", "_other"))
    both = both[(both["entity"] != both["entity_other"]) & (both["comes"] >= 0) & (both["comes"] < both["until"])]
    return lines.assign(others=lines["entity"].map(both.groupby("entity")["quantity"].sum()).astype(float).fillna(0.0))


@check
def inbound_eta_slip(ctx: Context) -> pd.DataFrame:
    """Inbound lines whose arrival moved out, or is past, and that will be missed."""
    if not (ctx.covered(28, *STOCK) and ctx.covered(7, "inbound")):
        return nothing()
    least = ctx.threshold("inbound_eta_slip", "days")
    every = rows_of(waiting(ctx.books), "entity")
    rows = every[every["hours"].isna() & ((every["ahead"] < 0) | (every["slip"] >= least))]
    rows = _with_others(rows.assign(until=rows["ahead"].mask(rows["ahead"] < 0, ANOTHER_WEEK)), every)
    supply = rows["available"] + rows["others"]
    # What would have been short before the first promise is not the slip's fault.
    before = (rows["ahead"] - rows["slip"].fillna(0.0)).clip(lower=0.0)
    rows["lost"] = np.maximum(lost_units(rows, supply, rows["until"]) - lost_units(rows, supply, before), 0.0)
    rows["impact"] = rows["lost"] * rows["per_unit"]
    rows["days"] = np.fmax(rows["slip"], -rows["ahead"])
    rows = worth(ctx, rows, rows["days"] / least if least else None)
    return found(
        rows,
        entity=rows["entity"],
        title=say(rows, _slipped),
        observed=rows["days"],
        expected=0.0,
        threshold=least,
        basis="units short until the new eta (a week where it is past) × contribution margin a unit",
        decision=_remedy(rows),
        detail=say(rows, lambda r: f"{number(r.quantity)} units to come, {_short(r)}"),
        members=rows["sku"],
        evidence="inbound, inventory now",
        overlaps=of_shelves(rows),
    )


@check
def asn_delayed(ctx: Context) -> pd.DataFrame:
    """Goods announced and overdue, or at the dock and not stocked, whose shelf runs empty meanwhile."""
    if not (ctx.covered(28, *STOCK) and ctx.covered(7, "inbound")):
        return nothing()
    late, dock = ctx.threshold("asn_delayed", "days"), ctx.threshold("asn_delayed", "hours")
    every = rows_of(waiting(ctx.books), "entity")
    absent = every["hours"].isna() & every["asn_at"].notna() & (every["ahead"] <= -late)
    rows = _with_others(every[absent | (every["hours"] >= dock)].assign(until=ANOTHER_WEEK), every)
    rows["lost"] = lost_units(rows, rows["available"] + rows["others"], ANOTHER_WEEK)
    rows["impact"] = rows["lost"] * rows["per_unit"]
    at_dock = rows["hours"].notna()
    rows["observed"] = rows["hours"].where(at_dock, -rows["ahead"] * 24)
    rows["threshold"] = np.where(at_dock, dock, late * 24)
    rows = worth(ctx, rows, rows["observed"] / rows["threshold"])
    return found(
        rows,
        entity=rows["entity"],
        title=say(rows, _not_on_shelf),
        observed=rows["observed"],
        basis="units short if it takes another week × contribution margin a unit",
        decision=np.where(rows["hours"].notna(), "staff", _remedy(rows)),
        detail=say(rows, lambda r: f"{number(r.quantity)} units {'at the dock' if r.hours == r.hours else 'announced'}, {_short(r)}"),
        members=rows["sku"],
        evidence="inbound, inventory now",
        overlaps=of_shelves(rows),
    )


@fact
def miscounted(books: Books) -> ibis.Table:
    """One row an inbound line stocked in the last four weeks that brought another quantity than announced: `gap` beyond its `limit`."""
    least, t = books.settings.checks["receipt_mismatch"], books.table("inbound")
    announced = t.asn_quantity.fill_null(t.quantity_ordered)
    t = t.mutate(announced=announced, gap=t.quantity_received - announced, limit=ibis.greatest(least["units"], least["share"] * announced))
    # An open line says that more is to come.
    t = t.filter(inside(t.stocked_at_local.date(), books.week.trailing(CLAIM_DAYS)), t.closed.fill_null(True), t.gap.abs() > t["limit"])
    return beside(t, shelf_stakes(books).select("sku", "location", "name", "unit_cost"), "sku", "location")


@check
def receipt_mismatch(ctx: Context) -> pd.DataFrame:
    """Lines stocked in the last four weeks with another quantity than announced, else than ordered."""
    if not ctx.covered(7, "inbound"):
        return nothing()
    rows = rows_of(miscounted(ctx.books), "document_id", "line_id")
    cost = rows["unit_cost"].fillna(rows["unit_price"])
    rows["impact"] = rows["gap"].abs() * cost
    rows = worth(ctx, rows, rows["gap"].abs() / rows["limit"])
    missing = (rows["gap"] < 0) & (rows["kind"] == "purchase")
    return found(
        rows,
        entity=rows["document_id"] + "/" + rows["line_id"],
        title=say(
            rows, lambda r: f"{r.document_id}/{r.line_id} brought {number(r.quantity_received)} {r.name}, {number(r.announced)} announced"
        ),
        observed=rows["quantity_received"],
        expected=rows["announced"],
        threshold=rows["limit"],
        basis="units × unit cost",
        decision=np.where(missing, "dispute_charge", "investigate"),
        detail=say(rows, lambda r: f"{number(abs(r.gap))} units {'too few' if r.gap < 0 else 'too many'}, {ctx.money(r.impact)} at cost"),
        members=rows["sku"],
        evidence=f"inbound: {CLAIM_DAYS} days",
        period="once",
    )


@fact
def dock_losses(books: Books) -> ibis.Table:
    """One row an inbound line stocked in W: hours at the dock, received, `empty_units` its empty shelf could have sold meanwhile."""
    t, s = stocked(books), stock_days(books)
    t = t.select(
        "document_id", "line_id", "sku", "location", "hours",
        received=t.quantity_received.fill_null(t.quantity_ordered),
        arrived_day=t.arrived_at_local.date(),
        stocked_day=t.stocked_at_local.date(),
    )  # fmt: skip
    empty = t.join(s.filter(s.available <= 0).select("sku", "location", "day"), ["sku", "location"])
    empty = empty.filter(empty.day >= empty.arrived_day, empty.day < empty.stocked_day)
    days = empty.group_by("document_id", "line_id").aggregate(empty_days=empty.count())
    k = shelf_stakes(books).select("sku", "location", "d_here", "per_unit", "unit_cost")
    t = beside(beside(t, days, "document_id", "line_id"), k, "sku", "location")
    return t.mutate(empty_units=ibis.least(t.empty_days.fill_null(0) * t.d_here.fill_null(0.0), t.received))


@check
def dock_to_stock(ctx: Context) -> pd.DataFrame:
    """Locations where goods stand at the dock for too long."""
    rows = ctx.measured("dock_to_stock_hours", "location", ctx.threshold("dock_to_stock", "lines"))
    if rows.empty:
        return nothing()
    targets = [ctx.target("dock_to_stock_hours", key) for key in rows["key"]]
    rows["usual"] = np.fmin(rows["centre"], [t.ok if t.ok is not None else np.nan for t in targets])
    rows["limit"] = np.fmin(rows["upper"], [t.breach if t.breach is not None else np.nan for t in targets])
    rows = rows[rows["value"] > rows["limit"]]
    lines = rows_of(dock_losses(ctx.books), "document_id", "line_id").merge(rows[["key", "usual"]], left_on="location", right_on="key")
    slow = lines[lines["hours"] > lines["usual"]].copy()
    slow["carried"] = slow["received"] * slow["unit_cost"] * ctx.books.settings.carrying_rate / 365 * (slow["hours"] - slow["usual"]) / 24
    slow["lost"] = (slow["empty_units"] * slow["per_unit"]).fillna(0.0)
    slow["money"] = slow["lost"].where(slow["lost"] > 0, slow["carried"]).fillna(0.0)
    slow["member"] = slow["document_id"] + "/" + slow["line_id"]
    by = slow.sort_values("member").groupby("location").agg(impact=("money", "sum"), slow=("money", "size"), members=("member", "; ".join))
    rows = rows.merge(by, left_on="key", right_index=True, how="left").fillna({"impact": 0.0})
    rows = worth(ctx, rows, rows["value"] / rows["limit"])
    return found(
        rows,
        entity=rows["key"],
        title=say(rows, lambda r: f"{r.key} takes {number(r.value, 1)} hours from dock to shelf, {number(r.usual, 1)} would do"),
        observed=rows["value"],
        expected=rows["usual"],
        threshold=rows["limit"],
        basis="margin of what the empty shelf could have sold, else carrying cost, of lines slower than usual",
        decision="staff",
        detail=say(rows, lambda r: f"{number(r.slow)} of {number(r.denominator)} lines took longer than {number(r.usual, 1)} hours"),
        evidence="inbound stocked in the week",
    )


def _remedy(rows: pd.DataFrame) -> np.ndarray:
    """From another place where it can spare as much, else faster from where it comes."""
    return np.where((rows["lost"] > 0) & (rows["spare"] >= rows["lost"]), "transfer", "expedite")


def _short(r) -> str:
    return f"{r.location} has {number(r.available)} and sells {number(r.d_here, 1)} a day: {number(r.lost, 1)} units short"


def _slipped(r) -> str:
    when = f"was due {day(r.eta)} and has not arrived" if r.ahead < 0 else f"moved from {day(r.original_eta)} to {day(r.eta)}"
    return f"{r.name} on {r.document_id} for {r.location} {when}"


def _not_on_shelf(r) -> str:
    where = f"has stood at the dock for {number(r.hours)} hours" if r.hours == r.hours else f"was due {day(r.eta)} and has not arrived"
    return f"{r.name} on {r.document_id} for {r.location} {where}"
