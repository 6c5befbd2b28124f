"""Sentences from numbers: each direction, and n/a, on small frames."""

from __future__ import annotations

import math
from datetime import date, datetime

import fake_results
import pandas as pd
import pytest
from opsreview import figures, formats, headlines, narrative, settings, titles, titles_margin
from opsreview.weeks import Week

NAN = float("nan")
TEAM = settings.parse({"timezone": "Europe/Berlin", "reporting_currency": "EUR"})
N = formats.NBSP


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (formats.money(12345.4, "EUR"), "€12,345"),
        (formats.money(-5.2, "EUR"), "−€5.20"),
        (formats.money(-0.001, "EUR"), "€0.00"),  # never −0
        (formats.money(99.996, "USD"), "$100"),
        (formats.money(0, "USD"), "$0"),
        (formats.money(12, "CHF"), f"CHF{N}12.00"),
        (formats.money(NAN, "EUR"), "n/a"),
        (formats.share(0.6123), f"61.2{N}%"),
        (formats.share(0.9953), f"99.53{N}%"),  # close to 1 a hundredth is news
        (formats.share(0.004), f"0.40{N}%"),
        (formats.share(1.0), f"100{N}%"),
        (formats.share(0), f"0{N}%"),
        (formats.share(None), "n/a"),
        (formats.share(0.99999), f">{N}99.99{N}%"),  # not certain
        (formats.points(-0.012), f"−1.2{N}pp"),
        (formats.points(0.0012), f"+0.12{N}pp"),
        (formats.points(0.0), f"±0.00{N}pp"),
        (formats.quantity(44.25, "days"), f"44.2{N}days"),
        (formats.quantity(10.0, "hours"), f"10{N}h"),
        (formats.quantity(1234.5, "units"), "1,234"),
        (formats.quantity(6.1, "count"), "6.1"),
        (formats.difference(0.52, 0.5, "share"), f"+2.0{N}pp"),
        (formats.difference(80, 100, "money", "EUR"), "−€20.00"),
        (formats.difference(5, 5, "hours"), f"±0{N}h"),
        (formats.difference(5, NAN, "hours"), "n/a"),
        (formats.day(date(2026, 11, 5)), f"5{N}Nov"),
        (formats.day("2026-11-18T23:00:00Z"), f"18{N}Nov"),
        (formats.day(pd.NaT), "n/a"),
        (formats.moment(datetime(2026, 11, 15, 9, 5)), f"15{N}Nov{N}09:05"),
        (formats.count(0, "finding"), "no findings"),
        (formats.count(1, "finding"), "1 finding"),
        (formats.count(1200, "finding"), "1,200 findings"),
        (formats.listing(["a"]), "a"),
        (formats.listing(["a", "b", "c"]), "a, b and c"),
        (formats.listing(["a", "b", "c", "d", "e"]), "a, b, c and 2 more"),
        (formats.listing([]), ""),
    ],
)
def test_numbers_as_a_reader_says_them(said, expected):
    assert said == expected


def kpi_row(kpi, value, status="none", signal="none", previous=NAN, grain="all", key="", review="wednesday", unit="share"):
    row = {"week": "2026-W46", "review": review, "kpi": kpi, "grain": grain, "key": key, "value": value, "unit": unit, "previous": previous}
    judged = {"target": "", "status": status, "signal": signal, "owner": "x", "baseline": NAN}
    return {**row, "numerator": value, "denominator": 1.0, **judged}


def finding(impact, title="Picks go wrong", decision="staff: 3 more", state="new", review="wednesday"):
    columns = fake_results.shared().findings.columns
    fields = {"finding_id": title, "week": "2026-W46", "review": review, "title": title, "impact": impact, "state": state,
              "suggested_decision": decision, "severity": "watch", "check": "pick_error_rate", "entity": "BER"}  # fmt: skip
    return {name: fields.get(name, "") for name in columns}


def store(kpis=(), findings=(), **more):
    """A store with only these figures and findings."""
    full = fake_results.shared()
    found = pd.DataFrame(findings, columns=full.findings.columns)
    empty = {"history": full.history.head(0), "leaks": full.leaks.head(0), "trust": {**full.trust, "missing": []}, "settings": TEAM}
    return fake_results.changed_by(full, **{**empty, "kpis": pd.DataFrame(kpis, columns=full.kpis.columns), "findings": found, **more})


