"""The month ties to its weeks; the audit says what is missing and who signed what, and a changed datum asks again."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import fake_money
import nbformat
import numpy as np
import pandas as pd
import pytest
from fake_known import WEEK, context
from hand_shop import ago, product, shop, sold, stock
from opsreview import audit as sign_offs
from opsreview import catalog, change, formats, headlines, month, narrative, renderer
from opsreview.decisions import read, save
from opsreview.evidence.audit import audit, flaws
from opsreview.evidence.month import stock_weeks
from opsreview.exhibits import audit as audited
from opsreview.exhibits import cash as shown_cash
from opsreview.exhibits import exhibits
from opsreview.exhibits import month as shown
from opsreview.exhibits.month_decisions import recovered_title
from opsreview.facts.warehouse import by_role
from opsreview.headlines import month_headline
from opsreview.margin import COMPONENTS
from opsreview.review import Review
from opsreview.run import MONTHLY, NOTEBOOKS
from opsreview.scorecard import published
from opsreview.tables import Html
from opsreview.weeks import Week

ROOT = Path(__file__).resolve().parent.parent


# ---- the month -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("week", "of"),
    [("2026-W40", "2026-10"), ("2026-W44", "2026-10"), ("2026-W45", "2026-11"), ("2026-W53", "2026-12"), ("2026-W01", "2026-01")],
)
def test_a_week_belongs_to_the_month_of_its_thursday(week, of):
    assert month.of(Week.parse(week)) == of


def test_every_week_is_in_one_month_and_months_have_four_or_five():
    weeks = [Week.parse("2026-W01") + i for i in range(105)]
    months = {month.of(week) for week in weeks}
    assert sorted(w for m in months for w in month.whole(m) if w in weeks) == weeks
    assert {len(month.whole(m)) for m in months} == {4, 5}
    assert month.before("2026-01") == "2025-12" and month.before("2026-11") == "2026-10"


def stood(**given) -> month.Month:
    return month.Month(fake_money.months(**given))


def test_the_month_is_the_sum_of_its_weeks_and_its_bridge_adds_up():
    m = stood(costs={"fixed_per_month": 1000})
    w, b = m.weeks(), m.bridge().set_index("step")["amount"]
    assert w["week"].tolist() == ["2026-W40", "2026-W41", "2026-W42", "2026-W43", "2026-W44"] and m.complete
    for column in ("net_revenue", "gross_margin", *COMPONENTS, "contribution_margin", "ebitda", "fixed"):
        assert abs(b[column]) == pytest.approx(abs(w[column].sum()))
    steps = ["goods", *COMPONENTS, "marketing", "other_labor", "expedite", "transfer_freight", "fixed"]
    assert b["net_revenue"] + b[steps].sum() == pytest.approx(b["ebitda"])
    assert b["gross_margin"] + b[[*COMPONENTS]].sum() == pytest.approx(b["contribution_margin"])
    # A week: 400 contribution, 50 of it for ads, 30 other labor, 20 for haste, 10 for transfers.
    assert w["ebitda"].iloc[0] == pytest.approx(350 - 30 - 20 - 10 - 1000 * 12 * 7 / 365.25)


def test_a_year_of_weeks_bears_twelve_months_of_fixed_costs():
    assert stood(costs={"fixed_per_month": 1000}).fixed(1) * 365.25 / 7 == pytest.approx(12_000)


def test_a_cost_that_is_not_known_is_left_out_and_named():
    m = stood(without="contribution_margin_after_marketing", costs={"fixed_per_month": 1000})
    w, b = m.weeks(), m.bridge().set_index("step")["amount"]
    assert w["missing"].eq("contribution_margin_after_marketing").all() and w["marketing"].isna().all()
    assert w["ebitda"].iloc[0] == pytest.approx(400 - 30 - 20 - 10 - 1000 * 12 * 7 / 365.25)
    assert np.isnan(b["marketing"]) and b["ebitda"] == pytest.approx(w["ebitda"].sum())
    assert "EBITDA is before advertising: not known in every week." in month_headline(held(m))[0]


def test_a_month_without_a_margin_has_no_ebitda():
    m = stood(without="contribution_margin")
    assert m.weeks()["ebitda"].isna().all() and m.weeks()["net_revenue"].notna().all()
    b = m.bridge().set_index("step")["amount"]
    assert b[[*COMPONENTS, "contribution_margin", "ebitda"]].isna().all() and b["net_revenue"] == m.weeks()["net_revenue"].sum()
    m.results.measured.summary.frame("leaks")["amount"] = np.nan
    assert m.leaks().empty
    text, status = month_headline(held(m))
    assert "no EBITDA, as contribution margin is n/a" in text and status == "watch"


def held(m: month.Month) -> SimpleNamespace:
    """The results that a month is of, with it among them."""
    m.results.month = m
    return m.results


def test_cash_in_days_and_what_freed_it():
    m = stood(cash={"receivable_days": 5, "payable_days": 30})
    was, now = m.cash().to_dict("records")
    assert now["inventory_days"] == pytest.approx(now["stock"] / (now["goods"] / 35))
    assert now["cycle"] == pytest.approx(now["inventory_days"] + 5 - 30)
    assert now["tied"] == pytest.approx(now["stock"] + 5 * now["net_revenue"] / 35 - 30 * now["goods"] / 35)
    freed = m.freed().set_index("cause")["tied"]
    assert freed[["volume", "longer", "shorter"]].sum() == pytest.approx(freed["stock"]) == pytest.approx(now["stock"] - was["stock"])
    assert freed["receivable"] == pytest.approx(now["receivable"] - was["receivable"])
    assert freed["payable"] == pytest.approx(was["payable"] - now["payable"]) and freed["payable"] < 0
    assert (
        freed["stock"] + freed["receivable"] + freed["payable"] == pytest.approx(freed["cash"]) == pytest.approx(now["tied"] - was["tied"])
    )


TOLD = "This is as its weeks were told: September's contribution has become €32.00 less since."  # four weeks, 8 later in bills each


@pytest.mark.parametrize("given", [{}, {"receivable_days": 5}, {"payable_days": 30}])
def test_cash_that_nobody_gave_the_days_of_is_not_known(given):
    """Days that nobody gave are not guessed, nor taken as none: stock alone is not the cash that is tied."""
    m = stood(cash=given)
    assert m.cash()[["cycle", "tied"]].isna().all(axis=None)
    freed = m.freed().set_index("cause")["tied"]
    assert np.isnan(freed["cash"]) and freed[["volume", "longer", "shorter"]].sum() == pytest.approx(freed["stock"])
    _, table, change, _ = shown.cash(held(m))
    assert "Cash tied</th>" not in table.html and "Change of stock since September" in change.html and "Cash tied</td>" not in change.html
    assert month_headline(held(m))[0].endswith(
        f"stock rose €500. {TOLD} Fixed costs are not given in the settings (costs.fixed_per_month): EBITDA is before them."
    )


def test_stock_rises_where_it_rose():
    """One family holds more and sells as it did, one sells more, one is new, one is gone: none is blamed for another."""
    m = stood()
    rows = [("2026-W39", "Rugs", 700.0, 70.0), ("2026-W44", "Rugs", 1400.0, 70.0), ("2026-W39", "Toys", 210.0, 28.0),
            ("2026-W44", "Toys", 210.0, 35.0), ("2026-W44", "Bags", 90.0, 10.0),
            ("2026-W38", "Mats", 50.0, 5.0), ("2026-W39", "Mats", 60.0, 5.0)]  # fmt: skip
    stock, others = pd.DataFrame(rows, columns=["week", "family", "value", "goods"]), m.results.evidence
    m.results.evidence = lambda name: stock if name == "stock_weeks" else others(name)
    f = m.stock_change().set_index("family")
    assert f["change"].to_dict() == {"Rugs": 700, "Bags": 90, "Toys": 0, "Mats": -60}
    # September has 28 days, October 35: Rugs sold 2.5 a day and 2 now, Toys 1 both times.
    assert f.loc["Rugs", ["volume", "cover"]].tolist() == pytest.approx([(2 - 2.5) * 280, 700 + 140])
    assert f.loc["Toys", ["volume", "cover"]].tolist() == pytest.approx([0, 0])
    assert f.loc["Bags", ["volume", "cover"]].tolist() == [0, 90] and f.loc["Mats", ["volume", "cover"]].tolist() == [0, -60]
    freed = m.freed().set_index("cause")["tied"]
    assert freed[["volume", "longer", "shorter", "stock"]].tolist() == pytest.approx([-140, 930, -60, 730])
    _, _, change, _ = shown.cash(held(m))
    assert "held longer, most of it Rugs<" in change.html and "held shorter: Mats<" in change.html
    assert "Rugs hold €700 more and Bags €90.00 more" in shown_cash.stock_title(m.cash(), m.stock_change(), "EUR")


def test_a_week_that_left_less_is_amber():
    """October and September leave the same a week; with a cost more in one week October leaves less, and its headline is a warning."""
    m = stood(costs={"fixed_per_month": 100}, cash={"receivable_days": 5, "payable_days": 30})
    text, status = month_headline(held(m))
    assert status == "ok" and text.startswith("October\u00a02026 (5 weeks): EBITDA €1,") and " a week against €" in text
    tied = formats.moved(m.freed().set_index("cause").tied.cash, "EUR")
    assert text.endswith(f"stock rose €500, cash tied {tied} at the given payment days. {TOLD}")
    assert "through" not in text and "lowest" not in text
    leaks = m.results.measured.summary.frame("leaks")
    leaks.loc[(leaks["week"] == "2026-W44") & (leaks["part"] == "expedite"), "amount"] = 520.0
    text, status = month_headline(held(m))
    low = formats.money(m.weeks().ebitda.min(), "EUR")
    assert status == "watch" and f" in September, mostly through €100 more expediting a week; lowest in 2026-W44, {low}; stock" in text


def test_ebitda_changed_through_its_largest_steps():
    """Of two costs that rose the larger comes first, the second where it is half as large; what is n/a has not moved."""
    m = stood()
    leaks = m.results.measured.summary.frame("leaks")
    for part, amount in (("expedite", 25.0), ("transfer_freight", 15.0)):
        leaks.loc[(leaks["week"] >= "2026-W40") & (leaks["part"] == part), "amount"] += amount
    assert "mostly through €25.00 more expediting and €15.00 more transfers a week;" in month_headline(held(m))[0]
    assert m.moved().sum() == pytest.approx(-40) and m.moved()["shipping"] == pytest.approx(0)
    leaks.loc[(leaks["week"] >= "2026-W40") & (leaks["part"] == "transfer_freight"), "amount"] -= 5.0
    assert "mostly through €25.00 more expediting a week;" in month_headline(held(m))[0]
    assert "marketing" not in stood(without="contribution_margin_after_marketing").moved()


def test_other_labor_is_each_weeks_own():
    """What a week says of its labor is not what the last week's books say of it; a week without labor is n/a, one of pickers has none."""
    m = stood()
    cards, first = m.results.measured.cards, Week.parse("2026-W40")
    for week, rows in ((first, [("returns", 1.0, 99.0)]), (first + 1, []), (first + 2, [("pack", 1.0, 10.0)])):
        other = pd.DataFrame(rows, columns=["role", "hours", "cost"])
        cards[week] = SimpleNamespace(frame=lambda name, kept=cards[week], other=other: other if name == "labor" else kept.frame(name))
    w = m.weeks()
    assert w["other_labor"].fillna(-1).tolist() == [99, -1, 0, 30, 30] and w["missing"].tolist() == ["", "other_labor", "", "", ""]


