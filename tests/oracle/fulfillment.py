"""Sets 4 and 5: picking right, and from the dock to the shelf."""

from __future__ import annotations

from datetime import timedelta
from statistics import fmean, median

from opsreview.weeks import Window

from .figures import grouped, ratio
from .read import Known, Row, inside
from .sales import UNKNOWN


def picked(known: Known, window: Window) -> list[Row]:
    return [p for p in known["picks"] if inside(p.picked_at_local, window)]


def pick_pack_accuracy(picks: list[Row]) -> tuple:
    """ "accuracy = 1 − picks with an `error_type` / picks" """
    return ratio(sum(p.error_type is None for p in picks), len(picks))


def pick_pack_accuracy_orders(picks: list[Row]) -> tuple:
    """ "orders picked in W without any error / orders picked in W" """
    picked_orders = {p.order_id for p in picks}
    return ratio(len(picked_orders - {p.order_id for p in picks if p.error_type}), len(picked_orders))


def rework_rate(picks: list[Row]) -> tuple:
    """ "picks with `rework_minutes` > 0 / picks" """
    return ratio(sum((p.rework_minutes or 0) > 0 for p in picks), len(picks))


def accuracy_by_error(picks: list[Row]) -> dict:
    """ "by error_type: 1 − picks with that error / all picks" """
    errors = {p.error_type for p in picks if p.error_type}
    return {("error_type", e): ratio(sum(p.error_type != e for p in picks), len(picks)) for e in errors}


def rework_by_error(picks: list[Row]) -> dict:
    reworked = [p for p in picks if (p.rework_minutes or 0) > 0]
    errors = {p.error_type or UNKNOWN for p in reworked}
    return {("error_type", e): ratio(sum((p.error_type or UNKNOWN) == e for p in reworked), len(picks)) for e in errors}


def stocked(known: Known) -> list[Row]:
    """ "Over inbound lines with `stocked_at` in W and an `arrived_at` not after it: hours = `stocked_at` − `arrived_at`" """
    return [
        Row(line, hours=(line.stocked_at - line.arrived_at) / timedelta(hours=1))
        for line in known["inbound"]
        if inside(line.stocked_at_local, known.week.window) and line.arrived_at is not None and line.arrived_at <= line.stocked_at
    ]


def p90(values: list[float]) -> float:
    """ "(linear interpolation)": the value at position 0.9 × (n − 1) of the sorted values."""
    values = sorted(values)
    at = 0.9 * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (at - low) * (values[high] - values[low])


def dock_to_stock(rows: list[Row]) -> tuple:
    return (median(r.hours for r in rows) if rows else None, None, len(rows))


def dock_to_stock_mean(rows: list[Row]) -> tuple:
    return (fmean(r.hours for r in rows) if rows else None, sum(r.hours for r in rows), len(rows))


def dock_to_stock_p90(rows: list[Row]) -> tuple:
    return (p90([r.hours for r in rows]) if rows else None, None, len(rows))


def figures(known: Known) -> dict[str, dict]:
    """KPI -> {(grain, key): (value, numerator, denominator)}."""
    now, then = picked(known, known.week.window), picked(known, known.trailing(7, ended_days_ago=28))
    target = known.settings.targets["dock_to_stock_hours"].ok

    def within_target(rows: list[Row]) -> tuple:
        return ratio(sum(r.hours <= target for r in rows), len(rows))

    location = {"location": lambda r: r.location}
    dock = {"location": lambda r: r.location, "supplier": lambda r: r.supplier or UNKNOWN}
    return {
        "pick_pack_accuracy": grouped(now, pick_pack_accuracy, **location) | accuracy_by_error(now),
        "pick_pack_accuracy_orders": grouped(now, pick_pack_accuracy_orders, **location),
        "pick_pack_accuracy_matured": grouped(then, pick_pack_accuracy, **location) | accuracy_by_error(then),
        "rework_rate": grouped(now, rework_rate, **location) | rework_by_error(now),
        "dock_to_stock_hours": grouped(stocked(known), dock_to_stock, **dock),
        "dock_to_stock_hours_mean": grouped(stocked(known), dock_to_stock_mean, **dock),
        "dock_to_stock_hours_p90": grouped(stocked(known), dock_to_stock_p90, **dock),
        "dock_to_stock_within_target": grouped(stocked(known), within_target, **dock),
    }
