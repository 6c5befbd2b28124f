"""A vendor's report as data: how its header is recognised, and what each of its columns becomes in the contract's tables.

A profile is one TOML file. It names columns as the vendor's header does; SQL in it is the engine's, over those names in quotes, all of
them text (NULL where empty). `num("X")` is a column as a number, `when("X")` a column as an ISO date or time.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from opsreview.intake.schema import DELETED, TABLES

UNITS = {"": 1.0, "kg": 1.0, "g": 0.001, "lb": 0.45359237, "oz": 0.028349523125, "cm": 1.0, "mm": 0.1, "in": 2.54, "percent": 0.01}
QUOTED = re.compile(r'"((?:[^"]|"")+)"')
WEEK = ("$week_start", "$week_end")  # constants that stand for the first day of the folder's week and the last minute of it
OWN = ("each name", "each value", "each number")  # columns that `each` makes


class ProfileError(ValueError):
    """A profile cannot be used; the message names its file, the key and what is wrong."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(Part):
    """Where a column of the contract comes from: one of `column` (the first of several that the file has), `constant`, `sql`."""

    column: tuple[str, ...] = ()
    constant: str | None = None
    sql: str = ""
    values: dict[str, str] = {}  # what a value means, without regard to case
    otherwise: str | None = None  # what a value means that is not listed; without it such a value stays as it is
    unit: str = ""  # of a number: kg, g, lb, oz become kg; cm, mm, in become cm
    dates: tuple[str, ...] = ()  # formats of this column, before those of the profile
    fallback: bool = False  # the SQL gives a value even where the file has none of its columns

    @field_validator("column", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_origin(self) -> Value:
        if sum((bool(self.column), self.constant is not None, bool(self.sql))) != 1:
            raise ValueError("needs exactly one of column, constant and sql")
        if self.unit not in UNITS:
            raise ValueError(f"unit {self.unit!r} is none of {', '.join(filter(None, UNITS))}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The vendor's columns that it reads."""
        return self.column or quoted(self.sql)


class Fill(Part):
    """Columns that only the first of several rows has are carried to the others of the same `by`."""

    by: list[str]
    columns: list[str]


class Each(Part):
    """Several rows of one: for each column that matches `columns` (a pattern), for each that the profile does not name (`others`), for each
    repetition of `groups` (name, value: the vendor repeats the pair; `also` are columns that stand alone), or for each piece of the column
    `split` between `at` (a pattern). In scope: "each name", "each value", "each number". Empty values make no row."""

    columns: str = ""
    others: bool = False
    groups: list[str] = []
    also: list[str] = []
    split: str = ""
    at: str = r"\|"

    @model_validator(mode="after")
    def _one_way(self) -> Each:
        if sum((bool(self.columns), self.others, bool(self.groups), bool(self.split))) != 1 or len(self.groups) not in (0, 2):
            raise ValueError("needs exactly one of columns, others, groups (a pair: name, value) and split")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.groups, *self.also, *([self.split] if self.split else []))


class Mapping(Part):
    """How rows of the file become rows of one table. `once_per`: only the first row of each; `per`: the rows of each become one (the SQL of
    the columns then aggregates); `let`: named expressions that the others may use; `where`: which rows say something of the table."""

    columns: dict[str, Value]
    fill: Fill | None = None
    let: dict[str, str] = {}
    where: str = ""
    each: Each | None = None
    once_per: list[str] = []
    per: list[str] = []

    @field_validator("columns", mode="before")
    @classmethod
    def _short(cls, value: dict[str, Any]) -> dict[str, Any]:
        """A bare text is the name of a column."""
        return {k: {"column": v} if isinstance(v, (str, list)) else v for k, v in value.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The vendor's columns that the mapping reads, each once, in the order of first use."""
        fill = (*self.fill.by, *self.fill.columns) if self.fill else ()
        sql = quoted(" ".join([*self.let.values(), self.where]))
        every = (*self.once_per, *self.per, *fill, *sql, *(n for v in self.columns.values() for n in v.names))
        groups = self.each.names if self.each else ()
        return tuple(dict.fromkeys(n for n in (*every, *groups) if n not in self.let and n not in OWN))


class Ties(Part):
    """What the file says of itself: the `rows` of each `by` make up its `total` (SQL aggregates); where they do not, a notice says so."""

    by: list[str]
    rows: str
    total: str

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.by, *quoted(self.rows + " " + self.total))


class Profile(Part):
    """One report of one vendor. `needs`: the header names by which it is recognised (`A|B`: one of them); `like`: a pattern that some
    header name has to match; `lacks`: names that only its siblings have."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    vendor: str
    report: str
    needs: list[str] = []
    like: str = ""
    lacks: list[str] = []
    header: list[str] = []  # the names of a file that has no header
    looks: dict[str, str] = {}  # patterns of the first row's values, for a file that has no header
    personal: list[str] = []  # patterns of header names that are personal data: never read
    others: list[str] = []  # names of no use, where `each.others` has to know them
    dates: tuple[str, ...] = ()
    hook: str = ""
    made: list[str] = []  # columns that the hook makes
    ties: Ties | None = None
    yields: dict[str, list[str]] = {}  # table -> profiles that say it better: where one of them came, this one's rows of it are not taken
    tables: dict[str, Mapping] = {}
    unused: str = ""  # why the report feeds no table
    unsaid: list[str] = []  # what the report does not say, for the reader of the docs
    digest: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Profile:
        if bool(self.tables) == bool(self.unused):
            raise ValueError("needs tables, or a reason in `unused`, and not both")
        if not self.needs and not self.header:
            raise ValueError("needs header names to be recognised by (`needs`)")
        if self.header and not self.looks:
            raise ValueError("a file without a header is recognised by its values: `looks`")
        for table, mapping in self.tables.items():
            _nearest(table, TABLES, "tables", "table of the contract")
            known = [*TABLES[table].names, DELETED.name]
            for column in mapping.columns:
                _nearest(column, known, f"tables.{table}.columns", f"column of {table}")
            if missing := [c.name for c in TABLES[table].columns if not c.optional and c.name not in mapping.columns]:
                raise ValueError(f"tables.{table}.columns lacks {', '.join(missing)}")
            if ours := [n for n in mapping.names if key(n) in ("part", "line", "ragged")]:
                raise ValueError(f"tables.{table} reads {', '.join(ours)}, a name that the engine needs; leave that column out")
            spelt = [key(n) for n in (*mapping.names, *mapping.let)]
            if twice := sorted({n for n in spelt if spelt.count(n) > 1}):
                raise ValueError(f"tables.{table} has {', '.join(twice)} in two spellings, or as a column and in let; the engine knows one")
            if private := [n for n in mapping.names if self.is_personal(n)]:
                raise ValueError(f"tables.{table} reads {', '.join(private)}, which `personal` names")
        return self

    @cached_property
    def asked(self) -> list[frozenset[str]]:
        """`needs` as sets of keys, one name of each of which a header has to have."""
        return [frozenset(key(n) for n in need.split("|")) for need in self.needs]

    def fits(self, names: frozenset[str]) -> bool:
        """Whether a header with these keys is this report's."""
        if not self.asked or any(not names & need for need in self.asked) or any(key(n) in names for n in self.lacks):
            return False
        return not self.like or any(re.fullmatch(self.like, n, re.IGNORECASE) for n in names)

    @property
    def dated_by_folder(self) -> bool:
        """Whether it takes a date from the week's folder, for want of one in the file."""
        return any(v.constant in WEEK for m in self.tables.values() for v in m.columns.values())

    def is_personal(self, name: str) -> bool:
        return any(fnmatchcase(name.strip().lower(), pattern.lower()) for pattern in self.personal)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every header name that the profile knows of, those of personal columns aside."""
        return tuple(
            dict.fromkeys(
                [
                    *self.header,
                    *(n for need in self.needs for n in need.split("|")),
                    *self.others,
                    *(n for m in self.tables.values() for n in m.names),
                ]
            )
        )


def quoted(sql: str) -> tuple[str, ...]:
    """The names in double quotes of an SQL expression; what stands in single quotes is text."""
    return tuple(dict.fromkeys(name.replace('""', '"') for name in QUOTED.findall(re.sub(r"'(?:[^']|'')*'", "''", sql))))


def key(name: str) -> str:
    """A header name as it is compared: without regard to case and blanks around it."""
    return name.strip().strip("\ufeff").lower()


def nearest(name: str, among: list[str]) -> str:
    """The likeliest of the names that somebody wrote in place of `name`, or nothing."""
    close = difflib.get_close_matches(key(name), [key(a) for a in among], 1, 0.6)
    return next((a for a in among if key(a) == close[0]), "") if close else ""


def parse(text: str, name: str) -> Profile:
    """A profile from its TOML. ProfileError when it is wrong."""
    try:
        values = {**tomllib.loads(text), "name": name, "digest": hashlib.sha256(text.encode()).hexdigest()}
        return Profile.model_validate(values)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"profile {name}.toml: not TOML ({error})") from None
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or name}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise ProfileError(f"profile {name}.toml: {'; '.join(said)}") from None


@cache
def shipped() -> dict[str, Profile]:
    """The profiles that come with the package, by name."""
    return _folder(Path(__file__).parent / "profiles")


def load(own: Path | None = None) -> dict[str, Profile]:
    """The shipped profiles, and a team's own, which win over a shipped one of the same name."""
    if own is not None and not own.is_dir():
        raise ProfileError(f"intake.profiles: {own} is no folder")
    return {**shipped(), **(_folder(own) if own else {})}


def _folder(folder: Path) -> dict[str, Profile]:
    return {p.stem: parse(p.read_text(encoding="utf-8"), p.stem) for p in sorted(folder.glob("*.toml"))}


def _nearest(name: str, known: Any, where: str, what: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, list(known), 1)
        raise ValueError(f"{where}.{name} is no {what}{f'; did you mean {near[0]}?' if near else ''}")
