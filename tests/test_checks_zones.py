"""Zone shifts by hand: parcels that go further than they use to, one thing varied a row; and against plain loops."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from fake_known import context
from hand_shop import ago, product, run, stock, together
from opsreview.checks.zones import shifts

COST = {"1": 5.0, "7": 9.0, "9": 20.0}


def parcels(week: int, zones: dict[str, int], location: str = "BER", kg: float = 1.0, cost: dict | None = None, region: str = "", sku="A"):
    """So many parcels to each zone, handed over on the Wednesday of the week so many weeks ago; orders of one unit each."""
    day, out = ago(5 + 7 * week), {"shipments": [], "orders": [], "order_lines": []}
    for zone, n in zones.items():
        for i in range(n):
            key = f"{location}{week}-{zone}-{kg}-{region}-{i}"
            out["shipments"].append(
                {"shipment_id": key, "order_id": key, "location": location, "carrier": "dhl", "service": "parcel", "zone": zone,
                 "weight_kg": kg, "label_created_at": f"{day} 08:00", "shipped_at": f"{day} 17:00", "label_cost": (cost or COST)[zone]}
            )  # fmt: skip
            out["orders"].append(
                {"order_id": key, "ordered_at": f"{day} 07:00", "channel": "web", "status": "open", "ship_postal": region or None}
            )
            out["order_lines"].append({"order_id": key, "line_id": "1", "sku": sku, "quantity": 1, "unit_price": 40.0})
    return out


def store(*this_week: dict, usual: dict[str, int] | None = None, weeks: int = 13, turns: tuple[int, ...] = (0,), **more) -> dict:
    """Weeks of ninety parcels to zone 1 and ten to zone 7, so many more and fewer of the latter in turns; and the week itself."""
    usual = usual or {"1": 90, "7": 10}
    past = [parcels(n, {z: c + (turns[n % len(turns)] if z == "7" else 0) for z, c in usual.items()}, **more) for n in range(1, weeks + 1)]
    return together({"products": [product("A")]}, *past, *this_week)


FAR = {"1": 50, "7": 60}
SHIFT = 24 * (9 - 5.4)  # 34 of 100 where ten are usual; one costs 9, a usual parcel 5.40


@pytest.mark.parametrize(
    ("tables", "impact"),
    [
        (store(parcels(0, {"1": 90, "7": 10})), 0),
        (store(parcels(0, {"1": 66, "7": 34})), SHIFT),
        (store(parcels(0, {"1": 132, "7": 68})), 2 * SHIFT),
        (store(parcels(0, {"1": 65, "7": 34})), 0),  # 99 parcels
        (store(parcels(0, {"1": 83, "7": 17})), 0),  # seven more of a hundred may be chance
        (store(parcels(0, {"1": 100})), 0),  # nearer than usual
        (store(parcels(0, {"1": 66, "7": 34}), turns=(12, -6)), 0),  # its weeks differ by as much
        (store(parcels(0, {"1": 66, "7": 34}), weeks=11), 0),  # too short a history to call a signal
        (store(parcels(0, {"1": 66, "7": 34}), weeks=12), SHIFT),
        (store(parcels(0, {"1": 90, "7": 10}, cost={"1": 9.0, "7": 15.0})), 0),  # dearer, but nowhere else
        (store(parcels(0, {"1": 66, "7": 34}, cost={"1": 9.0, "7": 15.0})), SHIFT),  # where they go, at what that usually costs
        # another location's parcels are no measure for this one's
        (together(store(parcels(0, {"1": 90, "7": 10})), store(parcels(0, FAR, "MUC"), location="MUC", usual=FAR)), 0),
        # a zone where nothing ever went has this week's cost
        (store(parcels(0, {"1": 70, "7": 10, "9": 20})), 20 * (20 - 5.4)),
    ],
)  # fmt: skip
def test_a_shift_of_zones(tables, impact):
    found = run("zone_shift", tables, floor=1)
    assert found["impact"].tolist() == pytest.approx([impact] if impact else [])
    if impact:
        row = found.iloc[0]
        assert row.entity == "BER" and row.observed > row.threshold >= row.expected


def test_bands_are_compared_with_themselves():
    """Light ones go to zone 1, heavy ones to zone 7; more heavy ones are no shift, light ones to zone 7 are."""
    past = [together(parcels(n, {"1": 80}), parcels(n, {"7": 20}, kg=8.0)) for n in range(1, 14)]
    base = together({"products": [product("A")]}, *past)
    heavier = together(base, parcels(0, {"1": 50}), parcels(0, {"7": 50}, kg=8.0))
    further = together(base, parcels(0, {"1": 50, "7": 30}), parcels(0, {"7": 20}, kg=8.0))
    assert run("zone_shift", heavier, floor=1).empty
    assert run("zone_shift", further, floor=1)["impact"].tolist() == pytest.approx([30 * (9 - 5)])  # light ones there: their zone's mean


def test_the_floor_and_the_zones_need_their_column():
    tables = store(parcels(0, {"1": 66, "7": 34}))
    assert run("zone_shift", tables, floor=SHIFT + 1).empty and len(run("zone_shift", tables, floor=SHIFT - 1)) == 1
    blind = tables | {"shipments": [{k: v for k, v in s.items() if k != "zone"} for s in tables["shipments"]]}
    assert run("zone_shift", blind, floor=1).empty
    free = tables | {"shipments": [{k: v for k, v in s.items() if k != "label_cost"} for s in tables["shipments"]]}
    assert shifts(context(free).books).empty and run("zone_shift", free, floor=0).empty


# Every order to `10` goes from BER in zone 7; MUC sends there in zone 1.
OTHER = together(*(parcels(n, {"1": 30}, "MUC", region="10") for n in range(1, 14)))


@pytest.mark.parametrize(
    ("more", "decision", "said"),
    [
        ({}, "change_carrier", "most beyond the usual to 10 (34); no other location reaches them in a cheaper zone"),
        ({"region": ""}, "investigate", "neither ship_postal nor ship_country was exported"),
        (OTHER, "investigate", "MUC reaches 34 of them in zone 1: see why they did not leave from there"),
        (together(OTHER, {"inventory": stock(on_hand=50, location="MUC")}), "investigate", "had all that 34 of them held"),
        (together(OTHER, {"inventory": stock(on_hand=0, location="MUC")}), "transfer", "lacked something of 34: send stock there"),
        # of what it has never held it had none
        (together(OTHER, {"inventory": stock("B", 9, location="MUC")}), "transfer", "lacked something of 34"),
    ],
)  # fmt: skip
def test_what_may_be_behind_it(more, decision, said):
    region = more.pop("region", "10") if "region" in more else "10"
    tables = together(store(parcels(0, {"1": 66}), parcels(0, {"7": 34}, region=region)), more)
    row = run("zone_shift", tables, floor=1).iloc[0]
    assert row.decision == decision and said in row.detail, row.detail
    assert len(row.members.split("; ")) == 34 and "7" in row.title and "34 of 100 parcels" in row.title


def test_amounts_are_those_of_plain_loops():
    rng = np.random.default_rng(11)
    weeks = []
    for n in range(14):
        for location in ("BER", "MUC"):
            for kg in (1.0, 8.0):
                counts = {z: int(rng.integers(0, 9)) for z in COST}
                weeks.append((n, location, kg, counts, {z: c * kg + float(rng.uniform(0, 1)) for z, c in COST.items()}))
    tables = together({"products": [product("A")]}, *(parcels(n, z, at, kg, cost) for n, at, kg, z, cost in weeks))
    found = shifts(context(tables).books)
    spent, sent, usual = defaultdict(float), defaultdict(float), defaultdict(float)
    for n, at, kg, zones, cost in weeks:
        for zone, count in zones.items():
            if n:
                spent[zone, kg] += count * cost[zone]
                sent[zone, kg] += count
                usual[at, kg, zone] += count
    price = {k: spent[k] / sent[k] for k in sent}
    for at in ("BER", "MUC"):
        whole = 0.0
        for n, place, kg, zones, _ in weeks:
            if n == 0 and place == at:
                all_usual = sum(usual[at, kg, z] for z in COST)
                mean = sum(usual[at, kg, z] / all_usual * price[z, kg] for z in COST)
                whole += sum(count * (price[z, kg] - mean) for z, count in zones.items())
        own = found[found.location == at]
        assert own.amount.sum() == pytest.approx(whole)
        assert own.to_zone.sum() == own.sent.iloc[0] == pytest.approx(own.usual.sum())
