"""The exports folder as tables: what came, when it was known, and where every row went."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from opsreview import engine
from opsreview.intake import account, documents, sql
from opsreview.intake import cache as caching
from opsreview.intake.arrivals import arrivals
from opsreview.intake.folder import Listing, Source, listing
from opsreview.intake.foreign import Recogniser, digest, translated
from opsreview.intake.known import Hindsight, Known
from opsreview.intake.profile import ProfileError, load
from opsreview.intake.reader import Read, Reader
from opsreview.intake.resolve import Part, Resolved, resolve
from opsreview.intake.schema import TABLES
from opsreview.settings import Settings
from opsreview.weeks import Week

NEEDS = {"orders": "fx_rates", "order_lines": "orders"}  # what a table's references are checked against
IN_MEMORY = 2_000_000  # rows up to which a table is copied into the engine; a larger one is read from its Parquet file

_numbers = count()


class ExportsError(ValueError):
    """A run is impossible; the message is one sentence that says which file or table is at fault and how."""


def open_exports(
    folder: Path, upto: Week, settings: Settings, cache: Path, con: Any = None, progress: Callable[[str], None] | None = None
) -> Exports:
    """Every folder up to `upto`, read or taken from the cache. ExportsError when a run of that week is impossible."""
    exports = Exports(folder, upto, settings, cache, con, progress)
    if stopped := exports.known(upto).stopped:
        raise ExportsError(stopped)
    return exports


class Exports:
    """See `open_exports`. `weeks`: the folders that are there, oldest first; `con`: the Ibis backend that holds the tables."""

    def __init__(
        self, folder: Path, upto: Week, settings: Settings, cache: Path, con: Any = None, progress: Callable[[str], None] | None = None
    ) -> None:
        self.folder, self.upto, self.settings = Path(folder), upto, settings
        try:
            self._store, scratch = caching.Store(Path(cache) / "intake"), Path(cache) / "scratch"
            caching.forget(self._store.folder, days=60)
            caching.forget(scratch, days=1)
            self.profiles = load(settings.intake.folder(self.folder))
            self.listing: Listing = listing(self.folder, upto, Recogniser(self.profiles, self._store))
        except OSError as error:
            raise ExportsError(f"{folder}: the exports folder cannot be read ({error.strerror})") from None
        except ProfileError as error:
            raise ExportsError(str(error)) from None
        self.spared = self._spare()
        made = translated(self.listing, settings, self._store)
        self.weeks = self.listing.weeks
        self.con = con or engine.connect(settings, scratch)
        self._reader = Reader(self.con, settings, self._store, progress or (lambda message: None), self.profiles, made)
        reads = self._reader.read(self.listing.sources)
        self._reads = {source: reads[source] for source in self.listing.sources}
        self._resolved: dict[str, Resolved] = {}
        self._tables: dict[str, ibis.Table] = {}
        self._known: dict[Week, Known] = {}

    def _spare(self) -> list[tuple[str, str, str]]:
        """Takes out of the listing what another vendor's report says better: name, table, the better profile."""
        came = {(s.profile, s.table) for s in self.listing.sources}
        out, stay = [], []
        for s in self.listing.sources:
            better = self.profiles[s.profile].yields.get(s.table, []) if s.profile in self.profiles else []
            if found := next((b for b in better if (b, s.table) in came), ""):
                out.append((s.name, s.table, found))
            else:
                stay.append(s)
        self.listing.sources = stay
        return out

    @property
    def first(self) -> Week:
        return self.weeks[0] if self.weeks else self.upto

    def rows(self, table: str) -> ibis.Table:
        """Every version of every row that stood in some week up to `upto`, delete marks too."""
        return self.stored(table).drop("known_from")

    def known(self, week: Week) -> Known:
        """The exports as a run of `week` (not after `upto`) knows them."""
        if week not in self._known:
            self._known[week] = Known(self, week)
        return self._known[week]

    def hindsight(self, week: Week) -> Known:
        """An earlier week as it has become by `upto`."""
        return Hindsight(self, week, self.upto)

    def fingerprint(self, week: Week) -> str:
        """Equal when a run of that week reads the same rows: names and content of the files up to it, and the settings of reading."""
        files = [(s.name, s.table, s.sha256, self._how(s)) for s in self.listing.sources if s.week <= week]
        broken = sorted((s.name, why) for s, why in self.listing.broken.items() if s.week <= week)
        weeks = [str(w) for w in self.weeks if w <= week]
        s = self.settings
        read = s.timezone, s.reporting_currency, s.intake.max_bad_share, sorted(s.intake.sources.items()), sorted(s.privacy.columns)
        return caching.key("exports", files, broken, weeks, *read)

    def _how(self, source: Source) -> str:
        """What the rows of a file depend on besides its bytes: its profile, or all that a translator knew."""
        made = self._reader.translated.get(source)
        return made.digest(source.table) if made else digest(source.profile, self.profiles)

    def resolved(self, table: str) -> Resolved:
        """The table over all its folders; built on first use, from the cache where it is there."""
        if table not in self._resolved:
            needs = self.resolved(NEEDS[table]) if table in NEEDS else None
            mine = {s: r for s, r in self.usable.items() if s.table == table}
            parts = [Part(s.name, s.week, r.note["rows"], r.key, self._store.path(r.key, "parquet")) for s, r in mine.items()]

            def ready() -> None:
                if error := next((r.error for r in self._reader.read(mine, whole=True).values() if r.error), None):
                    raise ExportsError(error)

            self._resolved[table] = resolve(self.con, TABLES[table], parts, self.settings.reporting_currency, self._store, ready, needs)
        return self._resolved[table]

    def part(self, read: Read) -> Path:
        """The typed rows of one file."""
        return self._store.path(read.key, "parquet")

    def stored(self, table: str) -> ibis.Table:
        """`rows` with `known_from`, the Monday of the first folder with which the row is known."""
        if table not in self._tables:
            found = self.resolved(table)
            name = f"exports_{next(_numbers)}_{table}"
            kind = "TABLE" if found.note["rows"] <= IN_MEMORY else "VIEW"
            with sql.ordered(self.con):
                self.con.con.execute(f"CREATE TEMP {kind} {name} AS SELECT * FROM read_parquet({sql.file(found.rows)})")
            self._tables[table] = self.con.table(name)
        return self._tables[table]

    @cached_property
    def trouble(self) -> dict[tuple[Week, str], tuple[str, bool]]:
        """(week, table) -> why nothing of that folder's files of the table is taken, and whether it is as if there were no file."""
        out = {(s.week, s.table): (f"{s.name} {why}", False) for s, why in self.listing.broken.items()}
        first: dict[tuple[Week, str, str], Read] = {}
        for source, read in self._reads.items():
            at = (source.week, source.table)
            if read.error:
                out.setdefault(at, (read.error, read.note.get("absent", False)))
                continue
            other = first.setdefault((*at, source.profile), read)  # files of different vendors speak of different columns
            if differ := sorted(set(other.note["columns"]) ^ set(read.note["columns"])):
                names = f"{other.source.name} and {source.name}"
                out.setdefault(at, (f"{names} are parts of one table but do not have the same columns ({', '.join(differ)})", False))
        return out

    @cached_property
    def usable(self) -> dict[Source, Read]:
        """The files whose rows are taken, in the order in which they are read."""
        return {s: r for s, r in self._reads.items() if (s.week, s.table) not in self.trouble}

    @cached_property
    def headers(self) -> dict[tuple[Week, str], set[str]]:
        """(week, table) -> the contract's columns in the header of its files, where they are usable."""
        out: dict[tuple[Week, str], set[str]] = {}
        for s, r in self.usable.items():
            out.setdefault((s.week, s.table), set()).update(r.note["columns"])
        return out

    @cached_property
    def foreign(self) -> bool:
        """Whether any order is in another currency than the reporting one."""
        orders = self.stored("orders")
        return bool((orders.currency != self.settings.reporting_currency).any().to_pyarrow().as_py())

    @property
    def ignored(self) -> list[dict[str, str]]:
        """{"path", "why"}: names that begin with . or ~, and what is not a week's folder."""
        return self.listing.ignored

    @property
    def unrecognised(self) -> list[str]:
        """Files in a week's folder that are no table of the contract."""
        return self.listing.unrecognised

    @property
    def dropped_columns(self) -> list[dict[str, Any]]:
        """{"path", "table", "columns", "personal"}: columns outside the contract, and those of them that say personal data."""
        notes = [(s, r.note) for s, r in self._reads.items() if r.note.get("dropped")]
        return [{"path": s.name, "table": s.table, "columns": n["dropped"], "personal": n["personal"]} for s, n in notes]

    @property
    def notices(self) -> list[str]:
        """What a reader should know of the files: those that could not be used, and those that came twice."""
        twins = [f"{t['path']} is the same file as {t['same_as']} and counts once" for t in self.listing.twins]
        unused = [f"{name} is not used: {why}" for name, why in self.listing.unused.items()]
        unknown = [f"{name} is not recognised: {why}" for name, why in self.listing.unknown.items() if why]
        untied = [f"{s.name} does not tie, {said}" for s, r in self._reads.items() for said in r.note.get("untied", ())]
        lacking = [
            f"{s.name} has no {' or '.join(names)}: {s.table}.{column} is not known from it"
            for s, r in self._reads.items()
            for column, names in r.note.get("lacking", {}).items()
        ]
        spared = [f"{table} of {name} is not taken: it comes better from {better}" for name, table, better in self.spared]
        said = [*(sentence for sentence, _ in self.trouble.values()), *twins, *unused, *unknown]
        return [*said, *spared, *untied, *lacking, *account.collisions(self)]

    @property
    def manifest(self) -> list[dict[str, Any]]:
        return account.manifest(self, self._reads)

    @cached_property
    def documents(self) -> pd.DataFrame:
        """The document automation log, see `intake.documents.listing`."""
        return documents.listing(self, self.upto)

    @property
    def freshness(self) -> pd.DataFrame:
        return account.freshness(self)

    @cached_property
    def arrivals(self) -> pd.DataFrame:
        """What each folder brought of each table: see `intake.arrivals`."""
        return arrivals(self)

    @cached_property
    def unknown_skus(self) -> pd.DataFrame:
        return account.unknown_skus(self)

    @cached_property
    def unknown_references(self) -> pd.DataFrame:
        return account.unknown_references(self)

    @cached_property
    def unknown_currencies(self) -> pd.DataFrame:
        return account.unknown_currencies(self)

    @cached_property
    def set_aside(self) -> pd.DataFrame:
        return account.set_aside(self)

    def quarantine(self) -> pd.DataFrame:
        return account.quarantine(self)

    def quarantine_reasons(self) -> dict[str, int]:
        """How many rows were set aside for which reason, the commonest first."""
        return {str(k): int(v) for k, v in self.quarantine()["reason"].value_counts().items()}

    def quarantine_csv(self, path: Path) -> None:
        account.quarantine_csv(self, path)
