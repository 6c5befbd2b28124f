"""From a figure to its lines: what `review.why` lists adds up to the published figure, and says what it cannot be asked."""

from __future__ import annotations

import re

import pytest
from helpers_store import made
from opsreview.results import open_results
from opsreview.review import Review


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
    family = next(f for f in review.results.lines().family if f != f.lower())
    assert repr(review.why(family=family.lower()).parts[0]).endswith(f"of family {family.lower()}; did you mean {family}?")


def test_of_a_cost_the_dearest_lines_come_first_of_a_margin_those_that_leave_least(review):
    for figure, first in (("shipping", "highest shipping"), ("contribution_margin", "lowest contribution margin")):
        *_, table = review.why(figure).parts
        rows = review.results.lines()
        rows = rows[rows.cost_of_goods.notna()].sort_values(figure, ascending=figure != "shipping")
        assert f"Its lines, {first} first" in table.html
        assert re.findall(r'<td class="code"[^>]*>(.*?)</td>', table.html)[0] in set(
            rows.loc[rows[figure] == rows[figure].iloc[0], "order_id"]
        )


def test_a_table_that_is_not_there_is_named(review):
    with pytest.raises(ValueError, match=r"there is no table 'kpi'; did you mean kpis\?"):
        review.table("kpi")


@pytest.mark.parametrize(
    ("figure", "where", "said"),
    [
        ("contribution_margn", {}, "did you mean contribution_margin"),
        ("units", {}, "there are forecast_accuracy_14d"),
        ("on_time_ship_rate", {"locaton": "north"}, "by 'locaton'; did you mean location"),
        ("return_rate", {"carrier": "dhl"}, "its rows have sku, family, channel, reason"),
        ("shipping", {"famly": "Mugs"}, "did you mean family"),
        ("shipping", {"carrier": "dhl"}, "a margin is asked about by sku, family, category, tier, channel, order, not by 'carrier'"),
        ("shipping", {"days": 0}, "days is a whole number from 1 to 182"),
        ("shipping", {"days": 183}, "days is a whole number from 1 to 182"),
        ("shipping", {"days": 1.5}, "days is a whole number from 1 to 182"),
        ("on_time_ship_rate", {"days": 28}, "is of its own window; days may be asked of net_revenue"),
        ("contribution_margn", {"days": 28}, "did you mean contribution_margin"),
        ("returns_bill", {"reson": "too_small"}, "by 'reson'; did you mean reason"),
        ("returns_bil", {}, "did you mean returns_bill"),
        ("change", {"famly": "Mugs"}, "what changed is asked about by sku, family, channel, part, not by 'famly'; did you mean family"),
        ("change", {"part": "volum"}, "did you mean volume"),
    ],
)
def test_what_cannot_be_asked_is_said(review, figure, where, said):
    with pytest.raises(ValueError, match=said):
        review.why(figure, **where)


def test_the_rows_behind_every_published_figure_make_it(review):
    """Every KPI, the whole store and a few keys of each grain: the rows that `why` lists make what kpis.csv says."""
    kpis = review.results.kpis
    said = kpis[kpis.value.notna()].groupby(["kpi", "grain"]).head(3)
    assert said.kpi.nunique() > 20 and said.grain.nunique() > 8
    for row in said.itertuples():
        found = review.results.behind(row.kpi, {} if row.grain == "all" else {row.grain: row.key})
        assert [found.value, found.numerator, found.denominator] == pytest.approx(
            [row.value, row.numerator, row.denominator], rel=1e-9, nan_ok=True
        ), (row.kpi, row.grain, row.key)


def test_a_figure_is_said_with_its_parts_and_its_rows(review):
    row = review.results.kpis.query("kpi == 'on_time_ship_rate' and grain == 'location'").nlargest(1, "denominator").iloc[0]
    said, listing = review.why("on_time_ship_rate", location=row.key).parts
    assert f"On-time ship of location {row.key} in {review.results.week}" in repr(said)
    assert f"= {row.numerator:.0f} / {row.denominator:.0f}, from {row.denominator:.0f} rows" in repr(said).replace(" ", " ")
    mine = review.rows("on_time_ship_rate", location=row.key)
    assert len(mine) == row.denominator and mine.on_time.sum() == row.numerator
    assert all(f">{order}<" in listing.html for order in mine.order_id.head(20))
    one = review.rows("on_time_ship_rate", order_id=mine.order_id.iloc[0])
    assert set(one.order_id) == {mine.order_id.iloc[0]}, "any column of the rows narrows them too"
    kept = review.rows("on_time_ship_rate", location=row.key, on_time=True)
    assert len(kept) == row.numerator > 0, "a flag is asked for as a flag"
    n = review.rows("rework_rate").quantity.iloc[0]
    assert (review.rows("rework_rate", quantity=int(n)).quantity == n).all() and len(review.rows("rework_rate", quantity=int(n)))


