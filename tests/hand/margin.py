# ruff: noqa: E501 (a case is a line)
"""Set 8 by hand: one order of two lines, and each component of its lines.

line 1: 2 × A at 10 = 20; line 2: 1 × B at 30, less 10 = 20. Order discount 4, shipping charged 8, shared half and half: 20 − 2 + 4 = 22 each.
Goods: 2 × 4 = 8 and 1 × 10. Packaging: 2 × 0.50 = 1 and none. Parcel: label 6, by weight 2 × 1 kg : 1 × 3 kg = 2.40 and 3.60.
Labor 12: 6 over two lines = 3 each, 6 over three units = 2 each: 3 + 4 = 7 and 3 + 2 = 5. Payment 2.9 % of 22 + half of 0.30 = 0.788 each.
Contribution: 22 − 8 − 1 − 2.40 − 7 − 0.788 = 2.812 and 22 − 10 − 3.60 − 5 − 0.788 = 2.612; together 5.424 of 44.
"""

from . import cases, row, rows_of

BASE = {
    "products": rows_of("products", {"sku": "A", "weight_kg": 1, "packaging_cost": 0.5}, {"sku": "B", "family": "G", "unit_cost": 10, "weight_kg": 3}),
    "orders": rows_of("orders", {"order_id": "O1", "order_discount": 4, "shipping_charged": 8}),
    "order_lines": rows_of(
        "order_lines", {"order_id": "O1", "quantity": 2}, {"order_id": "O1", "line_id": "2", "sku": "B", "unit_price": 30, "line_discount": 10}
    ),
    "shipments": rows_of("shipments", {"shipment_id": "S1", "order_id": "O1", "label_cost": 6}),
    "picks": rows_of("picks", {"pick_id": "K1", "quantity": 2}, {"pick_id": "K2", "line_id": "2", "sku": "B"}),
    "labor": rows_of("labor", {"hours": 2, "cost": 12}),
}  # fmt: skip
LINE1, LINE2 = {"order_id": "O1", "line_id": "1"}, {"order_id": "O1", "line_id": "2"}


def older(order_id: str, at: str, sku="A", quantity=1, price=10, **order) -> dict:
    """An order of before W."""
    return {
        "orders": [{"order_id": order_id, "ordered_at": at, **order}],
        "order_lines": [{"order_id": order_id, "sku": sku, "quantity": quantity, "unit_price": price}],
    }


def part(component: str, *rows) -> list:
    """Cases of one component of line 1 (or of the line a row names)."""
    return cases("order_margin", BASE, *(r | {"grain": component, "key": r["key"] or "O1/1"} for r in rows))


NET = part(
    "net_revenue",
    row("20 − 2 + 4", 22),
    row("cancelled units do not count", 10 - 4 / 3 + 8 / 3, order_lines=[LINE1 | {"cancelled_quantity": 1}]),  # bases 10 : 20, a third of both
    row("a negative base bears nothing of the order's", -30, order_lines=[LINE1 | {"line_discount": 50}]),  # 20 − 50; the other line bears it
    row("and the other bears all", 24, key="O1/2", order_lines=[LINE1 | {"line_discount": 50}]),  # 20 − 4 + 8
    row("no base above 0: by units", 8 / 3, order_lines=[LINE1 | {"unit_price": 0}, LINE2 | {"unit_price": 0, "line_discount": 0}]),  # 4 × 2/3
    row(
        "no units either: by lines", 2,
        order_lines=[LINE1 | {"quantity": 0}, LINE2 | {"quantity": 0, "line_discount": 0}],
    ),  # (−4 + 8) / 2
    row("in another currency all of it is converted", 33, orders=[{"order_id": "O1", "currency": "EUR"}], fx_rates=[{"rate_date": "2026-01-05", "currency": "EUR", "rate": 1.5}]),
)  # fmt: skip

GOODS = part(
    "cost_of_goods",
    row("2 × 4", 8),
    row("no cost: n/a", None, products=[{"sku": "A", "unit_cost": ""}]),
    row("a cost of 0 is a cost", 0, products=[{"sku": "A", "unit_cost": 0}]),
)
PACKAGING = part("packaging", row("2 × 0.50", 1), row("empty is 0", 0, key="O1/2"))