@pytest.mark.parametrize(("last", "value"), [((), 4000), ((0,), 400)])
def test_a_place_that_sends_no_snapshot_has_not_sold_out(last, value):
    """A hub whose feed is missing in W holds what it held; one that says it is empty is."""
    hub = stock("A", 900, range(8, 29), location="HUB") + [row for n in last for row in stock("A", n, range(1, 8), location="HUB")]
    tables = {"products": [product()], **sold("A"), "inventory": stock("A", 100, range(1, 29), location="BER") + hub}
    rows = stock_weeks(context(tables).books).set_index("week")["value"]
    assert rows[str(WEEK)] == value and rows[str(WEEK - 1)] == 4000 and np.isnan(rows[str(WEEK - 4)])


def test_a_weeks_labor_by_role_and_what_its_lines_bear():
    """A daily row stands only where no hourly one does, and the week before is no part of it; the components add up to the lump."""
    day = {"work_date": ago(3), "location": "BER"}
    rows = [{**day, "role": "returns", "hours": 2, "cost": 30}, {**day, "role": "pick", "hours": 3, "cost": 45},
            {**day, "role": "receive", "hour": 9, "hours": 1, "cost": 15}, {**day, "role": "receive", "hours": 8, "cost": 99},
            {**day, "work_date": ago(9), "role": "returns", "hours": 1, "cost": 500}]  # fmt: skip
    books = context(shop(labor=rows)).books
    assert by_role(books).set_index("role")["cost"].to_dict() == {"pick": 45, "receive": 15, "returns": 30}
    sums, sold = published(books, ["gross_margin", "contribution_margin"]).query("grain == 'all'"), change.cells(books)
    gross, kept = (sums.loc[sums["kpi"] == kpi, "numerator"].iloc[0] for kpi in ("gross_margin", "contribution_margin"))
    assert gross - kept == pytest.approx(sold[[*COMPONENTS]].sum().sum()) and gross > kept
    assert by_role(context(shop()).books).empty


