# ruff: noqa: E501 (a case is a line)
"""Sets 2 and 3 by hand: A has 20 in EAST every evening of the 28 days from 9 February, and sells 1 a day."""

from . import cases, daily_sales, daily_stock, joined, row, rows_of

T28 = ("2026-02-09", "2026-03-08")
BASE = joined(
    {"products": rows_of("products", {"sku": "A"}), "inventory": daily_stock(*T28, 20)},
    daily_sales(*T28, 1),
)
B = joined(BASE, {"products": rows_of("products", {"sku": "B"}), "inventory": daily_stock(*T28, 30, sku="B")})  # B is there, and never sold


def evening(day: str, on_hand: float | None = None, sku="A", location="EAST", system="wms", **more) -> dict:
    """One evening's stock, other than the base says."""
    stock = {"snapshot_at": f"{day} 20:00", "system": system, "sku": sku, "location": location, **more}
    return stock if on_hand is None else stock | {"on_hand": on_hand}


def gone(day: str, sku="A", location="EAST") -> dict:
    """The base's row of that evening, deleted."""
    return evening(day, 0, sku, location, deleted="true")


IN_STOCK = cases(
    "in_stock_rate",
    B,
    row("both on all 7 evenings", 1.0, 14, 14),
    row("an empty evening", 13 / 14, 13, 14, inventory=[evening("2026-03-04", 0)]),
    row("a negative one", 13 / 14, 13, 14, inventory=[evening("2026-03-04", -3)]),
    row("all allocated", 13 / 14, 13, 14, inventory=[evening("2026-03-04", allocated=20)]),
    row("one left is stock", 1.0, 14, 14, inventory=[evening("2026-03-04", allocated=19)]),
    row("absent while the system reports the location is 0", 13 / 14, 13, 14, inventory=[gone("2026-03-04")]),
    row("no snapshot of the location: no day", 1.0, 12, 12, inventory=[gone("2026-03-04"), gone("2026-03-04", "B")]),
    row("the last snapshot of the day counts", 13 / 14, 13, 14, inventory=[evening("2026-03-04", 0) | {"snapshot_at": "2026-03-04 20:30"}]),
    row("not an earlier one", 1.0, 14, 14, inventory=[evening("2026-03-04", 0) | {"snapshot_at": "2026-03-04 06:00"}]),
    row("the wms goes before the erp", 1.0, 14, 14, inventory=[evening("2026-03-04", 0, system="erp")]),
    row("also where it leaves a SKU out: absent is its 0", 13 / 14, 13, 14, inventory=[gone("2026-03-04"), evening("2026-03-04", 9, system="erp")]),
    row(
        "the erp stands in where the wms says nothing of the location", 1.0, 13, 13,  # A by the erp; B, that the erp never reported, has no row
        inventory=[gone("2026-03-04"), gone("2026-03-04", "B"), evening("2026-03-04", 9, system="erp")],
    ) | {"expected_value": 13 / 14, "expected_numerator": 13, "expected_denominator": 14},  # … but counts that day: the location has a snapshot
    row("a shop's stock is not counted", 1.0, 14, 14, inventory=[evening("2026-03-04", 0, "S", system="shop")]),
    row("clipped row by row: one channel's debt is not the other's", 1.0, 14, 14, inventory=[evening("2026-03-04", -90, channel="web")]),
    row("discontinued SKUs do not count", 1.0, 7, 7, products=[{"sku": "B", "status": "discontinued"}]),
    row("nor before the launch", 1.0, 11, 11, products=[{"sku": "B", "launched_on": "2026-03-05"}]),  # 7 + Thursday to Sunday
    row(
        "open inbound counts as empty shelf", 14 / 21, 14, 21,
        inbound=[{"document_id": "D1", "sku": "C", "quantity_ordered": 5}],
    ),
    row("a closed line does not", 1.0, 14, 14, inbound=[{"document_id": "D1", "sku": "C", "closed": "true"}]),
    row("nor one received in full", 1.0, 14, 14, inbound=[{"document_id": "D1", "sku": "C", "quantity_received": 10}]),
    row("nor one put away in part", 1.0, 14, 14, inbound=[{"document_id": "D1", "sku": "C", "quantity_received": 4, "stocked_at": "2026-03-01 10:00"}]),
    row(
        "unless more is said to come", 14 / 21, 14, 21,
        inbound=[{"document_id": "D1", "sku": "C", "quantity_received": 4, "stocked_at": "2026-03-01 10:00", "closed": "false"}],
    ),
    row("nor to a place without snapshots", 1.0, 14, 14, inbound=[{"document_id": "D1", "sku": "C", "location": "WEST"}]),
    row("stock 91 days ago counts, and is gone", 14 / 21, 14, 21, inventory=[evening("2025-12-08", 1, "C")]),
    row("92 days ago does not", 1.0, 14, 14, inventory=[evening("2025-12-07", 1, "C")]),
    row("never in stock does not", 1.0, 14, 14, inventory=[evening("2026-03-04", 0, "C")]),
    row("by location", 0.0, 0, 7, "location", "WEST", inbound=[{"document_id": "D1", "location": "WEST"}],
        inventory=[evening(f"2026-03-0{i}", 0, "X", "WEST") for i in range(2, 9)]),  # A is on its way to WEST, which reports only X, always empty
    row("by family", 13 / 14, 13, 14, "family", "F", inventory=[evening("2026-03-04", 0)]),
    row("by tier: B never sold", 6 / 7, 6, 7, "tier", "N", inventory=[evening("2026-03-04", 0, "B")]),
    row("the day is the local one", 13 / 14, 13, 14, settings={"timezone": "Asia/Tokyo"}, inventory=[evening("2026-03-04", 0)]),
    row("no inventory in W: n/a", None, missing=["inventory@2026-W10"]),
    row("the weeks before are not needed", 1.0, missing=["inventory@2026-W09", "orders@2026-W09"]),
)  # fmt: skip

