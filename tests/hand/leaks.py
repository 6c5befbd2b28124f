# ruff: noqa: E501 (a case is a line)
"""The leak ledger by hand: amounts of W, part by part.

Stock and demand: A has 20 in EAST every evening of T28 and sells 1 a day at 10. A parcel is taken at 1.00 and a line's picking at 1.20, so a
unit leaves 10 − 4 − 1 − 1.20 − (0.29 + 0.30) = 3.21. A carrying rate of 10 % a year is 1/520 a week.
"""

from . import Case, cases, daily_sales, daily_stock, joined, row, rows_of

T28 = ("2026-02-09", "2026-03-08")
STOCK = joined({"products": rows_of("products", {"sku": "A"}), "inventory": daily_stock(*T28, 20)}, daily_sales(*T28, 1))
CHEAP = {"costs": {"shipping_per_order": 1.0}}
WEDNESDAY = "2026-03-04"
EMPTY = {"snapshot_at": f"{WEDNESDAY} 20:00", "system": "wms", "sku": "A", "location": "EAST", "on_hand": 0}
UNSOLD = {"order_id": f"A{WEDNESDAY}", "deleted": "true"}  # that day's order never was
SHELVES = {"target_dos": {"A": 5}}  # 20 − 5 × 1 = 15 in excess
PLANNED = {"plan_date": "2026-02-06", "target_date": "2026-02-07", "period_days": 30, "planned_units": 40, "_week": "2026-W06"}


def part(leak: str, name: str, base: dict, *rows: dict, settings: dict | None = None) -> list[Case]:
    """Cases of one part of a leak."""
    return cases("leak", base, *(r | {"grain": leak, "key": name, "settings": (settings or {}) | r["settings"]} for r in rows))


STOCKOUT = part(
    "1", "stockout", STOCK,
    row("never empty", 0),
    row("empty on Wednesday, nothing sold", 3.21, inventory=[EMPTY], orders=[UNSOLD]),  # 27 sold on 27 selling days: d = 1
    row("what it sold that day was not lost", 0, inventory=[EMPTY]),
    row("another location had it", 0, inventory=[EMPTY, EMPTY | {"location": "WEST", "on_hand": 1}], orders=[UNSOLD]),
    row("another that sent nothing that day had it when it was last seen", 0, inventory=[EMPTY, EMPTY | {"location": "WEST", "on_hand": 1, "snapshot_at": "2026-03-01 20:00"}], orders=[UNSOLD]),
    row("it had none then", 3.21, inventory=[EMPTY, EMPTY | {"location": "WEST", "snapshot_at": "2026-03-01 20:00"}], orders=[UNSOLD]),
    row("28 days ago it had", 0, inventory=[EMPTY, EMPTY | {"location": "WEST", "on_hand": 1, "snapshot_at": "2026-02-04 20:00"}], orders=[UNSOLD]),
    row("29 days ago: nobody knows any more", 3.21, inventory=[EMPTY, EMPTY | {"location": "WEST", "on_hand": 1, "snapshot_at": "2026-02-03 20:00"}], orders=[UNSOLD]),
    row("nobody reports stock on Wednesday", 0, inventory=[EMPTY | {"deleted": "true"}], orders=[UNSOLD]),
    row("a unit that loses money is no loss", 0, inventory=[EMPTY], orders=[UNSOLD], settings={"costs": {"shipping_per_order": 9.0}}),
    row("discontinued: not missed", 0, inventory=[EMPTY], orders=[UNSOLD], products=[{"sku": "A", "status": "discontinued"}]),
    row("not sold in T28: at its family's margin", 7 * 2 * 3.21, products=[{"sku": "B"}], **joined(  # 2 a day on 7 days in January; 7 days of W without
        {"inventory": daily_stock("2026-01-05", "2026-01-11", 9, sku="B")}, daily_sales("2026-01-05", "2026-01-11", 2, "B"))),
    row("no inventory in a week of T28: n/a", None, missing=["inventory@2026-W07"]),
    settings=CHEAP,
)  # fmt: skip
SPEND = part(
    "1", "wasted_spend", STOCK | {"inventory": [EMPTY if r["snapshot_at"] == EMPTY["snapshot_at"] else r for r in STOCK["inventory"]]},
    row("none", 0),
    row("on it that day", 5, ad_spend=[{"spend_date": WEDNESDAY, "sku": "A", "amount": 5}]),
    row("the day after", 0, ad_spend=[{"spend_date": "2026-03-05", "sku": "A", "amount": 5}]),
    row("on its family", 0, ad_spend=[{"spend_date": WEDNESDAY, "family": "F", "amount": 5}]),
    row("no export of spend: n/a", None, missing=["ad_spend@2026-W10"]),
)  # fmt: skip
OVERBUY = part(
    "1", "overbuy", STOCK,
    row("nothing planned", 0),
    row("12 too many were planned", 12 * 4 / 520, demand_plan=[PLANNED]),  # 40 − 28, of 15 in excess
    row("at most what is in excess", 15 * 4 / 520, demand_plan=[PLANNED | {"planned_units": 90}]),
    row("no plan ever: n/a", None, missing=["demand_plan"]),
    settings=SHELVES,
)  # fmt: skip
EXCESS = part(
    "2", "excess", STOCK,
    row("15 of A", 15 * 4 / 520),
    row("less what was bought too much", 3 * 4 / 520, demand_plan=[PLANNED]),
    row("no cost: no money", 0, products=[{"sku": "A", "unit_cost": ""}, {"sku": "Z"}]),
    row("no plan ever: all of it", 15 * 4 / 520, missing=["demand_plan"]),
    row("at 20 % a year", 15 * 4 / 260, settings={"carrying_rate": 0.2}),
    settings=SHELVES,
)  # fmt: skip
OLD = [{"snapshot_at": "2025-12-07 20:00", "sku": "B", "on_hand": 1}]  # T91 begins a day later
DEAD = part(
    "2", "dead_stock", joined(STOCK, {"products": [{"sku": "B"}], "inventory": daily_stock("2026-03-02", "2026-03-08", 30, sku="B")}),
    row("new this week", 0),
    row("there before T91", 30 * 4 / 520, inventory=OLD),
    row("sold one in T91", 0, inventory=OLD, **daily_sales("2025-12-08", "2025-12-08", 1, "B")),
    row("sold one before", 30 * 4 / 520, inventory=OLD, **daily_sales("2025-12-07", "2025-12-07", 1, "B")),
    row("gone since", 0, inventory=[*OLD, {"snapshot_at": "2026-03-08 20:00", "sku": "B", "on_hand": 0}]),
    row("discontinued: at once", 30 * 4 / 520, products=[{"sku": "B", "status": "discontinued"}]),
    row("what is allocated is there", 30 * 4 / 520, inventory=[*OLD, {"snapshot_at": "2026-03-08 20:00", "sku": "B", "allocated": 30}]),
    row("two locations", 35 * 4 / 520, inventory=[*OLD, {"snapshot_at": "2026-03-08 20:00", "sku": "B", "on_hand": 5, "location": "WEST"}]),
)  # fmt: skip

