// The decision checklist: keeps what is entered in this browser, counts it, and hands it over as a decisions file.
(() => {
  "use strict";
  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private window: nothing is kept */ } },
  };
  const NAME = "opsreview:recorded_by";

  const fields = (row) => [...row.querySelectorAll("[name]")];
  const values = (row) => Object.fromEntries(fields(row).map((f) => [f.name, f.type === "checkbox" ? f.checked : f.value]));

  const start = (form) => {
    form.dataset.ready = "yes";
    const { week, review } = form.dataset;
    const rows = [...form.querySelectorAll("li[data-finding]")];
    const key = (row) => `opsreview:${week}:${review}:${row.dataset.finding}`;
    const by = form.querySelector("[data-by]"), said = form.querySelector("output"), count = form.querySelector(".count");

    const show = () => {
      for (const row of rows) row.classList.toggle("decided", row.querySelector("[name=decided]").checked);
      count.textContent = `${rows.filter((r) => r.classList.contains("decided")).length} of ${rows.length} decided`;
    };
    for (const row of rows) {
      const kept = store.get(key(row)) || {};
      for (const field of fields(row)) {
        if (!(field.name in kept)) continue;
        if (field.type === "checkbox") field.checked = kept[field.name] === true;
        else if (field.tagName !== "SELECT" || [...field.options].some((o) => o.value === kept[field.name])) field.value = kept[field.name];
      }
      if (row.querySelector("[name=decided]").checked) { const rest = row.closest("details"); if (rest) rest.open = true; }
    }
    by.value = store.get(NAME) || "";
    show();

    form.addEventListener("input", (event) => {
      if (event.target === by) return store.set(NAME, by.value);
      const row = event.target.closest("li[data-finding]");
      if (!row) return;
      if (event.target.name !== "decided") row.querySelector("[name=decided]").checked = true; // what is edited is decided
      store.set(key(row), values(row));
      show();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.querySelector("button").addEventListener("click", () => {
      const decided = rows.filter((row) => row.classList.contains("decided"));
      if (!decided.length) return void (said.textContent = "Nothing is decided yet: tick a row first.");
      if (!by.value.trim()) { by.focus(); return void (said.textContent = "Who records this? Fill in your name first."); }
      // A decision is somebody's by a day; what is done or accepted needs neither.
      const lacking = decided.flatMap((row) => {
        const v = values(row);
        return v.done || v.decision === "accept" ? [] : ["owner", "due_on"].filter((name) => !v[name].trim()).map((name) => row.querySelector(`[name=${name}]`));
      });
      for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
      if (lacking.length) {
        for (const field of lacking) field.setAttribute("aria-invalid", "true");
        lacking[0].focus();
        return void (said.textContent = `Who does it, and by when? ${lacking.length === 1 ? "One field is" : lacking.length + " fields are"} empty.`);
      }
      const items = decided.map((row) => {
        const v = values(row);
        return {
          finding_id: row.dataset.finding, decision: v.decision, owner: v.owner.trim(), due_on: v.due_on || null,
          eta_commitment: v.eta_commitment || null, expected_impact: v.expected_impact ? Number(v.expected_impact) : null,
          note: v.note.trim(), done: v.done,
        };
      });
      const now = new Date().toISOString().slice(0, 19) + "Z";
      const hex = [...crypto.getRandomValues(new Uint8Array(3))].map((b) => b.toString(16).padStart(2, "0")).join("");
      const name = `${week}-${review}-${now.replace(/[-:]/g, "")}-${hex}.json`;
      const text = JSON.stringify({ week, review, recorded_at: now, recorded_by: by.value.trim(), items }, null, 2) + "\n";
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      said.textContent = `${items.length === 1 ? "1 decision" : items.length + " decisions"} in ${name}: put it into the decisions folder.`;
    });
  };
  document.querySelectorAll("form.checklist:not([data-ready])").forEach(start);
})();
