// Latent spaces: points on a canvas, coloured by the truth.
const tip = document.getElementById("tip");
function showTip(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const width = tip.offsetWidth, height = tip.offsetHeight;
  tip.style.left = Math.max(4, Math.min(innerWidth - width - 8, x + 14)) + "px";
  tip.style.top = (y + 18 + height > innerHeight ? y - height - 10 : y + 18) + "px";
}
function hideTip() { tip.hidden = true; }

function scaleOf(scale) {
  const stops = scale.colours.map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  return Array.from({ length: 64 }, (_, bin) => {
    const at = (bin / 63) * (stops.length - 1), i = Math.min(Math.floor(at), stops.length - 2), t = at - i;
    return "rgb(" + stops[i].map((value, k) => Math.round(value + t * (stops[i + 1][k] - value))).join(",") + ")";
  });
}

function latents(panel) {
  if (!document.getElementById(panel.id + "-latents-data")) return;
  let content = null;
  const load = () => {
    if (content) return content;
    content = parsed(panel.id + "-latents-data");
    content.palette = scaleOf(content.scale);
    content.pools.forEach((pool) => {
      const span = content.scale.high - content.scale.low || 1;
      pool.states = wholeNumbers(pool.states);
      pool.bins = Uint8Array.from(numbers(pool.colours), (value) => Number.isFinite(value) ? Math.max(0, Math.min(63, Math.floor(((value - content.scale.low) / span) * 64))) : 0);
    });
    return content;
  };
  all("canvas.points", panel.section).forEach((canvas, place) => whenSeen(canvas, () => points(canvas, load(), place, panel)));
}

function points(canvas, content, place, panel) {
  const drawing = content.drawings[place], pool = content.pools[drawing.pool];
  const xs = numbers(drawing.x), ys = numbers(drawing.y), count = xs.length;
  const context = canvas.getContext("2d");
  const order = Array.from({ length: 64 }, () => []);
  for (let i = 0; i < count; i++) order[pool.bins[i]].push(i);
  let size = { width: 0, height: 0, scale: 1, x: 0, y: 0 };

  const place2d = () => {
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = Math.min(devicePixelRatio || 1, 2);
    if (!width) return false;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    // One scale for both axes: a circle stays a circle.
    const spanX = drawing.x.high - drawing.x.low || 1, spanY = drawing.y.high - drawing.y.low || 1;
    const scale = Math.min((width - 20) / spanX, (height - 20) / spanY);
    size = { width, height, scale, x: width / 2 - (scale * (drawing.x.low + drawing.x.high)) / 2, y: height / 2 + (scale * (drawing.y.low + drawing.y.high)) / 2 };
    return true;
  };
  const toX = (i) => size.x + size.scale * xs[i], toY = (i) => size.y - size.scale * ys[i];
  const radius = count > 2500 ? 1.3 : count > 800 ? 1.8 : 2.4;

  const paint = () => {
    if (!place2d()) return;
    context.clearRect(0, 0, size.width, size.height);
    const state = panel.state;
    context.globalAlpha = state === null ? 0.75 : 0.22;
    for (let bin = 0; bin < 64; bin++) {
      if (!order[bin].length) continue;
      context.fillStyle = content.palette[bin];
      context.beginPath();
      for (const i of order[bin]) { const x = toX(i), y = toY(i); context.moveTo(x + radius, y); context.arc(x, y, radius, 0, 6.2832); }
      context.fill();
    }
    context.globalAlpha = 1;
    if (state === null) return;
    context.strokeStyle = colours().text;
    context.lineWidth = 1;
    for (let i = 0; i < count; i++) {
      if (pool.states[i] !== state) continue;
      context.fillStyle = content.palette[pool.bins[i]];
      context.beginPath(); context.arc(toX(i), toY(i), radius + 1.6, 0, 6.2832); context.fill(); context.stroke();
    }
  };

  const nearest = (event) => {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = 144;
    for (let i = 0; i < count; i++) { const d = (toX(i) - x) ** 2 + (toY(i) - y) ** 2; if (d < least) { least = d; best = i; } }
    return best;
  };
  canvas.addEventListener("pointermove", (event) => {
    const found = nearest(event);
    canvas.style.cursor = found < 0 ? "default" : "pointer";
    if (found < 0) hideTip(); else showTip(panel.describe(pool.states[found]), event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => { const found = nearest(event); panel.select(found < 0 ? null : pool.states[found]); });
  panel.listeners.push(() => follow(canvas, paint));
  painters.push(paint);
  new ResizeObserver(paint).observe(canvas);
  paint();
  canvas.dataset.drawn = "true";
}
panels.forEach(latents);
