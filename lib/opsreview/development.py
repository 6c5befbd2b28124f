"""Late costs: how carrier invoices, returns and tickets of a week go on coming in, and what a young week's figure will come to in the end.

A cohort is a week (of shipment, of order) of a group (a carrier, a family, a channel); its cost so far C at age k weeks is part of a final
U. Past cohorts say by age how much of a final has come (p: the development) and how much there is for each unit of exposure E (rate: final
/ exposure; parcels at label cost, net revenue, orders). How much to listen to what has come differs: invoices come in lumps, so that a week
in which many came early looks dear; returns come by chance. So of three ways, from all ears to none (`WAYS`), the one counts that was
nearest for finished cohorts at that age. The 80 % range comes from how far off it was (Student's t of its errors a unit of exposure).
Nothing here looks ahead: a past week is judged by what was known then, which is what the back-test counts.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside
from opsreview.facts.orders import all_orders, products
from opsreview.facts.returns import FINAL, returns
from opsreview.facts.shipments import shipment_costs
from opsreview.margin import tickets
from opsreview.statistics import student

AGES = {"carrier": 8, "returns": 10, "support": 10}  # weeks after which nothing worth naming comes; returns bring tickets
RECENT = 13  # cohorts that say what is usual
YOUNG = 4  # ages (0 to 3 weeks) at which a cohort is foretold and back-tested
COHORTS = 12  # finished cohorts of the back-test
ENOUGH = 4  # finished cohorts from which there is a range
RANGE = 0.80
OF_SOLD = ["sku", "family", "channel", "net_revenue", "orders"]  # of a change's cells
COLUMNS = ["kind", "key", "ago", "age", "known", "expected", "low", "high", "final"]


def _weeks_ago(books: Books, day: ibis.Value) -> ibis.Value:
    """0 for a day of W, 1 for the week before."""
    return ibis.literal(books.week.end).delta(day, unit="day").cast("int64").sub(1).floordiv(7)


def triangle(books: Books) -> pd.DataFrame:
    """A row a kind (carrier, returns, support), key, cohort (`ago`: weeks before W) and age: the amount that became known at that age.

    A charge is known from its invoice day, a return from its final disposition (until then what it costs is a guess), a ticket from the day
    it was opened, and none before the first folder that says so. Only what a margin bears: of orders not cancelled, lines with a unit cost.
    """
    sources = {"carrier_charges": _carriers, "returns": _returns, "support_tickets": _tickets}
    frames = [books.frame(("late", table), lambda f=f: f(books)) for table, f in sources.items() if books.ever(table)]
    columns = ["kind", "key", "ago", "age", "amount"]
    return pd.concat([f[columns] for f in frames], ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _first_known(books: Books, every: ibis.Table, *keys: str) -> ibis.Table:
    """The Monday of the first folder that brought a row; `every`: all versions of all rows."""
    every = every.filter(every.week <= books.week.monday)
    return every.group_by(*keys).aggregate(first=every.week.min().cast("date"))


def _placed(books: Books) -> ibis.Table:
    """Orders not cancelled: a margin bears no other, whenever they were placed."""
    return all_orders(books).filter(lambda o: ~o.cancelled)


def _sent(books: Books, shipments: ibis.Table) -> ibis.Table:
    """Those that were handed over."""
    return shipments.filter(shipments.shipped_at.notnull()).semi_join(_placed(books), "order_id")


def _carriers(books: Books) -> ibis.Table:
    s, c = books.table("shipments"), books.table("carrier_charges")
    s = _sent(books, s).select("shipment_id", key="carrier", day=s.shipped_at_local.date())
    c = c.pipe(
        beside, _first_known(books, books.known.exports.rows("carrier_charges"), "invoice_id", "charge_id"), "invoice_id", "charge_id"
    )
    t = c.join(s, "shipment_id")
    return _aged(books, t.mutate(known=ibis.greatest(t.invoiced_on, t["first"]), amount=t.amount.fill_null(0.0)), "carrier")


def _returns(books: Books) -> ibis.Table:
    every = books.known.exports.rows("returns")
    told = _first_known(books, every.filter(every.disposition.isin(FINAL)), "return_id", "line_no")
    r = returns(books).filter(lambda t: t.final, lambda t: t.unit_cost.notnull()).pipe(beside, told, "return_id", "line_no")
    r = r.mutate(on=ibis.coalesce(r.disposed_at_local, r.received_at_local, r.requested_at_local).date())
    t = r.join(_placed(books).select("order_id", ordered="day"), "order_id")
    cost = t.refund + t.reverse_shipping + t.handling - t.value_back.fill_null(0.0)
    return _aged(books, t.mutate(known=ibis.greatest(t.on, t["first"]), key=t.family, day=t.ordered, amount=cost), "returns")


def _tickets(books: Books) -> ibis.Table:
    k = tickets(books).pipe(beside, _first_known(books, books.known.exports.rows("support_tickets"), "ticket_id"), "ticket_id")
    k = k.select("order_id", "first", "money", on=k.opened_at_local.date())
    t = k.join(_placed(books).select("order_id", key="channel", day="day"), "order_id").join(_costed_share(books, k), "order_id")
    return _aged(books, t.mutate(known=ibis.greatest(t.on, t["first"]), amount=t.money * t.costed), "support")


def _costed_share(books: Books, asked: ibis.Table) -> ibis.Table:
    """One row an order `asked` about: `costed`, the share of its units whose SKU has a unit cost (of its lines where it has no units)."""
    of = books.table("order_lines").semi_join(asked, "order_id").left_join(products(books).select("sku", "unit_cost"), "sku")
    of = of.mutate(units=ibis.greatest(of.quantity - of.cancelled_quantity.fill_null(0.0), 0.0), known=of.unit_cost.notnull())
    by = of.group_by("order_id").aggregate(
        share=of.units.sum(where=of.known).fill_null(0.0) / of.units.sum().nullif(0), lines=of.known.sum() / of.count()
    )
    return by.select("order_id", costed=by.share.fill_null(by.lines))


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
    s = _sent(books, s).select("shipment_id", "label_cost", key="carrier", day=s.shipped_at_local.date())
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


def benktander(known: float, exposure: float, p: float, rate: float) -> float:
    """What has come, and of the rest what chain ladder and exposure say between them."""
    return known + (1 - p) * (known + (1 - p) * rate * exposure)


def bornhuetter_ferguson(known: float, exposure: float, p: float, rate: float) -> float:
    """What has come, and the rest as it usually comes."""
    return known + (1 - p) * rate * exposure


def usual(known: float, exposure: float, p: float, rate: float) -> float:
    """What usually comes in the end, at least what has come."""
    return max(known, rate * exposure)


WAYS = (benktander, bornhuetter_ferguson, usual)


def outlook(amounts: np.ndarray, exposure: np.ndarray, age: int) -> tuple[float, float, float, float]:
    """(known, expected, low, high) of the cohort that is `age` weeks old, by what the cohorts up to it show.

    Under four finished cohorts Benktander's, without a range. What is usual is learnt from the last quarter; which way is nearest, and the
    range, from every finished cohort: that levels drift counts as an error too.
    """
    n, ages = amounts.shape
    p, rate = develop(amounts[-RECENT:], exposure[-RECENT:])
    at = n - 1 - age
    known = float(amounts[at, : age + 1].sum())
    done = [i for i in range(n - ages + 1) if exposure[i] > 0]
    if len(done) < ENOUGH:
        return known, float(benktander(known, exposure[at], p[age], rate)), float("nan"), float("nan")
    came = [amounts[i, : age + 1].sum() for i in done]
    errors = [[amounts[i].sum() - way(c, exposure[i], p[age], rate) for i, c in zip(done, came, strict=True)] for way in WAYS]
    squares = np.square(errors / exposure[done]).mean(axis=1)
    nearest = int(squares.argmin())
    expected = float(WAYS[nearest](known, exposure[at], p[age], rate))
    reach = _reach(squares[nearest], len(done)) * float(exposure[at])
    return known, expected, expected - reach, expected + reach


def _reach(square: float, n: int) -> float:
    """Half of an 80 % range, from the mean square of n errors."""
    return float(student(0.5 + RANGE / 2, n - 1) * np.sqrt(square * (1 + 1 / n)))


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


def held(late_costs: pd.DataFrame, *by: str) -> pd.DataFrame:
    """A row a kind (and whatever else `by` names): how many past ranges there were, how many held what came (`share`), and by how much
    more came in the end than was expected (`beyond`, a share)."""
    past = late_costs.dropna(subset=["final", "low"])
    inside = (past["final"] >= past["low"]) & (past["final"] <= past["high"])
    grouped = past.assign(held=inside).groupby(["kind", *by], as_index=False)
    out = grouped.agg(ranges=("held", "size"), held=("held", "sum"), final=("final", "sum"), expected=("expected", "sum"))
    more = out["final"] / out["expected"].where(out["expected"] > 0) - 1
    return out.assign(share=out["held"] / out["ranges"], beyond=more).drop(columns=["final", "expected"])


def weekly_errors(late_costs: pd.DataFrame) -> pd.Series:
    """Of each week of which all is finished (`ago`) what came beyond what it said itself, all together."""
    first = late_costs[(late_costs["age"] == 0) & late_costs["final"].notna() & late_costs["low"].notna()]
    by = first.assign(error=first["final"] - first["expected"]).groupby("ago").agg(error=("error", "sum"), n=("error", "size"))
    return by.loc[by["n"] == by["n"].max(), "error"] if len(by) else pd.Series(dtype=float)


def week_held(late_costs: pd.DataFrame) -> pd.DataFrame:
    """The row of `held` for the week's margin: each finished week against the range that the other weeks' errors give."""
    errors = weekly_errors(late_costs).to_numpy()
    if len(errors) <= ENOUGH:
        return pd.DataFrame(columns=["kind", "ranges", "held", "share", "beyond"])
    others = [np.delete(errors, i) for i in range(len(errors))]
    inside = sum(abs(error) <= _reach(np.square(rest).mean(), len(rest)) for error, rest in zip(errors, others, strict=True))
    return pd.DataFrame([{"kind": "week", "ranges": len(errors), "held": int(inside), "share": inside / len(errors), "beyond": np.nan}])


def ranges(late_costs: pd.DataFrame) -> pd.DataFrame:
    """`held` by kind and for the week's margin (`key` empty), then by carrier, family and channel."""
    parts = [held(late_costs).assign(key=""), week_held(late_costs).assign(key=""), held(late_costs, "key")]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def cohorts(triangles: pd.DataFrame, sent: pd.DataFrame, sold: list[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(triangles, exposures) as `late` takes them. `sent`: `parcels`; `sold`: cells of a change (OF_SOLD), W's first.

    A SKU's revenue stands in the family that it was last sold in, of every week: so do its returns, which know no other.
    """
    labelled = sent.groupby("key")["labels"].transform("min") > 0  # every cohort has labels with a cost; else parcels are counted
    given = [sent.assign(kind="carrier", exposure=sent["labels"].where(labelled, sent["parcels"]))]
    weeks = pd.concat([pd.DataFrame(columns=[*OF_SOLD, "ago"])] + [w[OF_SOLD].assign(ago=ago) for ago, w in enumerate(sold) if len(w)])
    family = weeks.drop_duplicates("sku").set_index("sku")["family"]
    for kind, key, exposure in (("returns", weeks["sku"].map(family), "net_revenue"), ("support", weeks["channel"], "orders")):
        by = weeks.assign(key=key).groupby(["ago", "key"], as_index=False)[exposure].sum()
        given.append(by.rename(columns={exposure: "exposure"}).assign(kind=kind))
    frame = pd.concat([part[["kind", "key", "ago", "exposure"]] for part in given], ignore_index=True)
    return triangles, frame[frame["kind"].isin(triangles["kind"])]


def final_margin(sold: pd.DataFrame, sent: pd.DataFrame, late_costs: pd.DataFrame) -> tuple[float, float, float] | None:
    """(expected, low, high) contribution margin of W when its late costs have come; None where nothing is foretold.

    What is expected stands in the place of what margin has booked: of the parcels sent in W (`sent`, `booked`) and of the lines sold in W
    (`sold`: their returns reserve, their support). The range comes from how far off past weeks were as a whole (`weekly_errors`), as
    carriers and families are off together; with fewer than four of them, as if each were off by itself.
    """
    if sold.empty:
        return None
    parcels_now = sent[sent["ago"] == 0]
    booked = {("carrier", k): v for k, v in zip(parcels_now["key"], parcels_now["booked"], strict=True)}
    for kind, of, cost in (("returns", "family", "returns_reserve"), ("support", "channel", "support")):
        booked |= {(kind, key): amount for key, amount in sold.groupby(of)[cost].sum().items()}
    now = late_costs[(late_costs["ago"] == 0) & (late_costs["age"] == 0)].dropna(subset=["low"])
    now = now.assign(booked=[booked.get(pair, np.nan) for pair in zip(now["kind"], now["key"], strict=True)]).dropna(subset=["booked"])
    if now.empty:
        return None
    expected = float(sold["contribution_margin"].sum() - (now["expected"] - now["booked"]).sum())
    errors = weekly_errors(late_costs).to_numpy()
    alone = float(np.sqrt(np.square(now["high"] - now["expected"]).sum()))
    reach = _reach(np.square(errors).mean(), len(errors)) if len(errors) >= ENOUGH else alone
    return expected, expected - reach, expected + reach
