"""Vendors' files as they come, and nothing configured but time zone and currency: three reviews, no personal value in any."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers_edi import x12
from opsreview.run import run_week
from test_edi_messages import ASN
from test_profiles import SECOND, SHOPIFY, vendor
from test_profiles_rows import PLANTS, contents, planted, written
from vendor_rows import UPS

WEEK, ORDERS = "2026-W45", 40
STOCK = {"Location": "London", "Committed (not editable)": "3", "Available (not editable)": "9"}
GOODS = {"Type": "Kitchen", "Vendor": "Acme", "Status": "active", "Variant Price": "9.00", "Variant Grams": "250", "Cost per item": "3.10"}


def mixed(folder: Path) -> None:
    """A Shopify shop, a ShipHero warehouse, a UPS invoice, an EDI ship notice: made up, a week of 40 equal orders of 2 lines."""
    private = planted(["Email", "Billing Name", "Billing Street", "Shipping Name", "Shipping Phone", "Notes"], ["*"])
    orders, labels, charges = [], [], []
    for n in range(ORDERS):
        when = {"Name": f"#{1001 + n}", "Created at": f"2026-11-0{2 + n % 6} 10:00:00 +0000"}
        orders += [SHOPIFY | private | when, SECOND | when]
        labels.append(
            {"Shipping Label ID": f"SL{n}", "Order date": f"2026-11-0{2 + n % 6}", "Warehouse": "London", "Carrier": "ups",
             "Label Cost": "5.00", "Shipping Method": "Ground", "Weight (lb)": "2", "Order Number": f"#{1001 + n}",
             "Tracking Number": f"1Z{n}", "Email": PLANTS[1]}
        )  # fmt: skip
        base = {"Charge Classification Code": "FRT", "Charge Description": "Ground Residential", "Net Amount": "6.00"}
        charges.append(UPS | base | {"Tracking Number": f"1Z{n}", "Invoice Amount": f"{6 * ORDERS}.00", "Receiver Name": PLANTS[0]})
    goods = [GOODS | {"Handle": s, "Title": s, "Variant SKU": s} for s in ("MUG", "CUP")]
    files = {
        "orders_export_1.csv": vendor(orders),
        "products_export (3).csv": written("Products export CSV (2023)", goods),
        "inventory-2026.csv": written("Inventory export CSV (current", [STOCK | {"Title": s, "SKU": s} for s in ("MUG", "CUP")]),
        "report.txt": written("Shipments report", labels, more=("Order Number", "Tracking Number", "Email")),
        "Invoice_000000.csv": written("Billing Center", charges, headless=True),
    }
    week = folder / WEEK
    week.mkdir(parents=True)
    for name, body in files.items():
        (week / name).write_text(body, encoding="utf-8")
    (week / "in-0001.x12").write_bytes(x12("856", ASN))
    (folder / "review.toml").write_text('timezone = "Europe/London"\nreporting_currency = "GBP"\n', encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder's reviews, with a cache of their own that can be searched."""
    root = tmp_path_factory.mktemp("mixed")
    mixed(root / "exports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPSREVIEW_CACHE", str(root / "cache"))
        outcome = run_week(root / "exports", "", root / "reports", "", str(root / "decisions"), ["monday", "wednesday", "friday"])
    return root, outcome


def test_the_three_reviews_are_there_and_every_file_was_used(run):
    root, outcome = run
    assert {p.name for p in outcome.folder.glob("*.html")} >= {"monday.html", "wednesday.html", "friday.html"}
    said = json.loads((outcome.folder / "run.json").read_text(encoding="utf-8"))
    profiles = {(Path(i["path"]).name, i["profile"]) for i in said["inputs"]}
    assert profiles >= {
        ("orders_export_1.csv", "shopify_orders"), ("products_export (3).csv", "shopify_products"),
        ("inventory-2026.csv", "shopify_inventory"),
        ("report.txt", "shiphero_shipments"), ("Invoice_000000.csv", "ups_billing"),
    }  # fmt: skip
    assert {name for name, _ in profiles} == {p.name for p in (root / "exports" / WEEK).iterdir()}
    assert said["unrecognised"] == []
    fates = ("kept", "replaced", "duplicate", "deleted", "quarantined", "elsewhere")
    for i in said["inputs"]:
        assert i["rows_read"] + i["rows_split"] == sum(i[f"rows_{f}"] for f in fates), i


def test_the_figures_are_those_of_the_files(run):
    """40 orders of 2 × 12.00 + 8.00 less 2.00, and 5.00 for shipping; goods cost 3 × 3.10 an order; UPS charges 6.00 for each."""
    kpis = pd.read_csv(run[1].folder / "kpis.csv")
    value = kpis[(kpis.grain == "all") & (kpis.review == "friday")].set_index("kpi")["value"]
    assert value["net_revenue"] == pytest.approx(ORDERS * 35.0)
    assert value["gross_margin"] == pytest.approx(1 - 9.3 / 35, abs=1e-9)
    margin = pd.read_parquet(run[1].folder / "order_margin.parquet")
    assert margin["shipping"].sum() == pytest.approx(ORDERS * 6.0)


def test_no_personal_value_is_anywhere(run, capfd):
    root, _ = run
    out = b"".join(p.read_bytes() for p in root.rglob("*") if p.is_file() and "exports" not in p.relative_to(root).parts)
    out += b"".join(contents(p) for p in root.rglob("*")) + repr(capfd.readouterr()).encode()
    assert [plant for plant in PLANTS if plant.encode() in out] == []
