// One finding. A card has its final size at once, so that cards below never move; its many lines are drawn near the screen.
const SVG = "http://www.w3.org/2000/svg";
const GAP = 16;
const waiting = new Map();
const near = new IntersectionObserver((entries) => {
  entries.filter((entry) => entry.isIntersecting).forEach((entry) => drawNow(entry.target));
}, { rootMargin: "900px 0px" });

function drawWhenNear(element, draw) {
  waiting.set(element, draw);
  near.observe(element);
}

function drawNow(element) {
  waiting.get(element)?.();  // absent when the element was drawn or dropped meanwhile
  waiting.delete(element);
  near.unobserve(element);
}

function drawAll() {
  [...waiting.keys()].forEach(drawNow);
}

function forgetWaiting() {
  near.disconnect();
  waiting.clear();
}

function svg(tag, attributes, parent) {
  const element = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  parent?.append(element);
  return element;
}

function drawPicture(group, side, source, missing) {
  const [width, height] = side.size;
  if (source) {
    svg("image", { href: source, width, height, preserveAspectRatio: "none" }, group);
    return;
  }
  svg("rect", { width, height, class: "absent" }, group);
  svg("text", { x: width / 2, y: height / 2, class: "absent-text" }, group).textContent = missing;
}

function drawOutline(group, outline) {
  if (outline.length < 3) return;
  const points = outline.map((corner) => corner.join(",")).join(" ");
  svg("polygon", { points, class: "outline-under" }, group);
  svg("polygon", { points, class: "outline" }, group);
}

function drawLines(group, lines, up, right) {
  const ordered = [...lines].sort((a, b) => a[3] - b[3]);
  ordered.forEach(([ux, uy, rx, ry], at) => {
    const ends = { x1: ux + up.x, y1: uy + up.y, x2: rx + right.x, y2: ry + right.y };
    const pair = svg("g", { class: "match" }, group);
    pair.style.setProperty("--hue", Math.round((360 * at) / ordered.length));
    svg("line", { ...ends, class: "line-under" }, pair);
    svg("line", { ...ends, class: "line" }, pair);
    svg("circle", { cx: ends.x1, cy: ends.y1, r: 2.6 }, pair);
    svg("circle", { cx: ends.x2, cy: ends.y2, r: 2.6 }, pair);
  });
}

function pairFigure(row, detail, sources) {
  const [uw, uh] = detail.upload.size;
  const [rw, rh] = detail.reference.size;
  const height = Math.max(uh, rh);
  const up = { x: 0, y: (height - uh) / 2 };
  const right = { x: uw + GAP, y: (height - rh) / 2 };
  const outlined = `Upload ${uploadName(row)} beside reference ${row.reference}. The matched regions are outlined.`;
  const root = svg("svg", {
    viewBox: `-2 -2 ${uw + GAP + rw + 4} ${height + 4}`,
    role: "img",
    "aria-label": [outlined, ...detail.views.map((view) => view.said)].filter(Boolean).join(" "),
  });
  root.style.maxWidth = `${uw + GAP + rw + 4}px`;
  const group = ({ x, y }) => svg("g", { transform: `translate(${x} ${y})` }, root);
  drawPicture(group(up), detail.upload, sources.upload, "upload not available");
  drawPicture(group(right), detail.reference, sources.reference, "no pixels kept");
  const lines = svg("g", {}, root);
  const outlines = group(up);
  drawOutline(outlines, detail.upload.outline);
  drawOutline(group(right), detail.reference.outline);
  return { root, lines, outlines, up, right };
}

function picture(source, [width, height]) {
  const image = make("img");
  image.src = source;
  image.alt = "";
  image.style.width = `${width}px`;
  image.style.height = `${height}px`;
  return image;
}

// A figure beside the two pictures: a heading, and an empty box.
function besideFigure(shown, title, about) {
  const figure = document.getElementById("beside").content.firstElementChild.cloneNode(true);
  figure.querySelector(".name strong").textContent = title;
  figure.querySelector(".name span").textContent = about;
  shown.beside.append(figure);
  return { figure, box: figure.querySelector(".picture") };
}

