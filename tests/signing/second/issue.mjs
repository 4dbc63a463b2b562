// An independent issuer of PC1 tokens, written from docs/pc1.md alone (section marks point there).
//
//   node issue.mjs < one JSON object     prints the text for the QR code, or one line of refusal on stderr and exit 1
//
//   {"seed": 64 hex digits, "prefix": "PC1" or "https://host[:port][/path]", "issuer": text, "subject": text,
//    "issued": seconds, "from": seconds, "until": seconds, "permit": {"1": ..., "2": ..., ...}}
//
// It shares no code and no library with the product on purpose: where the two disagree, one of them misreads the page.

import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deflateSync } from 'node:zlib'

class Refusal extends Error {}
const demand = (condition, why) => { if (!condition) throw new Refusal(why) }

// ---------------------------------------------------------------- 4: what a token may say

const isUint = (value, least, most = Number.MAX_SAFE_INTEGER) => Number.isSafeInteger(value) && value >= least && value <= most
const isText = (value, most) => typeof value === 'string' && value !== '' && [...value].length <= most // code points
const isList = (value, least, most, isMember) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(isMember)

const isCode = value => isUint(value, 1) || isText(value, 64)
const isItem = value => isList(value, 2, 3, () => true) && isCode(value[0]) && isUint(value[1], 1) &&
  (value.length === 2 || isUint(value[2], 1, 4)) // grams are said by leaving the unit out
const isParty = value => isList(value, 2, 2, part => typeof part === 'string') &&
  /^([0-9A-Z]{18})?$/.test(value[0]) && isText(value[1], 128)
const isPlace = value => isUint(value, 0, 999_999_999_999) || isText(value, 64)

const LABELS = {
  1: ['edition', value => value === 1],
  2: ['document', value => isUint(value, 1, 7)],
  3: ['category', value => isUint(value, 1, 3) || isUint(value, 10, 255)],
  4: ['kind of validity', value => isUint(value, 1, 5)],
  5: ['uses', value => isUint(value, 0, 65535)],
  6: ['items', value => isList(value, 1, 32, isItem)],
  7: ['who gives', isParty],
  8: ['who receives', isParty],
  9: ['who carries', isParty],
  10: ['plates', value => isList(value, 1, 8, plate => isText(plate, 16))],
  11: ['places', value => isList(value, 1, 32, isPlace)],
  12: ['place of the status', value => isList(value, 2, 2, () => true) && isUint(value[0], 0, 2 ** 32 - 1) && isUint(value[1], 0, 2 ** 22 - 1)],
  13: ['version of the catalogue', value => isUint(value, 0, 2 ** 32 - 1)],
  14: ['number of the parent', value => isText(value, 64)],
  15: ['number of the slip', value => isUint(value, 1, 65535)]
}
const ALWAYS = [1, 2, 3, 4, 5, 6, 12]
const TRIP_SLIP = 7
const SLIP_ONLY = [14, 15]
const holderOf = document => [1, 2, 5].includes(document) ? 8 : 7

function checkPermit (permit) {
  for (const [label, value] of permit) { // labels of a later edition pass as they are
    if (label in LABELS) demand(LABELS[label][1](value), `label ${label} (${LABELS[label][0]}) is out of its limits`)
  }
  const document = permit.get(2)
  const mandatory = [...ALWAYS, holderOf(document), ...(document === TRIP_SLIP ? [10, ...SLIP_ONLY] : [])]
  for (const label of mandatory) demand(permit.has(label), `label ${label} (${LABELS[label][0]}) is missing`)
  for (const label of SLIP_ONLY) demand(document === TRIP_SLIP || !permit.has(label), `label ${label} is for trip slips only`)
}

const DAY = 86400
const isMidnight = time => (time + 8 * 3600) % DAY === 0 // in China, UTC+8

function checkTimes (issued, from, until) {
  for (const time of [issued, from, until]) demand(isUint(time, 0, 2 ** 32 - 1), 'a time is not in whole seconds below 2^32')
  demand(isMidnight(from) && isMidnight(until), 'a period begins and ends at midnight in China')
  demand(from < until && until - from <= 400 * DAY, 'a period lasts 1 to 400 days')
  demand(issued < until, 'signed at or after its end')
}

// ---------------------------------------------------------------- 2: deterministic CBOR

function head (major, argument) {
  if (argument < 24) return Buffer.from([major << 5 | argument])
  const [info, width] = argument < 2 ** 8 ? [24, 1] : argument < 2 ** 16 ? [25, 2] : argument < 2 ** 32 ? [26, 4] : [27, 8]
  const bytes = Buffer.alloc(9)
  bytes.writeBigUInt64BE(BigInt(argument), 1)
  return Buffer.concat([Buffer.from([major << 5 | info]), bytes.subarray(9 - width)])
}

