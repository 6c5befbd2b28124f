"""SKUs far from plan, and how much of that distance chance alone explains."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview import demand
from opsreview.books import Books, beside, fact, inside
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.stakes import sku_stakes
from opsreview.facts.orders import sales, sales_days
from opsreview.facts.plan import plan_and_sales
from opsreview.formats import number, share

DAYS = 14
RULE = 0.10  # the usual "10 % off plan" rule, and the least share that counts
WEEKS = 13  # of sales from which the store's spread is read
FEWEST_WEEKS = 4
UNITS_A_WEEK = 1.0  # slower SKUs say little about spread


@fact
def weekly_units(books: Books) -> ibis.Table:
    """One row a SKU and ISO week of T91 in which it sold: units."""
    t = sales_days(books)
    t = t.filter(inside(t.day, books.week.trailing(7 * WEEKS)))
    return t.group_by("sku", week=t.day.truncate("W").cast("date")).aggregate(units=t.units.sum())


def variance_to_mean(books: Books) -> float:
    """The store's own variance-to-mean ratio of weekly units, at least 1: what a plan cannot be blamed for.

    Each SKU's weeks of T91 are held against its share of the store's weeks (season and promotions of the whole store are no surprise):
    Σ (units − expected)² / expected / (weeks − 1), which is 1 where customers come by chance alone. The median SKU speaks for the
    store, so that a few SKUs gone wild do not excuse themselves; brought to a mean by the chi-squared law of so many weeks.
    """
    from scipy.stats import chi2

    first = max(books.week - (WEEKS - 1), books.known.first_week)
    weeks = (books.week.monday - first.monday).days // 7 + 1
    if weeks < FEWEST_WEEKS:
        return 1.0
    sold = weekly_units(books).to_pandas()
    sold = sold[sold["week"] >= pd.Timestamp(first.monday)]
    wide = sold.pivot_table(index="sku", columns="week", values="units", fill_value=0.0)
    wide = wide[wide.sum(axis=1) >= UNITS_A_WEEK * weeks].to_numpy(dtype=float)
    if not len(wide):
        return 1.0
    expected = np.outer(wide.sum(axis=1), wide.sum(axis=0)) / wide.sum()
    ratio = (np.square(wide - expected) / np.where(expected > 0, expected, 1.0)).sum(axis=1) / (weeks - 1)
    return float(max(1.0, np.median(ratio) * (weeks - 1) / chi2.median(weeks - 1)))


@fact
def fortnight(books: Books) -> ibis.Table:
    """One row a SKU planned or sold in 14 days: planned, actual, revenue, and what a unit of it is worth."""
    t, net = plan_and_sales(books, DAYS), sales(books)
    k = sku_stakes(books).select("sku", "per_unit", label="name")
    net = net.filter(inside(net.day, books.week.trailing(DAYS)))
    net = net.group_by("sku").aggregate(revenue=net.net_revenue.sum())
    return beside(beside(t.filter((t.planned > 0) | (t.actual > 0)), k, "sku"), net, "sku")


def _judged(ctx: Context) -> pd.DataFrame:
    """The fortnight, each SKU with its gap, chance band, money at stake, and whether it is beyond chance."""
    books = ctx.books
    rows = rows_of(fortnight(books), "sku")
    spread, z = variance_to_mean(books), ctx.threshold("sku_demand_variance", "z")
    planned = rows["planned"].where(rows["planned"] > 0)
    rows["gap"] = rows["actual"] - rows["planned"]
    rows["error_share"] = rows["gap"].abs() / planned
    rows["chance_band"] = z * np.sqrt(spread / planned)
    rows["dispersion"] = spread
    rows["limit"] = rows["chance_band"].clip(lower=ctx.threshold("sku_demand_variance", "share"))
    unplanned = rows["planned"].eq(0) & (rows["actual"] >= ctx.threshold("sku_demand_variance", "unplanned_units"))
    rows["beyond"] = (rows["error_share"] > rows["limit"]) | unplanned
    short = rows["gap"].clip(lower=0) * rows["per_unit"].fillna(0.0)
    over = -rows["gap"].clip(upper=0) * rows["unit_cost"].fillna(0.0) * books.settings.carrying_rate / (52 / (DAYS / 7))
    rows["impact"] = short.where(rows["gap"] > 0, over)
    return rows


def _sayable(ctx: Context) -> bool:
    return ctx.covered(DAYS, "orders", "order_lines", "demand_plan")


@check
def sku_demand_variance(ctx: Context) -> pd.DataFrame:
    """SKUs whose fortnight is off plan by more than the rule and more than chance explains at their volume."""
    if not _sayable(ctx):
        return nothing()
    rows = _judged(ctx)
    rows = worth(ctx, rows[rows["beyond"]], rows["error_share"] / rows["limit"])
    short = rows["gap"] > 0
    return found(
        rows,
        entity=rows["sku"],
        title=say(rows, lambda r: f"{r.label} sold {number(r.actual)} units against {number(r.planned)} planned"),
        observed=rows["actual"],
        expected=rows["planned"],
        threshold=rows["limit"],
        basis=np.where(short, "units short × contribution margin a unit", "units over × unit cost × carrying rate / 26"),
        decision=np.where(short, "expedite", "rebalance_inbound"),
        detail=say(
            rows,
            lambda r: (
                f"{number(abs(r.gap))} units {'more' if r.gap > 0 else 'fewer'} than planned in {DAYS} days"
                + (f", {share(r.error_share)} off where chance explains {share(r.chance_band)}" if r.planned else ", with no plan at all")
            ),
        ),
        evidence=f"demand_plan, order_lines: {DAYS} days",
    )


def plan_vs_actual(books: Books) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Evidence: a row a SKU of the fortnight (`plan_vs_actual`), and one row on what chance alone would flag (`plan_chance`).

    Shares are of the SKUs that had a plan: beyond the 10 % rule; what chance alone would put beyond it, each at its own volume with the
    store's spread around a plan without error; flagged as findings. `catalog_size` and `revenue_share_flagged` are of all.
    """
    columns = [
        "sku",
        "name",
        "family",
        "tier",
        "planned",
        "actual",
        "gap",
        "error_share",
        "chance_band",
        "beyond_rule",
        "flagged",
        "revenue",
    ]
    ctx = Context(books, pd.DataFrame(), pd.DataFrame())
    if not _sayable(ctx):
        summary = ["catalog_size", "share_beyond_rule", "share_by_chance", "share_flagged", "dispersion", "revenue_share_flagged"]
        return pd.DataFrame(columns=columns), pd.DataFrame(columns=summary)
    rows = _judged(ctx)
    rows = rows.assign(
        name=rows["label"].fillna(rows["sku"]),
        beyond_rule=rows["error_share"].fillna(np.inf) > RULE,
        flagged=rows["beyond"] & (rows["impact"] >= ctx.floor),
        revenue=rows["revenue"].fillna(0.0),
    )
    planned = rows[rows["planned"] > 0]
    revenue = rows["revenue"].sum()
    summary = pd.DataFrame(
        {
            "catalog_size": [len(rows)],
            "share_beyond_rule": [planned["beyond_rule"].mean()],
            "share_by_chance": [beyond_by_chance(planned["planned"], planned["dispersion"]).mean()],
            "share_flagged": [planned["flagged"].mean()],
            "dispersion": [rows["dispersion"].max()],
            "revenue_share_flagged": [rows.loc[rows["flagged"], "revenue"].sum() / revenue if revenue else np.nan],
        }
    )
    return rows[columns].reset_index(drop=True), summary


def beyond_by_chance(planned: pd.Series, spread: pd.Series) -> pd.Series:
    """How likely it is that sales are more than the rule away from a plan that is right on average."""
    low, high = np.ceil(planned * (1 - RULE) - 1e-9), np.floor(planned * (1 + RULE) + 1e-9) + 1
    within = demand.at_least(low, planned, spread) - demand.at_least(high, planned, spread)
    return pd.Series(1 - within, index=planned.index)
