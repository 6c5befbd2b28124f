"""The one inventory view: a row a SKU and location with stock now, or with something on its way."""

from __future__ import annotations

from .figures import ratio
from .read import Known, Row, inside
from .sales import family, product, sold, tier
from .stock import dead, demand, excess, open_inbound, shares, stock_now, system_days


def last_of_system(known: Known, system: str, sku: str, location: str) -> float | None:
    """on_hand at a system's own last snapshot of T28; absent while it reports the location counts as 0."""
    days = {day: row.on_hand for (s, k, place, day), row in system_days(known).items() if (s, k, place) == (system, sku, location)}
    days = {day: on_hand for day, on_hand in days.items() if inside(day, known.trailing(28))}
    if not days:
        return None
    latest = max(day for s, _, place, day in system_days(known) if (s, place) == (system, location))
    return days.get(latest, 0.0)


def inventory_view(known: Known) -> list[Row]:
    """ "DOS = available at the last snapshot before `as_of` / d … In-transit transfers stand beside it … sell-through = units sold in T28 /
    (units sold in T28 + on hand now) … next inbound ETA and open quantity, value at cost" """
    now, coming = stock_now(known), open_inbound(known)
    on_hand, available = {}, {}
    for (sku, _), row in now.items():
        on_hand[sku] = on_hand.get(sku, 0.0) + row.on_hand
        available[sku] = available.get(sku, 0.0) + row.available
    found = []
    for sku, location in sorted(set(now) | {(line.sku, line.location) for line in coming}):
        here = now.get((sku, location))
        bound = [line for line in coming if (line.sku, line.location) == (sku, location)]
        eta = min((line.eta for line in bound), default=None)
        row = Row(sku=sku, location=location, family=family(known, sku), tier=tier(known, sku), system=here.system if here else None)
        row.as_of_day = here.day if here else None
        row.on_hand, row.allocated, row.available = (here.on_hand, here.allocated, here.available) if here else (0.0, 0.0, 0.0)
        row.in_transit = sum(line.open_quantity for line in bound if line.kind == "transfer")
        row.units_28d = sold(known, known.trailing(28))[sku]
        d = demand(known).get(sku)
        row.daily_demand = None if d is None or not here else d * shares(known)[sku, location]
        row.days_of_supply = row.available / row.daily_demand if row.daily_demand else None
        row.sell_through = ratio(row.units_28d, row.units_28d + on_hand.get(sku, 0.0))[0]
        row.next_eta = eta
        row.next_quantity = sum(line.open_quantity for line in bound if line.eta == eta) if bound else None
        extra = excess(known).get(sku, 0.0)
        row.excess_units = extra * row.available / available[sku] if extra else 0.0
        cost = product(known, sku).unit_cost
        row.value_at_cost = None if cost is None else row.on_hand * cost
        row.dead_stock = sku in dead(known)
        row.erp_on_hand, row.wms_on_hand = (last_of_system(known, system, sku, location) for system in ("erp", "wms"))
        found.append(row)
    return found
