// The inspector's application: it opens on the camera, judges on the phone, and writes down what was found.
import { claimed, judge, type Claims } from "../pc1";
import { show, t, type Found, type Known } from "../screen";
import { Camera, ofPhoto, prepare } from "./camera";
import { now, own as ownClock, passed } from "./clock";
import { append, device, enrol, isLocked, send, waiting, type Members } from "./device";
import { arrived, byNumber, due, fetchExtract, firms, matching, takeExtract, type Due } from "./extract";
import { allowed, compare, permitOf, platesOf, seenBefore } from "./findings";
import { blame, counted as linesOf, counting, differing, filled, outbox, shrunk } from "./forms";
import { looked, marked, type Presence } from "./labels";
import { age, find, sync, takeFile, trusted } from "./lists";
import { shift, told } from "./shift";
import { keep, setting } from "./store";

const ENROLMENT = /^PCE1#([0-9]{100,140})$/;
const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const main = element("main"), aim = element("aim"), ready = element("ready"), paste = element<HTMLFormElement>("paste");
const known: Known = JSON.parse(main.dataset.known!);
const camera = new Camera(element<HTMLVideoElement>("video"), (text) => seen(text));
const AWAY = 2000; // milliseconds without a code after which it counts as shown anew
const SOON = 15_000; // milliseconds between two attempts to send
type Syncing = ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }; // not in every browser
const held = { text: "", at: 0 };
let pending = 0, lit = false, last: Promise<void> = Promise.resolve();
/** What the form that is being filled in is about: the scan as it is logged, and its claims. */
let about: { scan: Members; claims: Claims | null; place: Members | undefined } = { scan: { verdict: "NONE" }, claims: null, place: undefined };
let where: GeolocationPosition | null = null;
let sticker: { text: string; shown: Presence } = { text: "", shown: "unknown" };

/** Root key and secret that a code to enrol with names: a one, 32 bytes, 16 bytes. */
function enrolmentOf(text: string): { root: string; secret: string } | null {
  const digits = ENROLMENT.exec(text)?.[1];
  const hex = digits && BigInt(digits).toString(16);
  return hex?.length === 97 && hex.startsWith("1") ? { root: hex.slice(1, 65), secret: hex.slice(65) } : null;
}

const looksLikeOurs = (text: string) => /^(PC1|https:\/\/[\x21\x22\x24-\x7e]{1,190})#[0-9]+$/.test(text);
const LONGEST = 2700; // characters of a code that the log keeps; no token is longer

/** Whether this code lies before the camera since it was judged: to judge it again, take it away and come back. */
function isHeld(text: string): boolean {
  const at = Date.now(), still = text === held.text && at - held.at < AWAY;
  if (text === held.text) held.at = at;
  return still;
}

/** One text after another. The camera shows the same code many times a second: it is heard only when nobody waits. */
async function seen(text: string, typed = false): Promise<void> {
  if (!typed && (pending || !paste.hidden || isHeld(text))) return; // who types is not interrupted
  if (!typed) held.text = text;
  pending++;
  last = last.then(() => judged(text, typed)).catch(failed).finally(() => pending--);
  await last;
}

/** Nothing was judged: say so, and be ready for the next. */
function failed(error: unknown): void {
  held.text = "";
  aim.textContent = t("没有判定：手机存储已满或数据有误。请腾出空间、同步后再扫", "Not judged: this phone is full, or its data is damaged. Make room, sync, scan again");
  if (main.dataset.mode !== "camera") void look();
  console.error(error);
}

async function judged(text: string, typed: boolean): Promise<void> {
  const pinned = await setting("root"), code = enrolmentOf(text), locked = await isLocked();
  if (locked && !code) aim.textContent = t("本机已锁定。解除须扫描新的登记码", "This phone is locked. To use it, scan a new code to enrol with");
  else if (!pinned || locked || !(await device())) {
    if (code) await enrolled(code);
    else aim.textContent = t("先扫描登记码，本机才有可信任的公钥", "Scan the code to enrol with first: this phone trusts no key yet");
  } else if (looksLikeOurs(text)) await verdict(text);
  else if (marked(text)) await labelled(text);
  else if (code) aim.textContent = t("本机已登记", "This phone is enrolled already");
  else if (typed && /^[\p{L}\p{N}._〔〕()（）·-]{4,64}$/u.test(text)) await lookedUp(text);
  else aim.textContent = t("不是证件二维码", "Not a permit code");
}

