"""Order-level contribution margin: every cost brought down to the order line, with where each came from.

The parts of `kpis.md`'s table, one function a component; lines add up to orders and orders to the total in each of them. Each takes the
lines and gives them back with columns more, so that all of them are one pass over the lines: a store may have ten million.
"""

from __future__ import annotations

import ibis

from opsreview.books import Books, before, beside, fact, inside, inside_weeks
from opsreview.facts.orders import above_0, orders, sales, share
from opsreview.facts.returns import return_costs
from opsreview.facts.shipments import carries_cost, first_shipment, order_shipping, shipping_accruals
from opsreview.facts.warehouse import labor_rates, weeks_worked
from opsreview.weeks import Window

COMPONENTS = ("packaging", "shipping", "pick_pack", "payment", "channel_fees", "support", "returns_reserve")
COHORT_UNITS = 30  # units from which a group's own return history is used
LINE = ["order_id", "line_id"]
MARGIN = (
    *LINE, "sku", "family", "category", "channel", "units", "net_revenue", "cost_of_goods", "gross_margin", *COMPONENTS,
    "contribution_margin", "costs", "accrued", "costed", "rework", "shipping_provenance",
)  # fmt: skip


def lines(books: Books, window: Window) -> ibis.Table:
    """`sales` of the window: one row a line sold in it."""
    s = sales(books)
    return s.filter(inside(s.day, window))


def with_order_costs(books: Books, window: Window) -> ibis.Table:
    """The lines sold in the window with their share of what their order costs whole: `shipping` and `support`, of it `support_accrued`.

    Worked out an order, and brought down to its lines in one join; of the order itself `shipping_provenance`, `unpriced`, `sent_from`.
    `alone_line`, `alone_sku`, `alone_family`: whether no other line, SKU or family is in the order.
    """
    o, s = orders(books), sales(books)
    o = o.filter(inside(o.day, window)).select("order_id", "channel", "payment_fee", "channel_fee")
    of_lines = s.group_by("order_id").aggregate(
        order_net=above_0(s.net_revenue).sum(),
        alone_line=s.count() == 1,
        alone_sku=s.sku.hash().min() == s.sku.hash().max(),  # numbers are sooner compared than texts
        alone_family=s.family.hash().min() == s.family.hash().max(),
    )
    o = o.pipe(beside, of_lines, "order_id")
    t = lines(books, window).pipe(beside, _support(books, _shipping(books, o)).drop("channel"), "order_id")
    return t.mutate(
        by_net=share(t.net_revenue, t.order_net, t.by_units),
        shipping=t.by_weight * t.carriage,
        support=t.by_units * (t.tickets + t.tickets_accrued),
        support_accrued=t.by_units * t.tickets_accrued,
    )


def _shipping(books: Books, o: ibis.Table) -> ibis.Table:
    """The orders with `carriage` and its provenance (invoiced, label, accrued); `unpriced` and `sent_from`."""
    default = ibis.literal(books.settings.costs.shipping_per_order, "float64")
    costs = order_shipping(books).select("order_id", "invoiced", "unpriced", cost="shipping", sent_from="location")
    o = o.pipe(beside, costs, "order_id")
    if not (books.ever("shipments") and carries_cost(books)):
        unpriced, accrued = ibis.literal(False), ibis.literal("accrued")
        return o.mutate(carriage=default, shipping_provenance=accrued, unpriced=unpriced)
    means = shipping_accruals(books)
    overall = means.filter(means.channel.isnull()).accrual.max().as_scalar()
    o = o.pipe(beside, means.filter(means.channel.notnull()), "channel")
    return o.mutate(
        carriage=ibis.coalesce(o.cost, o.accrual, overall, default),
        shipping_provenance=ibis.cases((o.invoiced.fill_null(False), "invoiced"), (o.cost.notnull(), "label"), else_="accrued"),
    )


