// What is folded opens for whoever needs it: a link into it, paper, or a reader who wants to see all.
(() => {
  "use strict";
  const topics = [...document.querySelectorAll("details.topic")];
  const reveal = (hash) => {
    const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", () => reveal(location.hash));
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) reveal(link.hash); // the address does not change, so nothing else would tell
  });
  reveal(location.hash);

  // On paper nothing can be opened: every topic is, every finding, and every decision that is worth one; afterwards all is as the reader had it.
  const closed = [];
  const open = () => document.querySelectorAll(":is(details:is(.topic, .worth, .restated, .changes-rest), .findings details):not([open])").forEach((fold) => { closed.push(fold); fold.open = true; });
  const close = () => closed.splice(0).forEach((fold) => { fold.open = false; });
  addEventListener("beforeprint", open);
  addEventListener("afterprint", close);
  matchMedia("print").addEventListener("change", (paper) => (paper.matches ? open() : close()));

  if (topics.length < 2) return;
  const all = document.createElement("button");
  all.type = "button";
  all.className = "more";
  const say = () => { all.textContent = topics.every((topic) => topic.open) ? "Close all topics" : `Open all ${topics.length} topics`; };
  all.addEventListener("click", () => { const open = topics.some((topic) => !topic.open); topics.forEach((topic) => { topic.open = open; }); });
  topics.forEach((topic) => topic.addEventListener("toggle", say));
  say();
  topics[0].before(all);
})();
