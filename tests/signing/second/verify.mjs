// A second verifier of PC1, written from the page of the format alone: WebCrypto, no package, none of our Python.
// node verify.mjs ROOT_HEX TRUST_FILE AT BASE_URL STATUS_FILE…   texts on stdin, one a line; a JSON object a line back.

import { createHash, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { pathToFileURL } from 'node:url'

const hex = bytes => Buffer.from(bytes).toString('hex')
const sha256 = bytes => createHash('sha256').update(bytes).digest()
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0

class Refusal extends Error {
  constructor (verdict) { super(verdict); this.verdict = verdict }
}
const refuse = verdict => { throw new Refusal(verdict) }
const must = (holds, verdict = 'MALFORMED') => { if (!holds) refuse(verdict) }

// ---- C2: a reader that knows the profile and nothing else. Maps become Map, so that 1 and "1" stay two keys.

const SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function cbor (bytes) {
  let at = 0
  const byte = () => { must(at < bytes.length); return bytes[at++] }
  const argument = info => {
    if (info < 24) return BigInt(info)
    must(info < 28)
    const width = 1 << (info - 24)
    let n = 0n
    for (let i = 0; i < width; i++) n = (n << 8n) | BigInt(byte())
    must(n >= [24n, 1n << 8n, 1n << 16n, 1n << 32n][info - 24])
    return n
  }
  const take = n => {
    must(n <= BigInt(bytes.length - at))
    const part = bytes.subarray(at, at + Number(n))
    at += Number(n)
    return part
  }
  const text = part => { try { return utf8.decode(part) } catch { return refuse('MALFORMED') } }
  const item = depth => {
    must(depth <= 8)
    const first = byte()
    const [major, info] = [first >> 5, first & 31]
    if (major === 7) {
      must([0xf4, 0xf5, 0xf6].includes(first))
      return { 0xf4: false, 0xf5: true, 0xf6: null }[first]
    }
    must(major !== 6)
    const n = argument(info)
    if (major === 0) { must(n <= SAFE); return Number(n) }
    if (major === 1) { must(n < SAFE); return -1 - Number(n) }
    if (major === 2) return take(n)
    if (major === 3) return text(take(n))
    must(n <= BigInt(bytes.length))
    if (major === 4) return Array.from({ length: Number(n) }, () => item(depth + 1))
    const map = new Map()
    let before = null
    for (let i = 0n; i < n; i++) {
      const from = at
      const key = item(depth + 1)
      must(typeof key === 'number' || typeof key === 'string')
      const encoded = bytes.subarray(from, at)
      must(before === null || Buffer.compare(before, encoded) < 0)
      before = Buffer.from(encoded)
      map.set(key, item(depth + 1))
    }
    return map
  }
  const value = item(0)
  must(at === bytes.length)
  return value
}

const whole = (v, least, most = Number.MAX_SAFE_INTEGER) => typeof v === 'number' && v >= least && v <= most
const points = s => [...s].length
const text = (v, least, most) => typeof v === 'string' && points(v) >= least && points(v) <= most
const keysAre = (map, keys) => map instanceof Map && map.size === keys.length && keys.every(k => map.has(k))

// ---- C1

function inflate (bytes, most) {
  // one stream that ends at the last byte, and no more than `most` out of it
  try {
    const { buffer, engine } = inflateSync(bytes, { maxOutputLength: most, info: true })
    must(engine.bytesWritten === bytes.length)
    return buffer
  } catch (error) {
    if (error instanceof Refusal) throw error
    return refuse('MALFORMED')
  }
}

function carried (line) {
  const cut = line.lastIndexOf('#')
  must(cut >= 0)
  const [prefix, digits] = [line.slice(0, cut), line.slice(cut + 1)]
  must(prefix === 'PC1' || (prefix.length <= 200 && /^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[A-Za-z0-9._~/-]*)?$/.test(prefix)))
  must(/^[1-9][0-9]{199,2399}$/.test(digits))
  let even = BigInt(digits).toString(16)
  if (even.length % 2) even = '0' + even
  let bytes = Buffer.from(even, 'hex')
  if (bytes[0] === 0x78) bytes = inflate(bytes, 2048)
  must(bytes[0] === 0xd2)
  return [prefix, bytes]
}

