"""Purchases in three documents: what was ordered, what came, what was billed. Amounts are in the reporting currency."""

from __future__ import annotations

import ibis

from opsreview.books import Books, beside, fact

ITEM = ["document_id", "item"]


@fact
def ordered_lines(books: Books) -> ibis.Table:
    """One row a line of a purchase: ordered, received, `done` (nothing more is to come), price agreed, the product's cost, `touched`.

    touched: the last day something happened to it.
    """
    t, p = books.table("inbound"), books.table("products").select("sku", "unit_cost")
    t = beside(t.filter(t.kind == "purchase"), p, "sku")
    received = t.quantity_received.fill_null(0.0)
    return t.select(
        "document_id", "line_id", "sku", "supplier", "ordered_on", "eta", "unit_price", "unit_cost", "quantity_ordered",
        received=received,
        done=t.closed.fill_null(t.stocked_at.notnull()),
        touched=ibis.greatest(t.ordered_on, t.arrived_at_local.date(), t.stocked_at_local.date()),
    )  # fmt: skip


@fact
def bill_lines(books: Books) -> ibis.Table:
    """One row a line of a supplier's invoice: what it names of which purchase, `known` purchase, `amount` and `rate` (empty: no rate).

    Another currency counts at the rate of the day the purchase was ordered, so that what rates did since is no difference of price; of an
    unknown purchase at that of the invoice. A line that names the purchase's line is of that line's product.
    """
    b, lines = books.table("purchase_invoices"), ordered_lines(books)
    named = lines.select("document_id", document_line="line_id", line_sku="sku")
    documents = lines.group_by("document_id").aggregate(ordered_on=lines.ordered_on.min())
    b = beside(beside(b, named, "document_id", "document_line"), documents, "document_id")
    b = b.mutate(known=b.ordered_on.notnull(), sku=b.line_sku.fill_null(b.sku), day=b.ordered_on.fill_null(b.invoiced_on))
    r = books.table("fx_rates").select(priced_in="currency", since="rate_date", known_rate="rate")
    r = r.mutate(until=r.since.lead().over(ibis.window(group_by=r.priced_in, order_by=r.since)))
    b = b.left_join(r, [b.currency == r.priced_in, b.day >= r.since, r.until.isnull() | (b.day < r.until)])
    ours = b.currency.isnull() | (b.currency == books.settings.reporting_currency)
    rate = ibis.ifelse(ours, ibis.literal(1.0).cast("float64"), b.known_rate)
    return b.select(
        "invoice_id", "line_id", "document_id", "supplier", "sku", "quantity", "invoiced_on", "known",
        rate=rate,
        amount=b.amount.fill_null(b.quantity * b.unit_price) * rate,
    )  # fmt: skip


@fact
def purchase_items(books: Books) -> ibis.Table:
    """One row an item of a purchase: ordered, received, billed, and the prices agreed, billed and of the product; `lines`, `invoices`.

    An item is a product; where an invoice names products that the purchase does not hold, the whole purchase is one item (`item` empty),
    since both may mean the same things by other numbers. `again`: an invoice whose quantity and amount another had billed before.
    An item with an invoice line in a currency without a rate is `unrated`, and cannot be matched.
    """
    lines, bills = ordered_lines(books), bill_lines(books)
    bills = bills.filter(bills.known)
    otherwise = bills.anti_join(lines, ["document_id", "sku"]).select("document_id").distinct().mutate(whole=True)

    def by_item(t: ibis.Table) -> ibis.Table:
        t = beside(t, otherwise, "document_id")
        return t.mutate(item=ibis.ifelse(t.whole.fill_null(False), "", t.sku))

    o = by_item(lines)
    priced, costed = o.unit_price.notnull(), o.unit_cost.notnull()
    items = o.group_by(ITEM).aggregate(
        sku=o.sku.min(), supplier=o.supplier.min(), ordered=o.quantity_ordered.sum(), received=o.received.sum(), done=o.done.all(),
        agreed=(o.unit_price * o.quantity_ordered).sum(where=priced) / o.quantity_ordered.sum(where=priced).nullif(0),
        cost=(o.unit_cost * o.quantity_ordered).sum(where=costed) / o.quantity_ordered.sum(where=costed).nullif(0),
        eta=o.eta.max(), touched=o.touched.max(), lines=o.line_id.group_concat("; ", order_by=o.line_id), line_count=o.count(),
    )  # fmt: skip
    b = by_item(bills)
    each = b.group_by([*ITEM, "invoice_id", "supplier"]).aggregate(
        quantity=b.quantity.sum(), amount=b.amount.sum(), invoiced_on=b.invoiced_on.min(), unrated=b.rate.isnull().any()
    )
    before = ibis.window(
        group_by=[each.document_id, each.item, each.quantity, each.amount.round(2)],
        order_by=[each.invoiced_on, each.invoice_id, each.supplier],
    )
    each = each.mutate(again=(ibis.row_number().over(before) > 0) & (each.quantity > 0))
    told = each.group_by(ITEM).aggregate(
        billed=each.quantity.sum(), amount=each.amount.sum(), billed_on=each.invoiced_on.max(), again=each.again.any(),
        unrated=each.unrated.any(), invoices=each.invoice_id.group_concat("; ", order_by=[each.invoiced_on, each.invoice_id]),
    )  # fmt: skip
    t = beside(items, told, *ITEM)
    return t.mutate(
        billed=t.billed.fill_null(0.0), amount=t.amount.fill_null(0.0), again=t.again.fill_null(False), unrated=t.unrated.fill_null(False)
    )


@fact
def unknown_bills(books: Books) -> ibis.Table:
    """One row an invoice, supplier and purchase that no export knows: amount (empty without a rate), invoiced_on, lines."""
    b = bill_lines(books)
    b = b.filter(~b.known)
    return b.group_by("invoice_id", "supplier", "document_id").aggregate(
        amount=ibis.ifelse(b.rate.isnull().any(), ibis.null("float64"), b.amount.sum()), invoiced_on=b.invoiced_on.max(), lines=b.count()
    )