ONE = {
    "products": rows_of("products", {"sku": "A", "weight_kg": 2}),
    "orders": rows_of("orders", {"order_id": "O1"}),
    "order_lines": rows_of("order_lines", {"order_id": "O1"}),
    "shipments": rows_of("shipments", {"shipment_id": "S1", "order_id": "O1", "label_cost": 8}),
}
LINE = {"document_id": "D1", "expedite_cost": 40}
EXPEDITE = part(
    "2", "expedite", ONE,
    row("none", 0),
    row("expedited on Sunday", 40, inbound=[LINE | {"expedited_on": "2026-03-08", "_week": "2026-W10"}]),
    row("the week before", 0, inbound=[LINE | {"expedited_on": "2026-03-01"}]),
    row("no day: its cost first came in W", 40, inbound=[LINE]),
    row("no day: the line came before, its cost in W", 40, inbound=[{"document_id": "D1", "_week": "2026-W08"}, LINE]),
    row("no day: it came before, and again", 0, inbound=[LINE | {"_week": "2026-W08"}, LINE]),
    row("no export: n/a", None, missing=["inbound@2026-W10"]),
)  # fmt: skip
FREIGHT = part(
    "2", "transfer_freight", ONE,
    row("of a transfer", 25, inbound=[{"document_id": "D1", "kind": "transfer", "ordered_on": "2026-03-02", "freight_cost": 25}]),
    row("of a purchase", 0, inbound=[{"document_id": "D1", "ordered_on": "2026-03-02", "freight_cost": 25}]),
    row("ordered the week before", 0, inbound=[{"document_id": "D1", "kind": "transfer", "ordered_on": "2026-03-01", "freight_cost": 25}]),
)  # fmt: skip

