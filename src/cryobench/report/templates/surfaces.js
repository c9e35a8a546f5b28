// Iso-surfaces: the truth on the left, what was recovered on the right, turned together.
const VERTEX = `
attribute vec3 position; attribute vec3 normal; attribute float hollow;
uniform mat4 view; uniform mat4 frame;
varying vec3 n; varying vec3 p; varying float h;
void main() { vec4 q = view * vec4(position, 1.0); p = q.xyz; n = mat3(view) * normal; h = hollow; gl_Position = frame * q; }`;
const FRAGMENT = `
precision mediump float;
varying vec3 n; varying vec3 p; varying float h;
uniform vec3 colour; uniform vec3 background; uniform vec2 depths;
void main() {
  vec3 m = normalize(n); vec3 eye = normalize(-p);
  float side = gl_FrontFacing ? 1.0 : -1.0; m *= side;
  float key = max(dot(m, normalize(vec3(0.45, 0.65, 0.62))), 0.0);
  float fill = max(dot(m, normalize(vec3(-0.7, 0.05, 0.55))), 0.0);
  float sky = 0.5 + 0.5 * m.y;
  float cavity = clamp(1.0 - 0.75 * h, 0.42, 1.1);
  vec3 base = pow(colour, vec3(2.2));
  vec3 lit = base * (0.20 * mix(vec3(0.62, 0.60, 0.66), vec3(1.0, 1.02, 1.06), sky) + 0.82 * key + 0.20 * fill) * cavity;
  float shine = pow(max(dot(reflect(-normalize(vec3(0.45, 0.65, 0.62)), m), eye), 0.0), 26.0);
  lit += 0.10 * shine * cavity + 0.10 * base * pow(1.0 - max(dot(m, eye), 0.0), 3.0);
  if (side < 0.0) lit *= 0.55;
  vec3 shown = pow(lit, vec3(1.0 / 2.2));
  float far = clamp((-p.z - depths.x) / (depths.y - depths.x), 0.0, 1.0);
  gl_FragColor = vec4(mix(shown, background, 0.42 * far), 1.0);
}`;

