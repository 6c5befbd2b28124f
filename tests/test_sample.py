"""The made-up store: the same bytes twice, in the contract's form, adding up, and with what it says is planted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from opsreview import catalog
from opsreview.intake.schema import EXTENSIONS, TABLES
from opsreview.sample import make_store
from opsreview.sample.meetings import DECIDED, SIGNED
from opsreview.weeks import Week

LAST = Week.parse("2026-W46")
SMALL = {"seed": 3, "weeks": 6, "last_week": LAST, "skus": 48, "orders_per_week": 260}
DATA = Path(__file__).parent.parent / "data_samples"
BUDGET = 12_000_000  # bytes that the committed store may weigh


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("planted")
    return out, make_store(out, **SMALL)


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("clean")
    assert make_store(out, **SMALL, plants=False)["plants"] == []
    return out


def read(path: Path) -> pd.DataFrame:
    """One file as text, empty cells missing."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas().astype("string")
    if path.suffix == ".xlsx":
        return pd.read_excel(path, engine="calamine", dtype="string")
    return pd.read_csv(path, dtype="string")


def versions(root: Path, table: str) -> pd.DataFrame:
    """Every row of a table in order of the folders, typed, with its `week`."""
    frames = [read(path).assign(week=path.parent.name) for path in sorted(root.glob(f"*/{table}.*"))]
    rows = pd.concat(frames, ignore_index=True)
    for column in TABLES[table].columns:
        if column.name not in rows:
            continue
        if column.type == "number":
            rows[column.name] = pd.to_numeric(rows[column.name])
        elif column.type in ("date", "timestamp"):
            moments = pd.to_datetime(rows[column.name], format="ISO8601", utc=True)
            rows[column.name] = moments.dt.tz_localize(None)
    return rows


def newest(root: Path, table: str) -> pd.DataFrame:
    """The current row of each key."""
    rows = versions(root, table)
    return rows.drop_duplicates([k for k in TABLES[table].keys if k in rows], keep="last")


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_same_arguments_same_bytes(planted, tmp_path):
    again = make_store(tmp_path, **SMALL)
    assert again == planted[1]
    assert files(tmp_path) == files(planted[0])


def test_another_seed_is_another_store(planted, tmp_path):
    make_store(tmp_path, **SMALL | {"seed": 4, "weeks": 1})
    week = tmp_path / str(LAST) / "orders.csv.gz"
    assert week.read_bytes() != (planted[0] / str(LAST) / "orders.csv.gz").read_bytes()


NOT_PLANTED = {"edi_unanswered"}  # its documents are not made
NOT_MADE = {"purchase_invoices", "documents"}  # the made-up shop has neither suppliers' invoices nor EDI


def test_every_table_and_column_is_of_the_contract(planted):
    seen = set()
    for path in planted[0].glob("20*/*"):
        table = path.name.split(".")[0]
        extension = "." + path.name.split(".", 1)[1] if table != "inventory" and path.name.count(".") < 3 else path.suffix
        assert path.suffix in {"." + e.rsplit(".", 1)[1] for e in EXTENSIONS}, extension
        frame = read(path)
        assert list(frame.columns) == [c for c in TABLES[table].names if c in frame.columns], path.name
        seen.add(table)
    assert seen == set(TABLES) - NOT_MADE


def test_every_value_has_its_type(planted):
    for path in planted[0].glob("20*/*"):
        frame = read(path)
        for column in TABLES[path.name.split(".")[0]].columns:
            if column.name not in frame:
                assert column.optional, (path.name, column.name)
                continue
            values = frame[column.name]
            where = (path.parent.name, path.name, column.name)
            if not column.optional:
                assert values.notna().all(), where
            values = values.dropna()
            if column.type == "number":
                numbers = pd.to_numeric(values)
                assert not column.non_negative or (numbers >= 0).all(), where
            elif column.type in ("date", "timestamp"):
                pd.to_datetime(values, format="ISO8601", utc=True)
            elif column.type == "choice":
                assert set(values) <= set(column.choices), where
            elif column.type == "boolean":
                assert set(values.str.lower()) <= {"true", "false"}, where


def test_a_folder_holds_only_what_was_known_by_its_end(planted):
    for name, table in TABLES.items():
        if name in NOT_MADE:
            continue
        rows = versions(planted[0], name)
        ends = pd.to_datetime([Week.parse(week).end for week in rows["week"]])
        for column in table.columns:
            if column.event and column.name in rows:
                assert not (rows[column.name] >= ends).any(), (name, column.name)


def test_keys_are_unique_within_a_folder(planted):
    for name, table in TABLES.items():
        if name in NOT_MADE:
            continue
        rows = versions(planted[0], name)
        assert not rows.duplicated([*(k for k in table.keys if k in rows), "week"]).any() or name == "labor", name


