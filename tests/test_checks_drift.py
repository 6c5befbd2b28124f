"""Three systems' stock by hand: which differ, since when, what it costs, and which is most likely wrong."""

from __future__ import annotations

import pytest
from fake_known import context
from hand_shop import ago, inbound, product, run, sold, stock, together
from opsreview.checks.drift import stock_drift

DRIFT = "erp_wms_mismatch"


def three(erp: list[dict], wms: list[dict], shop: list[dict], **tables: list[dict]) -> dict[str, list[dict]]:
    return together({"products": [product()]}, sold(), {"inventory": erp + wms + shop}, tables)


def counts(on_hand: float, system: str, days: range = range(1, 29), **more) -> list[dict]:
    return [row | more for row in stock(on_hand=on_hand, system=system, days=days)]


@pytest.mark.parametrize(
    ("erp", "wms", "shop", "allocated", "pair", "suspect"),
    [
        (100, 60, 60, 0, "erp_wms", "erp"),  # two agree against one
        (100, 60, 100, 0, "erp_wms", "wms"),
        (100, 100, 60, 0, "shop_wms", "shop"),
        (100, 60, 20, 0, "erp_wms", ""),  # all differ
        (100, 95, 95, 0, None, ""),  # 5 %
        (20, 20, 15, 0, None, ""),  # five units
        (20, 20, 14, 0, "shop_wms", "shop"),
        (100, 100, 60, 40, None, ""),  # the shop counts what is free to sell
        (100, 100, 80, 40, None, ""),
        (100, 100, 53, 40, "shop_wms", "shop"),
    ],
)
def test_the_shops_own_stock_says_which_system_is_wrong(erp, wms, shop, allocated, pair, suspect):
    tables = three(counts(erp, "erp", allocated=allocated), counts(wms, "wms", allocated=allocated), counts(shop, "shop"))
    rows = stock_drift(context(tables).books)
    assert rows["pair"].tolist() == ([] if pair is None else [pair])
    assert rows["suspect"].tolist() == ([] if pair is None else [suspect])


def test_what_erp_and_wms_cost_apart_is_the_same_with_a_shop_that_agrees():
    erp, wms = counts(100, "erp"), counts(60, "wms")
    alone = run(DRIFT, three(erp, wms, [])).iloc[0]
    beside = run(DRIFT, three(erp, wms, counts(60, "shop"))).iloc[0]
    assert beside["impact"] == alone["impact"]
    assert "most likely wrong: the ERP" in beside["detail"] and "most likely" not in alone["detail"]


@pytest.mark.parametrize(("shop", "there", "units"), [(100, 20, 50), (20, 100, 50), (100, 80, 0)])
def test_a_shop_that_counts_otherwise_costs_a_weeks_sales(shop, there, units):
    """Ten a day: of seventy asked for in a week it cannot serve, or does not make, fifty; where both last the week, nothing."""
    found = run(DRIFT, three(counts(there, "erp"), counts(there, "wms"), counts(shop, "shop")), floor=0)
    assert found["impact"].tolist() == pytest.approx([units * 6], abs=6)
    assert found["title"].tolist() == [f"Product A at BER: the shop counts {shop}, the WMS {there}"]


@pytest.mark.parametrize(("days", "age"), [(range(1, 2), 1), (range(1, 11), 10), (range(1, 29), 28)])
def test_a_drift_is_as_old_as_the_days_on_end_on_which_they_differ(days, age):
    before = counts(60, "erp", range(days.stop, 29))
    rows = stock_drift(context(three(counts(100, "erp", days) + before, counts(60, "wms"), [])).books)
    assert rows["age"].tolist() == [age]
    assert f"for {age} day" in run(DRIFT, three(counts(100, "erp", days) + before, counts(60, "wms"), []), floor=0)["detail"].iloc[0]


def test_a_day_of_agreement_begins_the_drift_anew():
    erp = counts(100, "erp", range(1, 4)) + counts(60, "erp", range(4, 5)) + counts(100, "erp", range(5, 29))
    assert stock_drift(context(three(erp, counts(60, "wms"), [])).books)["age"].tolist() == [3]


@pytest.mark.parametrize(
    ("erp", "wms", "moves", "suspect"),
    [
        (100, 40, {"picks": [20]}, "erp"),  # 60 both, twenty picked: the WMS saw it, the ERP has sixty too many
        (40, 100, {"picks": [20]}, "wms"),
        (100, 20, {"inbound": [40]}, "wms"),
        (100, 20, {}, ""),  # both are off by forty
        (80, 40, {"picks": [20]}, "erp"),
    ],
)
def test_of_two_systems_the_one_is_wrong_whose_count_what_moved_does_not_explain(erp, wms, moves, suspect):
    then = range(5, 29)
    picks = [
        {
            "pick_id": f"P{i}",
            "order_id": "A-web-3",
            "line_id": "1",
            "sku": "A",
            "location": "BER",
            "picked_at": f"{ago(3)} 10:00",
            "quantity": q,
        }
        for i, q in enumerate(moves.get("picks", []))
    ]
    came = [inbound(quantity_received=q, arrived_at=f"{ago(4)} 08:00", stocked_at=f"{ago(3)} 09:00") for q in moves.get("inbound", [])]
    both = {"erp": erp, "wms": wms}
    rows = [row for name, now in both.items() for row in counts(60, name, then) + counts(now, name, range(1, 5))]
    found = stock_drift(context(three(rows, [], [], picks=picks, inbound=came)).books)
    assert found["suspect"].tolist() == [suspect]
