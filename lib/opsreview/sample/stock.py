"""The shelf: what can be sold, what is reordered, what arrives. One step a day, all SKUs and locations at once.

The identity it keeps, per SKU and location and day: on hand = on hand yesterday + stocked + restocked returns + transfers in
− transfers out − picked; available = on hand − allocated, allocated = ordered − picked − called off.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.ledger import Ledger
from opsreview.sample.world import World, at, day_weekday

COVER = np.array([22.0, 44.0, 66.0])  # days an order brings, by tier
SAFETY = np.array([7.0, 10.0, 14.0])  # days kept beyond the lead time
_INBOUND_TIMES = ["ordered_at", "slipped_at", "asn_at", "first_arrived", "first_stocked", "arrived_at", "stocked_at"]


class Stock:
    """Available and allocated units per SKU and location, with everything on its way."""

    def __init__(self, world: World, plants):
        self.world, self.plants = world, plants
        shape = (world.skus, len(w.LOCATIONS))
        day = world.start - 1
        spread = world.dice.uniform("opening", np.arange(world.skus)[:, None], np.arange(shape[1]))
        self.daily = self._daily(day)
        self.available = np.round(self.daily * ((SAFETY + 10)[world.tier] + COVER[world.tier] * spread.T).T).astype(int)
        self.allocated = np.zeros(shape, dtype=int)
        self.on_order = np.zeros(shape, dtype=int)
        zeros = lambda: np.zeros(shape, dtype=int)  # noqa: E731
        self.picked, self.released, self.restocked, self.stocked, self.fulfilled = (defaultdict(zeros) for _ in range(5))
        self.inbound = Ledger(_INBOUND_TIMES, show=_as_known)

    def _daily(self, day: int) -> np.ndarray:
        """Mean units a day that a buyer expects, per SKU and location."""
        monday = day - day_weekday(day)
        week = np.mean([self.world.mean_units(d) for d in range(monday, monday + 7)], axis=0)
        return week[:, None] * w.LOCATION_SHARE

    def open_day(self, day: int) -> None:
        """Morning: goods put away and returns back on the shelf; then what to order and to move."""
        came = self.stocked.pop(day, 0) + self.restocked.pop(day, 0)
        self.available = self.available + came
        self.on_order = self.on_order - self.fulfilled.pop(day, 0)
        if day_weekday(day) == 0:
            self.daily = self._daily(day + 21)
        if day_weekday(day) < 5:
            self._take_in(day, self.plants.supply(self, day, self._reorder(day)))
        if day_weekday(day) in (1, 3):
            self._take_in(day, self.plants.transfers(self, day, self._transfer(day)))

    def sell(self, day: int, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        """Gives the day's lines (in order of time) what the shelf has: adds `quantity`, `location`; refused lines are gone."""
        sku, wanted = lines["sku_no"].to_numpy(), lines["wanted"].to_numpy()
        row = lines["order"].to_numpy()
        location = orders["prefers"].to_numpy()[row].copy()
        got = self._allocate(sku, location, wanted)
        short = np.flatnonzero(got == 0)
        location[short] = 1 - location[short]
        got[short] = self._allocate(sku[short], location[short], wanted[short])
        kept = np.flatnonzero(got > 0)
        return lines.iloc[kept].assign(quantity=got[kept], location=location[kept])

    def _allocate(self, sku, location, wanted) -> np.ndarray:
        """First come, first served per SKU and location; the last one may get a part."""
        cell = sku * len(w.LOCATIONS) + location
        order = np.argsort(cell, kind="stable")
        cell, wanted = cell[order], wanted[order]
        total = np.cumsum(wanted)
        starts = np.flatnonzero(np.diff(cell, prepend=-1))
        before = total - wanted - np.repeat((total - wanted)[starts], np.diff(starts, append=len(cell)))
        stock = self.available.ravel()
        got = np.clip(stock[cell] - before, 0, wanted)
        stock -= np.bincount(cell, weights=got, minlength=len(stock)).astype(int)
        self.available = stock.reshape(self.available.shape)
        result = np.empty_like(got)
        result[order] = got
        return result

    def book(self, orders: pd.DataFrame, lines: pd.DataFrame) -> None:
        """Remembers when the day's sold lines leave the shelf, or are called off before they do."""
        row = lines["order"].to_numpy()
        cells = (lines["sku_no"].to_numpy(), lines["location"].to_numpy())
        quantity, called_off = lines["quantity"].to_numpy(), lines["called_off"].to_numpy()
        gone = orders["cancelled_at"].to_numpy()[row]
        whole = ~np.isnat(gone)
        np.add.at(self.allocated, cells, quantity)
        for what, amount, day in (
            (self.picked, np.where(whole, 0, quantity - called_off), orders["pick_day"].to_numpy()[row]),
            (self.released, np.where(whole, quantity, 0), gone.astype("datetime64[D]").astype(int)),
            (self.released, np.where(whole, 0, called_off), orders["day"].to_numpy()[row]),
        ):
            for one in np.unique(day[amount > 0]):
                mine = (day == one) & (amount > 0)
                np.add.at(what[int(one)], (cells[0][mine], cells[1][mine]), amount[mine])

    def close_day(self, day: int) -> np.ndarray:
        """Evening: (on hand, allocated) per SKU and location, as both systems should have it."""
        released = self.released.pop(day, np.zeros_like(self.allocated))
        self.available = self.available + released
        self.allocated = self.allocated - released - self.picked.pop(day, 0)
        return np.stack([self.available + self.allocated, self.allocated])

    def _reorder(self, day: int) -> pd.DataFrame:
        """Purchase lines placed today, with all that will become of them (`_INBOUND_TIMES` and quantities)."""
        world, products = self.world, self.world.products
        supplier = np.searchsorted(np.sort(w.SUPPLIERS), products["supplier"])
        lead = products["lead_time_days"].to_numpy()[:, None] + np.zeros(len(w.LOCATIONS), dtype=int)
        tier = world.tier[:, None]
        level = self.daily * (lead + SAFETY[tier]) + 0.3 * np.sqrt(self.daily * lead)
        position = self.available + self.on_order
        short = (position < level) & (((day + supplier) % 3 == 0)[:, None]) & (self.daily > 0)
        sku, location = np.nonzero(short)
        pack = products["pack_size"].to_numpy()[sku]
        wanted = (level - position + self.daily * COVER[tier])[sku, location]
        quantity = (np.ceil(wanted / pack) * pack).astype(int)
        return self.purchase(day, sku, location, quantity, day + lead[sku, location])

    def purchase(self, day: int, sku, location, quantity, eta) -> pd.DataFrame:
        """Purchase lines as they will really go: slips, partial receipts, short deliveries, hours on the dock."""
        dice, products = self.world.dice, self.world.products
        key = (np.asarray(sku) * 2 + location) * 100_000 + day
        eta = eta + (day_weekday(eta) == 5) * 2 + (day_weekday(eta) == 6)
        slot = (np.asarray(sku) * 10_000, day // 21)  # what a supplier runs short of, it runs short of for both places and some weeks
        slip = np.array([0, 1, 2, 5, 12, 18])[dice.choice("slip", [84, 5, 3, 3, 3, 2], sum(slot))]
        promise = eta + slip
        promise = promise + (day_weekday(promise) == 5) * 2 + (day_weekday(promise) == 6)
        arrive_day = promise + (dice.uniform("a day late", key) < 0.10)
        arrive_day = arrive_day + (day_weekday(arrive_day) == 5) * 2
        arrived = at(arrive_day, 3600 * (6.5 + 5 * dice.uniform("dock hour", key)))
        hours = self.plants.dock_hours(np.minimum(6.8 * np.exp(0.45 * dice.normal("dock", key)), 40), location, arrive_day)
        short = np.where(dice.uniform("short", key) < 0.02, np.ceil(quantity * 0.08), 0).astype(int)
        received = np.maximum(quantity - short, 1)
        split = (dice.uniform("split", key) < 0.08) & (received >= 10)
        first = np.where(split, received * 2 // 3, received)
        last_arrived = np.where(split, arrived + np.timedelta64(4 * 86400, "s"), arrived)
        wait = (hours * 3600).astype("timedelta64[s]")
        asn = at(promise - 3, 3600 * (9 + 7 * dice.uniform("asn", key)))
        supplier = products["supplier"].to_numpy()[sku]
        document = (
            "PO"
            + pd.Series(np.full(len(key), day)).astype(str)
            + pd.Series(supplier).str[0].astype(str)
            + pd.Series(np.array(["N", "S"])[location])
        )
        ordered = at(np.full(len(key), day))
        frame = pd.DataFrame({
            "document_id": document, "kind": "purchase", "sku": products["sku"].to_numpy()[sku], "location": w.LOCATIONS[location],
            "source_location": None, "supplier": supplier, "quantity_ordered": quantity, "ordered_on": ordered, "original_eta": at(eta),
            "eta": at(promise), "asn_at": np.maximum(asn, ordered + np.timedelta64(12 * 3600, "s")), "asn_quantity": received,
            "arrived_at": last_arrived, "stocked_at": last_arrived + wait, "quantity_received": received, "closed": True,
            "unit_price": products["unit_cost"].to_numpy()[sku], "expedite_cost": np.nan, "expedited_on": np.datetime64("NaT", "s"),
            "freight_cost": np.nan, "owner": products["owner"].to_numpy()[sku],
            "sku_no": sku, "location_no": location, "ordered_at": ordered + np.timedelta64(10 * 3600, "s"),
            "slipped_at": np.where(slip > 0, at(np.maximum(eta - 2, day + 1), 3600 * 11), np.datetime64("NaT", "s")),
            "first_arrived": arrived, "first_stocked": arrived + wait, "first_received": first,
        })  # fmt: skip
        return frame

    def _transfer(self, day: int) -> pd.DataFrame:
        """Stock moved to where it is about to run out; in two days, at most six SKUs a time."""
        cover = self.available / np.maximum(self.daily, 1e-9)
        gap = cover - cover[:, ::-1]
        worth = np.where((cover[:, ::-1] < 4) & (cover > 16) & (self.daily * 7 >= 3), self.daily, 0)
        best = [i for i in np.argsort(-worth, axis=None, kind="stable")[:6] if worth.ravel()[i] > 0 and gap.ravel()[i] > 0]
        sku, source = np.unravel_index(np.array(best, dtype=int), worth.shape)
        return self.move(day, sku, source, np.floor(self.daily[sku, source] * 6).astype(int))

    def move(self, day: int, sku, source, quantity, freight=None) -> pd.DataFrame:
        """Transfer lines: leave today, on the other shelf in two days."""
        quantity = np.minimum(quantity, self.available[sku, source])
        np.subtract.at(self.available, (sku, source), quantity)
        frame = self.purchase(day, sku, 1 - source, quantity, np.full(len(sku), day + 2))
        there = at(np.full(len(sku), day + 2), 9 * 3600)
        return frame.assign(
            document_id=f"TR{day}", kind="transfer", source_location=w.LOCATIONS[source], supplier=None, unit_price=np.nan,
            original_eta=at(np.full(len(sku), day + 2)), eta=at(np.full(len(sku), day + 2)), quantity_received=quantity, asn_quantity=quantity,
            first_received=quantity, slipped_at=np.datetime64("NaT", "s"), asn_at=at(np.full(len(sku), day), 17 * 3600),
            first_arrived=there, arrived_at=there, first_stocked=there + np.timedelta64(5 * 3600, "s"),
            stocked_at=there + np.timedelta64(5 * 3600, "s"), freight_cost=np.round(6 + 0.15 * quantity, 2) if freight is None else freight,
        )  # fmt: skip

    def _take_in(self, day: int, rows: pd.DataFrame) -> None:
        """Books inbound lines: on order now, on the shelf on the days they are stocked."""
        if not len(rows):
            return
        rows = rows.assign(line_id=rows.groupby("document_id").cumcount() + 1)
        cells = (rows["sku_no"].to_numpy(), rows["location_no"].to_numpy())
        np.add.at(self.on_order, cells, rows["quantity_ordered"].to_numpy())
        first, total = rows["first_received"].to_numpy(), rows["quantity_received"].to_numpy()
        for times, received, closes in (
            (rows["first_stocked"], first, first),
            (rows["stocked_at"], total - first, rows["quantity_ordered"].to_numpy() - first),
        ):
            stocked_on = times.to_numpy("datetime64[D]").astype(int)
            for one in np.unique(stocked_on[~np.isnat(times.to_numpy())]):
                mine = stocked_on == one
                np.add.at(self.stocked[int(one)], (cells[0][mine], cells[1][mine]), received[mine])
                np.add.at(self.fulfilled[int(one)], (cells[0][mine], cells[1][mine]), closes[mine])
        self.inbound.add(rows)


def _as_known(rows: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
    """Inbound lines as their documents read just before `end`."""
    done, begun = rows["stocked_at"] < end, rows["first_stocked"] < end
    rows["closed"] = done & rows["closed"]
    rows["quantity_received"] = rows["quantity_received"].where(done, rows["first_received"].where(begun)).astype(float)
    rows["stocked_at"] = rows["stocked_at"].where(done, rows["first_stocked"].where(begun & ~(rows["arrived_at"] < end)))
    rows["arrived_at"] = rows["arrived_at"].where(rows["arrived_at"] < end, rows["first_arrived"].where(rows["first_arrived"] < end))
    rows["eta"] = rows["eta"].where(rows["slipped_at"].isna() | (rows["slipped_at"] < end), rows["original_eta"])
    hidden = ~(rows["asn_at"] < end)
    rows["asn_quantity"] = rows["asn_quantity"].astype(float).mask(hidden)
    rows["asn_at"] = rows["asn_at"].mask(hidden)
    rows["expedite_cost"] = rows["expedite_cost"].mask(rows["expedited_on"] >= end)
    rows["expedited_on"] = rows["expedited_on"].mask(rows["expedited_on"] >= end)
    return rows