def test_pick_and_pack_that_no_line_bears_is_other_labor():
    """A packing hall at which nobody picks: reading 18 leaves its labor with no line, so that EBITDA has it from the month."""
    hours = [
        {"work_date": ago(3), "location": place, "role": role, "hours": 1, "cost": 20}
        for place, role in (("BER", "pick"), ("HALL", "pack"))
    ]
    picked = [
        {
            "pick_id": "K",
            "order_id": "A-web-3",
            "line_id": "1",
            "sku": "A",
            "location": "BER",
            "picked_at": f"{ago(3)} 10:00",
            "quantity": 1,
        }
    ]
    assert by_role(context(shop(labor=hours, picks=picked)).books).set_index("role")["cost"].to_dict() == {
        "pack without picks": 20,
        "pick": 20,
    }
    assert by_role(context(shop(labor=hours)).books).set_index("role")["cost"].to_dict() == {"pack": 20, "pick": 20}


def test_what_the_month_before_has_become_is_a_memo():
    m = stood()
    assert m.become()[["week", "then", "now", "difference"]].values.tolist() == [[f"2026-W{n}", 400, 392, -8] for n in range(36, 40)]
    *_, memo = shown.ebitda(held(m))
    assert "What September has become since: its contribution fell €32.00" in memo.html and memo.html.count("<tr") == 6
    m.results.measured.weeks = m.results.measured.weeks[1:]  # September is not known as a whole
    assert m.become().empty and "is not known as a whole" in shown.ebitda(held(m))[-1].html


