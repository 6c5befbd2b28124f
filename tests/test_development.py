"""Late costs: the arithmetic by hand, nothing looks ahead, ranges that hold as often as they say, on random cohorts and on the sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import random_store
from opsreview import development as late
from opsreview.books import Books
from opsreview.intake.store import open_exports

# ---- by hand --------------------------------------------------------------------------------------------------------------------


def test_development_is_learnt_only_from_what_has_happened():
    """Three cohorts of 10; 6, 6, 3 come at once (15 of 30: 0.5 a unit), 4 and 2 a week later (6 of 20: 0.3): 0.8 a unit, 5/8 at once."""
    amounts = np.array([[6.0, 4.0], [6.0, 2.0], [3.0, 99.0]])  # the 99 is yet to come
    p, rate = late.develop(amounts, np.full(3, 10.0))
    assert rate == pytest.approx(0.8) and p == pytest.approx([0.625, 1.0])


@pytest.mark.parametrize(
    ("known", "p", "expected"),
    [
        (0, 0.0, 20.0),  # nothing has come yet: the usual 2 a unit of 10
        (7, 1.0, 7.0),  # all has come
        (12, 0.5, 12 + 0.5 * (12 + 0.5 * 20)),  # 23: chain ladder says 24, exposure 22
        (-3, 0.5, -3 + 0.5 * (-3 + 10)),  # a credit stays one
    ],
)
def test_benktander(known, p, expected):
    assert late.benktander(known, 10.0, p, 2.0) == pytest.approx(expected)


def test_of_three_ways_the_one_counts_that_was_nearest():
    """Finals are 20 whenever they come: 4 at once or 16. Who listens to what has come is misled; where finals differ, who does not is."""
    lumps = np.array([[4.0, 16.0], [16.0, 4.0]] * 5)
    assert late.outlook(lumps, np.full(10, 10.0), 1)[1] == pytest.approx(20)
    known, expected, *_ = late.outlook(np.vstack([lumps, [16.0, 0.0]]), np.full(11, 10.0), 0)
    assert (known, expected) == (16, pytest.approx(10 * (116 / 110 + 100 / 100))), "the usual rate, though much of it came at once"
    halves = np.array([[x / 2, x / 2] for x in (10.0, 30.0, 12.0, 28.0, 11.0, 29.0, 10.0, 30.0)] + [[15.0, 0.0]])
    assert late.outlook(halves, np.full(9, 10.0), 0)[1] > 24, "half comes at once, always: of what began high more is to come"


def test_a_regular_store_leaves_nothing_to_chance():
    amounts = np.tile([5.0, 3.0, 2.0], (10, 1))
    for age in range(3):
        known, expected, low, high = late.outlook(amounts, np.full(10, 4.0), age)
        assert known == pytest.approx([5, 8, 10][age]) and (expected, low, high) == pytest.approx((10, 10, 10))


def test_no_range_without_finished_cohorts():
    known, expected, low, high = late.outlook(np.tile([5.0, 5.0], (4, 1)), np.full(4, 1.0), 0)
    assert (known, expected) == pytest.approx((5, 10)) and np.isnan(low) and np.isnan(high)


def test_a_sku_that_changes_its_family_takes_its_revenue_along():
    """As its returns do: they are looked up in the products of today."""
    week = lambda a, b: pd.DataFrame({"sku": ["A", "B"], "family": [a, b], "channel": "web", "net_revenue": [10.0, 1.0], "orders": 2.0})  # noqa: E731
    triangle = pd.DataFrame([("returns", "Lamps", 1, 0, 5.0)], columns=["kind", "key", "ago", "age", "amount"])
    none = pd.DataFrame(columns=["key", "ago", "parcels", "labels", "booked"])
    _, given = late.cohorts(triangle, none, [week("Lamps", "Rugs"), week("Rugs", "Rugs"), week("", "").iloc[:0], week("Rugs", "Rugs")])
    found = given.set_index(["key", "ago"])["exposure"].to_dict()
    assert found == {("Lamps", 0): 10, ("Rugs", 0): 1, ("Lamps", 1): 10, ("Rugs", 1): 1, ("Lamps", 3): 10, ("Rugs", 3): 1}
    assert late.cohorts(triangle, none, [])[1].empty


def test_the_final_margin_takes_off_what_is_still_to_come():
    """Carriers 20 beyond what is booked, returns 30 and support 5 under it; ranges of 30 and 40 either way are 50 together."""
    rows = [
        ("carrier", "dhl", 0, 0, 0, 120.0, 90.0, 150.0, np.nan),
        ("returns", "Rugs", 0, 0, 0, 70.0, 30.0, 110.0, np.nan),
        ("returns", "Lamps", 0, 0, 0, 7.0, np.nan, np.nan, np.nan),
        ("support", "web", 0, 0, 2, 4.0, 4.0, 4.0, np.nan),
        ("carrier", "dhl", 1, 1, 50, 99.0, 90.0, 110.0, np.nan),
    ]
    frame = pd.DataFrame(rows, columns=late.COLUMNS)
    sold = pd.DataFrame(
        {"family": ["Rugs", "Rugs", "Lamps"], "channel": ["web", "web", "mall"], "returns_reserve": [60.0, 40.0, 1.0],
         "support": [6.0, 3.0, 8.0], "contribution_margin": [500.0, 1.0, -1.0]}
    )  # fmt: skip
    sent = pd.DataFrame({"key": ["dhl", "dhl"], "ago": [0, 1], "booked": [100.0, 7.0]})
    assert late.final_margin(sold, sent, frame) == pytest.approx((515, 465, 565))
    assert late.final_margin(sold, sent, frame.head(0)) is None and late.final_margin(sold.head(0), sent, frame) is None


def test_held_counts_finished_cohorts_with_a_range():
    rows = [("carrier", "a", 9, 0, 0, 5, 4, 6, 6.0), ("carrier", "a", 9, 1, 0, 5, 4, 6, 6.1), ("carrier", "a", 0, 0, 0, 5, 4, 6, np.nan),
            ("carrier", "a", 8, 0, 0, 5, np.nan, np.nan, 5.0)]  # fmt: skip
    found = late.held(pd.DataFrame(rows, columns=late.COLUMNS))
    assert found[["kind", "ranges", "held", "share"]].to_dict("records") == [{"kind": "carrier", "ranges": 2, "held": 1, "share": 0.5}]
    assert found["beyond"].iloc[0] == pytest.approx(12.1 / 10 - 1)


def test_the_weeks_range_is_held_against_the_other_weeks():
    """Errors of a carrier and a family as they come together: 1, −1, 1, −1, 1 and 9: only the nine is beyond what the others say."""
    rows = [
        (kind, key, ago, 0, 0, 50.0, 40.0, 60.0, 50.0 + error / 2)
        for ago, error in zip(range(9, 15), (1, -1, 1, -1, 1, 9), strict=True)
        for kind, key in (("carrier", "dhl"), ("returns", "Rugs"))
    ]
    frame = pd.DataFrame(rows, columns=late.COLUMNS)
    assert late.weekly_errors(frame).tolist() == [1, -1, 1, -1, 1, 9]
    assert late.week_held(frame)[["kind", "ranges", "held"]].to_dict("records") == [{"kind": "week", "ranges": 6, "held": 5}]
    young = pd.DataFrame([("carrier", "dhl", 7, 0, 0, 50.0, 40.0, 60.0, 99.0)], columns=late.COLUMNS)
    assert len(late.weekly_errors(pd.concat([frame, young]))) == 6, "a week of which only the carrier is finished says nothing of the whole"
    assert late.week_held(frame.head(8)).empty


# ---- made-up cohorts ------------------------------------------------------------------------------------------------------------


def made(seed: int, groups: int = 12, weeks: int = 36) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Families whose returns come over six weeks, each amount by chance."""
    rng = np.random.default_rng(seed)
    rows, given = [], []
    for g in range(groups):
        for ago in range(weeks):
            exposure = float(rng.uniform(800, 1200))
            given.append(("returns", f"F{g}", ago, exposure))
            amounts = exposure * np.array([0, 0.02, 0.04, 0.03, 0.02, 0.01]) * rng.gamma(8, 1 / 8, 6)
            rows += [("returns", f"F{g}", ago, age, a) for age, a in enumerate(amounts) if age <= ago]
    exposures = pd.DataFrame(given, columns=["kind", "key", "ago", "exposure"])
    return pd.DataFrame(rows, columns=["kind", "key", "ago", "age", "amount"]), exposures


