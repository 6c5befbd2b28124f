"""Names and paths inside SQL."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PARQUET = "(FORMAT parquet, COMPRESSION zstd)"


def text(value: object) -> str:
    """A text, or the path of a file to be written, as a SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def file(path: object) -> str:
    """The path of a file to be read: this one file, whatever signs are in its name."""
    return text(glob.escape(str(path)))


def name(column: str) -> str:
    """A column's name, quoted."""
    return '"' + column.replace('"', '""') + '"'


@contextmanager
def ordered(con: Any) -> Iterator[Any]:
    """A cursor of the backend, in whose queries rows keep the order of their file."""
    cursor = con.con.cursor()
    (before,) = cursor.execute("SELECT current_setting('preserve_insertion_order')").fetchone()
    try:
        cursor.execute("SET preserve_insertion_order = true")  # the setting is the database's, not the cursor's
        yield cursor
    finally:
        cursor.execute(f"SET preserve_insertion_order = {before}")
        cursor.close()
