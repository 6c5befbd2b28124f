"""Friday's proposals: promotions to pause, prices to raise, stock to move (docs/margin.md)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import cache, partial
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
        Row(sku=x.sku, location=x.location, units=x.open_quantity, kind=x.kind, line=(x.document_id, x.line_id),
            here=x.arrived_at is not None, overdue=(x.eta - known.week.end).days + lateness(known).get(x.supplier, 0.0) < 0,
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


def taken(known: Known) -> float:
    """Days that a transfer takes, of those of the 14 that are looked at."""
    usual = lanes(known).get(None)
    return min(14, 3 if usual is None or usual.took is None else usual.took)


def here(known: Known, sku: str, location: str) -> float:
    """Units a day that the place sells of it."""
    d, now = demand(known).get(sku, 0.0), stock_now(known)
    if (sku, location) in now:
        return d * shares(known)[sku, location]
    return 0.0 if any(s == sku for s, _ in now) else d


def available(known: Known, sku: str, location: str) -> float:
    now = stock_now(known).get((sku, location))
    return now.available if now else 0.0


def due(known: Known, sku: str, location: str) -> float:
    return sum(a.units for a in arrivals(known) if (a.sku, a.location) == (sku, location) and a.offset < 14)


def lost(known: Known, sku: str, location: str, supply: float, days: float) -> float:
    return beyond(supply, here(known, sku, location) * days, dispersion(known, sku))


def lacks(known: Known, sku: str, location: str, arrives: float) -> int:
    """Whole units asked for beyond stock and inbound in 14 days, less those lost before anything could arrive."""
    there = available(known, sku, location)
    short = lost(known, sku, location, there + due(known, sku, location), 14)
    return floor(max(0.0, short - lost(known, sku, location, there, arrives)) + 1e-9)


def sources(known: Known, sku: str) -> list[Row]:
    """What may be moved: stock above the place's own 28 days, and what purchases bring on top of that."""
    found = []
    for location in {place for s, place in stock_now(known) if s == sku}:
        need, there = 28 * here(known, sku, location), available(known, sku, location)
        if (over := floor(max(0.0, there - need))) >= 1:
            found.append(Row(kind="stock", location=location, line=None, spares=over, arrives=taken(known)))
        lines = [a for a in arrivals(known) if (a.sku, a.location) == (sku, location)]
        for a in sorted(lines, key=lambda a: (a.offset, a.line)):
            there += a.units
            over = floor(min(a.units, max(0.0, there - need)))
            if over >= 1 and a.kind == "purchase" and not a.here and not a.overdue and 2 <= a.offset < 14:
                found.append(Row(kind="inbound", location=location, line=a.line, spares=over, arrives=a.offset))
    return found


def ways(known: Known, sku: str) -> list[Row]:
    """Every source and place that lacks the SKU when it arrives, with what it costs to move there."""
    places = {place for s, place in set(stock_now(known)) | {(x.sku, x.location) for x in known["inbound"]} if s == sku}
    found = []
    for source in sources(known, sku):
        for to in places - {source.location}:
            if (lack := lacks(known, sku, to, source.arrives)) < 1 or per_unit(known, sku) <= 0:
                continue
            lane = [lanes(known).get(key) for key in ((source.location, to), None)]
            each, least = (next((x[c] for x in lane if x is not None and x[c] is not None), 0.0) for c in ("freight", "least"))
            if source.kind == "inbound":
                each = least = 0.0
            found.append(Row(source, source=(source.kind, source.location, source.line), to=to, lacks=lack, each=each, least=least))
    return found


def plans(ways: list[Row], left: dict, chosen: tuple = ()) -> Iterator[tuple]:
    """Every plan in whole units: no source gives more than it spares, and no place gets more after a day than it lacks from then on."""
    if len(chosen) == len(ways):
        yield chosen
        return
    way = ways[len(chosen)]
    for n in range(min(left[way.source], way.lacks) + 1):
        plan = (*chosen, n)
        mine = [(w, k) for w, k in zip(ways, plan, strict=False) if w.to == way.to]
        if all(sum(k for w, k in mine if w.arrives >= since.arrives) <= since.lacks for since, _ in mine):
            yield from plans(ways, {**left, way.source: left[way.source] - n}, plan)


def saves(known: Known, sku: str, to: str, got: int) -> float:
    """Units of demand that so many more at a place are expected to meet and that would be lost, beside what it has and expects."""
    supply = ceil(available(known, sku, to) + due(known, sku, to))
    return lost(known, sku, to, supply, 14) - lost(known, sku, to, supply + got, 14)


def transfers(known: Known) -> dict[str, tuple[float, float]]:
    """SKU -> the most that moving its stock and its inbound can bring, found by trying every plan, and the units that saves."""
    found, worth = {}, cache(partial(saves, known))
    for sku in {s for s, _ in stock_now(known)}:
        mine, most = ways(known, sku), (0.0, 0.0)
        for plan in plans(mine, {way.source: way.spares for way in mine}):
            got = Counter()
            for way, n in zip(mine, plan, strict=True):
                got[way.to] += n
            met = sum(worth(sku, to, n) for to, n in got.items())
            cost = sum(max(way.each * n, way.least) for way, n in zip(mine, plan, strict=True) if n)
            most = max(most, (met * per_unit(known, sku) - cost, met))
        if most[0] >= known.settings.checks["floor"] / 10:
            found[sku] = most
    return found
