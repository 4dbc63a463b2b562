// What the phone adds to a verdict by what it compares: load, plate, what is left, and what it saw before.
import type { Claims, Trust } from "../pc1";
import { left } from "./lists";
import { store, type Seen } from "./store";

/** A plate as it is compared: without marks between its parts, in capital letters. */
export const bare = (plate: string) => plate.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
const GRAMS: Record<string, number> = { mg: 0.001, g: 1, kg: 1000, t: 1_000_000 };

export const permitOf = (claims: Claims) => claims.get(-70001) as Claims;
export const placeOf = (claims: Claims) => (permitOf(claims).get(12) as number[]).join("/");
export const platesOf = (claims: Claims) => (permitOf(claims).get(10) as string[] | undefined) ?? [];

/** How much of the first item may be on board, in grams: what is left where a list says so, else what is stated. */
export async function allowed(claims: Claims, trust: Trust): Promise<{ grams: number; asOf: number | null } | null> {
  const [item] = permitOf(claims).get(6) as [number | string, number, number?][];
  if (!item || (item[2] !== undefined && item[2] !== 4)) return null; // only weights are compared
  const unit = item[2] === 4 ? 0.001 : 1, [number, index] = permitOf(claims).get(12) as [number, number];
  const rest = await left(trust, number, index);
  return rest?.amounts.length ? { grams: rest.amounts[0]! * unit, asOf: rest.asOf } : { grams: item[1] * unit, asOf: null };
}

/** Findings of a form that is being filled in; ``means``: what a fault of an item is called. */
export async function compare(claims: Claims | null, hasNone: boolean, trust: Trust | null, form: FormData, means: Record<string, string>): Promise<string[]> {
  if (hasNone) return ["NO_PERMIT"];
  const [plate, quantity, unit] = ["plate", "quantity", "unit"].map((name) => String(form.get(name) ?? "")) as [string, string, string];
  const found = [...form].flatMap(([name, value]) => (value === "fault" ? (means[name.replace("check.", "")] ?? []) : []));
  const plates = claims ? platesOf(claims).map(bare) : [];
  if (plate && plates.length && !plates.includes(bare(plate))) found.push("WRONG_PLATE");
  const most = claims && trust && (await allowed(claims, trust));
  if (most && quantity && Number(quantity) * (GRAMS[unit] ?? NaN) > most.grams) found.push("OVER_QTY");
  return [...new Set(found)];
}

/** Whether the same place on the lists was seen here with another code or another plate; remembers this time. */
export async function seenBefore(claims: Claims, token: string, plate: string | null, at: number): Promise<Seen | null> {
  const db = await store, place = placeOf(claims);
  const before = await db.getAllFromIndex("seen", "place", place);
  await db.add("seen", { place, token, at, plate });
  return before.find((one) => one.token !== token || (plate && one.plate && bare(one.plate) !== bare(plate))) ?? null;
}
