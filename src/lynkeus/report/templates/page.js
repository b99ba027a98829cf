// The page: toolbar, keys, colours, printing.
const cards = document.getElementById("cards");

function showFindings() {
  const numbers = selected();
  const size = index.findingsAPage;
  const pages = Math.max(Math.ceil(numbers.length / size), 1);
  state.page = Math.min(Math.max(state.page, 0), pages - 1);
  const shown = numbers.slice(state.page * size, (state.page + 1) * size);
  forgetWaiting();
  cards.replaceChildren(...shown.map(makeCard));
  if (shown.length === 0) {
    cards.append(make("p", "empty", index.findings.length === 0
      ? "Nothing protected was found in what could be read." : "No finding fits this filter."));
  }
  const from = state.page * size + 1;
  const count = (value) => value.toLocaleString("en");
  document.getElementById("status").textContent = shown.length === 0 ? ""
    : `${count(from)} to ${count(from + shown.length - 1)} of ${count(numbers.length)}`;
  document.querySelectorAll("[data-pager=findings]").forEach((pager) => fillPager(pager, state.page, pages, goTo));
  return pages;
}

function goTo(page) {
  state.page = page;
  showFindings();
  const heading = document.getElementById("findings");
  heading.scrollIntoView();
  cards.querySelector(".card")?.focus({ preventScroll: true });
}

function listen(id, event) {
  document.getElementById(id).addEventListener(event, (change) => {
    state[id] = change.target.value;
    state.page = 0;
    showFindings();
  });
}

function step(by) {
  const all = [...cards.querySelectorAll(".card")];
  const at = all.indexOf(document.activeElement?.closest(".card"));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "start" });
}

const keys = {
  "/": () => document.getElementById("text").focus(),
  j: () => step(1),
  k: () => step(-1),
  b: () => document.activeElement?.closest(".card")?.querySelector("button.blink")?.click(),
  n: () => document.querySelector("[aria-label='Next page']:not(:disabled)")?.click(),
  p: () => document.querySelector("[aria-label='Previous page']:not(:disabled)")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input[type=search], select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = keys[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

const themes = ["system", "light", "dark"];
const themeNames = { system: "◐ System", light: "○ Light", dark: "● Dark" };
const themeButton = document.getElementById("theme");

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = themeNames[theme];
  themeButton.setAttribute("aria-label", `Colours: ${theme === "system" ? "as the system" : theme}`);
}

themeButton.addEventListener("click", () => {
  const now = themes.indexOf(document.documentElement.dataset.theme ?? "system");
  setTheme(themes[(now + 1) % themes.length]);
});

document.getElementById("toolbar").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeprint", drawAll);
listen("text", "input");
["verdict", "gallery", "sort"].forEach((id) => listen(id, "change"));
listing("unreadable", index.unreadable, index.rowsAPage);
listing("clear", index.clear, index.rowsAPage);
showFindings();
