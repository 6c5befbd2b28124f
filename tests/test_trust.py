"""What a page says of whether its figures tie to a source's own report."""

from __future__ import annotations

import fake_results
import pandas as pd
import pytest
from opsreview import agenda, trust
from opsreview.reconcile import ties

PERIOD = {
    "source": "shop",
    "clock": "order_date",
    "period_start": pd.Timestamp("2026-11-09").date(),
    "period_end": pd.Timestamp("2026-11-15").date(),
}
HOSTILE = "<img src=x onerror=hacked()>"


def total(measure: str, figure: float | None, reported: float, note: str = "ties", **more) -> pd.DataFrame:
    """One bridge: a part, the figure, the report, the residual."""
    steps = [
        ("placed", "part", figure, ""),
        ("figure", "figure", figure, "" if figure is not None else note),
        ("reported", "reported", reported, ""),
    ]
    if figure is not None:
        steps.append(("residual", "residual", figure - reported, note))
    else:
        steps = steps[1:]
    frame = pd.DataFrame(steps, columns=["step", "kind", "amount", "note"])
    return frame.assign(measure=measure, **{**PERIOD, **more})


def results(*bridges: pd.DataFrame):
    full = fake_results.shared()
    steps = pd.concat(bridges, ignore_index=True)
    return fake_results.FakeResults(**{**vars(full), "reconciliation": steps, "trust": {**full.trust, "ties": ties(steps)}})


OFF = "beyond tolerance; if_cancelled_orders_count"
START = "These figures do not tie: the report of shop shows"
SAID = [
    ([total("net_sales", 100.004, 100)], "ties to shop within €0.01", []),
    ([total("net_sales", 100.4, 100), total("orders", 3, 3)], "ties to shop within €0.40", []),
    ([total("orders", 3, 3)], "ties to shop exactly", []),
    ([total("units", 9, 9), total("net_sales", 7, 7, source="amazon")], "ties to shop exactly · ties to amazon within €0.01", []),
    (
        [total("net_sales", 80, 100, OFF), total("orders", 2, 3, OFF), total("units", 5, 5)],
        "does not tie to shop (2 of 3 totals)",
        [f"{START} €20.00 more net sales and 1 more order than ours; it would tie if cancelled orders count."],
    ),
    (
        [total("net_sales", 120, 100, "beyond tolerance")], "does not tie to shop (1 of 1 total)",
        [f"{START} €20.00 less net sales than ours."],
    ),
    (
        [total(name, 9, 10, "beyond tolerance") for name in ("net_sales", "gross_sales", "discounts", "shipping")],
        "does not tie to shop (4 of 4 totals)",
        [f"{START} €1.00 more net sales, €1.00 more gross sales and €1.00 more discounts than ours; 1 more total differs."],
    ),
    ([total("refunds", None, 5, "refunds have no day")], "", []),
]  # fmt: skip


@pytest.mark.parametrize(("bridges", "sentence", "alarms"), SAID)
def test_what_is_said(bridges, sentence, alarms):
    r = results(*bridges)
    assert trust.sentence(r) == sentence
    assert trust.alarms(r) == alarms
    said = agenda.trust(r)
    assert (alarms == []) == ('class="mark"' not in said.html)
    assert sentence in said.text


def test_what_could_not_be_held_against_a_report_says_why():
    assert trust.details(results(total("refunds", None, 5, "refunds have no day"))) == [
        "Not held against shop's report: refunds by order date: refunds have no day"
    ]


def test_the_bridge_of_the_worst_total_is_on_the_page_and_adds_up():
    r = results(total("orders", 2, 9, OFF), total("net_sales", 80, 100, OFF), total("gross_sales", 90, 95, OFF))
    (worst,) = trust.worst(r)
    assert worst["measure"] == "net_sales"
    html = agenda.trust(r).html
    assert "Net sales by order date: the bridge to shop&#39;s report, 9\xa0Nov to 15\xa0Nov\xa02026" in html
    assert "if cancelled orders count" in html and "−20.00" in html


def test_what_was_published_and_changed_is_said_on_the_page():
    r = fake_results.shared()
    assert trust.restated(r) == [
        "Net revenue of 2026-W45 was published as €100 and is €90.00 (−€10.00), because of file: changed: 2026-W45/orders.csv."
    ]
    assert trust.become(r)[0] == "With what came since, 1 figure of 2026-W45 moved; restatements.csv has them all"
    assert trust.become(r)[1].startswith("Return rate of 2026-W45 was published as 10.0\xa0% and is 12.0\xa0%")
    many = pd.concat([r.restatements] * 9, ignore_index=True)
    said = trust.restated(fake_results.changed_by(r, restatements=many))
    assert len(said) == 6 and said[-1] == "4 more published figures have changed: restatements.csv has them all."
    evil = r.restatements.assign(key=HOSTILE, because=HOSTILE, grain="location")
    html = agenda.trust(fake_results.changed_by(r, restatements=evil)).html
    assert "<img" not in html and "&lt;img" in html
    assert trust.restated(fake_results.silent()) == [] and "restated" not in agenda.trust(fake_results.silent()).html


def test_names_of_an_export_are_escaped():
    r = results(total("net_sales", 80, 100, OFF, source=HOSTILE))
    assert "<img" not in agenda.trust(r).html and "&lt;img" in agenda.trust(r).html


def test_without_control_totals_nothing_is_said():
    assert trust.sentence(fake_results.silent()) == "" and trust.alarms(fake_results.silent()) == []
