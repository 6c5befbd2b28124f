"""Carriage: billed above its price, and parcels that a cheaper service would have brought in time."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from opsreview.books import Books, beside, fact
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.carriers import troubled
from opsreview.checks.stakes import price_of
from opsreview.facts.carriage import BANDS, ENOUGH, HISTORY_DAYS, SERVICE, billed, carried, rate_card
from opsreview.formats import count, number, share
from opsreview.weeks import WEEKS

A_DAY = 5  # parcels handed over on a weekday from which a service's transit from it counts as known
PROFILE = ["zone", "band", "promise"]
DAYS = ("the same day", "one day", "two days", "three days", "four days", "five days", "six days", "seven days")


@fact
def overcharged(books: Books) -> ibis.Table:
    """One row a service with carriage invoiced in W: parcels, billed, expected; those `above`: how many, `over`, `of_weight`, members."""
    t, limits = billed(books), books.settings.checks["carrier_overcharge"]
    t = t.filter(t.in_week, t.expected.notnull())
    t = t.mutate(above=(t.over > float(limits["amount"])) & (t.over > float(limits["share"]) * t.expected))
    return t.group_by(*SERVICE, "service_key").aggregate(
        parcels=t.count(), billed=t.billed.sum(), expected=t.expected.sum(), above=t.above.sum(),
        over=t.over.sum(where=t.above).fill_null(0.0),
        of_weight=t.over.sum(where=t.above & t.reweighed).fill_null(0.0),
        by_card=t.by_card.sum(),
        members=t.shipment_id.group_concat("; ", order_by=t.shipment_id, where=t.above),
    )  # fmt: skip


@check
def carrier_overcharge(ctx: Context) -> pd.DataFrame:
    """Services that billed more for carriage than the rate card, else the label, lets expect of them."""
    if not ctx.covered(7, "carrier_charges"):
        return nothing()
    rows = rows_of(overcharged(ctx.books), *SERVICE)
    rows["impact"] = rows["over"]
    rows = worth(ctx, rows[rows["above"] > 0])
    return found(
        rows,
        entity=rows["service_key"],
        title=say(rows, lambda r: f"{r.service_key} billed {count(r.above, 'parcel')} {ctx.money(r.over)} above {_source(r)}"),
        observed=rows["billed"],
        expected=rows["expected"],
        threshold=ctx.threshold("carrier_overcharge", "share"),
        basis="what the week's invoices ask above the expected rate, parcel by parcel",
        decision="dispute_charge",
        detail=say(
            rows,
            lambda r: (
                f"{number(r.above)} of {number(r.parcels)} parcels, {ctx.money(r.over / r.above)} each"
                + (f"; {ctx.money(r.of_weight)} of it by weight above what was declared" if r.of_weight else "")
            ),
        ),
        evidence=f"carrier_charges of the week, carrier_rates, usual ratio of {HISTORY_DAYS} days",
    )


def _source(row: Any) -> str:
    return "the rate card" if row.by_card == row.parcels else "the labels" if not row.by_card else "rate card and labels"


@fact
def transit(books: Books) -> ibis.Table:
    """One row a service, zone and weekday of handover in T91, and days it took (empty: late, and not there yet): parcels."""
    t = carried(books, books.week.trailing(HISTORY_DAYS))
    t = t.filter(t.kept.notnull())
    return t.group_by(*SERVICE, "service_key", "zone", "weekday", "took").aggregate(parcels=t.count())


@fact
def keeps(books: Books) -> ibis.Table:
    """One row a zone, weekday and days of room of T28's parcels, and a service that knows that way: `would_keep`, its share in time."""
    p, t = carried(books, books.week.trailing(28)), transit(books)
    asked = p.select("zone", "weekday", "room").distinct()
    known = t.group_by("service_key", "zone").aggregate(parcels=t.parcels.sum()).filter(lambda x: x.parcels >= ENOUGH)
    t = t.semi_join(known, ["service_key", "zone"])
    both = asked.join(t, ["zone", "weekday"])
    by = both.group_by("zone", "weekday", "room", *SERVICE, "service_key").aggregate(
        known=both.parcels.sum(), in_time=both.parcels.sum(where=both.took <= both.room).fill_null(0)
    )
    return by.filter(by.known >= A_DAY).mutate(would_keep=by.in_time / by.known.cast("float64")).drop("known", "in_time")