async function enrolled({ root, secret }: { root: string; secret: string }): Promise<void> {
  const pinned = await setting("root");
  if (pinned && pinned !== root) {
    aim.textContent = t("登记码不是本机构的", "The code is of another installation");
    return;
  }
  try {
    const refused = await enrol(secret);
    if (refused) aim.textContent = refused;
    else {
      await keep("root", root);
      paste.hidden = true;
      held.text = ""; // what lies before the camera is judged now
      await refresh();
      const { person, account } = (await device())!;
      aim.textContent = t(`已登记为 ${person}（${account}）。对准证件上的二维码`, `Enrolled for ${person} (${account}). Point at the code on the document`);
      locate();
    }
  } catch {
    aim.textContent = t("登记须联网一次，请在有网络处重扫", "To enrol takes a network once: scan again where there is one");
  }
}

// ------------------------------------------------------------------ verdict

async function verdict(text: string): Promise<void> {
  sticker = { text: "", shown: "unknown" };
  const { at, isBehind } = await now(), trust = await trusted();
  const found: Found & { token?: string | null } = await judge(text, trust, find, at, location.host);
  const proved = found.claims ?? null;
  if (!found.claims && known.screens[found.verdict]?.claimed) found.claims = await claimed(text);
  found.findings = isBehind && !["FORGED", "REVOKED"].includes(found.verdict) ? ["CLOCK"] : [];
  if (proved && found.token && (await seenBefore(proved, found.token, null, ownClock()))) found.findings.push("CLONE");
  const over = proved && (await arrived(String(proved.get(2))));
  if (over) found.findings.push("TRIP_USED");
  about = { scan: scanOf(text, found, trust?.sequence), claims: proved, place: placed() };
  await append("scan", { scan: about.scan, ...(about.place ? { place: about.place } : {}) });
  await passed(ownClock());
  show(found, known, true);
  const most = proved && trust && (await allowed(proved, trust));
  if (most?.asOf) {
    const kilos = (most.grams / 1000).toLocaleString("en");
    said(t("余量", "Left"), `${kilos} kg${t("，截至 ", ", as of ")}${clock(most.asOf)}`, true);
    if (found.verdict === "GENUINE") element("todo").textContent += t(`本车最多 ${kilos} kg。`, ` At most ${kilos} kg on board.`);
  }
  if (over) said(t("已到货", "Arrived"), `${over.day} ${over.place}`);
  if (found.verdict === "REVOKED" && proved) {
    const ended = (await byNumber(String(permitOf(proved).get(14) ?? proved.get(2))))?.document?.ended;
    const who = known.authorities[String(proved.get(1))] ?? String(proved.get(1));
    if (ended) said(t("吊销", "Revoked"), t(`${who}，最后有效日 ${ended}`, `by ${who}; last good day ${ended}`));
  }
  const parent = proved && permitOf(proved).get(14);
  if (parent) {
    const looked = await byNumber(String(parent));
    said(t("上位证件", "Document"), `${String(parent)}${t("，第 ", ", trip ")}${permitOf(proved).get(15)}${t(" 车次", "")}`);
    if (looked?.document) said(t("证件余量", "Left on it"), `${looked.document.left}${t("，截至 ", ", as of ")}${clock(looked.asOf)}`);
  }
  advise(proved);
  const isGood = found.verdict === "GENUINE" && !found.warnings.length && !found.findings.length;
  element("pass").hidden = !isGood;
  shown();
  signal(isGood);
  await count();
  void send().then(count, () => undefined);
}

function scanOf(text: string | undefined, found: Found, trust: number | undefined): Members {
  return {
    ...(text ? { text: text.slice(0, LONGEST) } : {}), verdict: found.verdict,
    ...(found.warnings.length ? { warnings: found.warnings } : {}), ...(found.findings?.length ? { findings: found.findings } : {}),
    ...(trust !== undefined ? { trust } : {}), ...(found.asOf != null ? { as_of: found.asOf } : {}),
  };
}

