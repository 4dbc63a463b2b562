"""Accounts (账号), log-ins, and who may do what."""
