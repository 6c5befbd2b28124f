"""Set 1: how near the plan was."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

from opsreview.weeks import Window

from .figures import grouped, ratio
from .read import Known, Row, once
from .sales import category, cluster, family, sold, tier
from .stock import available_somewhere


@once
def plan(known: Known, window: Window) -> dict[str, float]:
    """SKU -> F, for planned SKUs only.

    "The plan of a SKU is its newest version (`plan_date`) on or before the window's first day that covers every day of the window for
    that SKU; F(sku) = its planned units inside the window (a period that straddles an edge counts by its share of days), summed over
    channels and locations"
    """
    versions = defaultdict(list)
    for row in known["demand_plan"]:
        if row.plan_date <= window.start:
            versions[row.sku, row.plan_date].append(row)
    found = {}
    for (sku, _), rows in sorted(versions.items()):  # oldest version first: a newer one that covers takes its place
        per_day: Counter = Counter()
        for row in rows:
            days = int(row.period_days or 1)
            for i in range(days):
                per_day[row.target_date + timedelta(days=i)] += row.planned_units / days
        if all(day in per_day for day in window.dates):
            found[sku] = sum(per_day[day] for day in window.dates)
    return found


@once
def variances(known: Known, days: int) -> list[Row]:
    """One row a SKU: planned, F, A and the naive forecast."""
    window = known.trailing(days)
    before = known.trailing(days, ended_days_ago=days)  # "naive = sold units of the h days before the window"
    f, a, naive = plan(known, window), sold(known, window), sold(known, before)
    available = available_somewhere(known)
    return [
        Row(sku=s, planned=s in f, f=f.get(s, 0.0), a=a[s], naive=naive[s], in_stock=all((s, d) in available for d in window.dates))
        for s in sorted(set(f) | set(a) | set(naive))
    ]


def accuracy(rows: list[Row]) -> tuple:
    """ "Over all SKUs with F > 0 or A > 0: accuracy = max(0, 1 − WAPE), WAPE = Σ|F−A| / ΣA. (Numerator Σ|F−A|, denominator ΣA.)
    n/a when the planned SKUs hold less than half of ΣA." """
    rows = [r for r in rows if r.f > 0 or r.a > 0]
    error, total = sum(abs(r.f - r.a) for r in rows), sum(r.a for r in rows)
    if total == 0 or sum(r.a for r in rows if r.planned) < total / 2:
        return (None, error, total)
    return (max(0.0, 1 - error / total), error, total)


def bias(rows: list[Row]) -> tuple:
    """ "Σ(F−A) / ΣA (positive: over-planned)" """
    rows = [r for r in rows if r.f > 0 or r.a > 0]
    return ratio(sum(r.f - r.a for r in rows), sum(r.a for r in rows))


def value_added(rows: list[Row]) -> tuple:
    """ "WAPE(naive) − WAPE(plan), both over SKUs with F > 0 or A > 0 or naive > 0 … (Numerator: the difference of the error sums.)" """
    rows = [r for r in rows if r.f > 0 or r.a > 0 or r.naive > 0]
    return ratio(sum(abs(r.naive - r.a) - abs(r.f - r.a) for r in rows), sum(r.a for r in rows))


def accuracy_in_stock(rows: list[Row]) -> tuple:
    """ "the same over SKUs that were available somewhere on every day of the window" """
    return accuracy([r for r in rows if r.in_stock])


MEASURES = {
    "forecast_accuracy_{}d": accuracy,
    "forecast_bias_{}d": bias,
    "forecast_value_added_{}d": value_added,
    "forecast_accuracy_{}d_in_stock": accuracy_in_stock,
}


def figures(known: Known, alone: bool = False) -> dict[str, dict]:
    """KPI -> {(grain, key): (value, numerator, denominator)}; alone: "forecast error of W against the version of its first day"."""
    found = {}
    for h in (14, 30):
        rows = variances(known, 7 if alone else h)
        for name, measure in MEASURES.items():
            found[name.format(h)] = grouped(
                rows,
                measure,
                family=lambda r: family(known, r.sku),
                category=lambda r: category(known, r.sku),
                cluster=lambda r: cluster(known, r.sku),
                tier=lambda r: tier(known, r.sku),
            )
    return found
