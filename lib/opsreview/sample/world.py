"""The made-up shop: its range, places, channels, carriers, and the demand that its customers have in mind."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from opsreview.sample.dice import Dice
from opsreview.weeks import Week

LOCATIONS = np.array(["north", "south"], dtype=object)
LOCATION_SHARE = np.array([0.6, 0.4])
CHANNELS = np.array(["web", "marketplace", "social"], dtype=object)
CHANNEL_SHARE = np.array([0.62, 0.27, 0.11])
WEB, MARKETPLACE, SOCIAL = range(3)
CHANNEL_FEE = np.array([0.0, 0.15, 0.08])  # of goods and shipping charged
WEEKDAYS = np.array([1.12, 1.04, 1.0, 0.98, 0.95, 0.86, 1.05])
LINES = np.array([0.52, 0.27, 0.13, 0.08])  # share of orders with 1, 2, … lines
QUANTITY = np.array([0.80, 0.15, 0.05])
UNITS_PER_ORDER = float(LINES @ np.arange(1, 5) * (QUANTITY @ np.arange(1, 4)))
HOURS = np.array([1, 0.6, 0.4, 0.3, 0.4, 0.8, 2, 4, 6, 6.5, 6, 5.5, 6.5, 6, 5, 4.5, 4.5, 5, 6, 7.5, 8, 7, 5, 2.4])

# family: code, category, list price (median), weight kg, share of cost in list price, share returned, nouns
FAMILIES = {
    "Kitchen": ("KIT", "Home", 15, 0.7, 0.51, 0.065, ("mug", "teapot", "board", "apron", "jar", "bowl", "tray", "whisk")),
    "Apparel": ("APP", "Wear", 25, 0.4, 0.48, 0.20, ("shirt", "jumper", "dress", "cardigan", "scarf", "skirt", "hoodie", "coat")),
    "Garden": ("GAR", "Outdoor", 24, 1.4, 0.47, 0.060, ("planter", "trowel", "lantern", "feeder", "can", "hose", "rake", "pot")),
    "Candles": ("CAN", "Home", 14, 0.5, 0.49, 0.05, ("candle", "diffuser", "melt", "holder", "matches", "snuffer", "refill", "set")),
    "Bags": ("BAG", "Wear", 28, 0.7, 0.50, 0.100, ("tote", "rucksack", "satchel", "pouch", "purse", "holdall", "case", "belt bag")),
    "Toys": ("TOY", "Kids", 16, 0.6, 0.50, 0.065, ("puzzle", "blocks", "kite", "bear", "train", "drum", "yo-yo", "dolls house")),
    "Bath": ("BAT", "Home", 14, 0.5, 0.49, 0.055, ("towel", "soap", "brush", "mat", "robe", "sponge", "dish", "caddy")),
    "Stationery": ("STA", "Desk", 12, 0.3, 0.48, 0.040, ("notebook", "pen", "planner", "cards", "ruler", "clips", "ink", "folder")),
}
FAMILY_NAMES = np.array(list(FAMILIES), dtype=object)
FINISHES = np.array(["Oak", "Sage", "Slate", "Cream", "Copper", "Indigo", "Linen", "Ochre", "Fern", "Rust", "Pearl", "Navy"], dtype=object)
SUPPLIERS = np.array(["Alder & Co", "Birch Works", "Cedar Trading", "Dale Mills", "Elm House", "Fenwick Goods"], dtype=object)
SUPPLIER_DAYS = np.array([7, 10, 12, 14, 18, 21])

CARRIERS = np.array(["northline", "parcelway", "parcelway", "northline"], dtype=object)  # by delivery option
SERVICES = np.array(["economy", "standard", "express", "international"], dtype=object)
ECONOMY, STANDARD, EXPRESS, INTERNATIONAL = range(4)
OPTION_SHARE = np.array([0.38, 0.47, 0.15])
TRANSIT = np.array([3, 2, 1, 5])  # days promised
SHIPPING_CHARGED = np.array([2.95, 3.95, 5.95, 9.95])
ZONES = np.array(["1", "2", "3", "EU"], dtype=object)
BANDS = np.array([0.5, 1, 2, 5, 10, 20, 30])
_BASE, _PER_KG, _ZONE = np.array([2.85, 3.45, 5.20, 8.60]), np.array([0.26, 0.30, 0.42, 1.10]), np.array([0.92, 1.0, 1.5, 1.0])
FUEL = 0.08
BUSY = 1.18  # the last week against an average one

AREAS = np.array(["LS1", "M14", "NE3", "S10", "YO1", "L17", "BS6", "SW4", "EX4", "RG1", "BN3", "CB2", "IV2", "ZE1"], dtype=object)
AREA_SHARE = np.array([9, 9, 6, 6, 3, 6, 7, 18, 4, 6, 6, 5, 2, 1.0])
AREA_REGION = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2])  # whose home zone: north, south, nobody's
EU = np.array(["IE", "FR", "DE"], dtype=object)


def rate(option, zone, weight) -> np.ndarray:
    """The rate card, before any yearly increase: price of a parcel by delivery option, zone index and weight in kg."""
    band = BANDS[np.minimum(np.searchsorted(BANDS, weight, side="left"), len(BANDS) - 1)]
    return np.round((_BASE[option] + _PER_KG[option] * band) * _ZONE[zone], 2)


@dataclass
class World:
    """Everything about the shop that does not depend on what happens in it. Days are whole days since 1970-01-01."""

    seed: int
    skus: int
    orders_per_week: int
    first: Week
    last: Week
    dice: Dice = field(init=False)
    products: pd.DataFrame = field(init=False)
    busy: float | None = field(init=False, default=BUSY)  # None: the last week is like any other

    def __post_init__(self) -> None:
        self.dice = Dice(self.seed)
        self.start, self.end = day_number(self.first.monday), day_number(self.last.end)
        self.base = _popularity(self.dice, self.skus)
        self.products = _products(self)
        self.rank = np.argsort(np.argsort(-self.base, kind="stable"), kind="stable")  # 0: best seller
        self.by_rank = np.argsort(self.rank)
        self.family = self.products["family_no"].to_numpy()
        share = np.cumsum(self.base[self.by_rank]) / self.base.sum()
        before = np.concatenate([[0], share[:-1]])
        self.tier = np.empty(self.skus, dtype=int)  # 0 A, 1 B, 2 C
        self.tier[self.by_rank] = np.searchsorted([0.80, 0.95], before, side="right")
        self.promos = _promotions(self)

    def week_factor(self, week: int) -> float:
        """Volume of a week (its Monday's day) against the average: a week's noise; the last week is busy, and known to be."""
        if self.busy and week == self.end - 7:
            return self.busy
        return float(np.exp(0.07 * np.clip(self.dice.normal("week", week), -1.6, 1.6)))

    def orders_of_day(self, day: int) -> float:
        """Mean number of orders on a day."""
        return self.orders_per_week * self.week_factor(day - day_weekday(day)) * WEEKDAYS[day_weekday(day)] / WEEKDAYS.sum()

    def weights(self, day: int, planned: bool = False) -> np.ndarray:
        """Relative demand of each SKU on a day; `planned`: as a planner sees it, blind to which weeks a slow mover sells in."""
        week = day - day_weekday(day)
        k = (week - self.end) / 7
        ids = np.arange(self.skus)
        trend = np.exp(0.003 * self.dice.normal("trend", ids) * k)
        season = 1 + 0.08 * np.sin(2 * np.pi * (k / 52 + self.family / len(FAMILIES)))
        tilt = 1 + 0.12 * np.sin(2 * np.pi * (day_weekday(day) / 7 + self.family / 5))
        weight = self.base * trend * season * tilt
        if not planned:
            on = self.dice.uniform("on", ids, week) < 0.6
            weight = np.where(self.intermittent, weight * on / 0.6, weight)
        weight = weight * ((day >= self.launched) & (day < self.discontinued))
        for promo in self.promos[(self.promos["starts"] <= day) & (self.promos["ends"] >= day)].itertuples():
            weight = np.where(promo.applies, weight * promo.uplift, weight)
        return weight

    def mean_units(self, day: int, planned: bool = True) -> np.ndarray:
        """Expected demand of each SKU on a day, in units."""
        weight = self.weights(day, planned)
        orders = self.orders_per_week * WEEKDAYS[day_weekday(day)] / WEEKDAYS.sum()
        orders *= BUSY if self.end - 7 <= day < self.end else 1.0
        return orders * UNITS_PER_ORDER * weight / weight.sum()

    def euro(self, day) -> np.ndarray:
        """Pounds per euro on a day."""
        day = np.asarray(day)
        return np.round(0.86 + 0.012 * np.sin(day / 23.0) + 0.002 * self.dice.normal("fx", day), 4)

    def rate_increase(self, day) -> np.ndarray:
        """The rate card's yearly increase, as a factor: it came 20 weeks before the end."""
        return np.where(np.asarray(day) >= self.end - 140, 1.03, 1.0)


def day_number(day) -> int:
    """A date as days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(int))


def day_weekday(day):
    """0 Monday … 6 Sunday of a day number."""
    return (day + 3) % 7


def at(day, seconds=0) -> np.ndarray:
    """Local clock time from day numbers and seconds after midnight."""
    return np.asarray(day).astype("datetime64[D]").astype("datetime64[s]") + np.asarray(np.round(seconds)).astype("timedelta64[s]")


def _popularity(dice: Dice, skus: int) -> np.ndarray:
    """A long tail: the best seller about 6 % of the units, the slowest one in some hundreds."""
    rank = np.argsort(dice.uniform("rank", np.arange(skus)))
    noise = np.exp(0.2 * dice.normal("base", np.arange(skus)))
    return (rank + 6.0) ** -1.1 * noise


def _products(world: World) -> pd.DataFrame:
    """One row a SKU, with the contract's columns and `price`, `family_no`, `billable_kg` for the simulation."""
    n, dice = world.skus, world.dice
    ids = np.arange(n)
    family = ids % len(FAMILIES)
    facts = [FAMILIES[f] for f in FAMILY_NAMES]
    code, category = (np.array([f[i] for f in facts], dtype=object)[family] for i in (0, 1))
    price_level, weight_level, cost_share = (np.array([f[i] for f in facts], dtype=float)[family] for i in (2, 3, 4))
    nouns = np.array([f[6] for f in facts], dtype=object)
    number = ids // len(FAMILIES) + 1
    price = np.floor(price_level * np.exp(0.22 * dice.normal("price", ids))) + 0.95
    weight = np.round(weight_level * np.exp(0.35 * dice.normal("weight", ids)), 2)
    size = (weight * 3200) ** (1 / 3)
    supplier = dice.choice("supplier", np.ones(len(SUPPLIERS)), ids)
    frame = pd.DataFrame({
        "sku": code + np.array([f"-{i:03d}" for i in number], dtype=object),
        "name": FINISHES[(ids * 5 + number) % len(FINISHES)] + " " + nouns[family, number % 8],
        "family": FAMILY_NAMES[family],
        "category": category,
        "unit_cost": np.round(1.03 * price * cost_share * np.exp(0.08 * dice.normal("cost", ids)), 2),
        "status": "active",
        "weight_kg": weight,
        "length_cm": np.round(size * 1.4),
        "width_cm": np.round(size),
        "height_cm": np.round(size * 0.7),
        "packaging_cost": np.round(0.38 + 0.15 * weight, 2),
        "supplier": SUPPLIERS[supplier],
        "lead_time_days": SUPPLIER_DAYS[supplier],
        "pack_size": np.array([1, 2, 6, 12])[dice.choice("pack", [3, 3, 3, 1], ids)],
        "launched_on": at(world.start - 200 - 30 * (number % 20)),
        "is_hero": False,
        "owner": np.array(["Buyer " + f[1] for f in facts], dtype=object)[family],
    })  # fmt: skip
    rank = np.argsort(np.argsort(-world.base, kind="stable"), kind="stable")
    frame["is_hero"] = rank < max(3, n // 20)
    tail = np.argsort(-rank)  # slowest first: where the oddities live
    world.intermittent = (rank > 0.6 * n) & (dice.uniform("intermittent", ids) < 0.4)
    world.launched = np.full(n, world.start - 200)
    world.discontinued = np.full(n, world.end + 1000)
    if n >= 40:
        fresh, gone = tail[[14, 20]], tail[[8, 11]]
        world.launched[fresh] = [world.end - 70, world.end - 35]
        world.discontinued[gone] = [world.end - 150, world.end - 120]
        frame.loc[fresh, "launched_on"] = at(world.launched[fresh])
        frame.loc[gone, "status"] = "discontinued"
        frame.loc[tail[[3]], "unit_cost"] = np.nan
        frame.loc[tail[[5, 17]], ["weight_kg", "length_cm", "width_cm", "height_cm"]] = np.nan
    return frame.assign(price=price, family_no=family)


def billable(products: pd.DataFrame) -> np.ndarray:
    """kg a carrier bills a unit at: the larger of weight and volume (5,000 cm³ a kg); half a kilo where it is not known."""
    volume = products["length_cm"] * products["width_cm"] * products["height_cm"] / 5000
    return np.fmax(products["weight_kg"], volume).fillna(0.5).to_numpy()


def _promotions(world: World) -> pd.DataFrame:
    """The calendar: a family promotion of 7–10 days every third week, some on the web only. `applies`: which SKUs."""
    slots = np.arange((world.start - 60) // 21, (world.end + 90) // 21)
    dice = world.dice
    family = dice.choice("promo family", FAMILY_NAMES != "Apparel", slots)  # wear comes back too often to be sold cheaper
    starts = slots * 21 + 4 + 3 * (dice.uniform("promo start", slots) < 0.5)  # a Monday or a Thursday
    web = dice.uniform("promo channel", slots) < 0.3
    return pd.DataFrame({
        "promo_id": [f"PR{s}" for s in slots],
        "sku": "", "family": FAMILY_NAMES[family], "channel": np.where(web, "web", ""),
        "starts": starts, "ends": starts + 6 + (slots % 4),
        "discount": np.array([0.10, 0.15])[dice.choice("promo depth", [3, 2], slots)],
        "expected_uplift": 0.3, "uplift": 1.3, "owner": "Finance Partner",
        "applies": list(world.products["family_no"].to_numpy() == family[:, None]),
    })  # fmt: skip
