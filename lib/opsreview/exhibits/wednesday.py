"""Wednesday's evidence: errors and rework, hours against waves and volume, the dock, promises kept, carriers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats, tables, titles
from opsreview.exhibits import Exhibit, Part, drawn, each, listed, ranked, several, target_lines, trend
from opsreview.statistics import wilson

WORK = ["labor", "picks"]


def pick_pack(results: Any) -> list[Part]:
    """Pick/pack accuracy by location, and the errors by kind as they have become."""
    picks = results.evidence("pick_trend")
    subtitle = (
        "As it has become: customers find some errors late, so recent weeks still rise. The trend above is each week as it was known."
    )
    title = each(picks, "location", lambda own: titles.errors(own, results.week), charts.service.ALL)
    chart = charts.error_trend(picks, title, subtitle)
    return [trend(results, "pick_pack_accuracy", ["location"]), drawn(chart, "Errors by kind", results, ["picks"])]


def rework(results: Any) -> list[Part]:
    """How many picks had to be done again, and what that cost in the week."""
    row = results.leaks[(results.leaks.leak == "3") & (results.leaks.part == "rework")]
    parts = [trend(results, "rework_rate", ["location", "error_type"])]
    if len(row) and not formats.missing(row.amount.iloc[0]):
        cost, usual = (formats.money(row[name].iloc[0], results.settings.reporting_currency) for name in ("amount", "baseline"))
        parts.append(tables.note(f"Rework cost {cost} in the week{f'; usually {usual}' if usual != formats.NA else ''}."))
    return parts


def labor_waves(results: Any) -> list[Part]:
    """Paid hours against the work of each hour of the day."""
    hours = results.evidence("waves")
    subtitle = "Bars: picking hours paid. Line: hours that the lines picked in that hour need at the location's own median rate of 28 days."
    title = {place: titles.waves(own) for place, own in hours.groupby("location")}
    chart = charts.waves(hours, title, subtitle, results.settings.reporting_currency)
    return [drawn(chart, "Hours against order waves", results, WORK)]


def labor_elasticity(results: Any) -> list[Part]:
    """Does double the volume take double the hours: each crew's line over 26 weeks, with its interval."""
    volume, fits = results.evidence("labor_volume"), results.evidence("elasticity")
    limit = float(results.settings.checks["linear_strain"]["elasticity"])
    subtitle = "A dot a week. Blue: the fitted line with its 90 % interval; dashed: hours in proportion to volume."
    title = {crew: titles.elasticity(own, limit) for crew, own in fits.groupby(fits.role + " · " + fits.location)}
    chart = charts.elasticity(volume, fits, title, subtitle, results.settings.reporting_currency)
    shown = fits.dropna(subset=["value"]).sort_values("value", ascending=False)
    shown = shown.assign(
        doubled=2**shown.value, says=[titles.strain(row.low, row.high, limit) for row in shown.itertuples()],
        interval=[f"{formats.number(row.low, 2)} to {formats.number(row.high, 2)}" for row in shown.itertuples()],
    )  # fmt: skip
    columns = """
    role | Role | words
    location | Location
    value | Elasticity | two
    interval | 90 % interval | said
    doubled | Double the volume takes hours × | two
    n | Weeks | number
    says | That says
    """
    below = listed(results, shown, columns, "Elasticity of hours to volume", WORK, "fewer than eight weeks with hours and volume")
    return [drawn(chart, "Hours against volume", results, WORK), below]