def _support(books: Books, o: ibis.Table) -> ibis.Table:
    """The orders with money of the `tickets` they have, and of those still to be expected (`tickets_accrued`)."""
    last = books.last_week("support_tickets")
    if last is None:
        none = ibis.literal(0.0, "float64")
        return o.mutate(tickets=none, tickets_accrued=none)
    k = tickets(books)
    own = k.filter(k.order_id.notnull()).group_by("order_id").aggregate(own=k.money.sum())
    cohort = Window(before(last, 56), before(last, 28))
    past = orders(books)
    past = past.filter(inside(past.day, cohort)).pipe(beside, own, "order_id")
    means = past.group_by("channel").aggregate(mean=past.own.fill_null(0.0).sum() / past.count())
    o = o.pipe(beside, own, "order_id").pipe(beside, means, "channel")
    known = o.own.fill_null(0.0)
    return o.mutate(tickets=known, tickets_accrued=ibis.greatest(o["mean"].fill_null(0.0) - known, 0.0))


@fact
def tickets(books: Books) -> ibis.Table:
    """One row a support ticket opened before `as_of`: `money`, its cost, else its minutes at the team's rate."""
    t = books.table("support_tickets")
    by_minutes = t.handle_minutes * books.settings.costs.support_per_minute
    return t.mutate(money=t.cost.fill_null(by_minutes).fill_null(0.0))


@fact
def handled(books: Books, window: Window) -> ibis.Table:
    """One row a line and location it was ever picked at: when last; `reworked`, minutes in the window.

    Of the window's `weeks_worked`, whose labor is known: picks, quantity, rework minutes.
    """
    p = books.table("picks")
    day = p.picked_at_local.date()
    now, known = inside(day, window), inside_weeks(day, window, weeks_worked(books, window))
    p = p.mutate(now=now, known=known, rework_minutes=p.rework_minutes.fill_null(0.0))
    return p.group_by("order_id", "line_id", "location").aggregate(
        latest=p.picked_at.max(),
        reworked=p.rework_minutes.sum(where=p.now),
        picks=p.known.sum(),
        quantity=p.quantity.sum(where=p.known),
        minutes=p.rework_minutes.sum(where=p.known),
    )


@fact
def pick_pack_rates(books: Books, window: Window) -> ibis.Table:
    """One row a location, and one without for all of them: money a line picked, a unit picked, a rework minute.

    Half of what pick and pack labor cost beyond rework is borne by lines, half by units.
    """
    cost = labor_rates(books, window)
    cost = cost.mutate(per_minute=cost.cost / cost.hours.nullif(0) / 60.0)
    if books.told(window, "labor", "picks"):
        p = handled(books, window).filter(lambda t: t.picks > 0)
        done = p.group_by("location").aggregate(lines=p.count(), units=p.quantity.sum(), minutes=p.minutes.sum())
    else:
        t = lines(books, window).join(first_shipment(books), "order_id")
        t = t.filter(inside_weeks(t.day, window, weeks_worked(books, window)))
        done = t.group_by("location").aggregate(lines=t.count(), units=t.units.sum()).mutate(minutes=0.0)
    both = cost.join(done, "location")
    minute = (cost.cost.sum() / cost.hours.sum().nullif(0) / 60.0).as_scalar().fill_null(0.0)
    both = both.mutate(per_minute=both.per_minute.fill_null(minute))
    both = both.mutate(half=(both.cost - both.minutes * both.per_minute) / 2.0)
    here = both.select(
        "location",
        "per_minute",
        per_line=(both.half / both.lines.nullif(0)).fill_null(0.0),
        per_unit=(both.half / both.units.nullif(0)).fill_null(0.0),
    )
    pooled = both.aggregate(per_line=both.half.sum() / both.lines.sum().nullif(0), per_unit=both.half.sum() / both.units.sum().nullif(0))
    everywhere = pooled.select("per_line", "per_unit", location=ibis.null("string"), per_minute=minute)
    return here.union(everywhere.select(*here.columns))