def test_the_months_revenue_without_a_cost_is_the_months():
    m = stood()
    assert m.uncosted() == pytest.approx(50)  # ten a week
    read = {"weeks_read": 9, "first_week": "2026-W36", "tables_this_week": 9, "rows_read": 9, "rows_quarantined": 0}
    m.results.trust = read | {"uncosted_revenue": 1.0}
    assert narrative.trust_sentence(held(m), of_month=True).endswith("€50.00 of October's net revenue has no cost of goods")


def test_gmroi_and_leaks():
    m = stood()
    row = m.gmroi().set_index("family").loc["Lamps"]
    assert row["gmroi"] == pytest.approx(row["gross_margin"] * 365.25 / 35 / row["value"])
    leaks = m.leaks()
    row = leaks[(leaks["month"] == "2026-10") & (leaks["leak"] == "1-4")].iloc[0]
    assert (row["weeks"], row["amount"], row["basis_points"]) == (5, pytest.approx(250), pytest.approx(500)) and row["whole"]


def test_a_week_whose_leak_is_not_known_is_in_neither_money_nor_revenue():
    m = stood()
    ledger = m.results.measured.summary.frame("leaks")
    ledger.loc[(ledger["week"] == "2026-W41") & (ledger["leak"] == "1"), "amount"] = np.nan
    rows = m.leaks().set_index(["month", "leak"])
    assert rows.loc[("2026-10", "1"), ["weeks", "amount", "whole"]].tolist() == [4, 200, False]
    assert rows.loc[("2026-10", "1"), "basis_points"] == pytest.approx(500)
    assert rows.loc[("2026-10", "1-4"), "whole"]


