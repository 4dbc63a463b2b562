// Forms of the phone as entries of its log, and what became of each.
import { t, type Known } from "../screen";
import type { Members } from "./device";
import type { Firm, Holding } from "./extract";
import { store } from "./store";

const WIDEST = 1280;
const MOST = 20; // photographs of one entry

/** What was filled in, the first field that is missing, and the photographs. */
export function filled(form: HTMLFormElement): { said: Members; wrong: { field: HTMLElement; label: string } | null; photos: File[] } {
  for (const field of form.querySelectorAll<HTMLInputElement>("[required]"))
    if (!field.value.trim()) return { said: {}, wrong: { field, label: field.closest("label")?.firstChild?.textContent?.trim() ?? "" }, photos: [] };
  const said: Members = {}, items: Members = {}, photos: File[] = [];
  for (const [name, value] of new FormData(form)) {
    if (value instanceof File) {
      if (value.size) photos.push(value);
    } else if (name.includes(".")) items[name.slice(name.indexOf(".") + 1)] = value;
    else if (name === "officers") said.officers = value.split(/[\s,，、]+/).filter(Boolean);
    else if (value.trim()) said[name] = value.trim();
  }
  if (photos.length > MOST) return { said: {}, wrong: { field: form.querySelector<HTMLElement>("[name=photos]")!, label: t(`照片至多 ${MOST} 张`, `${MOST} photographs at most`) }, photos: [] };
  said.items = items;
  if (said.quantity === undefined) delete said.unit;
  return { said, wrong: null, photos };
}

const NUMBER = /^\d{1,12}(\.\d{1,9})?$/;

/** A field for each store and goods of an enterprise, beside what the books say. */
export function counting(box: HTMLElement, holds: Holding[]): void {
  box.hidden = !holds.length;
  box.querySelector("div")!.replaceChildren(
    ...holds.map(({ site, store, substance, goods, amount, unit }) => {
      const label = document.createElement("label"), field = document.createElement("input"), said = document.createElement("small");
      label.className = "fld";
      field.inputMode = "decimal";
      field.autocomplete = "off";
      Object.assign(field.dataset, { site, substance, unit, book: amount });
      said.textContent = t(`账面 ${amount} ${unit}`, `By the books ${amount} ${unit}`);
      label.append(`${goods}，${store}`, field, said);
      return label;
    }),
  );
}

/** Say at once by how much a count differs from the books. */
export function differing(field: HTMLInputElement): void {
  const { book = "", unit = "" } = field.dataset, typed = field.value.trim(), said = field.parentElement!.querySelector("small")!;
  const by = NUMBER.test(typed) ? Number((Number(typed) - Number(book)).toFixed(9)) : null;
  said.textContent = t(`账面 ${book} ${unit}`, `By the books ${book} ${unit}`) + (by === null ? "" : by ? t(`，差 ${by > 0 ? "+" : "−"}${Math.abs(by)} ${unit}`, `, differs by ${by > 0 ? "+" : "−"}${Math.abs(by)} ${unit}`) : t("，相符", ", agrees"));
  said.className = by ? "differs" : "";
}

/** What was counted, and the first field that is no number. */
export function counted(form: HTMLFormElement): { lines: Members[]; bad: HTMLInputElement | null } {
  const lines: Members[] = [];
  for (const field of form.querySelectorAll<HTMLInputElement>("[data-site]")) {
    const typed = field.value.trim(), { site, substance, unit } = field.dataset;
    if (typed && !NUMBER.test(typed)) return { lines: [], bad: field };
    if (typed) lines.push({ site, substance, counted: typed, unit });
  }
  return { lines, bad: null };
}

/** Say what is wrong with a field beside it; with none, take the last such word away. */
export function blame(form: HTMLFormElement, field: HTMLElement | null, said = ""): void {
  const message = form.querySelector<HTMLElement>(".msg")!;
  for (const one of form.querySelectorAll('[aria-invalid="true"]')) {
    one.removeAttribute("aria-invalid");
    one.removeAttribute("aria-describedby");
  }
  message.hidden = !field;
  if (!field) return;
  message.textContent = said;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", message.id);
  (field.closest("label, fieldset") ?? field).after(message);
  field.focus();
}

/** A photograph small enough to send from the roadside, as JPEG. */
export async function shrunk(file: File): Promise<Blob> {
  const picture = await createImageBitmap(file), scale = Math.min(1, WIDEST / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
}

type Entry = { at: string; kind: string; check?: { plate: string; result: string }; visit?: { enterprise: string }; scan?: { verdict: string }; store?: { shown: string; result: string } };

const local = (at: string) => new Date(Date.parse(at) + 8 * 3_600_000).toISOString().slice(5, 16).replace("T", " ");

/** What an entry was. */
function nameOf(entry: Entry, known: Known, firms: Map<string, Firm>): string {
  switch (entry.kind) {
    case "check": return `${t("道路检查", "Road check")} ${entry.check!.plate}`;
    case "visit": return `${t("实地检查", "Visit")} ${entry.visit!.enterprise} ${firms.get(entry.visit!.enterprise)?.name ?? ""}`;
    case "handover": return t("交班", "Hand-over");
    case "store": return `${t("标签", "Label")} ${entry.store!.result === "seen" ? (known.screens[`LABEL_${entry.store!.shown.toUpperCase()}`]?.word ?? "") : entry.store!.result === "match" ? t("相符", "agrees") : t("不符", "differs")}`;
    default: return `${t("扫码", "Scan")} ${known.screens[entry.scan!.verdict]?.word ?? ""}`;
  }
}

/** The latest entries, each with its receipt or with what keeps it here. */
export async function outbox(list: HTMLElement, known: Known, called: Map<string, Firm>): Promise<void> {
  const entries = (await (await store).getAll("log")).slice(-60).reverse();
  list.replaceChildren(
    ...entries.map(({ seq, said, receipt }) => {
      const entry = JSON.parse(said) as Entry, item = document.createElement("li");
      const what = nameOf(entry, known, called);
      const became = !receipt
        ? t("待上传", "to be sent")
        : receipt.fault
          ? (receipt.record ? t("部分登记：", "recorded in part: ") : t("未登记：", "not recorded: ")) + receipt.fault
          : `${t("已收到", "received")} ${local(receipt.received_at)}${receipt.record ? ` ${receipt.record}` : ""}${receipt.cases.length ? t(`，立案 ${receipt.cases.join("、")}`, `, cases ${receipt.cases.join(", ")}`) : ""}`;
      item.dataset.state = !receipt ? "waiting" : receipt.fault ? "fault" : "received";
      const head = document.createElement("b"), body = document.createElement("span");
      head.textContent = `${seq}. ${what}`;
      body.textContent = `${local(entry.at)}${t("，", ", ")}${became}`;
      item.append(head, body);
      return item;
    }),
  );
}
