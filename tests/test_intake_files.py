"""Files as they come: encodings, separators, parts, workbooks, Parquet, and everything that cannot be used and says so."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import subprocess
import sys
import time
from decimal import Decimal

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers_intake import GOOD, WEEK, Folder, balanced, text
from opsreview.intake import reader
from opsreview.intake.store import ExportsError, open_exports
from opsreview.weeks import Week

ORDERS = text([GOOD["orders"] | {"channel": "Café"}])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.csv", ORDERS.encode("utf-8")),
        ("orders.csv", b"\xef\xbb\xbf" + ORDERS.encode("utf-8")),
        ("orders.csv", ORDERS.encode("cp1252")),
        ("orders.csv", ORDERS.replace("\n", "\r\n").encode()),
        ("orders.csv", ORDERS.replace("\n", "\r").encode()),
        ("orders.csv", ORDERS.rstrip("\n").encode()),
        ("orders.csv", ("\n" + ORDERS.replace("\n", "\n\n")).encode()),
        ("orders.csv", ORDERS.replace(",", ";").encode()),
        ("orders.csv", ORDERS.replace(",", "\t").encode()),
        ("orders.csv", ORDERS.replace(",", "|").encode()),
        ("orders.csv", "\n".join('"' + line.replace(",", '","') + '"' for line in ORDERS.splitlines()).encode()),
        ("orders.csv", ORDERS.replace("order_id", " Order_ID ").encode()),
        ("orders.csv.gz", ORDERS.encode()),
        ("orders.part-1.of 2.csv", ORDERS.encode()),
        ("Orders.CSV", ORDERS.encode()),
        ("orders.it's [a] part*.csv", ORDERS.encode()),
    ],
)
@pytest.mark.parametrize("large", [False, True])
def test_text_in_every_dress(tmp_path, monkeypatch, name, content, large):
    if large:
        monkeypatch.setattr(reader, "SMALL", 0)
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/{name}", content)
    frame = folder.table("orders")
    assert frame[["order_id", "channel", "file"]].values.tolist() == [["1", "Café", f"{WEEK}/{name}"]]
    assert str(frame["ordered_at"][0]) == "2026-11-03 10:00:00"
    assert frame["line"].tolist() == [4 if content.startswith(b"\n") else 2]


MESSY = """order_id,line_id,sku,quantity,unit_price
1,1,"A
B",1,1
1,2,A,x,1
1,3,A,1

