"""Leaks of the warehouse and on the road: errors, lateness, hours in the wrong place, trouble with carriers and their invoices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.cast import NORTH, SOUTH, Cast
from opsreview.sample.fulfil import SHIFT

SURCHARGE = 1.95  # on one in three economy parcels
FAR = 0.18  # of the north's customers in the last week
STRAIN = 1.8  # hours of the crew that is not fixed grow with volume to the power of 1 + this


class Floor(Cast):
    """Dates count back from the end of the last week; its invoices are dated the Wednesday in it."""

    def prepare(self) -> None:
        super().prepare()
        self.invoice_day = self.end - 5
        self.charged = dict.fromkeys(("duplicate", "overcharge", "avoidable"), 0.0)

    def area(self, area: np.ndarray, prefers: np.ndarray, day: np.ndarray, key: np.ndarray) -> np.ndarray:
        """A campaign in the far north: of the last week's customers of the north so many more live there."""
        hit = (prefers == NORTH) & (day >= self.end - 7) & (self.world.dice.uniform("far", key) < FAR)
        return np.where(hit, np.flatnonzero(w.AREA_REGION == 2)[key % 2], super().area(area, prefers, day, key))

    def late_share(self, prefers: np.ndarray, due: np.ndarray) -> np.ndarray:
        return np.where((prefers == SOUTH) & (due >= self.end - 7), 0.16, super().late_share(prefers, due))

    def pick_error(self, location: np.ndarray, day: np.ndarray) -> np.ndarray:
        return np.where((location == NORTH) & (day >= self.end - 7), 0.032, super().pick_error(location, day))

    def left_behind(self, location: np.ndarray, day: np.ndarray, key: np.ndarray) -> np.ndarray:
        hit = (location == SOUTH) & (day >= self.end - 6) & (day <= self.end - 4)
        return hit & (self.world.dice.uniform("left behind", key) < 0.22)

    def service(self, option, zone, billed, due, key) -> np.ndarray:
        """Light standard parcels to the other half of the country go by express, for no reason."""
        hit = (option == w.STANDARD) & (zone == 1) & (billed <= 2) & (due >= self.end - 25)
        return np.where(hit & (self.world.dice.uniform("mix", key) < 0.9), w.EXPRESS, option)

    def exception_share(self, service: np.ndarray, day: np.ndarray) -> np.ndarray:
        return np.where((service == w.STANDARD) & (day >= self.end - 10), 0.12, super().exception_share(service, day))

    def charges(self, frame: pd.DataFrame) -> pd.DataFrame:
        """On the last week's invoices: a surcharge on economy parcels, addresses "corrected", and a part of last week's invoice again."""
        u = self.world.dice.uniform("charges", frame["key"])
        last, base = frame["invoiced"] == self.invoice_day, frame["charge_type"] == "base"
        over = last & base & (frame["service_no"] == w.ECONOMY) & (u < 0.33)
        frame["amount"] = frame["amount"].where(~over, (frame["amount"] + SURCHARGE).round(2))
        corrected = frame[last & base & (frame["service_no"] == w.EXPRESS) & (u < 0.20)]
        corrected = corrected.assign(charge_type="address_correction", amount=4.5, again="x")
        before = frame["invoiced"] == self.invoice_day - 7
        twice = frame[before & frame["charge_type"].isin(["base", "fuel"]) & (frame["carrier"] == "parcelway") & (u < 0.08)]
        twice = twice.assign(invoiced=self.invoice_day, again="-2")
        self.charged["overcharge"] += over.sum() * SURCHARGE
        self.charged["avoidable"] += corrected["amount"].sum()
        self.charged["duplicate"] += twice["amount"].sum()
        return pd.concat([frame, corrected, twice], ignore_index=True)

    def volume_worked(self, role: str, volume: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """The busier the north's week, the more its pickers stand in each other's way."""
        if role != "pick":
            return volume
        volume = volume.copy()
        volume[..., NORTH] *= (volume[..., NORTH].sum() / mean[NORTH]) ** STRAIN
        return volume

    def hours(self, frame: pd.DataFrame) -> pd.DataFrame:
        """In the last week the south's pickers and packers come five hours after the work."""
        hit = frame.index[(frame["place"] == SOUTH) & frame["hour"].notna() & (frame["day"] >= self.end - 7)]
        moved = frame.loc[hit].sort_values(["role", "day", "hour"])
        hours = np.roll(moved["hours"].to_numpy().reshape(-1, len(SHIFT)), 5, axis=1)
        frame.loc[moved.index, "hours"] = hours.ravel()
        return frame

    def record(self) -> list[dict]:
        south = self.world.orders_per_week * w.LOCATION_SHARE[SOUTH]
        invoice = f"{np.datetime64(self.invoice_day, 'D').item():%Y%m%d}"
        return [
            *super().record(),
            self.entry("pick_error_rate", "north", "3.2 % of the last week's picks go wrong", 0.032, "share"),
            self.entry("rework", "north", "the rework of those errors", 0.032, "share of picks"),
            self.entry(
                "labor_misaligned", "south", "pickers and packers come five hours after the work in the last week", 0.5, "share of hours"
            ),
            self.entry("linear_strain", "pick@north", "hours grow faster than volume, in every week", 0.7 * (1 + STRAIN), "elasticity"),
            self.entry(
                "carrier_exceptions", "parcelway/standard", "12 % of the parcels of the last ten days have an exception", 0.12, "share"
            ),
            self.entry(
                "label_not_shipped", "south", "one in five parcels of Tuesday to Thursday never left", 0.22 * south / 2, "shipments"
            ),
            self.entry("late_shipments", "south", "16 % of the orders due in the last week leave late", 0.16, "share"),
            self.entry(
                "carrier_overcharge",
                "northline/economy",
                f"{SURCHARGE} more on a third of the last week's invoice",
                self.charged["overcharge"],
                "money",
            ),
            self.entry(
                "duplicate_charge",
                f"PA-{invoice}",
                "one in twelve parcels of the invoice before charged again",
                self.charged["duplicate"],
                "money",
            ),
            self.entry(
                "avoidable_charges",
                "parcelway/express",
                "address corrections on a fifth of the last week's invoice",
                self.charged["avoidable"],
                "money",
            ),
            self.entry(
                "zone_shift",
                "north",
                "nearly one in five of the last week's customers live far north",
                FAR,
                "share of orders",
            ),
            self.entry(
                "carrier_mix", "zone 2, up to 2 kg, two days", "standard parcels sent by express in the last 25 days", 1.9, "money a parcel"
            ),
        ]
