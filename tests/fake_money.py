"""Frames of the money exhibits, as a run would hand them over: small, made up, and with something to say in each."""
# ruff: noqa: E501, SIM905  rows of made-up figures read best on one line

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
from opsreview import audit, month, settings
from opsreview.weeks import Week


def carriage() -> dict[str, pd.DataFrame]:
    """One service billed above its rate, one did not; one profile has a cheaper way, one none; one location sends further than usual."""
    overcharges = pd.DataFrame(
        [("dhl", "parcel", "dhl/parcel", 2600, 12_480.0, 12_290.0, 97, 190.0, 20.0, 2600), ("ups", "ground", "ups/ground", 1300, 8060.0, 8060.0, 0, 0.0, 0.0, 0)],
        columns="carrier service service_key parcels billed expected above over of_weight by_card".split(),
    )  # fmt: skip
    mix = pd.DataFrame(
        [("2", 2.0, 2, "zone 2, up to 2 kg, two days", "dhl/express 180, dhl/parcel 51", 231, 1533.0, 0.995, "dhl/parcel", 180.0, 0.94, 7.23, 4.57, 119.6, 2.6, 7.3, 112.3),
         ("1", 1.0, 3, "zone 1, up to 1 kg, three days", "ups/ground 300", 300, 1100.0, 0.95, None, *[np.nan] * 8)],
        columns="zone band promise profile services parcels cost kept other moved other_kept cost_each other_each saving late risk net".split(),
    )  # fmt: skip
    zones = pd.DataFrame(
        [("BER", "3", 594, 87, 18.76, 2.1, 134.92, 0.146, 0.032, 0.060), ("BER", "1", 594, 507, 575.24, -0.4, 27.3, 0.854, 0.968, 0.99)],
        columns="location zone sent to_zone usual each amount share usual_share limit".split(),
    )  # fmt: skip
    return {"overcharges": overcharges, "carrier_mix": mix, "zone_shifts": zones}


def _range(rng: np.random.Generator, n: int = 40) -> pd.DataFrame:
    f = pd.DataFrame(
        {
            "sku": [f"SKU-{i:03d}" for i in range(1, n + 1)],
            "name": "Lamp",
            "family": "Lamps",
            "tier": "A",
            "units": rng.integers(20, 300, n).astype(float),
        }
    )
    f["price"] = rng.uniform(10, 60, n)
    f["net_revenue"] = f.units * f.price
    f["gross_share"] = rng.uniform(0.3, 0.6, n)
    f["contribution_share"] = f.gross_share - rng.uniform(0.2, 0.6, n)
    f["gross_margin"], f["contribution_margin"] = f.gross_share * f.net_revenue, f.contribution_share * f.net_revenue
    healthy, earns = f.gross_share >= 0.4, f.contribution_share >= 0
    f["quadrant"] = np.select([healthy & earns, healthy, earns], ["earns", "false confidence", "thin, and earns"], "loses at both")
    f["floor"] = f.price * (1 - f.contribution_share)
    f["headroom"], f["discount"] = f.contribution_share, [0.2, *[np.nan] * (n - 1)]
    f["planned"] = f.price * (1 - f.discount)
    f["below_floor"] = f.planned.fillna(f.price) < f.floor
    f = f.sort_values("contribution_margin", ascending=False, ignore_index=True)
    return f.assign(cumulative=f.contribution_margin.cumsum(), place=(f.index + 1) / n, sign_depends=f.contribution_share.abs() < 0.01)


def _bill() -> pd.DataFrame:
    parts = [
        "reverse_shipping", "handling", "restock_labor", "under_way", "refurbish", "markdown", "write_off", "pending", "support", "outbound",
    ]  # fmt: skip
    rows = []
    for grain, keys in (
        ("all", [""]),
        ("reason", ["damaged", "too_small"]),
        ("sku", ["SKU-001", "SKU-002"]),
        ("channel", ["web"]),
        ("family", ["Lamps"]),
    ):
        for i, key in enumerate(keys):
            amounts = [40.0 - 5 * i, 30.0, 20.0, 6.0, 5.0, 8.0, 12.0, 3.0, 15.0, 60.0]
            ours = key == "damaged"
            rows.append((grain, key, "Lamp" if grain == "sku" else "", 9, 10.0, *amounts, sum(amounts), sum(amounts) / 10, 300.0, 1.0, ours,
                         "warehouse" if ours else "", "review its packaging" if ours else ""))  # fmt: skip
    return pd.DataFrame(
        rows, columns=["grain", "key", "name", "returns", "units", *parts, "total", "each", "refund", "unmatched", "ours", "team", "action"]
    )


