"""Lines = orders = SKUs = families = channels = total, in every component, to the cent: what the tests of it share.

Lines are added up here; the groups, the total and the change are what the product says of them, and an order what its documents say.
"""

from __future__ import annotations

import ibis
import pandas as pd
from opsreview.books import Books
from opsreview.facts.orders import orders
from opsreview.facts.shipments import charges
from opsreview.margin import COMPONENTS, costed_lines, order_margin, tickets
from opsreview.weeks import Window

CENT = 0.005
MONEY = ("net_revenue", "cost_of_goods", "gross_margin", *COMPONENTS, "contribution_margin")
OF_ORDERS = ("net", "goods", "packaging", "payment", "channel_fees", "shipping", "tickets")
MARGINS = ("gross_margin", "contribution_margin")


def total(books: Books, window: Window) -> pd.Series:
    """The costed lines of a window, added up, and the net revenue of all of them."""
    t = order_margin(books, window)
    sums = {c: t[c].sum(where=t.costed) for c in ("units", *MONEY)}
    return books.frame(("total", *since(books, window)), lambda: t.aggregate(lines=t.count(), all_net=t.net_revenue.sum(), **sums)).iloc[0]


def since(books: Books, window: Window) -> tuple[int, int]:
    """A window as days from the week's end: what queries of two weeks share."""
    return (window.start - books.week.end).days, window.days


def off(groups: pd.DataFrame, whole: pd.Series, *columns: str) -> dict[str, float]:
    """The columns whose groups do not add up to the whole, and by how much."""
    return {c: d for c in columns or ("units", *MONEY) if not abs(d := groups[c].sum() - whole[c]) < CENT}


def of_orders(books: Books, window: Window) -> ibis.Table:
    """One row an order of the window: a component by its lines and (`said_…`) by its own documents, empty where it has none of them."""
    t, o, k, raw, s = costed_lines(books, window), orders(books), tickets(books), books.table("order_lines"), books.table("shipments")
    lines = t.group_by("order_id").aggregate(
        net=t.net_revenue.sum(), goods=(t.units * t.unit_cost).sum(), packaging=(t.units * t.packaging_cost).sum(),
        payment=t.payment.sum(), channel_fees=t.channel_fees.sum(), shipping=t.shipping.sum(),
        tickets=(t.support - t.support_accrued).sum(), invoiced=(t.shipping_provenance == "invoiced").all(),
    )  # fmt: skip
    raw = raw.mutate(units=ibis.greatest(raw.quantity - raw.cancelled_quantity.fill_null(0.0), 0.0))
    p = books.table("products").select("sku", "unit_cost", "packaging_cost")
    raw = raw.left_join(p, "sku")
    taken = raw.group_by("order_id").aggregate(
        taken=(raw.units * raw.unit_price - raw.line_discount.fill_null(0.0)).sum(),
        said_goods=(raw.units * raw.unit_cost).sum(), said_packaging=(raw.units * raw.packaging_cost).sum(),
    )  # fmt: skip
    billed = s.join(charges(books), "shipment_id").group_by("order_id").aggregate(billed=lambda b: b.charged.sum())
    asked = k.group_by("order_id").aggregate(asked=k.money.sum())
    own = o.select("order_id", "rate", "shipping_charged", "order_discount", payment_own="payment_fee", channel_own="channel_fee")
    for more in (own, taken, billed, asked):
        lines = lines.left_join(more, "order_id").drop("order_id_right")
    return lines.select(
        *OF_ORDERS, "said_goods", "said_packaging",
        said_net=lines.taken * lines.rate - lines.order_discount + lines.shipping_charged,
        said_payment=lines.payment_own,
        said_channel_fees=lines.channel_own,
        said_shipping=ibis.ifelse(lines.invoiced, lines.billed, None),
        said_tickets=lines.asked.fill_null(0.0),
    )  # fmt: skip


def orders_off(books: Books, window: Window) -> tuple[dict[str, float], pd.Series]:
    """The components of which some order's lines do not come to what the order says, by how much at most; orders that say each."""

    def asked() -> ibis.Table:
        t = of_orders(books, window)
        worst = {c: (t[c] - t[f"said_{c}"]).abs().max().fill_null(0.0) for c in OF_ORDERS}
        return t.aggregate(**worst, **{f"n_{c}": t[f"said_{c}"].count() for c in OF_ORDERS})

    found = books.frame(("orders", *since(books, window)), asked).iloc[0]
    return {c: found[c] for c in OF_ORDERS if not found[c] < CENT}, found[[f"n_{c}" for c in OF_ORDERS]]