def test_a_month_with_a_week_in_part_is_in_part_and_held_against_none():
    m = stood()
    ledger = m.results.measured.summary.frame("leaks")
    ledger.loc[(ledger["week"] == "2026-W41") & (ledger["part"] == "total"), "without"] = "rework"
    rows = m.leaks()
    assert not rows[rows["month"] == "2026-10"].whole.any() and rows[rows["month"] == "2026-09"].whole.all()
    chart, table = shown.leaks(SimpleNamespace(month=m, settings=m.results.settings, trust={}))
    title = said(chart)
    assert "without rework (n/a)" in title and "September" not in title
    assert "Oct, in part" in table.html and table.html.count("<small>in part</small>") == 2
    assert "Leak 1, October\u00a02026: without rework (n/a)." in table.html
    rows.loc[rows["leak"] == "1", "every_week"] = False
    assert shown.in_part(rows[rows["month"] == "2026-10"]) == "Leak 1, October\u00a02026: without rework (n/a); not every week."
    both = pd.concat([rows, rows[rows["leak"] == "1"].assign(leak="2")])
    assert shown.in_part(both[both["month"] == "2026-10"]).startswith("Leaks 1 and 2, October")


def test_what_decisions_recovered():
    rows = stood().recovered().set_index("decision")
    assert rows.loc["reprice", ["taken", "done", "early", "then", "now", "recovered"]].tolist() == [3, 2, 1, 300, 120, 180]
    assert rows.loc["staff", ["taken", "early"]].tolist() == [1, 1] and np.isnan(rows.loc["staff", "recovered"])


def test_what_was_recovered_once_is_in_no_sum_of_weeks():
    m = stood()
    m.results.decisions = m.results.decisions.assign(per=lambda f: f.finding_id.map({"a": "once"}).fillna(""))
    rows = m.recovered().set_index(["decision", "per"])["recovered"]
    assert rows[("reprice", "once")] == 180 and rows[("reprice", "")] == 0
    *_, each = shown.recovered(held(m))
    assert re.findall(r'<tr class="total"><td>(.*?)</td>.*?data-value="(\d+)">\d+</td></tr>', each.html)[-1] == ("All: 4 decisions", "0")
    assert ">180<br><small>once</small>" in each.html


def test_what_comes_once_is_recovered_only_by_what_is_done():
    """An invoice that can no longer be disputed is gone as well."""
    m = stood()
    m.results.decisions = m.results.decisions.assign(per=lambda f: f.finding_id.map({"b": "once"}).fillna(""), impact_now=0.0)
    rows = m.decided().set_index("finding_id")
    assert np.isnan(rows.loc["b", "recovered"]) and rows.loc["b", "why"] == "not done"


def test_the_months_decisions_one_by_one():
    """What was decided two days before the month's end earns nothing; what is done long ago, or of a later month, is not in it."""
    m = stood()
    rows = m.decided().set_index("finding_id")
    assert rows["state"].to_dict() == {"a": "done", "d": "done", "b": "overdue", "c": "committed"}
    assert rows["recovered"].fillna(-1).to_dict() == {"a": 180, "d": -1, "b": 0, "c": -1}
    assert rows["why"].to_dict() == {"a": "", "d": "too early", "b": "", "c": "too early"}
    *_, each = shown.recovered(held(m))
    assert "4 decisions: 2 done, 1 committed and 1 overdue; not done: Kim (1) and Jo (1)" in each.html
    totals = re.findall(r'<tr class="total"><td>(.*?)</td>.*?data-value="(\d+)">\d+</td></tr>', each.html)
    assert totals == [("Done: 2 decisions", "180"), ("Not done: 2 decisions", "0"), ("All: 4 decisions", "180")]
    m.results.decisions = m.results.decisions.assign(recorded_at=pd.Timestamp("2026-10-30"))
    (only,) = shown.recovered(held(m))
    assert "3 decisions: 1 done, 1 committed and 1 overdue; too early to say what was recovered; not done: " in only.html


# ---- the audit -----------------------------------------------------------------------------------------------------------------

WHOLE = {"unit_cost": 4, "packaging_cost": 0.5, "weight_kg": 1, "length_cm": 20, "width_cm": 10, "height_cm": 10}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, ""), ({"unit_cost": None}, "no cost"), ({"weight_kg": None}, "no weight"), ({"packaging_cost": None}, "no packaging cost"),
        ({"height_cm": None}, "no size"), ({"length_cm": 400}, "a size of 400"), ({"weight_kg": 0}, "a weight of nothing"),
        ({"weight_kg": 100}, "do not go with its size"), ({"unit_cost": 12}, "a cost of 12.00 against a price of 10.00"),
        ({"packaging_cost": 3}, "packaging of 3.00"),
    ],
)  # fmt: skip
def test_what_is_missing_or_cannot_be_right(wrong, said):
    row = audit(context(shop() | {"products": [{"sku": "A", "name": "A", "family": "Lamps", **WHOLE, **wrong}]}).books).iloc[0]
    assert (said in row["flaws"]) if said else row["flaws"] == ""