def test_a_figure_that_is_not_available_says_why(review):
    gone = review.results.kpis.query("grain == 'all' and value.isna()").kpi.iloc[0]
    assert "is n/a in" in repr(review.why(gone).parts[0]) and len(review.why(gone).parts) == 1


def test_the_rows_of_a_part_of_a_leak_make_it(review):
    """Every part that has rows, whole and by one of its columns; the ledger itself and creep are asked as well."""
    said = review.results.leaks.query("part not in ['total', 'actionable', 'creep'] and amount.notna()").set_index("part").amount
    assert len(said) > 8
    for part, amount in said.items():
        rows = review.rows(part)
        assert rows.amount.sum() == pytest.approx(amount, abs=0.005), part
        parts = review.why(part).parts
        assert f"in {review.results.week}: " in repr(parts[0]) and repr(parts[0]).endswith(
            f" {len(rows) or 'no'} row{'s' * (len(rows) != 1)}."
        )
        if "sku" in rows and len(rows):
            mine = review.rows(part, sku=rows.sku.iloc[0])
            assert set(mine.sku) == {rows.sku.iloc[0]} and f"of sku {rows.sku.iloc[0]}" in repr(
                review.why(part, sku=rows.sku.iloc[0]).parts[0]
            )
    assert review.rows("leaks").equals(review.results.leaks) and set(review.rows("leak_3").leak) == {"3"}
    assert set(review.rows("creep").part) == {"creep"} and "Creep, of leak 3" in repr(review.why("creep").parts[0])
    assert "review.why(&#34;stockout&#34;)" in review.why("leaks").parts[0].html
    assert "creep" in review.why("leak_3").parts[0].html and "stockout" not in review.why("leak_3").parts[0].html


@pytest.mark.parametrize(
    ("part", "where", "said"),
    [("stockot", {}, "did you mean stockout"), ("stockout", {"skv": "A"}, "'skv'; did you mean sku"),
     ("rework", {"channel": "web"}, "by 'channel'")],
)  # fmt: skip
def test_what_cannot_be_asked_of_a_leak_is_said(review, part, where, said):
    for ask in (review.why, review.rows):
        with pytest.raises(ValueError, match=said):
            ask(part, **where)


@pytest.mark.parametrize("figure", ["net_revenue", "gross_margin", "shipping", "returns_reserve", "contribution_margin"])
def test_the_rows_of_a_margin_say_where_each_cost_comes_from(review, figure):
    """They are the lines of order_margin.parquet, those that make the figure."""
    lines, rows = review.results.lines(), review.rows(figure)
    assert list(rows.columns) == list(lines.columns) and {"shipping_kind", "measured", "allocated"} <= set(rows.columns)
    assert len(rows) == (len(lines) if figure == "net_revenue" else lines.cost_of_goods.notna().sum())
    family = rows.family.iloc[0]
    assert set(review.rows(figure, family=family).family) == {family}
    with pytest.raises(ValueError, match="did you mean family"):
        review.rows(figure, famly=family)


@pytest.fixture(scope="module", params=["random", "sample"])
def any_store(request, review):
    """A random store, and the sample: figures of 28 days, of returns and of a change are told of both."""
    return review if request.param == "random" else Review("friday", request.getfixturevalue("sample_results"))


def test_the_lines_of_28_days_add_up_to_the_range_and_to_the_channels(any_store):
    """`portfolio` is over T28 a SKU, `channels` a week of it; every money column of both, to the cent."""
    rows, evidence = any_store.rows("contribution_margin", days=28), any_store.results.evidence
    for grain, frame, weeks in (("sku", evidence("portfolio"), 1), ("channel", evidence("channels"), 4)):
        money = [c for c in ("net_revenue", "gross_margin", "shipping", "returns_reserve", "contribution_margin") if c in frame]
        told, sums = frame.set_index(grain)[money] * weeks, rows.groupby(grain)[money].sum()
        assert len(told) > 2 and ((sums.loc[told.index] - told).abs() < 0.005).all(axis=None)
    row = evidence("portfolio").iloc[0]
    mine = any_store.rows("contribution_margin", sku=row.sku, days=28)
    assert mine.contribution_margin.sum() == pytest.approx(row.contribution_margin, abs=0.005) and set(mine.sku) == {row.sku}
    said, chart, components, listing = any_store.why("contribution_margin", sku=row.sku, days=28).parts
    assert f"sku {row.sku} in the 28 days to " in repr(said) and f"the sum of {len(mine)} line" in repr(said).replace(",", "")
    assert chart.to_dict()["layer"] and "8 rows" in repr(components) and "filter" in listing.html


