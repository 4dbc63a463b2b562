// An independent verifier of PC1 tokens, written from pc1.md alone (section marks C1-C11 point there).
//
//   node verify.mjs ROOT_HEX TRUST_FILE AT_SECONDS BASE_URL STATUS_FILE...     texts on stdin, one per LF-ended line
//
// It shares no code and no library with the product on purpose: where the two disagree, one of them misreads the page.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'

const { subtle } = globalThis.crypto

const DAY = 86400
const TOKEN_CAP = 2048 // bytes out of the zlib of a text (C1)
const STATUS_CAP = 2 ** 20 // bytes out of the zlib of a status list (C7)
const LINE_CAP = 4096 // a well-formed text has at most 200 + 1 + 2,400 bytes, so nothing longer need be kept

/** The one way a check ends early; it carries the verdict of C11. */
class Refusal extends Error {
  constructor (verdict) { super(verdict); this.verdict = verdict }
}

const check = (condition, verdict = 'MALFORMED') => { if (!condition) throw new Refusal(verdict) }

const hex = bytes => Buffer.from(bytes).toString('hex')
const sha256 = bytes => createHash('sha256').update(bytes).digest()

/** One complete RFC 1950 stream. Output stops one byte past the cap, so a bomb costs no more than the cap. */
function inflate (bytes, cap) {
  // Throws at a bad header or checksum, a preset dictionary, a stream cut short, and beyond the cap.
  const { buffer, engine } = inflateSync(bytes, { maxOutputLength: cap, chunkSize: Math.min(cap + 1, 65536), info: true })
  check(engine.bytesWritten === bytes.length) // node ignores a tail in silence; the format does not
  return buffer
}

// ---------------------------------------------------------------- C2: the CBOR profile

// ignoreBOM keeps a leading U+FEFF in the string: dropping it would make two different texts read alike.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const SAFE = 2 ** 53 - 1
const DEEPEST = 8

/** The text in bytes, or null when they are not UTF-8. */
const decodeText = bytes => { try { return utf8.decode(bytes) } catch { return null } }

class Reader {
  constructor (bytes) { this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length); this.position = 0 }

  take (count) {
    // Compared by subtraction against what is left, so no claimed length can make anything be allocated.
    check(count <= this.bytes.length - this.position)
    this.position += count
    return this.bytes.subarray(this.position - count, this.position)
  }

  expect (bytes) { check(this.take(bytes.length).equals(bytes)) }

  /** Initial byte and argument, in shortest form only. Every argument has to be a safe integer, lengths included. */
  head () {
    const initial = this.take(1)[0]
    const major = initial >> 5
    const info = initial & 31
    if (info < 24) return { major, argument: info }
    check(major !== 7) // floats, and simple values of two bytes
    check(info < 28) // reserved, and indefinite lengths
    const width = 1 << (info - 24)
    const raw = this.take(width)
    const argument = width < 8 ? raw.readUIntBE(0, width) : Number(raw.readBigUInt64BE())
    const shortest = [24, 2 ** 8, 2 ** 16, 2 ** 32][info - 24]
    // Number() rounds above 2^53, but never to SAFE or below: the comparison still tells truly.
    check(argument >= shortest && argument <= SAFE)
    return { major, argument }
  }

  byteString () {
    const { major, argument } = this.head()
    check(major === 2)
    return this.take(argument)
  }

  item (depth = 0) {
    check(depth <= DEEPEST)
    const { major, argument } = this.head()
    switch (major) {
      case 0: return argument
      case 1: check(argument < SAFE); return -1 - argument // -1-n has to stay at or above -(2^53-1)
      case 2: return this.take(argument)
      case 3: return this.text(argument)
      case 4: return this.array(argument, depth)
      case 5: return this.map(argument, depth)
    }
    check(major === 7 && argument >= 20 && argument <= 22) // not a tag, undefined or another simple value
    return [false, true, null][argument - 20]
  }

  text (length) {
    const text = decodeText(this.take(length))
    check(text !== null)
    return text
  }

  array (count, depth) {
    const array = [] // grown as the items come: a claimed count alone costs nothing
    for (let i = 0; i < count; i++) array.push(this.item(depth + 1))
    return array
  }

  map (count, depth) {
    const map = new Map() // a Map and not an object: 1 and "1" are two keys, and "__proto__" is just a word
    let before = null
    for (let i = 0; i < count; i++) {
      const start = this.position
      const key = this.item(depth + 1)
      check(typeof key === 'number' || typeof key === 'string')
      const encoded = this.bytes.subarray(start, this.position)
      check(before === null || Buffer.compare(before, encoded) < 0) // strictly: shuts out duplicates too
      before = encoded
      map.set(key, this.item(depth + 1))
    }
    return map
  }

  end () { check(this.position === this.bytes.length) }
}

