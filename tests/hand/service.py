# ruff: noqa: E501 (a case is a line)
"""Set 6 by hand: O1 and O2 promised for Thursday noon; O1 left in the morning, O2 the day after; both were delivered on Saturday."""

from . import cases, row, rows_of

BASE = {
    "products": rows_of("products", {"sku": "A"}),
    "orders": rows_of("orders", {"order_id": "O1"}, {"order_id": "O2"}),
    "order_lines": rows_of("order_lines", {"order_id": "O1"}, {"order_id": "O2"}),
    "shipments": rows_of(
        "shipments",
        *(
            {
                "shipment_id": f"S{i}", "order_id": f"O{i}", "promised_ship_at": "2026-03-05 12:00", "shipped_at": shipped,
                "promised_delivery_at": "2026-03-07 18:00", "delivered_at": "2026-03-07 15:00",
            }
            for i, shipped in ((1, "2026-03-05 09:00"), (2, "2026-03-06 09:00"))
        ),
    ),
}  # fmt: skip
O3 = {"orders": [{"order_id": "O3"}], "order_lines": [{"order_id": "O3"}]}


def third(**shipment) -> dict:
    """A third order and its shipment."""
    return O3 | {"shipments": [{"shipment_id": "S3", "order_id": "O3", **shipment}]}


def own_promise(at: str, **order) -> dict:
    """A third order, not shipped, with a promise of its own."""
    return O3 | {"orders": [{"order_id": "O3", "promised_ship_at": at, **order}]}


SHIP = cases(
    "on_time_ship_rate",
    BASE,
    row("one of two", 0.5, 1, 2),
    row("at the promised minute is on time", 1.0, 2, 2, shipments=[{"shipment_id": "S2", "shipped_at": "2026-03-05 12:00"}]),
    row("a minute later is late", 0.5, 1, 2, shipments=[{"shipment_id": "S2", "shipped_at": "2026-03-05 12:01"}]),
    row("a promise for a day means its end", 1.0, 2, 2, shipments=[{"shipment_id": "S2", "promised_ship_at": "2026-03-06"}]),
    row("not shipped is late", 0.0, 0, 2, shipments=[{"shipment_id": "S1", "shipped_at": ""}]),
    row("also before the promise has come", 1 / 3, 1, 3, **third(promised_ship_at="2026-03-08 23:00")),
    row("what leaves after as_of has not left", 0.0, 0, 2, shipments=[{"shipment_id": "S1", "shipped_at": "2026-03-09 08:00"}]),
    row("promised for another week: not in W", 0.5, 1, 2, **third(promised_ship_at="2026-03-09 00:00", shipped_at="2026-03-05")),
    row("not promised: not counted", 0.5, 1, 2, **third(shipped_at="2026-03-05")),
    row("a cancelled order's does not count", 1.0, 1, 1, orders=[{"order_id": "O2", "status": "cancelled"}]),
    row("cancelled after as_of does", 0.5, 1, 2, orders=[{"order_id": "O2", "status": "cancelled", "cancelled_at": "2026-03-09 10:00"}]),
    row("an unknown order's does", 1 / 3, 1, 3, shipments=[{"shipment_id": "S3", "order_id": "O-old", "promised_ship_at": "2026-03-04"}]),
    row("two parcels of an order count twice", 2 / 3, 2, 3, shipments=[{"shipment_id": "S3", "order_id": "O1", "promised_ship_at": "2026-03-05", "shipped_at": "2026-03-05 20:00"}]),
    row("an order promised and not shipped is late", 1 / 3, 1, 3, **own_promise("2026-03-06 12:00")),
    row("a label is a shipment: it has no promise", 0.5, 1, 2, **(own_promise("2026-03-06 12:00") | {"shipments": [{"shipment_id": "S3", "order_id": "O3"}]})),
    row("a cancelled order owes nothing", 0.5, 1, 2, **own_promise("2026-03-06", status="cancelled")),
    row("promised for last week: not in W", 0.5, 1, 2, **own_promise("2026-03-01")),
    row("a voided label is no shipment", 0.0, 0, 1, shipments=[{"shipment_id": "S1", "deleted": "true"}]),
    row("by location", 0.0, 0, 1, "location", "WEST", shipments=[{"shipment_id": "S2", "location": "WEST"}]),
    row("by carrier", 0.5, 1, 2, "carrier", "UPS"),
    row("by service", 0.0, 0, 1, "service", "UPS/air", shipments=[{"shipment_id": "S2", "service": "air"}]),
    row("without a shipment: unknown", 0.0, 0, 1, "carrier", "(unknown)", **own_promise("2026-03-06 12:00")),
    row("no export of shipments: n/a", None, missing=["shipments@2026-W10"]),
    row("no column of promises: n/a", None, missing=["shipments.promised_ship_at"]),
)  # fmt: skip

