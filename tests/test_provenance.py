"""Where costs come from: every cent of a cost is of one kind, at every grain; each kind by hand; a sign that hangs on a rule is marked."""

from __future__ import annotations

import pandas as pd
import pytest
import random_store
from fake_known import FakeKnown, settings
from hand_shop import ago, charge, label, product, together
from opsreview.books import Books
from opsreview.intake.store import open_exports
from opsreview.margin import COMPONENTS
from opsreview.provenance import KINDS, money_by_kind, of_lines, provenance, sign_depends

CENT = 0.005


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """Three seeds in one: a store with all tables is enough for the sums, the hand-made rows have the gaps."""
    folder = tmp_path_factory.mktemp("store")
    week = random_store.write(folder, 3, weeks=14, orders_per_week=30)
    exports = open_exports(folder, week, random_store.settings(3), tmp_path_factory.mktemp("cache"))
    return Books(exports.known(week), exports.settings)


@pytest.mark.parametrize("grain", ["line", "sku", "family", "channel", "all"])
def test_every_cent_of_a_cost_is_of_one_kind(books, grain):
    t = provenance(books, books.week.window).filter(lambda t: t.costed)
    keys = {"line": ["order_id", "line_id"], "all": []}.get(grain, [grain])
    costs = {"costs": t.costs.sum(), "net": t.net_revenue.sum()}
    sums = (t.group_by(*keys) if keys else t).aggregate(**money_by_kind(t, grain), **costs).to_pandas()
    pd.testing.assert_series_equal(sums[list(KINDS)].sum(axis=1), sums["costs"], check_names=False, atol=1e-9)
    assert (sums[list(KINDS)].sum() > 1).all(), "a store in which every kind is met"


def test_a_wider_group_shares_less(books):
    t = provenance(books, books.week.window).filter(lambda t: t.costed)
    shared = {g: t.aggregate(**money_by_kind(t, g)).to_pandas().iloc[0] for g in ("line", "sku", "family", "all")}
    allocated = [shared[g].allocated for g in ("line", "sku", "family", "all")]
    assert allocated == sorted(allocated, reverse=True) and allocated[0] > allocated[-1]


def test_a_line_says_where_each_component_comes_from(books):
    rows = of_lines(provenance(books, books.week.window)).to_pandas()
    for component in ("cost_of_goods", *COMPONENTS):
        assert set(rows[f"{component}_kind"]) <= {*KINDS, "missing"}
    assert set(rows["cost_of_goods_kind"]) == {"contracted", "missing"}
    assert (rows["missing"] == (rows[[f"{c}_kind" for c in ("cost_of_goods", *COMPONENTS)]] == "missing").sum(axis=1)).all()
    assert rows["allocated"].sum() == pytest.approx(rows["costs"].sum() - rows[["measured", "contracted", "accrued"]].sum().sum())


# ---- by hand: one order in W; each row varies one thing -------------------------------------------------------------------------

LONG_AGO = "2026-10-20"


def store(lines: int = 1, skus: tuple[str, ...] = ("A", "B"), order: dict | None = None, **tables: list[dict]) -> dict[str, list[dict]]:
    """Order A-web-3, 40 a line; nothing else is known but what is given."""
    rows = [{"order_id": "A-web-3", "line_id": str(i + 1), "sku": skus[i], "quantity": 1, "unit_price": 40.0} for i in range(lines)]
    base = {
        "products": [product(s, packaging_cost=0.5, weight_kg=1.0) for s in ("A", "B")],
        "orders": [{"order_id": "A-web-3", "ordered_at": f"{ago(3)} 12:00", "channel": "web", "status": "open", **(order or {})}],
        "order_lines": rows,
    }
    return together(base, tables) | {k: v for k, v in tables.items() if k in ("products",)}


def first_line(tables: dict[str, list[dict]], **given) -> pd.Series:
    books = Books(FakeKnown(tables), settings(**given))
    try:
        return of_lines(provenance(books, books.week.window)).order_by("line_id").to_pandas().iloc[0]
    finally:
        books.close()


