"""Workbooks and Parquet files as the text that a CSV would hold, so that one set of rules reads them all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from opsreview.intake import sql
from opsreview.intake.text import Batch, NoHeader, Unusable


class Workbook:
    """The first sheet of an Excel workbook: `header` (on row `first`), then `batches()` as `Delimited` gives them; lines are its rows."""

    decimal_comma = False

    def __init__(self, path: Path, skip: int = 0) -> None:
        import python_calamine as calamine

        try:
            rows = calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
        except (calamine.CalamineError, OSError, IndexError) as error:
            raise Unusable(f"is not a workbook that can be opened ({error})") from None
        texts = ((number, [_cell(value) for value in row]) for number, row in enumerate(rows, 1))
        self.rows = ((number, cells) for number, cells in texts if any(cells) and number > skip)  # empty rows are no rows
        self.first, self.header = next(self.rows, (0, []))
        if not self.header:
            raise NoHeader("is empty: it has not even a header")

    def head(self, most: int) -> list[tuple[int, list[str]]]:
        """(rows above it, cells) of the first rows; they are then taken."""
        return [(number - 1, cells) for number, cells in [(self.first, self.header), *islice(self.rows, most - 1)]]

    def batches(self, size: int = 50_000) -> Iterator[Batch]:
        while batch := list(islice(self.rows, size)):
            yield [number for number, _ in batch], [row for _, row in batch], []


def _cell(value: Any) -> str:
    """A cell as text. Excel keeps times as fractions of a day: they are rounded to the millisecond."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**63 else repr(value)
    if isinstance(value, datetime):
        value += timedelta(microseconds=500)
        return value.replace(microsecond=value.microsecond // 1000 * 1000).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def parquet(cursor: Any, path: Path) -> tuple[list[str], list[str]]:
    """The columns of a Parquet file, and for each the SQL expression of its text. Unusable when it is none."""
    import duckdb

    try:
        described = cursor.execute(f"DESCRIBE SELECT * FROM read_parquet({sql.file(path)})").fetchall()
    except duckdb.Error as error:
        raise Unusable(f"is not a Parquet file that can be opened ({str(error).splitlines()[0]})") from None
    return [name for name, *_ in described], [_text(name, kind) for name, kind, *_ in described]


def _text(name: str, kind: str) -> str:
    column = sql.name(name)
    if kind in ("DOUBLE", "FLOAT"):  # NaN is how data frames write an empty cell
        whole = f"isfinite({column}) AND {column} = trunc({column}) AND abs({column}) < 9e18"
        return f"CASE WHEN isnan({column}) THEN NULL WHEN {whole} THEN {column}::BIGINT::VARCHAR ELSE {column}::VARCHAR END"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%f')"
    return f"{column}::VARCHAR"
