"""The topics of a page: what stands under a third-level heading is folded away, and the line that stays says what is inside."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import Any

OPEN = "open"  # a heading's cell with this tag begins a topic that is not folded
HEADING = re.compile(r"(#{1,3}) +(.+?)\s*(?:\n|$)")
# What a topic says first, in the order it is shown: a chart's title, a table's caption, a note, a sentence. All of it is escaped already.
SAYS = re.compile(
    r'<figure class="chart"[^>]* aria-label="([^"]*)"|<caption>(.*?)</caption>|<p class="note">(.*?)</p>|<li[^>]*>(.*?)</li>', re.DOTALL
)


def fold(cells: list[Any]) -> None:
    """Mark the cells between which a topic is folded: `topic` (id, heading, says) on its first, `ends_topic` on its last.

    The heading moves into the line that stays; the question under it stays inside. A topic that shows nothing is not folded.
    """
    heads = {i: found for i, cell in enumerate(cells) if cell.cell_type == "markdown" and (found := HEADING.match(cell.source))}
    ids: set[str] = set()
    for start, end in pairwise([*heads, len(cells)]):
        first, head = cells[start], heads[start]
        if head[1] != "###" or OPEN in first.metadata.get("tags", []) or end == start + 1:
            continue
        text = head[2]
        name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "topic"
        name = name if name not in ids else f"{name}-{start}"
        ids.add(name)
        first.metadata["topic"] = {"id": f"topic-{name}", "heading": html.escape(text), "says": says(cells[start + 1 : end])}
        first.source = first.source[head.end() :].strip()
        cells[end - 1].metadata["ends_topic"] = True


def says(cells: list[Any]) -> str:
    """The first thing that cells say in words, escaped; empty where they say nothing."""
    shown = "".join(output.get("data", {}).get("text/html", "") for cell in cells for output in cell.get("outputs", []))
    found = SAYS.search(shown)
    return re.sub(r"<[^>]+>", "", next(filter(None, found.groups()), "")).strip() if found else ""
