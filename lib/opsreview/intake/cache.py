"""Files that can be made again: written whole or not at all, checked before use, safe to delete and to share."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path

from opsreview.settings import Settings


@cache
def version() -> str:
    """A hash over the source of the intake: what another version wrote is not used."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def key(*parts: object) -> str:
    return hashlib.sha256(json.dumps([version(), *parts], default=str, sort_keys=True).encode()).hexdigest()


def reading(settings: Settings) -> list[object]:
    """The settings that change what is read."""
    return [settings.timezone, settings.reporting_currency, sorted(settings.privacy.columns)]


class Store:
    """Entries by key: a JSON note and the files it lists. An entry is there when its note is, and each file has the note's hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> dict | None:
        """The note of an entry, or None where there is none or it is damaged."""
        try:
            note = json.loads(self.path(key, "json").read_bytes())
            if all(_digest(self.path(key, name)) == digest for name, digest in note["files"].items()):
                return note
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return None

    def put(self, key: str, note: dict, **writers: Callable[[Path], object]) -> dict:
        """Writes an entry: each writer its file, the note last. Two processes may do it at once; either result is whole."""
        note = {**note, "files": {}}
        for name, write in writers.items():
            temporary = self.path(f"{key}.{uuid.uuid4().hex}", "part")
            try:
                write(temporary)
                note["files"][name] = _digest(temporary)
                os.replace(temporary, self.path(key, name))
            finally:
                temporary.unlink(missing_ok=True)
        temporary = self.path(f"{key}.{uuid.uuid4().hex}", "part")
        temporary.write_text(json.dumps(note), encoding="utf-8")
        os.replace(temporary, self.path(key, "json"))
        return note

    def path(self, key: str, name: str) -> Path:
        return self.folder / f"{key}.{name}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
