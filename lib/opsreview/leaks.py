"""What each of five leaks cost in W, part by part, as one week's exports say it. A cost stands in one leak only.

What needs the weeks before (creep, actionable, baselines) is added in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.carriage import BANDS
from opsreview.facts.orders import sales_days
from opsreview.facts.plan import plan_and_sales
from opsreview.facts.returns import returns
from opsreview.facts.shipments import PLAIN_CHARGES, avoidable, first_shipment, order_shipping, shipments
from opsreview.facts.stock import dead_stock, demand, excess, shelf_days, unseen_stock
from opsreview.facts.warehouse import labor_rates, picks
from opsreview.margin import by_sku, false_confidence, lines, order_margin, tickets

CELL = ["zone", "band"]  # what creep is held to this week's mix of
FINER = ["kg", "service"]  # what divides a cell further, to tell what creep comes from
_CELL_SUMS = ("orders", "cost", "pick_pack", "surcharges")


@dataclass(frozen=True)
class Part:
    """A part of the ledger: which leak, what exports it stands on over which trailing days, paid or estimated, the rows that make it."""

    leak: str
    name: str
    needs: tuple[tuple[str, int], ...]
    estimate: bool
    evidence: str
    rows: Callable[[Books], ibis.Table] | None = None  # what it is the sum of; creep has none: it is what all orders cost too much


_STOCK = (("inventory", 28), ("orders", 28), ("order_lines", 28), ("products.unit_cost", 7))


@fact
def empty_shelves(books: Books) -> ibis.Table:
    """One row a SKU and day of W on which no location had it at its last snapshot: d, units sold that day, margin lost a unit."""
    s = shelf_days(books)
    out = s.group_by("sku", "family", "day").aggregate(available=s.available.max()).filter(lambda t: t.available <= 0)
    out = out.anti_join(unseen_stock(books), ["sku", "day"])
    d, sold = demand(books), sales_days(books)
    per_unit = unit_margins(books)
    t = out.pipe(beside, d, "sku").pipe(beside, sold, "sku", "day")
    t = t.pipe(beside, per_unit.filter(per_unit.sku.notnull()).select("sku", of_sku="per_unit"), "sku")
    t = t.pipe(beside, per_unit.filter(per_unit.sku.isnull()).select("family", of_family="per_unit"), "family")
    lost = ibis.greatest(t.d.fill_null(0.0) - t.units.fill_null(0.0), 0.0)
    per = ibis.greatest(t.of_sku.fill_null(t.of_family).fill_null(0.0), 0.0)
    return t.select("sku", "family", "day", lost_units=lost, lost_margin=lost * per)


@fact
def unit_margins(books: Books) -> ibis.Table:
    """One row a SKU, and one a family (no SKU), with costed units sold in T28: contribution margin `per_unit`."""
    t = by_sku(books, books.week.trailing(28))
    of_sku = t.filter(t.units > 0).select("sku", "family", per_unit=lambda t: t.contribution_margin / t.units)
    f = t.group_by("family").aggregate(units=t.units.sum(), money=t.contribution_margin.sum())
    of_family = f.filter(f.units > 0).select("family", sku=ibis.null("string"), per_unit=lambda t: t.money / t.units)
    return of_sku.union(of_family.select("sku", "family", "per_unit"))


def _rows(t: ibis.Table, amount: ibis.Value, keys: ibis.Value, units: ibis.Value | int = 1) -> ibis.Table:
    """The rows that a part is the sum of: `amount`, `units`, and `keys`, what findings may call it (`; ` between several)."""
    return t.mutate(amount=amount, units=units, keys=keys)


def _stockout(books: Books) -> ibis.Table:
    t = empty_shelves(books)
    return _rows(t, t.lost_margin, t.sku, t.lost_units)


def _wasted_spend(books: Books) -> ibis.Table:
    t = books.table("ad_spend").semi_join(empty_shelves(books).select("sku", spend_date="day"), ["sku", "spend_date"])
    return _rows(t, t.amount, t.sku)


@fact
def overstock(books: Books) -> ibis.Table:
    """One row a SKU with more than enough stock: excess units, of them `overbuy_units` that the plan of T30 asked for and nobody bought."""
    e = excess(books)
    e = e.filter(e.excess_units > 0)
    if not (books.ever("demand_plan") and books.has("orders", books.week.trailing(30)) and books.began(books.week.trailing(30))):
        return e.mutate(overbuy_units=ibis.literal(0.0))
    p = plan_and_sales(books, 30).select("sku", over=lambda t: ibis.greatest(t.planned - t.actual, 0.0))
    t = e.pipe(beside, p, "sku")
    return t.mutate(overbuy_units=ibis.least(t.over.fill_null(0.0), t.excess_units)).drop("over")  # the same columns in either case


def _held(t: ibis.Table, books: Books, units: ibis.Value) -> ibis.Table:
    weekly = t.unit_cost.fill_null(0.0) * books.settings.carrying_rate / 52.0
    return _rows(t, units * weekly, t.sku, units).filter(lambda t: t.units > 0)


def _overbuy(books: Books) -> ibis.Table:
    t = overstock(books)
    return _held(t, books, t.overbuy_units)


def _excess(books: Books) -> ibis.Table:
    t = overstock(books)
    return _held(t, books, t.excess_units - t.overbuy_units)


def _dead_stock(books: Books) -> ibis.Table:
    t = dead_stock(books)
    return _rows(t, t["value"] * books.settings.carrying_rate / 52.0, t.sku, t.on_hand)


@fact
def expedited(books: Books) -> ibis.Table:
    """One row an inbound line whose expedite cost belongs to W: expedited in it or, with no date, first known by its folder."""
    t, every = books.table("inbound"), books.known.exports.rows("inbound")
    t = t.filter(t.expedite_cost.fill_null(0.0) != 0)
    priced = every.filter(every.expedite_cost.fill_null(0.0) != 0, every.week <= books.week.monday)
    first = priced.group_by("document_id", "line_id").aggregate(first_week=priced.week.min())
    t = t.pipe(beside, first, "document_id", "line_id")
    dated = inside(t.expedited_on, books.week.window)
    return t.filter(ibis.ifelse(t.expedited_on.notnull(), dated, t.first_week == books.week.monday))


def _expedite(books: Books) -> ibis.Table:
    t = expedited(books)
    return _rows(t, t.expedite_cost, t.document_id + "/" + t.line_id)


def _transfer_freight(books: Books) -> ibis.Table:
    t = books.table("inbound")
    t = t.filter(t.kind == "transfer", inside(t.ordered_on, books.week.window))
    return _rows(t, t.freight_cost, t.document_id + "/" + t.line_id)


def _rework(books: Books) -> ibis.Table:
    p, rates = picks(books, books.week.window), labor_rates(books, books.week.window)
    mean = (rates.cost.sum() / rates.hours.sum().nullif(0) / 60.0).as_scalar()
    t = p.filter(p.reworked).pipe(beside, rates, "location")
    per_minute = (t.cost / t.hours.nullif(0) / 60.0).fill_null(mean).fill_null(0.0)
    return _rows(t, t.rework_minutes * per_minute, t.location).drop("cost", "hours")


def _avoidable_charges(books: Books) -> ibis.Table:
    t = avoidable(books)
    t = t.filter(inside(t.invoiced_on, books.week.window), t.avoidable != 0)
    t = beside(t, shipments(books).select("shipment_id", "carrier", "service_key"), "shipment_id")
    keys = t.service_key.fill_null("") + "; " + (t.carrier + "/" + t.charge_type).fill_null("")
    return _rows(t, t.avoidable, keys).drop("avoidable")


def _returned(books: Books, cost: str) -> ibis.Table:
    t = books.table("returns")
    t = t.filter(inside(t.received_at_local.date(), books.week.window))
    return _rows(t, t[cost], t.sku + "/" + t.reason_code.fill_null(""), t.quantity)


def _returns_shipping(books: Books) -> ibis.Table:
    return _returned(books, "reverse_shipping_cost")


def _returns_handling(books: Books) -> ibis.Table:
    return _returned(books, "handling_cost")


@fact
def disposed(books: Books) -> ibis.Table:
    """One row a return finally disposed of in W: `lost`, what its goods were worth at cost less what came back."""

    t = returns(books).filter(lambda t: t.final)
    when = t.disposed_at_local.fill_null(t.received_at_local).date()
    t = t.filter(inside(when, books.week.window))
    return t.mutate(lost=ibis.greatest(t.quantity * t.unit_cost.fill_null(0.0) - t.value_back, 0.0))


def _returns_value_lost(books: Books) -> ibis.Table:
    t = disposed(books)
    return _rows(t, t.lost, t.sku + "/" + t.reason.fill_null(""), t.quantity).drop("lost")


def _returns_support(books: Books) -> ibis.Table:
    t, topics = tickets(books), [topic.lower() for topic in books.settings.returns.ticket_topics]
    t = t.filter(t.topic.lower().isin(topics), inside(t.opened_at_local.date(), books.week.window))
    return _rows(t, t.money, ibis.literal("")).drop("money")


def _false_confidence(books: Books) -> ibis.Table:
    target = float(books.settings.targets["contribution_margin"].ok)  # type: ignore[arg-type]
    t = by_sku(books, books.week.window).semi_join(false_confidence(books), "sku")
    return _rows(t, ibis.greatest(target * t.net_revenue - t.contribution_margin, 0.0), t.sku, t.units)


PARTS: tuple[Part, ...] = (
    Part("1", "stockout", _STOCK, True, "demand unmet on SKU-days without stock × contribution margin a unit", _stockout),
    Part("1", "wasted_spend", (*_STOCK[:3], ("ad_spend", 7)), False, "ad spend on SKUs on days they could not be bought", _wasted_spend),
    Part("1", "overbuy", (*_STOCK[:1], ("orders", 30), ("order_lines", 30), ("demand_plan", 30), ("products.unit_cost", 7)), True,
         "units over plan that became excess × unit cost × carrying rate / 52", _overbuy),
    Part("2", "excess", _STOCK, True, "other excess units × unit cost × carrying rate / 52", _excess),
    Part("2", "dead_stock", (("inventory", 7), ("orders", 91), ("order_lines", 91), ("products.unit_cost", 7)), True,
         "dead stock at cost × carrying rate / 52", _dead_stock),
    Part("2", "expedite", (("inbound.expedite_cost", 7),), False, "expedite cost of inbound lines of the week", _expedite),
    Part("2", "transfer_freight", (("inbound.freight_cost", 7),), False, "freight of transfers ordered in the week", _transfer_freight),
    Part("3", "rework", (("picks.rework_minutes", 7), ("labor", 7)), False, "rework minutes × labor rate", _rework),
    Part("3", "avoidable_charges", (("carrier_charges", 7),), False,
         "carrier charges of avoidable types invoiced in the week", _avoidable_charges),
    Part("3", "creep", (("orders", 7), ("order_lines", 7), ("shipments", 7), ("labor", 7), ("picks", 7)), True,
         "fulfillment cost per order above its 13-week median at this week's mix × orders"),
    Part("4", "returns_shipping", (("returns.reverse_shipping_cost", 7),), False,
         "reverse shipping of returns received in the week", _returns_shipping),
    Part("4", "returns_handling", (("returns.handling_cost", 7),), False, "handling of returns received in the week", _returns_handling),
    Part("4", "returns_value_lost", (("returns.disposition", 7), ("products.unit_cost", 7)), False,
         "cost of goods less value recovered, of returns disposed of in the week", _returns_value_lost),
    Part("4", "returns_support", (("support_tickets", 7),), False, "tickets about returns opened in the week", _returns_support),
    Part("5", "false_confidence", (("orders", 28), ("order_lines", 28), ("products.unit_cost", 7)), True,
         "shortfall to the target margin of SKUs that look healthy and are not", _false_confidence),
)  # fmt: skip


def sayable(books: Books, part: Part) -> bool:
    """Whether the exports a part stands on came in every week of its window."""
    return all(books.began(w) and books.has(need, w) for need, w in ((n, books.week.trailing(d)) for n, d in part.needs))


def rows(books: Books, part: Part) -> ibis.Table | None:
    """The rows that a part is the sum of, each with `amount`, `units` and `keys`; None where the part is n/a or, as creep, has none."""
    return part.rows(books) if part.rows and sayable(books, part) else None


def _sums(t: ibis.Table) -> ibis.Table:
    return t.aggregate(amount=t.amount.sum(), units=t.units.sum())


def measured(books: Books) -> pd.DataFrame:
    """A row a part that this week's exports say: leak, part, amount (empty: n/a), units."""
    out = []
    for part in PARTS:
        amount, units = None, None
        if part.rows and sayable(books, part):
            row = books.frame(("leak", part.name), lambda part=part: _sums(part.rows(books))).iloc[0].fillna(0.0)
            amount, units = float(row["amount"]), float(row["units"])
        out.append({"leak": part.leak, "part": part.name, "amount": amount, "units": units})
    return pd.DataFrame(out).astype({"amount": float, "units": float})


