"""Benchmarks: ratios of the product against named peers, both measured in the same run (``python3 dev.py bench``)."""
