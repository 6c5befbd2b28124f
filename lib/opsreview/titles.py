"""What a picture shows, said in a sentence from its own numbers. Each takes the frame the chart takes."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from opsreview import formats
from opsreview.figures import outside
from opsreview.formats import capital, count, listing, money, number, quantity, share, words
from opsreview.weeks import Week

ALL = "(all)"
COSTS = {
    "packaging": "Packaging",
    "shipping": "Shipping",
    "pick_pack": "Pick & pack",
    "payment": "Payment",
    "channel_fees": "Channel fees",
    "support": "Support",
    "returns_reserve": "Returns",
}
LEAKS = {
    "1": "1 Demand planning variance",
    "2": "2 Inventory imbalance",
    "3": "3 Fulfillment cost creep",
    "4": "4 Returns drag",
    "5": "5 Poor cost attribution (memo)",
}


def orders_against_plan(daily: pd.DataFrame, week: Week) -> str:
    """Units of the week and of the four weeks, against plan; against the week before where there is no plan. Rows: of one channel."""
    rows = daily[daily.units.notna()]
    if rows.empty:
        return "No order in these four weeks"
    days = pd.to_datetime(rows.day)
    last = rows[days >= pd.Timestamp(week.monday)]
    sold = f"{number(last.units.sum())} units sold in the week"
    if last.planned_units.notna().any() and last.planned_units.sum() > 0:
        text = f"{sold}, {_against(last.units.sum(), last.planned_units.sum())} plan"
        month = rows[rows.planned_units.notna()]
        if len(month) > len(last):
            text += f"; over {len(month)} days {_against(month.units.sum(), month.planned_units.sum())} plan"
        return text
    before = rows[(days >= pd.Timestamp(week.monday - timedelta(days=7))) & (days < pd.Timestamp(week.monday))]
    if before.units.sum() > 0:
        return f"{sold}, {_against(last.units.sum(), before.units.sum())} the week before; there is no plan to set against it"
    return f"{sold}; there is no plan to set against it"


def plan_vs_actual(chance: pd.DataFrame, rule: float) -> str:
    """How many SKUs are off plan beyond rule and chance, beside what the rule alone would flag and what chance alone explains."""
    if chance.empty or formats.missing(chance.share_flagged.iloc[0]):
        return "SKUs against plan"
    row = chance.iloc[0]
    flagged = round(row.share_flagged * row.catalog_size)
    who = f"{number(flagged)} of {count(row.catalog_size, 'SKU')} ({share(row.share_flagged, 0)})"
    text = f"{who} {'is' if flagged == 1 else 'are'} off plan beyond what chance explains"
    if not formats.missing(row.revenue_share_flagged):
        text += f"; {'it holds' if flagged == 1 else 'they hold'} {share(row.revenue_share_flagged, 0)} of revenue"
    if formats.missing(row.share_beyond_rule) or formats.missing(row.share_by_chance):
        return text
    alone, perfect = share(row.share_beyond_rule, 0), share(row.share_by_chance, 0)
    return f"{text}. A bare {share(rule, 0)} rule would flag {alone}, and {perfect} were the plan perfect"


def days_of_supply(tiers: pd.DataFrame) -> str:
    """Which tiers stand outside their band. `tiers`: tier, value, low, high."""
    said = tiers.dropna(subset=["value"])
    if said.empty:
        return "Days of supply by velocity tier: n/a"
    off = []
    for row in said.itertuples():
        if formats.missing(row.low) or row.low <= row.value <= row.high:
            continue
        side = "under" if row.value < row.low else "over"
        off.append(f"tier {row.tier} holds {number(row.value, 1)} days, {side} its band of {row.low:g} to {row.high:g}")
    if off:
        return capital("; ".join(off))
    held = listing([f"{row.tier} {number(row.value)} days" for row in said.itertuples()], 4)
    return f"Every tier is within its band: {held}" if said.low.notna().any() else f"Days of supply: {held}"


def errors(picks: pd.DataFrame, week: Week) -> str:
    """The most frequent error of the week, against its twelve weeks before."""
    kinds = picks[picks.error_type != ""] if len(picks) else picks
    now = kinds[kinds.week == str(week)].groupby("error_type").errors.sum()
    done = picks[(picks.error_type == "") & (picks.week == str(week))].picks.sum() if len(picks) else 0
    if not done:
        return "No picks in the week"
    if not now.sum():
        return f"No error in {count(done, 'pick')} of the week so far; customers find some later"
    top = now.idxmax()
    recent = [str(week - i) for i in range(12, 0, -1)]
    then = kinds[(kinds.error_type == top) & kinds.week.isin(recent)].errors.sum()
    base = picks[(picks.error_type == "") & picks.week.isin(recent)].picks.sum()
    usual = f", {1000 * then / base:.1f} in the {len(recent)} weeks before" if base else ""
    return f"{capital(words(top))} is the most frequent error: {1000 * now[top] / done:.1f} per 1,000 picks in the week{usual}"


def waves(hours: pd.DataFrame) -> str:
    """Where paid hours and work are furthest apart, and at which hours."""
    frame = hours.dropna(subset=["hours", "need"])
    frame = frame[(frame.hours > 0) | (frame.lines_picked > 0)]
    if frame.empty or not frame.hours.sum():
        return "Hours against order waves"
    gap = frame.assign(gap=frame.hours - frame.need)
    by = gap.assign(off=gap.gap.abs()).groupby("location").agg(off=("off", "sum"), hours=("hours", "sum"))
    by = by[by.hours > 0]
    place = (by.off / by.hours).idxmax()
    own = gap[gap.location == place]
    short, over = own.loc[own.gap.idxmin()], own.loc[own.gap.idxmax()]
    text = f"At {place} hours and work differ by {share(by.off[place] / by.hours[place], 0)} of the hours paid"
    if short.gap < 0:
        text += f"; shortest at {int(short.hour)}:00 ({formats.number(short.gap, 1)}{formats.NBSP}h)"
    return f"{text}, most to spare at {int(over.hour)}:00 (+{formats.number(over.gap, 1)}{formats.NBSP}h)" if over.gap > 0 else text


def elasticity(fits: pd.DataFrame, limit: float = 0.9) -> str:
    """Does double the volume take double the hours: the steepest crew, with its interval and what it allows to say."""
    said = fits.dropna(subset=["value"])
    if said.empty:
        return "Hours against volume: too few weeks to fit"
    row = said.sort_values("value", ascending=False).iloc[0]
    text = f"{capital(words(row.role))} at {row.location}: double the volume takes {2**row.value:.2f} times the hours"
    return f"{text} (elasticity {row.value:.2f}, 90 % interval {row.low:.2f} to {row.high:.2f}); {strain(row.low, row.high, limit)}"


def strain(low: float, high: float, limit: float) -> str:
    """What an elasticity's interval allows to say."""
    if low > 1:
        return "hours grow faster than volume"
    if low > limit:
        return "hours grow about as fast as volume"
    return "more volume takes fewer hours a unit" if high < limit else "the interval does not settle it"


