"""Where a leak can be planted: one hook a place. `Nothing` leaves the store to chance, and hands back what it was given.

Because chance hangs on keys (dice.py), a leak changes what it is about and nothing else. The leaks themselves: leaks_supply.py,
leaks_floor.py, leaks_money.py; `Leaks` (leaks.py) is all of them. `Clean` (clean.py) is the store kept with care.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample.world import World

LATE = 0.007  # share of orders that leave late
MISPICKED = 0.0045
EXCEPTION = 0.014


class Nothing:
    """The hooks. Days are day numbers; `sku`, `location`, `channel`, `service`, `zone` are index arrays."""

    def __init__(self, world: World):
        self.world, self.end = world, world.end

    def record(self) -> list[dict]:
        """What was planted, once the store has run."""
        return []

    def prepare(self) -> None:
        """May change the world's products and promotions, once, before anything happens."""

    def more_orders(self, monday: int, frame: pd.DataFrame) -> pd.DataFrame:
        """Orders of a week (key, day, second): may add some."""
        return frame

    def lines(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Lines asked for (key, line, sku_no, wanted, day): may change or drop some."""
        return lines

    def area(self, area: np.ndarray, prefers: np.ndarray, day: np.ndarray, key: np.ndarray) -> np.ndarray:
        """Where each order goes to."""
        return area

    def late_share(self, prefers: np.ndarray, due: np.ndarray) -> np.ndarray:
        """Chance of an order to leave late."""
        return np.full(len(due), LATE)

    def channel_fee(self, rate: np.ndarray, channel: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Share of what was paid that the channel keeps."""
        return rate

    def plan(self, monday: int, frame: pd.DataFrame) -> pd.DataFrame:
        """The plan made on a Monday (sku_no, target, planned_units)."""
        return frame

    def frozen(self, day: int) -> np.ndarray:
        """SKUs that nobody reorders or moves on this day."""
        return np.empty(0, dtype=int)

    def inbound(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Purchase lines just placed, with all their future."""
        return rows

    def reach(self, days: np.ndarray, day: int) -> np.ndarray:
        """Days that stock and what is on order must last, else more is ordered (SKU × location)."""
        return days

    def slip(self, days: np.ndarray) -> np.ndarray:
        """Days by which a supplier moves what it promised."""
        return days

    def supply(self, stock, day: int) -> list[pd.DataFrame]:
        """More inbound lines, placed today."""
        return []

    def dock_hours(self, hours: np.ndarray, location: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Hours from dock to shelf of lines that arrive on `day`."""
        return hours

    def erp(self, day: int, on_hand: np.ndarray) -> np.ndarray:
        """What the ERP believes is on hand (SKU × location)."""
        return on_hand

    def pick_error(self, location: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Chance of a pick to go wrong."""
        return np.full(len(day), MISPICKED)

    def service(self, option: np.ndarray, zone: np.ndarray, billed: np.ndarray, due: np.ndarray, key: np.ndarray) -> np.ndarray:
        """The service a parcel is sent by: the one its delivery option names."""
        return option

    def left_behind(self, location: np.ndarray, day: np.ndarray, key: np.ndarray) -> np.ndarray:
        """Parcels with a label that never leave."""
        return np.zeros(len(day), dtype=bool)

    def exception_share(self, service: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Chance of trouble on the way."""
        return np.full(len(day), EXCEPTION)

    def charges(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Carrier charges before they are numbered (shipment_id, carrier, service_no, charge_type, amount, invoiced, again, key)."""
        return frame

    def volume_worked(self, role: str, volume: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Lines by day, hour and place that hours are paid for; `mean`: an average week's, by place."""
        return volume

    def hours(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Labor of a week (day, hour, place, role, hours)."""
        return frame

    def returns(self, share, reason, sku, channel, day, key) -> tuple[np.ndarray, np.ndarray]:
        """Chance of each line to come back, and why."""
        return share, reason

    def refunds(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Returns with all their future; `refunded_at` is when the refund is paid."""
        return frame

    def ads(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A week of advertising (channel, network, sku, family, amount, day)."""
        return frame

    def reported(self, monday: int, kept: np.ndarray) -> np.ndarray:
        """Which orders of a week the shop's own report counts: those that are not cancelled (`kept`)."""
        return kept

    def folder(self, monday: int, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """A week's tables on their way to disk: exports can go missing, stale, or change their columns."""
        return tables
