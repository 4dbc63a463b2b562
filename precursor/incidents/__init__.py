"""Losses and thefts (流失事件)."""
