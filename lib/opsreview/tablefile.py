"""Tables as files a spreadsheet opens without harm: the same frame always gives the same bytes."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins with one of these


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """One row of `frame` a line, the index left out, UTF-8, `\\n` line ends.

    Numbers have up to 12 significant digits, a point and no exponent; what is missing (NaN, None, NaT, infinite) is empty; booleans
    are true/false; days are ISO. A datetime column is an instant (`2026-11-16T00:00:00Z`) when its name ends in `_at` or any of its
    values has a time of day, else a day. Text that a spreadsheet would run gets an apostrophe in front; a number never does.
    """
    header = (harmless(str(name)) for name in frame.columns)
    rows = zip(*(_cells(frame.iloc[:, i]) for i in range(frame.shape[1])), strict=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(",".join(map(_quoted, row)) + "\n" for row in (header, *rows))


def _quoted(text: str) -> str:
    """Quoted where a reader needs it (the csv module leaves a lone carriage return bare, which ends a line for many readers)."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def harmless(text: str) -> str:
    """Text a spreadsheet shows and does not run."""
    return "'" + text if text.startswith(FORMULA) else text


def number(value: float) -> str:
    """Up to 12 significant digits, never an exponent: `0.0000001`, `1234.5`, `-3`."""
    if isinstance(value, Integral):
        return str(int(value))
    if not math.isfinite(value):
        return ""
    text = f"{value:.12g}"
    if "e" in text:
        text = f"{Decimal(text):f}"
    return "0" if text == "-0" else text


def _cells(column: pd.Series) -> Iterable[str]:
    if pd.api.types.is_bool_dtype(column.dtype):
        return ("" if pd.isna(v) else str(bool(v)).lower() for v in column)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return ("" if pd.isna(v) else number(v) for v in column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _instants(column)
    return (_cell(v) for v in column)


def _instants(column: pd.Series) -> Iterable[str]:
    if column.dt.tz is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    days = not str(column.name).endswith("_at") and (column.dropna() == column.dropna().dt.normalize()).all()
    return ("" if pd.isna(v) else v.date().isoformat() if days else f"{v.isoformat(timespec='seconds')}Z" for v in column)


def _cell(value: Any) -> str:
    """A value of a column that holds more than one kind."""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, (list, tuple, dict, set)):
        return harmless(json.dumps(sorted(value) if isinstance(value, set) else value, ensure_ascii=False, default=str))
    if value is None or pd.isna(value):
        return ""
    if pd.api.types.is_bool(value):
        return str(value).lower()
    if isinstance(value, Decimal):
        return number(float(value))
    if isinstance(value, Real):
        return number(value)
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value:%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    return harmless(str(value))
