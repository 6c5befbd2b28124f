"""What the random store is made of: orders with all that follows them (`random_store.py` adds the warehouse and writes the files)."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from opsreview.weeks import Week

CHANNELS = ("web", "amazon", "retail")
LOCATIONS = ("EAST", "WEST")
POPULARITY = (12, 9, 7, 5, 4, 3, 3, 2, 2, 0, 0, 0.5, 1)  # of each SKU and the ghost: two never sell
REASONS = ("damaged", "wrong_item", "too_small", "changed_mind", "defective")


class Orders:
    """Rows by week and table, and the chance they come from."""

    def __init__(self, chance: random.Random, weeks: list[Week], zone: ZoneInfo) -> None:
        self.chance, self.weeks, self.zone = chance, weeks, zone
        self.rows: dict[tuple[Week, str], list[dict]] = defaultdict(list)
        self.count = 0
        self.skus = [f"SKU-{i:02d}" for i in range(12)] + ["GHOST"]  # the ghost has no master data

    # Small help.

    def odds(self, p: float) -> bool:
        return self.chance.random() < p

    def one(self, *of):
        return self.chance.choice(of)

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count:05d}"

    def moment(self, week: Week) -> datetime:
        return datetime.combine(week.monday, datetime.min.time()) + timedelta(minutes=self.chance.randrange(7 * 24 * 60))

    def later(self, moment: datetime, low: float, high: float) -> datetime:
        return moment + timedelta(minutes=int(60 * self.chance.uniform(low, high)))

    def text(self, moment: datetime | None) -> str:
        """As a local time without offset, or, as often, in UTC."""
        if moment is None:
            return ""
        if self.odds(0.5):
            return moment.isoformat(sep=self.one(" ", "T"))
        return moment.replace(tzinfo=self.zone).astimezone(UTC).isoformat()

    def put(self, table: str, week: Week, **row) -> None:
        if week <= self.weeks[-1]:
            self.rows[max(week, self.weeks[0]), table].append({k: "" if v is None else v for k, v in row.items()})

    def put_again(self, table: str, moments: dict[str, datetime | None], **row) -> None:
        """A row as each week knows it: it comes again whenever one of its moments has happened; now and then it says too much too soon."""
        happened = sorted({Week.of(m.date()) for m in moments.values() if m is not None})
        for week in happened:
            ahead = 1 if self.odds(0.1) else 0
            end = datetime.combine((week + ahead).end, datetime.min.time())
            self.put(table, week, **row, **{name: self.text(m) if m is not None and m < end else "" for name, m in moments.items()})

    # What there is.

    def masters(self) -> None:
        first, middle = self.weeks[0], self.weeks[len(self.weeks) // 2]
        for i, sku in enumerate(self.skus[:-1]):
            row = {
                "sku": sku, "name": f"Product {i}", "family": ("Mugs", "Lamps", "Rugs", "")[i % 4], "category": ("Home", "Light")[i % 2],
                "unit_cost": "" if i in (3, 7) else 2 + i, "status": "discontinued" if i in (5, 10) else "active",
                "weight_kg": "" if i == 4 else 0.2 * (i + 1), "packaging_cost": "" if i % 3 == 0 else 0.25,
                "supplier": ("Acme", "Bolt")[i % 2], "launched_on": (middle.monday + timedelta(days=2)) if i == 6 else "",
            } | ({"length_cm": 40, "width_cm": 30, "height_cm": 20} if i in (1, 2) else {})  # fmt: skip
            self.put("products", first, **row)
            if i % 5 == 0:
                self.put("products", middle, **(row | {"unit_cost": 3 + i}))
        for week in self.weeks:
            self.put(
                "fx_rates",
                week,
                rate_date=week.monday - timedelta(days=self.one(0, 0, 7)),
                currency="EUR",
                rate=round(self.chance.uniform(1.0, 1.2), 4),
            )
        self.put("fx_rates", first, rate_date=first.monday - timedelta(days=10), currency="EUR", rate=1.05)
        self.put("promotions", first, promo_id="P1", sku=self.skus[1], starts_on=first.monday, ends_on=first.monday, discount=0.2)

    def order(self, week: Week) -> None:
        order_id, at, channel = self.new("O"), self.moment(week), self.one(*CHANNELS)
        cancelled = self.later(at, 1, 400) if self.odds(0.12) else None
        promise = self.later(at, 10, 60) if self.odds(0.5) else None
        row = {
            "order_id": order_id, "channel": channel, "ordered_at": self.text(at),
            "promised_ship_at": self.text(promise),
            "shipping_charged": self.one("", 0, 4.95, 9.5), "order_discount": self.one("", "", "", 0, 5, 30),
            "currency": self.one("", "USD", "USD", "EUR"),
            "payment_fee": self.one("", 0, 0.9), "channel_fee": self.one("", "", 1.5),
        }  # fmt: skip
        self.put("orders", week, **row, status="open")
        if cancelled:
            stamp = self.text(cancelled) if self.odds(0.7) else ""
            early = self.odds(0.2)  # the system knows of a cancellation that is yet to come
            self.put("orders", week if early and stamp else Week.of(cancelled.date()), **row, status="cancelled", cancelled_at=stamp)
        elif self.odds(0.5):
            self.put("orders", week + self.one(0, 1), **row, status="fulfilled")
        lines = []
        for n in range(self.one(1, 1, 2, 3)):
            sku = self.chance.choices(self.skus, POPULARITY)[0]
            quantity = self.one(0, 1, 1, 1, 2, 3, 6)
            line = {
                "order_id": order_id, "line_id": f"L{n + 1}", "sku": sku, "quantity": quantity, "cancelled_quantity": "",
                "unit_price": self.one(*[8, 12.5, 20, 20, 35] * 3, 0, -3), "line_discount": self.one(*["", 0, 1.5] * 5, 50),
            }  # fmt: skip
            self.put("order_lines", week, **line)
            if quantity and self.odds(0.15):
                self.put("order_lines", week + self.one(0, 1), **(line | {"cancelled_quantity": self.one(1, quantity, quantity + 1)}))
            lines.append(line)
        if self.odds(0.9) and not (cancelled and self.odds(0.6)):
            self.pick(lines, at)
            for _ in range(self.one(1, 1, 1, 2)):
                self.ship(order_id, at)
        for line in lines:
            if self.odds(0.15):
                self.send_back(line, at)
        if self.odds(0.2):
            opened = self.later(at, 5, 700)
            self.put(
                "support_tickets", Week.of(opened.date()), ticket_id=self.new("T"), order_id=self.one(order_id, order_id, "", "O-old"),
                opened_at=self.text(opened), topic=self.one("return", "where is it", "refund"), cost=self.one("", 4.5),
                handle_minutes=self.one("", 6, 11),
            )  # fmt: skip

    def pick(self, lines: list[dict], at: datetime) -> None:
        for line in lines:
            for _ in range(self.one(0, 1, 1, 1, 2)):
                picked = self.later(at, 0.5, 60)
                self.put(
                    "picks", Week.of(picked.date()), pick_id=self.new("K"), order_id=line["order_id"], line_id=line["line_id"],
                    sku=line["sku"], location=self.one(*LOCATIONS, "EAST", "ANNEX"), picked_at=self.text(picked),
                    quantity=self.one(0, 1, line["quantity"]), error_type=self.one(*[""] * 9, "wrong_item", "damaged"),
                    rework_minutes=self.one(*[""] * 9, 0, 4, 9.5),
                )  # fmt: skip

    def ship(self, order_id: str, at: datetime) -> None:
        shipment_id, carrier = self.new("S"), self.one("UPS", "DHL")
        label = self.later(at, 1, 40)
        shipped = self.later(label, 1, 60) if self.odds(0.9) else None
        delivered = self.later(shipped, 20, 200) if shipped and self.odds(0.9) else None
        promise = self.later(at, 10, 60)
        promised = self.one(self.text(promise), self.text(promise), promise.date().isoformat(), "")
        self.put_again(
            "shipments", {"label_created_at": label, "shipped_at": shipped, "delivered_at": delivered}, shipment_id=shipment_id,
            order_id=self.one(*[order_id] * 20, "O-old"), location=self.one(*LOCATIONS), carrier=carrier,
            service=self.one("ground", "air"), zone=self.one("", "2", "5"),
            promised_ship_at=promised, promised_delivery_at=self.text(self.later(label, 30, 150)) if self.odds(0.8) else "",
            label_cost=self.one("", 5.2, 6.4, 8),
        )  # fmt: skip
        if self.odds(0.04):
            self.put(
                "shipments", Week.of(label.date()) + 1, shipment_id=shipment_id, order_id=order_id, location="EAST", carrier=carrier,
                service="ground", label_created_at=self.text(label), deleted="true",
            )  # fmt: skip
        for _ in range(self.one(0, 1, 1, 2, 3)):
            on = self.later(label, 24, 700).date()
            kind = self.one("base", "base", "fuel", "dimensional", "redelivery", "address_correction")
            self.put(
                "carrier_charges", Week.of(on), invoice_id=f"I{on:%m%d}", charge_id=self.new("C"),
                shipment_id=self.one(*[shipment_id] * 15, "S-old"), charge_type=kind, amount=self.one(-1.5, 2.2, 4, 6.6, 9),
                billed_weight_kg=self.one("", 0.4, 1, 3.5, 25), invoiced_on=on,
            )  # fmt: skip
        if self.odds(0.15):
            seen = self.later(label, 5, 150)
            self.put(
                "carrier_events",
                Week.of(seen.date()),
                shipment_id=shipment_id,
                occurred_at=self.text(seen),
                code="X1",
                is_exception=self.one("true", "yes", "false"),
            )

    def send_back(self, line: dict, at: datetime) -> None:
        asked = self.later(at, 30, 900)
        received = self.later(asked, 24, 300) if self.odds(0.8) else None
        disposed = self.later(received, 1, 200) if received and self.odds(0.6) else None
        fate = self.one("restock", "refurbish", "liquidate", "write_off") if received and self.odds(0.8) else self.one("", "pending")
        named = self.odds(0.6)
        self.put_again(
            "returns", {"requested_at": asked, "received_at": received, "disposed_at": disposed}, return_id=self.new("R"), line_no=1,
            order_id=line["order_id"], line_id=line["line_id"] if named else "", sku=line["sku"], quantity=self.one(1, 1, 2),
            reason_code=self.one(*REASONS), disposition=fate, refund_amount=self.one("", 8, 20),
            reverse_shipping_cost=self.one("", 5.5), handling_cost=self.one("", 2), recovered_value=self.one("", 3),
        )  # fmt: skip

    def stray_return(self, n: int) -> None:
        at = self.moment(self.weeks[n])
        self.put(
            "returns", self.weeks[n], return_id=f"R-stray{n}", line_no=n % 2 + 1, order_id=self.one("", "O-old"),
            line_id=self.one("", "L1"),
            sku=self.one(*self.skus, "OLD"), quantity=1, reason_code=self.one(*REASONS), requested_at=self.text(at),
            reverse_shipping_cost=3, disposition="restock",
        )  # fmt: skip
