"""Crews and carriage by hand: hours that grow too fast, parcels billed above their rate or sent dearer than needed."""
# ruff: noqa: E501  rows made by hand read best on one line

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from fake_known import context
from hand_shop import AS_OF, ago, entities, run, shop, together, trouble
from opsreview.checks import rows_of
from opsreview.checks.carriage import mix, profile_words
from opsreview.checks.wednesday import strained
from opsreview.facts.carriage import billed


def crew(slope: float, weeks: int = 26, rate: float = 20.0) -> dict[str, list[dict]]:
    """Weeks of 100 to 200 units picked, hours = 0.1 × units ** slope scaled to 10 at a hundred, and 20 an hour."""
    picks, labor = [], []
    for n in range(weeks):
        day, units = AS_OF - timedelta(days=7 * n + 3), 100 + (n * 37) % 101
        hours = 10 * (units / 100) ** slope * (1 + 0.01 * (-1) ** n)
        picks.append(
            {
                "pick_id": str(n),
                "order_id": f"A-web-{n}",
                "line_id": "1",
                "sku": "A",
                "location": "BER",
                "picked_at": f"{day} 09:00",
                "quantity": units,
            }
        )
        labor.append({"work_date": day, "location": "BER", "role": "pick", "hours": hours, "cost": rate * hours})  # fmt: skip
    return {"picks": picks, "labor": labor}


@pytest.mark.parametrize(
    ("slope", "weeks", "fires"), [(1.5, 26, True), (0.8, 26, False), (0.9, 26, False), (1.5, 11, False), (1.5, 12, True)]
)
def test_hours_that_surely_grow_as_fast_as_volume(slope, weeks, fires):
    found = run("linear_strain", shop(**crew(slope, weeks)), floor=0)
    assert found["entity"].tolist() == (["pick@BER"] if fires else [])
    if fires:
        assert found["observed"].iloc[0] == pytest.approx(slope, abs=0.05)


def test_hours_too_many_are_those_beyond_a_quiet_week_grown_by_the_goal():
    # Volumes 100, 100, 100, 200 and hours proportional: a quiet week has 100 units in 10 hours; the busy one may take 10 × 2^0.8.
    weeks = pd.DataFrame({"volume": [100.0, 100.0, 100.0, 200.0], "hours": [10.0, 10.0, 10.0, 20.0], "cost": [200.0, 200.0, 200.0, 400.0]})
    hours, rate = strained(weeks, 0.8)
    assert hours == pytest.approx((20 - 10 * 2**0.8) / 4) and rate == pytest.approx(20)
    assert strained(weeks, 1.0)[0] == pytest.approx(0, abs=1e-9)


RATES = [
    {"carrier": "dhl", "service": "parcel", "zone": "1", "max_weight_kg": kg, "cost": cost, "valid_from": ago(300)}
    for kg, cost in ((1, 4.0), (5, 6.0))
]


def parcels(n: int = 60, **more) -> list[dict]:
    return [
        {"shipment_id": f"S{i}", "order_id": f"A-web-{i + 1}", "location": "BER", "carrier": "dhl", "service": "parcel", "zone": "1",
         "weight_kg": 0.9, "label_created_at": f"{ago(i + 1)} 13:00", "shipped_at": f"{ago(i + 1)} 17:00", "label_cost": 4.5, **more}
        for i in range(n)
    ]  # fmt: skip


def base(i: int, amount: float, on: int, kg: float = 0.9, charge: str = "b", kind: str = "base") -> dict:
    return {"invoice_id": f"I{on}", "charge_id": f"{i}{charge}", "shipment_id": f"S{i}", "charge_type": kind, "amount": amount, "billed_weight_kg": kg, "invoiced_on": ago(on)}  # fmt: skip


def bill(amounts: list[float], usual: float = 4.0, kg: float = 0.9) -> list[dict]:
    """Forty parcels invoiced at their usual price before W, then some in W."""
    return [base(i, usual, 20) for i in range(20, 60)] + [base(i, a, 3, kg) for i, a in enumerate(amounts)]


