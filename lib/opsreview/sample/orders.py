"""A week's orders as customers place them, before the shelf has its say; and the plan that was made for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.world import World, at, day_weekday

CUTOFF = 14 * 3600  # ordered by then on a working day (Monday–Saturday): leaves the same day
DAY = 86400
_EPOCH, _STEP = 20_000, 1_000_000  # order numbers count days from here, to be short, and orders within a day


def order_key(day, number) -> np.ndarray:
    """The number of an order: its day, and which one of the day it is (under a million)."""
    return (np.asarray(day) - _EPOCH) * _STEP + number


def order_number(key) -> np.ndarray:
    """Which one of its day an order is."""
    return key % _STEP


def draw_orders(world: World, plants, monday: int) -> pd.DataFrame:
    """One row an order of the week, in order of time, with all that will become of it but for what the shelf decides.

    Columns of `orders`, and: key (what its draws hang on), day, second, option (delivery), country, area, prefers (location),
    pick_day, late, cancelled_at (NaT: never).
    """
    dice, days = world.dice, np.arange(monday, monday + 7)
    counts = np.array([dice.poisson("orders", world.orders_of_day(int(d)), int(d)) for d in days])
    day = np.repeat(days, counts)
    number = np.arange(len(day)) - np.repeat(np.cumsum(counts) - counts, counts)
    key = order_key(day, number)
    second = np.floor(_from_profile(w.HOURS, dice.uniform("hour", key)))
    frame = plants.more_orders(monday, pd.DataFrame({"key": key, "day": day, "second": second}))
    frame = frame.sort_values(["day", "second", "key"], ignore_index=True)
    key, day, second = (frame[c].to_numpy() for c in ("key", "day", "second"))

    channel = dice.choice("channel", w.CHANNEL_SHARE, key)
    abroad = (channel != w.MARKETPLACE) & (dice.uniform("abroad", key) < 0.12)
    option = np.where(abroad, w.INTERNATIONAL, dice.choice("option", w.OPTION_SHARE, key))
    prefers = dice.choice("location", w.LOCATION_SHARE, key)
    area = plants.area(dice.choice("area", w.AREA_SHARE, key), prefers, day, key)
    ready = (day_weekday(day) < 6) & (second < CUTOFF)
    due = np.where(ready, day, day + 1)
    due = due + (day_weekday(due) == 6)
    late = dice.uniform("late", key) < plants.late_share(prefers, due)
    pick_day = due + late * (1 + dice.choice("delay", [6, 3, 1], key))
    pick_day = pick_day + (day_weekday(pick_day) == 6)

    # Customers cancel within hours; of those kept waiting past the promise, some give up before the goods are picked.
    soon = dice.uniform("cancel", key) < 0.012
    waited = late & (dice.uniform("gave up", key) < 0.12)
    cancelled = np.where(
        soon,
        at(day, second + np.minimum(60 - 3 * 3600 * np.log(dice.uniform("cancel when", key)), (due - day) * DAY + 6.5 * 3600 - second)),
        np.where(waited, at(due + 1, 6 * 3600 * dice.uniform("gave up when", key)), np.datetime64("NaT", "s")),
    )
    same_day = soon & (due == day)  # still time before the afternoon's picking
    cancelled = np.where(same_day, at(day, second + 60 + 540 * dice.uniform("cancel when", key)), cancelled)
    return frame.assign(
        order_id="SO" + pd.Series(key).astype(str),
        ordered_at=at(day, second),
        channel_no=channel,
        option=option,
        abroad=abroad,
        country=np.where(abroad, w.EU[dice.choice("country", [3, 2, 3], key)], "GB"),
        area=np.where(abroad, -1, area),
        prefers=prefers,
        due=due,
        late=late,
        pick_day=pick_day,
        cancelled_at=cancelled.astype("datetime64[s]"),
        voucher=dice.uniform("voucher", key) < 0.06,
    )


def draw_lines(world: World, plants, orders: pd.DataFrame) -> pd.DataFrame:
    """One row a line asked for: order (row number in `orders`), line (1, 2, …), sku_no, wanted; no SKU twice in an order."""
    dice = world.dice
    count = 1 + dice.choice("lines", w.LINES, orders["key"])
    row = np.repeat(np.arange(len(orders)), count)
    line = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
    key, day = orders["key"].to_numpy()[row], orders["day"].to_numpy()[row]
    sku = np.empty(len(row), dtype=np.int64)
    for one in np.unique(day):  # at most seven
        mine = day == one
        sku[mine] = dice.choice("sku", world.weights(int(one)), key[mine], line[mine])
    wanted = 1 + dice.choice("quantity", w.QUANTITY, key, line)
    lines = pd.DataFrame({"order": row, "line": line, "sku_no": sku, "wanted": wanted, "key": key, "day": day})
    lines = plants.lines(lines)
    return lines[~lines.duplicated(["order", "sku_no"])].reset_index(drop=True)


def price(world: World, plants, orders: pd.DataFrame, lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Money for what was sold: (orders, lines) with the amounts of the contract, in the order's currency.

    `lines` needs order, sku_no, quantity; orders whose lines were all refused are gone from the result.
    """
    dice, row = world.dice, lines["order"].to_numpy()
    day, channel = orders["day"].to_numpy()[row], orders["channel_no"].to_numpy()[row]
    fx = np.where(orders["abroad"].to_numpy()[row], world.euro(day), 1.0)
    unit_price = np.round(world.products["price"].to_numpy()[lines["sku_no"]] / fx, 2)
    goods = unit_price * lines["quantity"].to_numpy()
    discount, promo = _discounts(world, lines["sku_no"].to_numpy(), day, channel)
    lines = lines.assign(
        order_id=orders["order_id"].to_numpy()[row],
        line_id=lines["line"],
        sku=world.products["sku"].to_numpy()[lines["sku_no"]],
        unit_price=unit_price,
        line_discount=np.round(goods * discount, 2),
        promo_id=promo,
    )
    net = pd.Series(goods - lines["line_discount"].to_numpy()).groupby(row).sum()
    orders = orders.loc[net.index].reset_index(drop=True)
    lines["order"] = np.searchsorted(net.index.to_numpy(), row)
    net = net.to_numpy()
    key, option, channel = orders["key"], orders["option"].to_numpy(), orders["channel_no"].to_numpy()
    voucher = np.where(orders["voucher"], np.round(net * 0.10, 2), 0.0)
    free = (net >= 45) & (option != w.EXPRESS) & ~orders["abroad"]
    shipping = np.where(free, 0.0, w.SHIPPING_CHARGED[option])
    paid = net - voucher + shipping
    fee = np.round(paid * 0.019 + 0.25, 2)
    fee = np.where(dice.uniform("fee unknown", key) < 0.08, np.nan, np.where(channel == w.MARKETPLACE, 0.0, fee))
    rate = plants.channel_fee(w.CHANNEL_FEE[channel], channel, orders["day"].to_numpy())
    first_promo = lines[lines["promo_id"] != ""].groupby("order")["promo_id"].first()
    return orders.assign(
        channel=w.CHANNELS[channel],
        promised_ship_at=at(orders["due"]),
        shipping_charged=shipping,
        order_discount=voucher,
        payment_fee=fee,
        channel_fee=np.where(channel == w.WEB, np.nan, np.round(paid * rate, 2)),
        promo_id=first_promo.reindex(range(len(orders))),
        ship_country=orders["country"],
        ship_postal=np.where(orders["abroad"], None, w.AREAS[orders["area"]]),
        currency=np.where(orders["abroad"], "EUR", "GBP"),
    ), lines


