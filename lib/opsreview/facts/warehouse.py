"""The warehouse: picks, labor, goods on their way in, and from dock to shelf."""

from __future__ import annotations

import ibis
import pandas as pd

from opsreview.books import Books, beside, fact, inside, inside_weeks
from opsreview.facts.shipments import shipments
from opsreview.weeks import Week, Window

CREW_WEEKS = 26
WORK = {"pick": "picked", "pack": "picked", "receive": "received", "returns": "returned"}  # what each role's hours should follow


@fact
def picks(books: Books, window: Window) -> ibis.Table:
    """One row a pick of the window: `error` (whether), error_type, `reworked` (whether), rework_minutes (0 where none), local `hour`."""
    p = books.table("picks")
    p = p.mutate(day=p.picked_at_local.date(), hour=p.picked_at_local.hour())
    minutes = p.rework_minutes.fill_null(0.0)
    return p.filter(inside(p.day, window)).mutate(error=p.error_type.notnull(), reworked=minutes > 0, rework_minutes=minutes)


@fact
def orders_picked(books: Books) -> ibis.Table:
    """One row an order and location picked in W: `error`, whether any of its picks there had one."""
    p = picks(books, books.week.window)
    return p.group_by("order_id", "location").aggregate(error=p.error.any())


@fact
def labor(books: Books, window: Window) -> ibis.Table:
    """One row a day, location, hour and role of the window: hours, cost. A daily row only where no hourly one stands."""
    t = books.table("labor")
    t = t.filter(inside(t.work_date, window))
    hourly = t.filter(t.hour.notnull())
    daily = t.filter(t.hour.isnull()).anti_join(hourly, ["work_date", "location", "role"])
    return hourly.union(daily)


def by_role(books: Books) -> pd.DataFrame:
    """A row a role that worked in W: hours, cost. Empty where no labor came.

    Pick and pack at a place where nothing was picked is borne by no line (reading 18): it stands apart, as `pick without picks`.
    """
    return books.frame("labor by role", lambda: _by_role(books))


def _by_role(books: Books) -> ibis.Table:
    t = labor(books, books.week.window)
    if books.has("picks", books.week.window):
        p = picks(books, books.week.window).select("location", picked=ibis.literal(True)).distinct()
        t = beside(t, p, "location")
        idle = t.role.isin(("pick", "pack")) & t.picked.isnull()
        t = t.mutate(role=ibis.ifelse(idle, t.role + " without picks", t.role))
    return t.group_by("role").aggregate(hours=t.hours.sum(), cost=t.cost.sum()).order_by("role")


@fact
def waves(books: Books) -> ibis.Table:
    """One row a location and hour of the day in W: lines_picked, hours and cost of picking, `need`: hours at its own median rate.

    The rate: lines picked per hour of labor, the median over T28's hours with both. Only labor that is told by the hour.
    """
    month, keys = books.week.trailing(28), ["location", "day", "hour"]
    p, h = picks(books, month), labor(books, month)
    p = p.mutate(hour=p.hour.cast("int32")).group_by(*keys).aggregate(lines_picked=lambda t: t.count())
    h = h.filter(h.role == "pick", h.hour.notnull()).mutate(day=h.work_date, hour=h.hour.cast("int32"))
    h = h.group_by(*keys).aggregate(hours=lambda t: t.hours.sum(), cost=lambda t: t.cost.sum())
    both = p.outer_join(h, keys)
    both = both.select(*(ibis.coalesce(both[k], both[f"{k}_right"]).name(k) for k in keys), "lines_picked", "hours", "cost")
    both = both.fill_null({"lines_picked": 0, "hours": 0.0, "cost": 0.0})
    working = both.filter(both.hours > 0, both.lines_picked > 0)
    rates = working.group_by("location").aggregate(rate=(working.lines_picked / working.hours).median())
    week = both.filter(inside(both.day, books.week.window))
    by = week.group_by("location", "hour").aggregate(lines_picked=week.lines_picked.sum(), hours=week.hours.sum(), cost=week.cost.sum())
    by = by.left_join(rates, "location").drop("location_right")
    return by.mutate(need=by.lines_picked / by.rate).drop("rate")


def weeks_worked(books: Books, window: Window) -> tuple[Week, ...]:
    """The weeks of the window whose labor can be shared out over what was picked: those with both; where none has, those with labor.

    Four weeks' labor over three weeks' picks would say that a line costs a third more than it does.
    """
    return books.told(window, "labor", "picks") or books.told(window, "labor")


@fact
def labor_rates(books: Books, window: Window) -> ibis.Table:
    """One row a location: cost and hours of the roles pick and pack in the window's `weeks_worked`."""
    t = labor(books, window)
    t = t.filter(t.role.isin(("pick", "pack")), inside_weeks(t.work_date, window, weeks_worked(books, window)))
    return t.group_by("location").aggregate(cost=t.cost.sum(), hours=t.hours.sum())


@fact
def crews(books: Books) -> ibis.Table:
    """One row a week (its `monday`) of 26, location and role: `volume` its hours should follow (empty: none), hours, cost.

    Units picked for pick and pack, received at the dock for receive, returned parcels' units for returns.
    """
    window = books.week.trailing(7 * CREW_WEEKS)
    t = labor(books, window)
    t = t.filter(t.role.isin(list(WORK))).mutate(monday=t.work_date.truncate("W").cast("date"))
    t = t.mutate(work=ibis.cases(*((t.role == role, work) for role, work in WORK.items()), else_=None))
    hours = t.group_by("monday", "location", "role", "work").aggregate(hours=t.hours.sum(), cost=t.cost.sum())
    p, i, r = picks(books, window), books.table("inbound"), books.table("returns")
    sent = shipments(books).select("order_id", "location").distinct(on="order_id")
    done = (
        p.select("location", "day", volume=p.quantity, work=ibis.literal("picked")),
        i.select("location", day=i.arrived_at_local.date(), volume=i.quantity_received.fill_null(0.0), work=ibis.literal("received")),
        r.join(sent, "order_id").select("location", day=r.received_at_local.date(), volume=r.quantity, work=ibis.literal("returned")),
    )
    d = ibis.union(*(part.select("location", "day", "volume", "work") for part in done))
    d = d.filter(inside(d.day, window)).mutate(monday=d.day.truncate("W").cast("date"))
    volume = d.group_by("monday", "location", "work").aggregate(volume=d.volume.sum())
    out = beside(hours, volume, "monday", "location", "work")
    return out.select("monday", "location", "role", "volume", "hours", "cost")


@fact
def stocked(books: Books) -> ibis.Table:
    """One row an inbound line stocked in W after it arrived: `hours` from dock to stock."""
    t = books.table("inbound")
    t = t.filter(inside(t.stocked_at_local.date(), books.week.window), t.arrived_at <= t.stocked_at)
    hours = t.stocked_at.delta(t.arrived_at, unit="second").cast("float64") / 3600.0
    return t.mutate(hours=hours, supplier=t.supplier.fill_null("(unknown)"))


@fact
def at_dock(books: Books) -> ibis.Table:
    """One row an inbound line that arrived and is not stocked at `as_of`: `hours` it has waited."""
    t = books.table("inbound")
    t = t.filter(t.arrived_at.notnull(), t.stocked_at.isnull(), ~t.closed.fill_null(False))
    waited = ibis.literal(books.as_of).cast("timestamp").delta(t.arrived_at, unit="second").cast("float64") / 3600.0
    return t.mutate(hours=waited)
