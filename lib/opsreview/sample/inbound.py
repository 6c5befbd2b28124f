"""Inbound lines: what is ordered or moved, with all that will become of it, and how its document reads at a moment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.world import World, at, day_weekday

TIMES = ["ordered_at", "slipped_at", "asn_at", "first_arrived", "first_stocked", "arrived_at", "stocked_at", "expedited_at"]
NEVER = np.datetime64("NaT", "s")
_SLIPS, _SLIP_SHARES = np.array([0, 1, 2, 5, 11, 16]), [78, 6, 4, 5, 4, 3]


def purchase(world: World, plants, day: int, sku, location, quantity, eta) -> pd.DataFrame:
    """Purchase lines placed on a day: slips, partial receipts, short deliveries, hours on the dock. One row a line."""
    dice, products = world.dice, world.products
    key = (np.asarray(sku) * 2 + location) * 100_000 + day
    eta = _working(eta)
    # What a supplier runs short of, it runs short of for every place, for some weeks.
    slip = plants.slip(_SLIPS[dice.choice("slip", _SLIP_SHARES, sku, day // 21)])
    promise = _working(eta + slip)
    late = (dice.uniform("a day late", key) < 0.10) & (day_weekday(promise) != 4)
    arrived = at(promise + late, 3600 * (6.5 + 5 * dice.uniform("dock hour", key)))
    hours = plants.dock_hours(np.minimum(6.8 * np.exp(0.45 * dice.normal("dock", key)), 40), location, promise + late)
    received = np.maximum(quantity - np.where(dice.uniform("short", key) < 0.02, np.ceil(quantity * 0.08), 0), 1).astype(int)
    split = (dice.uniform("split", key) < 0.08) & (received >= 10)
    last = np.where(split, arrived + np.timedelta64(7, "D"), arrived)
    wait = (hours * 3600).astype("timedelta64[s]")
    ordered = at(np.full(len(key), day))
    supplier = products["supplier"].to_numpy()[sku]
    letter = pd.Series(supplier, dtype=str).str[0] + pd.Series(np.array(["N", "S"])[location], dtype=str)
    asn = np.maximum(at(promise - 3, 3600 * (9 + 7 * dice.uniform("asn", key))), ordered + np.timedelta64(12, "h"))
    return pd.DataFrame({
        "document_id": f"PO{day}" + letter, "kind": "purchase", "sku": products["sku"].to_numpy()[sku],
        "location": w.LOCATIONS[location], "source_location": None, "supplier": supplier, "quantity_ordered": quantity,
        "ordered_on": ordered, "original_eta": at(eta), "eta": at(promise), "asn_at": asn, "asn_quantity": received, "arrived_at": last,
        "stocked_at": last + wait, "quantity_received": received, "closed": True, "unit_price": products["unit_cost"].to_numpy()[sku],
        "expedite_cost": np.nan, "expedited_on": NEVER, "freight_cost": np.nan, "owner": products["owner"].to_numpy()[sku],
        "sku_no": sku, "location_no": location, "ordered_at": ordered + np.timedelta64(10, "h"), "expedited_at": NEVER,
        "slipped_at": np.where(slip > 0, at(np.maximum(eta - 2, day + 1), 11 * 3600), NEVER),
        "first_arrived": arrived, "first_stocked": arrived + wait, "first_received": np.where(split, received * 2 // 3, received),
    })  # fmt: skip


def transfer(world: World, plants, day: int, sku, source, quantity, freight=None) -> pd.DataFrame:
    """Transfer lines: leave today, on the other shelf in two days. `freight`: a line's, in pounds; usual where not given."""
    frame = purchase(world, plants, day, sku, 1 - source, quantity, np.full(len(sku), day + 2))
    eta, there = at(np.full(len(sku), day + 2)), at(np.full(len(sku), day + 2), 9 * 3600)
    hours = plants.dock_hours(np.full(len(sku), 5.0), 1 - source, np.full(len(sku), day + 2))
    shelf = there + (hours * 3600).astype("timedelta64[s]")
    return frame.assign(
        document_id=f"TR{day}", kind="transfer", source_location=w.LOCATIONS[source], supplier=None, unit_price=np.nan,
        original_eta=eta, eta=eta, slipped_at=NEVER, asn_at=at(np.full(len(sku), day), 17 * 3600), asn_quantity=quantity,
        quantity_received=quantity, first_received=quantity, first_arrived=there, arrived_at=there, first_stocked=shelf, stocked_at=shelf,
        freight_cost=np.round(6 + 0.15 * quantity, 2) if freight is None else freight,
    )  # fmt: skip


def as_known(rows: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
    """The lines as their documents read just before `end`. Of a delivery in two parts the first one's times and quantities stand until
    the second is there; its notice announces the first part alone until then."""
    there, done = rows["arrived_at"] < end, rows["stocked_at"] < end
    some, begun = rows["first_arrived"] < end, rows["first_stocked"] < end
    told = rows["asn_at"] < end
    asked = rows["expedited_on"] < end
    slipped = rows["slipped_at"].isna() | (rows["slipped_at"] < end)
    asn = rows["asn_quantity"].astype(float)
    split = rows["first_received"] < rows["quantity_received"]
    return rows.assign(
        closed=done & rows["closed"],
        quantity_received=rows["quantity_received"].astype(float).where(done, rows["first_received"].astype(float).where(begun)),
        stocked_at=rows["stocked_at"].where(done, rows["first_stocked"].where(begun & ~there)),
        arrived_at=rows["arrived_at"].where(there, rows["first_arrived"].where(some)),
        eta=rows["eta"].where(slipped, rows["original_eta"]),
        asn_quantity=asn.mask(split & ~there, rows["first_received"].astype(float)).where(told),
        asn_at=rows["asn_at"].where(told),
        expedite_cost=rows["expedite_cost"].where(asked),
        expedited_on=rows["expedited_on"].where(asked),
    )


def _working(day):
    """The day itself, or the Monday after a Saturday or Sunday."""
    return day + (day_weekday(day) == 5) * 2 + (day_weekday(day) == 6)
