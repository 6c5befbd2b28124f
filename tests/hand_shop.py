"""A shop of a few hand-made rows, and the scenes that the checks are tried on: one thing wrong at a time, or all of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from fake_known import card, context
from opsreview.checks import CHECKS, COLUMNS, load
from opsreview.decisions import DECISIONS

AS_OF = date(2026, 11, 16)


FREE = {"payment_rate": 0, "payment_fixed": 0, "shipping_per_order": 0, "pick_pack_per_line": 0}  # a unit's margin is price less cost


def ago(days: int) -> date:
    """A day so many days before as_of: 1 is the last day of W."""
    return AS_OF - timedelta(days=days)


def product(sku: str = "A", cost: float = 4, **more) -> dict:
    return {"sku": sku, "name": f"Product {sku}", "family": "Lamps", "unit_cost": cost, **more}


def sold(
    sku: str = "A", a_day: float = 10, days: range = range(1, 92), price: float = 10, channel: str = "web", **line
) -> dict[str, list[dict]]:
    """One order a day at noon, for the days ago given."""
    orders, lines = [], []
    for n in days:
        order = f"{sku}-{channel}-{n}"
        orders.append({"order_id": order, "ordered_at": f"{ago(n)} 12:00", "channel": channel, "status": "open"})
        lines.append({"order_id": order, "line_id": "1", "sku": sku, "quantity": a_day, "unit_price": price, **line})
    return {"orders": orders, "order_lines": lines}


def stock(
    sku: str = "A", on_hand: float = 100, days: range = range(1, 29), system: str = "wms", location: str = "BER", hour: int = 20
) -> list[dict]:
    return [{"snapshot_at": f"{ago(n)} {hour}:00", "system": system, "sku": sku, "location": location, "on_hand": on_hand} for n in days]


def together(*parts: dict[str, list[dict]]) -> dict[str, list[dict]]:
    out: dict[str, list[dict]] = {}
    for part in parts:
        for table, rows in part.items():
            out[table] = out.get(table, []) + rows
    return out


def shop(on_hand: float = 1000, **tables: list[dict]) -> dict[str, list[dict]]:
    """One SKU that sells 10 a day at a margin of 6, with so much stock in BER; further tables as given."""
    return together({"products": [product()], "inventory": stock(on_hand=on_hand)}, sold(), tables)


def run(check: str, tables: dict, now=None, past=None, floor: float | None = None, **more) -> pd.DataFrame:
    """What one check finds; its answer has the columns every check's has, and a decision that a checklist knows."""
    load()
    given = {"costs": FREE, **more.pop("settings", {})}
    if floor is not None:
        given["checks"] = {"floor": floor, **given.get("checks", {})}
    answer = CHECKS[check](context(tables, now, past, settings=given, **more)).reset_index(drop=True)
    assert list(answer.columns) == COLUMNS
    assert set(answer["decision"]) <= set(DECISIONS)
    assert set(answer["severity"]) <= {"watch", "breach", "critical"}
    assert not answer["title"].isna().any() and not answer["detail"].isna().any()
    return answer


def entities(*args, **more) -> list[str]:
    return sorted(run(*args, **more)["entity"])


def plan(units: float, sku: str = "A", made: int = 20, days: int = 14) -> list[dict]:
    return [{"plan_date": ago(made), "sku": sku, "target_date": ago(14), "period_days": days, "planned_units": units}]


def weekly(units: np.ndarray) -> dict[str, list[dict]]:
    """One order a SKU and week: rows are SKUs, columns the 13 weeks to W, oldest first."""
    parts = [{"products": [product(f"S{i:03d}") for i in range(len(units))]}]
    n = units.shape[1]
    for i, row in enumerate(units):
        for j, q in enumerate(row):
            parts.append(sold(f"S{i:03d}", float(q), range(7 * (n - j) - 3, 7 * (n - j) - 2)))
    return together(*parts)


