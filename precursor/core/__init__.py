"""Shared machinery without business words: days, quantities, database, errors, access."""
