"""Every profile on made-up rows under its real header, against rows worked out by hand; no personal value gets through any of them."""

from __future__ import annotations

import csv
import fnmatch
import io
import re
from functools import cache
from pathlib import Path

import pytest
from helpers_intake import WEEK, Folder, balanced, text
from opsreview.intake import foreign
from opsreview.intake.mapping import numbered
from opsreview.intake.profile import shipped
from vendor_rows import CASES

HEADERS = Path(__file__).with_name("vendor_headers.csv")
ELSEWHERE = {"shopify_orders"}  # test_profiles.py


@cache
def headers() -> list[dict[str, str]]:
    with HEADERS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def header_of(said: str | list[str]) -> tuple[str, list[str]]:
    """Separator and names: of the real report whose description begins so, or the names themselves."""
    if isinstance(said, list):
        return ",", said
    row = next(r for r in sorted(headers(), key=lambda r: r["report"]) if r["report"].startswith(said))
    separator = "\t" if row["delimiter"] == "tab" else ","
    return separator, next(csv.reader([row["header"]], delimiter=separator))


def written(said: str | list[str], rows: list[dict[str, str]], headless: bool = False, more: tuple[str, ...] = ()) -> str:
    """Rows under a header as the vendor writes them; a name that is not in the header is a mistake of the test."""
    separator, names = header_of(said)
    unique = numbered(names)
    assert all(set(row) <= {*unique, *more} for row in rows), [set(row) - set(unique) for row in rows]
    names, unique = [*names, *more], [*unique, *more]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerows([*([] if headless else [names]), *([row.get(n, "") for n in unique] for row in rows)])
    return out.getvalue()


@pytest.mark.parametrize("row", headers(), ids=lambda r: f"{r['vendor']} {r['report']}"[:60])
def test_every_real_header_is_one_report(row, tmp_path):
    path = tmp_path / "x"
    path.write_text(row["header"] + "\n", encoding="utf-8")
    heads = foreign.heads_of(path, "")
    assert len([p.name for p in shipped().values() if foreign._layout(p, heads)]) == 1
    found = foreign.recognise(path, "", shipped())
    assert found.tables or (found.profile and found.why)


def test_every_profile_that_feeds_a_table_has_its_rows():
    assert set(CASES) | ELSEWHERE == {p.name for p in shipped().values() if p.tables}


@pytest.mark.parametrize("name", CASES)
def test_rows_become_what_was_worked_out_by_hand(name, tmp_path):
    said, rows, expected = CASES[name]
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/whatever.txt", written(said, rows, headless=bool(shipped()[name].header)))
    if "order_lines" in expected and "orders" not in expected:
        folder.rows("orders", {"order_id": "1001"})
    exports = folder.open()
    balanced(exports)
    assert {m["table"] for m in exports.manifest if m["path"].endswith("whatever.txt")} == set(expected)
    assert {m["profile"] for m in exports.manifest if m["path"].endswith("whatever.txt")} == {name}
    assert exports.quarantine().to_dict("records") == []
    assert [n for n in exports.notices if " has no " not in n] == []
    for table, wanted in expected.items():
        frame = exports.rows(table).to_pandas().sort_values(["line", *exports_keys(table)]).astype(object)
        found = frame.where(frame.notna(), None).to_dict("records")
        assert len(found) == len(wanted), (table, found)
        for row, want in zip(found, wanted, strict=True):
            assert {k: plain(row[k]) for k in want} == {k: near(v) for k, v in want.items()}, table


def exports_keys(table: str) -> list[str]:
    from opsreview.intake.schema import TABLES

    return list(TABLES[table].keys)


def near(value: object) -> object:
    if isinstance(value, float):
        return pytest.approx(value)
    return value.removesuffix(" 00:00:00") if isinstance(value, str) else value


def plain(value: object) -> object:
    if hasattr(value, "isoformat"):
        return str(value).removesuffix(" 00:00:00")
    return value


# ---- a file that does not say what it should -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["amazon_settlement_v1", "amazon_settlement_v2", "ups_billing"])
def test_a_file_whose_rows_do_not_make_its_total_is_named(name, tmp_path):
    said, rows, _ = CASES[name]
    folder = Folder(tmp_path)
    column = "Invoice Amount" if name == "ups_billing" else "total-amount"
    changed = [row | ({column: "99.99"} if row.get(column) else {}) for row in rows]
    folder.write(f"{WEEK}/x.csv", written(said, changed, headless=name == "ups_billing"))
    (notice,) = [n for n in folder.open().notices if "tie" in n]
    assert notice.startswith(f"{WEEK}/x.csv does not tie, ") and notice.endswith("but it says 99.99")


