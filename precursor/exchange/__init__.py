"""Whole registers in and out: the bundle."""
