"""benchmarks/RESULTS.md: one section a benchmark, each replaced by its own runs only."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

FILE = Path(__file__).parent / "RESULTS.md"
BUSY = 2.0  # load average from which other work shared the machine


def measured_on(load: float) -> str:
    """When and on what it was measured; says so where other work ran at the same time. `load`: the highest seen."""
    shared = f" The machine was shared while measuring (load {load:.1f}): read processor seconds." if load > BUSY else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}.{shared} "
        "Read the ratios; the seconds are this machine's."
    )


def section(title: str, text: str, file: Path = FILE) -> None:
    """Put a section into the results in place of the one of that title, or behind the others."""
    old = file.read_text(encoding="utf-8") if file.is_file() else "# What it costs\n"
    head, *parts = re.split(r"^(?=## )", old, flags=re.M)
    mine = f"## {title}\n\n{text.strip()}\n\n"
    same = [part.startswith(f"## {title}\n") for part in parts]
    parts = [mine if is_mine else part.rstrip() + "\n\n" for part, is_mine in zip(parts, same, strict=True)] + ([] if any(same) else [mine])
    file.write_text((head.rstrip() + "\n\n" + "".join(parts)).rstrip() + "\n", encoding="utf-8")