def test_headline_names_the_worst_figure_the_money_and_what_to_decide():
    rows = [
        kpi_row("pick_pack_accuracy", 0.992, "watch"),
        kpi_row("on_time_ship_rate", 0.9, "breach"),
        kpi_row("rework_rate", 0.02, "breach"),
    ]
    said = narrative.headline(store(rows, [finding(900.0), finding(100.0, "Late", "investigate: x")]), "wednesday")
    assert said == (
        f"On-time ship is 90.0{N}%; the target is at least 99{N}%, and rework rate is in breach too. "
        "2 findings cost about €1,000 a week; the largest, €900: Picks go wrong. To decide: staff (1) and investigate (1)."
    )
    assert narrative.grave(store(rows), "wednesday") == "breach"


def test_headline_tells_findings_with_a_price_from_those_without_and_a_week_from_once():
    ok = [kpi_row("on_time_ship_rate", 0.995, "ok")]
    open_, once = finding(None, "No export"), {**finding(468.0, "Billed twice"), "period": "once"}
    rows = pd.DataFrame([once, finding(90.0), finding(10.0, "Late"), open_])
    said = narrative.headline(fake_results.changed_by(store(ok), findings=rows), "wednesday")
    assert "4 findings; the 3 with a price cost about €100 a week and €468 once; the largest, €468 once: Billed twice. To" in said
    said = narrative.headline(fake_results.changed_by(store(ok), findings=rows.iloc[[1, 3]]), "wednesday")
    assert "2 findings; the one with a price costs about €90.00 a week; the largest, €90.00: Picks go wrong. To" in said
    said = narrative.headline(fake_results.changed_by(store(ok), findings=rows.head(1)), "wednesday")
    assert "One finding costs about €468 once: Billed twice. To" in said


def test_headline_counts_the_decisions_that_it_does_not_name():
    asked = ["staff: x"] * 3 + ["reprice: x"] * 2 + ["transfer: x"] * 2 + ["expedite: x", "accept: x", "accept: x"]
    found = [finding(100.0 - i, f"F{i}", what) for i, what in enumerate(asked)]
    said = narrative.headline(store([kpi_row("pick_pack_accuracy", 0.992, "watch")], found), "wednesday")
    assert said.endswith("To decide: staff (3), reprice (2), transfer (2) and 3 others.")


def test_headline_of_a_week_on_target():
    rows = [kpi_row("pick_pack_accuracy", 0.997, "ok"), kpi_row("on_time_ship_rate", 0.995, "ok")]
    assert narrative.headline(store(rows), "wednesday") == "Pick/pack accuracy and on-time ship are on target. No finding is open."
    assert narrative.headline(store(rows[:1]), "wednesday").startswith(f"Pick/pack accuracy is 99.70{N}%, on target.")


def test_headline_on_target_does_not_hide_a_change_for_the_worse():
    rows = [kpi_row("pick_pack_accuracy", 0.997, "ok", signal="down:limits"), kpi_row("on_time_ship_rate", 0.995, "ok", signal="up:limits")]
    assert "are on target, but pick/pack accuracy changed for the worse. No" in narrative.headline(store(rows), "wednesday")


def test_friday_begins_with_what_was_earned_and_a_change_for_the_worse_is_to_be_watched():
    rows = [kpi_row("gross_margin", 0.5, "ok", signal="down:limits", review="friday")]
    change = fake_results.shared().change
    said, status = headlines.week_headline(store(rows, flat_although=None), "friday")
    assert said.startswith(f"{titles_margin.change(change, 'EUR')}. Gross margin is 50.0{N}%, on target, but") and status == "watch"
    assert headlines.week_headline(store([{**rows[0], "signal": "up:limits"}]), "friday")[1] == "ok"
    assert headlines.week_headline(store([{**rows[0], "status": "breach"}]), "friday")[1] == "breach"
    assert headlines.week_headline(store(rows, change=change.head(0)), "friday")[0].startswith("Gross margin is")
    assert headlines.week_headline(store([kpi_row("pick_pack_accuracy", 0.99, "ok")]), "wednesday")[0].startswith("Pick/pack")


