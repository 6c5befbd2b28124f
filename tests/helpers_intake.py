"""A small exports folder written in a line or two, and read back."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
from opsreview.intake.store import Exports
from opsreview.settings import parse
from opsreview.weeks import Week

WEEK = "2026-W45"  # Monday 2026-11-02

# A good row of each table that the tests vary.
GOOD = {
    "orders": {"order_id": "1", "ordered_at": "2026-11-03T10:00:00", "channel": "web", "status": "fulfilled"},
    "order_lines": {"order_id": "1", "line_id": "1", "sku": "A", "quantity": "2", "unit_price": "9.5"},
    "products": {"sku": "A"},
    "shipments": {
        "shipment_id": "S1",
        "order_id": "1",
        "location": "L",
        "carrier": "c",
        "service": "s",
        "label_created_at": "2026-11-03T12:00:00",
    },
    "inventory": {"snapshot_at": "2026-11-03T06:00:00", "system": "wms", "sku": "A", "location": "L", "on_hand": "5"},
    "labor": {"work_date": "2026-11-03", "location": "L", "role": "pick", "hours": "8", "cost": "160"},
    "returns": {"return_id": "R1", "line_no": "1", "sku": "A", "quantity": "1", "reason_code": "x", "requested_at": "2026-11-05"},
    "fx_rates": {"rate_date": "2026-11-01", "currency": "USD", "rate": "0.9"},
    "carrier_events": {"shipment_id": "S1", "occurred_at": "2026-11-04T10:00:00", "code": "x", "is_exception": "false"},
    "products_full": {"sku": "A", "is_hero": "", "launched_on": "", "status": ""},
}


def text(rows: list[dict[str, Any]], separator: str = ",") -> str:
    """Rows as delimited text; the header is every column that any row has, and a value is written as it is."""
    header = list(dict.fromkeys(column for row in rows for column in row))
    return "\n".join(separator.join(line) for line in [header, *([str(row.get(c, "")) for c in header] for row in rows)]) + "\n"


class Folder:
    """An exports folder under `root`, with its own cache and settings."""

    def __init__(self, root: Path, timezone: str = "Europe/London", currency: str = "GBP", **settings: Any) -> None:
        self.root, self.cache = root / "exports", root / "cache"
        self.settings = parse({"timezone": timezone, "reporting_currency": currency, **settings})

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data, mtime=0) if path.name.endswith(".gz") else data)
        return path

    def rows(self, table: str, *changes: dict[str, Any], week: str = WEEK, name: str = "csv") -> Path:
        """A file of good rows, each with some columns changed."""
        return self.write(f"{week}/{table}.{name}", text([GOOD[table] | change for change in changes]))

    def basics(self, *weeks: str) -> Folder:
        """What a run needs in each week: an order, its line, its product."""
        for week in weeks or (WEEK,):
            for table in ("orders", "order_lines", "products"):
                self.rows(table, {}, week=week)
        return self

    def open(self, upto: str = WEEK) -> Exports:
        """Without the refusal of `open_exports`, so that a test can look at what was read."""
        return Exports(self.root, Week.parse(upto), self.settings, self.cache)

    def table(self, table: str, upto: str = WEEK) -> pd.DataFrame:
        return self.open(upto).rows(table).to_pandas()

    def reasons(self, upto: str = WEEK) -> list[tuple]:
        """(file, line, column, value, reason) of every row not taken."""
        frame = self.open(upto).quarantine()
        frame = frame.astype(object).where(frame.notna(), None)
        return list(frame[["file", "line", "column", "value", "reason"]].itertuples(index=False, name=None))


def balanced(exports: Exports) -> None:
    """Rows read + split = kept + replaced + duplicate + deleted + quarantined + elsewhere, file by file and table by table; quarantine.csv
    and the standing rows agree."""
    quarantined = exports.quarantine().groupby(["file", "table"]).size().to_dict()
    for entry in exports.manifest:
        fates = {k: v for k, v in entry.items() if k.startswith("rows_") and k not in ("rows_read", "rows_split")}
        assert entry["rows_read"] + entry["rows_split"] == sum(fates.values()), entry
        assert entry["rows_quarantined"] == quarantined.get((entry["path"], entry["table"]), 0), entry
