# ruff: noqa: E501 (a case is a line)
"""Set 1 by hand: A sold 10 in the 14 days from 23 February, 12 were planned on 20 February."""

from . import cases, daily_stock, joined, row, rows_of

BASE = {
    "products": rows_of("products", {"sku": "A"}),
    "orders": rows_of("orders", {"order_id": "O1"}),
    "order_lines": rows_of("order_lines", {"order_id": "O1", "quantity": 10}),
    "demand_plan": rows_of(
        "demand_plan", {"plan_date": "2026-02-20", "target_date": "2026-02-23", "period_days": 14, "planned_units": 12, "_week": "2026-W08"}
    ),
}
PLAN = BASE["demand_plan"][0]
NO_PLAN = PLAN | {"deleted": "true", "_week": "2026-W09"}  # takes the base's plan away


def sold(order_id: str, quantity: float, at: str, sku: str = "A", **more) -> dict:
    """One more order."""
    return {
        "orders": [{"order_id": order_id, "ordered_at": at, **more}],
        "order_lines": [{"order_id": order_id, "sku": sku, "quantity": quantity}],
    }


def evening(location: str, **stock) -> dict:
    """A's stock on one evening of the window."""
    return {"snapshot_at": "2026-02-25 20:00", "system": "wms", "sku": "A", "location": location, **stock}


