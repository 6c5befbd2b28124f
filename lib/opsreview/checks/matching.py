"""The three-way match: what was ordered, what came and what was billed, item by item; and what every row of documents apart holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from opsreview.books import Books
from opsreview.checks import rows_of
from opsreview.checks.inbound import miscounted
from opsreview.facts.purchases import purchase_items, unknown_bills
from opsreview.formats import count

# entity: the finding that holds the row, `entity_type` what it is; expected and stated: what two documents say, in `unit`; times: how often
# over its tolerance; accrued: what will still be billed, at what is known; day: of the later document; age: days since.
COLUMNS = [
    "kind", "entity", "entity_type", "document", "partner", "sku", "unit", "expected", "stated", "difference", "times", "money", "accrued",
    "day", "age", "members", "note",
]  # fmt: skip
CLAIM_DAYS = 28  # a document that differs stays in view so long
SUPPLIER = 3  # purchases of one supplier with another price than the product's cost: its prices have changed
EXACT = 1e-9  # below which two numbers are one


def came(books: Books, days: int, *needs: str) -> bool:
    """Whether the exports begin before the trailing days do, and each table (or `table.column`) came in every week of them."""
    window = books.week.trailing(days)
    return books.began(window) and all(books.has(need, window) for need in needs)


def limits(books: Books) -> Any:
    """The tolerances, by name."""
    return pd.Series(books.settings.checks["invoice_mismatch"], dtype=float)


def part(rows: pd.DataFrame, kind: str, unit: str, expected: str, stated: str, limit: pd.Series | None = None) -> pd.DataFrame:
    """The rows with kind, unit, expected, stated, difference and, where there is a limit, times; those of them beyond it."""
    rows = rows.assign(kind=kind, unit=unit, expected=rows[expected], stated=rows[stated], difference=rows[stated] - rows[expected])
    if limit is None:
        return rows
    return rows.assign(times=rows["difference"].abs() / limit.clip(lower=EXACT))[rows["difference"].abs() > limit + EXACT].copy()


def recent(books: Books, rows: pd.DataFrame, by: str, days: int, older_than: int = 0) -> pd.DataFrame:
    """The rows at most so many days old, by a column of days."""
    age = (pd.Timestamp(books.week.end) - pd.to_datetime(rows[by])).dt.days
    return rows[(age <= days) & (age > older_than)].copy()


def purchases(books: Books) -> pd.DataFrame:
    """Ordered, received and billed, item by item: units billed beyond what came, a price beyond the one agreed, or that beyond the cost.

    One purchase is one finding; a supplier of which three purchases or more are priced above the products' costs is one.
    """
    if not came(books, 7, "inbound"):
        return pd.DataFrame(columns=COLUMNS)
    least, items = limits(books), _items(books)
    rows = pd.concat([_billed_units(items, least), _billed_price(items, least), _ordered_price(items, least)], ignore_index=True)
    rows["document"] = rows["document_id"] + np.where(rows["line"] != "", "/" + rows["line"].astype("str"), "")
    lost = rows["money"].notna()
    several = rows["document"].where(lost).groupby(rows["document_id"]).transform("nunique") > 1
    dear = rows["kind"] == "ordered_price"
    wide = rows["document_id"].where(dear).groupby(rows["supplier"]).transform("nunique") >= SUPPLIER
    entity = rows["document_id"].where(several, rows["document"]).mask(dear & wide, rows["supplier"] + "/prices")
    kind = np.where(dear & wide, "supplier/prices", "purchase")
    return rows.assign(entity=entity.where(lost), entity_type=kind, partner=rows["supplier"], members=rows["document"])


def _items(books: Books) -> pd.DataFrame:
    """Items of purchases that are open or had something happen in four weeks: with `due` units, `price` billed, `day`, and `line`."""
    least, end = limits(books), pd.Timestamp(books.week.end)
    t = rows_of(purchase_items(books), "document_id", "item")
    t["eta"], t["touched"], t["billed_on"] = (pd.to_datetime(t[name]) for name in ("eta", "touched", "billed_on"))
    t["day"] = t[["touched", "billed_on"]].max(axis=1)
    t = t[(~t["done"] | (t["day"] >= end - pd.Timedelta(days=CLAIM_DAYS))) & ~t["unrated"]].copy()
    t["price"] = t["amount"] / t["billed"].where(t["billed"] > 0)
    # What is not there a while after it was to come and was billed is not merely paid in advance.
    late = t[["eta", "billed_on"]].max(axis=1) + pd.Timedelta(days=least["receipt_days"]) <= end
    received = t["received"] + _claimed(books, t)  # what is claimed as missing is not claimed again as billed
    t["due"] = received.where(t["done"] | late, np.maximum(t["ordered"], received))
    t["line"] = np.where(t["line_count"] == 1, t["lines"], t["item"])
    return t


def _billed_units(t: pd.DataFrame, least: pd.Series) -> pd.DataFrame:
    t = part(t, "billed_quantity", "units", "due", "billed", np.maximum(least["units"], least["share"] * t["due"]))
    t = t[t["difference"] > 0]
    why = np.select([t["again"], t["received"] > 0], ["billed twice", "billed beyond the receipt"], "billed, not received")
    return t.assign(money=t["difference"] * t["price"], note=why)


def _billed_price(t: pd.DataFrame, least: pd.Series) -> pd.DataFrame:
    limit = np.maximum(least["price"], least["price_share"] * t["agreed"])
    t = part(t, "billed_price", "money", "agreed", "price", limit)
    above = t["difference"] > 0
    units = np.minimum(t["billed"], t["due"])  # those beyond are counted whole
    why = np.where(above, "billed above the price agreed", "billed below the price agreed: in our favour")
    return t.assign(money=(t["difference"] * units).where(above), note=why)


def _ordered_price(t: pd.DataFrame, least: pd.Series) -> pd.DataFrame:
    t = t.assign(asked=t["agreed"].fillna(t["price"]))
    t = part(t, "ordered_price", "money", "cost", "asked", np.maximum(least["price"], least["cost_share"] * t["cost"]))
    t = t[t["difference"] > 0]
    units = t["received"].where(t["done"], t["ordered"])
    return t.assign(money=t["difference"] * units, note=[f"{count(n, 'unit')} above the product's cost" for n in units])


def _claimed(books: Books, items: pd.DataFrame) -> pd.Series:
    """Units of each item that came short and are worth a finding of `receipt_mismatch`, which prices them."""
    short = rows_of(miscounted(books), "document_id", "line_id")
    short = short[short["gap"] < 0]
    money = -short["gap"] * short["unit_cost"].fillna(short["unit_price"])
    short = short[money >= float(books.settings.checks["floor"])]
    units = dict(zip(short["document_id"] + "/" + short["line_id"], -short["gap"], strict=True))
    claimed = [
        sum(units.get(f"{document}/{line}", 0.0) for line in lines.split("; "))
        for document, lines in zip(items["document_id"], items["lines"], strict=True)
    ]
    return pd.Series(claimed, items.index, dtype=float)


def unknown_purchases(books: Books) -> pd.DataFrame:
    """Invoices of a purchase that no export knows."""
    if not came(books, CLAIM_DAYS, "inbound") or not books.ever("purchase_invoices"):
        return pd.DataFrame(columns=COLUMNS)
    t = recent(books, rows_of(unknown_bills(books), "invoice_id", "supplier", "document_id"), "invoiced_on", CLAIM_DAYS)
    return t.assign(
        kind="unknown_purchase", entity=t["invoice_id"], entity_type="invoice_id", document=t["invoice_id"], partner=t["supplier"],
        unit="money", expected=0.0, stated=t["amount"], difference=t["amount"], money=t["amount"].where(t["amount"] > 0),
        day=t["invoiced_on"], members=t["document_id"],
        note=np.where(t["amount"].isna(), "in a currency without a rate", "the purchase is not known"),
    )  # fmt: skip


def unbilled_purchases(books: Books) -> pd.DataFrame:
    """What came and was not billed in its time, by suppliers whose invoices do come: an accrual."""
    if not came(books, 7, "inbound") or not books.ever("purchase_invoices"):
        return pd.DataFrame(columns=COLUMNS)
    least = limits(books)
    t = rows_of(purchase_items(books), "document_id", "item")
    t = t[t["done"] & ~t["unrated"] & t["supplier"].isin(t.loc[t["billed"] > 0, "supplier"])]
    t = t[t["received"] - t["billed"] > np.maximum(least["units"], least["share"] * t["received"]) + 1e-9]
    t = recent(books, t, "touched", 91, int(least["invoice_days"]))
    t = part(t, "not_billed", "units", "received", "billed")
    return t.assign(
        entity=t["supplier"] + "/not billed", entity_type="supplier/not billed", partner=t["supplier"], day=t["touched"],
        document=t["document_id"] + np.where(t["item"] != "", "/" + t["lines"], ""), members=t["document_id"],
        accrued=-t["difference"] * t["agreed"].fillna(t["cost"]), note="received, not billed yet: to be accrued, nothing is lost",
    )  # fmt: skip


def unmatched_purchases(books: Books) -> pd.DataFrame:
    """Items billed in a currency without a rate on the day they were ordered: shown, since they are not matched."""
    if not came(books, 7, "inbound") or not books.ever("purchase_invoices"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(purchase_items(books), "document_id", "item")
    t = recent(books, t[t["unrated"]], "billed_on", CLAIM_DAYS)
    return t.assign(
        kind="unrated", document=t["document_id"] + np.where(t["item"] != "", "/" + t["lines"], ""), partner=t["supplier"],
        day=t["billed_on"], members=t["invoices"], note="billed in a currency without a rate: not matched",
    )  # fmt: skip
