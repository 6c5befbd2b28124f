"""Set 1: how near the plan was to what sold."""

from __future__ import annotations

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


def _register(days: int) -> None:
    def planned_or_sold(books: Books, window_days: int = days) -> ibis.Table:
        return plan_and_sales(books, window_days).filter(lambda t: (t.planned > 0) | (t.actual > 0))

    def with_naive(books: Books, window_days: int = days) -> ibis.Table:
        return plan_and_sales(books, window_days).filter(lambda t: (t.planned > 0) | (t.actual > 0) | (t.naive > 0))

    def in_stock(books: Books, window_days: int = days) -> ibis.Table:
        return planned_or_sold(books, window_days).filter(lambda t: t.in_stock)

    for name, rows, parts in (
        (f"forecast_accuracy_{days}d", planned_or_sold, accuracy),
        (f"forecast_bias_{days}d", planned_or_sold, bias),
        (f"forecast_value_added_{days}d", with_naive, value_added),
        (f"forecast_accuracy_{days}d_in_stock", in_stock, accuracy),
    ):
        figure(rows, GRAINS, lambda books, rows=rows: rows(books, 7), name)(parts)


_register(14)
_register(30)
