"""Set 1: how near the plan was to what sold."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis

from opsreview.books import Books
from opsreview.facts.plan import plan_and_sales
from opsreview.kpis import Parts, figure, ratio

GRAINS = "family category cluster tier"


def accuracy(t: ibis.Table) -> Parts:
    """max(0, 1 − Σ|F−A| / ΣA); n/a when planned SKUs hold less than half of ΣA. Share, 0–1."""
    error, sold = (t.planned - t.actual).abs().sum(), t.actual.sum()
    known = t.actual.sum(where=t.has_plan).fill_null(0.0) >= 0.5 * sold
    parts = ratio(error, sold)
    value = ibis.ifelse(known, ibis.greatest(1.0 - parts.value, 0.0), ibis.null("float64"))
    # max(0, n/a) would be 0: nothing sold is n/a.
    return Parts(ibis.ifelse(parts.value.isnull(), ibis.null("float64"), value), parts.numerator, parts.denominator)


def bias(t: ibis.Table) -> Parts:
    """Σ(F−A) / ΣA. Share; positive: over-planned."""
    return ratio((t.planned - t.actual).sum(), t.actual.sum())


def value_added(t: ibis.Table) -> Parts:
    """WAPE(naive) − WAPE(plan), naive = units sold in as many days before. Share; positive: the plan beats repeating."""
    return ratio(((t.naive - t.actual).abs() - (t.planned - t.actual).abs()).sum(), t.actual.sum())


def planned_or_sold(days: int) -> Callable[[Books], ibis.Table]:
    """SKUs with a plan or sales in the trailing days."""
    return lambda books: plan_and_sales(books, days).filter(lambda t: (t.planned > 0) | (t.actual > 0))


def with_naive(days: int) -> Callable[[Books], ibis.Table]:
    """Those, and SKUs that sold in as many days before."""
    return lambda books: plan_and_sales(books, days).filter(lambda t: (t.planned > 0) | (t.actual > 0) | (t.naive > 0))


def in_stock(days: int) -> Callable[[Books], ibis.Table]:
    """Those of the first that were available somewhere on every day."""
    return lambda books: planned_or_sold(days)(books).filter(lambda t: t.in_stock)


def _register(days: int, alone: Mapping[str, Callable[[Books], ibis.Table]]) -> None:
    sold, naive, there = planned_or_sold(days), with_naive(days), in_stock(days)
    figure(sold, GRAINS, alone["sold"], f"forecast_accuracy_{days}d")(accuracy)
    figure(sold, GRAINS, alone["sold"], f"forecast_bias_{days}d")(bias)
    figure(naive, GRAINS, alone["naive"], f"forecast_value_added_{days}d")(value_added)
    figure(there, GRAINS, alone["there"], f"forecast_accuracy_{days}d_in_stock")(accuracy)


_WEEK = {"sold": planned_or_sold(7), "naive": with_naive(7), "there": in_stock(7)}
_register(14, _WEEK)
_register(30, _WEEK)
