"""Charts: they say the numbers they were given, in a specification that JupyterLab and the page draw; nothing where there is nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import fake_results
import numpy as np
import opsreview
import pandas as pd
import pytest
import vl_convert
from opsreview import charts, figures, renderer, theme
from opsreview.charts import margin as margin_charts
from opsreview.exhibits import exhibits, trend_rows
from opsreview.renderer import render
from opsreview.statistics import wilson
from opsreview.tables import Html

JUPYTERLAB = "5.20"  # the Vega-Lite that JupyterLab 4.6 bundles is a 5; the page carries the newest


def built(results, **frames):
    """Every chart once, by name, from the frames of `results` (or those given)."""
    r = fake_results.changed_by(results, **frames) if frames else results
    e, week = r.evidence, pd.Timestamp(r.week.end)
    tiers = pd.DataFrame({"tier": ["A", "B"], "value": [40.0, 80.0], "low": [14.0, 30.0], "high": [45.0, 75.0]})
    services = e("carriers")
    spans = [wilson(x, n, 0.9) for x, n in zip(services.exceptions, services.shipments, strict=True)]
    services = services.assign(low=[s[0] for s in spans], high=[s[1] for s in spans])
    ship = r.history[(r.history.kpi == "on_time_ship_rate") & r.history.grain.isin(["all", "location"])]
    accuracy = r.kpis[(r.kpis.kpi == "forecast_accuracy_14d") & (r.kpis.grain != "all")].assign(name=lambda f: f.key, goal=0.75)
    return {
        "orders": charts.orders_against_plan(e("orders_daily"), week, "T", "", "EUR"),
        "plan": charts.plan_vs_actual(e("plan_vs_actual"), 1.4, 0.1, "T", "", "EUR"),
        "supply": charts.days_of_supply(r.inventory, tiers.head(0 if r.inventory.empty else 2), "T"),
        "errors": charts.error_trend(e("pick_trend"), "T"),
        "waves": charts.waves(e("waves"), "T", "", "EUR"),
        "elasticity": charts.elasticity(e("labor_volume"), e("elasticity"), "T", "", "EUR"),
        "dock": charts.dock_to_stock(e("dock"), 10.0, "T"),
        "carriers": charts.carriers(services.assign(lane=services.carrier + " / " + services.service), "T", "", "EUR"),
        "families": charts.families(e("family_margin"), "family", "T", "", "EUR"),
        "waterfall": charts.waterfall(e("family_margin"), "T", "", "EUR"),
        "rerank": charts.rerank(e("sku_rank"), "T", "", "EUR"),
        "heat": charts.returns_heat(e("returns_reasons"), "T", "", "EUR"),
        "ledger": charts.ledger(r.leak_history, "T", "", "EUR"),
        "trend": charts.trend(trend_rows(r, ship.assign(series=ship.key)), "T", "share", "On-time ship"),
        "ranked": charts.ranked(accuracy, "name", "value", "T", "share", "Accuracy", ["name | Which"], group="grain", target="goal"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def specs():
    return {name: chart.to_dict() for name, chart in built(fake_results.shared()).items()}


def rows_of(spec):
    """All rows of a chart's datasets that hold a column, as one frame a dataset."""
    return [pd.DataFrame(rows) for rows in spec["datasets"].values()]


def with_column(spec, name):
    return next(frame for frame in rows_of(spec) if name in frame)


def test_every_chart_draws_in_both_versions_of_vega_lite(specs):
    for name, spec in specs.items():
        for version in (JUPYTERLAB, "6.4"):
            svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=version)
            assert svg.count("<path") > 3, f"{name} is empty in Vega-Lite {version}"


def test_an_empty_frame_gives_no_chart():
    empty = built(fake_results.silent())
    assert [name for name, chart in empty.items() if chart is not None] == []


