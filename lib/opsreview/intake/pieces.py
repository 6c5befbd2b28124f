"""What stands between a file and its typing: its rows as text, the relation by which the engine reads it, what the account says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from opsreview.intake import mapping, sql, text
from opsreview.intake.folder import Source
from opsreview.intake.header import Header
from opsreview.intake.mapping import Plan
from opsreview.intake.schema import Table
from opsreview.intake.text import Unusable


@dataclass(frozen=True)
class Counted:
    """What the account says of a file that has `read` rows, of which `told` became the rows of the table."""

    read: int
    told: int
    untied: Sequence[str] = ()  # what the file says of itself and its rows do not

    def note(self, rows: int) -> dict[str, Any]:
        return {"read": self.read, "elsewhere": self.read - self.told, "split": rows - self.told, "untied": [*self.untied]}


@dataclass(frozen=True)
class Pending:
    """A small file as text in the contract's columns, waiting for the query that types its batch."""

    source: Source
    header: Header | Plan
    rows: pa.Table
    decimal_comma: bool
    counted: Counted
    refused: pa.Table | None = None  # rows of the typed form that a translator refused


def untied_of(cursor: Any, header: Plan, relation: str) -> list[str]:
    """Where a file's rows do not make the total that it says, in words; once a file, with the first of its tables."""
    if not header.profile.ties or header.table != next(iter(header.profile.tables)):
        return []
    found = cursor.execute(mapping.untied(header, relation)).fetchall()
    return [f"{by}: its rows make {rows:,.2f}, but it says {total:,.2f}" for by, rows, total in found if total is not None]


def ordering(table: Table) -> str:
    """The order of a file's rows; where a vendor's row is several of ours, that of their keys."""
    return ", ".join(["line", *map(sql.name, table.keys)])


@contextmanager
def blamed(header: Header | Plan) -> Iterator[None]:
    """An error of the engine while a profile's own SQL runs is the profile's."""
    try:
        yield
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
        if not isinstance(header, Plan):
            raise
        said = str(error).splitlines()[0]
        raise Unusable(f"cannot be mapped: the profile {header.profile.name}, table {header.table}, is wrong ({said})") from None


def chunk(lines: list[int], rows: list[list[str]], ragged: list[int], header: Header | Plan) -> pa.Table:
    """Rows as a table of text: the contract's columns only."""
    columns = list(zip(*rows, strict=True))
    empty = pa.nulls(len(ragged), pa.string())
    texts = {n: pa.chunked_array([pa.array(columns[i] if rows else [], pa.string()), empty]) for n, i in header.positions.items()}
    return pa.table({"line": [*lines, *ragged], "ragged": [False] * len(lines) + [True] * len(ragged), **texts}, schema=schema(header))


def schema(header: Header | Plan) -> pa.Schema:
    return pa.schema({"line": pa.int64(), "ragged": pa.bool_(), **dict.fromkeys(header.positions, pa.string())})


def engine_csv(file: text.Delimited, header: Header | Plan) -> str:
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
