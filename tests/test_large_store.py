"""The store of the benchmark, small: the product's lines beside hand-written SQL, and every cent of a component in one place of each table.

Where each cost of each line comes from is held to the SQL and to pandas as well: neither knows the product's rules but as docs/margin.md.

The same is held of a million lines and more by `make bench` (benchmarks/order_margin.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

import large_store
import order_margin as bench
from opsreview.books import Books
from opsreview.evidence import frames
from opsreview.margin import order_margin
from opsreview.measure import ORDER_MARGIN
from opsreview.provenance import of_lines, provenance

CENT = 0.005
LINES = 10_000


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    large_store.write(folder / "exports", LINES)
    bench.read(folder)
    return folder


@pytest.fixture(scope="module")
def books(store) -> Books:
    found = bench.exports(store)
    return Books(found.known(large_store.LAST), found.settings)


@pytest.fixture(scope="module")
def lines(books) -> pd.DataFrame:
    return of_lines(provenance(books, bench.WINDOW)).to_pandas().sort_values(["order_id", "line_id"], ignore_index=True)


def test_the_store_holds_every_case(store, lines):
    assert LINES * 0.9 < len(lines) < LINES
    assert set(lines["shipping_provenance"]) == {"invoiced", "label", "accrued"}
    assert all(len(set(lines[f"{cost}_kind"])) > 1 for cost in ("shipping", "pick_pack", "payment", "channel_fees", "support"))
    for case in (lines["cost_of_goods"].isna(), lines["family"] == "(unknown)", lines["rework"] > 0, lines["units"] == 0):
        assert 0 < case.sum() < len(lines) / 2
    assert not [m for m in bench.exports(store).manifest if m["rows_quarantined"]]


@pytest.mark.parametrize("way", ["sql", "pandas"])
def test_each_line_is_what_was_written_by_hand(store, lines, way):
    getattr(bench, way)(store, store / f"{way}.parquet")
    by_hand = pd.read_parquet(store / f"{way}.parquet")
    assert list(by_hand.columns) == list(ORDER_MARGIN)
    for column in ORDER_MARGIN:
        pd.testing.assert_series_equal(lines[column], by_hand[column], check_dtype=False, rtol=0, atol=1e-9, obj=column)


def test_the_benchmark_sees_a_cent_that_is_lost(store, lines):
    bench.product(store, store / "product.parquet")
    whole = pd.read_parquet(store / "product.parquet")
    pd.testing.assert_frame_equal(whole, lines[list(ORDER_MARGIN)], check_dtype=False)
    for column, value in (("shipping", whole.shipping[0] - 0.01), ("support_kind", "missing")):
        less = whole.copy()
        less.loc[0, column] = value
        less.to_parquet(store / "sql.parquet", index=False)
        said = bench.disagreements(store, ["product", "sql"])
        assert said
        assert all(line.startswith(column) for line in said)


@pytest.mark.parametrize("frame", ["sku_margin", "family_margin", "channel_margin"])
def test_lines_are_skus_are_families_are_channels(books, lines, frame):
    week = order_margin(books, books.week.window).to_pandas()
    costed = week[week["cost_of_goods"].notna()]
    groups = frames()[frame](books)
    groups = groups[groups["cost_of_goods"].notna()] if frame == "sku_margin" else groups
    for component in bench.MONEY:
        assert costed[component].abs().sum() > 1
        assert abs(groups[component].sum() - costed[component].sum()) < CENT, component


def test_orders_are_their_lines(store, books, lines):
    """What an order's own documents say reaches its lines whole: its money, its fees, its parcels once they are invoiced, its tickets."""
    con = bench.standing(store)
    orders = lines.groupby("order_id")[["net_revenue", "payment", "channel_fees", "shipping", "support"]].sum()
    said = con.execute("SELECT order_id, payment_fee, channel_fee FROM orders").df().set_index("order_id").loc[orders.index]
    for component, fee in (("payment", "payment_fee"), ("channel_fees", "channel_fee")):
        own = said[fee].dropna()
        assert len(own) and (orders.loc[own.index, component] - own).abs().max() < CENT
    goods = "sum(greatest(quantity - coalesce(cancelled_quantity, 0), 0) * unit_price - coalesce(line_discount, 0))"
    extra = "any_value(coalesce(shipping_charged, 0) - coalesce(order_discount, 0))"
    net = con.execute(f"SELECT order_id, {goods} + {extra} AS net FROM order_lines JOIN orders USING (order_id) GROUP BY 1").df()
    assert (orders["net_revenue"] - net.set_index("order_id")["net"].reindex(orders.index)).abs().max() < CENT
    invoiced = lines.loc[lines["shipping_provenance"] == "invoiced", "order_id"].unique()
    billed = con.execute("SELECT order_id, sum(amount) AS m FROM carrier_charges JOIN shipments USING (shipment_id) GROUP BY 1").df()
    assert (orders.loc[invoiced, "shipping"] - billed.set_index("order_id")["m"].loc[invoiced]).abs().max() < CENT