@fact
def own_costs(books: Books) -> ibis.Table:
    """One row a service, zone and weight band of T91: `mean` cost of a parcel that has one, `ratio` of the service's cost to its card.

    A parcel without label cost whose invoice has not come costs nothing so far: it says nothing of what the service asks for.
    """
    t = carried(books, books.week.trailing(HISTORY_DAYS))
    t = t.filter(t.cost > 0)
    on_card = t.filter(t.card > 0).group_by("service_key").aggregate(ratio=lambda x: x.cost.sum() / x.card.sum())
    by = t.group_by("service_key", "zone", "band").aggregate(mean=t.cost.mean(), parcels=t.count())
    return beside(by.filter(by.parcels >= A_DAY).drop("parcels"), on_card, "service_key")


@fact
def alternatives(books: Books) -> ibis.Table:
    """One row a profile (zone, band, promise) of T28, service used and service that could have been: parcels, cost and in time, both ways.

    The other's cost is the card's rate for each parcel times what the service usually comes to of its card, else its own mean of zone
    and band. Its keeping is its own history from that weekday, with the days the parcel had.
    """
    p, r, c = carried(books, books.week.trailing(28)), rate_card(books), own_costs(books)
    k = keeps(books).rename(other_carrier="carrier", other_service="service", other="service_key")
    p = p.mutate(day=p.label_created_at_local.date())
    t = p.join(k, ["zone", "weekday", "room"]).filter(lambda x: x.other != x.service_key)
    of_other = [t.other_carrier == r.carrier, t.other_service == r.service, t.zone == r.zone]
    weighed = [t.ours_kg > r.above_kg, t.ours_kg <= r.max_weight_kg, t.day >= r.since, t.day < r.until]
    listed = t.join(r, [*of_other, *weighed]).select(t.shipment_id, t.other, listed=r.rate)
    t = beside(t, listed, "shipment_id", "other")
    ratio = c.group_by("service_key").aggregate(ratio=c.ratio.max()).rename(other="service_key")
    t = beside(beside(t, ratio, "other"), c.select("zone", "band", "mean", other="service_key"), "other", "zone", "band")
    t = t.mutate(other_cost=ibis.coalesce(t.listed * t.ratio.fill_null(1.0), t["mean"]))
    t = t.filter(t.other_cost.notnull(), t.cost > 0)
    return t.group_by(*PROFILE, "service_key", "other").aggregate(
        parcels=t.count(), cost=t.cost.sum(), other_cost=t.other_cost.sum(), known=t.kept.count(), in_time=t.kept.sum().fill_null(0),
        would_keep=t.would_keep.sum(),
    )  # fmt: skip


@fact
def used(books: Books) -> ibis.Table:
    """One row a profile (zone, band, promise) of T28 and service: parcels, cost, promises `known` to be kept or not, `in_time`."""
    t = carried(books, books.week.trailing(28))
    return t.group_by(*PROFILE, "service_key").aggregate(
        parcels=t.count(), cost=t.cost.sum(), known=t.kept.count(), in_time=t.kept.sum().fill_null(0)
    )


def kept_usually(books: Books) -> float:
    """The share of promises to deliver that all services kept in T91; n/a without any."""
    p = carried(books, books.week.trailing(HISTORY_DAYS))
    known, kept = p.aggregate(known=p.kept.count(), kept=p.kept.sum().fill_null(0)).to_pandas().iloc[0]
    return float(kept) / float(known) if known else float("nan")