1,4,A,1,1,extra
1,5,"A, ""big"" one",1,1
1,6,we"b,1,1
1,7,"never closed,1,1
1,8,A,1,1
1,9,"A
,
",y,1
"""


@pytest.mark.parametrize("large", [False, True])
def test_lines_are_physical_and_a_stray_quote_swallows_nothing(tmp_path, monkeypatch, large):
    if large:
        monkeypatch.setattr(reader, "SMALL", 0)
    folder = Folder(tmp_path).basics()
    folder.write(f"{WEEK}/order_lines.csv", MESSY)
    got = folder.table("order_lines").sort_values("line")[["line", "line_id", "sku"]].values.tolist()
    assert got == [[2, "1", "A\nB"], [8, "5", 'A, "big" one'], [9, "6", 'we"b'], [11, "8", "A"]]
    name = f"{WEEK}/order_lines.csv"
    assert folder.reasons() == [
        (name, 4, "quantity", "x", "not_a_number"),
        (name, 5, None, None, "ragged_row"),
        (name, 7, None, None, "ragged_row"),
        (name, 10, None, None, "ragged_row"),
        (name, 12, "quantity", "y", "not_a_number"),
    ]
    assert folder.open().quarantine()["row"].isna().tolist() == [False, True, True, True, False]
    balanced(folder.open())


def test_a_large_file_in_one_pass_or_in_pieces_is_the_same(tmp_path, monkeypatch):
    rows = [{"line_id": str(i), "quantity": "bad" if i % 7 == 0 else str(i), "sku": f"S {i}"} for i in range(500)]
    folders = []
    for size in (reader.SMALL, 0):
        monkeypatch.setattr(reader, "SMALL", size)
        folder = Folder(tmp_path / str(size)).basics()
        folder.rows("order_lines", *rows)
        prices = ["1,5", "1.234", "1.5.5", "x"]
        german = [GOOD["order_lines"] | {"line_id": f"p{i}", "unit_price": p, "quantity": "1.234"} for i, p in enumerate(prices)]
        folder.write("2026-W44/order_lines.csv", text(german, ";"))
        folder.rows("shipments", {"zone": '"a\nb"'}, {"shipment_id": "S2", "label_cost": "x"}, {"shipment_id": "S3"}, name="csv.gz")
        folders.append(folder)
    for table in ("order_lines", "shipments"):
        pd.testing.assert_frame_equal(*(f.table(table).sort_values("line").reset_index(drop=True) for f in folders))
    assert folders[0].reasons() == folders[1].reasons() and len(folders[0].reasons()) == 77


def test_parts_are_read_in_name_order_and_twins_count_once(tmp_path):
    folder = Folder(tmp_path).basics()
    (folder.root / WEEK / "orders.csv").unlink()
    folder.rows("orders", {"channel": "last"}, name="b.csv")
    folder.rows("orders", {"channel": "first"}, {"order_id": "2"}, name="a.csv")
    folder.write(f"{WEEK}/orders.c.csv", (folder.root / WEEK / "orders.a.csv").read_bytes())
    exports = folder.open()
    assert sorted(exports.rows("orders").channel.execute()) == ["last", "web"]
    assert exports.notices == ["2026-W45/orders.c.csv is the same file as 2026-W45/orders.a.csv and counts once"]
    assert [e["path"] for e in exports.manifest if e["table"] == "orders"] == [f"{WEEK}/orders.a.csv", f"{WEEK}/orders.b.csv"]


def test_extra_columns_are_named_and_personal_ones_leave_no_trace(tmp_path):
    folder = Folder(tmp_path).basics()
    personal = {
        "Email": "ada@example.com",
        "customer_note": "Ada",
        "address1": "1 Elm",
        "name": "Lovelace",
        "tags": "vip",
        "IP": "10.9.8.7",
    }
    folder.rows("orders", personal, personal | {"order_id": "2", "status": "x"})
    folder.rows("products", {"name": "Lamp"})  # a column of the contract is none of a person
    exports = folder.open()
    (dropped,) = exports.dropped_columns
    assert dropped == {
        "path": f"{WEEK}/orders.csv",
        "table": "orders",
        "columns": ["Email", "customer_note", "address1", "name", "tags", "IP"],
        "personal": ["Email", "customer_note", "address1", "name", "IP"],
    }
    assert exports.rows("products").name.execute().tolist() == ["Lamp"]
    exports.quarantine_csv(tmp_path / "quarantine.csv")
    kept = [tmp_path / "quarantine.csv", *(p for p in folder.cache.rglob("*") if p.is_file())]
    assert not any(secret in path.read_bytes() for path in kept for secret in (b"ada@", b"Lovelace", b"1 Elm", b"10.9.8.7", b"vip"))


def test_what_is_not_a_table_is_listed(tmp_path):
    folder = Folder(tmp_path).basics()
    for name in (".hidden/x", "~lock.csv", "2026-W60/orders.csv", "notes/orders.csv", "review.toml", "readme.txt"):
        folder.write(name, "x")
    for name in ("~$orders.xlsx", ".orders.csv", "old/orders.csv", "orders.txt", "settlement.csv", "ordersx.csv", "orders"):
        folder.write(f"{WEEK}/{name}", "x")
    exports = folder.open()
    assert exports.unrecognised == [f"{WEEK}/{n}" for n in ("orders", "orders.txt", "ordersx.csv", "settlement.csv")]
    assert {e["path"] for e in exports.ignored} == {
        ".hidden", "~lock.csv", "2026-W60", "notes", "readme.txt", f"{WEEK}/~$orders.xlsx", f"{WEEK}/.orders.csv", f"{WEEK}/old",
    }  # fmt: skip
    assert exports.weeks == [Week.parse(WEEK)]


def workbook(path, rows) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("second").append(["not", "read"])
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def test_a_workbook(tmp_path):
    folder = Folder(tmp_path).basics()
    (folder.root / WEEK / "orders.csv").unlink()
    when = dt.datetime(2026, 11, 3, 10, 30)
    workbook(
        folder.root / WEEK / "orders.xlsx",
        [
            ["order_id", "ordered_at", "channel", "status", "promised_ship_at", "shipping_charged", None, "email"],
            [1001, when, "web", "open", dt.date(2026, 11, 4), 4.5, None, "a@b.c"],
            [],
            ["A7", "2026-11-03T10:30:00", "web", "OPEN", when, "4.50", None, None],
            [1002.0, 46330, "web", "open", None, None, None, None],
            [1003, when, "web", True, None, None, None, None],
        ],
    )
    frame = folder.table("orders").sort_values("line")
    assert frame[["order_id", "line", "shipping_charged"]].values.tolist() == [["1001", 2, 4.5], ["A7", 4, 4.5]]
    assert frame["ordered_at"].astype(str).tolist() == ["2026-11-03 10:30:00"] * 2
    assert frame["promised_ship_at"].astype(str).tolist() == ["2026-11-04 23:59:59.999999", "2026-11-03 10:30:00.000000"]
    name = f"{WEEK}/orders.xlsx"
    assert folder.reasons()[-2:] == [(name, 5, "ordered_at", "46330", "not_a_date"), (name, 6, "status", "true", "unknown_value")]
    assert folder.open().dropped_columns[0]["personal"] == ["email"]


def test_parquet_of_every_type(tmp_path):
    folder = Folder(tmp_path).basics()
    (folder.root / WEEK / "orders.csv").unlink()
    when = dt.datetime(2026, 7, 3, 10, 30)
    london = pd.Timestamp("2026-07-03 10:30", tz="Europe/London")
    columns = {
        "order_id": pa.array([1001.0, 1002.0, None]),
        "ordered_at": pa.array([when, when, when], pa.timestamp("ns")),
        "cancelled_at": pa.array([london, None, None], pa.timestamp("us", tz="Europe/London")),
        "promised_ship_at": pa.array([dt.date(2026, 7, 4)] * 3),
        "channel": pa.array(["web"] * 3).dictionary_encode(),
        "status": pa.array(["open"] * 3, pa.large_string()),
        "shipping_charged": pa.array([Decimal("4.50"), None, None]),
        "order_discount": pa.array([float("nan"), float("inf"), 0.1], pa.float32()),
        "phone": pa.array(["555"] * 3),
    }
    pq.write_table(pa.table(columns), folder.root / WEEK / "orders.parquet")
    (row,) = folder.table("orders").to_dict("records")
    assert (row["order_id"], row["line"], row["shipping_charged"]) == ("1001", 2, 4.5)
    assert (str(row["ordered_at"]), str(row["ordered_at_local"])) == ("2026-07-03 09:30:00", "2026-07-03 10:30:00")
    assert (str(row["cancelled_at"]), str(row["promised_ship_at"])) == ("2026-07-03 09:30:00", "2026-07-04 22:59:59.999999")
    name = f"{WEEK}/orders.parquet"
    assert [r for r in folder.reasons() if r[0] == name] == [
        (name, 3, "order_discount", "inf", "not_a_number"),
        (name, 4, "order_id", None, "missing_key"),
    ]
    assert folder.open().dropped_columns[0]["personal"] == ["phone"]
    pq.write_table(
        pa.table({"snapshot_at": [when], "system": ["ERP"], "sku": [7], "location": ["L"], "on_hand": [True]}),
        folder.root / WEEK / "inventory.parquet",
    )
    assert folder.reasons()[0][2:] == ("on_hand", "true", "not_a_number")


CUT = gzip.compress(ORDERS.encode() * 50, mtime=0)[:-20]
BROKEN = {
    "orders.csv": [
        (b"", "2026-W45/orders.csv is empty: it has not even a header"),
        (b" \n\n", "2026-W45/orders.csv is empty: it has not even a header"),
        (b"1,2026-11-03,web,open\n", "2026-W45/orders.csv has no header: its first row names no column of orders"),
        (b"order_id,ordered_at,status\n1,2026-11-03,open\n", "2026-W45/orders.csv lacks the column channel"),
        (b"order_id,note\n1,x\n", "2026-W45/orders.csv lacks the columns ordered_at, channel, status"),
        (ORDERS.replace("status", "channel").encode(), "2026-W45/orders.csv names a column twice in its header (channel)"),
        (ORDERS.encode("utf-16"), "2026-W45/orders.csv is UTF-16 text; save it as UTF-8"),
        (ORDERS.encode("cp1252") + b"\x81", "2026-W45/orders.csv is neither UTF-8 nor cp1252 text"),
    ],
    "orders.csv.gz": [
        (CUT, "2026-W45/orders.csv.gz is a gzip file that is cut off or damaged"),
        (ORDERS.encode(), "2026-W45/orders.csv.gz is not a gzip file, though its name says so"),
    ],
    "orders.xlsx": [(b"PK\x03\x04", "2026-W45/orders.xlsx is not a workbook that can be opened")],
    "orders.parquet": [(b"PAR1", "2026-W45/orders.parquet is not a Parquet file that can be opened")],
}


@pytest.mark.parametrize(("name", "content", "sentence"), [(name, *case) for name, cases in BROKEN.items() for case in cases])
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path, name, content, sentence):
    folder = Folder(tmp_path).basics("2026-W44", WEEK)
    (folder.root / WEEK / "orders.csv").unlink()
    (folder.root / WEEK / name).write_bytes(content)
    for _ in range(2):  # read, and from the cache
        with pytest.raises(ExportsError) as error:
            open_exports(folder.root, Week.parse(WEEK), folder.settings, folder.cache)
        assert str(error.value).startswith(sentence) and "\n" not in str(error.value)
    other = name.replace("orders", "returns")  # the same trouble in a table that a run can do without
    (folder.root / WEEK / name).rename(folder.root / WEEK / other)
    folder.rows("orders", {})
    exports = open_exports(folder.root, Week.parse(WEEK), folder.settings, folder.cache)
    assert len(exports.notices) == 1 and exports.notices[0].startswith(f"{WEEK}/{other} ")
    assert not exports.known(Week.parse(WEEK)).exported("returns", Week.parse(WEEK)) and exports.rows("returns").count().execute() == 0
    balanced(exports)


def test_a_header_without_rows_is_a_table_that_had_nothing(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.write(f"{WEEK}/returns.csv", ",".join(GOOD["returns"]) + "\n")
    exports = folder.open()
    assert exports.notices == [] and exports.known(Week.parse(WEEK)).exported("returns", Week.parse(WEEK))
    assert next(e for e in exports.manifest if e["table"] == "returns")["rows_read"] == 0


def test_folders_where_files_should_be_and_parts_that_disagree(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.write(f"{WEEK}/returns.csv/part.csv", "x")
    folder.rows("labor", {}, name="a.csv")
    folder.rows("labor", {"hour": "7"}, name="b.csv")
    exports = folder.open()
    assert sorted(exports.notices) == [
        "2026-W45/labor.a.csv and 2026-W45/labor.b.csv are parts of one table but do not have the same columns (hour)",
        "2026-W45/returns.csv is a folder where a file should be",
    ]
    assert exports.rows("labor").count().execute() == 0
    balanced(exports)


def test_a_run_without_what_it_needs_stops_and_says_what(tmp_path):
    folder = Folder(tmp_path).basics("2026-W44", WEEK)

    def stopped() -> str:
        with pytest.raises(ExportsError) as error:
            open_exports(folder.root, Week.parse(WEEK), folder.settings, folder.cache)
        return str(error.value)

    (folder.root / WEEK / "products.csv").write_bytes(b"")  # as if it were not there; an earlier one is
    open_exports(folder.root, Week.parse(WEEK), folder.settings, folder.cache)
    (folder.root / WEEK / "products.csv").write_bytes(b"name\nx\n")
    assert stopped() == "2026-W45/products.csv lacks the column sku"
    for week in ("2026-W44", WEEK):
        (folder.root / week / "products.csv").unlink()
    assert stopped() == "no folder up to 2026-W45 has products that can be used; a run needs them in one of them"
    (folder.root / WEEK / "orders.csv").unlink()
    (folder.root / WEEK / "order_lines.csv").unlink()
    assert stopped() == "2026-W45 has no orders and no order_lines; a run needs them in that week's folder"
    (folder.root / WEEK).rmdir()
    assert "has no folder 2026-W45" in stopped()
    folder.root = tmp_path / "nowhere"
    assert "the exports folder cannot be read (No such file or directory)" in stopped()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    folder = Folder(tmp_path).basics()
    (folder.root / WEEK / "orders.csv").chmod(0)
    assert folder.open().known(Week.parse(WEEK)).stopped == "2026-W45/orders.csv cannot be read (Permission denied)"


def test_quarantine_csv_is_no_formula(tmp_path):
    folder = Folder(tmp_path).basics()
    evil = ["=1+1", "+1x", "-x", "@cmd", "\tx", '"a,""b"', "plain"]
    folder.rows("order_lines", {}, *({"line_id": str(i + 2), "unit_price": v} for i, v in enumerate(evil)))
    folder.open().quarantine_csv(tmp_path / "quarantine.csv")
    frame = pd.read_csv(tmp_path / "quarantine.csv", dtype=str, keep_default_na=False)
    assert list(frame) == ["week", "table", "file", "line", "column", "value", "reason", "row"]
    assert frame["value"].tolist() == ["'=1+1", "'+1x", "'-x", "'@cmd", "'\tx", 'a,"b', "plain"]
    assert set(frame["week"]) == {WEEK} and frame["line"].tolist() == [str(i) for i in range(3, 10)]
    assert json.loads(frame["row"][0])["unit_price"] == "=1+1"


# The cache


def test_a_file_that_changes_in_place_is_read_again(tmp_path):
    folder = Folder(tmp_path).basics()
    assert folder.table("orders")["channel"].tolist() == ["web"]
    path = folder.root / WEEK / "orders.csv"
    before = path.stat()
    path.write_text(path.read_text().replace("web", "web"[::-1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same time
    assert folder.table("orders")["channel"].tolist() == ["bew"]


@pytest.mark.parametrize("harm", ["delete", "truncate", "garble", "note"])
def test_the_cache_may_be_damaged_or_deleted(tmp_path, harm):
    folder = Folder(tmp_path).basics("2026-W44", WEEK)
    folder.rows("orders", {}, {"order_id": "2", "status": "x"})
    want, reasons = folder.table("orders"), folder.reasons()
    for path in [p for p in folder.cache.rglob("*") if p.is_file() and (harm == "note") == (p.suffix == ".json")]:
        data = path.read_bytes()
        if harm == "delete":
            path.unlink()
        else:
            path.write_bytes(data[: len(data) // 2] if harm == "truncate" else data[:-9] + b"?" + data[-8:] if harm == "garble" else b"{}")
    pd.testing.assert_frame_equal(folder.table("orders"), want)
    assert folder.reasons() == reasons


def test_what_nobody_uses_is_forgotten(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.table("orders")
    store = folder.cache / "intake"
    before = {p.name for p in store.iterdir()}
    for name, days in [("left.part", 2), ("new.part", 0), ("old.rows", 61), ("young.rows", 59)]:
        (store / name).write_bytes(b"x")
        os.utime(store / name, times=(time.time() - 86400 * days,) * 2)
    for path in store.iterdir():  # an entry that is used stays, however old it is
        if path.name in before:
            os.utime(path, times=(time.time() - 86400 * 59,) * 2)
    folder.table("orders")
    assert {p.name for p in store.iterdir()} == before | {"new.part", "young.rows"}
    assert all(p.stat().st_mtime > time.time() - 3600 for p in store.iterdir() if p.name in before and p.suffix in (".json", ".rows"))


OPEN = """
import sys
from pathlib import Path
from opsreview.intake.store import open_exports
from opsreview.settings import parse
from opsreview.weeks import Week