def test_friday_calls_a_week_that_sold_more_and_kept_no_more_by_its_name():
    rows = [kpi_row("gross_margin", 0.5, "ok", review="friday")]
    said, _ = headlines.week_headline(store(rows, flat_although=(0.093, -0.523)), "friday")
    assert said.startswith("Revenue up, margin down: contribution is €")
    assert f" usual level while net revenue is 9.3{N}% above: " in said
    assert headlines.week_headline(store(rows, flat_although=(0.12, 0.01)), "friday")[0].startswith("Revenue up, margin flat: ")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("family", "Rugs", -80.0), ("family", "Lamps", -20.0), ("channel", "web", -50.0), ("channel", "shop", -50.0)], " (Rugs)"),
        ([("family", "Rugs", -80.0), ("family", "Lamps", -20.0), ("channel", "web", -95.0), ("channel", "shop", -5.0)], " (web)"),
        ([("family", "Rugs", -70.0), ("family", "Lamps", -30.0), ("channel", "web", -50.0), ("channel", "shop", -50.0)], ""),
        ([("family", "Rugs", 90.0), ("family", "Lamps", -190.0), ("channel", "web", -50.0), ("channel", "shop", -50.0)], " (Lamps)"),
        ([("family", "Rugs", -100.0), ("channel", "web", -100.0)], ""),  # nothing else was sold: no news
        ([("family", "Rugs", -99.0), ("family", "Lamps", -1.0), ("sku", "R1", -76.0), ("sku", "R2", -24.0)], " (Red rug)"),  # the narrowest
        ([("family", "Rugs", -99.0), ("family", "Lamps", -1.0), ("sku", "R1", -50.0), ("sku", "R2", -50.0)], " (Rugs)"),
    ],
)
def test_a_part_that_lies_in_one_family_or_channel_is_said_to(rows, said):
    whole = [
        ("all", "", "baseline", 200.0, "baseline"),
        ("all", "", "contribution_margin", 100.0, "contribution"),
        ("all", "", "price", -100.0, "part"),
    ]
    parts = [(grain, key, "price", amount, "part") for grain, key, amount in rows]
    frame = pd.DataFrame(whole + parts, columns=["grain", "key", "part", "amount", "kind"])
    assert titles_margin.change(frame, "EUR", names={"R1": "Red rug"}).endswith(f"price −€100{said}")


@pytest.mark.parametrize(("now", "said"), [(80.0, "€20.00 below"), (130.0, "€30.00 above"), (100.2, "at")])
def test_contribution_against_its_usual_level(now, said):
    rows = pd.DataFrame(
        [("all", "", "baseline", 100.0, "memo"), ("all", "", "contribution_margin", now, "memo"), ("all", "", "price", now - 100, "part")],
        columns=["grain", "key", "part", "amount", "kind"],
    )
    assert titles_margin.change(rows, "EUR").startswith(f"Contribution is {formats.money(now, 'EUR')}, {said} its usual level: price")


def test_what_each_channel_keeps():
    rows = pd.DataFrame({"channel": ["b", "a"], "net_revenue": [1.0, 2.0], "contribution_margin_share": [-0.2, 0.1]})
    assert titles.kept(rows, "channel") == f"Of net revenue a keeps 10.0{N}% and b −20.0{N}% as contribution"
    assert titles.kept(rows.head(0), "channel").endswith("n/a")


def test_headline_says_what_could_not_be_measured_and_for_want_of_what():
    rows = [kpi_row("pick_pack_accuracy", NAN, "n/a"), kpi_row("on_time_ship_rate", 0.995, "ok"), kpi_row("rework_rate", 0.004, "ok")]
    missing = [{"table": "picks.error_type", "weeks": ["2026-W46"], "costs": ["pick_pack_accuracy"]}]
    trust = {**fake_results.shared().trust, "missing": missing}
    said = narrative.headline(store(rows, trust=trust), "wednesday")
    assert (
        said == "On-time ship and rework rate are on target; 1 could not be measured for want of error_type of picks. No finding is open."
    )
    only = narrative.headline(store(rows[:1], trust=trust), "wednesday")
    assert (
        only == "In fulfillment and service no figure with a target could be measured for want of error_type of picks. No finding is open."
    )
    known = narrative.headline(store([rows[0], kpi_row("carrier_exception_rate", 0.03)], trust=trust), "wednesday")
    wanted = "no figure with a target could be measured for want of error_type of picks. No finding is open."
    assert known == f"Carrier exception rate is 3.0{N}%; {wanted}"
    assert narrative.headline(store([kpi_row("carrier_exception_rate", 0.03)]), "wednesday").startswith(
        f"Carrier exception rate is 3.0{N}%; no target is set."
    )
    assert narrative.grave(store(rows[:1]), "wednesday") == "n/a"


