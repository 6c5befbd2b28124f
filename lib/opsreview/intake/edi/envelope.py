"""Segments to messages whose envelope holds, and refusals for what does not.

As X12.5/X12.6 and ISO 9735 ask: a wrong trailer of a set or message refuses it, of a group all its sets, of the interchange everything
in it. What is refused yields nothing else; its neighbours stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opsreview.intake.edi.tokens import ISA_ELEMENTS, Segment, Stretch, stretches

_HARMLESS = re.compile(r"[A-Za-z0-9_-]{1,14}")  # what may be shown of a refused value: a count or a control number
PHONE = "12"  # qualifier of an identifier that is a telephone number, in both standards
_OUTSIDE = ("TA1", "ISB", "ISE")  # may stand between ISA and GS


@dataclass(frozen=True)
class Refused:
    """Why something was not taken: at which segment and byte, in which element, what was written there and what was counted."""

    ordinal: int
    offset: int
    element: str
    value: str
    reason: str


@dataclass
class Interchange:
    """Who wrote to whom, when, and under which number. Identifiers are `qualifier:id`, or the id alone where there is no qualifier."""

    standard: str
    sender: str = ""
    receiver: str = ""
    control: str = ""
    date: str = ""  # as written
    time: str = ""
    test: bool = False
    decimal: str = "."


@dataclass
class Message:
    """One transaction set or message: its segments from ST or UNH to SE or UNT."""

    interchange: Interchange
    type: str
    control: str
    group: str
    segments: list[Segment]
    version: str = ""
    refused: Refused | None = None

    @property
    def ordinal(self) -> int:
        return self.segments[0].ordinal


@dataclass
class _Scope:
    """A group or an interchange while it is read: what it holds, and what is wrong with it."""

    head: Segment
    messages: list[Message] = field(default_factory=list)
    groups: int = 0
    refused: Refused | None = None

    def refuse(self, why: Refused) -> None:
        self.refused = self.refused or why


def messages(data: bytes) -> Iterator[Message | Refused]:
    """Every message of a file in its order, those refused with the reason; and a refusal where there is not even a message."""
    for stretch in stretches(data):
        if not stretch.standard:
            yield Refused(stretch.ordinal, stretch.offset, "", f"byte {stretch.offset}", "not_an_interchange")
        elif stretch.marks is None or not stretch.segments:
            yield Refused(stretch.ordinal, stretch.offset, "", f"byte {stretch.offset}", "unreadable_header")
        else:
            yield from _read(stretch, _X12 if stretch.standard == "X12" else _EDIFACT)


@dataclass(frozen=True)
class _Grammar:
    """Where an envelope's trailers say their counts and repeat their control numbers."""

    interchange: tuple[str, str, int]  # header, trailer, element of the header's control number
    group: tuple[str, str, int]
    message: tuple[str, str, int]


_X12 = _Grammar(("ISA", "IEA", 13), ("GS", "GE", 6), ("ST", "SE", 2))
_EDIFACT = _Grammar(("UNB", "UNZ", 5), ("UNG", "UNE", 5), ("UNH", "UNT", 1))


