"""What the pictures behind a margin show, said in a sentence: where costs come from, what changed, what is still to come."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from opsreview.formats import NBSP, capital, count, listing, money, share
from opsreview.titles import COSTS

BRIDGE = {
    "net_revenue": "Net revenue", "cost_of_goods": "Goods", "gross_margin": "Gross margin", **COSTS,
    "contribution_margin": "Contribution margin",
}  # fmt: skip
COME_FROM = {"measured": "measured", "contracted": "contracted", "accrued": "accrued", "allocated": "allocated"}
CHANGES = {
    "price": "Price", "volume": "Volume", "mix_of_groups": "Mix of families and channels", "mix_of_skus": "Mix of SKUs",
    "discount": "Discount", "shipping_charged": "Shipping charged to customers", "cost_of_goods": "Cost of goods", **COSTS,
    "shipping_zone": "Shipping: zone", "shipping_weight": "Shipping: weight", "shipping_carrier": "Shipping: carrier",
    "shipping_rate": "Shipping: rate", "shipping_surcharge": "Shipping: surcharges", "shipping_parcels": "Shipping: parcels a unit",
    "shipping_rest": "Shipping: not sent yet", "returns": "Returns", "rest": "All other parts",
}  # fmt: skip


# Causes of leak 3: what a reader calls them, and what they are.
CAUSES = {
    "errors": ("Errors", "rework, wrong addresses, second deliveries, parcels sent back"),
    "surcharges": ("Surcharges", "charges beyond base and fuel"),
    "dimensional_weight": ("Dimensional weight", "billed by size, a tenth or more above the goods"),
    "heavier_parcels": ("Heavier parcels", "where the billed weight is not known yet"),
    "carrier_mix": ("Carrier mix", "the same parcels by dearer carriers and services"),
    "rate": ("Rate", "dearer at the same zone, weight and service"),
    "labor": ("Labor", "pick and pack, without rework"),
    "not_sent_yet": ("Not sent yet", "what such orders are reckoned to cost"),
    "remainder": ("Remainder", "of medians that do not add up"),
    "whole": ("The leak in the week", ""),
    "zone_shift": ("Zone shift (memo)", "parcels to other zones than usual; not in the leak, which is held at this week's zones"),
}


def causes(rows: pd.DataFrame, currency: str) -> str:
    """The causes that leak 3 comes from most, and what goes the other way. Rows: cause, amount."""
    said = rows[rows.cause != "remainder"].dropna(subset=["amount"])
    if said.empty:
        return "Leak 3 by cause: n/a"
    text = f"Leak 3 by cause: {money(rows.amount.sum(), currency)}"
    up, down = said[said.amount >= 0.5], said[said.amount <= -0.5]
    most = [f"{CAUSES[row.cause][0].lower()} {money(row.amount, currency)}" for row in up.nlargest(3, "amount").itertuples()]
    if most:
        text += f", of which {listing(most, 3)}"
    if len(down):
        row = down.nsmallest(1, "amount").iloc[0]
        text += f"; {CAUSES[row.cause][0].lower()} took {money(-row.amount, currency)} off it"
    return text


def come_from(frame: pd.DataFrame, hang: pd.DataFrame, currency: str) -> str:
    """How much of the costs a document says, how much a rule shared, and whose sign hangs on that."""
    whole = frame[frame.grain == "all"] if len(frame) else frame
    if whole.empty or not whole.costs.iloc[0] > 0:
        return "Where costs come from: n/a"
    row = whole.iloc[0]
    said = listing([f"{share(row[kind] / row.costs, 0)} {name}" for kind, name in COME_FROM.items() if row[kind]], 4)
    text = f"Of {money(row.costs, currency)} of costs below gross margin {said}"
    if hang.empty:
        return f"{text}; no SKU's sign hangs on an allocation"
    return f"{text}; {count(len(hang), 'SKU')} would change sign if an allocation were a quarter off"


KINDS_LATE = {"carrier": "carrier charges", "returns": "returns", "support": "support", "week": "the week's margin"}


def late(held: pd.DataFrame, final: tuple[float, float, float] | None, now: float, currency: str) -> str:
    """What the week's margin will come to, and how often such ranges held."""
    said = [f"{row.held} of {row.ranges} ({share(row.share, 0)}) for {KINDS_LATE[row.kind]}" for row in held.itertuples()]
    past = f"past 80{NBSP}% ranges held {listing(said, len(KINDS_LATE))}" if said else "no range has been put to the test yet"
    if final is None:
        return f"What is still to come: n/a; {past}"
    expected, low, high = (money(amount, currency) for amount in final)
    return f"Contribution is {money(now, currency)} now and expected to end at {expected} ({low} to {high}); {past}"


