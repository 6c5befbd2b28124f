"""From order to doorstep: picks, shipments, what carriers report and charge, hours worked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.orders import DAY
from opsreview.sample.world import World, at, billable, day_weekday

SHIFT = range(7, 19)  # hours that the floor is staffed, Monday to Saturday
MINUTES = {"pick": 4.6, "pack": 3.5}  # a line
FIXED = 0.30  # share of an average week's hours that come whatever the volume
WAGE = {"pick": 13.4, "pack": 13.0, "receive": 13.2, "returns": 12.9, "other": 15.5}
_WAVES = np.array([9, 10, 8, 6, 5, 5, 7, 9, 8, 5])  # picking from 7 to 17
ERRORS = np.array(["wrong_item", "wrong_quantity", "damaged", "packing", "label"], dtype=object)
EXCEPTIONS = np.array(["not at home", "address incomplete", "damaged in transit", "held at depot"], dtype=object)


def picks(world: World, plants, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One row a line that is picked, with `found_at`: when its error, if any, comes to light."""
    dice, row = world.dice, lines["order"].to_numpy()
    lines = lines.assign(units=lines["quantity"] - lines["called_off"], row=row)
    lines = lines[np.isnat(orders["cancelled_at"].to_numpy())[row] & (lines["units"] > 0)]
    row, key, line = lines["row"].to_numpy(), lines["key"].to_numpy(), lines["line"].to_numpy()
    day, placed = orders["pick_day"].to_numpy()[row], orders["ordered_at"].to_numpy()[row]
    edges = np.concatenate([[0], np.cumsum(_WAVES) / _WAVES.sum()])
    second = np.interp(dice.uniform("pick time", key), edges, 7 * 3600 + 3600.0 * np.arange(len(edges)))
    earliest = (placed - at(day)).astype(float) + 1500 + 3600 * dice.uniform("pick wait", key)
    second = np.maximum(second, earliest) + 40 * line
    bad = plants.pick_error(lines["location"].to_numpy(), day)
    error = dice.uniform("pick error", key, line) < bad
    found_late = dice.uniform("found late", key, line) < 0.35
    days = 5 + np.floor(12 * dice.uniform("found when", key, line))
    found = np.where(found_late, at(day + days.astype(int), 11 * 3600), at(day, second + 900))
    return pd.DataFrame({
        "pick_id": "P" + pd.Series(key).astype(str) + "-" + pd.Series(line).astype(str),
        "order_id": lines["order_id"].to_numpy(), "line_id": line, "sku": lines["sku"].to_numpy(),
        "location": w.LOCATIONS[lines["location"]], "picked_at": at(day, second), "quantity": lines["units"].to_numpy(),
        "error_type": np.where(error, ERRORS[dice.choice("error type", [4, 3, 2, 2, 1], key, line)], None),
        "rework_minutes": np.where(error, np.round(5 + 14 * dice.uniform("rework", key, line)), np.nan),
        "found_at": np.where(error, found, np.datetime64("NaT", "s")),
        "key": key, "row": row, "location_no": lines["location"].to_numpy(), "sku_no": lines["sku_no"].to_numpy(),
    })  # fmt: skip