async function inflate(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The inverse of what the report packs: differences of rounded positions, triangles by how far they lie behind.
async function mesh(packed) {
  const data = await inflate(bytes(packed.data)), V = packed.vertices, N = 3 * packed.faces;
  const position = new Float32Array(3 * V), index = new Uint32Array(N);
  for (let axis = 0; axis < 3; axis++) {
    let value = 0;
    for (let i = 0, at = 2 * V * axis; i < V; i++) {
      const zigzag = data[at + i] | (data[at + V + i] << 8);
      value += zigzag & 1 ? -((zigzag + 1) >> 1) : zigzag >> 1;
      position[3 * i + axis] = packed.low[axis] + packed.step * value;
    }
  }
  for (let i = 0, next = 0, at = 6 * V; i < N; i++) {
    const behind = data[at + i] | (data[at + N + i] << 8) | (data[at + 2 * N + i] << 16);
    index[i] = next - behind;
    if (behind === 0) next++;
  }
  return { position, index, ...shading(position, index) };
}

// Smooth normals, weighted by area, and how far a vertex lies below its neighbours: hollows are drawn darker.
function shading(position, index) {
  const count = position.length / 3, normal = new Float32Array(position.length), sum = new Float32Array(position.length);
  const degree = new Float32Array(count), hollow = new Float32Array(count);
  let edges = 0, edge = 0;
  for (let t = 0; t < index.length; t += 3) {
    const [a, b, c] = [3 * index[t], 3 * index[t + 1], 3 * index[t + 2]];
    const ux = position[b] - position[a], uy = position[b + 1] - position[a + 1], uz = position[b + 2] - position[a + 2];
    const vx = position[c] - position[a], vy = position[c + 1] - position[a + 1], vz = position[c + 2] - position[a + 2];
    const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
    edge += Math.hypot(ux, uy, uz); edges++;
    for (const v of [a, b, c]) {
      normal[v] += nx; normal[v + 1] += ny; normal[v + 2] += nz;
      for (const w of [a, b, c]) if (w !== v) { sum[v] += position[w]; sum[v + 1] += position[w + 1]; sum[v + 2] += position[w + 2]; }
      degree[v / 3] += 2;
    }
  }
  for (let i = 0; i < count; i++) {
    const v = 3 * i, length = Math.hypot(normal[v], normal[v + 1], normal[v + 2]) || 1;
    for (let k = 0; k < 3; k++) normal[v + k] /= length;
    let above = 0;
    if (degree[i]) for (let k = 0; k < 3; k++) above += normal[v + k] * (sum[v + k] / degree[i] - position[v + k]);
    hollow[i] = (4 * above) / (edge / Math.max(edges, 1) || 1);
  }
  const smooth = new Float32Array(count), weight = new Float32Array(count);
  for (let t = 0; t < index.length; t += 3) {
    const mean = (hollow[index[t]] + hollow[index[t + 1]] + hollow[index[t + 2]]) / 3;
    for (let k = 0; k < 3; k++) { smooth[index[t + k]] += mean; weight[index[t + k]]++; }
  }
  for (let i = 0; i < count; i++) smooth[i] = Math.max(-0.15, Math.min(1, weight[i] ? smooth[i] / weight[i] : 0));
  return { normal, hollow: smooth };
}

function multiply(a, b) { // column by column
  const out = new Float32Array(16);
  for (let c = 0; c < 4; c++) for (let r = 0; r < 4; r++) for (let k = 0; k < 4; k++) out[4 * c + r] += a[4 * k + r] * b[4 * c + k];
  return out;
}
function turn(axis, angle) {
  const c = Math.cos(angle), s = Math.sin(angle);
  return new Float32Array(axis === "x" ? [1, 0, 0, 0, 0, c, s, 0, 0, -s, c, 0, 0, 0, 0, 1] : [c, 0, -s, 0, 0, 1, 0, 0, s, 0, c, 0, 0, 0, 0, 1]);
}

function viewer(figure) {
  const canvas = figure.querySelector("canvas"), panel = panelOf(figure), content = parsed(figure.id + "-data");
  const gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
  if (!gl || typeof DecompressionStream === "undefined") {
    canvas.hidden = true;
    figure.querySelector(".no-webgl").hidden = false;
    figure.querySelector(".stage-tools").hidden = true;
    figure.dataset.drawn = "none";
    return;
  }
  const select = figure.querySelector("select.method"), which = all(".which", figure);
  const START = multiply(turn("x", 0.35), turn("y", -0.5));
  let rotation = START, zoom = 1, queued = false, program = null, shown = [null, null], wanted = 0;

  const reach = content.reach || 1; // over all surfaces: the scene must not jump from state to state
  const buffers = new Map();

  function setUp() {
    const shader = (kind, source) => { const made = gl.createShader(kind); gl.shaderSource(made, source); gl.compileShader(made); return made; };
    program = gl.createProgram();
    gl.attachShader(program, shader(gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, shader(gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.SCISSOR_TEST);
    gl.getExtension("OES_element_index_uint");
    buffers.clear();
  }

  async function prepared(method, state) {
    const key = method + " " + state;
    if (buffers.has(key)) return buffers.get(key);
    const packed = content.meshes.find((each) => each.method === method && each.state === state);
    if (!packed) return null;
    const made = await mesh(packed);
    const fill = (target, data) => { const buffer = gl.createBuffer(); gl.bindBuffer(target, buffer); gl.bufferData(target, data, gl.STATIC_DRAW); return buffer; };
    const ready = {
      count: made.index.length, index: fill(gl.ELEMENT_ARRAY_BUFFER, made.index), position: fill(gl.ARRAY_BUFFER, made.position),
      normal: fill(gl.ARRAY_BUFFER, made.normal), hollow: fill(gl.ARRAY_BUFFER, made.hollow),
    };
    if (buffers.size > 24) { // old ones go, so that a long slider does not fill the graphics memory
      const [oldest, old] = buffers.entries().next().value;
      if (!shown.includes(old)) { [old.index, old.position, old.normal, old.hollow].forEach((buffer) => gl.deleteBuffer(buffer)); buffers.delete(oldest); }
    }
    buffers.set(key, ready);
    return ready;
  }

  const methodShown = () => (select ? Number(select.value) : content.chosen);
  // States of which the method has a surface; of those that the truth has too, if there are some.
  const statesShown = () => {
    const of = (method) => content.meshes.filter((each) => each.method === method).map((each) => each.state);
    const truth = new Set(of(-1)), own = of(methodShown()), both = own.filter((state) => truth.has(state));
    const found = both.length ? both : own.length ? own : content.states;
    return found.slice().sort((a, b) => a - b);
  };
  const stateShown = () => {
    const states = statesShown(), wantedState = panel.state === null ? states[0] : panel.state;
    return states.reduce((best, state) => (Math.abs(state - wantedState) < Math.abs(best - wantedState) ? state : best));
  };

  async function load() {
    const ticket = ++wanted, state = stateShown(), method = methodShown();
    const pair = await Promise.all([prepared(-1, state), prepared(method, state)]);
    if (ticket !== wanted) return; // another state was chosen meanwhile
    shown = pair;
    const other = panel.state !== null && panel.state !== state;
    which.forEach((each, i) => { each.textContent = pair[i] ? "· " + panel.names[state] : "· no surface for " + panel.names[state]; });
    const notice = figure.querySelector(".other-state");
    notice.hidden = !other;
    notice.textContent = other ? "Shown is " + panel.names[state] + ", the nearest state with a surface, and not " + panel.names[panel.state] + ", which is selected." : "";
    figure.dataset.state = String(state);
    queue();
  }

  const rgb = (text) => {
    const probe = element("i"); probe.style.color = text; figure.append(probe);
    const found = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map((value) => value / 255); probe.remove();
    return found;
  };

  function paint() {
    queued = false;
    const ratio = Math.min(devicePixelRatio || 1, 2), width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (!width || !height || gl.isContextLost()) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const background = rgb(colours().panel), half = Math.floor(width / 2);
    const distance = 4.2 * reach, near = distance - 1.7 * reach, far = distance + 1.7 * reach, lens = (3.75 * zoom);
    const view = multiply(new Float32Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, -distance, 1]), rotation);
    [0, 1].forEach((side) => {
      const x = side ? half : 0, w = side ? width - half : half, shape = w / height;
      gl.viewport(x, 0, w, height);
      gl.scissor(x, 0, w, height);
      gl.clearColor(...background, 1);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      const each = shown[side];
      if (!each) return;
      const fx = shape > 1 ? lens / shape : lens, fy = shape > 1 ? lens : lens * shape;
      const frame = new Float32Array([fx, 0, 0, 0, 0, fy, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0]);
      const uniform = (name) => gl.getUniformLocation(program, name);
      gl.uniformMatrix4fv(uniform("view"), false, view);
      gl.uniformMatrix4fv(uniform("frame"), false, frame);
      gl.uniform3fv(uniform("colour"), side ? rgb(content.colours[methodShown()] || "#858b93") : [0.74, 0.77, 0.82]);
      gl.uniform3fv(uniform("background"), background);
      gl.uniform2f(uniform("depths"), distance - 0.4 * reach, distance + reach);
      for (const [name, size] of [["position", 3], ["normal", 3], ["hollow", 1]]) {
        const place = gl.getAttribLocation(program, name);
        gl.bindBuffer(gl.ARRAY_BUFFER, each[name]);
        gl.enableVertexAttribArray(place);
        gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
      }
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, each.index);
      gl.drawElements(gl.TRIANGLES, each.count, gl.UNSIGNED_INT, 0);
    });
    figure.dataset.drawn = "true";
  }
  function queue() { if (!queued) { queued = true; requestAnimationFrame(paint); } }
  const rotate = (x, y) => { rotation = multiply(multiply(turn("x", y), turn("y", x)), rotation); queue(); };
  const magnify = (factor) => { zoom = Math.max(0.4, Math.min(6, zoom * factor)); queue(); };
  const home = () => { rotation = START; zoom = 1; queue(); };
  const step = (by) => {
    const states = statesShown(), place = states.indexOf(stateShown());
    panel.select(states[Math.max(0, Math.min(states.length - 1, place + by))]);
  };

  const pointers = new Map();
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); pointers.set(event.pointerId, event); canvas.focus({ preventScroll: true }); });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) rotate((event.clientX - before.clientX) * 0.009, (event.clientY - before.clientY) * 0.009);
  });
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas) return; // the page scrolls on until the view is clicked
    event.preventDefault();
    magnify(Math.exp(-event.deltaY * 0.0015));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const act = {
      ArrowLeft: () => rotate(-0.12, 0), ArrowRight: () => rotate(0.12, 0), ArrowUp: () => rotate(0, -0.12), ArrowDown: () => rotate(0, 0.12),
      "+": () => magnify(1.15), "=": () => magnify(1.15), "-": () => magnify(1 / 1.15), "0": home,
    }[event.key];
    if (act && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); act(); }
  });
  figure.querySelector(".home").addEventListener("click", home);
  all(".step", figure).forEach((button) => button.addEventListener("click", () => step(Number(button.dataset.step))));
  if (select) select.addEventListener("change", load);
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", () => { setUp(); load(); });
  panel.listeners.push(() => follow(figure, load));
  painters.push(queue);
  new ResizeObserver(queue).observe(canvas);
  setUp();
  return load();
}
all("figure.surfaces").forEach((figure) => whenSeen(figure, () => viewer(figure)));