def cohorts(rows: pd.DataFrame, currency: str) -> str:
    """Of one carrier, family or channel: what its newest week should come to, and how often what came was in the range said at once.

    Rows: late_costs of it, with `week`.
    """
    first = rows[(rows.age == 0) & rows.low.notna() & rows.final.notna()]
    held = f"{int(first.final.between(first.low, first.high).sum())} of {count(len(first), 'past week')} ended within its first range"
    missed = {"above": int((first.final > first.high).sum()), "below": int((first.final < first.low).sum())}
    held += "".join(f", {n} {side}" for side, n in missed.items() if n)
    young = rows[rows.final.isna() & rows.low.notna()].sort_values("week")
    if young.empty:
        return f"No week is still to come; {held}"
    row = young.iloc[-1]
    expected, low, high = (money(amount, currency) for amount in (row.expected, row.low, row.high))
    return f"{row.week} is expected to end at {expected} ({low} to {high}); {held}"


def change(rows: pd.DataFrame, currency: str, although: tuple[float, float] | None = None, names: Mapping[str, str] | None = None) -> str:
    """How contribution stands against its usual level, the parts that moved it most, and the SKU, family or channel that each is mostly in.

    `names`: of SKUs, where they are said. `although`: growth of net revenue and of contribution in a week that sold more and kept no more;
    it is then called by its name.
    """
    whole = rows[rows.grain == "all"] if len(rows) else rows
    if whole.empty:
        return "What changed contribution margin: too few weeks of history"
    amount = whole.set_index("part").amount
    moved = amount.contribution_margin - amount.baseline
    parts = whole[whole.kind == "part"]
    said = [
        f"{CHANGES[row.part].lower()} {signed(row.amount, currency)}{_mostly(rows, row.part, row.amount, names or {})}"
        for row in parts.head(3).itertuples()
        if row.amount
    ]
    way = f"{money(abs(moved), currency)} {'above' if moved > 0 else 'below'}" if round(moved) else "at"
    text = f"contribution is {money(amount.contribution_margin, currency)}, {way} its usual level"
    text = f"{_name(although[1])}: {text} while net revenue is {share(although[0], 1)} above" if although else capital(text)
    return f"{text}: {listing(said, 3)}" if said else text


MOST = 0.75  # of a part, from which a family or channel is said to be where it lies


def _mostly(rows: pd.DataFrame, part: str, amount: float, names: Mapping[str, str]) -> str:
    """` (Fern cardigan)`: the SKU, family or channel that most of a part lies in; empty where it is spread, or nothing else was sold."""
    several = rows[rows.grain != "all"].groupby("grain").key.nunique()
    inside = rows[(rows.part == part) & rows.grain.isin(several[several > 1].index)]
    inside = inside.assign(share=inside.amount / amount, wide=inside.grain != "sku")
    inside = inside[inside.share >= MOST].sort_values(["wide", "share"], ascending=[True, False], kind="stable")
    return f" ({names.get(inside.key.iloc[0], inside.key.iloc[0])})" if len(inside) else ""


def signed(amount: float, currency: str) -> str:
    """`+€120`, `−€80`."""
    text = money(amount, currency)
    return text if amount < 0 else f"+{text}"


def _name(margin: float) -> str:
    return f"Revenue up, margin {'down' if margin < -0.0005 else 'flat'}"


def flat_although(revenue: float, margin: float) -> str:
    """A week in which more was sold and no more kept, called by its name."""
    kept = "at" if abs(margin) <= 0.0005 else f"{share(abs(margin), 1)} {'below' if margin < 0 else 'above'}"
    return f"{_name(margin)}: net revenue is {share(revenue, 1)} above its usual level, contribution {kept} its own."
