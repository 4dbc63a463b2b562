"""Clocks: by when something must be reported, filed, returned or answered.

Look here for: sales reports, annual reports, filings, changes, returns, inquiries. Each clock counts from an event;
its last day is still on time. Working days go by the published calendar (``working_days``).
"""

from datetime import date
from enum import StrEnum

from precursor.rules import law, spans
from precursor.rules.law import Law, Rule


class Clock(StrEnum):
    """Rules that are a span after an event."""

    SALES_REPORT_CAT1 = "SALES_REPORT_CAT1"
    SALES_REPORT_CAT2_3 = "SALES_REPORT_CAT2_3"
    FILING_AFTER_START = "FILING_AFTER_START"
    REVOCATION_NOTICE = "REVOCATION_NOTICE"
    SELLER_INQUIRY_ANSWER = "SELLER_INQUIRY_ANSWER"
    CARRIER_INQUIRY_ANSWER = "CARRIER_INQUIRY_ANSWER"
    CHANGE_FILING = "CHANGE_FILING"
    STOP_CANCELLATION = "STOP_CANCELLATION"
    CERTIFICATE_RETURN = "CERTIFICATE_RETURN"
    REALLOCATION_REPORT = "REALLOCATION_REPORT"
    DESTRUCTION_SUPERVISED = "DESTRUCTION_SUPERVISED"
    EQUIPMENT_REGISTRATION = "EQUIPMENT_REGISTRATION"
    EQUIPMENT_REPORT = "EQUIPMENT_REPORT"
    TRAINING_YEARLY = "TRAINING_YEARLY"
    TRANSFER_FILED_BY_RECEIVER_CAT1 = "TRANSFER_FILED_BY_RECEIVER_CAT1"
    TRANSFER_FILED_BY_RECEIVER = "TRANSFER_FILED_BY_RECEIVER"
    TRANSFER_NOTICE = "TRANSFER_NOTICE"


def due(clock: Clock, event: date) -> date:
    """The last day on time."""
    return spans.after(law.RULES[clock].value, event)


def sales_report_due(category: int, sold_on: date) -> date:
    """By when a sale of that category (1, 2, 3) is reported to the police."""
    return due(Clock.SALES_REPORT_CAT1 if category == 1 else Clock.SALES_REPORT_CAT2_3, sold_on)


def annual_report_due(year: int) -> date:
    """By when the report on ``year`` is handed in."""
    return spans.next_day_of_year(law.RULES["ANNUAL_REPORT"].value["month_day"], date(year, 12, 31))


def transfer_rule(category: int, the_law: Law) -> Rule | None:
    """What the province says about a transfer between users; None where it says nothing."""
    receiver = Clock.TRANSFER_FILED_BY_RECEIVER_CAT1 if category == 1 else Clock.TRANSFER_FILED_BY_RECEIVER
    return next((law.RULES[clock] for clock in (receiver, Clock.TRANSFER_NOTICE) if the_law.has(clock)), None)
