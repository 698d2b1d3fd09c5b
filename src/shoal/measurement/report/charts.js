(() => {
  "use strict";
  const root = document.documentElement;
  const token = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const resolved = (value) => {
    if (typeof value === "string")
      return value
        .replace(/var\((--[a-z-]+)\)/g, (_, name) => token(name))
        .replace(/soft\((--[a-z-]+)\)/g, (_, name) => token(name) + "24"); // 14 % of a six-digit colour
    if (Array.isArray(value)) return value.map(resolved);
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolved(part)]));
    return value;
  };
  const settings = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };
  const draw = () => {
    for (const plot of document.querySelectorAll(".plot")) {
      const figure = resolved(JSON.parse(plot.nextElementSibling.textContent));
      Plotly.react(plot, figure.data, figure.layout, settings);
    }
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  const closed = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  addEventListener("beforeprint", () => {
    root.classList.add("printing");
    opened = [...closed()];
    opened.forEach((part) => { part.open = true; });
    draw();
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printing");
    opened.forEach((part) => { part.open = false; });
    draw();
  });
})();
