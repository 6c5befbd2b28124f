"""The leak ledger: what each of the five leaks cost in W, and its usual amount."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

import pandas as pd

from .creep import avoidable, creep
from .forecast import variances
from .margin import FINAL, false_confidence, order_margin, ticket_cost, value_back
from .pick_pack import rework_cost
from .read import Known, Row, inside, once
from .sales import family, product, units_by_day
from .stock import dead, demand, excess, sku_days, stock_days

PARTS = {
    "1": ("stockout", "wasted_spend", "overbuy"),
    "2": ("excess", "dead_stock", "expedite", "transfer_freight"),
    "3": ("rework", "avoidable_charges", "creep"),
    "4": ("returns_shipping", "returns_handling", "returns_value_lost", "returns_support"),
    "5": ("false_confidence",),
}


@once
def empty_days(known: Known) -> list[Row]:
    """ "each SKU-day of W with no stock at any location at its last snapshot": units lost that day = max(0, d − units sold that day)"""
    d, reported = demand(known), stock_days(known)
    looked, places = {(place, day) for _, place, day in reported}, {place for _, place, _ in reported}

    def had(sku: str, place: str, day) -> bool:
        """Whether a place that sent no snapshot that day had it when it was last seen, up to 28 days before."""
        if (place, day) in looked:
            return False
        seen = [on for s, at, on in reported if (s, at) == (sku, place) and 0 < (day - on).days <= 28]
        return bool(seen) and reported[sku, place, max(seen)].available > 0

    return [
        Row(sku=x.sku, day=x.day, lost=max(0.0, d.get(x.sku, 0.0) - units_by_day(known)[x.sku][x.day]))
        for x in sku_days(known)
        if not x.in_stock and not any(had(x.sku, place, x.day) for place in places)
    ]


@once
def unit_margins(known: Known) -> tuple[dict[str, float], dict[str, float]]:
    """ "its contribution margin per unit over T28; its family's where it sold none": by SKU, by family."""
    by_sku, by_family = defaultdict(lambda: Row(money=0.0, units=0.0)), defaultdict(lambda: Row(money=0.0, units=0.0))
    for row in order_margin(known, known.trailing(28)):
        if row.cost_of_goods is not None:
            for total in (by_sku[row.sku], by_family[row.family]):
                total.money += row.contribution_margin
                total.units += row.units
    return tuple({key: t.money / t.units for key, t in totals.items() if t.units > 0} for totals in (by_sku, by_family))


def stockout(known: Known) -> tuple:
    """ "max(0, d − units sold that day) × max(0, its contribution margin per unit over T28)" """
    of_sku, of_family = unit_margins(known)
    amount = sum(x.lost * max(0.0, of_sku.get(x.sku, of_family.get(family(known, x.sku), 0.0))) for x in empty_days(known))
    return amount, sum(x.lost for x in empty_days(known))


def wasted_spend(known: Known) -> tuple:
    """ "ad_spend on that SKU and day" """
    empty = {(x.sku, x.day) for x in empty_days(known)}
    return sum(a.amount for a in known["ad_spend"] if (a.sku, a.spend_date) in empty), None


@once
def overbuy_units(known: Known) -> dict[str, float]:
    """ "min(max(0, F − A of the 30-day window), excess units)" """
    if not (known.ever("demand_plan") and known.has("orders", known.trailing(30)) and known.has("order_lines", known.trailing(30))):
        return {}
    return {x.sku: min(max(0.0, x.f - x.a), excess(known).get(x.sku, 0.0)) for x in variances(known, 30)}


def carrying(known: Known, units: dict[str, float]) -> tuple:
    """ "× unit_cost × carrying_rate / 52" """
    value = sum(n * (product(known, sku).unit_cost or 0) for sku, n in units.items())
    return value * known.settings.carrying_rate / 52, sum(units.values())


def excess_left(known: Known) -> dict[str, float]:
    """ "excess units − overbuy units" """
    return {sku: n - overbuy_units(known).get(sku, 0.0) for sku, n in excess(known).items()}


def expedite(known: Known) -> tuple:
    """ "expedite_cost of lines with `expedited_on` in W (where empty: that first appears in W's folder)" """
    first_seen: dict[tuple, object] = {}
    for version in known.versions["inbound"]:
        if version.expedite_cost:
            first_seen.setdefault((version.document_id, version.line_id), version.week)
    amount = 0.0
    for line in known["inbound"]:
        if line.expedited_on is not None:
            now = inside(line.expedited_on, known.week.window)
        else:
            now = first_seen.get((line.document_id, line.line_id)) == known.week
        amount += (line.expedite_cost or 0) if now else 0.0
    return amount, None


def transfer_freight(known: Known) -> tuple:
    """ "freight_cost of transfers ordered in W" """
    rows = [x for x in known["inbound"] if x.kind == "transfer" and inside(x.ordered_on, known.week.window)]
    return sum(x.freight_cost or 0 for x in rows), None


def rework(known: Known) -> tuple:
    """ "rework minutes of W × labor rate" """
    week = known.week.window
    return sum(rework_cost(known, week, p) for p in known["picks"] if inside(p.picked_at_local, week)), None


def avoidable_charges(known: Known) -> tuple:
    """ "charges invoiced in W of the types `carrier.avoidable_types`" """
    return sum(c.amount for c in known["carrier_charges"] if inside(c.invoiced_on, known.week.window) and avoidable(known, c)), None


def received(known: Known) -> list[Row]:
    return [r for r in known["returns"] if inside(r.received_at_local, known.week.window)]


def returns_value_lost(known: Known) -> tuple:
    """ "max(0, quantity × unit_cost − value got back) of returns finally disposed in W (`disposed_at`, else received_at of a final
    disposition)" """
    done = [r for r in known["returns"] if r.disposition in FINAL and inside(r.disposed_at_local or r.received_at_local, known.week.window)]
    return sum(max(0.0, r.quantity * (product(known, r.sku).unit_cost or 0) - value_back(known, r)) for r in done), None


