"""The rows of W that each part of the leak ledger is the sum of: what was short, held, moved, reworked, charged, sent back."""

from __future__ import annotations

from collections.abc import Callable

import ibis

from opsreview.books import Books, beside, inside
from opsreview.facts.shipments import avoidable, shipments
from opsreview.facts.stock import dead_stock
from opsreview.facts.warehouse import labor_rates, picks
from opsreview.leaks import PARTS, disposed, empty_shelves, expedited, overstock, sayable
from opsreview.margin import by_sku, false_confidence, tickets

KEYS = "; "  # between the names that a row of the ledger goes by
Rows = Callable[[Books], ibis.Table]


def rows(books: Books, part: str) -> ibis.Table | None:
    """The rows of a part, each with `amount`, which add up to it, and `keys`, what findings may call it; None where the part is n/a.

    Creep has none: it is what all orders cost above their usual level, and its causes are shares of that.
    """
    about = next(p for p in PARTS if p.name == part)
    return _ROWS[part](books) if part in _ROWS and sayable(books, about) else None


def _stockout(books: Books) -> ibis.Table:
    t = empty_shelves(books)
    return t.mutate(amount=t.lost_margin, keys=t.sku)


def _wasted_spend(books: Books) -> ibis.Table:
    a = books.table("ad_spend")
    t = empty_shelves(books).select("sku", spend_date="day")
    return a.semi_join(t, ["sku", "spend_date"]).mutate(keys=a.sku)


def _held(units: str) -> Rows:
    def of(books: Books) -> ibis.Table:
        t = overstock(books)
        more = t.overbuy_units if units == "overbuy" else t.excess_units - t.overbuy_units
        t = t.mutate(amount=more * t.unit_cost.fill_null(0.0) * books.settings.carrying_rate / 52.0, keys=t.sku)
        return t.filter(t.amount != 0)

    return of


def _dead_stock(books: Books) -> ibis.Table:
    t = dead_stock(books)
    return t.mutate(amount=t["value"] * books.settings.carrying_rate / 52.0, keys=t.sku)


def _expedite(books: Books) -> ibis.Table:
    t = expedited(books)
    return t.mutate(amount=t.expedite_cost, keys=t.document_id + "/" + t.line_id)


def _transfers(books: Books) -> ibis.Table:
    t = books.table("inbound")
    t = t.filter(t.kind == "transfer", inside(t.ordered_on, books.week.window))
    return t.mutate(amount=t.freight_cost, keys=t.document_id + "/" + t.line_id)


def _rework(books: Books) -> ibis.Table:
    p, rates = picks(books, books.week.window), labor_rates(books, books.week.window)
    mean = (rates.cost.sum() / rates.hours.sum().nullif(0) / 60.0).as_scalar()
    t = p.filter(p.reworked).pipe(beside, rates, "location")
    per_minute = (t.cost / t.hours.nullif(0) / 60.0).fill_null(mean).fill_null(0.0)
    return t.mutate(amount=t.rework_minutes * per_minute, keys=t.location).drop("cost", "hours")


def _avoidable_charges(books: Books) -> ibis.Table:
    t = avoidable(books)
    t = t.filter(inside(t.invoiced_on, books.week.window), t.avoidable != 0)
    t = beside(t, shipments(books).select("shipment_id", "carrier", "service_key"), "shipment_id")
    keys = t.service_key.fill_null("") + KEYS + (t.carrier + "/" + t.charge_type).fill_null("")
    return t.mutate(amount=t.avoidable, keys=keys).drop("avoidable")


def _returned(column: str) -> Rows:
    def of(books: Books) -> ibis.Table:
        t = books.table("returns")
        t = t.filter(inside(t.received_at_local.date(), books.week.window))
        return t.mutate(amount=t[column], keys=t.sku + "/" + t.reason_code.fill_null(""))

    return of


def _value_lost(books: Books) -> ibis.Table:
    t = disposed(books)
    return t.mutate(amount=t.lost, keys=t.sku + "/" + t.reason.fill_null("")).drop("lost")


def _support(books: Books) -> ibis.Table:
    t = tickets(books)
    topics = [topic.lower() for topic in books.settings.returns.ticket_topics]
    t = t.filter(t.topic.lower().isin(topics), inside(t.opened_at_local.date(), books.week.window))
    return t.mutate(amount=t.money, keys=ibis.literal("")).drop("money")


def _false_confidence(books: Books) -> ibis.Table:
    target = float(books.settings.targets["contribution_margin"].ok)  # type: ignore[arg-type]
    t = by_sku(books, books.week.window).semi_join(false_confidence(books), "sku")
    return t.mutate(amount=ibis.greatest(target * t.net_revenue - t.contribution_margin, 0.0), keys=t.sku)


_ROWS: dict[str, Rows] = {
    "stockout": _stockout, "wasted_spend": _wasted_spend, "overbuy": _held("overbuy"), "excess": _held("excess"), "dead_stock": _dead_stock,
    "expedite": _expedite, "transfer_freight": _transfers, "rework": _rework, "avoidable_charges": _avoidable_charges,
    "returns_shipping": _returned("reverse_shipping_cost"), "returns_handling": _returned("handling_cost"),
    "returns_value_lost": _value_lost, "returns_support": _support, "false_confidence": _false_confidence,
}  # fmt: skip
