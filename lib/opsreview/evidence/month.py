"""The month's evidence that weekly scorecards do not hold: what stock was worth week by week, and what it sold at cost."""

from __future__ import annotations

import ibis
import pandas as pd

from opsreview.books import Books, beside, inside
from opsreview.facts.orders import products, sales
from opsreview.facts.stock import stock_days
from opsreview.weeks import WEEKS, Week

STOCK_WEEKS = 13


def stock_weeks(books: Books) -> pd.DataFrame:
    """A row a week of 13 and family: `value`, stock on hand at its last snapshot at today's cost, and `goods`, cost of what was sold.

    The last snapshot of each SKU and location up to the week's end, of 28 days: a place that sends none in a week has not sold out. A week
    without any snapshot has no value. SKUs without a cost are in neither.
    """
    window = books.week.trailing(7 * STOCK_WEEKS)
    p = products(books).filter(lambda t: t.unit_cost.notnull()).select("sku", "family", "unit_cost")
    s = stock_days(books).mutate(monday=lambda t: t.day.truncate("W").cast("date"))
    own = s.group_by("sku", "location", "monday").aggregate(on_hand=s.on_hand.argmax(s.day))
    still = [own.mutate(monday=(own.monday + ibis.interval(weeks=ago)).cast("date"), ago=ibis.literal(ago)) for ago in range(WEEKS)]
    last = ibis.union(*still).semi_join(own, "monday")
    last = last.group_by("sku", "location", "monday").aggregate(on_hand=last.on_hand.argmin(last.ago))
    held = last.join(p, "sku")
    held = held.group_by("monday", "family").aggregate(value=(held.on_hand.clip(lower=0) * held.unit_cost).sum())
    t = sales(books)
    t = t.filter(inside(t.day, window), t.unit_cost.notnull()).mutate(monday=t.day.truncate("W").cast("date"))
    goods = t.group_by("monday", "family").aggregate(goods=(t.units * t.unit_cost).sum())
    keys = held.select("monday", "family").union(goods.select("monday", "family"), distinct=True)
    out = beside(beside(keys, held, "monday", "family"), goods, "monday", "family").order_by("monday", "family").to_pandas()
    return out.assign(week=[str(Week.of(pd.Timestamp(m).date())) for m in out["monday"]])[["week", "family", "value", "goods"]]


EVIDENCE = (stock_weeks,)
