"""Set 7: what comes back, and why."""

from __future__ import annotations

import ibis

from opsreview.books import Books
from opsreview.facts.returns import cohort, sold_and_returned
from opsreview.kpis import Parts, figure, ratio

GRAINS = "reason sku family channel"


def trailing_28(books: Books) -> ibis.Table:
    """What was sold and what was returned in T28."""
    return sold_and_returned(books, books.week.trailing(28))


def this_week(books: Books) -> ibis.Table:
    """What was sold and what was returned in W."""
    return sold_and_returned(books, books.week.window)


def matured_28(books: Books) -> ibis.Table:
    """The lines of the 28 days that ended 28 days ago, with what has come back of them."""
    return cohort(books, books.week.trailing(28, 28))


def matured_week(books: Books) -> ibis.Table:
    """The lines of the 7 days that ended 28 days ago, with what has come back of them."""
    return cohort(books, books.week.trailing(7, 28))


@figure(trailing_28, GRAINS, this_week, shared_denominator="reason")
def return_rate(t: ibis.Table) -> Parts:
    """Units returned / units sold, each in its own time. Share."""
    return ratio(t.returned.sum(), t.sold.sum())


@figure(matured_28, GRAINS, matured_week, shared_denominator="reason")
def return_rate_cohort(t: ibis.Table) -> Parts:
    """Units returned of the lines sold / their units. Share, 0–1."""
    return ratio(t.returned.sum(), t.sold.sum())
