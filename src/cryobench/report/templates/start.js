// Tabs, light and dark, printing; runs last.
const tabs = all("[role=tab]");
function openTab(tab, focus) {
  tabs.forEach((each) => {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
  });
  if (focus) tab.focus();
}
tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => {
    openTab(tab);
    const panel = document.getElementById(tab.getAttribute("aria-controls"));
    if (panel.getBoundingClientRect().top < 0 || panel.getBoundingClientRect().top > innerHeight / 2) panel.scrollIntoView();
  });
  tab.addEventListener("keydown", (event) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    openTab(tabs[(to + tabs.length) % tabs.length], true);
  });
});
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const panel = target && target.closest("section.panel");
  if (panel && panel.hidden) { openTab(document.getElementById(panel.id + "-tab")); target.scrollIntoView(); }
}
addEventListener("hashchange", openTarget);
openTarget();

const themes = ["auto", "light", "dark"], themeButton = document.getElementById("theme");
themeButton.addEventListener("click", () => {
  const next = themes[(themes.indexOf(root.dataset.theme || "auto") + 1) % 3];
  if (next === "auto") delete root.dataset.theme; else root.dataset.theme = next;
  themeButton.textContent = "Theme: " + next;
  repaint();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

// On paper the page is light, and every dataset and figure is there.
function unfold() {
  root.classList.add("printing");
  all("details:not([open])").forEach((details) => { details.open = true; details.dataset.folded = ""; });
  return drawEverything().then(repaint);
}
addEventListener("beforeprint", unfold);
addEventListener("afterprint", () => {
  root.classList.remove("printing");
  all("details[data-folded]").forEach((details) => { details.open = false; delete details.dataset.folded; });
  repaint();
});
document.getElementById("print").addEventListener("click", () => unfold().then(() => requestAnimationFrame(() => print())));
root.dataset.ready = "true";