/** A number or a plate without a code proves nothing: what the area's extract says of it is shown as unconfirmed. */
async function lookedUp(typed: string): Promise<void> {
  const some = await matching(typed);
  if (!some) {
    aim.textContent = t("本机没有证件摘录，请先同步", "No extract of documents here: sync first");
    return;
  }
  const choice = element("choice");
  choice.replaceChildren();
  if (some.length > 1) {
    for (const number of some) {
      const button = document.createElement("button");
      [button.type, button.className, button.textContent] = ["button", "bb plain wide", number];
      button.addEventListener("click", () => void lookedUp(number));
      choice.append(button);
    }
    aim.textContent = t(`有 ${some.length} 个证件符合，请选`, `${some.length} documents fit: choose`);
    return;
  }
  const number = some[0] ?? typed, found = (await byNumber(number))!;
  about = { scan: { number, verdict: "NONE" }, claims: null, place: placed() };
  element("pass").hidden = true;
  show({ verdict: "STATUS_MISSING", warnings: [] }, known, true);
  element("why").textContent = found.document
    ? t("摘录中有此证，但没有验签：请看证件上的二维码。", "The extract has this document, but no signature was checked: look at its code.")
    : t("摘录中没有此证号。", "The extract has no such number.") + (found.isCut ? t("摘录不全，请致电核实。", " It is not complete: call to make sure.") : "");
  element("verdict").dataset.verdict = "NUMBER";
  element("facts").replaceChildren();
  if (found.document) {
    const { number: no, kind, holder, substance, quantity, left, until, plates, state } = found.document;
    for (const [name, value] of [[t("证号", "Number"), no], [t("证件", "Document"), known.kinds?.[kind] ?? kind], [t("持证", "Holder"), holder], [t("货物", "Goods"), `${substance} ${quantity}`], [t("余量", "Left"), left], [t("有效期至", "Until"), until], [t("车牌", "Plates"), plates.join(t("、", ", "))], [t("状态", "State"), known.states?.[state] ?? state], [t("截至", "As of"), clock(found.asOf)]] as const) if (value) said(name, value);
  }
  advise(null);
  shown();
  signal(false);
}

/** A container in a store: what the books say of it, written down before anybody touches a button. */
async function labelled(text: string): Promise<void> {
  const found = await looked(text, known);
  if (!found) {
    held.text = ""; // judged as soon as there is one
    aim.textContent = t("本机没有标签摘录，请先同步", "No extract of labels here: sync first");
    return;
  }
  sticker = { text, shown: found.presence };
  await inStore("seen");
  show({ verdict: `LABEL_${found.presence.toUpperCase()}`, warnings: [] }, known, true);
  if (found.presence === "unknown" && found.isCut) element("why").textContent += t("摘录不全，请致电核实。", " The extract is not complete: call to make sure.");
  element("facts").replaceChildren();
  for (const [name, value] of found.facts) said(name, value);
  said(t("截至", "As of"), clock(found.asOf));
  element("pass").hidden = true;
  advise(null);
  shown();
  element("counted").hidden = found.presence === "unknown";
  element("acts").hidden = found.presence !== "unknown";
  (found.presence === "unknown" ? element("again") : element("same")).focus();
  signal(found.presence === "here");
}

async function inStore(result: "seen" | "match" | "mismatch"): Promise<void> {
  const place = placed();
  await append("store", { store: { ...sticker, result }, ...(place ? { place } : {}) });
  await count();
  void send().then(count, () => undefined);
}

async function counted(result: "match" | "mismatch"): Promise<void> {
  await inStore(result);
  await look();
  aim.textContent = result === "match" ? t("已登记：数量相符。对准下一个标签", "Recorded: it agrees. Point at the next label") : t("已登记：不符，将立案。详情请在“检查”中登记", "Recorded: it does not agree; a case will be opened. Say more under Visit");
}

async function handedOver(): Promise<void> {
  const { count: entries, waiting: left, cases } = await shift();
  await append("handover", { handover: { count: entries, waiting: left, cases: cases.size } });
  const done = t("已签名交班。", "Handed over, signed.");
  await openOutbox(done);
  await send().catch(() => undefined);
  if (main.dataset.mode === "outbox") await openOutbox(done);
}

