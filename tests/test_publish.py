"""Publishing without a browser: a week's folder is new or as it was, runs never interleave, a page holds no code and no request."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time

import nbformat
import pytest
from opsreview import page, publish, renderer, weekfolder
from opsreview.publish import ReviewError, run_review, run_reviews, to_html, write_week

WEEK = "2026-W46"
code = nbformat.v4.new_code_cell
text = nbformat.v4.new_markdown_cell


def notebook(path, *cells):
    """A notebook with a parameters cell in front."""
    first = code('exports = "data_samples"\nweek: str = ""', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[first, *cells]), path)
    return path


def shown(data, *more):
    """An executed notebook, not run: one output."""
    output = nbformat.v4.new_output("display_data", data)
    return nbformat.v4.new_notebook(cells=[text("# Title"), *more, code("secret_source()", outputs=[output])])


def put(**files):
    return {name.replace("_", "."): (lambda path, content=content: path.write_text(content)) for name, content in files.items()}


def there(folder):
    return {path.name: path.read_text() for path in sorted(folder.iterdir())} if folder.is_dir() else None


# ---- a week's folder ---------------------------------------------------------------------------------------------------------


def test_a_run_replaces_the_folder_and_carries_over_what_it_is_told_to(tmp_path):
    write_week(tmp_path, WEEK, put(monday_html="m1", friday_html="f1", kpis_csv="k1", gone_txt="x"))
    write_week(tmp_path, WEEK, put(monday_html="m2", kpis_csv="k2"), carry_over=["friday.html", "kpis.csv", "absent.html"])
    assert there(tmp_path / WEEK) == {"monday.html": "m2", "kpis.csv": "k2", "friday.html": "f1"}


def test_a_run_that_fails_leaves_the_folder_as_it_was(tmp_path):
    write_week(tmp_path, WEEK, put(a_txt="1"))
    before = (tmp_path / "index.html").read_bytes()
    with pytest.raises(ZeroDivisionError):
        write_week(tmp_path, WEEK, {**put(a_txt="2"), "b": lambda path: 1 / 0})
    assert there(tmp_path / WEEK) == {"a.txt": "1"} and (tmp_path / "index.html").read_bytes() == before
    assert not list(tmp_path.glob(".*.new")) and not list(tmp_path.glob(".*.holder.json"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("exchange", [True, False], ids=["one step", "two renames"])
def test_a_run_that_is_killed_at_any_moment_leaves_the_folder_new_or_as_it_was(tmp_path, exchange, monkeypatch):
    """The run is killed before its 1st, 2nd, 3rd … file operation, until one gets through."""
    if not exchange:
        monkeypatch.setattr(weekfolder, "_exchange", lambda a, b: False)
    old, new = {"a.txt": "old", "b.txt": "old"}, {"a.txt": "new", "b.txt": "new", "c.txt": "new"}
    seen = set()
    for moment in range(1, 200):
        out = tmp_path / str(moment)
        write_week(out, WEEK, put(a_txt="old", b_txt="old"))
        child = os.fork()
        if child == 0:
            kill_before(moment, str(out))
            try:
                write_week(out, WEEK, put(a_txt="new", b_txt="new", c_txt="new"))
            finally:
                os._exit(0)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        assert (out / "index.html").read_text().endswith("</html>")
        if exchange:  # without it there is a moment with no folder at all, which the next run mends
            assert there(out / WEEK) in (old, new)
        else:
            weekfolder.recover(out, WEEK)
        state = there(out / WEEK)
        assert state in (old, new)
        if killed:
            seen.add(state == new)
        write_week(out, WEEK, put(a_txt="next"))
        assert there(out / WEEK) == {"a.txt": "next"} and not list(out.glob(".*.new")) and not list(out.glob(".*.old"))
        if not killed:
            break
    assert not killed and moment > 10 and seen == {True, False}


def kill_before(moment, under):
    """This process dies at its `moment`-th file operation under a folder."""
    count = iter(range(1, moment + 1))

    def hook(event, arguments):
        watched = event in (
            "open",
            "os.mkdir",
            "os.rename",
            "os.remove",
            "os.rmdir",
            "shutil.rmtree",
            "shutil.copyfile",
        ) or event.startswith("ctypes.")
        if watched and (event.startswith("ctypes.") or any(under in str(a) for a in arguments)) and next(count, None) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def test_a_folder_that_was_moved_aside_comes_back(tmp_path):
    write_week(tmp_path, WEEK, put(a_txt="1"))
    (tmp_path / WEEK).rename(tmp_path / f".{WEEK}.old")
    weekfolder.recover(tmp_path, WEEK)
    assert there(tmp_path / WEEK) == {"a.txt": "1"}


def test_two_runs_of_a_week_do_not_interleave(tmp_path):
    """The second starts while the first writes; it says who holds the week and comes after."""
    order, said = [], []
    started, may_go = threading.Event(), threading.Event()

    def slow(path):
        started.set()
        may_go.wait(10)
        order.append("first")
        path.write_text("1")

    first = threading.Thread(target=write_week, args=(tmp_path, WEEK, {"a.txt": slow}))
    first.start()
    started.wait(10)
    second = threading.Thread(
        target=write_week,
        args=(tmp_path, WEEK, {"a.txt": lambda p: (order.append("second"), p.write_text("2"))}),
        kwargs={"progress": said.append},
    )
    second.start()
    deadline = time.monotonic() + 10
    while not said and time.monotonic() < deadline:
        time.sleep(0.01)
    may_go.set()
    first.join()
    second.join()
    assert order == ["first", "second"] and there(tmp_path / WEEK) == {"a.txt": "2"}
    assert re.search(rf"{WEEK} is being written by process {os.getpid()} on \S+ since \d{{4}}-\d\d-\d\d", said[0])


def test_a_run_that_waited_in_vain_says_who_holds_the_week(tmp_path):
    with weekfolder.week_lock(tmp_path, WEEK):
        failed = []

        def other():
            try:
                write_week(tmp_path, WEEK, put(a_txt="2"), wait=0)
            except publish.Busy as error:
                failed.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert f"by process {os.getpid()}" in failed[0] and "nothing was changed" in failed[0]


def test_who_holds_a_week_may_write_it(tmp_path):
    with weekfolder.week_lock(tmp_path, WEEK):
        write_week(tmp_path, WEEK, put(a_txt="1"))
        assert (tmp_path / f".{WEEK}.holder.json").exists()
    assert there(tmp_path / WEEK) == {"a.txt": "1"}


def test_the_index_lists_what_is_there_newest_first_and_escapes_it(tmp_path):
    kpis = "review,grain,key,status\nmonday,all,,breach\nmonday,all,,ok\nmonday,all,,ok\nmonday,family,X,breach\nfriday,all,,n/a\n"
    headlines = json.dumps({"headlines": {"monday": 'Lamps <script>alert("x")</script> ran out'}})
    write_week(tmp_path, "2026-W45", put(monday_html="x"))
    write_week(tmp_path, "2026-W46", put(monday_html="x", friday_html="x", kpis_csv=kpis, run_json=headlines))
    (tmp_path / "notes").mkdir()
    index = (tmp_path / "index.html").read_text()
    assert re.findall(r'class="review" href="([^"]+)"', index) == ["2026-W46/friday.html", "2026-W46/monday.html", "2026-W45/monday.html"]
    assert "Lamps &lt;script&gt;" in index and "<script" not in index and "notes" not in index
    assert re.findall(r'pill (\w+)">(\d) ', index) == [("na", "1"), ("breach", "1"), ("ok", "2")]


# ---- running -----------------------------------------------------------------------------------------------------------------


def test_a_review_runs_with_its_parameters_and_the_same_bytes_come_out(tmp_path):
    source = notebook(tmp_path / "monday_x.ipynb", code("print(week)"))
    said = []
    first = run_review(source, {"week": WEEK, "exports": tmp_path}, tmp_path / "1.ipynb", said.append)
    run_reviews({"monday": source}, {"week": WEEK, "exports": tmp_path}, tmp_path)
    assert nbformat.read(first, 4).cells[-1].outputs[0].text == f"{WEEK}\n"
    assert first.read_bytes() == (tmp_path / "monday.ipynb").read_bytes()
    assert said == ["monday_x: running", "monday_x: done"]


def test_a_parameter_the_notebook_has_not_is_an_error(tmp_path):
    source = notebook(tmp_path / "monday_x.ipynb")
    with pytest.raises(ReviewError, match=r"^monday_x has no parameter weak; it has exports, week$"):
        run_review(source, {"weak": WEEK}, tmp_path / "1.ipynb")


def test_a_cell_that_fails_is_one_sentence(tmp_path):
    good = notebook(tmp_path / "monday_x.ipynb")
    bad = notebook(tmp_path / "friday_x.ipynb", code("def f():\n    raise ValueError('first line\\nno orders in W46')\nf()"))
    with pytest.raises(ReviewError) as failed:
        run_reviews({"monday": good, "friday": bad}, {"week": WEEK}, tmp_path)
    assert str(failed.value) == "friday_x stopped in cell 3: ValueError: no orders in W46"


# ---- the page ----------------------------------------------------------------------------------------------------------------

SPEC = {
    "mark": "bar",
    "title": "Sales </script><b>",
    "data": {"name": "data-1"},
    "datasets": {"data-1": [{"a": 1, "b": "</script>"}, {"a": 2, "b": "x"}]},
}


def test_a_page_holds_no_code_no_request_and_one_copy_of_shared_rows():
    nb = shown(
        {renderer.MIME: SPEC, "text/plain": "Sales"},
        text("## What changed"),
        code("x", outputs=[nbformat.v4.new_output("stream", name="stderr", text="W!")]),
    )
    nb.cells.append(code("again", outputs=nb.cells[-1].outputs))
    html = to_html(nb)
    outside = html.replace(page._bundle(), "")
    assert "secret_source" not in html and "W!" not in outside
    assert not re.search(r"""(src|href|action)=["'](?!#|data:)|@import|url\((?!data:)""", outside)
    data = json.loads(re.search(r'id="datasets">(.*?)</script>', html)[1])
    specs = json.loads(re.search(r'id="charts">(.*?)</script>', html)[1])
    assert data == {"data-1": {"columns": {"a": [1, 2], "b": ["</script>", "x"]}}} and len(specs) == 2
    assert html.count("<figure") == 2 and '<a href="#what-changed">What changed</a>' in html
    assert to_html(nb) == html


