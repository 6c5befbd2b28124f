"""Where every cost comes from: a document, a rate, an estimate, a rule; or nowhere. Component by component, line by line.

measured    a document says so: a carrier's invoice, the order's own fee, a ticket, minutes of rework
contracted  a rate says so: a price list, a label's price, the settings
accrued     reckoned from history until the document comes
allocated   a rule gave this row its share: of the hours of a warehouse, or of a document that other rows stand on too
missing     nobody says; it counts as 0 (a line without unit cost is in no margin)

Whether a document is shared depends on who asks: an invoice for a parcel of two SKUs is measured for the order, allocated for the SKUs.
"""

from __future__ import annotations

import ibis
import pandas as pd

from opsreview.books import Books
from opsreview.catalog import TILT
from opsreview.facts.warehouse import weeks_worked
from opsreview.margin import COMPONENTS, MARGIN, costed_lines, margins, pick_pack_rates, reserve_rates
from opsreview.weeks import Window

KINDS = ("measured", "contracted", "accrued", "allocated")
# What stands behind a margin, one part of a cost each: (component, kind, whether a document or rate of the whole order).
_PARTS = {
    "packaging_rate": ("packaging", "contracted", False),
    "shipping_invoice": ("shipping", "measured", True),
    "shipping_label": ("shipping", "contracted", True),
    "shipping_accrued": ("shipping", "accrued", False),
    "rework": ("pick_pack", "measured", False),
    "pick_pack_pool": ("pick_pack", "allocated", False),
    "pick_pack_rate": ("pick_pack", "contracted", False),
    "pick_pack_accrued": ("pick_pack", "accrued", False),
    "payment_fee_part": ("payment", "measured", True),
    "payment_rate_part": ("payment", "contracted", False),
    "payment_fixed_part": ("payment", "contracted", True),
    "channel_fee_part": ("channel_fees", "measured", True),
    "channel_rate_part": ("channel_fees", "contracted", False),
    "tickets": ("support", "measured", True),
    "support_accrued": ("support", "accrued", False),
    "returns_rate": ("returns_reserve", "accrued", False),
}


def provenance(books: Books, window: Window) -> ibis.Table:
    """One row a line sold in the window: `order_margin`, and each component's `_kind`; measured, contracted, accrued, allocated money.

    `of_order_…`: what of it stands on the whole order; `alone_line`, `alone_sku`, `alone_family`: whether nobody else shares that order.
    `missing`: components that nobody says. A kind is that of the larger part of a component's money. A query and no fact: whoever asks
    reads few of its columns.
    """
    t = _parts(books, window)
    kinds = {f"{component}_kind": _kind(t, component) for component in COMPONENTS}
    money = {f"{scope}{kind}": _sum(t, kind, whole) for scope, whole in (("", False), ("of_order_", True)) for kind in KINDS[:2]}
    t = t.mutate(**kinds, **money, allocated=_sum(t, "allocated", False), cost_of_goods_kind=ibis.ifelse(t.costed, "contracted", "missing"))
    gone = [(t[f"{c}_kind"] == "missing").cast("int64") for c in ("cost_of_goods", *COMPONENTS)]
    return t.mutate(missing=sum(gone[1:], gone[0])).select(
        *MARGIN, "alone_line", "alone_sku", "alone_family", *kinds, *money, "allocated", "cost_of_goods_kind", "missing"
    )


_OWN = ("payment", "channel_fees")  # components that an order may name itself
_GONE = tuple(f"{c}_unknown" for c in ("packaging", "shipping", "support", "returns_reserve"))


def _parts(books: Books, window: Window) -> ibis.Table:
    """One row a line: the money of every one of _PARTS, and whether a component is unknown."""
    costs = books.settings.costs
    t = margins(costed_lines(books, window))
    none, no = t.units * 0.0, ibis.literal(False)
    rest = t.pick_pack - t.rework - t.pick_pack_accrued
    pooled = _is_pooled(books, window)
    fee, own = t.payment_own, t.channel_fees_own
    return t.mutate(
        packaging_rate=t.units * t.packaging_cost.fill_null(0.0),
        packaging_unknown=t.packaging_cost.isnull(),
        shipping_invoice=ibis.ifelse(t.shipping_provenance == "invoiced", t.shipping, 0.0),
        shipping_label=ibis.ifelse(t.shipping_provenance == "label", t.shipping, 0.0),
        shipping_unknown=t.unpriced.fill_null(False),
        pick_pack_pool=ibis.ifelse(pooled, rest, 0.0),
        pick_pack_rate=ibis.ifelse(pooled, 0.0, rest),
        payment_fee_part=ibis.ifelse(fee, t.payment, 0.0),
        payment_rate_part=ibis.ifelse(fee, 0.0, costs.payment_rate * t.net_revenue),
        payment_fixed_part=ibis.ifelse(fee, 0.0, costs.payment_fixed * t.by_net),
        channel_fee_part=ibis.ifelse(own, t.channel_fees, 0.0),
        channel_rate_part=ibis.ifelse(own, 0.0, t.channel_fees),
        tickets=t.support - t.support_accrued,
        support_accrued=t.support_accrued + none,
        support_unknown=no if books.ever("support_tickets") else ~no,
        returns_reserve_unknown=_no_cohort(books),
    )


