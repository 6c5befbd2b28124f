"""Real vendor files: each recognised, mapped, every row accounted for, and tied to what the file says of itself."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
from helpers_intake import WEEK, Folder, balanced

# file -> currency, {table: rows that stand}, reasons why rows were not taken
FILES = {
    "shopify/dev_store_orders_export.csv": ("INR", {"orders": 51, "order_lines": 121}),
    "shopify/orders_export.csv.gz": ("CAD", {"orders": 3090}),
    "shopify/inventory_export_current_format_1732.csv": ("CAD", {"inventory": 1535}),
    "shopify/products_export.csv.gz": ("CAD", {"products": 1165}),
    "amazon/50011020300.txt": ("CAD", {"orders": 0, "order_lines": 0, "shipments": 0, "returns": 0, "ad_spend": 0}),
    "amazon/50018020314.txt": ("CAD", {"orders": 1, "order_lines": 1, "shipments": 1, "returns": 1, "ad_spend": 1}),
    "amazon/50034020328.txt": ("CAD", {"orders": 35, "order_lines": 39, "shipments": 37, "returns": 1, "ad_spend": 3}),
    "amazon/settlement_flatfile_v2_sample.txt": ("USD", {"orders": 3, "order_lines": 4, "shipments": 4, "returns": 1, "ad_spend": 0}),
    "shiphero/shiphero_shipments_report_sample.csv": ("USD", {"shipments": 500}),
}


def vendor_file(shared: Path, name: str) -> bytes:
    path = shared / "vendor" / name
    if not path.is_file():
        pytest.skip(f"no vendor files: OPSREVIEW_SHARED has no vendor/{name}")
    return gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_recognised_and_every_row_accounted_for(name, shared, tmp_path):
    currency, expected = FILES[name]
    folder = Folder(tmp_path, currency=currency)
    folder.write(f"{WEEK}/as it came.txt", vendor_file(shared, name))
    exports = folder.open()
    balanced(exports)
    assert exports.unrecognised == []
    assert exports.quarantine().empty
    kept = {m["table"]: m["rows_kept"] for m in exports.manifest if m["rows_read"]}
    assert kept == expected
    assert [n for n in exports.notices if "tie" in n] == []


def test_the_shoe_shops_orders_without_prices_say_what_their_lines_lack(shared, tmp_path):
    folder = Folder(tmp_path, currency="CAD")
    folder.write(f"{WEEK}/x.csv", vendor_file(shared, "shopify/orders_export.csv.gz"))
    assert any("for order_lines it lacks the column Lineitem price" in n for n in folder.open().notices)


@pytest.mark.parametrize("name", [n for n in FILES if n.startswith("amazon")])
def test_a_settlement_ties_to_its_total_to_the_cent_reckoned_here_too(name, shared):
    """In whole cents, apart from the code under test: every amount of every row makes the total-amount of the first."""
    rows = list(csv.DictReader(vendor_file(shared, name).decode("utf-8-sig").splitlines(), delimiter="\t"))
    amounts = [c for c in rows[0] if c and (c.endswith("-amount") or c == "amount") and c != "total-amount"]
    cents = sum(round(float(row[c]) * 100) for row in rows for c in amounts if (row[c] or "").strip())
    assert cents == round(float(rows[0]["total-amount"]) * 100)


def test_what_a_settlement_says_of_its_orders_is_what_was_mapped(shared, tmp_path):
    """Principal of orders = quantity × price; commissions = channel_fee; FBA's fees = label_cost: to the cent, from the file's own rows."""
    name = "amazon/50034020328.txt"
    rows = list(csv.DictReader(vendor_file(shared, name).decode("utf-8-sig").splitlines(), delimiter="\t"))
    orders = [r for r in rows if r["transaction-type"] == "Order"]

    def cents(amount: str, of: list[dict], wanted: object) -> int:
        return sum(round(float(r[amount]) * 100) for r in of if (r[amount] or "").strip() and wanted(r))

    folder = Folder(tmp_path, currency="CAD")
    folder.write(f"{WEEK}/x.txt", vendor_file(shared, name))
    exports = folder.open()
    lines, heads, parcels = (exports.rows(t).to_pandas() for t in ("order_lines", "orders", "shipments"))
    fee = "item-related-fee-amount"
    assert round((lines.quantity * lines.unit_price).sum() * 100) == cents("price-amount", orders, lambda r: r["price-type"] == "Principal")
    fba = [r for r in orders if r["item-related-fee-type"].startswith("FBA")]
    assert round(parcels.label_cost.sum() * 100) == -cents(fee, fba, lambda r: True) - cents(
        "shipment-fee-amount", orders, lambda r: r["shipment-fee-type"].startswith("FBA")
    )
    assert round(heads.channel_fee.sum() * 100) == -cents(fee, [r for r in orders if r not in fba], lambda r: True) - cents(
        "order-fee-amount", orders, lambda r: True
    ) - cents("shipment-fee-amount", orders, lambda r: not r["shipment-fee-type"].startswith("FBA"))


def test_what_a_settlement_took_for_advertising_is_ad_spend(shared, tmp_path):
    rows = list(csv.DictReader(vendor_file(shared, "amazon/50034020328.txt").decode("utf-8-sig").splitlines(), delimiter="\t"))
    cents = sum(round(float(r["item-related-fee-amount"]) * 100) for r in rows if r["item-related-fee-type"] == "Cost of Advertising")
    folder = Folder(tmp_path, currency="CAD")
    folder.write(f"{WEEK}/x.txt", vendor_file(shared, "amazon/50034020328.txt"))
    assert round(folder.table("ad_spend").amount.sum() * 100) == -cents != 0


def test_every_ups_charge_description_has_a_type_and_the_great_ones_the_right_one(shared, tmp_path):
    from test_profiles_rows import written
    from vendor_rows import UPS

    said = list(csv.DictReader(vendor_file(shared, "ups/ups_charge_descriptions.csv").decode("utf-8-sig").splitlines()))
    rows = [UPS | {"Charge Description": r["Charge Description"], "Net Amount": "1.00", "Invoice Amount": str(len(said))} for r in said]
    folder = Folder(tmp_path)
    folder.write(f"{WEEK}/x.csv", written("Billing Center", rows, headless=True))
    exports = folder.open()
    assert exports.notices == [] and exports.quarantine().empty
    frame = exports.rows("carrier_charges").to_pandas().sort_values("line")
    found = dict(zip([r["Charge Description"] for r in said], frame.charge_type, strict=True))
    by_category = {}
    for r in said:
        by_category.setdefault(r["Charge Category"], set()).add(found[r["Charge Description"]])
    assert by_category["Transportation Charge"] == {"base"}
    assert by_category["Fuel Surcharge"] == {"fuel"}
    assert by_category["Address Correction"] == {"address_correction"}
    assert by_category["Residential Surcharge"] == {"residential"}
    assert by_category["Demand Surcharge"] == by_category["Surge Fee - Com"] == {"peak"}
    assert by_category["Transportation Charge - Return"] == by_category["Return To Sender Request"] == {"return_to_sender"}
    assert by_category["AHS"] == by_category["Over Maximum Size"] == {"dimensional"}
    assert by_category["Delivery Intercept"] == by_category["Reroute"] == {"redelivery"}


def test_the_250_names_are_those_of_the_carriers_own_header(shared):
    from opsreview.intake.profile import shipped

    names = next(csv.reader([vendor_file(shared, "ups/ups_billing_csv_header_250.csv").decode("utf-8-sig").splitlines()[0]]))
    assert shipped()["ups_billing"].header == names