def test_what_charts_share_travels_once_and_loses_nothing_a_picture_shows():
    rows = [{"week": f"W{i % 3}", "on": bool(i % 2), "n": 1 if i % 2 else True, "v": i / 7, "big": 123456.789} for i in range(12)]
    look = {"axis": {"labelColor": "#123456"}}
    packed = page._data([{"datasets": {"d": rows}, "config": look, "title": t} for t in ("one", "two")])
    sets, specs = json.loads(packed["datasets"]), json.loads(packed["specs"])
    assert [spec["spec"]["title"] for spec in specs] == ["one", "two"]
    (name,) = {spec["spec"]["config"] for spec in specs}
    assert sets.pop(name) == look and set(sets) == {"d"}
    columns = {n: c if isinstance(c, list) else [c["of"][i] for i in c["at"]] for n, c in sets["d"]["columns"].items()}
    assert isinstance(sets["d"]["columns"]["week"], dict) and isinstance(sets["d"]["columns"]["v"], list)
    for i, row in enumerate(rows):
        back = {n: column[i] for n, column in columns.items()}
        assert back == {**row, "v": pytest.approx(row["v"], rel=1e-9)}
        assert [type(back[n]) for n in ("on", "n")] == [type(row[n]) for n in ("on", "n")], "1 and True are two values"