SHIPPING = part(
    "shipping",
    row("2/5 of the label", 2.4),
    row("the longer side of size and weight", 4.0, products=[{"sku": "A", "length_cm": 30, "width_cm": 25, "height_cm": 20}]),  # 3 kg each: 6 of 9
    row("two sides are no size", 2.4, products=[{"sku": "A", "length_cm": 30, "width_cm": 25}]),
    row("any weight unknown: by units", 4.0, products=[{"sku": "B", "weight_kg": ""}]),  # 2 of 3
    row("no weight at all: by units", 4.0, products=[{"sku": "A", "weight_kg": 0}, {"sku": "B", "weight_kg": 0}]),
    row("two parcels add up", 4.0, shipments=[{"shipment_id": "S2", "order_id": "O1", "label_cost": 4}]),  # 10 × 0.4
    row("a charge above the label counts at once", 4.0, carrier_charges=[{"charge_id": "C1", "shipment_id": "S1", "amount": 10, "invoiced_on": "2026-03-06"}]),
    row("one below it not yet", 2.4, carrier_charges=[{"charge_id": "C1", "shipment_id": "S1", "amount": 5, "invoiced_on": "2026-03-06"}]),
    row("a charge to come not at all", 2.4, carrier_charges=[{"charge_id": "C1", "shipment_id": "S1", "amount": 10, "invoiced_on": "2026-03-09"}]),
    row(
        "14 days after the first charge it counts alone, credits too", 2.0,
        carrier_charges=[
            {"charge_id": "C1", "shipment_id": "S1", "amount": 7, "invoiced_on": "2026-02-23"},
            {"charge_id": "C2", "shipment_id": "S1", "amount": -2, "invoiced_on": "2026-03-08", "charge_type": "other"},
        ],
    ),  # 23 February + 14 days = 9 March: 5 × 0.4
    row("13 days after not yet", 2.4, carrier_charges=[{"charge_id": "C1", "shipment_id": "S1", "amount": 5, "invoiced_on": "2026-02-24"}]),
    row(
        "the label is scaled by what its service came to", 3.6,  # 12 charged on a label of 8: 6 × 1.5 × 0.4
        shipments=[{"shipment_id": "S0", "order_id": "O-old", "label_cost": 8, "label_created_at": "2026-02-02"}],
        carrier_charges=[{"charge_id": "C1", "shipment_id": "S0", "amount": 12, "invoiced_on": "2026-02-05"}],
    ),
    row(
        "not by another service's", 2.4,
        shipments=[{"shipment_id": "S0", "order_id": "O-old", "label_cost": 8, "label_created_at": "2026-02-02", "service": "air"}],
        carrier_charges=[{"charge_id": "C1", "shipment_id": "S0", "amount": 12, "invoiced_on": "2026-02-05"}],
    ),
    row(
        "nor by what is not yet complete", 2.4,
        shipments=[{"shipment_id": "S0", "order_id": "O-old", "label_cost": 8, "label_created_at": "2026-02-02"}],
        carrier_charges=[{"charge_id": "C1", "shipment_id": "S0", "amount": 12, "invoiced_on": "2026-02-24"}],
    ),
    row("no parcel, no other order: 8.00", 3.2, shipments=[{"shipment_id": "S1", "deleted": "true"}]),
    row(
        "no parcel: the mean of its channel's", 4.0, shipments=[
            {"shipment_id": "S1", "deleted": "true"}, {"shipment_id": "S2", "order_id": "O2", "label_cost": 9}, {"shipment_id": "S3", "order_id": "O3", "label_cost": 11},
            {"shipment_id": "S4", "order_id": "O4", "label_cost": 99}, {"shipment_id": "S5", "order_id": "O5", "label_cost": 99},
        ],
        orders=[{"order_id": o, "ordered_at": at, "channel": c, "status": s} for o, at, c, s in (
            ("O2", "2026-02-09", "web", "open"), ("O3", "2026-03-01", "web", "open"), ("O4", "2026-03-01", "pos", "open"), ("O5", "2026-02-08", "web", "open"))],
        order_lines=[{"order_id": o} for o in ("O2", "O3", "O4", "O5")],
    ),  # (9 + 11) / 2 × 0.4; another channel's and one of before T28 do not count
    row(
        "else of all channels", 4.0, shipments=[{"shipment_id": "S1", "deleted": "true"}, {"shipment_id": "S4", "order_id": "O4", "label_cost": 10}],
        **older("O4", "2026-03-01", channel="pos"),
    ),
    row("no costs anywhere: the setting", 3.0, settings={"costs": {"shipping_per_order": 7.5}}, missing=["shipments.label_cost", "carrier_charges"]),
    row("no shipments at all: the setting", 3.2, missing=["shipments"]),
)  # fmt: skip

