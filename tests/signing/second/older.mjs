// The same in a browser that has no Ed25519 of its own, such as Chromium before 137.

for (const name of ['importKey', 'generateKey']) {
  const own = crypto.subtle[name].bind(crypto.subtle)
  crypto.subtle[name] = (...given) =>
    given.some(one => one?.name === 'Ed25519')
      ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
      : own(...given)
}
await import('./browser.mjs')