def test_the_seven_days_of_a_week_are_the_week(review):
    """Worked out anew, the lines of W are those that the run wrote."""
    from opsreview.behind import lines
    from opsreview.measure import ORDER_MARGIN

    results = review.results
    anew = lines(results.measured.books(results.week), 7, {}, ORDER_MARGIN)
    written = results.lines()
    assert list(anew.columns) == list(written.columns) and len(anew) == len(written) > 10
    for column in anew:
        same = anew[column].tolist(), written[column].tolist()
        assert same[0] == (pytest.approx(same[1], nan_ok=True) if anew[column].dtype.kind == "f" else same[1]), column


@pytest.mark.parametrize("grain", ["category", "tier"])
def test_a_margin_by_category_and_tier_is_that_of_its_skus(review, grain):
    skus = review.results.sku_margin
    for key, own in skus.groupby(grain):
        for figure in ("net_revenue", "contribution_margin"):
            assert review.rows(figure, **{grain: key})[figure].sum() == pytest.approx(own[figure].sum(), abs=0.005)
    assert f"of {grain} {key} in {review.results.week}" in repr(review.why(**{grain: key}).parts[0])


def test_before_the_exports_began_nothing_is_known(review):
    assert "; the exports begin on " in repr(review.why(days=182).parts[0])
    assert "exports begin" not in repr(review.why(days=28).parts[0])


def test_the_bill_of_returns_is_the_sum_of_its_lines_part_by_part(any_store):
    bill = any_store.results.evidence("returns_bill")
    parts = list(bill.columns[bill.columns.get_loc("units") + 1 : bill.columns.get_loc("total")])
    assert len(parts) > 8 and {"reason", "sku", "channel", "family"} < set(bill.grain)
    for row in bill.groupby("grain").head(3).itertuples():
        where = {} if row.grain == "all" else {row.grain: row.key}
        lines = any_store.rows("returns_bill", **where)
        for column in (*parts, "total", "refund", "units"):
            assert lines[column].sum() == pytest.approx(getattr(row, column), abs=0.005), (where, column)
        said, by_part, listing = any_store.why("returns_bill", **where).parts
        assert f"the sum of {len(lines)} return line" in repr(said).replace(",", "") and f"({len(parts)} rows)" in repr(by_part)
        assert lines.sort_values("total", ascending=False).return_id.iloc[0] in listing.html


def test_a_change_is_the_sum_of_its_cells(any_store):
    """Every part of the store, of each family, channel and SKU; and one part alone."""
    change = any_store.results.change
    for (grain, key), own in change.groupby(["grain", "key"]):
        where = {} if grain == "all" else {grain: key}
        cells = any_store.rows("change", **where)
        told = own.set_index("part").amount
        assert (cells[told.index].sum() - told).abs().max() < 0.005, where
        if grain == "all":
            continue
        part = own[own.kind == "part"].iloc[0] if len(own[own.kind == "part"]) else None
        if part is not None and part.amount and grain != "sku":
            mine = any_store.rows("change", part=part.part, **where)
            assert mine.amount.sum() == pytest.approx(part.amount, abs=0.005) and (mine.amount != 0).all()
            said, listing = any_store.why("change", part=part.part, **where).parts
            assert f"{grain} {key}" in repr(said) and f"the sum of {len(mine)} cell" in repr(said) and mine.sku.iloc[0] in listing.html
    family = change[change.grain == "family"].key.iloc[0]
    said, parts, listing = any_store.why("change", family=family).parts
    assert f"Contribution margin of family {family} in {any_store.results.week}" in repr(said)
    assert f"family=&#34;{family}&#34;, part=&#34;volume&#34;)" in parts.html.replace("&quot;", "&#34;")
    assert "Nothing of it lies in sku no such" in repr(any_store.why("change", sku="no such").parts[0])


def test_a_bill_without_returns_says_so():
    """Where the returns of a week of T28 did not come there is no bill, and no rows of one."""
    import fake_results
    from fake_known import context
    from hand_shop import shop
    from opsreview.behind import behind

    r = fake_results.shared()
    none = Review("friday", fake_results.changed_by(r, returns_bill=r.evidence("returns_bill").head(0)))
    parts = none.why("returns_bill", reason="too_small").parts
    assert len(parts) == 1 and repr(parts[0]).startswith(f"The bill of returns is n/a in {r.week}: ")
    with pytest.raises(ValueError, match="did not come"):
        behind(context(shop()).books, "returns_bill", {})


def test_what_changed_is_not_said_of_a_young_store(review):
    """Under four weeks of history there is no usual level: one sentence, no rows and no error."""
    young = Review("friday", open_results(review.results.exports_dir, str(review.results.week - 3)))
    parts = young.why("change", family="Mugs", part="volume").parts
    assert len(parts) == 1 and "fewer than four weeks" in repr(parts[0]) and young.rows("change").empty
