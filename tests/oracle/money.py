"""Behind the margin of T28: the full bill of a return, the range, price floors, channels (docs/margin.md)."""

from __future__ import annotations

from collections import defaultdict

from .figures import ratio
from .margin import COSTS, order_margin, revenue, ticket_cost, value_back
from .read import Known, Row, inside, once
from .returns import channel, matched
from .sales import family, product, skus

FINAL = ("restock", "refurbish", "liquidate", "write_off")
BILL = (
    "reverse_shipping", "handling", "restock_labor", "under_way", "refurbish", "markdown", "write_off", "pending", "support", "outbound",
)  # fmt: skip
BY_REVENUE = ("payment", "channel_fees", "returns_reserve")
PER_UNIT = ("cost_of_goods", "packaging", "shipping", "pick_pack", "support")


def labor_cost(known: Known, window, roles) -> float:
    """ "Rows without an hour are used only where a day, place and role has no hourly row" """
    rows = [r for r in known["labor"] if inside(r.work_date, window) and r.role in roles]
    hourly = {(r.work_date, r.location, r.role) for r in rows if r.hour is not None}
    return sum(r.cost for r in rows if r.hour is not None or (r.work_date, r.location, r.role) not in hourly)


@once
def outbound(known: Known) -> dict[tuple, float]:
    """Line of T91 -> what sending a unit of it cost: shipping, pick and pack, packaging."""
    rows = order_margin(known, known.trailing(91))
    return {(r.order_id, r.line_id): (r.shipping + r.pick_pack + r.packaging) / r.units for r in rows if r.units > 0}


@once
def bills(known: Known) -> list[Row]:
    """One row a return line requested in T28, with every part of its bill."""
    t28, topics = known.trailing(28), {topic.lower() for topic in known.settings.returns.ticket_topics}
    line_of = {id(r): line for line, own in matched(known).items() for r in own}
    both = [w.window for w in t28.weeks if {("labor", w), ("returns", w)} <= set(known.exported)] or [t28]
    received = sum(r.quantity for r in known["returns"] for window in both if inside(r.received_at_local, window))
    restocking = sum(labor_cost(known, window, ("returns",)) for window in both) / received if received else 0.0
    asked, back = defaultdict(float), defaultdict(float)
    for ticket in known["support_tickets"]:
        if (ticket.topic or "").lower() in topics and ticket.order_id is not None:
            asked[ticket.order_id] += ticket_cost(known, ticket)
    for r in known["returns"]:
        back[r.order_id] += r.quantity
    ours = [r for r in known["returns"] if inside(r.requested_at_local, t28)]
    lost = {id(r): max(0.0, r.quantity * (product(known, r.sku).unit_cost or 0) - value_back(known, r)) for r in ours}
    final = [r for r in ours if r.disposition in FINAL and product(known, r.sku).unit_cost is not None]
    units = sum(r.quantity for r in final)
    usual = sum(lost[id(r)] for r in final) / units if units else 0.0
    here = [r for r in ours if r.received_at is not None]
    paid, came = sum((r.reverse_shipping_cost or 0) + (r.handling_cost or 0) for r in here), sum(r.quantity for r in here)
    coming = (paid / came if came else 0.0) + restocking
    found = []
    for r in ours:
        rate = next((o.rate for o in known["orders"] if o.order_id == r.order_id), 1.0) if r.refund_amount else 1.0
        row = Row(sku=r.sku, family=family(known, r.sku), channel=channel(known, r.order_id), reason=r.reason_code, units=r.quantity)
        row.refund = (r.refund_amount or 0) * rate
        row.reverse_shipping, row.handling = r.reverse_shipping_cost or 0, r.handling_cost or 0
        row.restock_labor = r.quantity * restocking if r.received_at is not None else 0.0
        to_come = max(0.0, r.quantity * coming - row.reverse_shipping - row.handling)
        row.under_way = to_come if r.received_at is None and r.disposition not in FINAL else 0.0
        for part, disposition in (("refurbish", "refurbish"), ("markdown", "liquidate"), ("write_off", "write_off")):
            row[part] = lost[id(r)] if r.disposition == disposition else 0.0
        row.pending = 0.0 if r.disposition in FINAL or product(known, r.sku).unit_cost is None else r.quantity * usual
        row.support = asked[r.order_id] * r.quantity / back[r.order_id] if r.order_id is not None and back[r.order_id] else 0.0
        each = outbound(known).get(line_of.get(id(r)))
        row.outbound, row.unmatched = (0.0, r.quantity) if each is None else (each * r.quantity, 0.0)
        found.append(row)
    return found


def returns_bill(known: Known) -> list[Row]:
    found = []
    for grain in ("all", "reason", "sku", "channel", "family"):
        groups = defaultdict(list)
        for r in bills(known):
            groups["" if grain == "all" else r[grain]].append(r)
        for key, own in groups.items():
            row = Row(grain=grain, key=key, returns=len(own))
            for part in ("units", "refund", "unmatched", *BILL):
                row[part] = sum(r[part] for r in own)
            row.total = sum(row[part] for part in BILL)
            row.each = ratio(row.total, row.units)[0]
            found.append(row)
    return found


@once
def sold28(known: Known) -> list[Row]:
    """The costed lines of T28 with their list value and what else came in (shipping charged, less the order's discount)."""
    about = {(x.order_id, x.line_id): x for own in revenue(known).values() for x in own}
    found = []
    for r in order_margin(known, known.trailing(28)):
        if r.cost_of_goods is not None:
            x = about[r.order_id, r.line_id]
            listed = x.units * x.unit_price * x.rate
            found.append(Row(r, listed=listed, beside=r.net_revenue - (listed - (x.line_discount or 0) * x.rate)))
    return found


