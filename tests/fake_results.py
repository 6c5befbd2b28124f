"""A made-up `Results`: the frames of the compute seam, small and seeded, so that what a reader sees can be tested without an engine."""
# ruff: noqa: E501, SIM905  rows of made-up figures read best on one line

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import fake_money
import numpy as np
import pandas as pd
from opsreview import agreed, catalog, causes, settings
from opsreview.behind import Behind
from opsreview.bills import PARTS as BILL
from opsreview.development import ranges
from opsreview.judgement import status, target_of, target_text
from opsreview.reconcile import ties
from opsreview.statistics import elasticity, xmr_limits, xmr_signal
from opsreview.titles_margin import CHANGES
from opsreview.weeks import Week

WEEK = Week.parse("2026-W46")
LOCATIONS, CHANNELS, FAMILIES = ["BER", "RTM"], ["web", "amazon", "retail"], ["Lamps", "Chairs", "Rugs", "Desks", "Mirrors"]
COSTS = ["packaging", "shipping", "pick_pack", "payment", "channel_fees", "support", "returns_reserve"]
ERRORS = ["wrong_item", "wrong_quantity", "damaged", "packing", "label"]
LEVEL = {"share": 0.9, "money": 90_000.0, "days": 44.0, "hours": 12.0, "units": 500.0, "count": 6.0}
KEYS = {
    "family": FAMILIES, "category": ["Home", "Office"], "cluster": ["steady", "lumpy", "new"], "tier": ["A", "B", "C"],
    "location": LOCATIONS, "supplier": ["Nord", "Sud"], "carrier": ["dhl", "ups"], "service": ["dhl/express", "dhl/parcel", "ups/ground"],
    "channel": CHANNELS, "reason": ["damaged", "too_small", "changed_mind"], "error_type": ERRORS, "sku": ["SKU-001", "SKU-002"],
}  # fmt: skip
SMALL = {"rework_rate": 0.006, "carrier_exception_rate": 0.02, "return_rate": 0.12, "return_rate_cohort": 0.13, "forecast_bias": 0.04,
         "forecast_value_added": 0.06, "contribution_margin": 0.11, "gross_margin": 0.45, "pick_pack_accuracy": 0.994, "forecast_accuracy": 0.71}  # fmt: skip