def returns_support(known: Known) -> tuple:
    """ "tickets opened in W with a topic of `returns.ticket_topics`" """
    topics = known.settings.returns.ticket_topics
    rows = [t for t in known["support_tickets"] if inside(t.opened_at_local, known.week.window) and t.topic in topics]
    return sum(ticket_cost(known, t) for t in rows), None


def false_confidence_memo(known: Known) -> tuple:
    """ "Σ over SKUs of false confidence of max(0, targets.contribution_margin × net revenue − contribution margin) of W" """
    target, short = known.settings.targets["contribution_margin"].ok, defaultdict(float)
    for row in order_margin(known):
        if row.sku in false_confidence(known) and row.cost_of_goods is not None:
            short[row.sku] += target * row.net_revenue - row.contribution_margin
    return sum(max(0.0, x) for x in short.values()), None


@once
def part(known: Known, name: str) -> tuple:
    """(amount, units) of W; amount None where a table the part stands on did not come."""
    week, t28, t91 = known.week.window, known.trailing(28), known.trailing(91)
    sales = [(table, t28) for table in ("orders", "order_lines")]
    plan = [("demand_plan", week)] + [(table, known.trailing(30)) for table in ("orders", "order_lines")]
    handling = [(table, week) for table in ("orders", "order_lines", "shipments", "labor", "picks")]
    stock, returns = ("inventory", t28), ("returns", week)
    how, *needs = {
        "stockout": (stockout, stock, *sales),
        "wasted_spend": (wasted_spend, stock, *sales, ("ad_spend", week)),
        "overbuy": (lambda known: carrying(known, overbuy_units(known)), stock, *sales, *plan),
        "excess": (lambda known: carrying(known, excess_left(known)), stock, *sales),
        "dead_stock": (lambda known: carrying(known, dead(known)), ("inventory", week), ("orders", t91), ("order_lines", t91)),
        "expedite": (expedite, ("inbound", week)),
        "transfer_freight": (transfer_freight, ("inbound", week)),
        "rework": (rework, ("picks", week), ("labor", week)),
        "avoidable_charges": (avoidable_charges, ("carrier_charges", week)),
        "creep": (creep, *handling),
        "returns_shipping": (lambda known: (sum(r.reverse_shipping_cost or 0 for r in received(known)), None), returns),
        "returns_handling": (lambda known: (sum(r.handling_cost or 0 for r in received(known)), None), returns),
        "returns_value_lost": (returns_value_lost, returns),
        "returns_support": (returns_support, ("support_tickets", week)),
        "false_confidence": (false_confidence_memo, *sales, ("products.unit_cost", week)),
    }[name]
    return (None, None) if known.stopped or not all(known.has(*need) for need in needs) else how(known)


@once
def amount(known: Known, leak: str, name: str) -> float | None:
    """A part's amount, `actionable`, or a total: leaks 1–4 add up, leak 5 is a memo."""
    if name == "actionable":
        return actionable(known)
    if name == "total":
        return added(amount(known, one, "total") for one in "1234") if leak == "1-4" else added(part(known, x)[0] for x in PARTS[leak])
    return part(known, name)[0]


def added(some) -> float | None:
    some = [x for x in some if x is not None]
    return sum(some) if some else None


def usual(values: list[float | None]) -> float | None:
    """ "`baseline` is the median of the up to 13 weeks before W, of at least 4, else empty." """
    values = [x for x in values if x is not None]
    return median(values) if len(values) >= 4 else None


def weeks_before(known: Known) -> list[Known]:
    """The up to 13 weeks before W, each as a run of that week knew it."""
    return [known.at(known.week - i) for i in range(13, 0, -1) if known.week - i >= known.first]


@once
def actionable(known: Known) -> float | None:
    """ "what of the four is above its median over the up to 13 weeks before" """
    above = []
    for name in PARTS["4"]:
        now, normal = part(known, name)[0], usual([part(then, name)[0] for then in weeks_before(known)])
        if now is not None and normal is not None:
            above.append(max(0.0, now - normal))
    return added(above)


def leaks(known: Known) -> pd.DataFrame:
    """One row a leak and part: amount, basis_points, baseline, units (NaN = n/a)."""
    revenue = sum(row.net_revenue for row in order_margin(known))
    rows = []
    for leak, names in {**PARTS, "4": (*PARTS["4"], "actionable"), "1-4": ()}.items():
        for name in (*names, "total"):
            now = amount(known, leak, name)
            points = None if now is None or not revenue else now / revenue * 10_000
            baseline = usual([amount(then, leak, name) for then in weeks_before(known)])
            units = part(known, name)[1] if name in PARTS.get(leak, ()) else None
            rows.append((leak, name, now, points, baseline, units))
    return pd.DataFrame(rows, columns=["leak", "part", "amount", "basis_points", "baseline", "units"]).astype(
        dict.fromkeys(["amount", "basis_points", "baseline", "units"], float)
    )
