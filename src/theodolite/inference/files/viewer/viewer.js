"use strict";
// The page draws a grid of points that lie in front of one camera. Axes: x right, y up, z backward, metres; the photo was
// taken at the origin, looking along -z. A view can be linked to: #colour=depth&shape=points&yaw=20&pitch=-10&zoom=1.5.

const scene = JSON.parse(document.getElementById("scene").textContent);
const el = (id) => document.getElementById(id);
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const metres = (x) => (x < 10 ? x.toFixed(2) : x < 100 ? x.toFixed(1) : x.toFixed(0)) + " m";

// ---- The grid: positions, normals, triangles -------------------------------------------------------------------------

function decodeGrid() {
  const { width, height, stride } = scene.grid;
  const { fx, fy, cx, cy } = scene.camera;
  const codes = new Uint16Array(bytes(scene.depth).buffer);
  const raw = new Int8Array(bytes(scene.normals).buffer);
  const cells = bytes(scene.cells);
  const count = width * height;
  const positions = new Float32Array(3 * count), normals = new Int8Array(4 * count), uv = new Float32Array(2 * count);
  const known = [], triangles = [];
  const step = Math.log(scene.range.far / scene.range.near) / 65534;
  for (let v = 0, i = 0; v < height; v++) {
    for (let u = 0; u < width; u++, i++) {
      uv[2 * i] = (u * stride + 0.5) / scene.mapSize[0];
      uv[2 * i + 1] = (v * stride + 0.5) / scene.mapSize[1];
      normals.set([raw[3 * i], -raw[3 * i + 1], -raw[3 * i + 2]], 4 * i);
      if (!codes[i]) continue;
      known.push(i);
      const z = scene.range.near * Math.exp((codes[i] - 1) * step);
      positions.set([(u * stride - cx) / fx * z, -(v * stride - cy) / fy * z, -z], 3 * i);
    }
  }
  for (let v = 0, cell = 0; v < height - 1; v++) {
    for (let u = 0; u < width - 1; u++, cell++) {
      const i = v * width + u;
      if (cells[cell] & 1) triangles.push(i, i + width, i + 1);
      if (cells[cell] & 2) triangles.push(i + 1, i + width, i + width + 1);
    }
  }
  return { width, height, stride, positions, normals, uv, uncertain: new Uint16Array(bytes(scene.uncertain).buffer),
    known: Uint32Array.from(known), triangles: Uint32Array.from(triangles) };
}
const grid = decodeGrid();

function medianDepth() {
  const sample = [];
  for (let k = 0; k < grid.known.length; k += Math.ceil(grid.known.length / 5000)) sample.push(-grid.positions[3 * grid.known[k] + 2]);
  return sample.sort((a, b) => a - b)[sample.length >> 1];
}

// ---- Vectors and matrices, column by column as WebGL wants them ------------------------------------------------------

const sub = (a, b) => a.map((x, i) => x - b[i]);
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const norm = (a) => Math.hypot(...a);
const point = (i) => Array.from(grid.positions.subarray(3 * i, 3 * i + 3));

function product(a, b) {
  const out = new Float32Array(16);
  for (let c = 0; c < 4; c++) for (let r = 0; r < 4; r++)
    for (let k = 0; k < 4; k++) out[4 * c + r] += a[4 * k + r] * b[4 * c + k];
  return out;
}

/** Axes of the viewing camera as rows: right, up, backward. */
function axes({ yaw, pitch }) {
  const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  return [[cy, 0, -sy], [sy * sp, cp, cy * sp], [sy * cp, -sp, cy * cp]];
}

function viewMatrix(state) {
  const [right, up, back] = axes(state);
  const eye = eyeOf(state);
  return [right[0], up[0], back[0], 0, right[1], up[1], back[1], 0, right[2], up[2], back[2], 0,
    -dot(right, eye), -dot(up, eye), -dot(back, eye), 1];
}

function projectionMatrix(tangent, aspect, near, far) {
  const s = 1 / tangent;
  return [s / aspect, 0, 0, 0, 0, s, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, 2 * far * near / (near - far), 0];
}

// ---- What is shown, and from where ------------------------------------------------------------------------------------

const start = { yaw: 0, pitch: 0, distance: medianDepth(), target: [0, 0, -medianDepth()] };
let state = { ...start };
let colour = "photo", shape = "surface";
const ends = [];          // grid points being measured between, at most two
let hovered = -1, matrix = null, pending = false;

const eyeOf = (s) => s.target.map((x, i) => x + axes(s)[2][i] * s.distance);

