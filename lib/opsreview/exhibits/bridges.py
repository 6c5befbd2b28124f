"""What stands behind a margin: the bridge of every family, where costs come from, and from any figure to its lines (`why`)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, figures, formats, titles, titles_margin
from opsreview.catalog import TILT
from opsreview.charts import bridges
from opsreview.exhibits import Part, drawn, each, headed, listed
from opsreview.tables import note, sentences
from opsreview.titles import COSTS
from opsreview.titles_margin import BRIDGE, CHANGES, COME_FROM
from opsreview.weeks import Week

MARGIN = ["orders", "order_lines", "products"]
GRAINS = ("sku", "family", "category", "tier", "channel", "order")
MOST_LINES = 400  # lines of a figure in a notebook's table; review.rows has them all


def net_to_contribution(results: Any) -> list[Part]:
    """The waterfall from net revenue to contribution margin, component by component: the store, a family or a channel at a time."""
    families, channels = results.evidence("family_margin"), results.evidence("channel_margin")
    title = each(families, "family", titles.waterfall, charts.margin.ALL if len(families) > 1 else "")
    title |= {charts.margin.CHANNEL + channel: text for channel, text in each(channels, "channel", titles.waterfall).items()}
    subtitle = (
        f"Beside each step its share of net revenue. Channels: {formats.inner(titles.kept(channels, 'channel'))}.{_stand_ins(results)}"
    )
    chart = charts.waterfall(families, title, subtitle, results.settings.reporting_currency, "family", channels)
    return [drawn(chart, "From net revenue to contribution margin", results, MARGIN)]


def _stand_ins(results: Any) -> str:
    """` Shipping: label costs only, as carrier_charges was never exported.`: what stands in for a table of the margin; else empty."""
    return "".join(f" {formats.capital(text)}." for text in figures.beside(results, "contribution_margin"))


def where_costs_come_from(results: Any) -> list[Part]:
    """Measured, contracted, accrued, allocated, missing: a bar a family and channel, and the SKUs whose sign hangs on an allocation."""
    frame, skus, currency = results.evidence("margin_provenance"), results.evidence("sku_margin"), results.settings.reporting_currency
    hang = skus[skus.sign_depends.astype(bool)].sort_values("net_revenue", ascending=False)
    subtitle = (
        "Measured: a document says so. Contracted: a rate. Accrued: reckoned until the document comes. Allocated: shared by a rule among "
        "rows that a document or a crew serves together; families carry more of it than the store, because an order's costs are shared "
        "among its families."
    )
    chart = bridges.come_from(frame, titles_margin.come_from(frame, hang, currency), subtitle, currency)
    shares = frame.assign(
        **{k: frame[k] / frame.costs.where(frame.costs != 0) for k in COME_FROM},
        missing=frame.missing / frame.sold.where(frame.sold > 0), name=frame.key.where(frame.grain != "all", "whole store"),
        whole=frame.grain == "all", which=frame.grain.replace("all", ""),
    )  # fmt: skip
    columns = """
    name | Margin of
    which | Which
    contribution_margin | Contribution | money
    costs | Costs below gross | money
    measured | Measured | share
    contracted | Contracted | share
    accrued | Accrued | share
    allocated | Allocated | share
    missing | Something missing | share | help=net revenue of lines of which at least one cost is not known, the goods among them
    """
    below = listed(results, shares, columns, "Where costs come from", MARGIN, strong="whole", whole="kinds a line: order_margin.parquet")
    hang = hang.assign(a_quarter=TILT * hang.allocated_share * (hang.gross_margin - hang.contribution_margin))
    columns = """
    sku | SKU | code
    family | Family
    units | Units | number
    net_revenue | Net revenue | money
    contribution_margin | Contribution | cents
    allocated_share | Allocated | share | help=share of its costs below gross margin that a rule gave it
    a_quarter | A quarter of that | cents
    """
    quiet = "no SKU's contribution margin changes its sign when what is allocated to it is a quarter more or less"
    marked = listed(results, hang, columns, "SKUs whose sign hangs on an allocation", MARGIN, quiet, whole="sku_margin.csv")
    return [drawn(chart, "Where costs come from", results, MARGIN), below, marked]


def what_changed_margin(results: Any) -> list[Part]:
    """This week's contribution margin against its usual level: price, volume, mix, discount and every cost, to the cent."""
    every, currency = results.change, results.settings.reporting_currency
    rows, names = every[every.grain != "sku"], results.evidence("sku_rank").dropna(subset="name").set_index("sku")["name"].to_dict()
    subtitle = (
        "Usual: the mean of the up to 13 weeks before, each as it was known then. Each cost is what this week's units cost more or less "
        "than as many usually do."
    )
    title = {"whole store": titles_margin.change(every, currency, names=names)}
    named = rows.assign(key=rows.key.mask(rows.grain == "channel", charts.margin.CHANNEL + rows.key.astype(str)))  # both in one dropdown
    title |= each(named[named.grain != "all"], "key", lambda own: titles_margin.change(own.assign(grain="all"), currency))
    chart = bridges.changed(named, title, subtitle, currency)
    parts = rows[rows.kind == "part"]
    order = parts.assign(size=parts.amount.abs()).sort_values(["grain", "key", "size"], ascending=[True, True, False], kind="stable")
    shown = order.assign(
        of=order.key.where(order.grain != "all", "whole store"), said=order.part.map(CHANGES), which=order.grain.replace("all", ""),
    )  # fmt: skip
    columns = """
    of | Of
    which | Which
    said | Part
    amount | Adds to margin | cents | bar
    """
    quiet = "fewer than four weeks before this one were exported"
    below = listed(
        results, shown[shown.amount.round(2) != 0], columns, "Every part, by family and channel", MARGIN, quiet, filterable=True,
        whole="SKUs too are in change.csv", download=f"change-{results.week}.csv",
    )  # fmt: skip
    said = [sentences([("bad", titles_margin.flat_although(*results.flat_although))])] if results.flat_although else []
    return [*said, drawn(chart, "What changed contribution margin", results, MARGIN), below]


