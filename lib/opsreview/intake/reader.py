"""Files to typed Parquet, one entry of the cache a file: every row with its line, its values, and its flaw if it has one."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from opsreview.intake import cache, parse, text
from opsreview.intake.folder import Source
from opsreview.intake.schema import DELETED, TABLES, Table
from opsreview.intake.text import Unusable
from opsreview.settings import Settings

SMALL = 8 << 20  # bytes of text up to which files are read many at a time
ALIASES = {("contract_prices", "channel"): "customer"}  # the contract: `customer` (or channel)


@dataclass(frozen=True)
class Read:
    """A file as it was read. `note`: rows, flawed, columns (of the contract, in its header), dropped, personal; or error."""

    source: Source
    note: dict[str, Any]
    path: Path

    @property
    def error(self) -> str | None:
        return f"{self.source.name} {self.note['error']}" if self.note.get("error") else None


@dataclass
class Pending:
    """A small file, parsed to text and waiting for its batch."""

    source: Source
    note: dict[str, Any]
    rows: pa.Table
    decimal_comma: bool


def read(
    con: Any, sources: Iterable[Source], settings: Settings, store: cache.Store, progress: Callable[[str], None]
) -> dict[Source, Read]:
    """Every source, from the cache where it is there. What cannot be used has an error in its note; nothing is raised."""
    out: dict[Source, Read] = {}
    reader = Reader(con, settings, store)
    for table, group in groupby(sorted(sources, key=lambda s: s.table), key=lambda s: s.table):
        batch: list[Pending] = []
        for source in group:
            key = reader.key(source)
            if not (note := store.get(key)):
                progress(f"Reading {source.name}")
                try:
                    batch.append(reader.parse(source))
                except Unusable as error:
                    note = store.put(key, {"error": str(error)})
            if note:
                out[source] = Read(source, note, store.path(key, "parquet"))
            if sum(p.rows.nbytes for p in batch) > 4 * SMALL:
                out |= reader.finish(TABLES[table], batch)
                batch = []
        out |= reader.finish(TABLES[table], batch)
    return out


class Reader:
    def __init__(self, con: Any, settings: Settings, store: cache.Store) -> None:
        self.con, self.settings, self.store = con, settings, store

    def key(self, source: Source) -> str:
        return cache.key("file", source.sha256, source.table, source.extension, *cache.reading(self.settings))

    def parse(self, source: Source) -> Pending:
        table = TABLES[source.table]
        names = {c.name for c in (*table.columns, DELETED)}
        file = text.Delimited(source.path, text.survey(source.path), names)
        positions, note = self.header(file.header, table)
        chunks = []
        for lines, rows, ragged in file.batches():
            columns = list(zip(*rows, strict=True)) if rows else [()] * len(file.header)
            arrays = {name: pa.array(columns[i], pa.string()) for name, i in positions.items()}
            chunks.append(_chunk(lines, arrays, False))
            if ragged:
                chunks.append(_chunk(ragged, {name: pa.nulls(len(ragged), pa.string()) for name in positions}, True))
        empty = _chunk([], {name: pa.array([], pa.string()) for name in positions}, False)
        return Pending(source, note, pa.concat_tables(chunks) if chunks else empty, file.separator != ",")

    def header(self, header: list[str], table: Table) -> tuple[dict[str, int], dict[str, Any]]:
        """Where the contract's columns are, and what the note says about the others. Unusable when one that must be there is not."""
        known = {c.name for c in (*table.columns, DELETED)}
        names = [name.strip() for name in header]
        lower = [name.lower() for name in names]
        lower = [ALIASES[table.name, n] if (table.name, n) in ALIASES and ALIASES[table.name, n] not in lower else n for n in lower]
        if not known.intersection(lower):
            raise Unusable(f"has no header: no column of {table.name} is named in its first line")
        if twice := sorted({n for n in lower if n and lower.count(n) > 1}):
            raise Unusable(f"names a column twice in its header: {', '.join(twice)}")
        if missing := [c.name for c in table.columns if not c.optional and c.name not in lower]:
            raise Unusable(f"lacks {'columns' if len(missing) > 1 else 'the column'} {', '.join(missing)}")
        extra = [n for n, low in zip(names, lower, strict=True) if n and low not in known]
        patterns = [p.lower() for p in self.settings.privacy.columns]
        personal = [n for n in extra if any(fnmatch.fnmatchcase(n.lower(), p) for p in patterns)]
        positions = {name: i for i, name in enumerate(lower) if name in known}
        return positions, {"columns": sorted(positions), "dropped": extra, "personal": personal}

    def finish(self, table: Table, batch: list[Pending]) -> dict[Source, Read]:
        """Types the files of a batch in one query for each way to write numbers."""
        out: dict[Source, Read] = {}
        for comma in (False, True):
            files = [p for p in batch if p.decimal_comma == comma]
            if files:
                out |= dict(self._typed(table, files, comma))
        return out

    def _typed(self, table: Table, files: list[Pending], comma: bool) -> Iterator[tuple[Source, Read]]:
        parts = [p.rows.append_column("part", pa.array([i] * len(p.rows), pa.int32())) for i, p in enumerate(files)]
        raw = pa.concat_tables(parts, promote_options="default")
        present = set(raw.column_names) - {"part", "line", "ragged"}
        cursor = self.con.con.cursor()
        cursor.register("raw", raw)
        query = parse.select(table, "raw", present, self.settings.timezone, comma)
        typed = cursor.execute(f"SELECT * FROM ({query}) ORDER BY part, line").to_arrow_table()
        cursor.close()
        start = 0
        for p in files:
            rows = typed.slice(start, len(p.rows)).drop_columns(["part"])
            start += len(p.rows)
            note = {**p.note, "rows": len(rows), "flawed": len(rows) - rows["flaw"].null_count}
            key = self.key(p.source)
            note = self.store.put(key, note, parquet=lambda path, rows=rows: pq.write_table(rows, path, compression="zstd"))
            yield p.source, Read(p.source, note, self.store.path(key, "parquet"))


def _chunk(lines: list[int], arrays: dict[str, pa.Array], ragged: bool) -> pa.Table:
    return pa.table({"line": pa.array(lines, pa.int64()), "ragged": pa.array([ragged] * len(lines), pa.bool_()), **arrays})
