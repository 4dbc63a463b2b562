// Keeps the application whole: what was installed together is served together, with or without a network.
/// <reference lib="webworker" />
import { send } from "./device";
import { setting } from "./store";

declare const self: ServiceWorkerGlobalScope & { KEPT: { version: string; files: string[]; pages: string[] } };

const { version, files, pages } = self.KEPT;

self.addEventListener("install", (event) =>
  event.waitUntil(
    caches.open(version).then(async (cache) => {
      await cache.addAll([...files, ...pages].map((path) => new Request(path, { cache: "reload", credentials: "omit" })));
      await self.skipWaiting();
    }),
  ),
);

self.addEventListener("activate", (event) =>
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name !== version) await caches.delete(name);
      await self.clients.claim();
    })(),
  ),
);

// what waits is sent though the application was closed; without a network it throws, and the browser tries again
self.addEventListener("sync" as "message", (event) => (event as ExtendableEvent).waitUntil(send()));

self.addEventListener("fetch", (event) => {
  const { pathname, searchParams } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  if (event.request.mode === "navigate" && pathname === "/scan/") {
    event.respondWith(
      (async () => {
        const asked = searchParams.get("lang") ?? (await setting<string>("lang")) ?? (self.navigator.language.startsWith("zh") ? "zh" : "en");
        const kept = await caches.match(pages.find((page) => page.endsWith(`=${asked}`)) ?? pages[0]!);
        return kept ?? fetch(event.request);
      })(),
    );
  } else if (files.includes(pathname)) {
    event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(event.request)));
  }
});
