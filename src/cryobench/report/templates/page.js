// What the parts of the page share: text, numbers, colours, panels, and the state that is selected in each.
const root = document.documentElement;
const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
const parsed = (id) => JSON.parse(document.getElementById(id).textContent);

function bytes(text) {
  const binary = atob(text), out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  return out;
}
function wholeNumbers(packed) { return new (packed.bytes === 2 ? Uint16Array : Uint32Array)(bytes(packed.data).buffer); }
function numbers(packed) {
  const steps = new Uint16Array(bytes(packed.data).buffer), out = new Float32Array(steps.length);
  const scale = ((packed.high - packed.low) || 1) / 65534;
  for (let i = 0; i < out.length; i++) out[i] = steps[i] === 65535 ? NaN : packed.low + scale * steps[i];
  return out;
}
// Text that plotly shows as it stands.
function plain(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/%\{/g, "%\u200b{").replace(/\$/g, "&#36;");
}
function element(tag, text, attributes) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  return made;
}

// Colours that depend on the page being light or dark.
function colours() {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(name).trim();
  return { text: read("--text"), muted: read("--muted"), line: read("--line"), page: read("--page"), panel: read("--panel"), accent: read("--accent") };
}
const painters = [];
function repaint() { painters.forEach((paint) => paint()); }

// A panel is what the page says of one dataset, with the state that is selected in it; null for none.
function Panel(section) {
  const shared = parsed(section.id + "-json");
  const panel = { section, id: section.id, shared, names: shared.names, state: null, listeners: [] };
  panel.select = (state) => {
    if (state !== null && !(state >= 0 && state < panel.names.length)) return;
    if (state === panel.state) return;
    panel.state = state;
    panel.listeners.forEach((listen) => listen(state));
  };
  panel.describe = (state) => {
    const value = shared.values[state], name = panel.names[state];
    const extra = value === null || value === undefined ? "" : shared.coordinate + " " + Number(value.toPrecision(4)) + (shared.unit ? " " + shared.unit : "");
    return extra && name.indexOf(String(Number(value.toPrecision(4)))) < 0 ? name + " · " + extra : name;
  };
  const bar = section.querySelector(".state-bar");
  if (bar) {
    const slider = bar.querySelector("input"), output = bar.querySelector("output"), clear = bar.querySelector(".clear");
    slider.addEventListener("input", () => panel.select(Number(slider.value)));
    slider.addEventListener("keydown", (event) => { if (event.key === "Enter") panel.select(Number(slider.value)); });
    clear.addEventListener("click", () => { panel.select(null); slider.focus(); });
    panel.listeners.push((state) => {
      if (state !== null) slider.value = String(state);
      const words = state === null ? "none selected" : panel.describe(state);
      output.textContent = words;
      slider.setAttribute("aria-valuetext", words);
      clear.disabled = state === null;
    });
    slider.setAttribute("aria-valuetext", "none selected");
  }
  return panel;
}
const panels = all("section.panel").map(Panel);
const panelOf = (node) => panels.find((panel) => panel.section.contains(node));

// Calls `draw` once when an element first comes near the view, or when everything is asked for.
const waiting = new Map();
const seen = new Set();
const observer = new IntersectionObserver((entries) => {
  entries.forEach((entry) => {
    if (entry.isIntersecting) { seen.add(entry.target); if (waiting.has(entry.target)) begin(entry.target); wake(entry.target); }
    else seen.delete(entry.target);
  });
}, { rootMargin: "200px" });
function begin(node) { const draw = waiting.get(node); waiting.delete(node); return draw(); }
function whenSeen(node, draw) { waiting.set(node, draw); observer.observe(node); }
function drawEverything() { return Promise.all(Array.from(waiting.keys()).filter((node) => node.getClientRects().length).map(begin)); }

// What follows the selected state does so at the next frame, and only where it can be seen.
const stale = new Map();
let framed = false;
function follow(node, update) {
  stale.set(node, update);
  if (!framed) { framed = true; requestAnimationFrame(() => { framed = false; Array.from(stale.keys()).forEach((each) => { if (seen.has(each)) wake(each); }); }); }
}
function wake(node) { const update = stale.get(node); if (update && !waiting.has(node)) { stale.delete(node); update(); } }
