"""What a value in a file becomes, and what a bad one is called: one thing varied a row, the answer beside it."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers_intake import GOOD, WEEK, Folder, balanced, text


def stamps(folder: Folder, column: str, *values: str, table: str = "orders") -> list[tuple[str, str]]:
    """(UTC, local) of a timestamp column, row by row."""
    keys = {"orders": "order_id", "shipments": "shipment_id"}
    folder.rows(table, *({keys[table]: str(i), column: value} for i, value in enumerate(values)))
    frame = folder.table(table).sort_values("line")
    return list(zip(frame[column].astype(str), frame[f"{column}_local"].astype(str), strict=True))


TIMES = [
    ("Europe/London", "2026-01-05T10:00:00", "2026-01-05 10:00:00", "2026-01-05 10:00:00"),
    ("Europe/London", "2026-07-05 10:00", "2026-07-05 09:00:00", "2026-07-05 10:00:00"),
    ("Europe/London", "2026-07-05T10:00:00.250Z", "2026-07-05 10:00:00.250", "2026-07-05 11:00:00.250"),
    ("Europe/London", "2026-07-05T10:00:00+05:30", "2026-07-05 04:30:00", "2026-07-05 05:30:00"),
    ("Europe/London", "2026-07-05 10:00:00 -0300", "2026-07-05 13:00:00", "2026-07-05 14:00:00"),
    ("Europe/London", "2026-07-05T10:00+02", "2026-07-05 08:00:00", "2026-07-05 09:00:00"),
    # The clock goes forward at 01:00 on 29 March 2026: 01:30 does not occur and moves forward by an hour.
    ("Europe/London", "2026-03-29T00:59:59", "2026-03-29 00:59:59", "2026-03-29 00:59:59"),
    ("Europe/London", "2026-03-29T01:30:00", "2026-03-29 01:30:00", "2026-03-29 02:30:00"),
    ("Europe/London", "2026-03-29T02:00:00", "2026-03-29 01:00:00", "2026-03-29 02:00:00"),
    # It goes back at 02:00 on 25 October 2026: 01:30 occurs twice and the first is meant.
    ("Europe/London", "2026-10-25T01:30:00", "2026-10-25 00:30:00", "2026-10-25 01:30:00"),
    ("Europe/London", "2026-10-25T01:30:00+00:00", "2026-10-25 01:30:00", "2026-10-25 01:30:00"),
    ("Europe/London", "2026-10-25T02:00:00", "2026-10-25 02:00:00", "2026-10-25 02:00:00"),
    # In São Paulo midnight of 15 October 2017 did not occur, and 23:00 of 17 February 2018 occurred twice.
    ("America/Sao_Paulo", "2017-10-15T00:30:00", "2017-10-15 03:30:00", "2017-10-15 01:30:00"),
    ("America/Sao_Paulo", "2017-10-15", "2017-10-15 03:00:00", "2017-10-15 01:00:00"),
    ("America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-18 01:30:00", "2018-02-17 23:30:00"),
    ("America/Sao_Paulo", "2018-02-18", "2018-02-18 03:00:00", "2018-02-18 00:00:00"),
    ("UTC", "2026-11-03", "2026-11-03 00:00:00", "2026-11-03 00:00:00"),
]


@pytest.mark.parametrize("timezone", sorted({zone for zone, *_ in TIMES}))
def test_a_timestamp_is_an_instant_and_a_local_time(tmp_path, timezone):
    cases = [case for zone, *case in TIMES if zone == timezone]
    got = stamps(Folder(tmp_path, timezone), "ordered_at", *(written for written, _, _ in cases))
    assert [tuple(map(pd.Timestamp, pair)) for pair in got] == [(pd.Timestamp(utc), pd.Timestamp(local)) for _, utc, local in cases]


ENDS = [
    ("Europe/London", "2026-11-03", "2026-11-03 23:59:59.999999"),
    ("Europe/London", "2026-07-03", "2026-07-03 22:59:59.999999"),
    ("Europe/London", "2026-10-25", "2026-10-25 23:59:59.999999"),
    ("America/Sao_Paulo", "2017-10-14", "2017-10-15 02:59:59.999999"),  # the next day begins at 01:00
    ("America/Sao_Paulo", "2018-02-17", "2018-02-18 02:59:59.999999"),  # the second 23:59
]


@pytest.mark.parametrize("timezone", sorted({zone for zone, *_ in ENDS}))
def test_a_promise_by_a_day_is_kept_until_its_end(tmp_path, timezone):
    folder, cases = Folder(tmp_path, timezone), [case for zone, *case in ENDS if zone == timezone]
    days, ends = [day for day, _ in cases], [pd.Timestamp(utc) for _, utc in cases]
    assert [pd.Timestamp(at) for at, _ in stamps(folder, "promised_ship_at", *days)] == ends
    assert [pd.Timestamp(at) for at, _ in stamps(folder, "promised_delivery_at", *days, table="shipments")] == ends
    assert [local[:10] for _, local in stamps(folder, "shipped_at", *days, table="shipments")] == days


def test_a_timestamp_in_a_date_column_is_cut_to_its_local_day(tmp_path):
    meant = [
        ("2026-11-03", "2026-11-03"),
        ("2026-11-03T23:30:00", "2026-11-03"),
        ("2026-07-03T23:30:00Z", "2026-07-04"),  # converted, then cut
        ("2026-07-03T00:30:00+02:00", "2026-07-02"),
    ]
    folder = Folder(tmp_path)
    folder.rows("labor", *({"work_date": written, "location": str(i)} for i, (written, _) in enumerate(meant)))
    assert [str(day)[:10] for day in folder.table("labor").sort_values("line")["work_date"]] == [day for _, day in meant]


def test_not_a_date(tmp_path):
    written = ["03/11/2026", "2026-11-31", "2026-11-03T25:00", "soon", "2026-13-01", "infinity", "46330", "2026-11-03T10:00:00+99:00"]
    folder = Folder(tmp_path).basics()
    folder.rows("orders", {}, *({"order_id": f"bad{i}", "ordered_at": w} for i, w in enumerate(written)))
    assert folder.reasons() == [(f"{WEEK}/orders.csv", 3 + i, "ordered_at", w, "not_a_date") for i, w in enumerate(written)]


def lines(folder: Folder, column: str, values: list[str], separator: str = ",") -> Folder:
    """A file of order lines `line_id` 0, 1, 2 … that differ in one column."""
    folder.basics()
    folder.write(
        f"{WEEK}/order_lines.csv", text([GOOD["order_lines"] | {"line_id": str(i), column: v} for i, v in enumerate(values)], separator)
    )
    return folder


NUMBERS = {"5": 5, "+5": 5, " 5.50 ": 5.5, "-5": -5, "1e3": 1000, ".5": 0.5, "0": 0, "1234567.891": 1234567.891, "007": 7, "0.1": 0.1}


def test_numbers(tmp_path):
    folder = lines(Folder(tmp_path), "unit_price", list(NUMBERS))
    assert folder.table("order_lines").sort_values("line")["unit_price"].tolist() == list(NUMBERS.values())


def test_not_a_number(tmp_path):
    written = ["five", "1_000", "inf", "nan", "1e999", "€5", "5%", "1 000", "--5", '"1,000"', '"1,5"', "0x10", "1-"]
    folder = lines(Folder(tmp_path), "unit_price", written)
    wrong = [(f"{WEEK}/order_lines.csv", 2 + i, "unit_price", w.strip('"'), "not_a_number") for i, w in enumerate(written)]
    assert folder.reasons() == wrong


@pytest.mark.parametrize(
    ("separator", "prices", "values"),
    [
        (";", ["1,5", "1.234"], [1.5, 1234]),  # 1,5 needs the comma reading: 1.234 is 1234
        ("\t", ["1.234,50", "1.234.567,8"], [1234.5, 1234567.8]),
        ("|", ["1,234", "12.345"], [1.234, 12345]),
        (";", ["1.234.567", "1.234"], [1234567, 1234]),
        ("\t", ["12.5", "1.5"], [12.5, 1.5]),  # cannot be thousands
        ("|", ["0.125", "12.3456"], [0.125, 12.3456]),
        (";", ["1234", "-7"], [1234, -7]),
        ("\t", ["-1.234,5", "+2,5"], [-1234.5, 2.5]),
    ],
)
def test_decimal_commas(tmp_path, separator, prices, values):
    folder = lines(Folder(tmp_path), "unit_price", prices, separator)
    assert folder.table("order_lines").sort_values("line_id")["unit_price"].tolist() == values


@pytest.mark.parametrize(
    ("prices", "bad"),
    [
        (["1.234", "5"], ["1.234"]),  # no number of the column needs the comma: not guessed
        (["1.234", "12.5"], ["1.234"]),
        (["1,2,3", "1,5"], ["1,2,3"]),
        (["1.23,5", "1"], ["1.23,5"]),
        (["1.234,567.8", "1"], ["1.234,567.8"]),
    ],
)
def test_what_a_decimal_comma_does_not_explain(tmp_path, prices, bad):
    folder = lines(Folder(tmp_path), "unit_price", prices, ";")
    assert [value for _, _, column, value, reason in folder.reasons() if (column, reason) == ("unit_price", "not_a_number")] == bad


def test_the_comma_reading_is_a_matter_of_one_column_of_one_file(tmp_path):
    folder = Folder(tmp_path).basics()
    columns = [GOOD["order_lines"] | {"quantity": "1,5", "unit_price": "1.234"}]
    folder.write(f"{WEEK}/order_lines.a.csv", text(columns, ";"))
    folder.write(f"{WEEK}/order_lines.b.csv", text([GOOD["order_lines"] | {"line_id": "2", "quantity": "1.500", "unit_price": "2"}], ";"))
    (folder.root / WEEK / "order_lines.csv").unlink()
    got = {(file[-5], column, value) for file, _, column, value, _ in folder.reasons()}
    assert got == {("a", "unit_price", "1.234"), ("b", "quantity", "1.500")}


def test_codes_are_text_trimmed_and_whole_numbers_become_their_digits(tmp_path):
    meant = {"123.0": "123", "124.00": "124", "0123": "0123", "1.5": "1.5", " aB ": "aB", "-1.0": "-1", "v1.0": "v1.0", "\u00a07 ": "7"}
    folder = Folder(tmp_path)
    folder.rows("orders", *({"order_id": written} for written in meant))
    assert folder.table("orders").sort_values("line")["order_id"].tolist() == list(meant.values())


def test_listed_values_and_booleans_are_read_without_regard_to_case(tmp_path):
    folder = Folder(tmp_path)
    statuses = {"Fulfilled": "fulfilled", " OPEN ": "open", "canceled": "cancelled", "Canceled": "cancelled", "cancelled": "cancelled"}
    folder.rows("orders", *({"order_id": str(i), "status": s} for i, s in enumerate(statuses)))
    assert folder.table("orders").sort_values("line")["status"].tolist() == list(statuses.values())
    truths = {"TRUE": True, "0": False, "Yes": True, "no": False, " 1 ": True, "False": False}
    folder.rows("carrier_events", *({"code": str(i), "is_exception": t} for i, t in enumerate(truths)))
    assert folder.table("carrier_events").sort_values("line")["is_exception"].tolist() == list(truths.values())


FLAWS = [
    ("orders", {"order_id": ""}, "order_id", "", "missing_key"),
    ("orders", {"order_id": "2", "channel": " "}, "channel", " ", "missing_value"),
    ("orders", {"order_id": "2", "status": "shipped"}, "status", "shipped", "unknown_value"),
    ("orders", {"order_id": "2", "cancelled_at": "x"}, "cancelled_at", "x", "not_a_date"),
    ("orders", {"order_id": "2", "order_discount": "-0.01"}, "order_discount", "-0.01", "negative_quantity"),
    ("orders", {"order_id": "2", "shipping_charged": "x"}, "shipping_charged", "x", "not_a_number"),
    ("order_lines", {"line_id": "2", "quantity": "-1"}, "quantity", "-1", "negative_quantity"),
    ("order_lines", {"line_id": "2", "line_discount": "-1"}, "line_discount", "-1", "negative_quantity"),
    ("labor", {"work_date": ""}, "work_date", "", "missing_key"),
    ("labor", {"work_date": "yesterday"}, "work_date", "yesterday", "not_a_date"),
    ("labor", {"role": "boss"}, "role", "boss", "unknown_value"),
    ("carrier_events", {"code": "y", "is_exception": "maybe"}, "is_exception", "maybe", "unknown_value"),
    # The first flaw in the contract's order names the row, missing keys before all.
    ("orders", {"order_id": "", "ordered_at": "x"}, "order_id", "", "missing_key"),
    ("orders", {"order_id": "2", "status": "x", "channel": ""}, "channel", "", "missing_value"),
    ("order_lines", {"line_id": "2", "quantity": "x", "sku": ""}, "sku", "", "missing_value"),
    ("order_lines", {"line_id": "2", "quantity": "-1", "unit_price": "x"}, "quantity", "-1", "negative_quantity"),
    ("inventory", {"snapshot_at": "x", "location": ""}, "location", "", "missing_key"),
]


@pytest.mark.parametrize("table", sorted({table for table, *_ in FLAWS}))
def test_the_first_flaw_names_the_row(tmp_path, table):
    folder = Folder(tmp_path).basics()
    cases = [case for name, *case in FLAWS if name == table]
    folder.rows(table, {}, *(change for change, *_ in cases))
    assert folder.reasons() == [(f"{WEEK}/{table}.csv", 3 + i, c, value or None, reason) for i, (_, c, value, reason) in enumerate(cases)]
    balanced(folder.open())


def test_nothing_is_wrong_with_zero_or_a_negative_price(tmp_path):
    folder = Folder(tmp_path).basics()
    changes = [{"quantity": "0"}, {"line_discount": "0"}, {"unit_price": "-3"}, {"cancelled_quantity": "0"}]
    folder.rows("order_lines", *({"line_id": str(i)} | change for i, change in enumerate(changes)))
    assert folder.reasons() == []


def test_an_optional_key_that_is_empty_or_absent_is_an_empty_text(tmp_path):
    folder = Folder(tmp_path)
    folder.rows("inventory", {}, {"channel": "web"})
    assert sorted(folder.table("inventory")["channel"]) == ["", "web"]
    folder.rows("inventory", {})
    assert folder.table("inventory")["channel"].tolist() == [""]
    assert folder.table("inventory")["allocated"].isna().all()


def test_postal_codes_are_cut_everywhere(tmp_path):
    folder = Folder(tmp_path)
    folder.rows("orders", {"ship_postal": " SW1A 1AA "}, {"order_id": "2", "ship_postal": "90210-1234", "status": "x"})
    exports = folder.open()
    assert exports.rows("orders").to_pandas()["ship_postal"].tolist() == ["SW1"]
    (row,) = exports.quarantine()["row"]
    assert '"ship_postal":"902"' in row and "1234" not in row
    assert not any(b"1AA" in path.read_bytes() or b"90210" in path.read_bytes() for path in folder.cache.rglob("*") if path.is_file())
