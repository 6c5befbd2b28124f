"""A page of the tests' own: an executed notebook put together by hand, no kernel needed."""

from __future__ import annotations

import nbformat
import pandas as pd
from opsreview import renderer
from opsreview.checklist import checklist_html
from opsreview.page import to_html
from opsreview.tables import note, table

HOSTILE = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>=cmd|\' /C calc\'!A0'


def page() -> str:
    """A small review with a chart of each kind of interaction, a checklist, and hostile text wherever a value can stand."""
    text, code, output = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell, nbformat.v4.new_output
    form = checklist_html(findings(), pd.DataFrame(), "2026-W46", "monday", "EUR")
    notebook = nbformat.v4.new_notebook(
        cells=[
            code('week = "2026-W46"', metadata={"tags": ["injected-parameters"]}),
            text("# Monday: a page of the tests"),
            text("## What changed"),
            code("charts()", outputs=[output("display_data", {renderer.MIME: spec, "text/plain": ""}) for spec in charts()]),
            text("## Evidence"),
            code("words()", outputs=[output("display_data", {"text/markdown": f"{HOSTILE} ran out"})]),
            text("\n\n".join(["A paragraph that makes the page longer than a window."] * 60)),
            code("late()", outputs=[output("display_data", {renderer.MIME: charts()[0], "text/plain": ""})]),
            text("## Table"),
            code("table()", outputs=[output("display_data", {"text/html": html}) for html in (skus(), long(), sums())]),
            text("## Topics\n\n[in a fold](#topic-folded-away)"),
            text("### Folded away\n\nWhy is it so?"),
            code("inside()", outputs=[output("display_data", {renderer.MIME: charts()[0], "text/plain": ""})]),
            text(f"### {HOSTILE}\n\nWhat of it?"),
            code("hostile()", outputs=[output("display_data", {"text/html": note(HOSTILE).html})]),
            text("### Left open\n\nWhy not?", metadata={"tags": ["open"]}),
            code("left()", outputs=[output("display_data", {"text/html": "<p>seen at once</p>"})]),
            text("### Nothing to show\n\nIs there none?"),
            text("## Decisions"),
            code("form()", outputs=[output("display_data", {"text/html": form})]),
        ]
    )
    return to_html(notebook)


def charts() -> list[dict]:
    import altair as alt

    frame = pd.DataFrame(
        {"week": [f"2026-W{w}" for w in range(40, 47)] * 2, "family": ["Lamps"] * 7 + [HOSTILE] * 7, "units": [*range(7), *range(9, 2, -1)]}
    )
    legend = alt.selection_point(fields=["family"], bind="legend")
    dim = alt.when(legend).then(alt.value(1)).otherwise(alt.value(0.1))
    base = alt.Chart(frame, title=f"Units {HOSTILE}").encode(x="week:N", y="units:Q", color="family:N", tooltip=["family", "units"])
    pick = alt.param(name="pick", value="Lamps", bind=alt.binding_select(options=["Lamps", "Rugs"], name="Family "))
    shared = base.mark_point(size=200, filled=True).encode(opacity=dim).add_params(legend)
    chosen = base.mark_bar().add_params(pick).transform_filter("datum.family == pick")
    return [renderer.render(c.properties(width=900, height=240).to_dict())[renderer.MIME] for c in (shared, chosen)]


def skus() -> str:
    frame = pd.DataFrame({"sku": ["B2", "A10", "A9", HOSTILE, "=1+1"], "margin": [5.0, None, -20.5, 1000.0, 7.25]})
    return table(frame, "sku | SKU\nmargin | Margin | cents", "SKUs", currency="EUR", filterable=True, download="skus").html


def long() -> str:
    frame = pd.DataFrame({"n": range(30), "small": "=1+1"})
    return table(frame, "n | N | number\nn | Again | number | small=small", "Long").html


def sums() -> str:
    return table(pd.DataFrame({"n": range(1, 25)}).assign(sum=lambda f: f.n % 10 == 0), "n | N | number", "Sums", strong="sum").html


def findings() -> pd.DataFrame:
    row = {
        "week": "2026-W46", "review": "monday", "leak": "1", "check": "oos_risk", "title": f"Lamp {HOSTILE} runs out", "severity": "breach",
        "impact": 900.0, "impact_basis": HOSTILE, "owner": HOSTILE, "due_at": "2026-11-18T00:00:00Z", "state": "new",
        "suggested_decision": "expedite: 40 units", "first_seen": "2026-W46",
    }  # fmt: skip
    return pd.DataFrame(
        [
            {**row, "finding_id": f"oos_risk:{HOSTILE}"},
            {
                **row,
                "finding_id": "oos_risk:B",
                "check": "dead_stock",
                "title": "B lies still",
                "suggested_decision": "markdown",
                "owner": "Ana",
            },
            {**row, "finding_id": "oos_risk:C", "title": "C is small", "severity": "watch", "impact": 10.0, "owner": None, "due_at": None},
        ]
    )