def test_a_topic_is_folded_unless_it_is_marked_open_or_shows_nothing():
    says = nbformat.v4.new_output("display_data", {"text/html": '<table class="tbl"><caption>3 &lt; 4 things</caption></table>'})
    html = to_html(
        nbformat.v4.new_notebook(
            cells=[
                text("# T"), text("### One <b>\n\nWhy?"), code("a", outputs=[says]), text("### One <b>\n\nAnd?"), code("b", outputs=[says]),
                text("### Open\n\nSo?", metadata={"tags": ["open"]}), code("c", outputs=[says]), text("### Empty\n\nNo?"), text("## End"),
            ]
        )
    )  # fmt: skip
    body = re.search(r"<main.*?</main>", html, re.DOTALL)[0]
    assert re.findall(r'<details class="topic" id="(.*?)">', body) == ["topic-one-b", "topic-one-b-3"]
    assert body.count("</details>") == 2 and body.count('<h3>One &lt;b&gt;</h3> <span class="says">3 &lt; 4 things</span>') == 2
    assert body.index("</details>") < body.index("Open</h3>") and "<p>Why?</p>" in body


def test_only_our_own_scripts_may_run_in_a_page():
    html = to_html(shown({"text/html": "<p>plain</p>"}))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "unsafe-eval" not in policy and "script-src 'sha256-" in policy and "default-src 'none'" in policy
    for script in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        assert page._hash(script) in policy