def pick_pack(books: Books, window: Window, t: ibis.Table) -> ibis.Table:
    """The lines with `pick_pack`, of it `rework`, and `pick_pack_accrued` where not picked in the window; after `with_order_costs`.

    What labor cost in the weeks that tell it and the picks is the rate of them all.
    """
    each = books.settings.costs.pick_pack_per_line
    if not weeks_worked(books, window):
        none = t.units * 0.0  # the engine takes a bare 1.2 for a decimal
        return t.mutate(pick_pack=none + each, rework=none, pick_pack_accrued=none)
    rates = pick_pack_rates(books, window)
    overall = rates.filter(rates.location.isnull())
    here = rates.filter(rates.location.notnull())
    line_mean = overall.per_line.max().as_scalar()
    no_rates = line_mean.isnull()  # no location had both labor and picks
    line_mean = line_mean.fill_null(each)
    unit_mean = overall.per_unit.max().as_scalar().fill_null(0.0)
    minute_mean = overall.per_minute.max().as_scalar()
    p = handled(books, window).pipe(beside, here, "location")
    borne = p.per_line.fill_null(line_mean) + p.quantity * p.per_unit.fill_null(unit_mean)
    p = p.mutate(rework=p.reworked * p.per_minute.fill_null(minute_mean), borne=ibis.ifelse(p.picks > 0, borne, None))
    picked = p.group_by(*LINE).aggregate(rework=p.rework.sum(), borne=p.borne.sum(), location=p.location.argmax(p.latest))
    t = t.pipe(beside, picked, *LINE)
    t = t.mutate(place=t.location.fill_null(t.sent_from)).pipe(beside, here.rename(place="location"), "place")
    accrual = t.per_line.fill_null(line_mean) + t.units * t.per_unit.fill_null(unit_mean)
    shared_out = t.borne.notnull()
    if not books.told(window, "labor", "picks"):  # lines that went out stand in for lines picked
        shared_out = t.sent_from.notnull() & inside_weeks(t.day, window, weeks_worked(books, window))
    rework = t.rework.fill_null(0.0)
    return t.mutate(
        rework=rework,
        pick_pack=ibis.ifelse(no_rates, each, t.borne.fill_null(accrual)) + rework,
        pick_pack_accrued=ibis.ifelse(shared_out | no_rates, 0.0, accrual),
    )


def _fees(books: Books, t: ibis.Table) -> ibis.Table:
    """The lines with `payment` and `channel_fees`: the order's own where it names them (`…_own`), else by contracted rates."""
    costs = books.settings.costs
    rate = ibis.cases(*((t.channel == c, r) for c, r in costs.channel_rate.items()), else_=0.0) if costs.channel_rate else 0.0
    by_rate = costs.payment_rate * t.net_revenue + costs.payment_fixed * t.by_net
    return t.mutate(
        payment_own=t.payment_fee.notnull(),
        channel_fees_own=t.channel_fee.notnull(),
        payment=ibis.ifelse(t.payment_fee.notnull(), t.payment_fee * t.by_net, by_rate),
        channel_fees=ibis.ifelse(t.channel_fee.notnull(), t.channel_fee * t.by_net, rate * t.net_revenue),
    )


@fact
def return_cohort(books: Books) -> ibis.Table:
    """One row a SKU, family and channel sold in the 56 days that ended 28 days before `as_of`: units, net revenue, what returns cost."""
    last = books.last_week("returns") or books.week
    cohort = Window(before(last, 84), before(last, 28))
    s = sales(books)
    s = s.filter(inside(s.day, cohort)).pipe(beside, return_costs(books, cohort), *LINE)
    cost = s.return_cost.fill_null(0.0).sum()
    return s.group_by("sku", "family", "channel").aggregate(units=s.units.sum(), net=s.net_revenue.sum(), cost=cost)


@fact
def reserve_rates(books: Books) -> ibis.Table:
    """One row a group of the cohort that is large enough: level (1 SKU and channel … 4 all), its keys, `rate` of net revenue."""
    s = return_cohort(books)
    none = ibis.null("string")
    levels = []
    for level, keys in enumerate((("sku", "channel"), ("family", "channel"), ("channel",), ()), start=1):
        figures = {c: s[c].sum() for c in ("units", "net", "cost")}
        t = s.group_by(*keys).aggregate(**figures) if keys else s.aggregate(**figures)
        enough = t.net > 0 if not keys else (t.net > 0) & (t.units >= COHORT_UNITS)
        t = t.filter(enough)
        columns = {k: (t[k] if k in keys else none) for k in ("sku", "family", "channel")}
        levels.append(t.select(level=ibis.literal(level), rate=t.cost / t.net, **columns))
    return ibis.union(*levels)


