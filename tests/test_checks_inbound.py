"""Checks of inbound goods by hand: each fires just beyond its line, not on it, and not where stock lasts."""

from __future__ import annotations

import pytest
from fake_known import WEEK, history
from hand_shop import (
    ago,
    dock,
    entities,
    inbound,
    product,
    received,
    run,
    shop,
    slip,
    together,
)


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        (slip(3), True),
        (slip(2), False),
        (slip(3, arrived_at=f"{ago(1)} 09:00"), False),
        (slip(3, closed=True), False),
        (inbound(eta=ago(1)), True),
        (inbound(eta=ago(0)), False),
    ],
)
def test_slip_is_three_days_or_a_date_that_has_passed(line, fires):
    assert entities("inbound_eta_slip", shop(20, inbound=[line])) == (["PO1/1"] if fires else [])


def test_slip_costs_what_is_short_until_the_new_date_and_nothing_where_stock_lasts():
    # Due tomorrow, now in four days: 40 asked for by then, 20 there; nothing short by tomorrow.
    row = run("inbound_eta_slip", shop(20, inbound=[slip(3)])).iloc[0]
    assert row["impact"] == pytest.approx(20 * 6, rel=0.02)
    assert (row["observed"], row["threshold"]) == (3, 3)
    assert entities("inbound_eta_slip", shop(200, inbound=[slip(3)])) == []
    other = inbound(document_id="PO2", quantity_ordered=60, eta=ago(-1), original_eta=ago(-1))
    assert entities("inbound_eta_slip", shop(20, inbound=[slip(3), other])) == []
    assert entities("inbound_eta_slip", shop(20, inbound=[slip(3)]), gaps={("inbound", WEEK)}) == []


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        (inbound(asn_at=f"{ago(9)} 10:00", eta=ago(2)), True),
        (inbound(asn_at=f"{ago(9)} 10:00", eta=ago(1)), False),
        (inbound(eta=ago(5)), False),
        (inbound(arrived_at=f"{ago(3)} 23:00", quantity_received=100), True),
        (inbound(arrived_at=f"{ago(2)} 01:00", quantity_received=100), False),
        (inbound(arrived_at=f"{ago(3)} 23:00", quantity_received=100, stocked_at=f"{ago(1)} 09:00"), False),
    ],
)
def test_announced_goods_are_late_after_two_days_and_at_the_dock_after_48_hours(line, fires):
    found = run("asn_delayed", shop(20, inbound=[line]))
    assert found["entity"].tolist() == (["PO1/1"] if fires else [])
    if fires:  # another week: 70 asked for, 20 there
        assert found["impact"].tolist() == pytest.approx([50 * 6], rel=0.02)


def test_goods_at_the_dock_are_for_the_warehouse_to_put_away():
    line = inbound(arrived_at=f"{ago(3)} 23:00", quantity_received=100)
    assert run("asn_delayed", shop(20, inbound=[line]))["decision"].tolist() == ["staff"]
    assert entities("asn_delayed", shop(200, inbound=[line])) == []


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        (received(97), True),
        (received(98), False),
        (received(103), True),
        (received(97, stocked_at=None), False),
        (received(97, closed=False), False),
        (received(97, asn_quantity=None), True),
        (received(97, asn_quantity=97), False),
        (received(97, stocked_at=f"{ago(29)} 09:00"), False),
        (received(940, asn_quantity=1000), True),
        (received(980, asn_quantity=1000), False),
    ],
)
def test_receipt_differs_beyond_two_units_and_two_per_cent(line, fires):
    assert entities("receipt_mismatch", together(shop(), {"products": [product("B", 40)]}, {"inbound": [line]})) == (
        ["PO1/1"] if fires else []
    )


def test_receipt_costs_its_units_and_goes_to_the_supplier_when_short():
    tables = together(shop(), {"products": [product("B", 40)]}, {"inbound": [received(97)]})
    row = run("receipt_mismatch", tables).iloc[0]
    assert (row["impact"], row["decision"]) == (pytest.approx(3 * 40), "dispute_charge")
    tables["inbound"] = [received(103)]
    assert run("receipt_mismatch", tables)["decision"].tolist() == ["investigate"]


@pytest.mark.parametrize(("hours", "lines", "fires"), [(24.5, 5, True), (24, 5, False), (48, 4, False)])
def test_dock_is_slow_beyond_its_breach_line_from_five_lines_on(hours, lines, fires):
    tables, now = dock(hours, lines)
    assert entities("dock_to_stock", tables, now) == (["BER"] if fires else [])


def test_dock_is_slow_beyond_its_own_history_and_costs_what_the_empty_shelf_would_have_sold():
    tables, now = dock(12)
    usual = history("dock_to_stock_hours", "location", "BER", [6, 7] * 6)
    found = run("dock_to_stock", tables, now, usual)
    # Empty on both days that the goods stood there, 10 a day, each of five lines told alone.
    assert found["impact"].tolist() == pytest.approx([5 * 2 * 10 * 6])
    assert found["members"].tolist() == ["PO1/0; PO1/1; PO1/2; PO1/3; PO1/4"]
    assert entities("dock_to_stock", tables, now) == []  # 12 hours are no breach, and there is no history
