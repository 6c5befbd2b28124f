"""The shelf: what can be sold, what is reordered, what arrives. One step a day, all SKUs and locations at once.

The identity it keeps, per SKU, location and day: on hand = on hand the day before + stocked + returns restocked − transfers out
− picked; allocated = allocated the day before + ordered − picked − called off; available = on hand − allocated.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

from opsreview.sample import inbound
from opsreview.sample import world as w
from opsreview.sample.ledger import Ledger
from opsreview.sample.world import World, day_weekday

COVER = np.array([26.0, 50.0, 76.0])  # days an order brings, by tier
SAFETY = np.array([2.4, 3.4, 5.0])  # days kept beyond the lead time


class Stock:
    """Available and allocated units per SKU and location, with everything on its way."""

    def __init__(self, world: World, plants):
        self.world, self.plants = world, plants
        shape = (world.skus, len(w.LOCATIONS))
        self.daily = self._daily(world.start - 1)
        spread = world.dice.uniform("opening", np.arange(shape[0])[:, None], np.arange(shape[1]))
        tier = world.tier[:, None]
        self.available = np.round(self.daily * (SAFETY[tier] + 10 + COVER[tier] * spread)).astype(int)
        self.allocated = np.zeros(shape, dtype=int)
        self.on_order = np.zeros(shape, dtype=int)
        self.picked, self.released, self.restocked, self.stocked, self.fulfilled = (
            defaultdict(lambda: np.zeros(shape, dtype=int)) for _ in range(5)
        )
        self.inbound = Ledger(inbound.TIMES, show=inbound.as_known)
        self.cells = world.skus * len(w.LOCATIONS)
        self.supplier = np.searchsorted(w.SUPPLIERS.astype(str), world.products["supplier"].astype(str))

    def _daily(self, day: int) -> np.ndarray:
        """Mean units a day that a buyer expects in the week of `day`, per SKU and location."""
        monday = day - day_weekday(day)
        week = np.mean([self.world.mean_units(d) for d in range(monday, monday + 7)], axis=0)
        return week[:, None] * w.LOCATION_SHARE

    def open_day(self, day: int) -> None:
        """Morning: goods put away and returns back on the shelf; then what to order and to move."""
        self.available += self.stocked.pop(day, 0) + self.restocked.pop(day, 0)
        self.on_order -= self.fulfilled.pop(day, 0)
        if day_weekday(day) == 0:
            self.daily = self._daily(day + 21)
        rows = self.plants.supply(self, day)
        if day_weekday(day) < 5:
            rows.append(self.plants.inbound(self._reorder(day)))
        if day_weekday(day) in (1, 3):
            rows.append(self._transfer(day))
        rows = [r for r in rows if len(r)]
        if rows:
            self._take_in(pd.concat(rows, ignore_index=True))

    def sell(self, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
        """Gives the day's lines (in order of time) what the shelf has: adds `quantity`, `location`; refused lines are gone."""
        sku, wanted = lines["sku_no"].to_numpy(), lines["wanted"].to_numpy()
        location = orders["prefers"].to_numpy()[lines["order"]]
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
        before = np.cumsum(wanted) - wanted
        starts = np.flatnonzero(np.diff(cell, prepend=-1))
        before -= np.repeat(before[starts], np.diff(starts, append=len(cell)))
        stock = self.available.ravel()
        got = np.clip(stock[cell] - before, 0, wanted)
        self.available = (stock - np.bincount(cell, weights=got, minlength=self.cells).astype(int)).reshape(self.available.shape)
        result = np.empty_like(got)
        result[order] = got
        return result

    def book(self, orders: pd.DataFrame, lines: pd.DataFrame) -> None:
        """Remembers when the day's sold lines leave the shelf, or are called off before they do."""
        row = lines["order"].to_numpy()
        sku, location = lines["sku_no"].to_numpy(), lines["location"].to_numpy()
        quantity, called_off = lines["quantity"].to_numpy(), lines["called_off"].to_numpy()
        gone = orders["cancelled_at"].to_numpy()[row]
        whole = ~np.isnat(gone)
        np.add.at(self.allocated, (sku, location), quantity)
        self._later(self.picked, orders["pick_day"].to_numpy()[row], sku, location, np.where(whole, 0, quantity - called_off))
        self._later(self.released, gone.astype("datetime64[D]").astype(int), sku, location, np.where(whole, quantity, 0))
        self._later(self.released, orders["day"].to_numpy()[row], sku, location, np.where(whole, 0, called_off))

    def put_back(self, day, sku, quantity) -> None:
        """Returned units that will be on the first location's shelf on a day."""
        self._later(self.restocked, day, sku, np.zeros(len(sku), dtype=int), quantity)

    def _later(self, what: dict[int, np.ndarray], day, sku, location, amount) -> None:
        for one in np.unique(day[amount > 0]):  # a handful of days
            mine = (day == one) & (amount > 0)
            np.add.at(what[int(one)], (sku[mine], location[mine]), amount[mine])

    def close_day(self, day: int) -> np.ndarray:
        """Evening: on hand and allocated per SKU and location, stacked, as both systems should have it."""
        released = self.released.pop(day, 0)
        self.available += released
        self.allocated -= released + self.picked.pop(day, 0)
        return np.stack([self.available + self.allocated, self.allocated])

    def _reorder(self, day: int) -> pd.DataFrame:
        """Each supplier's turn comes every third day: what has fallen below lead time and safety is ordered up to its cover."""
        products = self.world.products
        lead = products["lead_time_days"].to_numpy()[:, None] + np.zeros(len(w.LOCATIONS), dtype=int)
        tier = self.world.tier[:, None]
        usual = self.daily * (lead + SAFETY[tier])
        level = self.daily * self.plants.reach(lead + SAFETY[tier], day)
        position = self.available + self.on_order
        short = (position < level) & (((day + self.supplier) % 3 == 0)[:, None]) & (self.daily > 0)
        short[self.plants.frozen(day)] = False
        sku, location = np.nonzero(short)
        pack = products["pack_size"].to_numpy()[sku]
        wanted = np.maximum(usual - position + self.daily * COVER[tier], level - position)[sku, location]
        quantity = (np.ceil(wanted / pack) * pack).astype(int)
        return inbound.purchase(self.world, self.plants, day, sku, location, quantity, day + lead[sku, location])

    def _transfer(self, day: int) -> pd.DataFrame:
        """Stock goes where it is about to run out, from where there is plenty: at most four SKUs a time."""
        cover = self.available / np.maximum(self.daily, 1e-9)
        worth = np.where((cover[:, ::-1] < 4) & (cover > 16) & (self.daily * 7 >= 3), self.daily, 0)
        worth[self.plants.frozen(day)] = 0
        best = np.argsort(-worth, axis=None, kind="stable")[:4]
        sku, source = np.unravel_index(best[worth.ravel()[best] > 0], worth.shape)
        return self.move(day, sku, source, np.floor(self.daily[sku, source] * 6).astype(int))

    def move(self, day: int, sku, source, quantity, freight=None) -> pd.DataFrame:
        """Takes units off one shelf; the transfer lines that bring them to the other."""
        quantity = np.minimum(quantity, self.available[sku, source])
        np.subtract.at(self.available, (sku, source), quantity)
        return inbound.transfer(self.world, self.plants, day, sku, source, quantity, freight)

    def _take_in(self, rows: pd.DataFrame) -> None:
        """Books inbound lines: on order now, on the shelf on the days they are stocked."""
        rows = rows.assign(line_id=rows.groupby("document_id").cumcount() + 1)
        sku, location = rows["sku_no"].to_numpy(), rows["location_no"].to_numpy()
        ordered, first, total = (rows[c].to_numpy() for c in ("quantity_ordered", "first_received", "quantity_received"))
        np.add.at(self.on_order, (sku, location), ordered)
        parts = (("first_stocked", first, np.where(first < total, first, ordered)), ("stocked_at", total - first, ordered - first))
        for column, came, closes in parts:
            day = rows[column].to_numpy("datetime64[D]")
            due = ~np.isnat(day) & (came > 0)
            day = day.astype(int)
            self._later(self.stocked, day, sku, location, np.where(due, came, 0))
            self._later(self.fulfilled, day, sku, location, np.where(due, closes, 0))
        self.inbound.add(rows)