/** Half the vertical opening of the view, so that the whole photo fits at the start. */
function tangent(aspect) {
  const { fx, fy } = scene.camera;
  return 1.02 * Math.max(scene.mapSize[1] / 2 / fy, scene.mapSize[0] / 2 / fx / aspect);
}

// ---- Drawing ----------------------------------------------------------------------------------------------------------

const canvas = el("view");
const gl = canvas.getContext("webgl2", { antialias: true, alpha: true, premultipliedAlpha: true, preserveDrawingBuffer: true });

const VERTEX = `#version 300 es
layout(location = 0) in vec3 position; layout(location = 1) in vec4 normal; layout(location = 2) in vec2 uv;
uniform mat4 matrix; uniform float pointScale;
out vec2 place; out vec3 facing; out float depth;
void main() {
  gl_Position = matrix * vec4(position, 1.0);
  // A sample covers as much as its pixel did, so points close up in front of the camera that took the photo.
  gl_PointSize = clamp(pointScale * -position.z / gl_Position.w, 1.0, 40.0);
  place = uv; facing = normal.xyz; depth = -position.z;
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec2 place; in vec3 facing; in float depth;
uniform sampler2D photo, spectral; uniform int colour; uniform vec2 inverseRange;
out vec4 result;
void main() {
  vec3 shown = texture(photo, place).rgb;
  if (colour == 1) {
    float t = (1.0 / depth - inverseRange.y) / max(inverseRange.x - inverseRange.y, 1e-9);
    shown = texture(spectral, vec2(clamp(t, 0.002, 0.998), 0.5)).rgb;
  }
  if (colour == 2) shown = dot(facing, facing) < 0.1 ? vec3(0.5) : normalize(facing) * 0.5 + 0.5;
  result = vec4(shown, 1.0);
}`;

function program() {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  return made;
}

function buffer(target, data) {
  const made = gl.createBuffer();
  gl.bindBuffer(target, made);
  gl.bufferData(target, data, gl.STATIC_DRAW);
  return made;
}

function texture(unit, upload, minify) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  upload();
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, minify);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  if (minify === gl.LINEAR_MIPMAP_LINEAR) gl.generateMipmap(gl.TEXTURE_2D);
}

let uniforms, surface, points;

function prepare(image) {
  const shader = program();
  gl.useProgram(shader);
  uniforms = Object.fromEntries(["matrix", "pointScale", "photo", "spectral", "colour", "inverseRange"]
    .map((name) => [name, gl.getUniformLocation(shader, name)]));
  buffer(gl.ARRAY_BUFFER, grid.positions);
  gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
  buffer(gl.ARRAY_BUFFER, grid.normals);
  gl.vertexAttribPointer(1, 4, gl.BYTE, true, 0, 0);
  buffer(gl.ARRAY_BUFFER, grid.uv);
  gl.vertexAttribPointer(2, 2, gl.FLOAT, false, 0, 0);
  for (const i of [0, 1, 2]) gl.enableVertexAttribArray(i);
  surface = buffer(gl.ELEMENT_ARRAY_BUFFER, grid.triangles);
  points = buffer(gl.ELEMENT_ARRAY_BUFFER, grid.known);
  texture(0, () => gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, image), gl.LINEAR_MIPMAP_LINEAR);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  texture(1, () => gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, bytes(scene.spectral)), gl.LINEAR);
  gl.uniform1i(uniforms.photo, 0);
  gl.uniform1i(uniforms.spectral, 1);
  gl.uniform2f(uniforms.inverseRange, 1 / scene.range.colourNear, 1 / scene.range.colourFar);
  gl.enable(gl.DEPTH_TEST);
  gl.clearColor(0, 0, 0, 0);
}

/** Where points come to lie on the page, as the state is now. */
function aim() {
  const aspect = innerWidth / innerHeight, reach = norm(eyeOf(state)) + 1.5 * scene.range.far;
  const near = Math.max(reach / 20000, Math.min(0.5 * scene.range.near, 0.2 * state.distance));
  matrix = product(projectionMatrix(tangent(aspect), aspect, near, reach), viewMatrix(state));
}

function draw() {
  pending = false;
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [width, height] = [innerWidth, innerHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  aim();
  gl.viewport(0, 0, canvas.width, canvas.height);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  gl.uniformMatrix4fv(uniforms.matrix, false, matrix);
  gl.uniform1i(uniforms.colour, ["photo", "depth", "normals"].indexOf(colour));
  gl.uniform1f(uniforms.pointScale, 1.3 * canvas.height / 2 / tangent(width / height) * grid.stride / scene.camera.fx);
  const asSurface = shape === "surface" && grid.triangles.length > 0;
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, asSurface ? surface : points);
  if (asSurface) gl.drawElements(gl.TRIANGLES, grid.triangles.length, gl.UNSIGNED_INT, 0);
  else gl.drawElements(gl.POINTS, grid.known.length, gl.UNSIGNED_INT, 0);
  drawOverlay();
}