def test_headline_of_findings_one_none_resolved_and_without_money():
    one = store([], [finding(216.0), finding(50.0, state="resolved")])
    assert "One finding costs about €216 a week: Picks go wrong. To decide: staff." in narrative.headline(one, "wednesday")
    assert narrative.headline(store([], [finding(50.0, state="resolved")]), "wednesday").endswith("No finding is open.")
    assert "1 finding open, none with money on it: Picks go wrong." in narrative.headline(store([], [finding(NAN)]), "wednesday")
    assert "One finding" in narrative.headline(store([], [finding(80.0, review="all")]), "friday")  # an export's finding is every review's
    assert narrative.headline(store([], [finding(80.0, review="monday")]), "friday").endswith("No finding is open.")


@pytest.mark.parametrize(
    ("amount", "usual", "without", "expected"),
    [
        (900.0, 600.0, "", "The leaks cost €900 in the week (90 basis points of net revenue), €300 more than usual."),
        (600.0, 900.0, "", "The leaks cost €600 in the week (90 basis points of net revenue), €300 less than usual."),
        (600.0, NAN, "", "The leaks cost €600 in the week (90 basis points of net revenue)."),
        (NAN, 900.0, "", ""),
        # A total that lacks a part is held against none that has it, and says what it lacks.
        (
            600.0,
            NAN,
            "rework; returns_value_lost",
            "The leaks cost €600 in the week (90 basis points of net revenue) without rework and returns value lost (n/a).",
        ),
    ],
)
def test_leaks_sentence(amount, usual, without, expected):
    leaks = pd.DataFrame([{"leak": "1-4", "part": "total", "amount": amount, "basis_points": 90.0, "usual": usual, "without": without}])
    assert narrative.leaks_sentence(store(leaks=leaks)) == expected


@pytest.mark.parametrize(
    ("kpi", "key", "expected"),
    [
        ("pick_pack_accuracy", "", f"at least 99.5{N}%"),
        ("rework_rate", "", f"at most 0.5{N}%"),
        ("dock_to_stock_hours", "", f"at most 10{N}h"),
        ("forecast_bias_14d", "", f"within ±5{N}%"),
        ("days_of_supply", "B", f"30 to 75{N}days"),
        ("days_of_supply", "", ""),
        ("net_revenue", "", ""),
    ],
)
def test_target_in_words(kpi, key, expected):
    assert figures.target_words(kpi, key, TEAM) == expected


def history(kpi, values, signal="none", grain="all", key="", limits=(0.5, 0.4, 0.6), provisional=False):
    weeks = [str(fake_results.WEEK - i) for i in range(len(values) - 1, -1, -1)]
    frame = pd.DataFrame({"kpi": kpi, "grain": grain, "key": key, "week": weeks, "value": values, "provisional": provisional, "signal": ""})
    frame["centre"], frame["lower"], frame["upper"] = limits
    frame.loc[frame.index[-1], "signal"] = signal
    return frame


@pytest.mark.parametrize(
    ("kpi", "signal", "meaning", "verb"),
    [
        ("on_time_ship_rate", "up:limits", "better", "rose to"),
        ("on_time_ship_rate", "down:limits", "worse", "fell to"),
        ("rework_rate", "up:run", "worse", "is up at"),
        ("rework_rate", "down:near", "better", "is down at"),
        ("forecast_bias_14d", "up:limits", "", "rose to"),  # neither way is good
    ],
)
def test_a_signal_is_named_with_its_direction_and_its_meaning(kpi, signal, meaning, verb):
    rows = [kpi_row(kpi, 0.7, signal=signal), kpi_row(kpi, 0.7, signal=signal, grain="sku", key="S1")]
    news = narrative.changed(store(rows, history=history(kpi, [0.5, 0.7], signal)), "wednesday")
    assert news.kind.tolist() == ["signal"], "a SKU's signal is not news: by chance some always speak"
    assert news.meaning[0] == (f"changed for the {meaning}" if meaning else "changed")
    assert verb in news.text[0] and f"(usually 40.0{N}% to 60.0{N}%)" in news.text[0]