def test_size_title_and_tooltips(specs):
    for name, spec in specs.items():
        assert spec["width"] == theme.WIDTH and spec["height"] >= charts.forms.LEAST_PLOT, name
        assert spec["autosize"] == {"type": "fit-x", "contains": "padding", "resize": True}, name
        assert spec["title"]["text"] == ["T"], name
        assert '"tooltip": [' in json.dumps(spec), f"{name} has no tooltip"


def test_money_wears_the_reporting_currency(specs):
    for name in ("orders", "waves", "families", "waterfall", "ledger", "heat", "carriers"):
        assert specs[name]["config"]["locale"]["number"]["currency"] == ["€", ""], name


def test_the_same_frame_gives_the_same_bytes(specs):
    again = {name: chart.to_dict() for name, chart in built(fake_results.shared()).items()}
    for name, spec in specs.items():
        first, second = (json.dumps(render(s), sort_keys=True) for s in (spec, again[name]))
        assert first == second, name


def test_text_from_exports_stays_data():
    """A name that would close a script or an expression is only ever a value: in rows, and in the options of a dropdown."""
    evil = "';alert(1)//</script><b>"
    r = fake_results.shared()
    frames = {
        n: r.evidence(n).copy()
        for n in ("waves", "family_margin", "sku_rank", "dock", "carriers", "returns_reasons", "plan_vs_actual", "orders_daily")
    }
    for frame in frames.values():
        for column in set(frame) & {"location", "family", "sku", "name", "carrier", "reason", "supplier", "channel"}:
            frame[column] = frame[column].astype(str) + evil
    for name, chart in built(r, **frames).items():
        spec = chart.to_dict()
        spec.pop("datasets")
        for param in spec.get("params", []):
            param.pop("bind", None)
            param.pop("value", None)
        sorts = re.sub(r'"sort": \[[^\]]*\]', '"sort": []', json.dumps(spec))  # the order of an axis is a list of values too
        assert "alert(1)" not in sorts, f"{name} carries text of an export outside its data"


def test_waterfall_ends_where_the_margin_is(specs):
    margin = fake_results.shared().evidence("family_margin")
    steps = margin_charts.steps(margin)
    for key, rows in steps.groupby("family"):
        own = margin if key == "(all)" else margin[margin.family == key]
        by = rows.set_index("label")
        assert by.to["Contribution"] == pytest.approx(own.contribution_margin.sum())
        assert by.to["Returns"] == pytest.approx(own.contribution_margin.sum()), "the last cost ends on the contribution bar"
        assert by["from"]["Packaging"] == pytest.approx(own.gross_margin.sum()), "the first cost starts on the gross bar"
        assert by.share["Shipping"] == pytest.approx(own.shipping.sum() / own.net_revenue.sum())
    assert set(with_column(specs["waterfall"], "key").key) == {"(all)", *margin.family}


def test_waterfall_of_a_loss_is_marked():
    margin = fake_results.shared().evidence("family_margin").head(1).assign(contribution_margin=-500.0)
    drawn = with_column(charts.waterfall(margin, "T").to_dict(), "kind")
    assert drawn[drawn.label == "Contribution"].kind.unique().tolist() == ["margin below zero"]


def test_ledger_shows_leaks_one_to_four_and_their_sum(specs):
    history = fake_results.shared().leak_history
    drawn = with_column(specs["ledger"], "amount")
    whole = history[(history.leak == "1-4") & (history.part == "total")].set_index("week").amount
    assert drawn.groupby("week").amount.sum().to_dict() == pytest.approx(whole.to_dict())
    assert drawn.leak.nunique() == 4


def test_funnel_is_the_wider_of_rule_and_chance(specs):
    funnel = next(f for f in rows_of(specs["plan"]) if {"planned", "low", "high"} <= set(f))
    share = (funnel.high - funnel.planned) / funnel.planned
    expected = np.maximum(0.1, 1.96 * np.sqrt(1.4 / funnel.planned))
    assert share.to_numpy() == pytest.approx(expected.to_numpy())
    assert (funnel.low >= 0).all()


