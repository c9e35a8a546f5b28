"use strict";
(function () {
  const root = document.documentElement;

  function colours() {
    const style = getComputedStyle(root);
    const read = (name) => style.getPropertyValue(name).trim();
    return { text: read("--text"), line: read("--line"), page: read("--page") };
  }

  // Colours that depend on the page being light or dark; traces have colours that suit both.
  function theme(layout) {
    const c = colours();
    const patch = {
      "font.color": c.text, "hoverlabel.bgcolor": c.page, "hoverlabel.bordercolor": c.line,
      "hoverlabel.font.color": c.text, "legend.bgcolor": "rgba(0,0,0,0)",
    };
    for (const axis of ["xaxis", "yaxis"]) {
      for (const part of ["gridcolor", "zerolinecolor", "linecolor", "tickcolor"]) patch[axis + "." + part] = c.line;
    }
    (layout.annotations || []).forEach((_, i) => { patch["annotations[" + i + "].font.color"] = c.text; });
    return patch;
  }

  const drawn = [];
  function draw(div) {
    const figure = JSON.parse(document.getElementById(div.id + "-data").textContent);
    const config = JSON.parse(document.getElementById("plotly-config").textContent);
    return Plotly.newPlot(div, figure.data, figure.layout, config)
      .then(() => { drawn.push(div); return Plotly.relayout(div, theme(figure.layout)); });
  }
  function repaint() { drawn.forEach((div) => Plotly.relayout(div, theme(div.layout))); }

  function sortable(table) {
    const body = table.tBodies[0];
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      const button = head.querySelector("button.sort");
      if (!button) return;
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const next = now === "ascending" ? "descending" : now === "descending" ? "ascending" : head.dataset.first || "ascending";
        heads.forEach((other) => { if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none"); });
        head.setAttribute("aria-sort", next);
        const sign = next === "ascending" ? 1 : -1;
        const key = (row) => row.cells[column].dataset.value;
        const numeric = head.dataset.kind === "number";
        Array.from(body.rows).sort((a, b) => {
          const x = key(a), y = key(b);
          if (!numeric) return sign * x.localeCompare(y);
          const p = parseFloat(x), q = parseFloat(y);
          if (Number.isNaN(p) || Number.isNaN(q)) return Number.isNaN(p) - Number.isNaN(q); // what is missing stays last
          return sign * (p - q);
        }).forEach((row) => body.appendChild(row));
      });
    });
  }

  function openTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; target.querySelector("summary").focus(); }
  }

  document.querySelectorAll("table.sortable").forEach(sortable);
  window.addEventListener("hashchange", openTarget);
  openTarget();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  window.addEventListener("beforeprint", () => { root.classList.add("printing"); repaint(); });
  window.addEventListener("afterprint", () => { root.classList.remove("printing"); repaint(); });
  const plots = Array.from(document.querySelectorAll(".plot"));
  Promise.all(plots.map(draw)).then(() => { root.dataset.drawn = String(drawn.length); });
})();