def dock(lines: pd.DataFrame, target: float | None) -> str:
    """The median of what was stocked by location, and what still waits."""
    done = lines[lines.state == "stocked"] if len(lines) else lines
    waits = lines[lines.state == "at dock"] if len(lines) else lines
    parts = []
    if len(done):
        middle = done.groupby("location").hours.median().sort_values(ascending=False)
        parts.append(f"half of the lines took {quantity(middle.iloc[0], 'hours')} or more at {middle.index[0]}")
        if target is not None:
            parts[0] += f" (target {quantity(target, 'hours')})"
    if len(waits):
        parts.append(f"{count(len(waits), 'line')} still at the dock, the longest for {quantity(waits.hours.max(), 'hours')}")
    return capital("; ".join(parts)) if parts else "No line was stocked or waits at the dock"


def carriers(services: pd.DataFrame, currency: str) -> str:
    """The service with the most exceptions against all others, and what its exceptions cost."""
    said = services.dropna(subset=["exception_rate"]) if len(services) else services
    if said.empty:
        return "Carrier exceptions: n/a"
    row = said.sort_values("exception_rate", ascending=False).iloc[0]
    if not row.exceptions:
        return f"No exception on {count(said.shipments.sum(), 'shipment')} of the week"
    others = said.drop(index=row.name)
    text = f"{row.carrier} / {row.service} has an exception on {share(row.exception_rate, 1)} of shipments"
    if others.shipments.sum():
        text += f" against {share(others.exceptions.sum() / others.shipments.sum(), 1)} elsewhere"
    return (
        f"{text}; its exceptions cost {money(row.exception_cost, currency)} in the week"
        if not formats.missing(row.exception_cost)
        else text
    )


def families(margin: pd.DataFrame, by: str = "family") -> str:
    """Who keeps least, and how many lose money."""
    said = margin.dropna(subset=["contribution_margin_share"]) if len(margin) else margin
    if said.empty:
        return "Contribution margin: n/a"
    low = said.sort_values("contribution_margin_share")
    row, losing = low.iloc[0], int((said.contribution_margin < 0).sum())
    many = {"family": "families"}.get(by, f"{by}s")
    text = f"{row[by]} keeps least: {share(row.contribution_margin_share, 1)} of net revenue, from {share(row.gross_margin_share, 1)} gross"
    if losing:
        return f"{text}; {number(losing)} of {number(len(said))} {many} {'loses' if losing == 1 else 'lose'} money"
    return f"{text}; none of {number(len(said))} {many} loses money"


def waterfall(margin: pd.DataFrame) -> str:
    """What is left of gross margin, and the cost that takes most."""
    if margin.empty or not margin.net_revenue.sum() > 0:
        return "From net revenue to contribution margin: n/a"
    whole = margin[["net_revenue", "gross_margin", "contribution_margin", *COSTS]].sum()
    top = whole[list(COSTS)].idxmax()
    gross, left, cost = (share(whole[k] / whole.net_revenue, 1) for k in ("gross_margin", "contribution_margin", top))
    return f"Of {gross} gross margin {left} is left as contribution; most of the way down is {COSTS[top].lower()}, {cost} of net revenue"


