"""Bridges worked by hand, one thing varied a row: the parts add up to the figure, the figure less the report is the residual."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_intake import Folder, text
from opsreview import catalog
from opsreview.books import Books
from opsreview.checks import CHECKS, Context, load
from opsreview.facts.orders import sales
from opsreview.reconcile import KEY, MEASURES, bridges
from opsreview.settings import SettingsError, parse
from opsreview.weeks import Week

W44, W45, W46 = "2026-W44", "2026-W45", "2026-W46"  # W45: 2 to 8 November
ORDER = {
    "order_id": "1", "ordered_at": "2026-11-03T10:00:00", "channel": "web", "status": "fulfilled", "cancelled_at": "",
    "shipping_charged": "3", "order_discount": "1", "currency": "",
}  # fmt: skip
LINE = {"order_id": "1", "line_id": "1", "sku": "A", "quantity": "2", "cancelled_quantity": "", "unit_price": "10", "line_discount": "0.5"}
RETURN = {"return_id": "R1", "line_no": "1", "order_id": "1", "sku": "A", "quantity": "1", "reason_code": "x", "requested_at": "2026-11-06",
          "refund_amount": ""}  # fmt: skip
BEFORE = {"order_id": "0", "ordered_at": "2026-10-27T10:00:00"}  # the exports begin a week earlier


def shop(tmp: Path, **settings) -> Folder:
    """A week before, then one order of two at 10, less 0.5 on the line and 1 on the order, shipping 3."""
    folder = Folder(tmp, **settings)
    folder.write(f"{W44}/products.csv", text([{"sku": "A"}]))
    week(folder, W44, orders=[BEFORE], lines=[{"order_id": "0"}], returns=[])
    return folder


def week(folder: Folder, name: str, orders=(), lines=(), returns=(), totals=(), **more) -> None:
    """A week's folder: rows of ORDER, LINE and RETURN with some columns changed."""
    for table, good, rows in (("orders", ORDER, orders), ("order_lines", LINE, lines), ("returns", RETURN, returns)):
        made = [{k: v for k, v in (good | row).items() if v is not None} for row in rows]
        folder.write(f"{name}/{table}.csv", text(made) if made else ",".join(good) + "\n")
    if totals:
        folder.write(f"{name}/control_totals.csv", text([total(*t) for t in totals]))
    for table, rows in more.items():
        folder.write(f"{name}/{table}.csv", text(rows))


def total(measure: str, amount: float, clock: str = "order_date", of: str = W45, source: str = "shop", **more) -> dict:
    monday = Week.parse(of).monday
    row = {
        "source": source,
        "measure": measure,
        "clock": clock,
        "amount": amount,
        "period_start": monday,
        "period_end": Week.parse(of).window.dates[-1],
    }
    return row | more


def books(folder: Folder, upto: str = W45) -> Books:
    return Books(folder.open(upto).known(Week.parse(upto)), folder.settings)


def parts(folder: Folder, upto: str = W45) -> dict[tuple[str, str, str], dict[str, float]]:
    """(measure, clock, week) -> the steps that are not 0; held to the identities on the way."""
    out = {}
    for key, rows in bridges(books(folder, upto)).groupby(KEY, sort=False):
        steps = dict(zip(rows["step"], rows["amount"], strict=True))
        own = rows.loc[rows["kind"] == "part", "amount"].sum()
        if rows["kind"].eq("residual").any():
            assert own == pytest.approx(steps["figure"], abs=1e-9)
            assert steps["figure"] - steps["reported"] == pytest.approx(steps["residual"], abs=1e-9)
        shown = rows[rows["kind"].isin(["part", "figure"])]
        out[key[1], key[2], str(Week.of(key[3]))] = {s: a for s, a in zip(shown["step"], shown["amount"], strict=True) if a}
    return out


