"""The notebooks read like a meeting: the same headings in the same order, and nothing in a cell but the review's own parts."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from opsreview.catalog import HEALTH, REVIEWS
from opsreview.exhibits import exhibits
from opsreview.review import PARAMETERS, Review
from opsreview.run import NOTEBOOKS

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = ["Headline", "Last time's decisions", "What changed", "Findings by money", "Evidence", "Decisions"]
EVERY = [*NOTEBOOKS.values(), "explore.ipynb"]
FAKE = """
import sys; sys.path.insert(0, {tests!r})
import fake_results
from opsreview import renderer
from opsreview.review import Review
renderer.enable()
review = Review({name!r}, fake_results.shared())
"""


def read(name):
    return nbformat.read(ROOT / "notebooks" / name, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def words(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("name", EVERY)
def test_a_notebook_holds_no_logic(name):
    notebook = read(name)
    for cell in code(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= (5 if "parameters" in cell.metadata.get("tags", []) else 3), f"{cell.id} is {len(lines)} lines long"
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef | ast.For | ast.If), f"{cell.id} holds logic"
            number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
            assert not number or name == "explore.ipynb", f"{cell.id} holds a number: thresholds live in review.toml"
        assert not re.search(r"#[0-9A-Fa-f]{6}\b|\bselect\b.*\bfrom\b", cell.source, re.IGNORECASE), f"{cell.id} holds a color or SQL"
    imports = [cell for cell in code(notebook) if "import " in cell.source]
    assert [cell.source.splitlines()[0] for cell in imports] == ["from opsreview.review import open_review"]


@pytest.mark.parametrize("name", EVERY)
def test_prose_types_no_number(name):
    assert not re.search(r"\d", words(read(name))), "a typed figure is false by next week"


@pytest.mark.parametrize("review", REVIEWS)
def test_every_review_has_the_same_headings_in_the_same_order(review):
    prose = words(read(NOTEBOOKS[review]))
    assert re.findall(r"^## (.*)$", prose, re.MULTILINE) == HEADINGS
    assert len(re.findall(r"^# .*$", prose, re.MULTILINE)) == 1
    for heading, text in re.findall(r"^#{2,3} (.*)\n\n(.*)$", prose, re.MULTILINE):
        assert text.count("?") == 1 and len(text) < 130, f"under {heading} stands one short question"


@pytest.mark.parametrize("review", REVIEWS)
def test_every_part_of_a_review_has_its_cell(review):
    shown = [cell.source.removeprefix("review.") for cell in code(read(NOTEBOOKS[review])) if cell.source.startswith("review.")]
    agenda = ["headline", "trust", "strip", "last_time", "changed", "findings", "scorecard"]
    assert shown == [*agenda, *exhibits(review), "checklist"]
    assert all(name in dir(Review) or name in exhibits(review) for name in shown)


def test_every_part_of_the_exports_page_has_its_cell():
    shown = [cell.source.removeprefix("review.") for cell in code(read(NOTEBOOKS[HEALTH])) if cell.source.startswith("review.")]
    assert sorted(shown) == sorted(["headline", "trust", "findings", *exhibits(HEALTH)])


@pytest.mark.parametrize("name", EVERY)
def test_parameters_are_those_of_a_review(name):
    tagged = [cell for cell in code(read(name)) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1 and code(read(name))[0] is not None and code(read(name))[0].id == "parameters"
    names = tuple(node.targets[0].id for node in ast.parse(tagged[0].source).body)
    assert names == PARAMETERS


@pytest.mark.parametrize("name", EVERY)
def test_file_is_tidy(name):
    notebook = read(name)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-z-]+", i) for i in ids), (
        "ids are words: they do not change from save to save"
    )
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"


def executed(review):
    """The notebook run in a kernel, on the made-up results."""
    from nbclient import NotebookClient

    notebook = read(NOTEBOOKS.get(review, "explore.ipynb"))
    opening = next(cell for cell in notebook.cells if cell.id == "open")
    opening.source = FAKE.format(tests=str(ROOT / "tests"), name=review)
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    return notebook


def outputs(notebook):
    return json.dumps([cell.get("outputs", []) for cell in notebook.cells], sort_keys=True)


def test_a_run_shows_every_part_and_the_same_bytes_twice():
    from opsreview.page import to_html

    first, second = executed("friday"), executed("friday")
    assert outputs(first) == outputs(second)
    for cell in code(first):
        if cell.source.startswith("review."):
            assert cell.outputs, f"{cell.id} shows nothing"
            assert not [o for o in cell.outputs if o.output_type in ("error", "stream")], cell.id
    page = to_html(first)
    charts = [o for cell in code(first) for o in cell.outputs if "application/vnd.vegalite.v5+json" in o.get("data", {})]
    assert page.count("data-chart=") == len(charts) >= 7
    assert "def " not in page.partition("<script")[0], "no code stands in the page"


def test_the_bench_runs():
    notebook = executed("explore")
    widgets = [o for cell in code(notebook) for o in cell.outputs if "application/vnd.jupyter.widget-view+json" in o.get("data", {})]
    assert len(widgets) >= 3
    assert not [o for cell in code(notebook) for o in cell.outputs if o.output_type == "error"]


def test_papermill_refuses_a_parameter_that_no_review_has(tmp_path):
    import papermill
    from papermill.exceptions import PapermillExecutionError

    with pytest.raises(PapermillExecutionError, match="wek is not a parameter of a review; did you mean week"):
        papermill.execute_notebook(
            str(ROOT / "notebooks" / NOTEBOOKS["monday"]), str(tmp_path / "out.ipynb"), {"wek": "2026-W46"}, progress_bar=False
        )