WEIGHTED = cases(
    "in_stock_rate_weighted",
    joined(B, daily_sales(*T28, 3, "B")),  # d(A) = 1, d(B) = 3: 28 weights in the week
    row("all there", 1.0, 28, 28),
    row("an evening without A", 27 / 28, 27, 28, inventory=[evening("2026-03-04", 0)]),
    row("an evening without B", 25 / 28, 25, 28, inventory=[evening("2026-03-04", 0, "B")]),
    row("another location has it", 1.0, 28, 28, inventory=[evening("2026-03-04", 0), evening("2026-03-04", 1, location="WEST")]),
    row("discontinued: left out", 1.0, 21, 21, products=[{"sku": "A", "status": "discontinued"}]),
    row("by tier", 1.0, 28, 28, "tier", "A", inventory=[]),  # B holds 75 % before A comes: both are in A
    row("an empty evening is no selling day, unless it sold", 27 / 28, 27, 28, inventory=[evening("2026-03-04", 0)]),  # it sold: d stays 28/28
    row(
        "not sold and not there: demand is that of the other days", 27 / 28, 27, 28, inventory=[evening("2026-03-04", 0)],
        orders=[{"order_id": "A2026-03-04", "deleted": "true"}],
    ),  # 27 sold on 27 selling days: d stays 1
    row("no orders in a week of T28: n/a", None, missing=["orders@2026-W07"]),
)  # fmt: skip

