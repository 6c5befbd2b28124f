"""The exports folder as tables: what came, when it was known, and where every row went."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from opsreview import engine
from opsreview.intake import cache
from opsreview.intake.folder import Listing, Source, listing
from opsreview.intake.known import Known
from opsreview.intake.reader import Read, read
from opsreview.intake.resolve import FATES, Resolved, resolve
from opsreview.intake.schema import TABLES
from opsreview.settings import Settings
from opsreview.weeks import Week

NEEDS = {"orders": "fx_rates", "order_lines": "orders"}  # what a table's references are checked against
QUARANTINE = ("week", "table", "file", "line", "column", "value", "reason", "row")
IN_MEMORY = 2_000_000  # rows up to which a table is copied into the engine; a larger one is read from its Parquet file

_names = count()


class ExportsError(ValueError):
    """A run is impossible; the message is one sentence that says which file or table is at fault and how."""


def open_exports(
    folder: Path, upto: Week, settings: Settings, cache: Path, con: Any = None, progress: Callable[[str], None] | None = None
) -> Exports:
    """Every folder up to `upto`, read or taken from the cache. ExportsError when a run of that week is impossible."""
    exports = Exports(Path(folder), upto, settings, Path(cache), con, progress or (lambda message: None))
    if stopped := exports.known(upto).stopped:
        raise ExportsError(stopped)
    return exports


class Exports:
    """See `open_exports`. `weeks`: the folders that are there, oldest first; `con`: the Ibis backend that holds the tables."""

    def __init__(self, folder: Path, upto: Week, settings: Settings, where: Path, con: Any, progress: Callable[[str], None]) -> None:
        self.folder, self.upto, self.settings = folder, upto, settings
        try:
            self.listing: Listing = listing(folder, upto)
        except OSError as error:
            raise ExportsError(f"{folder}: the exports folder cannot be listed ({error.strerror})") from None
        self.con = con or engine.connect(settings, Path(tempfile.gettempdir()) / "opsreview")
        self.weeks = self.listing.weeks
        self._store = cache.Store(where / "intake")
        self._reads: dict[Source, Read] = read(self.con, self.listing.sources, settings, self._store, progress)
        self._resolved: dict[str, Resolved] = {}
        self._tables: dict[str, Any] = {}
        self._known: dict[Week, Known] = {}

    @property
    def first(self) -> Week:
        return self.weeks[0] if self.weeks else self.upto

    def resolved(self, table: str) -> Resolved:
        """The table over all folders; built on first use, from the cache where it is there."""
        if table not in self._resolved:
            needs = self.resolved(NEEDS[table]) if table in NEEDS else None
            reads = [r for source, r in self.usable.items() if source.table == table]
            self._resolved[table] = resolve(self.con, TABLES[table], reads, self.settings.reporting_currency, self._store, needs)
        return self._resolved[table]

    def stored(self, table: str) -> Any:
        """`rows` and `known_from`, the Monday of the first folder with which the row is known."""
        if table not in self._tables:
            found = self.resolved(table)
            name = f"exports_{next(_names)}_{table}"
            kind = "TABLE" if found.note["rows"] <= IN_MEMORY else "VIEW"
            path = str(found.rows).replace("'", "''")
            self.con.con.execute(f"CREATE TEMP {kind} {name} AS SELECT * FROM read_parquet('{path}')")
            self._tables[table] = self.con.table(name)
        return self._tables[table]

    def rows(self, table: str) -> ibis.Table:
        """Every version of every row that stood in some week up to `upto`, delete marks too."""
        return self.stored(table).drop("known_from")

    def known(self, week: Week) -> Known:
        """The exports as a run of `week` (not after `upto`) knows them."""
        if week not in self._known:
            self._known[week] = Known(self, week)
        return self._known[week]

    def fingerprint(self, week: Week) -> str:
        """Equal when a run of that week reads the same rows: names and content of the files up to it, and the settings of reading."""
        files = [(s.name, s.sha256) for s in self.listing.sources if s.week <= week]
        broken = sorted((s.name, why) for s, why in self.listing.broken.items() if s.week <= week)
        weeks = [str(w) for w in self.weeks if w <= week]
        return cache.key("exports", files, broken, weeks, self.settings.intake.max_bad_share, *cache.reading(self.settings))

    @cached_property
    def trouble(self) -> dict[tuple[Week, str], str]:
        """(week, table) -> why nothing of that folder's files of the table is taken."""
        out: dict[tuple[Week, str], str] = {}
        for source, why in self.listing.broken.items():
            out.setdefault((source.week, source.table), f"{source.name} {why}")
        columns: dict[tuple[Week, str], tuple[str, list[str]]] = {}
        for source, found in self._reads.items():
            at = (source.week, source.table)
            if found.error:
                out.setdefault(at, found.error)
                continue
            name, first = columns.setdefault(at, (source.name, found.note["columns"]))
            if differ := sorted(set(first) ^ set(found.note["columns"])):
                out.setdefault(
                    at, f"{source.name} and {name} are parts of one table and do not have the same columns ({', '.join(differ)})"
                )
        return out

    @cached_property
    def usable(self) -> dict[Source, Read]:
        """The files whose rows are taken, in the order of the contract."""
        ordered = sorted(self._reads.items(), key=lambda item: (item[0].week, item[0].name))
        return {s: r for s, r in ordered if (s.week, s.table) not in self.trouble}

    @cached_property
    def headers(self) -> dict[tuple[Week, str], set[str]]:
        """(week, table) -> the contract's columns in the header of its files, where they are usable."""
        return {(s.week, s.table): set(r.note["columns"]) for s, r in self.usable.items()}

    @cached_property
    def foreign(self) -> bool:
        """Whether any order is in another currency than the reporting one."""
        orders = self.stored("orders")
        return bool(orders.filter(orders.currency.notnull() & (orders.currency != self.settings.reporting_currency)).count().execute())

    @property
    def manifest(self) -> list[dict[str, Any]]:
        """`inputs` of run.json: each file, and where its rows went (rows_read is the sum of the others)."""
        out = []
        for source, found in sorted(self._reads.items(), key=lambda item: (item[0].week, item[0].name)):
            fates = {"read": 0, **dict.fromkeys(FATES, 0)}
            if source in self.usable:
                fates = self.resolved(source.table).note["files_by_fate"][source.name]
            entry = {"path": source.name, "table": source.table, "profile": "canonical", "sha256": source.sha256}
            out.append(entry | {f"rows_{fate}": fates[fate] for fate in ("read", *FATES)})
        return out

    @property
    def ignored(self) -> list[dict[str, str]]:
        return self.listing.ignored

    @property
    def unrecognised(self) -> list[str]:
        return self.listing.unrecognised

    @property
    def notices(self) -> list[str]:
        """What a reader should know of the files: those that could not be used, and those that came twice."""
        twins = [f"{t['path']} is the same file as {t['same_as']} and is read once" for t in self.listing.twins]
        return [*self.trouble.values(), *twins]

    @property
    def dropped_columns(self) -> list[dict[str, Any]]:
        """{"path", "table", "columns", "personal"}: columns outside the contract, and those of them that say personal data."""
        return [
            {"path": s.name, "table": s.table, "columns": r.note["dropped"], "personal": r.note["personal"]}
            for s, r in self.usable.items()
            if r.note["dropped"]
        ]

    def quarantine(self) -> pd.DataFrame:
        """week, table, file, line, column, value, reason, row: every row that was not taken, of all folders read."""
        frames = []
        for name in dict.fromkeys(s.table for s in self.usable):
            rows = self.con.con.execute("SELECT * FROM read_parquet($path)", {"path": str(self.resolved(name).quarantine)}).df()
            rows["week"] = [str(Week(day.date())) for day in rows["week"]]
            frames.append(rows.assign(table=name))
        frame = pd.concat(frames) if frames else pd.DataFrame(columns=list(QUARANTINE))
        return frame.sort_values(["week", "table", "file", "line"], kind="stable")[list(QUARANTINE)].reset_index(drop=True)

    def quarantine_csv(self, path: Path) -> None:
        """Writes `quarantine()`; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
        frame = self.quarantine()
        for column in frame.columns.drop("line"):
            risky = frame[column].str.match(r"[=+\-@\t\r]", na=False)
            frame[column] = frame[column].mask(risky, "'" + frame[column].astype(str))
        frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")

    @property
    def freshness(self) -> pd.DataFrame:
        """table, last_week, newest_event, rows: one row a table that came, for the trust line."""
        out = []
        for name, table in TABLES.items():
            weeks = [week for week, other in self.headers if other == name]
            if weeks:
                known = self.known(self.upto).table(name)
                moment = (
                    known[f"{table.happened}_local" if table[table.happened].type == "timestamp" else table.happened].max()
                    if table.happened
                    else None
                )
                row = (
                    known.aggregate(rows=known.count(), **({"newest_event": moment} if moment is not None else {}))
                    .to_pyarrow()
                    .to_pylist()[0]
                )
                out.append({"table": name, "last_week": str(max(weeks)), "newest_event": row.get("newest_event"), "rows": row["rows"]})
        return pd.DataFrame(out, columns=["table", "last_week", "newest_event", "rows"])