def test_a_threshold_crossed_is_another_thing_than_a_signal():
    rows = [
        kpi_row("on_time_ship_rate", 0.96, "watch", previous=0.995),
        kpi_row("rework_rate", 0.004, "ok", previous=0.02),
        kpi_row("pick_pack_accuracy", 0.98, "breach", previous=0.985),  # was a breach before: nothing crossed
        kpi_row("dock_to_stock_hours", 9.0, "ok", previous=NAN, unit="hours"),  # last week is n/a: nothing to cross from
        kpi_row("on_time_ship_rate", 0.9, "breach", previous=0.97, grain="location", key="BER"),
    ]
    news = narrative.changed(store(rows), "wednesday").set_index(["kpi", "key"])
    assert news.kind.unique().tolist() == ["threshold"]
    assert news.text["on_time_ship_rate", ""] == (
        f"On-time ship went from ok to watch: 96.0{N}%, last week 99.50{N}%; the target is at least 99{N}%."
    )
    assert news.meaning.to_dict() == {
        ("on_time_ship_rate", ""): "changed for the worse",
        ("rework_rate", ""): "changed for the better",
        ("on_time_ship_rate", "BER"): "changed for the worse",
    }
    assert news.short["on_time_ship_rate", "BER"] == f"location BER watch → breach (97.0 → 90.0{N}%)"


def test_why_a_figure_is_missing():
    named = store(trust={"missing": [{"table": "picks", "weeks": ["2026-W45", "2026-W46"], "costs": []}], "weeks_read": 30})
    assert figures.why_missing(named, "pick_pack_accuracy") == "picks was not exported in 2026-W45 to 2026-W46"
    young = store(trust={"missing": [], "weeks_read": 3})
    assert figures.why_missing(young, "forecast_accuracy_30d") == "needs 5 weeks of exports, 3 are here"
    assert figures.why_missing(young, "pick_pack_accuracy_matured") == "needs 5 weeks of exports, 3 are here"
    assert figures.why_missing(young, "rework_rate") == "nothing to measure it on in its window"


def test_what_a_missing_table_is_said_to_be():
    assert figures.missing_table({"table": "labor", "weeks": ["up to 2026-W46"]}) == "labor was never exported"
    assert (
        figures.missing_table({"table": "picks.error_type", "weeks": ["2026-W46"]})
        == "column error_type of picks was not exported in 2026-W46"
    )
    assert figures.missing_table({"table": "exports", "weeks": ["before 2026-W11"]}) == "the exports begin after its window does"
    both = [{"table": t, "weeks": ["2026-W46"], "costs": ["rework_rate"]} for t in ("picks", "picks.rework_minutes")]
    assert figures.why_missing(store(trust={"missing": both}), "rework_rate") == "picks was not exported in 2026-W46"
    other = [{"table": "picks", "weeks": ["2026-W40"], "costs": ["pick_pack_accuracy"]}]
    costs_something_else = store(trust={"missing": other, "weeks_read": 30})
    assert figures.why_missing(costs_something_else, "rework_rate") == "nothing to measure it on in its window"


def test_weeks_that_follow_one_another_are_said_as_one():
    assert formats.spans(["2026-W01", "2025-W52", "2026-W04"]) == "2025-W52 to 2026-W01 and 2026-W04"
    assert formats.spans(["2026-W46"]) == "2026-W46"