// ---- C3

const STATUS = 'application/statuslist+cwt'

function envelope (bytes, typ = null) {
  const tail = typ === null ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x10, 0x78, typ.length]), Buffer.from(typ)])
  const length = 13 + tail.length
  const head = typ === null ? [0xd2, 0x84, 0x4d, 0xa2] : [0xd2, 0x84, 0x58, length, 0xa3]
  const start = typ === null ? 3 : 4
  must(same(bytes.subarray(0, head.length), head))
  const protectedBytes = bytes.subarray(start, start + length)
  must(protectedBytes.length === length && protectedBytes[1] === 1 && same(protectedBytes.subarray(3, 5), [4, 0x48]))
  const alg = { 0x27: -8, 0x32: -19 }[protectedBytes[2]]
  must(alg !== undefined && same(protectedBytes.subarray(13), tail))
  const kid = protectedBytes.subarray(5, 13)
  let at = start + length
  must(bytes[at++] === 0xa0)
  const wrapped = at
  const first = bytes[at++]
  must(first >= 0x40 && first <= 0x5b)
  let size = first & 31
  if (size > 23) {
    const width = 1 << (size - 24)
    must(at + width <= bytes.length)
    size = Number(bytes.subarray(at, at + width).reduce((n, b) => (n << 8n) | BigInt(b), 0n))
    must(size >= [24, 256, 65536, 4294967296][first - 0x58])
    at += width
  }
  const payload = bytes.subarray(at, at + size)
  at += size
  must(payload.length === size && same(bytes.subarray(at, at + 2), [0x58, 0x40]) && bytes.length === at + 66)
  const signed = Buffer.concat([
    Buffer.from('846a5369676e617475726531', 'hex'), bytes.subarray(2, start + length), Buffer.from([0x40]),
    bytes.subarray(wrapped, at)
  ])
  return { alg, kid: hex(kid), payload, signature: bytes.subarray(at + 2), signed }
}

const thumbprint = x => hex(sha256(Buffer.concat([Buffer.from('a301012006215820', 'hex'), x])).subarray(0, 8))

async function signedBy (x, outside) {
  try {
    const key = await webcrypto.subtle.importKey('raw', x, { name: 'Ed25519' }, false, ['verify'])
    return await webcrypto.subtle.verify({ name: 'Ed25519' }, key, outside.signature, outside.signed)
  } catch { return false }
}

// ---- C6

const P = (1n << 255n) - 19n
const little = bytes => BigInt('0x' + hex(Buffer.from(bytes).reverse()))
const EIGHTH = ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a']
const SMALL = [0n, 1n, P - 1n, ...EIGHTH.map(h => little(Buffer.from(h, 'hex')))]

function sound (x) {
  if (!(x instanceof Uint8Array) || x.length !== 32) return false
  const y = little(x) & ((1n << 255n) - 1n)
  return y < P && !SMALL.includes(y)
}

