"""EDI files of all weeks' folders to tables of text: the translator that intake knows (`foreign.Translator`)."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import groupby
from typing import Any

import pyarrow as pa

from opsreview.intake import cache, foreign, text
from opsreview.intake.edi.assemble import LOG, Assembly, Given
from opsreview.intake.edi.documents import Document, Reading
from opsreview.intake.edi.fact import SEES
from opsreview.intake.edi.parties import Rules
from opsreview.intake.edi.reading import read
from opsreview.intake.edi.tokens import begins
from opsreview.intake.folder import Source
from opsreview.settings import Settings

TABLE = "documents"
_NUMBER = re.compile(r"([A-Z0-9]{1,4}:)?…?[A-Za-z0-9_.-]{1,35}")


class Edi:
    """X12 and EDIFACT, told by their first segment."""

    name = "edi"

    def recognises(self, head: bytes) -> foreign.Recognised | None:
        """Every interchange has documents; what else it feeds is known once it is read."""
        return foreign.Recognised(self.name, (TABLE,)) if begins(head) else None

    def translate(self, sources: Sequence[Source], settings: Settings, store: cache.Store) -> dict[Source, foreign.Translation | str]:
        """All files together: a document stands on those before it. Where they are as they were, only the names of their tables are known
        and how their rows hash; the rows are made when somebody asks for them."""
        made = lru_cache(1)(lambda: _made(sources, settings, store))
        key = cache.key("edi rows", [(s.name, s.sha256) for s in sources], asdict(rules(settings)))
        if not (note := store.get(key)):
            if any(isinstance(one, str) for one in made().values()):
                return made()
            note = store.put(key, {"digests": {s.name: {t: one.digest(t) for t in one.tables} for s, one in made().items()}})
        return {s: _later(note["digests"][s.name], lambda s=s: made()[s]) for s in sources}


def _later(digests: dict[str, str], make: Callable[[], foreign.Translation | str]) -> foreign.Translation:
    """A translation that is made when one of its tables is asked for. Unreadable then, where its file is no longer what it was."""

    def made() -> foreign.Translation:
        if isinstance(one := make(), str):
            raise text.Unreadable(one)
        return one

    return foreign.Translation(_Later(digests, lambda: made().tables), _Later([TABLE], lambda: made().refused), _digests=dict(digests))


class _Later(Mapping[str, Any]):
    """A mapping whose names are known and whose values are worked out when one is asked for."""

    def __init__(self, names: Iterable[str], make: Callable[[], Mapping[str, Any]]) -> None:
        self.names, self.make = list(names), make

    def __getitem__(self, name: str) -> Any:
        if name not in self.names:
            raise KeyError(name)
        return self.make()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def _made(sources: Sequence[Source], settings: Settings, store: cache.Store) -> dict[Source, Any]:
    """Every file's rows and refusals, or why there are none."""
    readings = {source: _reading(source, store) for source in sources}
    out: dict[Source, foreign.Translation | str] = {s: r for s, r in readings.items() if isinstance(r, str)}
    good = {s: r for s, r in readings.items() if isinstance(r, Reading)}
    assembly = Assembly(rules(settings), good.values())
    for _, group in groupby(good, key=lambda s: s.week):
        week = list(group)
        given = assembly.week((s.name, good[s]) for s in week)
        out |= {s: translation(given[s.name], good[s]) for s in week}
    return out


def rules(settings: Settings) -> Rules:
    """What the settings say of EDI."""
    e = settings.edi
    return Rules(
        tuple(e.own_ids), tuple(e.warehouses), tuple(e.outlets), e.channel, e.location, tuple(e.sku), settings.reporting_currency, e.test
    )


def translation(given: Given, reading: Reading) -> foreign.Translation:
    """A file's rows by table; its refusals are documents that were not taken."""
    tables = {name: _table(rows, LOG if name == TABLE else SEES[name]) for name, rows in {TABLE: [], **given.rows}.items()}
    refused = [(d.refused, _which(d)) for d in reading.documents if d.refused] + [(r, "") for r in reading.refused]
    refusals = [foreign.Refusal(r.ordinal, r.reason, r.element, "; ".join(filter(None, (which, r.value)))) for r, which in refused]
    return foreign.Translation(tables, {TABLE: sorted(refusals, key=lambda r: r.line)})


def _which(d: Document) -> str:
    """A refused document's type, control number and sender, as far as they look like such."""
    said = d.type, d.control, f"from {d.sender}"
    return " ".join(text for text in said if _NUMBER.fullmatch(text.removeprefix("from ")))


def _table(rows: list[tuple[int, dict[str, str]]], columns: str) -> pa.Table:
    texts = {c: pa.array([values.get(c) or None for _, values in rows], pa.string()) for c in columns.split()}
    return pa.table({"line": pa.array([i for i, _ in rows], pa.int64()), "ragged": pa.array([False] * len(rows), pa.bool_()), **texts})


def _reading(source: Source, store: cache.Store) -> Reading | str:
    """A file's documents, read once and kept; or why there are none."""
    key = cache.key("edi", source.sha256)
    if note := store.get(key):
        return Reading.of(note["reading"])
    try:
        with text.open_bytes(source.path) as file:
            reading = read(file.read())
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return "is a gzip file that is cut off or damaged"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if source.changed():
        return "changed while it was read; run again"
    store.put(key, {"reading": reading.note()})
    return reading
