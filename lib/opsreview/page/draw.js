// Draws each chart when it comes near the window, and the rest while the reader reads; marks the section in view.
(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const NARROWEST = 900; // px; in a smaller window or on paper a chart is scaled down, not squeezed
  const column = document.querySelector("main"); // every chart has its width, also one in a fold that is closed and so has none
  const charts = read("charts"), packed = read("datasets"), unpacked = {};

  // A dataset travels as columns, once for all charts that use it; each chart gets rows of its own.
  const plain = (column) => (Array.isArray(column) ? column : column.at.map((i) => column.of[i]));
  const rows = (name) => {
    if (!(name in unpacked)) {
      const columns = packed[name].columns;
      if (!columns) unpacked[name] = packed[name];
      else {
        const names = Object.keys(columns), all = names.map((n) => plain(columns[n]));
        unpacked[name] = all[0].map((_, i) => Object.fromEntries(names.map((n, k) => [n, all[k][i]])));
      }
    }
    return structuredClone(unpacked[name]);
  };

  const draw = async (figure) => {
    if (figure.dataset.state) return;
    figure.dataset.state = "drawing";
    const { spec, data } = charts[Number(figure.dataset.chart)];
    if (spec.config) spec.config = structuredClone(packed[spec.config]); // charts share their look, too
    if (data.length) spec.datasets = Object.fromEntries(data.map((name) => [name, rows(name)]));
    if (typeof spec.width === "number" && spec.autosize && spec.autosize.type === "fit") spec.width = Math.max(column.clientWidth, NARROWEST);
    try {
      const { view } = await vegaEmbed(figure, spec, {
        mode: "vega-lite", renderer: "svg", ast: true, tooltip: true, downloadFileName: "chart",
        actions: { export: true, source: false, compiled: false, editor: false },
      });
      const follows = (spec.params || []).some((param) => param.name === "heading"); // a title that its dropdown chooses
      if (follows) view.addSignalListener("heading", (_, lines) => figure.setAttribute("aria-label", lines.join(" ")));
      figure.dataset.state = "drawn";
    } catch (error) {
      figure.dataset.state = "failed";
      figure.textContent = "This chart could not be drawn: " + error.message;
      console.error(error);
    }
  };

  const figures = [...document.querySelectorAll("figure.chart")];
  for (const figure of figures) {
    const { spec } = charts[Number(figure.dataset.chart)];
    if (typeof spec.height === "number") figure.style.minHeight = spec.height + "px";
  }
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { near.unobserve(entry.target); draw(entry.target); }
  }, { rootMargin: "600px" });
  figures.forEach((figure) => near.observe(figure));
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));
  const rest = () => {
    const next = figures.find((figure) => !figure.dataset.state);
    if (next) draw(next).then(() => idle(rest));
    else document.documentElement.dataset.charts = "drawn";
  };
  window.addEventListener("load", () => idle(rest));

  const headings = [...document.querySelectorAll("main h2[id]")];
  const links = new Map([...document.querySelectorAll("nav.sections a")].map((a) => [a.hash.slice(1), a]));
  let asked = false;
  const mark = () => {
    asked = false;
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
    const here = end ? headings.at(-1) : headings.findLast((h) => h.getBoundingClientRect().top < 120);
    links.forEach((a, id) => (here && id === here.id ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
  };
  addEventListener("scroll", () => { if (!asked) { asked = true; requestAnimationFrame(mark); } }, { passive: true });
})();
