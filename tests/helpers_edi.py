"""Interchanges written by hand: the segments of a set a line each, the envelope around them with right counts unless told otherwise."""

from __future__ import annotations

from opsreview.intake.edi.assemble import Assembly
from opsreview.intake.edi.parties import Rules
from opsreview.intake.edi.reading import read

GROUPS = {
    "850": "PO", "855": "PR", "860": "PC", "856": "SH", "810": "IN", "861": "RC", "846": "IB", "852": "PD", "940": "OW", "943": "AR",
    "944": "RE", "945": "SW", "180": "AN", "210": "IM", "214": "QM", "997": "FA", "820": "RA", "830": "PS", "832": "SC", "862": "SS",
}  # fmt: skip


def x12(kind: str, *sets: str, sender: str = "THEM", receiver: str = "US", element: str = "*", end: str = "~\n", date: str = "261110",
        control: str = "000000001", test: str = "P", component: str = ">", **wrong: str) -> bytes:  # fmt: skip
    """One X12 interchange of one group. `sets`: the segments between ST and SE, one a line, elements with `*`.

    `wrong` overrides what a trailer says: se01, se02, ge01, ge02, iea01, iea02; or leaves it out where it is `None`.
    """
    lines = [f"ISA*00*          *00*          *ZZ*{sender:15}*ZZ*{receiver:15}*{date}*0930*U*00401*{control}*0*{test}*{component}"]
    lines.append(f"GS*{GROUPS[kind]}*{sender}*{receiver}*20{date}*0930*7*X*004010")
    for i, text in enumerate(sets, 1):
        body = [line.strip() for line in text.strip().splitlines() if line.strip()]
        lines += [f"ST*{kind}*{i:04}", *body]
        if wrong.get("se", "") is not None:
            lines.append(f"SE*{wrong.get('se01', len(body) + 2)}*{wrong.get('se02', f'{i:04}')}")
    if wrong.get("ge", "") is not None:
        lines.append(f"GE*{wrong.get('ge01', len(sets))}*{wrong.get('ge02', '7')}")
    if wrong.get("iea", "") is not None:
        lines.append(f"IEA*{wrong.get('iea01', '1')}*{wrong.get('iea02', control)}")
    return "".join(line.replace("*", element) + end for line in lines).encode()


def edifact(kind: str, *texts: str, sender: str = "THEM:14", receiver: str = "US:14", una: str = "", end: str = "\n", date: str = "261110",
            control: str = "REF1", **wrong: str) -> bytes:  # fmt: skip
    """One EDIFACT interchange. `texts`: the segments between UNH and UNT, one a line, without terminators, written with `:+.?'`."""
    lines = [f"UNB+UNOC:3+{sender}+{receiver}+{date}:0930+{control}"]
    for i, text in enumerate(texts, 1):
        body = [line.strip() for line in text.strip().splitlines() if line.strip()]
        lines += [f"UNH+{i}+{kind}:D:96A:UN", *body]
        if wrong.get("unt", "") is not None:
            lines.append(f"UNT+{wrong.get('unt01', len(body) + 2)}+{wrong.get('unt02', i)}")
    if wrong.get("unz", "") is not None:
        lines.append(f"UNZ+{wrong.get('unz01', len(texts))}+{wrong.get('unz02', control)}")
    if not una:
        return "".join(f"{line}'{end}" for line in lines).encode()
    marks = str.maketrans({":": una[0], "+": una[1], ".": una[2], "?": una[3], "'": una[5]})
    return (f"UNA{una}" + end + "".join(line.translate(marks) + una[5] + end for line in lines)).encode()


def rules(**over) -> Rules:
    return Rules(**{"currency": "USD", "own_ids": ("US",), **over})


def given(*weeks: dict[str, bytes], **over) -> dict[str, list[dict[str, str]]]:
    """The rows of the last week, by table, without empty columns; the weeks are file name -> bytes."""
    read_weeks = [{name: read(data) for name, data in sorted(files.items())} for files in weeks]
    assembly = Assembly(rules(**over), [reading for files in read_weeks for reading in files.values()])
    out: dict[str, list[dict[str, str]]] = {}
    for files in read_weeks:
        found = assembly.week(files.items())
        out = {}
        for one in found.values():
            for table, rows in one.rows.items():
                out.setdefault(table, []).extend({c: v for c, v in values.items() if v} for _, values in rows)
    return out


def rows(table: str, *files: bytes, **over) -> list[dict[str, str]]:
    """The rows of a table that the files of one week give, in their order."""
    return given({f"{i:02}.edi": data for i, data in enumerate(files)}, **over).get(table, [])


def refusals(data: bytes) -> list[tuple[str, str, int]]:
    """(reason, element, segment) of everything that is refused."""
    found = read(data)
    whys = [d.refused for d in found.documents if d.refused] + found.refused
    return [(w.reason, w.element, w.ordinal) for w in whys]
