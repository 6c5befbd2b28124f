"""Sets 2 and 3: the day's stock, what counts, daily demand, days of supply, excess, dead stock."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from opsreview.weeks import Window

from .figures import grouped, ratio
from .read import Known, Row, inside, once
from .sales import family, lines, product, skus, sold, tier, units_by_day

SYSTEMS = ("wms", "erp")  # the first that reports wins


@once
def system_days(known: Known) -> dict[tuple, Row]:
    """(system, sku, location, day) -> on_hand, allocated, available of T91 as that system reports it.

    "the last row of the day of each system, location and channel …; available = max(0, on_hand − allocated), clipped row by row, then
    summed over channels."
    """
    last: dict[tuple, Row] = {}
    for row in known["inventory"]:
        day = row.snapshot_at_local.date()
        if row.system in SYSTEMS and inside(day, known.trailing(91)):
            key = (row.system, row.sku, row.location, day, row.channel)
            if key not in last or row.snapshot_at >= last[key].snapshot_at:
                last[key] = row
    found: dict[tuple, Row] = {}
    for (system, sku, location, day, _), row in last.items():
        total = found.setdefault((system, sku, location, day), Row(on_hand=0.0, allocated=0.0, available=0.0))
        total.on_hand += row.on_hand
        total.allocated += row.allocated or 0
        total.available += max(0.0, row.on_hand - (row.allocated or 0))
    return found


@once
def stock_days(known: Known) -> dict[tuple[str, str, date], Row]:
    """(sku, location, day) -> the day's stock of T91, with the system that says so.

    "A SKU and location that a system reported in T28 and that is absent on a day on which that system reported that location counts as 0
    there." Then "the `wms` system's where it reports that SKU, location and day, else the `erp`'s".
    """
    reported = dict(system_days(known))
    location_days = {(system, location, day) for system, _, location, day in reported}
    recently = {(system, sku, location) for system, sku, location, day in reported if inside(day, known.trailing(28))}
    for system, sku, location in recently:
        for other, place, day in location_days:
            if (other, place) == (system, location):
                reported.setdefault((system, sku, location, day), Row(on_hand=0.0, allocated=0.0, available=0.0))
    found: dict[tuple, Row] = {}
    for preferred in reversed(SYSTEMS):  # the last one written stands
        for (system, sku, location, day), row in reported.items():
            if system == preferred:
                found[sku, location, day] = Row(row, system=system)
    return found


@once
def snapshot_days(known: Known) -> set[tuple[str, date]]:
    """(location, day) of T91 with a snapshot of either system."""
    return {(location, day) for _, _, location, day in system_days(known)}


@once
def available_somewhere(known: Known) -> set[tuple[str, date]]:
    """(sku, day) of T91 on which the SKU was available at some location."""
    return {(sku, day) for (sku, _, day), row in stock_days(known).items() if row.available > 0}


@once
def stock_now(known: Known) -> dict[tuple[str, str], Row]:
    """(sku, location) -> its last snapshot before `as_of`, of T28, with its `day`."""
    found: dict[tuple, Row] = {}
    for (sku, location, day), row in sorted(stock_days(known).items(), key=lambda item: item[0][2]):
        if inside(day, known.trailing(28)):
            found[sku, location] = Row(row, day=day)
    return found


@once
def open_inbound(known: Known) -> list[Row]:
    """Inbound lines that still bring something: not closed, less received than ordered, and not put away with nothing more to come."""
    return [
        Row(line, open_quantity=line.quantity_ordered - (line.quantity_received or 0))
        for line in known["inbound"]
        if line.closed is not True
        and (line.quantity_received or 0) < line.quantity_ordered
        and (line.stocked_at is None or line.closed is False)
    ]


@once
def counting(known: Known) -> set[tuple[str, str]]:
    """ "Discontinued products do not count in this set. A SKU-location counts in W when it had stock on any day of T91 or has open
    inbound" ("and not before `launched_on`": see `launched`)."""
    had_stock = {(sku, location) for (sku, location, _), row in stock_days(known).items() if row.available > 0}
    coming = {(line.sku, line.location) for line in open_inbound(known)}
    return {(sku, location) for sku, location in had_stock | coming if product(known, sku).status != "discontinued"}


def launched(known: Known, sku: str, day: date) -> bool:
    launch = product(known, sku).launched_on
    return launch is None or day >= launch


@once
def counting_days(known: Known) -> list[Row]:
    """ "SKU-location-days of W that count and have a snapshot of their location that day" """
    stocked = {place_and_day for place_and_day, row in stock_days(known).items() if row.available > 0}
    return [
        Row(sku=sku, location=location, day=day, in_stock=(sku, location, day) in stocked)
        for sku, location in sorted(counting(known))
        for day in known.week.window.dates
        if (location, day) in snapshot_days(known) and launched(known, sku, day)
    ]


@once
def sku_days(known: Known) -> list[Row]:
    """The SKU-days of W of the SKUs that count anywhere, on days with a snapshot of any location."""
    days_with_snapshot = {day for _, day in snapshot_days(known)}
    return [
        Row(sku=sku, day=day, in_stock=(sku, day) in available_somewhere(known))
        for sku in sorted({sku for sku, _ in counting(known)})
        for day in known.week.window.dates
        if day in days_with_snapshot and launched(known, sku, day)
    ]


def in_stock_rate(rows: list[Row]) -> tuple:
    """ "SKU-location-days of W with available > 0 / SKU-location-days of W that count and have a snapshot of their location that day" """
    return ratio(sum(r.in_stock for r in rows), len(rows))


def in_stock_rate_weighted(rows: list[Row]) -> tuple:
    """ "Σ d·[available > 0 at any location] / Σ d over the SKU-days of W" """
    return ratio(sum(r.d for r in rows if r.in_stock), sum(r.d for r in rows))


