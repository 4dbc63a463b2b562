"""Parties (单位): enterprises with a file here, their sites, grades, officers, delegations; and outside partners."""
