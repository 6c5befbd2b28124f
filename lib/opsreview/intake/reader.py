"""Files to typed Parquet, one entry of the cache a file: every row with its line, its values, and its flaw if it has one.

Small files of a table are typed together in one query. A large one goes straight through the engine, unless the count of its lines
shows that the engine saw other rows than there are (a line break or a stray quote inside a value): then it is read exactly, in pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from opsreview.intake import cache, foreign, parse, sheets, sql, text
from opsreview.intake.folder import Source
from opsreview.intake.header import Header, accepted, understand
from opsreview.intake.hooks import HOOKS
from opsreview.intake.mapping import Plan, plan
from opsreview.intake.pieces import Counted, Pending, blamed, chunk, engine_csv, ordering, untied_of
from opsreview.intake.profile import Profile
from opsreview.intake.schema import TABLES, Table
from opsreview.intake.text import NoHeader, Unreadable, Unusable
from opsreview.settings import Settings

SMALL = 16 << 20  # bytes of text up to which files are read many at a time
BATCH = 64 << 20
CHANGED = {"error": "changed while it was read; run again"}


@dataclass(frozen=True)
class Read:
    """A file as it was read. `note`: rows (of the table), flawed, columns (of the contract, that it speaks of), dropped, personal, read
    (rows of the file), elsewhere, split (see `account.manifest`), lacking (contract column -> header names that it lacks); or error."""

    source: Source
    key: str
    note: dict[str, Any]

    @property
    def error(self) -> str | None:
        return f"{self.source.name} {self.note['error']}" if "error" in self.note else None


class Reader:
    """Reads files through the cache. `progress` is told of each file that is not in it."""

    def __init__(
        self,
        con: Any,
        settings: Settings,
        store: cache.Store,
        progress: Callable[[str], None],
        profiles: dict[str, Profile] | None = None,
        translated: dict[Source, foreign.Translation] | None = None,
    ) -> None:
        self.con, self.settings, self.store, self.progress, self.profiles = con, settings, store, progress, profiles or {}
        self.translated = translated or {}

    def read(self, sources: Iterable[Source], whole: bool = False) -> dict[Source, Read]:
        """Every source. What cannot be used has an error in its note; nothing is raised. `whole`: look at the cached rows too."""
        out: dict[Source, Read] = {}
        for name, group in groupby(sorted(sources, key=lambda s: s.table), key=lambda s: s.table):
            batch, size = list[Pending](), 0
            for source in group:
                key = self.key(source)
                if note := self.store.get(key, whole):
                    out[source] = Read(source, key, note)
                    continue
                self.progress(f"Reading {source.name}")
                got = self._new(source, key)
                if isinstance(got, Read):
                    out[source] = got
                else:
                    batch.append(got)
                    size += got.rows.nbytes
                if size > BATCH:
                    out |= self._finish(TABLES[name], batch)
                    batch, size = [], 0
            out |= self._finish(TABLES[name], batch)
        return out

    def key(self, source: Source) -> str:
        private = sorted(self.settings.privacy.columns)
        if made := self.translated.get(source):
            return cache.key("translated", made.digest(source.table), source.table, self.settings.timezone)
        profile = foreign.digest(source.profile, self.profiles)
        if source.profile in self.profiles and self.profiles[source.profile].dated_by_folder:
            profile += f":{source.week}"
        if shop := self.settings.intake.source(source.name):
            profile += f":{shop}"
        return cache.key("file", source.sha256, source.table, profile, source.extension, self.settings.timezone, private)

    def _new(self, source: Source, key: str) -> Read | Pending:
        table, profile = TABLES[source.table], self.profiles.get(source.profile)
        try:
            if made := self.translated.get(source):
                return self._translated(source, made)
            if source.extension == ".parquet":
                return self._parquet(source, key, table)
            layout = foreign.layout(profile, source.path, source.extension) if profile else None
            if source.extension == ".xlsx":
                return self._pending(source, table, sheets.Workbook(source.path, layout.skip if layout else 0))
            known = text.survey(source.path)
            file = text.Delimited(source.path, known, accepted(table), layout)
            return self._pending(source, table, file) if known.size <= SMALL else self._large(source, key, table, file)
        except Unusable as error:
            note = {"error": str(error), "absent": isinstance(error, NoHeader)}
            if source.changed():
                return Read(source, key, CHANGED)
            return Read(source, key, note if isinstance(error, Unreadable) else self.store.put(key, note))

    def _header(self, source: Source, table: Table, names: list[str]) -> Header | Plan:
        private = self.settings.privacy.columns
        if not (profile := self.profiles.get(source.profile)):
            return understand(names, table, private)
        return plan(profile, table.name, names, source.week, private, HOOKS.get(profile.hook), self.settings.intake.source(source.name))

    def _pending(self, source: Source, table: Table, file: Any) -> Pending:
        header = self._header(source, table, file.header)
        rows = pa.concat_tables([chunk([], [], [], header), *(chunk(*batch, header) for batch in file.batches())])
        if isinstance(header, Header):
            return Pending(source, header, rows, file.decimal_comma, Counted(len(rows), len(rows)))
        with sql.ordered(self.con) as cursor:
            cursor.register("raw", rows.append_column("part", pa.array([0] * len(rows), pa.int32())))
            with blamed(header):
                untied = untied_of(cursor, header, "raw")
                mapped = cursor.execute(f"SELECT * EXCLUDE (part) FROM ({header.select('raw')}) ORDER BY line").to_arrow_table()
        return Pending(source, header, mapped, False, Counted(len(rows), pc.count_distinct(mapped["line"]).as_py(), untied))

    def _translated(self, source: Source, found: foreign.Translation) -> Pending:
        """A file of a format that has a reader of its own, as that made it rows of one of its tables."""
        rows = found.tables.get(source.table, pa.table({"line": pa.array([], pa.int64()), "ragged": pa.array([], pa.bool_())}))
        header = Header({n: i for i, n in enumerate(rows.column_names) if n not in ("line", "ragged")}, [], [])
        refused = found.refusals(source.table)
        read = found.read.get(source.table, len(rows) + len(refused))
        return Pending(source, header, rows, False, Counted(read, min(read, len(rows) + len(refused))), refused)

    def _parquet(self, source: Source, key: str, table: Table) -> Read:
        with sql.ordered(self.con) as cursor:
            names, texts = sheets.parquet(cursor, source.path)
            header = self._header(source, table, names)
            columns = "".join(f", {texts[i]} AS {sql.name(name)}" for name, i in header.positions.items())
            relation = f"read_parquet({sql.file(source.path)}, file_row_number = true)"
            relation = f"(SELECT 0 AS part, file_row_number + 2 AS line, false AS ragged{columns} FROM {relation})"
            try:
                return self._copied(cursor, source, key, table, header, relation, False)
            except (duckdb.InvalidInputException, duckdb.IOException) as error:
                raise Unreadable(f"cannot be read to its end ({str(error).splitlines()[0]})") from None

    def _large(self, source: Source, key: str, table: Table, file: text.Delimited) -> Read:
        header = self._header(source, table, file.header)
        comma = file.decimal_comma and isinstance(header, Header)
        with sql.ordered(self.con) as cursor:
            if file.survey.encoding == "utf-8-sig" and not file.survey.odd:
                try:
                    read = self._copied(cursor, source, key, table, header, engine_csv(file, header), comma)
                    if read.note["read"] + file.header_lines == file.survey.lines:
                        return read
                except duckdb.Error:
                    pass  # some row is not as the header says: the exact way tells which
            pieces = self.store.scratch(key)
            try:
                with pq.ParquetWriter(pieces, chunk([], [], [], header).schema) as writer:
                    for batch in file.batches():
                        writer.write_table(chunk(*batch, header))
                relation = f"(SELECT 0 AS part, * FROM read_parquet({sql.file(pieces)}))"
                return self._copied(cursor, source, key, table, header, relation, comma)
            finally:
                pieces.unlink(missing_ok=True)

    def _copied(self, cursor: Any, source: Source, key: str, table: Table, header: Header | Plan, relation: str, comma: bool) -> Read:
        """One file typed by one query that writes its Parquet itself: nothing of it is held in memory."""
        temporary, pieces = self.store.scratch(key), self.store.scratch(key)
        try:
            read, blame, untied = None, "flaw_column", []
            if isinstance(header, Plan):  # the vendor's columns that are wanted, once: the mapping may have to go over them twice
                cursor.execute(f"COPY (SELECT * FROM {relation}) TO {sql.text(pieces)} (FORMAT parquet)")
                relation = f"read_parquet({sql.file(pieces)})"
                (read,) = cursor.execute(f"SELECT count(*) FROM {relation}").fetchone()
                with blamed(header):
                    untied = untied_of(cursor, header, relation)
                relation = f"({header.select(relation)})"
                blame = header.blame("flaw_column")
            query = parse.select(table, relation, set(header.columns), self.settings.timezone, comma)
            order = f"ORDER BY {ordering(table)}" if isinstance(header, Plan) else ""
            query = f"SELECT * EXCLUDE (part) REPLACE ({blame} AS flaw_column) FROM ({query}) {order}"
            with blamed(header):
                cursor.execute(f"COPY ({query}) TO {sql.text(temporary)} {sql.PARQUET}")
            rows, good, told = cursor.execute(
                f"SELECT count(*), count(*) FILTER (WHERE flaw IS NULL){', count(DISTINCT line)' if read is not None else ', count(*)'} "
                f"FROM read_parquet({sql.file(temporary)})"
            ).fetchone()
            counted = Counted(told if read is None else read, told, untied)
            return self._put(source, key, header, rows, rows - good, counted, lambda path: temporary.replace(path))
        finally:
            temporary.unlink(missing_ok=True)
            pieces.unlink(missing_ok=True)

    def _finish(self, table: Table, batch: list[Pending]) -> dict[Source, Read]:
        """Types the files of a batch, in one query for each way to write numbers."""
        out: dict[Source, Read] = {}
        for comma in (False, True):
            if files := [p for p in batch if p.decimal_comma == comma]:
                out |= dict(self._typed(table, files, comma))
        return out

    def _typed(self, table: Table, files: list[Pending], comma: bool) -> Iterator[tuple[Source, Read]]:
        parts = [p.rows.append_column("part", pa.array([i] * len(p.rows), pa.int32())) for i, p in enumerate(files)]
        raw = pa.concat_tables(parts, promote_options="default")
        with sql.ordered(self.con) as cursor:
            cursor.register("raw", raw)
            query = parse.select(table, "raw", set(raw.column_names) - {"part", "line", "ragged"}, self.settings.timezone, comma)
            typed = cursor.execute(f"SELECT * FROM ({query}) ORDER BY part, {ordering(table)}").to_arrow_table()
        start = 0
        for p in files:
            rows = typed.slice(start, len(p.rows)).drop_columns(["part"])
            start += len(p.rows)
            if isinstance(p.header, Plan) and len(rows) > rows["flaw"].null_count:
                rows = duckdb.sql(f"SELECT * REPLACE ({p.header.blame('flaw_column')} AS flaw_column) FROM rows").to_arrow_table()
            if p.refused:
                rows = pa.concat_tables([rows, p.refused], promote_options="default")
            flawed = len(rows) - rows["flaw"].null_count
            write = lambda path, rows=rows: pq.write_table(rows, path, compression="zstd")  # noqa: E731
            yield p.source, self._put(p.source, self.key(p.source), p.header, len(rows), flawed, p.counted, write)

    def _put(
        self, source: Source, key: str, header: Header | Plan, rows: int, flawed: int, counted: Counted, write: Callable[[Path], object]
    ) -> Read:
        if source.changed():
            return Read(source, key, CHANGED)
        note = {"rows": rows, "flawed": flawed, "columns": sorted(header.columns), "dropped": header.dropped, "personal": header.personal}
        note |= {"lacking": header.absent if isinstance(header, Plan) else {}, **counted.note(rows)}
        return Read(source, key, self.store.put(key, note, parquet=write))
