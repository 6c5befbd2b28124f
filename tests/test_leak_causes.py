"""Leak 3 by cause: shares add up to the leak to the cent; each cause by hand, one thing changed at a time; none else moves."""

from __future__ import annotations

import fake_results
import numpy as np
import pandas as pd
import pytest
import random_store
from fake_known import WEEK, FakeKnown, settings
from hand_shop import FREE, ago, product
from opsreview import causes, leaks, titles_margin
from opsreview.books import Books
from opsreview.evidence.money import avoidable_by_type
from opsreview.exhibits.leaks import by_cause, shares
from opsreview.intake.store import open_exports
from opsreview.ledger import HISTORY, amounts, at_this_mix, creep, ledger

CENT = 0.005
NO_CHARGES = pd.DataFrame({"charge_type": [], "amount": []})


# ---- identities on random stores ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=(2, 3), ids=["tables miss weeks", "every table"])
def weeks(request, tmp_path_factory):
    """(leaks.csv of a week, its causes) of the weeks of a random store, from the fifth on."""
    folder = tmp_path_factory.mktemp("store")
    last = random_store.write(folder, request.param, weeks=7, orders_per_week=20)
    exports = open_exports(folder, last, random_store.settings(request.param), tmp_path_factory.mktemp("cache"))
    plans, past, out = {}, [], []
    for week in exports.weeks:
        books = Books(exports.known(week), exports.settings, plans)
        cells, parts, charges = leaks.cells(books), leaks.measured(books), avoidable_by_type(books)
        books.close()
        rows = ledger(str(week), parts, cells, past[-HISTORY:], 1000.0)
        out.append((rows, causes.causes(rows, charges, cells, [p["cells"] for p in past[-HISTORY:]])))
        past.append({"amounts": amounts(rows), "cells": cells})
    return out[4:]


def test_causes_and_a_named_remainder_add_up_to_every_part_and_to_the_leak(weeks):
    said = 0
    for ledger_rows, rows in weeks:
        own = ledger_rows[ledger_rows.leak == "3"].set_index("part")
        for part in ("rework", "avoidable_charges", "creep"):
            mine, amount = rows[rows.part == part], own.amount[part]
            assert mine.amount.isna().all() if np.isnan(amount) else abs(mine.amount.sum() - amount) < CENT, part
            said += bool(amount)
        assert rows.amount.sum() == pytest.approx(own.amount.fillna(0.0)["total"], abs=CENT)
        assert rows.basis_points.sum() == pytest.approx(own.basis_points.fillna(0.0)["total"], abs=1e-6)
        assert set(rows.cause) <= set(causes.CAUSES) and all(p in causes.CAUSES[c] for c, p in zip(rows.cause, rows.part, strict=True))
    assert said >= 5, "a store without such costs shows nothing"


def test_every_week_of_creep_is_split_whole():
    """Before medians are taken the causes add up to the difference of each single week."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        now, *then = (random_cells(rng) for _ in range(int(rng.integers(5, 14))))
        whole = now.cost.sum() / now.orders.sum() - at_this_mix(now, then)
        assert np.allclose(causes.more(now, then).sum(axis=1), whole)


def random_cells(rng: np.random.Generator) -> pd.DataFrame:
    n = int(rng.integers(3, 30))
    words = {"zone": "12?", "band": "15?", "kg": "125", "service": ["", "a", "b"]}
    f = pd.DataFrame({c: rng.choice(list(of), n) for c, of in words.items()})
    f["kg"] = f["kg"].where(f["service"] != "", "")
    f = f.drop_duplicates(ignore_index=True).assign(orders=lambda t: rng.integers(1, 9, len(t)).astype(float))
    each = {c: rng.uniform(0, 5, len(f)) * f["orders"] for c in ("pick_pack", "surcharges", "plain")}
    return f.assign(pick_pack=each["pick_pack"], surcharges=each["surcharges"], cost=sum(each.values()))


# ---- by hand --------------------------------------------------------------------------------------------------------------------


def cell(orders: float = 10, plain: float = 5.0, labor: float = 2.0, extra: float = 0.0, zone="1", band="2", kg="2", service="dhl/parcel"):
    """A cell whose orders cost so much each."""
    each = {"cost": plain + labor + extra, "pick_pack": labor, "surcharges": extra}
    return {"zone": zone, "band": band, "kg": kg, "service": service, "orders": orders, **{k: orders * v for k, v in each.items()}}


def split(now: list[dict], usual: list[dict] | None = None, more_weeks: tuple[list[dict], ...] = ()) -> dict[str, float]:
    """Creep's causes that are not 0, of W against four usual weeks and others; they add up to what the ledger says."""
    usual = usual or [cell()]
    now, past = pd.DataFrame(now), [pd.DataFrame(week) for week in ([usual] * 4 + list(more_weeks))]
    ledger_rows = pd.DataFrame(
        [("3", "rework", 0.0, 0.0), ("3", "avoidable_charges", 0.0, 0.0), ("3", "creep", creep(now, past), 1.0)],
        columns=["leak", "part", "amount", "basis_points"],
    )
    rows = causes.causes(ledger_rows, NO_CHARGES, now, past)
    assert rows.amount.sum() == pytest.approx(creep(now, past))
    return {r.cause: round(r.amount, 9) for r in rows.itertuples() if abs(r.amount) > 1e-9}


