// Ed25519: the browser's own where it has it, else a library (Chromium before 137 has none).
import { ed25519 } from "@noble/curves/ed25519.js";

const NAME = { name: "Ed25519" };
/** A key that signs: the browser's, or a seed that only a key of the browser opens, which gives nothing out. */
export type Key = CryptoKeyPair | { opens: CryptoKey; iv: Uint8Array; sealed: ArrayBuffer; shown: Uint8Array };

let asked: Promise<boolean> | undefined;
/** Asked once; a public key is enough to ask with, so that nothing is made for it. */
const isNative = () => (asked ??= crypto.subtle.importKey("raw", new Uint8Array(32).fill(1), NAME, false, ["verify"]).then(() => true, (error: Error) => error.name !== "NotSupportedError"));

/** Whether a signature is good; a key or a signature that is none is not. */
export async function verify(x: Uint8Array, signature: Uint8Array, signed: Uint8Array): Promise<boolean> {
  try {
    if (!(await isNative())) return ed25519.verify(signature, signed, x, { zip215: false });
    const key = await crypto.subtle.importKey("raw", x as BufferSource, NAME, false, ["verify"]);
    return await crypto.subtle.verify(NAME, key, signature as BufferSource, signed as BufferSource);
  } catch { return false; }
}

export async function newKey(): Promise<Key> {
  if (await isNative()) return (await crypto.subtle.generateKey(NAME, false, ["sign", "verify"])) as CryptoKeyPair;
  const seed = ed25519.utils.randomSecretKey(), iv = crypto.getRandomValues(new Uint8Array(12));
  const opens = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, opens, seed as BufferSource);
  const shown = ed25519.getPublicKey(seed);
  seed.fill(0);
  return { opens, iv, sealed, shown };
}

export const publicOf = async (key: Key) => ("sealed" in key ? key.shown : new Uint8Array(await crypto.subtle.exportKey("raw", key.publicKey)));

export async function sign(key: Key, data: Uint8Array): Promise<Uint8Array> {
  if (!("sealed" in key)) return new Uint8Array(await crypto.subtle.sign(NAME, key.privateKey, data as BufferSource));
  const seed = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: key.iv as BufferSource }, key.opens, key.sealed));
  try { return ed25519.sign(data, seed); } finally { seed.fill(0); }
}