@pytest.mark.parametrize(
    ("rows", "signal", "expected"),
    [
        (history("rework_rate", [0.5, 0.51]), "none", f"Rework rate is 51.0{N}% in the week, within its range (mean 50.0{N}%)"),
        (history("rework_rate", [0.5, 0.7], "up:limits"), "up:limits",
         f"Rework rate changed for the worse: 70.0{N}% in the week, above its range (mean 50.0{N}%)"),
        (history("rework_rate", [0.5, 0.51], "short", provisional=True), "short",
         f"Rework rate is 51.0{N}% in the week, against a mean so far of 50.0{N}%; too little history for a signal"),
        (history("rework_rate", [0.51], "short", limits=(NAN, NAN, NAN)), "short",
         f"Rework rate is 51.0{N}% in the week; too little history to say what is usual"),
        (history("rework_rate", [0.5, 0.51]).head(1), "none",
         f"Rework rate was last known in 2026-W45, at 50.0{N}%; this week: nothing to measure it on in its window"),
        (history("rework_rate", [0.5]).head(0), "none", "Rework rate: n/a, nothing to measure it on in its window"),
    ],
)  # fmt: skip
def test_trend_title(rows, signal, expected):
    assert figures.trend_title(store([kpi_row("rework_rate", 0.5, signal=signal)], history=rows), "rework_rate") == expected


def test_trend_title_says_when_the_week_alone_is_charted():
    results = store([kpi_row("forecast_accuracy_14d", 0.8)], history=history("forecast_accuracy_14d", [0.5, 0.51]))
    assert "51.0\u00a0% in the week alone" in figures.trend_title(results, "forecast_accuracy_14d")


def test_trust_line_says_what_was_read_and_what_was_not():
    said = narrative.trust_sentence(fake_results.shared())
    assert said == (
        f"30 weeks read (2026-W17 to 2026-W46) · 15 tables this week · 812,345 rows, 116 not taken (0.014{N}%) · "
        f"newest order 15{N}Nov{N}21:40 UTC · missing: ad_spend · €1,234 of net revenue has no cost of goods"
    )
    clean = {**fake_results.shared().trust, "rows_quarantined": 0, "missing": [], "uncosted_revenue": 0.0}
    assert "812,345 rows, none not taken · newest" in narrative.trust_sentence(store(trust=clean))
    details = narrative.trust_details(fake_results.shared())
    assert details[0] == "ad_spend was not exported in 2026-W46: without it Contribution margin after marketing cannot be said"
    assert "Rows not taken: not a number (100) and negative (16); each is in quarantine.csv" in details
    assert "Files not recognised: notes.txt" in details


def test_notices_beyond_a_few_are_counted():
    trust = {**fake_results.shared().trust, "notices": [f"file {i} is odd." for i in range(9)]}
    details = narrative.trust_details(store(trust=trust))
    assert details[-1] == "4 more notices of this kind are in run.json" and "file 4 is odd" in details and "file 5 is odd" not in details


@pytest.mark.parametrize(
    ("then", "now", "per", "expected"),
    [
        ([100.0, 50.0], [200.0, 0.0], "", "costs €50.00 a week more than then"),
        ([100.0, 50.0], [20.0, NAN], "", "costs €80.00 a week less than then"),
        ([100.0, 50.0], [200.0, 0.0], ["", "once"], "costs €100 a week more and €50.00 once less than then"),
        ([100.0], [100.0], "", "costs as much as then"),
        ([NAN], [10.0], "", "0 overdue."),
    ],
)
def test_what_came_of_decisions(then, now, per, expected):
    kept = pd.DataFrame({"done": False, "overdue": False, "impact_then": then, "impact_now": now, "per": per})
    assert expected in narrative.decisions_sentence(kept, "EUR")


def test_a_suggestion_in_words():
    assert narrative.suggestion("rebalance_inbound: 36 units_x") == "rebalance inbound: 36 units_x"
    assert narrative.suggestion("reprice") == "reprice"
    assert narrative.suggestion(None) == ""


WEEK = Week.parse("2026-W46")


def daily(units, planned, before=100.0):
    rows = [(WEEK.monday, "(all)", units, planned), (date(2026, 11, 3), "(all)", before, 100.0 if not math.isnan(planned) else NAN)]
    rows.append((date(2026, 11, 17), "(all)", NAN, 70.0))  # plan ahead, nothing sold yet
    return pd.DataFrame(rows, columns=["day", "channel", "units", "planned_units"])


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (daily(110.0, 100.0), f"110 units sold in the week, 10.0{N}% above plan; over 2 days 5.0{N}% above plan"),
        (daily(90.0, 100.0), f"90 units sold in the week, 10.0{N}% below plan; over 2 days 5.0{N}% below plan"),
        (daily(100.0, 100.0), "100 units sold in the week, just on plan; over 2 days just on plan"),
        (daily(50.0, NAN), f"50 units sold in the week, 50.0{N}% below the week before; there is no plan to set against it"),
        (daily(50.0, NAN, NAN), "50 units sold in the week; there is no plan to set against it"),
        (daily(50.0, NAN).head(0), "No order in these four weeks"),
    ],
)
def test_orders_against_plan_title(frame, expected):
    assert titles.orders_against_plan(frame, WEEK) == expected


