"""A small made-up store with tricky rows, for property tests: `write(folder, seed)` writes weekly canonical CSV exports.

Clean by the contract (nothing here is ever quarantined), nasty in every other way: cancelled and half-cancelled orders, free and
negative lines, SKUs without cost, weight or master data, parcels in parts or none, credits and late charges, returns that match no line,
currencies, rows that come again, are deleted, or tell of a future the week does not know yet, and tables that miss a week.
"""

from __future__ import annotations

import csv
import gzip
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from opsreview.intake.schema import TABLES
from opsreview.settings import Settings, parse
from opsreview.weeks import Week
from random_orders import CHANNELS, LOCATIONS, POPULARITY, Orders

LAST = Week.parse("2026-W45")  # the clocks of both time zones changed in the weeks before it
ZONES = ("America/New_York", "Europe/Berlin")


def settings(seed: int) -> Settings:
    """Settings in which every setting that a definition names matters."""
    return parse(
        {
            "timezone": ZONES[seed % 2],
            "reporting_currency": "USD",
            "costs": {"channel_rate": {"amazon": 0.15}, "shipping_per_order": 7.5, "pick_pack_per_line": 1.1, "support_per_minute": 0.7},
            "targets": {"gross_margin": 0.3, "contribution_margin": 0.25, "dock_to_stock_hours": 12},
            "target_dos": {"A": 10, "B": 20, "C": 30},
            "carrying_rate": 0.2,
        }
    )


def write(folder: Path, seed: int, weeks: int = 15, orders_per_week: int = 15) -> Week:
    """Writes the store's folders and says which week is the last. The same seed gives the same files."""
    store = _Store(random.Random(seed), [LAST - i for i in range(weeks)][::-1], ZoneInfo(ZONES[seed % 2]))
    store.masters()
    for week in store.weeks:
        for _ in range(orders_per_week):
            store.order(week)
        store.labor(week)
        store.plan(week)
        store.stock(week)
        store.inbound(week)
        store.advertising(week)
    for n in range(weeks):
        store.stray_return(n)
    store.save(folder, gaps=seed % 3 == 2)
    return LAST


