// Tables a reader can sort by a column, filter by a word and take along as CSV.
(() => {
  "use strict";
  const body = (table) => [...table.tBodies[0].rows];
  const value = (row, i) => {
    const cell = row.cells[i], raw = cell.dataset.value;
    return raw !== undefined ? Number(raw) : cell.classList.contains("num") ? null : cell.textContent.trim();
  };
  const rank = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));

  const sortable = (table) => [...table.tHead.rows[0].cells].forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.classList.contains("num") ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      [...head.parentNode.cells].forEach((cell) => cell.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const known = (row) => value(row, i) !== null && value(row, i) !== "";
      const rows = body(table), sign = order === "ascending" ? 1 : -1;
      const sorted = rows.filter(known).sort((a, b) => sign * rank(value(a, i), value(b, i)));
      table.tBodies[0].append(...sorted, ...rows.filter((row) => !known(row))); // what has no value stays last
      show(table);
    });
  });

  // Shown are the rows that match; without a filter the first dozen of a long table, until a reader asks for all.
  const LONG = 20, FIRST = 12;
  const show = (table) => {
    const words = (table.dataset.words || "").split(" ").filter(Boolean), rows = body(table);
    const short = !words.length && rows.length > LONG && !table.dataset.whole;
    const match = (row) => words.every((word) => row.textContent.toLowerCase().includes(word));
    rows.forEach((row, i) => { row.dataset.match = match(row) ? "yes" : "no"; row.hidden = short ? i >= FIRST : !match(row); });
    return rows.filter(match).length;
  };

  const fold = (table) => {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "more";
    more.textContent = `Show all ${body(table).length} rows`;
    more.addEventListener("click", () => { table.dataset.whole = "yes"; more.remove(); show(table); });
    table.after(more);
  };

  const tools = (table) => {
    const bar = document.createElement("div");
    bar.className = "tools";
    if (table.classList.contains("filterable")) {
      const input = document.createElement("input"), said = document.createElement("span");
      input.type = "search";
      input.placeholder = "Filter rows";
      input.setAttribute("aria-label", "Filter rows" + (table.caption ? " of " + table.caption.textContent.trim() : ""));
      input.addEventListener("input", () => {
        table.dataset.words = input.value.toLowerCase().trim().replace(/\s+/g, " ");
        const found = show(table);
        said.textContent = table.dataset.words ? `${found} of ${body(table).length}` : "";
      });
      bar.append(input, said);
    }
    if (table.dataset.download) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Download CSV";
      button.addEventListener("click", () => save(table));
      bar.append(button);
    }
    table.before(bar);
  };

  const save = (table) => {
    const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);
    const cell = (c) => (c.dataset.value !== undefined ? c.dataset.value : c.classList.contains("num") ? "" : harmless(c.textContent.trim()));
    const head = [...table.tHead.rows[0].cells].map((c) => quoted(harmless(c.textContent.trim())));
    const rows = body(table).filter((row) => row.dataset.match !== "no").map((row) => [...row.cells].map((c) => quoted(cell(c))));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([[head, ...rows].map((r) => r.join(",") + "\n").join("")], { type: "text/csv" }));
    link.download = table.dataset.download.replace(/(\.csv)?$/, ".csv");
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  for (const table of document.querySelectorAll("table.tbl")) {
    if (!table.tHead || !table.tBodies[0]) continue;
    if (table.tBodies[0].rows.length > 2) sortable(table);
    if (table.classList.contains("filterable") || table.dataset.download) tools(table);
    if (table.tBodies[0].rows.length > LONG && !table.dataset.whole) fold(table);
    show(table);
  }
})();