DOS = cases(
    "days_of_supply",
    BASE,
    row("20 at 1 a day", 20.0, 20, 1.0),
    row("21 days of 2, 7 of 1: d = 49/28", 20 / 1.75, 20, 1.75, order_lines=[{"order_id": f"A{d}", "line_id": "1", "quantity": 2}
        for d in ("2026-02-09", *(f"2026-02-{i}" for i in range(10, 29)), "2026-03-01")]),
    row("the last snapshot counts", 6.0, 6, 1.0, inventory=[evening("2026-03-08", 6)]),
    row("the last there is: of Saturday", 8.0, 8, 1.0, inventory=[evening("2026-03-07", 8), gone("2026-03-08")]),  # nobody reports on Sunday
    row("absent on Sunday is 0 while the system reports", 0.0, 0, 1.0, inventory=[gone("2026-03-08"), evening("2026-03-08", 5, "B")]),
    row("two locations add up", 25.0, 25, 1.0, inventory=[evening("2026-03-08", 5, location="WEST")]),
    row("two channels add up, each clipped", 25.0, 25, 1.0, inventory=[evening("2026-03-08", 5, channel="web"), evening("2026-03-08", -9, channel="pos")]),
    row("less what is allocated", 13.0, 13, 1.0, inventory=[evening("2026-03-08", allocated=7)]),
    row(
        "days without stock and sales are no selling days", 40.0, 20, 0.5,
        inventory=[evening(f"2026-02-{i}", 0) for i in range(15, 29)],  # the 14 days to the 28th: empty
        order_lines=[{"order_id": f"A2026-{d}", "quantity": 0} for d in (*(f"02-{i}" for i in range(15, 29)), *(f"03-0{i}" for i in range(2, 9)))],
    ),  # sold 7 (6 from the 9th, 1 on 1 March) on 14 selling days
    row("unknown sales are no demand: n/a", None, None, None, missing=["order_lines@2026-W08"]),
    row("SKUs without demand are left out", 20.0, 20, 1.0, products=[{"sku": "B"}], inventory=[evening("2026-03-08", 50, "B")]),
    row("a SKU that sells without stock rows takes part", 10.0, 20, 2.0, **daily_sales(*T28, 1, "B")),  # d(B) = 1, none available
    row("by tier", 20.0, 20, 1.0, "tier", "A"),
    row("by family", 20.0, 20, 1.0, "family", "F"),
    row("equal shares where nothing shipped", 10.0, 5, 0.5, "location", "WEST", inventory=[evening("2026-03-08", 5, location="WEST")]),
    row(
        "else by what shipped from there", 20.0, 5, 0.25, "location", "WEST", inventory=[evening("2026-03-08", 5, location="WEST")],
        shipments=[{"shipment_id": f"S{i}", "order_id": f"A2026-03-0{i}", "location": "WEST" if i == 2 else "EAST"} for i in range(2, 6)],
    ),  # 1 of 4 units
    row(
        "of an order in two parcels the first decides", 10.0, 5, 0.5, "location", "WEST", inventory=[evening("2026-03-08", 5, location="WEST")],
        shipments=[
            {"shipment_id": "S1", "order_id": "A2026-03-02", "location": "EAST", "label_created_at": "2026-03-02 15:00"},
            {"shipment_id": "S2", "order_id": "A2026-03-02", "location": "WEST", "label_created_at": "2026-03-02 14:00"},
            {"shipment_id": "S3", "order_id": "A2026-03-03", "location": "EAST"},
        ],
    ),
    row("shipped from elsewhere only: equal shares", 10.0, 5, 0.5, "location", "WEST", inventory=[evening("2026-03-08", 5, location="WEST")],
        shipments=[{"shipment_id": "S1", "order_id": "A2026-03-02", "location": "NORTH"}]),
)  # fmt: skip

FEW_DAYS = cases(
    "days_of_supply",
    joined({"products": rows_of("products", {"sku": "A"}), "inventory": daily_stock("2026-03-03", "2026-03-08", 12)}, daily_sales("2026-03-03", "2026-03-08", 2)),
    row("6 selling days are too few: n/a", None, 0, 0),  # neither in T28 nor in T91
    row("7 are enough", 6.0, 12, 2.0, inventory=[evening("2026-03-02", 12)], **daily_sales("2026-03-02", "2026-03-02", 2)),
    row("the seventh may be in T91", 6.0, 12, 2.0, inventory=[evening("2026-02-08", 12)], **daily_sales("2026-02-08", "2026-02-08", 2)),
    row("but not before it", None, 0, 0, inventory=[evening("2025-12-07", 12)], **daily_sales("2025-12-07", "2025-12-07", 2)),
)  # fmt: skip

RISK = cases(
    "oos_risk_14d",
    BASE,  # Poisson with mean 14: units a day never vary
    row("nothing available now: no row", 0.0, inventory=[evening("2026-03-08", 0)]),
    row("discontinued: left out", 0.0, products=[{"sku": "A", "status": "discontinued"}]),
    row("no inventory in T28: n/a", None, missing=["inventory@2026-W08"]),
)

CASES = [*IN_STOCK, *WEIGHTED, *DOS, *FEW_DAYS, *RISK]