@pytest.mark.parametrize(
    ("data", "inert"),
    [
        ({"text/markdown": "SKU <img src=x onerror=alert(1)>"}, "&lt;img"),
        ({"text/plain": "<script>alert(1)</script>"}, "&lt;script&gt;"),
        ({"text/html": f"<style {renderer.STYLE}>p {{}}</style>", "text/plain": ""}, "<h1>Title</h1>"),
        ({page.WIDGET: {"model_id": "1"}, "text/plain": "VBox()"}, "<h1>Title</h1>"),
    ],
)
def test_an_output_that_is_not_for_the_page_is_inert_or_absent(data, inert):
    body = re.search(r"<main.*?</main>", to_html(shown(data)), re.DOTALL)[0]
    assert inert in body and not re.search(r"<(img|script|style)|VBox", body)


def test_a_dollar_is_money():
    html = to_html(nbformat.v4.new_notebook(cells=[text("# T\n\nfrom $5 to **$10** and `$20`")]))
    assert "from $5 to <strong>$10</strong> and <code>$20</code>" in html


def test_a_cell_tagged_hide_is_for_the_analyst_only():
    html = to_html(nbformat.v4.new_notebook(cells=[text("# T"), text("internal", metadata={"tags": ["hide"]})]))
    assert "internal" not in html


# ---- charts in a notebook ----------------------------------------------------------------------------------------------------


def test_a_chart_gives_the_same_bytes_wherever_it_stands_in_the_session():
    import altair as alt
    import pandas as pd

    def chart():
        choice = alt.selection_point(fields=["k"], bind="legend")
        frame = pd.DataFrame({"k": ["param_1", "b"], "v": [1, 2]})
        return (
            alt.Chart(frame, title="Sales")
            .mark_bar()
            .encode(x="k", y="v", opacity=alt.when(choice).then(alt.value(1)).otherwise(alt.value(0.2)))
            .add_params(choice)
        )

    first, second = (renderer.render(chart().to_dict()) for _ in range(2))
    assert json.dumps(first) == json.dumps(second) and first["text/plain"] == "Sales"
    (rows,) = first[renderer.MIME]["datasets"].values()
    assert rows[0]["k"] == "param_1"


@pytest.mark.parametrize(
    ("title", "plain"),
    [("Sales", "Sales"), ({"text": ["Sales", "fell"]}, "Sales fell"), (None, "Chart"), ({"text": "Sales", "subtitle": "x"}, "Sales")],
)
def test_a_chart_says_its_title(title, plain):
    assert renderer.title({"title": title}) == plain


def test_a_sign_stays_with_its_amount():
    """In what is read, never in what an attribute holds: a form would hand the joiner on."""
    html = '<p title="−€5">−€80, +£3 and −4</p><input value="−€5"><p>a − €5</p>'
    joined = '<p title="−€5">−\u2060€80, +\u2060£3 and −4</p><input value="−€5"><p>a − €5</p>'
    assert page.unbroken(html) == joined
