"""People and places (队伍与场所): how many officers and supervisors, what a store must have.

Look here for: two officers on site, dedicated staff of a county, video and alarms of stores.
"""

from precursor.rules import law
from precursor.rules.law import Law, Violation


def check_inspectors(officers: int) -> list[Violation]:
    """Law-enforcement officers on site, counted by natural person."""
    rule = law.RULES["TWO_INSPECTORS"]
    return [] if officers >= rule.value["officers"] else [rule.broken()]


def check_supervisors(persons: int) -> list[Violation]:
    """Dedicated staff (专管员) of a county."""
    rule = law.RULES["COUNTY_SUPERVISOR"]
    return [] if persons >= rule.value["persons"] else [rule.broken()]


def check_store(category: int, cas: str | None, the_law: Law, *, has_video_and_alarm: bool) -> list[Violation]:
    """Whether a store of that substance has what the province asks for."""
    rule = law.RULES["STORE_VIDEO_ALARM"]
    is_meant = the_law.has(rule.id) and (category == rule.value["category"] or cas in rule.value["substances"])
    return [rule.broken()] if is_meant and not has_video_and_alarm else []
