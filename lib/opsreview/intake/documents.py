"""The document automation log: every EDI document, whether it was acknowledged, and whether its answer came in time.

What answers what is in docs/edi.md; the times are the thresholds of the check `edi_unanswered`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ibis import _

from opsreview.intake.edi.documents import KINDS
from opsreview.intake.schema import TABLES
from opsreview.settings import Settings

if TYPE_CHECKING:
    from opsreview.intake.known import Known
    from opsreview.intake.store import Exports
    from opsreview.weeks import Week

CHECK = "edi_unanswered"
ANSWERS = {  # (kind, direction) -> what answers it, and the threshold that says how many hours it has
    ("order", "out"): ("order response", "order_hours"),
    ("order", "in"): ("order response", "order_hours"),
    ("despatch", "in"): ("receipt", "receipt_hours"),
    ("stock_notice", "out"): ("receipt", "receipt_hours"),
    ("ship_order", "out"): ("shipping advice", "ship_hours"),
    ("invoice", "in"): ("receipt", "invoice_hours"),
}
STATES = {
    "A": "accepted",
    "E": "accepted with errors",
    "P": "partly accepted",
    "R": "rejected",
    "M": "rejected",
    "W": "rejected",
    "X": "rejected",
}
ADDED = ["week", "kind", "partner", "acknowledged", "acknowledge_by", "answer", "answered", "answer_by"]


def log(known: Known, settings: Settings) -> pd.DataFrame:
    """The documents that stand, in the order of reading: the table's columns and `ADDED`.

    `acknowledged`: accepted, accepted with errors, partly accepted, rejected, waiting, overdue; empty where the receiver never does.
    `answer`: what should answer it, empty for what asks for none; `answered`: yes, waiting, overdue. `*_by` are naive UTC.
    """
    columns = [c for c in TABLES["documents"].names]
    docs = known.table("documents").to_pandas()[columns].sort_values(["source_file", "position"], key=_ordered, ignore_index=True)
    hours = settings.checks[CHECK]
    docs["week"] = docs["source_file"].astype("str").str.replace(r"/.*", "", regex=True)
    docs["kind"] = docs["type"].map({t: k for t, (k, *_) in KINDS.items()}).fillna("")
    docs["partner"] = docs["receiver"].where(docs["direction"] == "out", docs["sender"]).fillna("")
    as_of = pd.Timestamp(known.as_of)
    sent = _moments(docs["sent_at"])
    sent = sent.where(sent.notna(), _moments(docs["document_date"]))
    who, whom = _bare(docs["sender"]), _bare(docs["receiver"])
    _acknowledged(docs, who, whom, sent, as_of, hours["acknowledge_hours"])
    _answered(docs, known, who, whom, sent, as_of, hours)
    return docs[[*columns, *ADDED]]


def _ordered(column: pd.Series) -> pd.Series:
    return column.astype(int) if column.name == "position" else column


def _moments(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column).astype("datetime64[us]")


def _bare(party: pd.Series) -> pd.Series:
    """Identifiers without their qualifiers, in lower case."""
    return party.fillna("").astype("str").str.replace(r"^.*:", "", regex=True).str.lower()


def _key(*parts: pd.Series) -> pd.Series:
    out = parts[0].astype(str)
    for part in parts[1:]:
        out = out + "|" + part.astype(str)
    return out


def _late(by: pd.Series, as_of: pd.Timestamp) -> np.ndarray:
    return np.where(by < as_of, "overdue", "waiting")


def _acknowledged(docs: pd.DataFrame, who: pd.Series, whom: pd.Series, sent: pd.Series, as_of: pd.Timestamp, hours: float) -> None:
    """A 997 names the group and its sets, a CONTRL the interchange and its messages; what names no set speaks of all."""
    acks = docs[docs["kind"] == "acknowledgement"]
    said = pd.DataFrame({"from": who, "to": whom, "said": docs["acknowledges"]}).loc[acks.index]
    said["said"] = said["said"].fillna("").str.split("; ")
    said["first"] = said["said"].str[0]
    said = said.explode("said")
    said["whole"] = said["said"] == said["first"]
    named = said["said"].astype("str").str.extract(r"^(.*?)=(.*)$")
    group = said["first"].astype("str").str.extract(r"^(.*?)=")[0].fillna("").str.lstrip("0")
    said["state"] = named[1].map(STATES)
    said["group"] = _key(said["to"], said["from"], group)
    said["set"] = _key(said["group"], named[0].fillna(""))
    of_group = docs["control_group"].where(docs["standard"] == "X12", docs["interchange"]).fillna("").str.lstrip("0")
    group_key = _key(who, whom, of_group)
    set_key = _key(group_key, docs["control_number"].fillna(""))
    sets = said[~said["whole"]].dropna(subset="state").drop_duplicates("set", keep="last").set_index("set")["state"]
    groups = said[said["whole"]].dropna(subset="state").drop_duplicates("group", keep="last").set_index("group")["state"]
    state, whole = set_key.map(sets).astype(object), group_key.map(groups).astype(object)
    state = state.where(state.notna(), whole)
    asked = (docs["kind"] != "acknowledgement") & _key(whom, who).isin(_key(said["from"], said["to"]))
    by = sent + pd.Timedelta(hours=hours)
    docs["acknowledge_by"] = by.where(asked)
    docs["acknowledged"] = state.where(state.notna(), _late(by, as_of)).where(asked, "")


def _answered(
    docs: pd.DataFrame, known: Known, who: pd.Series, whom: pd.Series, sent: pd.Series, as_of: pd.Timestamp, hours: dict[str, float]
) -> None:
    """By the number of the order. A customer's order asks for an answer only where we send such answers at all."""
    number, order, kind = docs["number"].fillna(""), docs["refers_to"].fillna(""), docs["kind"]
    back = _key(whom, who, order)
    inbound = known.table("inbound").filter(_.quantity_received.notnull() | _.stocked_at.notnull()).select("document_id").distinct()
    receipts = {*inbound.to_pandas()["document_id"], *order[kind.isin(["receipt", "stock_receipt"])]} - {""}
    came = {
        "order response": _key(who, whom, number).isin(back[kind == "order_response"]),
        "receipt": order.isin(receipts),
        "shipping advice": _key(who, whom, number).isin(back[kind == "ship_advice"]),
    }
    answers = [ANSWERS.get(pair, ("", "")) for pair in zip(kind, docs["direction"].fillna(""), strict=True)]
    docs["answer"] = [answer for answer, _ in answers]
    we_answer = ((kind == "order_response") & (docs["direction"] == "out")).any()
    if not we_answer:
        docs.loc[(kind == "order") & (docs["direction"] == "in"), "answer"] = ""
    docs.loc[docs["note"].fillna("").str.startswith("a test"), "answer"] = ""
    eta = known.table("inbound").group_by("document_id").agg(eta=_.eta.max()).to_pandas()
    expected = _moments(order.map(dict(zip(eta["document_id"], eta["eta"], strict=True)))).where(
        docs["answer"].eq("receipt") & kind.ne("invoice")
    )
    begins = sent.where(expected.isna() | (expected < sent), expected)
    by = begins + pd.to_timedelta([hours.get(name, 0.0) for _, name in answers], unit="h")
    asked = docs["answer"] != ""
    yes = np.select([docs["answer"] == a for a in came], list(came.values()), False).astype(bool)
    docs["answer_by"] = by.where(asked)
    docs["answered"] = np.where(asked, np.where(yes, "yes", _late(by, as_of)), "")


