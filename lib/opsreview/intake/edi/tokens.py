"""Bytes to segments. Separators, terminators and layout are what the message itself says (ISA, UNA, UNB).

A file may hold several interchanges, each with marks of its own. Line breaks that are no terminator are layout, wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLANKS = " \t\r\n\u00a0\ufeff"
_START = re.compile(r"ISA(?=[^A-Za-z0-9 ])|UNA(?=[^A-Za-z0-9]{2})|UNB(?=[^A-Za-z0-9 ])")
_LEVEL_A = (":", "+", ".", "?", "'")  # component, element, decimal mark, release, terminator
ISA_ELEMENTS = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """`ordinal` counts the file's segments from 1; `offset` is its first byte. `elements`: each a list of its components."""

    ordinal: int
    offset: int
    tag: str
    elements: list[list[str]]

    def __getitem__(self, i: int) -> str:
        """The first component of element `i`, counted from 1 as the standards do; empty where there is none."""
        return self.part(i, 1)

    def part(self, i: int, j: int) -> str:
        """Component `j` of element `i`, both from 1."""
        if 0 < i <= len(self.elements) and j <= len(self.elements[i - 1]):
            return self.elements[i - 1][j - 1].strip(BLANKS)
        return ""

    def pairs(self, first: int) -> dict[str, str]:
        """Qualifier and value in turns from element `first` on; of a qualifier that comes again the first counts."""
        out: dict[str, str] = {}
        for i in range(first, len(self.elements), 2):
            if self[i] and self[i + 1]:
                out.setdefault(self[i], self[i + 1])
        return out


@dataclass(frozen=True)
class Marks:
    """The signs one interchange is written with. X12 has neither release nor decimal mark of its own; EDIFACT may go without release."""

    element: str
    component: str
    terminator: str
    release: str = ""
    decimal: str = "."
    composite: bool = False  # whether elements are split into components: no message of X12 that is read has any


@dataclass(frozen=True)
class Stretch:
    """The segments from one ISA, UNA or UNB to the next, or text that is none (`standard` empty)."""

    standard: str
    offset: int
    ordinal: int
    marks: Marks | None
    segments: list[Segment]


def begins(head: bytes) -> bool:
    """Whether a file that starts so is an interchange."""
    return bool(_START.match(_decoded(head)[0].lstrip(BLANKS)))


def stretches(data: bytes) -> Iterator[Stretch]:
    """The interchanges of a file, and what lies between them."""
    text, encoding, start = _decoded(data)
    offsets = _Offsets(text, encoding, start)
    at, ordinal = 0, 1
    while (at := _skip(text, at)) < len(text):
        if not _START.match(text, at):
            following = _START.search(text, at)
            yield Stretch("", offsets(at), ordinal, None, [])
            ordinal += 1
            at = following.start() if following else len(text)
            continue
        standard = "X12" if text.startswith("ISA", at) else "EDIFACT"
        begun, offset = at, offsets(at)
        marks, body = _x12_marks(text, at) if standard == "X12" else _edifact_marks(text, at)
        if marks is None:
            yield Stretch(standard, offset, ordinal, None, [])
            ordinal, at = ordinal + 1, begun + 3
            following = _START.search(text, at)
            at = following.start() if following else len(text)
            continue
        segments: list[Segment] = []
        at = body
        while (at := _skip(text, at)) < len(text):
            if segments and _again(text, at, standard):
                break
            end = _end(text, at, marks)
            segments.append(Segment(ordinal, offsets(at), *_split(text[at:end], marks)))
            ordinal, at = ordinal + 1, end + 1
            if segments[-1].tag in ("IEA", "UNZ"):
                break
        yield Stretch(standard, offset, segments[0].ordinal if segments else ordinal, marks, segments)


def _decoded(data: bytes) -> tuple[str, str, int]:
    """Text, encoding and the length of a byte-order mark. Every byte string is Latin-1, so nothing is refused here."""
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    try:
        return data[start:].decode("utf-8"), "utf-8", start
    except UnicodeDecodeError:
        return data[start:].decode("latin-1"), "latin-1", start


