"""The house keeps its shape: imports run one way, each heavy library has its homes, nothing works at import, names agree."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from opsreview import catalog, checks, kpis
from opsreview.evidence import frames

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lib" / "opsreview"

# A module (or a package as a whole) imports only what stands before it. From the ground to the command.
GROUND = ["formats", "weeks", "catalog", "settings", "statistics", "intake.schema"]
ENGINE = [
    "engine", "intake", "plans", "books", "facts", "margin", "provenance", "bills", "demand", "kpis", "leaks", "change",
    "development", "scorecard", "behind", "reconcile", "gaps",
]  # fmt: skip
JUDGEMENT = [
    "judgement",
    "ledger",
    "causes",
    "decisions",
    "audit",
    "checks",
    "findings",
    "agreed",
    "proposals",
    "evidence",
    "measure",
    "month",
    "restatements",
    "standing",
    "results",
]
READER = [
    "theme", "renderer", "page", "figures", "counted", "narrative", "titles", "titles_margin", "headlines", "charts", "tables", "trust",
    "checklist",
    "agenda",
    "exhibits", "widgets", "widgets_checklist", "review",
]  # fmt: skip
RUN = ["tablefile", "weekfolder", "publish", "run", "sample", "cli"]
ORDER = GROUND + ENGINE + JUDGEMENT + READER + RUN
# The one seam: what a reader sees is made of finished frames. `review` opens them; the judgements' words and targets are shared.
SEAM = {
    "review": {"results", "month"},
    "figures": {"judgement"},
    "narrative": {"judgement"},
    "checklist": {"decisions"},
    "widgets": {"decisions"},
    "widgets_checklist": {"decisions"},
}

# Where a heavy library may be used. Queries are written where figures are worked out; every other library has one purpose.
QUERIES = {
    "engine",
    "intake",
    "plans",
    "books",
    "facts",
    "margin",
    "provenance",
    "bills",
    "demand",
    "kpis",
    "leaks",
    "change",
    "development",
    "scorecard",
    "behind",
    "reconcile",
    "checks",
    "evidence",
    "proposals",
}
HOMES = {
    "ibis": QUERIES,
    "duckdb": {"intake"},
    "pyarrow": {"intake", "sample"},
    "python_calamine": {"intake"},
    "scipy": {"statistics", "demand", "checks", "proposals", "sample"},
    "pydantic": {"catalog", "settings", "decisions", "intake"},
    "altair": {"charts", "renderer"},
    "vl_convert": {"page"},
    "jinja2": {"page"},
    "mistune": {"page"},
    "nbconvert": {"page"},
    "nbformat": {"page", "publish"},
    "papermill": {"publish"},
    "nbclient": {"publish"},
    "IPython": {"renderer", "review", "widgets"},
    "ipywidgets": {"widgets", "widgets_checklist"},
    "filelock": {"weekfolder"},
    "platformdirs": {"measure", "page"},
    "typer": {"cli"},
    "rich": {"cli"},
}
EVERYWHERE = {"numpy", "pandas"}
LONG: dict[str, str] = {}  # module: why it may have more than 300 lines


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def unit(name: str) -> str:
    """The entry of ORDER that a module belongs to."""
    return next(("intake.schema" if name == "intake.schema" else part for part in [name.split(".")[0]]), name)


@cache
def imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """(module, at import time) of everything a module imports, those for type checkers left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = [ast.Pass()]
    top = {id(n) for n in tree.body}
    out = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            out += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: relative imports hide where a name comes from"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                out.append((full if _is_module(full) else node.module, id(node) in top))
    return tuple(out)


def _is_module(name: str) -> bool:
    place = PACKAGE.parent.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def ours(path: Path) -> list[tuple[str, bool]]:
    """The modules of this package that a module imports, by name inside the package; its bare name is the ground itself."""
    return [(n.removeprefix("opsreview."), t) for n, t in imports(path) if n.startswith("opsreview.")]


def test_every_module_has_its_place_and_every_place_its_module():
    units = {unit(name_of(p)) for p in modules()} - {"opsreview", "__init__", ""}
    assert units == set(ORDER) and len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_run_one_way(path):
    me = unit(name_of(path))
    if me not in ORDER:  # the package itself
        assert ours(path) == []
        return
    wrong = [n for n, _ in ours(path) if unit(n) != me and ORDER.index(unit(n)) > ORDER.index(me)]
    assert wrong == [], f"{name_of(path)} stands before {wrong}"