def chance(**given):
    row = {"catalog_size": 100, "share_beyond_rule": 0.7, "share_by_chance": 0.6, "share_flagged": 0.05, "revenue_share_flagged": 0.2}
    return pd.DataFrame([{**row, **given}])


def test_plan_title_sets_the_flagged_beside_what_chance_flags():
    assert titles.plan_vs_actual(chance(), 0.1) == (
        f"5 of 100 SKUs (5{N}%) are off plan beyond what chance explains; they hold 20{N}% of revenue. "
        f"A bare 10{N}% rule would flag 70{N}%, and 60{N}% were the plan perfect"
    )
    one = titles.plan_vs_actual(chance(share_flagged=0.01), 0.1)
    assert one.startswith(f"1 of 100 SKUs (1{N}%) is off plan") and "it holds" in one
    assert titles.plan_vs_actual(chance().head(0), 0.1) == "SKUs against plan"


def tiers(a, b):
    return pd.DataFrame({"tier": ["A", "B"], "value": [a, b], "low": [14.0, 30.0], "high": [45.0, 75.0]})


def test_days_of_supply_title():
    assert (
        titles.days_of_supply(tiers(10.0, 90.0))
        == "Tier A holds 10.0 days, under its band of 14 to 45; tier B holds 90.0 days, over its band of 30 to 75"
    )
    assert titles.days_of_supply(tiers(20.0, 40.0)) == "Every tier is within its band: A 20 days and B 40 days"
    assert titles.days_of_supply(tiers(NAN, NAN)) == "Days of supply by velocity tier: n/a"


def test_errors_title():
    rows = [
        ("2026-W46", "", 1000, 5),
        ("2026-W46", "label", 1000, 3),
        ("2026-W46", "damaged", 1000, 2),
        ("2026-W45", "", 1000, 1),
        ("2026-W45", "label", 1000, 1),
    ]
    picks = pd.DataFrame(rows, columns=["week", "error_type", "picks", "errors"]).assign(location="BER")
    assert titles.errors(picks, WEEK) == "Label is the most frequent error: 3.0 per 1,000 picks in the week, 1.0 in the 12 weeks before"
    assert titles.errors(picks[picks.error_type == ""], WEEK).startswith("No error in 1,000 picks")
    assert titles.errors(picks.head(0), WEEK) == "No picks in the week"


def test_waves_title_names_the_place_and_the_hours():
    hours = pd.DataFrame(
        [("BER", 8, 10.0, 6.0, 5), ("BER", 9, 6.0, 10.0, 5), ("RTM", 8, 5.0, 5.0, 5)],
        columns=["location", "hour", "hours", "need", "lines_picked"],
    )
    assert (
        titles.waves(hours)
        == f"At BER hours and work differ by 50{N}% of the hours paid; shortest at 9:00 (−4.0{N}h), most to spare at 8:00 (+4.0{N}h)"
    )


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.95, 1.1, "hours grow about as fast as volume"),
        (1.05, 1.3, "hours grow faster than volume"),
        (1.0, 1.3, "hours grow about as fast as volume"),
        (0.5, 0.8, "more volume takes fewer hours a unit"),
        (0.7, 1.1, "the interval does not settle it"),
    ],
)
def test_elasticity_title_says_no_more_than_its_interval(low, high, says):
    fits = pd.DataFrame([{"location": "BER", "role": "pick", "value": 1.0, "low": low, "high": high, "n": 26}])
    assert (
        titles.elasticity(fits)
        == f"Pick at BER: double the volume takes 2.00 times the hours (elasticity 1.00, 90 % interval {low:.2f} to {high:.2f}); {says}"
    )


