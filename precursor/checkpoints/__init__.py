"""Road checks (道路运输检查)."""
