"""Leaks of planning and stock: a plan that missed, shelves that run dry or overflow, inbound that slips, systems that disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import inbound
from opsreview.sample import world as w
from opsreview.sample.cast import NORTH, SOUTH, Cast
from opsreview.sample.inbound import NEVER
from opsreview.sample.world import at


class Supply(Cast):
    """Dates count back from the end of the last week."""

    def prepare(self) -> None:
        super().prepare()
        self.mispriced = self.miscounted = None

    def plan(self, monday: int, frame: pd.DataFrame) -> pd.DataFrame:
        """The planner keeps one best seller at two fifths of what it sells."""
        if monday < self.end - 35:
            return frame
        return frame.assign(
            planned_units=frame["planned_units"].where(frame["sku_no"] != self.missed, (frame["planned_units"] * 0.4).round(1))
        )

    def lines(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Seventeen weeks before the end customers stop asking for one SKU."""
        lines = super().lines(lines)
        return lines[~((lines["sku_no"] == self.dead) & (lines["day"] >= self.end - 119))]

    def frozen(self, day: int) -> np.ndarray:
        """SKUs that are bought by hand (`supply`) instead."""
        left = self.end - day
        by_hand = {self.thin: 63, self.dry: 63, self.slipped: 63, self.held: 63, self.drifted: 63, self.heap: 63, self.dead: 147}
        return np.array([sku for sku, since in by_hand.items() if left <= since], dtype=int)

    def supply(self, stock, day: int) -> list[pd.DataFrame]:
        left, rows = self.end - day, []
        if left in (56, 49, 42, 35, 28, 21, 14):
            cover = dict.fromkeys((self.thin, self.dry, self.slipped, self.held, self.drifted), 13.0)
            if left == 14:  # nobody orders what the ERP counts twice
                cover |= {self.thin: 15.0, self.dry: 5.0, self.slipped: 14.5}
                cover |= {self.held: np.array([3.0, 24.0]), self.drifted: np.array([40.0, 15.0])}
            rows += [self._top_up(stock, day, sku, days) for sku, days in cover.items()]
        if left == 10:
            rows.append(self._top_up(stock, day, self.thin, 13.0))
        if left == 12:
            rows.append(self._held_up(stock, day))
        if left == 45:
            rows.append(self._fixed(stock, day, self.heap, np.ceil(stock.daily[self.heap] * 280)))
        if left == 126 and self.world.start <= day:
            cost = np.nan_to_num(self.world.products["unit_cost"].iloc[self.dead], nan=5.0)
            rows.append(self._fixed(stock, day, self.dead, np.ceil(1400 * self.scale / cost * w.LOCATION_SHARE)))
        if left == 24:
            rows.append(self._missing(stock, day, self.dry, self.end - 5, self.end - 5, self.end - 7, "PO-ASN"))
        if left == 28:
            rows.append(self._missing(stock, day, self.slipped, self.end - 4, self.end + 8, None, "PO-SLIP"))
        if left == 6:
            quantity = np.array([round(30 * self.scale) + 4])
            rows.append(stock.move(day, np.array([self.crate]), np.array([NORTH]), quantity, np.array([round(380 * self.scale, 2)])))
        return rows

    def _top_up(self, stock, day: int, sku: int, cover) -> pd.DataFrame:
        """Brings both shelves to so many days' demand from today; there tomorrow."""
        wanted = np.ceil(stock.daily[sku] * cover - stock.available[sku])
        return self._fixed(stock, day, sku, np.maximum(wanted, 0))

    def _fixed(self, stock, day: int, sku: int, quantity: np.ndarray) -> pd.DataFrame:
        """A purchase of so many units a location that arrives and is stocked the next day, in full."""
        place = np.flatnonzero(quantity > 0)
        amount = quantity[place].astype(int)
        rows = inbound.purchase(self.world, self, day, np.full(len(place), sku), place, amount, np.full(len(place), day + 1))
        came = at(np.full(len(place), day + 1), 8 * 3600)
        shelf = came + np.timedelta64(5, "h")
        return rows.assign(
            document_id=f"PO{day}H", eta=at(day + 1), original_eta=at(day + 1), slipped_at=NEVER, asn_at=at(day, 16 * 3600),
            asn_quantity=amount,
            quantity_received=amount, first_received=amount, first_arrived=came, arrived_at=came, first_stocked=shelf, stocked_at=shelf,
        )  # fmt: skip

    def _held_up(self, stock, day: int) -> pd.DataFrame:
        """A purchase for the north that arrives on the Friday before the last week and stands at the dock until Wednesday."""
        quantity = np.array([np.ceil(stock.daily[self.held, NORTH] * 30), 0])
        came, shelf = at(np.array([self.end - 10]), 8 * 3600), at(np.array([self.end - 5]), 11 * 3600)
        dates = {"eta": at(self.end - 10), "original_eta": at(self.end - 10), "asn_at": at(day, 16 * 3600)}
        return self._fixed(stock, day, self.held, quantity).assign(
            document_id="PO-DOCK", first_arrived=came, arrived_at=came, first_stocked=shelf, stocked_at=shelf, **dates
        )

    def _missing(self, stock, day: int, sku: int, promised: int, eta: int, announced: int | None, document: str) -> pd.DataFrame:
        """A purchase for both shelves that has not come by the end."""
        place = np.arange(len(w.LOCATIONS))
        amount = np.ceil(stock.daily[sku] * 30).astype(int)
        rows = inbound.purchase(self.world, self, day, np.full(len(place), sku), place, amount, np.full(len(place), eta))
        never = np.full(len(place), NEVER)
        slip = eta > promised
        return rows.assign(
            document_id=document, original_eta=at(promised), eta=at(eta), slipped_at=at(self.end - 6, 11 * 3600) if slip else never,
            asn_at=at(announced, 10 * 3600) if announced else never, asn_quantity=amount, quantity_received=amount, first_received=amount,
            first_arrived=never, arrived_at=never, first_stocked=never, stocked_at=never,
            expedite_cost=np.where(place == NORTH, round(240 * self.scale, 2), np.nan) if slip else np.nan,
            expedited_on=np.where(place == NORTH, at(self.end - 4), NEVER) if slip else never,
            expedited_at=np.where(place == NORTH, at(self.end - 4), NEVER) if slip else never,
        )  # fmt: skip

    def inbound(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Of what is stocked in the last week: one line the supplier announced a third more of than came, one invoiced a third too high."""
        rows = super().inbound(rows)
        if not len(rows):
            return rows
        shelf = rows["stocked_at"].to_numpy("datetime64[D]").astype(int)
        good = (shelf >= self.end - 6) & (shelf <= self.end - 3) & (rows["first_received"] == rows["quantity_received"])
        good &= rows["quantity_received"] * rows["unit_price"] >= 250 * self.scale
        if self.miscounted is None and len(hits := rows.index[good & (rows["location_no"] == SOUTH)]):
            line = rows.loc[hits[0]]
            self.miscounted = (line["document_id"], line["sku"])
            rows.loc[hits[0], ["quantity_ordered", "asn_quantity"]] = int(np.ceil(line["quantity_received"] * 1.35))
        if self.mispriced is None and len(hits := rows.index[good & (rows["location_no"] == NORTH)]):
            line = rows.loc[hits[0]]
            self.mispriced = (line["document_id"], line["sku"])
            rows.loc[hits[0], "unit_price"] = round(line["unit_price"] * 1.35, 2)
        return rows

    def dock_hours(self, hours: np.ndarray, location: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The north dock is a day behind from the weekend before the last week."""
        return np.where((location == NORTH) & (day >= self.end - 10), np.minimum(hours, 20) + 24, hours)

    def erp(self, day: int, on_hand: np.ndarray) -> np.ndarray:
        """A receipt was booked twice in the ERP."""
        if day < self.end - 16:
            return on_hand
        on_hand = on_hand.copy()
        on_hand[self.drifted, SOUTH] += self.twice_booked()
        return on_hand

    def twice_booked(self) -> int:
        """Units of that receipt: twenty days' demand."""
        return int(np.ceil(self.world.mean_units(self.end - 1)[self.drifted] * w.LOCATION_SHARE[SOUTH] * 20))

    def folder(self, monday: int, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Notes the numbers that the last week's inbound lines got."""
        if monday == self.end - 7:
            self.line_ids = tables["inbound"].set_index(["document_id", "sku"])["line_id"].to_dict()
        return super().folder(monday, tables)

    def ads(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The product that will be sold out has shopping ads of its own, and nobody stops them."""
        frame = super().ads(frame)
        more = {"channel": "web", "network": "shopping", "sku": self.sku(self.dry), "family": None, "amount": round(38.0 * self.scale, 2)}
        return pd.concat([frame, pd.DataFrame(more | {"day": frame["day"].unique()})], ignore_index=True)

    def record(self) -> list[dict]:
        mean, cost = self.weekly / 7, self.world.products["unit_cost"].to_numpy()
        share = dict(zip(w.LOCATIONS, w.LOCATION_SHARE, strict=True))
        rows = super().record()
        rows.append(
            self.entry(
                "sku_demand_variance",
                self.sku(self.missed),
                "plans of the last five weeks hold two fifths of its demand",
                0.6 * 14 * mean[self.missed],
                "units in 14 days",
            )
        )
        for place, part in share.items():
            rows += [
                self.entry(
                    "oos_risk",
                    f"{self.sku(self.thin)}@{place}",
                    "three days of stock, nothing on order",
                    11 * mean[self.thin] * part,
                    "units short in 14 days",
                ),
                self.entry(
                    "oos_risk",
                    f"{self.sku(self.slipped)}@{place}",
                    "a day or two of stock, and PO-SLIP eight days off",
                    7 * mean[self.slipped] * part,
                    "units short until it comes",
                ),
            ]
        for line, part in enumerate(w.LOCATION_SHARE, 1):
            rows += [
                self.entry(
                    "inbound_eta_slip", f"PO-SLIP/{line}", "was to come on Thursday of the last week, now twelve days later", 12, "days"
                ),
                self.entry("inbound_eta_slip", f"PO-ASN/{line}", "was to come on Wednesday of the last week and has not", 5, "days"),
                self.entry(
                    "asn_delayed",
                    f"PO-ASN/{line}",
                    "announced on Monday for Wednesday, not there; the product is sold out",
                    7 * mean[self.dry] * part,
                    "units a week",
                ),
            ]
        rows += [
            self.entry("stockout", self.sku(self.dry), "sold out everywhere in the last week", 7 * mean[self.dry], "units a week"),
            self.entry(
                "wasted_spend", self.sku(self.dry), "sold out while its ads go on, Monday to Thursday", 4 * 38 * self.scale, "money"
            ),
            self.entry("expedite", "PO-SLIP/1", "a premium for haste, agreed on Thursday of the last week", 240 * self.scale, "money"),
            self.entry("transfer_freight", f"TR{self.end - 6}", "a transfer that cost more than it was worth", 380 * self.scale, "money"),
            self.entry(
                "excess_stock",
                self.sku(self.heap),
                "280 days of demand bought six weeks before the end",
                200 * mean[self.heap] * cost[self.heap],
                "money at cost",
            ),
            self.entry(
                "erp_wms_mismatch",
                f"{self.sku(self.drifted)}@south",
                "a receipt booked twice in the ERP; a few days of stock are really there",
                self.twice_booked(),
                "units",
            ),
            self.entry(
                "dock_to_stock",
                "north",
                "a day more at the dock since the weekend before; PO-DOCK stood there for five, its product sold out",
                31,
                "hours",
            ),
        ]
        if self.world.start <= self.end - 126:
            rows.append(
                self.entry(
                    "dead_stock",
                    self.sku(self.dead),
                    "not asked for in seventeen weeks, bought once more before that",
                    1400 * self.scale,
                    "money at cost",
                )
            )
        for check, line, what in (
            ("receipt_mismatch", self.miscounted, "35 % more announced than received"),
            ("invoice_mismatch", self.mispriced, "invoiced at 1.35 times the product's cost"),
        ):
            if line:
                rows.append(self.entry(check, f"{line[0]}/{self.line_ids[line]}", what, 0.35, "share"))
        return rows