function said(name: string, value: string, isAfterGoods = false): void {
  const dt = document.createElement("dt"), dd = document.createElement("dd");
  [dt.textContent, dd.textContent] = [name, value];
  const goods = isAfterGoods && element("facts").querySelector("dd.strong");
  if (goods) goods.after(dt, dd);
  else element("facts").append(dt, dd);
  element("facts").hidden = false;
}

const clock = (seconds: number) => new Date((seconds + 8 * 3600) * 1000).toISOString().slice(5, 16).replace("T", " ");

/** What a substance looks like and does, for one who is no chemist. */
function advise(claims: Claims | null): void {
  const box = element("help"), list = box.querySelector("dl")!;
  list.replaceChildren();
  const codes = claims ? (permitOf(claims).get(6) as unknown[][]).map(([code]) => String(code)) : [];
  const advice = codes.map((code) => known.help?.[code]).find(Boolean);
  box.hidden = !advice;
  if (!advice) return;
  for (const [name, label] of [["looks", t("外观", "Looks")], ["hazard", t("危险", "Hazard")], ["uses", t("合法用途", "Lawful uses")], ["photograph", t("拍什么", "Photograph")]] as const) {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    [dt.textContent, dd.textContent] = [label, advice[name]!];
    list.append(dt, dd);
  }
}

/** Felt and heard as well as seen: short for go, long for stop. */
function signal(isGood: boolean): void {
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return; // browsers allow neither before a tap
  navigator.vibrate?.(isGood ? 60 : [120, 80, 120, 80, 240]);
  try {
    const audio = new AudioContext(), tone = audio.createOscillator(), loud = audio.createGain();
    tone.frequency.value = isGood ? 880 : 220;
    loud.gain.value = 0.2;
    tone.connect(loud).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + (isGood ? 0.12 : 0.6));
    tone.onended = () => void audio.close();
  } catch { /* a phone without sound still shows it */ }
}

// ------------------------------------------------------------------ screens

const SCREENS = ["camera", "found", "check", "visit", "outbox"];

function turn(to: string): void {
  for (const name of SCREENS) element(name).hidden = name !== to;
  main.dataset.mode = to === "found" ? "verdict" : to;
  if (to !== "camera") camera.stop();
  if (to !== "found") main.dataset.look = "none";
  scrollTo(0, 0);
}

function shown(): void {
  const look = main.dataset.look;
  element("counted").hidden = true;
  element("acts").hidden = false;
  turn("found");
  main.dataset.look = look;
  element("word").focus({ preventScroll: true }); // the first thing to be read, and to be heard
}

async function look(): Promise<void> {
  held.at = Date.now();
  paste.hidden = true;
  show(null, known, true);
  turn("camera");
  try {
    const running = camera.start();
    running.catch(() => undefined);
    await Promise.race([running, new Promise((done) => setTimeout(done, 1500))]);
    element("torch").hidden = !camera.hasTorch;
  } catch {
    aim.textContent = t("相机不可用：请拍照或输入", "No camera: take a photo, or type");
  }
}

/** Where one is, when nobody typed it: the place typed last, else the county and that it was located. */
async function usualPlace(): Promise<string> {
  const kept = await setting<string>("where"), own = await device();
  return kept ?? (where ? t("按定位", "by satellite") : "") + (own ? ` ${own.area.name}` : "");
}

/** Genuine, and what is before one is what the code says: one tap records it, and the camera is open again. */
async function pass(): Promise<void> {
  const own = await device(), claims = about.claims;
  if (!own || !claims) return look();
  const typed: Members = { county: (own.counties.find((one) => one.id === own.area.id) ?? own.counties[0])!.id, plate: platesOf(claims)[0] ?? "--", where: (await usualPlace()).trim() || "--", items: { plate: "ok", goods: "ok", people: "ok" }, result: "pass", officers: [] };
  await append("check", { scan: about.scan, check: typed, ...(about.place ? { place: about.place } : {}) });
  await count();
  void send().then(count, () => undefined);
  await look();
  aim.textContent = t("已登记放行。对准下一张", "Recorded, released. Point at the next");
}

