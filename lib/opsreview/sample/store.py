"""The store, week after week: each step sells, ships, returns and reorders, then hands over what that week's exports say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.intake.schema import TABLES
from opsreview.sample import aftermath, fulfil
from opsreview.sample import orders as order_book
from opsreview.sample import world as w
from opsreview.sample.ledger import Ledger
from opsreview.sample.plants import Nothing
from opsreview.sample.stock import Stock
from opsreview.sample.world import World, at

WARM_UP = 8  # weeks the shelf runs before the first folder, so that it is in its stride; their orders are not exported


class Store:
    """State of the shop between weeks. Memory grows with a week's orders, not with the number of weeks."""

    def __init__(self, world: World, plants: Nothing):
        self.world, self.plants = world, plants
        self.stock = Stock(world, plants)
        self.ledgers = {
            "orders": Ledger(["ordered_at", "cancelled_at", "fulfilled_at"], {"cancelled_at": ["cancelled_at"]}, _status),
            "order_lines": Ledger(["ordered_at", "changed_at"], {"changed_at": ["cancelled_quantity"]}),
            "shipments": Ledger(
                ["label_created_at", "shipped_at", "delivered_at"], {"shipped_at": ["shipped_at"], "delivered_at": ["delivered_at"]}
            ),
            "carrier_events": Ledger(["occurred_at"]),
            "carrier_charges": Ledger(["invoiced_on"]),
            "picks": Ledger(["picked_at", "found_at"], {"found_at": ["error_type", "rework_minutes"]}),
            "returns": Ledger(
                ["requested_at", "received_at", "disposed_at", "refunded_at"],
                {
                    "received_at": ["received_at", "reverse_shipping_cost", "handling_cost"],
                    "disposed_at": ["disposed_at", "recovered_value"],
                    "refunded_at": ["refund_amount"],
                },
                aftermath.show_returns,
            ),
            "support_tickets": Ledger(["opened_at"]),
        }

    def warm_up(self) -> None:
        """Runs the shelf for some weeks before the first, and forgets their orders."""
        first = self.world.start
        for monday in range(first - 7 * WARM_UP, first, 7):
            self._week(monday, exported=False)
        self.stock.inbound.deliver(at(0), at(first - 14))  # long done: not exported

    def week(self, monday: int) -> dict[str, pd.DataFrame]:
        """One week of trade; its exports by table (`table` or `table.part`), in the contract's columns and more."""
        orders, lines, evenings = self._week(monday, exported=True)
        start, end = at(monday), at(monday + 7)
        tables = {name: ledger.deliver(start, end) for name, ledger in self.ledgers.items()}
        since = at(0) if monday == self.world.start else start  # the first folder also tells of what was already on its way
        tables["inbound"] = self.stock.inbound.deliver(since, end)
        picked = tables["picks"][tables["picks"]["picked_at"] >= start]
        stocked = tables["inbound"][tables["inbound"]["stocked_at"] >= start]
        received = np.array([(stocked["location"] == place).sum() for place in w.LOCATIONS])
        back = tables["returns"][tables["returns"]["received_at"] >= start]
        tables["labor"] = fulfil.labor(self.world, self.plants, monday, picked, received, len(back))
        tables["ad_spend"] = aftermath.ad_spend(self.world, self.plants, monday)
        refunded = tables["returns"][tables["returns"]["refunded_at"].between(start, end, inclusive="left")]
        tables["control_totals"] = aftermath.control_totals(self.world, self.plants, monday, orders, lines, refunded)
        tables["demand_plan"] = order_book.plan(self.world, self.plants, monday)
        tables |= self._snapshots(monday, evenings) | self._masters(monday)
        return self.plants.folder(monday, tables)

    def _week(self, monday: int, exported: bool):
        world, plants = self.world, self.plants
        orders = order_book.draw_orders(world, plants, monday)
        asked = order_book.draw_lines(world, plants, orders)
        bounds = np.searchsorted(asked["day"].to_numpy(), np.arange(monday, monday + 8))
        sold, evenings = [], []
        for i in range(7):
            day = monday + i
            self.stock.open_day(day)
            lines = self.stock.sell(orders, asked.iloc[bounds[i] : bounds[i + 1]])
            fewer = (lines["quantity"] > 1) & (world.dice.uniform("fewer", lines["key"], lines["line"]) < 0.012)
            whole = orders["cancelled_at"].isna().to_numpy()[lines["order"]]
            lines = lines.assign(called_off=(fewer & whole).astype(int))
            self.stock.book(orders, lines)
            evenings.append(self.stock.close_day(day))
            sold.append(lines)
        if not exported:
            return None
        lines = pd.concat(sold, ignore_index=True)
        orders, lines = order_book.price(world, plants, orders, lines)
        self._book(orders, lines)
        return orders, lines, evenings

    def _book(self, orders: pd.DataFrame, lines: pd.DataFrame) -> None:
        """Everything that will come of the week's orders, into the ledgers."""
        world, plants = self.world, self.plants
        picked = fulfil.picks(world, plants, orders, lines)
        shipped = fulfil.shipments(world, plants, orders, picked)
        back = aftermath.returns(world, plants, orders, lines, shipped)
        gone = shipped.groupby("row")["shipped_at"].max()
        orders["fulfilled_at"] = gone.reindex(range(len(orders))).to_numpy("datetime64[s]")
        ordered = orders["ordered_at"].to_numpy("datetime64[s]")[lines["order"]]
        changed = np.where(lines["called_off"] > 0, ordered + np.timedelta64(1200, "s"), np.datetime64("NaT", "s"))
        cut = lines["called_off"].astype(float).replace(0.0, np.nan)
        lines = lines.assign(ordered_at=ordered, changed_at=changed, cancelled_quantity=cut)
        futures = {
            "orders": orders,
            "order_lines": lines,
            "shipments": shipped,
            "carrier_events": fulfil.carrier_events(world, shipped),
            "carrier_charges": fulfil.charges(world, plants, shipped),
            "picks": picked,
            "returns": back,
            "support_tickets": aftermath.tickets(world, orders, shipped, back),
        }
        for name, rows in futures.items():
            kept = {*TABLES[name].names, *self.ledgers[name].times, "location_no", "fx"}
            self.ledgers[name].add(rows[[c for c in rows.columns if c in kept]])
        shelf = back[back["restock"] & back["disposed_at"].notna()]
        day = shelf["disposed_at"].to_numpy("datetime64[D]").astype(int)
        self.stock.put_back(day, shelf["sku_no"].to_numpy(), shelf["quantity"].to_numpy())

    def _snapshots(self, monday: int, evenings: list[np.ndarray]) -> dict[str, pd.DataFrame]:
        """Every evening's stock as WMS and ERP report it; on Sunday the shop's own. The WMS leaves empty places out."""
        world, dice = self.world, self.world.dice
        skus, places = world.products["sku"].to_numpy(), w.LOCATIONS
        sku_no, place = (g.ravel() for g in np.meshgrid(np.arange(world.skus), np.arange(len(places)), indexing="ij"))
        wms, erp = [], []
        for day, (on_hand, allocated) in enumerate(evenings, monday):
            listed = (world.launched <= day + 30)[sku_no] & ((world.discontinued > day)[sku_no] | (on_hand.ravel() > 0))
            frame = pd.DataFrame(
                {"sku": skus[sku_no], "location": places[place], "channel": "", "on_hand": on_hand.ravel(), "allocated": allocated.ravel()}
            )  # the parts of a table have the same columns; erp and wms keep no stock by channel
            drift = np.where(dice.uniform("drift", sku_no, place) < 0.06, np.round(1.3 * dice.normal("drift", sku_no, place, monday)), 0)
            counted = np.maximum(on_hand + np.clip(drift, -3, 3).astype(int).reshape(on_hand.shape), 0)
            believed = self.plants.erp(day, counted)
            time = at(day, 23.5 * 3600)
            wms.append(frame[listed & (on_hand + allocated > 0).ravel()].assign(snapshot_at=time, system="wms"))
            erp.append(frame.assign(on_hand=believed.ravel(), snapshot_at=time + np.timedelta64(900, "s"), system="erp")[listed])
        free = (evenings[-1][0] - evenings[-1][1]).ravel()
        shop = [
            pd.DataFrame(
                {"sku": skus[sku_no], "location": places[place], "channel": channel, "on_hand": np.floor(free * share).astype(int)}
            )
            for channel, share in (("web", 0.7), ("marketplace", 0.3))
        ]
        shop = pd.concat(shop, ignore_index=True).assign(snapshot_at=at(monday + 6, 23.75 * 3600), system="shop", allocated=0)
        return {
            "inventory.erp": pd.concat(erp, ignore_index=True),
            "inventory.shop": shop,
            "inventory.wms": pd.concat(wms, ignore_index=True),
        }

    def _masters(self, monday: int) -> dict[str, pd.DataFrame]:
        """Products, promotions announced by now and rates of the day every week; the rate card and agreed prices when they change."""
        world = self.world
        products = world.products
        status = np.where(world.discontinued <= monday + 7, "discontinued", "active")
        promos = world.promos[(world.promos["starts"] <= monday + 21) & (world.promos["ends"] >= monday - 35)]
        days = np.arange(monday, monday + 7)
        masters = {
            "products": products.assign(status=status),
            "promotions": promos.assign(
                sku=promos["sku"].replace("", None), family=promos["family"].replace("", None), channel=promos["channel"].replace("", None),
                starts_on=at(promos["starts"]), ends_on=at(promos["ends"]),
            ),
            "fx_rates": pd.DataFrame({"rate_date": at(days), "currency": "EUR", "rate": world.euro(days)}),
        }  # fmt: skip
        rise = world.end - 140
        cards = [d for d in (world.start - 180, rise) if (monday <= d < monday + 7) or (monday == world.start and d < monday)]
        if cards:
            masters["carrier_rates"] = pd.concat([_rate_card(world, d) for d in cards], ignore_index=True)
        if monday == world.start:
            agreed = products.iloc[world.by_rank[: max(10, world.skus // 4)]].sort_values("sku")
            masters["contract_prices"] = pd.DataFrame(
                {"customer": "marketplace", "sku": agreed["sku"], "valid_from": at(world.start - 180), "price": agreed["price"]}
            )
        return masters


def _rate_card(world: World, day: int) -> pd.DataFrame:
    option, zone, band = (g.ravel() for g in np.meshgrid(range(4), range(4), range(len(w.BANDS)), indexing="ij"))
    abroad = (option == w.INTERNATIONAL) == (zone == 3)
    option, zone, band = option[abroad], zone[abroad], band[abroad]
    return pd.DataFrame({
        "carrier": w.CARRIERS[option], "service": w.SERVICES[option], "zone": w.ZONES[zone], "max_weight_kg": w.BANDS[band],
        "cost": np.round(w.rate(option, zone, w.BANDS[band]) * world.rate_increase(day), 2), "transit_days": w.TRANSIT[option],
        "valid_from": at(np.full(len(option), day)),
    })  # fmt: skip


def _status(rows: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
    done = np.where(rows["fulfilled_at"] < end, "fulfilled", "open")
    return rows.assign(status=np.where(rows["cancelled_at"].notna(), "cancelled", done))
