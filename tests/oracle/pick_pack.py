"""What picking and packing a line costs: labor of a window, location by location."""

from __future__ import annotations

from collections import defaultdict

from opsreview.weeks import Window

from .read import Known, Row, inside, once
from .sales import lines
from .stock import first_shipment


def paired(known: Known, window: Window) -> list:
    """ "the rates are those of the weeks that have both" """
    weeks = [w for w in window.weeks if ("labor", w) in known.exported]
    return [w for w in weeks if ("picks", w) in known.exported] or weeks


def told(known: Known, window: Window, day) -> bool:
    """Whether a day of the window is in a week that has both."""
    return inside(day, window) and any(inside(day, w.window) for w in paired(known, window))


@once
def labor(known: Known, window: Window) -> dict[str, Row]:
    """Location -> cost and hours of roles pick and pack.

    "Rows without an hour are used only where a day, place and role has no hourly row" """
    rows = [r for r in known["labor"] if told(known, window, r.work_date) and r.role in ("pick", "pack")]
    hourly = {(r.work_date, r.location, r.role) for r in rows if r.hour is not None}
    found: dict[str, Row] = {}
    for r in rows:
        if r.hour is not None or (r.work_date, r.location, r.role) not in hourly:
            total = found.setdefault(r.location, Row(cost=0.0, hours=0.0))
            total.cost += r.cost
            total.hours += r.hours
    return found


@once
def minute_rates(known: Known, window: Window) -> tuple[dict[str, float], float]:
    """ "that cost / its hours / 60": a minute of rework by location, and overall where a location has no labor."""
    here = {location: r.cost / r.hours / 60 for location, r in labor(known, window).items() if r.hours}
    hours = sum(r.hours for r in labor(known, window).values())
    return here, sum(r.cost for r in labor(known, window).values()) / hours / 60 if hours else 0.0


def rework_cost(known: Known, window: Window, pick: Row) -> float:
    here, overall = minute_rates(known, window)
    return (pick.rework_minutes or 0) * here.get(pick.location, overall)


@once
def work(known: Known, window: Window) -> list[Row]:
    """What was handled: (order_id, line_id), location, quantity, rework.

    "without `picks`: the lines of W's orders stand in for lines picked" """
    if any(("picks", week) in known.exported for week in paired(known, window)):
        return [
            Row(line=(p.order_id, p.line_id), location=p.location, quantity=p.quantity, rework=rework_cost(known, window, p))
            for p in known["picks"]
            if told(known, window, p.picked_at_local)
        ]
    return [
        Row(line=(x.order_id, x.line_id), location=first_shipment(known)[x.order_id].location, quantity=x.units, rework=0.0)
        for x in lines(known)
        if told(known, window, x.day) and x.order_id in first_shipment(known)
    ]


@once
def rates(known: Known, window: Window) -> tuple[dict[str, Row], Row | None]:
    """By location, and overall: cost a line, cost a unit.

    "rework minutes × … to the lines reworked, and the rest half evenly over the lines picked in W there, half over the units picked" """
    here: dict[str, Row] = {}
    pools = Row(pool=0.0, lines=0, units=0.0)
    for location, spent in labor(known, window).items():
        there = [w for w in work(known, window) if w.location == location]
        handled, units = len({w.line for w in there}), sum(w.quantity for w in there)
        if not handled:
            continue  # labor where nothing was picked stays unallocated
        pool = (spent.cost - sum(w.rework for w in there)) / 2
        here[location] = Row(line=pool / handled, unit=pool / units if units else 0.0)
        pools = Row(pool=pools.pool + pool, lines=pools.lines + handled, units=pools.units + units)
    if not here:
        return {}, None
    return here, Row(line=pools.pool / pools.lines, unit=pools.pool / pools.units if pools.units else 0.0)


@once
def line_costs(known: Known, window: Window) -> dict[tuple[str, str], Row]:
    """(order_id, line_id) of the window's orders -> cost, the rework in it, how it is known.

    "A line not picked in W bears the same rates of its location as an accrual; a line's location is its pick's, else its shipment's, else
    the mean of all. Without `labor`: `costs.pick_pack_per_line`" """
    ours = [x for x in lines(known) if inside(x.day, window)]
    here, overall = rates(known, window)
    if not paired(known, window) or overall is None:
        flat = known.settings.costs.pick_pack_per_line
        return {(x.order_id, x.line_id): Row(cost=flat, rework=0.0, provenance="contracted") for x in ours}
    handled, reworked = defaultdict(list), defaultdict(float)
    for p in known["picks"]:
        if inside(p.picked_at_local, window):  # also of weeks whose labor did not come: "at the same rate a minute"
            reworked[p.order_id, p.line_id] += rework_cost(known, window, p)
    for w in work(known, window):
        handled[w.line].append(w)
    last_pick = {(p.order_id, p.line_id): p.location for p in sorted(known["picks"], key=lambda p: (p.picked_at, p.pick_id))}
    found = {}
    for x in ours:
        key = (x.order_id, x.line_id)
        rework = reworked[key]
        if handled[key]:
            cost = 0.0
            for location in {w.location for w in handled[key]}:
                rate = here.get(location, overall)
                there = [w for w in handled[key] if w.location == location]
                cost += rate.line + rate.unit * sum(w.quantity for w in there)
            found[key] = Row(cost=cost + rework, rework=rework, provenance="allocated")
        else:
            shipment = first_shipment(known).get(x.order_id)
            location = last_pick.get(key) or (shipment.location if shipment else None)
            rate = here.get(location, overall)
            found[key] = Row(cost=rate.line + rate.unit * x.units + rework, rework=rework, provenance="accrued")
    return found
