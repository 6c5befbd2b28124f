# ruff: noqa: E501 (a case is a line)
"""Sets 4 and 5 by hand: four picks of three orders in W; two inbound lines put away in W after 8 and 20 hours."""

from . import cases, row, rows_of

PICKS = {
    "products": rows_of("products", {"sku": "A"}),
    "orders": rows_of("orders", *({"order_id": f"O{i}"} for i in (1, 2, 3))),
    "order_lines": rows_of("order_lines", *({"order_id": f"O{i}"} for i in (1, 2, 3))),
    "picks": rows_of(
        "picks",
        {"pick_id": "K1", "order_id": "O1"},
        {"pick_id": "K2", "order_id": "O1", "error_type": "wrong_item", "rework_minutes": 6},
        {"pick_id": "K3", "order_id": "O2"},
        {"pick_id": "K4", "order_id": "O3", "location": "WEST"},
    ),
}
DOCK = {
    "products": PICKS["products"],
    "orders": PICKS["orders"],
    "order_lines": PICKS["order_lines"],
    "inbound": rows_of(
        "inbound",
        {"document_id": "D1", "supplier": "Acme", "arrived_at": "2026-03-03 08:00", "stocked_at": "2026-03-03 16:00"},
        {"document_id": "D2", "supplier": "Bolt", "arrived_at": "2026-03-03 08:00", "stocked_at": "2026-03-04 04:00", "location": "WEST"},
    ),
}


def another(**line) -> dict:
    """A third inbound line."""
    return {"inbound": [{"document_id": "D3", **line}]}


