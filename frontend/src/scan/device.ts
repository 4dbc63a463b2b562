// The phone as the register knows it: a key that never leaves it, a log in which each entry names the one before.
import { newKey, publicOf, sign as signed, type Key } from "../ed25519";
import { keep, setting, store, type Logged, type Receipt } from "./store";

const PHONES = "/api/phones/v1";
const AT_ONCE = 50;
export interface Area { id: string; name: string }
/** ``scope``: what the area is called in lists that are signed for it. */
export interface Device { device: string; person: string; account: string; area: Area; scope?: string; counties: Area[] }
export type Members = Record<string, unknown>;

/** JSON in which nothing stands that the register cannot keep: control characters, marks that turn the writing. */
const json = (value: unknown) => JSON.stringify(value).replace(/[\p{C}\u2028\u2029]/gu, (one) => one.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""));

const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: ArrayBuffer | Uint8Array) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
export const sha256 = async (bytes: BufferSource) => hex(await crypto.subtle.digest("SHA-256", bytes));
export const device = () => setting<Device>("device");
export const isLocked = async () => (await setting<boolean>("locked")) === true;

async function key(): Promise<Key> {
  const kept = await setting<Key>("key");
  if (kept) return kept;
  const made = await newKey();
  await keep("key", made);
  return made;
}

const sign = async (text: string) => hex(await signed(await key(), utf8(text)));

/** A network that says nothing for so long is none: who waits behind it gets his turn. */
const SILENCE_MS = 60_000;

const post = (path: string, body: unknown) =>
  fetch(PHONES + path, { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(SILENCE_MS) });

/** Enrol by the secret of the code; throws without a network. The answer of the register, or why it refused. */
export async function enrol(secret: string): Promise<string | null> {
  const anew = await isLocked(), mine = anew ? await newKey() : await key();
  const proof = hex(await signed(mine, utf8(`enrol ${secret}`)));
  const answer = await post("", { secret, key: hex(await publicOf(mine)), proof, name: navigator.userAgent.slice(0, 120) });
  const said = (await answer.json()) as Device & { detail?: string };
  if (!answer.ok) return said.detail ?? String(answer.status);
  if (anew) await retire(mine);
  await keep("device", said);
  return null;
}

/** A locked phone begins anew: a new key, a new log. What it signed before stays here under its old number, as evidence. */
async function retire(next: Key): Promise<void> {
  const db = await store, before = await device();
  await keep(`log of ${before?.device}`, { device: before, entries: await db.getAll("log"), photos: await db.getAll("photos") });
  await db.clear("log");
  await db.clear("photos");
  await keep("key", next);
  await keep("locked", false);
}

/** What proves that this phone asks, when, and for what. */
export async function greeting(own: Device, wish: "log" | "extract"): Promise<{ device: string; at: string; hello: string }> {
  const at = new Date();
  return { device: own.device, at: at.toISOString(), hello: await sign(`hello ${own.device} ${Math.floor(at.getTime() / 1000)} ${wish}`) };
}

/** Write an entry down, signed and chained, before anything else is done with it. */
export const append = (kind: string, members: Members, photos: Blob[] = []): Promise<Logged> =>
  navigator.locks.request("log", async () => {
    const db = await store, own = (await device())!, last = await (await db.transaction("log").store.openCursor(null, "prev"))?.value;
    const digests: string[] = [];
    for (const photo of photos) {
      const digest = await sha256(await photo.arrayBuffer());
      await db.put("photos", photo, digest);
      digests.push(digest);
    }
    const seq = (last?.seq ?? 0) + 1, form = members[kind] as Members;
    if (digests.length) form.photos = digests;
    const said = json({ v: 1, device: own.device, seq, ...(last ? { prev: last.digest } : {}), at: new Date().toISOString(), kind, ...members });
    const entry: Logged = { seq, said, signature: await sign(said), digest: await sha256(utf8(said)), photos: digests };
    await db.add("log", entry);
    return entry;
  });

/**
 * Send what has no receipt yet, in order, as often as it takes; an entry that arrived before gets its receipt again.
 * One at a time, page and service worker alike; a later call waits its turn, for what it wrote down may lie behind what is being sent.
 */
export const send = (): Promise<void> =>
  navigator.locks.request("send", async () => {
    const own = await device();
    if (!own || (await isLocked())) return;
    const db = await store;
    for (;;) {
      const waiting = (await db.getAll("log")).filter((entry) => !entry.receipt).slice(0, AT_ONCE);
      const entries = waiting.map(({ said, signature }) => ({ said, signature }));
      const answer = await post("/log", { ...(await greeting(own, "log")), entries });
      if (answer.status === 412) return resend(((await answer.json()) as { next: number }).next);
      if (!answer.ok) {
        const why = await reason(answer);
        await keep("clock", why === "urn:precursor:clock");
        return why === "urn:precursor:locked" ? forget() : undefined;
      }
      await keep("clock", false);
      const { receipts } = (await answer.json()) as { receipts: Receipt[] };
      await received(receipts);
      if (waiting.length < AT_ONCE) break;
    }
    await sendPhotos(own);
  });

/** Whether an answer says that this phone is locked. */
export const saysLocked = async (answer: Response) => (await reason(answer)) === "urn:precursor:locked";

/** Why the register refused, in its own words for programs; whatever else answers on the way is no word of its. */
const reason = (answer: Response) => answer.json().then((said: { type?: string }) => said.type ?? "", () => "");

async function received(receipts: Receipt[]): Promise<void> {
  const change = (await store).transaction("log", "readwrite");
  for (const receipt of receipts) {
    const entry = await change.store.get(receipt.seq);
    if (entry) await change.store.put({ ...entry, receipt });
  }
  await change.done;
}

/** The register does not have what it once acknowledged (it was restored from a copy): send again from there. */
async function resend(next: number): Promise<void> {
  const change = (await store).transaction("log", "readwrite");
  for (const entry of await change.store.getAll(IDBKeyRange.lowerBound(next))) await change.store.put({ ...entry, receipt: undefined });
  await change.done;
}

async function sendPhotos(own: Device): Promise<void> {
  const db = await store;
  for (const digest of await db.getAllKeys("photos")) {
    const body = (await db.get("photos", digest))!;
    const answer = await fetch(`${PHONES}/${own.device}/photos/${digest}`, { method: "PUT", credentials: "omit", body, signal: AbortSignal.timeout(SILENCE_MS) });
    if (answer.ok) await db.delete("photos", digest);
  }
}

/** Locked from afar, or its officer left: what the phone trusts and saw is gone; what it logged stays as evidence. */
export async function forget(): Promise<void> {
  const db = await store;
  await db.clear("lists");
  await db.clear("seen");
  await keep("locked", true);
}

export const waiting = async () => (await (await store).getAll("log")).filter((entry) => !entry.receipt).length;