def mix(books: Books) -> pd.DataFrame:
    """A row a profile (zone × weight band × promise) of T28, dearest first: what carried it, cost, promises kept, and the best other way.

    other: the service that saves most after what its later parcels would cost, among those whose history keeps the promise as often as
    promises are kept here, less `checks.carrier_mix.late`; empty where none is cheaper. moved: parcels that went by others and could go
    by it; saving: their cost less its cost; late: how many more of them would come late, priced as late orders are (`risk`);
    net: saving − risk, all a week.
    """
    columns = [
        *PROFILE, "profile", "services", "parcels", "cost", "kept", "other", "moved", "other_kept", "cost_each", "other_each", "saving",
        "late", "risk", "net",
    ]  # fmt: skip
    u = rows_of(used(books), *PROFILE, "service_key")
    if u.empty:
        return pd.DataFrame(columns=columns)
    u = u.sort_values([*PROFILE, "parcels", "service_key"], ascending=[True] * 3 + [False, True])
    u["said"] = u["service_key"] + " " + u["parcels"].map(number)
    whole = u.groupby(PROFILE, as_index=False).agg(
        services=("said", ", ".join), parcels=("parcels", "sum"), cost=("cost", "sum"), known=("known", "sum"), kept=("in_time", "sum")
    )
    whole["kept"] = whole["kept"] / whole["known"].where(whole["known"] > 0)
    a = rows_of(alternatives(books), *PROFILE, "service_key", "other")
    a = a[a["cost"] > a["other_cost"]]
    a["now"] = a["in_time"] / a["known"].where(a["known"] > 0) * a["parcels"]
    a = a.groupby([*PROFILE, "other"], as_index=False)[["parcels", "cost", "other_cost", "would_keep", "now"]].sum(min_count=1)
    a["other_kept"] = a["would_keep"] / a["parcels"]
    a = a[a["other_kept"] >= kept_usually(books) - float(books.settings.checks["carrier_mix"]["late"])]
    a["saving"] = (a["cost"] - a["other_cost"]) / WEEKS
    a["late"] = (a["now"].fillna(a["parcels"]) - a["would_keep"]).clip(lower=0) / WEEKS
    a["risk"] = a["late"] * (price_of(books, "late", "tickets", "refunds", "cancelled") if len(a) else 0.0)
    a["net"] = a["saving"] - a["risk"]
    a["cost_each"], a["other_each"] = a["cost"] / a["parcels"], a["other_cost"] / a["parcels"]
    a = a[a["net"] > 0].sort_values([*PROFILE, "net", "other"], ascending=[True] * 3 + [False, True]).drop_duplicates(PROFILE)
    out = whole.merge(a.rename(columns={"parcels": "moved"}).drop(columns=["cost", "now"]), on=PROFILE, how="left")
    out["profile"] = [profile_words(r.zone, r.band, r.promise) for r in out.itertuples()]
    return out.reindex(columns=columns).sort_values(["cost", "profile"], ascending=[False, True], ignore_index=True)


def profile_words(zone: str, band: float, promise: float) -> str:
    """zone 2, up to 2 kg, two days."""
    heavy = f"over {number(BANDS[-1])} kg" if band > BANDS[-1] else f"up to {number(band, 0 if band >= 1 else 1)} kg"
    weight = heavy if band else "weight not given"
    days = DAYS[int(promise)] if 0 <= promise < len(DAYS) else count(promise, "day")
    return f"zone {zone}, {weight}, {days}"


def _not_while(ctx: Context, r: Any, trouble: pd.DataFrame) -> str:
    """`not while parcelway/standard has trouble with 13.8 % …`: with what the parcels would bring of it in a week at today's rate."""
    if r.other not in trouble.index:
        return ""
    now = trouble.loc[r.other]
    more = r.moved / WEEKS * max(now["value"] - now["usual"], 0.0)
    return (
        f"not while {r.other} has trouble with {share(now['value'])} of its parcels ({share(now['usual'])} is usual): at that rate "
        f"{number(more, 1)} more exceptions a week, {ctx.money(more * now['each'])}; then "
    )


@check
def carrier_mix(ctx: Context) -> pd.DataFrame:
    """Profiles of parcels that a cheaper service would, by its history, have brought in time."""
    if not ctx.covered(28, "shipments", *(f"shipments.{c}" for c in ("zone", "shipped_at", "promised_delivery_at", "delivered_at"))):
        return nothing()
    rows = mix(ctx.books)
    rows["impact"] = rows["net"]
    rows = worth(ctx, rows[rows["moved"] >= ctx.threshold("carrier_mix", "shipments")])
    trouble = troubled(ctx).set_index("key") if len(rows) else pd.DataFrame()
    return found(
        rows,
        entity=rows["profile"],
        title=say(rows, lambda r: f"{r.other} would do for {count(r.moved, 'parcel')} that went dearer: {r.profile}"),
        observed=rows["cost_each"],
        expected=rows["other_each"],
        threshold=ctx.threshold("carrier_mix", "shipments"),
        basis="cost of 28 days less the other service's, and less what its later parcels would cost, / 4",
        # Nothing is moved to a service while it has trouble beyond its usual.
        decision=["defer" if other in trouble.index else "change_carrier" for other in rows["other"]],
        detail=say(
            rows,
            lambda r: (
                f"{_not_while(ctx, r, trouble)}{ctx.money(r.cost_each)} a parcel as sent ({r.services}), "
                f"{ctx.money(r.other_each)} by {r.other}, which keeps {share(r.other_kept)}; "
                f"risk: {number(r.late, 1)} more late a week, {ctx.money(r.risk)}"
            ),
        ),
        evidence=f"shipments and their charges: 28 days; transit and cost of each service: {HISTORY_DAYS} days; carrier_rates",
    )
