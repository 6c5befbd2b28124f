"""What is still to come: development of carrier charges, returns and tickets, and how often past ranges held (docs/margin.md)."""

from __future__ import annotations

from collections import defaultdict
from math import sqrt

from opsreview.weeks import Week
from scipy.stats import t as student

from .margin import revenue, ticket_cost, value_back
from .read import Known, Row, once
from .sales import family, orders, product

AGES = {"carrier": 8, "returns": 10, "support": 10}
FINAL = ("restock", "refurbish", "liquidate", "write_off")


def apart(later: Week, earlier: Week) -> int:
    return (later.monday - earlier.monday).days // 7


@once
def cohorts(known: Known) -> tuple[dict, dict]:
    """(kind, key) -> cohort (week) -> age -> amount that came; and -> cohort -> exposure."""
    came: dict = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
    exposure: dict = defaultdict(lambda: defaultdict(float))
    first: dict = {}
    for c in known.versions["carrier_charges"]:
        first.setdefault((c.invoice_id, c.charge_id), c.week)
    for r in known.versions["returns"]:
        if r.disposition in FINAL:
            first.setdefault((r.return_id, r.line_no), r.week)
    placed = {o.order_id for o in orders(known).values() if not o.cancelled}
    sent = {s.shipment_id: s for s in known["shipments"] if s.shipped_at is not None and s.order_id in placed}
    for c in known["carrier_charges"]:
        if c.shipment_id in sent:
            s = sent[c.shipment_id]
            week = max(Week.of(c.invoiced_on), first[c.invoice_id, c.charge_id])
            cohort = Week.of(s.shipped_at_local.date())
            came["carrier", s.carrier][cohort][max(0, apart(week, cohort))] += c.amount
    labels, counts = defaultdict(lambda: defaultdict(float)), defaultdict(lambda: defaultdict(float))
    for s in sent.values():
        cohort = Week.of(s.shipped_at_local.date())
        labels[s.carrier][cohort] += s.label_cost or 0
        counts[s.carrier][cohort] += 1
    for carrier in labels:
        given = labels if min(labels[carrier].values()) > 0 else counts
        exposure["carrier", carrier] = given[carrier]
    for r in known["returns"]:
        if r.disposition in FINAL and r.order_id in placed and product(known, r.sku).unit_cost is not None:
            on = (r.disposed_at_local or r.received_at_local or r.requested_at_local).date()
            week, cohort = max(Week.of(on), first[r.return_id, r.line_no]), Week.of(orders(known)[r.order_id].day)
            refund = (r.refund_amount or 0) * orders(known)[r.order_id].rate
            cost = refund + (r.reverse_shipping_cost or 0) + (r.handling_cost or 0) - value_back(known, r)
            came["returns", family(known, r.sku)][cohort][max(0, apart(week, cohort))] += cost
    for t in known.versions["support_tickets"]:
        first.setdefault(t.ticket_id, t.week)
    for t in known["support_tickets"]:
        if t.order_id in placed:
            week, cohort = max(Week.of(t.opened_at_local.date()), first[t.ticket_id]), Week.of(orders(known)[t.order_id].day)
            own = [(x.units, product(known, x.sku).unit_cost is not None) for x in revenue(known).get(t.order_id, [])]
            by = own if sum(u for u, _ in own) else [(1, costed) for _, costed in own]
            part = sum(u for u, costed in by if costed) / sum(u for u, _ in by) if by else 0.0
            came["support", orders(known)[t.order_id].channel][cohort][max(0, apart(week, cohort))] += ticket_cost(known, t) * part
    return came, exposure


def said(came: dict, exposure: dict, cohort: Week, at: Week, ages: int) -> Row:
    """What is expected of a cohort from what had come by the end of a week."""
    first = min(exposure)
    weeks = [first + i for i in range(apart(at, first) + 1)]
    got = {w: [came[w][a] if w + a <= at else None for a in range(ages)] for w in weeks}
    recent = weeks[-13:]
    steps = []
    for a in range(ages):
        there = [w for w in recent if got[w][a] is not None]
        base = sum(exposure.get(w, 0.0) for w in there)
        steps.append(sum(got[w][a] for w in there) / base if base > 0 else 0.0)
    rate, age = sum(steps), apart(at, cohort)
    p = sum(steps[: age + 1]) / rate if rate else 1.0

    def finals(w: Week) -> list[float]:
        c, e = sum(got[w][: age + 1]), exposure.get(w, 0.0)
        return [c + (1 - p) * (c + (1 - p) * rate * e), c + (1 - p) * rate * e, max(c, rate * e)]

    row = Row(known=sum(got[cohort][: age + 1]), expected=finals(cohort)[0], low=None, high=None)
    done = [w for w in weeks if w + ages - 1 <= at and exposure.get(w, 0.0) > 0]
    if len(done) >= 4:
        squares = [sum(((sum(got[w]) - finals(w)[way]) / exposure[w]) ** 2 for w in done) for way in range(3)]
        best = squares.index(min(squares))
        row.expected = finals(cohort)[best]
        reach = student.ppf(0.9, len(done) - 1) * sqrt(squares[best] / len(done) * (1 + 1 / len(done))) * exposure.get(cohort, 0.0)
        row.low, row.high = row.expected - reach, row.expected + reach
    return row


def late(known: Known, kind: str, key: str, exposure: dict | None = None) -> list[Row]:
    """Young cohorts of W, and what would have been said of the last twelve finished ones at ages of 0 to 3 weeks."""
    came, given = cohorts(known)
    exposure, came, ages = exposure or given[kind, key], came[kind, key], AGES[kind]
    first, found = min(exposure), []
    for age in range(4):
        if known.week - age >= first:
            found.append(Row(said(came, exposure, known.week - age, known.week, ages), ago=age, age=age, final=None))
    for ago in range(ages - 1, ages - 1 + 12):
        cohort = known.week - ago
        for age in range(4):
            if cohort >= first:
                what = sum(came[cohort][a] for a in range(ages))
                found.append(Row(said(came, exposure, cohort, cohort + age, ages), ago=ago, age=age, final=what))
    return [Row(r, kind=kind, key=key) for r in found]
