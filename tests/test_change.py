"""What changed margin: parts add up to the cent; each part by hand, one thing changed at a time; none else moves."""

from __future__ import annotations

import pandas as pd
import pytest
import random_store
from fake_known import FakeKnown, settings
from hand_shop import FREE, ago, product
from opsreview import change
from opsreview.books import Books
from opsreview.intake.store import open_exports
from opsreview.margin import order_margin

CENT = 0.005


# ---- identities on random stores ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=(2, 3), ids=["tables miss weeks", "every table"])
def store(request, tmp_path_factory):
    """(change of the last week, cells of its weeks, its lines)."""
    folder = tmp_path_factory.mktemp("store")
    week = random_store.write(folder, request.param, weeks=8, orders_per_week=20)
    exports = open_exports(folder, week, random_store.settings(request.param), tmp_path_factory.mktemp("cache"))
    plans, cells = {}, []
    for w in exports.weeks:
        books = Books(exports.known(w), exports.settings, plans)
        cells.append(change.cells(books))
        if w == week:
            profiles, lines = change.profile(books), order_margin(books, week.window).to_pandas()
        books.close()
    return change.explain(cells[-1], cells[:-1], profiles), cells, lines


def test_parts_sum_to_the_change_in_every_group(store):
    rows, *_ = store
    sums = rows.pivot_table(index=["grain", "key"], columns="kind", values="amount", aggfunc="sum")
    assert len(sums) > 5
    assert (sums["baseline"] + sums["part"] - sums["contribution"]).abs().max() < CENT


@pytest.mark.parametrize("grain", ["family", "channel"])
def test_groups_add_up_to_the_store_in_every_part(store, grain):
    rows, *_ = store
    whole = rows[rows.grain == "all"].set_index("part").amount
    pd.testing.assert_series_equal(rows[rows.grain == grain].groupby("part").amount.sum(), whole.sort_index(), check_names=False, atol=CENT)


def test_the_contribution_is_that_of_the_lines_and_the_baseline_the_mean_of_the_weeks(store):
    rows, cells, lines = store
    said = rows[rows.grain == "all"].set_index("part").amount
    assert said.contribution_margin == pytest.approx(lines.contribution_margin.sum(), abs=CENT)
    past = [week for week in cells[:-1] if len(week)]
    assert said.baseline == pytest.approx(sum(week.contribution_margin.sum() for week in past) / len(past), abs=CENT)


def test_the_largest_part_stands_first(store):
    rows, *_ = store
    for _, own in rows[rows.kind == "part"].groupby(["grain", "key"], sort=False):
        assert own.amount.abs().is_monotonic_decreasing


# ---- by hand --------------------------------------------------------------------------------------------------------------------

# What a week of one cell is usually: 10 units at 20 list, each with these amounts a unit; one parcel a unit.
EACH = {
    "list": 20.0, "discount": 1.0, "charged": 0.5, "cost_of_goods": 8.0, "packaging": 0.2, "shipping": 4.0, "pick_pack": 1.0,
    "payment": 0.6, "channel_fees": 0.9, "support": 0.3, "returns_reserve": 1.5,
}  # fmt: skip
MARGIN = 20.0 - 1 + 0.5 - 8 - 0.2 - 4 - 1 - 0.6 - 0.9 - 0.3 - 1.5  # 3 a unit
USUAL = {"by_zone": 4.0, "by_weight": 4.0, "by_service": 4.0}


def cell(sku: str = "A", units: float = 10, family: str = "Lamps", channel: str = "web", **more) -> dict:
    """A cell whose amounts a unit are EACH but for those given; `parcels`, `shipped`, `surcharges` a unit too."""
    each = {**EACH, "orders": 1.0, "parcels": 1.0, "shipped": 1.0, "surcharges": 0.0, **more}
    each = {"shipped_cost": each["shipping"] * (1 if each["shipped"] else 0), **each}
    row = {name: units * amount for name, amount in each.items()}
    row["net_revenue"] = row["list"] - row["discount"] + row["charged"]
    row["contribution_margin"] = sum(sign * row[name] for name, sign in change.SIGNS.items())
    return {"sku": sku, "family": family, "channel": channel, "units": units, **row}


