"""Cash of the month: what lies in stock, for how long, in which families it rose, and what of it customers and suppliers carry."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats
from opsreview.exhibits import Part, drawn, each, listed
from opsreview.tables import Html

STOOD = ["inventory", "products"]
NAMED = 2  # families named beside the change of the whole
CAUSES = {  # what ties cash, and what frees it
    "volume": ("Stock: more is sold a day", "Stock: less is sold a day"),
    "longer": ("Stock: held longer",) * 2,
    "shorter": ("Stock: held shorter",) * 2,
    "stock": ("Stock, at cost",) * 2,
    "receivable": ("Customers owe more", "Customers owe less"),
    "payable": ("Less is owed to suppliers", "More is owed to suppliers"),
    "cash": ("Cash tied",) * 2,
}


def cash(results: Any) -> list[Part]:
    """Cash in stock, the days it is tied, what freed or tied it, and in which families."""
    month, currency = results.month, results.settings.reporting_currency
    rows, families = month.cash(), month.stock_change()
    weeks, span = results.evidence("stock_weeks"), month.weeks().week.tolist()
    subtitle = "At today's unit cost; SKUs without a cost are not in it."
    ends = [month.weeks(m).week.tolist() for m in (month.before, month.name)]
    said = each(weeks, "family", lambda own: family_stock(own, month, ends, currency))
    title = {charts.month.WHOLE: stock_title(rows, families, currency), **said}
    chart = charts.stock(weeks, formats.month(month.name), span, title, subtitle, currency)
    columns = """
    said | Month
    stock | Stock at its end, at cost | money
    goods | Goods sold, at cost | money
    inventory_days | Days of inventory | one
    """
    given, want = results.settings.cash, ("receivable_days", "payable_days")
    wanting = [f"cash.{name}" for name in want if getattr(given, name) is None]
    for name in [name for name in want if f"cash.{name}" not in wanting]:
        what = name.removesuffix("_days")
        columns += f"{what} | {what.capitalize()}, at {_days(getattr(given, name))} | money?\n"
    columns += "" if wanting else "cycle | Cash conversion cycle, days | one?\ntied | Cash tied | money?\n"
    note = "Days of inventory: stock at the end / goods sold a day, both at today's unit cost."
    if wanting:
        note += (
            f" Cash tied and the cash conversion cycle: n/a, {formats.listing(wanting)} {'is' if len(wanting) == 1 else 'are'} not given."
        )
    else:
        note += (
            " Receivable and payable are no balances but net revenue and goods sold, of the days that the settings give "
            "(cash.receivable_days, cash.payable_days). Cash conversion cycle: from paying for goods to being paid for them, days of "
            "inventory + receivable − payable. Cash tied: stock + receivable − payable."
        )
    known = rows[rows.stock.notna()].assign(said=rows.month.map(formats.month))
    table = listed(results, known, columns, "Cash, this month and the one before", STOOD, "no snapshot of stock this week", note=note)
    return [drawn(chart, "Cash in stock", results, STOOD), table, _freed(families, results), _families(families, results)]


def _days(days: float) -> str:
    """`4 days`, `1 day`, `4.5 days`."""
    return f"{formats.number(days, 0 if days == round(days) else 1)} day{'' if days == 1 else 's'}"


def stock_title(rows: pd.DataFrame, families: pd.DataFrame, currency: str) -> str:
    """What lies in stock at the month's end, for how many days, and which families made it more or less than the month before."""
    now = rows.iloc[-1]
    if formats.missing(now.stock):
        return "Cash in stock: n/a"
    text = f"{formats.money(now.stock, currency)} lies in stock at the end of {formats.month(now.month)}"
    text += "" if formats.missing(now.inventory_days) else f", {formats.number(now.inventory_days, 1)} days of sales"
    if families.empty:
        return text
    change, before = families.change.sum(), formats.month(rows.iloc[0].month, year=False)
    text += f"; {formats.money(abs(change), currency)} {'more' if change >= 0 else 'less'} than at the end of {before}"
    return f"{text}: {_moved(families, currency)}" if len(families) > 1 and families.change.any() else text