function redraw() {
  if (!pending) requestAnimationFrame(draw);
  pending = true;
}

// ---- Pointing and measuring -------------------------------------------------------------------------------------------

/** Where a point of the scene is on the page: [x, y, distance from the eye along its axis]; null behind it. */
function onScreen([x, y, z]) {
  const m = matrix;
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  if (w <= 0) return null;
  return [(1 + (m[0] * x + m[4] * y + m[8] * z + m[12]) / w) / 2 * innerWidth,
    (1 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w) / 2 * innerHeight, w];
}

/** The sample under a place of the page: of those within a few pixels, the closest of the frontmost. -1: none. */
function pick(x, y, radius = 14) {
  aim();    // the last frame may be older than the last movement
  const m = matrix, p = grid.positions, near = [];
  const [tx, ty] = [2 * x / innerWidth - 1, 1 - 2 * y / innerHeight];
  const [rx, ry] = [2 * radius / innerWidth, 2 * radius / innerHeight];
  let front = Infinity;
  for (const i of grid.known) {
    const px = p[3 * i], py = p[3 * i + 1], pz = p[3 * i + 2];
    const w = m[3] * px + m[7] * py + m[11] * pz + m[15];
    if (w <= 0) continue;
    const dx = ((m[0] * px + m[4] * py + m[8] * pz + m[12]) / w - tx) / rx;
    const dy = ((m[1] * px + m[5] * py + m[9] * pz + m[13]) / w - ty) / ry;
    const away = dx * dx + dy * dy;
    if (away > 1) continue;
    near.push([i, w, away]);
    if (w < front) front = w;
  }
  let best = -1, least = Infinity;
  for (const [i, w, away] of near) if (w < 1.04 * front && away < least) [best, least] = [i, away];
  return best;
}

/** Relative uncertainty of a sample's depth, as theodolite.inference.length has it. */
const depthSigma = (i) => Math.max(grid.uncertain[i] / 65535, scene.sigmas.leastDepth);

/** The length between two samples and its standard uncertainty; the formula of theodolite.inference.length. */
function measure(a, b) {
  const [p, q] = [point(a), point(b)];
  const step = sub(q, p), length = norm(step);
  const direction = length > 0 ? step.map((x) => x / length) : [0, 0, 1];
  const focal = scene.camera.relSigma * Math.abs(direction[2] * step[2]);
  const [alongP, alongQ] = [dot(direction, p), dot(direction, q)];
  const common = alongQ * depthSigma(b) - alongP * depthSigma(a);
  const own = scene.sigmas.ownDepth * Math.hypot(alongP, alongQ);
  const pixel = [scene.mapSize[0] / scene.photoSize[0] / scene.camera.fx, scene.mapSize[1] / scene.photoSize[1] / scene.camera.fy];
  const pointing = [p, q].map((r) => Math.hypot(direction[0] * pixel[0], direction[1] * pixel[1]) * scene.sigmas.pixel * -r[2]);
  return { length, sigma: Math.hypot(focal, common, own, ...pointing) };
}

function readout(i) {
  const place = el("readout");
  if (i < 0) {
    place.textContent = ends.length === 1 ? "Click the second point." : "Point at the scene for depth; click two points to measure.";
    return;
  }
  const p = point(i), u = i % grid.width * grid.stride, v = Math.floor(i / grid.width) * grid.stride;
  const scale = [scene.photoSize[0] / scene.mapSize[0], scene.photoSize[1] / scene.mapSize[1]];
  const pixel = [u, v].map((x, k) => Math.round((x + 0.5) * scale[k] - 0.5));
  place.replaceChildren(Object.assign(document.createElement("strong"), { textContent: metres(-p[2]) }),
    Object.assign(document.createElement("span"), { textContent: "depth" }),
    Object.assign(document.createElement("span"), { textContent: metres(norm(p)) + " distance" }),
    Object.assign(document.createElement("span"), { textContent: `pixel (${pixel[0]}, ${pixel[1]})` }));
}

function place(circle, spot) {
  circle.classList.toggle("shown", Boolean(spot));
  if (spot) { circle.setAttribute("cx", spot[0]); circle.setAttribute("cy", spot[1]); }
}