const byteString = bytes => Buffer.concat([head(2, bytes.length), bytes])

/** A value of JSON, or a Map. JSON's own objects are refused: their keys cannot tell 1 from "1". */
function encode (value, depth = 0) {
  demand(depth <= 8, 'more than 8 levels deep')
  if ([false, true, null].includes(value)) return Buffer.from([0xf4 + [false, true, null].indexOf(value)])
  if (typeof value === 'number') {
    demand(Number.isSafeInteger(value), 'a number is not whole, or is beyond 2^53-1')
    return value < 0 ? head(1, -1 - value) : head(0, value)
  }
  if (typeof value === 'string') {
    demand(value.isWellFormed(), 'a text has half a surrogate pair, which UTF-8 cannot say')
    const bytes = Buffer.from(value)
    return Buffer.concat([head(3, bytes.length), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(item => encode(item, depth + 1))])
  demand(value instanceof Map, 'a value is an object')
  const members = [...value].map(([key, item]) => [encode(key, depth + 1), encode(item, depth + 1)])
  members.sort(([a], [b]) => Buffer.compare(a, b))
  return Buffer.concat([head(5, members.length), ...members.flat()])
}

// ---------------------------------------------------------------- 3: the envelope

function signedEnvelope (seed, payload) {
  const der = Buffer.from('302e020100300506032b657004220420' + seed, 'hex') // PKCS #8 of an Ed25519 seed (RFC 8410)
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const x = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x, 'base64url')
  const kid = createHash('sha256').update(Buffer.from('a301012006215820', 'hex')).update(x).digest().subarray(0, 8)
  const header = byteString(Buffer.concat([Buffer.from('a201270448', 'hex'), kid])) // algorithm -8
  const body = byteString(payload)
  const signed = Buffer.concat([Buffer.from('846a', 'hex'), Buffer.from('Signature1'), header, Buffer.from([0x40]), body])
  return Buffer.concat([Buffer.from('d284', 'hex'), header, Buffer.from([0xa0]), body, byteString(sign(null, signed, key))])
}

// ---------------------------------------------------------------- 1: from bytes to the text

const ADDRESS = /^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[A-Za-z0-9._~/-]*)?$/

function toText (cose, prefix) {
  demand(prefix === 'PC1' || (isText(prefix, 200) && ADDRESS.test(prefix)), 'the prefix is neither PC1 nor an https address')
  demand(cose.length <= 2048, 'more than 2,048 bytes')
  // The window of 32 KiB, Node's default, makes the first byte 78. Node's zlib is Chromium's, which finds no match of
  // three bytes (one 汉字): it deflates some 7 % less than others do, and so reaches 2,400 digits with shorter claims.
  const deflated = deflateSync(cose, { level: 9 })
  const bytes = deflated.length < cose.length ? deflated : cose
  const digits = BigInt('0x' + bytes.toString('hex')).toString()
  demand(digits.length >= 200 && digits.length <= 2400, `${digits.length} digits, and a text has 200 to 2,400`)
  return `${prefix}#${digits}`
}

// ---------------------------------------------------------------- what to issue

const MEMBERS = 'from issued issuer permit prefix seed subject until'
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The text of a token, or a Refusal. */
export function issue (order) {
  demand(isObject(order) && Object.keys(order).sort().join(' ') === MEMBERS, `an order has the members ${MEMBERS}`)
  const { seed, prefix, issuer, subject, issued, from, until } = order
  demand(isText(seed, 64) && /^[0-9a-f]{64}$/i.test(seed), 'the seed is not 64 hex digits')
  demand(isText(issuer, 32) && /^(cn-[0-9]{6}$|x-.)/su.test(issuer), 'the issuer is not cn- and six digits, or x- and an id')
  demand(isText(subject, 64), 'the number of a document has 1 to 64 characters')
  checkTimes(issued, from, until)
  demand(isObject(order.permit), 'the permit is no object')
  const labels = Object.keys(order.permit)
  demand(labels.every(label => /^(0|-?[1-9][0-9]{0,15})$/.test(label)), 'a label is not a whole number')
  const permit = new Map(labels.map(label => [Number(label), order.permit[label]]))
  checkPermit(permit)
  const claims = new Map([[1, issuer], [2, subject], [4, until], [5, from], [6, issued], [-70001, permit]])
  return toText(signedEnvelope(seed, encode(claims)), prefix)
}

function readOrder () {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try { return JSON.parse(utf8.decode(readFileSync(0))) } catch { throw new Refusal('not JSON in UTF-8') } // seed unsaid
}

function main () {
  try {
    process.stdout.write(issue(readOrder()) + '\n')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    process.stderr.write(error.message + '\n')
    process.exitCode = 1
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main()