REWORK = part(
    "3", "rework", ONE | {"labor": rows_of("labor", {"hours": 2, "cost": 12})},
    row("6 minutes at 0.10", 0.6, picks=[{"pick_id": "K1", "rework_minutes": 6}]),
    row("of a pick of last week", 0, picks=[{"pick_id": "K1", "rework_minutes": 6, "picked_at": "2026-03-01"}]),
    row("at a place without labor: the mean rate", 0.6, picks=[{"pick_id": "K1", "rework_minutes": 6, "location": "WEST"}]),
    row("no labor: n/a", None, missing=["labor@2026-W10"]),
)  # fmt: skip


def charge(kind: str, **more) -> dict:
    return {
        "carrier_charges": [{"charge_id": "C1", "shipment_id": "S1", "charge_type": kind, "amount": 7, "invoiced_on": "2026-03-05", **more}]
    }


AVOIDABLE = part(
    "3", "avoidable_charges", ONE,
    row("a wrong address", 7, **charge("address_correction")),
    row("fuel", 0, **charge("fuel")),
    row("a credit", -7, **charge("redelivery", amount=-7)),
    row("invoiced last week", 0, **charge("redelivery", invoiced_on="2026-03-01")),
    row("of a parcel we do not know", 7, **charge("redelivery", shipment_id="S-old")),
    row("dimensional: billed more than 10 % above", 7, **charge("dimensional", billed_weight_kg=2.3)),  # 2 × 1.10 = 2.2
    row("dimensional: 10 % above is the products' own", 0, **charge("dimensional", billed_weight_kg=2.2)),
    row("dimensional: by size the products are that large", 0, products=[{"sku": "A", "length_cm": 50, "width_cm": 20, "height_cm": 15}],
        **charge("dimensional", billed_weight_kg=3)),  # 50 × 20 × 15 / 5000 = 3
    row("dimensional: no weight of its own: the parcel's largest", 7, carrier_charges=[
        *charge("dimensional")["carrier_charges"], {"charge_id": "C2", "shipment_id": "S1", "amount": 1, "billed_weight_kg": 9, "invoiced_on": "2026-03-05"}]),
    row("dimensional: not known", 0, **charge("dimensional")),
    row("dimensional: products not weighed", 0, products=[{"sku": "A", "weight_kg": ""}], **charge("dimensional", billed_weight_kg=9)),
    row("types are a setting", 7, settings={"carrier": {"avoidable_types": ["fuel"]}}, **charge("fuel")),
)  # fmt: skip


def week_of(number: int, monday: str, label: float, zone: str = "") -> dict:
    """An order of an earlier week, with its parcel; in that week's folder."""
    common = {"_week": f"2026-W0{number}"}
    return {
        "orders": [{"order_id": f"W{number}", "ordered_at": f"{monday} 10:00", **common}],
        "order_lines": [{"order_id": f"W{number}", **common}],
        "shipments": [{"shipment_id": f"SW{number}", "order_id": f"W{number}", "label_created_at": f"{monday} 12:00", "label_cost": label, "zone": zone, **common}],
    }  # fmt: skip


MONDAYS = {5: "2026-01-26", 6: "2026-02-02", 7: "2026-02-09", 8: "2026-02-16", 9: "2026-02-23"}
PAST = joined(ONE, *(week_of(n, day, label) for (n, day), label in zip(MONDAYS.items(), (5, 5, 6, 5, 9), strict=True)))
CREEP = part(
    "3", "creep", PAST,
    row("8 against a median of 5", 3),
    row("cheaper than usual is no gain", 0, shipments=[{"shipment_id": "S1", "label_cost": 4}]),
    row("twice for two orders", 6, orders=[{"order_id": "O2"}], order_lines=[{"order_id": "O2"}], shipments=[{"shipment_id": "S2", "order_id": "O2", "label_cost": 8}]),
    row("avoidable charges stand elsewhere", 3, shipments=[{"shipment_id": "S2", "order_id": "O1", "label_cost": 0}],  # parcel 8, and 7 − 7
        carrier_charges=[{"charge_id": "C1", "shipment_id": "S2", "charge_type": "redelivery", "amount": 7, "invoiced_on": "2026-03-05"}]),
    row("weeks without that mix take W's own mean", 0, shipments=[{"shipment_id": "S1", "zone": "8"}]),
    row("three weeks of history are too few: n/a", None, orders=[{"order_id": f"W{n}", "_week": f"2026-W0{n}", "deleted": "true"} for n in (5, 6)]),
    row("a week without labor is left out: of the others 5.50", 2.5, missing=["labor@2026-W05"]),  # 5, 6, 5, 9
)  # fmt: skip