def test_plan_chart_marks_exactly_the_flagged(specs):
    skus = fake_results.shared().evidence("plan_vs_actual").set_index("sku")
    drawn = with_column(specs["plan"], "verdict").set_index("sku")
    assert set(drawn.index[drawn.verdict != "within rule or chance"]) == set(skus.index[skus.flagged])
    assert set(drawn.index[drawn.verdict == "sold without a plan"]) == set(skus.index[skus.planned == 0])


def test_days_of_supply_are_held_against_the_band_of_their_tier(specs):
    drawn = with_column(specs["supply"], "days_of_supply")
    low, high = drawn.tier.map({"A": 14, "B": 30}), drawn.tier.map({"A": 45, "B": 75})
    side = np.where(drawn.days_of_supply < low, "below its band", np.where(drawn.days_of_supply > high, "above its band", "in its band"))
    assert drawn.status.tolist() == side.tolist()
    assert drawn.status.nunique() == 3


def test_errors_of_all_locations_are_a_ratio_of_sums(specs):
    picks = fake_results.shared().evidence("pick_trend")
    drawn = with_column(specs["errors"], "rate").query("location == 'all locations' and week == '2026-W46' and error == 'label'")
    own = picks[picks.week == "2026-W46"]
    expected = 1000 * own[own.error_type == "label"].errors.sum() / own[own.error_type == ""].picks.sum()
    assert drawn.rate.tolist() == pytest.approx([expected])


def test_waves_show_only_hours_with_work_or_pay_and_start_at_the_worst_place():
    rows = [("quiet", 8, 1, 10, 5.0, 5.0, 1.0), ("quiet", 3, 9, 0, 0.0, 0.0, 0.0), ("uneven", 8, 1, 10, 1.0, 0.1, 1.0)]
    hours = pd.DataFrame(rows, columns=["location", "hour", "orders", "lines_picked", "hours", "need", "cost"])
    spec = charts.waves(hours, "T").to_dict()
    assert sorted(with_column(spec, "gap").hour) == [8, 8]
    assert spec["params"][0]["value"] == "uneven"


def test_fitted_line_goes_through_the_middle_of_its_points():
    volume = pd.DataFrame({"week": "W", "location": "BER", "role": "pick", "volume": [10.0, 40.0], "hours": [1.0, 4.0], "cost": 0.0})
    fits = pd.DataFrame([{"location": "BER", "role": "pick", "value": 1.0, "low": 0.8, "high": 1.2, "n": 2}])
    line = with_column(charts.elasticity(volume, fits, "T").to_dict(), "hours_value")
    assert line.hours_value.to_numpy() == pytest.approx(line.volume.to_numpy() / 10), "slope 1 through (20, 2)"
    assert (line.hours_low - line.hours_high).iloc[0] > 0 > (line.hours_low - line.hours_high).iloc[-1], "the band turns in the middle"


def test_dock_leaves_out_times_that_cannot_be():
    lines = fake_results.shared().evidence("dock").assign(state=lambda f: np.where(f.index == 0, "inconsistent", f.state))
    lines.loc[1, "hours"] = -3.0
    drawn = with_column(charts.dock_to_stock(lines, 10.0, "T").to_dict(), "document_id")
    assert len(drawn) == len(lines) - 2


def test_rerank_ranks_its_skus_among_themselves(specs):
    top = charts.margin.largest(fake_results.shared().evidence("sku_rank"), 25)
    assert sorted(top.rank_gross) == list(range(1, 26)) and sorted(top.rank_contribution) == list(range(1, 26))
    drawn = with_column(specs["rerank"], "through").set_index("sku")
    worst = top.set_index("sku").fall.idxmax()
    assert drawn.kind[worst] == "falls most"
    assert (drawn[drawn.kind == "climbs most"].index.map(top.set_index("sku").fall) < 0).all()


