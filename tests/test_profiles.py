"""Vendor files in a week's folder: told by their header, mapped by a profile, every row accounted for. The rows are made up."""

from __future__ import annotations

import csv
import io

import pytest
from helpers_intake import WEEK, Folder, balanced
from opsreview.intake import profile as profiles
from opsreview.intake.profile import ProfileError, parse, shipped

SHOPIFY = {
    "Name": "#1001", "Financial Status": "paid", "Fulfillment Status": "fulfilled", "Currency": "GBP", "Subtotal": "30.00",
    "Shipping": "5.00", "Taxes": "7.00", "Total": "42.00", "Discount Code": "TEN", "Discount Amount": "2.00",
    "Created at": "2026-11-03 10:00:00 -0500", "Lineitem quantity": "2", "Lineitem name": "Mug", "Lineitem price": "12.00",
    "Lineitem sku": "MUG", "Lineitem discount": "0.50", "Shipping Country": "GB", "Shipping Zip": "'SW1A 1AA", "Cancelled at": "",
    "Source": "web", "Email": "x@example.org",
}  # fmt: skip
SECOND = {
    "Name": "#1001",
    "Created at": "2026-11-03 10:00:00 -0500",
    "Lineitem quantity": "1",
    "Lineitem price": "8.00",
    "Lineitem sku": "CUP",
}