async function openCheck(): Promise<void> {
  const own = await device(), form = element<HTMLFormElement>("check-form");
  if (!own || (await isLocked())) return look();
  form.reset();
  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const counties = form.elements.namedItem("county") as HTMLSelectElement;
  counties.replaceChildren(...own.counties.map((one) => new Option(one.name, one.id)));
  const claims = about.claims;
  element("about").textContent = claims ? `${String(claims.get(2))}` : t("没有证件二维码", "No code of a document");
  const stated: Record<string, string> = claims
    ? { plate: platesOf(claims).join(t("、", ", ")), route: ((permitOf(claims).get(11) as unknown[]) ?? []).map((code) => known.areas?.[String(code)] ?? String(code)).join(" → "), goods: (permitOf(claims).get(6) as unknown[][]).map(([code]) => known.substances?.[String(code)] ?? String(code)).join(t("、", ", ")) }
    : {};
  for (const place of form.querySelectorAll<HTMLElement>("[data-stated]")) place.textContent = stated[place.dataset.stated!] ? t(`证上：${stated[place.dataset.stated!]}`, `Stated: ${stated[place.dataset.stated!]}`) : "";
  field("where").value = (await usualPlace()).trim();
  field("plate").value = claims ? (platesOf(claims)[0] ?? "") : "";
  turn("check");
  await compared();
  element("check-h").focus();
}

/** Say at once what the load and the plate do not agree with. */
async function compared(): Promise<string[]> {
  const found = await compare(about.claims, !about.scan.text && !about.scan.number, await trusted(), new FormData(element<HTMLFormElement>("check-form")), known.means ?? {});
  const line = element("warnline");
  line.hidden = !found.length;
  line.textContent = found.map((code) => known.said[code]).join(t("；", "; "));
  return found;
}

async function openVisit(): Promise<void> {
  if (!(await device()) || (await isLocked())) return look();
  const wanted = await due(), late = wanted.filter((one) => one.isLate).length, others = await firms();
  for (const one of wanted) others.delete(one.enterprise);
  element<HTMLFormElement>("visit-form").reset();
  element("firms").replaceChildren(...wanted.map((one) => new Option(`${one.name} ${one.grade}`, one.enterprise)), ...[...others].map(([id, { name }]) => new Option(name, id)));
  element("last").textContent = "";
  counting(element("counts"), []);
  element("due").textContent = t(`应检 ${wanted.length} 家，其中逾期 ${late} 家`, `To be visited: ${wanted.length}, late: ${late}`);
  about = { scan: { verdict: "NONE" }, claims: null, place: placed() };
  turn("visit");
}

/** The enterprise was chosen: how its last visit ended, and what should lie in its stores. */
async function chosen(): Promise<void> {
  const form = element<HTMLFormElement>("visit-form"), all = await firms(), id = numberOf(form, all);
  const wanted: Due | undefined = (await due()).find((one) => one.enterprise === id), firm = all.get(id);
  const result = wanted?.result && form.querySelector<HTMLOptionElement>(`[name=result] option[value="${CSS.escape(wanted.result)}"]`)?.text;
  const last = wanted?.last ? t(`上次 ${wanted.last}`, `Last visit ${wanted.last}`) + (result ? t("，", ": ") + result : "") : t("尚未检查过", "Never visited");
  const until = wanted ? t(`应于 ${wanted.until} 前检查。${last}`, `To be visited by ${wanted.until}. ${last}`) : "";
  element("last").textContent = [firm && t(`${firm.name}（${id}）。`, `${firm.name} (${id}).`), until].filter(Boolean).join(" ");
  counting(element("counts"), firm?.holdings ?? []);
}

/** The number of the enterprise that was chosen or typed, by number or by name. */
function numberOf(form: HTMLFormElement, all: Map<string, { name: string }>): string {
  const typed = (form.elements.namedItem("enterprise") as HTMLInputElement).value.trim();
  return [...all].find(([id, { name }]) => id === typed || name === typed)?.[0] ?? typed;
}

