"""What each week's folder brought of each table: rows, rows refused, columns that went, and how old its newest event was by then."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsreview.intake.schema import TABLES, Column, Table
from opsreview.weeks import Week

if TYPE_CHECKING:
    from opsreview.intake.store import Exports

COLUMNS = ["table", "week", "rows", "refused", "newest", "age_hours", "gone"]


def arrivals(exports: Exports) -> pd.DataFrame:
    """A row a table and folder that brought a usable export of it: `COLUMNS`, in the contract's order of tables, oldest week first.

    `rows`, `refused`: of that folder's files, as the run of that week took them. `newest`: the newest event known by that week's end (UTC;
    of a table of days the day, local); `age_hours` from it to that end; both empty for a table without events. `gone`: the contract's
    columns that the export before had and this one has not.
    """
    out = []
    for name, table in TABLES.items():
        weeks = sorted(week for week, other in exports.headers if other == name)
        if not weeks:
            continue
        note, clock = exports.resolved(name).note["weeks"], _clock(table)
        newest = _newest(exports, table, clock) if clock else {}
        last: Any = pd.NaT
        seen = iter(sorted(newest.items()))
        upcoming = next(seen, None)
        before: set[str] = set()
        for week in weeks:
            while upcoming and upcoming[0] <= week.monday:  # the newest by this week's end is the newest of every week up to it
                last = upcoming[1] if pd.isna(last) else max(last, upcoming[1])
                upcoming = next(seen, None)
            found, header = note.get(week.monday.isoformat(), {"rows": 0, "bad": 0}), exports.headers[week, name]
            age = float("nan") if pd.isna(last) or not clock else _hours(last, week, clock, exports.settings.timezone)
            out.append((name, str(week), found["rows"], found["bad"], last, age, sorted(before - header - {"deleted"})))
            before = header
    frame = pd.DataFrame(out, columns=COLUMNS)
    return frame.astype({"rows": "int64", "refused": "int64", "newest": "datetime64[us]", "age_hours": float})


OWN_DAY = {
    "orders": "ordered_at_local", "picks": "picked_at_local", "labor": "work_date", "inbound": "stocked_at_local",
    "returns": "requested_at_local", "ad_spend": "spend_date",
}  # fmt: skip
OF_ORDERS, OF_SHIPMENTS = ("order_lines", "shipments", "support_tickets"), ("carrier_charges", "carrier_events")


def came_since(exports: Exports, week: Week, days: int) -> pd.DataFrame:
    """table, file, rows, replaced: what folders after a week's own brought about the `days` days to its end, or about their orders.

    `replaced`: of those rows, how many replace one that the week's run knew.
    """
    window = week.trailing(days)
    orders = exports.stored("orders")
    orders = orders.filter(orders.ordered_at_local.date() >= window.start, orders.ordered_at_local.date() < window.end)
    orders = orders.select("order_id").distinct()
    out = []
    for name in dict.fromkeys(table for _, table in exports.headers):
        rows = exports.stored(name)
        later = rows.filter(rows.known_from > week.monday)
        if name in OWN_DAY:  # a row whose day has moved is about the window it left too
            days_of = rows.mutate(day=rows[OWN_DAY[name]].cast("date"))
            about = days_of.filter(days_of.day >= window.start, days_of.day < window.end)
            later = later.semi_join(about, list(TABLES[name].keys))
        elif name in OF_ORDERS:
            later = later.semi_join(orders, "order_id")
        elif name in OF_SHIPMENTS:
            later = later.semi_join(exports.stored("shipments").semi_join(orders, "order_id").select("shipment_id"), "shipment_id")
        elif name not in ("products", "fx_rates"):
            continue
        keys = list(TABLES[name].keys)
        known = rows.filter(rows.known_from <= week.monday).select(*keys).distinct().mutate(known=True)
        marked = later.select("file", *keys).left_join(known, keys)
        by = marked.group_by("file").aggregate(rows=marked.count(), replaced=marked.known.fill_null(False).sum())
        out += [{"table": name, **row} for row in by.order_by("file").to_pyarrow().to_pylist()]
    return pd.DataFrame(out, columns=["table", "file", "rows", "replaced"])


def _clock(table: Table) -> Column | None:
    """The column that says when a row happened: the table's own, else an event in its key (the day of a rate)."""
    return table[table.happened] if table.happened else next((c for c in table.columns if c.event and c.key), None)


def _newest(exports: Exports, table: Table, clock: Column) -> dict[Any, datetime]:
    """Monday of a week -> the newest event that became known in it: by the folder that brought it, or once it had happened."""
    rows = exports.stored(table.name)
    rows = rows.filter(~rows.deleted)
    day = rows[clock.name] if clock.type == "date" else rows[f"{clock.name}_local"].date()
    known = rows.mutate(seen=rows.known_from.cast("date"), happened_in=day.truncate("W").cast("date"))
    known = known.mutate(seen=(known.happened_in > known.seen).ifelse(known.happened_in, known.seen))
    newest = known.group_by("seen").aggregate(newest=known[clock.name].cast("timestamp").max())
    return {row["seen"]: pd.Timestamp(row["newest"]) for row in newest.to_pyarrow().to_pylist() if row["newest"] is not None}


def _hours(newest: datetime, week: Week, clock: Column, timezone: str) -> float:
    """Elapsed hours from an event to the week's end; a day counts from its start and has 24 of them, whatever the clocks do."""
    end = pd.Timestamp(week.end) if clock.type == "date" else pd.Timestamp(week.as_of(timezone))
    return (end - pd.Timestamp(newest)).total_seconds() / 3600.0