export async function trustList (bytes, rootHex, at) {
  try {
    const root = Buffer.from(rootHex, 'hex')
    const outside = envelope(bytes)
    must(sound(root) && outside.kid === thumbprint(root) && outside.alg === -8 && await signedBy(root, outside))
    const top = cbor(outside.payload)
    must(keysAre(top, [1, 4, 6, -70010, -70016, -70017, -70018]))
    must(typeof top.get(1) === 'string' && whole(top.get(4), 0) && whole(top.get(6), 0) && whole(top.get(-70017), 1))
    for (const label of [-70016, -70018]) must(typeof top.get(label) === 'string' && top.get(label).split('{n}').length === 2)
    must(Array.isArray(top.get(-70010)))
    const keys = new Map()
    for (const raw of top.get(-70010)) {
      const labels = [1, 2, 3, -1, -2, -70011, -70012, -70013, -70014]
      must(raw instanceof Map)
      must(keysAre(raw, raw.has(-70015) ? [...labels, -70015] : labels))
      must(raw.get(1) === 1 && raw.get(-1) === 6 && [-8, -19].includes(raw.get(3)) && sound(raw.get(-2)))
      must(raw.get(2) instanceof Uint8Array && hex(raw.get(2)) === thumbprint(raw.get(-2)))
      must(typeof raw.get(-70011) === 'string' && whole(raw.get(-70012), 0) && whole(raw.get(-70013), 0))
      must(whole(raw.get(-70014), 0, 3) && (raw.get(-70014) === 3) === raw.has(-70015))
      must(!raw.has(-70015) || whole(raw.get(-70015), 0))
      must(!keys.has(hex(raw.get(2))))
      keys.set(hex(raw.get(2)), {
        x: raw.get(-2), alg: raw.get(3), scope: raw.get(-70011), from: raw.get(-70012), to: raw.get(-70013), state: raw.get(-70014)
      })
    }
    return { keys, expires: top.get(4), status: top.get(-70016), verdict: at >= top.get(4) ? 'TRUST_EXPIRED' : null }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { verdict: 'TRUST_INVALID' }
  }
}

// ---- C7

