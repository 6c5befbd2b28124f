"""Cases worked by hand: a base of few rows, one thing varied a row, the answer reckoned in the comment beside it.

The same cases go through the oracle and through the product: `write_case(case, folder)` writes the weekly CSV exports. The week is
2026-W10, Monday 2 to Sunday 8 March 2026; time zone UTC unless a case says otherwise. So T14 begins on 23 February (W09), T28 on
9 February (W07), T30 on 7 February, T91 on 8 December (W50 of 2025). Folders begin fourteen weeks back, on 1 December (2025-W49), and
every table that the figure stands on is exported every week, with nothing in it where a case has no rows, unless `missing` says that it
is not.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from opsreview import catalog
from opsreview.intake.schema import TABLES
from opsreview.settings import Settings, parse
from opsreview.weeks import Week

WEEK = "2026-W10"
WEEKS = 14
UNCHECKED = "unchecked"

Tables = dict[str, list[dict]]


@dataclass(frozen=True)
class Case:
    """One answer: `kpi` of a grain and key. `leak` has grain = leak, key = part; `order_margin` grain = component, key = order/line.

    Rows may carry `_week`, the folder they are in; else they are in the case's week. An expected None is n/a.
    """

    name: str
    tables: Tables
    week: str
    kpi: str
    grain: str
    key: str
    expected_value: float | None
    expected_numerator: Any = UNCHECKED
    expected_denominator: Any = UNCHECKED
    settings: dict = field(default_factory=dict)
    missing: tuple[str, ...] = ()  # `table` in no folder, `table@2026-W09` not in that one, `table.column` without that column

    def __str__(self) -> str:
        return f"{self.kpi}: {self.name}"

    @property
    def parsed_settings(self) -> Settings:
        return parse({"timezone": "UTC", "reporting_currency": "USD"} | self.settings)


def row(name: str, value, numerator=UNCHECKED, denominator=UNCHECKED, grain="all", key="", settings=None, missing=(), **changes) -> dict:
    """What one case varies: rows that replace (by key, column by column) or join the base's, table by table."""
    return {
        "name": name, "expected_value": value, "expected_numerator": numerator, "expected_denominator": denominator, "grain": grain,
        "key": key, "settings": settings or {}, "missing": tuple(missing), "changes": changes,
    }  # fmt: skip


def cases(kpi: str, base: Tables, *rows: dict) -> list[Case]:
    return [Case(kpi=kpi, week=WEEK, tables=_changed(base, r["changes"]), **{k: v for k, v in r.items() if k != "changes"}) for r in rows]


def _changed(base: Tables, changes: Tables) -> Tables:
    tables = {name: [dict(r) for r in rows] for name, rows in base.items()}
    for name, rows in changes.items():
        own, defaults = tables.setdefault(name, []), DEFAULTS.get(name, {})
        for new in rows:
            old = next((r for r in own if _key(name, r) == _key(name, defaults | new)), None)
            if old is None:
                own.append(defaults | new)
            else:
                old.update(new)
    return tables


def _key(table: str, row: dict) -> list[str]:
    return [str(row.get(k, "")) for k in (*TABLES[table].keys, "_week")]


# What every row has unless a case says otherwise.
DEFAULTS: dict[str, dict] = {
    "orders": {"ordered_at": "2026-03-03 10:00", "channel": "web", "status": "open"},
    "order_lines": {"line_id": "1", "sku": "A", "quantity": 1, "unit_price": 10},
    "products": {"family": "F", "category": "C", "unit_cost": 4},
    "demand_plan": {"sku": "A"},
    "inventory": {"system": "wms", "sku": "A", "location": "EAST"},
    "inbound": {
        "line_id": "1", "kind": "purchase", "sku": "A", "location": "EAST", "quantity_ordered": 10, "ordered_on": "2026-02-02",
        "eta": "2026-03-12",
    },
    "shipments": {"location": "EAST", "carrier": "UPS", "service": "ground", "label_created_at": "2026-03-03 12:00"},
    "carrier_charges": {"invoice_id": "I1", "charge_type": "base"},
    "carrier_events": {"code": "X1", "is_exception": "true"},
    "picks": {"order_id": "O1", "line_id": "1", "sku": "A", "location": "EAST", "picked_at": "2026-03-03 11:00", "quantity": 1},
    "labor": {"work_date": "2026-03-03", "location": "EAST", "role": "pick"},
    "returns": {"line_no": 1, "sku": "A", "quantity": 1, "reason_code": "damaged"},
    "support_tickets": {"topic": "refund", "opened_at": "2026-03-04 09:00"},
    "ad_spend": {"spend_date": "2026-03-03", "channel": "web"},
}  # fmt: skip


def rows_of(table: str, *rows: dict) -> list[dict]:
    """Rows of a table with the defaults filled in."""
    return [{**DEFAULTS.get(table, {}), **r} for r in rows]


def days(first: str, last: str) -> list[date]:
    """Every day from the first to the last."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=i) for i in range((end - begin).days + 1)]


def daily_stock(first: str, last: str, on_hand: float, **more) -> list[dict]:
    """A snapshot each evening."""
    return rows_of("inventory", *({"snapshot_at": f"{day} 20:00", "on_hand": on_hand, **more} for day in days(first, last)))


def daily_sales(first: str, last: str, quantity: float, sku: str = "A", **more) -> Tables:
    """One order a day, of one line of that many units."""
    orders, lines = [], []
    for day in days(first, last):
        orders.append({"order_id": f"{sku}{day}", "ordered_at": f"{day} 10:00", **more})
        lines.append({"order_id": f"{sku}{day}", "sku": sku, "quantity": quantity})
    return {"orders": rows_of("orders", *orders), "order_lines": rows_of("order_lines", *lines)}


def joined(*several: Tables) -> Tables:
    """The rows of several bases together."""
    return {
        name: [r for tables in several for r in rows_of(name, *tables.get(name, []))] for name in {n for tables in several for n in tables}
    }


def write_case(case: Case, folder: Path) -> Week:
    """Writes the case's weekly exports and says which week to run."""
    last = Week.parse(case.week)
    there = {"orders", "order_lines", "products"} | {table for table, rows in case.tables.items() if rows}
    if case.kpi in ("leak", "order_margin") or "margin" in case.kpi:
        there |= set(TABLES)  # every cost has a table of its own
    else:
        there |= {need.split(".")[0] for need in catalog.kpis()[case.kpi].needs}
    for week in (last - i for i in range(WEEKS)):
        target = Path(folder) / str(week)
        target.mkdir(parents=True, exist_ok=True)
        for table in there:
            if table in case.missing or f"{table}@{week}" in case.missing:
                continue
            columns = [c for c in (*TABLES[table].names, "deleted") if f"{table}.{c}" not in case.missing]
            with open(target / f"{table}.csv", "w", encoding="utf-8", newline="") as file:
                out = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
                out.writeheader()
                out.writerows(r for r in case.tables.get(table, []) if r.get("_week", case.week) == str(week))
    return last


def all_cases() -> list[Case]:
    """Every case, in the order of the eight sets."""
    from . import forecast, fulfillment, leaks, margin, reading, returns, service, stock

    return [c for module in (reading, forecast, stock, fulfillment, service, returns, margin, leaks) for c in module.CASES]
