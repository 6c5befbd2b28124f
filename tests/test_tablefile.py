"""CSV files: what a spreadsheet gets to see of each kind of value."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from opsreview.tablefile import write_csv


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1 + 0.2, "0.3"),  # 12 significant digits hide the binary tail
        (1 / 3, "0.333333333333"),
        (123456789012.3456, "123456789012"),
        (1e15, "1000000000000000"),  # no exponent
        (1.5e-7, "0.00000015"),
        (-0.0, "0"),
        (-12.5, "-12.5"),  # a number is never apostrophised
        (3.0, "3"),
        (7, "7"),
        (2**60, str(2**60)),
        (np.int64(-3), "-3"),
        (float("nan"), ""),
        (float("inf"), ""),
        (None, ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (True, "true"),
        (np.False_, "false"),
        (Decimal("12.50"), "12.5"),
        (dt.date(2026, 11, 16), "2026-11-16"),
        (dt.datetime(2026, 11, 16, 8, 5), "2026-11-16T08:05:00Z"),
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-5", "'-5"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("a=b", "a=b"),
        ('say "hi", you\nthere', 'say "hi", you\nthere'),
        ("Ünïcode ✓", "Ünïcode ✓"),
        (["A", "B"], '["A", "B"]'),
    ],
)
def test_a_cell(tmp_path, value, written):
    """Alone in a column of its own kind and in a mixed column the same value is written the same way."""
    for column in (pd.Series([value]), pd.Series([value], dtype=object), pd.Series([value, "text", 1.5], dtype=object)):
        write_csv(pd.DataFrame({"x": column, "other": 1}), tmp_path / "t.csv")
        with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
            assert next(csv.DictReader(file))["x"] == written


@pytest.mark.parametrize(
    ("name", "values", "written"),
    [
        ("due_at", ["2026-11-16", None], ["2026-11-16T00:00:00Z", ""]),  # an instant stays one at midnight
        ("day", ["2026-11-16", None], ["2026-11-16", ""]),
        ("eta", ["2026-11-16 08:00", "2026-11-17"], ["2026-11-16T08:00:00Z", "2026-11-17T00:00:00Z"]),
    ],
)
def test_a_datetime_column_holds_days_or_instants(tmp_path, name, values, written):
    write_csv(pd.DataFrame({name: pd.to_datetime(values, format="mixed"), "n": range(len(values))}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == f"{name},n\n" + "".join(f"{w},{i}\n" for i, w in enumerate(written))


def test_the_same_frame_gives_the_same_bytes_and_lines_end_with_lf(tmp_path):
    frame = pd.DataFrame({"=k": ["a", None], "v": [1.0, np.nan], "ok": pd.array([True, None], dtype="boolean")})
    write_csv(frame, tmp_path / "1.csv")
    write_csv(frame.copy(), tmp_path / "2.csv")
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes() == b"'=k,v,ok\na,1,true\n,,\n"


def test_a_frame_of_no_rows_is_its_header(tmp_path):
    write_csv(pd.DataFrame({"a": pd.Series(dtype=float), "b": pd.Series(dtype="datetime64[us]")}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "a,b\n"
