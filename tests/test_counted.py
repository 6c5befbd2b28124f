"""What findings cost together, by hand: each cent once, and what comes once apart from what comes every week."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hand_shop import FREE, ago, inbound, priced, product, promotion, run, shop, sold, stock, together
from opsreview import catalog, counted

SALES, HERE, THERE = "sales of A@BER", "margin of A@web", "margin of A@social"


def findings(*rows: tuple) -> pd.DataFrame:
    """entity_type, impact, what it is lost on, and `once` where it comes once; as a review lists them."""
    frame = pd.DataFrame([(*row, "week")[:4] for row in rows], columns=["entity_type", "impact", "overlaps", "period"])
    return frame.assign(overlaps=[json.dumps(amounts) if amounts else "" for amounts in frame["overlaps"]]).astype({"impact": float})


def of(*checks: tuple[str, dict], **settings) -> pd.DataFrame:
    """What several checks find, largest first."""
    kinds = {name: c.entity_type for name, c in catalog.checks().items()}
    parts = [run(check, tables, settings=settings).assign(check=check, entity_type=kinds[check]) for check, tables in checks]
    found = pd.concat(parts, ignore_index=True).sort_values("impact", ascending=False, ignore_index=True)
    return found.astype({"impact": float})


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        ([], []),
        ([("sku", 352, {HERE: 352}), ("sku", 259, {HERE: 259})], [352, 0]),  # the larger, whichever check says it
        ([("sku", 259, {HERE: 259}), ("sku", 259, {HERE: 259})], [259, 0]),
        ([("sku", 259, {HERE: 259}), ("sku", 259, {})], [259, 259]),  # as much, and another cause
        ([("x", 99, None), ("x", 99, None)], [99, 99]),  # two deliveries, each short by as much
        ([("x", 84.5, {SALES: 84.5}), ("x", 84.5, {SALES: 84.5}), ("x", 84.5, None)], [84.5, 0, 84.5]),
        ([("promo", 622, {HERE: 400, THERE: 222}), ("sku", 259, {HERE: 167, THERE: 92})], [622, 0]),
        ([("promo", 100, {HERE: 100}), ("sku", 259, {HERE: 167, THERE: 92})], [100, 159]),  # promoted on the web alone
        ([("channel", 1000, {THERE: 92}), ("sku", 259, {HERE: 167, THERE: 92})], [908, 259]),  # SKUs first
        ([("channel", 50, {THERE: 92}), ("sku", 259, {HERE: 167, THERE: 92})], [0, 259]),  # its other SKUs earn
        ([("x", None, {SALES: 1}), ("x", 10, {SALES: 10})], [0, 10]),  # what has no money holds none
    ],
)
def test_of_findings_about_one_thing_the_larger_counts_once(rows, counts):
    found = findings(*rows)
    assert counted.counts(found).tolist() == pytest.approx(counts)
    assert counted.together(found) == (pytest.approx(sum(counts)), 0)
    assert counted.counted(found)["impact"].tolist() == pytest.approx([c for c in counts if c])
    assert not counted.counted(found.sample(frac=1, random_state=1))["impact"].sum() > sum(counts) + 1e-9, "whatever their order"


def test_what_comes_once_is_no_money_a_week():
    found = findings(("x", 468.12, None, "once"), ("x", 100, None), ("x", 50, None))
    assert counted.together(found) == (150.0, 468.12)
    assert counted.said(found, "GBP") == "£150 a week and £468 once"
    assert counted.said(found.head(1), "GBP") == "£468 once"
    assert counted.said(found.head(0), "GBP") == ""


def test_a_row_says_what_of_its_money_another_says_too():
    found = findings(("channel", 1000, {THERE: 92}), ("sku", 259, {HERE: 167, THERE: 92}), ("sku", 100, {HERE: 100}))
    assert counted.beside(found, "GBP") == ["£92.00 of it another finding's too, counted once", "", counted.AGAIN]


def test_a_sku_that_loses_and_looks_healthy_counts_the_larger_once():
    # A channel that keeps 70 % of a gross margin of 60 %: −10 % of 2,800; with a target of 5 % another 140 are missing, / 4.
    given = {"costs": FREE | {"channel_rate": {"web": 0.7}}, "targets": {"contribution_margin": {"ok": 0.05, "breach": 0.0}}}
    found = of(("negative_margin", shop()), ("false_confidence", shop()), **given)
    assert found[["check", "impact"]].values.tolist() == [["false_confidence", pytest.approx(105)], ["negative_margin", pytest.approx(70)]]
    assert counted.together(found) == (pytest.approx(105), 0)


def test_a_channel_counts_beside_its_losing_skus_what_these_do_not_say():
    # On social A keeps −10 % of 2,800, B at a price of 4 for a cost of 4 −70 % of 1,120: 280 + 784. A earns on the web, B is not there.
    both = together(
        shop(), {"products": [product("B")]}, *(sold(sku, 10, range(1, 29), price, "social") for sku, price in (("A", 10), ("B", 4)))
    )
    given = {"costs": FREE | {"channel_rate": {"social": 0.7}}}
    found = of(("negative_margin", both), ("channel_margin", both), **given)
    assert found[["entity", "impact"]].values.tolist() == [["social", pytest.approx(266)], ["B", pytest.approx(196)]]
    assert counted.counts(found).tolist() == pytest.approx([70, 196])


def test_a_promotion_of_a_loser_counts_what_it_adds():
    # B loses 1 a unit at list price, 280 in 28 days; promoted at half price 2.5 a unit, ten a day for seven days.
    tables = together(shop(), priced(3), {"inventory": stock("B", 1000), "promotions": [promotion(0.5)[0] | {"sku": "B"}]})
    found = of(("negative_margin", tables), ("promotion_at_risk", tables))
    assert found[["check", "impact"]].values.tolist() == [["promotion_at_risk", pytest.approx(175)], ["negative_margin", pytest.approx(70)]]
    assert counted.together(found) == (pytest.approx(175), 0), "70 that the SKU loses anyway, 105 that the promotion adds"


def test_sales_of_a_shelf_are_missed_once():
    late = shop(on_hand=10, inbound=[inbound(original_eta=ago(10), eta=ago(3), asn_at=f"{ago(12)} 09:00")])
    found = of(("inbound_eta_slip", late), ("asn_delayed", late), ("oos_risk", late))
    assert len(found) == 3 and counted.together(found) == (pytest.approx(found["impact"].max()), 0)
    assert sorted(found["period"].fillna("week").unique()) == ["week"]