async function submit(kind: "check" | "visit", form: HTMLFormElement, pressed: HTMLElement | null): Promise<void> {
  const { said: typed, wrong, photos } = filled(form);
  blame(form, wrong?.field ?? null, t(`请填写：${wrong?.label}`, `Please fill in: ${wrong?.label}`));
  if (wrong) return;
  const members: Members = { [kind]: typed };
  if (kind === "visit") {
    const { lines, bad } = linesOf(form), all = await firms();
    if (bad) return blame(form, bad, t("实点须为数，如 118.5", "What was counted is a number, such as 118.5"));
    if (lines.length) typed.counts = lines;
    typed.enterprise = numberOf(form, all);
    if (all.size && !all.has(typed.enterprise as string)) return blame(form, form.elements.namedItem("enterprise") as HTMLElement, t("本辖区没有这家企业：从名单中选", "No such enterprise in this area: choose one of the list"));
  }
  if (kind === "check") {
    typed.result = (pressed as HTMLButtonElement | null)?.value ?? "fault";
    const findings = [...new Set([...((about.scan.findings as string[]) ?? []), ...(await compared())])];
    const isGood = about.scan.verdict === "GENUINE" && !findings.length;
    if (typed.result === "pass" && !isGood && !typed.note) return blame(form, form.elements.namedItem("note") as HTMLElement, t("有不符而放行：请在备注写明理由", "Released though something differs: say why in the note"));
    await keep("where", typed.where);
    members.scan = { ...about.scan, ...(findings.length ? { findings } : {}) };
  }
  if (about.place) members.place = about.place;
  await append(kind, members, await Promise.all(photos.map(shrunk)));
  await openOutbox(t("已存在本机，有网络时自动上传。", "Kept on this phone; sent when there is a network."));
  await send().catch(() => undefined);
  if (main.dataset.mode === "outbox") await openOutbox(); // who has gone on is not called back
}

async function openOutbox(words = ""): Promise<void> {
  turn("outbox");
  element("shift").textContent = told(await shift(), known);
  await count();
  if (words) element("outbox-said").textContent = words;
}

async function count(): Promise<void> {
  const left = await waiting(), button = element("outbox-open");
  if (main.dataset.mode === "outbox") await outbox(element("olist"), known, await firms()); // sent behind the open list
  button.hidden = !(await device());
  button.textContent = left ? t(`待传 ${left}`, `${left} to send`) : t("记录", "Records");
  main.dataset.waiting = String(left);
  if (left) void navigator.serviceWorker?.ready.then((own) => (own as Syncing).sync?.register("send")).catch(() => undefined);
  element("outbox-said").textContent = left ? t(`${left} 条待上传`, `To be sent: ${left}`) : t("全部已上传", "Everything was sent");
}

// ------------------------------------------------------------------ background

function placed(): Members | undefined {
  if (!where) return undefined;
  const { latitude, longitude, accuracy } = where.coords;
  return { latitude: Math.round(latitude * 1e6), longitude: Math.round(longitude * 1e6), accuracy: Math.min(1_000_000, Math.round(accuracy)) };
}

function locate(): void {
  navigator.geolocation?.watchPosition((found) => (where = found), () => (where = null), { enableHighAccuracy: true, maximumAge: 60_000 });
}

/** Fetch what is new, send what waits, and say how old what lies here is. */
async function refresh(): Promise<void> {
  ready.ariaBusy = "true";
  const own = await device();
  if (own) {
    await send().catch(() => undefined); // without a network what lies here counts
    if (!(await isLocked())) {
      await sync().catch(() => undefined);
      await fetchExtract(own).catch(() => undefined);
    }
  }
  await readiness();
  await count();
  ready.ariaBusy = "false";
}

