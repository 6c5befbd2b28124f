"""How a chart travels in a notebook: as its specification, drawn by JupyterLab and by the page alike, with no network."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

MIME = "application/vnd.vegalite.v5+json"  # the newest that JupyterLab draws by itself; it takes the v6 specification too
STYLE = "data-opsreview-style"  # marks the <style> output that only JupyterLab needs


def render(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The MIME bundle of a chart. The same chart gives the same bytes, whatever was drawn before it in the session."""
    return {MIME: _numbered(spec), "text/plain": title(spec)}


def title(spec: dict[str, Any]) -> str:
    """What the chart says of itself, in one line."""
    text = spec.get("title") or spec.get("description") or "Chart"
    text = text.get("text", "Chart") if isinstance(text, dict) else text
    if isinstance(text, dict):  # it follows the dropdown: what it begins with
        values = {param["name"]: param.get("value") for param in spec["params"]}
        text = values["headings"][values["picked"]]
    return " ".join(text) if isinstance(text, list) else str(text)


def enable() -> None:
    """Make charts travel this way, however many rows they hold, and give JupyterLab the style of our tables."""
    import altair
    from IPython import get_ipython
    from IPython.display import display

    altair.renderers.register("opsreview", render)
    altair.renderers.enable("opsreview")
    altair.data_transformers.disable_max_rows()
    if get_ipython() is not None:
        display({"text/html": f"<style {STYLE}>{style()}</style>", "text/plain": ""}, raw=True)


def style() -> str:
    """The CSS of tables, headlines and the checklist: scoped to our own class names, so a notebook can carry it."""
    return resources.files("opsreview").joinpath("page/parts.css").read_text(encoding="utf-8")


def _numbered(spec: dict[str, Any]) -> dict[str, Any]:
    """Altair numbers views and parameters through the session; here they count from 1 in each chart."""
    data = spec.get("datasets")
    text = json.dumps({k: v for k, v in spec.items() if k != "datasets"})
    order: dict[str, str] = {}
    for name in re.findall(r"\b(?:view|param)_\d+\b", text):
        kind = name.split("_")[0]
        order.setdefault(name, f"{kind}_{sum(k.startswith(kind) for k in order) + 1}")
    text = re.sub(r"\b(?:view|param)_\d+\b", lambda m: order[m[0]], text)
    return {**json.loads(text), **({"datasets": data} if data else {})}
