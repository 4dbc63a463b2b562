// The browser's verifier (frontend/src/pc1.ts) under Node, with the same interface as verify.mjs.

import { readFileSync } from 'node:fs'
import { judge, readTrust } from '../../../frontend/src/pc1.ts'

const [root, trustFile, at, base, ...files] = process.argv.slice(2)
const trust = await readTrust(new Uint8Array(readFileSync(trustFile)), root)
const lists = files.map(file => new Uint8Array(readFileSync(file)))
const named = lists.map(bytes => [bytes, Buffer.from(bytes).toString('latin1')])
// a list is found by the name that stands in it; whether it is good is for the verifier to say
const find = async name => named.find(([, text]) => text.includes(name))?.[0] ?? null
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const input = readFileSync(0)
for (let from = 0; from < input.length;) {
  let to = input.indexOf(10, from)
  if (to < 0) to = input.length
  let line = ''
  try { line = utf8.decode(input.subarray(from, to)) } catch { line = '' }
  const { verdict, warnings, token, kid } = await judge(line, trust, find, Number(at), new URL(base).host)
  process.stdout.write(JSON.stringify({ verdict, warnings, token, kid }) + '\n')
  from = to + 1
}