LISTED = [
    "week", "source_file", "position", "standard", "type", "kind", "direction", "direction_by", "partner", "sender", "receiver",
    "interchange", "control_group", "control_number", "sent_at", "number", "refers_to", "document_date", "lines", "total", "currency",
    "feeds",    "acknowledged", "acknowledge_by", "answer", "answered", "answer_by", "note",
]  # fmt: skip


def listing(exports: Exports, week: Week) -> pd.DataFrame:
    """documents.csv: the log of a week with what was refused of the files up to it, in the order of reading: `LISTED`."""
    if not any(source.table == "documents" for source in exports.listing.sources):
        return pd.DataFrame(columns=LISTED)
    docs = log(exports.known(week), exports.settings)
    q = exports.quarantine()
    q = q[(q["table"] == "documents") & (q["week"] <= str(week))]
    said = q[["column", "value", "reason"]].fillna("").astype(str)
    why = (said["reason"] + " " + said["column"]).str.strip() + (" (" + said["value"] + ")").where(said["value"] != "", "")
    refused = pd.DataFrame(
        {"week": q["week"], "source_file": q["file"], "position": q["line"].astype(str), "acknowledged": "refused by us", "note": why}
    )
    both = pd.concat([docs, refused], ignore_index=True) if len(refused) else docs
    return both.sort_values(["source_file", "position"], key=_ordered, kind="stable", ignore_index=True).reindex(columns=LISTED)
