// Theme before the first paint, and keys that work on every page.
(() => {
  const root = document.documentElement;
  const kept = localStorage.getItem("shoal-theme");
  if (kept) root.dataset.theme = kept;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const tell = () => globalThis.Quasar && Quasar.Dark.set(dark());
  addEventListener("load", tell);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);

  const actions = {
    theme() {
      root.dataset.theme = dark() ? "light" : "dark";
      localStorage.setItem("shoal-theme", root.dataset.theme);
      tell();
    },
  };
  addEventListener("click", (event) => {
    const found = event.target.closest?.("[data-do]");
    if (found) actions[found.dataset.do]?.();
  });

  // Within an open word: arrows go through what may be chosen.
  addEventListener("keydown", (event) => {
    const picker = event.target.closest?.(".picker");
    if (!picker || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    const stops = [...picker.querySelectorAll("input, .option")];
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    event.stopImmediatePropagation();
    stops[Math.min(Math.max(at, 0), stops.length - 1)]?.focus();
  }, true);
  const enter = () => {
    const picker = document.querySelector(".picker:not([data-seen])");
    const first = picker?.querySelector("input, .option");
    if (!first) return;
    picker.dataset.seen = "1";
    const take = () => { if (first.isConnected && !picker.contains(document.activeElement)) first.focus(); };
    take();
    for (const wait of [30, 120, 300]) setTimeout(take, wait); // it may be out of sight, or lose the focus, at first
  };
  new MutationObserver(enter).observe(document.documentElement, { childList: true, subtree: true });

  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");
  const links = () => [...document.querySelectorAll("main a[data-row], main button[data-row]")].filter((one) => one.offsetParent);
  let waiting = "", forget = 0;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const field = document.querySelector("main input[type=search]");
      if (field) { event.preventDefault(); field.focus(); }
      else location.assign("/segments?search");
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp" || event.key === "j" || event.key === "k") {
      const rows = links();
      if (!rows.length || document.querySelector(".q-menu")) return;
      const at = rows.indexOf(document.activeElement);
      const step = event.key === "ArrowDown" || event.key === "j" ? 1 : -1;
      event.preventDefault();
      rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
      return;
    }
    if (event.key.length !== 1) return;
    const target = document.querySelector(`a[data-keys="${waiting}${event.key}"]`);
    clearTimeout(forget);
    if (target) { waiting = ""; target.click(); return; }
    waiting = event.key === "g" ? "g " : "";
    forget = setTimeout(() => { waiting = ""; }, 1500);
  });
})();
