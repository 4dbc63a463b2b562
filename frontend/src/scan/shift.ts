// The end of a shift: what was logged since the last one, what is still here, what it gave away; signed by the phone.
import { t, type Known } from "../screen";
import { store } from "./store";

export interface Shift { count: number; waiting: number; cases: Map<string, string>; head: string }

/** What happened since the last hand-over; ``head`` is the digest of the last entry, which names all before it. */
export async function shift(): Promise<Shift> {
  const all = await (await store).getAll("log");
  const last = all.findLastIndex((entry) => (JSON.parse(entry.said) as { kind: string }).kind === "handover");
  const since = all.slice(last + 1), cases = new Map<string, string>();
  for (const { receipt } of since) for (const { case: id, kind } of receipt?.found ?? []) cases.set(id, kind);
  return { count: since.length, waiting: since.filter((entry) => !entry.receipt).length, cases, head: all.at(-1)?.digest ?? "" };
}

export function told({ count, waiting, cases, head }: Shift, known: Known): string {
  const kinds = new Map<string, string[]>();
  for (const [id, kind] of cases) kinds.set(kind, [...(kinds.get(kind) ?? []), id]);
  const found = [...kinds].map(([kind, ids]) => `${known.said[kind] ?? kind} ${ids.join(t("、", ", "))}`).join(t("；", "; "));
  return (
    t(`本班 ${count} 条，待传 ${waiting}，立案 ${cases.size}`, `This shift: ${count} entries, ${waiting} to send, ${cases.size} cases`) +
    (found ? t(`：${found}`, `: ${found}`) : "") + t("。日志摘要 ", ". Digest of the log ") + (head.slice(0, 16).match(/.{4}/g)?.join(" ") ?? "--")
  );
}
