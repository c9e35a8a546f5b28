// Figures drawn by plotly, each when it first comes into view.
let plotly = null;
function usePlotly() {
  if (!plotly) {
    const script = document.createElement("script");
    script.textContent = document.getElementById("plotly-code").textContent;
    document.head.appendChild(script);
    plotly = window.Plotly;
  }
  return plotly;
}

function theme(layout) {
  const c = colours();
  const patch = {
    "font.color": c.text, "hoverlabel.bgcolor": c.page, "hoverlabel.bordercolor": c.line,
    "hoverlabel.font.color": c.text, "legend.bgcolor": "rgba(0,0,0,0)",
    "modebar.bgcolor": "rgba(0,0,0,0)", "modebar.color": c.muted, "modebar.activecolor": c.text,
  };
  for (const axis of ["xaxis", "yaxis"]) {
    for (const part of ["gridcolor", "zerolinecolor", "linecolor", "tickcolor"]) patch[axis + "." + part] = c.line;
  }
  (layout.annotations || []).forEach((_, i) => { patch["annotations[" + i + "].font.color"] = c.text; });
  return patch;
}

function drawPlot(div) {
  const Plotly = usePlotly(), panel = panelOf(div);
  const { figure, link } = parsed(div.id + "-data");
  const config = parsed("plotly-config");
  const linked = LINKS[link.kind](figure, link, panel, div);
  figure.layout.font.color = colours().text;
  const across = figure.layout.xaxis;
  if (div.clientWidth < 520 && across.tickvals && across.tickvals.length > 4) { // every other label, where there is little room
    for (const part of ["tickvals", "ticktext"]) across[part] = across[part].filter((_, i) => i % 2 === 0);
    if (link.kind === "columns") across.tickangle = -40;
  }
  return Plotly.newPlot(div, figure.data, figure.layout, config).then(() => Plotly.relayout(div, theme(figure.layout))).then(() => {
    // Plotly's buttons are links without a target: they are reached by pointer alone, as the plot's hover is.
    all(".modebar a, .modebar button", div).forEach((button) => button.setAttribute("tabindex", "-1"));
    painters.push(() => Plotly.relayout(div, theme(div.layout)).then(() => linked.show && linked.show(panel.state)));
    if (linked.click) div.on("plotly_click", (event) => { const state = linked.click(event.points[0]); if (state !== undefined) panel.select(state); });
    if (linked.show) {
      panel.listeners.push((state) => follow(div, () => linked.show(panel.state)));
      linked.show(panel.state);
    }
    div.dataset.drawn = "true";
  });
}

// How a selected state is shown in each kind of figure, and which state a click means.
const LINKS = {
  still: () => ({}),

  columns(figure, link, panel, div) {
    const names = link.states.map((state, i) => plain(panel.names[state]) + (link.last[i] === state ? "" : " to " + plain(panel.names[link.last[i]])));
    figure.data[0].text = link.methods.map((method) => names.map((name) => plain(method) + "<br>" + name));
    return {
      click: (point) => link.states[point.x],
      show(state) {
        const column = link.states.findIndex((_, i) => covers(link, i, state));
        const shapes = column < 0 ? [] : [box(column - 0.5, column + 0.5, -0.5, link.methods.length - 0.5)];
        Plotly.relayout(div, { shapes });
      },
    };
  },

  matrix(figure, link, panel, div) {
    const names = link.states.map((state) => plain(panel.names[state])), last = names.length - 0.5;
    figure.data[0].text = names.map((row) => names.map((column) => "recovered for " + row + "<br>true " + column));
    return {
      click: (point) => link.states[point.y],
      show(state) {
        const place = link.states.indexOf(state);
        const shapes = place < 0 ? [] : [box(-0.5, last, place - 0.5, place + 0.5), box(place - 0.5, place + 0.5, -0.5, last)];
        Plotly.relayout(div, { shapes });
      },
    };
  },

  // With a state selected, the mean of its items takes the place of each curve, and the mean over all stays behind, faint.
  curves(figure, link, panel, div) {
    const count = figure.data.length;
    const extra = link.lines.map((line) => {
      const mean = figure.data[line.trace];
      line.values = numbers(line);
      return {
        ...mean, x: [], y: [], customdata: [], showlegend: false, line: { ...mean.line, width: 2.5 }, visible: true,
        hovertemplate: mean.hovertemplate + " <i>state</i>",
      };
    });
    figure.data.push(...extra);
    const means = link.lines.map((line) => line.trace);
    const bands = figure.data.map((trace, i) => i).filter((i) => figure.data[i].fill === "toself");
    const items = itemChooser(div, link, figure, panel);
    const xs = (line) => Array.from(figure.data[line.trace].x);
    const row = (line, state) => {
      const width = xs(line).length, sum = new Float64Array(width);
      let found = 0;
      line.states.forEach((each, item) => {
        if (!covers(line, item, state)) return;
        found += 1;
        for (let i = 0; i < width; i++) sum[i] += line.values[item * width + i];
      });
      return found ? Array.from(sum, (value) => Number((value / found).toFixed(4))) : [];
    };
    return {
      click: (point) => items.stateOf(point),
      show(state) {
        const chosen = state !== null && link.lines.some((line) => line.states.some((_, item) => covers(line, item, state)));
        if (link.lines.length === 0) return;
        // The legend is that of the lines drawn full.
        Plotly.restyle(div, { opacity: chosen ? 0.22 : 1, showlegend: !chosen }, means);
        if (bands.length) Plotly.restyle(div, { visible: !chosen }, bands);
        const ys = link.lines.map((line) => (chosen ? row(line, state) : []));
        Plotly.restyle(div, {
          showlegend: chosen, x: link.lines.map((line, i) => (ys[i].length ? xs(line) : [])), y: ys,
          customdata: link.lines.map((line, i) => (ys[i].length ? figure.data[line.trace].customdata || [] : [])),
        }, extra.map((_, i) => count + i));
      },
    };
  },
};

