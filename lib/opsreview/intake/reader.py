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
import pyarrow.parquet as pq

from opsreview.intake import cache, parse, sheets, sql, text
from opsreview.intake.folder import Source
from opsreview.intake.header import Header, accepted, understand
from opsreview.intake.schema import TABLES, Table
from opsreview.intake.text import NoHeader, Unreadable, Unusable
from opsreview.settings import Settings

SMALL = 16 << 20  # bytes of text up to which files are read many at a time
BATCH = 64 << 20
CHANGED = {"error": "changed while it was read; run again"}


@dataclass(frozen=True)
class Read:
    """A file as it was read. `note`: rows, flawed, columns (of the contract, in its header), dropped, personal; or error."""

    source: Source
    key: str
    note: dict[str, Any]

    @property
    def error(self) -> str | None:
        return f"{self.source.name} {self.note['error']}" if "error" in self.note else None


@dataclass(frozen=True)
class Pending:
    """A small file as text, waiting for the query that types its batch."""

    source: Source
    header: Header
    rows: pa.Table
    decimal_comma: bool


class Reader:
    """Reads files through the cache. `progress` is told of each file that is not in it."""

    def __init__(self, con: Any, settings: Settings, store: cache.Store, progress: Callable[[str], None]) -> None:
        self.con, self.settings, self.store, self.progress = con, settings, store, progress

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
        return cache.key("file", source.sha256, source.table, source.extension, self.settings.timezone, private)

    def _new(self, source: Source, key: str) -> Read | Pending:
        table = TABLES[source.table]
        try:
            if source.extension == ".parquet":
                return self._parquet(source, key, table)
            if source.extension == ".xlsx":
                file: Any = sheets.Workbook(source.path)
                return self._pending(source, table, file)
            known = text.survey(source.path)
            file = text.Delimited(source.path, known, accepted(table))
            return self._pending(source, table, file) if known.size <= SMALL else self._large(source, key, table, file)
        except Unusable as error:
            note = {"error": str(error), "absent": isinstance(error, NoHeader)}
            if source.changed():
                return Read(source, key, CHANGED)
            return Read(source, key, note if isinstance(error, Unreadable) else self.store.put(key, note))

    def _pending(self, source: Source, table: Table, file: Any) -> Pending:
        header = understand(file.header, table, self.settings.privacy.columns)
        rows = pa.concat_tables([_chunk([], [], [], header), *(_chunk(*batch, header) for batch in file.batches())])
        return Pending(source, header, rows, file.decimal_comma)

    def _parquet(self, source: Source, key: str, table: Table) -> Read:
        with sql.ordered(self.con) as cursor:
            names, texts = sheets.parquet(cursor, source.path)
            header = understand(names, table, self.settings.privacy.columns)
            columns = "".join(f', {texts[i]} AS "{name}"' for name, i in header.positions.items())
            relation = f"read_parquet({sql.file(source.path)}, file_row_number = true)"
            relation = f"(SELECT 0 AS part, file_row_number + 2 AS line, false AS ragged{columns} FROM {relation})"
            try:
                return self._copied(cursor, source, key, table, header, relation, False)
            except (duckdb.InvalidInputException, duckdb.IOException) as error:
                raise Unreadable(f"cannot be read to its end ({str(error).splitlines()[0]})") from None

    def _large(self, source: Source, key: str, table: Table, file: text.Delimited) -> Read:
        header = understand(file.header, table, self.settings.privacy.columns)
        with sql.ordered(self.con) as cursor:
            if file.survey.encoding == "utf-8-sig" and not file.survey.odd:
                try:
                    read = self._copied(cursor, source, key, table, header, _engine_csv(file, header), file.decimal_comma)
                    if read.note["rows"] + file.header_lines == file.survey.lines:
                        return read
                except duckdb.Error:
                    pass  # some row is not as the header says: the exact way tells which
            pieces = self.store.scratch(key)
            try:
                with pq.ParquetWriter(pieces, _chunk([], [], [], header).schema) as writer:
                    for batch in file.batches():
                        writer.write_table(_chunk(*batch, header))
                relation = f"(SELECT 0 AS part, * FROM read_parquet({sql.file(pieces)}))"
                return self._copied(cursor, source, key, table, header, relation, file.decimal_comma)
            finally:
                pieces.unlink(missing_ok=True)

    def _copied(self, cursor: Any, source: Source, key: str, table: Table, header: Header, relation: str, comma: bool) -> Read:
        """One file typed by one query that writes its Parquet itself: nothing of it is held in memory."""
        query = parse.select(table, relation, set(header.positions), self.settings.timezone, comma)
        temporary = self.store.scratch(key)
        try:
            cursor.execute(f"COPY (SELECT * EXCLUDE (part) FROM ({query})) TO {sql.text(temporary)} {sql.PARQUET}")
            rows, good = cursor.execute(
                f"SELECT count(*), count(*) FILTER (WHERE flaw IS NULL) FROM read_parquet({sql.file(temporary)})"
            ).fetchone()
            return self._put(source, key, header, rows, rows - good, lambda path: temporary.replace(path))
        finally:
            temporary.unlink(missing_ok=True)

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
            typed = cursor.execute(f"SELECT * FROM ({query}) ORDER BY part, line").to_arrow_table()
        start = 0
        for p in files:
            rows = typed.slice(start, len(p.rows)).drop_columns(["part"])
            start += len(p.rows)
            flawed = len(rows) - rows["flaw"].null_count
            write = lambda path, rows=rows: pq.write_table(rows, path, compression="zstd")  # noqa: E731
            yield p.source, self._put(p.source, self.key(p.source), p.header, len(rows), flawed, write)

    def _put(self, source: Source, key: str, header: Header, rows: int, flawed: int, write: Callable[[Path], object]) -> Read:
        if source.changed():
            return Read(source, key, CHANGED)
        note = {"rows": rows, "flawed": flawed, "columns": sorted(header.positions), "dropped": header.dropped, "personal": header.personal}
        return Read(source, key, self.store.put(key, note, parquet=write))


def _chunk(lines: list[int], rows: list[list[str]], ragged: list[int], header: Header) -> pa.Table:
    """Rows as a table of text: the contract's columns only."""
    columns = list(zip(*rows, strict=True))
    empty = pa.nulls(len(ragged), pa.string())
    texts = {n: pa.chunked_array([pa.array(columns[i] if rows else [], pa.string()), empty]) for n, i in header.positions.items()}
    return pa.table({"line": [*lines, *ragged], "ragged": [False] * len(lines) + [True] * len(ragged), **texts}, schema=_schema(header))


def _schema(header: Header) -> pa.Schema:
    return pa.schema({"line": pa.int64(), "ragged": pa.bool_(), **dict.fromkeys(header.positions, pa.string())})


def _engine_csv(file: text.Delimited, header: Header) -> str:
    """A delimited file as a relation of the engine, its columns by position; the line is right when every row takes one."""
    types = ", ".join(f"'{i}': 'VARCHAR'" for i in range(len(file.header)))
    texts = "".join(f', "{i}" AS {sql.name(name)}' for name, i in header.positions.items())
    gz = "gzip" if file.path.name.lower().endswith(".gz") else "none"
    line = f"row_number() OVER () + {file.header_lines} AS line"
    return (
        f"(SELECT 0 AS part, {line}, false AS ragged{texts} FROM read_csv({sql.file(file.path)}, "
        f"auto_detect = false, header = false, skip = {file.header_lines}, delim = '{file.separator}', quote = '\"', escape = '\"', "
        f"strict_mode = true, null_padding = false, compression = '{gz}', columns = {{{types}}}))"
    )
