"""The exports as a run of one week knows them: nothing of later folders, nothing that happened at or after `as_of`."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd
from ibis import _

from opsreview.intake.schema import LOG, TABLES, Column
from opsreview.weeks import Week

if TYPE_CHECKING:
    from opsreview.intake.store import Exports


REMEDIES = {  # what helps where the files themselves are sound
    "unknown_currency": "; name it as reporting_currency in review.toml, or bring fx_rates for it",
    "unknown_order": "; bring the orders of these lines, in this week's folder or an earlier one",
    "not_a_date": "; write days like 2026-11-16 and times like 2026-11-16T09:30:00+01:00",
    "not_a_number": "; write numbers without currency signs, with a point (or all of a file with a comma) before the decimals",
}


class Known:
    """See `Exports.known`. `as_of` is naive UTC."""

    def __init__(self, exports: Exports, week: Week) -> None:
        if week > exports.upto:
            raise ValueError(f"{week} is after {exports.upto}, up to which the exports were opened")
        self.exports, self.week = exports, week
        self.as_of: datetime = week.as_of(exports.settings.timezone)
        self.told = week  # the week whose folder is the last that is read
        self._tables: dict[str, ibis.Table] = {}

    @property
    def first_week(self) -> Week:
        return self.exports.first

    def table(self, name: str) -> ibis.Table:
        """The row of each key that stands, as known at `as_of`. `orders` has `cancelled` and `rate` too."""
        if name not in self._tables:
            self._tables[name] = self._table(name)
        return self._tables[name]

    def _table(self, name: str) -> ibis.Table:
        table, rows = TABLES[name], self._standing(name, self.week - 1 if self._missing(name) else self.told)
        if table.happened:
            rows = rows.filter(rows[table.happened] < self._limit(table[table.happened], self._happened_by(name)))
        columns: dict[str, Any] = {}
        if name == "orders":
            columns["cancelled"] = (rows.status == "cancelled") & (
                rows.cancelled_at.isnull() | (rows.cancelled_at < self._limit(table["cancelled_at"], self.told))
            )
        for c in table.columns:
            if c.event and c.name != table.happened:
                unknown = rows[c.name] >= self._limit(c, self.told)
                columns[c.name] = unknown.ifelse(ibis.null(), rows[c.name])
                if c.type == "timestamp":
                    columns[f"{c.name}_local"] = unknown.ifelse(ibis.null(), rows[f"{c.name}_local"])
        rows = rows.mutate(**columns).drop("known_from", "replaced_in", "week", "deleted", "file", "line")
        if name == "orders":
            return self._rated(rows)
        if name == "order_lines":
            # Every order stands for good once it is there, unless one was called off, came ahead of its time or may lack a rate.
            orders = self.exports.resolved("orders").note["certain"] and not self.exports.foreign
            return rows if orders else rows.semi_join(self.table("orders"), "order_id")
        return rows

    def _happened_by(self, table: str) -> Week:
        """The week by whose end a row must have happened."""
        return self.week

    def _limit(self, c: Column, week: Week) -> datetime | date:
        return week.end if c.type == "date" else week.as_of(self.exports.settings.timezone)

    def _standing(self, name: str, week: Week) -> ibis.Table:
        """The row of each key that stands when the folder of `week` is the last one that counts."""
        rows = self.exports.stored(name)
        return rows.filter(_.known_from <= week.monday, _.replaced_in.isnull() | (_.replaced_in > week.monday), ~_.deleted)

    def brought(self, name: str) -> ibis.Table:
        """The rows of a table that this week's folder brought and that stand."""
        rows = self._standing(name, self.week)
        here = rows.week.cast("date") == self.week.monday
        return rows.filter(here if not self._missing(name) else ibis.literal(False))

    def _rated(self, orders: ibis.Table) -> ibis.Table:
        """Orders with `rate`, reporting currency per unit of the order's: of the newest rate on or before the order's local day."""
        reporting = self.exports.settings.reporting_currency
        if not self.exports.foreign:
            return orders.mutate(rate=ibis.literal(1.0))
        rates = self._standing("fx_rates", self.told).select(rate_currency="currency", rate_date="rate_date", rate="rate")
        rates = rates.mutate(until=rates.rate_date.lead().over(ibis.window(group_by="rate_currency", order_by="rate_date")))
        day = orders.ordered_at_local.date()
        joined = orders.left_join(
            rates,
            [orders.currency == rates.rate_currency, day >= rates.rate_date, rates.until.isnull() | (day < rates.until)],
        ).drop("rate_currency", "rate_date", "until")
        own = joined.currency.isnull() | (joined.currency == reporting)
        return joined.mutate(rate=own.ifelse(1.0, joined.rate)).filter(_.rate.notnull())

    def exported(self, table: str, week: Week, column: str | None = None) -> bool:
        """Whether that week's folder brought a usable export of the table, with that column in its header."""
        if week > self.week or (week == self.week and self._missing(table)):
            return False
        header = self.exports.headers.get((week, table))
        return header is not None and (column is None or column in header)

    @cached_property
    def treated_as_missing(self) -> dict[str, str]:
        """table -> sentence, for the tables of which this week's folder brought too many bad rows."""
        brought = [table for week, table in self.exports.headers if week == self.week]
        return {table: sentence for table in brought if (sentence := self._missing(table))}

    def _missing(self, table: str) -> str | None:
        return None if TABLES[table].required else self._too_bad(table)

    def _too_bad(self, table: str) -> str | None:
        if (self.week, table) not in self.exports.headers or table == LOG:
            return None
        found = self.exports.resolved(table).note["weeks"].get(self.week.monday.isoformat())
        limit = self.exports.settings.intake.max_bad_share
        if not found or found["rows"] < 20 or found["bad"] / found["rows"] <= limit:
            return None
        worst, example = found["worst"], found["worst"]["example"]
        where = f"{example['column']} {example['value']!r}" if example["column"] else "the row"
        return (
            f"{found['bad']:,} of the {found['rows']:,} rows of {table} in {self.week} cannot be taken, more than {100 * limit:g}%: "
            f"most often {worst['reason']} ({worst['n']:,}), as in {example['file']} line {example['line']} ({where})"
            f"{REMEDIES.get(worst['reason'], '')}"
        )

    @property
    def arrivals(self) -> pd.DataFrame:
        """What each folder up to this week's brought of each table: see `intake.arrivals`. What is treated as missing has not come."""
        frame = self.exports.arrivals
        missing = (frame["week"] == str(self.week)) & frame["table"].isin(list(self.treated_as_missing))
        return frame[(frame["week"] <= str(self.week)) & ~missing].reset_index(drop=True)

    @property
    def schema_drift(self) -> list[dict[str, Any]]:
        """{"table", "column", "share"}: columns that the last export before had and this week's lacks (share None), and listed values
        of which a share of this week's rows is unknown."""
        out: list[dict[str, Any]] = []
        for table in dict.fromkeys(t for week, t in self.exports.headers if week == self.week):
            earlier = [week for week, t in self.exports.headers if t == table and week < self.week]
            gone = self.exports.headers[max(earlier), table] - self.exports.headers[self.week, table] if earlier else set()
            out += [{"table": table, "column": column, "share": None} for column in sorted(gone - {"deleted"})]
            found = self.exports.resolved(table).note["weeks"][self.week.monday.isoformat()]
            out += [{"table": table, "column": column, "share": n / found["rows"]} for column, n in sorted(found["unknown"].items())]
        return out

    @cached_property
    def stopped(self) -> str | None:
        """Why a run of this week is impossible, in one sentence, or None."""
        exports, missing = self.exports, []
        if self.week not in exports.weeks:
            return f"{exports.folder} has no folder {self.week}; a run needs orders and order_lines in it"
        for table in ("orders", "order_lines", "products"):
            why, absent = exports.trouble.get((self.week, table), ("", True))
            if not absent or (why and table != "products"):
                return why
            if (self.week, table) not in exports.headers and table != "products":
                missing.append(table)
        if missing:
            return f"{self.week} has no {' and no '.join(missing)}; a run needs them in that week's folder"
        if not any(table == "products" and week <= self.week for week, table in exports.headers):
            return f"no folder up to {self.week} has products that can be used; a run needs them in one of them"
        return next((why for table in ("orders", "order_lines", "products") if (why := self._too_bad(table))), None)


CONSEQUENCES = {"shipments", "carrier_charges", "carrier_events", "returns", "support_tickets"}


class Hindsight(Known):
    """A week as it has become: what happened by its end, and all that the folders up to `told` say of that and of what came of it.

    Orders, picks, hours and stock of later weeks are no part of it; parcels, charges, scans, returns and tickets that came later are.
    """

    def __init__(self, exports: Exports, week: Week, told: Week) -> None:
        super().__init__(exports, week)
        self.told = told

    def _happened_by(self, table: str) -> Week:
        return self.told if table in CONSEQUENCES else self.week
