// Documents of the area, visits that are due, labels of containers, as the register signed them: for whoever has no network.
import { readExtract, type Item } from "../pc1";
import { now } from "./clock";
import { device, forget, greeting, isLocked, saysLocked, type Device } from "./device";
import { bare } from "./findings";
import { trusted } from "./lists";
import { store } from "./store";

const PATH = "/api/phones/v1/extract";
export interface Document { number: string; kind: string; holder: string; substance: string; quantity: string; left: string; until: string; plates: string[]; state: string; ended: string }
export interface Due { enterprise: string; name: string; grade: string; until: string; isLate: boolean; last: string; result: string }
/** What lies in a store by the books. */
export interface Holding { site: string; store: string; substance: string; goods: string; amount: string; unit: string }
/** The lists of an extract; the last says which of them were cut short. */
const [DOCUMENTS, VISITS, STICKERS, JOURNEYS, STORES, CUT] = [0, 1, 2, 3, 4, 5];

export interface Sticker { label: string; owner: string; goods: string; batch: string; count: number; each: string; document: string; places: [string, string][]; moves: [string, string, string, string][] }

export async function fetchExtract(own: Device): Promise<void> {
  const answer = await fetch(PATH, { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(await greeting(own, "extract")) });
  if (!answer.ok) return (await saysLocked(answer)) ? forget() : undefined;
  await takeExtract(new Uint8Array(await answer.arrayBuffer()));
}

/** Keep an extract that came by network or by hand, unless no listed key signed it, or a later one lies here. */
export async function takeExtract(bytes: Uint8Array): Promise<boolean> {
  const trust = await trusted(), db = await store, own = await device();
  const read = trust && !(await isLocked()) && (await readExtract(bytes, trust, (await now()).at, own?.scope));
  if (!read || read.issued < ((await db.get("lists", PATH))?.issued ?? 0)) return false;
  await db.put("lists", { bytes, etag: "", at: Date.now(), issued: read.issued }, PATH);
  return true;
}

async function whole() {
  const kept = await (await store).get("lists", PATH), trust = await trusted();
  return kept && trust ? readExtract(kept.bytes, trust, (await now()).at) : null;
}

type Read = { rows: Item[] } | null;
const list = (read: Read, number: number) => (read?.rows[number] ?? []) as Item[][];
/** Whether a list was cut short: what is not found on it may be in the register all the same. */
const isCut = (read: Read, number: number) => ((read?.rows[CUT] ?? []) as Item[]).includes(number);

/** A document by its number, letters in any case; as of when; whether the extract lacks some. */
export async function byNumber(number: string): Promise<{ document: Document | null; asOf: number; isCut: boolean } | null> {
  const read = await whole();
  if (!read) return null;
  const as = { asOf: read.issued, isCut: isCut(read, DOCUMENTS) };
  const row = list(read, DOCUMENTS).find((one) => String(one[0]).toUpperCase() === number.toUpperCase());
  if (!row) return { document: null, ...as };
  const [no, kind, holder, substance, quantity, left, until, plates, state, ended] = row as string[];
  return { ...as, document: { number: no!, kind: kind!, holder: holder!, substance: substance!, quantity: quantity!, left: left!, until: until!, plates: (plates as unknown as string[]) ?? [], state: state!, ended: ended ?? "" } };
}

/** The numbers of documents that are called so, end so, or name a plate; null without an extract. */
export async function matching(typed: string): Promise<string[] | null> {
  const read = await whole(), wanted = typed.toUpperCase();
  if (!read) return null;
  const rows = list(read, DOCUMENTS), same = rows.filter((row) => String(row[0]).toUpperCase() === wanted);
  const found = same.length ? same : rows.filter((row) => String(row[0]).toUpperCase().endsWith(wanted) || (row[7] as string[]).some((plate) => bare(plate) === bare(typed)));
  return found.slice(0, 8).map((row) => String(row[0]));
}

/** The visits that are due or late, the latest first. */
export async function due(): Promise<Due[]> {
  const text = (item: Item | undefined) => String(item ?? "");
  return list(await whole(), VISITS).map(([enterprise, name, grade, until, late, last, result]) => ({ enterprise: text(enterprise), name: text(name), grade: text(grade), until: text(until), isLate: late === true, last: text(last), result: text(result) }));
}

export interface Firm { name: string; holdings: Holding[] }

/** Every enterprise of the area by its number: what it is called, and what lies in its stores by the books. */
export async function firms(): Promise<Map<string, Firm>> {
  const found = new Map<string, Firm>();
  for (const row of list(await whole(), STORES)) {
    const [enterprise, name, site, store, substance, goods, amount, unit] = row as string[] as [string, string, string, string, string, string, string, string];
    const firm = found.get(enterprise) ?? { name, holdings: [] };
    found.set(enterprise, firm);
    if (site) firm.holdings.push({ site, store, substance, goods, amount, unit });
  }
  return found;
}

/** When and where the journey of a slip arrived; null where the extract knows of no arrival. */
export async function arrived(slip: string): Promise<{ day: string; place: string } | null> {
  const found = list(await whole(), JOURNEYS).find((one) => one[0] === slip);
  return found ? { day: String(found[1]), place: String(found[2]) } : null;
}

/** The label with a mark; ``row`` is null when the extract has none such, and all is null without an extract. */
export async function sticker(mark: string): Promise<{ row: Sticker | null; asOf: number; isCut: boolean } | null> {
  const read = await whole();
  if (!read) return null;
  const as = { asOf: read.issued, isCut: isCut(read, STICKERS) };
  const found = list(read, STICKERS).find((one) => one[0] === mark);
  if (!found) return { row: null, ...as };
  const [, label, owner, goods, batch, count, each, document, places, moves] = found as unknown as [string, string, string, string, string, number, string, string, [string, string][], [string, string, string, string][]];
  return { row: { label, owner, goods, batch, count, each, document, places, moves }, ...as };
}
