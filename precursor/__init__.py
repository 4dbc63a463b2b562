"""Precursor-chemical and controlled-drug supply-chain tracking (易制毒化学品、麻醉药品和精神药品流向追溯)."""

__version__ = "0.1.0"