def dock_to_stock(results: Any) -> list[Part]:
    """Hours from the dock to the shelf: the trend, each line of the week, and what still waits."""
    lines = results.evidence("dock")
    target = (target_lines(results, "dock_to_stock_hours", "") or [None])[0]
    subtitle = (
        "A mark a line stocked in the week or still waiting; black: median of what was stocked; dashed: target. Long waits stand closer."
    )
    chart = charts.dock_to_stock(lines, target, titles.dock(lines, target), subtitle)
    parts = [trend(results, "dock_to_stock_hours", ["location", "supplier"]), drawn(chart, "Dock to stock", results, ["inbound"])]
    waits = lines[lines.state.isin(["at dock", "inconsistent"])].sort_values("hours", ascending=False, na_position="last")
    columns = """
    document_id | Document | code | small=line_id
    sku | SKU | code
    supplier | Supplier | plain
    location | Location
    arrived_at | Arrived | moment
    stocked_at | Stocked | moment
    hours | Hours so far | one
    state | State | pill
    """
    note = "Lines stocked before they arrived are left out of every figure." if (waits.state == "inconsistent").any() else ""
    return [*parts, listed(results, waits, columns, "At the dock, or with times that cannot be", ["inbound"], note=note)]


def on_time_ship(results: Any) -> list[Part]:
    """Promises kept: shipped, delivered, perfect; and where they are not."""
    names = ["on_time_ship_rate", "on_time_delivery_rate", "perfect_order_rate", "perfect_order_rate_matured"]
    return [several(results, names), ranked(results, "on_time_ship_rate", ["location", "service", "carrier"])]


def carriers(results: Any) -> list[Part]:
    """Exceptions by carrier and service with what chance leaves open, what they cost, and why they happened."""
    services, currency = results.evidence("carriers"), results.settings.reporting_currency
    services = services[services.shipments > 0]
    spans = [wilson(e, n, 0.90) for e, n in zip(services.exceptions, services.shipments, strict=True)]
    services = services.assign(
        low=[low for low, _ in spans], high=[high for _, high in spans], lane=services.carrier + " / " + services.service
    )
    subtitle = "Dot: share of the week's shipments, its size is how many. Bar: 90 % interval."
    chart = charts.carriers(services, titles.carriers(services, currency), subtitle, currency)
    shown = services.merge(_reasons(results.evidence("exception_reasons")), on=["carrier", "service"], how="left")
    shown["on_time_share"] = shown.on_time / shown.promised.where(shown.promised > 0)
    shown = shown.sort_values(["exception_cost", "exceptions"], ascending=False, na_position="last")
    columns = """
    lane | Carrier / service | text | small=why
    shipments | Shipments | number
    exceptions | With exception | number
    exception_rate | Share | fine
    on_time_share | Delivered on time | share
    charges | Charged | money
    avoidable_charges | Avoidable | money
    cost_per_shipment | Per shipment | cents
    exception_cost | Exceptions cost | money | bar
    """
    note = "Exceptions cost: the avoidable charges and the tickets of the shipments that had one. Charged: what was invoiced in the week."
    below = listed(results, shown, columns, "Carriers and services in the week", ["shipments"], note=note)
    stands_on = ["shipments", "carrier_events"]
    return [drawn(chart, "Carrier exceptions", results, stands_on), trend(results, "carrier_exception_rate", ["service"]), below]


def carriage(results: Any) -> list[Part]:
    """Carriage against its price: what was billed above the rate, and the profiles of parcels that a cheaper service would do for."""
    billed, profiles = results.evidence("overcharges"), results.evidence("carrier_mix")
    billed = billed.assign(each=billed.over / billed.above.where(billed.above > 0)).sort_values("over", ascending=False)
    columns = """
    service_key | Carrier / service
    parcels | Parcels invoiced | number
    billed | Billed | money
    expected | Expected | money
    above | Parcels above | number
    over | Above by | money | bar
    each | Each | cents?
    of_weight | Of it by weight | money
    """
    note = (
        "Carriage alone, without surcharges. Expected: the rate card for the weight, zone and day, else the label, times what the service "
        "usually bills of it. By weight: billed at a weight above what was declared and what the products weigh."
    )
    caption = _billed_title(billed, results.settings.reporting_currency)
    above = listed(results, billed, columns, caption, ["carrier_charges"], note=note)
    columns = """
    profile | Profile | text | small=services
    parcels | Parcels, 28 days | number
    cost | Cost | money
    kept | Promises kept | share
    other | Cheaper, and in time by history | plain | small=wait
    moved | Parcels to move | number?
    cost_each | Cost each, now | cents?
    other_each | By the other | cents?
    other_kept | It keeps | share?
    saving | Saves a week | money?
    risk | Risk a week | money? | help=later parcels × what a late order costs more
    net | Net a week | money? | bar
    """
    note = (
        "The other service's cost is the rate card's, with what it usually comes to beyond it, else its own history; its keeping is what "
        "parcels of the same zone handed over on the same weekday took in 91 days, against the days that each parcel had."
    )
    found = results.findings[(results.findings.check == "carrier_exceptions") & (results.findings.state != "resolved")]
    wait = profiles.other.isin(found.entity)
    profiles = profiles.assign(wait=wait.map({True: "not while its exceptions are above the usual", False: ""}))
    title = _mix_title(profiles, wait, results)
    stands_on = ["shipments", "carrier_charges", "carrier_rates"]
    file = f"carrier-mix-{results.week}.csv"
    by_profile = listed(results, profiles, columns, title, stands_on, note=note, filterable=True, download=file)
    return [above, by_profile, _zones(results)]


