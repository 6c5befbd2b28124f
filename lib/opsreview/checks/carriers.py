"""Carriers: trouble on the way, parcels with a label that never left, charges billed twice."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.stakes import an_order, mishap_means, price_of
from opsreview.facts.parcels import CLAIM_DAYS
from opsreview.facts.shipments import exceptions, handed_over, shipments
from opsreview.formats import count, number, share
from opsreview.margin import order_margin
from opsreview.statistics import wilson

AGAIN = ("redelivery", "address_correction")  # may happen as often as something went wrong


def troubled(ctx: Context) -> pd.DataFrame:
    """A row a service (`key`) with a finding: its exception rate (`value`), `usual`, how many are `extra`, what `each` costs, impact."""
    rows = ctx.measured("carrier_exception_rate", "service", ctx.threshold("carrier_exceptions", "shipments"))
    if rows.empty:
        return rows.assign(impact=[])
    books, times = ctx.books, ctx.threshold("carrier_exceptions", "times")
    of = ctx.card[(ctx.card["kpi"] == "carrier_exception_rate") & ctx.card["grain"].isin(["carrier", "all"])]
    of = of.set_index("key")[["numerator", "denominator"]]
    carriers = services(books).to_pandas().set_index("service_key")["carrier"].reindex(rows["key"])
    rest = of.loc[""] - of.reindex(carriers).set_index(rows.index)
    others = rest["numerator"] / rest["denominator"].replace(0, np.nan)
    rows["sure"] = [wilson(r.numerator, r.denominator, ctx.threshold("carrier_exceptions", "confidence"))[0] for r in rows.itertuples()]
    worse, twice = rows["value"] > rows["upper"], rows["sure"] > times * others
    rows["limit"] = rows["upper"].where(worse, times * others)
    rows["usual"] = np.fmin(rows["centre"], others)
    rows = rows[worse | twice].copy()
    rows["extra"] = (rows["numerator"] - rows["usual"] * rows["denominator"]).clip(lower=0)
    rows["each"] = price_of(books, "exception", "tickets", "refunds", "charges") if len(rows) else 0.0
    rows["impact"] = rows["extra"] * rows["each"]
    return worth(ctx, rows, rows["value"] / rows["limit"])


@check
def carrier_exceptions(ctx: Context) -> pd.DataFrame:
    """Services with more trouble on the way than they used to have, or than twice the other carriers'."""
    rows = troubled(ctx)
    if rows.empty:
        return nothing()
    why = rows_of(exception_reasons(ctx.books), "service", "rank")
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
                f"{number(r.extra)} of {number(r.numerator)} exceptions above the usual, {ctx.money(r.each)} each; most: "
                + ", ".join(f"{w.reason} {w.shipments}" for w in why[why["service"] == r.key].head(3).itertuples())
            ),
        ),
        evidence="carrier_events of the week's shipments",
    )


@fact
def services(books: Books) -> ibis.Table:
    """One row a service that carried something in W: its carrier."""
    return handed_over(books).select("service_key", "carrier").distinct()


@fact
def exception_reasons(books: Books) -> ibis.Table:
    """One row a service and reason of W's exceptions: shipments, `rank` 0 where most."""
    t = handed_over(books).filter(lambda t: t.exception)
    by = t.group_by("carrier", service=t.service_key, reason=t.reason.fill_null("(unknown)")).aggregate(shipments=t.count())
    falling = ibis.window(group_by=by.service, order_by=[by.shipments.desc(), by.reason])
    return by.mutate(rank=ibis.row_number().over(falling))


@fact
def left_behind(books: Books) -> ibis.Table:
    """One row a shipment with an old label that never left: label_cost, the `margin` of its order, and whether that has left otherwise."""
    hours, s = books.settings.checks["label_not_shipped"]["hours"], shipments(books)
    old = ibis.literal(books.as_of).cast("timestamp").delta(s.label_created_at, unit="second") > hours * 3600
    left = s.filter(old, s.shipped_at.isnull(), s.delivered_at.isnull()).select("shipment_id", "order_id", "location", "label_cost")
    gone = s.filter(s.shipped_at.notnull()).select("order_id").distinct().mutate(gone=True)
    m = order_margin(books, books.week.trailing(28))
    return beside(beside(left, m.group_by("order_id").aggregate(margin=m.contribution_margin.sum()), "order_id"), gone, "order_id")


@check
def label_not_shipped(ctx: Context) -> pd.DataFrame:
    """Parcels with a label older than two days that never left, by location."""
    if not ctx.covered(7, "shipments", "shipments.shipped_at"):
        return nothing()
    books, hours = ctx.books, ctx.threshold("label_not_shipped", "hours")
    rows = rows_of(left_behind(books), "location", "shipment_id")
    if rows.empty:
        return nothing()
    lost = mishap_means(books, "late").to_pandas().set_index("flaw")["cancelled"].get(True, 0.0)
    # Of an order that has left in another parcel only the label is lost.
    first = ~rows["order_id"].duplicated() & rows["gone"].isna()
    rows["risk"] = (rows["margin"].fillna(an_order(books, "margin")).clip(lower=0) * lost).where(first, 0.0)
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
        period="once",
    )


@fact
def charged_again(books: Books) -> ibis.Table:
    """One row an invoice of the last four weeks that charges again what was charged before: the amount (`impact`), charges, shipments.

    Credits of the same amount cancel it; a charge for something that can happen again needs as many exceptions as there are charges.
    """
    c = books.table("carrier_charges")
    same = ["shipment_id", "charge_type", "size"]
    c = c.filter(c.amount != 0, c.shipment_id.notnull()).mutate(size=c.amount.abs())
    bills = c.filter(c.amount > 0)
    order = ibis.window(group_by=[bills[k] for k in same], order_by=[bills.invoiced_on, bills.invoice_id, bills.charge_id])
    bills = bills.mutate(nth=ibis.row_number().over(order))
    credits = c.filter(c.amount < 0).group_by(same).aggregate(credits=lambda t: t.count())
    events = exceptions(books).select("shipment_id", "events")
    t = beside(beside(bills, credits, *same), events, "shipment_id")
    caused = ibis.ifelse(t.charge_type.isin(AGAIN), ibis.greatest(t.events.fill_null(1), 1), 1)
    t = t.filter(t.nth >= caused + t.credits.fill_null(0), inside(t.invoiced_on, books.week.trailing(CLAIM_DAYS)))
    return t.group_by("invoice_id").aggregate(
        impact=t.amount.sum(),
        charges=t.count(),
        members=t.shipment_id.group_concat("; ", order_by=t.shipment_id),
        kinds=t.charge_type.nunique(),
        kind=t.charge_type.min(),
    )


@check
def duplicate_charge(ctx: Context) -> pd.DataFrame:
    """Invoices of the last four weeks that charge again what was charged before: same shipment, type and amount."""
    if not ctx.covered(7, "carrier_charges"):
        return nothing()
    rows = worth(ctx, rows_of(charged_again(ctx.books), "invoice_id"))
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
        period="once",
    )
