"""Checks of margin, returns and promotions by hand: each fires just beyond its line, not on it, and not below its volume."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fake_known import WEEK, FakeKnown, settings
from hand_shop import (
    FREE,
    ago,
    entities,
    inbound,
    priced,
    product,
    promotion,
    run,
    shop,
    sold,
    together,
    wardrobe,
)
from opsreview.books import Books
from opsreview.checks.friday import shrunken
from opsreview.checks.promotions import advised


@pytest.mark.parametrize(
    ("price", "a_day", "days", "fires"),
    [
        (3, 10, range(1, 29), True),
        (4, 10, range(1, 29), False),
        (3.5, 10, range(1, 29), False),
        (-16, 1, range(1, 21), True),
        (-16, 1, range(1, 20), False),
    ],
)
def test_margin_is_negative_from_twenty_units_and_the_floor_on(price, a_day, days, fires):
    found = run("negative_margin", together(shop(), priced(price, a_day=a_day, days=days)))
    assert found["entity"].tolist() == (["B"] if fires else [])
    if fires:
        assert found["impact"].tolist() == pytest.approx([(4 - price) * a_day * len(days) / 4])
        assert found["entity_type"].tolist() == ["sku"]


@pytest.mark.parametrize(
    ("discount", "cost", "offer", "decision", "said"),
    [
        (0, 12, [], "reprice", "goods cost €1,120 more than the store's average would; it earns 20.0\xa0% at €15.00, 50.0\xa0% more"),
        (7, 4, [], "reprice", "discount less: its price is not at fault, undiscounted it brings €10.00 and earns €6.00"),
        (7, 4, promotion(0.7), "pause_promotion", "discounts take €980 more than the store's average would; discount less: its price is"),
        (7, 12, promotion(0.7), "reprice", "it breaks even at €12.00, 300.0\xa0% more than now"),  # loses at list price too
    ],
)
def test_a_losers_finding_says_what_friday_proposes(discount, cost, offer, decision, said):
    """B at 10 beside A, which makes 6 of 10: so much off a unit, and so much a unit of it costs.

    At a cost of 12 goods are 80 % of both's 5,600, 2,240 of B's sales where they were 3,360, and 20 % are left: 12 / 0.8. Of 5,600 asked
    for 1,960 are taken off: 980 of B's 2,800.
    """
    tables = together(shop(promotions=[row | {"sku": "B"} for row in offer]), priced(10, cost=cost))
    for line in tables["order_lines"]:
        line["line_discount"] = discount * line["quantity"] if line["sku"] == "B" else 0.0
    row = run("negative_margin", tables).iloc[0]
    assert (row["entity"], row["decision"]) == ("B", decision) and said in row["detail"]


def test_a_family_that_loses_as_a_whole_is_one_finding_and_one_bad_sku_is_not():
    both = together(shop(), priced(3, "B"), priced(3, "C"), priced(9, "D", a_day=1))
    found = run("negative_margin", both)
    assert (found["entity"].tolist(), found["entity_type"].tolist(), found["members"].tolist()) == (["Rugs"], ["family"], ["B; C"])
    assert found["impact"].tolist() == pytest.approx([(560 - 28 * 5) / 4])
    carried = together(shop(), priced(3, "B"), priced(3, "C"), priced(9, "D", a_day=30))
    assert entities("negative_margin", carried) == ["B", "C"]


def test_margin_is_silent_in_a_month_not_exported():
    assert entities("negative_margin", together(shop(), priced(3)), gaps={("orders", WEEK - 3)}) == []
    assert entities("channel_margin", together(shop(), priced(-9)), gaps={("orders", WEEK - 3)}) == []


@pytest.mark.parametrize(("channel_rate", "gross_target", "fires"), [(0.7, 0.4, True), (0.6, 0.4, False), (0.7, 0.61, False)])
def test_confidence_is_false_with_a_good_gross_and_a_poor_contribution_margin(channel_rate, gross_target, fires):
    # Gross 60 % of net; a channel that keeps 70 % leaves −10 %.
    settings = {"costs": FREE | {"channel_rate": {"web": channel_rate}}, "targets": {"gross_margin": gross_target}}
    found = run("false_confidence", shop(), settings=settings)
    assert found["entity"].tolist() == (["A"] if fires else [])
    if fires:
        assert found["impact"].tolist() == pytest.approx([0.1 * 2800 / 4])
        assert "channel fees" in found["detail"][0]


def test_a_channel_is_held_to_nothing_less_than_zero_and_to_its_own_target():
    tables = together(shop(), sold("A", 10, range(1, 29), channel="social"))
    costs = FREE | {"channel_rate": {"social": 0.7}}
    found = run("channel_margin", tables, settings={"costs": costs})
    assert (found["entity"].tolist(), found["impact"].tolist()) == (["social"], pytest.approx([0.1 * 2800 / 4]))
    own = {"contribution_margin": {"ok": 0.0, "breach": 0.0, "keys": {"web": {"ok": 0.7, "breach": 0.7}}}}
    found = run("channel_margin", tables, settings={"costs": costs, "targets": own})
    assert sorted(found["entity"]) == ["social", "web"]
    assert found.set_index("entity")["expected"].to_dict() == {"social": 0.0, "web": 0.7}


@pytest.mark.parametrize(("hot", "others", "fires"), [(30, 6, True), (7, 0, False), (6, 6, False)])
def test_a_sku_comes_back_more_than_its_family_for_sure(hot, others, fires):
    found = run("returns_hotspot", wardrobe(hot, others))
    assert found["entity"].tolist() == (["H/too_small"] if fires else [])
    if fires:
        # Nine others: 54 back of 1,260; the store's rate is the same.
        assert found["expected"].tolist() == pytest.approx([54 / 1260])
        assert found["impact"].tolist() == pytest.approx([(30 - 140 * 54 / 1260) * 30 / 4])
        assert found["decision"].tolist() == ["fix_content"]
        assert found["detail"][0].endswith("each; mend the size table, say how it fits (fit and sizing)"), "as the bill of returns says"


def test_eight_returns_are_the_least():
    assert entities("returns_hotspot", wardrobe(8, 0), floor=1) == ["H/too_small"]
    assert entities("returns_hotspot", wardrobe(7, 0), floor=1) == []
    assert entities("returns_hotspot", shop(returns=[])) == [], "the table came, and nothing came back"
    assert entities("returns_hotspot", wardrobe(30), gaps={("returns", WEEK - 1)}) == []


@pytest.mark.parametrize(("hot", "entities_"), [(6, []), (30, ["H/too_small"])])
def test_three_returns_of_four_units_are_no_hotspot(hot, entities_):
    """Nor where three are enough to be asked about, beside a SKU that does stand out."""
    few = together(
        wardrobe(hot),
        {"products": [product("T", 5, family="Shirts")], **sold("T", 1, range(1, 5), price=30)},
        {
            "returns": [
                {"return_id": f"R-T-{n}", "line_no": 1, "order_id": f"T-web-{n}", "line_id": "1", "sku": "T", "quantity": 1,
                 "reason_code": "too_small", "requested_at": f"{ago(n)} 20:00", "refund_amount": 30, "disposition": "pending"}
                for n in range(1, 4)
            ]
        },
    )  # fmt: skip
    assert entities("returns_hotspot", few, floor=0.01, settings={"checks": {"returns_hotspot": {"returns": 3}}}) == entities_


def test_a_hundred_units_that_come_back_at_once_are_one_return():
    tables = wardrobe(0)
    one = {"return_id": "R-H", "line_no": 1, "order_id": "H-web-1", "line_id": "1", "sku": "H", "reason_code": "too_small"}
    tables["returns"].append(one | {"requested_at": f"{ago(1)} 20:00", "quantity": 100, "refund_amount": 3000})
    assert entities("returns_hotspot", tables) == []


def test_shrinking_pulls_small_counts_to_their_family_and_finds_nothing_where_all_are_alike():
    rng = np.random.default_rng(1)
    expected = np.full(400, 6.0)
    alike = pd.DataFrame({"expected": expected, "returned": rng.poisson(expected), "each": 1.0})
    assert (shrunken(alike, 0.99)[1] > 1).mean() < 0.01
    some = pd.DataFrame({"expected": [1.0, 20.0] + [10.0] * 50, "returned": [4.0, 80.0, *rng.poisson(10.0, 50)], "each": 1.0})
    mean, low = shrunken(some, 0.99)
    assert mean[0] < mean[1] < 4.0
    assert low[0] < low[1]


@pytest.mark.parametrize(
    ("rows", "fires"),
    [
        (promotion(0.8), True),
        (promotion(0.6), False),
        (promotion(0.8, ends=1), False),
        (promotion(0.8, begins=-13, ends=-30), True),
        (promotion(0.8, begins=-14, ends=-30), False),
    ],
)
def test_a_promotion_loses_money_while_it_runs_or_will_within_a_fortnight(rows, fires):
    assert entities("promotion_at_risk", shop(promotions=rows)) == (["P1/A"] if fires else [])


def test_a_promotion_below_cost_costs_its_units_and_is_to_be_paused():
    row = run("promotion_at_risk", shop(promotions=promotion(0.8))).iloc[0]
    # 10 × 0.2 − 4 = −2 a unit, 10 a day in the seven days left.
    assert (row["impact"], row["decision"], row["observed"]) == (pytest.approx(2 * 70), "pause_promotion", pytest.approx(-2))


@pytest.mark.parametrize(("available", "uplift", "fires"), [(70, 0.0, False), (45, 0.0, True), (90, 0.0, False), (90, 1.0, True)])
def test_a_promotion_needs_stock_for_what_it_will_sell(available, uplift, fires):
    # Seven days at 10 a day; an uplift of 1 from tomorrow on doubles them.
    rows = promotion(0.1, begins=0, expected_uplift=uplift)
    found = run("promotion_at_risk", shop(available, promotions=rows))
    assert found["entity"].tolist() == (["P1/A"] if fires else [])
    if fires:
        short = 70 * (1 + uplift) - available
        assert found["impact"].tolist() == pytest.approx([short * (9 - 4)], rel=0.05)
        assert found["decision"].tolist() == ["pause_promotion"]
        # At list price 6 a unit: of 45 that will sell either way 45 more; 90 promoted at 5 are more than 70 at 6.
        then = "leaves the stock for list price and costs €30.00" if uplift else "brings €45.00"
        assert f"none is on order: pause it, pausing {then} a week" in found["detail"][0]


@pytest.mark.parametrize(
    ("coming", "advice", "decision", "said"),
    [
        (2, "keep", "rebalance_inbound", "more or sooner of what is on order: PO1/1 (10 to BER, 18\xa0Nov)"),
        (6, "pause until inbound", "pause_promotion", "stock lasts 4.5 days, pause it until PO1/1 (10 to BER, 22\xa0Nov) has come"),
        (30, "pause until inbound", "pause_promotion", "pause it until PO1/1 (10 to BER, 16\xa0Dec) has come"),
    ],
)
def test_finding_and_proposal_give_a_promotion_the_same_advice(coming, advice, decision, said):
    tables = shop(
        45, promotions=promotion(0.1, begins=0), inbound=[inbound(quantity_ordered=10, eta=ago(-coming), original_eta=ago(-coming))]
    )
    row = run("promotion_at_risk", tables).iloc[0]
    assert row["decision"] == decision and said in row["detail"]
    assert advised(Books(FakeKnown(tables), settings(costs=FREE)))["advice"].tolist() == [advice]


def test_inbound_covers_a_promotion_and_a_family_is_promoted_sku_by_sku():
    coming = [inbound(quantity_ordered=200, eta=ago(-2), original_eta=ago(-2))]
    assert entities("promotion_at_risk", shop(45, promotions=promotion(0.1, begins=0), inbound=coming)) == []
    whole = [{"promo_id": "P2", "family": "Lamps", "starts_on": ago(2), "ends_on": ago(-6), "discount": 0.8}]
    tables = together(shop(promotions=whole), {"products": [product("B")]}, sold("B"), priced(10, "C", family="Rugs"))
    assert entities("promotion_at_risk", tables) == ["P2/A", "P2/B"]
