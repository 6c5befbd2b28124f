"""An executed notebook as one self-contained page: no code, no request, charts drawn from their specifications."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import platformdirs

from opsreview import renderer
from opsreview.page.topics import fold

WIDGET = "application/vnd.jupyter.widget-view+json"
HIDE = "hide"  # a cell with this tag is for the analyst only


def to_html(notebook: Any) -> str:
    """The page of an executed notebook (an nbformat node, or the path of one).

    Its title is the notebook's first heading, its navigation the second-level headings; what stands under a third-level one is folded.
    Input is left out, and with it anything a kernel said on stderr. The same notebook gives the same bytes.
    """
    import nbformat
    from nbconvert import HTMLExporter

    if isinstance(notebook, (str, Path)):
        notebook = nbformat.read(notebook, as_version=4)
    cells, charts = _shown(notebook)
    fold(cells)
    folder = resources.files("opsreview").joinpath("page")
    exporter = HTMLExporter(
        template_name="base", template_file="cells.html.j2", extra_template_paths=[str(folder)], filters={"markdown2html": _markdown},
        exclude_input=True,
    )  # fmt: skip
    body, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata))
    body, sections = _sections(unbroken(body))
    footer = [*([_bundle()] if charts else []), asset("draw.js"), asset("tables.js"), asset("fold.js")]
    return environment().get_template("review.html.j2").render(
        title=_title(body), week=_parameter(notebook, "week") or _parameter(notebook, "month"), body=body, sections=sections,
        css=renderer.style() + asset("page.css"), scripts=footer,
        hashes=[_hash(text) for text in [*footer, asset("checklist.js")]], **_data(charts),
    )  # fmt: skip


def unbroken(page: str) -> str:
    """Its text with a sign held to the amount behind it: a line may not end between `−` and `€80`. Attributes stay as they are."""
    return re.sub(r"(?<=[−+])(?=[€$£¥])(?=[^<>]*<)", "\u2060", page)


@cache
def environment() -> Any:
    """The templates of this package; every value they are given is escaped unless a template says it is safe."""
    import jinja2

    folder = str(resources.files("opsreview").joinpath("page"))
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def asset(name: str) -> str:
    """A file of this package, as text."""
    return resources.files("opsreview").joinpath("page", name).read_text(encoding="utf-8")


def _shown(notebook: Any) -> tuple[list[Any], list[dict[str, Any]]]:
    """The cells a reader sees, charts replaced by numbered figures; and the charts' specifications in that order."""
    cells, charts = [], []
    for cell in notebook.cells:
        if HIDE in cell.metadata.get("tags", []):
            continue
        cell = cell.copy()
        if cell.cell_type == "code":
            cell.outputs = [shown for output in cell.outputs if (shown := _output(output, charts)) is not None]
            if not cell.outputs:
                continue
        cells.append(cell)
    return cells, charts


def _output(output: Any, charts: list[dict[str, Any]]) -> Any | None:
    """An output as the page shows it; None where it is nothing for a reader."""
    import nbformat

    if output.output_type == "stream":
        return None if output.name == "stderr" else output
    data = output.get("data", {})
    if WIDGET in data or renderer.STYLE in data.get("text/html", "")[:200]:
        return None
    if spec := data.get(renderer.MIME):
        charts.append(spec)
        label = html.escape(renderer.title(spec), quote=True)
        figure = f'<figure class="chart" data-chart="{len(charts) - 1}" role="group" aria-label="{label}"></figure>'
        return nbformat.v4.new_output("display_data", {"text/html": figure})
    if "text/html" not in data and "text/markdown" in data:  # computed text: no HTML of an export's making gets through
        return nbformat.v4.new_output("display_data", {"text/markdown": data["text/markdown"].replace("<", "&lt;")})
    return output


def _data(charts: list[dict[str, Any]]) -> dict[str, str]:
    """The specifications, and apart from them what charts share: a frame is in the page once, by columns, and so is their look."""
    datasets: dict[str, Any] = {}
    specs = []
    for spec in charts:
        spec = {k: v for k, v in spec.items() if k != "$schema"}
        own = spec.pop("datasets", {})
        datasets |= {name: _columns(rows) for name, rows in own.items()}
        if look := spec.get("config"):
            spec["config"] = f"look-{hashlib.sha256(_json(look).encode()).hexdigest()[:8]}"
            datasets[spec["config"]] = look
        specs.append({"spec": spec, "data": sorted(own)})
    return {"specs": _json(specs), "datasets": _json(datasets)}


def _columns(rows: list[Any]) -> Any:
    """Rows of one shape as columns (a third of the bytes); anything else as it is."""
    if not rows or not all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        return rows
    return {"columns": {name: _column([_drawn(row[name]) for row in rows]) for name in rows[0]}}


def _column(values: list[Any]) -> Any:
    """A column's values, or where that is shorter its different values and which of them stands in each row."""
    kinds = list(dict.fromkeys((type(value), value) for value in values))
    if len(kinds) > len(values) / 3:
        return values
    place = {kind: i for i, kind in enumerate(kinds)}
    return {"of": [value for _, value in kinds], "at": [place[type(value), value] for value in values]}


def _drawn(value: Any) -> Any:
    """A number to the ten digits that a picture or its tooltip can show; anything else as it is."""
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _json(value: Any) -> str:
    """JSON that may stand inside a <script> element: nothing in it can end the element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")


def _hash(script: str) -> str:
    """The script's name in the page's content security policy: no other script runs, whoever wrote it there."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and vega-embed in one script; made once per version (it takes a second) and kept in the cache."""
    version = metadata.version("vl-convert-python")
    kept = Path(os.environ.get("OPSREVIEW_CACHE") or platformdirs.user_cache_path("opsreview")) / f"vega-{version}.js"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    import vl_convert

    script = vl_convert.javascript_bundle("window.vegaEmbed=vegaEmbed;")
    script = re.sub(r"<(?=/?script|!--)", r"\\x3c", script, flags=re.IGNORECASE)  # only within strings; must not end the element
    kept.parent.mkdir(parents=True, exist_ok=True)
    half = kept.with_suffix(f".{os.getpid()}")
    half.write_text(script, encoding="utf-8")
    half.replace(kept)
    return script


@cache
def _mistune() -> Any:
    import mistune

    return mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])


def _markdown(source: str) -> str:
    """Markdown without mathematics: a `$` is money here."""
    return _mistune()(source)


def _sections(body: str) -> tuple[str, list[tuple[str, str]]]:
    """The body with an id on each second-level heading, and (id, plain text) of each in order."""
    sections: list[tuple[str, str]] = []

    def name(match: re.Match[str]) -> str:
        text = html.unescape(re.sub(r"<[^>]+>", "", match[1])).strip()
        slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
        slug = slug if slug not in [s for s, _ in sections] else f"{slug}-{len(sections)}"
        sections.append((slug, text))
        return f'<h2 id="{slug}">{match[1]}</h2>'

    return re.sub(r"<h2(?:\s[^>]*)?>(.*?)</h2>", name, body, flags=re.DOTALL), sections


def _title(body: str) -> str:
    match = re.search(r"<h1(?:\s[^>]*)?>(.*?)</h1>", body, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", match[1])).strip() if match else "Review"


def _parameter(notebook: Any, name: str) -> str:
    """A parameter the notebook was run with, as papermill injected it."""
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []) and (
            match := re.search(rf'^{name} = "(.*)"$', cell.source, re.MULTILINE)
        ):
            return match[1]
    return ""
