// The format PC1 in the browser: docs/pc1.md, the same verdicts as the server's. WebCrypto, no network of its own.
import { verify } from "./ed25519.ts";

export type Verdict =
  | "TRUST_INVALID" | "TRUST_EXPIRED" | "MALFORMED" | "UNKNOWN_KEY" | "FORGED" | "KEY_COMPROMISED" | "OUT_OF_SCOPE"
  | "STATUS_MISSING" | "STATUS_INVALID" | "STATUS_EXPIRED" | "REVOKED" | "UNISSUED" | "SUSPENDED" | "USED_UP"
  | "NOT_YET" | "EXPIRED" | "GENUINE";
export type Item = null | boolean | number | string | Uint8Array | Item[] | Map<Item, Item>;
export type Claims = Map<Item, Item>;
export interface Judgement { verdict: Verdict; warnings: string[]; token: string | null; kid: string | null; claims: Claims | null; asOf: number | null }
interface Key { x: Uint8Array; alg: number; scope: string; from: number; to: number; state: number }
interface Envelope { alg: number; kid: string; payload: Uint8Array; signature: Uint8Array; signed: Uint8Array }
export interface Trust { keys: Map<string, Key>; expires: number; status: string; balance: string; sequence: number; issued: number }

class Refused extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict) { super(verdict); this.verdict = verdict; }
}
const must: (holds: unknown, verdict?: Verdict) => asserts holds = (holds, verdict = "MALFORMED") => { if (!holds) throw new Refused(verdict); };
const hex = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const same = (a: Uint8Array, b: ArrayLike<number>) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const join = (...parts: Uint8Array[]) => {
  const made = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  parts.reduce((at, part) => (made.set(part, at), at + part.length), 0);
  return made;
};
const sha256 = async (bytes: Uint8Array) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
const order = (a: Uint8Array, b: Uint8Array) => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
};

// ---- CBOR, the profile and nothing else (C2)

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function decode(bytes: Uint8Array): Item {
  let at = 0;
  const byte = () => { must(at < bytes.length); return bytes[at++]!; };
  const argument = (info: number) => {
    if (info < 24) return BigInt(info);
    must(info < 28);
    let n = 0n;
    for (let i = 0; i < 1 << (info - 24); i++) n = (n << 8n) | BigInt(byte());
    must(n >= [24n, 256n, 65536n, 4294967296n][info - 24]!);
    return n;
  };
  const take = (n: bigint) => {
    must(n <= BigInt(bytes.length - at));
    return bytes.subarray(at, (at += Number(n)));
  };
  const item = (depth: number): Item => {
    must(depth <= 8);
    const first = byte(), major = first >> 5;
    if (major === 7) { must(first >= 0xf4 && first <= 0xf6); return [false, true, null][first - 0xf4]!; }
    must(major !== 6);
    const n = argument(first & 31);
    if (major === 0) { must(n <= SAFE); return Number(n); }
    if (major === 1) { must(n < SAFE); return -1 - Number(n); }
    if (major === 2) return take(n);
    if (major === 3) { try { return utf8.decode(take(n)); } catch { throw new Refused("MALFORMED"); } }
    must(n <= BigInt(bytes.length));
    if (major === 4) return Array.from({ length: Number(n) }, () => item(depth + 1));
    const map: Claims = new Map();
    let before: Uint8Array | null = null;
    for (let i = 0n; i < n; i++) {
      const from = at, key = item(depth + 1), encoded = bytes.subarray(from, at);
      must(typeof key === "number" || typeof key === "string");
      must(before === null || order(before, encoded) < 0);
      before = encoded;
      map.set(key, item(depth + 1));
    }
    return map;
  };
  const value = item(0);
  must(at === bytes.length);
  return value;
}

const whole = (v: Item | undefined, least: number, most = Number.MAX_SAFE_INTEGER): v is number => typeof v === "number" && v >= least && v <= most;
const text = (v: Item | undefined, least: number, most: number): v is string => typeof v === "string" && [...v].length >= least && [...v].length <= most;
const keysAre = (map: Item | undefined, keys: Item[]): map is Claims => map instanceof Map && map.size === keys.length && keys.every((k) => map.has(k));

