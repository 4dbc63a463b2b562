"""Signed QR for documents that travel: who signs, what a token says, the lists that devices carry."""