EXCEPTIONS = cases(
    "carrier_exception_rate",
    BASE,
    row("none", 0.0, 0, 2),
    row("one", 0.5, 1, 2, carrier_events=[{"shipment_id": "S1", "occurred_at": "2026-03-06"}]),
    row("two of one parcel are one", 0.5, 1, 2, carrier_events=[{"shipment_id": "S1", "occurred_at": "2026-03-06"}, {"shipment_id": "S1", "occurred_at": "2026-03-07"}]),
    row("an ordinary event", 0.0, 0, 2, carrier_events=[{"shipment_id": "S1", "occurred_at": "2026-03-06", "is_exception": "false"}]),
    row("after as_of", 0.0, 0, 2, carrier_events=[{"shipment_id": "S1", "occurred_at": "2026-03-09"}]),
    row("of a parcel of last week", 0.0, 0, 1, shipments=[{"shipment_id": "S1", "shipped_at": "2026-03-01"}], carrier_events=[{"shipment_id": "S1", "occurred_at": "2026-03-06"}]),
    row("a cancelled order's does not count", 0.0, 0, 1, orders=[{"order_id": "O2", "status": "cancelled"}]),
    row("nothing handed over: n/a", None, 0, 0, shipments=[{"shipment_id": "S1", "shipped_at": ""}, {"shipment_id": "S2", "shipped_at": ""}]),
    row("by service", 0.5, 1, 2, "service", "UPS/ground", carrier_events=[{"shipment_id": "S1", "occurred_at": "2026-03-06"}]),
    row("no export of events: n/a", None, missing=["carrier_events@2026-W10"]),
)  # fmt: skip

DELIVERY = cases(
    "on_time_delivery_rate",
    BASE,
    row("both", 1.0, 2, 2),
    row("a minute late", 0.5, 1, 2, shipments=[{"shipment_id": "S1", "delivered_at": "2026-03-07 18:01"}]),
    row("promised for the day", 1.0, 2, 2, shipments=[{"shipment_id": "S1", "promised_delivery_at": "2026-03-07", "delivered_at": "2026-03-07 22:00"}]),
    row("not delivered", 0.5, 1, 2, shipments=[{"shipment_id": "S1", "delivered_at": ""}]),
    row("delivered after as_of is not delivered", 0.5, 1, 2, shipments=[{"shipment_id": "S1", "promised_delivery_at": "2026-03-08", "delivered_at": "2026-03-09"}]),
    row("promised for next week", 1.0, 1, 1, shipments=[{"shipment_id": "S1", "promised_delivery_at": "2026-03-09 12:00"}]),
    row("by carrier", 1.0, 1, 1, "carrier", "DHL", shipments=[{"shipment_id": "S1", "carrier": "DHL"}]),
    row("no column of deliveries: n/a", None, missing=["shipments.delivered_at"]),
)  # fmt: skip

PERFECT = cases(
    "perfect_order_rate",
    BASE,
    row("O2 was late", 0.5, 1, 2),
    row("a pick error of O1", 0.0, 0, 2, picks=[{"pick_id": "K1", "error_type": "damaged"}]),
    row("a good pick", 0.5, 1, 2, picks=[{"pick_id": "K1"}]),
    row("an exception of O1", 0.0, 0, 2, carrier_events=[{"shipment_id": "S1", "occurred_at": "2026-03-06"}]),
    row("a return that is ours to control", 0.0, 0, 2, returns=[{"return_id": "R1", "order_id": "O1", "requested_at": "2026-03-08"}]),
    row("a change of mind is not", 0.5, 1, 2, returns=[{"return_id": "R1", "order_id": "O1", "requested_at": "2026-03-08", "reason_code": "changed_mind"}]),
    row("nor a return to come", 0.5, 1, 2, returns=[{"return_id": "R1", "order_id": "O1", "requested_at": "2026-03-09"}]),
    row("its other parcel is late, promised last week", 0.0, 0, 2, shipments=[{"shipment_id": "S3", "order_id": "O1", "promised_ship_at": "2026-02-28"}]),
    row("its other parcel is due next week", 0.5, 1, 2, shipments=[{"shipment_id": "S3", "order_id": "O1", "promised_ship_at": "2026-03-10"}]),
    row("an order without any promise is not counted", 0.5, 1, 2, **third(shipped_at="2026-03-05")),
    row("its own promise in W, shipped without one: not late", 2 / 3, 2, 3, **(own_promise("2026-03-06") | {"shipments": [{"shipment_id": "S3", "order_id": "O3"}]})),
    row("its own promise broken", 1 / 3, 1, 3, **own_promise("2026-03-06")),
    row("cancelled: not counted", 1.0, 1, 1, orders=[{"order_id": "O2", "status": "cancelled"}]),
    row("by location of the first parcel", 1.0, 1, 1, "location", "WEST", shipments=[{"shipment_id": "S1", "location": "WEST"}]),
    row("by carrier, without a parcel", 0.0, 0, 1, "carrier", "(unknown)", **own_promise("2026-03-06")),
    row("no export of picks: n/a", None, missing=["picks@2026-W10"]),
    row("no export of returns: n/a", None, missing=["returns@2026-W10"]),
)  # fmt: skip

EARLIER = {  # the same four weeks earlier
    name: [
        {k: v.replace("2026-03-0", "2026-02-0") if isinstance(v, str) else v for k, v in r.items()} | {"_week": "2026-W06"} for r in rows
    ]
    for name, rows in BASE.items()
}
MATURED = cases(
    "perfect_order_rate_matured",
    EARLIER,
    row("the orders of W06", 0.5, 1, 2),
    row("a return as late as today", 0.0, 0, 2, returns=[{"return_id": "R1", "order_id": "O1", "requested_at": "2026-03-08"}]),
    row("needs every week since", None, missing=["returns@2026-W08"]),
)

CASES = [*SHIP, *EXCEPTIONS, *DELIVERY, *PERFECT, *MATURED]