function openList (bytes) {
  try {
    const outside = envelope(bytes, STATUS)
    const claims = cbor(outside.payload)
    must(keysAre(claims, [1, 2, 4, 6, 65533, 65534]))
    must(typeof claims.get(1) === 'string' && typeof claims.get(2) === 'string')
    must([4, 6, 65534].every(label => whole(claims.get(label), 0)))
    return { outside, claims, subject: claims.get(2) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { subject: null }
  }
}

async function judgeList (list, trust) {
  const { outside, claims } = list
  const key = trust.keys.get(outside.kid)
  must(key && key.alg === outside.alg && key.state !== 3 && await signedBy(key.x, outside), 'STATUS_INVALID')
  must(claims.get(1) === key.scope && key.from <= claims.get(6) && claims.get(6) < key.to, 'STATUS_INVALID')
  const inner = claims.get(65533)
  must(keysAre(inner, ['lst', 'bits']) && inner.get('bits') === 2 && inner.get('lst') instanceof Uint8Array, 'STATUS_INVALID')
  try { return inflate(inner.get('lst'), 2 ** 20) } catch { return refuse('STATUS_INVALID') }
}

// ---- C4, C5

const party = v => Array.isArray(v) && v.length === 2 && typeof v[0] === 'string' && /^([0-9A-Z]{18})?$/.test(v[0]) &&
  text(v[1], 1, 128)
const list = (v, most, check) => Array.isArray(v) && v.length >= 1 && v.length <= most && v.every(check)
const INSIDE = new Map([
  [1, v => v === 1],
  [2, v => whole(v, 1, 7)],
  [3, v => whole(v, 1, 3) || whole(v, 10, 255)],
  [4, v => whole(v, 1, 5)],
  [5, v => whole(v, 0, 65535)],
  [6, v => list(v, 32, i => Array.isArray(i) && (i.length === 2 || (i.length === 3 && whole(i[2], 1, 4))) &&
    (whole(i[0], 1) || text(i[0], 1, 64)) && whole(i[1], 1))],
  [7, party], [8, party], [9, party],
  [10, v => list(v, 8, p => text(p, 1, 16))],
  [11, v => list(v, 32, p => whole(p, 0, 999999999999) || text(p, 1, 64))],
  [12, v => Array.isArray(v) && v.length === 2 && whole(v[0], 0, 2 ** 32 - 1) && whole(v[1], 0, 2 ** 22 - 1)],
  [13, v => whole(v, 0, 2 ** 32 - 1)],
  [14, v => text(v, 1, 64)],
  [15, v => whole(v, 1, 65535)]
])

function checked (claims) {
  must(keysAre(claims, [1, 2, 4, 5, 6, -70001]))
  must(text(claims.get(1), 1, 32) && text(claims.get(2), 1, 64))
  const [exp, nbf, iat] = [4, 5, 6].map(label => claims.get(label))
  must([exp, nbf, iat].every(t => whole(t, 0, 2 ** 32 - 1)) && nbf < exp && iat < exp && exp - nbf <= 400 * 86400)
  const permit = claims.get(-70001)
  must(permit instanceof Map)
  for (const [label, value] of permit) must(typeof label === 'number' && (!INSIDE.has(label) || INSIDE.get(label)(value)))
  must([1, 2, 3, 4, 5, 6, 12].every(label => permit.has(label)))
  const document = permit.get(2)
  must(permit.has([1, 2, 5].includes(document) ? 8 : 7))
  must(document === 7 ? [10, 14, 15].every(l => permit.has(l)) : !permit.has(14) && !permit.has(15))
  return claims
}

// ---- C11

const hostOf = url => /^https:\/\/([^/]+)/.exec(url)?.[1].toLowerCase() ?? ''

export async function verify (line, context) {
  const found = { verdict: 'GENUINE', warnings: [], token: null, kid: null, payload: null }
  try {
    await judge(line, context, found)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    Object.assign(found, { verdict: error.verdict, warnings: [] })
  }
  return found
}

async function judge (line, { trust, lists, at, base }, found) {
  if (trust.verdict) refuse(trust.verdict)
  must(line !== null)
  const [prefix, bytes] = carried(line)
  const outside = envelope(bytes)
  Object.assign(found, { token: hex(sha256(bytes)), kid: outside.kid })
  const key = trust.keys.get(outside.kid)
  must(key, 'UNKNOWN_KEY')
  must(key.alg === outside.alg && await signedBy(key.x, outside), 'FORGED')
  const claims = checked(cbor(outside.payload))
  found.payload = hex(outside.payload)
  const [iss, exp, nbf, iat, permit] = [1, 4, 5, 6, -70001].map(label => claims.get(label))
  must(key.state !== 3, 'KEY_COMPROMISED')
  must(iss === key.scope && key.from <= iat && iat < key.to, 'OUT_OF_SCOPE')
  const [number, index] = permit.get(12)
  const status = lists.find(l => l.subject === trust.status.replace('{n}', String(number)))
  if (!status) refuse(lists.some(l => l.subject === null) ? 'STATUS_INVALID' : 'STATUS_MISSING')
  const packed = await judgeList(status, trust)
  must(status.claims.get(1) === iss, 'STATUS_INVALID')
  must(at < status.claims.get(4), 'STATUS_EXPIRED')
  const [inside, newer] = [index >> 2 < packed.length, iat > status.claims.get(6)]
  const entry = inside ? (packed[index >> 2] >> 2 * (index & 3)) & 3 : 1
  must(entry !== 2, 'SUSPENDED')
  must(entry !== 3, 'USED_UP')
  must(entry !== 1 || newer, inside ? 'REVOKED' : 'UNISSUED')
  must(at >= nbf && iat <= at + 300, 'NOT_YET')
  must(at < exp, 'EXPIRED')
  if (newer) found.warnings.push('ISSUED_AFTER_STATUS')
  if (at - status.claims.get(6) > 86400) found.warnings.push('STATUS_STALE')
  if (prefix !== 'PC1' && hostOf(prefix) !== hostOf(base)) found.warnings.push('FOREIGN_HOST')
  if ([3, 4, 7].includes(permit.get(2)) && ![8, 9, 10, 11].every(l => permit.has(l))) found.warnings.push('INCOMPLETE')
  found.warnings.sort()
}

async function main ([root, trustFile, at, base, ...files]) {
  const trust = await trustList(readFileSync(trustFile), root, Number(at))
  const context = { trust, lists: files.map(f => openList(readFileSync(f))), at: Number(at), base }
  const input = readFileSync(0)
  for (let from = 0; from < input.length;) {
    let to = input.indexOf(10, from)
    if (to < 0) to = input.length
    let line = null
    try { line = utf8.decode(input.subarray(from, to)) } catch { line = null }
    process.stdout.write(JSON.stringify(await verify(line, context)) + '\n')
    from = to + 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2))
