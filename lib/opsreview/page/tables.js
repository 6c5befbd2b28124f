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

  // Shown are the rows that match; without a filter the first of a long table, or its totals, until a reader asks for all.
  const LONG_SUM = 20, SPARE = 2; // a table of totals is read as one sum; two rows more are not worth a fold
  const sum = (table) => table.querySelector("tbody tr.total") !== null;
  const long = (table) => !table.dataset.whole && body(table).length > (sum(table) ? LONG_SUM : Number(table.dataset.first) + SPARE);
  const show = (table) => {
    const words = (table.dataset.words || "").split(" ").filter(Boolean), rows = body(table);
    const short = !words.length && long(table), sums = sum(table), first = Number(table.dataset.first);
    const match = (row) => words.every((word) => row.textContent.toLowerCase().includes(word));
    const folded = (row, i) => (sums ? !row.classList.contains("total") : i >= first);
    rows.forEach((row, i) => { row.dataset.match = match(row) ? "yes" : "no"; row.hidden = short ? folded(row, i) : !match(row); });
    return rows.filter(match).length;
  };

  const fold = (table) => {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "more";
    more.textContent = `All ${body(table).length} rows`;
    more.dataset.paper = sum(table) ? "Only totals are printed" : `Printed: the first ${table.dataset.first} of ${body(table).length} rows`;
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
    bar.append(saver(table, "Download CSV"));
    table.before(bar);
  };

  // Every table can be taken along: under its own name, else that of its caption (what it is, not what it says) and the page's week.
  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
  const week = document.querySelector("nav.sections .here")?.textContent ?? "";
  const saver = (table, text) => {
    const name = table.dataset.download || `${slug((table.caption?.textContent ?? "table").split(":")[0])}-${slug(week)}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "csv";
    button.textContent = text;
    button.title = "The rows of this table as a file";
    button.addEventListener("click", () => save(table, name.replace(/(\.csv)?$/, ".csv")));
    return button;
  };

  // Numbers unrounded, what is said in small print under a cell in a column of its own, nothing that a spreadsheet would run.
  const save = (table, name) => {
    const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const harmless = (said, text = said.replaceAll("\u2060", "")) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);
    const small = (cell) => cell.querySelector("br + small")?.textContent.trim() ?? "";
    const said = (cell) => [...cell.childNodes].slice(0, 1).map((node) => node.textContent.trim()).join("");
    const own = (cell) => (cell.dataset.value !== undefined ? cell.dataset.value : cell.classList.contains("num") ? "" : harmless(said(cell)));
    const heads = [...table.tHead.rows[0].cells], under = heads.map((head) => head.dataset.small ?? "");
    const both = (cells, first, second) => cells.flatMap((c, i) => (under[i] ? [first(c), harmless(second(c, i))] : [first(c)])).map(quoted);
    const rows = body(table).filter((row) => row.dataset.match !== "no").map((row) => both([...row.cells], own, small));
    const lines = [both(heads, (head) => harmless(head.textContent.replaceAll("\u00a0", " ").trim()), (head, i) => under[i]), ...rows];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.map((line) => line.join(",") + "\n").join("")], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  for (const table of document.querySelectorAll("table.tbl")) {
    if (!table.tHead || !table.tBodies[0]) continue;
    if (table.classList.contains("filterable") || table.dataset.download || !table.caption) tools(table);
    else table.caption.append(" ", saver(table, "CSV"));
    if (table.tBodies[0].rows.length > 2) sortable(table);
    if (long(table)) fold(table);
    show(table);
  }
})();