def test_costs_that_purchases_and_scales_contradict():
    row = SimpleNamespace(**WHOLE, price=10.0, bought_at=5.0, parcels=9, scale_kg=2.1, billable_kg=1.0)
    assert flaws(row) == ["last bought at 5.00, its cost says 4.00", "carriers bill 2.1 kg, it says 1.0"]
    assert flaws(SimpleNamespace(**{**vars(row), "parcels": 4, "bought_at": 4.3})) == []


def test_a_sign_off_is_of_the_data_as_it_was(tmp_path):
    books = context(shop() | {"products": [{**product(), **WHOLE}]}).books
    f = audit(books)
    first = sign_offs.signed(f, read(tmp_path))
    assert first["state"].tolist() == ["to audit"] and sign_offs.coverage(first)["coverage"].tolist() == [0, 0]
    sheet = sign_offs.to_sign(first, "2026-W46", "Finance Partner")
    item = {"finding_id": sheet["finding_id"].iloc[0], "decision": "accept", "note": "checked"}
    save(tmp_path, "2026-W46", "friday", [item], "Kim", pd.Timestamp("2026-11-16 10:00").to_pydatetime())
    done = sign_offs.signed(f, read(tmp_path))
    assert done[["state", "by", "on", "note"]].iloc[0].tolist() == ["signed off", "Kim", "2026-11-16", "checked"]
    assert sign_offs.coverage(done)["coverage"].tolist() == [1, 1] and sign_offs.growth(done)["coverage"].tolist() == [1]
    assert sign_offs.to_sign(done, "2026-W46", "Finance Partner").empty
    dearer = audit(context(shop() | {"products": [{**product(), **WHOLE, "unit_cost": 5}]}).books)
    assert sign_offs.signed(dearer, read(tmp_path))["state"].tolist() == ["changed since"]


# ---- their pages ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [catalog.AUDIT, catalog.MONTH])
def test_every_part_of_the_pages_shows_something(name):
    held = Review(name, fake_money.pages())
    for part in ("headline", *exhibits(name)):
        shown = getattr(held, part)
        html = "".join(p._repr_html_() if isinstance(p, Html) else p.to_json() for p in getattr(shown, "parts", [shown]))
        assert len(html) > 60 and "nan" not in html.lower().replace("finance", ""), part


@pytest.mark.parametrize(("notebook", "name"), [(NOTEBOOKS[catalog.AUDIT], catalog.AUDIT), (MONTHLY, catalog.MONTH)])
def test_the_notebooks_show_every_exhibit(notebook, name):
    cells = nbformat.read(ROOT / "notebooks" / notebook, as_version=4).cells
    shown = [c.source.removeprefix("review.") for c in cells if c.cell_type == "code" and c.source.startswith("review.")]
    more = ["checklist"] if name == catalog.AUDIT else []
    assert shown == ["headline", "trust", *exhibits(name), *more]


def test_the_sign_off_form_takes_the_largest_skus_that_are_left():
    held = Review(catalog.AUDIT, fake_money.pages())
    html = held.checklist._repr_html_()
    assert "audit/A/" in html and "audit/B/" not in html
    assert re.findall(r"<option value=.(\w+)", html) == ["accept", "investigate", "defer"]
    assert "Expected" not in html and ">–<" not in html, "no column of nothing"


def range_of(n: int) -> pd.DataFrame:
    """n SKUs that are fine, by revenue."""
    f = pd.concat([fake_money.pages().audit.skus.iloc[[1]]] * n, ignore_index=True)
    return f.assign(
        sku=[f"S{i:03d}" for i in range(n)], net_revenue=[1000.0 - i for i in range(n)], contribution_share=0.1, sign_depends=False
    )


def test_who_is_asked_to_be_signed_off():
    """The largest that are left; of the rest those whose data lacks something. What loses is to be investigated, and comes first."""
    f = range_of(60)
    f.loc[3, "contribution_share"], f.loc[5, "sign_depends"], f.loc[55, "flaws"] = -0.086, True, "no weight"
    sheet = sign_offs.to_sign(sign_offs.signed(f, read(Path("nowhere"))), "2026-W46", "Finance Partner").set_index("entity")
    assert list(sheet.index[:2]) == ["S003", "S055"] and len(sheet) == 51 and (sheet["owner"] == "Finance Partner").all()
    said = sheet["suggested_decision"]
    assert said["S003"] == "investigate: loses money" and said["S055"] == "investigate: no weight"
    assert said["S005"].startswith("accept") and said["S005"].endswith("its sign hangs on what is allocated")
    assert (said.drop(["S003", "S005", "S055"]) == "accept: data present and plausible").all()


