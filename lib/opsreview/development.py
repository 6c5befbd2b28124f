"""Late costs: how carrier invoices and returns of a week go on coming in, and what a young week's figure will come to in the end.

A cohort is a week (of shipment, of order) of a group (a carrier, a family); its cost so far C at age k weeks is part of a final U. Past
cohorts say by age how much of a final has come (p: the development) and how much there is for each unit of exposure E (rate: final /
exposure; parcels at label cost, net revenue). At age 0 there is often nothing yet to multiply, so the chain ladder is tempered by
exposure, as Benktander does: U = C + (1 − p) × (C + (1 − p) × rate × E). At p = 0 that is the usual rate, at p = 1 what has come.
The 80 % range comes from how far off finished cohorts were at that age (Student's t of their errors a unit of exposure). Nothing here
looks ahead: a past week is judged by what was known then, which is what the back-test counts.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside
from opsreview.facts.orders import all_orders
from opsreview.facts.returns import FINAL, returns
from opsreview.facts.shipments import shipment_costs
from opsreview.statistics import student

AGES = {"carrier": 8, "returns": 10}  # weeks after which nothing worth naming comes
RECENT = 13  # cohorts that say what is usual
YOUNG = 4  # ages (0 to 3 weeks) at which a cohort is foretold and back-tested
COHORTS = 12  # finished cohorts of the back-test
ENOUGH = 4  # finished cohorts from which there is a range
RANGE = 0.80
COLUMNS = ["kind", "key", "ago", "age", "known", "expected", "low", "high", "final"]


def _weeks_ago(books: Books, day: ibis.Value) -> ibis.Value:
    """0 for a day of W, 1 for the week before."""
    return ibis.literal(books.week.end).delta(day, unit="day").cast("int64").sub(1).floordiv(7)


def triangle(books: Books) -> pd.DataFrame:
    """A row a kind (carrier, returns), key, cohort (`ago`: weeks before W) and age: the amount that became known at that age.

    A charge is known from its invoice day, a return from its final disposition (until then what it costs is a guess), and neither before
    the first folder that says so.
    """
    sources = {"carrier_charges": _carriers, "returns": _returns}
    frames = [books.frame(("late", table), lambda f=f: f(books)) for table, f in sources.items() if books.ever(table)]
    columns = ["kind", "key", "ago", "age", "amount"]
    return pd.concat([f[columns] for f in frames], ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _first_known(books: Books, every: ibis.Table, *keys: str) -> ibis.Table:
    """The Monday of the first folder that brought a row; `every`: all versions of all rows."""
    every = every.filter(every.week <= books.week.monday)
    return every.group_by(*keys).aggregate(first=every.week.min().cast("date"))


def _carriers(books: Books) -> ibis.Table:
    s, c = books.table("shipments"), books.table("carrier_charges")
    s = s.filter(s.shipped_at.notnull()).select("shipment_id", key="carrier", day=s.shipped_at_local.date())
    c = c.pipe(
        beside, _first_known(books, books.known.exports.rows("carrier_charges"), "invoice_id", "charge_id"), "invoice_id", "charge_id"
    )
    t = c.join(s, "shipment_id")
    return _aged(books, t.mutate(known=ibis.greatest(t.invoiced_on, t["first"]), amount=t.amount.fill_null(0.0)), "carrier")


def _returns(books: Books) -> ibis.Table:
    every = books.known.exports.rows("returns")
    told = _first_known(books, every.filter(every.disposition.isin(FINAL)), "return_id", "line_no")
    r = returns(books).filter(lambda t: t.final).pipe(beside, told, "return_id", "line_no")
    r = r.mutate(on=ibis.coalesce(r.disposed_at_local, r.received_at_local, r.requested_at_local).date())
    t = r.join(all_orders(books).select("order_id", ordered="day"), "order_id")
    cost = t.refund + t.reverse_shipping + t.handling - t.value_back.fill_null(0.0)
    return _aged(books, t.mutate(known=ibis.greatest(t.on, t["first"]), key=t.family, day=t.ordered, amount=cost), "returns")


def _aged(books: Books, t: ibis.Table, kind: str) -> ibis.Table:
    ago = _weeks_ago(books, t.day)
    t = t.mutate(ago=ago, age=ibis.greatest(ago - _weeks_ago(books, t.known), 0))
    by = t.group_by("key", "ago", "age").aggregate(amount=t.amount.sum())
    return by.mutate(kind=ibis.literal(kind)).order_by("key", "ago", "age")


def parcels(books: Books) -> pd.DataFrame:
    """A row a carrier and cohort with a parcel sent: parcels, labels (their label cost), booked (their cost as margin has it now)."""
    if not books.ever("shipments"):
        return pd.DataFrame(columns=["key", "ago", "parcels", "labels", "booked"])
    return books.frame("late parcels", lambda: _parcels(books))


def _parcels(books: Books) -> ibis.Table:
    s = books.table("shipments")
    s = s.filter(s.shipped_at.notnull()).select("shipment_id", "label_cost", key="carrier", day=s.shipped_at_local.date())
    s = s.pipe(beside, shipment_costs(books).select("shipment_id", "cost"), "shipment_id")
    s = s.mutate(ago=_weeks_ago(books, s.day))
    by = s.group_by("key", "ago").aggregate(parcels=s.count(), labels=s.label_cost.sum().fill_null(0.0), booked=s.cost.sum().fill_null(0.0))
    return by.order_by("key", "ago")


# ---- from here on small numbers -------------------------------------------------------------------------------------------------


def develop(amounts: np.ndarray, exposure: np.ndarray) -> tuple[np.ndarray, float]:
    """(p by age, rate): what part of a final has come by each age, and the final a unit of exposure.

    `amounts`: cohorts (oldest first, the last of age 0) × ages; what has not happened is not looked at.
    """
    n, ages = amounts.shape
    steps = np.zeros(ages)
    for age in range(ages):
        seen = slice(0, max(n - age, 0))
        base = exposure[seen].sum()
        steps[age] = amounts[seen, age].sum() / base if base > 0 else 0.0
    rate = steps.sum()
    return (np.cumsum(steps) / rate if rate else np.ones(ages)), float(rate)


def foretell(known: float, exposure: float, p: float, rate: float) -> float:
    """Benktander's expected final: what has come, and of the rest what chain ladder and exposure say between them."""
    return known + (1 - p) * (known + (1 - p) * rate * exposure)