def selling_days(known: Known, sku: str, window: Window) -> list[date]:
    """ "days with a snapshot on which it was available somewhere or sold" """
    days_with_snapshot = {day for _, day in snapshot_days(known)}
    return [
        day
        for day in window.dates
        if day in days_with_snapshot and ((sku, day) in available_somewhere(known) or units_by_day(known)[sku][day] > 0)
    ]


@once
def demand(known: Known, alone: bool = False) -> dict[str, float]:
    """d, where it can be said.

    "d(sku) = sold units on its selling days of T28 / those days where there are at least 7; else the same over T91; else n/a. Without any
    `inventory`: sold units in T28 / 28." Alone: over the selling days of W, of which one is enough.
    """
    everyone = sorted(set(skus(known)) | {sku for sku, _, _ in stock_days(known)})
    windows, enough = ([known.week.window], 1) if alone else ([known.trailing(28), known.trailing(91)], 7)
    if not any(("inventory", week) in known.exported for week in windows[0].weeks):
        return {sku: sold(known, windows[0])[sku] / windows[0].days for sku in everyone}
    found = {}
    for sku in everyone:
        for window in windows:
            days = selling_days(known, sku, window)
            if len(days) >= enough:
                found[sku] = sum(units_by_day(known)[sku][day] for day in days) / len(days)
                break
    return found


@once
def first_shipment(known: Known) -> dict[str, Row]:
    """Order -> its first shipment: the earliest label, then the smallest shipment_id."""
    found: dict[str, Row] = {}
    for shipment in sorted(known["shipments"], key=lambda s: (s.label_created_at, s.shipment_id)):
        found.setdefault(shipment.order_id, shipment)
    return found


@once
def shipped_units(known: Known, days: int) -> dict[str, dict[str, float]]:
    """SKU -> location -> units sold in the trailing days, by where their order first shipped from."""
    found: dict = defaultdict(lambda: defaultdict(float))
    for line in lines(known):
        if inside(line.day, known.trailing(days)) and line.order_id in first_shipment(known):
            found[line.sku][first_shipment(known)[line.order_id].location] += line.units
    return found


@once
def shares(known: Known) -> dict[tuple[str, str], float]:
    """ "d(sku, location) = d(sku) × the location's share of the SKU's units shipped in T28 (of T91; equal shares where none)", among the
    locations where the SKU has stock rows."""
    places = defaultdict(list)
    for sku, location in sorted(stock_now(known)):
        places[sku].append(location)
    found = {}
    for sku, locations in places.items():
        for days in (28, 91):
            units = {location: shipped_units(known, days)[sku][location] for location in locations}
            if sum(units.values()) > 0:
                break
        else:
            units = dict.fromkeys(locations, 1.0)
        for location in locations:
            found[sku, location] = units[location] / sum(units.values())
    return found


def supply(known: Known, alone: bool) -> tuple[list[Row], list[Row]]:
    """Rows a SKU, and a SKU and location, with d > 0: available now and d."""
    d = {sku: n for sku, n in demand(known, alone).items() if n > 0}
    places = [
        Row(sku=sku, location=location, available=row.available, d=d[sku] * shares(known)[sku, location])
        for (sku, location), row in stock_now(known).items()
        if sku in d
    ]
    total = [Row(sku=sku, available=sum(p.available for p in places if p.sku == sku), d=n) for sku, n in d.items()]
    return total, places


def days_of_supply(rows: list[Row]) -> tuple:
    """ "for a group Σ available / Σ d over SKUs with d > 0" """
    return ratio(sum(r.available for r in rows), sum(r.d for r in rows))


@once
def excess(known: Known) -> dict[str, float]:
    """ "excess units(sku) = max(0, available over all locations − target_dos[tier] × d)"; SKUs without d, or in tier N, have none."""
    available: dict[str, float] = defaultdict(float)
    for (sku, _), row in stock_now(known).items():
        available[sku] += row.available
    targets = known.settings.target_dos
    return {
        sku: max(0.0, available[sku] - getattr(targets, tier(known, sku)) * d)
        for sku, d in demand(known).items()
        if tier(known, sku) != "N"
    }


@once
def dead(known: Known) -> dict[str, float]:
    """Dead SKU -> units on hand.

    "dead stock: on_hand > 0, no sale in T91, and in stock since before T91 began; discontinued SKUs count" """
    on_hand: dict[str, float] = defaultdict(float)
    for (sku, _), row in stock_now(known).items():
        on_hand[sku] += row.on_hand
    t91 = known.trailing(91)
    old = {r.sku for r in known["inventory"] if r.system in SYSTEMS and r.on_hand > 0 and r.snapshot_at_local.date() < t91.start}
    return {
        sku: units
        for sku, units in on_hand.items()
        if units > 0 and sold(known, t91)[sku] == 0 and (sku in old or product(known, sku).status == "discontinued")
    }


def figures(known: Known, alone: bool = False) -> dict[str, dict]:
    """KPI -> {(grain, key): (value, numerator, denominator)}."""
    by_family, by_tier = lambda r: family(known, r.sku), lambda r: tier(known, r.sku)
    d = demand(known, alone)
    weighted = [Row(row, d=d.get(row.sku, 0.0)) for row in sku_days(known)]
    total, places = supply(known, alone)
    by_location = grouped(places, days_of_supply, location=lambda r: r.location)
    return {
        "in_stock_rate": grouped(counting_days(known), in_stock_rate, location=lambda r: r.location, family=by_family, tier=by_tier),
        "in_stock_rate_weighted": grouped(weighted, in_stock_rate_weighted, family=by_family, tier=by_tier),
        "days_of_supply": by_location | grouped(total, days_of_supply, tier=by_tier, family=by_family),
    }
