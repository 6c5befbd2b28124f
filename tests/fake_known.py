"""Hand-made exports for a few rows: stands where `intake.known.Known` stands, with nothing read from files."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
from opsreview.books import Books
from opsreview.checks import Context
from opsreview.intake.arrivals import COLUMNS as ARRIVALS
from opsreview.intake.schema import TABLES
from opsreview.settings import Settings, parse
from opsreview.weeks import Week

WEEK = Week.parse("2026-W46")  # 9 to 15 November; as_of is Monday the 16th, 00:00 UTC
TYPES = {
    "text": pa.string(),
    "choice": pa.string(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_CON: list[Any] = []
_NAMES = count()
_PLANS: dict[str, Any] = {}
_OPEN: list[Books] = []


def settings(**given: Any) -> Settings:
    return parse({"timezone": "UTC", "reporting_currency": "EUR", **given})


class FakeKnown:
    """`tables`: rows a table, dicts of the contract's columns (moments and days as ISO text). Exported in all of `weeks` weeks but for
    `gaps` ({(table, week)}); a column counts as exported where a row has it. `arrivals`: what each folder brought of a
    table, oldest first, the last in W; `drift`: what `Known.schema_drift` says."""

    def __init__(
        self, tables: dict[str, list[dict]], week: Week = WEEK, weeks: int = 30, gaps: set[tuple[str, Week]] = frozenset(),
        arrivals: dict[str, list[dict]] | None = None, drift: list[dict] = (),
    ) -> None:  # fmt: skip
        if not _CON:
            backend = ibis.duckdb.connect(":memory:")
            backend.con.execute("SET TimeZone = 'UTC'")
            _CON.append(backend)
        self.exports = SimpleNamespace(con=_CON[0])
        self.week, self.as_of, self.first_week = week, week.as_of("UTC"), week - (weeks - 1)
        self.given, self.gaps = tables, gaps
        self.treated_as_missing = {f"made by hand, no. {next(_NAMES)}": ""}  # so that no other's plan of a table is taken for this one's
        self.arrivals, self.schema_drift = _arrivals(arrivals or {}, week), list(drift)
        self.columns = {name: {c for row in rows for c in row} for name, rows in tables.items()}

    def exported(self, table: str, week: Week, column: str | None = None) -> bool:
        here = table in self.given and self.first_week <= week <= self.week and (table, week) not in self.gaps
        return here and (column is None or column in self.columns[table])

    def table(self, name: str) -> ibis.Table:
        contract = TABLES[name]
        rows = self.given.get(name, [])
        arrays, fields = [], []
        for column in contract.columns:
            kind = TYPES[column.type]
            values = [_value(row.get(column.name), column.type) for row in rows]
            if column.key and column.optional and column.type == "text":
                values = [v or "" for v in values]
            arrays.append(pa.array(values, kind))
            fields.append(pa.field(column.name, kind))
            if column.type == "timestamp":
                arrays.append(arrays[-1])
                fields.append(pa.field(f"{column.name}_local", kind))
        if name == "orders":
            arrays += [pa.array([1.0] * len(rows), pa.float64()), pa.array([r.get("status") == "cancelled" for r in rows], pa.bool_())]
            fields += [pa.field("rate", pa.float64()), pa.field("cancelled", pa.bool_())]
        return self.exports.con.create_table(f"given_{next(_NAMES)}", pa.Table.from_arrays(arrays, schema=pa.schema(fields)), temp=True)

    def brought(self, name: str) -> ibis.Table:
        return self.table(name)

    def rows(self, name: str) -> ibis.Table:
        return self.table(name).mutate(week=ibis.literal(self.week.monday), deleted=ibis.literal(False))


def _arrivals(given: dict[str, list[dict]], week: Week) -> pd.DataFrame:
    rows = [
        {"table": table, "week": str(week - (len(came) - 1 - i)), "rows": 100, "refused": 0, "newest": pd.NaT, "age_hours": float("nan"),
         "gone": [], **row}
        for table, came in given.items()
        for i, row in enumerate(came)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ARRIVALS)


def _value(value: Any, kind: str) -> Any:
    if value is None or value == "":
        return None
    if kind == "timestamp":
        return datetime.fromisoformat(str(value))
    if kind == "date":
        return pd.Timestamp(value).date()
    if kind == "number":
        return float(value)
    return value if kind == "boolean" else str(value)


CARD = ["kpi", "grain", "key", "value", "numerator", "denominator"]


def card(*rows: tuple) -> pd.DataFrame:
    """A scorecard by hand: (kpi, grain, key, numerator, denominator), value their ratio; or with the value given as a sixth."""
    frame = [(k, g, key, r[0] if r else (n / d if d else None), n, d) for k, g, key, n, d, *r in rows]
    return pd.DataFrame(frame, columns=CARD).astype({"value": float, "numerator": float, "denominator": float})


def history(kpi: str, grain: str, key: str, values: list[float], week: Week = WEEK) -> pd.DataFrame:
    """Charted values of the weeks before, oldest first."""
    n = len(values)
    rows = [(kpi, grain, key, v, None, None, str(week - (n - i))) for i, v in enumerate(values)]
    return pd.DataFrame(rows, columns=[*CARD, "week"])


def context(tables: dict[str, list[dict]], now: pd.DataFrame | None = None, past: pd.DataFrame | None = None, **known: Any) -> Context:
    """A check's context over hand-made rows, until the next one is asked for; `known` goes to FakeKnown, its `settings` to the settings.

    Books of the same settings share their plans: compiling anew is what such tests would spend their time on.
    """
    chosen = settings(**known.pop("settings", {}))
    while _OPEN:
        _OPEN.pop().close()
    books = Books(FakeKnown(tables, **known), chosen, _PLANS.setdefault(chosen.model_dump_json(), {}))
    _OPEN.append(books)
    return Context(books, card() if now is None else now, history("none", "all", "", []) if past is None else past)
