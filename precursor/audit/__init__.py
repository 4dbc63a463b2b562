"""The audit log (审计日志): one entry for every record written, in the same transaction."""

from precursor.audit.service import Actor, Row, as_row, note, write

__all__ = ["Actor", "Row", "as_row", "note", "write"]