def _proposals() -> dict[str, pd.DataFrame]:
    days = (date(2026, 11, 9), date(2026, 11, 22))
    pauses = pd.DataFrame(
        [("P-1", "SKU-001", "Chair no. 1", None, *days, 0.3, -2.4, 4.0, 7.0, 160.0, 90.0, 744.0, 0.8, np.nan, 25.0, 65.0, 1.9, 2.0, "pause"),
         ("P-2", "SKU-004", "Mirror no. 4", "web", *days, 0.1, 6.1, 8.0, 7.0, 90.0, 80.0, 91.0, 0.1, 0.31, 30.0, 0.0, 3.1, np.nan, "pause until inbound"),
         ("P-3", "SKU-006", "Chair no. 6", "web", *days, 0.1, 4.0, 5.0, 7.0, 60.0, 50.0, -10.0, 0.3, 0.25, 300.0, 0.0, 40.0, 9.0, "keep")],
        columns="promo_id sku name channel starts_on ends_on discount margin full days promoted_units usual_units gain uplift needs available inbound lasts next_days advice".split(),
    )  # fmt: skip
    reprices = pd.DataFrame(
        [("SKU-001", "Lamps", 80.0, 23.3, -3.1, 248.0, 27.0, 0.09, 30.4, 0.3, 24.0, -2.6, False, "raise", 2.8, 0.0, *[np.nan] * 8),
         ("SKU-002", "Lamps", 20.0, 12.0, -0.4, 8.0, 12.5, 0.09, 14.0, 0.17, 12.4, -0.1, True, "raise", 1.2, 0.0, -2.0, -2.6, -1.4, 26.0, 14.7, 25.6, 24.0, 27.0)],
        columns="sku family units_week price margin loss floor share goal raise_ listed at_list sign_depends advice margin_then break_even elasticity low high weeks units_then gain gain_low gain_high".split(),
    )  # fmt: skip
    moves = pd.DataFrame(
        [("stock", "SKU-002", "Rug no. 2", "BER", "RTM", "", "", 3.0, 26.0, 6.0, 3.0, 7.0, 5.0, 5.7, 0.73, 3.5, True, 3.7, 4.2, 23.9, 20.2),
         ("inbound", "SKU-002", "Rug no. 2", "BER", "RTM", "PO1", "2", 4.5, 40.0, 30.0, 3.0, 6.0, 2.0, 5.7, 0.0, 0.0, True, 0.0, 1.7, 9.7, 9.7)],
        columns="kind sku name location_from location_to document_id line_id arrives available_from spares available_to lacks units per_unit freight least freight_known cost avoided saved net".split(),
    )  # fmt: skip
    costs = ["packaging", "shipping", "pick_pack", "payment", "channel_fees", "support", "returns_reserve"]
    channels = pd.DataFrame(
        [("amazon", 430, 5100.0, 2740.0, *[260.0] * 7, -1069.0, 185.0, -1255.0, -1255.0, -0.21, 0.26, 0.014, 0.46),
         ("web", 2259, 26_153.0, 13_860.0, *[900.0] * 7, 4270.0, 1408.0, 2862.0, 2862.0, 0.16, 0.0, 0.11, 0.0)],
        columns=["channel", "orders", "net_revenue", "gross_margin", *costs, "contribution_margin", "ads", "after", "left", "share", "fee", "fee_even", "raise_even"],
    )  # fmt: skip
    listings = pd.DataFrame(
        [("SKU-001", "amazon", 9.5, 24.0, -132.0, 115.0)], columns="sku channel units_week price contribution elsewhere".split()
    )
    return {"pauses": pauses, "reprices": reprices, "transfers": moves, "channels": channels, "channel_skus": listings}


def frames() -> dict[str, pd.DataFrame]:
    return {**carriage(), "portfolio": _range(np.random.default_rng(11)), "returns_bill": _bill(), **_proposals()}