def test_no_package_imports_in_circles():
    """Between the modules of a package, as Python meets them (what a function imports later is no circle)."""
    graph = {name_of(p): {n for n, top in ours(p) if top} for p in modules()}
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join((*way, name))
        if name not in done:
            for other in sorted(graph.get(name, ())):
                walk(other, (*way, name))
            done.add(name)

    for name in graph:
        walk(name, ())


@pytest.mark.parametrize("path", [p for p in modules() if unit(name_of(p)) in READER], ids=name_of)
def test_what_a_reader_sees_is_made_of_finished_frames(path):
    """Between engine and reader stand small frames and nothing else."""
    me = unit(name_of(path))
    behind = {unit(n) for n, _ in ours(path)} & {*ENGINE, *JUDGEMENT}
    assert behind <= SEAM.get(me, set())


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_each_heavy_library_has_its_homes(path):
    me = unit(name_of(path))
    outside = {n.split(".")[0] for n, _ in imports(path)} - set(sys.stdlib_module_names) - {"opsreview"} - EVERYWHERE
    assert outside <= set(HOMES), f"{outside - set(HOMES)}: a new library needs a home in this test"
    assert {library for library in outside if me not in HOMES[library]} == set()


def test_every_home_is_lived_in():
    used = {(library, unit(name_of(p))) for p in modules() for n, _ in imports(p) if (library := n.split(".")[0]) in HOMES}
    assert {(library, home) for library, homes in HOMES.items() for home in homes} == used


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a statement loads in a fresh interpreter."""
    code = f"{statement}; import sys, json; print(json.dumps(sorted(m for m, there in sys.modules.items() if there)))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": ""}
    )
    return {m.split(".")[0] for m in json.loads(out.stdout.splitlines()[-1])}


def test_the_package_and_its_command_load_nothing_heavy():
    heavy = {*HOMES, *EVERYWHERE} - {"typer", "rich"}
    assert loaded_by("import opsreview") & (heavy | {"typer", "rich"}) == set()
    assert loaded_by("import opsreview.cli") & heavy == set()


def test_what_measures_loads_nothing_that_draws_or_publishes():
    drawing = {"altair", "vl_convert", "jinja2", "nbconvert", "papermill", "ipywidgets", "IPython", "sklearn", "typer"}
    assert loaded_by("import opsreview.results") & drawing == set()


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_nothing_works_at_import(path):
    """A module defines; it opens, reads and writes nothing before it is asked to."""
    defines = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    work = re.compile(r"\b(open|connect|read_\w+|load|loads|write_\w+|mkdir|run|execute|glob|iterdir|print)\(")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        text = ast.unparse(node)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.If):
            assert "TYPE_CHECKING" in ast.unparse(node.test) or "__name__" in ast.unparse(node.test), text
            continue
        assert isinstance(node, defines) or _registers(node), text
        assert not isinstance(node, ast.Assign | ast.AnnAssign) or not work.search(text), text


def _registers(node: ast.stmt) -> bool:
    """A call that adds to a registry, or the loop of a few of them."""
    text = ast.unparse(node)
    return isinstance(node, ast.Expr | ast.For) and re.search(r"(figure|check|register|setdefault|add_typer)\(", text) is not None


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_fits_in_the_head_and_says_what_it_is_for(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300 or name_of(path) in LONG
    assert ast.get_docstring(ast.parse(text)) or not text.strip()


def test_no_long_module_is_excused_that_is_not_long():
    assert {name_of(p) for p in modules() if len(p.read_text(encoding="utf-8").splitlines()) > 300} == set(LONG)


def test_every_fact_says_its_grain():
    """The first line of a fact's docstring is what one row of it is."""
    silent = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "fact" in [ast.unparse(d) for d in node.decorator_list]:
                says = (ast.get_docstring(node) or "").splitlines()
                if not says or not re.search(r"\b(rows?|figure)\b", says[0], re.IGNORECASE):
                    silent.append(f"{name_of(path)}.{node.name}")
    assert silent == []


# ---- names ---------------------------------------------------------------------------------------------------------------------


def test_every_kpi_of_the_catalog_has_its_function_and_no_other(monkeypatch):
    """In the catalog's order, whichever module was imported first."""
    assert list(kpis.load()) == list(catalog.kpis())
    monkeypatch.setattr(kpis, "FIGURES", dict(reversed(kpis.FIGURES.items())))
    assert list(kpis.load()) == list(catalog.kpis())


