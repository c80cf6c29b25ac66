"use strict";
// A link from the Optuna dashboard, whose page changes without being loaded anew, to our own pages.
(() => {
  const link = document.createElement("a");
  link.className = "oracle-link";
  const point = () => {
    const [, study, page] = location.pathname.match(/^\/dashboard\/studies\/(\d+)\/?(\w*)/) ?? [];
    const text = study ? "Run" : "Runs";
    if (link.textContent !== text) link.textContent = text;
    link.title = study ? "Page of the run" : "Jobs and runs";
    link.href = study ? `/runs/of-study/${study}` : "/";
    document.body.dataset.oraclePage = study ? page : "list";
  };
  point();
  document.body.append(link);
  new MutationObserver(point).observe(document.getElementById("dashboard"), {
    childList: true,
    subtree: true,
  });
})();