def vendor(rows: list[dict[str, str]], separator: str = ",") -> str:
    """Rows as a vendor writes them: quoted where needed."""
    header = list(dict.fromkeys(c for row in rows for c in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def one(folder: Folder, table: str) -> list[dict]:
    """The rows that stand, as dicts of what the vendor said, without our own columns."""
    exports = folder.open()
    balanced(exports)
    frame = exports.rows(table).to_pandas().sort_values(["file", "line"]).drop(columns=["week", "replaced_in", "deleted", "file"])
    return [{k: v for k, v in row.items() if v == v and v is not None} for row in frame.astype(object).to_dict("records")]


# ---- Shopify orders ------------------------------------------------------------------------------------------------------------


def test_a_shopify_order_is_one_order_and_its_lines_whatever_the_file_is_called(tmp_path):
    folder = Folder(tmp_path)
    folder.write(
        f"{WEEK}/orders_export_1 (2).csv",
        vendor([SHOPIFY, SECOND, SHOPIFY | {"Name": "#1002", "Cancelled at": "2026-11-04 09:00:00 +0000"}]),
    )
    first, second = one(folder, "orders")
    # The subtotal of 30.00 is 2 × 12.00 + 8.00 less 2.00: the order's discount of 2.00 includes its line's 0.50.
    assert {k: v for k, v in first.items() if not k.startswith("ordered_at")} == {
        "order_id": "1001", "channel": "web", "status": "fulfilled", "shipping_charged": 5.0, "order_discount": 1.5, "promo_id": "TEN",
        "ship_country": "GB", "ship_postal": "SW1", "currency": "GBP", "line": 2,
    }  # fmt: skip
    assert str(first["ordered_at"]) == "2026-11-03 15:00:00"
    assert (second["order_id"], second["status"], second["line"]) == ("1002", "cancelled", 4)
    lines = one(folder, "order_lines")
    assert [(r["order_id"], r["line_id"], r["sku"], r["quantity"], r["unit_price"], r.get("line_discount")) for r in lines] == [
        ("1001", "1", "MUG", 2.0, 12.0, 0.5), ("1001", "2", "CUP", 1.0, 8.0, None), ("1002", "1", "MUG", 2.0, 12.0, 0.5),
    ]  # fmt: skip
    exports = folder.open()
    assert [(m["table"], m["profile"], m["rows_read"], m["rows_kept"], m["rows_elsewhere"]) for m in exports.manifest] == [
        ("orders", "shopify_orders", 3, 2, 1), ("order_lines", "shopify_orders", 3, 3, 0),
    ]  # fmt: skip
    assert exports.unrecognised == [] and exports.notices == []


def test_prices_that_include_tax_become_prices_without(tmp_path):
    """24.00 + 6.00 with 5.00 of tax in them are 25.00 without: every amount of the order is 5/6."""
    folder = Folder(tmp_path)
    order = SHOPIFY | {
        "Subtotal": "24.00",
        "Shipping": "6.00",
        "Taxes": "5.00",
        "Total": "30.00",
        "Discount Amount": "0.00",
        "Lineitem discount": "",
    }
    folder.write(f"{WEEK}/x.csv", vendor([order, SECOND]))
    (row,) = one(folder, "orders")
    assert row["shipping_charged"] == 5.0
    assert [r["unit_price"] for r in one(folder, "order_lines")] == [10.0, pytest.approx(20 / 3, abs=1e-6)]


def test_what_is_wrong_is_said_in_the_vendors_words(tmp_path):
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/x.csv", vendor([SHOPIFY | {"Created at": "soon"}, SHOPIFY | {"Name": "#1002", "Lineitem quantity": "two"}]))
    assert folder.reasons() == [
        (f"{WEEK}/x.csv", 2, "order_id", "1001", "unknown_order"),
        (f"{WEEK}/x.csv", 3, "Lineitem quantity", "two", "not_a_number"),
        (f"{WEEK}/x.csv", 2, "Created at", "soon", "not_a_date"),
    ]


def test_a_needed_column_that_is_gone_is_named_with_the_nearest(tmp_path):
    folder = Folder(tmp_path)
    rows = [{("Line item price" if k == "Lineitem price" else k): v for k, v in SHOPIFY.items()}]
    folder.write(f"{WEEK}/x.csv", vendor(rows))
    (notice,) = folder.open().notices
    assert notice == (
        f"{WEEK}/x.csv is Shopify's Orders export, but for order_lines it lacks the column Lineitem price "
        "(unit_price; the nearest is Line item price)"
    )


def test_a_header_that_is_nearly_known_says_what_it_lacks(tmp_path):
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/x.csv", vendor([{("Line sku" if k == "Lineitem sku" else k): v for k, v in SHOPIFY.items()}]))
    exports = folder.open()
    assert exports.unrecognised == [f"{WEEK}/x.csv"]
    assert exports.notices == [
        f"{WEEK}/x.csv is not recognised: looks like Shopify's Orders export, but has no column Lineitem sku (the nearest is Line sku)"
    ]


def test_dates_with_slashes_are_read_where_the_file_says_which_way(tmp_path):
    folder = Folder(tmp_path)
    sure = SHOPIFY | {"Created at": "02/11/2026 10:00"}
    folder.write(f"{WEEK}/x.csv", vendor([sure, sure | {"Name": "#1002", "Created at": "13/11/2026 10:00"}]))
    assert [str(r["ordered_at"]) for r in one(folder, "orders")] == ["2026-11-02 10:00:00", "2026-11-13 10:00:00"]
    folder.write(f"{WEEK}/x.csv", vendor([sure]))
    assert (f"{WEEK}/x.csv", 2, "Created at", "02/11/2026 10:00", "not_a_date") in folder.reasons()


def test_our_own_header_is_known_under_any_name(tmp_path):
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/monday dump.txt", "order_id;ordered_at;channel;status\n1;2026-11-03T10:00:00;web;open\n")
    exports = folder.open()
    assert [(m["table"], m["profile"], m["rows_kept"]) for m in exports.manifest] == [("orders", "canonical", 1)]


def test_parts_of_one_table_from_different_vendors_may_speak_of_different_columns(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.write(f"{WEEK}/x.csv", vendor([SHOPIFY]))
    exports = folder.open()
    assert exports.notices == [] and sorted(exports.rows("orders").order_id.to_pandas()) == ["1", "1001"]


def test_shops_that_count_from_the_same_number_are_kept_apart_by_name(tmp_path):
    """Two Shopify shops with an order 1001 each: told apart by the names of their files, in orders and lines alike."""
    folder = Folder(tmp_path, intake={"sources": {"uk": "*uk*", "us": "*us*"}})
    folder.write(f"{WEEK}/orders-uk.csv", vendor([SHOPIFY]))
    folder.write(f"{WEEK}/orders-us.csv", vendor([SHOPIFY, SECOND]))
    assert [r["order_id"] for r in one(folder, "orders")] == ["uk:1001", "us:1001"]
    assert [(r["order_id"], r["sku"]) for r in one(folder, "order_lines")] == [("uk:1001", "MUG"), ("us:1001", "MUG"), ("us:1001", "CUP")]
    assert folder.open().notices == []


def test_two_vendors_that_give_the_same_order_number_are_named(tmp_path):
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/a.csv", vendor([SHOPIFY]))
    grid = {"ID": "1001", "Purchase Point": "x", "Purchase Date": "2026-11-03 10:00:00", "Grand Total (Base)": "1", "Status": "complete"}
    folder.write(f"{WEEK}/b.csv", vendor([grid | {"Subtotal": "1", "Shipping and Handling": "0"}]))
    assert folder.open().notices == [
        "1 order numbers come from both magento_orders and shopify_orders, and one order replaces the other; "
        "name the shops under [intake.sources] in review.toml to keep them apart"
    ]


def test_a_large_file_goes_through_the_engine_and_says_the_same(tmp_path, monkeypatch):
    rows = [x | {"Name": f"#{n}"} for n in range(300) for x in (SHOPIFY, SECOND)]
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/x.csv", vendor(rows))
    small = [one(folder, t) for t in ("orders", "order_lines")], folder.open().manifest
    monkeypatch.setattr("opsreview.intake.reader.SMALL", 0)
    folder.cache = tmp_path / "another"
    assert ([one(folder, t) for t in ("orders", "order_lines")], folder.open().manifest) == small


# ---- profiles themselves -------------------------------------------------------------------------------------------------------

GOOD = '''
vendor = "V"
report = "R"
needs = ["Id"]
personal = ["Who"]
[tables.products.columns]
sku = "Id"
'''  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("products", "product", "tables.product is no table of the contract; did you mean products?"),
        ("sku =", "skus =", "tables.products.columns.skus is no column of products; did you mean sku?"),
        ('sku = "Id"', 'name = "Id"', "tables.products.columns lacks sku"),
        ('sku = "Id"', 'sku = "Who"', "tables.products reads Who, which `personal` names"),
        ('sku = "Id"', 'sku = { column = "Id", constant = "x" }', "needs exactly one of column, constant and sql"),
        ('sku = "Id"', 'sku = { column = "Id", unit = "stone" }', "unit 'stone' is none of"),
        ('needs = ["Id"]', "", "needs header names to be recognised by"),
        ("[tables", "x = 1\\n[tables", "Extra inputs are not permitted"),
        ("vendor = ", "vendor ", "not TOML"),
    ],
)
def test_a_wrong_profile_says_what_is_wrong(old, new, said):
    parse(GOOD, "good")
    with pytest.raises(ProfileError) as error:
        parse(GOOD.replace(old, new.replace("\\n", "\n")), "good")
    assert said in str(error.value) and str(error.value).startswith("profile good.toml: ")


def test_a_teams_own_profile_is_read_and_wins_and_a_change_of_it_is_noticed(tmp_path):
    folder = Folder(tmp_path, intake={"profiles": "profiles"})
    folder.write("profiles/mine.toml", GOOD)
    folder.write(f"{WEEK}/x.csv", "Id,Who\nA,Zed\n")
    assert [r["sku"] for r in one(folder, "products")] == ["A"]
    folder.write("profiles/mine.toml", GOOD.replace('sku = "Id"', '''sku = { sql = """ "Id" || 'x' """ }'''))
    assert [r["sku"] for r in one(folder, "products")] == ["Ax"]
    folder.write("profiles/mine.toml", GOOD.replace('sku = "Id"', '''sku = { sql = """ nosuch("Id") """ }'''))
    (notice,) = folder.open().notices
    assert f"{WEEK}/x.csv cannot be mapped: the profile mine, table products, is wrong" in notice


def test_every_shipped_profile_loads():
    assert shipped() and all(p.tables or p.unused for p in profiles.load().values())
