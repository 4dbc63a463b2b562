"""The substances that this register knows."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, mutable


class Substance(Base):
    """A controlled substance. Its unit, and so its base unit, never changes."""

    __tablename__ = "substance"
    __table_args__ = mutable(UniqueConstraint("outside_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    name_zh: Mapped[str]
    category: Mapped[int]  # 1, 2, 3; 0 for narcotic and psychotropic drugs
    kind: Mapped[str]  # non_drug, drug
    unit: Mapped[str]  # a key of core.quantity.UNITS
    schedule: Mapped[str | None]  # narcotic, psychotropic_1, psychotropic_2, non_medicinal; then category is 0
    cas: Mapped[str | None]
    name_en: Mapped[str | None]
    dosage_form: Mapped[str | None]
    catalogue_item: Mapped[str | None]  # of the state's catalogues
    doubt: Mapped[str | None]  # what nobody has confirmed yet