/** Ready for a shift: keys, age of the lists, clock, what waits, room. */
async function readiness(): Promise<void> {
  const at = await age(), trust = await trusted(), locked = await isLocked();
  const { isBehind } = await now(), room = await navigator.storage?.estimate?.().catch(() => null);
  const hours = at === null ? Infinity : (Date.now() - at) / 3_600_000;
  let light = "ok";
  if (locked) [light, ready.textContent] = ["bad", t("本机已锁定", "This phone is locked")];
  else if (!(await device())) [light, ready.textContent] = ["bad", t("尚未登记", "Not enrolled")];
  else if (!trust || at === null) [light, ready.textContent] = ["bad", t("没有可用的公钥，请联网同步", "No keys here: sync with a network")];
  else if (await setting("clock")) [light, ready.textContent] = ["bad", t("手机时钟与登记系统相差太多，请校准后再上传", "The phone's clock is far out: set it, then send")];
  else if (isBehind) [light, ready.textContent] = ["bad", t("手机时钟慢了，请校准", "The phone's clock is behind: set it")];
  else {
    const minutes = Math.max(0, Math.round(hours * 60));
    const old = minutes < 120 ? t(`${minutes} 分钟前`, `${minutes} min old`) : t(`${Math.round(hours)} 小时前`, `${Math.round(hours)} h old`);
    if (hours > 24) light = "warn";
    const full = room?.quota && room.usage !== undefined && room.quota - room.usage < 50_000_000;
    if (full) light = "warn";
    ready.textContent = (navigator.onLine ? "" : t("离线，", "Offline, ")) + t(`公钥 ${trust.keys.size} 枚，名单 ${old}`, `${trust.keys.size} keys, lists ${old}`) + (full ? t("，空间不足", ", little room") : "");
  }
  ready.dataset.light = light;
  main.dataset.ready = String(trust !== null && !locked);
}

element("again").addEventListener("click", () => void look());
element("pass").addEventListener("click", () => void pass());
element("record").addEventListener("click", () => void openCheck());
element("same").addEventListener("click", () => void counted("match"));
element("differs").addEventListener("click", () => void counted("mismatch"));
element("handover").addEventListener("click", () => void handedOver());
element("none").addEventListener("click", () => {
  about = { scan: { verdict: "NONE", findings: ["NO_PERMIT"] }, claims: null, place: placed() };
  void openCheck();
});
element("visit-open").addEventListener("click", () => void openVisit());
element("outbox-open").addEventListener("click", () => void openOutbox());
element("ready").addEventListener("click", () => void refresh());
element("send").addEventListener("click", () => void refresh().then(() => openOutbox()));
for (const button of document.querySelectorAll(".back")) button.addEventListener("click", () => void look());
element("check-form").addEventListener("input", () => void compared());
element("visit-form").addEventListener("input", (event) => {
  const field = event.target as HTMLInputElement;
  if (field.name === "enterprise") void chosen();
  else if (field.dataset.site) differing(field);
});
for (const kind of ["check", "visit"] as const)
  element<HTMLFormElement>(`${kind}-form`).addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(kind, event.target as HTMLFormElement, (event as SubmitEvent).submitter);
  });
element<HTMLInputElement>("files").addEventListener("change", async (event) => {
  const field = event.target as HTMLInputElement, files = await Promise.all([...(field.files ?? [])].map(async (file) => new Uint8Array(await file.arrayBuffer())));
  const isTaken = files.map(() => false);
  for (let round = 0; round < 2; round++) // the keys that prove a list may lie behind it
    for (const [at, bytes] of files.entries()) if (!isTaken[at]) isTaken[at] = (await takeFile(bytes)) || (await takeExtract(bytes));
  const taken = isTaken.filter(Boolean).length;
  field.value = "";
  await readiness();
  element("outbox-said").textContent = t(`已导入 ${taken} 份，共 ${files.length} 份`, `Taken: ${taken} of ${files.length}`) + (taken < files.length ? t("；其余不是本机构的，或比本机的旧", "; the others are not of this installation, or older than what lies here") : "");
});
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
addEventListener("offline", () => void readiness());
setInterval(() => void waiting().then((left) => (left && navigator.onLine ? refresh() : undefined)), SOON);

async function start(): Promise<void> {
  if (new URLSearchParams(location.search).has("lang")) await keep("lang", document.documentElement.lang.slice(0, 2)); // chosen
  await navigator.serviceWorker?.register("/scan/sw.js", { scope: "/scan/" }).catch(() => undefined);
  await prepare(main.dataset.wasm!);
  await readiness();
  void refresh();
  await navigator.serviceWorker?.ready;
  await navigator.storage?.persist?.().catch(() => false);
  main.dataset.installed = "true";
  if (await device()) locate();
  await look();
}

void start();
