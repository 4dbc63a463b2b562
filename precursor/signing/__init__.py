"""Signed documents that travel: keys, the token format PC1, its lists and its verification.

No web, no database, no clock: bytes in, a verdict out. The format is ``docs/pc1.md``; the verdicts are one set of
codes for command line, API, page and phone.
"""
