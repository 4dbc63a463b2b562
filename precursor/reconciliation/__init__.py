"""Reconciliation: the figures, and every gap with who must act."""