@pytest.mark.parametrize(
    ("amounts", "usual", "kg", "over"),
    [
        ([4.0, 4.0], 4.0, 0.9, 0.0),  # the card's price
        ([5.0, 4.0], 4.0, 0.9, 0.0),  # one above, not more than one
        ([5.5, 4.0], 4.0, 0.9, 1.5),
        ([5.5, 7.0], 4.0, 0.9, 1.5 + 3.0),
        ([5.5, 4.4], 4.4, 0.9, 1.1),  # it always bills a tenth on top of the card
        ([6.0, 6.0], 4.0, 1.2, 0.0),  # within a tenth and half a kilo of ours: its weight, its band
        ([6.0, 6.0], 4.0, 2.0, 4.0),  # far above what it weighs: ours, the lower band
    ],
)
def test_carriage_above_the_rate_card(amounts, usual, kg, over):
    found = run("carrier_overcharge", shop(shipments=parcels(), carrier_charges=bill(amounts, usual, kg), carrier_rates=RATES), floor=0)
    assert found["impact"].sum() == pytest.approx(over)
    assert found["entity"].tolist() == (["dhl/parcel"] if over else [])


def test_without_a_card_the_label_and_what_is_usually_billed_of_it():
    tables = shop(shipments=parcels(), carrier_charges=bill([5.5, 4.0]))
    assert run("carrier_overcharge", tables, floor=0)["impact"].tolist() == pytest.approx([1.5])
    few = shop(shipments=parcels(), carrier_charges=bill([5.5, 4.0])[20:])  # twenty known: no telling
    assert entities("carrier_overcharge", few, floor=0) == []


def test_surcharges_and_what_is_charged_twice_are_not_carriage_above_its_rate():
    more = [base(0, 9.0, 3, kind="peak", charge="p"), base(1, 4.0, 3, charge="again")]
    tables = shop(shipments=parcels(), carrier_charges=[*bill([4.0, 4.0]), *more], carrier_rates=RATES)
    assert entities("carrier_overcharge", tables, floor=0) == []


def test_the_card_of_the_day_and_the_band_of_the_weight():
    newer = [r | {"cost": r["cost"] + 1, "valid_from": ago(10)} for r in RATES]
    tables = shop(shipments=parcels(), carrier_charges=bill([5.0] * 9 + [4.0] * 3), carrier_rates=RATES + newer)
    rows = rows_of(billed(context(tables).books), "shipment_id").set_index("shipment_id")
    assert rows.loc["S9", "expected"] == pytest.approx(5.0) and rows.loc["S10", "expected"] == pytest.approx(
        4.0
    )  # labels of days 10 and 11


def sent(service: str, n: int, took: int, promise: int, cost: float, first: int = 0, late: int = 0) -> tuple[list[dict], list[dict]]:
    """So many parcels on Mondays of the four weeks that ended a week ago; `late` of them a day after their promise."""
    ships, charges = [], []
    for i in range(n):
        day = AS_OF - timedelta(days=7 * (2 + i % 3))
        key = f"{service}{first + i}"
        there = day + timedelta(days=promise + 1 if i < late else took)
        ships.append(
            {"shipment_id": key, "order_id": f"A-web-{7 * (2 + i % 3)}", "location": "BER", "carrier": "dhl", "service": service, "zone": "1", "weight_kg": 0.9,
             "label_created_at": f"{day} 08:00", "promised_ship_at": f"{day} 23:00", "shipped_at": f"{day} 17:00",
             "promised_delivery_at": f"{day + timedelta(days=promise)} 23:59", "delivered_at": f"{there} 12:00", "label_cost": cost}
        )  # fmt: skip
        charges.append(
            {
                "invoice_id": "I",
                "charge_id": key,
                "shipment_id": key,
                "charge_type": "base",
                "amount": cost,
                "billed_weight_kg": 0.9,
                "invoiced_on": day,
            }
        )
    return ships, charges  # fmt: skip


def scene(*parts: tuple[list[dict], list[dict]]) -> dict[str, list[dict]]:
    return shop(shipments=[s for part in parts for s in part[0]], carrier_charges=[c for part in parts for c in part[1]])


