"""Wednesday's evidence: errors, hours against work, the dock, the carriers."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside, inside
from opsreview.checks import rows_of
from opsreview.checks.carriage import mix, overcharged
from opsreview.checks.zones import shifts
from opsreview.facts.shipments import avoidable, due_deliveries, handed_over, shipments
from opsreview.facts.warehouse import at_dock, crews, picks, stocked
from opsreview.facts.warehouse import waves as worked
from opsreview.margin import tickets
from opsreview.statistics import elasticity as fit
from opsreview.weeks import Week

TREND_WEEKS = 26


def pick_trend(books: Books) -> pd.DataFrame:
    """A row a week of 26, location and error type ('' for all): picks, errors, rework; as it has become."""
    p = picks(books, books.week.trailing(7 * TREND_WEEKS))
    p = p.mutate(monday=p.day.truncate("W").cast("date"))
    whole = p.group_by("monday", "location").aggregate(picks=p.count(), errors=p.error.sum(), rework=p.reworked.sum())
    e = p.filter(p.error)
    each = e.group_by("monday", "location", "error_type").aggregate(errors=e.count(), rework=e.reworked.sum())
    each = each.join(whole.select("monday", "location", "picks"), ["monday", "location"])
    columns = ["monday", "location", "error_type", "picks", "errors", "rework"]
    both = whole.mutate(error_type=ibis.literal("")).select(*columns).union(each.select(*columns))
    return _week_first(both.order_by("monday", "location", "error_type").to_pandas())


def _week_first(frame: pd.DataFrame) -> pd.DataFrame:
    frame.insert(0, "week", [str(Week.of(pd.Timestamp(m).date())) for m in frame["monday"]])
    return frame.drop(columns="monday")


def waves(books: Books) -> pd.DataFrame:
    """A row a location and hour of the day in W: orders placed, lines picked, picking hours and their cost, the hours that work needs.

    Hours, cost and need are those of the check of misplaced labor: `facts.warehouse.waves`.
    """
    window = books.week.window
    o = books.table("orders").filter(lambda x: ~x.cancelled)
    o = o.filter(inside(o.ordered_at_local.date(), window))
    placed = o.join(shipments(books).select("order_id", "location").distinct(), "order_id")
    placed = placed.group_by("location", hour=placed.ordered_at_local.hour().cast("int32")).aggregate(orders=placed.order_id.nunique())
    keys, columns = ["location", "hour"], ["orders", "lines_picked", "hours", "cost", "need"]
    parts = [part for table in (worked(books), placed) if len(part := table.to_pandas())]
    out = pd.concat(parts or [pd.DataFrame(columns=[*keys, *columns])], ignore_index=True).reindex(columns=[*keys, *columns])
    out = out.groupby(keys, as_index=False)[columns].sum(min_count=1).astype(dict.fromkeys(columns, float))
    out[columns[:-1]] = out[columns[:-1]].fillna(0.0)
    for table, said in (("orders", ["orders"]), ("picks", ["lines_picked", "need"]), ("labor", ["hours", "cost", "need"])):
        if not books.has(table, window):
            out[said] = np.nan  # not exported is not none
    return out[["location", "hour", "orders", "lines_picked", "hours", "need", "cost"]]


def labor_volume(books: Books) -> pd.DataFrame:
    """A row a week of 26, location and role: the volume its hours should follow (units picked, received, returned), hours, cost."""
    return crews(books).order_by("monday", "location", "role").pipe(lambda t: _week_first(t.to_pandas()))


def elasticity(books: Books) -> pd.DataFrame:
    """A row a location and role with history enough: does doubling volume take doubling hours (value, 90 % interval low, high, weeks n)."""
    rows = []
    for (location, role), g in labor_volume(books).groupby(["location", "role"]):
        if e := fit(g["volume"].fillna(0.0).tolist(), g["hours"].tolist()):
            rows.append((location, role, e.value, e.low, e.high, e.n))
    return pd.DataFrame(rows, columns=["location", "role", "value", "low", "high", "n"])


def dock(books: Books) -> pd.DataFrame:
    """A row an inbound line stocked in W, waiting at the dock, or stocked before it arrived (inconsistent, left out of the figure)."""
    t = books.table("inbound")
    odd = t.filter(inside(t.stocked_at_local.date(), books.week.window), (t.arrived_at > t.stocked_at) | t.arrived_at.isnull())
    columns = ["document_id", "line_id", "sku", "supplier", "location", "arrived_at", "stocked_at", "hours", "state"]
    parts = [
        stocked(books).mutate(state=ibis.literal("stocked")),
        at_dock(books).mutate(state=ibis.literal("at dock")),
        odd.mutate(hours=ibis.null("float64"), state=ibis.literal("inconsistent")),
    ]
    local = {"arrived_at": "arrived_at_local", "stocked_at": "stocked_at_local"}
    shown = [p.select(**{c: p[local.get(c, c)] for c in columns}) for p in parts]
    return ibis.union(*shown).order_by(ibis.desc("hours"), "document_id", "line_id").to_pandas()


def carriers(books: Books) -> pd.DataFrame:
    """A row a carrier and service in W: shipments handed over, exceptions and what they cost, promises kept, charges invoiced.

    Empty where the table that would say it was not exported.
    """
    h, d, c = handed_over(books), due_deliveries(books), avoidable(books)
    keys = ["carrier", "service"]
    handed = h.group_by(*keys).aggregate(shipments=h.count(), exceptions=h.exception.sum())
    due = d.group_by(*keys).aggregate(promised=d.count(), on_time=d.on_time.sum())
    c = c.filter(inside(c.invoiced_on, books.week.window)).join(shipments(books).select("shipment_id", *keys), "shipment_id")
    billed = c.group_by(*keys).aggregate(charges=c.amount.sum(), avoidable_charges=c.avoidable.sum(), invoiced=c.shipment_id.nunique())
    hurt = h.filter(h.exception).select("shipment_id", "order_id", *keys)
    all_charges = avoidable(books).group_by("shipment_id").aggregate(extra=lambda t: t.avoidable.sum())
    asked = tickets(books).group_by("order_id").aggregate(asked=lambda t: t.money.sum())
    hurt = hurt.pipe(beside, all_charges, "shipment_id").pipe(beside, asked, "order_id")
    cost = hurt.group_by(*keys).aggregate(exception_cost=(hurt.extra.fill_null(0.0) + hurt.asked.fill_null(0.0)).sum())
    parts = [part for table in (handed, due, billed, cost) if len(part := table.to_pandas())]
    values = ["shipments", "exceptions", "promised", "on_time", "charges", "avoidable_charges", "invoiced", "exception_cost"]
    out = pd.concat(parts or [pd.DataFrame(columns=[*keys, *values])], ignore_index=True).reindex(columns=[*keys, *values])
    out = out.groupby(keys, as_index=False)[values].sum(min_count=1).astype(dict.fromkeys(values, float))
    counts = ["shipments", "exceptions", "promised", "on_time"]
    out[counts] = out[counts].fillna(0)
    if not books.has("carrier_events", books.week.window):
        out[["exceptions", "exception_cost"]] = np.nan
    if not books.has("shipments.promised_delivery_at", books.week.window):
        out[["promised", "on_time"]] = np.nan
    out["exception_rate"] = out["exceptions"] / out["shipments"].where(out["shipments"] > 0)
    out["cost_per_shipment"] = out["charges"] / out["invoiced"]
    columns = [
        *keys, "shipments", "exceptions", "exception_rate", "promised", "on_time", "charges", "avoidable_charges", "exception_cost",
        "cost_per_shipment",
    ]  # fmt: skip
    return out[columns].sort_values(keys, ignore_index=True)


def exception_reasons(books: Books) -> pd.DataFrame:
    """A row a carrier, service and reason: shipments of W with an exception for it."""
    h = handed_over(books)
    h = h.filter(h.exception).mutate(reason=h.reason.fill_null("(unknown)"))
    return h.group_by("carrier", "service", "reason").aggregate(shipments=h.count()).order_by("carrier", "service", "reason").to_pandas()


def overcharges(books: Books) -> pd.DataFrame:
    """A row a service with carriage invoiced in W: parcels, billed, expected, parcels `above` their rate and by how much, why."""
    return rows_of(overcharged(books), "carrier", "service").drop(columns="members")


def carrier_mix(books: Books) -> pd.DataFrame:
    """A row a profile of T28's parcels (zone × weight band × promise), dearest first: `checks.carriage.mix`."""
    return mix(books)


def zone_shifts(books: Books) -> pd.DataFrame:
    """A row a location and zone: parcels of W to it, and of as many usually, and what that costs more in W: `checks.zones.shifts`."""
    return shifts(books)


EVIDENCE = (pick_trend, waves, labor_volume, elasticity, dock, carriers, exception_reasons, overcharges, carrier_mix, zone_shifts)