// ---- text and carrier (C1)

async function inflate(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  // the browser's stream refuses a wrong checksum and whatever follows the stream
  try {
    const reader = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    const parts: Uint8Array[] = [];
    for (let size = 0; ;) {
      const { done, value } = await reader.read();
      if (done) return join(...parts);
      size += value.length;
      if (size > most) { void reader.cancel(); throw new Refused("MALFORMED"); }
      parts.push(value);
    }
  } catch { throw new Refused("MALFORMED"); }
}

async function carried(line: string): Promise<[string, Uint8Array]> {
  const cut = line.lastIndexOf("#"), prefix = line.slice(0, cut), digits = line.slice(cut + 1);
  must(cut >= 0 && (prefix === "PC1" || (prefix.length <= 200 && /^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[A-Za-z0-9._~/-]*)?$/.test(prefix))));
  must(/^[1-9][0-9]{199,2399}$/.test(digits));
  const raw = BigInt(digits).toString(16);
  let bytes = unhex(raw.length % 2 ? "0" + raw : raw);
  if (bytes[0] === 0x78) bytes = (await inflate(bytes, 2048)) as typeof bytes;
  must(bytes[0] === 0xd2);
  return [prefix, bytes];
}

// ---- envelope and signature (C3)

const STATUS = "application/statuslist+cwt";

function envelope(bytes: Uint8Array, typ = ""): Envelope {
  const tail = typ ? join(Uint8Array.of(0x10, 0x78, typ.length), new TextEncoder().encode(typ)) : new Uint8Array();
  const length = 13 + tail.length;
  const head = typ ? [0xd2, 0x84, 0x58, length, 0xa3] : [0xd2, 0x84, 0x4d, 0xa2], start = head.length - 1;
  must(same(bytes.subarray(0, head.length), head));
  const inside = bytes.subarray(start, start + length);
  must(inside.length === length && inside[1] === 1 && inside[3] === 4 && inside[4] === 0x48 && same(inside.subarray(13), tail));
  const alg = inside[2] === 0x27 ? -8 : inside[2] === 0x32 ? -19 : 0;
  must(alg);
  let at = start + length;
  must(bytes[at++] === 0xa0);
  const wrapped = at, first = bytes[at++] ?? 0;
  must(first >= 0x40 && first <= 0x5a);
  let size = first & 31;
  if (size > 23) {
    const width = 1 << (size - 24), least = [24, 256, 65536][size - 24]!;
    must(at + width <= bytes.length);
    size = bytes.subarray(at, at + width).reduce((n, b) => n * 256 + b, 0);
    must(size >= least);
    at += width;
  }
  const payload = bytes.subarray(at, (at += size));
  must(payload.length === size && bytes[at] === 0x58 && bytes[at + 1] === 0x40 && bytes.length === at + 66);
  const signed = join(unhex("846a5369676e617475726531"), bytes.subarray(2, start + length), Uint8Array.of(0x40), bytes.subarray(wrapped, at));
  return { alg, kid: hex(inside.subarray(5, 13)), payload, signature: bytes.subarray(at + 2), signed };
}

const thumbprint = async (x: Uint8Array) => hex((await sha256(join(unhex("a301012006215820"), x))).subarray(0, 8));

const signedBy = (x: Uint8Array, outside: Envelope) => verify(x, outside.signature, outside.signed);

// ---- trust list (C6)

const P = (1n << 255n) - 19n;
const little = (bytes: Uint8Array) => BigInt("0x" + hex(Uint8Array.from(bytes).reverse()));
const SMALL = [0n, 1n, P - 1n, ...["26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"].map((h) => little(unhex(h)))];

function sound(x: Item | undefined): x is Uint8Array {
  if (!(x instanceof Uint8Array) || x.length !== 32) return false;
  const y = little(x) & ((1n << 255n) - 1n);
  return y < P && !SMALL.includes(y);
}

