// The public page: judge what follows # in the address. It never leaves this device; only whole lists are fetched.
import { judge, readTrust, type Claims } from "./pc1";

const place = document.getElementById("verdict")!;
const said: Record<string, string> = JSON.parse(place.dataset.words!);
const english = document.documentElement.lang === "en";
const t = (zh: string, en: string) => (english ? en : zh);

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (english ? "." : "。");

async function fetched(address: string): Promise<Uint8Array | null> {
  const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

const day = (seconds: number) => new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 10);

function facts(claims: Claims, asOf: number | null): [string, string][] {
  const permit = claims.get(-70001) as Claims;
  const found: [string, string][] = [
    [t("编号", "Number"), String(claims.get(2))],
    [t("有效期", "Valid"), `${day(claims.get(5) as number)} ～ ${day((claims.get(4) as number) - 1)}`],
  ];
  const items = permit.get(6) as (number | string)[][];
  const kinds = t("购买许可证,购买备案证明,运输许可证,运输备案证明,购用证明,进出口许可证,运单", "purchase permit,purchase filing,transport permit,transport filing,certificate of use,import or export licence,trip slip").split(",");
  found.unshift([t("证件", "Document"), kinds[(permit.get(2) as number) - 1] ?? ""]);
  found.push([t("数量", "Quantity"), items.map(([, amount, unit]) => `${(amount as number).toLocaleString("en")} ${["g", "mL", "片", "支", "mg"][(unit as number) ?? 0]}`).join("、")]);
  if (permit.has(10)) found.push([t("车牌", "Plates"), (permit.get(10) as string[]).join("、")]);
  if (asOf !== null) found.push([t("状态截至", "Status as of"), new Date(asOf * 1000).toLocaleString(document.documentElement.lang)]);
  return found;
}

async function main(): Promise<void> {
  const list = document.getElementById("facts")!;
  list.hidden = true;
  list.replaceChildren();
  place.className = "note";
  if (!location.hash) { place.textContent = place.dataset.none!; return; }
  const data = await fetched("/.well-known/precursor/trust.cwt");
  // this page trusts the server that it came from; a device that has pinned the root trusts nobody but the root
  const trust = data && (await readTrust(data, null));
  const find = (name: string) => fetched(new URL(name).pathname);
  const text = (location.protocol === "https:" ? location.origin + location.pathname : "PC1") + location.hash;
  const found = await judge(text, trust, find, Math.floor(Date.now() / 1000), location.host);
  const genuine = found.verdict === "GENUINE";
  place.className = genuine && !found.warnings.length ? "note ok" : genuine ? "note warn" : "errsum";
  place.textContent = [found.verdict, ...found.warnings].map((code) => sentence(said[code] ?? code)).join(english ? " " : "");
  place.dataset.verdict = found.verdict;
  if (!found.claims) return;
  for (const [name, value] of facts(found.claims, found.asOf)) {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    list.append(dt, dd);
  }
  list.hidden = false;
}

addEventListener("hashchange", () => void main());
void main();
