"""What a gap is called for people: what is wrong and of what, by how much, who must act; in the reader's language."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from precursor.reconciliation.figures import Gap
from precursor.reconciliation.goods import Goods
from precursor.reconciliation.service import PLAN
from precursor.rules.gaps import GAPS, GapKind
from precursor.rules.law import Words
from precursor.web.i18n import amount_in, words


def every(months: int) -> Words:
    """How often something is asked for: at least once in so many months."""
    spans = {12: ("年", "year"), 6: ("半年", "half-year"), 3: ("季度", "quarter"), 1: ("月", "month")}
    zh, en = spans.get(months, (f" {months} 个月", f"{months} months"))
    return Words(f"每{zh}至少 1 次", f"at least once {'every' if en[0].isdigit() else 'a'} {en}")


_ROAD: Final = every(PLAN.road_months)
#: How often the plans of cities that a register goes by ask for a visit of each grade, and for road checks.
OFTEN: Final[dict[str, Words]] = {str(grade): every(months) for grade, months in PLAN.enterprise_months.items()} | {
    "road": Words(f"每县区{_ROAD.zh}", f"{_ROAD.en} in each county")
}
_WINDOW: Final = re.compile(r"(\d{4})-(Y|H[12]|Q[1-4])")
_SPELL: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2}) (\d+)d")


_OURS_LACKS: Final = Words("本单位没有登记", "Not recorded by us")


def title_of(kind: GapKind, *, is_of_other: bool) -> Words:
    """What a kind of gap is called; of the record of the other side, as the party that lacks its own sees it."""
    return _OURS_LACKS if is_of_other and kind is GAPS["WRITEOFF_NO_COUNTERPART"] else kind.title


def wrong(gap: Gap, what: Goods | None, enterprise: str | None = None) -> Words:
    """What is wrong, and of which goods; as the ``enterprise`` sees it, if it is of one."""
    title = title_of(GAPS[gap.code], is_of_other=bool(enterprise) and gap.parties[:1] != (enterprise,))
    if what is None:
        return title
    much = f" {amount_in(what.amount)} " if what.amount and not gap.amount else ""
    return Words(f"{what.zh}{much}{title.zh}", f"{what.en}{much.rstrip()}: {title.en[0].lower()}{title.en[1:]}")


def said_detail(gap: Gap) -> str:
    """The detail of a gap for people: an amount, or from when until when and for how many days."""
    if gap.amount and gap.code == "WRITEOFF_QTY_MISMATCH":
        size = amount_in(gap.amount.removeprefix("-"))
        less = Words(f"比对方少 {size}", f"{size} less than the other side")
        more = Words(f"比对方多 {size}", f"{size} more than the other side")
        return words(less if gap.amount.startswith("-") else more)
    if gap.amount:
        return amount_in(gap.amount)
    if spell := _SPELL.fullmatch(gap.detail):
        return f"{spell[1]} ～ {spell[2]}" + words(Words(f"，{spell[3]} 日", f", {spell[3]} days"))
    if window := _WINDOW.fullmatch(gap.detail):
        return words(_called_window(window[1], window[2]))
    return gap.detail


def _called_window(year: str, part: str) -> Words:
    """What a year, a half-year or a quarter is called."""
    if part == "Y":
        return Words(f"{year} 年", year)
    if part[0] == "H":
        return Words(f"{year} 年{'上下'[int(part[1]) - 1]}半年", f"half-year {part[1]} of {year}")
    return Words(f"{year} 年第{'一二三四'[int(part[1]) - 1]}季度", f"quarter {part[1]} of {year}")


def seen_from(gap: Gap, enterprise: str | None) -> str:
    """The detail of a gap as one of its parties sees it: less on one side is more on the other."""
    if gap.amount and gap.code == "WRITEOFF_QTY_MISMATCH" and enterprise and gap.parties[:1] != (enterprise,):
        turned = gap.amount.removeprefix("-") if gap.amount.startswith("-") else f"-{gap.amount}"
        return said_detail(replace(gap, amount=turned))
    return said_detail(gap)


def who_acts(owner: str, names: Mapping[str, str], counties: Mapping[str, str]) -> str:
    """The owner of a gap by name."""
    kind, _, id_ = owner.partition(":")
    if kind == "enterprise":
        return names.get(id_, id_)
    if kind == "police":
        return words(Words("公安 ", "Police, ")) + counties.get(id_, id_)
    return words(Words("商务部门", "Commerce department"))