def shipped() -> dict[str, list[dict]]:
    """Every order of T28 left from BER."""
    rows = [
        {
            "shipment_id": f"S{n}",
            "order_id": f"A-web-{n}",
            "location": "BER",
            "carrier": "dhl",
            "service": "parcel",
            "label_created_at": f"{ago(n)} 13:00",
            "shipped_at": f"{ago(n)} 15:00",
        }
        for n in range(1, 29)
    ]
    return {"shipments": rows}


def inbound(**more) -> dict:
    return {
        "document_id": "PO1",
        "line_id": "1",
        "kind": "purchase",
        "sku": "A",
        "location": "BER",
        "supplier": "Nord",
        "quantity_ordered": 100,
        "ordered_on": ago(40),
        "eta": ago(10),
        "asn_at": None,
        "arrived_at": None,
        "stocked_at": None,
        "quantity_received": None,
        "closed": None,
        **more,
    }


def slip(to: int, **more) -> dict:
    return inbound(original_eta=ago(-1), eta=ago(-1 - to), **more)


def received(quantity: float, **more) -> dict:
    days = {"arrived_at": f"{ago(4)} 09:00", "stocked_at": f"{ago(3)} 09:00"}
    return inbound(**{"sku": "B", "asn_quantity": 100, "quantity_received": quantity, **days, **more})


def dock(hours: float, lines: int = 5):
    now = card(("dock_to_stock_hours", "location", "BER", None, lines, hours))
    late = [
        inbound(line_id=str(i), arrived_at=f"{ago(5)} 08:00", stocked_at=f"{ago(3)} 08:00", quantity_received=100) for i in range(lines)
    ]
    return together(
        {"products": [product()], "inventory": stock(on_hand=0, days=range(1, 8)) + stock(days=range(8, 29))}, sold(), {"inbound": late}
    ), now


def picked(errors: int, picks: int):
    return card(("pick_pack_accuracy", "location", "BER", picks - errors, picks))


def wave(shift: float) -> dict[str, list[dict]]:
    """Four hours a day of 10 picks; an hour of labor each, in W so much of it moved from the morning to the afternoon."""
    picks, labor = [], []
    for n in range(1, 29):
        for hour in (8, 9, 14, 15):
            picks += [
                {
                    "pick_id": f"{n}-{hour}-{i}",
                    "order_id": f"A-web-{n}",
                    "line_id": "1",
                    "sku": "A",
                    "location": "BER",
                    "picked_at": f"{ago(n)} {hour:02d}:30",
                    "quantity": 1,
                }
                for i in range(10)
            ]
            hours = 1.0 if n > 7 else 1.0 + (shift if hour > 12 else -shift)
            labor.append({"work_date": ago(n), "location": "BER", "hour": hour, "role": "pick", "hours": hours, "cost": 20 * hours})
    return {"picks": picks, "labor": labor}


def late(on_time: int, due: int):
    """A shop where one of ten orders was late, and a late order brought a ticket of 30."""
    ships = [
        {
            "shipment_id": f"S{n}",
            "order_id": f"A-web-{n}",
            "location": "BER",
            "carrier": "dhl",
            "service": "parcel",
            "label_created_at": f"{ago(n)} 13:00",
            "promised_ship_at": f"{ago(n)} 18:00",
            "shipped_at": f"{ago(n - 1 if n % 10 == 0 else n)} 17:00",
        }
        for n in range(2, 61)
    ]
    tickets = [
        {"ticket_id": f"T{n}", "order_id": f"A-web-{n}", "opened_at": f"{ago(n - 2)} 10:00", "topic": "late", "cost": 30}
        for n in range(10, 61, 10)
    ]
    return shop(shipments=ships, support_tickets=tickets), card(("on_time_ship_rate", "location", "BER", on_time, due))