def _is_pooled(books: Books, window: Window) -> ibis.Value:
    """Whether pick and pack is hours shared out; else it is the rate of the settings."""
    if not weeks_worked(books, window):
        return ibis.literal(False)
    rates = pick_pack_rates(books, window)
    return rates.filter(rates.location.isnull()).per_line.max().as_scalar().notnull()


def _no_cohort(books: Books) -> ibis.Value:
    """Whether there is no history of returns to reserve by."""
    if not books.ever("returns"):
        return ibis.literal(True)
    return reserve_rates(books).count().as_scalar() == 0


def _amount(t: ibis.Table, part: str) -> ibis.Value:
    return (t.returns_reserve if part == "returns_rate" else t[part]).cast("float64")


def _sum(t: ibis.Table, kind: str, whole: bool) -> ibis.Value:
    """Money of a kind a line: its own, or what stands on the whole order."""
    own = [_amount(t, part) for part, (_, of, order) in _PARTS.items() if of == kind and order == whole]
    return sum(own[1:], own[0])


def _kind(t: ibis.Table, component: str) -> ibis.Value:
    """The kind of the larger part of a component's money; of equal parts the surer one. What stands on a shared order is allocated."""
    mine = {part: (of, order) for part, (c, of, order) in _PARTS.items() if c == component}
    kinds = []
    for kind in KINDS:
        own = [_amount(t, p) for p, (of, order) in mine.items() if of == kind and not order]
        shared = [_amount(t, p) for p, (of, order) in mine.items() if order and kind in (of, "allocated")]
        shared = [ibis.ifelse(t.alone_line == (kind != "allocated"), amount, 0.0) for amount in shared]
        if own or shared:
            parts = own + shared
            kinds.append((kind, sum(parts[1:], parts[0]).abs()))
    surest = kinds[0][0]
    if len(kinds) > 1:
        most = ibis.greatest(*(money for _, money in kinds))
        of_nothing = ibis.ifelse(t[f"{component}_own"], "measured", "contracted") if component in _OWN else surest
        known = ibis.cases((most == 0, of_nothing), *((money >= most, kind) for kind, money in kinds), else_=surest)
    else:
        known = ibis.literal(surest)
    unknown = f"{component}_unknown"
    return ibis.ifelse(t[unknown] & (t[component] == 0), "missing", known) if unknown in _GONE else known


def money_by_kind(t: ibis.Table, grain: str) -> dict[str, ibis.Value]:
    """Sums for a group of costed lines: money of each kind as that grain sees it, and net revenue of lines with a missing component.

    `grain`: line, sku, family; channel, order or all share no order with another.
    """
    alone = t[f"alone_{grain}"] if grain in ("line", "sku", "family") else ibis.literal(True)
    shared = ibis.ifelse(alone, 0.0, t.of_order_measured + t.of_order_contracted)
    return {
        "measured": (t.measured + ibis.ifelse(alone, t.of_order_measured, 0.0)).sum(),
        "contracted": (t.contracted + ibis.ifelse(alone, t.of_order_contracted, 0.0)).sum(),
        "accrued": t.accrued.sum(),
        "allocated": (t.allocated + shared).sum(),
        "missing": ibis.ifelse(t.missing > 0, t.net_revenue, 0.0).sum(),
    }


def of_lines(t: ibis.Table) -> ibis.Table:
    """The lines with measured, contracted, accrued and allocated as the line itself sees them: what order_margin.parquet holds."""
    shared = ibis.ifelse(t.alone_line, 0.0, t.of_order_measured + t.of_order_contracted)
    return t.mutate(
        measured=t.measured + ibis.ifelse(t.alone_line, t.of_order_measured, 0.0),
        contracted=t.contracted + ibis.ifelse(t.alone_line, t.of_order_contracted, 0.0),
        allocated=t.allocated + shared,
    )


def sign_depends(contribution: pd.Series, allocated: pd.Series) -> pd.Series:
    """Whether ±25 % on what was allocated turns a contribution margin over."""
    return contribution.abs() < TILT * allocated.abs()