PICKING = part(
    "pick_pack",
    row("3 + 2 × 2", 7),
    row("the rest of the order", 5, key="O1/2"),
    row("packing counts, other roles do not", 14, labor=[{"role": "pack", "cost": 12, "hours": 1}, {"role": "receive", "cost": 50, "hours": 9}]),  # 24: twice as much
    row("hours of the day instead of the day", 3.5, labor=[{"hour": 9, "cost": 4, "hours": 1}, {"hour": 10, "cost": 2, "hours": 1}]),  # 6 instead of 12
    row("labor of last week is last week's", 7, labor=[{"work_date": "2026-03-01", "cost": 50, "hours": 1}]),
    row("labor where nobody picked stays where it is", 7, labor=[{"location": "WEST", "cost": 50, "hours": 1}]),
    row("a line of another order bears its part", 4.4, picks=[{"pick_id": "K3", "order_id": "O-old", "quantity": 2}]),  # 6/3 + 2 × 6/5 = 2 + 2.4
    row(
        "rework goes to its line", 4 + (8 / 2 / 2 + 8 / 2 / 3 * 2), picks=[{"pick_id": "K1", "rework_minutes": 40}],
    ),  # 40 × 12/2/60 = 4 to it; of the 8 left 4 over 2 lines, 4 over 3 units
    row("and the other line bears less", 8 / 2 / 2 + 8 / 2 / 3, key="O1/2", picks=[{"pick_id": "K1", "rework_minutes": 40}]),
    row("picked twice, once as a line", 3 + 3 * 6 / 4, picks=[{"pick_id": "K3", "quantity": 1}]),  # 6 over 2 lines; 6 over 4 units, 3 its own
    row("not picked in W: the same rates, by its units", 6 + 2 * 6, picks=[{"pick_id": "K1", "deleted": "true"}]),  # K2 alone bears 6 + 6: 6 a line, 6 a unit
    row(
        "at the place of its earlier pick", 10 + 2 * 10, picks=[
            {"pick_id": "K1", "picked_at": "2026-02-27", "location": "WEST"}, {"pick_id": "K9", "order_id": "O-old", "location": "WEST"}],
        labor=[{"location": "WEST", "cost": 20, "hours": 1}],
    ),  # WEST: 10 over 1 line, 10 over 1 unit
    row(
        "else of its parcel", 10 + 2 * 10, shipments=[{"shipment_id": "S1", "location": "WEST"}],
        picks=[{"pick_id": "K1", "deleted": "true"}, {"pick_id": "K9", "order_id": "O-old", "location": "WEST"}], labor=[{"location": "WEST", "cost": 20, "hours": 1}],
    ),
    row(
        "else the mean of all", 8 + 2 * 8, shipments=[{"shipment_id": "S1", "deleted": "true"}],
        picks=[{"pick_id": "K1", "deleted": "true"}, {"pick_id": "K9", "order_id": "O-old", "location": "WEST"}], labor=[{"location": "WEST", "cost": 20, "hours": 1}],
    ),  # pools 6 + 10 over 2 lines, over 2 units
    row("no labor: the setting", 1.2, missing=["labor@2026-W10"]),
    row("no picks: the lines stand in", 7, missing=["picks@2026-W10"]),
    row("the lines that have a parcel", 7, missing=["picks@2026-W10"], orders=[{"order_id": "O2"}], order_lines=[{"order_id": "O2"}]),
)  # fmt: skip

NOWHERE = [{"deleted": "true"}, {"location": "WEST", "cost": 20, "hours": 1}]  # labor, where nobody picked
ACCRUED = part(
    "accrued",
    row("picked, and a label on it", 0),
    row("not picked in W: the rates", 6 + 2 * 6, picks=[{"pick_id": "K1", "deleted": "true"}]),
    row("nobody picked where anyone worked: the setting, which is a rate", 0, labor=NOWHERE, picks=[{"pick_id": "K1", "deleted": "true"}]),
    row("no picks: lines that have a parcel stand in", 0, missing=["picks@2026-W10"]),
    row(
        "and those without are yet to be picked: 3 and 2 × 2, and the parcel's 6 by weight", 7 + 6, key="O2/1", missing=["picks@2026-W10"],
        orders=[{"order_id": "O2"}], order_lines=[{"order_id": "O2", "quantity": 2}],
    ),
)  # fmt: skip