function decode (bytes) {
  const reader = new Reader(bytes)
  const value = reader.item()
  reader.end()
  return value
}

// ---------------------------------------------------------------- shapes of claims

const isUint = (value, most = SAFE, least = 0) => typeof value === 'number' && value >= least && value <= most
const isSecond = value => isUint(value, 2 ** 32 - 1)
const isBytes = (value, length) => value instanceof Uint8Array && value.length === length
const isArray = (value, least, most) => Array.isArray(value) && value.length >= least && value.length <= most

function isText (value, least, most) {
  if (typeof value !== 'string') return false
  const length = [...value].length // code points, where .length would count UTF-16 units
  return length >= least && length <= most
}

/** A map that has all the mandatory keys and, besides the optional ones, no other. */
function isRecord (value, mandatory, optional = []) {
  return value instanceof Map && mandatory.every(key => value.has(key)) &&
    [...value.keys()].every(key => mandatory.includes(key) || optional.includes(key))
}

// ---------------------------------------------------------------- C3: envelope and signature

const SIGNATURE1 = Buffer.from('846a5369676e617475726531', 'hex') // array of four, text "Signature1"
const EMPTY_MAP = Buffer.from([0xa0])
const STATUS_TYPE = Buffer.from('10781a' + hex(Buffer.from('application/statuslist+cwt')), 'hex')
const ALGORITHMS = new Map([[0x27, -8], [0x32, -19]])

/** COSE_Sign1 taken apart without judging its protected header. */
function readEnvelope (cose) {
  const reader = new Reader(cose)
  reader.expect(Buffer.from([0xd2, 0x84]))
  const start = reader.position
  const header = reader.byteString()
  const protectedItem = cose.subarray(start, reader.position)
  reader.expect(EMPTY_MAP)
  const payloadStart = reader.position
  const payload = reader.byteString()
  const payloadItem = cose.subarray(payloadStart, reader.position)
  reader.expect(Buffer.from([0x58, 0x40]))
  const signature = reader.take(64)
  reader.end()
  // The byte strings were read in shortest form, so their own bytes are the ones that were signed.
  const signed = Buffer.concat([SIGNATURE1, protectedItem, Buffer.from([0x40]), payloadItem])
  return { header, payload, signature, signed }
}

/** Envelope whose header is, byte for byte, alg and kid (and, for a list, the given type). */
function openEnvelope (cose, type = null) {
  const envelope = readEnvelope(cose)
  const reader = new Reader(envelope.header)
  reader.expect(Buffer.from([type ? 0xa3 : 0xa2, 0x01]))
  const alg = ALGORITHMS.get(reader.take(1)[0])
  check(alg !== undefined)
  reader.expect(Buffer.from([0x04, 0x48]))
  const kid = hex(reader.take(8))
  if (type) reader.expect(type)
  reader.end()
  return { ...envelope, alg, kid }
}

// WebCrypto refuses S >= L as well.
const signatureHolds = (publicKey, envelope) => subtle.verify('Ed25519', publicKey, envelope.signature, envelope.signed)

// ---------------------------------------------------------------- C6: the trust list

const FIELD = 2n ** 255n - 19n
// The y of the eight points of small order: orders 1, 2, 4 and the two of order 8. The sign bit is left aside, so both
// points of a y are meant, and so are the two encodings of x = 0 with the sign set, which are no points at all.
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n
const SMALL_ORDER = [1n, FIELD - 1n, 0n, ORDER_8, FIELD - ORDER_8]

/** A public key as WebCrypto wants it, or a refusal when anyone could make signatures that it accepts. */
async function importKey (x) {
  const y = BigInt('0x' + hex(Buffer.from(x).reverse())) & (2n ** 255n - 1n)
  check(y < FIELD && !SMALL_ORDER.includes(y))
  return subtle.importKey('raw', x, 'Ed25519', false, ['verify'])
}

const thumbprint = x => hex(sha256(Buffer.concat([Buffer.from('a301012006215820', 'hex'), x])).subarray(0, 8))
const isTemplate = value => typeof value === 'string' && value.split('{n}').length === 2

