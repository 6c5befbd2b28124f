"""Friday's proposals: promotions to pause, prices to raise, stock to move (docs/margin.md)."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import product as every
from math import ceil, exp, floor, inf, log
from statistics import linear_regression, median, quantiles

from scipy.stats import nbinom
from scipy.stats import t as student

from .documents import sign_depends
from .margin import revenue
from .money import BY_REVENUE, PER_UNIT, by, promoted, sold28, sums
from .read import Known, Row, inside, once
from .risk import dispersion, lateness
from .sales import family
from .stock import demand, open_inbound, shares, stock_now


@once
def arrivals(known: Known) -> list[Row]:
    """Open inbound: units, and days from `as_of` at which they are to be believed."""
    return [
        Row(sku=x.sku, location=x.location, units=x.open_quantity,
            offset=max(0.0, (x.eta - known.week.end).days + lateness(known).get(x.supplier, 0.0)))
        for x in open_inbound(known)
    ]  # fmt: skip


def held(known: Known, sku: str) -> float:
    return sum(row.available for (s, _), row in stock_now(known).items() if s == sku)


def pauses(known: Known) -> list[Row]:
    """A promotion and SKU running or soon to, that sells in T28 (on its channel)."""
    found = []
    for p in promoted(known):
        every_line = [r for r in sold28(known) if r.sku == p.sku]
        mine = [r for r in every_line if not p.channel or r.channel == p.channel]
        t = sums(mine)
        if t.units <= 0 or p.sku not in demand(known):
            continue
        moving = sum(t[c] for c in BY_REVENUE) / t.net_revenue if t.net_revenue > 0 else 0.0
        fixed = sum(t[c] for c in PER_UNIT) / t.units
        row = Row(promo_id=p.promo_id, sku=p.sku, channel=p.channel, discount=p.discount)
        row.full = (t.listed + t.beside) / t.units * (1 - moving) - fixed
        row.margin = (t.listed * (1 - p.discount) + t.beside) / t.units * (1 - moving) - fixed
        part = t.units / sums(every_line).units
        until = min(p.ends, 28)
        row.days = max(0, until - max(0, p.begins))
        ran = min(28, max(0, -p.begins)) / 28  # of T28
        base = demand(known)[p.sku] / (1 + p.uplift * part * ran)
        expected = base * (until + p.uplift * part * row.days)
        row.available = held(known, p.sku)
        row.inbound = sum(a.units for a in arrivals(known) if a.sku == p.sku and a.offset < until)
        row.next_days = min((a.offset for a in arrivals(known) if a.sku == p.sku), default=None)
        supply, usual = row.available + row.inbound, base * until
        if not any(s == p.sku for s, _ in stock_now(known)) and not any(a.sku == p.sku and a.offset < until for a in arrivals(known)):
            supply = inf  # of what no system reports nobody knows how far it goes
        row.usual_units = base * part * row.days * (min(1.0, supply / usual) if usual else 1.0)
        row.promoted_units = base * part * (1 + p.uplift) * row.days * (min(1.0, supply / expected) if expected else 1.0)
        row.uplift, row.needs = p.uplift, max(0.0, row.full / row.margin - 1) if row.margin > 0 else None
        row.lasts = row.available / (expected / until) if expected > 0 and supply < inf else None
        row.gain = (row.full * row.usual_units - row.margin * row.promoted_units) / (max(until, 7) / 7)
        dry = row.lasts is not None and row.lasts < until and (row.next_days is None or row.lasts < row.next_days)
        if row.margin < 0:
            row.advice = "pause"
        elif dry:
            row.advice = "pause" if row.next_days is None else "pause until inbound"
        else:
            row.advice = "does not pay" if row.uplift > 0 and row.gain > 0 else "keep"
        found.append(row)
    return found


def elasticity(pairs: list[tuple[float, float]]):
    """Least squares of log units on log price, 90 %; asked for from twelve weeks, prices a tenth apart, surely below nil."""
    if len(pairs) < 12:
        return None
    deciles = quantiles([p for p, _ in pairs], n=10, method="inclusive")
    if deciles[-1] < 1.1 * deciles[0]:
        return None
    x, y = [log(p) for p, _ in pairs], [log(u) for _, u in pairs]
    slope, at = linear_regression(x, y)
    mean = sum(x) / len(x)
    left = sum((b - at - slope * a) ** 2 for a, b in zip(x, y, strict=True))
    error = (left / (len(x) - 2) / sum((a - mean) ** 2 for a in x)) ** 0.5
    reach = student.ppf(0.95, len(x) - 2) * error
    return (slope, slope - reach, slope + reach, len(x)) if slope + reach < 0 else None


def weekly_prices(known: Known) -> dict[str, dict]:
    """SKU -> week of T182 -> (units, what was taken for them after the line's discount)."""
    found: dict = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for own in revenue(known).values():
        for x in own:
            if inside(x.day, known.trailing(182)):
                cell = found[x.sku][x.day - timedelta(days=x.day.weekday())]
                cell[0] += x.units
                cell[1] += (x.units * x.unit_price - (x.line_discount or 0)) * x.rate
    return found


def reprices(known: Known) -> list[Row]:
    target, found, hangs = known.settings.targets["contribution_margin"].ok, [], sign_depends(known, known.trailing(28))
    totals = {sku: sums(own) for sku, own in by(sold28(known), "sku").items()}
    totals = {sku: t for sku, t in totals.items() if t.units > 0 and t.net_revenue > 0}
    net = sum(t.net_revenue for t in totals.values())
    share = max(target, sum(t.contribution_margin for t in totals.values()) / net) if net else target
    for sku, t in totals.items():
        short = (target * t.net_revenue - t.contribution_margin) / 4
        if t.units < 20 or short <= 0 or short < known.settings.checks["floor"] / 10:
            continue
        falls, fixed = sum(t[c] for c in BY_REVENUE) / t.net_revenue, sum(t[c] for c in PER_UNIT) / t.units
        row = Row(sku=sku, family=family(known, sku), units_week=t.units / 4, price=t.net_revenue / t.units)
        row.margin, row.loss = t.contribution_margin / t.units, -t.contribution_margin / 4
        row.listed = (t.listed + t.beside) / t.units
        row.at_list = row.listed * (1 - falls) - fixed
        less = row.at_list >= target * row.listed and row.listed > row.price
        row.advice = "discount less" if less else "check the allocation" if hangs[sku] else "raise"
        row.floor = fixed / (1 - falls) if falls < 1 else None
        row.goal = fixed / (1 - falls - share) if falls + share < 1 else None
        if row.goal is not None:
            row.raise_, row.margin_then = row.goal / row.price - 1, row.goal * share
            row.break_even = max(0.0, row.margin * row.units_week / row.margin_then) if row.margin_then > 0 else None
        pairs = [(taken / units, units) for units, taken in weekly_prices(known)[sku].values() if units > 0 and taken > 0]
        fit = elasticity(pairs)
        row.elasticity = fit and fit[0]
        if fit and row.goal is not None:
            for name, e in zip(("gain", "gain_low", "gain_high"), fit, strict=False):
                row[name] = row.margin_then * row.units_week * exp(e * log(row.goal / row.price)) - row.margin * row.units_week
        found.append(row)
    return found


def beyond(supply: float, mean: float, spread: float) -> float:
    """Units asked for beyond the supply, expected: Σ P(demand > n) for n from the supply on."""
    if mean <= 0:
        return 0.0
    law, n, total = nbinom(mean / (max(spread, 1 + 1e-6) - 1), 1 / max(spread, 1 + 1e-6)), ceil(max(0.0, supply)), 0.0
    while (more := float(law.sf(n))) > 1e-13 or n < mean:
        total, n = total + more, n + 1
    return total


def per_unit(known: Known, sku: str) -> float:
    """ "contribution margin per unit over T28; its family's where it sold none", at least 0"""
    rows = sold28(known)
    for of in ([r for r in rows if r.sku == sku], [r for r in rows if family(known, r.sku) == family(known, sku)]):
        units = sum(r.units for r in of)
        if units > 0:
            return max(0.0, sum(r.contribution_margin for r in of) / units)
    return 0.0


@once
def lanes(known: Known) -> dict:
    """(source, location), and None for all -> freight a unit, median days from order to arrival, of transfers ordered in T182."""
    ours = [
        x for x in known["inbound"]
        if x.kind == "transfer" and x.source_location and x.quantity_ordered > 0 and inside(x.ordered_on, known.trailing(182))
    ]  # fmt: skip
    groups = defaultdict(list)
    for x in ours:
        for key in ((x.source_location, x.location), None):
            groups[key].append(x)
    found = {}
    for key, own in groups.items():
        freight = [x.freight_cost for x in own if x.freight_cost is not None]
        took = [(x.arrived_at_local.date() - x.ordered_on).days for x in own if x.arrived_at is not None]
        units = sum(x.quantity_ordered for x in own)
        least = min((f for f in freight if f > 0), default=None)
        found[key] = Row(freight=sum(freight) / units if freight else None, least=least, took=median(took) if took else None)
    return found


def needs(known: Known) -> tuple[dict, dict]:
    """What each SKU and location can spare, and what it lacks until 14 days from now."""
    usual = lanes(known).get(None)
    took = 3 if usual is None or usual.took is None else usual.took
    keys = set(stock_now(known)) | {(x.sku, x.location) for x in known["inbound"]}
    held_somewhere = {sku for sku, _ in stock_now(known)}
    spares, lacks = {}, {}
    for sku, location in keys:
        now = stock_now(known).get((sku, location))
        available = now.available if now else 0.0
        d = demand(known).get(sku, 0.0)
        here = d * shares(known)[sku, location] if now else 0.0 if sku in held_somewhere else d
        due = sum(a.units for a in arrivals(known) if (a.sku, a.location) == (sku, location) and a.offset < 14)
        spread = dispersion(known, sku)
        soon = beyond(available, here * min(took, 14), spread)
        short = floor(max(0.0, beyond(available + due, here * 14, spread) - soon) + 1e-9)
        over = floor(max(0.0, available - 28 * here))
        if over >= 1:
            spares[sku, location] = over
        if short >= 1 and per_unit(known, sku) > 0:
            lacks[sku, location] = short
    return spares, lacks


def transfers(known: Known) -> dict[str, float]:
    """SKU -> the most that moving its stock can bring, found by trying every plan."""
    spares, lacks = needs(known)
    found = {}
    for sku in {s for s, _ in spares} & {s for s, _ in lacks}:
        ways = [(a, b) for (s, a) in spares for (t, b) in lacks if s == t == sku and a != b]
        priced = {}
        for way in ways:
            lane, usual = lanes(known).get(way), lanes(known).get(None)
            each, least = (next((x[c] for x in (lane, usual) if x is not None and x[c] is not None), 0.0) for c in ("freight", "least"))
            priced[way] = (each, least)
        best = 0.0
        for plan in every(*(range(int(min(spares[sku, a], lacks[sku, b])) + 1) for a, b in ways)):
            sent, got = defaultdict(int), defaultdict(int)
            for (a, b), n in zip(ways, plan, strict=True):
                sent[a] += n
                got[b] += n
            if all(n <= spares[sku, a] for a, n in sent.items()) and all(n <= lacks[sku, b] for b, n in got.items()):
                worth = sum(
                    per_unit(known, sku) * n - max(each * n, least)
                    for (each, least), n in zip((priced[way] for way in ways), plan, strict=True)
                    if n
                )
                best = max(best, worth)
        if best > 0:
            found[sku] = best
    return found
