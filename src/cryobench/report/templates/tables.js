// Tables that sort, measures that are shown or not, comparisons, explanations.
function sortBy(table, column, direction) {
  const heads = Array.from(table.tHead.rows[0].cells), head = heads[column], body = table.tBodies[0];
  heads.forEach((other) => { if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none"); });
  head.setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1, numeric = head.dataset.kind === "number";
  const key = (row) => row.cells[column].dataset.value;
  Array.from(body.rows).sort((a, b) => {
    const x = key(a), y = key(b);
    if (!numeric) return sign * x.localeCompare(y);
    const p = parseFloat(x), q = parseFloat(y);
    if (Number.isNaN(p) || Number.isNaN(q)) return Number.isNaN(p) - Number.isNaN(q); // what is missing stays last
    return sign * (p - q);
  }).forEach((row) => body.appendChild(row));
}
function sortable(table) {
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = head.querySelector("button.sort");
    if (!button) return;
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sortBy(table, column, now === "ascending" ? "descending" : now === "descending" ? "ascending" : head.dataset.first || "ascending");
    });
  });
}

function families(group) {
  const table = group.parentElement.querySelector("table.scores"), buttons = all("button", group);
  const show = (name) => {
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.family === name)));
    all("[data-family]", table).forEach((cell) => {
      cell.hidden = !(name === "all" || (name === "main" ? cell.classList.contains("main") : cell.dataset.family === name));
    });
  };
  buttons.forEach((button) => button.addEventListener("click", () => show(button.dataset.family)));
  show("main");
}

function comparisons(box) {
  const groups = panelOf(box).shared.comparisons, select = box.querySelector("select"), table = box.querySelector("table");
  const body = table.tBodies[0];
  const show = () => {
    const group = groups[Number(select.value)];
    body.replaceChildren(...group.rows.map((each) => {
      const row = element("tr"), pair = each.first + " − " + each.second;
      row.append(element("th", pair, { scope: "row", "data-value": pair }));
      const difference = element("td", each.difference, { "data-value": each.value });
      difference.append(element("span", each.interval, { class: "interval" }));
      row.append(difference, element("td", String(each.n), { "data-value": each.n }));
      row.append(element("td", each.verdict, { "data-value": each.verdict, class: each.clear ? "" : "verdict-none" }));
      return row;
    }));
    box.querySelector(".kinds").textContent = (group.better === "higher" ? "Higher" : "Lower") + " is better. Intervals: " + group.kinds + ".";
    const sorted = table.querySelector("[aria-sort='ascending'], [aria-sort='descending']");
    if (sorted) sortBy(table, sorted.cellIndex, sorted.getAttribute("aria-sort"));
  };
  select.addEventListener("change", show);
  whenSeen(box, show);
}

all("table.sortable").forEach(sortable);
all(".families").forEach(families);
all(".comparisons").forEach(comparisons);
all("[data-how]").forEach((button) => button.addEventListener("click", () => {
  document.getElementById(button.dataset.how).showModal();
}));
all("dialog").forEach((dialog) => dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }));