SUMS = ("units", "listed", "beside", "net_revenue", "cost_of_goods", "gross_margin", *COSTS, "contribution_margin")


def sums(rows: list[Row]) -> Row:
    return Row({c: sum(r[c] for r in rows) for c in SUMS})


def by(rows: list[Row], *keys: str) -> dict:
    groups = defaultdict(list)
    for r in rows:
        groups[tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]].append(r)
    return groups


@once
def promoted(known: Known) -> list[Row]:
    """A promotion and SKU in it, running or to start within the days of `promotion_at_risk`; days from `as_of`."""
    found, ahead = [], known.settings.checks["promotion_at_risk"]["days"]
    for p in known["promotions"]:
        begins, ends = (p.starts_on - known.week.end).days, (p.ends_on - known.week.end).days + 1
        if ends > 0 and begins < ahead:
            for sku in skus(known):
                if (not p.sku or p.sku == sku) and (not p.family or p.family == family(known, sku)):
                    found.append(Row(p, sku=sku, begins=begins, ends=ends, uplift=p.expected_uplift or 0.0))
    return found


def portfolio(known: Known) -> list[Row]:
    """A costed SKU sold in T28, the most profitable first."""
    targets, found = known.settings.targets, []
    for sku, own in by(sold28(known), "sku").items():
        t = sums(own)
        if not (t.net_revenue > 0 and t.units > 0):
            continue
        healthy = t.gross_margin / t.net_revenue >= targets["gross_margin"].ok
        earns = t.contribution_margin / t.net_revenue >= targets["contribution_margin"].ok
        names = {(1, 1): "earns", (1, 0): "false confidence", (0, 1): "thin, and earns", (0, 0): "loses at both"}
        few = healthy and not earns and t.units < 20
        row = Row(t, sku=sku, quadrant="too few to say" if few else names[healthy, earns], price=t.net_revenue / t.units)
        falls = sum(t[c] for c in BY_REVENUE) / t.net_revenue
        row.floor = sum(t[c] for c in PER_UNIT) / t.units / (1 - falls) if falls < 1 else None
        row.headroom = None if row.floor is None else 1 - row.floor / row.price
        discounts = [p.discount for p in promoted(known) if p.sku == sku]
        row.discount = max(discounts, default=None)
        row.planned = t.listed / t.units * (1 - row.discount) + t.beside / t.units if discounts else None
        found.append(row)
    found.sort(key=lambda r: (-r.contribution_margin, r.sku))
    so_far = 0.0
    for place, row in enumerate(found, 1):
        so_far += row.contribution_margin
        row.cumulative, row.place = so_far, place / len(found)
    return found


def sku_rank(known: Known) -> list[Row]:
    rows = portfolio(known)
    for which in ("gross_margin", "contribution_margin"):
        rows = sorted(rows, key=lambda r: (-r[which] / r.net_revenue, r.sku))
        for n, row in enumerate(rows, 1):
            row[f"rank_{which.split('_')[0]}"] = n
    net = sum(r.net_revenue for r in rows)
    for row in rows:
        row.fall = row.rank_contribution - row.rank_gross
        beyond = {c: row[c] - row.net_revenue / net * sum(r[c] for r in rows) for c in COSTS}
        for name, sign in (("culprit", 1), ("relief", -1)):
            most = max(COSTS, key=lambda c: sign * beyond[c])
            told = sign * beyond[most] >= 0.01 * row.net_revenue
            row[name], row[f"{name}_money"] = (most, sign * beyond[most]) if told else ("", None)
    return rows


def channels(known: Known) -> list[Row]:
    """A channel of T28, a week."""
    found, t28 = [], known.trailing(28)
    sold, spent = by(sold28(known), "channel"), {a.channel for a in known["ad_spend"] if a.channel and inside(a.spend_date, t28)}
    for name in {*sold, *spent}:
        own = sold.get(name, [])
        row = Row({c: v / 4 for c, v in sums(own).items()}, channel=name, orders=len({r.order_id for r in own}))
        row.ads = sum(a.amount for a in known["ad_spend"] if a.channel == name and inside(a.spend_date, t28)) / 4
        row.after = row.contribution_margin - row.ads
        net = row.net_revenue if row.net_revenue > 0 else None
        row.share = net and row.contribution_margin / net
        row.fee_even = net and (row.channel_fees + row.after) / net
        falls = net and sum(row[c] for c in BY_REVENUE) / net
        row.raise_even = max(0.0, -row.after / net / (1 - falls)) if net and falls < 1 else None
        found.append(row)
    return found


def channel_skus(known: Known) -> list[Row]:
    each = {key: sums(own).contribution_margin / 4 for key, own in by(sold28(known), "sku", "channel").items()}
    found = []
    for (sku, name), own in by(sold28(known), "sku", "channel").items():
        units, here = sum(r.units for r in own), each[sku, name]
        if units >= 20 and here < 0:
            elsewhere = sum(money for (s, c), money in each.items() if s == sku and c != name)
            if elsewhere > 0:
                found.append(Row(sku=sku, channel=name, units_week=units / 4, contribution=here, elsewhere=elsewhere))
    return sorted(found, key=lambda r: (r.contribution, r.sku, r.channel))[:25]