def shipments(world: World, plants, orders: pd.DataFrame, picked: pd.DataFrame) -> pd.DataFrame:
    """One row an order and location: label, handover, delivery, with weight, zone, service and its trouble on the way."""
    dice = world.dice
    weight = np.where(world.products["weight_kg"].isna(), 0.5, world.products["weight_kg"]) + 0.03
    units = picked["quantity"].to_numpy()
    goods = picked.assign(kg=units * weight[picked["sku_no"]], billed=units * billable(world.products)[picked["sku_no"]])
    frame = (
        goods.groupby(["row", "location_no"], sort=True)
        .agg(kg=("kg", "sum"), billed=("billed", "sum"), last=("picked_at", "max"))
        .reset_index()
    )
    row, location = frame["row"].to_numpy(), frame["location_no"].to_numpy()
    of = orders.iloc[row]
    key = of["key"].to_numpy() * 2 + location
    option, due = of["option"].to_numpy(), of["due"].to_numpy()
    region = np.where(of["area"] >= 0, w.AREA_REGION[of["area"]], 3)
    zone = np.where(region == 3, 3, np.where(region == 2, 2, np.where(region == location, 0, 1)))
    kg = np.round(frame["kg"] + 0.12, 2).to_numpy()
    billed = np.round(np.maximum(kg, frame["billed"] + 0.12), 2)
    service = plants.service(option, zone, billed, due, key)
    label = frame["last"].to_numpy("datetime64[s]") + (600 + 1500 * dice.uniform("label", key)).astype("timedelta64[s]")
    day = label.astype("datetime64[D]").astype(int)
    truck = at(day, 17.5 * 3600 + 5400 * dice.uniform("truck", key))
    shipped = np.maximum(truck, label + np.timedelta64(300, "s"))
    shipped = np.where(plants.left_behind(location, day, key), np.datetime64("NaT", "s"), shipped)
    trouble = dice.uniform("exception", key) < plants.exception_share(service, day)
    slow = dice.uniform("slow", key) < 0.025
    transit = np.where(dice.uniform("early", key) < 0.30, np.maximum(w.TRANSIT[service] - 1, 1), w.TRANSIT[service])
    arrive = day + transit + slow * (1 + (key % 2)) + trouble * (1 + dice.choice("exception delay", [6, 3, 1], key))
    arrive = arrive + (day_weekday(arrive) == 6)
    promise = due + w.TRANSIT[option]
    promise = promise + (day_weekday(promise) == 6)
    nowhere = np.isnat(shipped)
    return pd.DataFrame({
        "shipment_id": "S" + of["order_id"].str[2:].to_numpy() + np.array(["N", "S"], dtype=object)[location],
        "order_id": of["order_id"].to_numpy(), "location": w.LOCATIONS[location], "carrier": w.CARRIERS[service],
        "service": w.SERVICES[service], "zone": w.ZONES[zone], "weight_kg": kg, "label_created_at": label,
        "promised_ship_at": at(due), "shipped_at": shipped, "promised_delivery_at": at(promise),
        "delivered_at": np.where(nowhere, np.datetime64("NaT", "s"), at(arrive, 3600 * (9 + 8 * dice.uniform("doorbell", key)))),
        "label_cost": np.round(w.rate(service, zone, billed) * world.rate_increase(day) * (1 + w.FUEL), 2),
        "key": key, "row": row, "zone_no": zone, "service_no": service, "billed": billed, "day": day,
        "exception": np.where(trouble & ~nowhere, dice.choice("exception kind", [5, 2, 1, 2], key), -1), "late": of["late"].to_numpy(),
    })  # fmt: skip


def carrier_events(world: World, shipped: pd.DataFrame) -> pd.DataFrame:
    """Scans: collected, delivered, and what went wrong between."""
    dice = world.dice
    sent = shipped[shipped["shipped_at"].notna()]
    bad = sent[sent["exception"] >= 0]
    key = bad["key"].to_numpy()
    when = at(bad["day"] + 1, 3600 * (8 + 10 * dice.uniform("exception hour", key)))
    parts = [
        pd.DataFrame({"shipment_id": sent["shipment_id"], "occurred_at": sent["shipped_at"], "code": "collected", "is_exception": False}),
        pd.DataFrame({"shipment_id": sent["shipment_id"], "occurred_at": sent["delivered_at"], "code": "delivered", "is_exception": False}),
        pd.DataFrame({
            "shipment_id": bad["shipment_id"], "occurred_at": when, "code": "exception", "is_exception": True,
            "reason": EXCEPTIONS[bad["exception"]],
        }),
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).sort_values(["occurred_at", "shipment_id"], ignore_index=True)