EXPRESS, LIGHT, HEAVY = {"service": "ups/express"}, {"band": "unknown", "kg": "1"}, {"band": "unknown", "kg": "10"}
BOTH = [cell(8), cell(2, 9.0, **EXPRESS)]  # eight by parcel at 5, two by express at 9


@pytest.mark.parametrize(
    ("now", "usual", "expected"),
    [
        ([cell()], None, {}),
        ([cell(plain=6.0)], None, {"rate": 10.0}),
        ([cell(labor=2.5)], None, {"labor": 5.0}),
        ([cell(extra=0.3)], None, {"surcharges": 3.0}),
        ([cell(plain=6.0, labor=1.8)], None, {"rate": 10.0, "labor": -2.0}),
        ([cell(plain=4.0)], None, {}),  # cheaper than usual: no creep, nothing to share
        ([cell(20)], None, {}),  # more orders cost more, each of them does not
        # six by parcel and four by express, at usual prices: two more at 4 more
        ([cell(6), cell(4, 9.0, **EXPRESS)], BOTH, {"carrier_mix": 8.0}),
        ([cell(6), cell(4, 9.5, **EXPRESS)], BOTH, {"carrier_mix": 8.0, "rate": 2.0}),
        # a service that nobody used before has no usual price: its own stands, and all of it is mix
        ([cell(9), cell(1, 12.0, service="new/one")], None, {"carrier_mix": 7.0}),
        # a zone shift is none of the leak's: creep is at this week's zones
        ([cell(2), cell(8, 9.0, zone="7")], [cell(8), cell(2, 9.0, zone="7")], {}),
        ([cell(2), cell(8, 9.5, zone="7")], [cell(8), cell(2, 9.0, zone="7")], {"rate": 4.0}),
        # the same of weights that were billed …
        ([cell(2, band="1"), cell(8, 9.0, band="10")], [cell(8, band="1"), cell(2, 9.0, band="10")], {}),
        # … and what is heavier and not yet billed
        ([cell(6, **LIGHT), cell(4, 9.0, **HEAVY)], [cell(8, **LIGHT), cell(2, 9.0, **HEAVY)], {"heavier_parcels": 8.0}),
        # heavier ones go by express, as they do: weight says it, not the carrier
        (
            [cell(6, **LIGHT), cell(4, 9.0, **HEAVY | EXPRESS)],
            [cell(8, **LIGHT), cell(2, 9.0, **HEAVY | EXPRESS)],
            {"heavier_parcels": 8.0},
        ),
        # orders that were not sent yet, reckoned dearer; and more of them beside parcels of an unknown zone
        ([cell(zone="unknown", kg="", service="", plain=6.0)], [cell(zone="unknown", kg="", service="")], {"not_sent_yet": 10.0}),
        (
            [cell(5, zone="?"), cell(5, 7.0, zone="?", kg="", service="")],
            [cell(8, zone="?"), cell(2, 7.0, zone="?", kg="", service="")],
            {"not_sent_yet": 6.0},
        ),
        # a zone that no week had takes this week's cost: it is no one's fault
        ([cell(9, 6.0), cell(1, 50.0, zone="9")], None, {"rate": 9.0}),
    ],
)  # fmt: skip
def test_a_cause_by_hand(now, usual, expected):
    assert split(now, usual) == pytest.approx(expected)


