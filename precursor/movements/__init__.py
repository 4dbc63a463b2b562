"""Movements (出入库), their two sides, reversals, reports; stocktakes (盘点); attempts that were blocked."""