BACK = {"return_id": "R1", "order_id": "O1", "requested_at": "2026-03-03", "received_at": "2026-03-05", "quantity": 2}
RETURNS = [
    *part(
        "4", "returns_shipping", ONE,
        row("received in W", 6, returns=[BACK | {"reverse_shipping_cost": 6}]),
        row("received last week", 0, returns=[BACK | {"reverse_shipping_cost": 6, "received_at": "2026-03-01"}]),
        row("not received", 0, returns=[BACK | {"reverse_shipping_cost": 6, "received_at": ""}]),
    ),
    *part("4", "returns_handling", ONE, row("received in W", 3, returns=[BACK | {"handling_cost": 3}])),
    *part(
        "4", "returns_value_lost", ONE,
        row("restocked: none", 0, returns=[BACK | {"disposition": "restock"}]),
        row("written off: 2 × 4", 8, returns=[BACK | {"disposition": "write_off"}]),
        row("less what was recovered", 5, returns=[BACK | {"disposition": "liquidate", "recovered_value": 3}]),
        row("a gain is not a loss", 0, returns=[BACK | {"disposition": "refurbish", "recovered_value": 9}]),
        row("pending: not yet", 0, returns=[BACK | {"disposition": "pending"}]),
        row("disposed of in W, received before", 8, returns=[BACK | {"disposition": "write_off", "received_at": "2026-02-20", "disposed_at": "2026-03-06"}]),
        row("disposed of last week", 0, returns=[BACK | {"disposition": "write_off", "disposed_at": "2026-03-01"}]),
        row("no cost known", 0, products=[{"sku": "A", "unit_cost": ""}, {"sku": "Z"}], returns=[BACK | {"disposition": "write_off"}]),
    ),
    *part(
        "4", "returns_support", ONE,
        row("a refund", 5, support_tickets=[{"ticket_id": "T1", "cost": 5}]),
        row("another topic", 0, support_tickets=[{"ticket_id": "T1", "cost": 5, "topic": "where is it"}]),
        row("by its minutes", 6, support_tickets=[{"ticket_id": "T1", "handle_minutes": 10}]),
        row("opened last week", 0, support_tickets=[{"ticket_id": "T1", "cost": 5, "opened_at": "2026-03-01"}]),
    ),
    *part(
        "4", "actionable", ONE,
        row("6 above a median of 0", 6, returns=[BACK | {"reverse_shipping_cost": 6}]),  # 13 weeks before, all exported, none with a return
        row("each part against its own", 9, returns=[BACK | {"reverse_shipping_cost": 6, "handling_cost": 3}]),
    ),
    *part(
        "4", "total", ONE,
        row("of the four", 6 + 3 + 8 + 5, returns=[BACK | {"reverse_shipping_cost": 6, "handling_cost": 3, "disposition": "write_off"}], support_tickets=[{"ticket_id": "T1", "cost": 5}]),
        row("of those that can be said", 5, support_tickets=[{"ticket_id": "T1", "cost": 5}], missing=["returns@2026-W10"]),
    ),
]  # fmt: skip

SOLD20 = {
    "products": rows_of("products", {"sku": "A"}),
    "orders": rows_of("orders", {"order_id": "O1"}, {"order_id": "O0", "ordered_at": "2026-02-10"}),
    "order_lines": rows_of("order_lines", {"order_id": "O1", "quantity": 5}, {"order_id": "O0", "quantity": 15}),
}  # of W: 50 − 20 − 8 − 1.20 − 1.45 − 0.30 = 19.05; of T28: 200 − 80 − 16 − 2.40 − 5.80 − 0.60 = 95.20: 47.6 %
FALSE = part(
    "5", "false_confidence", SOLD20,
    row("at a target of 50 %", 50 * 0.5 - 19.05),
    row("47 % is reached", 0, settings={"targets": {"contribution_margin": 0.47}}),
    row("19 units are too few", 0, order_lines=[{"order_id": "O0", "quantity": 14}]),
    row("a gross margin below its target deceives nobody", 0, products=[{"sku": "A", "unit_cost": 6.5}]),
    settings={"targets": {"contribution_margin": 0.5, "gross_margin": 0.4}},
)  # fmt: skip

CASES = [*STOCKOUT, *SPEND, *OVERBUY, *EXCESS, *DEAD, *EXPEDITE, *FREIGHT, *REWORK, *AVOIDABLE, *CREEP, *RETURNS, *FALSE]