INVOICED = {"shipments": label(f"{ago(3)} 13:00"), "carrier_charges": [charge("1", 20, 9.0)]}
LABOR = {
    "labor": [{"work_date": ago(3), "location": "BER", "role": "pick", "hours": 1.0, "cost": 20.0}],
    "picks": [{"pick_id": "1", "order_id": "A-web-3", "line_id": "1", "sku": "A", "location": "BER", "picked_at": f"{ago(3)} 13:00",
               "quantity": 1, "rework_minutes": 0}],
}  # fmt: skip
SLOW = {**LABOR, "picks": [{**LABOR["picks"][0], "rework_minutes": 45}]}
OTHER = {**LABOR, "picks": [{**LABOR["picks"][0], "line_id": "9"}]}
TICKET = {"support_tickets": [{"ticket_id": "T", "order_id": "A-web-3", "opened_at": f"{ago(2)} 10:00", "topic": "x", "cost": 3.0}]}


@pytest.mark.parametrize(
    ("component", "kind", "money", "lines", "tables"),
    [
        ("cost_of_goods", "contracted", 4.0, 1, {}),
        ("packaging", "contracted", 0.5, 1, {}),
        ("packaging", "missing", 0.0, 1, {"products": [product("A")]}),
        ("shipping", "accrued", 8.0, 1, {}),  # nothing says what a parcel costs: the setting, until it is known
        ("shipping", "contracted", 60.0, 1, {"shipments": label(f"{ago(3)} 13:00")}),
        ("shipping", "allocated", 30.0, 2, {"shipments": label(f"{ago(3)} 13:00")}),
        ("shipping", "missing", 0.0, 1, {"shipments": label(f"{ago(3)} 13:00", label_cost=None), "carrier_charges": []}),
        ("shipping", "measured", 9.0, 1, INVOICED),
        ("shipping", "allocated", 4.5, 2, INVOICED),
        ("pick_pack", "contracted", 1.2, 1, {}),
        ("pick_pack", "allocated", 20.0, 1, LABOR),  # an hour of labor, one line of one unit bears it all
        ("pick_pack", "measured", 20.0, 1, SLOW),  # 45 minutes of rework are 15, the rest is shared out
        ("pick_pack", "accrued", 20.0, 1, OTHER),  # another line was picked; this one will be, at the same rates
        ("payment", "contracted", 40 * 0.029 + 0.3, 1, {}),
        ("payment", "contracted", 40 * 0.029 + 0.15, 2, {}),  # most of it is a rate on the line's own revenue
        ("payment", "measured", 2.0, 1, {"order": {"payment_fee": 2.0}}),
        ("payment", "allocated", 1.0, 2, {"order": {"payment_fee": 2.0}}),
        ("channel_fees", "contracted", 0.0, 1, {}),
        ("channel_fees", "measured", 5.0, 1, {"order": {"channel_fee": 5.0}}),
        ("support", "missing", 0.0, 1, {}),
        ("support", "measured", 3.0, 1, TICKET),
        ("support", "measured", 0.0, 1, {"support_tickets": []}),  # tickets are exported, nobody wrote: that is known
        ("returns_reserve", "missing", 0.0, 1, {}),
    ],
)  # fmt: skip
def test_a_component_by_hand(component, kind, money, lines, tables):
    given = dict(tables)
    row = first_line(store(lines, order=given.pop("order", None), **given))
    assert (row[f"{component}_kind"], round(row[component], 9)) == (kind, round(money, 9))


def test_two_lines_of_one_sku_share_nothing_with_another_sku():
    same = Books(FakeKnown(store(2, skus=("A", "A"), **INVOICED)), settings())
    t = provenance(same, same.week.window)
    of = {g: t.aggregate(**money_by_kind(t, g)).to_pandas().iloc[0] for g in ("line", "sku")}
    same.close()
    assert of["sku"].measured - of["line"].measured == pytest.approx(9.0)
    assert of["line"].allocated - of["sku"].allocated == pytest.approx(9.0 + 0.3)  # the invoice, and the fixed part of a payment


@pytest.mark.parametrize(
    ("contribution", "allocated", "marked"),
    [(10, 30, False), (10, 40, False), (10, 40.1, True), (-10, 41, True), (-10, 39, False), (0, 0, False), (0, 1, True)],
)
def test_a_sign_that_hangs_on_a_rule_is_marked(contribution, allocated, marked):
    """10 less a quarter of 40 is nothing left, not a loss."""
    assert sign_depends(pd.Series([float(contribution)]), pd.Series([float(allocated)])).tolist() == [marked]
