"""Real stores, where they are at hand: every row of every file is accounted for, by a count that knows nothing of the intake."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import pytest
from helpers_intake import balanced
from opsreview.intake.schema import TABLES
from opsreview.intake.store import open_exports
from opsreview.settings import parse
from opsreview.weeks import Week

REAL = Path(os.environ.get("OPSREVIEW_SHARED", Path(__file__).parents[2] / "shared")) / "real"


@pytest.mark.skipif(not REAL.is_dir(), reason="the real stores are not here (OPSREVIEW_SHARED)")
@pytest.mark.parametrize(
    ("store", "timezone", "currency", "weeks"), [("online_retail", "Europe/London", "GBP", 8), ("olist", "America/Sao_Paulo", "BRL", 40)]
)
def test_a_real_store_is_read_to_the_last_row(tmp_path, store, timezone, currency, weeks):
    folders = sorted(path for path in (REAL / store).iterdir() if path.is_dir())[:weeks]
    settings = parse({"timezone": timezone, "reporting_currency": currency})
    exports = open_exports(REAL / store, Week.parse(folders[-1].name), settings, tmp_path)
    balanced(exports)
    counted, keys = {}, {}
    for path in sorted(p for folder in folders for p in folder.iterdir()):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        table = path.name.partition(".")[0]
        counted[f"{path.parent.name}/{path.name}"] = len(rows)
        keys.setdefault(table, set()).update(tuple(row[k] for k in TABLES[table].keys) for row in rows)
    assert {entry["path"]: entry["rows_read"] for entry in exports.manifest} == counted
    for table, found in keys.items():
        assert len(found) == sum(entry["rows_kept"] for entry in exports.manifest if entry["table"] == table)
        assert exports.rows(table).filter(lambda t: t.replaced_in.isnull()).count().execute() == len(found)
