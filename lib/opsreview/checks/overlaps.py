"""What a finding's money may share with other findings, so that a sum counts each cent once (`counted`).

A cent is known by what it is lost on: the sales of a shelf (`sales of SKU@location`), or the margin of a SKU in a channel
(`margin of SKU@channel`). Of several findings about one of these the larger amount holds the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import ibis
import pandas as pd

from opsreview.books import Books, fact
from opsreview.checks import rows_of
from opsreview.checks.stakes import places
from opsreview.margin import order_margin
from opsreview.weeks import WEEKS


@fact
def sold_where(books: Books) -> ibis.Table:
    """One row a SKU and channel with costed units sold in T28: net revenue and contribution margin."""
    t = order_margin(books, books.week.trailing(28))
    t = t.filter(t.costed)
    return t.group_by("sku", "channel").aggregate(net=t.net_revenue.sum(), contribution=t.contribution_margin.sum())


def of_shelves(rows: pd.DataFrame) -> list[str]:
    """The whole impact is sales that one shelf misses: rows with sku, location, impact."""
    return [_said({_sales(r.sku, r.location): r.impact}) for r in rows.itertuples()]


def of_margins(books: Books, rows: pd.DataFrame, skus: Iterable[list[str]], target: float) -> list[str]:
    """The impact is what SKUs fall short by over T28, in each channel by how much they do there."""
    short = _short(books, pd.Series(target, index=rows_of(sold_where(books), "sku", "channel")["channel"].unique()))
    parts = [short[short["sku"].isin(names)] for names in skus]
    return [_said(_spread(part, impact)) for part, impact in zip(parts, rows["impact"], strict=True)]


def of_channels(books: Books, rows: pd.DataFrame) -> list[str]:
    """The impact holds what each SKU falls short by in the channel: rows with channel and target."""
    short = _short(books, rows.set_index("channel")["target"])
    return [_said(dict(zip(part["key"], part["short"], strict=True))) for part in (short[short["channel"] == c] for c in rows["channel"])]


def of_promotions(books: Books, rows: pd.DataFrame) -> list[str]:
    """A loss is on the margin of the SKU where it is promoted, lost margin on the sales of its shelves: sku, channel, loses, impact."""
    sold, shelves = rows_of(sold_where(books), "sku", "channel"), rows_of(places(books), "sku", "location")
    sold = sold.assign(key=_margin(sold), short=(-sold["contribution"]).clip(lower=0.0))
    shelves = shelves.assign(key=_sales(shelves["sku"], shelves["location"]), short=shelves["d_here"])
    out = []
    for r in rows.itertuples():
        part = sold if r.loses else shelves
        part = part[part["sku"] == r.sku]
        if r.loses and pd.notna(r.channel):
            part = part[part["channel"] == r.channel]
        out.append(_said(_spread(part, r.impact)))
    return out


def _short(books: Books, targets: pd.Series) -> pd.DataFrame:
    """sku, channel, key, `short`: what is missing to the channel's target a week, where something is."""
    f = rows_of(sold_where(books), "sku", "channel")
    f["short"] = (f["channel"].map(targets).astype(float) * f["net"] - f["contribution"]) / WEEKS
    return f[f["short"] > 0].assign(key=lambda t: _margin(t))


def _spread(part: pd.DataFrame, impact: float) -> dict[str, float]:
    """The impact by key, in the measure of `short`; alike where nothing is short."""
    total = part["short"].sum()
    shares = part["short"] / total if total > 0 else pd.Series(1.0 / max(len(part), 1), part.index)
    return dict(zip(part["key"], impact * shares, strict=True))


def _margin(f: pd.DataFrame) -> pd.Series:
    return "margin of " + f["sku"] + "@" + f["channel"].fillna("")


def _sales(sku: str | pd.Series, location: str | pd.Series) -> str | pd.Series:
    return "sales of " + sku + "@" + location


def _said(amounts: dict[str, float]) -> str:
    return json.dumps(amounts, sort_keys=True)
