// The inspector's application: it opens on the camera, and judges on the phone.
import { claimed, judge } from "../pc1";
import { show, t, type Known } from "../screen";
import { Camera, ofPhoto, prepare } from "./camera";
import { age, find, sync, trusted } from "./lists";
import { keep, setting } from "./store";

const ENROLMENT = /^PCE1#([0-9]{60,90})$/;
const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const main = element("main"), aim = element("aim"), ready = element("ready"), paste = element<HTMLFormElement>("paste");
const known: Known = JSON.parse(main.dataset.known!);
const camera = new Camera(element<HTMLVideoElement>("video"), (text) => void seen(text));
const AWAY = 2000; // milliseconds without a code after which it counts as shown anew
const held = { text: "", at: 0 };
let waiting = 0, lit = false, last: Promise<void> = Promise.resolve();

/** The root key that a code to enrol with names: a one, and 32 bytes. */
function rootOf(text: string): string | null {
  const digits = ENROLMENT.exec(text)?.[1];
  const hex = digits && BigInt(digits).toString(16);
  return hex?.length === 65 && hex.startsWith("1") ? hex.slice(1) : null;
}

const looksLikeOurs = (text: string) => /^(PC1|https:\/\/[^#]{1,190})#[0-9]+$/.test(text);

/** Whether this code lies before the camera since it was judged: to judge it again, take it away and come back. */
function isHeld(text: string): boolean {
  const now = Date.now(), still = text === held.text && now - held.at < AWAY;
  if (text === held.text) held.at = now;
  return still;
}

/** One text after another. The camera shows the same code many times a second: it is heard only when nobody waits. */
async function seen(text: string, typed = false): Promise<void> {
  if (!typed && (waiting || !paste.hidden || isHeld(text))) return; // who types is not interrupted
  if (!typed) held.text = text;
  waiting++;
  last = last.then(() => judged(text)).finally(() => waiting--);
  await last;
}

async function judged(text: string): Promise<void> {
  const pinned = await setting("root"), root = rootOf(text);
  if (!pinned) {
    if (root) await enrol(root);
    else aim.textContent = t("先扫描登记码，本机才有可信任的公钥", "Scan the code to enrol with first: this phone trusts no key yet");
  } else if (looksLikeOurs(text)) {
    await verdict(text);
  } else {
    aim.textContent = root ? t("本机已登记", "This phone is enrolled already") : t("不是证件二维码", "Not a permit code");
  }
}

async function enrol(root: string): Promise<void> {
  await keep("root", root);
  await refresh();
  aim.textContent = t("已登记。对准证件上的二维码", "Enrolled. Point at the code on the document");
}

async function verdict(text: string): Promise<void> {
  const found = await judge(text, await trusted(), find, Math.floor(Date.now() / 1000), location.host);
  if (!found.claims && known.screens[found.verdict]?.claimed) found.claims = await claimed(text);
  show(found, known, true);
  camera.stop();
  main.dataset.mode = "verdict";
  element("camera").hidden = true;
  element("found").hidden = false;
  navigator.vibrate?.(found.verdict === "GENUINE" && !found.warnings.length ? 60 : [120, 80, 120, 80, 240]);
  element("again").focus();
}

/** Fetch what is new, and say how old what lies here is. */
async function refresh(): Promise<void> {
  if (await setting("root")) await sync().catch(() => undefined); // without a network what lies here counts
  await readiness();
}

async function readiness(): Promise<void> {
  const at = await age(), trust = await trusted();
  if (!(await setting("root"))) ready.textContent = t("尚未登记", "Not enrolled");
  else if (at === null || !trust) ready.textContent = t("没有可用的公钥，请联网同步", "No keys here: sync with a network");
  else {
    const minutes = Math.max(0, Math.round((Date.now() - at) / 60000));
    const old = minutes < 120 ? t(`${minutes} 分钟前`, `${minutes} min old`) : t(`${Math.round(minutes / 60)} 小时前`, `${Math.round(minutes / 60)} h old`);
    ready.textContent = t(`公钥 ${trust.keys.size} 枚，名单 ${old}`, `${trust.keys.size} keys, lists ${old}`);
  }
  main.dataset.ready = String(trust !== null);
}

async function look(): Promise<void> {
  held.at = Date.now();
  paste.hidden = true;
  show(null, known, true);
  main.dataset.mode = "camera";
  element("found").hidden = true;
  element("camera").hidden = false;
  try {
    const running = camera.start();
    running.catch(() => undefined);
    await Promise.race([running, new Promise((done) => setTimeout(done, 1500))]);
    element("torch").hidden = !camera.hasTorch;
  } catch {
    aim.textContent = t("相机不可用：请拍照或输入", "No camera: take a photo, or type");
  }
}

element("again").addEventListener("click", () => void look());
element("type").addEventListener("click", () => {
  paste.hidden = !paste.hidden;
  if (!paste.hidden) element("text").focus();
});
element("torch").addEventListener("click", () => void camera.torch((lit = !lit)));
element<HTMLInputElement>("photo").addEventListener("change", async (event) => {
  const file = (event.target as HTMLInputElement).files?.[0];
  const text = file && (await ofPhoto(file).catch(() => null));
  if (text) await seen(text, true);
  else aim.textContent = t("照片里没有读到码，请靠近并避开反光", "No code found in the photo: go closer, avoid reflections");
});
paste.addEventListener("submit", (event) => {
  event.preventDefault();
  void seen(element<HTMLInputElement>("text").value.trim(), true);
});
addEventListener("online", () => void refresh());

async function start(): Promise<void> {
  await navigator.serviceWorker?.register("/scan/sw.js", { scope: "/scan/" }).catch(() => undefined);
  await prepare(main.dataset.wasm!);
  await refresh();
  await navigator.serviceWorker?.ready;
  main.dataset.installed = "true";
  await look();
}

void start();