def explained(now: list[dict], usual: list[dict] | None = None, profiles: list[dict] | None = None) -> dict[str, float]:
    """The parts of the store that are not 0, the change of four usual weeks to `now`; `profiles`: by SKU A, W's where it differs."""
    usual = usual or [cell()]
    skus = {(c["sku"], c["channel"]) for c in now + usual}
    rows = [{"sku": s, "channel": c, "now": n, **USUAL} for s, c in sorted(skus) for n in (False, True)]
    rows = [{**row, **next((p for p in profiles or [] if row["now"] and p["sku"] == row["sku"]), {})} for row in rows]
    found = change.explain(pd.DataFrame(now), [pd.DataFrame(usual)] * 4, pd.DataFrame(rows))
    whole = found[found.grain == "all"].set_index("part").amount
    parts = found[(found.grain == "all") & (found.kind == "part")]
    assert whole.baseline + parts.amount.sum() == pytest.approx(whole.contribution_margin)
    return {p.part: round(p.amount, 9) for p in parts.itertuples() if abs(p.amount) > 1e-9}


@pytest.mark.parametrize(
    ("now", "usual", "expected"),
    [
        ([cell()], None, {}),
        ([cell(list=22.0)], None, {"price": 20.0}),
        ([cell(discount=2.5)], None, {"discount": -15.0}),
        ([cell(charged=0.0)], None, {"shipping_charged": -5.0}),
        ([cell(cost_of_goods=9.0)], None, {"cost_of_goods": -10.0}),
        ([cell(packaging=0.1)], None, {"packaging": 1.0}),
        ([cell(pick_pack=1.5)], None, {"pick_pack": -5.0}),
        ([cell(payment=0.7)], None, {"payment": -1.0}),
        ([cell(channel_fees=2.0)], None, {"channel_fees": -11.0}),
        ([cell(support=0.0)], None, {"support": 3.0}),
        ([cell(returns_reserve=2.5)], None, {"returns": -10.0}),
        ([cell(units=14)], None, {"volume": 4 * MARGIN}),
        ([cell(units=14, list=22.0)], None, {"volume": 4 * MARGIN, "price": 28.0}),  # at this week's units
        # as many units, moved from B (3 a unit) to A that brings 10 more a unit: within one family and channel
        ([cell(units=15, list=30.0), cell("B", 5)], [cell(list=30.0), cell("B")], {"mix_of_skus": 50.0}),
        # the same between two channels
        (
            [cell(units=15, list=30.0), cell(units=5, channel="amazon")],
            [cell(list=30.0), cell(channel="amazon")],
            {"mix_of_groups": 50.0},
        ),
        # a new SKU: 20 units where 10 were (+30 at the usual 3), of which the second ten bring 1 a unit
        ([cell(), cell("NEW", list=18.0)], [cell()], {"volume": 30.0, "mix_of_groups": 0.0, "mix_of_skus": -20.0}),
        # what is gone: half of the units, all of B's 3 a unit (as the mean is): volume says it
        ([cell()], [cell(), cell("B")], {"volume": -30.0}),
        # nothing sold, a credit for what was: the week's own
        ([cell(units=0) | {"shipping": 7.0, "contribution_margin": -7.0}], None, {"volume": -30.0, "shipping_rest": -7.0}),
    ],
)  # fmt: skip
def test_a_part_by_hand(now, usual, expected):
    assert explained(now, usual) == pytest.approx({k: v for k, v in expected.items() if v})


@pytest.mark.parametrize(
    ("now", "profile", "expected"),
    [
        (cell(shipping=5.0), {}, {"shipping_rate": -10.0}),
        (cell(shipping=5.0), {"by_zone": 5.0, "by_weight": 5.0, "by_service": 5.0}, {"shipping_zone": -10.0}),
        (cell(shipping=5.0), {"by_zone": 4.0, "by_weight": 5.0, "by_service": 5.0}, {"shipping_weight": -10.0}),
        (cell(shipping=3.0), {"by_zone": 4.0, "by_weight": 4.0, "by_service": 3.0}, {"shipping_carrier": 10.0}),
        (cell(shipping=4.5, surcharges=0.5), {}, {"shipping_surcharge": -5.0}),
        (cell(shipping=8.0, parcels=2.0, shipped=2.0), {}, {"shipping_parcels": -40.0}),
        (cell(shipping=6.0, shipped=0.0, shipped_cost=0.0), {}, {"shipping_rest": -20.0}),
        (cell(shipping=6.0), {"by_zone": 5.0, "by_weight": 5.0, "by_service": 5.0}, {"shipping_zone": -10.0, "shipping_rate": -10.0}),
    ],
)  # fmt: skip
def test_shipping_is_split_by_hand(now, profile, expected):
    assert explained([now], profiles=[{"sku": "A", **profile}]) == pytest.approx(expected)