def charges(world: World, plants, shipped: pd.DataFrame) -> pd.DataFrame:
    """What carriers invoice, one to three Wednesdays after handover: base and fuel; corrections, redeliveries and credits a week later."""
    dice = world.dice
    sent = shipped[shipped["shipped_at"].notna()].reset_index(drop=True)
    key, day = sent["key"].to_numpy(), sent["day"].to_numpy()
    monday = day - day_weekday(day)
    invoiced = monday + 9 + 7 * dice.choice("invoice", [70, 24, 6], key)
    rate = np.round(
        w.rate(sent["service_no"].to_numpy(), sent["zone_no"].to_numpy(), sent["billed"].to_numpy()) * world.rate_increase(day), 2
    )
    u, kind = dice.uniform("extra", key), sent["exception"].to_numpy()
    none = np.zeros(len(sent), dtype=bool)

    def part(charge_type: str, rows: np.ndarray, amount, later: int = 0, billed=1.0) -> pd.DataFrame:
        frame = pd.DataFrame({
            "shipment_id": sent["shipment_id"], "carrier": sent["carrier"], "service_no": sent["service_no"], "charge_type": charge_type,
            "amount": np.round(amount + np.zeros(len(sent)), 2), "billed_weight_kg": np.round(sent["billed"] * billed, 2),
            "invoiced": invoiced + later, "key": key, "late": sent["late"],
        })  # fmt: skip
        return frame[rows]

    frame = pd.concat(
        [
            part("base", ~none, rate),
            part("fuel", ~none, rate * w.FUEL),
            part("residential", u < 0.04, 0.35),
            part("dimensional", (u > 0.50) & (u < 0.503), 1.9, 0, 1.4),
            part("address_correction", (kind == 1) | ((u > 0.60) & (u < 0.604)), 4.5, 7),
            part("redelivery", (kind == 0) & (u < 0.7), 2.9, 7),
            part("return_to_sender", (kind == 1) & (u < 0.2), rate, 7),
            part("other", sent["late"].to_numpy() & (u > 0.9) | ((u > 0.70) & (u < 0.703)), -0.5 * rate, 7),
        ],
        ignore_index=True,
    )
    frame = plants.charges(frame.assign(again=""))
    frame["invoiced_on"] = at(frame["invoiced"])
    frame["invoice_id"] = frame["carrier"].str[:2].str.upper() + "-" + frame["invoiced_on"].dt.strftime("%Y%m%d")
    frame = frame.sort_values(["invoiced", "carrier", "key"], kind="stable", ignore_index=True)
    frame["charge_id"] = frame["shipment_id"].str[1:] + "-" + frame["charge_type"].str[:3] + frame["again"]
    return frame


def labor(world: World, plants, monday: int, picked: pd.DataFrame, received: np.ndarray, returned: int) -> pd.DataFrame:
    """Hours of the week by day, hour, place and role. `picked`: picks of the week (picked_at, location_no); `received`: lines stocked by
    place; `returned`: parcels back. Picking and packing follow the waves over a fixed base, so hours grow slower than volume.
    """
    dice = world.dice
    days = np.arange(monday, monday + 6)
    seconds = (picked["picked_at"].to_numpy("datetime64[s]") - at(monday)).astype(int)
    hour = np.minimum(seconds // 3600 % 24, SHIFT[-1])
    day = np.minimum(seconds // DAY, 5)
    volume = np.zeros((6, 24, len(w.LOCATIONS)))
    np.add.at(volume, (day, hour, picked["location_no"].to_numpy()), 1)
    mean = world.orders_per_week * (w.LINES @ np.arange(1, 5)) * w.LOCATION_SHARE
    grid = np.array([(d, h, place) for d in range(6) for h in SHIFT for place in range(len(w.LOCATIONS))])
    d, h, place = grid.T
    frames = []
    for role, minutes in MINUTES.items():
        fixed = FIXED * mean[place] / (6 * len(SHIFT)) * _shape(h)
        noise = np.exp(0.03 * dice.normal(role, days[d], h, place))
        lines = plants.volume_worked(role, volume, mean)[d, h, place]
        hours = (fixed + (1 - FIXED) * lines) * minutes / 60 * noise
        frames.append(pd.DataFrame({"day": days[d], "hour": h.astype(float), "place": place, "role": role, "hours": hours}))
    d, place = (g.ravel() for g in np.meshgrid(np.arange(6), np.arange(len(w.LOCATIONS)), indexing="ij"))
    scale = world.orders_per_week / 900
    for role, hours in (
        ("receive", 1.5 * scale + 0.10 * received[place] / 6),
        ("returns", 0.8 * scale + np.where(place == 0, returned * 0.15 / 6, 0)),
        ("other", 2.0 * scale + 0 * place),
    ):
        frames.append(pd.DataFrame({"day": days[d], "hour": np.nan, "place": place, "role": role, "hours": hours}))
    frame = plants.hours(pd.concat(frames, ignore_index=True))
    frame["hours"] = np.round(frame["hours"], 2)
    frame = frame[frame["hours"] > 0]
    return pd.DataFrame({
        "work_date": at(frame["day"]), "location": w.LOCATIONS[frame["place"]], "hour": frame["hour"], "role": frame["role"],
        "hours": frame["hours"], "cost": np.round(frame["hours"] * frame["role"].map(WAGE), 2),
    }).sort_values(["work_date", "location", "role", "hour"], ignore_index=True)  # fmt: skip


def _shape(hour: np.ndarray) -> np.ndarray:
    """The fixed crew follows the usual waves too, averaging 1 over the shift; the last two hours are thin."""
    waves = np.concatenate([_WAVES, [2, 1]]).astype(float)
    return (waves / waves.mean())[hour - SHIFT[0]]
