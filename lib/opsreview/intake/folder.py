"""What lies in the exports folder: a folder an ISO week, files that are parts of tables, and everything that is neither."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from opsreview.intake.schema import EXTENSIONS, TABLES
from opsreview.weeks import Week


@dataclass(frozen=True)
class Source:
    """One file that is a table, or a part of one. `name` is its path relative to the exports folder, with `/`. A foreign file is one source
    for each table that it feeds; its `profile` says how it is read."""

    path: Path
    name: str
    week: Week
    table: str
    extension: str
    sha256: str = ""
    stamp: tuple[int, ...] = ()  # size and times when its hash was taken
    profile: str = "canonical"

    def changed(self) -> bool:
        """Whether the file is another one than was hashed."""
        try:
            return stamp(self.path) != self.stamp
        except OSError:
            return True


def stamp(path: Path) -> tuple[int, ...]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


@dataclass
class Listing:
    """The files of all folders up to a week, in the order in which they are read: by week, then by name."""

    weeks: list[Week] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    ignored: list[dict] = field(default_factory=list)  # {"path", "why"}
    unrecognised: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)  # why a file is unrecognised
    unused: dict[str, str] = field(default_factory=dict)  # files that are known and feed no table, and why
    twins: list[dict] = field(default_factory=list)  # {"path", "same_as"}: the same bytes, read once
    broken: dict[Source, str] = field(default_factory=dict)  # what cannot be a file of its table, and why


Recogniser = Callable[[Source], tuple[str, tuple[str, ...], str]]


def listing(exports: Path, upto: Week, recognised: Recogniser = lambda source: ("", (), "")) -> Listing:
    """Every folder up to and including `upto`; later ones are not even looked into. OSError when the folder cannot be listed.

    `recognised`: profile and tables of a file whose name says none, told by its content, or why it feeds none."""
    found = Listing()
    folders: list[tuple[Week, Path]] = []
    for path in sorted(exports.iterdir(), key=lambda p: p.name):
        week = week_named(path.name)
        if path.name.startswith((".", "~")):
            found.ignored.append({"path": path.name, "why": "its name begins with . or ~"})
        elif week and path.is_dir():
            if week <= upto:
                folders.append((week, path))
        elif path.name != "review.toml":
            found.ignored.append({"path": path.name, "why": "not a folder named as a week, like 2026-W46"})
    for week, path in sorted(folders):
        found.weeks.append(week)
        _folder(found, week, path)
    found.sources = list(_once(found, _told(_hashed(found.sources, found), found, recognised)))
    return found


def _told(sources: Iterable[Source], found: Listing, recognised: Recogniser) -> Iterable[Source]:
    """The sources, those without a table as what their content says."""
    for source in sources:
        if source.table:
            yield source
            continue
        profile, tables, why = recognised(source)
        for table in tables:
            yield replace(source, table=table, profile=profile)
        if profile and not tables:
            found.unused[source.name] = why
        elif not tables:
            found.unrecognised.append(source.name)
            found.unknown[source.name] = why


def _folder(found: Listing, week: Week, folder: Path) -> None:
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        name = f"{folder.name}/{path.name}"
        table, extension = recognise(path.name)
        if path.name.startswith((".", "~")):
            found.ignored.append({"path": name, "why": "its name begins with . or ~"})
        elif table and path.is_file():
            found.sources.append(Source(path, name, week, table, extension))
        elif table:
            found.broken[Source(path, name, week, table, extension)] = "is a folder where a file should be"
        elif path.is_dir():
            found.ignored.append({"path": name, "why": "a folder inside a week's folder"})
        else:
            found.sources.append(Source(path, name, week, "", _extension(path.name) or path.suffix.lower()))


def recognise(name: str) -> tuple[str, str]:
    """The table and extension that a file name says (`orders.part-2.csv.gz`), or two empty strings."""
    table, extension = name.lower().partition(".")[0], _extension(name)
    return (table, extension) if table in TABLES and extension else ("", "")


def _extension(name: str) -> str:
    return next((e for e in sorted(EXTENSIONS, key=len, reverse=True) if name.lower().endswith(e)), "")


def week_named(name: str) -> Week | None:
    """The week whose folder is called so, or none."""
    try:
        week = Week.parse(name)
    except ValueError:
        return None
    return week if str(week) == name else None


def _hashed(sources: list[Source], found: Listing) -> Iterable[Source]:
    with ThreadPoolExecutor(4) as pool:
        for source, hashed in zip(sources, pool.map(_hash, sources), strict=True):
            if isinstance(hashed, OSError) and not source.table:
                found.unrecognised.append(source.name)
                found.unknown[source.name] = f"cannot be read ({hashed.strerror})"
            elif isinstance(hashed, OSError):
                found.broken[source] = f"cannot be read ({hashed.strerror})"
            else:
                yield hashed


def _hash(source: Source) -> Source | OSError:
    try:
        before = stamp(source.path)
        with source.path.open("rb") as file:
            return replace(source, sha256=hashlib.file_digest(file, "sha256").hexdigest(), stamp=before)
    except OSError as error:
        return error


def _once(found: Listing, sources: Iterable[Source]) -> Iterable[Source]:
    """Two parts of a table with the same bytes are one, and `twins` says so."""
    seen: dict[tuple, Source] = {}
    for source in sources:
        first = seen.setdefault((source.week, source.table, source.sha256), source)
        if first is source:
            yield source
        else:
            found.twins.append({"path": source.name, "same_as": first.name})
