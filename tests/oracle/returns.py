"""Set 7: what comes back, and why."""

from __future__ import annotations

from collections import Counter, defaultdict

from .figures import ratio
from .read import Known, Row, inside, once
from .sales import UNKNOWN, family, lines, orders


@once
def matched(known: Known) -> dict[tuple[str, str], list[Row]]:
    """(order_id, line_id) -> its returns: by order and line, "where line_id is empty by order_id + sku (the first line_id of it)"."""
    of_sku: dict[tuple[str, str], str] = {}
    known_lines = set()
    for line in sorted(known["order_lines"], key=lambda x: x.line_id):
        of_sku.setdefault((line.order_id, line.sku), line.line_id)
        known_lines.add((line.order_id, line.line_id))
    found = defaultdict(list)
    for r in known["returns"]:
        line_id = r.line_id if r.line_id is not None else of_sku.get((r.order_id, r.sku))
        if (r.order_id, line_id) in known_lines:
            found[r.order_id, line_id].append(r)
    return found


def channel(known: Known, order_id: str | None) -> str:
    """ "its order's channel (`(unknown)` where that is not known)" """
    return orders(known)[order_id].channel if order_id in orders(known) else UNKNOWN


def return_rate(known: Known, days: int) -> dict:
    """ "returned units with `requested_at` in T28 / sold units in T28 … All returns count, by the return's own SKU and its order's
    channel" """
    window = known.trailing(days)
    back = [r for r in known["returns"] if inside(r.requested_at_local, window)]
    out = [line for line in lines(known) if inside(line.day, window)]
    sold = sum(line.units for line in out)
    found = {("all", ""): ratio(sum(r.quantity for r in back), sold)}
    for reason in {r.reason_code for r in back}:
        found["reason", reason] = ratio(sum(r.quantity for r in back if r.reason_code == reason), sold)
    grains = {
        "sku": (lambda r: r.sku, lambda line: line.sku),
        "family": (lambda r: family(known, r.sku), lambda line: family(known, line.sku)),
        "channel": (lambda r: channel(known, r.order_id), lambda line: line.channel),
    }
    for grain, (of_return, of_line) in grains.items():
        returned, units = Counter(), Counter()
        for r in back:
            returned[of_return(r)] += r.quantity
        for line in out:
            units[of_line(line)] += line.units
        found |= {(grain, key): ratio(returned[key], units[key]) for key in {**returned, **units}}
    return found


def return_rate_cohort(known: Known, days: int) -> dict:
    """ "returned units requested before `as_of` for lines sold in the 28 days that ended 28 days before `as_of` (at most the line's
    quantity) / units of those lines" """
    window = known.trailing(days, ended_days_ago=28)
    cohort, by_reason = [], Counter()
    for line in lines(known):
        if inside(line.day, window):
            back = matched(known).get((line.order_id, line.line_id), [])
            asked = sum(r.quantity for r in back)
            returned = min(line.units, asked)
            cohort.append(Row(line, returned=returned))
            for r in back:
                by_reason[r.reason_code] += r.quantity * returned / asked if asked else 0.0
    units = sum(line.units for line in cohort)
    found = {("all", ""): ratio(sum(line.returned for line in cohort), units)}
    found |= {("reason", reason): ratio(n, units) for reason, n in by_reason.items()}
    for grain, key in {"sku": lambda x: x.sku, "family": lambda x: family(known, x.sku), "channel": lambda x: x.channel}.items():
        returned, sold = Counter(), Counter()
        for line in cohort:
            returned[key(line)] += line.returned
            sold[key(line)] += line.units
        found |= {(grain, k): ratio(returned[k], sold[k]) for k in sold}
    return found


def figures(known: Known, alone: bool = False) -> dict[str, dict]:
    """KPI -> {(grain, key): (value, numerator, denominator)}; alone: "returns requested in W / sold in W"."""
    days = 7 if alone else 28
    return {"return_rate": return_rate(known, days), "return_rate_cohort": return_rate_cohort(known, days)}
