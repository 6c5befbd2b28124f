"""docs/profiles.md names every profile, as it is: run `python tests/test_profiles_docs.py` to write its table anew."""

from __future__ import annotations

import re
from pathlib import Path

from opsreview.intake.profile import shipped

DOCS = Path(__file__).resolve().parent.parent / "docs" / "profiles.md"
PLACE = re.compile(r"(<!-- table.*?-->\n).*?(\n<!-- end -->)", re.DOTALL)


def table() -> str:
    """A row a profile."""
    rows = ["| vendor | report | profile | feeds | it does not say |", "|---|---|---|---|---|"]
    for p in sorted(shipped().values(), key=lambda p: (p.vendor.lower(), p.report)):
        feeds = ", ".join(f"`{t}`" for t in p.tables) or f"– {p.unused}"
        rows.append(f"| {p.vendor} | {p.report} | `{p.name}` | {feeds} | {'; '.join(p.unsaid)} |")
    return "\n".join(rows)


def test_the_table_is_that_of_the_profiles():
    found = PLACE.search(DOCS.read_text(encoding="utf-8"))
    assert found and found.group(0) == found.group(1) + table() + found.group(2)


def test_the_example_is_a_profile_that_loads():
    from opsreview.intake.profile import parse

    example = re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    profile = parse(example.group(1), "example")
    assert set(profile.tables["shipments"].columns) >= {"shipment_id", "order_id", "weight_kg"} and profile.yields


if __name__ == "__main__":
    DOCS.write_text(PLACE.sub(lambda m: m.group(1) + table() + m.group(2), DOCS.read_text(encoding="utf-8")), encoding="utf-8")