def test_medians_that_do_not_add_up_leave_a_remainder():
    """Carriage was dear in the weeks in which labor was cheap: both together differ less than each of them."""
    turns = tuple([cell(plain=5 + 0.1 * i, labor=2.5 - 0.1 * i)] for i in range(5))
    by_turns = split([cell(plain=6.0)], [cell(plain=5.0, labor=2.4)], turns)
    plain, labor = np.median([5.0] * 4 + [5 + 0.1 * i for i in range(5)]), np.median([2.4] * 4 + [2.5 - 0.1 * i for i in range(5)])
    whole = 8.0 - np.median([7.4] * 4 + [7.5] * 5)
    expected = {"rate": 10 * (6 - plain), "labor": 10 * (2 - labor), "remainder": 10 * (whole - (6 - plain) - (2 - labor))}
    assert by_turns == pytest.approx({k: round(v, 9) for k, v in expected.items() if abs(v) > 1e-9})
    assert by_turns["remainder"] == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("charges", "expected"),
    [
        ([("address_correction", 9.0)], {"errors": 9.0}),
        ([("redelivery", 3.0), ("return_to_sender", 4.0)], {"errors": 7.0}),
        ([("dimensional", 5.0)], {"dimensional_weight": 5.0}),
        ([("residential", 6.0)], {"surcharges": 6.0}),  # avoidable to a team that lists it
        ([("dimensional", 5.0), ("dimensional", -5.0)], {}),
        ([], {}),
    ],
)
def test_each_avoidable_charge_has_one_cause(charges, expected):
    ledger_rows = pd.DataFrame(
        [("3", "rework", 11.0, 1.1), ("3", "avoidable_charges", sum(c[1] for c in charges), 0.0), ("3", "creep", 0.0, 0.0)],
        columns=["leak", "part", "amount", "basis_points"],
    )
    rows = causes.causes(ledger_rows, pd.DataFrame(charges, columns=["charge_type", "amount"]), pd.DataFrame(), [])
    mine = rows[rows.part == "avoidable_charges"].groupby("cause").amount.sum()
    assert {k: v for k, v in mine.items() if v} == expected
    assert rows[rows.part == "rework"][["cause", "amount", "basis_points"]].values.tolist() == [["errors", 11.0, pytest.approx(1.1)]]
    assert not rows[rows.part == "creep"].amount.any()


def test_what_is_not_said_has_no_shares():
    nothing = pd.DataFrame([("3", p, np.nan, np.nan) for p in ("rework", "avoidable_charges", "creep")])
    nothing.columns = ["leak", "part", "amount", "basis_points"]
    rows = causes.causes(nothing, NO_CHARGES, pd.DataFrame(), [])
    assert rows.amount.isna().all() and set(rows.cause) >= {"errors", "dimensional_weight", "labor", "carrier_mix", "remainder"}


SETTINGS = settings(costs=FREE)
PLANS: dict = {}  # compiling anew is what these would spend their time on


# ---- from exports ---------------------------------------------------------------------------------------------------------------


def shop(**this_week) -> dict[str, list[dict]]:
    """Ten orders a week of one unit of A, each a parcel of dhl to zone 1 for 5 and an hour of picking at 20; in W as given."""
    orders, lines, ships, picks, labor, charges = [], [], [], [], [], []
    for n in range(1, 43):
        own, order = (this_week if n <= 7 else {}), f"O{n}"
        orders.append({"order_id": order, "ordered_at": f"{ago(n)} 08:00", "channel": "web", "status": "open"})
        lines.append({"order_id": order, "line_id": "1", "sku": own.get("sku", "A"), "quantity": 1, "unit_price": 40.0})
        picks.append({"pick_id": order, "order_id": order, "line_id": "1", "sku": "A", "location": "BER", "picked_at": f"{ago(n)} 09:00",
                      "quantity": 1, "rework_minutes": None})  # fmt: skip
        labor.append({"work_date": ago(n), "location": "BER", "hour": 9, "role": "pick", "hours": 1.0, "cost": own.get("wage", 20.0)})
        like = this_week if n % 7 == 0 else own  # one a week goes as this week's go: there is a usual price of such parcels
        ships.append(
            {"shipment_id": order, "order_id": order, "location": "BER", "carrier": like.get("carrier", "dhl"), "service": "parcel",
             "zone": own.get("zone", "1"), "label_created_at": f"{ago(n)} 09:00",
             "label_cost": like.get("cost", 5.0) if "carrier" in like or n <= 7 else 5.0}
        )  # fmt: skip
        charges += [{"invoice_id": f"I{n}", "charge_id": f"{n}-{kind}", "shipment_id": order, "charge_type": kind, "amount": amount,
                     "invoiced_on": ago(n)} for kind, amount in own.get("charges", {}).items()]  # fmt: skip
    tables = {"orders": orders, "order_lines": lines, "shipments": ships, "picks": picks, "labor": labor, "carrier_charges": charges}
    return {"products": [product("A", weight_kg=1.0), product("B", weight_kg=8.0)], **tables}


