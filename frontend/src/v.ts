// The public page: judge what follows # in the address. It never leaves this device; only whole lists are fetched.
import { claimed, judge, readTrust } from "./pc1";
import { show, t, type Known } from "./screen";

const known: Known = JSON.parse(document.getElementById("main")!.dataset.known!);
const paste = document.getElementById("paste") as HTMLFormElement;
const typed = document.getElementById("text") as HTMLInputElement;
const other = document.getElementById("other-language") as HTMLAnchorElement;
const way = other.getAttribute("href")!;

async function fetched(address: string): Promise<Uint8Array | null> {
  const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

/** Where the digits came from by camera: this page's own address, or that of a typed text. */
const own = () => (location.protocol === "https:" ? location.origin + location.pathname : "PC1") + location.hash;

async function main(text: string | null): Promise<void> {
  other.setAttribute("href", way + location.hash);
  if (!text) {
    show(null, known);
    document.getElementById("why")!.textContent = t("没有扫到证件码。", "No document code here.");
    document.getElementById("todo")!.textContent = t("请用相机扫描证件上的二维码，或在下面粘贴码内文字。", "Scan the code on the document with a camera, or paste its text below.");
    return;
  }
  const data = await fetched("/.well-known/precursor/trust.cwt");
  // this page trusts the server that it came from; a device that has pinned the root trusts nobody but the root
  const trust = data && (await readTrust(data, null));
  const find = (name: string) => fetched(new URL(name).pathname);
  const found = await judge(text, trust, find, Math.floor(Date.now() / 1000), location.host);
  if (!found.claims && known.screens[found.verdict]?.claimed) found.claims = await claimed(text);
  show(found, known);
}

paste.hidden = false;
paste.addEventListener("submit", (event) => {
  event.preventDefault();
  void main(typed.value.trim() || null);
});
addEventListener("hashchange", () => void main(location.hash ? own() : null));
void main(location.hash ? own() : null);
