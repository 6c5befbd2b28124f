"""What comes after the sale: returns, tickets, advertising, and what the shop's own reports say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.orders import DAY
from opsreview.sample.world import World, at

REASONS = np.array(
    ["changed_mind", "too_small", "too_large", "not_as_described", "damaged", "defective", "wrong_item", "late_delivery"], dtype=object
)
TOO_SMALL = 1
_WEAR, _OTHER = np.array([28, 20, 17, 13, 8, 8, 4, 2]), np.array([42, 0, 0, 20, 18, 12, 5, 3])
DISPOSITIONS = np.array(["restock", "refurbish", "liquidate", "write_off"], dtype=object)
TOPICS = np.array(["product_question", "where_is_my_order", "return", "refund", "exchange", "damaged_item"], dtype=object)


def returns(world: World, plants, orders: pd.DataFrame, lines: pd.DataFrame, shipped: pd.DataFrame) -> pd.DataFrame:
    """One row a line that comes back: asked for 5–30 days after delivery, back within two weeks, disposed of within days."""
    dice = world.dice
    delivered = shipped.groupby("row")["delivered_at"].max().reindex(range(len(orders))).to_numpy("datetime64[s]")
    row, key, line, sku = (lines[c].to_numpy() for c in ("order", "key", "line", "sku_no"))
    family = world.family[sku]
    share = np.array([f[5] for f in w.FAMILIES.values()])[family] * np.exp(0.2 * dice.normal("sku returns", sku))
    reason = np.where(
        np.isin(w.FAMILY_NAMES[family], ["Apparel"]), dice.choice("reason wear", _WEAR, key, line), dice.choice("reason", _OTHER, key, line)
    )
    late = orders["late"].to_numpy()[row] & (dice.uniform("late return", key) < 0.08)
    reason = np.where(late, len(REASONS) - 1, reason)
    share, reason = plants.returns(world, share, reason, sku, orders["channel_no"].to_numpy()[row], orders["day"].to_numpy()[row], key)
    back = ((dice.uniform("return", key, line) < share) | late) & ~np.isnat(delivered[row])
    lines, row, key, line, sku, reason = lines[back], row[back], key[back], line[back], sku[back], reason[back]
    sold = lines["quantity"].to_numpy() - lines["called_off"].to_numpy()
    quantity = np.where(dice.uniform("part", key, line) < 0.25, 1, sold)
    keep = quantity > 0
    lines, row, key, line, sku, reason, sold, quantity = (v[keep] for v in (lines, row, key, line, sku, reason, sold, quantity))
    wait = 5 + 25 * dice.uniform("return when", key, line) ** 1.6
    requested = delivered[row] + (wait * DAY).astype("timedelta64[s]")
    came = dice.uniform("sent back", key, line) < 0.95
    received = requested + ((3 + 7 * dice.uniform("post", key, line)) * DAY).astype("timedelta64[s]")
    received = np.where(came, received, np.datetime64("NaT", "s"))
    disposed = received + ((0.5 + 3 * dice.uniform("bench", key, line)) * DAY).astype("timedelta64[s]")
    fault = np.isin(REASONS[reason], ["damaged", "defective"])
    fate = np.where(fault, dice.choice("fate fault", [15, 20, 20, 45], key, line), dice.choice("fate", [88, 5, 5, 2], key, line))
    cost = np.nan_to_num(world.products["unit_cost"].to_numpy()[sku])
    net = lines["unit_price"].to_numpy() * quantity - lines["line_discount"].to_numpy() * quantity / sold
    frame = pd.DataFrame({
        "return_id": "R" + pd.Series(key).astype(str), "line_no": line, "order_id": lines["order_id"].to_numpy(), "line_id": line,
        "sku": lines["sku"].to_numpy(), "quantity": quantity, "reason_code": REASONS[reason], "requested_at": requested,
        "received_at": received, "disposition": DISPOSITIONS[fate], "disposed_at": disposed, "refund_amount": np.round(net, 2),
        "reverse_shipping_cost": np.round(2.9 + 0.4 * dice.uniform("reverse", key, line), 2), "handling_cost": 1.85 + 0.15 * quantity,
        "recovered_value": np.where(fate == 0, np.nan, np.round(cost * quantity * np.array([1, 0.7, 0.35, 0])[fate], 2)),
        "sku_no": sku, "restock": fate == 0, "refunded_at": received, "key": key,
    })  # fmt: skip
    return plants.refunds(world, frame)


def show_returns(rows: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
    """A return that is back but not yet looked at is pending."""
    back, done = rows["received_at"].notna(), rows["disposed_at"].notna()
    rows["disposition"] = rows["disposition"].where(done, np.where(back, "pending", None))
    return rows


def tickets(world: World, orders: pd.DataFrame, shipped: pd.DataFrame, back: pd.DataFrame) -> pd.DataFrame:
    """Support: questions after an order, more of them where it was late, went wrong or comes back. One in three has minutes, not a cost."""
    dice = world.dice

    def some(frame: pd.DataFrame, share: float, letter: str, topic, opened) -> pd.DataFrame:
        key = frame["key"].to_numpy()
        asked = (dice.uniform("ticket" + letter, key) < share) & ~np.isnat(opened)
        rows = pd.DataFrame({"ticket_id": "T" + pd.Series(key).astype(str) + letter, "order_id": frame["order_id"].to_numpy(),
                             "opened_at": opened, "topic": topic, "key": key})  # fmt: skip
        return rows[asked]

    hours = lambda frame, low, high: (3600 * (low + (high - low) * dice.uniform("ticket at", frame["key"]))).astype("timedelta64[s]")  # noqa: E731
    late = orders[orders["late"]]
    bad = shipped[shipped["exception"] >= 0]
    frame = pd.concat(
        [
            some(
                orders,
                0.065,
                "q",
                TOPICS[dice.choice("topic", [6, 3, 0, 0, 0, 1], orders["key"])],
                orders["ordered_at"].to_numpy() + hours(orders, 1, 90),
            ),
            some(late, 0.55, "w", TOPICS[1], at(late["due"] + 1, 9 * 3600) + hours(late, 0, 30)),
            some(bad, 0.60, "e", TOPICS[1], at(bad["day"] + 1, 18 * 3600) + hours(bad, 0, 40)),
            some(
                back,
                0.22,
                "r",
                TOPICS[2 + dice.choice("topic back", [6, 3, 1], back["key"])],
                back["requested_at"].to_numpy("datetime64[s]") + hours(back, -2, 60),
            ),
        ],
        ignore_index=True,
    )
    minutes = np.round(5 + 10 * dice.uniform("minutes", frame["key"]), 1)
    timed = dice.uniform("timed", frame["key"]) < 0.33
    return frame.assign(cost=np.where(timed, np.nan, np.round(minutes * 0.6, 2)), handle_minutes=np.where(timed, minutes, np.nan))


def ad_spend(world: World, plants, monday: int) -> pd.DataFrame:
    """A week of advertising, about 4 % of sales: by channel and network, some of it by family, the best sellers by SKU."""
    dice, days = world.dice, np.arange(monday, monday + 7)
    scale = world.orders_per_week / 900
    heroes = world.by_rank[: max(3, world.skus // 25)]
    skus = world.products["sku"].to_numpy()
    rows = [("web", "search", None, None, 95.0), ("web", "display", None, None, 34.0), ("marketplace", "sponsored", None, None, 42.0),
            ("social", "video", None, None, 30.0)]  # fmt: skip
    rows += [("web", "shopping", None, f, 7.0) for f in w.FAMILY_NAMES]
    rows += [("marketplace", "sponsored", skus[s], None, 4.0) for s in heroes]
    rows = pd.DataFrame(rows, columns=["channel", "network", "sku", "family", "amount"])
    frame = pd.concat([rows.assign(day=d, row=range(len(rows))) for d in days], ignore_index=True)
    frame["amount"] = np.round(frame["amount"] * scale * np.exp(0.12 * dice.normal("ads", frame["day"], frame["row"])), 2)
    return plants.ads(world, frame).assign(spend_date=lambda f: at(f["day"]))


def control_totals(world: World, monday: int, orders: pd.DataFrame, lines: pd.DataFrame, back: pd.DataFrame) -> pd.DataFrame:
    """The shop's own report of the week, in pounds: by order date what its orders of the week come to, by event date what was refunded."""
    day = orders["day"].to_numpy()
    fx = np.where(orders["abroad"], world.euro(day), 1.0)
    end = at(monday + 7)
    kept = ~(orders["cancelled_at"] < end).to_numpy()
    units = np.where(kept[lines["order"]], lines["quantity"] - lines["called_off"], 0)
    gross = (units * lines["unit_price"] * fx[lines["order"]]).sum()
    discounts = (lines["line_discount"] * fx[lines["order"]])[kept[lines["order"]]].sum() + (orders["order_discount"] * fx)[kept].sum()
    shipping = (orders["shipping_charged"] * fx)[kept].sum()
    refunds = back["refund_amount"].sum()
    rows = [("gross_sales", "order_date", gross), ("discounts", "order_date", discounts), ("shipping", "order_date", shipping),
            ("net_sales", "order_date", gross - discounts + shipping), ("orders", "order_date", kept.sum()), ("units", "order_date", units.sum()),
            ("refunds", "event_date", refunds)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["measure", "clock", "amount"])
    return frame.assign(source="shop", period_start=at(monday), period_end=at(monday + 6), amount=frame["amount"].astype(float).round(2))
