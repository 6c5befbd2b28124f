"""A month made of weeks: contribution to EBITDA, cash in stock, returns on it, leaks and what decisions recovered. Ties to its weeks.

A week belongs to the month of its Thursday, so every week is in one month and a month has four weeks or five. Each figure of a week is
the one that its own run says; a month up to a week is what is known at that week's end.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from opsreview.findings import NO_COMMITMENT
from opsreview.intake.store import ExportsError
from opsreview.margin import COMPONENTS
from opsreview.weeks import Week

YEAR = 365.25
MONEY = {
    "net_revenue": "value", "gross_margin": "numerator", "contribution_margin": "numerator",
    "contribution_margin_after_marketing": "numerator",
}  # fmt: skip
PAID = ("expedite", "transfer_freight")  # parts of the ledger that are money paid and in no margin
COSTS = ("marketing", "other_labor", *PAID, "fixed")  # what stands between contribution margin and EBITDA
STEPS = ("net_revenue", "goods", "gross_margin", *COMPONENTS, "contribution_margin", *COSTS, "ebitda")
IN_MARGIN = ("pick", "pack")  # roles whose labor contribution margin bears
OF_AGE = pd.Timedelta(weeks=4)  # findings' impacts are measured over four weeks: before, what is decided has not shown


def of(week: Week) -> str:
    """The month a week belongs to, like 2026-10: that of its Thursday."""
    return f"{week.monday + timedelta(days=3):%Y-%m}"


def before(month: str) -> str:
    """The month before."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def whole(month: str) -> list[Week]:
    """Every week of a month, whether exported or not."""
    first = Week.of(pd.Timestamp(f"{month}-01").date())
    return [week for week in (first + i for i in range(-1, 6)) if of(week) == month]


