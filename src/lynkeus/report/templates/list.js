// Data blocks, filtering, sorting and paging: this file chooses the findings, other files draw them.
const block = (id) => {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
};

const index = block("index");
const state = { text: "", verdict: "", gallery: "", sort: "score", page: 0 };

const searchable = index.findings.map((row) =>
  [index.uploads[row.u][0], row.entity, row.reference, row.gallery, row.kind].join("\n").toLowerCase());

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;
const uploadName = (row) => index.uploads[row.u][0];
const number = (value, missing) => (value === null ? missing : value);
const orders = {
  score: (a, b) => number(b.score, -Infinity) - number(a.score, -Infinity),
  rate: (a, b) => number(a.rate, 2) - number(b.rate, 2) || number(b.score, -Infinity) - number(a.score, -Infinity),
  upload: (a, b) => byName(uploadName(a), uploadName(b)),
  entity: (a, b) => byName(a.entity, b.entity),
};

function selected() {
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const numbers = [];
  index.findings.forEach((row, at) => {
    if (state.verdict && index.uploads[row.u][1] !== state.verdict) return;
    if (state.gallery && row.gallery !== state.gallery) return;
    if (!words.every((word) => searchable[at].includes(word))) return;
    numbers.push(at);
  });
  const order = orders[state.sort];
  return numbers.sort((a, b) => order(index.findings[a], index.findings[b]) || a - b);
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function fillPager(pager, page, pages, go) {
  pager.hidden = pages < 2;
  const button = (label, target, name) => {
    const element = make("button", "", label);
    element.type = "button";
    element.disabled = target < 0 || target >= pages || target === page;
    element.setAttribute("aria-label", name);
    element.addEventListener("click", () => go(target));
    return element;
  };
  pager.replaceChildren(
    button("« First", pages > 1 && page > 0 ? 0 : -1, "First page"),
    button("‹ Previous", page - 1, "Previous page"),
    make("span", "", `Page ${(page + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`),
    button("Next ›", page + 1, "Next page"),
    button("Last »", page < pages - 1 ? pages - 1 : -1, "Last page"),
  );
}

// A plain table of names, one page at a time.
function listing(id, rows, size) {
  const section = document.getElementById(id);
  section.hidden = rows.length === 0;
  section.querySelector(".count").textContent = rows.length.toLocaleString("en");
  const pages = Math.max(Math.ceil(rows.length / size), 1);
  const show = (page) => {
    section.querySelector("tbody").replaceChildren(...rows.slice(page * size, (page + 1) * size).map((cells) => {
      const line = make("tr");
      cells.forEach((cell) => line.append(make("td", "", cell)));
      return line;
    }));
    fillPager(section.querySelector(".pager"), page, pages, show);
  };
  show(0);
}
