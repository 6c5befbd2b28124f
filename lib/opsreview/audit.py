"""Sign-offs of the margin audit: kept among the decisions, of the master data as it was, by name and date."""

from __future__ import annotations

import pandas as pd

from opsreview.catalog import TOP
from opsreview.formats import share

PREFIX = "audit/"  # what the id of an audited SKU begins with; findings' ids are hexadecimal


class Audit:
    """The audit of a run's week: `skus` (as `signed` says), `coverage`, `growth`, and the rows `to_sign`."""

    def __init__(self, evidence: pd.DataFrame, decisions: pd.DataFrame, week: str, owner: str) -> None:
        self.skus = signed(evidence, decisions)
        self.coverage, self.growth, self.to_sign = coverage(self.skus), growth(self.skus), to_sign(self.skus, week, owner)


def signed(audit: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """The evidence frame `audit` with audit_id, `state`, by, on, note; `decisions` as `decisions.as_known` gives them.

    state: signed off (accepted with today's master data and flaws), changed since (accepted with others), flawed, else to audit. An
    audit_id is `audit/<sku>/<fingerprint>`: what is signed is what was there to be seen.
    """
    mine = decisions[decisions["finding_id"].astype(str).str.startswith(PREFIX)]
    accepted = mine[mine["decision"] == "accept"].sort_values("recorded_at", kind="stable")
    by_id = accepted.set_index("finding_id")
    skus = {name.removeprefix(PREFIX).rpartition("/")[0] for name in accepted["finding_id"]}
    ids = PREFIX + audit["sku"] + "/" + audit["fingerprint"]
    last = by_id[~by_id.index.duplicated(keep="last")].reindex(ids)
    state = pd.Series("to audit", index=audit.index, dtype=object).mask(audit["flaws"] != "", "flawed")
    state = state.mask(audit["sku"].isin(skus), "changed since").mask(ids.isin(by_id.index), "signed off")
    on = pd.to_datetime(last["recorded_at"]).dt.strftime("%Y-%m-%d").fillna("").to_numpy()
    return audit.assign(
        audit_id=ids, state=state, by=last["recorded_by"].fillna("").to_numpy(), on=on, note=last["note"].fillna("").to_numpy()
    )


def coverage(audit: pd.DataFrame) -> pd.DataFrame:
    """A row a family and one for all (empty family, first): SKUs and net revenue, of them signed off and flawed, and the share covered."""
    yes, bad = audit["state"] == "signed off", audit["flaws"] != ""
    f = audit.assign(
        skus=1,
        done=yes.astype(int),
        covered=audit["net_revenue"].where(yes, 0.0),
        wrong=bad.astype(int),
        doubtful=audit["net_revenue"].where(bad, 0.0),
    )
    sums = ["skus", "done", "wrong", "net_revenue", "covered", "doubtful"]
    by = f.groupby("family")[sums].sum().sort_values("net_revenue", ascending=False)
    whole = f[sums].sum().to_frame().T.assign(family="")
    out = pd.concat([whole, by.reset_index()], ignore_index=True)
    return out.assign(coverage=out["covered"] / out["net_revenue"].where(out["net_revenue"] > 0))[["family", *sums, "coverage"]]


def growth(audit: pd.DataFrame) -> pd.DataFrame:
    """A row a day with sign-offs that still stand, oldest first: SKUs signed that day, and the coverage since then, of today's revenue."""
    done = audit[audit["state"] == "signed off"]
    by = done.groupby("on", as_index=False).agg(skus=("sku", "size"), revenue=("net_revenue", "sum"))
    net = audit["net_revenue"].sum()
    return by.assign(coverage=by["revenue"].cumsum() / net if net > 0 else float("nan")).drop(columns="revenue")


def to_sign(audit: pd.DataFrame, week: str, owner: str) -> pd.DataFrame:
    """SKUs to sign off, as rows that a checklist takes (columns of findings.csv), those to investigate first, then by revenue.

    Of the TOP SKUs by revenue all that are not signed off; of the others those whose data is missing or cannot be right.
    """
    asked = (audit.index < TOP) | (audit["flaws"] != "")
    f = audit[asked & (audit["state"] != "signed off")]
    flawed, loses = f["flaws"] != "", f["contribution_share"] < 0
    f = f.loc[(flawed | loses).sort_values(ascending=False, kind="stable").index]
    flawed, loses = flawed[f.index], loses[f.index]
    why = f["flaws"].where(flawed, "").str.cat(pd.Series("loses money", index=f.index).where(loses, ""), sep="; ").str.strip("; ")
    fine = pd.Series("accept: data present and plausible", index=f.index, dtype=object)
    fine = fine.mask(f["sign_depends"].astype(bool), "accept: data present and plausible, its sign hangs on what is allocated")
    suggested = ("investigate: " + why).where(flawed | loses, fine)
    return pd.DataFrame({
        "finding_id": f["audit_id"], "week": week, "review": "friday", "leak": "5", "check": "", "entity_type": "sku", "entity": f["sku"],
        "title": f["sku"] + " " + f["name"].fillna("") + _margins(f), "observed": f["contribution_share"], "expected": f["gross_share"],
        "threshold": None, "severity": (flawed | loses).map({True: "watch", False: "info"}), "impact": float("nan"), "impact_basis": "",
        "owner": owner, "due_at": "", "escalate_to": "", "escalate_at": "", "suggested_decision": suggested, "state": f["state"],
        "first_seen": week, "members": "", "evidence": "",
    })  # fmt: skip


def _margins(f: pd.DataFrame) -> pd.Series:
    """`: believed 64.2 %, is −13.3 %`: the margin on goods alone, and what is left; empty where a cost is not known."""
    said = [
        "" if pd.isna(believed) or pd.isna(real) else f": believed {share(believed, 1)}, is {share(real, 1)}"
        for believed, real in zip(f["gross_share"], f["contribution_share"], strict=True)
    ]
    return pd.Series(said, index=f.index, dtype=object)
