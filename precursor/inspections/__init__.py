"""On-site inspections (实地检查) and the plan they fill."""