export async function readTrust(bytes: Uint8Array, rootHex: string | null, least = 0): Promise<Trust | null> {
  try {
    const outside = envelope(bytes);
    if (rootHex !== null) {
      const root = unhex(rootHex);
      must(sound(root) && outside.kid === (await thumbprint(root)) && outside.alg === -8 && (await signedBy(root, outside)));
    }
    const top = decode(outside.payload);
    must(keysAre(top, [1, 4, 6, -70010, -70016, -70017, -70018]));
    const [expires, issued, sequence, status, balance, listed] = [4, 6, -70017, -70016, -70018, -70010].map((label) => top.get(label));
    must(typeof top.get(1) === "string" && whole(expires, 0) && whole(issued, 0) && whole(sequence, Math.max(1, least)));
    must([status, balance].every((template) => typeof template === "string" && template.split("{n}").length === 2) && Array.isArray(listed));
    const keys = new Map<string, Key>();
    for (const raw of listed) {
      const labels = [1, 2, 3, -1, -2, -70011, -70012, -70013, -70014];
      must(raw instanceof Map && keysAre(raw, raw.has(-70015) ? [...labels, -70015] : labels));
      const [kid, alg, x, scope, from, to, state] = [2, 3, -2, -70011, -70012, -70013, -70014].map((label) => raw.get(label));
      must(raw.get(1) === 1 && raw.get(-1) === 6 && (alg === -8 || alg === -19) && sound(x) && kid instanceof Uint8Array);
      must(hex(kid) === (await thumbprint(x)) && typeof scope === "string" && whole(from, 0) && whole(to, 0));
      must(whole(state, 0, 3) && (state === 3) === raw.has(-70015) && !keys.has(hex(kid)));
      keys.set(hex(kid), { x, alg, scope, from, to, state });
    }
    return { keys, expires, status: String(status), balance: String(balance), sequence, issued };
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

// ---- claims (C4, C5)

const party = (v: Item) => Array.isArray(v) && v.length === 2 && typeof v[0] === "string" && /^([0-9A-Z]{18})?$/.test(v[0]) && text(v[1], 1, 128);
const list = (v: Item, most: number, check: (item: Item) => boolean) => Array.isArray(v) && v.length >= 1 && v.length <= most && v.every(check);
const INSIDE: Record<number, (v: Item) => boolean> = {
  1: (v) => v === 1, 2: (v) => whole(v, 1, 7), 3: (v) => whole(v, 1, 3) || whole(v, 10, 255), 4: (v) => whole(v, 1, 5), 5: (v) => whole(v, 0, 65535),
  6: (v) => list(v, 32, (i) => Array.isArray(i) && (i.length === 2 || (i.length === 3 && whole(i[2], 1, 4))) && (whole(i[0], 1) || text(i[0], 1, 64)) && whole(i[1], 1)),
  7: party, 8: party, 9: party,
  10: (v) => list(v, 8, (p) => text(p, 1, 16)), 11: (v) => list(v, 32, (p) => whole(p, 0, 999999999999) || text(p, 1, 64)),
  12: (v) => Array.isArray(v) && v.length === 2 && whole(v[0], 0, 2 ** 32 - 1) && whole(v[1], 0, 2 ** 22 - 1),
  13: (v) => whole(v, 0, 2 ** 32 - 1), 14: (v) => text(v, 1, 64), 15: (v) => whole(v, 1, 65535),
};

function checked(claims: Item): Claims {
  must(keysAre(claims, [1, 2, 4, 5, 6, -70001]));
  must(text(claims.get(1), 1, 32) && text(claims.get(2), 1, 64));
  const [exp, nbf, iat, permit] = [4, 5, 6, -70001].map((label) => claims.get(label));
  must(whole(exp, 0, 2 ** 32 - 1) && whole(nbf, 0, 2 ** 32 - 1) && whole(iat, 0, 2 ** 32 - 1));
  must(nbf < exp && iat < exp && exp - nbf <= 400 * 86400 && permit instanceof Map);
  for (const [label, value] of permit) must(typeof label === "number" && (!Object.hasOwn(INSIDE, label) || INSIDE[label]!(value)));
  must([1, 2, 3, 4, 5, 6, 12].every((label) => permit.has(label)));
  const kind = permit.get(2) as number;
  must(permit.has([1, 2, 5].includes(kind) ? 8 : 7));
  must(kind === 7 ? [10, 14, 15].every((l) => permit.has(l)) : !permit.has(14) && !permit.has(15));
  return claims;
}

// ---- the verdict (C11). `find` gives the bytes of a status list by its name, or null.

const usual = (host: string) => host.toLowerCase().replace(/:443$/, "");
const hostOf = (url: string) => usual(/^https:\/\/([^/]+)/.exec(url)?.[1] ?? "");

export async function judge(line: string, trust: Trust | null, find: (name: string) => Promise<Uint8Array | null>, at: number, host: string): Promise<Judgement> {
  const found: Judgement = { verdict: "GENUINE", warnings: [], token: null, kid: null, claims: null, asOf: null };
  try {
    must(trust, "TRUST_INVALID");
    must(at < trust.expires, "TRUST_EXPIRED");
    await follow(line, trust, find, at, host, found);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    Object.assign(found, { verdict: error.verdict, warnings: [] });
  }
  return found;
}

/** What a text claims, unverified: to show beside a verdict that says so. Null where it cannot be read. */
export async function claimed(line: string): Promise<Claims | null> {
  try {
    return checked(decode(envelope((await carried(line))[1]).payload));
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

async function follow(line: string, trust: Trust, find: (name: string) => Promise<Uint8Array | null>, at: number, host: string, found: Judgement): Promise<void> {
  const [prefix, bytes] = await carried(line);
  const outside = envelope(bytes);
  Object.assign(found, { token: hex(await sha256(bytes)), kid: outside.kid });
  const key = trust.keys.get(outside.kid);
  must(key, "UNKNOWN_KEY");
  must(key.alg === outside.alg && (await signedBy(key.x, outside)), "FORGED");
  const claims = checked(decode(outside.payload));
  found.claims = claims;
  const [exp, nbf, iat] = [4, 5, 6].map((label) => claims.get(label) as number) as [number, number, number];
  const permit = claims.get(-70001) as Claims, [number, index] = permit.get(12) as [number, number];
  must(key.state !== 3, "KEY_COMPROMISED");
  must(claims.get(1) === key.scope && key.from <= iat && iat < key.to, "OUT_OF_SCOPE");
  const name = trust.status.replace("{n}", String(number));
  const file = await find(name);
  must(file, "STATUS_MISSING");
  const status = await readStatus(file, trust, name);
  must(status.issuer === key.scope, "STATUS_INVALID");
  found.asOf = status.issued;
  must(at < status.expires, "STATUS_EXPIRED");
  const inside = index >> 2 < status.packed.length, newer = iat > status.issued;
  const entry = inside ? (status.packed[index >> 2]! >> (2 * (index & 3))) & 3 : 1;
  must(entry !== 2, "SUSPENDED");
  must(entry !== 3, "USED_UP");
  must(entry !== 1 || newer, inside ? "REVOKED" : "UNISSUED");
  must(at >= nbf && iat <= at + 300, "NOT_YET");
  must(at < exp, "EXPIRED");
  if (newer) found.warnings.push("ISSUED_AFTER_STATUS");
  if (at - status.issued > 86400) found.warnings.push("STATUS_STALE");
  if (prefix !== "PC1" && hostOf(prefix) !== usual(host)) found.warnings.push("FOREIGN_HOST");
  if ([3, 4, 7].includes(permit.get(2) as number) && ![8, 9, 10, 11].every((l) => permit.has(l))) found.warnings.push("INCOMPLETE");
  found.warnings.sort();
}

// ---- lists (C7, C8): a status list and a balance list differ in their type and in one label

const BALANCE = "application/precursor-balance+cwt";

async function readList(bytes: Uint8Array, trust: Trust, name: string | null, typ: string, label: number) {
  try {
    const outside = envelope(bytes, typ), claims = decode(outside.payload);
    must(keysAre(claims, [1, 2, 4, 6, label, 65534]));
    const [issuer, subject, expires, issued, inner, ttl] = [1, 2, 4, 6, label, 65534].map((at) => claims.get(at));
    must(typeof issuer === "string" && typeof subject === "string" && whole(expires, 0) && whole(issued, 0) && whole(ttl, 0));
    if (name !== null && subject !== name) throw new Refused("STATUS_MISSING");
    const key = trust.keys.get(outside.kid);
    must(key && key.alg === outside.alg && key.state !== 3 && (await signedBy(key.x, outside)));
    must(issuer === key.scope && key.from <= issued && issued < key.to);
    return { issuer, subject, expires, issued, inner: inner! };
  } catch (error) {
    if (error instanceof Refused && error.verdict !== "STATUS_MISSING") throw new Refused("STATUS_INVALID");
    throw error;
  }
}

async function readStatus(bytes: Uint8Array, trust: Trust, name: string) {
  const { inner, ...list } = await readList(bytes, trust, name, STATUS, 65533);
  must(keysAre(inner, ["lst", "bits"]) && inner.get("bits") === 2, "STATUS_INVALID");
  const packed = inner.get("lst");
  must(packed instanceof Uint8Array, "STATUS_INVALID");
  try { return { ...list, packed: await inflate(packed, 2 ** 20) }; } catch { throw new Refused("STATUS_INVALID"); }
}

/** What is left of each item by place on the list; null where the list is not good. */
export async function readBalance(bytes: Uint8Array, trust: Trust, name: string): Promise<{ issued: number; expires: number; left: Map<number, number[]> } | null> {
  try {
    const { inner, issued, expires } = await readList(bytes, trust, name, BALANCE, -70019);
    must(inner instanceof Uint8Array);
    const rows = decode(await inflate(inner, 2 ** 24)), left = new Map<number, number[]>();
    must(Array.isArray(rows));
    let index = 0;
    for (const row of rows) {
      must(Array.isArray(row) && row.length >= 2 && row.every((n) => whole(n, 0)) && (!left.size || (row[0] as number) > 0));
      left.set((index += row[0] as number), row.slice(1) as number[]);
    }
    return { issued, expires, left };
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** An extract that the key of a scope signed: its rows, and when. Null where it is another's, not good, or not any more. */
export async function readExtract(bytes: Uint8Array, trust: Trust, at: number, scope?: string): Promise<{ issued: number; rows: Item[] } | null> {
  try {
    const { inner, issued, expires, issuer, subject } = await readList(bytes, trust, null, "application/precursor-extract+cwt", -70020);
    must(inner instanceof Uint8Array && at < expires && at < trust.expires && subject === "extract" && (scope === undefined || issuer === scope));
    const rows = decode(await inflate(inner, 2 ** 24));
    must(Array.isArray(rows) && rows.length >= 2 && rows.every(Array.isArray));
    return { issued, rows };
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** Where a status or balance list belongs, and when it was signed; null where it is neither. */
export async function listOf(bytes: Uint8Array, trust: Trust): Promise<{ path: string; issued: number; issuer: string } | null> {
  for (const [typ, label, template] of [[STATUS, 65533, trust.status], [BALANCE, -70019, trust.balance]] as const) {
    try {
      const { subject, issued, issuer } = await readList(bytes, trust, null, typ, label);
      const number = /\/(\d{1,10})\.[^/]*$/.exec(subject)?.[1];
      return number && template.replace("{n}", number) === subject ? { path: new URL(subject).pathname, issued, issuer } : null;
    } catch (error) {
      if (!(error instanceof Refused || error instanceof TypeError)) throw error; // a subject may be no address
    }
  }
  return null;
}