def outlook(amounts: np.ndarray, exposure: np.ndarray, age: int) -> tuple[float, float, float, float]:
    """(known, expected, low, high) of the cohort that is `age` weeks old, by what the cohorts up to it show; no range under four finished.

    What is usual is learnt from the last quarter, the range from every finished cohort: that levels drift counts as an error too.
    """
    n, ages = amounts.shape
    p, rate = develop(amounts[-RECENT:], exposure[-RECENT:])
    at = n - 1 - age
    known = float(amounts[at, : age + 1].sum())
    expected = float(foretell(known, exposure[at], p[age], rate))
    done = [i for i in range(n - ages + 1) if exposure[i] > 0]
    if len(done) < ENOUGH:
        return known, expected, float("nan"), float("nan")
    errors = [(amounts[i].sum() - foretell(amounts[i, : age + 1].sum(), exposure[i], p[age], rate)) / exposure[i] for i in done]
    spread = np.sqrt(np.mean(np.square(errors)) * (1 + 1 / len(done)))
    reach = float(student(0.5 + RANGE / 2, len(done) - 1) * spread * exposure[at])
    return known, expected, expected - reach, expected + reach


def late(triangles: pd.DataFrame, exposures: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS: what every young cohort will come to, and (`final` known) what was said of the last twelve finished ones when young.

    `exposures`: kind, key, ago, exposure; a cohort without a row had none. `age`: its age when this was said; ago − age weeks before W.
    """
    out = []
    for (kind, key), own in exposures.groupby(["kind", "key"], sort=True):
        ages = AGES[str(kind)]
        n = int(own["ago"].max()) + 1
        exposure, amounts = np.zeros(n), np.zeros((n, ages))
        exposure[n - 1 - own["ago"].to_numpy(int)] = own["exposure"]
        mine = triangles[(triangles["kind"] == kind) & (triangles["key"] == key) & (triangles["ago"] < n) & (triangles["age"] < ages)]
        np.add.at(amounts, (n - 1 - mine["ago"].to_numpy(int), mine["age"].to_numpy(int)), mine["amount"].to_numpy(float))
        for age in range(min(YOUNG, n)):
            out.append((kind, key, age, age, *outlook(amounts, exposure, age), float("nan")))
        for ago in range(ages - 1, min(ages - 1 + COHORTS, n)):
            for age in range(YOUNG):
                upto = n - ago + age  # cohorts there were when this one was so old
                if upto <= n:
                    said = outlook(_as_of(amounts[:upto]), exposure[:upto], age)
                    out.append((kind, key, ago, age, *said, float(amounts[n - 1 - ago].sum())))
    return pd.DataFrame(out, columns=COLUMNS)


def _as_of(amounts: np.ndarray) -> np.ndarray:
    """The triangle as it was when its last cohort was of age 0."""
    n, ages = amounts.shape
    return np.where(np.arange(ages)[None, :] <= np.arange(n - 1, -1, -1)[:, None], amounts, 0.0)


def held(late_costs: pd.DataFrame) -> pd.DataFrame:
    """A row a kind: how many past ranges there were, and how many held what came (`share`)."""
    past = late_costs.dropna(subset=["final", "low"])
    inside = (past["final"] >= past["low"]) & (past["final"] <= past["high"])
    by = past.assign(held=inside).groupby("kind", as_index=False).agg(ranges=("held", "size"), held=("held", "sum"))
    return by.assign(share=by["held"] / by["ranges"])


def cohorts(triangles: pd.DataFrame, sent: pd.DataFrame, sold: list[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(triangles, exposures) as `late` takes them. `sent`: `parcels`; `sold`: cells of a change (family, net_revenue), W's first."""
    labelled = sent.groupby("key")["labels"].transform("min") > 0  # every cohort has labels with a cost; else parcels are counted
    given = [sent.assign(kind="carrier", exposure=sent["labels"].where(labelled, sent["parcels"]))]
    for ago, week in enumerate(sold):
        if len(week):
            by = week.groupby("family", as_index=False)["net_revenue"].sum().set_axis(["key", "exposure"], axis=1)
            given.append(by.assign(kind="returns", ago=ago))
    frame = pd.concat([part[["kind", "key", "ago", "exposure"]] for part in given], ignore_index=True)
    return triangles, frame[frame["kind"].isin(triangles["kind"])]


def final_margin(sold: pd.DataFrame, sent: pd.DataFrame, late_costs: pd.DataFrame) -> tuple[float, float, float] | None:
    """(expected, low, high) contribution margin of W when its late costs have come; None where nothing is foretold.

    What is expected stands in the place of what margin has booked: of the parcels sent in W (`sent`, `booked`) and of the lines sold in W
    (`sold`, their returns reserve). The ranges of carriers and families are taken as independent.
    """
    if sold.empty:
        return None
    parcels_now = sent[sent["ago"] == 0]
    booked = {("carrier", k): v for k, v in zip(parcels_now["key"], parcels_now["booked"], strict=True)}
    booked |= {("returns", k): v for k, v in sold.groupby("family")["returns_reserve"].sum().items()}
    now = late_costs[(late_costs["ago"] == 0) & (late_costs["age"] == 0)].dropna(subset=["low"])
    now = now.assign(booked=[booked.get(pair, np.nan) for pair in zip(now["kind"], now["key"], strict=True)]).dropna(subset=["booked"])
    if now.empty:
        return None
    expected = float(sold["contribution_margin"].sum() - (now["expected"] - now["booked"]).sum())
    reach = float(np.sqrt(np.square(now["high"] - now["expected"]).sum()))
    return expected, expected - reach, expected + reach
