// The label of a container: whose it is, under which document it came, its last movements, and where it should be.
import { t, type Known } from "../screen";
import { sticker } from "./extract";

const LABEL = /^PCL1#([0-9]{20,30})$/;
export type Presence = "here" | "gone" | "unknown";

/** What the code of a label says: the mark of its order and which container, from 1; null when it is no label. */
export function marked(text: string): { mark: string; number: number } | null {
  const digits = LABEL.exec(text)?.[1], hex = digits && BigInt(digits).toString(16);
  return hex?.length === 21 && hex.startsWith("1") ? { mark: hex.slice(1, 17), number: parseInt(hex.slice(17), 16) } : null;
}

/** What the register said of the label when this phone last asked; null where it holds no extract. */
export async function looked(text: string, known: Known): Promise<{ presence: Presence; facts: [string, string][]; asOf: number; isCut: boolean } | null> {
  const code = marked(text), found = await sticker(code?.mark ?? "");
  if (!found) return null;
  const { row, ...as } = found;
  if (!row || !code || code.number < 1 || code.number > row.count) return { presence: "unknown", facts: [], ...as };
  const facts: [string, string][] = [
    [t("货物", "Goods"), `${row.goods} ${row.each}`],
    [t("单位", "Whose"), row.owner],
    [t("应在", "Should be at"), row.places.map(([place, amount]) => t(`${place}（账面 ${amount}）`, `${place} (${amount} by the books)`)).join(t("；", "; "))],
    [t("批号", "Batch"), row.batch],
    [t("容器", "Container"), `${code.number} / ${row.count}`],
    [t("证件", "Document"), row.document],
    ...row.moves.map(([day, kind, amount, whom]): [string, string] => [day, `${known.moves?.[kind] ?? kind} ${amount}${whom ? `，${whom}` : ""}`]),
    [t("标签", "Label"), row.label],
  ];
  return { presence: row.places.length ? "here" : "gone", facts: facts.filter(([, value]) => value), ...as };
}
