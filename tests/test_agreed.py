"""Friday's proposals as rows of its checklist: one decision a group, nothing asked twice, owner and deadline as for the like finding."""

from __future__ import annotations

import fake_results
import pandas as pd
import pytest
from opsreview import agreed
from opsreview.findings import COLUMNS as PUBLIC
from opsreview.findings import INNER
from opsreview.settings import parse
from opsreview.weeks import Week

COLUMNS = [*PUBLIC, *INNER]
WEEK = Week.parse("2026-W46")
SETTINGS = parse({"timezone": "UTC", "reporting_currency": "EUR", "owners": {"promotion_at_risk": {"owner": "Ana", "sla_hours": 48}}})
FRAMES = {
    "pauses": pd.DataFrame(
        [
            ("P-1", "A", "pause", 100.0),
            ("P-1", "B", "pause until inbound", 40.5),
            ("P-1", "C", "does not pay", 7.0),
            ("P-2", "A", "pause", -3.0),
            ("P-3", "D", "keep", 1.0),
        ],
        columns=["promo_id", "sku", "advice", "gain"],
    ),
    "reprices": pd.DataFrame(
        [("A", "raise", 12.0, 30.0), ("B", "discount less", 9.0, 20.0), ("C", "raise", None, 10.0), ("D", "raise", 8.0, 2.0)],
        columns=["sku", "advice", "goal", "loss"],
    ),
    "transfers": pd.DataFrame(
        [
            ("stock", "A", "north", "south", "", "", 5.0, 4.25, 22.5),
            ("stock", "B", "north", "south", "", "", 1.0, 0.5, 2.0),
            ("stock", "A", "south", "east", "", "", 2.0, 1.5, 9.0),
            ("inbound", "A", "north", "south", "PO1", "2", 3.0, 2.5, 11.0),
            ("inbound", "A", "north", "south", "PO7", "1", 1.0, 0.5, 1.0),
        ],
        columns=["kind", "sku", "location_from", "location_to", "document_id", "line_id", "units", "avoided", "net"],
    ),
    "channel_skus": pd.DataFrame(
        [("A", "social", -30.0, 5.0), ("B", "social", -3.0, 1.0)],
        columns=["sku", "channel", "contribution", "elsewhere"],
    ),
}
NONE = pd.DataFrame(columns=COLUMNS)


def found(check: str, entity: str, state: str = "open") -> pd.DataFrame:
    return pd.DataFrame([{**dict.fromkeys(COLUMNS), "check": check, "entity": entity, "state": state}])


def asked(known: pd.DataFrame = NONE) -> pd.DataFrame:
    return agreed.to_decide(FRAMES.__getitem__, known, WEEK, SETTINGS).set_index("finding_id")


def test_a_group_is_one_decision_with_its_money_dearest_first():
    rows = asked()
    assert list(rows.impact) == sorted(rows.impact, reverse=True)
    assert rows.impact.to_dict() == {
        "proposal/pause/P-1": 140.5,
        "proposal/listings/social": 33.0,
        "proposal/reprice": 32.0,
        "proposal/transfer/north → south": 24.5,
        "proposal/inbound/north → south": 12.0,
        "proposal/transfer/south → east": 9.0,
        "proposal/pause/P-2": 0.0,
    }
    assert rows.suggested_decision["proposal/pause/P-1"] == "pause_promotion: P-1 for A and B"
    assert rows.suggested_decision["proposal/reprice"] == "reprice: to the price that earns: A and D"
    moves = {"proposal/transfer/north → south", "proposal/transfer/south → east", "proposal/inbound/north → south"}
    assert set(rows.index[rows.period == "once"]) == moves
    said = "6 units of 2 SKUs would sell in south and lie in north: 4.8 units of stock-outs avoided"
    assert rows.title["proposal/transfer/north → south"] == said
    assert rows.suggested_decision["proposal/transfer/north → south"] == "transfer: north to south: A and B"


def test_what_is_on_order_is_redirected_by_its_lines():
    row = asked().loc["proposal/inbound/north → south"]
    assert row.title == "4 units of 1 SKU would sell in south and are on order for north: 3.0 units of stock-outs avoided"
    assert row.suggested_decision == "rebalance_inbound: to south instead of north: 3 of A (PO1/2) and 1 of A (PO7/1)"
    assert (row.impact_basis, row.check) == ("margin saved", "oos_risk")


def test_a_listing_that_loses_is_taken_out_of_its_channel():
    rows = asked()
    assert rows.suggested_decision["proposal/listings/social"] == "adjust_channel: take A and B out of social"


def test_the_owner_and_the_deadline_are_those_of_the_like_finding():
    row = asked().loc["proposal/pause/P-1"]
    assert (row.owner, row.due_at) == ("Ana", "2026-11-18T00:00:00Z")


@pytest.mark.parametrize(
    ("known", "proposal", "left"),
    [
        (found("promotion_at_risk", "P-1/A"), "proposal/pause/P-1", 40.5),
        (found("promotion_at_risk", "P-1/A", "resolved"), "proposal/pause/P-1", 140.5),
        (found("promotion_at_risk", "P-2/A"), "proposal/pause/P-2", None),
        (found("negative_margin", "A"), "proposal/reprice", 2.0),
        (found("false_confidence", "D"), "proposal/reprice", 30.0),
        (found("returns_hotspot", "A"), "proposal/reprice", 32.0),
    ],
)
def test_what_a_finding_asks_for_is_not_asked_twice(known, proposal, left):
    assert asked(known).impact.get(proposal) == left


def test_without_proposals_there_is_no_row():
    rows = agreed.to_decide(lambda name: FRAMES[name].head(0), NONE, WEEK, SETTINGS)
    assert rows.empty and list(rows.columns) == COLUMNS


def test_fridays_checklist_has_them_and_no_other():
    from opsreview.review import Review

    results = fake_results.shared()
    assert len(results.proposals)
    for name in ("monday", "wednesday", "friday"):
        html = Review(name, results).checklist.html
        assert all((f'data-finding="{row}"' in html) is (name == "friday") for row in results.proposals.finding_id)