def _zones(results: Any) -> Part:
    """Where each location's parcels went against where they use to, and what that costs in the week."""
    zones, currency = results.evidence("zone_shifts"), results.settings.reporting_currency
    columns = """
    location | Location
    zone | Zone
    to_zone | Parcels | number
    usual | Usual of as many | number
    share | Share | share
    usual_share | Usual share | share
    limit | Limit of its weeks | share?
    amount | In the week | cents | bar
    """
    note = (
        "Every parcel has the mean cost of its zone and weight band in the 13 weeks before, so that only where parcels go makes an amount: "
        "band by band, parcels beyond the usual × what one costs more there than at the location's usual zones. "
        "A limit is said from twelve weeks on."
    )
    title = titles.zones(zones, currency)
    return listed(results, zones, columns, title, ["shipments"], "no zones, no costs, or fewer than four weeks before this one", note=note)


def _billed_title(billed: pd.DataFrame, currency: str) -> str:
    """Which service billed most above its rate in the week, and on how many parcels. Rows: overcharges, the dearest first."""
    whole = formats.money(billed.billed.sum(), currency)
    if billed.empty or not billed.over.iloc[0] > 0:
        return f"Carriage invoiced in the week: {whole}, none of it above its rate" if len(billed) else "Carriage invoiced in the week"
    top = billed.iloc[0]
    over, parcels = formats.money(top.over, currency), formats.count(top.above, "parcel")
    return f"Carriage invoiced in the week: {whole}; {top.service_key} billed {over} above its rate on {parcels}"


def _mix_title(profiles: pd.DataFrame, wait: pd.Series, results: Any) -> str:
    """What moving every parcel that has a cheaper way would save a week, after risk, of what carriage costs; `wait`: not yet."""
    better, currency = profiles.net > 0, results.settings.reporting_currency
    if not better.any():
        return "How parcels were sent, by profile: no cheaper service keeps their promises"
    now, later = profiles.net[better & ~wait], profiles.net[better & wait]
    said = [f"in {len(now)} now, for {formats.money(now.sum(), currency)}"] if len(now) else []
    said += [f"in {len(later)} once its exceptions are back to the usual, for {formats.money(later.sum(), currency)}"] if len(later) else []
    spent = formats.money(profiles.cost.sum() / 4, currency)
    return f"How parcels were sent: of {len(profiles)} profiles a cheaper service would do {' and '.join(said)} of {spent} a week"


def _reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """carrier, service, why: the two most frequent reasons with their counts."""
    if reasons.empty:
        return pd.DataFrame({"carrier": [], "service": [], "why": []}, dtype=str)
    top = reasons.sort_values(["shipments", "reason"], ascending=[False, True]).groupby(["carrier", "service"]).head(2)
    top = top.assign(why=top.reason.map(formats.words) + " " + top.shipments.map(formats.number))
    return top.groupby(["carrier", "service"], as_index=False).why.agg(", ".join)


EXHIBITS: tuple[Exhibit, ...] = (pick_pack, rework, labor_waves, labor_elasticity, dock_to_stock, on_time_ship, carriers, carriage)