// Whether a column or a line is of a state: from its first one to its last, or to the next group where there are groups.
function covers(link, i, state) {
  if (state === null || state < link.states[i]) return false;
  return state <= link.last[i] || (link.grouped && i + 1 < link.states.length && state < link.states[i + 1]);
}

function box(x0, x1, y0, y1) {
  return { type: "rect", x0, x1, y0, y1, line: { color: colours().accent, width: 2.5 }, fillcolor: "rgba(0,0,0,0)" };
}

// A choice of a method whose items are drawn one by one; a click on one selects its state.
const MOST_ITEMS = 150;
function itemChooser(div, link, figure, panel) {
  if (!link.lines.length || !link.lines.some((line) => line.states.length > 1)) return { stateOf: () => undefined };
  const label = element("label", "Every item of ", { class: "chooser small" }), select = element("select");
  select.append(element("option", "no method", { value: "" }));
  link.lines.forEach((line, i) => {
    select.append(element("option", line.method, { value: String(i) }));
  });
  label.append(select);
  div.before(label);
  let shown = [];
  select.addEventListener("change", () => {
    const from = div.data.length - shown.length;
    const old = shown.map((_, i) => from + i);
    shown = [];
    const cleared = old.length ? Plotly.deleteTraces(div, old) : Promise.resolve();
    if (select.value === "") return;
    const line = link.lines[Number(select.value)], mean = figure.data[line.trace], width = mean.x.length;
    const step = Math.max(1, Math.ceil(line.states.length / MOST_ITEMS));
    const traces = [];
    for (let item = 0; item < line.states.length; item += step) {
      shown.push(line.states[item]);
      traces.push({
        x: Array.from(mean.x), y: Array.from(line.values.subarray(item * width, (item + 1) * width)), mode: "lines", type: "scatter",
        line: { color: mean.line.color, width: 0.7 }, opacity: 0.6, showlegend: false,
        name: plain(panel.names[line.states[item]]) + (line.last[item] === line.states[item] ? "" : " to " + plain(panel.names[line.last[item]])), hovertemplate: "%{y:.3f}", meta: line.states[item],
      });
    }
    cleared.then(() => Plotly.addTraces(div, traces)).then(() => Plotly.relayout(div, { hovermode: "closest" }));
  });
  return { stateOf: (point) => (typeof point.data.meta === "number" ? point.data.meta : undefined) };
}

all(".plot").forEach((div) => whenSeen(div, () => drawPlot(div)));
all(".deck").forEach((deck) => {
  const select = deck.querySelector(":scope > .chooser select"), cards = all(":scope > .card", deck);
  if (!select) return;
  select.addEventListener("change", () => cards.forEach((card, i) => { card.hidden = i !== Number(select.value); }));
});