def test_lines_before_the_header_are_skipped_and_lines_keep_their_numbers(tmp_path):
    said, rows, _ = CASES["amazon_date_range"]
    folder = Folder(tmp_path)
    body = written(said, [rows[0] | {"date/time": "never"}])
    folder.write(f"{WEEK}/x.csv", '"Includes Amazon Marketplace"\n"All amounts in USD"\n' + body)
    assert {(r[1], r[3]) for r in folder.reasons()} == {(4, "never"), (4, "111-1")}


def test_of_two_reports_of_the_same_orders_the_better_one_is_taken(tmp_path):
    folder = Folder(tmp_path)
    for name in ("amazon_settlement_v1", "amazon_all_orders"):
        folder.write(f"{WEEK}/{name}.x.txt", written(*CASES[name][:2]))
    exports = folder.open()
    balanced(exports)
    taken = {(m["profile"], m["table"]) for m in exports.manifest}
    assert taken == {("amazon_all_orders", t) for t in ("orders", "order_lines")} | {
        ("amazon_settlement_v1", t) for t in ("shipments", "returns", "ad_spend")
    }
    assert f"orders of {WEEK}/amazon_settlement_v1.x.txt is not taken: it comes better from amazon_all_orders" in exports.notices


# ---- privacy -------------------------------------------------------------------------------------------------------------------

PLANTS = ["Zebediah Quillfeather", "zebediah@quillfeather.example", "+44 7700 900321", "17 Quillfeather Row", "QF1 9ZZ"]


def planted(names: list[str], personal: list[str]) -> dict[str, str]:
    """Something recognisable in every personal column of a header."""
    private = [n for n in names if any(fnmatch.fnmatchcase(n.strip().lower(), p.lower()) for p in personal)]
    return {n: PLANTS[i % len(PLANTS)] for i, n in enumerate(private)}


@pytest.mark.parametrize("name", [*CASES, "shopify_orders"])
def test_no_personal_value_gets_through(name, tmp_path, caplog, capfd):
    from test_profiles import SHOPIFY

    said, rows = CASES[name][:2] if name in CASES else ("Orders export CSV (79", [SHOPIFY])
    profile = shipped()[name]
    names = numbered(header_of(said)[1])
    # Every personal column of the real header, and one for each pattern that the header has no column of.
    more = [re.sub(r"[^\w)]+$", "", p.replace("*", " ").replace("[0-9]", "1")).strip() for p in profile.personal]
    more = tuple(
        m
        for p, m in zip(profile.personal, more, strict=True)
        if not profile.header and not fnmatch.filter([n.lower() for n in names], p.lower())
    )
    plants = planted([*names, *more], profile.personal)
    assert len(plants) >= len(more) and (plants or not profile.personal)
    # A good row, one whose every other value is wrong, and one that is ragged.
    bad = dict.fromkeys(rows[-1], "?") | plants
    folder = Folder(tmp_path)
    body = written(said, [*(row | plants for row in rows), bad], bool(profile.header), more)
    folder.write(f"{WEEK}/x.csv", body + ("\t" if "\t" in body else ",").join([*plants.values(), "ragged"]) + "\n")
    exports = folder.open()
    exports.quarantine_csv(tmp_path / "quarantine.csv")
    said_of = repr((exports.manifest, exports.notices, exports.quarantine().to_dict("records"), caplog.text, capfd.readouterr()))
    for table in {m["table"] for m in exports.manifest}:
        said_of += exports.rows(table).to_pandas().to_json()
    everything = said_of.encode() + b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "x.csv")
    for parquet in folder.cache.rglob("*"):
        everything += contents(parquet)
    for plant in PLANTS:
        assert plant.encode() not in everything, plant


def contents(path: Path) -> bytes:
    """Every text of a Parquet file, unpacked."""
    if not path.is_file() or path.read_bytes()[:4] != b"PAR1":
        return b""
    import pyarrow.parquet as pq

    return repr(pq.read_table(path).to_pylist()).encode()


def test_the_search_of_the_privacy_test_finds_what_is_there(tmp_path):
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/products.csv", text([{"sku": "A", "name": PLANTS[0]}]))
    exports = folder.open()
    exports.rows("products")
    assert any(PLANTS[0].encode() in contents(p) for p in folder.cache.rglob("*"))
