"""Leaks of margin, and of the exports themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.aftermath import TOO_SMALL
from opsreview.sample.cast import Cast
from opsreview.sample.orders import order_key, order_number
from opsreview.sample.world import day_weekday

FLASH = "PR-FLASH"
_MORE = 900_000  # orders that a leak brings count from here within their day


class Money(Cast):
    """Dates count back from the end of the last week."""

    def prepare(self) -> None:
        super().prepare()
        world, products = self.world, self.world.products
        row = products.index[self.heavy]
        products.loc[row, ["name", "price", "unit_cost", "weight_kg", "length_cm", "width_cm", "height_cm", "packaging_cost"]] = [
            "Marble bookends", 21.95, 8.35, 14.5, 48.0, 38.0, 30.0, 2.4,
        ]  # fmt: skip
        sku = products["sku"].iloc[self.flash]
        mine = np.arange(world.skus) == self.flash
        flash = {"promo_id": FLASH, "sku": sku, "family": "", "channel": "", "starts": self.end - 7, "ends": self.end + 6, "discount": 0.65,
                 "expected_uplift": 1.2, "uplift": 1.0, "owner": "Finance Partner", "applies": mine}  # fmt: skip
        world.promos = pd.concat([world.promos, pd.DataFrame([flash])], ignore_index=True)
        self.labor: dict[int, pd.DataFrame] = {}
        self.refund = None

    def more_orders(self, monday: int, frame: pd.DataFrame) -> pd.DataFrame:
        """The flash promotion doubles the orders for its SKU."""
        if monday < self.end - 7:
            return frame
        parts = [frame]
        for day in range(monday, monday + 7):
            count = int(np.ceil(1.2 * self.world.mean_units(day)[self.flash]))
            key = order_key(day, _MORE + np.arange(count))
            seconds = np.floor(8 * 3600 + 14 * 3600 * self.world.dice.uniform("flash", key))
            parts.append(pd.DataFrame({"key": key, "day": day, "second": seconds}))
        return pd.concat(parts, ignore_index=True)

    def lines(self, lines: pd.DataFrame) -> pd.DataFrame:
        lines = super().lines(lines)
        more = order_number(lines["key"]) >= _MORE
        lines = lines[~more | (lines["line"] == 1)]
        return lines.assign(sku_no=lines["sku_no"].where(~more, self.flash))

    def channel_fee(self, rate: np.ndarray, channel: np.ndarray, day: np.ndarray) -> np.ndarray:
        """The social shop raises its commission."""
        return np.where((channel == w.SOCIAL) & (day >= self.end - 40), rate + 0.18, rate)

    def returns(self, share, reason, sku, channel, day, key) -> tuple[np.ndarray, np.ndarray]:
        """Social's customers send back thrice as much; one garment's size table is wrong."""
        share = np.where((channel == w.SOCIAL) & (day >= self.end - 90), np.minimum(share * 3, 0.5), share)
        tight = (sku == self.tight) & (day >= self.end - 75)
        why = tight & (self.world.dice.uniform("tight", key) < 0.65)
        return np.where(tight, share + 0.22, share), np.where(why, TOO_SMALL, reason)

    def refunds(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One return asked for in the last week is refunded four times over, before anything came back."""
        day = frame["requested_at"].to_numpy("datetime64[D]").astype(int)
        hit = frame.index[(day >= self.end - 6) & (day <= self.end - 3) & (frame["refund_amount"] >= 20)]
        if self.refund is None and len(hit):
            row = frame.loc[hit[0]]
            self.refund = (row["return_id"], round(row["refund_amount"] * 4, 2))
            frame.loc[hit[0], ["received_at", "disposed_at"]] = pd.NaT
            frame.loc[hit[0], "refund_amount"] = self.refund[1]
            frame.loc[hit[0], "refunded_at"] = row["requested_at"] + pd.Timedelta(hours=1)
        return frame

    def reported(self, monday: int, kept: np.ndarray) -> np.ndarray:
        """The shop's report of the last week counts cancelled orders too."""
        return kept | (monday + 7 == self.end)

    def folder(self, monday: int, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """The last week's exports: one does not come, one stops on Thursday, one comes with three weeks in it, one lacks a column."""
        tables = super().folder(monday, tables)
        self.labor = {m: t for m, t in self.labor.items() if m >= monday - 14} | {monday: tables["labor"]}
        if monday + 7 != self.end:
            return tables
        tables = {name: frame for name, frame in tables.items() if name != "promotions"}
        ads = tables["ad_spend"]
        tables["ad_spend"] = ads[day_weekday(ads["day"]) < 4]
        tables["labor"] = pd.concat(self.labor.values(), ignore_index=True)
        tables["orders"] = tables["orders"].drop(columns="promo_id")
        return tables

    def record(self) -> list[dict]:
        cost, price = (self.world.products[c].to_numpy() for c in ("unit_cost", "price"))
        loss = 2.2 * self.weekly[self.flash] * (cost[self.flash] - 0.35 * price[self.flash])
        heavy, tight = self.sku(self.heavy), self.sku(self.tight)
        rows = [
            *super().record(),
            self.entry(
                "negative_margin",
                heavy,
                "14.5 kg: gross margin 62 %, and carriage takes more than that",
                self.weekly[self.heavy],
                "units a week",
            ),
            self.entry(
                "false_confidence",
                heavy,
                "the same: gross margin on target, contribution margin below it",
                self.weekly[self.heavy],
                "units a week",
            ),
            self.entry(
                "returns_hotspot",
                f"{tight}/too_small",
                "one in five comes back, most as too small, for eleven weeks",
                0.22 * 4 * self.weekly[self.tight],
                "units in 28 days",
            ),
            self.entry(
                "promotion_at_risk",
                f"{FLASH}/{self.sku(self.flash)}",
                "65 % off in the last week and the next: below cost",
                loss,
                "money a week, goods alone",
            ),
            self.entry(
                "channel_margin",
                "social",
                "commission up by 18 points for six weeks, thrice the returns for thirteen",
                0.18,
                "share of net revenue",
            ),
            self.entry("export_missing", "promotions", "does not come in the last week; the last one stands"),
            self.entry("export_stale", "ad_spend", "ends on Thursday of the last week", 96, "hours"),
            self.entry("export_volume", "labor", "comes with the two weeks before in it once more", 3, "times the usual rows"),
            self.entry("schema_drift", "orders", "the column promo_id is gone"),
            self.entry("control_total_mismatch", "shop", "the shop's report of the last week counts cancelled orders"),
        ]
        if self.refund:
            rows.append(
                self.entry(
                    "invoice_mismatch", self.refund[0], "refunded four times over, before anything came back", self.refund[1], "money"
                )
            )
        return rows