def _discounts(world: World, sku, day, channel) -> tuple[np.ndarray, np.ndarray]:
    """The deepest running promotion of each line: (fraction off, promo_id or '')."""
    depth, promo = np.zeros(len(sku)), np.full(len(sku), "", dtype=object)
    running = world.promos[(world.promos["starts"] <= day.max(initial=0)) & (world.promos["ends"] >= day.min(initial=10**6))]
    for p in running.sort_values(["discount", "promo_id"]).itertuples():
        hit = p.applies[sku] & (day >= p.starts) & (day <= p.ends)
        if p.channel:
            hit &= w.CHANNELS[channel] == p.channel
        depth[hit], promo[hit] = p.discount, p.promo_id
    return depth, promo


def plan(world: World, plants, monday: int, weeks: int = 9) -> pd.DataFrame:
    """The demand plan made on a Monday: weekly units by SKU. It knows level, trend, season and promotions, and errs as plans do."""
    ids, dice = np.arange(world.skus), world.dice
    frames = []
    for h in range(weeks):
        days = range(monday + 7 * h, monday + 7 * h + 7)
        units = np.sum([world.mean_units(d) for d in days], axis=0) * 0.965  # the part that finds the shelf full and is not cancelled
        slow = 0.06 * dice.normal("plan sku", ids, monday // 70)
        error = slow + 0.03 * dice.normal("plan version", ids, monday, h) + 0.01 * h * dice.normal("plan horizon", monday, h)
        frames.append(pd.DataFrame({"sku_no": ids, "target": days[0], "planned_units": np.round(units * np.exp(error), 1)}))
    frame = pd.concat(frames, ignore_index=True)
    frame = plants.plan(monday, frame)
    return pd.DataFrame({
        "plan_date": at(np.full(len(frame), monday)), "sku": world.products["sku"].to_numpy()[frame["sku_no"]],
        "target_date": at(frame["target"]), "period_days": 7, "planned_units": frame["planned_units"],
    })  # fmt: skip


def _from_profile(hours: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Seconds after midnight that fall as the hourly weights say."""
    edges = np.concatenate([[0], np.cumsum(hours) / hours.sum()])
    return np.interp(uniform, edges, np.arange(len(edges)) * 3600.0)