class FakeResults(SimpleNamespace):
    """Stands where `opsreview.measure.Results` stands."""

    def evidence(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    @property
    def change_cells(self) -> pd.DataFrame:
        """None: what changed is made up, and no cell of it is known."""
        return pd.DataFrame()

    @property
    def missing(self) -> list[dict]:
        return self.trust["missing"]

    def lines(self, days: int = 7, **where: str) -> pd.DataFrame:
        """An order of one line a SKU: its margin as in sku_margin.csv, every cost of one kind."""
        skus = self.sku_margin.head(5)
        kinds = {f"{c}_kind": "measured" for c in ("cost_of_goods", *COSTS)}
        return skus.assign(order_id=[f"O{i}" for i in range(len(skus))], line_id="1", channel="web", **kinds)

    @property
    def proposals(self) -> pd.DataFrame:
        return agreed.to_decide(self.evidence, self.findings, self.week, self.settings)

    def behind(self, kpi: str, where: dict[str, str]) -> Behind:
        """Two rows, whichever figure is asked about; of the bill of returns one line."""
        if kpi == "returns_bill":
            line = {"return_id": "R1", "line_no": "1", "sku": "SKU-001", "family": "Lamps", "channel": "web", "reason": "damaged", "refund": 9.0,
                    "unmatched": 0.0, **dict.fromkeys(BILL, 1.0), "units": 1.0, "total": float(len(BILL))}  # fmt: skip
            return Behind(pd.DataFrame([line]), line["total"], line["total"], 1.0)
        return Behind(pd.DataFrame({"order_id": ["O1", "O2"], "location": "BER", "on_time": [True, False]}), 0.5, 1.0, 2.0)


def make(seed: int = 7, **settings_given) -> FakeResults:
    """A store of 60 SKUs whose week has something to say in every section."""
    rng = np.random.default_rng(seed)
    team = settings.parse({"timezone": "Europe/Berlin", "reporting_currency": "EUR", **settings_given})
    history = _history(rng)
    kpis = _kpis(history, team, rng)
    skus = _skus(rng)
    frames = {**_monday(rng, skus), **_wednesday(rng), **_friday(rng, skus), **fake_money.frames()}
    findings, given = _findings(skus), _exports()
    leaks, leak_history = _leaks(rng)
    frames["export_weeks"] = _export_weeks()
    frames["leak_rows"], frames["paid_lines"] = _leak_rows(leaks), _paid_lines()
    return FakeResults(
        **given, week=WEEK, as_of=datetime(2026, 11, 15, 23), settings=team, exports_dir=Path("data_samples"), kpis=kpis, history=history,
        findings=findings, leaks=leaks, leak_causes=_causes(leaks), leak_history=leak_history, sku_margin=frames["sku_margin"], inventory=frames["inventory"],
        forecast=pd.DataFrame(columns="week sku horizon_days expected_units q10 q50 q90 method".split()), frames=frames,
        **_late(rng), change=_change(rng), flat_although=(0.12, 0.01),
        trust={**_trust(), "ties": ties(given["reconciliation"])}, decisions=_decisions(findings),
    )  # fmt: skip


def _level(kpi: str, unit: str) -> float:
    return next((v for k, v in SMALL.items() if kpi.startswith(k)), LEVEL[unit])


def _history(rng) -> pd.DataFrame:
    """26 weeks of every KPI at every grain; on-time ship falls out of its limits in W."""
    rows = []
    for name, kpi in catalog.kpis().items():
        for grain, keys in [("all", [""]), *((g, KEYS[g]) for g in kpi.grains)]:
            for key in keys:
                level = _level(name, kpi.unit)
                values = level * (1 + 0.03 * rng.standard_normal(26))
                if name == "on_time_ship_rate" and key in ("", "BER"):
                    values[-1] = level * 0.8
                values = np.minimum(values, kpi.ceiling) if kpi.ceiling is not None else values
                floor, ceiling = (-np.inf if kpi.floor is None else kpi.floor), (np.inf if kpi.ceiling is None else kpi.ceiling)
                limits = xmr_limits(list(values[:-1]), floor, ceiling)
                for i, value in enumerate(values):
                    signal = xmr_signal(list(values), floor, ceiling) if i == 25 else ""
                    rows.append((name, grain, key, str(WEEK - (25 - i)), value, limits.centre, limits.lower, limits.upper, False, signal))
    return pd.DataFrame(rows, columns="kpi grain key week value centre lower upper provisional signal".split())


def _kpis(history: pd.DataFrame, team, rng) -> pd.DataFrame:
    last = history[history.week == str(WEEK)].reset_index(drop=True)
    before = history[history.week == str(WEEK - 1)].reset_index(drop=True)
    book = catalog.kpis()
    frame = last.assign(
        week=str(WEEK), review=last.kpi.map(lambda k: book[k].review), unit=last.kpi.map(lambda k: book[k].unit), previous=before.value,
        baseline=last.centre, denominator=1000.0, owner=last.kpi.map(lambda k: team.owners[k].owner),
    )  # fmt: skip
    frame["numerator"] = frame.value * 1000
    targets = [target_of(team, k, key) for k, key in zip(frame.kpi, frame.key, strict=True)]
    frame["target"] = [target_text(t) for t in targets]
    frame["status"] = [status(v, book[k].better, t) for v, k, t in zip(frame.value, frame.kpi, targets, strict=True)]
    columns = "week review kpi grain key value unit numerator denominator target status signal owner previous baseline".split()
    return frame[columns]


def _skus(rng, n: int = 60) -> pd.DataFrame:
    units = np.sort(rng.pareto(1.2, n) * 20 + 3)[::-1].round()
    tier = np.where(np.cumsum(units) / units.sum() < 0.8, "A", np.where(np.cumsum(units) / units.sum() < 0.95, "B", "C"))
    return pd.DataFrame({"sku": [f"SKU-{i:03d}" for i in range(1, n + 1)], "name": [f"{FAMILIES[i % 5][:-1]} no. {i}" for i in range(1, n + 1)],
                         "family": [FAMILIES[i % 5] for i in range(1, n + 1)], "category": [["Home", "Office"][i % 2] for i in range(1, n + 1)],
                         "tier": tier, "units": units})  # fmt: skip


def _monday(rng, skus: pd.DataFrame) -> dict[str, pd.DataFrame]:
    days = [WEEK.end - timedelta(days=28 - i) for i in range(42)]
    daily = []
    for channel, size in zip(["(all)", *CHANNELS], [100, 60, 30, 10], strict=True):
        for i, day in enumerate(days):
            wave = size * (1.3 if day.weekday() >= 5 else 1.0)
            sold = round(wave * (1 + 0.15 * rng.standard_normal()))
            known = i < 28
            daily.append((day, channel, sold if known else np.nan, sold * 1.4 if known else np.nan, sold * 32.0 if known else np.nan,
                          wave * 1.35 if channel == "(all)" else np.nan))  # fmt: skip
    planned = (skus.units * (1 + 0.25 * rng.standard_normal(len(skus)))).clip(lower=0).round()
    planned[3] = 0
    plan = skus.assign(planned=planned, actual=skus.units, gap=skus.units - planned, revenue=skus.units * 30.0)
    plan["error_share"] = np.where(planned > 0, plan.gap.abs() / planned.where(planned > 0, 1), np.nan)
    plan["chance_band"] = np.where(planned > 0, 1.96 * np.sqrt(1.4 / planned.where(planned > 0, 1)), np.nan)
    plan["beyond_rule"] = plan.error_share > 0.1
    plan["flagged"] = (plan.error_share > plan.chance_band.clip(lower=0.1)) | (planned == 0)
    chance = pd.DataFrame([{"catalog_size": len(plan), "share_beyond_rule": plan.beyond_rule.mean(), "share_by_chance": 0.62,
                            "share_flagged": plan.flagged.mean(), "dispersion": 1.4, "revenue_share_flagged": 0.22}])  # fmt: skip
    stock = skus.loc[skus.index.repeat(2)].reset_index(drop=True)
    n = len(stock)
    demand = stock.units / 56
    on_hand = (demand * rng.gamma(2, 22, n)).round()
    on_hand[[0, 5]] = 0
    inventory = pd.DataFrame({
        "sku": stock.sku, "location": np.tile(LOCATIONS, n // 2), "family": stock.family, "tier": stock.tier, "cluster": "steady",
        "as_of_day": date(2026, 11, 15), "system": "wms", "on_hand": on_hand, "allocated": (on_hand * 0.05).round(),
        "available": on_hand - (on_hand * 0.05).round(), "in_transit": 0.0, "units_28d": (demand * 28).round(), "daily_demand": demand,
        "days_of_supply": on_hand / demand, "sell_through": demand * 28 / (demand * 28 + on_hand), "next_eta": date(2026, 11, 24),
        "next_quantity": (demand * 30).round(), "p_out_of_stock_14d": np.exp(-on_hand / (demand * 14)), "excess_units": (on_hand - 45 * demand).clip(lower=0),
        "value_at_cost": on_hand * 11.0, "dead_stock": False, "erp_on_hand": on_hand + 2, "wms_on_hand": on_hand, "owner": "Head of Inventory",
    })  # fmt: skip
    by_channel = inventory[["sku", "location", "on_hand", "allocated", "available"]].assign(channel="")
    inbound = pd.DataFrame({"document_id": ["PO-1", "PO-2", "TR-9"], "line_id": ["1", "1", "2"], "kind": ["purchase", "purchase", "transfer"],
                            "sku": ["SKU-001", "SKU-002", "SKU-003"], "name": ["Chair no. 1", "Rug no. 2", "Desk no. 3"], "location": ["BER", "RTM", "BER"],
                            "supplier": ["Nord", "Sud", ""], "open_quantity": [120.0, 80.0, 15.0], "original_eta": [date(2026, 11, 10)] * 3,
                            "eta": [date(2026, 11, 24), date(2026, 11, 12), date(2026, 11, 10)], "arrived_at": [pd.NaT, pd.NaT, datetime(2026, 11, 11, 9)],
                            "slip_days": [14.0, 2.0, 0.0], "state": ["slipped", "overdue", "at dock"]})  # fmt: skip
    return {"orders_daily": pd.DataFrame(daily, columns="day channel orders units net_sales planned_units".split()), "inventory": inventory,
            "plan_vs_actual": plan[["sku", "name", "family", "tier", "planned", "actual", "gap", "error_share", "chance_band", "beyond_rule", "flagged", "revenue"]],
            "plan_chance": chance, "inventory_by_channel": by_channel[["sku", "location", "channel", "on_hand", "allocated", "available"]], "inbound_open": inbound,
            "stock_drift": _drift()}  # fmt: skip


def _drift() -> pd.DataFrame:
    rows = [("SKU-001", "Chair no. 1", "BER", 120.0, 80.0, 80.0, "erp_wms", 40.0, 6.0, 12.0, 4.2, 310.0, 0.0, "erp", "the shop and the WMS agree"),
            ("SKU-002", "Rug no. 2", "RTM", 15.0, 15.0, np.nan, "erp_wms", 9.0, 5.0, np.nan, 0.4, 2.0, 0.0, "", "nothing says which")]  # fmt: skip
    return pd.DataFrame(rows, columns="sku name location erp wms shop pair gap limit age d_here impact by_shop suspect why".split())


def _wednesday(rng) -> dict[str, pd.DataFrame]:
    weeks = [str(WEEK - i) for i in range(25, -1, -1)]
    picks = [
        (w, loc, e, 4000.0, float(rng.poisson(8 if e else 40)), float(rng.poisson(4 if e else 20)))
        for w in weeks
        for loc in LOCATIONS
        for e in ["", *ERRORS]
    ]
    hours = np.arange(6, 22)
    waves = []
    for location in LOCATIONS:
        need = 2 + 6 * np.exp(-(((hours - 11) / 2.5) ** 2)) + 4 * np.exp(-(((hours - 17) / 2) ** 2))
        paid = np.full(len(hours), need.mean())
        waves += [(location, int(h), n * 6, n * 20, p, n, p * 21.5) for h, n, p in zip(hours, need, paid, strict=True)]
    volume, fits = [], []
    for location in LOCATIONS:
        for role, slope in (("pick", 0.97), ("pack", 0.7)):
            v = rng.uniform(1500, 4000, 26)
            h = 0.05 * v**slope * np.exp(0.04 * rng.standard_normal(26)) * 4
            volume += [(w, location, role, float(a), float(b), float(b) * 21.5) for w, a, b in zip(weeks, v, h, strict=True)]
            fit = elasticity(list(v), list(h))
            fits.append((location, role, fit.value, fit.low, fit.high, fit.n))
    arrived = [datetime(2026, 11, 9, 8) + timedelta(hours=float(h)) for h in rng.uniform(0, 120, 40)]
    spent = rng.lognormal(2.4, 0.6, 40)
    dock = pd.DataFrame({"document_id": [f"PO-{i}" for i in range(40)], "line_id": "1", "sku": [f"SKU-{i:03d}" for i in range(1, 41)],
                         "supplier": ["Nord", "Sud"] * 20, "location": (["BER"] * 3 + ["RTM"]) * 10, "arrived_at": arrived,
                         "stocked_at": [a + timedelta(hours=float(h)) for a, h in zip(arrived, spent, strict=True)], "hours": spent, "state": ["stocked"] * 36 + ["at dock"] * 4})  # fmt: skip
    services = [("dhl", "express", 420, 9), ("dhl", "parcel", 2600, 40), ("ups", "ground", 1300, 91)]
    carriers = pd.DataFrame([{"carrier": c, "service": s, "shipments": n, "exceptions": e, "exception_rate": e / n, "promised": n, "on_time": n - 3 * e,
                              "charges": n * 6.1, "avoidable_charges": e * 7.5, "exception_cost": e * 19.0, "cost_per_shipment": 6.1} for c, s, n, e in services])  # fmt: skip
    reasons = pd.DataFrame([(c, s, r, round(e * f)) for c, s, _, e in services for r, f in (("address", 0.5), ("weather", 0.3), ("damaged", 0.2))],
                           columns="carrier service reason shipments".split())  # fmt: skip
    return {"pick_trend": pd.DataFrame(picks, columns="week location error_type picks errors rework".split()),
            "waves": pd.DataFrame(waves, columns="location hour orders lines_picked hours need cost".split()),
            "labor_volume": pd.DataFrame(volume, columns="week location role volume hours cost".split()),
            "elasticity": pd.DataFrame(fits, columns="location role value low high n".split()), "dock": dock, "carriers": carriers, "exception_reasons": reasons}  # fmt: skip


def _margin(names: list[str], label: str, rng) -> pd.DataFrame:
    n = len(names)
    frame = pd.DataFrame({label: names, "units": rng.integers(200, 900, n).astype(float)})
    frame["net_revenue"] = frame.units * rng.uniform(20, 60, n)
    frame["cost_of_goods"] = frame.net_revenue * rng.uniform(0.45, 0.62, n)
    frame["gross_margin"] = frame.net_revenue - frame.cost_of_goods
    for cost, part in zip(COSTS, [0.02, 0.14, 0.05, 0.03, 0.05, 0.02, 0.09], strict=True):
        frame[cost] = frame.net_revenue * part * rng.uniform(0.5, 1.6, n)
    frame["contribution_margin"] = frame.gross_margin - frame[COSTS].sum(axis=1)
    frame["gross_margin_share"] = frame.gross_margin / frame.net_revenue
    frame["contribution_margin_share"] = frame.contribution_margin / frame.net_revenue
    return frame.assign(accrued_share=0.31, ad_spend=frame.net_revenue * 0.04, measured_share=0.3, contracted_share=0.2, allocated_share=0.19,
                        missing_share=0.0, sign_depends=[i == 1 for i in range(n)])  # fmt: skip


def _change(rng) -> pd.DataFrame:
    """Parts of every group, the largest first, that lead from its usual contribution to the week's."""
    rows = []
    for grain, keys in (("all", [""]), ("family", FAMILIES), ("channel", CHANNELS)):
        for key in keys:
            parts = sorted(
                ((p, float(rng.normal(0, 300))) for p in CHANGES if p not in ("shipping", "returns_reserve", "rest")),
                key=lambda p: -abs(p[1]),
            )
            end = 2000 + sum(amount for _, amount in parts)
            said = [("baseline", "baseline", 2000.0), *((p, "part", a) for p, a in parts), ("contribution_margin", "contribution", end),
                    ("net_revenue_baseline", "memo", 9000.0), ("net_revenue", "memo", 10080.0)]  # fmt: skip
            rows += [(grain, key, *row) for row in said]
    return pd.DataFrame(rows, columns="grain key part kind amount".split())


def _late(rng) -> dict:
    """Two carriers and a family: four young weeks and twelve finished ones, each said at four ages."""
    rows = []
    for kind, key in (("carrier", "dhl"), ("carrier", "ups"), ("returns", "Lamps")):
        for ago in range(4):
            rows.append((kind, key, ago, ago, 900.0 * ago / 4, 1000.0, 900.0, 1100.0, np.nan))
        for ago in range(7, 19):
            rows += [(kind, key, ago, age, 900.0 * age / 4, 1000.0, 900.0, 1100.0, float(rng.normal(1000, 80))) for age in range(4)]
    frame = pd.DataFrame(rows, columns="kind key ago age known expected low high final".split())
    return {
        "late_costs": frame,
        "ranges_held": ranges(frame),
        "final_margin": (21_000.0, 20_000.0, 22_000.0),
    }


def _come_from(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """margin_provenance: the shares of the family and channel margins as money, and the whole."""
    parts = []
    for grain in ("family", "channel"):
        f = frames[f"{grain}_margin"]
        costs = f[COSTS].sum(axis=1)
        kinds = {kind: costs * f[f"{kind}_share"] for kind in ("measured", "contracted", "accrued", "allocated")}
        parts.append(pd.DataFrame({"grain": grain, "key": f[grain], "net_revenue": f.net_revenue, "contribution_margin": f.contribution_margin,
                                   "costs": costs, **kinds, "missing": 0.0, "sold": f.net_revenue}))  # fmt: skip
    whole = parts[0].drop(columns=["grain", "key"]).sum().to_frame().T.assign(grain="all", key="")
    return pd.concat([whole[parts[0].columns], *parts], ignore_index=True)


def _friday(rng, skus: pd.DataFrame) -> dict[str, pd.DataFrame]:
    margin = _margin(list(skus.sku), "sku", rng).merge(skus[["sku", "name", "family", "category", "tier"]], on="sku")
    rank = margin.assign(
        rank_gross=margin.gross_margin_share.rank(ascending=False), rank_contribution=margin.contribution_margin_share.rank(ascending=False)
    )
    rank["fall"] = rank.rank_contribution - rank.rank_gross
    rank["culprit"] = [["shipping", "returns_reserve", "channel_fees"][i % 3] for i in range(len(rank))]
    rank["culprit_money"] = rank.net_revenue * 0.05
    rank["relief"], rank["relief_money"], rank["sign_depends"] = "packaging", rank.net_revenue * 0.02, rank.index % 5 == 0
    reasons = [(f, r, round(300 * rate), 3000.0, rate, 300 * rate * 14, r == "damaged", "warehouse" if r == "damaged" else "fit and sizing")
               for f in FAMILIES for r, base in (("damaged", 0.02), ("too_small", 0.05), ("changed_mind", 0.04)) for rate in [base * rng.uniform(0.4, 2.0)]]  # fmt: skip
    by = {"family_margin": _margin(FAMILIES, "family", rng), "channel_margin": _margin(CHANNELS, "channel", rng)}
    return {**by, "margin_provenance": _come_from(by),
            "sku_rank": rank[["sku", "name", "family", "tier", "units", "net_revenue", "gross_margin_share", "contribution_margin_share", "rank_gross", "rank_contribution", "fall", "culprit", "culprit_money", "relief", "relief_money", "sign_depends"]],
            "returns_reasons": pd.DataFrame(reasons, columns="family reason returned_units sold_units rate cost ours_to_control team".split()),
            "sku_margin": margin.assign(false_confidence=False), "documents_apart": _apart()}  # fmt: skip


def _apart() -> pd.DataFrame:
    day = pd.Timestamp(2026, 11, 12)
    rows = [("billed_quantity", "PO-1/1", "PO-1/1", "Nord", "SKU-001", "units", 100.0, 120.0, 20.0, 240.0, np.nan, day, 4.0, "billed twice"),
            ("refund_above_paid", "R-1", "R-1", "web", "SKU-002", "money", 30.0, 120.0, 90.0, 90.0, np.nan, day, 4.0, "refunded more than was paid for it"),
            ("not_billed", "dhl/not billed", "dhl", "dhl", None, "parcels", 12.0, 0.0, -12.0, np.nan, 90.0, day, 40.0, "not billed"),
            ("billed_weight", None, "dhl/parcel", "dhl", None, "kg", 10.0, 14.0, 4.0, np.nan, np.nan, day, 4.0, "3 parcels billed heavier than declared")]  # fmt: skip
    return pd.DataFrame(rows, columns="kind entity document partner sku unit expected stated difference money accrued day age note".split())


def _findings(skus: pd.DataFrame) -> pd.DataFrame:
    """Two findings a check of the catalog that this issue brings, falling in money; ids are stable words."""
    rows = []
    for i, (name, check) in enumerate(catalog.checks().items()):
        for j in range(2):
            entity = {"sku": f"SKU-00{j + 1}", "sku@location": f"SKU-00{j + 1}@BER", "location": LOCATIONS[j], "channel": CHANNELS[j],
                      "carrier/service": ["ups/ground", "dhl/parcel"][j], "table": ["picks", "labor"][j], "promo_id/sku": f"P-{j + 1}/SKU-00{3 * j + 1}"}.get(check.entity_type, f"X-{i}/{j}")  # fmt: skip
            money = np.nan if check.entity_type == "table" else 4000.0 / (1 + i + 3 * j)
            rows.append((f"{name[:6]}{i:02d}{j}", str(WEEK), check.review, check.leak, name, check.entity_type, entity, f"{check.title}: {entity}", "0.42", "0.10", "0.25",
                         ["breach", "watch"][j], money, "what it cost, of 28 days, a week", check.owner, "2026-11-18T23:00:00Z", "COO", "2026-11-20T23:00:00Z",
                         f"{check.decision}: {entity}", ["new", "open"][j], ["2026-W46", "2026-W40"][j], "[]", "{}"))  # fmt: skip
    columns = """finding_id week review leak check entity_type entity title observed expected threshold severity impact impact_basis owner due_at
                 escalate_to escalate_at suggested_decision state first_seen members evidence""".split()
    return pd.DataFrame(rows, columns=columns).sort_values("impact", ascending=False, na_position="last", ignore_index=True)


PARTS = {"1": ["stockout", "wasted_spend", "overbuy"], "2": ["excess", "dead_stock", "expedite", "transfer_freight"],
         "3": ["rework", "avoidable_charges", "creep"], "4": ["returns_shipping", "returns_handling", "returns_value_lost", "returns_support"], "5": ["false_confidence"]}  # fmt: skip


def _leaks(rng) -> tuple[pd.DataFrame, pd.DataFrame]:
    history = []
    for i in range(25, -1, -1):
        totals = {}
        for leak, parts in PARTS.items():
            amounts = rng.gamma(3, 200, len(parts))
            history += [(str(WEEK - i), leak, p, a, a / 9.0) for p, a in zip(parts, amounts, strict=True)]
            totals[leak] = float(amounts.sum())
            history.append((str(WEEK - i), leak, "total", totals[leak], totals[leak] / 9.0))
        whole = sum(v for k, v in totals.items() if k != "5")
        history.append((str(WEEK - i), "1-4", "total", whole, whole / 9.0))
    history = pd.DataFrame(history, columns="week leak part amount basis_points".split()).assign(without="")
    now = history[history.week == str(WEEK)].merge(
        history[history.week < str(WEEK)].groupby(["leak", "part"]).amount.median().rename("baseline").reset_index()
    )
    now["units"], now["estimate"], now["evidence"] = np.nan, now.part.isin(["stockout", "overbuy", "excess", "dead_stock"]), "{}"
    now["usual"] = now.baseline
    return now[["week", "leak", "part", "amount", "basis_points", "baseline", "units", "estimate", "evidence", "without", "usual"]], history


def _paid_lines() -> pd.DataFrame:
    """A move there and back, and haste that did not help."""
    first, then = date(2026, 11, 12), date(2026, 11, 24)
    rows = [("transfer_freight", "other", "SKU-001", "Chair no. 1", "BER", "RTM", 3.0, 380.0, 60.0, first, first, datetime(2026, 11, 12, 9), 16.0),
            ("expedite", "SKU-001", "SKU-002", "Lamp no. 2", None, "BER", 183.0, 240.0, 900.0, first, then, None, 0.0)]  # fmt: skip
    return pd.DataFrame(
        rows, columns="part keys sku name source_location location quantity_ordered amount margin original_eta eta arrived_at back".split()
    )


def _leak_rows(leaks: pd.DataFrame) -> pd.DataFrame:
    """Every part but creep as two rows, one of them of a SKU, service or line that a finding may be about."""
    own = leaks[~leaks.part.isin(["total", "actionable", "creep"]) & leaks.amount.notna()]
    parts = [own.assign(keys=keys, amount=own.amount * part, rows=2) for keys, part in (("SKU-001", 0.75), ("other", 0.25))]
    return pd.concat(parts, ignore_index=True)[["leak", "part", "keys", "amount", "rows"]]


def _causes(leaks: pd.DataFrame) -> pd.DataFrame:
    """Shares of leak 3 that add up to its parts; labor takes some of it back."""
    said = leaks[leaks.leak == "3"].set_index("part").amount
    rows = [("errors", "rework", "rework", 1.0), ("errors", "avoidable_charges", "redelivery", 0.7), ("dimensional_weight", "avoidable_charges", "dimensional", 0.3),
            ("surcharges", "creep", "", 0.1), ("heavier_parcels", "creep", "", 0.2), ("carrier_mix", "creep", "", 0.6), ("rate", "creep", "", 0.25),
            ("labor", "creep", "", -0.2), ("not_sent_yet", "creep", "", 0.0), ("remainder", "creep", "", 0.05)]  # fmt: skip
    amounts = [(*row[:3], row[3] * said[row[1]]) for row in rows]
    return pd.DataFrame([(*row, row[3] / 9.0) for row in amounts], columns=causes.COLUMNS)


def _export_weeks() -> pd.DataFrame:
    """Four tables over 26 weeks; in W one is missing, one stale, one odd, one has lost a column."""
    rows = []
    for table, state in (("picks", "missing"), ("labor", "stale"), ("orders", "odd"), ("returns", "changed")):
        for i in range(25, -1, -1):
            now = state if i == 0 else "came"
            size = np.nan if now == "missing" else 300.0 if now == "odd" else 100.0
            rows.append(
                (
                    table,
                    str(WEEK - i),
                    size,
                    0.0,
                    pd.Timestamp("2026-11-13"),
                    60.0,
                    12.0,
                    100.0,
                    90.0,
                    110.0,
                    "hour" if now == "changed" else "",
                    now,
                )
            )
    return pd.DataFrame(rows, columns="table week rows refused newest age_hours usual_age centre lower upper gone state".split())


def _exports() -> dict:
    """What the exports' own page reads beside the trust line: files, rows set aside, one total that ties and one that does not."""
    fates = ["rows_read", "rows_kept", "rows_replaced", "rows_duplicate", "rows_deleted", "rows_quarantined"]
    files = pd.DataFrame([(f"{WEEK}/orders.csv", "orders", "canonical", "0" * 64, 10, 8, 1, 0, 0, 1), (f"{WEEK - 1}/orders.csv", "orders", "canonical", "1" * 64, 9, 9, 0, 0, 0, 0)],
                         columns=["path", "table", "profile", "sha256", *fates])  # fmt: skip
    aside = pd.DataFrame(
        [("orders", "not_a_number", 1, f"{WEEK}/orders.csv line 3", "shipping_charged")], columns="table reason rows first column".split()
    )
    steps = []
    for measure, figure, reported, note in (
        ("net_sales", 100.0, 120.0, "beyond tolerance; if_cancelled_orders_count"),
        ("orders", 5.0, 5.0, "ties"),
    ):
        own = [("placed", "part", figure, ""), ("figure", "figure", figure, ""), ("reported", "reported", reported, ""),
               ("if_cancelled_orders_count", "what_if", 20.0, "explains the residual"), ("residual", "residual", figure - reported, note)]  # fmt: skip
        steps += [("shop", measure, "order_date", WEEK.monday, WEEK.end - timedelta(days=1), *step) for step in own]
    bridges = pd.DataFrame(steps, columns="source measure clock period_start period_end step kind amount note".split())
    past = pd.concat([bridges.assign(week=str(WEEK - 1)), bridges.assign(week=str(WEEK))], ignore_index=True)
    moved = [(str(WEEK - 1), "net_revenue", "all", "", "re-run", 100.0, 90.0, -10.0, "file", f"file: changed: {WEEK - 1}/orders.csv"),
             (str(WEEK - 1), "return_rate", "all", "", "since", 0.1, 0.12, 0.02, "late data", f"{WEEK}/returns.csv (3 new)"),
             (str(WEEK - 1), "on_time_ship_rate", "location", "BER", "since", 0.9, np.nan, np.nan, "late data", f"{WEEK}/shipments.csv (3 new)")]  # fmt: skip
    restated = pd.DataFrame(moved, columns="week kpi grain key view published now difference cause because".split())
    return {
        "restatements": restated,
        "files": files,
        "set_aside": aside,
        "documents": None,
        "reconciliation": bridges,
        "reconciliation_history": past,
    }


def _trust() -> dict:
    tables = [
        {"table": t, "weeks": 30, "last_week": str(WEEK), "newest_event": "2026-11-15T21:40:00", "rows": 12_000, "status": "ok"}
        for t in ("orders", "order_lines", "products", "inventory")
    ]
    return {"weeks_read": 30, "first_week": str(WEEK - 29), "tables": tables, "rows_read": 812_345, "rows_kept": 812_000, "rows_replaced": 120, "rows_duplicate": 100, "rows_deleted": 9,
            "rows_quarantined": 116, "quarantine_reasons": {"not a number": 100, "negative": 16}, "missing": [{"table": "ad_spend", "weeks": [str(WEEK)], "costs": ["contribution_margin_after_marketing"]}],
            "unrecognised": ["notes.txt"], "dropped_columns": [], "notices": ["cost of returns of 2026-W44 used"], "uncosted_revenue": 1234.5, "tables_this_week": 15}  # fmt: skip


def _decisions(findings: pd.DataFrame) -> pd.DataFrame:
    f = findings.iloc[:3]
    return pd.DataFrame({"week": str(WEEK - 1), "review": f.review, "finding_id": f.finding_id, "check": f.check, "entity": f.entity, "title": f.title,
                         "decision": ["expedite", "reprice", "staff"], "owner": f.owner, "due_on": ["2026-11-12", "2026-11-20", "2026-11-13"], "eta_commitment": ["2026-11-25", "", ""],
                         "expected_impact": [500.0, np.nan, 90.0], "note": ["", "<b>call</b>", ""], "done": [False, False, True], "recorded_at": "2026-11-09T09:30:00Z", "recorded_by": "Kim",
                         "overdue": [True, False, False], "impact_then": [3000.0, 900.0, 400.0], "impact_now": [4000.0, 800.0, 0.0], "outcome": ["larger", "smaller", "gone"], "per": ["", "once", ""]})  # fmt: skip


@functools.cache
def shared() -> FakeResults:
    """The store of seed 7, made once; read it, do not change it."""
    return make()


def silent(**missing_weeks) -> FakeResults:
    """The same week of a store that exported nothing but orders: every frame empty, every figure n/a, the tables named."""
    full = shared()
    frames = {name: frame.head(0) for name, frame in full.frames.items()}
    kpis = full.kpis[full.kpis.grain == "all"].assign(value=np.nan, numerator=np.nan, denominator=np.nan, previous=np.nan, baseline=np.nan)
    tables = sorted({need.partition(".")[0] for kpi in catalog.kpis().values() for need in kpi.needs} - {"orders", "order_lines"})
    missing = [
        {"table": t, "weeks": [str(WEEK - 1), str(WEEK)], "costs": [n for n, k in catalog.kpis().items() if t in k.needs]} for t in tables
    ]
    return FakeResults(
        **{**vars(full), "frames": frames, "kpis": kpis.assign(status="n/a", signal="none"), "history": full.history.head(0),
           "findings": full.findings.head(0), "leaks": full.leaks.assign(amount=np.nan, basis_points=np.nan, baseline=np.nan),
           "leak_causes": full.leak_causes.assign(amount=np.nan, basis_points=np.nan), "leak_history": full.leak_history.head(0), "change": full.change.head(0), "flat_although": None, "late_costs": full.late_costs.head(0), "ranges_held": full.ranges_held.head(0), "final_margin": None, "sku_margin": frames["sku_margin"], "inventory": frames["inventory"],
           "decisions": full.decisions.head(0), "set_aside": full.set_aside.head(0), "restatements": full.restatements.head(0), "reconciliation": full.reconciliation.head(0),
           "reconciliation_history": full.reconciliation_history.head(0), "trust": {**full.trust, "ties": [], "missing": missing, "tables": full.trust["tables"][:2], **missing_weeks}}
    )  # fmt: skip


def changed_by(results: FakeResults, **frames) -> FakeResults:
    """The results with some frames replaced: attributes by their name, evidence by its own."""
    own = {name: frame for name, frame in frames.items() if name in results.frames}
    return FakeResults(**{**vars(results), **frames, "frames": {**results.frames, **own}})