function overlayStage(shown, box, label) {
  const { detail, sources } = shown;
  const stage = make("div", "stage");
  stage.style.setProperty("--width", detail.upload.size[0]);
  stage.style.setProperty("--height", detail.upload.size[1]);
  stage.setAttribute("role", "img");
  stage.setAttribute("aria-label", label);
  const plane = make("div", "plane");
  plane.append(picture(sources.upload, detail.upload.size));
  stage.append(plane);
  box.append(stage);
  return { stage, plane };
}

// A slider that fades the overlay of the upload; the names of both pictures stand at its ends.
function slider(figure, image, over, label) {
  const controls = make("div", "controls");
  const line = make("label");
  const input = make("input");
  input.type = "range";
  Object.assign(input, { min: 0, max: 100, value: 50 });
  input.setAttribute("aria-label", label);
  const fade = () => { image.style.opacity = input.value / 100; };
  input.addEventListener("input", fade);
  fade();
  line.append(make("span", "", "Upload"), input, make("span", "", over));
  controls.append(line);
  figure.append(controls);
  return controls;
}

function toggle(controls, stage, name, label) {
  const button = make("button", name, label);
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(stage.classList.toggle(name)));
  });
  controls.append(button);
}

function joinPoints(view, { pair }) {
  drawWhenNear(pair.root, () => drawLines(pair.lines, view.lines, pair.up, pair.right));
}

function alignedView(view, shown) {
  const { row, detail, sources } = shown;
  const { figure, box } = besideFigure(shown, "Aligned", "Reference laid onto the upload");
  if (!sources.upload || !sources.reference) {
    const why = sources.upload ? "no pixels of the reference are kept" : "the upload is no longer there";
    box.append(make("p", "without", `No overlay: ${why}.`));
    return;
  }
  const said = `Reference ${row.reference} laid onto upload ${uploadName(row)}. ${detail.words}`;
  const { stage, plane } = overlayStage(shown, box, said);
  const warped = picture(sources.reference, detail.reference.size);
  warped.className = view.negative ? "warped negative" : "warped";
  warped.style.transform = `matrix3d(${view.matrix.join(",")})`;
  plane.append(warped);
  const controls = slider(figure, warped, "Reference", "Opacity of the reference, percent");
  toggle(controls, stage, "blink", "Blink");
  toggle(controls, stage, "difference", "Difference");
}

function heatView(view, shown) {
  const { row, detail, sources } = shown;
  const { figure, box } = besideFigure(shown, "Heat", "Where the upload looks like the entity");
  if (!sources.upload) {
    box.append(make("p", "without", "No heat map: the upload is no longer there."));
    return;
  }
  const { plane } = overlayStage(shown, box, `Heat map over upload ${uploadName(row)}. ${detail.words}`);
  const heat = picture(view.map, detail.upload.size);
  heat.className = "warped";
  plane.append(heat);
  slider(figure, heat, "Heat", "Opacity of the heat map, percent");
}

// Time lines, one above the other; two time lines have their matching moments joined. Boxes are drawn on the upload.
function stripView(view, shown) {
  const { box } = besideFigure(shown, view.title, view.about);
  const [width, step, edge] = [400, 70, 12];
  const root = svg("svg", {
    viewBox: `0 0 ${width} ${step * view.rows.length}`, class: "strip", role: "img", "aria-label": `${view.about}. ${shown.detail.words}`,
  });
  const places = view.rows.map(([name, at], row) => {
    const y = step * row + 40;
    const [first, last] = [Math.min(...at), Math.max(...at)];
    const x = at.map((second) => edge + ((width - 2 * edge) * (second - first)) / (last - first || 1));
    svg("text", { x: edge, y: y - 18 }, root).textContent = `${name}, ${first.toFixed(1)} s to ${last.toFixed(1)} s`;
    svg("line", { x1: edge, y1: y, x2: width - edge, y2: y, class: "time" }, root);
    return { x, y };
  });
  const [above, below] = places;
  below?.x.forEach((x, at) => svg("line", { x1: above.x[at], y1: above.y, x2: x, y2: below.y, class: "time" }, root));
  places.forEach(({ x, y }) => x.forEach((cx) => svg("circle", { cx, cy: y, r: 4 }, root)));
  box.append(root);
  (view.boxes ?? []).forEach((outline) => drawOutline(shown.pair.outlines, outline));
}

