"""What ERP, WMS and shop say of the same shelf: how far apart they are, since when, and what should be there by what moved."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.stock import counted_days

PAIRS = (("erp", "wms"), ("shop", "wms"), ("shop", "erp"))
SHELF = ["sku", "location"]


def _apart(one: str, other: str, t: ibis.Table, limits: dict[str, float]) -> tuple[ibis.Value, ibis.Value]:
    """(gap, limit) of two systems' columns `<system>` (on hand) and `<system>_free`.

    A shop may count what is there or what is free to sell: between the two of another system's it does not differ.
    """
    a, b, limit = t[one], t[other], ibis.greatest(limits["units"], limits["share"] * ibis.greatest(t[one].abs(), t[other].abs()))
    if "shop" not in (one, other):
        return (a - b).abs(), limit
    low_a, low_b = ibis.least(t[f"{one}_free"], a), ibis.least(t[f"{other}_free"], b)
    return ibis.greatest(low_a - b, low_b - a, 0.0), limit


def _side_by_side(s: ibis.Table, *keys: str) -> ibis.Table:
    """A row a key with on hand, what is free and the day of each system."""
    return s.group_by(*keys).aggregate(**{
        name: column.max(where=s.system == system)
        for system in ("erp", "wms", "shop")
        for name, column in ((system, s.on_hand), (f"{system}_free", s.available), (f"{system}_day", s.day))
    })  # fmt: skip


@fact
def last_counts(books: Books) -> ibis.Table:
    """One row a SKU and location that two systems' last snapshots (at most a day apart) count differently: each `gap_*` beyond `limit_*`.

    `gap_erp_wms`, `gap_shop_wms`, `gap_shop_erp`: empty where the two cannot be compared, 0 where they agree within tolerance.
    """
    limits, s = books.settings.checks["erp_wms_mismatch"], counted_days(books)
    s = s.filter(inside(s.day, books.week.trailing(28)))
    s = s.mutate(nth=ibis.row_number().over(ibis.window(group_by=[s.system, s.sku, s.location], order_by=s.day.desc())))
    t = _side_by_side(s.filter(s.nth == 0), *SHELF)
    for one, other in PAIRS:
        gap, limit = _apart(one, other, t, limits)
        near = t[f"{one}_day"].delta(t[f"{other}_day"], unit="day").abs() <= 1
        beyond = ibis.ifelse(gap > limit, gap, 0.0)
        t = t.mutate(**{f"gap_{one}_{other}": ibis.ifelse(near, beyond, ibis.null("float64")), f"limit_{one}_{other}": limit})
    gaps = [t[f"gap_{one}_{other}"].fill_null(0.0) for one, other in PAIRS]
    return t.filter(ibis.greatest(*gaps) > 0)


@fact
def drift_days(books: Books) -> ibis.Table:
    """One row a pair of systems and a shelf of `last_counts`: `since` which day they differ on end, and the last day they `agreed`.

    Of the days of T91 on which both spoke; a run that fills them all began no later than `since`, and has no day agreed.
    """
    limits, s = books.settings.checks["erp_wms_mismatch"], counted_days(books)
    t = _side_by_side(s.semi_join(last_counts(books), SHELF), *SHELF, "day")
    parts = []
    for one, other in PAIRS:
        gap, limit = _apart(one, other, t, limits)
        both = t.filter(t[one].notnull(), t[other].notnull())
        parts.append(both.select(*SHELF, "day", pair=ibis.literal(f"{one}_{other}"), differs=gap > limit))
    days = ibis.union(*parts)
    agreed = days.group_by(*SHELF, "pair").aggregate(agreed=days.day.max(where=~days.differs))
    t = beside(days.filter(days.differs), agreed, *SHELF, "pair")
    run = t.filter(t.agreed.isnull() | (t.day > t.agreed))
    return run.group_by(*SHELF, "pair").aggregate(since=run.day.min(), agreed=run.agreed.max(), days=run.count())


@fact
def moved(books: Books) -> ibis.Table:
    """One row a shelf on which ERP and WMS differ now and agreed on a day of T91: `unexplained_erp`, `unexplained_wms`, in units.

    Its count now − (its count when they last agreed + received − left − moved away). What left is what was picked, of orders without picks
    what was shipped. What customers sent back is not in it, since no export says on which shelf it lies.
    """
    d, s = drift_days(books), counted_days(books)
    d = d.filter(d.pair == "erp_wms", d.agreed.notnull()).select(*SHELF, "agreed")
    s = s.filter(s.system.isin(["erp", "wms"])).join(d, SHELF)
    last = s.group_by(*SHELF, "system", "agreed").aggregate(
        closing=s.on_hand.argmax(s.day), closed=s.day.max(), opening=s.on_hand.max(where=s.day == s.agreed)
    )
    i, p, sent = books.table("inbound"), books.table("picks"), books.table("shipments")
    came = i.filter(i.stocked_at.notnull()).select(
        *SHELF, day=i.stocked_at_local.date(), units=i.quantity_received.fill_null(i.quantity_ordered)
    )
    away = i.filter(i.kind == "transfer", i.source_location.notnull())
    away = away.select(
        "sku", location="source_location", day=away.asn_at_local.date().fill_null(away.ordered_on), units=-away.quantity_ordered
    )
    picked = p.select(*SHELF, day=p.picked_at_local.date(), units=-p.quantity)
    first = sent.filter(sent.shipped_at.notnull()).anti_join(p, "order_id")
    first = first.group_by("order_id").aggregate(location=first.location.min(), day=first.shipped_at_local.date().min())
    lines = books.table("order_lines")
    shipped = lines.join(first, "order_id").select(
        "sku", "location", "day", units=-ibis.greatest(lines.quantity - lines.cancelled_quantity.fill_null(0.0), 0.0)
    )
    moves = ibis.union(came, away, picked, shipped).join(last, SHELF)
    moves = moves.filter(moves.day > moves.agreed, moves.day <= moves.closed)
    by = moves.group_by(*SHELF, "system").aggregate(moved=moves.units.sum())
    t = beside(last, by, *SHELF, "system")
    t = t.mutate(unexplained=t.closing - t.opening - t.moved.fill_null(0.0))
    return t.group_by(*SHELF).aggregate(
        unexplained_erp=t.unexplained.max(where=t.system == "erp"), unexplained_wms=t.unexplained.max(where=t.system == "wms")
    )
