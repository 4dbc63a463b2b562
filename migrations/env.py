"""Alembic's entry: run on the connection that ``precursor.core.migrate`` hands over."""

import sqlalchemy as sa
from alembic import context

import precursor.tables
from precursor.core.db import Base


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write plain SQL types: what a revision does must not change when our classes do."""
    ours = {"BaseUnits": "BIG", "LegalDay": "DAY", "Instant": "INSTANT"}
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return ours.get(type(item).__name__) or f"sa.{item.impl!r}"
    if kind == "type" and isinstance(item, sa.BigInteger):
        return "BIG"
    if kind == "type" and isinstance(item, sa.Boolean) and "sqlite" in item._variant_mapping:
        return "FLAG"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=render_item,
    compare_type=False,
)
context.run_migrations()
