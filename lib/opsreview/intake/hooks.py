"""What a profile cannot say in TOML: named steps from the vendor's rows to rows that it can map, each tested alone."""

from __future__ import annotations

from collections.abc import Callable

# name -> the SELECT over a relation of the vendor's columns (text; with part, line, ragged) that the mapping then reads.
HOOKS: dict[str, Callable[[str], str]] = {}
