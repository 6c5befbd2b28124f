# ruff: noqa: E501 (a case is a line)
"""Set 7 by hand: 10 of A and 5 of B sold in W, 2 of A come back; and a cohort of the 28 days from 12 January, of which 8 were sold."""

from . import cases, row, rows_of

PRODUCTS = rows_of("products", {"sku": "A"}, {"sku": "B", "family": "G"})
RATE = {
    "products": PRODUCTS,
    "orders": rows_of("orders", {"order_id": "O1"}, {"order_id": "O2", "channel": "pos"}),
    "order_lines": rows_of("order_lines", {"order_id": "O1", "quantity": 10}, {"order_id": "O2", "sku": "B", "quantity": 5}),
    "returns": rows_of("returns", {"return_id": "R1", "order_id": "O1", "line_id": "1", "quantity": 2, "requested_at": "2026-03-05"}),
}
COHORT = {
    "products": PRODUCTS,
    "orders": rows_of("orders", {"order_id": "O1", "ordered_at": "2026-01-20", "_week": "2026-W04"}, {"order_id": "O9"}),
    "order_lines": rows_of(
        "order_lines",
        {"order_id": "O1", "quantity": 3, "_week": "2026-W04"},
        {"order_id": "O1", "line_id": "2", "sku": "B", "quantity": 5, "_week": "2026-W04"},
        {"order_id": "O9"},
    ),
    "returns": rows_of("returns", {"return_id": "R1", "order_id": "O1", "line_id": "1", "quantity": 2, "requested_at": "2026-03-05"}),
}


def another(**r) -> dict:
    """A second return."""
    return {"returns": [{"return_id": "R2", "requested_at": "2026-03-06", **r}]}


CASES = [
    *cases(
        "return_rate",
        RATE,
        row("2 of 15", 2 / 15, 2, 15),
        row("a return of an unknown order counts", 3 / 15, 3, 15, **another(order_id="O-old")),
        row("of a cancelled order too", 3 / 15, 3, 15, **another(order_id="O3"), orders=[{"order_id": "O3", "status": "cancelled"}]),
        row("requested on T28's first day", 3 / 15, 3, 15, **another(requested_at="2026-02-09")),
        row("the day before", 2 / 15, 2, 15, **another(requested_at="2026-02-08 23:59")),
        row("to be requested after as_of", 2 / 15, 2, 15, **another(requested_at="2026-03-09")),
        row("by reason: of all units sold", 1 / 15, 1, 15, "reason", "too_small", **another(order_id="O1", reason_code="too_small")),
        row("by SKU", 0.2, 2, 10, "sku", "A"),
        row("by a SKU that nobody returned", 0.0, 0, 5, "sku", "B"),
        row("by the return's own SKU", 0.2, 1, 5, "sku", "B", **another(order_id="O1", sku="B")),
        row("by a SKU not sold: n/a", None, 1, 0, "sku", "C", **another(sku="C")),
        row("by family", 0.2, 2, 10, "family", "F"),
        row("by channel", 0.2, 2, 10, "channel", "web"),
        row("by a channel not known: n/a", None, 1, 0, "channel", "(unknown)", **another(order_id="O-old")),
        row("cancelled units were not sold", 2 / 12, 2, 12, order_lines=[{"order_id": "O1", "line_id": "1", "cancelled_quantity": 3}]),
        row("returns missing in a week of T28: n/a", None, missing=["returns@2026-W07"]),
    ),
    *cases(
        "return_rate_cohort",
        COHORT,
        row("2 of 8", 0.25, 2, 8),
        row("a line's returns are at most its units", 3 / 8, 3, 8, **another(order_id="O1", line_id="1", quantity=9)),
        row("of the units that were not cancelled", 1 / 6, 1, 6, order_lines=[{"order_id": "O1", "line_id": "1", "cancelled_quantity": 2, "_week": "2026-W04"}]),
        row("without a line: the order's line of that SKU", 3 / 8, 3, 8, **another(order_id="O1", sku="B")),
        row("a SKU the order does not have", 0.25, 2, 8, **another(order_id="O1", sku="C")),
        row("a line the order does not have", 0.25, 2, 8, **another(order_id="O1", line_id="7")),
        row("of an order of this week", 0.25, 2, 8, **another(order_id="O9")),
        row("to be requested", 0.25, 2, 8, **another(order_id="O1", line_id="2", sku="B", requested_at="2026-03-09")),
        row("the cohort's last day is 8 February", 2 / 9, 2, 9, orders=[{"order_id": "O9", "ordered_at": "2026-02-08 23:59"}]),
        row("not the 9th", 0.25, 2, 8, orders=[{"order_id": "O9", "ordered_at": "2026-02-09"}]),
        row("its first is 12 January", 2 / 9, 2, 9, orders=[{"order_id": "O9", "ordered_at": "2026-01-12"}]),
        row("not the 11th", 0.25, 2, 8, orders=[{"order_id": "O9", "ordered_at": "2026-01-11 23:59"}]),
        row("of cancelled orders nothing", None, 0, 0, orders=[{"order_id": "O1", "status": "cancelled", "_week": "2026-W04"}]),
        row("by reason", 0.125, 1, 8, "reason", "too_small", **another(order_id="O1", line_id="2", sku="B", reason_code="too_small")),
        row("by reason: what is too much is shared", 1 / 8, 1, 8, "reason", "too_small", **another(order_id="O1", line_id="1", quantity=1, reason_code="too_small")),
        row("by reason: 3 of the 6 asked for count, half of each", 0.25, 2, 8, "reason", "too_small",  # asked 2 + 4, of 3 units: 4 × 3/6
            **another(order_id="O1", line_id="1", quantity=4, reason_code="too_small")),
        row("by SKU", 2 / 3, 2, 3, "sku", "A"),
        row("by family", 0.0, 0, 5, "family", "G"),
        row("by channel", 0.25, 2, 8, "channel", "web"),
        row("returns missing in any week since: n/a", None, missing=["returns@2026-W09"]),
    ),
]  # fmt: skip
