"""Imports and exports, verified on both legs (进出口双向核查)."""