def test_the_grains_of_a_kpi_are_those_of_the_catalog():
    for name, figures in kpis.load().items():
        assert {g for f in figures for g in f.grains} == set(catalog.kpis()[name].grains), name
        assert any(f.whole for f in figures), f"{name} has no figure of grain all"


OURS = {"control_total_mismatch", "edi_unanswered", "zone_shift"}  # checks of docs/checks.md that the contract has no line for


def test_every_check_of_the_catalog_has_its_function_and_no_other():
    assert set(checks.load()) == set(checks.CHECKS) == set(catalog.checks())


def test_every_evidence_frame_is_named_once():
    assert len(frames()) == len(set(frames()))


def contract(shared: Path, name: str) -> str:
    path = shared / "contract" / name
    if not path.is_file():
        pytest.skip(f"no contract: OPSREVIEW_SHARED has no contract/{name}")
    return path.read_text(encoding="utf-8")


def test_the_kpis_are_those_of_the_definitions(shared):
    """Every name in a heading of the eight sets, and every name beside them that the text writes as a figure."""
    text = contract(shared, "kpis.md")
    eight = text[text.index("## The operator dashboard") : text.index("## Order-level contribution margin")]
    named: list[str] = []
    for word in re.findall(r"`([a-z0-9_]+)`", eight):  # `forecast_bias_14d`, `_30d`
        named.append(named[-1].partition("_14d")[0] + word if word.startswith("_") else word)
    headings = re.findall(r"^### .*?\((.*?);", eight, re.MULTILINE)
    first = {w for h in headings for w in re.findall(r"`([a-z][a-z0-9_]+)`", h)}
    assert len(headings) == 8 and first <= set(catalog.kpis())
    assert set(catalog.kpis()) <= set(named), set(catalog.kpis()) - set(named)


def test_the_checks_are_those_of_the_definitions(shared):
    named = re.findall(r"^\| `(\w+)` \|", contract(shared, "checks.md"), re.MULTILINE)
    assert set(named) == set(catalog.checks()) - OURS and len(named) == len(set(named))


# ---- notebooks -----------------------------------------------------------------------------------------------------------------

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REVIEWS = [p for p in NOTEBOOKS if p.stem.split("_")[0] in catalog.REVIEWS]
SQL = re.compile(r"\b(SELECT\b.+\bFROM|INSERT INTO|CREATE (TABLE|VIEW)|GROUP BY)\b", re.IGNORECASE | re.DOTALL)


def cells(path: Path, kind: str) -> list[str]:
    return ["".join(c["source"]) for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == kind]


def test_there_is_a_notebook_for_every_review():
    assert [p.stem.split("_")[0] for p in REVIEWS] == sorted(catalog.REVIEWS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_holds_no_code_of_its_own(path):
    for source in cells(path, "code"):
        defined = [
            n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.For | ast.While)
        ]
        assert defined == [], source
        assert len(source.splitlines()) <= 8, source
        assert not SQL.search(source) and not re.search(r"#[0-9a-fA-F]{3,8}\b", source), source
    for source in cells(path, "markdown"):
        assert not re.search(r"<script|<style|https?://", source), source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_types_no_figure(path):
    """A number typed into prose or code is wrong by next week; the heading of a week is no figure."""
    for source in [*cells(path, "markdown"), *cells(path, "code")]:
        bare = re.sub(r"\d{4}-W\d{2}|#.*$|head\(\d+\)", "", source, flags=re.MULTILINE if source.lstrip().startswith("week") else 0)
        assert not re.search(r"\d+(\.\d+)?\s*%|\b\d{3,}\b", bare), source


def test_the_reviews_read_alike():
    """The same headings of the second level in the same order, in every review."""
    headings = [re.findall(r"^## (.+)$", "\n".join(cells(p, "markdown")), re.MULTILINE) for p in REVIEWS]
    assert headings[0] == headings[1] == headings[2]
    assert headings[0] == ["Headline", "Last time's decisions", "What changed", "Findings by money", "Evidence", "Decisions"]


def test_the_notebooks_take_the_same_parameters():
    def parameters(path: Path) -> list[str]:
        cell = next(c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if "parameters" in c["metadata"].get("tags", []))
        return re.findall(r"^(\w+) = ", "".join(cell["source"]), re.MULTILINE)

    rest = ("exports", "config", "decisions", "reports")
    for p in NOTEBOOKS:
        assert tuple(parameters(p)) == (("month" if p.stem == "monthly_operating_review" else "week"), *rest), p.stem
