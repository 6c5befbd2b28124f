"""A file to its documents."""

from __future__ import annotations

from collections.abc import Callable

from opsreview.intake.edi import edifact, x12
from opsreview.intake.edi.documents import Content, Document, Reading
from opsreview.intake.edi.envelope import Message, Refused, messages
from opsreview.intake.edi.values import day, moment

READERS: dict[str, Callable[[Message], Content]] = {**x12.READERS, **edifact.READERS}


def read(data: bytes) -> Reading:
    """Every document of a file, in its order; what was refused has its reason and says nothing else."""
    out = Reading([], [])
    for m in messages(data):
        if isinstance(m, Refused):
            out.refused.append(m)
            continue
        i = m.interchange
        sent = moment(i.date, i.time) if len(day(i.date)) == 10 else ""
        d = Document(m.ordinal, i.standard, m.type, m.version, i.sender, i.receiver, i.control, m.group, m.control, sent, i.test)
        d.refused = m.refused
        if not m.refused and m.type in READERS:
            head, lines = READERS[m.type](m)
            d.head = {k: v for k, v in head.items() if v}
            d.lines = lines
            for line in lines:
                line.values = {k: v for k, v in line.values.items() if v}
        out.documents.append(d)
    return out
