// What the phone keeps: signed lists as they came, and a few settings.
import { openDB, type DBSchema } from "idb";

interface Kept extends DBSchema {
  lists: { key: string; value: { bytes: Uint8Array; etag: string; at: number } };
  settings: { key: string; value: string | number };
}

export const store = openDB<Kept>("precursor-scan", 1, {
  upgrade(db) {
    db.createObjectStore("lists");
    db.createObjectStore("settings");
  },
});

export const setting = async (name: string) => (await store).get("settings", name);
export const keep = async (name: string, value: string | number) => void (await (await store).put("settings", value, name));
