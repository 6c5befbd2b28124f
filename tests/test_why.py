"""From a figure to its lines: what `review.why` lists adds up to the published figure, and says what it cannot be asked."""

from __future__ import annotations

import pytest
from helpers_store import made
from opsreview.exhibits import bridges
from opsreview.results import open_results
from opsreview.review import Review
from opsreview.titles_margin import BRIDGE


@pytest.fixture(scope="module")
def review(tmp_path_factory) -> Review:
    exports = made(tmp_path_factory.mktemp("why") / "exports", seed=3, weeks=6, orders=20)
    return Review("friday", open_results(exports))


@pytest.mark.parametrize("figure", ["net_revenue", "gross_margin", "contribution_margin"])
@pytest.mark.parametrize("grain", ["family", "channel", "sku"])
def test_the_lines_behind_a_figure_add_up_to_it(review, figure, grain):
    kpis = review.results.kpis
    said = kpis[(kpis.kpi == figure) & (kpis.grain == grain) & kpis.value.notna()]
    assert len(said)
    for row in said.itertuples():
        lines = review.results.lines(**{grain: row.key})
        lines = lines if figure == "net_revenue" else lines[lines.cost_of_goods.notna()]
        assert lines[figure].sum() == pytest.approx(row.value if figure == "net_revenue" else row.numerator, abs=0.005)


def test_a_figure_is_shown_with_its_bridge_its_components_and_its_lines(review):
    lines = review.results.lines()
    family = lines[lines.cost_of_goods.notna()].family.value_counts().index[0]
    said, chart, components, lines = review.why("contribution_margin", family=family).parts
    mine = review.results.lines(family=family)
    mine = mine[mine.cost_of_goods.notna()]
    assert f"the sum of {len(mine)} lines of {mine.order_id.nunique()} orders" in repr(said) and family in repr(said)
    assert chart.to_dict()["layer"] and "8 rows" in repr(components)
    assert all(f">{order}<" in lines.html for order in mine.order_id)


def test_an_order_is_explained_line_by_line(review):
    order = review.results.lines().order_id.iloc[0]
    assert f"order {order}" in repr(review.why(order=order).parts[0])
    assert set(review.results.lines(order_id=order).order_id) == {order}


def test_nothing_sold_says_so(review):
    assert repr(review.why(sku="no such").parts[0]) == f"No line was sold in {review.results.week} of sku no such."


@pytest.mark.parametrize(
    ("figure", "where", "said"),
    [
        ("contribution_margn", {}, "did you mean contribution_margin"),
        ("units", {}, f"there are {', '.join(BRIDGE)}"),
        ("shipping", {"famly": "Mugs"}, "did you mean family"),
        ("shipping", {"carrier": "dhl"}, "by sku, family, channel, order, not by 'carrier'"),
    ],
)
def test_what_cannot_be_asked_is_said(review, figure, where, said):
    with pytest.raises(ValueError, match=said):
        bridges.why(review.results, figure, where)
