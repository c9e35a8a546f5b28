"use strict";
(function () {
  // Rows by a column; what is missing stays last either way, and rows that are equal keep their order.
  function order(table, column, direction) {
    const head = table.tHead.rows[0].cells[column];
    const sign = direction === "ascending" ? 1 : -1;
    const key = (row) => row.cells[column].dataset.value;
    const compare = (a, b) => {
      const x = key(a), y = key(b);
      if (head.dataset.kind !== "number") return sign * x.localeCompare(y);
      const p = parseFloat(x), q = parseFloat(y);
      if (Number.isNaN(p) || Number.isNaN(q)) return Number.isNaN(p) - Number.isNaN(q);
      return sign * (p - q);
    };
    for (const other of table.tHead.rows[0].cells) {
      if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", other === head ? direction : "none");
    }
    table.tBodies[0].append(...Array.from(table.tBodies[0].rows).sort(compare));
  }

  function sortable(table) {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = head.querySelector("button.sort");
      if (!button) return;
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        order(table, column, now === "ascending" ? "descending" : now === "descending" ? "ascending" : head.dataset.first);
      });
    });
  }

  // A table sorted by a column that is hidden now is sorted by the first one that is not; what is quoted, by its names.
  function resort(table) {
    const heads = Array.from(table.tHead.rows[0].cells);
    const sorted = heads.find((head) => head.hasAttribute("aria-sort") && head.getAttribute("aria-sort") !== "none");
    if (sorted && !sorted.hidden) return;
    const quoted = table.closest("section[data-status=quoted]") !== null;
    const column = quoted ? 0 : heads.findIndex((head) => head.dataset.metric && !head.hidden);
    if (column >= 0) order(table, column, heads[column].dataset.first);
  }

  function filter(form) {
    const { metric, kind, status } = Object.fromEntries(new FormData(form));
    let shown = 0, all = 0;
    document.querySelectorAll("section[data-status]").forEach((section) => {
      const table = section.querySelector("table.sortable");
      section.hidden = Boolean(status) && section.dataset.status !== status;
      let columns = 0;
      table.querySelectorAll("[data-metric]").forEach((cell) => {
        cell.hidden = Boolean(metric) && cell.dataset.metric !== metric;
        if (cell.tagName === "TH" && !cell.hidden) columns += 1;
      });
      let rows = 0;
      for (const row of table.tBodies[0].rows) {
        const scored = Array.from(row.cells).some((cell) => cell.dataset.metric && !cell.hidden && cell.dataset.value !== "");
        row.hidden = !scored || (Boolean(kind) && row.dataset.poses !== kind);
        if (!row.hidden) rows += 1;
      }
      const empty = columns === 0 || rows === 0;
      section.querySelector(".scroll").hidden = empty;
      section.querySelectorAll("ol.sources").forEach((list) => { list.hidden = empty; });
      section.querySelector(".nothing").hidden = !empty;
      if (!empty) resort(table);
      all += table.tBodies[0].rows.length;
      if (!section.hidden && !empty) shown += rows;
    });
    form.querySelector("output").textContent = shown + " of " + all + (all === 1 ? " entry" : " entries");
  }

  document.documentElement.classList.add("scripted");
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("form.filters").forEach((form) => {
    form.hidden = false;
    form.addEventListener("change", () => filter(form));
    form.addEventListener("submit", (event) => event.preventDefault());
    filter(form);
  });
})();
