// Files of certificates, one after another, with what was made so far; each is kept by the browser as it comes.
const part = document.querySelector<HTMLElement>("[data-print]");
const links = [...(part?.querySelectorAll<HTMLAnchorElement>(".files a") ?? [])];
const filled = (text: string, ...values: (string | number)[]) => values.reduce<string>((so, value) => so.replace("%s", String(value)), text);

async function all(): Promise<void> {
  const said = document.querySelector<HTMLElement>("#print-said")!, bar = document.querySelector<HTMLProgressElement>("#print-progress")!;
  let sheets = 0, codes = 0;
  bar.hidden = false;
  for (const [done, link] of links.entries()) {
    const answer = await fetch(link.href).catch(() => null);
    if (!answer?.ok) {
      const why = answer && (await answer.text()), page = why && new DOMParser().parseFromString(why, "text/html");
      said.textContent = filled(said.dataset.failed!, done + 1, (page && page.querySelector("main p")?.textContent) || String(answer?.status ?? ""));
      return;
    }
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(await answer.blob());
    saved.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "";
    saved.click();
    URL.revokeObjectURL(saved.href);
    sheets += Number(answer.headers.get("Precursor-Sheets"));
    codes += Number(answer.headers.get("Precursor-Codes-Read"));
    bar.value = done + 1;
    said.textContent = filled(said.dataset.done!, done + 1, links.length, sheets, codes);
  }
}

const button = part?.querySelector<HTMLButtonElement>("#print-all");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    void all().finally(() => (button.disabled = false));
  });
}
