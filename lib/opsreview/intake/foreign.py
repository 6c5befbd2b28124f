"""Files that are not in the contract's form: what each is, told by its content, and the seam for formats that need a reader of their own.

Two ways lead from a foreign file to our tables. A *profile* (`profiles/*.toml`) maps columns of a table-like file. A *translator* reads
anything else (EDI): it tells its files by their first bytes and gives finished tables of text in the contract's columns. Either way the
contract's own rules type the values, refuse rows and keep the account.
"""

from __future__ import annotations

import csv
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from opsreview.intake import cache, parse, sheets
from opsreview.intake.folder import Listing, Source
from opsreview.intake.mapping import numbered
from opsreview.intake.profile import Profile, key, nearest
from opsreview.intake.schema import DELETED, TABLES
from opsreview.intake.text import SEPARATORS, Layout, Unusable, open_bytes
from opsreview.settings import Settings

CANONICAL = "canonical"
HEAD = 1 << 17  # bytes that a format is told by
PREAMBLE = 15  # rows that may stand before a header
LIKE = 0.6  # share of a profile's names from which a file that lacks the others is said to look like it


@dataclass(frozen=True)
class Recognised:
    """What a file is: `profile` and the `tables` it feeds, or `why` it feeds none."""

    profile: str = ""
    tables: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Refusal:
    """What of a file could not be read: `line` is its position (for EDI the number of the segment), `reason` a word like the contract's."""

    line: int
    reason: str
    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class Translation:
    """A foreign file as tables of text.

    `tables`: name -> `line` (int64, the position of the row in the file), `ragged` (bool, false) and columns of the contract as text, NULL
    where empty; only columns that the file can speak of. `refused`: by table, what goes to the quarantine. `read`: by table, how many units
    (rows, segments, line items) of the file were looked at for it; by default its rows and refusals.
    """

    tables: Mapping[str, pa.Table]
    refused: Mapping[str, list[Refusal]] = field(default_factory=dict)
    read: Mapping[str, int] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def refusals(self, table: str) -> pa.Table:
        """What was refused of a table, as the flaws of rows that have no other column."""
        rows = [r for r in self.refused.get(table, ()) if r.reason]
        said = {n: [getattr(r, a) or None for r in rows] for n, a in zip(parse.FLAW, ("reason", "column", "value"), strict=False)}
        return pa.table({"line": [r.line for r in rows], **said}, pa.schema({"line": pa.int64(), **dict.fromkeys(said, pa.string())}))

    def digest(self, table: str) -> str:
        """Equal for equal rows and refusals of a table."""
        if table in self._digests:
            return self._digests[table]
        hashed = hashlib.sha256(repr((table, self.refused.get(table), self.read.get(table))).encode())
        if table in self.tables:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, self.tables[table].schema) as writer:
                writer.write_table(self.tables[table])
            hashed.update(sink.getvalue())
        return self._digests.setdefault(table, hashed.hexdigest())


class Translator(Protocol):
    """A format with a reader of its own. `name` is the profile that run.json says; its source is part of the cache's key."""

    name: str

    def recognises(self, head: bytes) -> Recognised | None:
        """By the first bytes of a file (128 KiB, unzipped): the tables it feeds, or why none; None when it is another format."""

    def translate(self, sources: Sequence[Source], settings: Settings, store: cache.Store) -> dict[Source, Translation | str]:
        """All files of the format, in the order of reading, for one may stand on those before it; or why nothing of a file can be taken."""


@lru_cache(1)
def translators() -> dict[str, Translator]:
    """The formats that have a reader of their own, by name. A new one is added here."""
    from opsreview.intake.edi.files import Edi

    return {translator.name: translator for translator in (Edi(),)}


def translated(found: Listing, settings: Settings, store: cache.Store) -> dict[Source, Translation]:
    """What the translators make of their files, by source. The listing then has a source for each table that a file feeds, and what could
    not be taken is broken there."""
    out: dict[Source, Translation] = {}
    fed: dict[Source, list[Source]] = {}
    for name, translator in translators().items():
        for source, made in translator.translate([s for s in found.sources if s.profile == name], settings, store).items():
            if isinstance(made, str):
                found.broken[source] = made
                fed[source] = []
            else:
                fed[source] = [replace(source, table=table) for table in dict.fromkeys((*made.tables, *made.refused))]
                out |= dict.fromkeys(fed[source], made)
    found.sources = [table for source in found.sources for table in fed.get(source, [source])]
    return out


