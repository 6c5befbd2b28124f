"""What a header says: where the contract's columns are, what is dropped, and what of that is personal."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from opsreview.intake.schema import DELETED, Table
from opsreview.intake.text import NoHeader, Unusable

ALIASES = {("contract_prices", "channel"): "customer"}  # the contract: `customer` (or channel)


@dataclass(frozen=True)
class Header:
    """`positions` of the contract's columns; `dropped`: the names of the others; `personal`: those of them that say so."""

    positions: dict[str, int]
    dropped: list[str]
    personal: list[str]

    @property
    def columns(self) -> list[str]:
        """The contract's columns that the file speaks of."""
        return [*self.positions]


def accepted(table: Table) -> set[str]:
    """The names that a header of the table may have."""
    return {c.name for c in (*table.columns, DELETED)} | {alias for name, alias in ALIASES if name == table.name}


def understand(names: list[str], table: Table, private: list[str]) -> Header:
    """`private`: patterns of personal columns. NoHeader when no column of the table is named, Unusable when a required one is not."""
    written = [name.strip() for name in names]
    lower = [name.lower() for name in written]
    meant = [n if (to := ALIASES.get((table.name, n))) is None or to in lower else to for n in lower]
    known = {c.name for c in (*table.columns, DELETED)}
    if not known.intersection(meant):
        raise NoHeader(f"has no header: its first row names no column of {table.name}")
    if twice := sorted({n for n in meant if n and meant.count(n) > 1}):
        raise Unusable(f"names a column twice in its header ({', '.join(twice)})")
    if missing := [c.name for c in table.columns if not c.optional and c.name not in meant]:
        raise Unusable(f"lacks the {'columns' if len(missing) > 1 else 'column'} {', '.join(missing)}")
    dropped = [name for name, n in zip(written, meant, strict=True) if n and n not in known]
    personal = [name for name in dropped if any(fnmatchcase(name.lower(), pattern.lower()) for pattern in private)]
    return Header({n: i for i, n in enumerate(meant) if n in known}, dropped, personal)