def test_the_parts_of_a_returns_bill_that_are_drawn_add_up_to_it():
    bill = fake_results.shared().evidence("returns_bill")
    parts = charts.money.grouped(bill)[list(charts.money.GROUPS)].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(bill.total.to_numpy()) and bill.total.sum() > 0
    drawn = with_column(charts.money.returns_bill(bill, "T").to_dict(), "amount")
    assert drawn.part.nunique() == 4 and drawn.amount.sum() == pytest.approx(bill[bill.grain == "reason"].total.sum())


@pytest.mark.parametrize(
    ("signal", "better", "expected"),
    [
        ("up:limits", "up", "changed for the better"),
        ("down:run", "up", "changed for the worse"),
        ("up:near", "down", "changed for the worse"),
        ("down:limits", "down", "changed for the better"),
        ("up:limits", "zero", "changed"),
        ("down:limits", "band", "changed"),
        ("none", "up", "in its usual range"),
        ("short", "up", "in its usual range"),
        ("", "up", "in its usual range"),
    ],
)
def test_meaning_of_a_signal(signal, better, expected):
    assert figures.meaning(signal, better) == expected


def test_every_week_outside_the_band_drawn_is_marked_and_no_other(specs):
    drawn = with_column(specs["trend"], "news")
    marked = drawn.news.str.startswith("outside")
    assert marked.tolist() == ((drawn.value > drawn.upper) | (drawn.value < drawn.lower)).tolist() and 0 < marked.sum() < len(drawn)
    assert set(drawn[marked & (drawn.value < drawn.lower)].news) == {"outside, worse"}, "late parcels are no good news"
    assert set(drawn.low) == {0.99}, "the target of on-time ship"


@pytest.mark.parametrize(
    ("value", "signal", "better", "expected"),
    [
        (0.5, "", "up", "within its range"),
        (0.6, "", "up", "within its range"),  # on the limit is within
        (0.7, "", "up", "outside, better"),
        (0.7, "", "down", "outside, worse"),
        (0.3, "", "up", "outside, worse"),
        (0.3, "down:limits", "down", "outside, better"),
        (0.3, "", "zero", "outside"),
        (0.3, "short", "up", "outside, worse"),  # a provisional band is a band that is drawn
        (0.55, "up:run", "up", "within, yet a signal: better"),
        (0.55, "up:near", "down", "within, yet a signal: worse"),
        (0.55, "up:near", "band", "within, yet a signal"),
        (0.55, "none", "up", "within its range"),
    ],
)
def test_a_mark_says_how_a_week_stands_to_its_band(value, signal, better, expected):
    week = {"value": value, "lower": 0.4, "upper": 0.6, "signal": signal, "better": better}
    assert charts.forms.standing(pd.DataFrame([week])) == [expected]
    assert expected in charts.forms.NEWS
    assert charts.forms.standing(pd.DataFrame([week | {"lower": np.nan, "upper": np.nan, "signal": "short"}])) == ["within its range"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5, 5, 5], ""),
        ([5, 5, 9], "above its range"),
        ([5, 1, 1], "the second week below its range"),
        ([9, 1, 1], "the second week below its range"),
        ([1] * 13, "the 13th week below its range"),
        ([9, 9, 5], ""),
        ([], ""),
    ],
)
def test_how_long_a_figure_is_outside(values, expected):
    weeks = pd.DataFrame({"value": values, "lower": 2.0, "upper": 8.0})
    assert figures.outside(weeks) == expected


def test_a_title_follows_its_dropdown(specs):
    """The text of each option is a parameter's value; drawn with another option picked, the picture says that option's."""
    r = fake_results.shared()
    chart = next(p for p in exhibits("friday")["net_to_contribution"](r) if not isinstance(p, Html)).to_dict()
    params = {param["name"]: param for param in chart["params"]}
    headings, options = params["headings"]["value"], params["picked"]["bind"]["options"]
    assert list(headings) == options and len({" ".join(text) for text in headings.values()}) == len(options) > 2
    assert renderer.title(chart) == " ".join(headings[options[0]])
    other = options[1]
    params["picked"]["value"] = other
    for version in (JUPYTERLAB, "6.4"):
        svg = vl_convert.vegalite_to_svg(json.dumps(chart), vl_version=version)
        assert headings[other][0][:30] in svg and headings[options[0]][0][:30] not in svg
    assert renderer.title(chart) == " ".join(headings[other])


