"""The oracle's own reading of clean canonical CSV folders: plain Python, a row at a time, no quarantine.

`read(folder, week, settings)` is what a run of `week` knows: `Known`. Rows are `Row`: a dict with its columns as attributes, every
column of the contract present, empty = None. A timestamp column `c` is a naive UTC datetime, `c_local` the business local one.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache, wraps
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
from opsreview.intake.schema import SYNONYMS, TABLES
from opsreview.settings import Settings
from opsreview.weeks import Week, Window

# kpis.md, Conventions: "(`demand_plan`, `products`, `promotions`, `carrier_rates`, `fx_rates` may be older)"
MAY_BE_OLDER = {"demand_plan", "products", "promotions", "carrier_rates", "fx_rates"}


class Row(dict):
    """A dict whose items are attributes."""

    __setattr__ = dict.__setitem__

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass
class Known:
    """What the exports say at `as_of`: one current row a key, nothing that was not yet known."""

    folder: Path
    week: Week
    settings: Settings
    first: Week  # the first exported week
    rows: dict[str, list[Row]]
    exported: dict[tuple[str, Week], set[str]]  # (table, week) -> the columns of that week's export
    versions: dict[str, list[Row]]  # every row of every folder, with its `week`, oldest first
    memo: dict = field(default_factory=dict)
    others: dict[Week, Known] = field(default_factory=dict)

    def __getitem__(self, table: str) -> list[Row]:
        return self.rows[table]

    def frame(self, table: str) -> pd.DataFrame:
        return pd.DataFrame(self.rows[table])

    def at(self, week: Week) -> Known:
        """What a run of another week knew, read from the folders up to that week only."""
        if week not in self.others:
            self.others[week] = read(self.folder, week, self.settings)
            self.others[week].others = self.others
        return self.others[week]

    def trailing(self, days: int, ended_days_ago: int = 0) -> Window:
        """ "The trailing N days are the N calendar days of the business time zone that end at `as_of`" """
        return self.week.trailing(days, ended_days_ago)

    def ever(self, need: str) -> bool:
        """Whether a table, or a column written table.column, came in some week up to this one."""
        return self.last(need) is not None

    def last(self, need: str) -> Week | None:
        """The newest week that brought a table or column."""
        table, _, column = need.partition(".")
        weeks = [w for (t, w), columns in self.exported.items() if t == table and (not column or column in columns)]
        return max(weeks, default=None)

    def has(self, need: str, window: Window) -> bool:
        """ "has no export in a week that its window covers … or when its window begins before the first exported week" """
        table, _, column = need.partition(".")
        if table in MAY_BE_OLDER:
            return self.ever(need)
        if window.start < self.first.monday:
            return False
        return all((table, w) in self.exported and (not column or column in self.exported[table, w]) for w in window.weeks)

    @property
    def stopped(self) -> bool:
        """ "Required for a run: `orders` and `order_lines` in W's folder, `products` in a folder up to W; else the run stops" """
        return not (self.has("orders", self.week.window) and self.has("order_lines", self.week.window) and self.ever("products"))


def once(definition):
    """Works a definition out once per `Known` and arguments: only so that the oracle ends today."""

    @wraps(definition)
    def of(known: Known, *args):
        key = (definition.__module__, definition.__name__, args)
        if key not in known.memo:
            known.memo[key] = definition(known, *args)
        return known.memo[key]

    return of


def inside(day: date | datetime | None, window: Window) -> bool:
    """Whether a local day, or the local day of a local time, is in a window; an empty one is not."""
    if day is None:
        return False
    day = day.date() if isinstance(day, datetime) else day
    return window.start <= day < window.end


def read(folder: Path, week: Week, settings: Settings) -> Known:
    """ "A run for week W reads the folders up to and including W, and nothing after it." """
    folders = sorted((Week.parse(f.name), f) for f in Path(folder).iterdir() if f.is_dir() and _is_week(f.name))
    folders = [(w, f) for w, f in folders if w <= week]
    exported: dict[tuple[str, Week], set[str]] = {}
    versions: dict[str, list[Row]] = {name: [] for name in TABLES}
    for w, f in folders:
        for path in sorted(f.iterdir()):
            name = path.name.split(".")[0]
            if name in TABLES and path.name.endswith((".csv", ".csv.gz", ".parquet", ".xlsx")):
                header, rows = _file(path, name, settings.timezone, path.stat().st_mtime_ns)
                exported.setdefault((name, w), set()).update(header)
                versions[name] += [Row(row, week=w) for row in rows]
    as_of = week.as_of(settings.timezone)
    rows = {name: _current(name, versions[name], as_of, week.end) for name in TABLES}
    _orders(rows, versions["orders"], as_of, settings)
    return Known(Path(folder), week, settings, min((w for w, _ in folders), default=week), rows, exported, versions)


def _is_week(name: str) -> bool:
    try:
        return bool(Week.parse(name))
    except ValueError:
        return False


def _current(name: str, versions: list[Row], as_of: datetime, end: date) -> list[Row]:
    """ "a key that comes again in a later week's folder replaces the earlier row whole"; "a true row removes its key from then on";
    "an event counts when its time < `as_of`; a field filled in later is read as empty" """
    table = TABLES[name]
    current: dict[tuple, Row] = {}
    for row in versions:
        key = tuple(row[k] for k in table.keys)
        current.pop(key, None)
        if not row.deleted:
            current[key] = row
    known = []
    for row in current.values():
        row = Row(row)
        for column in table.columns:
            limit = as_of if column.type == "timestamp" else end
            if column.event and row[column.name] is not None and row[column.name] >= limit:
                row[column.name] = None
                row.pop(column.name + "_local", None)
                if column.type == "timestamp":
                    row[column.name + "_local"] = None
        if not table.happened or row[table.happened] is not None:
            known.append(row)
    return known


def _orders(rows: dict[str, list[Row]], versions: list[Row], as_of: datetime, settings: Settings) -> None:
    """Orders get `cancelled` and `rate`; "a line whose order is in no folder" is no line.

    "An order is cancelled when its `status` says so and `cancelled_at` is empty or before `as_of`."
    "The rate is that of the newest `rate_date` on or before the local day of `ordered_at`."
    """
    newest = {v.order_id: v for v in versions}  # cancelled_at as exported: what is not yet known must not read as empty
    for order in rows["orders"]:
        when = newest[order.order_id].cancelled_at
        order.cancelled = order.status == "cancelled" and (when is None or when < as_of)
        order.day = order.ordered_at_local.date()
        order.rate = 1.0
        if order.currency not in (None, settings.reporting_currency):
            rates = [r for r in rows["fx_rates"] if r.currency == order.currency and r.rate_date <= order.day]
            order.rate = max(rates, key=lambda r: r.rate_date).rate
    known = {o.order_id for o in rows["orders"]}
    rows["order_lines"] = [line for line in rows["order_lines"] if line.order_id in known]


@lru_cache(maxsize=20_000)
def _file(path: Path, name: str, timezone: str, modified: int) -> tuple[list[str], list[dict]]:
    """The header and typed rows of one file."""
    table, rows = TABLES[name], []
    header, lines = _texts(path)
    for raw in lines:
        row = {"deleted": _value(raw.get("deleted") or "", "boolean", False, timezone) or False}
        for c in table.columns:
            row[c.name] = _value(raw.get(c.name) or "", c.type, c.end_of_day, timezone)
            if c.type == "timestamp":
                row[c.name + "_local"] = None if row[c.name] is None else to_local(row[c.name], timezone)
        rows.append(row)
    return header, rows


def _texts(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The header and the rows of a file as text."""
    if path.suffix in (".parquet", ".xlsx"):
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_excel(path, dtype=object)
        texts = frame.astype(object).where(frame.notna(), "").map(lambda v: v.isoformat() if hasattr(v, "isoformat") else str(v))
        return list(frame.columns), texts.to_dict("records")
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or []), list(reader)


def _value(text: str, kind: str, end_of_day: bool, timezone: str):
    text = text.strip()
    if not text:
        return None
    if kind == "number":
        return float(text)
    if kind == "boolean":
        return text.lower() in ("true", "1", "yes")
    if kind == "choice":
        return SYNONYMS.get(text.lower(), text.lower())
    if kind == "timestamp":
        return to_utc(text, timezone, end_of_day)
    if kind == "date":
        return date.fromisoformat(text) if len(text) == 10 else to_local(to_utc(text, timezone, False), timezone).date()
    return text


@lru_cache(maxsize=500_000)
def to_utc(text: str, timezone: str, end_of_day: bool) -> datetime:
    """ "A timestamp with an offset is converted …; one without is taken to be in [the business time zone]: of a time that occurs twice
    the first is meant, one that does not occur moves forward by an hour. A date without a time means the end of that day in
    `promised_*` columns and its start everywhere else." """
    if len(text) == 10:
        moment = datetime.combine(date.fromisoformat(text), time.max if end_of_day else time.min)
    else:
        moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone), fold=0)
    return moment.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=500_000)
def to_local(utc: datetime, timezone: str) -> datetime:
    return utc.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