def _read(stretch: Stretch, g: _Grammar) -> Iterator[Message | Refused]:
    head = stretch.segments[0]
    interchange = _x12_head(head) if g is _X12 else _edifact_head(head, stretch.marks.decimal if stretch.marks else ".")
    whole, group, message = _Scope(head), None, None  # type: _Scope, _Scope | None, Message | None
    loose = 0  # messages outside any group
    (ih, it, ic), (gh, gt, gc), (mh, mt, _) = g.interchange, g.group, g.message
    for s in stretch.segments[1:]:
        if message and s.tag in (mh, gh, gt, it, ih):
            message.refused = message.refused or _why(message.segments[0], mt, "no_message_trailer")
            message = None
        if s.tag == mh:
            kind, control = (s[1], s[2]) if g is _X12 else (s[2], s[1])
            version = (group.head[8] if group else "") if g is _X12 else f"{s.part(2, 2)}{s.part(2, 3)}"
            message = Message(interchange, kind, control, group.head[gc] if group else "", [s], version)
            whole.messages.append(message)
            if group:
                group.messages.append(message)
            else:
                loose += 1
                if g is _X12:
                    message.refused = _why(s, "GS", "no_group")
        elif message:
            message.segments.append(s)
            if s.tag == mt:
                message.refused = message.refused or _trailer(s, mt, len(message.segments), message.control, "segment", "message")
                message = None
        elif s.tag == gh:
            if group:
                group.refuse(_why(group.head, gt, "no_group_trailer"))
                _refuse_all(group)
            group, whole.groups = _Scope(s), whole.groups + 1
        elif s.tag == gt and group:
            if wrong := _trailer(s, gt, len(group.messages), group.head[gc], "message", "group"):
                group.refuse(wrong)
            _refuse_all(group)
            group = None
        elif s.tag == it:
            if group:
                group.refuse(_why(group.head, gt, "no_group_trailer"))
                _refuse_all(group)
                group = None
            count = whole.groups if whole.groups or g is _X12 else loose
            if wrong := _trailer(s, it, count, head[ic], "group" if whole.groups or g is _X12 else "message", "interchange"):
                whole.refuse(wrong)
        elif s.tag not in _OUTSIDE:
            whole.refuse(_why(s, "", "segment_outside_a_message"))
    if message:
        message.refused = message.refused or _why(message.segments[0], mt, "no_message_trailer")
    if group:
        group.refuse(_why(group.head, gt, "no_group_trailer"))
        _refuse_all(group)
    if stretch.segments[-1].tag != it:
        whole.refuse(_why(head, it, "no_interchange_trailer"))
    if g is _X12 and len(head.elements) != ISA_ELEMENTS:
        whole.refuse(_why(head, ih, "unreadable_header"))
    if head.tag != ih or not head[ic]:
        whole.refuse(_why(head, f"{ih}{ic:02}", "no_control_number"))
    _refuse_all(whole)
    if not whole.messages:
        yield whole.refused or _why(head, "", "no_message")
    yield from whole.messages


def _refuse_all(scope: _Scope) -> None:
    """What refuses a scope refuses every message in it; the message's own flaw goes before."""
    for message in scope.messages if scope.refused else ():
        message.refused = message.refused or scope.refused


def _trailer(s: Segment, tag: str, counted: int, control: str, what: str, whose: str) -> Refused | None:
    """What a trailer says wrongly: its control number (element 2), or its count (element 1). X12 numbers interchanges and groups with
    numerals (type N0), so that 3438 is 000003438 there; everything else is text."""
    numeral = tag in ("IEA", "GE") and s[2].isdecimal() and control.isdecimal()
    if int(s[2]) != int(control) if numeral else s[2] != control:
        return _why(s, f"{tag}02", f"{whose}_control_mismatch", s[2])
    if not s[1].isdecimal() or not s[1].isascii() or int(s[1]) != counted:
        return _why(s, f"{tag}01", f"{what}_count_mismatch", s[1], counted)
    return None


def _why(s: Segment, element: str, reason: str, value: str = "", counted: int | None = None) -> Refused:
    shown = value if _HARMLESS.fullmatch(value) else ""
    said = "; ".join(filter(None, (shown, f"counted {counted}" if counted is not None else "", f"byte {s.offset}")))
    return Refused(s.ordinal, s.offset, element, said, reason)


def _party(qualifier: str, identifier: str) -> str:
    """Of an identifier that is a telephone number only the last four digits are taken."""
    if qualifier == PHONE:
        identifier = f"…{identifier[-4:]}"
    return f"{qualifier}:{identifier}" if qualifier and identifier else identifier


def _x12_head(s: Segment) -> Interchange:
    return Interchange("X12", _party(s[5], s[6]), _party(s[7], s[8]), s[13], s[9], s[10], s[15] == "T")


def _edifact_head(s: Segment, decimal: str) -> Interchange:
    sender, receiver = (_party(s.part(i, 2), s.part(i, 1)) for i in (2, 3))
    return Interchange("EDIFACT", sender, receiver, s[5], s.part(4, 1), s.part(4, 2), s[11] == "1", decimal)