def family_stock(weeks: pd.DataFrame, month: Any, ends: list[list[str]], currency: str) -> str:
    """The same of one family. `ends`: the weeks of the month before and of the month. Rows: stock_weeks of it."""
    by = weeks.set_index("week")[["value", "goods"]]
    then, now = (by.value.get(span[-1]) if span else None for span in ends)
    if formats.missing(now):
        return f"No stock is known at the end of {formats.month(month.name)}"
    sold = by.goods.reindex(ends[1]).sum() / (7 * len(ends[1]))
    text = f"{formats.money(now, currency)} lies in stock at the end of {formats.month(month.name)}"
    text += f", {formats.number(now / sold, 1)} days of sales" if sold > 0 else ", and nothing was sold"
    if formats.missing(then):
        return text
    before = formats.month(month.before, year=False)
    return f"{text}; {formats.money(abs(now - then), currency)} {'more' if now >= then else 'less'} than at the end of {before}"


def _moved(families: pd.DataFrame, currency: str) -> str:
    """`Candles hold £7,088 more and Bags £1,839 less`: the families whose stock moved most."""
    most = families.loc[families.change.abs().nlargest(NAMED).index]
    said = [f"{row.family} {formats.money(abs(row.change), currency)} {'more' if row.change >= 0 else 'less'}" for row in most.itertuples()]
    return formats.listing(said, NAMED).replace(f"{most.family.iloc[0]} ", f"{most.family.iloc[0]} hold ", 1)


def _freed(families: pd.DataFrame, results: Any) -> Html:
    """What tied cash or freed it since the month before: stock, what customers owe, and what suppliers lend."""
    freed, currency = results.month.freed(), results.settings.reporting_currency
    before, by = formats.month(results.month.before, year=False), freed.set_index("cause").tied
    freed = freed[freed.tied.notna()] if not formats.missing(by.stock) else freed.head(0)
    said = [f"{CAUSES[row.cause][int(row.tied < 0)]}{_who(families, row.cause)}" for row in freed.itertuples()]
    columns = """
    said | Through
    tied | Cash tied (+) or freed (−) | money
    """
    if formats.missing(by.cash):
        caption = f"Change of stock since {before}"
        note = "What customers owe and what is owed to suppliers is not known, so neither is the change of cash tied."
    else:
        caption = f"Cash tied {formats.moved(by.cash, currency)} since {before}, stock {formats.moved(by.stock, currency)}"
        note = (
            "What suppliers lend frees cash, and stands with a minus. What customers owe and what is owed to suppliers is reckoned at "
            "given days, not read from balances."
        )
    note += " What is sold a day and how long it is held are told a family at a time, and added up."
    quiet = "the month before is not known as a whole this week"
    return listed(results, freed.assign(said=said), columns, caption, ["inventory"], quiet, strong="whole", note=note, first=len(freed))


def _who(families: pd.DataFrame, cause: str) -> str:
    """`, most of it Candles`: the family behind a cause that has one."""
    if cause not in ("longer", "shorter") or len(families) < 2:
        return ""
    cover = families.set_index("family").cover.astype(float) * (1 if cause == "longer" else -1)
    several = (cover > 0).sum() > 1
    return f"{', most of it' if several else ':'} {cover.idxmax()}" if cover.max() > 0 else ""


def _families(families: pd.DataFrame, results: Any) -> Html:
    """In which families stock rose and fell, and whether they sell more or hold it longer."""
    currency, before = results.settings.reporting_currency, formats.month(results.month.before, year=False)
    columns = f"""
    family | Family
    before | {before} | money
    now | {formats.month(results.month.name, year=False)} | money
    change | Change | money
    volume | Through sales a day | money | help=the change of goods sold a day, at the days held before
    cover | Through days held | money | help=the change of days held, at the goods sold a day now
    """
    quiet = "the month before is not known as a whole this week"
    whole = families.select_dtypes("number").sum().to_frame().T.assign(family="All", whole=True)
    shown = pd.concat([families.assign(whole=False), whole], ignore_index=True) if len(families) else families.assign(whole=False)
    caption = f"Stock by family since {before}{f': {_moved(families, currency)}' if len(families) > 1 else ''}"
    note = "At the months' ends, at cost. The change is what more is sold a day and what longer is held; both add up to it."
    return listed(results, shown, columns, caption, STOOD, quiet, strong="whole", note=note, first=5)
