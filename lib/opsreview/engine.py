"""Where queries run: DuckDB in this process. The only module that opens a connection."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import ibis

from opsreview.settings import Settings

LARGE = 5_000_000  # rows of a table from which speed goes before the last digit of a sum


def connect(settings: Settings, scratch: Path) -> Any:
    """An Ibis backend of its own, in UTC, that spills to a folder of its own in `scratch` when memory runs short.

    `OPSREVIEW_MEMORY` (like `2GB`) and `OPSREVIEW_THREADS` bound it; by default DuckDB takes what the machine has.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"temp_directory": str(scratch / uuid.uuid4().hex), "preserve_insertion_order": False}
    if memory := os.environ.get("OPSREVIEW_MEMORY"):
        options["memory_limit"] = memory
    if threads := os.environ.get("OPSREVIEW_THREADS"):
        options["threads"] = int(threads)
    backend = ibis.duckdb.connect(":memory:", **options)
    for setting in ("TimeZone = 'UTC'", "enable_progress_bar = false"):  # known only once the connection is there
        backend.con.execute(f"SET {setting}")
    return backend


def steady(backend: Any, rows: int) -> None:
    """Sums whose digits two runs share: one thread, unless a table is large or `OPSREVIEW_THREADS` says how many.

    Floating-point sums depend on the order of their terms, which threads do not keep. On small tables one thread also costs less.
    """
    if rows < LARGE and not os.environ.get("OPSREVIEW_THREADS"):
        backend.con.execute("SET threads = 1")
