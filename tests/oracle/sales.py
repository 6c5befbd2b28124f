"""What was sold, and what SKUs are: lines with their units, families, velocity tiers, clusters."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from statistics import fmean, pvariance

from opsreview.weeks import Week, Window

from .read import Known, Row, inside, once

UNKNOWN = "(unknown)"


@once
def orders(known: Known) -> dict[str, Row]:
    return {o.order_id: o for o in known["orders"]}


@once
def lines(known: Known) -> list[Row]:
    """Lines of orders not cancelled. "Sold units: `quantity` − `cancelled_quantity` … on the local day of `ordered_at`." """
    found = []
    for line in known["order_lines"]:
        order = orders(known)[line.order_id]
        if not order.cancelled:
            units = max(0.0, line.quantity - (line.cancelled_quantity or 0))
            found.append(Row(line, units=units, day=order.day, channel=order.channel, rate=order.rate))
    return found


@once
def units_by_day(known: Known) -> dict[str, Counter]:
    """SKU -> day -> sold units."""
    units: dict[str, Counter] = defaultdict(Counter)
    for line in lines(known):
        units[line.sku][line.day] += line.units
    return units


@once
def sold(known: Known, window: Window) -> Counter:
    """SKU -> units sold in a window."""
    units: Counter = Counter()
    for line in lines(known):
        if inside(line.day, window):
            units[line.sku] += line.units
    return units


@once
def products(known: Known) -> dict[str, Row]:
    return {p.sku: p for p in known["products"]}


def product(known: Known, sku: str) -> Row:
    """A SKU's master data; empty where it has none."""
    return products(known).get(sku) or _NOTHING


def family(known: Known, sku: str) -> str:
    """ "A SKU without master data has family and category `(unknown)`." """
    return product(known, sku).family or UNKNOWN


def category(known: Known, sku: str) -> str:
    return product(known, sku).category or UNKNOWN


@once
def skus(known: Known) -> list[str]:
    """ "all SKUs of `products` and of order lines" """
    return sorted({p.sku for p in known["products"]} | {line.sku for line in known["order_lines"]})


@once
def tiers(known: Known) -> dict[str, str]:
    """ "Tiers by units sold in T91, all SKUs …, in falling order, ties by SKU: A until 80 % of the units are reached (the SKU that
    reaches it is in A), B until 95 %, C the rest with any sales, N with none." """
    units = sold(known, known.trailing(91))
    total, before, found = sum(units.values()), 0.0, {}
    for sku in sorted(skus(known), key=lambda s: (-units[s], s)):
        if units[sku] <= 0:
            found[sku] = "N"
        elif before / total < 0.80:
            found[sku] = "A"
        elif before / total < 0.95:
            found[sku] = "B"
        else:
            found[sku] = "C"
        before += units[sku]
    return found


def tier(known: Known, sku: str) -> str:
    return tiers(known).get(sku, "N")


@once
def clusters(known: Known) -> dict[str, str]:
    """By rule (Syntetos and Boylan): average demand interval and squared coefficient of variation of T182's weeks since the first sale."""
    found = {}
    t56, t182 = known.trailing(56), known.trailing(182)
    for sku in skus(known):
        by_day = {day: n for day, n in units_by_day(known)[sku].items() if n > 0}
        first_sale: date | None = min(by_day, default=None)
        weekly = Counter()
        for day, n in by_day.items():
            if inside(day, t182):
                weekly[Week.of(day)] += n
        if inside(first_sale, t56) or inside(product(known, sku).launched_on, t56):
            found[sku] = "new"
        elif not weekly:
            found[sku] = "none"
        else:
            begin = max(Week.of(first_sale).monday, t182.start)
            interval = (known.week.end - begin) / timedelta(weeks=1) / len(weekly)
            variation = pvariance(weekly.values()) / fmean(weekly.values()) ** 2
            found[sku] = {(False, False): "steady", (True, False): "intermittent", (False, True): "erratic", (True, True): "lumpy"}[
                interval >= 1.32, variation >= 0.49
            ]
    return found


def cluster(known: Known, sku: str) -> str:
    return clusters(known).get(sku, "none")


class _Nothing(Row):
    def __getattr__(self, name):
        return None


_NOTHING = _Nothing()
