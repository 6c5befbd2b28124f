"""Set 8: what is left of the revenue, by family, SKU and channel."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact, inside
from opsreview.kpis import Parts, figure, ratio
from opsreview.margin import order_margin

GRAINS = "family sku channel"


def lines_of_the_week(books: Books) -> ibis.Table:
    """The lines sold in W with their margin."""
    return order_margin(books, books.week.window)


def costed_lines(books: Books) -> ibis.Table:
    """Those whose SKU has a unit cost."""
    return lines_of_the_week(books).filter(lambda t: t.costed)


def of_revenue(money: ibis.Value, net: ibis.Value) -> Parts:
    """A margin as a share of net revenue; n/a where that is not above 0: a loss on negative revenue would read as a margin above 100 %."""
    parts = ratio(money, net)
    return Parts(ibis.ifelse(parts.denominator > 0, parts.value, None), parts.numerator, parts.denominator)


@figure(lines_of_the_week, GRAINS)
def net_revenue(t: ibis.Table) -> Parts:
    """Σ net revenue of the lines of W. Money."""
    net = t.net_revenue.sum().fill_null(0.0)
    return Parts(net, net, ibis.null("float64"))


@figure(costed_lines, GRAINS)
def gross_margin(t: ibis.Table) -> Parts:
    """(net revenue − cost of goods) / net revenue. Share; numerator in money."""
    return of_revenue(t.gross_margin.sum(), t.net_revenue.sum())


@figure(costed_lines, GRAINS)
def contribution_margin(t: ibis.Table) -> Parts:
    """(gross margin − packaging … returns reserve) / net revenue. Share; numerator in money."""
    return of_revenue(t.contribution_margin.sum(), t.net_revenue.sum())


@fact
def ad_spend(books: Books) -> ibis.Table:
    """One row an ad_spend row of W: channel, family (its own, else its SKU's), sku, amount."""
    a, p = books.table("ad_spend"), books.table("products")
    a = a.filter(inside(a.spend_date, books.week.window))
    a = a.mutate(sku=a.sku.nullif(""), family=a.family.nullif(""))
    of_sku = p.select("sku", sku_family=p.family.fill_null("(unknown)"))
    a = a.pipe(beside, of_sku, "sku")
    return a.select("channel", "sku", "amount", family=a.family.fill_null(a.sku_family))


@fact
def costed_lines_and_spend(books: Books) -> ibis.Table:
    """One row a costed line of W, and one a row of its ad spend: family, sku, channel (each empty where not allocated), money."""
    t, a = costed_lines(books), ad_spend(books)
    none = ibis.literal(0.0)
    lines = t.select("family", "sku", "channel", "contribution_margin", "net_revenue", spend=none)
    return lines.union(a.select("family", "sku", "channel", contribution_margin=none, net_revenue=none, spend=a.amount))


@figure(costed_lines_and_spend, GRAINS)
def contribution_margin_after_marketing(t: ibis.Table) -> Parts:
    """(contribution margin − ad spend of W) / net revenue; at a grain, only the spend allocated to it. Share; numerator in money."""
    return of_revenue((t.contribution_margin - t.spend).sum(), t.net_revenue.sum())
