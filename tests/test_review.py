"""The review object and what it shows: tables, notes, parts; everything a cell holds is one attribute of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import fake_results
import numpy as np
import pandas as pd
import pytest
from opsreview import agenda, renderer, review, tables, widgets
from opsreview.catalog import HEALTH, REVIEWS, kpis
from opsreview.exhibits import exhibits
from opsreview.review import Panel, Review, UnknownParameter, open_review
from opsreview.tables import Html

AGENDA = ("headline", "trust", "strip", "last_time", "changed", "findings", "scorecard", "checklist")
DROPPED = [{"path": "<script>p", "table": "orders", "columns": ["<script>c"], "personal": ["<script>d"]}]
HEALTH_AGENDA = ("headline", "trust", "findings")
EVIL = "<script>alert(1)</script>"


def parts_of(shown):
    return shown.parts if isinstance(shown, Panel) else [shown]


def html_of(shown):
    return "".join(part._repr_html_() for part in parts_of(shown) if isinstance(part, Html))


def cells(html):
    """A table's body as lists of cell texts."""
    text = lambda cell: re.sub(r"<[^>]+>", "", cell.replace("<br>", " ")).strip()  # noqa: E731
    body = html[html.index("<tbody>") : html.index("</tbody>")]
    return [[text(cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]


class Balance(HTMLParser):
    """Raises where a tag is closed that was not opened last."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"


@pytest.mark.parametrize("name", [*REVIEWS, HEALTH])
def test_every_part_of_a_review_shows_something(name):
    held = Review(name, fake_results.shared())
    for part in (*(AGENDA if name in REVIEWS else HEALTH_AGENDA), *exhibits(name)):
        shown = parts_of(getattr(held, part))
        assert shown, part
        for piece in shown:
            if isinstance(piece, Html):
                parser = Balance()
                parser.feed(piece._repr_html_())
                assert not parser.open, f"{part} leaves {parser.open} open"
                assert repr(piece).strip(), f"{part} says nothing in plain text"


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_without_exports_says_what_is_missing_and_never_fails(name):
    held = Review(name, fake_results.silent())
    for part in (*AGENDA, *exhibits(name)):
        for piece in parts_of(getattr(held, part)):
            assert isinstance(piece, Html), f"{part} drew a chart of nothing"
    for part in exhibits(name):
        said = html_of(getattr(held, part))
        assert re.search("was not exported|this week|no finding|nothing to draw in its window", said), (
            f"{part} does not say why there is nothing: {said}"
        )
    assert "n/a" in html_of(held.scorecard) and "was not exported in 2026-W45 to 2026-W46" in html_of(held.scorecard)


def test_the_exports_page_of_a_store_with_nothing_to_say_never_fails():
    held = Review(HEALTH, fake_results.silent())
    for part in (*HEALTH_AGENDA, *exhibits(HEALTH)):
        assert html_of(getattr(held, part)), part
    assert "no control totals came in 2026-W46" in html_of(held.reconciliation)
    assert "every row of every file was taken" in html_of(held.set_aside)
    assert "no electronic document" in html_of(held.documents)


def test_the_exports_page_says_what_is_wrong_and_what_ties():
    held = Review(HEALTH, fake_results.shared())
    title = " ".join(held.freshness.parts[0].to_dict()["title"]["text"])
    assert title.endswith("picks did not come, labor ends early, orders came in an odd size and returns lost a column")
    bridge = html_of(held.reconciliation)
    assert "does not tie" in bridge and "if cancelled orders count" in bridge
    assert "Every file adds up" in html_of(held.files) and "not a number" in html_of(held.set_aside)
    assert 'href="exports_health.html"' in html_of(Review("friday", fake_results.shared()).trust)
    assert 'href="exports_health.html"' not in html_of(held.trust)
    log = pd.DataFrame({"type": ["856", EVIL], "lines": [3, 4]})
    shown = html_of(Review(HEALTH, fake_results.changed_by(fake_results.shared(), documents=log)).documents)
    assert "856" in shown and "&lt;script&gt;" in shown and EVIL not in shown


def test_a_topic_names_its_own_missing_table():
    held = Review("wednesday", fake_results.silent())
    assert "picks was not exported in 2026-W45 to 2026-W46; labor was not exported" in html_of(held.labor_waves)
    assert "inbound was not exported" in html_of(held.dock_to_stock)
    assert "inventory was not exported" in html_of(Review("monday", fake_results.silent()).inventory_view)


def test_every_value_of_an_export_is_escaped():
    r = fake_results.shared()
    frames = {}
    for name in r.frames:
        frame = r.evidence(name).copy()
        for column in set(frame) & {
            "name",
            "sku",
            "location",
            "supplier",
            "carrier",
            "promo_id",
            "family",
            "reason",
            "team",
            "channel",
            "verdict",
        }:
            frame[column] = frame[column].astype(str) + EVIL
        frames[name] = frame
    findings = r.findings.assign(title=EVIL, entity=EVIL, owner=EVIL, suggested_decision=f"reprice: {EVIL}", impact_basis=EVIL)
    kept = r.decisions.assign(title=EVIL, note=EVIL, owner=EVIL)
    trust = {**r.trust, "notices": [EVIL], "unrecognised": [EVIL]}
    history = r.history.assign(key=r.history.key.where(r.history.key == "", EVIL))
    kpi_rows = r.kpis.assign(key=r.kpis.key.where(r.kpis.key == "", EVIL))
    steps = r.reconciliation.assign(source=EVIL)
    trust |= {"ties": [{**t, "source": EVIL, "note": EVIL} for t in r.trust["ties"]], "dropped_columns": DROPPED}
    frames |= {"reconciliation": steps, "reconciliation_history": steps.assign(week="2026-W45")}
    frames |= {"files": r.files.assign(path=EVIL, table=EVIL)}
    frames |= {"set_aside": r.set_aside.assign(reason=EVIL, first=EVIL, column=EVIL)}
    evil = fake_results.changed_by(r, **frames, findings=findings, decisions=kept, trust=trust, history=history, kpis=kpi_rows)
    for name in (*REVIEWS, HEALTH):
        held = Review(name, evil)
        agenda_parts = [a for a in AGENDA if a != "checklist"] if name in REVIEWS else HEALTH_AGENDA
        for part in (*agenda_parts, *exhibits(name)):
            html = html_of(getattr(held, part))
            assert "<script" not in html, part
    assert "&lt;script&gt;" in html_of(Review("monday", evil).findings), "the value itself is shown"


def test_findings_are_by_money_and_the_smaller_ones_folded():
    r = fake_results.shared()
    html = html_of(Review("wednesday", r).findings)
    top, rest = html.split("<details>")
    shown = [float(row[2].replace(",", "")) for row in cells(top)]
    assert len(shown) == agenda.FIRST and shown == sorted(shown, reverse=True)
    own = r.findings[r.findings.review.isin(["wednesday", "all"])]
    assert re.search(rf"{len(own) - agenda.FIRST} smaller findings", rest)
    assert "A\u00a0week" in html and "<small>€</small>" in html and "Head of Fulfillment" in html


def test_resolved_findings_are_history():
    r = fake_results.shared()
    gone = fake_results.changed_by(r, findings=r.findings.assign(state="resolved"))
    assert "No finding this week" in html_of(Review("monday", gone).findings)


def test_a_finding_without_an_owner_is_itself_shown():
    r = fake_results.shared()
    nobody = fake_results.changed_by(r, findings=r.findings.assign(owner=""))
    assert "nobody yet" in html_of(Review("monday", nobody).findings)


def test_what_is_overdue_stands_first_of_last_times_decisions():
    rows = cells(html_of(Review("monday", fake_results.changed_by(fake_results.shared(), decisions=_decided())).last_time))
    assert [row[4] for row in rows] == ["overdue", "done", "committed"]
    assert rows[0][2] == "12\u00a0Nov"
    note = html_of(Review("monday", fake_results.changed_by(fake_results.shared(), decisions=_decided())).last_time)
    assert "3 decisions on record: 1 done, 1 overdue." in note


def _decided():
    kept = fake_results.shared().decisions.assign(review="monday", overdue=[False, True, False], done=[False, False, True])
    return kept.assign(
        due_on=["2026-11-20", "2026-11-12", "2026-11-13"], recorded_at=pd.to_datetime(["2026-11-09", "2026-11-10", "2026-11-11"])
    )


def test_cards_show_value_target_status_and_change():
    html = html_of(Review("wednesday", fake_results.shared()).strip)
    ship = html[html.index("On-time ship") :]
    row = fake_results.shared().kpis.query("kpi == 'on_time_ship_rate' and grain == 'all'").iloc[0]
    assert f"{row.value * 100:.1f}\u00a0%" in ship and '<span class="pill breach">breach</span>' in ship
    assert "target at least 99\u00a0%" in ship and 'class="delta bad"' in ship and "changed for the worse" in ship
    quiet = html[html.index("Rework rate") : html.index("Dock-to-stock")]
    assert 'class="delta "' in quiet, "a change that is no signal is not colored"


def test_scorecard_has_every_figure_with_benchmark_and_grade():
    html = html_of(Review("friday", fake_results.shared()).scorecard)
    for fact in kpis().values():
        assert (fact.label in html) == (fact.review == "friday"), fact.id
    assert "NRF, 2025 · grade A" in html


def test_table_says_numbers_and_keeps_them_for_sorting_and_download():
    frame = pd.DataFrame(
        {
            "sku": ["A", "B", "C"],
            "n": [1234.5678, -2.0, np.nan],
            "m": [10.0, 5.0, 0.0],
            "s": [0.1234, np.nan, 1.0],
            "tot": [False, True, False],
        }
    )
    html = tables.table(
        frame,
        "sku | SKU | code\nn | Units | number\nm | Cost | money | bar\ns | Share | share?",
        "Cap",
        "EUR",
        download="x.csv",
        strong="tot",
    )._repr_html_()
    assert cells(html) == [["A", "1,235", "10", "12.3\u00a0%"], ["B", "−2", "5", "–"], ["C", "n/a", "0", "100.0\u00a0%"]]
    assert 'data-value="1234.5678"' in html and 'data-download="x.csv"' in html
    assert html.count('<td class="num"') == 9 and '<th scope="col" class="num">Cost&nbsp;<small>€</small>' in html
    assert re.findall(r'class="bar(?: low)?" style="margin-left:[\d.]+%;width:([\d.]+)%"', html) == ["100.0", "0.0"], "the total has none"
    assert html.count('<tr class="total">') == 1 and 'data-first="10"' in html


def test_table_says_how_many_rows_it_leaves_out_and_where_they_are():
    frame = pd.DataFrame({"a": range(30)})
    shown = tables.table(frame, "a | A | number", "Cap", most=25, whole="all are in a.csv")
    assert len(cells(shown._repr_html_())) == 25 and "5 more rows: all are in a.csv." in shown._repr_html_()
    assert repr(shown) == "Cap (30 rows)"


def test_a_table_says_where_its_rows_are_that_a_page_does_not_carry():
    long = tables.table(pd.DataFrame({"a": range(tables.MOST + 1)}), "a | A | number", "Cap")._repr_html_()
    assert len(cells(long)) == tables.MOST and "1 more row: review.table of its notebook has them." in long


def test_every_family_and_channel_has_its_bridge():
    r = fake_results.shared()
    (chart,) = Review("friday", r).net_to_contribution.parts
    steps = pd.DataFrame(next(rows for rows in chart.to_dict()["datasets"].values() if "label" in rows[0]))
    families, channels = (r.evidence(f"{by}_margin").set_index(by).contribution_margin for by in ("family", "channel"))
    left = pd.concat([families, channels.rename(lambda name: f"channel {name}")])
    assert set(steps.key) == {"(all)", *left.index}
    for key, own in steps[steps.key != "(all)"].groupby("key"):
        last = own[own.label == "Contribution"].amount.iloc[0]
        assert last == pytest.approx(left[key])
        assert own.amount.iloc[0] - own[own.kind == "cost"].amount.sum() == pytest.approx(last, abs=0.01)


def test_bars_in_cells_stand_on_one_zero_line():
    """What is below zero goes left of it and what is above goes right, to one measure; a total has none: it would dwarf its parts."""
    frame = pd.DataFrame({"amount": [100.0, -50.0, 0.0, None, 50.0], "whole": [False] * 4 + [True]})
    html = tables.table(frame, "amount | Amount | money | bar", "Cap", strong="whole")._repr_html_()
    bars = re.findall(r'class="bar( low)?" style="margin-left:([\d.]+)%;width:([\d.]+)%"', html)
    assert bars == [("", "33.3", "66.7"), (" low", "0.0", "33.3"), ("", "33.3", "0.0")]
    one_way = tables.table(frame.head(1), "amount | Amount | money | bar", "Cap")._repr_html_()
    assert 'class="bar" style="margin-left:0.0%;width:100.0%"' in one_way


def test_an_empty_table_is_a_plain_note():
    assert (
        tables.table(pd.DataFrame({"a": []}), "a | A", "Cap", empty="none this week")._repr_html_().strip()
        == '<p class="note">Cap: none this week.</p>'
    )


def test_column_is_read_from_a_line():
    assert tables.Col.read("a | A") == tables.Col("a", "A", "text")
    assert tables.Col.read("a | A | money? | bar | small=b | help=what it is") == tables.Col("a", "A", "money?", "what it is", True, "b")
    assert tables.Col.read("a | A | small=b") == tables.Col("a", "A", "text", small="b")


def test_inventory_view_by_channel_where_a_system_keeps_it():
    r = fake_results.shared()
    split = r.evidence("inventory_by_channel").head(1)
    split = pd.concat([split.assign(channel="web", available=12.0), split.assign(channel="amazon", available=3.0)])
    html = html_of(Review("monday", fake_results.changed_by(r, inventory_by_channel=split)).inventory_view)
    assert "web 12, amazon 3" in html and "filterable" in html and 'data-download="inventory-2026-W46.csv"' in html


def test_stockout_risks_show_what_was_committed():
    r = fake_results.shared()
    risk = r.findings[r.findings.check == "oos_risk"].iloc[0]
    kept = r.decisions.head(1).assign(finding_id=risk.finding_id, owner="Robin", eta_commitment="2026-11-25")
    rows = cells(html_of(Review("monday", fake_results.changed_by(r, decisions=kept)).stockout_risks))
    sku, location = risk.entity.split("@")
    row = next(row for row in rows if row[0].startswith(sku) and row[1] == location)
    assert row[-2:] == ["Robin", "25\u00a0Nov"]
    least = r.settings.oos_risk_threshold
    likely = r.inventory[(r.inventory.p_out_of_stock_14d >= least) & (r.inventory.available > 0)]
    out = r.inventory[(r.inventory.available <= 0) & (r.inventory.daily_demand > 0)]
    assert [row[3] for row in rows if row[3] in ("out", "at risk")].count("at risk") == len(likely)
    assert [row[3] for row in rows].count("out") == len(out)


def test_decisions_to_take_carry_their_arithmetic():
    r = fake_results.shared()
    parts = Review("friday", r).decisions_to_take.parts
    heads = [re.search(r"<caption><span[^>]*>(.*?)</span>", part._repr_html_())[1] for part in parts]
    assert [head.split(":")[0] for head in heads] == [
        "Pause", "Reprice", "Rebalance stock and inbound", "Rebalance inbound", "Adjust channel exposure", "Take out of a channel",
    ]  # fmt: skip
    promotions = cells(parts[0]._repr_html_())
    assert [row[0].split()[0] for row in promotions] == ["P-1", "P-2"], "what loses or runs dry; P-3 keeps"
    gain = 4.0 * 90 - -2.4 * 160
    assert promotions[0][4:8] == ["−2.40", "4.00", "160", "90"] and promotions[0][12] == f"{gain:.0f}", "list margin × usual − promoted"
    assert [row[8] for row in promotions] == ["80\u00a0% expected, no uplift would do", "10\u00a0% expected, needs 31\u00a0%"]
    prices = cells(parts[1]._repr_html_())
    assert "any volume is better than now" in prices[0][-1] and "−2.0 (−2.6 to −1.4), 26 weeks" in prices[1][-2]
    listed = r.evidence("reprices").assign(advice=["discount less", "raise"], at_list=2.5)
    said = Review("friday", fake_results.changed_by(r, reprices=listed)).decisions_to_take.parts[1]._repr_html_()
    given = cells(said)[0]
    assert [row[4] for row in prices] == ["", "±"] and "+30" in prices[0][8] and "+30" not in given[8] and "2.50" in given[-1], (
        "a discount is no price"
    )
    assert "1 more only by discounts" in said
    moved = r.evidence("transfers").iloc[0]
    assert cells(parts[2]._repr_html_())[0][1:3] == ["BER → RTM", f"{moved.units:.0f}"] and "BER → RTM: 7 units" in heads[2]
    assert "5.9 units of stock-outs avoided" in heads[2] and [row[7] for row in cells(parts[2]._repr_html_())] == ["4.2", "1.7"]
    assert "PO1 line 2, due 21\u00a0Nov" in parts[2]._repr_html_()
    channels = {row[0]: row for row in cells(parts[4]._repr_html_())}
    assert channels["web"][-1] == "" and "46.0" in channels["amazon"][-1], "only what loses says what would even it"


def test_ledger_names_money_paid_and_estimates():
    html = html_of(Review("friday", fake_results.shared()).leak_ledger)
    rows = cells(html)
    said = {row[1] for row in rows}
    assert {"stockout estimate", "rework money paid", "total"} <= {
        " ".join(re.findall("stockout|rework|total|estimate|money paid", s)) for s in said
    }
    assert rows[-1][0].startswith("5 Poor cost attribution") and html.count('class="total"') == 6


def test_a_finding_about_an_export_is_every_reviews_to_decide():
    r = fake_results.shared()
    own = r.findings[r.findings.check == "export_missing"].finding_id.iloc[0]
    for name in REVIEWS:
        assert f'data-finding="{own}"' in html_of(Review(name, r).checklist)
    hers = r.findings[r.findings.check == "oos_risk"].finding_id.iloc[0]
    assert f'data-finding="{hers}"' not in html_of(Review("friday", r).checklist)


def test_a_panel_displays_its_parts_in_order(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    panel = Review("monday", fake_results.shared()).sku_variance
    panel._ipython_display_()
    assert shown == panel.parts and len(shown) == 2


def test_explore_has_the_topics_of_all_reviews_and_the_frames_behind_them():
    held = Review("explore", fake_results.shared())
    assert set(exhibits("explore")) == {name for r in REVIEWS for name in exhibits(r)} <= set(dir(held))
    assert held.table("kpis") is fake_results.shared().kpis
    assert list(held.table("sku_rank")) == list(fake_results.shared().evidence("sku_rank"))


def test_an_unknown_attribute_names_the_nearest():
    with pytest.raises(AttributeError, match="the friday review has no leak_leger; did you mean leak_ledger"):
        Review("friday", fake_results.shared()).leak_leger  # noqa: B018
    with pytest.raises(AttributeError, match="the friday review has no waves"):
        Review("friday", fake_results.shared()).waves  # noqa: B018


def test_an_error_inside_a_part_is_the_one_that_is_told():
    broken = SimpleNamespace(**{k: v for k, v in vars(fake_results.shared()).items() if k != "decisions"})
    with pytest.raises(AttributeError, match="has no attribute 'decisions'"):
        Review("monday", broken).last_time  # noqa: B018


def test_a_review_that_is_none_is_named():
    with pytest.raises(
        ValueError, match="'tuesday' is not a review; there are monday, wednesday, friday, exports_health, margin_audit and"
    ):
        open_review("tuesday")


def test_folders_are_looked_for_from_here_upwards(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    (tmp_path / "review.toml").touch()
    monkeypatch.chdir(tmp_path / "notebooks" / "deep")
    assert review.place("data") == tmp_path / "data"
    assert review.place(str(tmp_path / "else")) == tmp_path / "else"
    assert review.place("decisions", new=True) == tmp_path / "decisions", "beside review.toml, not in the notebooks' folder"
    (tmp_path / "notebooks" / "decisions").mkdir()
    assert review.place("decisions", new=True) == tmp_path / "notebooks" / "decisions"


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ('# Parameters\nweek = "2026-W46"\nwek = "2026-W45"\n', "wek is not a parameter of a review; did you mean week"),
        ("# Parameters\nspeed = 3\n", "speed is not a parameter of a review; there are week, exports, config, decisions"),
    ],
)
def test_an_injected_parameter_that_no_review_has_is_an_error(monkeypatch, cell, hint):
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(user_ns={"In": ["", "x = 1", cell]}))
    with pytest.raises(UnknownParameter, match=hint):
        open_review("monday")


def test_variables_of_an_analyst_are_no_parameters(monkeypatch):
    monkeypatch.setattr(
        "IPython.get_ipython", lambda: SimpleNamespace(user_ns={"In": ["wek = 3", '# Parameters\nweek = "2026-W46"\nconfig = ""\n']})
    )
    review.check_parameters()


def test_the_bench_shows_a_figure_a_sku_and_findings():
    r = fake_results.shared()
    chart, about = widgets.figure(r, "on_time_ship_rate", "location", "BER")
    assert chart.to_dict()["title"]["text"][0].startswith("On-time ship, location BER: ")
    assert "target at least 99\u00a0%" in repr(about)
    assert widgets.keys_of(r, "on_time_ship_rate", "location") == ["BER", "RTM"] and widgets.keys_of(r, "on_time_ship_rate", "all") == [""]
    missing = widgets.figure(fake_results.silent(), "on_time_ship_rate", "all", "")
    assert len(missing) == 1 and "n/a: shipments was not exported" in repr(missing[0])
    assert [repr(part) for part in widgets.about_sku(r, "SKU-001")][:3] == [
        "Stock (2 rows)",
        "Plan, 14 days (1 row)",
        "Margin in the week (1 row)",
    ]
    assert repr(widgets.about_sku(r, "SKU-999")[0]) == "SKU-999 is not known in 2026-W46."
    only = widgets.filtered(r, {"check": "oos_risk", "owner": widgets.ANY})
    assert len(cells(only._repr_html_())) == (r.findings.check == "oos_risk").sum() == 2
    assert repr(widgets.filtered(r, {"check": "oos_risk"}, "reprice")).startswith("No findings")


def test_choosing_a_figure_brings_its_grains_and_keys():
    picker = widgets.figure_picker(fake_results.shared())
    kpi, grain, key = picker.children[0].children
    kpi.value = "on_time_ship_rate"
    assert grain.options == ("all", "location", "carrier", "service") and grain.value == "all"
    grain.value = "carrier"
    assert key.options == ("dhl", "ups") and key.value == "dhl"
    kpi.value = "net_revenue"
    assert grain.value == "all" and key.value == ""


def test_a_trend_of_several_figures_names_those_that_are_missing():
    r = fake_results.shared()
    missing = [{"table": "picks", "weeks": ["2026-W46"], "costs": ["perfect_order_rate"]}]
    some = fake_results.changed_by(r, history=r.history[r.history.kpi != "perfect_order_rate"], trust={**r.trust, "missing": missing})
    spec = Review("wednesday", some).on_time_ship.parts[0].to_dict()
    title = spec["title"]
    assert renderer.title(spec).startswith("On-time ship changed for the worse")
    assert "n/a for want of picks: Perfect order." in " ".join(title["subtitle"])
    none = fake_results.changed_by(some, history=some.history[some.history.kpi != "on_time_ship_rate"])
    assert renderer.title(Review("wednesday", none).on_time_ship.parts[0].to_dict()).startswith("On-time delivery is")


@pytest.mark.parametrize(
    ("elsewhere", "split", "said", "columns"),
    [
        (0, 0, "Every file adds up", False),
        (3, 3, "Every file adds up", True),  # 10 and 3 made beyond = 8 kept, 1 replaced, 1 not taken, 3 for other tables
        (3, 0, "1 file does not add up", True),
        (0, 2, "1 file does not add up", True),
    ],
)
def test_a_vendor_s_file_adds_up_over_the_tables_it_feeds(elsewhere, split, said, columns):
    full = fake_results.shared()
    files = full.files.assign(rows_elsewhere=0, rows_split=0)
    files.loc[0, ["rows_elsewhere", "rows_split"]] = elsewhere, split
    shown = html_of(Review(HEALTH, fake_results.FakeResults(**{**vars(full), "files": files})).files)
    assert said in shown and ("For other tables" in shown) == columns


def test_a_week_that_sold_more_and_kept_no_more_is_called_so():
    said = html_of(Review("friday", fake_results.shared()).what_changed_margin)
    assert "Revenue up, margin flat: net revenue is 12.0\u00a0% above its usual level" in said and 'class="bad"' in said
    quiet = fake_results.changed_by(fake_results.shared(), flat_although=None)
    assert "Revenue up" not in html_of(Review("friday", quiet).what_changed_margin)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["Gross margin"], "Gross margin"),
        (["Forecast value added, 14 days", "Forecast value added, 30 days"], "Forecast value added, 14 days and 30 days"),
        (["Gross margin", "Contribution margin"], "Gross margin and contribution margin"),
        (["OTIF", "WAPE, 14 days", "OTIF, line"], "OTIF, WAPE, 14 days and OTIF, line"),
    ],
)
def test_figures_of_which_the_same_is_said_are_named_together(labels, said):
    assert agenda._joined(labels) == said