def test_ranges_hold_as_often_as_they_say():
    """3 stores of 12 families, 12 cohorts, 4 ages: 1,728 ranges of 80 %."""
    shares = [late.held(late.late(*made(seed)))["share"].iloc[0] for seed in range(3)]
    assert 0.75 < np.mean(shares) < 0.85


def test_nothing_looks_ahead():
    """What was said of past weeks stands, whatever comes later."""
    triangles, exposures = made(1, groups=2)
    young = triangles["ago"] < 5
    other = triangles.assign(amount=triangles["amount"].where(~young, triangles["amount"] * 7))
    both = [late.late(t, exposures) for t in (triangles, other)]
    past = [frame[frame["ago"] - frame["age"] > 4] for frame in both]
    assert len(past[0]) > 20
    pd.testing.assert_frame_equal(*past)
    assert not both[0].equals(both[1])


# ---- from exports ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    week = random_store.write(folder, 3, weeks=12, orders_per_week=30)
    exports = open_exports(folder, week, random_store.settings(3), tmp_path_factory.mktemp("cache"))
    return Books(exports.known(week), exports.settings)


def test_every_charge_of_a_parcel_is_in_the_triangle_once(books):
    triangles = late.triangle(books)
    charges, ships = (books.table(t).to_pandas() for t in ("carrier_charges", "shipments"))
    orders = books.table("orders").to_pandas()
    kept = ships[ships["shipped_at"].notna() & ships["order_id"].isin(orders.loc[~orders["cancelled"], "order_id"])]
    both = charges.merge(kept, on="shipment_id")
    found = triangles[triangles["kind"] == "carrier"].groupby("key")["amount"].sum()
    pd.testing.assert_series_equal(found, both.groupby("carrier")["amount"].sum(), check_names=False, rtol=1e-9)
    assert (triangles["age"] >= 0).all() and (triangles["age"] <= triangles["ago"]).all()