settings = parse({"timezone": "Europe/London", "reporting_currency": "GBP"})
exports = open_exports(Path(sys.argv[1]), Week.parse("2026-W45"), settings, Path(sys.argv[2]))
lines = exports.rows("order_lines")
print(exports.rows("orders").count().execute(), lines.quantity.sum().execute(), sum(entry["rows_read"] for entry in exports.manifest))
"""


def test_processes_may_share_a_cache(tmp_path):
    folder = Folder(tmp_path).basics("2026-W43", "2026-W44", WEEK)
    runs = [subprocess.Popen([sys.executable, "-c", OPEN, folder.root, folder.cache], stdout=-1, stderr=-1, text=True) for _ in range(3)]
    assert [run.communicate()[0] for run in runs] == ["3 6.0 9\n"] * 3
    assert not list(folder.cache.rglob("*.part")) and not list((folder.cache / "scratch").iterdir())


def test_nothing_is_read_twice(tmp_path):
    folder = Folder(tmp_path).basics("2026-W44", WEEK)
    said: list[str] = []
    for _ in range(2):
        open_exports(folder.root, Week.parse(WEEK), folder.settings, folder.cache, progress=said.append)
    assert sorted(said) == sorted(f"Reading {w}/{t}.csv" for w in ("2026-W44", WEEK) for t in ("orders", "order_lines", "products"))
    folder.rows("orders", {"channel": "shop"})
    said.clear()
    open_exports(folder.root, Week.parse(WEEK), folder.settings, folder.cache, progress=said.append)
    assert said == [f"Reading {WEEK}/orders.csv"]
