// Documents of the area, visits that are due, labels of containers, as the register signed them: for whoever has no network.
import { readExtract, type Item } from "../pc1";
import { now } from "./clock";
import { greeting, type Device } from "./device";
import { bare } from "./findings";
import { trusted } from "./lists";
import { store } from "./store";

const PATH = "/api/phones/v1/extract";
export interface Document { number: string; kind: string; holder: string; substance: string; quantity: string; left: string; until: string; plates: string[]; state: string }
export interface Due { enterprise: string; name: string; grade: string; until: string; isLate: boolean }

export interface Sticker { label: string; owner: string; goods: string; batch: string; count: number; each: string; document: string; places: [string, string][]; moves: [string, string, string, string][] }

export async function fetchExtract(own: Device): Promise<void> {
  const answer = await fetch(PATH, { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(await greeting(own, "extract")) });
  if (!answer.ok) return;
  const bytes = new Uint8Array(await answer.arrayBuffer()), trust = await trusted();
  const read = trust && (await readExtract(bytes, trust, (await now()).at)), db = await store;
  if (read && read.issued >= ((await db.get("lists", PATH))?.issued ?? 0)) await db.put("lists", { bytes, etag: "", at: Date.now(), issued: read.issued }, PATH);
}

async function whole() {
  const kept = await (await store).get("lists", PATH), trust = await trusted();
  return kept && trust ? readExtract(kept.bytes, trust, (await now()).at) : null;
}

/** A document by its number, letters in any case; and as of when. */
export async function byNumber(number: string): Promise<{ document: Document | null; asOf: number } | null> {
  const read = await whole();
  if (!read) return null;
  const row = (read.rows[0] as Item[][]).find((one) => String(one[0]).toUpperCase() === number.toUpperCase());
  if (!row) return { document: null, asOf: read.issued };
  const [no, kind, holder, substance, quantity, left, until, plates, state] = row as string[];
  return { asOf: read.issued, document: { number: no!, kind: kind!, holder: holder!, substance: substance!, quantity: quantity!, left: left!, until: until!, plates: (plates as unknown as string[]) ?? [], state: state! } };
}

/** The numbers of documents that are called so, end so, or name a plate; null without an extract. */
export async function matching(typed: string): Promise<string[] | null> {
  const read = await whole(), wanted = typed.toUpperCase();
  if (!read) return null;
  const rows = read.rows[0] as Item[][], same = rows.filter((row) => String(row[0]).toUpperCase() === wanted);
  const found = same.length ? same : rows.filter((row) => String(row[0]).toUpperCase().endsWith(wanted) || (row[7] as string[]).some((plate) => bare(plate) === bare(typed)));
  return found.slice(0, 8).map((row) => String(row[0]));
}

/** The visits that are due or late, the latest first. */
export async function due(): Promise<Due[]> {
  const read = await whole();
  return ((read?.rows[1] ?? []) as Item[][]).map(([enterprise, name, grade, until, late]) => ({ enterprise: String(enterprise), name: String(name), grade: String(grade), until: String(until), isLate: late === true }));
}

/** When and where the journey of a slip arrived; null where the extract knows of no arrival. */
export async function arrived(slip: string): Promise<{ day: string; place: string } | null> {
  const found = (((await whole())?.rows[3] ?? []) as Item[][]).find((one) => one[0] === slip);
  return found ? { day: String(found[1]), place: String(found[2]) } : null;
}

/** The label with a mark; ``row`` is null when the extract has none such, and all is null without an extract. */
export async function sticker(mark: string): Promise<{ row: Sticker | null; asOf: number } | null> {
  const read = await whole();
  if (!read) return null;
  const found = ((read.rows[2] ?? []) as Item[][]).find((one) => one[0] === mark);
  if (!found) return { row: null, asOf: read.issued };
  const [, label, owner, goods, batch, count, each, document, places, moves] = found as unknown as [string, string, string, string, string, number, string, string, [string, string][], [string, string, string, string][]];
  return { row: { label, owner, goods, batch, count, each, document, places, moves }, asOf: read.issued };
}