def trouble(exceptions: int, shipments: int, others: int = 100):
    """One parcel of each carrier in W; dhl's had an exception and brought a ticket of 30."""
    ships = [
        {
            "shipment_id": c,
            "order_id": f"A-web-{n}",
            "location": "BER",
            "carrier": c,
            "service": "parcel",
            "label_created_at": f"{ago(n)} 13:00",
            "shipped_at": f"{ago(n)} 15:00",
        }
        for n, c in ((2, "dhl"), (3, "ups"))
    ]
    events = [{"shipment_id": "dhl", "occurred_at": f"{ago(1)} 10:00", "code": "X", "is_exception": True, "reason": "lost"}]
    tickets = [{"ticket_id": "T", "order_id": "A-web-2", "opened_at": f"{ago(1)} 12:00", "topic": "where", "cost": 30}]
    rate = "carrier_exception_rate"
    own, other, both = (exceptions, shipments), (2 * others / 100, others), (exceptions + 2 * others / 100, shipments + others)
    now = card(
        (rate, "all", "", *both),
        (rate, "carrier", "dhl", *own),
        (rate, "carrier", "ups", *other),
        (rate, "service", "dhl/parcel", *own),
        (rate, "service", "ups/parcel", *other),
    )
    return shop(shipments=ships, carrier_events=events, support_tickets=tickets), now


def label(at: str, **more) -> list[dict]:
    return [
        {
            "shipment_id": "S1",
            "order_id": "A-web-3",
            "location": "BER",
            "carrier": "dhl",
            "service": "parcel",
            "label_created_at": at,
            "shipped_at": None,
            "label_cost": 60,
            **more,
        }
    ]


def charge(number: str, on: int, amount: float = 60, invoice: str | None = None, kind: str = "base") -> dict:
    return {
        "invoice_id": invoice or f"I{number}",
        "charge_id": number,
        "shipment_id": "S1",
        "charge_type": kind,
        "amount": amount,
        "invoiced_on": ago(on),
    }


def priced(
    price: float, sku: str = "B", a_day: float = 10, family: str = "Rugs", days: range = range(1, 29), cost: float = 4
) -> dict[str, list[dict]]:
    return together({"products": [product(sku, cost, family=family)]}, sold(sku, a_day, days, price))


def wardrobe(hot: int, others: int = 6, family: int = 9) -> dict[str, list[dict]]:
    """Ten SKUs of a family, 140 sold each in T28; of nine so many come back as too small, of H more or fewer."""
    parts = [{"returns": []}]
    for sku in ["H", *(f"N{i}" for i in range(family))]:
        parts.append(priced(30, sku, 5, "Shirts"))
        n = hot if sku == "H" else others
        parts.append(
            {
                "returns": [
                    {
                        "return_id": f"R-{sku}-{i}",
                        "line_no": 1,
                        "order_id": f"{sku}-web-{i % 28 + 1}",
                        "line_id": "1",
                        "sku": sku,
                        "quantity": 1,
                        "reason_code": "too_small",
                        "requested_at": f"{ago(i % 28 + 1)} 20:00",
                        "refund_amount": 30,
                        "disposition": "pending",
                    }
                    for i in range(n)
                ]
            }
        )
    return together(*parts)


def promotion(discount: float, begins: int = 7, ends: int = -6, **more) -> list[dict]:
    return [{"promo_id": "P1", "sku": "A", "starts_on": ago(begins), "ends_on": ago(ends), "discount": discount, **more}]


def busy() -> tuple[dict[str, list[dict]], pd.DataFrame]:
    """A shop in which nearly everything is wrong at once."""
    ships, on_time = late(80, 100)
    carrier, exceptions = trouble(12, 100)
    tables = together(
        wave(0.4),
        wardrobe(30),
        ships,
        {k: carrier[k] for k in ("carrier_events",)},
        priced(2, "L"),
        {
            "inbound": [slip(6), inbound(line_id="2", asn_at=f"{ago(9)} 10:00", eta=ago(3)), received(50, line_id="3", sku="A")],
            "demand_plan": plan(60),
            "carrier_charges": [charge("1", 20), charge("2", 3)],
            "promotions": promotion(0.9),
            "inventory": stock(on_hand=20, system="erp") + stock("L", 9000),
        },
    )
    tables["shipments"] += [r | {"shipment_id": "X"} for r in label(f"{ago(5)} 10:00")]
    return tables, pd.concat([on_time, exceptions, picked(40, 1000), dock(50)[1]], ignore_index=True)