def test_every_line_has_its_order_and_product(planted):
    orders, lines, products = (newest(planted[0], t) for t in ("orders", "order_lines", "products"))
    assert set(lines["order_id"]) == set(orders["order_id"])
    assert set(lines["sku"]) <= set(products["sku"])
    assert (lines["cancelled_quantity"].fillna(0) < lines["quantity"]).all()


@pytest.mark.parametrize("which", ["planted", "clean"])
def test_stock_adds_up(which, request):
    """On hand = on hand the day before + received + restocked − transferred out − picked, for every product, place and day."""
    root = request.getfixturevalue(which)
    root = root[0] if isinstance(root, tuple) else root
    stock = newest(root, "inventory").query("system == 'wms'")
    stock = stock.assign(day=stock["snapshot_at"].dt.normalize())
    days = pd.date_range(stock["day"].min(), stock["day"].max())
    cells = pd.MultiIndex.from_product([sorted(stock["sku"].unique()), ["north", "south"], days], names=["sku", "location", "day"])
    on_hand = stock.set_index(["sku", "location", "day"])["on_hand"].reindex(cells).fillna(0)

    def by_day(rows: pd.DataFrame, time: str, amount: str) -> pd.Series:
        return rows.groupby(["sku", "location", rows[time].dt.normalize().rename("day")])[amount].sum().reindex(cells).fillna(0)

    receipts = versions(root, "inbound").dropna(subset=["stocked_at"])
    receipts = receipts.drop_duplicates(["document_id", "line_id", "stocked_at"], keep="last").sort_values("stocked_at", kind="stable")
    before = receipts.groupby(["document_id", "line_id"])["quantity_received"].shift().fillna(0)
    receipts["came"] = receipts["quantity_received"] - before
    moved = newest(root, "inbound").query("kind == 'transfer'")
    moved = moved.assign(location=moved["source_location"])
    back = newest(root, "returns").query("disposition == 'restock'").assign(location="north")
    change = by_day(receipts, "stocked_at", "came") + by_day(back, "disposed_at", "quantity")
    change -= by_day(moved, "ordered_on", "quantity_ordered") + by_day(newest(root, "picks"), "picked_at", "quantity")
    off = (on_hand - on_hand.groupby(level=["sku", "location"]).shift() - change).dropna()
    # In the first days orders from before the first folder are still being picked.
    assert (off[off.index.get_level_values("day") >= days[0] + pd.Timedelta(days=5)] == 0).all()


def test_allocated_is_what_is_ordered_and_not_picked(clean):
    """Σ allocated at the last evening = units of open orders' lines that were not picked by then."""
    stock = newest(clean, "inventory").query("system == 'wms'")
    last = stock[stock["snapshot_at"] == stock["snapshot_at"].max()]
    orders, lines, picks = (newest(clean, t) for t in ("orders", "order_lines", "picks"))
    kept = lines[lines["order_id"].isin(orders[orders["status"] != "cancelled"]["order_id"])]
    units = (kept["quantity"] - kept["cancelled_quantity"].fillna(0)).groupby(kept["sku"]).sum()
    picked = picks.groupby("sku")["quantity"].sum()
    open_units = units.sub(picked, fill_value=0)
    allocated = last.groupby("sku")["allocated"].sum()
    assert open_units[open_units != 0].to_dict() == allocated[allocated != 0].to_dict()


def test_invoices_of_the_clean_store_follow_the_rate_card(clean):
    charges, shipments, card = (newest(clean, t) for t in ("carrier_charges", "shipments", "carrier_rates"))
    base = charges[charges["charge_type"] == "base"].merge(shipments, on="shipment_id")
    card = card[card["valid_from"] == card["valid_from"].max()].sort_values("max_weight_kg")
    base = pd.merge_asof(
        base.sort_values("billed_weight_kg"), card, left_on="billed_weight_kg", right_on="max_weight_kg",
        by=["carrier", "service", "zone"], direction="forward",
    )  # fmt: skip
    assert len(base) > 200
    np.testing.assert_allclose(base["amount"], base["cost"], atol=0.02)


def test_a_leak_changes_what_it_is_about_and_nothing_else(planted, clean):
    """The picks of the south go wrong exactly where they would have; those of the north more often."""
    both = [newest(root, "picks").query("picked_at >= '2026-11-09'").set_index("pick_id") for root in (planted[0], clean)]
    with_leaks, without = (b.loc[both[0].index.intersection(both[1].index)] for b in both)
    assert len(without) > 300
    south = without["location"].eq("south") & with_leaks["location"].eq("south")
    pd.testing.assert_series_equal(with_leaks.loc[south, "error_type"], without.loc[south, "error_type"])
    north = ~south
    assert with_leaks.loc[north, "error_type"].notna().sum() > without.loc[north, "error_type"].notna().sum()