def late_costs(results: Any) -> list[Part]:
    """What carriers, returns and support of young weeks will come to in the end, with 80 % ranges, and how often past ranges held."""
    rows, held, currency = results.late_costs, results.ranges_held, results.settings.reporting_currency
    rows = rows.assign(
        week=[str(results.week - int(ago)) for ago in rows.ago], kind_place=rows.kind.map(list(titles_margin.KINDS_LATE).index),
        cost=rows.kind.map(titles_margin.KINDS_LATE),
        name=[f"{titles_margin.KINDS_LATE[kind]}: {key}" for kind, key in zip(rows.kind, rows.key, strict=True)],
    )  # fmt: skip
    now = results.kpis
    now = now[(now.kpi == "contribution_margin") & (now.grain == "all")].numerator
    title = titles_margin.late(held[held.key == ""], results.final_margin, float(now.iloc[0]) if len(now) else float("nan"), currency)
    sources = ("carrier_charges", "returns", "support_tickets")
    lacks = [m for m in results.trust.get("missing", []) if m["table"] in sources and m.get("instead")]
    title += "".join(f". Nothing of {formats.words(m['table'])} is foretold, as {figures.missing_table(m)}; {m['instead']}" for m in lacks)
    subtitle = (
        "Bars: the 80 % range said in the week itself, of young weeks the one said now; points: what came. Carriers by week of shipment, "
        "returns and support by week of order; weeks that are neither young nor finished are left out."
    )
    span = [str(results.week - i) for i in range(int(rows.ago.max()) if len(rows) else 0, -1, -1)]
    options = {name: headed(name, titles_margin.cohorts(own, currency)) for name, own in rows.groupby("name")}
    chart = bridges.late(rows, span, options, subtitle, currency)
    young = rows[rows.final.isna()].sort_values(["kind_place", "key", "week"], kind="stable")
    columns = """
    cost | Late cost
    key | Of
    week | Week | code
    known | Known so far | money
    expected | Expected in the end | money
    low | From | money? | help=80 % range
    high | To | money?
    """
    test = """
    cost | Late cost
    key | Of
    ranges | Ranges given | number
    held | Held | number
    share | Share | share
    beyond | Came beyond expected | change? | help=all of these weeks together, of what was expected
    """
    note_ = (
        "A range should hold four times of five: clearly less, and it is too narrow; more, and it says too little. The week's margin: each "
        "week against the range that the other weeks give."
    )
    tested = held.assign(
        cost=held.kind.map(titles_margin.KINDS_LATE), place=held.kind.map(list(titles_margin.KINDS_LATE).index), whole=held.key == ""
    )
    tested = tested.sort_values(["place", "whole", "key"], ascending=[True, False, True], kind="stable")
    stands_on = ["shipments", *sources]
    quiet = "too few finished weeks to say"
    return [
        sentences([("", f"{title}.")]),
        drawn(chart, "Late costs", results, stands_on),
        listed(results, young, columns, "Young weeks: known, and expected in the end", stands_on, quiet),
        listed(results, tested, test, "How often past ranges held", stands_on, quiet, strong="whole", note=note_),
    ]  # fmt: skip


def lines(results: Any, figure: str, where: dict[str, str], days: int) -> pd.DataFrame:
    """The lines whose sum a margin figure of so many days is, with where each of their costs comes from: as in order_margin.parquet."""
    return _counted(_sold(results, where, days), figure)