class _Offsets:
    """Characters to bytes, asked for in rising order."""

    def __init__(self, text: str, encoding: str, start: int) -> None:
        self.text, self.encoding, self.plain = text, encoding, encoding != "utf-8" or text.isascii()
        self.start, self.char, self.byte = start, 0, start

    def __call__(self, char: int) -> int:
        if self.plain:
            return self.start + char
        if char >= self.char:
            self.byte += len(self.text[self.char : char].encode(self.encoding))
            self.char = char
        return self.byte


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANKS:
        at += 1
    return at


def _again(text: str, at: int, standard: str) -> bool:
    """Whether another interchange starts here, although this one has not ended."""
    found = _START.match(text, at)
    return bool(found) and found[0] in (("ISA",) if standard == "X12" else ("UNA", "UNB"))


def _x12_marks(text: str, at: int) -> tuple[Marks | None, int]:
    """By the count of separators: the sixteenth is followed by ISA16, the component separator, and that by the terminator.

    In an ISA of the standard's fixed width this is the same as its positions 3, 104 and 105.
    """
    element, where = text[at + 3], at + 3  # there is one: _START looked at it
    if element in BLANKS and element != "\t":
        return None, at
    for _ in range(ISA_ELEMENTS - 1):
        where = text.find(element, where + 1, at + 400)
        if where < 0:
            return None, at
    component = _skip_breaks(text, where + 1)
    end = component + 1
    if end >= len(text) or text[component] == element:
        return None, at
    if text[end] in "\r\n" and not re.match(r"\s*(GS|TA1|ISB|IEA|ISE)", text[end : end + 20]):
        end = _skip_breaks(text, end)  # the layout broke the line just before the terminator
    if text[end : end + 2] == "\r\n":
        return Marks(element, text[component], "\n"), at
    if end >= len(text) or text[end].isalnum() or text[end] == element:
        return None, at
    return Marks(element, text[component], text[end]), at


def _skip_breaks(text: str, at: int) -> int:
    while at < len(text) and text[at] in "\r\n":
        at += 1
    return at


def _edifact_marks(text: str, at: int) -> tuple[Marks | None, int]:
    """UNA says the marks; without it they are those of character set A."""
    component, element, decimal, release, terminator = _LEVEL_A
    if text.startswith("UNA", at):
        signs = text[at + 3 : at + 9]
        if len(signs) < 6 or len({signs[0], signs[1], signs[5]}) < 3:
            return None, at
        component, element, decimal, release, terminator = signs[0], signs[1], signs[2], signs[3].strip(), signs[5]
        at += 9
        if not text.startswith("UNB", _skip(text, at)):
            return None, at
    return Marks(element, component, terminator, release, decimal, composite=True), at


def _end(text: str, at: int, marks: Marks) -> int:
    """Where the segment's terminator stands, one after the release character passed over; the end of the text where there is none."""
    end = text.find(marks.terminator, at)
    while end > 0 and marks.release and _released(text, end, marks.release):
        end = text.find(marks.terminator, end + 1)
    return len(text) if end < 0 else end


def _released(text: str, at: int, release: str) -> bool:
    """Whether an odd number of release characters stands just before."""
    count = 0
    while at - count > 0 and text[at - count - 1] == release:
        count += 1
    return count % 2 == 1


def _split(raw: str, marks: Marks) -> tuple[str, list[list[str]]]:
    if marks.terminator not in "\r\n" or "\r" in raw:
        raw = raw.replace("\r", "").replace("\n", "")
    raw = raw.lstrip(BLANKS)
    if not marks.composite:
        tag, *elements = raw.split(marks.element)
        return tag.strip(BLANKS), [[e] for e in elements]
    if not marks.release or marks.release not in raw:
        tag, *texts = raw.split(marks.element)
        return tag.split(marks.component)[0].strip(BLANKS), [t.split(marks.component) for t in texts]
    fields, current = [[""]], ""
    signs = iter(raw)
    for sign in signs:
        if sign == marks.release:
            current = next(signs, "")
            fields[-1][-1] += current
        elif sign == marks.element:
            fields.append([""])
        elif sign == marks.component:
            fields[-1].append("")
        else:
            fields[-1][-1] += sign
    return fields[0][0].strip(BLANKS), fields[1:]