class TestCommitted:
    """The store that is in the repository, against its own record."""

    @property
    def record(self) -> dict:
        return json.loads((DATA / "plants.json").read_text(encoding="utf-8"))

    def entities(self, check: str) -> list[str]:
        return [p["entity"] for p in self.record["plants"] if p["check"] == check]

    def test_weighs_little(self):
        assert sum(p.stat().st_size for p in DATA.rglob("*") if p.is_file()) < BUDGET

    def test_is_what_its_readme_says_makes_it(self, tmp_path):
        record = self.record
        last, first = (Week.parse(record[name]) for name in ("last_week", "first_week"))
        weeks = (last.monday - first.monday).days // 7 + 1
        size = {name: record[name] for name in ("seed", "skus", "orders_per_week")}
        make_store(tmp_path, weeks=weeks, last_week=last, **size)
        made, there = files(tmp_path), files(DATA)
        assert set(made) == set(there)
        assert [name for name in made if made[name] != there[name]] == []

    def test_every_check_of_the_catalog_has_a_plant(self):
        assert {p["check"] for p in self.record["plants"]} >= set(catalog.checks()) - NOT_PLANTED

    def test_readme_names_every_plant(self):
        text = (DATA / "README.md").read_text(encoding="utf-8")
        assert all(f"| `{p['check']}` | `{p['entity']}` |" in text for p in self.record["plants"])

    def test_labels_without_a_parcel_are_in_the_south(self):
        s = newest(DATA, "shipments")
        old = s[(s["label_created_at"] < "2026-11-14") & s["shipped_at"].isna()]
        assert set(old["location"]) == set(self.entities("label_not_shipped"))
        assert len(old) >= 20

    def test_charges_come_twice_on_the_invoice_named(self):
        c = newest(DATA, "carrier_charges")
        again = c[c.duplicated(["shipment_id", "charge_type", "amount"], keep="first")]
        assert set(again["invoice_id"]) == set(self.entities("duplicate_charge"))
        expected = next(p["expected"] for p in self.record["plants"] if p["check"] == "duplicate_charge")
        assert again["amount"].sum() == pytest.approx(expected, rel=0.01)

    def test_dead_stock_lies_there_unsold(self):
        (sku,) = self.entities("dead_stock")
        lines = newest(DATA, "order_lines").merge(newest(DATA, "orders"), on="order_id")
        assert lines[lines["sku"] == sku]["ordered_at"].max() < pd.Timestamp(LAST.trailing(91).start)
        stock = newest(DATA, "inventory").query(f"sku == '{sku}' and system == 'wms'")
        assert stock[stock["snapshot_at"] == stock["snapshot_at"].max()]["on_hand"].sum() > 0

    def test_sold_out_product_is_sold_out_and_advertised(self):
        (sku,) = self.entities("wasted_spend")
        stock = newest(DATA, "inventory").query(f"sku == '{sku}' and system == 'erp' and snapshot_at >= '2026-11-10'")
        assert len(stock) >= 10
        assert stock["on_hand"].sub(stock["allocated"]).le(3).all()  # the ERP may be a unit or two off
        ads = newest(DATA, "ad_spend").query(f"sku == '{sku}' and spend_date >= '2026-11-09'")
        assert ads["amount"].sum() > 100

    def test_the_last_folder_lacks_what_it_should(self):
        last = DATA / str(LAST)
        for table in self.entities("export_missing"):
            assert not list(last.glob(f"{table}.*"))
            assert list((DATA / str(LAST - 1)).glob(f"{table}.*"))
        assert "promo_id" not in read(last / "orders.csv.gz")
        assert versions(DATA, "ad_spend")["spend_date"].max() == pd.Timestamp("2026-11-12")

    def test_documents_named_are_there(self):
        inbound = newest(DATA, "inbound")
        lines = set(inbound["document_id"] + "/" + inbound["line_id"])
        named = [e for check in ("inbound_eta_slip", "asn_delayed", "receipt_mismatch") for e in self.entities(check)]
        assert named
        assert set(named) <= lines
        for check in ("receipt_mismatch", "invoice_mismatch"):
            assert any(e in lines for e in self.entities(check)), check


def test_what_was_decided_is_about_what_is_found_and_signed_off_as_exported(sample_results):
    """Every decision of the committed store is about a finding of its week, every sign-off about data that still stands.

    But for the SKU that a purchase has since shown to cost more than was signed for: it is to be signed anew.
    """
    kept = sample_results.decisions
    assert len(kept) == len(DECIDED) and kept["title"].notna().all() and kept["impact_then"].notna().all()
    assert {"gone", "smaller", "larger", "unchanged"} <= set(kept["outcome"]) and kept["overdue"].any() and not kept["overdue"].all()
    audit = sample_results.audit.skus
    signed = sum(last - first for _, first, last in SIGNED)
    anew = audit[audit["state"] == "changed since"]
    assert (audit["state"] == "signed off").sum() == signed - len(anew) and anew["flaws"].str.startswith("last bought at ").tolist() == [
        True
    ]
    assert (audit.loc[audit["state"] == "signed off", "flaws"] == "").all()


def test_a_clean_store_has_nothing_to_decide(clean):
    assert not (clean / "decisions").exists() and (clean / "review.toml").is_file()