def _reserve(books: Books, t: ibis.Table) -> ibis.Table:
    """The lines with `returns_reserve`, net revenue × what its SKU, family or channel has lost to returns; 0 without a history."""
    if not books.ever("returns"):
        return t.mutate(returns_reserve=t.units * 0.0)
    rates = reserve_rates(books)
    overall = rates.filter(rates.level == 4).rate.max().as_scalar()
    for level, keys in ((1, ["sku", "channel"]), (2, ["family", "channel"]), (3, ["channel"])):
        these = rates.filter(rates.level == level).select(*keys, **{f"rate{level}": "rate"})
        t = t.pipe(beside, these, *keys)
    return t.mutate(returns_reserve=t.net_revenue * ibis.coalesce(t.rate1, t.rate2, t.rate3, overall, 0.0))


@fact
def costed_lines(books: Books, window: Window) -> ibis.Table:
    """One row a line sold in the window: every cost but those of `margins`, the accrued part of it, and what it was worked out from.

    Held, also where it is asked for once: the joins are over before anyone sorts ten million lines, so that both fit in little memory.
    """
    t = with_order_costs(books, window)
    t = _reserve(books, _fees(books, pick_pack(books, window, t)))
    return t.select(
        *LINE, "sku", "family", "category", "channel", "units", "net_revenue", "by_net", "unit_cost", "packaging_cost", "payment_own",
        "channel_fees_own", "unpriced", "shipping_provenance", "rework", *COMPONENTS[1:], "pick_pack_accrued", "support_accrued",
        "alone_line", "alone_sku", "alone_family",
    )  # fmt: skip


def order_margin(books: Books, window: Window) -> ibis.Table:
    """One row a line sold in the window: net revenue, each cost, gross and contribution margin (empty where the SKU has no unit cost).

    `accrued` is the part of its costs below gross margin that no invoice, order or ticket has measured yet; `costs` is all of them.
    """
    return margins(costed_lines(books, window)).select(*MARGIN)


def margins(t: ibis.Table) -> ibis.Table:
    """`costed_lines` with what follows from a line alone: cost of goods, packaging, costs, margins, `accrued`, `costed`."""
    not_sent = ibis.ifelse(t.shipping_provenance == "accrued", t.shipping, 0.0)
    t = t.mutate(cost_of_goods=t.units * t.unit_cost, packaging=t.units * t.packaging_cost.fill_null(0.0), shipping_accrued=not_sent)
    t = t.mutate(costs=sum((t[c] for c in COMPONENTS[1:]), t[COMPONENTS[0]]), gross_margin=t.net_revenue - t.cost_of_goods)
    return t.mutate(
        contribution_margin=t.gross_margin - t.costs,
        costed=t.unit_cost.notnull(),
        accrued=t.shipping_accrued + t.pick_pack_accrued + t.support_accrued + t.returns_reserve,
    )


@fact
def by_sku(books: Books, window: Window) -> ibis.Table:
    """One row a SKU sold in the window, of its costed lines: units, net revenue, components, margins and their shares."""
    t = order_margin(books, window)
    t = t.filter(t.costed)
    sums = {c: t[c].sum() for c in ("units", "net_revenue", "cost_of_goods", "gross_margin", *COMPONENTS, "contribution_margin")}
    by = t.group_by("sku", "family").aggregate(**sums)
    net = ibis.ifelse(by.net_revenue > 0, by.net_revenue, None)
    return by.mutate(gross_share=by.gross_margin / net, contribution_share=by.contribution_margin / net)


@fact
def false_confidence(books: Books) -> ibis.Table:
    """One row a SKU that looks healthy and is not, over T28: gross margin on target, contribution margin below it, 20 units or more."""
    targets, least = books.settings.targets, books.settings.checks["false_confidence"]["units"]
    t = by_sku(books, books.week.trailing(28))
    healthy = t.gross_share >= float(targets["gross_margin"].ok)  # type: ignore[arg-type]
    short = t.contribution_share < float(targets["contribution_margin"].ok)  # type: ignore[arg-type]
    return t.filter(t.units >= least, healthy, short)