def test_every_disposed_return_that_a_margin_bears_is_in_the_triangle_once(books):
    """Of orders that were not cancelled, and of SKUs with a unit cost: no margin and no reserve has another."""
    triangles = late.triangle(books)
    r, orders = books.table("returns").to_pandas(), books.table("orders").to_pandas()
    units = books.table("products").to_pandas().set_index("sku")["unit_cost"]
    every = r[r["disposition"].isin(late.FINAL)].merge(orders[["order_id", "cancelled"]], on="order_id")
    final = every[~every["cancelled"] & every["sku"].map(units).notna()]
    assert 5 < len(final) < len(every)
    assert triangles[triangles["kind"] == "returns"]["amount"].abs().sum() > 0
    cost = final[["reverse_shipping_cost", "handling_cost"]].fillna(0).sum().sum()
    refunds = (
        final.assign(refund=final["refund_amount"].fillna(0)).merge(orders[["order_id", "rate"]], on="order_id").eval("refund * rate")
    ).sum()
    worth = final["quantity"] * final["sku"].map(units).fillna(0)
    back = worth.where(final["disposition"] == "restock", final["recovered_value"].fillna(0)).sum()
    assert triangles[triangles["kind"] == "returns"]["amount"].sum() == pytest.approx(refunds + cost - back)


def test_on_the_sample_ranges_hold_seven_to_nine_times_of_ten(sample_results):
    """The 80 % ranges said of twelve finished weeks, at ages of 0 to 3 weeks, against what came."""
    said = sample_results.late_costs
    finished = said[said["final"].notna() & said["low"].notna()]
    assert (finished.groupby(["kind", "key"])["ago"].nunique() == late.COHORTS).all()
    held = sample_results.ranges_held.query("key == ''").set_index("kind")
    assert set(held.index) == {*late.AGES, "week"}
    assert held["share"].between(0.70, 0.90).all(), held
    kinds = held.loc[list(late.AGES)]
    assert 0.70 <= kinds["held"].sum() / kinds["ranges"].sum() <= 0.90
