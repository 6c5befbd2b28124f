"""The product says what the oracle says: on the cases worked by hand, on random stores, on the sample."""

from collections import defaultdict
from itertools import repeat
from pathlib import Path

import hand
import oracle
import pytest
import random_store
from answers import check
from opsreview import demand
from opsreview.evidence import frames
from opsreview.intake import store as store_module
from opsreview.margin import order_margin
from opsreview.results import newest_week
from opsreview.settings import load
from product import FIGURE, PARTS, Product, differences, frame

ROOT = Path(__file__).parents[1]
STAND_IN = "trailing demand, negative binomial"  # the model of stock-out risk that the oracle knows
PLANS: dict = defaultdict(dict)
LATER = ("creep", "actionable", "total")  # parts of the ledger that need the weeks before: held against the oracle on random stores
MARGIN = [
    "units", "net_revenue", "cost_of_goods", "gross_margin", "packaging", "shipping", "pick_pack", "payment", "channel_fees", "support",
    "returns_reserve", "contribution_margin",
]  # fmt: skip
INVENTORY = [
    "on_hand", "allocated", "available", "in_transit", "units_28d", "daily_demand", "days_of_supply", "sell_through", "excess_units",
    "value_at_cost", "erp_on_hand", "wms_on_hand", "next_quantity",
]  # fmt: skip


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def plans(monkeypatch):
    """Compiled queries: cases with the same settings and exports that differ in rows alone share them.

    That needs the tables of every case to have the same names in its engine, which is its own.
    """
    monkeypatch.setattr(store_module, "_numbers", repeat(0))
    return PLANS


@pytest.mark.parametrize("case", [c for c in hand.all_cases() if c.key not in LATER], ids=str)
def test_by_hand(case, cache, plans, tmp_path, monkeypatch):
    week, settings = hand.write_case(case, tmp_path), case.parsed_settings
    filled = frozenset(table for table, rows in case.tables.items() if rows)
    product = Product(tmp_path, week, settings, cache, plans[settings.model_dump_json(), case.missing, filled])
    if case.kpi == "leak":
        found = product.leak(case.key, monkeypatch), None, None
    elif case.kpi == "order_margin":
        lines = product.order_margin()
        found = lines.loc[lines["order_id"] + "/" + lines["line_id"] == case.key, case.grain].iloc[0], None, None
    else:
        table = product.kpi(case.kpi, monkeypatch).set_index(FIGURE)
        key = (case.kpi, case.grain, case.key)
        # A group without a value may have no row: its parts are then not said either.
        found = tuple(table.loc[key]) if key in table.index else (None, case.expected_numerator, case.expected_denominator)
    check(case, *found)


@pytest.fixture(scope="module", params=range(3), ids="seed {}".format)
def store(request, cache, tmp_path_factory):
    """A random store, as the oracle and as the product know it."""
    folder = tmp_path_factory.mktemp("store")
    week, settings = random_store.write(folder, request.param), random_store.settings(request.param)
    return oracle.read(folder, week, settings), Product(folder, week, settings, cache)


def compare_kpis(expected, found, columns):
    risk = [table["kpi"] == "oos_risk_14d" for table in (expected, found)]
    assert differences(expected[~risk[0]], found[~risk[1]], FIGURE, columns) == []
    if demand.METHOD == STAND_IN:
        assert differences(expected[risk[0]], found[risk[1]], FIGURE, columns, rel=1e-4) == []


def test_nothing_is_set_aside(store):
    assert sum(part["rows_quarantined"] for part in store[1].exports.manifest) == 0


def test_kpis(store):
    known, product = store
    published, charted = product.kpis()
    compare_kpis(oracle.kpis(known), published, PARTS)
    compare_kpis(oracle.weekly_alone(known), charted, ["value"])


def test_order_margin(store):
    known, product = store
    keys = ["order_id", "line_id", "sku", "family", "channel", "shipping_provenance"]
    assert differences(frame(oracle.order_margin(known)), product.order_margin(), keys, MARGIN) == []


def test_sku_margin(store):
    known, product = store
    expected, found = frame(oracle.sku_margin(known)), frames()["sku_margin"](product.books())
    keys = ["sku", "family", "category", "tier", "false_confidence"]
    numbers = [*MARGIN, "gross_margin_share", "contribution_margin_share", "accrued_share", "ad_spend"]
    assert differences(expected, found, keys, numbers) == []


def test_inventory(store):
    known, product = store
    found = frames()["inventory"](product.books())
    if found.empty:
        assert not any(known.has("inventory", known.trailing(28 - 7 * i, 7 * i)) for i in range(4))
        return
    expected = frame([row for row in oracle.inventory_view(known) if row.system])
    assert differences(expected, found, ["sku", "location", "family", "tier", "system"], INVENTORY) == []


@pytest.mark.parametrize("seed", (1, 2), ids="seed {}".format)
def test_ledger(seed, cache, tmp_path):
    """Each week's leaks, with creep, actionable and baselines from the weeks before."""
    week, settings = random_store.write(tmp_path, seed), random_store.settings(seed)
    known, product = oracle.read(tmp_path, week, settings), Product(tmp_path, week, settings, cache)
    ledgers = product.ledgers(known)
    for ago in (0, 1, 5, 9, 14):
        expected, found = oracle.leaks(known.at(week - ago)), ledgers[week - ago]
        assert differences(expected, found, ["leak", "part"], ["amount", "basis_points", "baseline"]) == [], str(week - ago)
        counted = [table[table["part"].isin(["stockout", "overbuy", "excess", "dead_stock"])] for table in (expected, found)]
        assert differences(*counted, ["leak", "part"], ["units"]) == [], str(week - ago)


@pytest.mark.parametrize(
    "gone",
    [
        [("labor", 1)],
        [("picks", 2)],
        [("labor", 1), ("picks", 2), ("labor", 3)],
        [("picks", n) for n in range(91)],
        [("labor", 0), ("picks", 1)],
    ],
    ids=["a week's labor", "a week's picks", "one week has both", "no picks at all", "never both in two weeks"],
)
def test_order_margin_of_windows_that_lack_labor_or_picks(gone, cache, tmp_path):
    """Reading 29: no week's labor is spread over another week's picks, and no gap makes a rate of four weeks fall back to the settings'."""
    week, settings = random_store.write(tmp_path, 0), random_store.settings(0)
    for table, ago in gone:
        for path in (tmp_path / str(week - ago)).glob(f"{table}.*"):
            path.unlink()
    known, product = oracle.read(tmp_path, week, settings), Product(tmp_path, week, settings, cache)
    keys, columns = ["order_id", "line_id", "sku", "family", "channel", "shipping_provenance"], [*MARGIN, "rework", "accrued"]
    for days in (7, 14, 28, 91):
        window = week.trailing(days)
        found = order_margin(product.books(), window).to_pandas()
        assert differences(frame(oracle.order_margin(known, window)), found, keys, columns) == [], days
        if days == 28:
            assert found["pick_pack"].nunique() > 2, "the set cost a line"


def test_sample(cache):
    """The sample's last week."""
    folder, settings = ROOT / "data_samples", load(ROOT / "data_samples" / "review.toml")
    week = newest_week(folder)
    known, product = oracle.read(folder, week, settings), Product(folder, week, settings, cache)
    published, _ = product.kpis()
    compare_kpis(oracle.kpis(known), published, PARTS)
    keys = ["order_id", "line_id", "sku", "family", "channel", "shipping_provenance"]
    assert differences(frame(oracle.order_margin(known)), product.order_margin(), keys, MARGIN) == []