def test_dock_title():
    lines = pd.DataFrame(
        [("BER", "stocked", 12.0), ("RTM", "stocked", 4.0), ("BER", "at dock", 30.0)], columns=["location", "state", "hours"]
    )
    assert (
        titles.dock(lines, 10)
        == f"Half of the lines took 12{N}h or more at BER (target 10{N}h); 1 line still at the dock, the longest for 30{N}h"
    )
    assert titles.dock(lines.head(0), 10) == "No line was stocked or waits at the dock"


def test_carriers_title():
    rows = [("ups", "ground", 100, 7, 0.07, 50.0), ("dhl", "parcel", 100, 1, 0.01, 5.0)]
    services = pd.DataFrame(rows, columns=["carrier", "service", "shipments", "exceptions", "exception_rate", "exception_cost"])
    assert (
        titles.carriers(services, "EUR")
        == f"ups / ground has an exception on 7.0{N}% of shipments against 1.0{N}% elsewhere; its exceptions cost €50.00 in the week"
    )
    assert titles.carriers(services.assign(exceptions=0, exception_rate=0.0), "EUR") == "No exception on 200 shipments of the week"
    assert titles.carriers(services.head(0), "EUR") == "Carrier exceptions: n/a"


def margin(*shares):
    rows = [(f"F{i}", 100.0, 50.0, 100 * s, 0.5, s) for i, s in enumerate(shares)]
    frame = pd.DataFrame(
        rows, columns=["family", "net_revenue", "gross_margin", "contribution_margin", "gross_margin_share", "contribution_margin_share"]
    )
    return frame.assign(packaging=1.0, shipping=10.0, pick_pack=2.0, payment=1.0, channel_fees=2.0, support=0.5, returns_reserve=3.0)


def test_margin_titles():
    assert (
        titles.families(margin(0.1, -0.2)) == f"F1 keeps least: −20.0{N}% of net revenue, from 50.0{N}% gross; 1 of 2 families loses money"
    )
    assert (
        titles.families(margin(0.1, 0.2)) == f"F0 keeps least: 10.0{N}% of net revenue, from 50.0{N}% gross; none of 2 families loses money"
    )
    assert titles.families(margin().head(0)) == "Contribution margin: n/a"
    assert (
        titles.waterfall(margin(0.1, 0.2))
        == f"Of 50.0{N}% gross margin 15.0{N}% is left as contribution; most of the way down is shipping, 10.0{N}% of net revenue"
    )


def test_rerank_title():
    skus = pd.DataFrame([("S1", 2, 9, 7, "shipping", 80.0, 10.0), ("S2", 9, 2, -7, "support", 5.0, 10.0)],
                        columns=["sku", "rank_gross", "rank_contribution", "fall", "culprit", "culprit_money", "net_revenue"])  # fmt: skip
    assert (
        titles.rerank(skus, "EUR")
        == "S1 falls furthest of 2 SKUs, from 2 by gross to 9 by contribution margin, through shipping (€80.00 beyond the store's share)"
    )
    assert titles.rerank(skus.tail(1), "EUR") == "No SKU falls from gross to contribution margin"
    assert titles.rerank(skus.head(0), "EUR") == "SKUs by margin: n/a"


def test_returns_title():
    rows = [("Rugs", "damaged", 8, 0.08, 300.0, True), ("Rugs", "changed_mind", 2, 0.02, 100.0, False)]
    reasons = pd.DataFrame(rows, columns=["family", "reason", "returned_units", "rate", "cost", "ours_to_control"])
    said = f"Rugs, damaged: 8.0{N}% of units sold come back, the costliest of all; 8 of 10 units came back for reasons that are ours"
    assert titles.returns_heat(reasons) == f"{said} to control"
    assert titles.returns_heat(reasons.head(0)) == "No return in these four weeks"


def test_ledger_title():
    leaks = pd.DataFrame(
        [("1", "total", 10.0), ("4", "total", 30.0), ("2", "total", NAN), ("5", "total", 99.0)], columns=["leak", "part", "amount"]
    )
    assert titles.ledger(leaks, "The leaks cost €40.", "EUR") == "The leaks cost €40. The largest is returns drag (€30.00)"
    assert titles.ledger(leaks.assign(amount=NAN), "", "EUR") == "The leak ledger: n/a"
