"""Carriers: trouble on the way, parcels with a label that never left, charges billed twice."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, fact, inside
from opsreview.checks import Context, check, found, nothing, say, worth
from opsreview.checks.stakes import order_mishaps, order_value, price_of
from opsreview.facts.shipments import exceptions, handed_over, shipments
from opsreview.formats import count, number, share
from opsreview.margin import order_margin
from opsreview.statistics import wilson

CLAIM_DAYS = 28  # since when a charge can still be disputed
AGAIN = ("redelivery", "address_correction")  # may happen as often as something went wrong


@check
def carrier_exceptions(ctx: Context) -> pd.DataFrame:
    """Services with more trouble on the way than they used to have, or than twice the other carriers'."""
    rows = ctx.measured("carrier_exception_rate", "service", ctx.threshold("carrier_exceptions", "shipments"))
    if rows.empty:
        return nothing()
    books, times = ctx.books, ctx.threshold("carrier_exceptions", "times")
    carriers = handed_over(books).group_by(key=lambda t: t.service_key).aggregate(carrier=lambda t: t.carrier.min()).to_pandas()
    of = ctx.card[(ctx.card["kpi"] == "carrier_exception_rate") & ctx.card["grain"].isin(["carrier", "all"])]
    of = of.set_index("key")[["numerator", "denominator"]]
    rows = rows.merge(carriers, on="key").merge(of.add_suffix("_own"), left_on="carrier", right_index=True)
    all_ = of.loc[""]
    others = (all_["numerator"] - rows["numerator_own"]) / (all_["denominator"] - rows["denominator_own"]).replace(0, np.nan)
    rows["sure"] = [wilson(r.numerator, r.denominator, ctx.threshold("carrier_exceptions", "confidence"))[0] for r in rows.itertuples()]
    worse, twice = rows["value"] > rows["upper"], rows["sure"] > times * others
    rows["limit"] = rows["upper"].where(worse, times * others)
    rows["usual"] = np.fmin(rows["centre"], others)
    rows = rows[worse | twice].copy()
    rows["extra"] = (rows["numerator"] - rows["usual"] * rows["denominator"]).clip(lower=0)
    each = price_of(books, "exception", "tickets", "refunds", "charges") if len(rows) else 0.0
    rows["impact"] = rows["extra"] * each
    rows = worth(ctx, rows, rows["value"] / rows["limit"])
    why = exception_reasons(books).to_pandas()
    return found(
        rows,
        entity=rows["key"],
        title=say(rows, lambda r: f"{r.key} had trouble with {share(r.value)} of its parcels, {share(r.usual)} is usual"),
        observed=rows["value"],
        expected=rows["usual"],
        threshold=rows["limit"],
        basis="exceptions above baseline × what an order with one costs more (tickets, refunds, charges of 91 days)",
        decision="change_carrier",
        detail=say(
            rows,
            lambda r: (
                f"{number(r.extra)} of {number(r.numerator)} exceptions above the usual, {ctx.money(each)} each; most: "
                + ", ".join(f"{w.reason} {w.shipments}" for w in why[why["service"] == r.key].head(3).itertuples())
            ),
        ),
        evidence="carrier_events of the week's shipments",
    )


@fact
def exception_reasons(books: Books) -> ibis.Table:
    """One row a service and reason of W's exceptions: shipments, most first."""
    t = handed_over(books).filter(lambda t: t.exception)
    by = t.group_by("carrier", service=t.service_key, reason=t.reason.fill_null("(unknown)")).aggregate(shipments=t.count())
    return by.order_by("service", by.shipments.desc(), "reason")