function drawOverlay() {
  const spots = ends.map((i) => onScreen(point(i)));
  place(el("end-a"), spots[0]);
  place(el("end-b"), spots[1]);
  place(el("cursor"), hovered >= 0 ? onScreen(point(hovered)) : null);
  const whole = spots.length === 2 && spots[0] && spots[1];
  for (const line of [el("rule"), el("rule-edge")]) {
    line.classList.toggle("shown", Boolean(whole));
    if (whole) ["x1", "y1", "x2", "y2"].forEach((name, k) => line.setAttribute(name, spots[k >> 1][k & 1]));
  }
  el("length").hidden = !whole;
  if (whole) {
    const { length, sigma } = measure(...ends);
    const digits = sigma < 0.01 ? 3 : sigma < 1 ? 2 : sigma < 10 ? 1 : 0;
    el("length").textContent = `${length.toFixed(digits)} ± ${sigma.toFixed(digits)} m`;
    el("length").style.left = (spots[0][0] + spots[1][0]) / 2 + "px";
    el("length").style.top = (spots[0][1] + spots[1][1]) / 2 + "px";
  }
  el("clear").disabled = ends.length === 0;
}

function mark(i) {
  if (i < 0) return;
  if (ends.length === 2) ends.length = 0;
  ends.push(i);
  readout(i);
  redraw();
}

// ---- Moving about -----------------------------------------------------------------------------------------------------

function turn(dx, dy) {
  state.yaw -= dx;
  state.pitch = Math.min(Math.max(state.pitch - dy, -1.55), 1.55);
  redraw();
}

/** Shifts the scene by so many pixels of the page. */
function move(dx, dy) {
  const [right, up] = axes(state), perPixel = 2 * tangent(innerWidth / innerHeight) * state.distance / innerHeight;
  state.target = state.target.map((x, i) => x + (-dx * right[i] + dy * up[i]) * perPixel);
  redraw();
}

function zoom(factor) {
  state.distance = Math.min(Math.max(state.distance / factor, 0.01 * start.distance), 20 * scene.range.far);
  redraw();
}