async function readListedKey (entry) {
  const mandatory = [1, 2, 3, -1, -2, -70011, -70012, -70013, -70014]
  check(isRecord(entry, mandatory, [-70015]))
  const [alg, x, state] = [entry.get(3), entry.get(-2), entry.get(-70014)]
  check(entry.get(1) === 1 && entry.get(-1) === 6 && (alg === -8 || alg === -19))
  check(isBytes(x, 32) && isBytes(entry.get(2), 8) && hex(entry.get(2)) === thumbprint(x))
  check(typeof entry.get(-70011) === 'string' && isUint(entry.get(-70012)) && isUint(entry.get(-70013)) && isUint(state, 3))
  check(state === 3 ? isUint(entry.get(-70015)) : !entry.has(-70015))
  return {
    kid: hex(entry.get(2)), alg, publicKey: await importKey(x), scope: entry.get(-70011),
    nbf: entry.get(-70012), exp: entry.get(-70013), compromised: state === 3
  }
}

async function readTrust (rootHex, cose, lowestSequence) {
  check(/^[0-9a-f]{64}$/.test(rootHex))
  const root = Buffer.from(rootHex, 'hex')
  const rootKey = await importKey(root)
  const envelope = openEnvelope(cose)
  check(envelope.alg === -8 && envelope.kid === thumbprint(root))
  check(await signatureHolds(rootKey, envelope))
  const claims = decode(envelope.payload)
  check(isRecord(claims, [1, 4, 6, -70010, -70016, -70017, -70018]))
  check(typeof claims.get(1) === 'string' && isUint(claims.get(4)) && isUint(claims.get(6)))
  check(isTemplate(claims.get(-70016)) && isTemplate(claims.get(-70018)))
  check(isUint(claims.get(-70017), SAFE, Math.max(1, lowestSequence)))
  check(isArray(claims.get(-70010), 1, Infinity))
  const keys = new Map()
  for (const entry of claims.get(-70010)) {
    const key = await readListedKey(entry)
    check(!keys.has(key.kid))
    keys.set(key.kid, key)
  }
  return { keys, exp: claims.get(4), template: claims.get(-70016) }
}

// ---------------------------------------------------------------- C7: status lists

/** The address a list gives itself. It only chooses the file, which is why no signature is asked for here. */
function claimedSub (cose) {
  try { return decode(readEnvelope(cose).payload).get(2) } catch { return undefined }
}

async function readStatus (cose, trust) {
  const envelope = openEnvelope(cose, STATUS_TYPE)
  const key = trust.keys.get(envelope.kid)
  check(key && !key.compromised && key.alg === envelope.alg)
  check(await signatureHolds(key.publicKey, envelope))
  const claims = decode(envelope.payload)
  check(isRecord(claims, [1, 2, 4, 6, 65533, 65534]))
  const [iss, exp, iat, status] = [1, 4, 6, 65533].map(label => claims.get(label))
  check(iss === key.scope && isUint(exp) && isUint(iat) && isUint(claims.get(65534)))
  check(key.nbf <= iat && iat < key.exp)
  check(isRecord(status, ['lst', 'bits']) && status.get('bits') === 2 && status.get('lst') instanceof Uint8Array)
  return { iss, exp, iat, entries: inflate(status.get('lst'), STATUS_CAP) }
}

/** The list at an address: among good copies the newest, so that neither a forged nor an old file hides it. */
async function findStatus (sub, iss, context) {
  if (!context.status.has(sub)) {
    const named = context.lists.filter(list => list.sub === sub)
    const read = await Promise.allSettled(named.map(list => readStatus(list.cose, context.trust)))
    context.status.set(sub, read.map(outcome => outcome.value)) // undefined for a list that is not to be gone by
  }
  const copies = context.status.get(sub)
  check(copies.length > 0, 'STATUS_MISSING')
  const own = copies.filter(list => list?.iss === iss).sort((a, b) => b.iat - a.iat)
  check(own.length > 0, 'STATUS_INVALID')
  return own[0]
}

function judgeStatus (list, index, iat, at, warnings) {
  check(at < list.exp, 'STATUS_EXPIRED')
  const inside = (index >> 2) < list.entries.length
  const entry = inside ? (list.entries[index >> 2] >> (2 * (index & 3))) & 3 : 1
  const later = iat > list.iat // then the list could not know the token yet, and 0 or 1 says nothing
  check(later || entry !== 1, inside ? 'REVOKED' : 'UNISSUED')
  check(entry !== 2, 'SUSPENDED')
  check(entry !== 3, 'USED_UP')
  if (later) warnings.push('ISSUED_AFTER_STATUS')
  if (at - list.iat > DAY) warnings.push('STATUS_STALE')
}

