"""Files that can be made again: written whole or not at all, checked before use, safe to delete and to share."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def version() -> str:
    """A hash over the source of the intake: what another version wrote is not used."""
    digest = hashlib.sha256()
    for path in sorted(p for p in Path(__file__).parent.rglob("*") if p.suffix in (".py", ".toml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def key(*parts: object) -> str:
    return hashlib.sha256(json.dumps([version(), *parts], default=str, sort_keys=True).encode()).hexdigest()


class Store:
    """Entries by key: a JSON note and the files it lists. An entry is there when its note is, and each file has the note's hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str, whole: bool = True) -> dict | None:
        """The note of an entry, or None where there is none or, if `whole`, a file of it is damaged."""
        try:
            note = json.loads(self.path(key, "json").read_bytes())
            if not whole or all(_digest(self.path(key, name)) == digest for name, digest in note["hashes"].items()):
                self._used(key, note["hashes"])
                return note
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return None

    def put(self, key: str, note: dict, **writers: Callable[[Path], object]) -> dict:
        """Writes an entry: each writer its file, the note last. Two processes may do it at once; either result is whole."""
        note = {**note, "hashes": {}}
        for name, write in writers.items():
            temporary = self.scratch(key)
            try:
                write(temporary)
                note["hashes"][name] = _digest(temporary)
                os.replace(temporary, self.path(key, name))
            finally:
                temporary.unlink(missing_ok=True)
        temporary = self.scratch(key)
        temporary.write_text(json.dumps(note), encoding="utf-8")
        os.replace(temporary, self.path(key, "json"))
        return note

    def _used(self, key: str, names: Iterable[str]) -> None:
        for name in ("json", *names):
            with suppress(OSError):
                os.utime(self.path(key, name))

    def scratch(self, key: str) -> Path:
        """A name that nobody else writes to."""
        return self.path(f"{key}.{uuid.uuid4().hex}", "part")

    def path(self, key: str, name: str) -> Path:
        return self.folder / f"{key}.{name}"


def forget(folder: Path, days: float) -> None:
    """Removes what nobody has used for so many days, and what a killed process left half written a day ago."""
    now = time.time()
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            if path.stat().st_mtime < now - 86400 * (min(days, 1) if path.suffix == ".part" else days):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