def test_every_chart_with_a_dropdown_has_a_title_an_option():
    r, seen = fake_results.shared(), 0
    for name, exhibit in exhibits("explore").items():
        for part in exhibit(r):
            spec = {} if isinstance(part, Html) else part.to_dict()
            params = {param["name"]: param for param in spec.get("params", [])}
            if "picked" not in params or name in ("leak_ledger", "where_costs_come_from"):  # both views are of the whole store
                continue
            options = params["picked"]["bind"]["options"]
            if len(options) > 1:
                seen += 1
                assert set(params["headings"]["value"]) == set(options), name
    assert seen > 8


def test_trend_without_a_target_draws_none():
    r = fake_results.shared()
    rows = r.history[(r.history.kpi == "carrier_exception_rate") & (r.history.grain == "all")].assign(series="all")
    text = json.dumps(charts.trend(trend_rows(r, rows), "T", "share", "Rate").to_dict())
    assert theme.OK not in text


def test_a_legend_names_only_what_is_there(specs):
    for name, spec in specs.items():
        columns = {column: set(frame[column].astype(str)) for frame in rows_of(spec) for column in frame}
        for field, domain in re.findall(r'"color": \{"field": "(\w+)", [^{}]*?"scale": \{"domain": \[([^\]]*)\]', json.dumps(spec)):
            if field in columns and field != "kind":
                assert set(re.findall(r'"([^"]*)"', domain)) <= columns[field], name


def test_orders_without_a_plan_draw_none():
    daily = fake_results.shared().evidence("orders_daily").assign(planned_units=np.nan)
    spec = charts.orders_against_plan(daily, pd.Timestamp("2026-11-16"), "T").to_dict()
    assert "plan ahead" not in json.dumps(spec) and with_column(spec, "units").units.notna().all()
    with_plan = charts.orders_against_plan(fake_results.shared().evidence("orders_daily"), pd.Timestamp("2026-11-16"), "T").to_dict()
    assert "plan ahead" in json.dumps(with_plan) and with_column(with_plan, "units").units.isna().any(), "the plan ahead has no sales yet"


def test_bars_of_shares_close_to_one_become_dots():
    rows = pd.DataFrame({"name": ["a", "b"], "value": [0.97, 0.99], "goal": [0.99, 0.99], "status": ["watch", "ok"]})
    near = json.dumps(charts.ranked(rows, "name", "value", "T", "share", "L", ["name | N"], target="goal").to_dict())
    far = json.dumps(
        charts.ranked(rows.assign(value=[0.2, 0.5]), "name", "value", "T", "share", "L", ["name | N"], target="goal").to_dict()
    )
    assert '"type": "point"' in near and '"type": "bar"' not in near
    assert '"type": "bar"' in far


def test_every_exhibit_gives_charts_that_validate():
    r = fake_results.shared()
    for name, exhibit in exhibits("explore").items():
        parts = exhibit(r)
        assert parts, name
        for part in parts:
            assert isinstance(part, Html) or part.to_dict()["title"]["text"] != [""], name


def test_colors_have_one_home():
    package = Path(opsreview.__file__).parent
    own = [
        *package.glob("charts/*.py"),
        *package.glob("exhibits/*.py"),
        *(package / f"{n}.py" for n in ("tables", "agenda", "titles", "review", "widgets")),
    ]
    assert len(own) > 8
    for file in own:
        assert not re.search(r"#[0-9A-Fa-f]{6}", file.read_text(encoding="utf-8")), f"{file.name} names a color"