def cells(books: Books) -> pd.DataFrame:
    """Fulfillment cost of the orders of W by CELL and FINER: orders, cost, of it pick_pack, surcharges.

    CELL: zone of the first shipment, billed weight band. kg: the band of the declared weight (units × billable weight). service: that of
    the first shipment. Both are empty for orders that were not sent yet. surcharges: charges beyond base and fuel that are not avoidable.
    """
    part = next(p for p in PARTS if p.name == "creep")
    if not sayable(books, part):
        return pd.DataFrame({c: pd.Series(dtype=str) for c in (*CELL, *FINER)} | {c: pd.Series(dtype=float) for c in _CELL_SUMS})
    return books.frame("creep cells", lambda: _cells(books))


def _cells(books: Books) -> ibis.Table:
    m = order_margin(books, books.week.window)
    handled = m.pick_pack - m.rework
    by = m.group_by("order_id").aggregate(cost=(m.shipping + handled).sum(), pick_pack=handled.sum())
    c = avoidable(books)
    beyond = c.avoidable.sum(where=~c.charge_type.isin(PLAIN_CHARGES)).fill_null(0.0)
    avoided = c.group_by("order_id").aggregate(avoidable=c.avoidable.sum(), avoidable_beyond=beyond)
    s = lines(books, books.week.window)
    weighed = s.group_by("order_id").aggregate(kg=(s.units * s.billable_kg).sum(), unweighed=s.billable_kg.isnull().any())
    sent = first_shipment(books).select("order_id", "zone", "billed_kg", "service_key", sent=ibis.literal(True))
    surcharges = order_shipping(books).select("order_id", "surcharges")
    t = by
    for more in (sent, surcharges, avoided, weighed):
        t = beside(t, more, "order_id")
    gone = t.sent.fill_null(False)
    t = t.mutate(
        zone=t.zone.fill_null("unknown"),
        band=_band(t.billed_kg),
        kg=ibis.ifelse(gone, _band(ibis.ifelse(t.unweighed, ibis.null("float64"), t.kg)), ""),
        service=ibis.ifelse(gone, t.service_key.fill_null("unknown"), ""),
        cost=t.cost - t.avoidable.fill_null(0.0),
        surcharges=t.surcharges.fill_null(0.0) - t.avoidable_beyond.fill_null(0.0),
    )
    sums = {"orders": t.count().cast("float64"), **{c: t[c].sum() for c in _CELL_SUMS[1:]}}
    return t.group_by(*CELL, *FINER).aggregate(**sums).order_by(*CELL, *FINER)


def _band(kg: ibis.Value) -> ibis.Value:
    return ibis.cases(*((kg <= b, f"{b:g}") for b in BANDS), (kg.notnull(), "over"), else_="unknown")