@check
def label_not_shipped(ctx: Context) -> pd.DataFrame:
    """Parcels with a label older than two days that never left, by location."""
    if not ctx.covered(7, "shipments", "shipments.shipped_at"):
        return nothing()
    books, hours = ctx.books, ctx.threshold("label_not_shipped", "hours")
    s = shipments(books)
    old = ibis.literal(books.as_of).cast("timestamp").delta(s.label_created_at, unit="second") > hours * 3600
    gone = s.filter(s.shipped_at.notnull()).select("order_id")
    left = s.filter(old, s.shipped_at.isnull(), s.delivered_at.isnull()).select("shipment_id", "order_id", "location", "label_cost")
    worth_of = order_margin(books, books.week.trailing(28)).group_by("order_id").aggregate(margin=lambda t: t.contribution_margin.sum())
    left = left.left_join(worth_of, "order_id").drop("order_id_right")
    # Of an order that has left in another parcel only the label is lost.
    left = left.left_join(gone.distinct().mutate(gone=True), "order_id").drop("order_id_right")
    rows = left.order_by("location", "shipment_id").to_pandas()
    if rows.empty:
        return nothing()
    m = order_mishaps(books).filter(lambda t: t.late)
    lost = m.aggregate(share=m.cancelled.cast("float64").mean()).to_pandas()["share"].fillna(0.0).iloc[0]
    mean = float(order_value(books).to_pandas()["margin"].iloc[0])
    first = ~rows["order_id"].duplicated() & rows["gone"].isna()
    rows["risk"] = (rows["margin"].fillna(mean).clip(lower=0) * lost).where(first, 0.0)
    rows["label"] = rows["label_cost"].fillna(0.0)
    by = rows.groupby("location", as_index=False).agg(
        parcels=("shipment_id", "size"), risk=("risk", "sum"), label=("label", "sum"), members=("shipment_id", "; ".join)
    )
    by["impact"] = by["risk"] + by["label"]
    by = worth(ctx, by)
    return found(
        by,
        entity=by["location"],
        title=say(by, lambda r: f"{count(r.parcels, 'parcel')} at {r.location} with a label older than {number(hours)} hours never left"),
        observed=by["parcels"],
        expected=0.0,
        threshold=hours,
        basis="margin of the orders × share of late orders that are cancelled (91 days), and the labels",
        decision="investigate",
        detail=say(
            by,
            lambda r: (
                f"find or void {count(r.parcels, 'parcel')}: {ctx.money(r.label)} in labels, "
                f"{ctx.money(r.risk)} of margin at risk as {share(lost)} of late orders are cancelled"
            ),
        ),
        evidence="shipments without shipped_at",
    )


@check
def duplicate_charge(ctx: Context) -> pd.DataFrame:
    """Invoices of the last four weeks that charge again what was charged before: same shipment, type and amount.

    Credits of the same amount cancel it; a charge for something that can happen again needs as many exceptions as there are charges.
    """
    if not ctx.covered(7, "carrier_charges"):
        return nothing()
    books = ctx.books
    c = books.table("carrier_charges")
    same = ["shipment_id", "charge_type", "size"]
    c = c.filter(c.amount != 0, c.shipment_id.notnull()).mutate(size=c.amount.abs())
    bills = c.filter(c.amount > 0)
    order = ibis.window(group_by=[bills[k] for k in same], order_by=[bills.invoiced_on, bills.invoice_id, bills.charge_id])
    bills = bills.mutate(nth=ibis.row_number().over(order))
    credits = c.filter(c.amount < 0).group_by(same).aggregate(credits=lambda t: t.count())
    events = exceptions(books).select("shipment_id", "events")
    t = bills.left_join(credits, same).drop(*(f"{k}_right" for k in same)).left_join(events, "shipment_id").drop("shipment_id_right")
    caused = ibis.ifelse(t.charge_type.isin(AGAIN), ibis.greatest(t.events.fill_null(1), 1), 1)
    t = t.filter(t.nth >= caused + t.credits.fill_null(0), inside(t.invoiced_on, books.week.trailing(CLAIM_DAYS)))
    by = t.group_by("invoice_id").aggregate(
        impact=t.amount.sum(),
        charges=t.count(),
        members=t.shipment_id.group_concat("; ", order_by=t.shipment_id),
        kinds=t.charge_type.nunique(),
        kind=t.charge_type.min(),
    )
    rows = worth(ctx, by.order_by("invoice_id").to_pandas())
    return found(
        rows,
        entity=rows["invoice_id"],
        title=say(rows, lambda r: f"Invoice {r.invoice_id} charges {count(r.charges, 'item')} a second time"),
        observed=rows["charges"],
        expected=0.0,
        threshold=0.0,
        basis="the amounts charged again",
        decision="dispute_charge",
        detail=say(
            rows,
            lambda r: f"{count(r.charges, 'charge')} ({r.kind if r.kinds == 1 else 'several types'}), {ctx.money(r.impact)} to get back",
        ),
        evidence=f"carrier_charges: {CLAIM_DAYS} days",
    )