def recognise(path: Path, extension: str, profiles: Mapping[str, Profile]) -> Recognised:
    """What a file is, by its content alone. Among several profiles the one that asks for the most names."""
    try:
        if extension not in (".xlsx", ".parquet"):
            first = _bytes(path)
            for name, translator in translators().items():
                if found := translator.recognises(first):
                    return Recognised(found.profile or name, found.tables, found.why)
        heads = heads_of(path, extension)
    except (Unusable, OSError, EOFError, zlib.error, UnicodeError) as error:
        return Recognised(why=str(error) or "cannot be read")
    fits = [p for p in profiles.values() if _layout(p, heads)]
    if fits:
        best = max(fits, key=lambda p: (len(p.needs) or len(p.header), p.name))
        return Recognised(best.name, tuple(best.tables), best.unused and f"{best.vendor}'s {best.report}: {best.unused}")
    names = [rows[0].names for _, rows in heads if rows]
    for n in names:  # our own header under another name; `sku` alone says too little
        ours = [t for t in TABLES.values() if len(r := {c.name for c in t.columns if not c.optional}) > 1 and r <= n]
        if ours:
            return Recognised(CANONICAL, (max(ours, key=lambda t: len(n & {*t.names, DELETED.name})).name,))
    return Recognised(why=_like(profiles, heads))


def layout(profile: Profile, path: Path, extension: str) -> Layout:
    """How a file of the profile is written. Unusable when it is none."""
    if not (found := _layout(profile, heads_of(path, extension))):
        raise Unusable(f"is not {profile.vendor}'s {profile.report}")
    return found


@dataclass(frozen=True)
class Row:
    """One of the first rows of a file, as a separator splits it; `before`: the physical lines above it."""

    before: int
    fields: list[str]
    names: frozenset[str]


Heads = list[tuple[str, list[Row]]]  # by separator


def _row(before: int, fields: list[str]) -> Row:
    return Row(before, fields, frozenset(key(n) for n in numbered(fields) if n.strip()))


def heads_of(path: Path, extension: str) -> Heads:
    if extension == ".xlsx":
        return [("", [_row(*row) for row in sheets.Workbook(path).head(PREAMBLE)])]
    if extension == ".parquet":
        import pyarrow.parquet as pq

        try:
            return [("", [_row(0, pq.read_schema(path).names)])]
        except (pa.ArrowException, OSError):
            return []
    data = _bytes(path)
    if b"\0" in data:
        return []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    lines = text.splitlines(keepends=True)
    lines = lines[:-1] if len(data) == HEAD and len(lines) > 1 else lines
    out: Heads = []
    for separator in SEPARATORS:
        reader, rows, before = csv.reader(lines, delimiter=separator), list[Row](), 0
        try:
            for row in reader:
                if row and len(rows) < PREAMBLE:
                    rows.append(_row(before, [f.strip() for f in row]))
                before = reader.line_num
                if len(rows) == PREAMBLE:
                    break
        except csv.Error:
            pass  # what comes before it may still be a header
        out.append((separator, rows))
    return out


def _bytes(path: Path) -> bytes:
    with open_bytes(path) as file:
        return file.read(HEAD)


def _layout(profile: Profile, heads: Heads) -> Layout | None:
    """Where the header of the profile stands in the first rows, if it does."""
    for separator, rows in heads:
        for row in rows:
            if profile.fits(row.names):
                return Layout(separator, row.before)
        if profile.header and rows and len(rows[0].fields) == len(profile.header):
            values = dict(zip(profile.header, rows[0].fields, strict=True))
            if all(re.fullmatch(pattern, values[name]) for name, pattern in profile.looks.items()):
                return Layout(separator, 0, tuple(profile.header))
    return None


def _like(profiles: Mapping[str, Profile], heads: Heads) -> str:
    """Which profile the header comes nearest to, and what it lacks; else that nobody knows it."""
    best: tuple[float, str] = (0.0, "")
    for _, rows in heads:
        for row in rows[:1]:
            for p in profiles.values():
                missing = [n.replace("|", " or ") for n, asked in zip(p.needs, p.asked, strict=True) if not asked & row.names]
                share = 1 - len(missing) / len(p.needs) if p.needs else 0.0
                if missing and share >= LIKE and share > best[0]:
                    hints = [f"{n} (the nearest is {near})" if (near := nearest(n, row.fields)) else n for n in missing]
                    best = share, f"looks like {p.vendor}'s {p.report}, but has no column {', '.join(hints)}"
    return best[1] or "no profile knows its header; `opsreview profile draft` proposes one"


class Recogniser:
    """`recognise` through the cache, as `folder.listing` asks for it."""

    def __init__(self, profiles: Mapping[str, Profile], store: cache.Store) -> None:
        self.profiles, self.store = profiles, store
        self.known = sorted((p.name, p.digest) for p in profiles.values())

    def __call__(self, source: Source) -> tuple[str, tuple[str, ...], str]:
        key = cache.key("recognised", source.sha256, source.extension, self.known)
        if not (note := self.store.get(key)):
            found = recognise(source.path, source.extension, self.profiles)
            note = self.store.put(key, {"profile": found.profile, "tables": found.tables, "why": found.why})
        return note["profile"], tuple(note["tables"]), note["why"]


def digest(profile: str, profiles: Mapping[str, Profile]) -> str:
    """What the reading of a file depends on besides its bytes: equal for equal profiles."""
    return f"{profile}:{profiles[profile].digest}" if profile in profiles else profile