PAYMENT = part(
    "payment",
    row("2.9 % and half of 0.30", 0.788),
    row("the fee that was paid", 1.0, orders=[{"order_id": "O1", "payment_fee": 2}]),
    row("a fee of 0 is a fee", 0, orders=[{"order_id": "O1", "payment_fee": 0}]),
    row("by net revenue, of which one line has none", -30 * 0.029, order_lines=[LINE1 | {"line_discount": 50}]),  # −30: no part of the 0.30
)
CHANNEL = part(
    "channel_fees",
    row("no rate: none", 0),
    row("15 % of 22", 3.3, settings={"costs": {"channel_rate": {"web": 0.15}}}),
    row("the fee that was charged", 2.5, orders=[{"order_id": "O1", "channel_fee": 5}], settings={"costs": {"channel_rate": {"web": 0.15}}}),
    row("in the order's currency", 3.75, orders=[{"order_id": "O1", "channel_fee": 5, "currency": "EUR"}], fx_rates=[{"rate_date": "2026-01-05", "currency": "EUR", "rate": 1.5}]),
)  # fmt: skip

EARLY = older("P1", "2026-01-20", quantity=2)  # of the 28 days from 12 January
SUPPORT = part(
    "support",
    row("none", 0),
    row("by units", 6, support_tickets=[{"ticket_id": "T1", "order_id": "O1", "cost": 9}]),  # 2 of 3
    row("minutes where there is no cost", 4, support_tickets=[{"ticket_id": "T1", "order_id": "O1", "handle_minutes": 10}]),  # 10 × 0.60 × 2/3
    row("opened after as_of", 0, support_tickets=[{"ticket_id": "T1", "order_id": "O1", "cost": 9, "opened_at": "2026-03-09"}]),
    row("what such orders came to", 2, support_tickets=[{"ticket_id": "T1", "order_id": "P1", "cost": 3, "opened_at": "2026-02-01"}], **EARLY),  # 3 an order
    row("less what it has", 2, support_tickets=[{"ticket_id": "T1", "order_id": "P1", "cost": 3, "opened_at": "2026-02-01"}, {"ticket_id": "T2", "order_id": "O1", "cost": 1}], **EARLY),
    row("never below 0", 4, support_tickets=[{"ticket_id": "T1", "order_id": "P1", "cost": 3, "opened_at": "2026-02-01"}, {"ticket_id": "T2", "order_id": "O1", "cost": 6}], **EARLY),
    row("of its own channel", 0, support_tickets=[{"ticket_id": "T1", "order_id": "P1", "cost": 3, "opened_at": "2026-02-01"}], **older("P1", "2026-01-20", channel="pos")),
    row("not of cancelled orders", 0, support_tickets=[{"ticket_id": "T1", "order_id": "P1", "cost": 3, "opened_at": "2026-02-01"}], **older("P1", "2026-01-20", status="cancelled")),
    row("not of those of 9 February", 0, support_tickets=[{"ticket_id": "T1", "order_id": "P1", "cost": 3, "opened_at": "2026-02-11"}], **older("P1", "2026-02-09")),
    row("tickets missing this week: those of last week's cohort", 2, missing=["support_tickets@2026-W10"],
        support_tickets=[{"ticket_id": "T1", "order_id": "P1", "cost": 3, "opened_at": "2026-01-12", "_week": "2026-W09"}], **older("P1", "2026-01-06")),  # 5 January on
)  # fmt: skip