CASES = [
    *cases(
        "pick_pack_accuracy",
        PICKS,
        row("one wrong of four", 0.75, 3, 4),
        row("another error", 0.5, 2, 4, picks=[{"pick_id": "K4", "error_type": "damaged"}]),
        row("Sunday's last minute is in W", 0.8, 4, 5, picks=[{"pick_id": "K5", "picked_at": "2026-03-08 23:59"}]),
        row("the Sunday before is not", 0.75, 3, 4, picks=[{"pick_id": "K5", "picked_at": "2026-03-01 23:59"}]),
        row("a correction replaces the pick", 1.0, 4, 4, picks=[{"pick_id": "K2", "order_id": "O1", "_week": "2026-W10", "error_type": ""}]),
        row("it was deleted", 1.0, 3, 3, picks=[{"pick_id": "K2", "deleted": "true"}]),
        row("no picks in W: n/a", None, 0, 0, picks=[{"pick_id": f"K{i}", "picked_at": "2026-02-25"} for i in (1, 2, 3, 4)]),
        row("by location", 2 / 3, 2, 3, "location", "EAST"),
        row("by error: of all picks", 0.75, 3, 4, "error_type", "wrong_item"),
        row("by error: of another", 0.75, 3, 4, "error_type", "damaged", picks=[{"pick_id": "K4", "error_type": "damaged"}]),
        row("no export of picks: n/a", None, missing=["picks@2026-W10"]),
        row("no column of errors: n/a", None, missing=["picks.error_type"]),
        row("picks of unknown orders count", 0.8, 4, 5, picks=[{"pick_id": "K5", "order_id": "O-old"}]),
    ),
    *cases(
        "pick_pack_accuracy_orders",
        PICKS,
        row("O1 had an error", 2 / 3, 2, 3),
        row("a second one makes no difference", 2 / 3, 2, 3, picks=[{"pick_id": "K1", "error_type": "damaged"}]),
        row("its error outside W does not count", 1.0, 3, 3, picks=[{"pick_id": "K2", "picked_at": "2026-02-28"}]),
        row("by location", 0.5, 1, 2, "location", "EAST"),
    ),
    *cases(
        "pick_pack_accuracy_matured",
        PICKS | {"picks": [p | {"picked_at": "2026-02-03 11:00", "_week": "2026-W06"} for p in PICKS["picks"]]},
        row("the picks of W06", 0.75, 3, 4),
        row("as known now", 0.5, 2, 4, picks=[p | {"error_type": "label", "_week": "2026-W10"} for p in [dict(PICKS["picks"][0], picked_at="2026-02-03 11:00")]]),
        row("needs every week since", None, missing=["picks@2026-W08"]),
    ),
    *cases(
        "rework_rate",
        PICKS,
        row("one of four", 0.25, 1, 4),
        row("no minutes are no rework", 0.0, 0, 4, picks=[{"pick_id": "K2", "rework_minutes": 0}]),
        row("without an error too", 0.5, 2, 4, picks=[{"pick_id": "K3", "rework_minutes": 1.5}]),
        row("by error", 0.25, 1, 4, "error_type", "wrong_item"),
        row("by no error", 0.25, 1, 4, "error_type", "(unknown)", picks=[{"pick_id": "K3", "rework_minutes": 1.5}]),
        row("by location", 0.0, 0, 1, "location", "WEST"),
        row("no column of minutes: n/a", None, missing=["picks.rework_minutes"]),
    ),
    *cases(
        "dock_to_stock_hours",
        DOCK,
        row("the median of 8 and 20", 14.0, None, 2),
        row("of three: the middle one", 20.0, None, 3, **another(arrived_at="2026-03-01 00:00", stocked_at="2026-03-05 00:00")),  # 96 hours
        row("put away before it arrived: left out", 14.0, None, 2, **another(arrived_at="2026-03-05", stocked_at="2026-03-04")),
        row("at once is no time", 8.0, None, 3, **another(arrived_at="2026-03-05", stocked_at="2026-03-05")),
        row("put away last week: not in W", 14.0, None, 2, **another(arrived_at="2026-03-01", stocked_at="2026-03-01 23:59")),
        row("arrived last week: in", 20.0, None, 3, **another(arrived_at="2026-02-20", stocked_at="2026-03-02 00:00")),
        row("not put away yet: not in", 14.0, None, 2, **another(arrived_at="2026-03-05")),
        row("nor what is to be put away tomorrow", 14.0, None, 2, **another(arrived_at="2026-03-05", stocked_at="2026-03-09 09:00")),
        row("a correction in a later folder counts", 24.0, None, 2, inbound=[DOCK["inbound"][0] | {"stocked_at": "2026-03-04 12:00"}]),  # 28 and 20
        row(
            "elapsed time over a clock change", 1.0, None, 3, settings={"timezone": "America/New_York"},
            inbound=[
                {"document_id": "D1", "arrived_at": "2026-03-08 01:30", "stocked_at": "2026-03-08 03:30"},  # 1 hour: the clock went on from 2 to 3
                {"document_id": "D2", "arrived_at": "2026-03-08 01:30", "stocked_at": "2026-03-08 03:00"},  # half an hour
                {"document_id": "D3", "arrived_at": "2026-03-08 01:30", "stocked_at": "2026-03-08 04:30"},  # 2 hours
            ],
        ),
        row("by location", 20.0, None, 1, "location", "WEST"),
        row("by supplier", 8.0, None, 1, "supplier", "Acme"),
        row("nothing put away: n/a", None, None, 0, inbound=[{"document_id": "D1", "stocked_at": ""}, {"document_id": "D2", "stocked_at": ""}]),
        row("no export of inbound: n/a", None, missing=["inbound@2026-W10"]),
    ),
    *cases("dock_to_stock_hours_mean", DOCK, row("of 8 and 20", 14.0, 28, 2), row("of 8, 20 and 96", 124 / 3, 124, 3, **another(arrived_at="2026-03-01", stocked_at="2026-03-05"))),
    *cases(
        "dock_to_stock_hours_p90",
        DOCK,
        row("9/10 of the way from 8 to 20", 18.8, None, 2),
        row("of three: 8/10 of the way from 20 to 96", 80.8, None, 3, **another(arrived_at="2026-03-01", stocked_at="2026-03-05")),  # 0.9 × 2 = 1.8
        row("of one: itself", 8.0, None, 1, "supplier", "Acme"),
    ),
    *cases(
        "dock_to_stock_within_target",
        DOCK,
        row("10 hours is the default", 0.5, 1, 2),
        row("the line itself is within", 1.0, 2, 2, settings={"targets": {"dock_to_stock_hours": 20}}),
        row("another target", 0.0, 0, 2, settings={"targets": {"dock_to_stock_hours": 7.9}}),
    ),
]  # fmt: skip
