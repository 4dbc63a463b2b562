// Bundle scripts and styles, and collect the icons that pages use: node build.mjs
import { build } from "esbuild";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const OUT = "../precursor/static/dist";

// id in pages: name in lucide. <svg class="i"><use href="/static/dist/icons.svg#alert"/></svg>
const ICONS = {
  alert: "triangle-alert", building: "building-2", calendar: "calendar-check", check: "check", chevron: "chevron-right",
  clock: "clock", download: "download", search: "search", home: "house", qr: "qr-code", plus: "plus", file: "file-text", flow: "waypoints", gauge: "gauge", key: "key-round", left: "chevron-left",
  list: "list-checks", log_out: "log-out", menu: "menu", print: "printer", undo: "undo-2", shield: "shield-check",
  valid: "circle-check", hourglass: "hourglass", stop: "octagon-minus", forged: "shield-x", over: "arrow-big-up-dash", unsure: "circle-question-mark",
};

await build({
  entryPoints: ["src/app.ts", "src/v.ts", "src/app.css", "src/scan.css", { in: "src/scan/main.ts", out: "scan-app" }, { in: "src/scan/sw.ts", out: "sw" }], bundle: true, minify: true, target: "chrome109", outdir: OUT, logLevel: "warning",
});

const symbols = Object.entries(ICONS).map(([id, name]) => {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
  const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace(/<\/svg>\s*$/, "");
  return `<symbol id="${id}" viewBox="0 0 24 24">${inner.replace(/\s+/g, " ").trim()}</symbol>`;
});
writeFileSync(`${OUT}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
copyFileSync("node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", `${OUT}/zxing_reader.wasm`);
copyFileSync("src/mark.svg", `${OUT}/mark.svg`);