REST = "In the rest of the catalog"


@pytest.mark.parametrize(
    ("flaws", "said"),
    [
        ({}, ". No SKU lacks data."),
        ({55: "no cost", 57: "no weight; no size"}, f". {REST} 2 SKUs (3.2\u00a0% of revenue) lack a cost, a weight or a size."),
        ({1: "no size"}, "; 1 SKU (1.72\u00a0% of revenue) lacks a size."),
        ({1: "a size of 900", 55: "no cost"}, f"data that cannot be right. {REST} 1 SKU (1.62\u00a0% of revenue) lacks a cost."),
    ],
)  # fmt: skip
def test_the_audits_headline_says_whose_data_lacks_what(flaws, said):
    """What the rest of the catalog lacks is not told of the largest."""
    f = range_of(60)
    f["flaws"] = [flaws.get(i, "") for i in f.index]
    results = fake_money.pages()
    results.audit = sign_offs.Audit(f, read(Path("nowhere")), str(results.week), "Finance Partner")
    text = headlines.audit_headline(results)[0]
    assert "Of the 50 largest, 50 await sign-off" in text and text.endswith(said)


# ---- their pictures and what they say --------------------------------------------------------------------------------------------


def rows_of(chart):
    """The largest dataset of a chart, as a frame."""
    return pd.DataFrame(max(chart.to_dict()["datasets"].values(), key=len))


def said(chart):
    return renderer.title(chart.to_dict())


def test_the_steps_from_contribution_to_ebitda_close():
    m = stood(costs={"fixed_per_month": 1000})
    chart, *_ = shown.ebitda(SimpleNamespace(month=m, settings=m.results.settings, trust={}))
    steps = rows_of(chart)
    for month_, own in steps.groupby("key"):
        whole, *costs, left = own.to_dict("records")
        assert (whole["label"], left["label"]) == ("Contribution", "EBITDA") and whole["start"] == left["start"] == 0
        assert [c["start"] for c in costs] == pytest.approx([whole["end"], *[c["end"] for c in costs[:-1]]])
        assert costs[-1]["end"] == pytest.approx(left["amount"]), month_
    assert set(steps.key) == {"September\u00a02026", "October\u00a02026"} and set(steps.kind) == {"margin", "cost"}
    assert said(chart) == "Of €2,000 of contribution €300 is left as EBITDA in October\u00a02026; most goes to fixed costs, €1,150"


def test_a_month_without_a_margin_has_no_picture_of_it():
    m = stood(without="contribution_margin")
    first, *_ = shown.ebitda(SimpleNamespace(month=m, settings=m.results.settings, trust={}))
    assert "From contribution to EBITDA" in repr(first)


def test_what_is_a_week_is_compared_a_week():
    """October has five weeks, September four: what is alike every week has not changed."""
    m = stood()
    _, bridge, weeks, _ = shown.ebitda(SimpleNamespace(month=m, settings=m.results.settings, trust={}))
    changes = re.findall(r"<tr.*?</tr>", bridge.html, re.DOTALL)[1:]
    assert len(changes) == 17 and all(row.rstrip().endswith(">0</td></tr>") for row in changes)
    assert "Not known" not in weeks.html


def test_stock_by_week_is_what_the_families_hold():
    m = stood()
    results = SimpleNamespace(month=m, settings=m.results.settings, trust={}, evidence=m.results.evidence)
    chart, _, freed, _ = shown.cash(results)
    drawn = rows_of(chart)
    whole, lamps = (drawn[drawn.family == name].set_index("week") for name in ("whole store", "Lamps"))
    assert whole.value.tolist() == lamps.value.tolist() == [4000.0 + 100 * i for i in range(9)]
    assert whole.kind.tolist() == ["the weeks before"] * 4 + ["October\u00a02026"] * 5
    assert said(chart).startswith("€4,800 lies in stock at the end of October\u00a02026") and said(chart).endswith(
        "€500 more than at the end of September"
    )
    assert "Change of stock since September" in freed.html and "more is sold a day" in freed.html


