// What one looks at after a judgement: the field, one word, why, what to do, and what the document says.
import type { Claims } from "./pc1";

export type Screen = { look: string; word: string; todo: string; claimed: boolean };
export type Known = { help?: Record<string, Record<string, string>>; moves?: Record<string, string>; said: Record<string, string>; means?: Record<string, string>; kinds?: Record<string, string>; states?: Record<string, string>; screens: Record<string, Screen>; authorities: Record<string, string>; substances?: Record<string, string>; areas?: Record<string, string> };
type Fact = [string, string | string[], string?];
export type Found = { verdict: string; warnings: string[]; findings?: string[]; claims?: Claims | null; asOf?: number | null };

const english = document.documentElement.lang === "en";
export const t = (zh: string, en: string) => (english ? en : zh);
const element = (id: string) => document.getElementById(id)!;
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (english ? "." : "。");
const ICON: Record<string, string> = {
  valid: "valid", expired: "hourglass", revoked: "stop", forged: "forged", over: "over", stale: "unsure",
};
const KINDS = t(
  "购买许可证,购买备案证明,运输许可证,运输备案证明,进口许可证,出口许可证,运单",
  "purchase permit,purchase filing,transport permit,transport filing,import licence,export licence,trip slip",
).split(",");

const day = (seconds: number) => new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 10);

const UNITS = ["g", "mL", "片", "支", "mg"];

export function amount(quantity: number, unit = 0): string {
  const [shown, name] = unit === 0 && quantity >= 1000 ? [quantity / 1000, "kg"] : [quantity, UNITS[unit] ?? ""];
  return `${shown.toLocaleString("en", { maximumFractionDigits: 3 })} ${name}`;
}

/** What an anonymous reader is shown: which document, whose, and how long. Not whom it is for, nor what lies where. */
function little(claims: Claims, known: Known): Fact[] {
  const permit = claims.get(-70001) as Claims;
  const number = String(claims.get(2)), until = (claims.get(4) as number) - 1;
  const left = Math.floor((until - Date.now() / 1000) / 86400);
  return [
    [t("证件", "Document"), KINDS[(permit.get(2) as number) - 1] ?? ""],
    [t("签发辖区", "Issued for"), known.authorities[String(claims.get(1))] ?? String(claims.get(1))],
    [t("有效期", "Valid"), `${day(claims.get(5) as number)} ～ ${day(until)}${left >= 0 ? t(`，剩 ${left} 日`, `, ${left} days left`) : t(`，已过 ${-left} 日`, `, over for ${-left} days`)}`],
    [t("证号尾号", "Number ends"), number.slice(-4)],
  ];
}

/** What an inspector compares with the load: plates and goods first. */
function all(claims: Claims, known: Known): Fact[] {
  const permit = claims.get(-70001) as Claims, among = t("、", ", ");
  const items = permit.get(6) as (number | string)[][];
  const goods = items.map(([code, quantity, unit]) => `${known.substances?.[String(code)] ?? code} ${amount(quantity as number, unit as number | undefined)}`);
  const name = (label: number) => (permit.get(label) as [string, string] | undefined)?.[1];
  const route = (permit.get(11) as (number | string)[] | undefined)?.map((code) => known.areas?.[String(code)] ?? String(code));
  const found: Fact[] = [];
  if (permit.has(10)) found.push([t("车牌", "Plates"), permit.get(10) as string[], "plate"]);
  found.push([t("货物", "Goods"), goods.join(among), "strong"]);
  const ends = [name(7), name(8)].filter(Boolean);
  if (ends.length) found.push([t("起止", "From, to"), ends.join(" → ")]);
  if (name(9)) found.push([t("承运", "Carrier"), name(9)!]);
  if (route) found.push([t("路线", "Route"), route.join(among)]);
  return [...found, ...little(claims, known).slice(0, -1), [t("证号", "Number"), String(claims.get(2))]];
}

/** The first row of the table of screens that applies, and the codes whose words say why. */
function screenOf({ verdict, warnings, findings = [] }: Found, known: Known): [Screen | undefined, string[]] {
  if (verdict !== "GENUINE") return [known.screens[verdict], [verdict]];
  if (findings.includes("TRIP_USED")) return [known.screens.TRIP_USED, findings];
  if (findings.includes("CLOCK")) return [known.screens.WARNED, findings];
  if (findings.length) return [known.screens[findings.includes("OVER_QTY") ? "OVER" : "MISMATCH"], [...findings, ...warnings]];
  return warnings.length ? [known.screens.WARNED, warnings] : [known.screens.GENUINE, [verdict]];
}

export function show(found: Found | null, known: Known, full = false): void {
  const field = element("main"), list = element("facts"), signed = element("signed");
  const [screen, codes] = found ? screenOf(found, known) : [undefined, []];
  field.dataset.look = screen ? screen.look : "none";
  element("field").hidden = !screen;
  list.hidden = signed.hidden = element("claimed").hidden = true;
  list.replaceChildren();
  if (!found || !screen) return;
  const sign = element("sign");
  sign.setAttribute("href", `${sign.dataset.icons}#${ICON[screen.look]}`);
  element("word").textContent = screen.word;
  element("why").textContent = codes.map((code) => sentence(known.said[code] ?? code)).join(english ? " " : "");
  element("todo").textContent = sentence(screen.todo);
  element("verdict").dataset.verdict = found.verdict;
  if (!found.claims) return;
  for (const [name, value, look] of (full ? all : little)(found.claims, known)) {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name;
    if (look === "plate") {
      for (const plate of value as string[]) {
        const span = document.createElement("span");
        span.className = "plate";
        span.textContent = plate;
        dd.append(span);
      }
    } else {
      dd.textContent = String(value);
      if (look) dd.className = look;
    }
    list.append(dt, dd);
  }
  list.hidden = false;
  element("claimed").hidden = !screen.claimed;
  if (found.asOf != null) {
    const at = new Date((found.asOf + 8 * 3600) * 1000).toISOString().slice(0, 16).replace("T", " "); // as the clock shows it in China
    signed.querySelector("span")!.textContent = t(`吊销与余量状态截至 ${at}`, `Revocation as of ${at}`);
    signed.hidden = false;
  }
}
