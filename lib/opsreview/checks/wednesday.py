"""Warehouse: picks that go wrong, hours in the wrong place or growing too fast, promises to ship that are not kept."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.stakes import an_order, price_of
from opsreview.facts.shipments import promises
from opsreview.facts.warehouse import CREW_WEEKS, crews, labor_rates, picks, waves
from opsreview.formats import number, share
from opsreview.statistics import ENOUGH, elasticity, wilson

QUIET = 0.25  # the quarter of a crew's weeks with least work: what its hours should grow from


@check
def pick_error_rate(ctx: Context) -> pd.DataFrame:
    """Locations that pick worse than they used to, or surely worse than the target."""
    rows = ctx.measured("pick_pack_accuracy", "location", ctx.threshold("pick_error_rate", "picks"))
    if rows.empty:
        return nothing()
    books, confidence = ctx.books, ctx.threshold("pick_error_rate", "confidence")
    target = pd.Series([ctx.target("pick_pack_accuracy", key).ok for key in rows["key"]], rows.index, dtype=float)
    rows["errors"], rows["rate"] = rows["denominator"] - rows["numerator"], 1 - rows["value"]
    rows["limit"] = 1 - rows["lower"]
    rows["sure"] = [wilson(r.errors, r.denominator, confidence)[0] for r in rows.itertuples()]
    worse, missed = rows["rate"] > rows["limit"], rows["sure"] > 1 - target
    rows["limit"] = rows["limit"].where(worse, 1 - target)
    rows["usual"] = np.fmin(1 - rows["centre"], 1 - target)
    rows = rows[worse | missed].merge(error_cost(books).to_pandas(), left_on="key", right_on="location", how="left")
    rows["each"] = rows["rework"].fillna(0.0) + an_order(books, "shipping")
    rows["extra"] = (rows["errors"] - rows["usual"] * rows["denominator"]).clip(lower=0)
    rows["impact"] = rows["extra"] * rows["each"]
    rows = worth(ctx, rows, rows["rate"] / rows["limit"])
    return found(
        rows,
        entity=rows["key"],
        title=say(rows, lambda r: f"{r.key} picks {share(r.rate)} wrong, {share(r.usual)} is usual or allowed"),
        observed=rows["rate"],
        expected=rows["usual"],
        threshold=rows["limit"],
        basis="errors above baseline × (rework of an error + a parcel)",
        decision="staff",
        detail=say(rows, lambda r: f"{number(r.extra)} of {number(r.errors)} errors too many, {ctx.money(r.each)} each"),
        evidence="picks of the week, labor: 28 days",
    )


@fact
def error_cost(books: Books) -> ibis.Table:
    """One row a location: `rework`, what the rework of a pick with an error costs in labor, over T28."""
    window = books.week.trailing(28)
    p, rates = picks(books, window), labor_rates(books, window)
    by = p.filter(p.error).group_by("location").aggregate(minutes=lambda t: t.rework_minutes.mean())
    by = beside(by, rates, "location")
    return by.select("location", rework=(by.minutes * by.cost / by.hours.nullif(0) / 60.0).fill_null(0.0))


@fact
def misplaced(books: Books) -> ibis.Table:
    """One row a location: picking hours and cost of W, `idle` and `short` hours, when most of each, `off`: their share of all."""
    w = waves(books)
    w = w.mutate(idle=ibis.greatest(w.hours - w.need, 0.0), short=ibis.greatest(w.need - w.hours, 0.0))
    by = w.group_by("location").aggregate(
        hours=w.hours.sum(), cost=w.cost.sum(), idle=w.idle.sum(), short=w.short.sum(),
        slackest=w.hour.argmax(w.idle), busiest=w.hour.argmax(w.short),
    )  # fmt: skip
    return by.mutate(off=(by.idle + by.short) / by.hours.nullif(0))


@check
def labor_misaligned(ctx: Context) -> pd.DataFrame:
    """Locations that pay pickers in some hours for work that comes in others."""
    if not ctx.covered(7, "picks", "labor", "labor.hour"):
        return nothing()
    least = ctx.threshold("labor_misaligned", "share")
    rows = rows_of(misplaced(ctx.books), "location")
    # Hours too many everywhere are too many hours, not hours in the wrong place.
    rows = rows[(rows["off"] > least) & (rows["idle"] > 0) & (rows["short"] > 0)].copy()
    rows["impact"] = rows["idle"] * rows["cost"] / rows["hours"]
    rows = worth(ctx, rows, rows["off"] / least if least else None)
    return found(
        rows,
        entity=rows["location"],
        title=say(rows, lambda r: f"{r.location} has {share(r.off)} of its picking hours where the work is not"),
        observed=rows["off"],
        expected=0.0,
        threshold=least,
        basis="idle hours × labor rate",
        decision="staff",
        detail=say(
            rows,
            lambda r: (
                f"{number(r.idle, 1)} of {number(r.hours, 1)} hours idle, most at {r.slackest}:00; "
                f"{number(r.short, 1)} missing, most at {r.busiest}:00"
            ),
        ),
        evidence="picks and labor of the week by hour, rate of 28 days",
    )


def strained(weeks: pd.DataFrame, goal: float) -> tuple[float, float]:
    """(hours too many, cost of an hour) in a week on average, of a crew's weeks with volume and hours.

    The crew's fitted hours of a quiet week, the upper end of the quarter with least volume, should grow by `goal` per cent when volume
    grows by one: what busier weeks took beyond that is too much.
    """
    volume, hours = weeks["volume"].to_numpy(float), weeks["hours"].to_numpy(float)
    slope, level = np.polyfit(np.log(volume), np.log(hours), 1)
    quiet = float(np.quantile(volume, QUIET))
    allowed = np.exp(level) * quiet**slope * (volume / quiet) ** goal
    beyond = np.where(volume > quiet, np.maximum(hours - allowed, 0.0), 0.0)
    return float(beyond.mean()), float(weeks["cost"].sum() / hours.sum())


@check
def linear_strain(ctx: Context) -> pd.DataFrame:
    """Crews whose hours grow as fast as their work, for sure: no gain from volume."""
    if not ctx.covered(7, "labor"):
        return nothing()
    limit, goal, sure = (ctx.threshold("linear_strain", name) for name in ("elasticity", "goal", "confidence"))
    kept = []
    for (role, location), weeks in rows_of(crews(ctx.books), "role", "location", "monday").groupby(["role", "location"]):
        weeks = weeks[(weeks["volume"] > 0) & (weeks["hours"] > 0)]
        fit = elasticity(weeks["volume"].tolist(), weeks["hours"].tolist(), sure)
        if fit and fit.n >= ENOUGH and fit.low > limit:
            hours, rate = strained(weeks, goal)
            kept.append((role, location, fit.value, fit.low, fit.high, fit.n, hours, rate))
    rows = pd.DataFrame(kept, columns=["role", "location", "value", "low", "high", "weeks", "hours", "rate"])
    rows["impact"] = rows["hours"] * rows["rate"]
    rows = worth(ctx, rows, rows["value"] / limit if limit else None)
    return found(
        rows,
        entity=rows["role"] + "@" + rows["location"],
        title=say(
            rows,
            lambda r: (
                f"{r.role} at {r.location}: ten per cent more volume takes {share(1.1**r.value - 1)} more hours "
                f"({number(r.low, 2)} to {number(r.high, 2)} for each per cent)"
            ),
        ),
        observed=rows["value"],
        expected=goal,
        threshold=limit,
        basis=f"hours above what an elasticity of {goal:g} gives, from a quiet week on × labor rate, mean of {CREW_WEEKS} weeks",
        decision="staff",
        detail=say(rows, lambda r: f"{number(r.hours, 1)} hours a week too many at {ctx.money(r.rate)}, over {number(r.weeks)} weeks"),
        evidence=f"labor and the work done: {CREW_WEEKS} weeks",
    )


@fact
def late_ids(books: Books) -> ibis.Table:
    """One row a location: the shipments (orders where there is none) promised for W that were late."""
    p = promises(books)
    p = p.filter(~p.on_time, inside(p.day, books.week.window)).select("location", id=p.shipment_id.fill_null(p.order_id))
    return p.group_by("location").aggregate(members=p.id.group_concat("; ", order_by=p.id))


@check
def late_shipments(ctx: Context) -> pd.DataFrame:
    """Locations that keep their promise to ship less often than is acceptable, or than they used to."""
    rows = ctx.measured("on_time_ship_rate", "location", ctx.threshold("late_shipments", "due"))
    if rows.empty:
        return nothing()
    targets = [ctx.target("on_time_ship_rate", key) for key in rows["key"]]
    breach = pd.Series([t.breach if t.breach is not None else np.nan for t in targets], rows.index)
    rows["limit"] = np.fmax(breach, rows["lower"])
    rows["usual"] = np.fmax(rows["centre"], [t.ok if t.ok is not None else np.nan for t in targets])
    rows = rows[rows["value"] < rows["limit"]].copy()
    rows["late"] = rows["denominator"] - rows["numerator"]
    rows["extra"] = (rows["usual"] * rows["denominator"] - rows["numerator"]).clip(lower=0)
    each = price_of(ctx.books, "late", "tickets", "refunds", "cancelled") if len(rows) else 0.0
    rows["impact"] = rows["extra"] * each
    rows = worth(ctx, rows, (1 - rows["value"]) / (1 - rows["limit"]))
    ids = late_ids(ctx.books).to_pandas().set_index("location")["members"]
    return found(
        rows,
        entity=rows["key"],
        title=say(rows, lambda r: f"{r.key} shipped {share(r.value)} on time, {share(r.usual)} is usual or promised"),
        observed=rows["value"],
        expected=rows["usual"],
        threshold=rows["limit"],
        basis="late orders above baseline × what a late order costs more (tickets, refunds, cancellations of 91 days)",
        decision="staff",
        detail=say(rows, lambda r: f"{number(r.extra)} of {number(r.late)} late shipments above the usual, {ctx.money(each)} each"),
        members=rows["key"].map(ids),
        evidence="shipments promised in the week",
    )