def test_leaks_by_month_stand_in_their_order():
    m = stood()
    chart, table = shown.leaks(SimpleNamespace(month=m, settings=m.results.settings, trust={}))
    assert rows_of(chart).to_dict("records")[0]["month"] == "2026-09" and set(rows_of(chart).leak) == {"1 Demand planning variance"}
    first = re.findall(r"<tr[^>]*><td>(.*?)</td>", table.html)
    assert first == ["1 Demand planning variance", "Leaks 1 to 4"]
    assert said(chart) == (
        "Leaks 1 to 4 cost €250 in October\u00a02026, 500 basis points of net revenue, as in September; "
        "the largest is demand planning variance (500)"
    )


def test_what_decisions_recovered_is_drawn_with_its_sign():
    rows = pd.DataFrame(
        [("reprice", "", 2, 1, 0, 300.0, 120.0, 180.0), ("staff", "", 1, 0, 0, 50.0, 90.0, -40.0)],
        columns=["decision", "per", "taken", "done", "early", "then", "now", "recovered"],
    )
    m = SimpleNamespace(recovered=lambda: rows, decided=stood().decided)
    chart, *_ = shown.recovered(SimpleNamespace(month=m, settings=stood().results.settings, trust={}))
    assert rows_of(chart)[["said", "recovered", "kind"]].values.tolist() == [
        ["reprice", 180.0, "recovered"], ["staff", -40.0, "costs more now"],
    ]  # fmt: skip
    assert said(chart) == (
        "3 decisions, 1 done: what they are about costs €140 a week less than then; only reprice improved, by €180; staff costs €40.00 more"
    )
    claim = pd.DataFrame([("dispute_charge", "once", 1, 1, 0, 468.0, 0.0, 468.0)], columns=rows.columns)
    both = recovered_title(pd.concat([rows, claim]), "EUR")
    assert "4 decisions, 2 done: what they are about costs €140 a week less and €468 once less than then; only reprice improved" in both
    assert recovered_title(claim, "EUR") == "1 decision, 1 done: what they are about costs €468 once less than then"
    worse = recovered_title(rows[rows.decision == "staff"], "EUR")
    assert worse == "1 decision, none done: what they are about costs €40.00 a week more than then; no kind of them improved"


def test_the_audit_names_who_is_believed_to_earn_and_does_not():
    text, status = headlines.audit_headline(fake_money.pages())
    assert text.endswith(" Of the 2, 1 is believed to earn and lost €4.00 in 28 days.") and status == "watch"
    chart, margins, _ = audited.top_skus(fake_money.pages())
    assert said(chart) == (
        "1 of the 2 largest SKUs is believed to earn and lost €4.00 in 28 days; "
        "most of it B Rug: 60.0\u00a0% gross, −10.0\u00a0% in the end"
    )
    assert set(rows_of(chart).sku) == {"A Lamp", "B Rug"}
    assert margins.text.startswith(
        "Of the costs of the 2 largest 14\u00a0% are measured and 30\u00a0% allocated; 1 margin hangs on the allocation"
    )
    assert margins.html.count(">±<") == 2 and "allocated, shared by a rule" in margins.html
    sure = fake_money.pages()
    sure.audit.skus["sign_depends"] = False
    assert "±" not in audited.top_skus(sure)[1].html
    earns = fake_money.pages().audit.skus.assign(contribution_share=0.1)
    assert audited.believed_title(earns, "EUR") == "None of the 2 SKUs with most net revenue loses money after what its orders cost"


def test_a_month_that_lacks_a_week_says_so_and_is_not_compared():
    results = fake_money.months()
    results.measured.weeks = [week for week in results.measured.weeks if str(week) != "2026-W42"]
    m = month.Month(results)
    text, status = month_headline(held(m))
    assert m.missing == ["2026-W42"] and text.startswith("October\u00a02026 (4 weeks without 2026-W42): EBITDA ")
    assert status == "watch" and "against" not in text and not stood().missing


def test_months_of_which_only_the_memo_leak_is_known_have_no_sum_to_draw():
    m = stood()
    ledger = m.results.measured.summary.frame("leaks")
    m.results.measured.summary.frame = lambda name: ledger[ledger.leak == "1"].assign(leak="5")
    _, table = shown.leaks(SimpleNamespace(month=m, settings=m.results.settings, trust={}))
    assert "Poor cost attribution" in table.html
