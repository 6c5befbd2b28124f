"""Sets 4 and 5: picked right the first time, and from the dock to the shelf."""

from __future__ import annotations

import ibis

from opsreview.books import Books
from opsreview.facts.warehouse import orders_picked, picks, stocked
from opsreview.kpis import Parts, figure, ratio


def picks_of_the_week(books: Books) -> ibis.Table:
    """The picks of W."""
    return picks(books, books.week.window)


def picks_four_weeks_on(books: Books) -> ibis.Table:
    """The picks of the week four weeks earlier, as known now."""
    return picks(books, books.week.trailing(7, 28))


def against_each_error(t: ibis.Table) -> ibis.Table:
    """One row a pick and error type that occurs: `error`, whether the pick had that one."""
    types = t.filter(t.error).select(kind=t.error_type).distinct()
    both = t.cross_join(types)
    return both.mutate(error=(both.error_type == both.kind).fill_null(False))


def against_each_rework(t: ibis.Table) -> ibis.Table:
    """One row a pick and error type of a reworked pick ((unknown) where it has none): `reworked`, whether it was for that one."""
    t = t.mutate(reason=t.error_type.fill_null("(unknown)"))
    types = t.filter(t.reworked).select(kind=t.reason).distinct()
    both = t.cross_join(types)
    return both.mutate(reworked=both.reworked & (both.reason == both.kind))


@figure(picks_of_the_week, "location")
def pick_pack_accuracy(t: ibis.Table) -> Parts:
    """Picks without an error / picks; of one error type: picks without that one. Share, 0–1."""
    return ratio((~t.error).sum(), t.count())


figure(lambda books: against_each_error(picks_of_the_week(books)), "error_type=kind", name="pick_pack_accuracy", whole=False)(
    pick_pack_accuracy
)
figure(picks_four_weeks_on, "location", name="pick_pack_accuracy_matured")(pick_pack_accuracy)
figure(lambda books: against_each_error(picks_four_weeks_on(books)), "error_type=kind", name="pick_pack_accuracy_matured", whole=False)(
    pick_pack_accuracy
)


@figure(picks_of_the_week, "location")
def rework_rate(t: ibis.Table) -> Parts:
    """Picks with rework minutes / picks. Share, 0–1."""
    return ratio(t.reworked.sum(), t.count())


figure(lambda books: against_each_rework(picks_of_the_week(books)), "error_type=kind", name="rework_rate", whole=False)(rework_rate)


@figure(orders_picked, "location")
def pick_pack_accuracy_orders(t: ibis.Table) -> Parts:
    """Orders picked without any error / orders picked. Share, 0–1."""
    return ratio(t.order_id.nunique() - t.order_id.nunique(where=t.error).fill_null(0), t.order_id.nunique())


@figure(stocked, "location supplier")
def dock_to_stock_hours(t: ibis.Table) -> Parts:
    """Median hours from arrival to stock, over lines stocked in W."""
    return Parts(t.hours.median(), ibis.null("float64"), t.count().cast("float64"))


@figure(stocked, "location supplier")
def dock_to_stock_hours_mean(t: ibis.Table) -> Parts:
    """Σ hours / lines. Hours."""
    return ratio(t.hours.sum(), t.count())


@figure(stocked, "location supplier")
def dock_to_stock_hours_p90(t: ibis.Table) -> Parts:
    """90th percentile of hours, linear interpolation."""
    return Parts(t.hours.quantile(0.9), ibis.null("float64"), t.count().cast("float64"))


def stocked_with_target(books: Books) -> ibis.Table:
    """The lines stocked in W, with the hours the team allows itself."""
    return stocked(books).mutate(target_hours=float(books.settings.targets["dock_to_stock_hours"].ok))  # type: ignore[arg-type]


@figure(stocked_with_target, "location supplier")
def dock_to_stock_within_target(t: ibis.Table) -> Parts:
    """Lines stocked within targets.dock_to_stock_hours / lines stocked. Share, 0–1."""
    return ratio((t.hours <= t.target_hours).sum(), t.count())