// ---------------------------------------------------------------- C4, C5: the claims of a token

const isCode = value => isUint(value, SAFE, 1) || isText(value, 1, 64)
const isItem = value => isArray(value, 2, 3) && isCode(value[0]) && isUint(value[1], SAFE, 1) &&
  (value.length === 2 || isUint(value[2], 4, 1)) // grams are said by leaving the unit out, never by 0
const isParty = value => isArray(value, 2, 2) && typeof value[0] === 'string' && /^([0-9A-Z]{18})?$/.test(value[0]) &&
  isText(value[1], 1, 128)
const isPlace = value => isUint(value, 999_999_999_999) || isText(value, 1, 64)

const PERMIT = new Map([
  [1, value => value === 1],
  [2, value => isUint(value, 7, 1)],
  [3, value => isUint(value, 3, 1) || isUint(value, 255, 10)],
  [4, value => isUint(value, 5, 1)],
  [5, value => isUint(value, 65535)],
  [6, value => isArray(value, 1, 32) && value.every(isItem)],
  [7, isParty],
  [8, isParty],
  [9, isParty],
  [10, value => isArray(value, 1, 8) && value.every(plate => isText(plate, 1, 16))],
  [11, value => isArray(value, 1, 32) && value.every(isPlace)],
  [12, value => isArray(value, 2, 2) && isUint(value[0], 2 ** 32 - 1) && isUint(value[1], 2 ** 22 - 1)],
  [13, value => isUint(value, 2 ** 32 - 1)],
  [14, value => isText(value, 1, 64)],
  [15, value => isUint(value, 65535, 1)]
])
const TRIP_SLIP = 7
const RECEIVER_HOLDS = [1, 2, 5]
const TRAVELS = [3, 4, TRIP_SLIP]

function readClaims (payload) {
  const claims = decode(payload)
  check(isRecord(claims, [1, 2, 4, 5, 6, -70001]))
  const [iss, sub, exp, nbf, iat, permit] = [1, 2, 4, 5, 6, -70001].map(label => claims.get(label))
  check(isText(iss, 1, 32) && isText(sub, 1, 64) && isSecond(exp) && isSecond(nbf) && isSecond(iat))
  check(nbf < exp && iat < exp && exp - nbf <= 400 * DAY)
  check(permit instanceof Map && [...permit.keys()].every(key => typeof key === 'number'))
  for (const [label, isGood] of PERMIT) check(!permit.has(label) || isGood(permit.get(label)))
  const document = permit.get(2)
  const slip = document === TRIP_SLIP
  const mandatory = [1, 2, 3, 4, 5, 6, 12, RECEIVER_HOLDS.includes(document) ? 8 : 7, ...(slip ? [10, 14, 15] : [])]
  check(mandatory.every(label => permit.has(label)))
  check(slip || !(permit.has(14) || permit.has(15)))
  const incomplete = TRAVELS.includes(document) && ![8, 9, 10, 11].every(label => permit.has(label))
  return { iss, exp, nbf, iat, incomplete, list: permit.get(12)[0], index: permit.get(12)[1] }
}

// ---------------------------------------------------------------- C1: the text