def last_week(folder: Path, month: str) -> Week:
    """The newest week of a month that has a folder. ValueError where it is no month, ExportsError where it has no week."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise ValueError(f"{month!r} is no month; write it like 2026-10")
    there = [week for week in whole(month) if (folder / str(week)).is_dir()]
    if not there:
        raise ExportsError(f"{folder}: holds no week of {month}")
    return there[-1]


class Month:
    """The month of a run's week, up to it: each frame worked out when asked for, from what the run measured."""

    def __init__(self, results: Any) -> None:
        self.results, self.name = results, of(results.week)
        self.before = before(self.name)
        self.complete = whole(self.name)[-1] == results.week
        there = set(self._span(self.name))
        self.missing = [str(w) for w in whole(self.name) if w <= results.week and str(w) not in there]  # weeks that are in no figure

    def _span(self, month: str) -> list[str]:
        """The weeks of a month that are known and exported; of an earlier month all or none."""
        known = [str(w) for w in self.results.measured.weeks if not self.results.measured.cards[w].frame("published").empty]
        span = [str(w) for w in whole(month) if str(w) in known]
        return span if month == self.name or len(span) == len(whole(month)) else []

    def fixed(self, weeks: int) -> float:
        """Fixed costs of so many weeks: twelve months' over the year's days."""
        return float(self.results.settings.costs.fixed_per_month) * 12 * 7 * weeks / YEAR

    @property
    def _published(self) -> pd.DataFrame:
        p = self.results.measured.stack("published", list(self.results.measured.weeks))  # noqa: PD013  no frame of pandas
        return p[p["kpi"].isin(MONEY)]

    @property
    def _ledger(self) -> pd.DataFrame:
        return self.results.measured.summary.frame("leaks")

    def weeks(self, month: str = "") -> pd.DataFrame:
        """A row a week of the month: net revenue, margins, other_labor, expedite, transfer_freight, fixed, marketing, ebitda, COMPONENTS.

        ebitda = contribution after marketing − labor that no margin bears − expediting and transfers − fixed costs. It is
        n/a in a week without a contribution margin, and before a cost that is n/a there; `missing` names both. The components add up to
        gross margin − contribution, and are n/a where that is.
        """
        span = self._span(month or self.name)
        p = self._published
        p = p[(p["grain"] == "all") & p["week"].isin(span)]
        out = pd.DataFrame({"week": span})
        for kpi, column in MONEY.items():
            out[kpi] = out["week"].map(p[p["kpi"] == kpi].set_index("week")[column])
        own = pd.DataFrame([self._own(week) for week in span], columns=["other_labor", *COMPONENTS], dtype=float)
        out["other_labor"] = own.pop("other_labor")
        ledger = self._ledger.set_index("week")
        for part in PAID:
            out[part] = out["week"].map(ledger.loc[ledger["part"] == part, "amount"])
        parts = ["contribution_margin", "contribution_margin_after_marketing", "other_labor", *PAID]
        out["missing"] = ["; ".join(c for c in parts if pd.isna(row[c])) for row in out.to_dict("records")]
        out["marketing"] = (out["contribution_margin"] - out["contribution_margin_after_marketing"]).astype(float)
        out["fixed"] = self.fixed(1)
        out["ebitda"] = out["contribution_margin"] - out[[*COSTS]].astype(float).fillna(0.0).sum(axis=1)
        return out.join(own.where(out["contribution_margin"].notna()))

    def _own(self, week: str) -> dict[str, float]:
        """What a week's own run says of the lines that its margins are of, COMPONENTS, and of labor that they do not bear (or n/a)."""
        sold, labor = (self.results.measured.cards[Week.parse(week)].frame(name) for name in ("sold", "labor"))
        other = labor.loc[~labor["role"].isin(IN_MARGIN), "cost"].sum() if len(labor) else np.nan
        return {c: sold[c].sum() if len(sold) else 0.0 for c in COMPONENTS} | {"other_labor": other}

    def uncosted(self) -> float:
        """Net revenue of the month's lines that have no cost of goods, and so no margin: of the weeks whose gross margin is known."""
        p = self._published
        p = p[(p["grain"] == "all") & p["week"].isin(self._span(self.name))].set_index(["kpi", "week"])
        net, costed = (p[column].astype(float).xs(kpi) for kpi, column in (("net_revenue", "value"), ("gross_margin", "denominator")))
        return float((net - costed).sum())

    def total(self, month: str = "") -> pd.Series:
        """The weeks of the month as one: a cost is what is known of it, each other column n/a where a week's is. Without a week all n/a."""
        w = self.weeks(month).drop(columns=["week", "missing"]).astype(float)
        return pd.Series({c: w[c].sum(min_count=1) if c in COSTS else w[c].sum(skipna=False) if len(w) else np.nan for c in w})

    def bridge(self) -> pd.DataFrame:
        """A row a step from net revenue to EBITDA: step, amount (costs negative), share of net revenue, and the month before's.

        Lines without a unit cost are in net revenue and in no margin: the step to gross margin takes their revenue out too.
        """
        out = pd.DataFrame({"step": [*STEPS]})
        for column, month in (("amount", self.name), ("before", self.before)):
            sums = self.total(month)
            costs = {"goods": sums["gross_margin"] - sums["net_revenue"], **{name: -sums[name] for name in (*COMPONENTS, *COSTS)}}
            out[column] = [costs.get(s, sums.get(s)) + 0.0 for s in STEPS]  # no minus before a zero
            out["share" if column == "amount" else "share_before"] = out[column] / (sums["net_revenue"] or np.nan)
        return out

    def moved(self) -> pd.Series:
        """What EBITDA a week changed through since the month before: gross margin and each cost, what lowers it with a minus.

        Revenue and goods move together, so gross margin stands for both. What is n/a in a month is left out.
        """
        b = self.bridge().set_index("step").loc[["gross_margin", *COMPONENTS, *COSTS], ["amount", "before"]]
        now, then = (b[c] / (len(self._span(month)) or np.nan) for c, month in (("amount", self.name), ("before", self.before)))
        return (now - then).dropna().astype(float)

    def become(self) -> pd.DataFrame:
        """A row a week of the month before: its contribution as its own run said it (`then`), with what is known by W (`now`), difference.

        Empty where the month before is not known as a whole.
        """
        weeks = self.weeks(self.before)[["week", "contribution_margin"]].rename(columns={"contribution_margin": "then"})
        figures = {week: self.results.measured.as_become(Week.parse(week)) for week in weeks["week"]}
        whole_store = {week: f[(f["kpi"] == "contribution_margin") & (f["grain"] == "all")] for week, f in figures.items()}
        weeks["now"] = weeks["week"].map({week: f["numerator"].sum(min_count=1) for week, f in whole_store.items()})
        weeks = weeks.astype({"then": float, "now": float})
        return weeks.assign(difference=weeks["now"] - weeks["then"])

    def cash(self) -> pd.DataFrame:
        """A row this month and the one before: days, goods sold at cost, net revenue, stock at its end, its days, what is owed, cycle.

        inventory_days = stock / goods a day. receivable and payable: days given × net revenue, goods a day. cycle = inventory + receivable
        − payable days; tied = stock + receivable − payable: both n/a unless both days are given.
        """
        rows, given = [], self.results.settings.cash
        for month in (self.before, self.name):
            span = self._span(month)
            f = self._stock(month)
            value = float(f["value"].sum()) if f["value"].notna().any() else np.nan
            rows.append((month, 7 * len(span), float(f["goods"].sum()) if span else np.nan, self.total(month)["net_revenue"], value))
        f = pd.DataFrame(rows, columns=["month", "days", "goods", "net_revenue", "stock"])
        a_day = f["goods"] / f["days"].where(f["days"] > 0)
        f["inventory_days"] = f["stock"] / a_day.where(a_day > 0)
        owed, owing = (np.nan if d is None else d for d in (given.receivable_days, given.payable_days))
        f["receivable"], f["payable"] = owed * f["net_revenue"] / f["days"].where(f["days"] > 0), owing * a_day
        f["cycle"] = f["inventory_days"] + owed - owing
        f["tied"] = f["stock"] + f["receivable"] - f["payable"]
        return f

    def _stock(self, month: str) -> pd.DataFrame:
        """By family: `value` of the stock at the month's end (n/a where no family has one, else nothing is 0), `goods` sold in it."""
        span, stock = self._span(month), self.results.evidence("stock_weeks")
        end = stock[stock["week"] == (span[-1] if span else "")].groupby("family")["value"].sum(min_count=1)
        goods = stock[stock["week"].isin(span)].groupby("family")["goods"].sum()
        f = pd.DataFrame({"value": end, "goods": goods}).rename_axis("family").astype(float)
        return f.fillna(0.0) if f["value"].notna().any() else f

    def stock_change(self) -> pd.DataFrame:
        """A row a family, the most additional stock first: stock at the end of the month before and now, change, of it volume and cover.

        stock = days held × goods a day, so volume is the change of goods a day at the days of before, cover the change of days at the
        goods a day of now; what a family holds that sold nothing in one of the months is cover. Empty where a month's stock is not known.
        """
        both, days = [self._stock(month) for month in (self.before, self.name)], [7 * len(self._span(m)) for m in (self.before, self.name)]
        columns = ["family", "before", "now", "change", "volume", "cover"]
        if not all(f["value"].notna().any() for f in both):
            return pd.DataFrame(columns=columns)
        f = both[0].add_suffix("_then").join(both[1].add_suffix("_now"), how="outer").fillna(0.0).reset_index()
        then, now = f["goods_then"] / days[0], f["goods_now"] / days[1]
        sold = (then > 0) & (now > 0)
        f["volume"] = ((now - then) * f["value_then"] / then.where(sold)).fillna(0.0)
        f["change"] = f["value_now"] - f["value_then"]
        f = f.assign(before=f["value_then"], now=f["value_now"], cover=f["change"] - f["volume"])[columns]
        return f.sort_values(["change", "family"], ascending=[False, True], ignore_index=True)

    def freed(self) -> pd.DataFrame:
        """What cash tied since the month before, freed with a minus: cause, tied, whether that is a sum of those above it.

        volume + longer + shorter (the families that are held so: positive and negative cover) = stock; stock + receivable + payable (what
        suppliers lend, so with a minus) = cash.
        """
        families, f = self.stock_change(), self.cash().set_index("month")
        was, now = f.loc[self.before], f.loc[self.name]
        cover = families["cover"].astype(float)
        stock = [families["volume"].sum(), cover.clip(lower=0).sum(), cover.clip(upper=0).sum()] if len(families) else [np.nan] * 3
        owed, owing, tied = ((now[c] - was[c]) for c in ("receivable", "payable", "tied"))
        rows = [(cause, amount, False) for cause, amount in zip(("volume", "longer", "shorter"), stock, strict=True)]
        rows += [("stock", now["stock"] - was["stock"], True)]
        rows += [("receivable", owed, False), ("payable", -owing, False), ("cash", tied, True)]
        return pd.DataFrame(rows, columns=["cause", "tied", "whole"])

    def gmroi(self) -> pd.DataFrame:
        """A row a family: gross margin of the month, mean stock at its weeks' ends, gross margin a year on it (GMROI), days of inventory.

        The days are those of `cash`: of the stock at the month's end, for one name one figure.
        """
        span = self._span(self.name)
        p = self._published
        p = p[(p["kpi"] == "gross_margin") & (p["grain"] == "family") & p["week"].isin(span)]
        gross = p.groupby("key")["numerator"].sum().rename("gross_margin")
        stock = self.results.evidence("stock_weeks")
        stock = stock[stock["week"].isin(span)]
        held = stock.groupby("family").agg(value=("value", "mean"), goods=("goods", "sum"))
        f = held.join(gross, how="outer").rename_axis("family").reset_index()
        days = 7 * len(span)
        f["gmroi"] = f["gross_margin"] * YEAR / days / f["value"].where(f["value"] > 0)
        end = f["family"].map(self._stock(self.name)["value"]).astype(float)
        f["inventory_days"] = end / (f["goods"] / days).where(f["goods"] > 0)
        return f.sort_values(["gmroi", "family"], ignore_index=True)

    def leaks(self) -> pd.DataFrame:
        """A row a month and leak (1 to 4, 1-4, 5): weeks that know it, amount, basis points of their net revenue, whether that is all.

        `without`: parts that are n/a in a week of it and in no sum; `every_week`: whether each week of it has a sum.
        """
        t = self._ledger
        t = t[(t["part"] == "total") & t["amount"].notna()]
        t = t.assign(month=[of(Week.parse(week)) for week in t["week"]])
        p = self._published
        net = p[(p["kpi"] == "net_revenue") & (p["grain"] == "all")].set_index("week")["value"]
        t["net"] = t["week"].map(net).astype(float)
        f = t.groupby(["month", "leak"], as_index=False).agg(
            weeks=("week", "nunique"), amount=("amount", "sum"), net=("net", "sum"),
            without=("without", lambda parts: "; ".join(dict.fromkeys(p for text in parts for p in text.split("; ") if p))),
        )  # fmt: skip
        f["basis_points"] = f["amount"] / f["net"].where(f["net"] > 0) * 10_000
        f["every_week"] = [n == len(whole(month)) for n, month in zip(f["weeks"], f["month"], strict=True)]
        f["whole"] = f["every_week"] & (f["without"] == "")
        return f[["month", "leak", "weeks", "amount", "basis_points", "whole", "without", "every_week"]]

    def decided(self) -> pd.DataFrame:
        """A row a decision taken in the month, that came of age in it, or that is still open; done ones first, then by due day.

        finding_id, title, decision, owner, due_on, done, state (done, overdue, committed), then and now (money a week, or `per` once),
        recovered, why.
        Recovered is then − now, only of what was decided four weeks ago or longer; `why` says what keeps it empty.
        """
        d = self.results.decisions
        d = d[d["week"] <= str(self.results.week)]
        zone, first = self.results.settings.timezone, whole(self.name)[0]
        now, begun = (pd.Timestamp(week.as_of(zone)) for week in (self.results.week, first - 1))
        age = d["recorded_at"] + OF_AGE
        here = d["week"].isin([str(week) for week in whole(self.name)]) | ((age > begun) & (age <= now))
        d = d[here | (~d["done"] & ~d["decision"].isin(NO_COMMITMENT))]
        early = age.reindex(d.index) > now
        priced = d["impact_then"].notna() & d["impact_now"].notna()
        expired = (d["per"] != "") & ~d["done"]  # an invoice that can no longer be disputed is gone as well
        d = d.assign(
            state=np.where(d["done"], "done", np.where(d["overdue"], "overdue", "committed")),
            recovered=(d["impact_then"] - d["impact_now"]).where(priced & ~early & ~expired),
            why=np.select([early, expired, ~priced], ["too early", "not done", "no figure"], ""),
        ).rename(columns={"impact_then": "then", "impact_now": "now"})
        d = d.assign(later=~d["done"], due=pd.to_datetime(d["due_on"])).sort_values(["later", "due", "finding_id"], ignore_index=True)
        return d[["finding_id", "title", "decision", "owner", "due_on", "done", "state", "then", "now", "per", "recovered", "why"]]

    def recovered(self) -> pd.DataFrame:
        """A row a kind of `decided`, of money a week and `per` once: how many, done, early; then, now and sum of the recovered."""
        d = self.decided()
        d = d.assign(early=d["why"] == "too early", then=d["then"].where(d["why"] == ""), now=d["now"].where(d["why"] == ""))
        f = d.groupby(["decision", "per"]).agg(taken=("finding_id", "size"), done=("done", "sum"), early=("early", "sum"))
        f = f.join(d.groupby(["decision", "per"])[["then", "now", "recovered"]].sum(min_count=1)).reset_index()
        return f.sort_values(["recovered", "decision"], ascending=[False, True], ignore_index=True)
