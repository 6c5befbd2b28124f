"""Facts to rows: what is known of each row once all documents of a week's folder are read, after all those before.

A row that grows is given once a week, by the file whose document spoke of it last, whole: the exports contract replaces rows whole. Every
other row is given as it comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from opsreview.intake.edi.documents import Document, Reading
from opsreview.intake.edi.fact import KEYS, SEES, Fact
from opsreview.intake.edi.parties import Parties, Rules
from opsreview.intake.edi.rows import facts
from opsreview.intake.edi.values import decimal, plain

LOG = (
    "source_file position standard type direction direction_by sender receiver interchange control_group control_number sent_at number "
    "refers_to document_date lines total currency feeds acknowledges note"
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
GROWING = ("orders", "order_lines", "inbound", "shipments")  # documents speak of one row of these one after another


@dataclass
class Row:
    """What is known of a row. `sums`: column -> document -> its amount."""

    said: dict[str, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)

    def values(self) -> dict[str, str]:
        """Its columns as text."""
        added = {c: plain(sum(parts.values(), Decimal(0))) for c, parts in self.sums.items() if parts}
        return {c: v for c, v in {**self.weak, **added, **self.said}.items() if v and c}


@dataclass
class Given:
    """What one file gives: table -> rows as (segment, columns)."""

    rows: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)

    def add(self, table: str, segment: int, values: dict[str, str]) -> None:
        self.rows.setdefault(table, []).append((segment, values))


class Assembly:
    """Everything known from EDI so far. Weeks are given in their order, each with its files in theirs.

    Who we are follows from all files of the run, for it is no event: it was so in the first week too."""

    def __init__(self, rules: Rules, readings: Iterable[Reading]) -> None:
        self.parties = Parties(rules)
        self.parties.meet(d for reading in readings for d in reading.documents)
        self.rows: dict[tuple[str, tuple[str, ...]], Row] = {}
        self.lines: dict[tuple[str, str], list[tuple[str, ...]]] = {}  # (table, document) -> keys of its lines
        self.products: dict[tuple[str, str, str], dict[tuple[str, ...], None]] = {}  # (table, document, product) -> keys of its lines
        self.added: dict[str, tuple[str, set[tuple[str, tuple[str, ...]]]]] = {}  # a notice or receipt -> where it stands, rows it added to
        self.aliases: dict[str, str] = {}  # another number of a shipment -> the one that is its key
        self.customers: dict[str, str] = {}  # order -> who placed the first of that number
        self.promises: dict[str, dict[str, str]] = {}  # order -> what its 940 promised

    def week(self, files: Iterable[tuple[str, Reading]]) -> dict[str, Given]:
        """By file name: the rows that its documents were the last to speak of this week, and its lines of the log."""
        files = list(files)
        standing = [(name, d) for name, reading in files for d in reading.documents if not d.refused]
        standing.sort(key=lambda each: (each[1].kind != "order", each[1].sent_at))  # what is ordered comes before what is said of it
        touched: dict[tuple[str, tuple[str, ...]], tuple[str, int]] = {}
        out = {name: Given() for name, _ in files}
        for name, d in standing:
            direction, by = self.parties.direction(d)
            found, note = facts(d, direction, self.parties)
            fed, unknown = set(), 0
            if direction and not note:
                touched |= dict.fromkeys(self._retract(d, name), (name, d.position))
            for fact in found:
                keys = self._keys(fact, name)
                unknown += fact.known and not keys and fact.table not in ("orders", "shipments")
                for key in keys:
                    fed.add(fact.table)
                    if fact.table in GROWING:
                        self._learn(fact, key, d)
                        touched[fact.table, key] = (name, fact.segment)
                    else:
                        out[name].add(fact.table, fact.segment, _row(fact.table, key, fact.said))
            if unknown:
                note = f"{unknown} of its lines speak of an order that no document here has made"
            out[name].add("documents", d.position, _log(name, d, direction, by, fed, note))
        for (table, key), (name, segment) in touched.items():
            out[name].add(table, segment, _row(table, key, self.rows[table, key].values()))
        for given in out.values():
            for rows in given.rows.values():
                rows.sort(key=lambda row: row[0])
        return out

    def _keys(self, fact: Fact, file: str) -> list[tuple[str, ...]]:
        """The rows that a fact is about: the line it means, all lines of a document, the shipment by another of its numbers.

        A row that lacks a part of its key is nobody else's: it is kept apart, to be refused by the contract's rules."""
        key = fact.key
        if fact.table in ("orders", "order_lines") and fact.source:
            owner = self.customers.setdefault(key[0], fact.source) if fact.made else self.customers.get(key[0], fact.source)
            key = fact.key = (key[0] if owner == fact.source else f"{key[0]}@{fact.source}", *key[1:])
        if fact.table in ("inbound", "order_lines") and not fact.made:
            return self._lines(fact, file)
        if fact.table == "shipments" and fact.known and not key[0]:  # a 940 speaks of a shipment that is still to come
            self.promises[key[1]] = fact.said
            return []
        elif fact.table in ("shipments", "carrier_events"):
            key = (self.aliases.get(key[0], key[0]), *key[1:])
        if fact.known and (fact.table, key) not in self.rows:
            return []
        return [key if all(key) else (*key, file, str(fact.segment))]

    def _lines(self, fact: Fact, file: str) -> list[tuple[str, ...]]:
        """The line of a document that is meant: of that number unless its product is another, else the only one of that product."""
        document, line = fact.key
        ids = set(fact.ids.values())
        for number in filter(None, (document, fact.also)):
            if not line and not ids and (known := self.lines.get((fact.table, number))):
                return known
            same = self.rows.get((fact.table, (number, line)))
            if same and (not ids or not same.ids or ids & same.ids):
                return [(number, line)]
            alike = {k: None for product in ids for k in self.products.get((fact.table, number, product), ())}
            if len(alike) == 1:
                return list(alike)
        if fact.known:
            return []
        return [fact.key if all(fact.key) else (*fact.key, file, str(fact.segment))]

    def _learn(self, fact: Fact, key: tuple[str, ...], d: Document) -> None:
        fresh = (fact.table, key) not in self.rows
        row = self.rows.setdefault((fact.table, key), Row())
        if fresh and fact.table in ("inbound", "order_lines"):
            self.lines.setdefault((fact.table, key[0]), []).append(key)
        row.said |= {c: v for c, v in fact.said.items() if v}
        if fact.made:  # an order that comes anew says what is called off, and what no longer is
            row.said["deleted"] = fact.said.get("deleted", "")
        row.said |= {c: v for c, v in fact.first.items() if v and not row.said.get(c)}
        row.weak |= {c: v for c, v in fact.weak.items() if v and not row.weak.get(c)}
        for column, text in fact.sums.items():
            self._add(row, column, text, d)
            self.added[_name(d)][1].add((fact.table, key))
        if fact.table in ("inbound", "order_lines"):
            row.ids |= set(fact.ids.values())
            for product in fact.ids.values():
                self.products.setdefault((fact.table, key[0], product), {})[key] = None
        if fact.table == "shipments" and not fact.known:
            self.aliases |= {a: key[0] for a in fact.ids.values()}
            row.said |= {c: v for c, v in self.promises.get(row.said.get("order_id", ""), {}).items() if v and not row.said.get(c)}

    def _retract(self, d: Document, file: str) -> set[tuple[str, tuple[str, ...]]]:
        """A document that comes again says all anew: what it added before is taken back. The rows that it had added to."""
        place = f"{file}:{d.position}"
        before, rows = self.added.get(_name(d), (place, set()))
        if before != place:
            for table, key in rows:
                for parts in self.rows[table, key].sums.values():
                    parts.pop(_name(d), None)
        self.added[_name(d)] = place, set() if before != place else rows
        return rows if before != place else set()

    def _add(self, row: Row, column: str, text: str, d: Document) -> None:
        """Adds what a document says to what others said."""
        amount = decimal(text)
        if amount is not None:
            row.said.pop(column, None)
            parts = row.sums.setdefault(column, {})
            parts[_name(d)] = parts.get(_name(d), Decimal(0)) + amount
        elif text:
            row.said[column] = text  # the contract's rules refuse it by its name


def _name(d: Document) -> str:
    """What a document is known by to whoever gets it again: its number, else those of its envelope."""
    return f"{d.sender}|{d.type}|{d.head.get('number') or f'{d.interchange}/{d.group}/{d.control}'}"


def _row(table: str, key: tuple[str, ...], values: dict[str, str]) -> dict[str, str]:
    values = values | dict(zip(KEYS[table], key, strict=False))
    return {c: values.get(c, "") for c in SEES[table].split()}


def _log(file: str, d: Document, direction: str, by: str, fed: set[str], note: str) -> dict[str, str]:
    """A document's line of the log."""
    h = d.head
    refers = h.get("order", "") or next((line.values["order"] for line in d.lines if line.values.get("order")), "")
    said = [f"{line.values.get('control', '')}={line.values.get('state', '')}" for line in d.lines] if d.kind == "acknowledgement" else []
    if d.kind == "acknowledgement":
        said = [f"{h.get('of_group') or h.get('of_interchange', '')}={h.get('state', '')}", *said]
    on = h.get("date", "")[:10]
    total = h.get("total", "")
    return {
        "source_file": file,
        "position": str(d.position),
        "standard": d.standard,
        "type": d.type,
        "direction": direction,
        "direction_by": by,
        "sender": d.sender,
        "receiver": d.receiver,
        "interchange": d.interchange,
        "control_group": d.group,
        "control_number": d.control,
        "sent_at": d.sent_at,
        "number": h.get("number", ""),
        "refers_to": refers,
        "document_date": on if _DAY.fullmatch(on) else "",
        "lines": str(len(d.lines)),
        "total": total if decimal(total) is not None else _sum_of(d),
        "currency": h.get("currency", ""),
        "feeds": " ".join(sorted(fed)),
        "acknowledges": "; ".join(said),
        "note": note,
    }


def _sum_of(d: Document) -> str:
    """Quantity times price of all lines, where every line says both."""
    parts = [(decimal(line.values.get("quantity")), decimal(line.values.get("price"))) for line in d.lines]
    known = [q * p for q, p in parts if q is not None and p is not None]
    return plain(sum(known, Decimal(0))) if known and len(known) == len(parts) else ""
