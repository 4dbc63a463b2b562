// The icons that pages use, as one sprite: <svg class="i"><use href="/static/dist/icons.svg#alert"/></svg>
import { readFileSync, writeFileSync } from "node:fs";

const NAMES = {
  alert: "triangle-alert", building: "building-2", calendar: "calendar-check", check: "check", chevron: "chevron-right",
  clock: "clock", file: "file-text", gauge: "gauge", key: "key-round", list: "list-checks", menu: "menu", print: "printer",
  left: "chevron-left", log_out: "log-out", flow: "waypoints",
};

const symbols = Object.entries(NAMES).map(([id, name]) => {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
  const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace(/<\/svg>\s*$/, "");
  return `<symbol id="${id}" viewBox="0 0 24 24">${inner.replace(/\s+/g, " ").trim()}</symbol>`;
});
writeFileSync("../precursor/static/dist/icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
