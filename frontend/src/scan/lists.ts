// Trust list, status lists, balance lists: fetched whole when there is a network, judged from the phone when there is none.
import { listOf, readBalance, readTrust, type Trust } from "../pc1";
import { signed } from "./clock";
import { isLocked } from "./device";
import { keep, setting, store } from "./store";

const WELL_KNOWN = "/.well-known/precursor/";
const TRUST = `${WELL_KNOWN}trust.cwt`;

/** Fetch a list again only where it changed; what cannot be fetched stays as it is. */
async function fetched(path: string): Promise<void> {
  const before = await (await store).get("lists", path);
  const answer = await fetch(path, { cache: "no-store", credentials: "omit", headers: before ? { "If-None-Match": before.etag } : {} });
  if (answer.status === 304 && before) await (await store).put("lists", { ...before, at: Date.now() }, path);
  else if (answer.ok) await take(path, new Uint8Array(await answer.arrayBuffer()), answer.headers.get("ETag") ?? "");
}

/** Keep a list that came by network or by hand, unless it is not the root's or a key's, or older than one seen. */
async function take(path: string, bytes: Uint8Array, etag = ""): Promise<boolean> {
  if (await isLocked()) return false;
  const issued = path === TRUST ? await accepted(bytes) : await newer(path, bytes);
  if (issued === null) return false;
  await (await store).put("lists", { bytes, etag, at: Date.now(), issued }, path);
  await signed(issued);
  return true;
}

/** A trust list of the pinned root that is not older than one seen before; its number is remembered. */
async function accepted(bytes: Uint8Array): Promise<number | null> {
  const trust = await readTrust(bytes, String(await setting("root")), Number((await setting("sequence")) ?? 0));
  if (!trust) return null;
  await keep("sequence", trust.sequence);
  return trust.issued;
}

async function newer(path: string, bytes: Uint8Array): Promise<number | null> {
  const trust = await trusted(), list = trust && (await listOf(bytes, trust));
  const before = await (await store).get("lists", path);
  return list?.path === path && list.issued >= (before?.issued ?? 0) ? list.issued : null;
}

/** Take a list by hand, whatever its file is called: what it is stands in it. */
export async function takeFile(bytes: Uint8Array): Promise<boolean> {
  if (await take(TRUST, bytes)) return true;
  const trust = await trusted(), list = trust && (await listOf(bytes, trust));
  if (!trust || !list) return false;
  const before = await (await store).get("lists", list.path), lies = before && (await listOf(before.bytes, trust));
  return lies && lies.issuer !== list.issuer ? false : take(list.path, bytes); // a number is one authority's
}

export async function sync(): Promise<void> {
  await fetched(TRUST);
  const answer = await fetch(`${WELL_KNOWN}lists.json`, { cache: "no-store", credentials: "omit" });
  if (!answer.ok) return;
  const { status } = (await answer.json()) as { status: number[] };
  for (const number of status) for (const kind of ["status", "balance"]) await fetched(`${WELL_KNOWN}${kind}/${number}.cwt`);
}

export async function trusted(): Promise<Trust | null> {
  const kept = await (await store).get("lists", TRUST);
  return kept ? readTrust(kept.bytes, String(await setting("root"))) : null;
}

export const find = async (name: string) => (await (await store).get("lists", new URL(name).pathname))?.bytes ?? null;

/** What is left of each item of a document, and as of when; null where no balance list says. */
export async function left(trust: Trust, number: number, index: number): Promise<{ amounts: number[]; asOf: number } | null> {
  const name = trust.balance.replace("{n}", String(number)), bytes = await find(name);
  const read = bytes && (await readBalance(bytes, trust, name));
  const amounts = read?.left.get(index);
  return read && amounts ? { amounts, asOf: read.issued } : null;
}

/** When the lists came last, in milliseconds; null before the first time. */
export const age = async () => (await (await store).get("lists", TRUST))?.at ?? null;
