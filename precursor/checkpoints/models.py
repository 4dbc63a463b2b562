"""Road checks."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only


class RoadCheck(Base):
    """A check of road transport in a county."""

    __tablename__ = "road_check"
    __table_args__ = append_only(rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    place: Mapped[str | None]
    plate: Mapped[str | None]
    result: Mapped[str | None]  # pass, fault
    officers: Mapped[str | None]  # JSON list: codes of the natural persons
    document: Mapped[str | None]  # the number on the document that was shown
    verdict: Mapped[str | None]  # what the phone showed of its code
    findings: Mapped[str | None]  # JSON: item of the form, what was found
    differences: Mapped[str | None]  # JSON list: rules.roadside.Finding, as the phone showed them
    measured: Mapped[str | None]  # amount and unit, as weighed or read
    note: Mapped[str | None]
