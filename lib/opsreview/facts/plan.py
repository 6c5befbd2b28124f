"""The plan against what sold: a SKU's newest plan version that covers a whole window, made on or before its first day."""

from __future__ import annotations

from datetime import date

import ibis

from opsreview.books import Books, beside, days, fact, inside
from opsreview.facts.orders import sales_days
from opsreview.facts.skus import skus
from opsreview.facts.stock import in_stock_throughout
from opsreview.weeks import Window


def planned(books: Books, window: Window, first_day_known: bool = True) -> ibis.Table:
    """One row a SKU with a version that covers every day of the window: `planned` units, a straddling period by its share of days.

    `first_day_known`: the version was made on or before the window's first day; else any version known at `as_of` (a look ahead).
    """
    plan = books.table("demand_plan")
    latest = window.start if first_day_known else books.week.end
    plan = plan.filter(plan.plan_date <= latest)
    period = ibis.greatest(plan.period_days.fill_null(1.0), 1.0)
    plan = plan.mutate(per_day=plan.planned_units / period, until=plan.target_date + period.cast("int64").as_interval("D"))
    plan = plan.filter(plan.target_date < window.end, plan.until > window.start)
    calendar = days(window)
    by_day = plan.join(calendar, [plan.target_date <= calendar.day, plan.until > calendar.day])
    version = by_day.group_by("sku", "plan_date").aggregate(planned=by_day.per_day.sum(), covered=by_day.day.nunique())
    version = version.filter(version.covered == window.days)
    newest = ibis.window(group_by=version.sku, order_by=version.plan_date.desc())
    return version.mutate(nth=ibis.row_number().over(newest)).filter(lambda t: t.nth == 0).select("sku", "planned", "plan_date")


@fact
def plan_and_sales(books: Books, window_days: int) -> ibis.Table:
    """One row a SKU with a plan or sales in the trailing days, or in the days before: planned (F), actual (A), naive units."""
    window = books.week.trailing(window_days)
    earlier = books.week.trailing(window_days, window_days)
    sold = sales_days(books)
    actual = sold.filter(inside(sold.day, window)).group_by("sku").aggregate(actual=lambda t: t.units.sum())
    naive = sold.filter(inside(sold.day, earlier)).group_by("sku").aggregate(naive=lambda t: t.units.sum())
    plan = planned(books, window)
    k = skus(books).select("sku", "name", "family", "category", "cluster", "tier", "unit_cost")
    everything = actual.select("sku").union(naive.select("sku"), distinct=True).union(plan.select("sku"), distinct=True)
    shelf = in_stock_throughout(books, window_days).mutate(in_stock=True)
    table = everything.pipe(beside, plan, "sku")
    for side in (actual, naive, shelf, k):
        table = table.pipe(beside, side, "sku")
    return table.mutate(
        has_plan=table.planned.notnull(),
        planned=table.planned.fill_null(0.0),
        actual=table.actual.fill_null(0.0),
        naive=table.naive.fill_null(0.0),
        in_stock=table.in_stock.fill_null(False),
        family=table.family.fill_null("(unknown)"),
        category=table.category.fill_null("(unknown)"),
        cluster=table.cluster.fill_null("none"),
        tier=table.tier.fill_null("N"),
    )


def planned_days(books: Books, window: Window, made_by: date) -> ibis.Table:
    """One row a day of the window: `planned_units` over all SKUs, each by its newest version made by a day that covers the window."""
    plan = books.table("demand_plan")
    plan = plan.filter(plan.plan_date <= made_by)
    period = ibis.greatest(plan.period_days.fill_null(1.0), 1.0)
    plan = plan.mutate(per_day=plan.planned_units / period, until=plan.target_date + period.cast("int64").as_interval("D"))
    calendar = days(window)
    by_day = plan.join(calendar, [plan.target_date <= calendar.day, plan.until > calendar.day])
    covered = by_day.group_by("sku", "plan_date").aggregate(n=by_day.day.nunique())
    newest = covered.filter(covered.n == window.days).group_by("sku").aggregate(plan_date=lambda t: t.plan_date.max())
    chosen = by_day.semi_join(newest, ["sku", "plan_date"])
    return chosen.group_by("day").aggregate(planned_units=chosen.per_day.sum())
