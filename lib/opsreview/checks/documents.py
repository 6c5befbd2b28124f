"""Documents that wait for an answer."""

from __future__ import annotations

import pandas as pd

from opsreview.checks import GRAVE_MONEY, GRAVE_TIMES, Context, check, found, nothing, say
from opsreview.formats import count, day, listing
from opsreview.intake import documents

FOLDERS = 5  # weeks in which a document came that can have fallen due in the last 28 days
THEIRS, OURS = "acknowledgement", "our acknowledgement"
NAMES = {
    "order": "purchase order", "despatch": "shipping notice", "stock_notice": "stock notice", "ship_order": "shipping order",
    "invoice": "invoice",
}  # fmt: skip


@check
def edi_unanswered(ctx: Context) -> pd.DataFrame:
    """EDI documents whose answer or acknowledgement is overdue, by partner and type; what fell due more than 28 days ago is left."""
    known, name = ctx.books.known, "edi_unanswered"
    if not any(known.exported("documents", ctx.books.week - n) for n in range(FOLDERS)):
        return nothing()
    docs = documents.log(known, ctx.books.settings)
    whose = docs["partner"].astype("str") + "/"
    answers = docs.assign(wants=docs["answer"], by=docs["answer_by"], entity=whose + docs["type"].astype("str"))
    acks = docs.assign(wants=docs["direction"].map({"in": OURS}).fillna(THEIRS), by=docs["acknowledge_by"])
    acks["entity"] = whose + acks["wants"]
    answers, acks = answers[docs["answered"] == "overdue"], acks[docs["acknowledged"] == "overdue"]
    rows = pd.concat([part for part in (answers, acks) if len(part)] or [answers], ignore_index=True)
    since = pd.Timestamp(ctx.books.as_of) - pd.Timedelta(days=ctx.threshold(name, "days"))
    rows = rows[rows["by"] >= since]
    if rows.empty:
        return nothing()
    ours = rows["currency"].isna() | (rows["currency"] == ctx.books.settings.reporting_currency)
    rows = rows.assign(
        amount=rows["total"].where(ours).astype(float), said=rows["number"].fillna(rows["control_number"]).fillna("").astype(str)
    )
    # Of a document that waits for both its answer counts as money, its acknowledgement does not.
    rows["amount"] = rows["amount"].where(~rows["wants"].isin([THEIRS, OURS]))
    by = rows.sort_values("by").groupby("entity", sort=True)
    out = by.agg(
        observed=("said", "size"), impact=("amount", lambda a: a.sum(min_count=1)), oldest=("by", "min"), kind=("kind", "first"),
        wants=("wants", "first"), partner=("partner", "first"), members=("said", lambda s: "; ".join(dict.fromkeys(s))),
    ).reset_index()  # fmt: skip
    out["times"] = (pd.Timestamp(ctx.books.as_of) - out["oldest"]) / pd.Timedelta(days=7)
    grave = (out["impact"].fillna(0) >= GRAVE_MONEY * ctx.floor).astype(int) + (out["times"] >= GRAVE_TIMES).astype(int)
    return found(
        out,
        title=say(out, _title),
        observed=out["observed"].astype(float),
        expected=0.0,
        threshold=0.0,
        severity=grave.map({0: "watch", 1: "breach", 2: "critical"}),
        basis=["amount of the documents that wait: at stake, not lost" if pd.notna(i) else "" for i in out["impact"]],
        decision="investigate",
        detail=say(out, lambda r: f"{listing(r.members.split('; '))}; the oldest was due {day(r.oldest)}"),
        evidence="documents, 28 days",
        period="once",
    )


def _title(r: object) -> str:
    if r.wants == THEIRS:
        return f"{r.partner} has not acknowledged {count(r.observed, 'document')}"
    if r.wants == OURS:
        return f"{count(r.observed, 'document')} from {r.partner} not acknowledged by us"
    return f"{count(r.observed, NAMES.get(r.kind, r.kind))} with {r.partner} without {_a(r.wants)}"


def _a(answer: str) -> str:
    return f"{'an' if answer[0] in 'aeiou' else 'a'} {answer}"