class _Store(Orders):
    """The warehouse behind the orders, and the files of it all."""

    def labor(self, week: Week) -> None:
        for day in range(0, 7, 2):
            on = week.monday + timedelta(days=day)
            for location in (*LOCATIONS, "OFFICE"):
                for role in ("pick", "pack", "receive"):
                    if self.odds(0.7):
                        self.put(
                            "labor", week, work_date=on, location=location, role=role, hours=self.one(0, 4, 8), cost=self.one(0, 12, 25)
                        )
                    if self.odds(0.4):
                        self.put("labor", week, work_date=on, location=location, hour=self.one(8, 14), role=role, hours=1.5, cost=5)

    def plan(self, week: Week) -> None:
        """Every second week, eight weeks ahead: by the week, by the day, by channel; some have a hole, some end too soon."""
        if (week.monday - self.weeks[0].monday).days % 14:
            return
        made = week.monday + timedelta(days=self.one(-1, 0, 3))
        for i, sku in enumerate(self.skus[:10]):
            length, start = (7, 10, 1, 7)[i % 4], made - timedelta(days=self.one(0, 3))
            for n in range(0, 20 if i == 9 else 56, length):
                if i == 8 and n == 14:
                    continue
                for channel in ("web", "amazon") if i % 4 == 0 else ("",):
                    self.put(
                        "demand_plan", week, plan_date=made, sku=sku, target_date=start + timedelta(days=n), channel=channel,
                        period_days="" if length == 1 else length,
                        planned_units=round(length * self.chance.uniform(0, 0.2) * POPULARITY[i], 2),
                    )  # fmt: skip

    def stock(self, week: Week) -> None:
        for day in range(7):
            if day == 5 and week < self.weeks[-6] and week.monday.day % 3 == 0:
                continue
            for system in ("erp", "wms", "shop"):
                for location in LOCATIONS:
                    if ((system, location) == ("wms", "WEST") and self.odds(0.4)) or self.odds(0.1):
                        continue
                    at = datetime.combine(week.monday + timedelta(days=day), datetime.min.time()) + timedelta(hours=20)
                    stamp = at.replace(tzinfo=self.zone).astimezone(UTC).isoformat()
                    for i, sku in enumerate(self.skus[:11]):
                        if i > 1 and (self.odds(0.25) or (i == 9 and location == "WEST") or (i == 2 and day < 4)):
                            continue
                        for channel in ("", "amazon") if i == 1 else ("",):
                            on_hand = self.one(9, 14, 30) if i < 2 or i == 9 else self.one(-2, 0, 0, 3, 8, 20 * (i + 1))
                            self.put(
                                "inventory", week, snapshot_at=stamp, system=system, sku=sku, location=location, channel=channel,
                                on_hand=on_hand, allocated=self.one("", 0, 2, 5),
                            )  # fmt: skip
                            if self.odds(0.05):
                                early = (at - timedelta(hours=9)).replace(tzinfo=self.zone).astimezone(UTC).isoformat()
                                self.put(
                                    "inventory",
                                    week,
                                    snapshot_at=early,
                                    system=system,
                                    sku=sku,
                                    location=location,
                                    channel=channel,
                                    on_hand=99,
                                    allocated="",
                                )

    def inbound(self, week: Week) -> None:
        """Bought and moved: late, early, in part, called off; at times on the shelf before it was at the dock."""
        for _ in range(4):
            document, ordered = self.new("D"), self.moment(week).date()
            eta = ordered + timedelta(days=self.chance.randrange(3, 30))
            arrived = datetime.combine(eta, datetime.min.time()) + timedelta(hours=self.chance.randrange(0, 90)) if self.odds(0.8) else None
            stocked = self.later(arrived, self.one(-2, 1), 40) if arrived and self.odds(0.85) else None
            ordered_units = self.one(5, 10, 40)
            kind = self.one("purchase", "purchase", "transfer")
            row = {
                "document_id": document, "line_id": "1", "kind": kind, "sku": self.one(*self.skus[:12]),
                "location": self.one(*LOCATIONS), "supplier": self.one("", "Acme", "Bolt"), "quantity_ordered": ordered_units,
                "ordered_on": ordered, "original_eta": self.one("", eta, eta - timedelta(days=4)), "eta": eta,
                "freight_cost": self.one("", 12.5), "closed": self.one("", "false", "no"),
            }  # fmt: skip
            self.put("inbound", week, **row)
            self.put_again(
                "inbound",
                {"arrived_at": arrived, "stocked_at": stocked},
                **(
                    row | {"quantity_received": self.one("", ordered_units, ordered_units - 2), "closed": self.one("", "", "false", "true")}
                ),
            )
            if self.odds(0.3):
                on = ordered + timedelta(days=3)
                self.put("inbound", max(week, Week.of(on)) + 1, **(row | {"expedite_cost": 45, "expedited_on": self.one("", on)}))
            if self.odds(0.05):
                self.put("inbound", week + 2, **row, deleted="1")

    def advertising(self, week: Week) -> None:
        for day in range(7):
            for sku, family in ((self.one(*self.skus), ""), ("", "Mugs"), ("", "")):
                self.put(
                    "ad_spend",
                    week,
                    spend_date=week.monday + timedelta(days=day),
                    channel=self.one(*CHANNELS),
                    network=self.one("", "google"),
                    sku=sku,
                    family=family,
                    amount=self.one(0.8, 3),
                )

    def save(self, folder: Path, gaps: bool) -> None:
        """Every table every week, of columns that some row uses; with gaps, some tables miss a week or all."""
        skipped = (
            {(self.one(*self.weeks[2:]), t) for t in ("returns", "support_tickets", "picks", "labor", "inbound", "inventory", "ad_spend")}
            if gaps
            else set()
        )
        for table in TABLES:
            used = {c for (_, t), rows in self.rows.items() if t == table for row in rows for c in row}
            columns = [
                c for c in (*TABLES[table].names, "deleted") if c in used or (c in TABLES[table].names and not TABLES[table][c].optional)
            ]
            for week in self.weeks:
                rows = self.rows[week, table]
                if not used or (week, table) in skipped or (table == "products" and not rows):
                    continue
                rows = _last_of_each_key(table, rows)
                cut = self.chance.randrange(len(rows) + 1) if self.odds(0.2) else len(rows)
                parts = {"": rows} if cut == len(rows) else {".a": rows[:cut], ".b": rows[cut:]}
                for name, part in parts.items():
                    _write(Path(folder) / str(week), f"{table}{name}.csv{'.gz' if self.odds(0.2) else ''}", columns, part)


def _write(folder: Path, name: str, columns: list[str], rows: list[dict]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (gzip.open if name.endswith(".gz") else open)(folder / name, "wt", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


def _last_of_each_key(table: str, rows: list[dict]) -> list[dict]:
    """Within a week's folder the last row of a key stands; the others would be quarantined."""
    stands = {}
    for row in rows:
        key = tuple(str(row.get(k, "")) for k in TABLES[table].keys)
        stands.pop(key, None)
        stands[key] = row
    return list(stands.values())
