// What the phone keeps: signed lists as they came, its own log, what it saw, photographs, and a few settings.
import { openDB, type DBSchema } from "idb";

export interface Receipt { seq: number; received_at: string; verdict: string | null; record: string | null; fault: string | null; cases: string[]; found?: { case: string; kind: string }[] }
export interface Logged { seq: number; said: string; signature: string; digest: string; photos: string[]; receipt?: Receipt }
export interface Seen { place: string; token: string; at: number; plate: string | null }
export interface Listed { bytes: Uint8Array; etag: string; at: number; issued: number }

interface Kept extends DBSchema {
  lists: { key: string; value: Listed };
  settings: { key: string; value: unknown };
  log: { key: number; value: Logged };
  seen: { key: number; value: Seen; indexes: { place: string } };
  photos: { key: string; value: Blob };
}

export const store = openDB<Kept>("precursor-scan", 2, {
  upgrade(db, before) {
    if (before < 1) {
      db.createObjectStore("lists");
      db.createObjectStore("settings");
    }
    db.createObjectStore("log", { keyPath: "seq" });
    db.createObjectStore("seen", { autoIncrement: true }).createIndex("place", "place");
    db.createObjectStore("photos");
  },
});

export const setting = async <T>(name: string) => (await (await store).get("settings", name)) as T | undefined;
export const keep = async (name: string, value: unknown) => void (await (await store).put("settings", value, name));