function listen() {
  const fingers = new Map();
  let travelled = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("moving");
    fingers.set(event.pointerId, event);
    if (fingers.size === 1) travelled = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) {
      hovered = pick(event.clientX, event.clientY);
      readout(hovered);
      return redraw();
    }
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    travelled += Math.abs(dx) + Math.abs(dy);
    hovered = -1;
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
      const apart = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
      zoom(Math.max(apart(event), 1) / Math.max(apart(before), 1));
      move(dx / 2, dy / 2);
    } else if (event.shiftKey || before.buttons & 6) move(dx, dy);
    else turn(dx * 0.006, dy * 0.006);
    fingers.set(event.pointerId, event);
  });
  const lift = (event) => {
    const clicked = event.type === "pointerup" && fingers.size === 1 && travelled < 6 && event.button === 0;
    fingers.delete(event.pointerId);
    if (!fingers.size) canvas.classList.remove("moving");
    if (clicked) mark(pick(event.clientX, event.clientY));
  };
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, lift);
  canvas.addEventListener("pointerleave", () => { hovered = -1; readout(-1); redraw(); });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0012)));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => {
    const i = pick(event.clientX, event.clientY);
    if (i < 0) return;
    ends.length = 0;    // the two clicks it is made of
    // The eye stays where it is and turns, so nothing jumps but the middle of the picture.
    const eye = eyeOf(state), away = sub(eye, point(i));
    state.target = point(i);
    state.distance = norm(away);
    state.yaw = Math.atan2(away[0], away[2]);
    state.pitch = -Math.asin(away[1] / state.distance);
    redraw();
  });
  addEventListener("keydown", onKey);
  addEventListener("resize", redraw);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowLeft: () => turn(0.06, 0), ArrowRight: () => turn(-0.06, 0), ArrowUp: () => turn(0, 0.06), ArrowDown: () => turn(0, -0.06),
    "+": () => zoom(1.15), "=": () => zoom(1.15), "-": () => zoom(1 / 1.15),
    1: () => choose("photo", shape), 2: () => choose("depth", shape), 3: () => choose("normals", shape),
    m: () => choose(colour, shape === "surface" ? "points" : "surface"), r: reset, Escape: clear, "?": help,
  };
  // Enter on a button presses that button; elsewhere it measures.
  if (event.target.tagName !== "BUTTON") keys.Enter = () => mark(pick(innerWidth / 2, innerHeight / 2, 60));
  const action = keys[event.key] || keys[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

// ---- Buttons and words ------------------------------------------------------------------------------------------------

function choose(newColour, newShape) {
  [colour, shape] = [newColour, newShape];
  for (const button of document.querySelectorAll("[data-colour]")) button.setAttribute("aria-pressed", button.dataset.colour === colour);
  for (const button of document.querySelectorAll("[data-shape]")) button.setAttribute("aria-pressed", button.dataset.shape === shape);
  el("legend").hidden = colour !== "depth" || !el("guide").hidden;
  redraw();
}

function reset() { state = { ...start }; redraw(); }
function clear() { ends.length = 0; readout(-1); redraw(); }
function help() {
  el("guide").hidden = !el("guide").hidden;
  el("help").setAttribute("aria-expanded", !el("guide").hidden);
  choose(colour, shape);
}

function describe() {
  const { camera, range } = scene;
  const sources = { given: "given", sidecar: "from a file beside the photo", exif: "from EXIF", estimated: "estimated", assumed: "assumed" };
  const certainty = camera.relSigma ? ` ± ${(100 * camera.relSigma).toPrecision(2)} %` : "";
  const facts = {
    Camera: `${sources[camera.source]}${camera.detail ? ": " + camera.detail : ""}`,
    "Focal length": `${((camera.fx + camera.fy) / 2 * scene.photoSize[0] / scene.mapSize[0]).toFixed(0)} px${certainty}, ${camera.fov[0].toFixed(0)}° wide`,
    Depth: `${metres(range.near)} to ${metres(range.far)}`,
    Photo: `${scene.photoSize[0]} × ${scene.photoSize[1]} px`,
    ...(scene.model && { Model: scene.model }),
  };
  el("name").textContent = scene.name;
  el("card").classList.toggle("assumed", camera.source === "assumed");
  for (const [term, text] of Object.entries(facts))
    el("facts").append(Object.assign(document.createElement("dt"), { textContent: term }), Object.assign(document.createElement("dd"), { textContent: text }));
  const warnings = [...scene.warnings];
  if (camera.source === "assumed" && !warnings.length)
    warnings.push("The focal length is assumed, not known: depths can be wrong by the same factor as it.");
  for (const text of warnings) el("warnings").append(Object.assign(document.createElement("li"), { textContent: text }));
  el("scale-near").textContent = metres(range.colourNear);
  el("scale-far").textContent = metres(range.colourFar);
  const bar = el("scale").getContext("2d"), table = bytes(scene.spectral), pixels = bar.createImageData(256, 1);
  for (let i = 0; i < 256; i++) pixels.data.set([...table.subarray(3 * (255 - i), 3 * (255 - i) + 3), 255], 4 * i);
  bar.putImageData(pixels, 0, 0);
}

/** Settings after the # of the address; `from` and `to` are pixels of the photo to measure between. */
function follow(address) {
  const wish = new URLSearchParams(address.slice(1)), number = (name, other) => wish.has(name) ? Number(wish.get(name)) : other;
  const degrees = Math.PI / 180;
  state.yaw = number("yaw", 0) * degrees;
  state.pitch = number("pitch", 0) * degrees;
  state.distance = start.distance / number("zoom", 1);
  const sample = (text) => {
    const [u, v] = text.split(",").map((x, k) => ((Number(x) + 0.5) * scene.mapSize[k] / scene.photoSize[k] - 0.5) / grid.stride);
    return Math.min(Math.max(Math.round(v), 0), grid.height - 1) * grid.width + Math.min(Math.max(Math.round(u), 0), grid.width - 1);
  };
  for (const name of ["from", "to"]) if (wish.has(name) && grid.positions[3 * sample(wish.get(name)) + 2] < 0) ends.push(sample(wish.get(name)));
  choose(["photo", "depth", "normals"].includes(wish.get("colour")) ? wish.get("colour") : "photo", wish.get("shape") === "points" ? "points" : "surface");
}

function fail(message) {
  el("failure").textContent = message;
  el("failure").hidden = false;
}

function begin(image) {
  prepare(image);
  for (const button of document.querySelectorAll("[data-colour]")) button.addEventListener("click", () => choose(button.dataset.colour, shape));
  for (const button of document.querySelectorAll("[data-shape]")) button.addEventListener("click", () => choose(colour, button.dataset.shape));
  el("reset").addEventListener("click", reset);
  el("clear").addEventListener("click", clear);
  el("help").addEventListener("click", help);
  listen();
  follow(location.hash);
  readout(-1);
  draw();
  document.body.dataset.ready = "true";
}

describe();
if (!gl) fail("This browser has no WebGL 2, so the scene cannot be drawn. Any current browser with graphics acceleration switched on has it.");
else {
  const image = new Image();
  image.onload = () => { try { begin(image); } catch (error) { fail("The scene could not be drawn: " + error.message); } };
  image.onerror = () => fail("The photo inside this page is damaged.");
  image.src = scene.photo;
}
