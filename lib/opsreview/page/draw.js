// Draws each chart when it comes near the window, and the rest while the reader reads; marks the section in view.
(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const WRITTEN = 900, NARROW = 600; // px: the width that titles are broken into lines for; below which names and legends get less room
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

  // A chart is drawn as wide as its column: its text keeps its size, and titles break where the column ends.
  const broken = (text, columns) => [text].flat().join(" ").split(" ").reduce((lines, word) => {
    const longer = `${lines.at(-1)} ${word}`.trim();
    return longer.length > columns && lines.at(-1) ? [...lines, word] : [...lines.slice(0, -1), longer];
  }, [""]);
  const narrowed = (node, width) => {
    for (const [name, inside] of Object.entries(node)) {
      if (name === "labelLimit" && typeof inside === "number") node[name] = Math.min(inside, Math.round(0.33 * width));
      else if (name === "axis" && typeof inside?.title === "string") inside.title = broken(inside.title, Math.floor(0.7 * width / 6.5));
      if (inside && typeof inside === "object" && name !== "datasets" && name !== "config") narrowed(inside, width);
    }
  };
  const fitted = (spec, width) => {
    if (typeof spec.width !== "number" || !spec.autosize?.type?.startsWith("fit")) return;
    spec.width = width;
    if (width >= WRITTEN) return;
    const big = Math.floor((width - 36) / 7.8), small = Math.floor(width / 6.2); // letters in a line; the menu stands beside the title
    const headings = (spec.params || []).find((param) => param.name === "headings");
    for (const option of Object.keys(headings?.value ?? {})) headings.value[option] = broken(headings.value[option], big);
    if (Array.isArray(spec.title?.text)) spec.title.text = broken(spec.title.text, big);
    if (spec.title?.subtitle) spec.title.subtitle = broken(spec.title.subtitle, small);
    if (width >= NARROW) return;
    narrowed(spec, width);
    if (spec.config?.legend) Object.assign(spec.config.legend, { columns: 1, labelLimit: width - 90 });
  };

  const views = new Map();
  const draw = async (figure) => {
    if (figure.dataset.state) return;
    figure.dataset.state = "drawing";
    const { spec: written, data } = charts[Number(figure.dataset.chart)], spec = structuredClone(written);
    if (spec.config) spec.config = structuredClone(packed[spec.config]); // charts share their look, too
    fitted(spec, column.clientWidth);
    if (data.length) spec.datasets = Object.fromEntries(data.map((name) => [name, rows(name)]));
    const picked = (spec.params || []).find((param) => param.name === "picked");
    if (picked && figure.dataset.picked) picked.value = figure.dataset.picked; // drawn anew, as the reader had it
    try {
      views.get(figure)?.finalize();
      const { view } = await vegaEmbed(figure, spec, {
        mode: "vega-lite", renderer: "svg", ast: true, tooltip: true, downloadFileName: "chart",
        actions: { export: true, source: false, compiled: false, editor: false },
      });
      const follows = (spec.params || []).some((param) => param.name === "heading"); // a title that its dropdown chooses
      if (follows) view.addSignalListener("heading", (_, lines) => figure.setAttribute("aria-label", lines.join(" ")));
      if (picked) view.addSignalListener("picked", (_, option) => { figure.dataset.picked = option; });
      views.set(figure, view);
      figure.style.minHeight = "";
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
    if (typeof spec.height === "number") figure.style.minHeight = spec.height + 90 + "px"; // until it is drawn: about what it will take
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

  // Where the column has another width, what is drawn is drawn anew; on paper it is scaled.
  let width = column.clientWidth, waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (column.clientWidth === width || matchMedia("print").matches) return;
      width = column.clientWidth;
      for (const figure of figures) if (figure.dataset.state === "drawn") { figure.dataset.state = ""; near.observe(figure); }
      idle(rest);
    }, 200);
  });

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
