"""The checks together: all are there, each names an entity once, and a table that never came silences what stands on it alone."""

from __future__ import annotations

import pytest
from fake_known import WEEK, context
from hand_shop import busy, entities, run, shop
from opsreview import catalog
from opsreview.checks import load
from opsreview.findings import found_this_week


def test_every_check_is_there():
    assert set(load()) == set(catalog.checks())


def test_an_export_is_missing_that_came_in_three_of_four_weeks():
    tables = shop(returns=[])
    assert entities("export_missing", tables) == []
    found = run("export_missing", tables, gaps={("returns", WEEK)})
    assert found["entity"].tolist() == ["returns"]
    assert found["impact"].isna().all()
    assert entities("export_missing", tables, gaps={("returns", WEEK), ("returns", WEEK - 2)}) == ["returns"]
    assert entities("export_missing", tables, gaps={("returns", WEEK), ("returns", WEEK - 2), ("returns", WEEK - 4)}) == []


def test_all_checks_together_name_an_entity_once():
    tables, now = busy()
    found = found_this_week(context(tables, now))
    assert len(set(found["check"])) >= 12
    assert not found.duplicated(["check", "entity"]).any()
    assert (found["impact"].dropna() >= 0).all()


@pytest.mark.parametrize(
    "table",
    [
        "inventory",
        "inbound",
        "shipments",
        "carrier_charges",
        "carrier_events",
        "picks",
        "labor",
        "returns",
        "support_tickets",
        "promotions",
        "demand_plan",
    ],
)
def test_a_table_that_never_came_silences_and_breaks_nothing_else(table):
    stands_on = {
        "inventory": {"oos_risk", "excess_stock", "dead_stock", "erp_wms_mismatch", "inbound_eta_slip", "asn_delayed", "promotion_at_risk"},
        "inbound": {"inbound_eta_slip", "asn_delayed", "receipt_mismatch"},
        "shipments": {"label_not_shipped"},
        "labor": {"labor_misaligned"},
        "carrier_charges": {"duplicate_charge"},
        "picks": {"labor_misaligned"},
        "returns": {"returns_hotspot"},
        "promotions": {"promotion_at_risk"},
        "demand_plan": {"sku_demand_variance"},
    }.get(table, set())
    tables, now = busy()
    found = found_this_week(context({k: v for k, v in tables.items() if k != table}, now))
    assert not stands_on & set(found["check"])
    assert len(set(found["check"])) >= 5
