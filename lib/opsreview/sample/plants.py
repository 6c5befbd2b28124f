"""Planted leaks. `Nothing` is the store as it should be; every hook hands back what it was given. `Leaks` (leaks.py) overrides them.

Because chance hangs on keys (dice.py), a leak changes what it is about and nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

BASE_LATE = 0.007


class Nothing:
    """The hooks, and what the clean store does at each."""

    records: list[dict]

    def __init__(self) -> None:
        self.records = []

    def products(self, world) -> None:
        """May change `world.products`, once, before anything happens."""

    def promos(self, world) -> None:
        """May add to `world.promos`."""

    def more_orders(self, world, frame: pd.DataFrame) -> pd.DataFrame:
        """Orders of a week (key, day, second): may add some."""
        return frame

    def lines(self, world, lines: pd.DataFrame) -> pd.DataFrame:
        """Lines asked for: may change or drop some."""
        return lines

    def late_share(self, prefers: np.ndarray, due: np.ndarray) -> np.ndarray:
        """Chance of an order to leave late."""
        return np.full(len(due), BASE_LATE)

    def unit_price(self, world, price: np.ndarray, lines: pd.DataFrame, channel: np.ndarray) -> np.ndarray:
        """List price of each line."""
        return price

    def channel_fee(self, rate: np.ndarray, channel: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Share of what was paid that the channel keeps."""
        return rate

    def plan(self, world, monday: int, frame: pd.DataFrame) -> pd.DataFrame:
        """The plan made on a Monday (sku_no, target, planned_units)."""
        return frame

    def supply(self, stock, day: int, rows: pd.DataFrame) -> pd.DataFrame:
        """Purchase lines placed today."""
        return rows

    def transfers(self, stock, day: int, rows: pd.DataFrame) -> pd.DataFrame:
        """Transfers ordered today."""
        return rows

    def dock_hours(self, hours: np.ndarray, location: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Hours from dock to shelf of lines that arrive on `day`."""
        return hours

    def erp(self, world, day: int, on_hand: np.ndarray) -> np.ndarray:
        """What the ERP believes is on hand (SKU × location)."""
        return on_hand

    def pick_error(self, world, share: float, location: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Chance of a pick to go wrong."""
        return np.full(len(day), share)

    def service(self, world, option: np.ndarray, zone: np.ndarray, billed: np.ndarray, due: np.ndarray) -> np.ndarray:
        """The service a parcel is sent by: the one its delivery option names."""
        return option

    def left_behind(self, world, location: np.ndarray, day: np.ndarray, key: np.ndarray) -> np.ndarray:
        """Parcels with a label that never leave."""
        return np.zeros(len(day), dtype=bool)

    def exception_share(self, world, share: float, service: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Chance of trouble on the way."""
        return np.full(len(day), share)

    def charges(self, world, frame: pd.DataFrame) -> pd.DataFrame:
        """Carrier charges before they are numbered (shipment_id, carrier, service_no, charge_type, amount, invoiced, key)."""
        return frame

    def volume_worked(self, world, role: str, monday: int, volume: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Lines by day, hour and place that hours are paid for."""
        return volume

    def hours(self, world, frame: pd.DataFrame) -> pd.DataFrame:
        """Labor of a week (day, hour, place, role, hours)."""
        return frame

    def returns(self, world, share, reason, sku, channel, day, key) -> tuple[np.ndarray, np.ndarray]:
        """Chance of each line to come back, and why."""
        return share, reason

    def refunds(self, world, frame: pd.DataFrame) -> pd.DataFrame:
        """Returns with all their future; `refunded_at` is when the refund is paid."""
        return frame

    def ads(self, world, frame: pd.DataFrame) -> pd.DataFrame:
        """A week of advertising (channel, network, sku, family, amount, day)."""
        return frame

    def folder(self, world, monday: int, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """A week's tables on their way to disk: exports can go missing, stale, or change their columns."""
        return tables