def months(without: str = "", **given) -> SimpleNamespace:
    """Nine weeks of September's and October's, alike but for stock and goods: what `month.Month` reads of a run."""
    weeks = [Week.parse("2026-W36") + i for i in range(9)]
    money = {
        "net_revenue": (1000.0, 1000.0),
        "gross_margin": (0.6, 600.0),
        "contribution_margin": (0.4, 400.0),
        "contribution_margin_after_marketing": (0.35, 350.0),
    }
    rows = [
        (str(w), k, g, key, v, n, 990.0)
        for w in weeks
        for k, (v, n) in money.items()
        for g, key in (("all", ""), ("family", "Lamps"))
        if k != without
    ]
    card = pd.DataFrame(rows, columns="week kpi grain key value numerator denominator".split())
    parts = [(str(w), "1", "expedite", 20.0) for w in weeks] + [(str(w), "2", "transfer_freight", 10.0) for w in weeks]
    leaks = pd.DataFrame(
        [*parts, *((str(w), leak, "total", 50.0) for w in weeks for leak in ("1", "1-4"))], columns="week leak part amount".split()
    ).assign(without="")
    stock = pd.DataFrame(
        [(str(w), "Lamps", 4000.0 + 100 * i, 390.0 + 5 * i) for i, w in enumerate(weeks)], columns="week family value goods".split()
    )
    labor = pd.DataFrame([("pick", 5.0, 70.0), ("returns", 2.0, 30.0)], columns="role hours cost".split())
    borne = dict(packaging=20.0, shipping=80.0, pick_pack=40.0, payment=15.0, channel_fees=15.0, support=10.0, returns_reserve=20.0)
    own = {"published": card, "labor": labor, "sold": pd.DataFrame([borne, dict.fromkeys(borne, 0.0)])}
    frames = {"stock_weeks": stock}
    decided = pd.DataFrame(
        [
            ("2026-W39", "2026-09-30", "reprice", "a", "Kim", "2026-10-09", True, False, 200.0, 20.0),
            ("2026-W39", "2026-10-01", "reprice", "b", "Kim", "2026-10-16", False, True, 100.0, 100.0),
            ("2026-W43", "2026-10-30", "reprice", "d", "Jo", "2026-11-13", True, False, 300.0, 0.0),
            ("2026-W44", "2026-11-03", "staff", "c", "Jo", "2026-11-20", False, False, 90.0, 90.0),
            ("2026-W30", "2026-07-28", "reprice", "old and done", "Jo", "2026-08-20", True, False, 70.0, 0.0),
            ("2026-W45", "2026-11-07", "staff", "of November", "Jo", "2026-11-20", False, False, 10.0, 10.0),
        ],
        columns="week recorded_at decision finding_id owner due_on done overdue impact_then impact_now".split(),
    ).assign(per="", title=lambda f: "about " + f.finding_id, recorded_at=lambda f: pd.to_datetime(f.recorded_at))
    become = card.assign(numerator=card.numerator - 8.0)  # late bills came
    kept = SimpleNamespace(frame=own.__getitem__)
    measured = SimpleNamespace(
        weeks=weeks, cards=dict.fromkeys(weeks, kept), stack=lambda name, some: card, summary=SimpleNamespace(frame=lambda name: leaks),
        as_become=lambda week: become[become.week == str(week)],
    )  # fmt: skip
    team = settings.parse({"timezone": "UTC", "reporting_currency": "EUR", **given})
    return SimpleNamespace(
        week=weeks[-1], measured=measured, settings=team, evidence=frames.__getitem__, decisions=decided, trust={}, reports_dir=None
    )


def pages() -> SimpleNamespace:
    """What the pages of the audit and of the month read: two SKUs, one of them signed off; October."""
    results = months()
    f = pd.DataFrame({"sku": ["A", "B"], "name": ["Lamp", "Rug"], "family": ["Lamps", "Rugs"], "units": [9.0, 5.0], "net_revenue": [90.0, 40.0], "revenue_share": [0.7, 0.3],
                      "price": [10.0, 8.0], "unit_cost": [4.0, 3.0], "packaging_cost": [0.5, 0.4], "weight_kg": [None, 1.0], "length_cm": [None, 20.0], "width_cm": [None, 9.0],
                      "height_cm": [None, 9.0], "flaws": ["no weight; no size", ""], "measured": [0.1, 0.2], "contracted": [0.3, 0.3], "accrued": [0.3, 0.2],
                      "allocated": [0.3, 0.3], "invoiced": [0.1, 0.2], "sign_depends": [False, True], "gross_share": [0.6, 0.6],
                      "contribution_share": [0.1, -0.1], "contribution_margin": [9.0, -4.0], "fingerprint": ["11", "22"]})  # fmt: skip
    decided = pd.DataFrame(
        {
            "finding_id": ["audit/B/22"],
            "decision": ["accept"],
            "recorded_at": [pd.Timestamp("2026-11-02")],
            "recorded_by": ["Kim"],
            "note": [""],
        }
    )
    results.audit, results.month = audit.Audit(f, decided, str(results.week), "Finance Partner"), month.Month(results)
    return results