function excerptView(view, shown) {
  const { box } = besideFigure(shown, "Text", "What the upload says");
  const [before, match, after] = view.pieces;
  const quote = make("blockquote", "excerpt");
  quote.append(before, make("mark", "", match), after);
  box.append(quote);
}

// The drawing functions of the parts of the evidence, by the name that a part gives.
const VIEWS = { lines: joinPoints, aligned: alignedView, heat: heatView, strip: stripView, excerpt: excerptView };

function fillViews(shown) {
  shown.detail.views.forEach((view) => VIEWS[view.draw](view, shown));
  if (shown.beside.childElementCount > 0) return;
  const { box } = besideFigure(shown, "Aligned", "Reference laid onto the upload");
  box.append(make("p", "without", "Nothing is aligned: the pictures resemble each other as a whole."));
}

// Heading of a picture: its role, its file, and its folder on a separate line.
function nameOf(what, path, share) {
  const cut = path.lastIndexOf("/") + 1;
  const box = make("div", "name");
  box.style.flexGrow = share;
  box.title = path;
  const folder = cut ? `${what} in ${path.slice(0, cut)}` : what;
  box.append(make("bdi", "file", path.slice(cut) || path), make("bdi", "folder", folder));
  return box;
}

function fillList(list, rows) {
  list.replaceChildren(...rows.map(([name, value]) => {
    const pair = make("div");
    pair.append(make("dt", "", name), make("dd", "", value));
    return pair;
  }));
}

function fillHead(card, at, row) {
  const verdict = index.uploads[row.u][1];
  card.querySelector("h3").textContent = row.entity;
  card.querySelector("h3").id = `title-${at}`;
  card.setAttribute("aria-labelledby", `title-${at}`);
  const badge = card.querySelector(".badge");
  badge.textContent = row.action;
  badge.classList.add(row.action);
  const tags = [row.gallery, row.kind];
  if (verdict !== row.action) tags.push(`upload: ${verdict}`);
  if (row.by !== null) tags.push(`suppressed by review ${row.by}`);
  card.querySelector(".tags").append(...tags.map((tag) => make("span", "tag", tag)));
  card.querySelector(".score").append(make("span", "", "score "), row.score === null ? "none" : row.score.toFixed(4));
}

function fillEvidence(card, at, row) {
  const detail = block(`finding-${at}`);
  const sources = { upload: block(`upload-${row.u}`), reference: block(`reference-${row.r}`) };
  card.querySelector(".pair .names").append(
    nameOf("Upload", uploadName(row), detail.upload.size[0] + GAP),
    nameOf("Reference", row.reference, detail.reference.size[0]),
  );
  card.querySelector(".pair .names").style.maxWidth = `${detail.upload.size[0] + GAP + detail.reference.size[0] + 4}px`;
  const pair = pairFigure(row, detail, sources);
  card.querySelector(".pair .picture").append(pair.root);
  fillViews({ row, detail, sources, pair, beside: card.querySelector(".besides") });
  card.querySelector(".words").textContent = detail.words;
  fillList(card.querySelector(".facts"), detail.facts);
  fillList(card.querySelector(".figures dl"), detail.figures);
}

function makeCard(at) {
  const row = index.findings[at];
  const card = document.getElementById("card").content.firstElementChild.cloneNode(true);
  card.dataset.finding = at;
  card.classList.toggle("suppressed", row.by !== null);
  fillHead(card, at, row);
  fillEvidence(card, at, row);
  return card;
}