@pytest.mark.parametrize(
    ("this_week", "cause", "amount"),
    [
        ({}, "", 0.0),
        ({"wage": 26.0}, "labor", 42.0),
        ({"cost": 6.0}, "rate", 7.0),
        ({"carrier": "ups", "cost": 9.0}, "carrier_mix", 24.0),  # seven by ups where one was; each 4 dearer
        ({"charges": {"base": 5.0, "residential": 1.5}}, "surcharges", 10.5),
        ({"charges": {"address_correction": 4.0}}, "errors", 28.0),
        ({"zone": "7", "cost": 9.0}, "", 0.0),  # dearer through its zone alone: none of the leak's
    ],
)
def test_causes_from_exports(this_week, cause, amount):
    tables, past, found = shop(**this_week), [], None
    for i in range(5, -1, -1):
        books = Books(FakeKnown(tables, week=WEEK - i, weeks=30), SETTINGS, PLANS)
        cells = leaks.cells(books)
        if i == 0:
            rows = ledger(str(WEEK), leaks.measured(books), cells, past, 1000.0)
            found = causes.causes(rows, avoidable_by_type(books), cells, [p["cells"] for p in past])
        past.append({"amounts": {}, "cells": cells})
        books.close()
    by = found.groupby("cause").amount.sum()
    assert {k: round(v, 6) for k, v in by.items() if abs(v) > 1e-6} == pytest.approx({cause: amount} if cause else {})
    assert found.amount.sum() == pytest.approx(rows[(rows.leak == "3") & (rows.part == "total")].amount.iloc[0], abs=CENT)


# ---- on the sample and on the page ---------------------------------------------------------------------------------------------------


def test_what_was_planted_shows_among_the_causes(sample_results):
    """Parcels sent by express for no reason, addresses "corrected", picks done again; and zones beside the leak, not in it."""
    rows, r = sample_results.leak_causes, sample_results
    own = r.leaks[r.leaks.leak == "3"].set_index("part").amount
    assert rows.amount.sum() == pytest.approx(own["total"], abs=CENT)
    by = rows.groupby("cause").amount.sum()
    assert by.idxmax() == "errors" and by[list(causes.OF_CREEP)].idxmax() == "carrier_mix"
    assert by["errors"] > 0.9 * (own["rework"] + rows[rows.what == "address_correction"].amount.sum()) > 250
    assert abs(by["remainder"]) < 0.1 * own["creep"]
    assert r.evidence("zone_shifts").amount.sum() > 100


def test_the_table_adds_up_and_its_title_says_what_it_shows():
    r = fake_results.shared()
    shown = shares(r.leak_causes)
    assert shown.whole.tolist() == [False] * (len(shown) - 1) + [True] and shown.cause.iloc[-2] == "remainder"
    top = shown[~shown.whole]
    assert shown.amount.iloc[-1] == pytest.approx(top.amount.sum())
    assert shown.amount.iloc[-1] == pytest.approx(r.leaks[(r.leaks.leak == "3") & (r.leaks.part == "total")].amount.iloc[0])
    assert top.amount.fillna(0).tolist() == pytest.approx(top[["rework", "avoidable_charges", "creep"]].sum(axis=1).tolist())
    assert set(titles_margin.CAUSES) == {*causes.CAUSES, "whole", "zone_shift"}
    html = by_cause(r).html
    assert "Carrier mix" in html and "n/a" not in html


def test_the_title_names_the_largest_and_what_goes_the_other_way():
    rows = pd.DataFrame(
        [("errors", 300.0), ("carrier_mix", 250.0), ("rate", 40.0), ("labor", -90.0), ("remainder", 12.0)], columns=["cause", "amount"]
    )
    assert titles_margin.causes(rows, "EUR") == (
        "Leak 3 by cause: €512, of which errors €300, carrier mix €250 and rate €40.00; labor took €90.00 off it"
    )
    assert titles_margin.causes(rows.assign(amount=np.nan), "EUR") == "Leak 3 by cause: n/a"
    assert titles_margin.causes(rows.assign(amount=0.0), "EUR") == "Leak 3 by cause: €0"


def test_what_is_missing_is_named():
    html = by_cause(fake_results.silent()).html
    assert "n/a" in html and "not exported" in html
