// Reads frames with the phone's own reader and with two others: bench/prints.py writes them, one JSON line answers each.
// A frame on standard input: width and height (32 bits each, little-endian), then a byte of light for each pixel.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const front = new URL("../frontend/", import.meta.url);
const installed = createRequire(new URL("package.json", front));
const from = (name) => import(pathToFileURL(installed.resolve(name)));
const { prepareZXingModule } = await import(new URL("node_modules/zxing-wasm/dist/es/reader/index.js", front));
const { textOf } = await import(new URL("src/scan/reader.ts", front));
const { default: jsqr } = await from("jsqr");
const { decodeQR } = await from("qr/decode.js");
const wasm = new URL("../precursor/static/dist/zxing_reader.wasm", import.meta.url);
await prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer }, fireImmediately: true });

const READERS = {
  phone: textOf,
  jsqr: ({ data, width, height }) => (jsqr.default ?? jsqr)(data, width, height)?.data || null,
  // by default it gives up after a sixtieth of a second, which would make its rate depend on the machine
  qr: (picture) => decodeQR(picture, { timeLimit: 1000 }),
};

async function read(picture) {
  const answer = {};
  for (const [name, reader] of Object.entries(READERS)) {
    const began = performance.now();
    let text = null;
    try { text = await reader(picture); } catch { /* that is how it says that it found none */ }
    answer[name] = [text, performance.now() - began];
  }
  return answer;
}

let left = Buffer.alloc(0);
for await (const part of process.stdin) {
  left = Buffer.concat([left, part]);
  while (left.length >= 8) {
    const width = left.readUInt32LE(0), height = left.readUInt32LE(4), end = 8 + width * height;
    if (left.length < end) break;
    const data = new Uint8ClampedArray(width * height * 4);
    for (let n = 0; n < width * height; n++) data.fill(left[8 + n], n * 4, n * 4 + 3), (data[n * 4 + 3] = 255);
    left = left.subarray(end);
    process.stdout.write(JSON.stringify(await read({ data, width, height })) + "\n");
  }
}
