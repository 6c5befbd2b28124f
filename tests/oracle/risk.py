"""Set 2's risk: the probability of running out within 14 days, as the stand-in model says it."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import timedelta
from statistics import fmean, median, variance

from scipy.stats import nbinom, poisson

from .figures import grouped
from .read import Known, Row, inside, once
from .sales import family, product, tier, units_by_day
from .stock import demand, launched, open_inbound, selling_days, shares, stock_now

DAYS = 14


@once
def lateness(known: Known) -> dict[str, float]:
    """Supplier -> median days between the original ETA and arrival of T182, at least 0; only from 3 lines on."""
    days = defaultdict(list)
    for line in known["inbound"]:
        if inside(line.arrived_at_local, known.trailing(182)) and line.original_eta is not None and line.supplier is not None:
            days[line.supplier].append((line.arrived_at_local.date() - line.original_eta).days)
    return {supplier: max(0.0, median(of)) for supplier, of in days.items() if len(of) >= 3}


@once
def dispersion(known: Known, sku: str) -> float:
    """Variance / mean of the daily units over the selling days of T91, at least 1."""
    units = [units_by_day(known)[sku][day] for day in selling_days(known, sku, known.trailing(91))]
    return max(1.0, variance(units) / fmean(units)) if len(units) > 1 and fmean(units) > 0 else 1.0


def at_least(mean: float, spread: float, units: float) -> float:
    """P(demand ≥ units): negative binomial with that mean and variance = mean × spread; Poisson where spread is 1."""
    if units <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    fewer = math.ceil(units) - 1
    return float(poisson.sf(fewer, mean) if spread == 1 else nbinom.sf(fewer, mean / (spread - 1), 1 / spread))


@once
def risks(known: Known, alone: bool = False) -> list[Row]:
    """One row a SKU and location with available > 0 now: p."""
    found = []
    for (sku, location), now in sorted(stock_now(known).items()):
        last_day = known.week.end - timedelta(days=1)
        if now.available <= 0 or product(known, sku).status == "discontinued" or not launched(known, sku, last_day):
            continue
        daily = demand(known, alone).get(sku, 0.0) * shares(known)[sku, location]
        arrivals = []  # (whole days from as_of, units)
        for line in open_inbound(known):
            if (line.sku, line.location) == (sku, location):
                late = lateness(known).get(line.supplier, 0.0)
                arrivals.append((max(0.0, (line.eta - known.week.end).days + late), line.open_quantity))
        chances = [
            at_least(t * daily, dispersion(known, sku), now.available + sum(units for day, units in arrivals if day < t))
            for t in [day for day, _ in arrivals if 0 < day < DAYS] + [DAYS]
        ]
        found.append(Row(sku=sku, location=location, p=max(chances)))
    return found


def expected(rows: list[Row]) -> tuple:
    """ "The KPI is the expected number of SKU-locations that run out" """
    total = math.fsum(r.p for r in rows)
    return (total, total, None)


def figures(known: Known, alone: bool = False) -> dict[str, dict]:
    return {
        "oos_risk_14d": grouped(
            risks(known, alone),
            expected,
            location=lambda r: r.location,
            family=lambda r: family(known, r.sku),
            tier=lambda r: tier(known, r.sku),
        )
    }
