// One finding: it has its size at once, so that nothing below it moves; the many lines are drawn near the screen.
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
  waiting.get(element)?.();  // none where it was drawn or forgotten meanwhile
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
  const drawn = detail.heat ? "a heat map stands beside them" : detail.lines.length === 0 ? "no matched points" : detail.lines.length < detail.points
    ? `${detail.lines.length} of ${detail.points} matched points joined by lines`
    : `${detail.points} matched points joined by lines`;
  const root = svg("svg", {
    viewBox: `-2 -2 ${uw + GAP + rw + 4} ${height + 4}`,
    role: "img",
    "aria-label": `Upload ${uploadName(row)} beside reference ${row.reference}; the matched region is outlined${detail.heat ? "" : " on both"}, ${drawn}.`,
  });
  root.style.maxWidth = `${uw + GAP + rw + 4}px`;
  const left = svg("g", { transform: `translate(${up.x} ${up.y})` }, root);
  const other = svg("g", { transform: `translate(${right.x} ${right.y})` }, root);
  drawPicture(left, detail.upload, sources.upload, "upload not available");
  drawPicture(other, detail.reference, sources.reference, "no pixels kept");
  const lines = svg("g", {}, root);
  drawWhenNear(root, () => drawLines(lines, detail.lines, up, right));
  drawOutline(svg("g", { transform: `translate(${up.x} ${up.y})` }, root), detail.upload.outline);
  drawOutline(svg("g", { transform: `translate(${right.x} ${right.y})` }, root), detail.reference.outline);
  return root;
}

function picture(source, [width, height]) {
  const image = make("img");
  image.src = source;
  image.alt = "";
  image.style.width = `${width}px`;
  image.style.height = `${height}px`;
  return image;
}

function fillHeat(figure, row, detail, sources) {
  figure.querySelector(".name strong").textContent = "Heat";
  figure.querySelector(".name span").textContent = "Where the upload looks like it";
  if (!sources.upload) {
    figure.querySelector(".picture").replaceChildren(make("p", "without", "No heat map: the upload is no longer there."));
    figure.querySelector(".controls").remove();
    return;
  }
  const stage = figure.querySelector(".stage");
  const plane = fillStage(stage, `Heat map over upload ${uploadName(row)}: ${detail.words}.`, detail, sources);
  const heat = picture(detail.heat, detail.upload.size);
  heat.className = "warped";
  plane.append(heat);
  figure.querySelector("label span:last-of-type").textContent = "Heat";
  fadeBySlider(figure.querySelector("input"), heat, "Opacity of the heat map, percent");
  figure.querySelectorAll("button").forEach((button) => button.remove());
}

function fillStage(stage, label, detail, sources) {
  stage.style.setProperty("--width", detail.upload.size[0]);
  stage.style.setProperty("--height", detail.upload.size[1]);
  stage.setAttribute("role", "img");
  stage.setAttribute("aria-label", label);
  const plane = make("div", "plane");
  plane.append(picture(sources.upload, detail.upload.size));
  stage.append(plane);
  return plane;
}

function fadeBySlider(slider, image, label) {
  slider.setAttribute("aria-label", label);
  const fade = () => { image.style.opacity = slider.value / 100; };
  slider.addEventListener("input", fade);
  fade();
}

function fillOverlay(figure, row, detail, sources) {
  if (detail.heat) {
    fillHeat(figure, row, detail, sources);
    return;
  }
  if (!detail.matrix || !sources.upload || !sources.reference) {
    const why = !detail.matrix ? "No alignment: only the descriptors agree."
      : `No overlay: ${sources.upload ? "no pixels of the reference are kept" : "the upload is no longer there"}.`;
    figure.querySelector(".picture").replaceChildren(make("p", "without", why));
    figure.querySelector(".controls").remove();
    return;
  }
  const stage = figure.querySelector(".stage");
  const said = `Reference ${row.reference} laid onto upload ${uploadName(row)}: ${detail.words}.`;
  const plane = fillStage(stage, said, detail, sources);
  const warped = picture(sources.reference, detail.reference.size);
  warped.className = detail.negative ? "warped negative" : "warped";
  warped.style.transform = `matrix3d(${detail.matrix.join(",")})`;
  plane.append(warped);
  fadeBySlider(figure.querySelector("input"), warped, "Opacity of the reference, percent");
  for (const name of ["blink", "difference"]) {
    const button = figure.querySelector(`button.${name}`);
    button.addEventListener("click", () => {
      const on = stage.classList.toggle(name);
      button.setAttribute("aria-pressed", String(on));
    });
  }
}

// Heading of a picture: what it is, its file, and the folder on a line of its own.
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
  card.querySelector(".pair .picture").append(pairFigure(row, detail, sources));
  fillOverlay(card.querySelector(".aligned"), row, detail, sources);
  card.querySelector(".words").textContent = detail.words.charAt(0).toUpperCase() + detail.words.slice(1) + ".";
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
