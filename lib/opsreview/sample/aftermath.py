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
CHANGED_MIND, TOO_SMALL = 0, 1
_WEAR, _OTHER = np.array([33, 22, 19, 9, 6, 6, 3, 2]), np.array([62, 0, 0, 13, 11, 8, 4, 2])
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
    share, reason = plants.returns(share, reason, sku, orders["channel_no"].to_numpy()[row], orders["day"].to_numpy()[row], key)
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
        "reverse_shipping_cost": np.round(3.5 + 0.5 * dice.uniform("reverse", key, line), 2), "handling_cost": 2.40 + 0.15 * quantity,
        "recovered_value": np.where(fate == 0, np.nan, np.round(cost * quantity * np.array([1, 0.7, 0.35, 0])[fate], 2)),
        "sku_no": sku, "restock": fate == 0, "refunded_at": received, "key": key,
        "fx": np.where(orders["abroad"].to_numpy()[row], world.euro(orders["day"].to_numpy()[row]), 1.0),
    })  # fmt: skip
    return plants.refunds(frame)


def show_returns(rows: pd.DataFrame, end: np.datetime64) -> pd.DataFrame:
    """A return that is back but not yet looked at is pending."""
    back, done = rows["received_at"].notna(), rows["disposed_at"].notna()
    rows["disposition"] = rows["disposition"].where(done, np.where(back, "pending", None))
    return rows


def tickets(world: World, orders: pd.DataFrame, shipped: pd.DataFrame, back: pd.DataFrame) -> pd.DataFrame:
    """Support: questions after an order, more of them where it was late, went wrong or comes back. One in three has minutes, not a cost."""
    dice = world.dice

    def some(frame: pd.DataFrame, number: pd.Series, letter: str, share: float, topics: list[int], since, low: float, high: float):
        """A share of the rows asks, `low` to `high` hours after `since`; `topics`: weights of TOPICS."""
        key = frame["key"].to_numpy()
        asked = (dice.uniform("ticket" + letter, key) < share) & ~np.isnat(since)
        wait = (3600 * (low + (high - low) * dice.uniform("ticket at", key))).astype("timedelta64[s]")
        topic = TOPICS[dice.choice("topic", topics, key)]
        rows = {"ticket_id": "T" + number + letter, "order_id": frame["order_id"], "opened_at": since + wait, "topic": topic, "key": key}
        return pd.DataFrame(rows)[asked]

    late, bad, back = orders[orders["late"]], shipped[shipped["exception"] >= 0], back.drop_duplicates("order_id")
    placed, asked_back = orders["ordered_at"].to_numpy("datetime64[s]"), back["requested_at"].to_numpy("datetime64[s]")
    parts = [
        some(orders, orders["order_id"].str[2:], "q", 0.085, [6, 3, 0, 0, 0, 1], placed, 1, 90),
        some(late, late["order_id"].str[2:], "w", 0.55, [0, 1, 0, 0, 0, 0], at(late["due"] + 1, 9 * 3600), 0, 30),
        some(bad, bad["shipment_id"].str[1:], "e", 0.60, [0, 1, 0, 0, 0, 0], at(bad["day"] + 1, 18 * 3600), 0, 40),
        some(back, back["order_id"].str[2:], "r", 0.25, [0, 0, 6, 3, 1, 0], asked_back, -2, 60),
    ]
    frame = pd.concat(parts, ignore_index=True)
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
    return plants.ads(frame).assign(spend_date=lambda f: at(f["day"]))


def control_totals(
    world: World, plants, monday: int, orders: pd.DataFrame, lines: pd.DataFrame, refunded: pd.DataFrame
) -> pd.DataFrame:  # fmt: skip
    """The shop's own report of the week, in pounds: by order date what its orders of the week come to (net sales: gross
    sales less discounts, without shipping), by event date what was refunded. Cancelled orders and units are left out."""
    day = orders["day"].to_numpy()
    fx = np.where(orders["abroad"], world.euro(day), 1.0)
    end = at(monday + 7)
    kept = plants.reported(monday, ~(orders["cancelled_at"] < end).to_numpy())
    units = np.where(kept[lines["order"]], lines["quantity"] - lines["called_off"], 0)
    gross = (units * lines["unit_price"] * fx[lines["order"]]).sum()
    discounts = (lines["line_discount"] * fx[lines["order"]])[kept[lines["order"]]].sum() + (orders["order_discount"] * fx)[kept].sum()
    shipping = (orders["shipping_charged"] * fx)[kept].sum()
    refunds = (refunded["refund_amount"] * refunded["fx"]).sum()
    rows = [
        ("gross_sales", "order_date", gross),
        ("discounts", "order_date", discounts),
        ("shipping", "order_date", shipping),
        ("net_sales", "order_date", gross - discounts),
        ("orders", "order_date", kept.sum()),
        ("units", "order_date", units.sum()),
        ("refunds", "event_date", refunds),
    ]
    frame = pd.DataFrame(rows, columns=["measure", "clock", "amount"])
    return frame.assign(source="shop", period_start=at(monday), period_end=at(monday + 6), amount=frame["amount"].astype(float).round(2))
