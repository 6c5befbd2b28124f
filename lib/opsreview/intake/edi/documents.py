"""What a document says, in one vocabulary for X12 and EDIFACT, without anybody's name or address.

Reading needs no settings. Who we are, and so which table a document feeds, is decided later (`parties`, `rows`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from opsreview.intake.edi.envelope import Refused

# Type -> kind, and who sends it to whom. Two types of one kind mean the same.
KINDS: dict[str, tuple[str, str, str]] = {
    "850": ("order", "buyer", "seller"),
    "ORDERS": ("order", "buyer", "seller"),
    "860": ("order_change", "buyer", "seller"),
    "855": ("order_response", "seller", "buyer"),
    "ORDRSP": ("order_response", "seller", "buyer"),
    "856": ("despatch", "seller", "buyer"),
    "DESADV": ("despatch", "seller", "buyer"),
    "810": ("invoice", "seller", "buyer"),
    "INVOIC": ("invoice", "seller", "buyer"),
    "861": ("receipt", "buyer", "seller"),
    "RECADV": ("receipt", "buyer", "seller"),
    "846": ("stock", "warehouse", "owner"),
    "INVRPT": ("stock", "warehouse", "owner"),
    "852": ("sales", "outlet", "owner"),
    "SLSRPT": ("sales", "outlet", "owner"),
    "940": ("ship_order", "owner", "warehouse"),
    "943": ("stock_notice", "owner", "warehouse"),
    "944": ("stock_receipt", "warehouse", "owner"),
    "945": ("ship_advice", "warehouse", "owner"),
    "180": ("return", "customer", "seller"),
    "210": ("freight", "carrier", "payer"),
    "214": ("status", "carrier", "shipper"),
    "IFTSTA": ("status", "carrier", "shipper"),
    "997": ("acknowledgement", "", ""),
    "CONTRL": ("acknowledgement", "", ""),
}


@dataclass
class Line:
    """A line item, charge, status or receipt. `segment`: its position in the file; `ids`: product numbers by qualifier."""

    segment: int
    values: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Document:
    """One transaction set or message. `head` and the lines' values are text under the names that `x12` and `edifact` give;
    both are empty for a type that is only listed, and for one that was refused."""

    position: int
    standard: str
    type: str
    version: str
    sender: str
    receiver: str
    interchange: str
    group: str
    control: str
    sent_at: str
    test: bool
    head: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    refused: Refused | None = None

    @property
    def kind(self) -> str:
        """What it is about, empty for a type that has no place in our tables."""
        return KINDS.get(self.type, ("", "", ""))[0]

    @property
    def roles(self) -> tuple[str, str]:
        """What its sender and its receiver are to each other."""
        return KINDS.get(self.type, ("", "", ""))[1:]


@dataclass
class Reading:
    """A file: its documents, those refused with their reason, and what was refused without being a document at all."""

    documents: list[Document]
    refused: list[Refused]

    def note(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def of(cls, note: dict[str, Any]) -> Reading:
        """Back from `note`."""
        return cls([_document(d) for d in note["documents"]], [Refused(**r) for r in note["refused"]])


def _document(note: dict[str, Any]) -> Document:
    refused = Refused(**note["refused"]) if note["refused"] else None
    return Document(**{**note, "lines": [Line(**line) for line in note["lines"]], "refused": refused})


Content = tuple[dict[str, str], list[Line]]
