# ruff: noqa: E501 (a case is a line)
"""How weeks add up, seen through net revenue: O1 is one line of 2 at 10 in W."""

from . import cases, row, rows_of

BASE = {
    "products": rows_of("products", {"sku": "A"}),
    "orders": rows_of("orders", {"order_id": "O1"}),
    "order_lines": rows_of("order_lines", {"order_id": "O1", "quantity": 2}),
}
O2 = {"orders": [{"order_id": "O2"}], "order_lines": [{"order_id": "O2"}]}  # one more, of 10


def at(moment: str) -> dict:
    return O2 | {"orders": [{"order_id": "O2", "ordered_at": moment}]}


CASES = cases(
    "net_revenue",
    BASE,
    row("base", 20.0),
    row("a second order", 30.0, **O2),
    row("a later folder replaces the row whole", 5.0, order_lines=[{"order_id": "O1", "line_id": "1", "_week": "2026-W09", "quantity": 9}, {"order_id": "O1", "line_id": "1", "quantity": 1, "unit_price": 5}]),
    row("a deleted line", 10.0, **(O2 | {"order_lines": [{"order_id": "O1", "line_id": "1", "deleted": "true"}, {"order_id": "O2"}]})),
    row("a deleted order takes its lines along", 10.0, **(O2 | {"orders": [{"order_id": "O1", "deleted": "yes"}, {"order_id": "O2"}]})),
    row("deleted, then there again", 20.0, orders=[{"order_id": "O1", "deleted": "true", "_week": "2026-W09"}]),
    row("Monday 00:00", 30.0, **at("2026-03-02 00:00")),
    row("Sunday 23:59", 30.0, **at("2026-03-08T23:59:59")),
    row("the Monday after", 20.0, **at("2026-03-09 00:00")),
    row("an offset is converted", 30.0, **at("2026-03-09T00:30:00+01:00")),
    row("and may put it outside", 20.0, **at("2026-03-08T23:30:00-01:00")),
    row("local time without an offset", 30.0, settings={"timezone": "America/New_York"}, **at("2026-03-08 23:30")),
    row("the week ends at local midnight", 30.0, settings={"timezone": "America/New_York"}, **at("2026-03-09T03:59:00Z")),  # -4 hours since the 8th, 2:00
    row("and begins at it", 20.0, settings={"timezone": "America/New_York"}, **at("2026-03-02T04:59:00Z")),  # -5 hours before
    row("a date is its start", 30.0, **at("2026-03-02")),
    row("cancelled in W", 20.0, **(O2 | {"orders": [{"order_id": "O2", "status": "cancelled", "cancelled_at": "2026-03-08 23:00"}]})),
    row("spelled the other way", 20.0, **(O2 | {"orders": [{"order_id": "O2", "status": " Canceled "}]})),
    row("in another currency", 35.0, orders=[{"order_id": "O2", "currency": "EUR"}], order_lines=[{"order_id": "O2"}], fx_rates=[{"rate_date": "2026-03-01", "currency": "EUR", "rate": 1.5}]),
    row("at the newest rate on or before its day", 32.0, orders=[{"order_id": "O2", "currency": "EUR"}], order_lines=[{"order_id": "O2"}],
        fx_rates=[{"rate_date": f"2026-03-0{i}", "currency": "EUR", "rate": r} for i, r in ((1, 1.5), (3, 1.2), (4, 9))]),
    row("last week's orders are not needed", 20.0, missing=["orders@2026-W09"]),
)  # fmt: skip