@pytest.mark.parametrize(
    ("express", "parcel_took", "fires"),
    [
        (40, 2, True),
        (40, 3, False),  # it takes longer than was promised
        (29, 2, False),  # too few
    ],
)
def test_a_cheaper_service_that_keeps_the_promise(express, parcel_took, fires):
    tables = scene(sent("express", express, 1, 2, 9.0), sent("parcel", 40, parcel_took, parcel_took, 5.0))
    found = run("carrier_mix", tables, floor=0)
    assert found["entity"].tolist() == (["zone 1, up to 1 kg, two days"] if fires else [])
    if fires:
        assert found["impact"].tolist() == pytest.approx([express * (9.0 - 5.0) / 4])


@pytest.mark.parametrize(("exceptions", "decision"), [(12, "defer"), (2, "change_carrier")])
def test_nothing_is_moved_to_a_service_while_it_has_trouble(exceptions, decision):
    """Ten of a hundred beyond the usual 2 %, 30 each: of the ten parcels a week that would move one more."""
    tables, now = trouble(exceptions, 100)
    parts = scene(sent("express", 40, 1, 2, 9.0), sent("parcel", 40, 2, 2, 5.0))
    row = run("carrier_mix", together(tables, {name: parts[name] for name in ("shipments", "carrier_charges")}), now, floor=10).iloc[0]
    assert row["decision"] == decision and row["impact"] == pytest.approx(40)
    wait = "not while dhl/parcel has trouble with 12.0\xa0% of its parcels (2.0\xa0% is usual): at that rate 1.0 more exceptions a week, €"
    assert row["detail"].startswith(wait) == (decision == "defer") and "€9.00 a parcel as sent" in row["detail"]


def test_a_service_that_comes_late_more_often_than_we_live_with_does_not_do():
    good, bad = (scene(sent("express", 40, 1, 2, 9.0), sent("parcel", 40, 2, 2, 5.0, late=late)) for late in (2, 12))
    assert entities("carrier_mix", good, floor=0) == ["zone 1, up to 1 kg, two days"]
    assert entities("carrier_mix", bad, floor=0) == []


def test_parcels_that_nobody_has_priced_yet_do_not_make_their_service_cheap():
    """Half of the parcels of a service that asks more have neither a label cost nor an invoice: nothing of them is 0."""
    ships, charges = sent("parcel", 60, 2, 2, 10.0)
    half = {s["shipment_id"] for s in ships[30:]}
    late_bills = (
        [s | {"label_cost": None} if s["shipment_id"] in half else s for s in ships],
        [c for c in charges if c["shipment_id"] not in half],
    )
    rows = mix(context(scene(sent("express", 40, 1, 2, 9.0), late_bills)).books)
    assert rows["other"].tolist() == ["dhl/express"] and rows["moved"].tolist() == [30], "the thirty that are known to cost ten"


def test_a_service_is_known_only_where_it_went_thirty_times():
    few = scene(sent("express", 40, 1, 2, 9.0), sent("parcel", 29, 2, 2, 5.0))
    assert entities("carrier_mix", few, floor=0) == []


def test_profiles_hold_every_parcel_and_its_cost():
    books = context(scene(sent("express", 40, 1, 2, 9.0), sent("parcel", 50, 2, 2, 5.0))).books
    rows = mix(books)
    assert rows["parcels"].sum() == 90 and rows["cost"].sum() == pytest.approx(40 * 9 + 50 * 5)
    assert rows["services"].tolist() == ["dhl/parcel 50, dhl/express 40"] and rows["moved"].tolist() == [40]
    assert np.isclose(rows["net"], rows["saving"] - rows["risk"]).all()


@pytest.mark.parametrize(
    ("zone", "band", "promise", "said"),
    [("2", 2.0, 2, "zone 2, up to 2 kg, two days"), ("EU", 0.5, 0, "zone EU, up to 0.5 kg, the same day"), ("1", 1000.0, 9, "zone 1, over 20 kg, 9 days"),
     ("1", 0.0, 1, "zone 1, weight not given, one day")],
)  # fmt: skip
def test_a_profile_in_words(zone, band, promise, said):
    assert profile_words(zone, band, promise) == said