def _sold(results: Any, where: dict[str, str], days: int) -> pd.DataFrame:
    for key in where:
        if key not in GRAINS:
            raise ValueError(f"a margin is asked about by {', '.join(GRAINS)}, not by {key!r}{formats.near(key, GRAINS)}")
    return results.lines(days, **{{"order": "order_id"}.get(k, k): v for k, v in where.items()})


def _counted(lines: pd.DataFrame, figure: str) -> pd.DataFrame:
    """A margin leaves out the lines without a unit cost; net revenue does not."""
    return lines if figure == "net_revenue" else lines[lines.cost_of_goods.notna()]


def _when(results: Any, days: int) -> str:
    """`2026-W46`, or `the 28 days to 15 Nov`."""
    last = results.week.trailing(1).start
    return str(results.week) if days == results.week.window.days else f"the {formats.count(days, 'day')} to {formats.day(last)}"


def _shortened(results: Any, days: int) -> str:
    """What there is to say where the exports do not reach back so far: else empty."""
    first = Week.parse(results.trust["first_week"]).monday
    return f"; the exports begin on {formats.day(first)}" if first > results.week.trailing(days).start else ""


def _meant(results: Any, where: dict[str, str], days: int) -> str:
    """`; did you mean Garden?`: what was sold then and is spelled much alike; not of an order, which is one of thousands."""
    sold = _sold(results, {}, days)
    return "".join(formats.near(str(v), sold[k].dropna().astype(str).unique()) for k, v in where.items() if k in sold)


def why(results: Any, figure: str, where: dict[str, str], days: int) -> list[Part]:
    """The lines behind a margin figure of so many days and the bridge between them: see `Review.why`."""
    currency = results.settings.reporting_currency
    lines = _sold(results, where, days)
    whose, when = formats.listing([f"{k} {v}" for k, v in where.items()], 4) or "the whole store", _when(results, days)
    if lines.empty:
        gone = f"No line was sold in {when} of {whose}{_shortened(results, days)}"
        return [note(f"{gone}{_meant(results, where, days) or '.'}")]
    costed = _counted(lines, figure)
    money = formats.money(costed[figure].sum(), currency, 2)
    text = (
        f"{BRIDGE[figure]} of {whose} in {when}: {money}, the sum of {formats.count(len(costed), 'line')} "
        f"of {formats.count(costed.order_id.nunique(), 'order')}"
    )
    if len(costed) < len(lines):
        gone = lines.net_revenue.sum() - costed.net_revenue.sum()
        without = formats.count(len(lines) - len(costed), "line")
        text += f"; {without} without unit cost ({formats.money(gone, currency)} of net revenue) left out"
    text += _shortened(results, days)
    margin = costed.assign(whose=whose).groupby("whose", as_index=False)[list(BRIDGE)].sum()
    chart = charts.waterfall(margin, f"From net revenue to contribution margin: {whose}", "", currency, "whose")
    cost = figure in ("cost_of_goods", *COSTS)  # of a cost the dearest lines come first, of a margin those that leave least
    listing = costed.sort_values([figure, "order_id", "line_id"], ascending=[not cost, True, True])
    first = f"{'highest' if cost else 'lowest'} {BRIDGE[figure].lower()} first"
    said = "\n".join(f"{c} | {label} | cents | small={c}_kind" for c, label in {"cost_of_goods": "Goods", **COSTS}.items())
    columns = f"""
    order_id | Order | code
    line_id | Line | code
    sku | SKU | code
    channel | Channel
    units | Units | number
    net_revenue | Net revenue | cents
    {said}
    contribution_margin | Contribution | cents
    """
    table = listed(
        results, listing, columns, f"Its lines, {first}; under each cost where it comes from", MARGIN,
        most=MOST_LINES, whole="review.rows has them all", filterable=True,
    )  # fmt: skip
    return [note(f"{text}."), drawn(chart, "The bridge", results, MARGIN), _components(results, costed), table]


def _components(results: Any, lines: pd.DataFrame) -> Part:
    """A row a component: its money, and how much of it is of which kind (a line's component counts under its kind)."""
    out = []
    for component, label in {"cost_of_goods": "Goods", **COSTS}.items():
        by = lines.groupby(f"{component}_kind")[component].sum()
        gone = int((lines[f"{component}_kind"] == "missing").sum())
        out.append({"component": label, "money": lines[component].sum(), **{k: by.get(k, 0.0) for k in COME_FROM}, "missing": gone})
    columns = """
    component | Component
    money | Money | cents
    measured | Measured | cents
    contracted | Contracted | cents
    accrued | Accrued | cents
    allocated | Allocated | cents
    missing | Lines without it | number
    """
    return listed(results, pd.DataFrame(out), columns, "Component by component: where the money comes from", MARGIN)
