"""Substances (品种)."""