def test_under_four_weeks_nothing_is_usual():
    week = pd.DataFrame([cell()])
    assert change.explain(week, [week] * 3, pd.DataFrame(columns=[*change.CELL, "now", *USUAL])).empty


@pytest.mark.parametrize(
    ("revenue", "margin", "named"),
    [(1.10, 1.0, True), (1.10, 1.019, True), (1.10, 1.021, False), (1.04, 0.8, False), (0.9, 0.9, False), (1.06, 0.7, True)],
)
def test_revenue_up_margin_flat_is_called_out(revenue, margin, named):
    rows = [("baseline", 100.0), ("contribution_margin", 100 * margin), ("net_revenue_baseline", 1000.0), ("net_revenue", 1000 * revenue)]
    frame = pd.DataFrame([("all", "", part, "", amount) for part, amount in rows], columns=change.COLUMNS)
    found = change.flat_although(frame)
    assert (found is not None) == named
    assert not named or found == pytest.approx((revenue - 1, margin - 1))


# ---- from exports ---------------------------------------------------------------------------------------------------------------


def shop(**this_week) -> dict[str, list[dict]]:
    """Ten orders a week of one unit of A at 40, each a parcel of dhl to zone 1 for 5; in W as given (zone, carrier, weight, cost)."""
    orders, lines, ships = [], [], []
    for n in range(1, 43):
        own = this_week if n <= 7 else {}
        order = f"O{n}"
        orders.append({"order_id": order, "ordered_at": f"{ago(n)} 08:00", "channel": "web", "status": "open"})
        lines.append({"order_id": order, "line_id": "1", "sku": own.get("sku", "A"), "quantity": 1, "unit_price": 40.0})
        # every fourth order went as this week's go: there is a usual price of such parcels
        like = this_week if n % 4 == 0 else own
        ships.append(
            {"shipment_id": f"S{n}", "order_id": order, "location": "BER", "carrier": like.get("carrier", "dhl"), "service": "parcel",
             "zone": like.get("zone", "1"), "label_created_at": f"{ago(n)} 09:00", "label_cost": like.get("cost", 5.0)}
        )  # fmt: skip
        if own.get("split"):
            ships.append({**ships[-1], "shipment_id": f"T{n}"})
    products = [product("A", weight_kg=1.0), product("B", weight_kg=8.0)]
    return {"products": products, "orders": orders, "order_lines": lines, "shipments": ships}


@pytest.mark.parametrize(
    ("this_week", "part"),
    [
        ({"zone": "7", "cost": 9.0}, "shipping_zone"),
        ({"carrier": "ups", "cost": 9.0}, "shipping_carrier"),
        ({"split": True}, "shipping_parcels"),
        ({}, ""),
    ],
)
def test_parcels_of_another_kind_are_told_from_exports(this_week, part):
    """7 parcels that cost 4 more than the usual (of the usual ones a quarter is of the new kind already), or two of 5 an order."""
    tables = shop(**this_week)
    cells = []
    for i in range(5, -1, -1):
        books = Books(FakeKnown(tables, week=change_week(i), weeks=30), settings(costs=FREE))
        cells.append(change.cells(books))
        if i == 0:
            profiles = change.profile(books)
        books.close()
    rows = change.explain(cells[-1], cells[:-1], profiles)
    whole = rows[rows.grain == "all"].set_index("part").amount
    moved = whole[[p for p in whole.index if p.startswith("shipping_")]]
    assert moved.sum() == pytest.approx(whole.contribution_margin - whole.baseline)
    if part:
        assert whole[part] == pytest.approx(moved.sum()) and whole[part] < -15
    else:
        assert moved.abs().max() < 1e-9


def change_week(i: int):
    from fake_known import WEEK

    return WEEK - i