ALL = [(m, 0) for m in MEASURES]
WHOLE = {
    "gross_sales": {"placed": 20, "figure": 20},
    "discounts": {"placed": 0.5, "order_discounts": 1, "figure": 1.5},
    "shipping": {"placed": 3, "figure": 3},
    "net_sales": {"placed": 20, "line_discounts": -0.5, "order_discounts": -1, "figure": 18.5},
    "orders": {"placed": 1, "figure": 1},
    "units": {"placed": 2, "figure": 2},
}
GONE = {
    "gross_sales": {"placed": 20, "cancelled_orders": -20},
    "discounts": {"placed": 0.5, "order_discounts": 1, "cancelled_orders": -1.5},
    "shipping": {"placed": 3, "cancelled_orders": -3},
    "net_sales": {"placed": 20, "line_discounts": -0.5, "order_discounts": -1, "cancelled_orders": -18.5},
    "orders": {"placed": 1, "cancelled_orders": -1},
    "units": {"placed": 2, "cancelled_orders": -2},
}
CASES = {
    "as it is": ({}, {}, {}),
    "a unit called off": (
        {}, {"cancelled_quantity": "1"},
        {"gross_sales": {"placed": 20, "cancelled_units": -10, "figure": 10}, "units": {"placed": 2, "units_cancelled": -1, "figure": 1},
         "net_sales": {"placed": 20, "cancelled_units": -10, "line_discounts": -0.5, "order_discounts": -1, "figure": 8.5}},
    ),
    "more called off than ordered": ({}, {"cancelled_quantity": "9", "line_discount": "0"}, {
        "gross_sales": {"placed": 20, "cancelled_units": -20}, "units": {"placed": 2, "units_cancelled": -2},
        "discounts": {"order_discounts": 1, "figure": 1},
        "net_sales": {"placed": 20, "cancelled_units": -20, "order_discounts": -1, "figure": -1},
    }),
    "no order discount": ({"order_discount": "0"}, {}, {
        "discounts": {"placed": 0.5, "figure": 0.5}, "net_sales": {"placed": 20, "line_discounts": -0.5, "figure": 19.5},
    }),
    "cancelled in its week": ({"status": "cancelled", "cancelled_at": "2026-11-04T09:00:00"}, {}, GONE),
    "cancelled, nobody knows when": ({"status": "cancelled"}, {}, GONE),
    "in another currency": ({"currency": "USD"}, {}, {
        "gross_sales": {"placed_in_another_currency": 18, "figure": 18}, "shipping": {"placed_in_another_currency": 2.7, "figure": 2.7},
        "discounts": {"placed_in_another_currency": 0.45, "order_discounts": 0.9, "figure": 1.35},
        "net_sales": {"placed_in_another_currency": 18, "line_discounts": -0.45, "order_discounts": -0.9, "figure": 16.65},
        "orders": {"placed_in_another_currency": 1, "figure": 1}, "units": {"placed_in_another_currency": 2, "figure": 2},
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_by_hand(tmp_path, name):
    order, line, expected = CASES[name]
    folder = shop(tmp_path)
    week(folder, W45, [order], [line], totals=ALL, fx_rates=[{"rate_date": "2026-11-01", "currency": "USD", "rate": "0.9"}])
    found = parts(folder)
    for measure in MEASURES:
        steps = expected.get(measure, WHOLE[measure])
        assert found[measure, "order_date", W45] == pytest.approx(steps), measure


def test_cancelled_a_week_later_on_both_clocks(tmp_path):
    folder = shop(tmp_path)
    week(folder, W45, [{}], [{}])
    reports = [(m, 0, clock, of) for m in ("gross_sales", "orders") for clock in ("order_date", "event_date") for of in (W45, W46)]
    gone = {"status": "cancelled", "cancelled_at": "2026-11-10T09:00:00"}
    week(folder, W46, [gone, {"order_id": "2", "ordered_at": "2026-11-11"}], [{"order_id": "2", "quantity": "3"}], totals=reports)
    found = parts(folder, W46)
    assert found["gross_sales", "order_date", W45] == {"placed": 20, "cancelled_orders": -20}
    assert found["gross_sales", "event_date", W45] == {"placed": 20, "figure": 20}
    assert found["gross_sales", "order_date", W46] == {"placed": 30, "figure": 30}
    assert found["gross_sales", "event_date", W46] == {"placed": 30, "cancelled_orders": -20, "figure": 10}
    assert found["orders", "event_date", W46] == {"placed": 1, "cancelled_orders": -1}


def test_a_refund_the_week_after_on_both_clocks(tmp_path):
    folder = shop(tmp_path)
    week(folder, W45, [{}], [{}], [{}])
    reports = [(m, 0, clock, of) for m in ("refunds", "net_sales") for clock in ("order_date", "event_date") for of in (W45, W46)]
    week(folder, W46, [{"order_id": "2", "ordered_at": "2026-11-11"}], [{"order_id": "2"}], [{"refund_amount": "5"}], reports)
    found = parts(folder, W46)
    assert found["refunds", "event_date", W45] == {}
    assert found["refunds", "event_date", W46] == {"refunds": 5, "figure": 5}
    assert found["refunds", "order_date", W45] == {"refunds": 5, "figure": 5}
    assert found["refunds", "order_date", W46] == {}
    assert found["net_sales", "order_date", W46]["figure"] == 18.5
    assert found["net_sales", "event_date", W46] == {
        "placed": 20, "line_discounts": -0.5, "order_discounts": -1, "refunds": -5, "figure": 13.5,
    }  # fmt: skip


def test_a_refund_that_grows_counts_its_change_and_one_called_off_counts_back(tmp_path):
    folder = shop(tmp_path)
    week(folder, W45, [{}], [{}], [{"refund_amount": "5"}], [("refunds", 5, "event_date")])
    assert parts(folder)["refunds", "event_date", W45]["figure"] == 5
    again = {"order_id": "2", "ordered_at": "2026-11-11"}
    for amount, change in (("8", 3), ("5", 0), ("2", -3)):
        week(folder, W46, [again], [{"order_id": "2"}], [{"refund_amount": amount}], [("refunds", 0, "event_date", W46)])
        assert parts(folder, W46)["refunds", "event_date", W46].get("figure", 0) == change
    week(folder, W46, [again], [{"order_id": "2"}], [{"refund_amount": "", "deleted": "true"}], [("refunds", 0, "event_date", W46)])
    assert parts(folder, W46)["refunds", "event_date", W46]["figure"] == -5


def test_refunds_by_currency_and_of_orders_nobody_knows(tmp_path):
    folder = shop(tmp_path)
    rates = [{"rate_date": "2026-11-01", "currency": "USD", "rate": "0.9"}]
    back = [{"refund_amount": "5"}, {"return_id": "R2", "order_id": "77", "refund_amount": "4"}]
    week(folder, W45, [{"currency": "USD"}], [{}], back, [("refunds", 8.5, "event_date"), ("refunds", 4.5)], fx_rates=rates)
    found = parts(folder)
    assert found["refunds", "event_date", W45] == {"refunds_in_another_currency": 4.5, "refunds_of_unknown_orders": 4, "figure": 8.5}
    assert found["refunds", "order_date", W45] == {"refunds_in_another_currency": 4.5, "figure": 4.5}


def test_an_order_at_the_edge_of_two_zones(tmp_path):
    """Monday 03:00 in London is Sunday 22:00 in New York: by its days an order of the week before."""
    night = {"order_id": "2", "ordered_at": "2026-11-09T03:00:00"}
    for zone, expected in ((None, {W45: 20, W46: 20}), ("America/New_York", {W45: 40, W46: 0})):
        folder = shop(tmp_path / str(zone).replace("/", "-"), **({"reconcile": {"timezones": {"shop": zone}}} if zone else {}))
        week(folder, W45, [{}], [{}])
        totals = [("gross_sales", 0, clock, of) for of in (W45, W46) for clock in ("order_date", "event_date")]
        week(folder, W46, [night], [{"order_id": "2"}], totals=totals)
        found = parts(folder, W46)
        for of, figure in expected.items():
            for clock in ("order_date", "event_date"):
                edge = {"time_zone_edge": figure - 20} if zone else {}
                assert found["gross_sales", clock, of] == {"placed": 20, **edge, **({"figure": figure} if figure else {})}


def test_an_order_that_came_a_week_late(tmp_path):
    folder = shop(tmp_path)
    week(folder, W45, [{}], [{}])
    week(folder, W46, [{"order_id": "2"}], [{"order_id": "2"}], totals=[("orders", 2), ("net_sales", 37)])
    found = parts(folder, W46)
    assert found["orders", "order_date", W45] == {"placed": 1, "placed_known_late": 1, "figure": 2}
    assert found["net_sales", "order_date", W45]["figure"] == 37


def test_a_source_is_one_channel_or_some_or_all(tmp_path):
    for source, settings, figure in (
        ("shop", {}, 3),
        ("web", {}, 1),
        ("shop", {"shop": ["web", "social"]}, 2),
        ("web", {"web": ["social"]}, 1),
    ):
        folder = shop(tmp_path / f"{source}{len(settings)}{figure}", reconcile={"channels": settings})
        ids = [{"order_id": str(n), "channel": c} for n, c in enumerate(("web", "social", "market"), 1)]
        week(folder, W45, ids, [{"order_id": str(n)} for n in (1, 2, 3)], totals=[("orders", 0, "order_date", W45, source)])
        assert parts(folder)["orders", "order_date", W45]["figure"] == figure


NA = {
    "before the exports begin": (total("orders", 1, of="2026-W43"), "the exports begin with 2026-W44"),
    "not over yet": (total("orders", 1, of=W46), "the period ends after 2026-W45"),
    "upside down": (total("orders", 1, period_end="2026-11-01"), "the period ends before it begins"),
    "a month of refunds": (total("refunds", 1, "event_date", period_end="2026-11-07"), "refunds have a week and no day"),
    "refunds of the first folder": (total("refunds", 1, "event_date", of=W44), "the first folder holds"),
}


@pytest.mark.parametrize("name", NA)
def test_what_cannot_be_said_says_why_and_is_not_zero(tmp_path, name):
    row, why = NA[name]
    folder = shop(tmp_path)
    week(folder, W45, [{}], [{}], control_totals=[row])
    found = bridges(books(folder))
    assert found["step"].tolist() == ["figure", "reported"]
    assert found["amount"].isna().tolist() == [True, False] and found["note"].iloc[0].startswith(why)


def test_a_column_never_exported_says_so(tmp_path):
    folder = shop(tmp_path)
    week(folder, W45, [{"shipping_charged": None}], [{}], totals=[("shipping", 0), ("gross_sales", 20)])
    found = bridges(books(folder)).query("step == 'figure'").set_index("measure")
    assert found.loc["shipping", "note"] == "orders.shipping_charged was not exported in every week of it"
    assert found.loc["gross_sales", "amount"] == 20


def test_only_what_this_weeks_folder_brought_is_held_against_it(tmp_path):
    folder = shop(tmp_path)
    week(folder, W45, [{}], [{}], totals=[("orders", 1)])
    week(folder, W46, [{"order_id": "2", "ordered_at": "2026-11-11"}], [{"order_id": "2"}])
    assert len(bridges(books(folder, W46))) == 0
    assert len(bridges(books(folder))) > 0


WHAT_IF = {  # an order, its line, the report's net sales: what explains the difference
    "cancelled orders": ({"status": "cancelled"}, {}, 37, "if_cancelled_orders_count"),
    "called off units": ({}, {"cancelled_quantity": "1"}, 37, "if_cancelled_units_count"),
    "shipping": ({}, {}, 43, "if_shipping_counts"),
    "discounts": ({}, {}, 40, "if_discounts_are_not_taken_off"),
    "another currency": ({"currency": "USD"}, {}, 37, "if_other_currencies_are_not_converted"),
    "without another currency": ({"currency": "USD"}, {}, 18.5, "if_other_currencies_do_not_count"),
    "a row set aside": ({}, {"line_id": "x", "quantity": "1", "line_discount": "y"}, 27.5, "if_rows_set_aside_count"),
    "nothing known": ({}, {}, 33.33, ""),
}


@pytest.mark.parametrize("name", WHAT_IF)
def test_what_would_explain_a_residual(tmp_path, name):
    order, line, reported, expected = WHAT_IF[name]
    folder = shop(tmp_path, reconcile={"tolerance_money": 0.01})
    rates = [{"rate_date": "2026-11-01", "currency": "USD", "rate": "0.9"}]
    week(folder, W45, [{}, {"order_id": "2"} | order], [{}, {"order_id": "2"} | line], totals=[("net_sales", reported)], fx_rates=rates)
    found = bridges(books(folder))
    assert found.loc[found["note"] == "explains the residual", "step"].tolist() == ([expected] if expected else [])
    assert found["note"].iloc[-1] == f"beyond tolerance{f'; {expected}' if expected else ''}"


TOLERANCE = [
    (("gross_sales", 21.0), {}, True), (("gross_sales", 21.01), {}, False), (("gross_sales", 22), {"tolerance_share": 0.1}, True),
    (("gross_sales", 20.02), {"tolerance_money": 0}, True), (("gross_sales", 20.03), {"tolerance_money": 0}, False),
    (("orders", 2), {}, False), (("orders", 2), {"tolerance_share": 0.5}, True), (("orders", 1), {"tolerance_share": 0}, True),
]  # fmt: skip


@pytest.mark.parametrize(("report", "rule", "ties"), TOLERANCE)
def test_tolerance_and_its_finding(tmp_path, report, rule, ties):
    folder = shop(tmp_path, reconcile=rule)
    week(folder, W45, [{}], [{}], totals=[report])
    b = books(folder)
    assert bridges(b)["note"].iloc[-1].startswith("ties" if ties else "beyond tolerance")
    load()
    found = CHECKS["control_total_mismatch"](Context(b, None, None))
    assert found["entity"].tolist() == ([] if ties else ["shop"])
    assert catalog.checks()["control_total_mismatch"].review == "all"


def test_one_source_is_one_finding_with_its_totals_inside(tmp_path):
    folder = shop(tmp_path)
    week(folder, W45, [{}, {"order_id": "2", "status": "cancelled"}], [{}, {"order_id": "2"}],
         totals=[("gross_sales", 40), ("orders", 2), ("units", 4), ("shipping", 3)])  # fmt: skip
    load()
    (row,) = CHECKS["control_total_mismatch"](Context(books(folder), None, None)).to_dict("records")
    assert row["members"] == "gross_sales; orders; units" and row["severity"] == "breach"
    assert row["detail"] == "3 totals of 4 beyond tolerance; it would tie if cancelled orders count"
    assert "above ours" in row["title"]


def test_a_zone_that_is_none_is_named():
    with pytest.raises(SettingsError, match="did you mean America/New_York"):
        parse({"timezone": "UTC", "reporting_currency": "EUR", "reconcile": {"timezones": {"shop": "America/New_Yrok"}}})


def test_gross_less_discounts_plus_shipping_is_net_revenue(tmp_path):
    """What ties the bridge to kpis.md: on the order clock its measures are the parts of net revenue."""
    folder = shop(tmp_path)
    rows = [{}, {"order_id": "2", "currency": "USD"}, {"order_id": "3", "status": "cancelled"}, {"order_id": "4", "order_discount": "30"}]
    lines = [
        {"order_id": o, "line_id": n, "quantity": q}
        for o, n, q in (("1", "1", "2"), ("1", "2", "1"), ("2", "1", "3"), ("3", "1", "1"), ("4", "1", "1"))
    ]
    rates = [{"rate_date": "2026-11-01", "currency": "USD", "rate": "0.9"}]
    week(folder, W45, rows, lines, totals=ALL, fx_rates=rates)
    found, b = parts(folder), books(folder)
    of = lambda measure: found[measure, "order_date", W45]["figure"]  # noqa: E731
    s = sales(b)
    net = s.filter(s.day >= b.week.monday).net_revenue.sum().to_pyarrow().as_py()
    assert of("gross_sales") - of("discounts") + of("shipping") == pytest.approx(net, abs=1e-9)
    assert of("net_sales") + of("shipping") == pytest.approx(net, abs=1e-9)
