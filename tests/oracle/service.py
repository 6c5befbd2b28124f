"""Set 6: promises kept, by us and by carriers."""

from __future__ import annotations

from opsreview.weeks import Window

from .figures import grouped, ratio
from .read import Known, Row, inside, once
from .sales import UNKNOWN, orders
from .stock import first_shipment


@once
def shipments(known: Known) -> list[Row]:
    """ "Shipments of cancelled orders do not count." One whose order is not known does."""
    return [s for s in known["shipments"] if s.order_id not in orders(known) or not orders(known)[s.order_id].cancelled]


@once
def with_exception(known: Known) -> set[str]:
    """ "at least one exception event before `as_of`" """
    return {e.shipment_id for e in known["carrier_events"] if e.is_exception}


def late(shipment: Row) -> bool:
    """Not handed over by its promise. "What has not left by `as_of` is late." """
    return shipment.shipped_at is None or shipment.shipped_at > shipment.promised_ship_at


def promised(known: Known) -> list[Row]:
    """ "shipments with `promised_ship_at` in W. An order with its own `promised_ship_at` in W and no shipment counts as one shipment, not
    on time." """
    week = known.week.window
    rows = [Row(s, kept=not late(s)) for s in shipments(known) if inside(s.promised_ship_at_local, week)]
    for order in orders(known).values():
        if inside(order.promised_ship_at_local, week) and not order.cancelled and order.order_id not in first_shipment(known):
            rows.append(Row(location=None, carrier=None, service=None, kept=False))
    return rows


def exceptions(known: Known) -> list[Row]:
    """ "over `shipped_at` in W" """
    return [Row(s, kept=s.shipment_id in with_exception(known)) for s in shipments(known) if inside(s.shipped_at_local, known.week.window)]


def deliveries(known: Known) -> list[Row]:
    """ "`delivered_at` ≤ `promised_delivery_at` / shipments with `promised_delivery_at` in W" """
    return [
        Row(s, kept=s.delivered_at is not None and s.delivered_at <= s.promised_delivery_at)
        for s in shipments(known)
        if inside(s.promised_delivery_at_local, known.week.window)
    ]


def perfect(known: Known, window: Window) -> list[Row]:
    """ "of the orders with a promise (their own or a shipment's) in W: no shipment late at `as_of`, no pick with an error, no exception
    event, no return requested with a reason of `returns.control_reasons`" """
    as_of = known.week.as_of(known.settings.timezone)
    parcels: dict[str, list[Row]] = {}
    for shipment in known["shipments"]:
        parcels.setdefault(shipment.order_id, []).append(shipment)
    wrong_picks = {p.order_id for p in known["picks"] if p.error_type}
    our_returns = {r.order_id for r in known["returns"] if r.reason_code in known.settings.returns.control_reasons}
    rows = []
    for order in orders(known).values():
        own = parcels.get(order.order_id, [])
        has_promise = inside(order.promised_ship_at_local, window) or any(inside(s.promised_ship_at_local, window) for s in own)
        if order.cancelled or not has_promise:
            continue
        is_late = any(s.promised_ship_at is not None and s.promised_ship_at < as_of and late(s) for s in own)
        never_left = not own and order.promised_ship_at < as_of
        exception = any(s.shipment_id in with_exception(known) for s in own)
        good = not (is_late or never_left or exception or order.order_id in wrong_picks or order.order_id in our_returns)
        first = first_shipment(known).get(order.order_id, Row(location=None, carrier=None, service=None))
        rows.append(Row(location=first.location, carrier=first.carrier, service=first.service, kept=good))
    return rows


def share_kept(rows: list[Row]) -> tuple:
    return ratio(sum(r.kept for r in rows), len(rows))


def figures(known: Known) -> dict[str, dict]:
    """KPI -> {(grain, key): (value, numerator, denominator)}."""
    grains = {
        "location": lambda r: r.location or UNKNOWN,
        "carrier": lambda r: r.carrier or UNKNOWN,
        "service": lambda r: f"{r.carrier}/{r.service}" if r.carrier else UNKNOWN,
    }
    return {
        "on_time_ship_rate": grouped(promised(known), share_kept, **grains),
        "carrier_exception_rate": grouped(exceptions(known), share_kept, **grains),
        "on_time_delivery_rate": grouped(deliveries(known), share_kept, **grains),
        "perfect_order_rate": grouped(perfect(known, known.week.window), share_kept, **grains),
        "perfect_order_rate_matured": grouped(perfect(known, known.trailing(7, ended_days_ago=28)), share_kept, **grains),
    }