def kept(margin: pd.DataFrame, by: str) -> str:
    """`Of net revenue web keeps 13.4 %, marketplace 4.5 % and social −21.4 % as contribution`: the largest first."""
    said = margin.dropna(subset=["contribution_margin_share"]).sort_values("net_revenue", ascending=False)
    if said.empty:
        return f"From net revenue to contribution margin by {by}: n/a"
    shares = [share(value, 1) for value in said.contribution_margin_share]
    rest = [f"{name} {value}" for name, value in zip(said[by], shares, strict=True)][1:]
    return f"Of net revenue {listing([f'{said[by].iloc[0]} keeps {shares[0]}', *rest], 4)} as contribution"


def rerank(skus: pd.DataFrame, currency: str) -> str:
    """Who falls furthest from gross to contribution, and through which cost."""
    said = skus.dropna(subset=["rank_gross", "rank_contribution"]) if len(skus) else skus
    falls = said[said.fall > 0] if len(said) else said
    if falls.empty:
        return "No SKU falls from gross to contribution margin" if len(said) else "SKUs by margin: n/a"
    row = falls.nlargest(1, ["fall", "net_revenue"]).iloc[0]
    through = COSTS.get(row.culprit, words(row.culprit)).lower()
    ranks = f"from {number(row.rank_gross)} by gross to {number(row.rank_contribution)} by contribution margin"
    sku = row.sku if formats.missing(row.get("name")) else f"{row.sku} {row['name']}"
    text = f"{sku} falls furthest of {count(len(said), 'SKU')}, {ranks}{f', through {through}' if through else ''}"
    return f"{text} ({money(row.culprit_money, currency)} beyond the store's share)" if not formats.missing(row.culprit_money) else text


def returns_heat(reasons: pd.DataFrame) -> str:
    """What comes back most, and how much of it is ours to control; what that costs is the bill's to say."""
    said = reasons.dropna(subset=["rate"]) if len(reasons) else reasons
    if said.empty or not said.returned_units.sum():
        return "No return in these four weeks"
    row = said.sort_values(["cost", "returned_units"], ascending=False).iloc[0]
    ours, all_ = said[said.ours_to_control.astype(bool)].returned_units.sum(), said.returned_units.sum()
    text = f"{row.family}, {words(row.reason)}: {share(row.rate, 1)} of units sold come back, the costliest of all"
    return f"{text}; {number(ours)} of {number(all_)} units came back for reasons that are ours to control"


def zones(rows: pd.DataFrame, currency: str) -> str:
    """What the week's parcels cost more or less for where they went. Rows: zone_shifts."""
    if rows.empty:
        return "Where parcels went: n/a"
    amount = rows.amount.sum()
    if abs(amount) < 0.5:
        return "Where parcels went: to their usual zones"
    way = "dearer" if amount > 0 else "cheaper"
    return f"Where parcels went: {way} zones than usual, by {money(abs(amount), currency)} in the week"


def ledger(leaks: pd.DataFrame, sentence: str, currency: str) -> str:
    """The ledger's total of the week, and its largest leak."""
    totals = leaks[(leaks.part == "total") & leaks.leak.isin(["1", "2", "3", "4"])].dropna(subset=["amount"])
    if totals.empty:
        return "The leak ledger: n/a"
    row = totals.sort_values("amount", ascending=False).iloc[0]
    return f"{sentence} The largest is {LEAKS[row.leak][2:].lower()} ({money(row.amount, currency)})".strip()


def _against(now: float, then: float) -> str:
    change = now / then - 1
    return "just on" if abs(change) < 0.0005 else f"{share(abs(change), 1)} {'above' if change > 0 else 'below'}"


def export_weeks(weeks: pd.DataFrame, week: Week) -> str:
    """How this week's exports came, table by table."""
    now = weeks[weeks.week == str(week)]
    said = {"missing": "did not come", "stale": "ends early", "odd": "came in an odd size", "changed": "lost a column"}
    by = {state: [words(t) for t in now[now.state == state].table] for state in said}
    off = [f"{listing(tables, 2)} {said[state]}" for state, tables in by.items() if tables]
    came = int(now["rows"].notna().sum())
    return f"{count(came, 'table')} came in {week}{f': {listing(off, 4)}' if off else ', each as it uses to'}"


def export_rows(rows: pd.DataFrame, week: Week) -> str:
    """How many rows of one table came in the week, against what is usual. Rows: export_weeks of it, with `series`."""
    last = rows.iloc[-1]
    if last.week != str(week):
        return f"{capital(last.series)} came last in {last.week}, with {count(last.value, 'row')}"
    text = f"{capital(last.series)} came with {count(last.value, 'row')}"
    if formats.missing(last.centre):
        return f"{text}; too little history to say what is usual"
    return f"{text}, {outside(rows) or 'within its range'} (mean {number(last.centre)})"