const PREFIX = /^https:\/\/([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(?:\/[A-Za-z0-9._~/-]*)?$/
const BASE = /^https?:\/\/([^/?#:@]+)(?::([0-9]{1,5}))?(?:[/?#]|$)/i

// Names of hosts know no case, and a default port may be written or left out: neither makes a host foreign.
const hostAndPort = parts => parts && `${parts[1].toLowerCase()}:${Number(parts[2] ?? 443)}`

/** The bytes in a text, and the host in its prefix (null for the bare PC1). */
function readText (text) {
  check(typeof text === 'string')
  const cut = text.lastIndexOf('#')
  const digits = text.length - cut - 1
  check(cut >= 0 && cut <= 200 && digits >= 200 && digits <= 2400) // lengths first: no pattern sees a huge text
  const prefix = text.slice(0, cut)
  const parts = PREFIX.exec(prefix)
  check(prefix === 'PC1' || parts)
  check(/^[1-9][0-9]+$/.test(text.slice(cut + 1)))
  const number = BigInt(text.slice(cut + 1)).toString(16)
  const bytes = Buffer.from(number.length % 2 ? '0' + number : number, 'hex')
  const cose = bytes[0] === 0x78 ? inflate(bytes, TOKEN_CAP) : bytes // any first byte but D2 fails at the envelope
  return { cose, host: hostAndPort(parts) }
}

// ---------------------------------------------------------------- C11: the verdict

/** Everything that the verdicts on many texts have in common. Never throws: a bad trust list is a verdict too. */
export async function createContext ({ root, trust, at, base, lists = [], lowestSequence = 0 }) {
  const context = { trust: null, at, host: hostAndPort(BASE.exec(base)), lists: [], status: new Map() }
  try {
    context.trust = await readTrust(root, trust, lowestSequence)
    context.lists = lists.map(cose => ({ cose, sub: claimedSub(cose) }))
  } catch { /* whatever was wrong, there is no list to trust: TRUST_INVALID */ }
  return context
}

async function judge (text, context, result) {
  const { trust, at } = context
  check(trust, 'TRUST_INVALID')
  check(at < trust.exp, 'TRUST_EXPIRED')
  const { cose, host } = readText(text)
  const opened = openEnvelope(cose)
  result.token = hex(sha256(cose))
  result.kid = opened.kid
  const key = trust.keys.get(opened.kid)
  check(key, 'UNKNOWN_KEY')
  check(key.alg === opened.alg && await signatureHolds(key.publicKey, opened), 'FORGED')
  const claims = readClaims(opened.payload)
  result.payload = hex(opened.payload)
  check(!key.compromised, 'KEY_COMPROMISED')
  check(claims.iss === key.scope && key.nbf <= claims.iat && claims.iat < key.exp, 'OUT_OF_SCOPE')

  const warnings = []
  const sub = trust.template.split('{n}').join(String(claims.list)) // replace() would give "$&" a meaning
  judgeStatus(await findStatus(sub, claims.iss, context), claims.index, claims.iat, at, warnings)
  check(claims.iat <= at + 300 && claims.nbf <= at, 'NOT_YET')
  check(at < claims.exp, 'EXPIRED')
  if (claims.incomplete) warnings.push('INCOMPLETE')
  if (host !== null && host !== context.host) warnings.push('FOREIGN_HOST')
  result.verdict = 'GENUINE'
  result.warnings = warnings.sort()
}

/** The verdict on a text (null for a line that was not UTF-8). Never throws, and whatever fails oddly is refused. */
export async function verify (text, context) {
  const result = { verdict: 'MALFORMED', warnings: [], token: null, kid: null, payload: null }
  try {
    await judge(text, context, result)
  } catch (error) {
    if (error instanceof Refusal) result.verdict = error.verdict // anything else is a slip of ours: MALFORMED stays
  }
  return result
}

// ---------------------------------------------------------------- command line

/** LF-ended lines of a stream as strings, null for one that cannot be a text. Holds at most LINE_CAP bytes of a line. */
async function * readLines (stream) {
  let [parts, length] = [[], 0]
  const keep = piece => {
    length += piece.length
    // Copied: a kept slice would hold on to its whole chunk. Once over the cap only the length goes on counting.
    if (length <= LINE_CAP && piece.length > 0) parts.push(Buffer.from(piece))
  }
  const finish = () => {
    const line = length <= LINE_CAP ? decodeText(Buffer.concat(parts)) : null
    ;[parts, length] = [[], 0]
    return line
  }
  for await (const chunk of stream) {
    let start = 0
    for (let end; (end = chunk.indexOf(10, start)) >= 0; start = end + 1) {
      keep(chunk.subarray(start, end))
      yield finish()
    }
    keep(chunk.subarray(start))
  }
  if (length > 0) yield finish() // a last line without its LF is still a text someone asked about
}

async function main ([root, trustFile, at, base, ...statusFiles]) {
  if (base === undefined || !/^-?[0-9]{1,15}$/.test(at)) {
    process.stderr.write('usage: node verify.mjs ROOT_HEX TRUST_FILE AT_SECONDS BASE_URL STATUS_FILE...\n')
    process.exit(2)
  }
  // A file that cannot be read is a list that cannot be read: it gets a verdict, not a crash.
  const read = file => { try { return readFileSync(file) } catch { return Buffer.alloc(0) } }
  const lists = statusFiles.map(read)
  const context = await createContext({ root, trust: read(trustFile), at: Number(at), base, lists })
  for await (const text of readLines(process.stdin)) {
    const line = JSON.stringify(await verify(text, context)) + '\n'
    if (!process.stdout.write(line)) await once(process.stdout, 'drain')
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
