// Trust list and status lists: fetched whole when there is a network, judged from the phone when there is none.
import { readTrust, type Trust } from "../pc1";
import { keep, setting, store } from "./store";

const WELL_KNOWN = "/.well-known/precursor/";
const TRUST = `${WELL_KNOWN}trust.cwt`;

/** Fetch a list again only where it changed; what cannot be fetched stays as it is. */
async function fetched(path: string): Promise<void> {
  const db = await store, before = await db.get("lists", path);
  const answer = await fetch(path, { cache: "no-store", credentials: "omit", headers: before ? { "If-None-Match": before.etag } : {} });
  if (answer.status === 304 && before) {
    await db.put("lists", { ...before, at: Date.now() }, path);
  } else if (answer.ok) {
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (path === TRUST && !(await accepted(bytes))) return;
    await db.put("lists", { bytes, etag: answer.headers.get("ETag") ?? "", at: Date.now() }, path);
  }
}

/** A trust list of the pinned root that is not older than one seen before; its number is remembered. */
async function accepted(bytes: Uint8Array): Promise<boolean> {
  const trust = await readTrust(bytes, String(await setting("root")), Number((await setting("sequence")) ?? 0));
  if (trust) await keep("sequence", trust.sequence);
  return trust !== null;
}

export async function sync(): Promise<void> {
  await fetched(TRUST);
  const answer = await fetch(`${WELL_KNOWN}lists.json`, { cache: "no-store", credentials: "omit" });
  if (!answer.ok) return;
  const { status } = (await answer.json()) as { status: number[] };
  for (const number of status) await fetched(`${WELL_KNOWN}status/${number}.cwt`);
}

export async function trusted(): Promise<Trust | null> {
  const kept = await (await store).get("lists", TRUST);
  return kept ? readTrust(kept.bytes, String(await setting("root"))) : null;
}

export const find = async (name: string) => (await (await store).get("lists", new URL(name).pathname))?.bytes ?? null;

/** When the lists came last, in milliseconds; null before the first time. */
export const age = async () => (await (await store).get("lists", TRUST))?.at ?? null;