CASES = [
    *cases(
        "forecast_accuracy_14d",
        BASE,
        row("base", 0.8, 2, 10),  # |12 − 10| = 2; 1 − 2/10
        row("planned 25: an error above all sales is 0, not below", 0.0, 15, 10, demand_plan=[PLAN | {"planned_units": 25}]),  # 1 − 15/10 < 0
        row("a plan made on the first day counts", 0.8, 2, 10, demand_plan=[NO_PLAN, PLAN | {"plan_date": "2026-02-23", "_week": "2026-W09"}]),
        row("one made a day later does not", None, demand_plan=[NO_PLAN, PLAN | {"plan_date": "2026-02-24", "_week": "2026-W09"}]),  # nothing planned
        row("the newest version counts", 1.0, 0, 10, demand_plan=[PLAN | {"plan_date": "2026-02-22", "planned_units": 10}]),  # |10 − 10|
        row(
            "unless it leaves a day of the window out",  # 13 days of 14: the version of the 20th stands
            0.8, 2, 10, demand_plan=[PLAN | {"plan_date": "2026-02-22", "planned_units": 10, "period_days": 13}],
        ),
        row(
            "a period over both edges counts by its days inside",  # 28 days from the 16th, 14 of them inside: 28 × 14/28 = 14; |14 − 10|
            0.6, 4, 10, demand_plan=[NO_PLAN, PLAN | {"plan_date": "2026-02-19", "target_date": "2026-02-16", "period_days": 28, "planned_units": 28}],
        ),
        row(
            "channels add up, and cover together",  # 5 + 6 = 11; |11 − 10|
            0.9, 1, 10, demand_plan=[NO_PLAN, *({**PLAN, "plan_date": "2026-02-19", "channel": c, "planned_units": n} for c, n in (("web", 5), ("pos", 6)))],
        ),
        row(
            "a plan by the day: the period is one day where it is empty",  # 14 days × 1 = 14; |14 − 10|
            0.6, 4, 10,
            demand_plan=[NO_PLAN, *({**PLAN, "plan_date": "2026-02-19", "target_date": f"2026-{d}", "period_days": "", "planned_units": 1}
                         for d in ("02-23", "02-24", "02-25", "02-26", "02-27", "02-28", *(f"03-0{i}" for i in range(1, 9))))],
        ),
        row("cancelled units are not sold", 0.5, 4, 8, order_lines=[{"order_id": "O1", "line_id": "1", "cancelled_quantity": 2}]),  # |12 − 8| / 8
        row("a cancelled order is not sold", 0.8, 2, 10, **sold("O2", 5, "2026-03-04", status="cancelled")),
        row("one to be cancelled after as_of is", 0.8, 3, 15, **sold("O2", 5, "2026-03-04", status="cancelled", cancelled_at="2026-03-09")),  # |12 − 15|
        row("the first minute of the window is in it", 1 - 1 / 11, 1, 11, **sold("O2", 1, "2026-02-23 00:00")),  # |12 − 11| / 11
        row("the last of the day before is not", 0.8, 2, 10, **sold("O2", 1, "2026-02-22 23:59")),
        row("the last minute before as_of is", 1 - 1 / 11, 1, 11, **sold("O2", 1, "2026-03-08 23:59")),
        row("as_of itself is not", 0.8, 2, 10, **sold("O2", 1, "2026-03-09 00:00")),
        row("an unplanned SKU has F = 0", 1 - 6 / 14, 6, 14, **sold("O2", 4, "2026-03-04", "B")),  # 2 + 4 of 10 + 4
        row("planned SKUs with half of the sales are enough", 0.4, 12, 20, **sold("O2", 10, "2026-03-04", "B")),  # 1 − (2 + 10)/20
        row("with less than half: n/a", None, 13, 21, **sold("O2", 11, "2026-03-04", "B")),  # 10 of 21 are planned
        row("a plan of nothing is a plan", 0.0, 10, 10, demand_plan=[PLAN | {"planned_units": 0}]),  # |0 − 10| / 10, planned SKUs hold it all
        row("no sales: n/a", None, 12, 0, orders=[{"order_id": "O1", "ordered_at": "2026-02-10"}]),
        row("no plan ever exported: n/a", None, missing=["demand_plan"]),
        row("orders missing in a week of the window: n/a", None, missing=["orders@2026-W09"]),
        row("in a week before it: said", 0.8, missing=["orders@2026-W08"]),
        row("by family", 0.8, 2, 10, "family", "F"),
        row("without master data", None, 4, 4, "family", "(unknown)", **sold("O2", 4, "2026-03-04", "B")),  # only B, which is unplanned
        row("by category", 0.8, 2, 10, "category", "C"),
        row("by tier: a lone SKU is A", 0.8, 2, 10, "tier", "A"),
        row("by cluster: first sold this week", 0.8, 2, 10, "cluster", "new"),
    ),
    *cases(
        "forecast_bias_14d",
        BASE,
        row("over-planned is positive", 0.2, 2, 10),  # (12 − 10) / 10
        row("under-planned is negative", -0.4, -4, 10, demand_plan=[PLAN | {"planned_units": 6}]),
        row("over and under cancel out", -2 / 14, -2, 14, **sold("O2", 4, "2026-03-04", "B")),  # +2 − 4
        row("said also where planned SKUs hold little", -9 / 21, -9, 21, **sold("O2", 11, "2026-03-04", "B")),  # +2 − 11
    ),
    *cases(
        "forecast_value_added_14d",
        joined(BASE, sold("N1", 7, "2026-02-12")),  # 7 sold in the 14 days from 9 February
        row("naive errs by 3, the plan by 2", 0.1, 1, 10),
        row("a SKU that only sold before is the naive's error", 0.4, 4, 10, **sold("O2", 3, "2026-02-22", "B")),  # 3 + 3 − 2
        row("sales before those 14 days are no forecast", 0.1, 1, 10, **sold("O2", 3, "2026-02-08", "B")),
        row("orders missing in the naive's weeks: n/a", None, missing=["orders@2026-W07"]),
    ),
    *cases(
        "forecast_accuracy_14d_in_stock",
        joined(BASE, sold("O2", 4, "2026-03-04", "B"), {"inventory": daily_stock("2026-02-23", "2026-03-08", 5)}),
        row("only A was always there", 0.8, 2, 10),  # B has no stock: left out
        row("an empty evening: n/a", None, 0, 0, inventory=[evening("EAST", on_hand=0)]),
        row("unless another location had it", 0.8, 2, 10, inventory=[evening("EAST", on_hand=0), evening("WEST", on_hand=1)]),
        row("all of it allocated is empty", None, 0, 0, inventory=[evening("EAST", allocated=5)]),
        row("no inventory in a week: n/a", None, missing=["inventory@2026-W09"]),
    ),
    *cases(
        "forecast_accuracy_30d",
        joined(BASE, {"demand_plan": [PLAN | {"plan_date": "2026-02-06", "target_date": "2026-02-07", "period_days": 30, "planned_units": 15, "_week": "2026-W06"}]}),
        row("against the version of 6 February", 0.5, 5, 10),  # |15 − 10|; the one of the 20th is too young
        row("30 days begin on 7 February", 1 - 4 / 11, 4, 11, **sold("O2", 1, "2026-02-07")),  # |15 − 11|
        row("and not on the 6th", 0.5, 5, 10, **sold("O2", 1, "2026-02-06")),
    ),
]  # fmt: skip