SOLD30 = older("P1", "2026-01-20", quantity=30, price=10)  # the cohort of the 56 days from 15 December: 30 units of A, net revenue 300
BACK = {
    "return_id": "R1",
    "order_id": "P1",
    "line_id": "1",
    "quantity": 3,
    "requested_at": "2026-02-01",
    "refund_amount": 30,
    "reverse_shipping_cost": 6,
    "handling_cost": 3,
}
RESERVE = part(
    "returns_reserve",
    row("nothing came back", 0, **SOLD30),
    row("39 of 300, nothing got back", 22 * 0.13, returns=[BACK | {"disposition": "write_off"}], **SOLD30),
    row("restocked: 12 got back", 22 * 0.09, returns=[BACK | {"disposition": "restock"}], **SOLD30),
    row("sold off: what was recovered", 22 * 0.12, returns=[BACK | {"disposition": "liquidate", "recovered_value": 3}], **SOLD30),
    row("pending, nothing finally disposed: nothing got back", 22 * 0.13, returns=[BACK | {"disposition": "pending"}], **SOLD30),
    row(
        "pending: valued as the others came to", 22 * (39 - 3 * 2 + 8 - 2) / 300,  # the other: 1 unit, 2 got back: 2 a unit
        returns=[BACK, {"return_id": "R2", "order_id": "P1", "line_id": "1", "requested_at": "2026-02-01", "refund_amount": 8, "disposition": "liquidate", "recovered_value": 2}], **SOLD30,
    ),
    row("requested after as_of", 0, returns=[BACK | {"requested_at": "2026-03-09"}], **SOLD30),
    row("29 units of a SKU are too few: by channel, of all it sold", 22 * 39 / 290, returns=[BACK | {"disposition": "write_off"}], **older("P1", "2026-01-20", quantity=29)),
    row(
        "by family where it has 30", 22 * 39 / 390, returns=[BACK | {"disposition": "write_off"}],
        orders=[{"order_id": o, "ordered_at": "2026-01-20"} for o in ("P1", "P2", "P3")], products=[{"sku": "C"}],
        order_lines=[{"order_id": "P1", "quantity": 29}, {"order_id": "P2", "sku": "C", "quantity": 10}, {"order_id": "P3", "sku": "B", "quantity": 50}],
    ),  # A and C are F: 29 × 10 + 10 × 10; B is not
    row("another channel's are not its own: of all", 22 * 39 / 300, returns=[BACK | {"disposition": "write_off"}], **older("P1", "2026-01-20", quantity=30, channel="pos")),
    row("a channel of 29 units is too few: of all", 22 * 39 / 590, returns=[BACK | {"disposition": "write_off"}],
        orders=[{"order_id": "P1", "ordered_at": "2026-01-20"}, {"order_id": "P2", "ordered_at": "2026-01-20", "channel": "pos"}],
        order_lines=[{"order_id": "P1", "quantity": 29}, {"order_id": "P2", "quantity": 30}]),
    row("the cohort begins on 15 December", 0, returns=[BACK | {"disposition": "write_off"}], **older("P1", "2025-12-14", quantity=30)),
    row("and ends on 8 February", 0, returns=[BACK | {"disposition": "write_off", "requested_at": "2026-02-20"}], **older("P1", "2026-02-09", quantity=30)),
    row("the refund in the order's currency", 22 * (45 + 9) / 450, returns=[BACK | {"disposition": "write_off"}], fx_rates=[{"rate_date": "2026-01-05", "currency": "EUR", "rate": 1.5}],
        **older("P1", "2026-01-20", quantity=30, currency="EUR")),
)  # fmt: skip

SHARES = [
    *cases(
        "gross_margin",
        BASE,
        row("26 of 44", 26 / 44, 26, 44),
        row("a line without cost is left out, with its revenue", 12 / 22, 12, 22, products=[{"sku": "A", "unit_cost": ""}]),
        row("an unknown SKU too", 26 / 44, 26, 44, orders=[{"order_id": "O2"}], order_lines=[{"order_id": "O2", "sku": "GHOST"}]),
        row("by family", 14 / 22, 14, 22, "family", "F"),
        row("by SKU", 12 / 22, 12, 22, "sku", "B"),
        row("by channel", 26 / 44, 26, 44, "channel", "web"),
        row("nothing sold: n/a", None, 0, 0, orders=[{"order_id": "O1", "status": "cancelled"}]),
        row("no column of costs: n/a", None, missing=["products.unit_cost"]),
    ),
    *cases(
        "contribution_margin",
        BASE,
        row("5.424 of 44", 5.424 / 44, 5.424, 44),
        row("by family", 2.812 / 22, 2.812, 22, "family", "F"),
        row("costs of lines without cost are left out", 2.612 / 22, 2.612, 22, products=[{"sku": "A", "unit_cost": ""}]),
    ),
    *cases(
        "contribution_margin_after_marketing",
        BASE,
        row("no advertising", 5.424 / 44, 5.424, 44),
        row("all of it", 2.424 / 44, 2.424, 44, ad_spend=[{"amount": 1}, {"amount": 2, "channel": "pos"}]),
        row("of W only", 5.424 / 44, 5.424, 44, ad_spend=[{"amount": 1, "spend_date": "2026-03-01"}]),
        row("by channel", 4.424 / 44, 4.424, 44, "channel", "web", ad_spend=[{"amount": 1}, {"amount": 2, "channel": "pos"}]),
        row("by family: its own and its SKUs'", -0.188 / 22, -0.188, 22, "family", "F",
            ad_spend=[{"amount": 1, "family": "F"}, {"amount": 2, "sku": "A"}, {"amount": 9, "sku": "B"}, {"amount": 9}]),
        row("by SKU: its own", 0.812 / 22, 0.812, 22, "sku", "A", ad_spend=[{"amount": 1, "family": "F"}, {"amount": 2, "sku": "A"}]),
        row("no export: n/a", None, missing=["ad_spend@2026-W10"]),
    ),
]  # fmt: skip

CASES = [*NET, *GOODS, *PACKAGING, *SHIPPING, *PICKING, *ACCRUED, *PAYMENT, *CHANNEL, *SUPPORT, *RESERVE, *SHARES]
