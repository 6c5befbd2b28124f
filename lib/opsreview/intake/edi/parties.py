"""Who we are in an interchange, and so which way a document went. The rule is in docs/edi.md; the log says which part of it decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from opsreview.intake.edi.documents import Document
from opsreview.intake.edi.envelope import PHONE

IN, OUT = "in", "out"
_WE_SEND = ("ship_order", "stock_notice")  # only who keeps goods in somebody's warehouse sends these
_WE_RECEIVE = ("stock_receipt", "ship_advice", "freight", "status")  # and these go to who keeps or ships goods
_TO_THE_BUYER = ("order_response", "despatch", "invoice")


@dataclass(frozen=True)
class Rules:
    """What a team says of its EDI (settings `edi`), and its reporting currency."""

    own_ids: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    channel: str = "edi"
    location: str = ""
    sku: tuple[str, ...] = ()
    currency: str = ""
    test: bool = False


def same(party: str, said: Iterable[str]) -> bool:
    """Whether a party is one of those named, with or without the qualifier; case does not count."""
    known = {s.strip().lower() for s in said} - {""}
    if party.startswith(f"{PHONE}:"):  # of a telephone number the last four digits are known
        return party[-4:] in {s[-4:] for s in known}
    return party.lower() in known or bare(party) in known


def bare(party: str) -> str:
    """The identifier without its qualifier: the same company may write `ZZ:ACME` and `ACME`."""
    return party.rpartition(":")[2].lower()


@dataclass
class Parties:
    """Our own identifier, as all documents so far let it be known."""

    rules: Rules
    pairs: set[tuple[str, str]] = field(default_factory=set)
    certain: Counter[str] = field(default_factory=Counter)
    buyers: Counter[str] = field(default_factory=Counter)
    warehouses: set[tuple[str, str]] = field(default_factory=set)

    def meet(self, documents: Iterable[Document]) -> None:
        """Takes note of who wrote to whom. Acknowledgements and refused documents say nothing of roles."""
        for d in documents:
            sender, receiver = bare(d.sender), bare(d.receiver)
            if d.refused or sender == receiver or not sender or not receiver or d.kind in ("", "acknowledgement"):
                continue
            self.pairs.add((sender, receiver))
            if d.kind in _WE_SEND:
                self.certain[sender] += 1
                self.warehouses.add((sender, receiver))
            if d.kind in _WE_RECEIVE:
                self.certain[receiver] += 1
                if d.kind in ("stock_receipt", "ship_advice"):
                    self.warehouses.add((receiver, sender))
            if d.kind in _TO_THE_BUYER:
                self.buyers[receiver] += 1

    def us(self) -> tuple[str, str]:
        """Our identifier as the documents show it, and how they do; two empty texts where they do not."""
        everywhere = set.intersection(*({*pair} for pair in self.pairs)) if self.pairs else set()
        if len(everywhere) == 1 and len(set().union(*self.pairs)) > 2:
            return everywhere.pop(), "the one party to every document"
        if len(self.certain) == 1:
            return next(iter(self.certain)), "who keeps goods in a warehouse and pays carriers"
        if len(self.buyers) == 1 and any((b, a) in self.pairs for a, b in self.pairs):
            return next(iter(self.buyers)), "who receives answers, shipping notices and invoices"
        return "", ""

    def direction(self, d: Document) -> tuple[str, str]:
        """`in`, `out` or empty, and what decided it."""
        if bare(d.sender) == bare(d.receiver):
            return "", "sender and receiver are the same"
        if self.rules.own_ids:
            ours = same(d.sender, self.rules.own_ids), same(d.receiver, self.rules.own_ids)
            return {(True, False): OUT, (False, True): IN}.get(ours, ""), "edi.own_ids"
        we, how = self.us()
        if we and we in (bare(d.sender), bare(d.receiver)):
            return (OUT if we == bare(d.sender) else IN), how
        if we:
            return "", f"another than us is {how}"
        return (OUT if d.kind in _WE_SEND else IN), "as received, for nothing says who we are"

    def holds_our_stock(self, partner: str, us: str) -> bool:
        """Whether a partner is a warehouse of ours: named so, or seen to ship and receive for us."""
        return same(partner, self.rules.warehouses) or (bare(us), bare(partner)) in self.warehouses

    def is_outlet(self, partner: str) -> bool:
        return same(partner, self.rules.outlets)
