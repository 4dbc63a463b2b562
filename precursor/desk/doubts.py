"""What a form asks about once before it is saved: it may well be so, and then something follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from precursor.api.collection import Act, Call
from precursor.core import quantity
from precursor.desk import forms, standing, weighing
from precursor.desk.house import House
from precursor.rules.law import Words


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is to be confirmed, at which field, and the answers that a confirmation is good for."""

    words: Words
    field: str
    key: str


def of(call: Call, act: Act, typed: Mapping[str, str], house: House) -> Doubt | None:
    """What is doubtful in a form as it is filled in; None for what is as expected, or cannot be compared."""
    ask = _DOUBTS.get(act.form.__name__)
    return ask(call, typed, house) if ask else None


def _receipt(call: Call, typed: Mapping[str, str], house: House) -> Doubt | None:
    """What comes in other than it was sent: a gap of both sides."""
    unit = weighing.unit_of(house, typed.get("substance", ""))
    if not unit or (amount := weighing.typed_amount(typed, unit)) is None:
        return None
    sent = weighing.sent_by(call, typed.get("counterpart", ""))
    if sent is None or sent == amount:
        return None
    was, differs = quantity.show(sent, unit), quantity.show(abs(sent - amount), unit)
    zh, en = ("多出", "more") if amount > sent else ("短少", "less")
    said = Words(
        f"对方记录 {was} {unit}，所填{zh} {differs} {unit}。确认实收如此，请再提交一次；核销将按差额列为缺口。",
        f"The other side recorded {was} {unit}: {differs} {unit} {en}. If that is what came, submit again; it will "
        "stand as a gap.",
    )
    return Doubt(said, "quantity", f"{typed['counterpart']}={sent}-{amount}")


def _visit(call: Call, typed: Mapping[str, str], _: House) -> Doubt | None:
    """A visit by fewer officers than the city asks for: it is kept, and fills no slot of the plan."""
    officers = sorted({code.upper() for code in forms.several(typed, "officers")})
    if typed.get("mode") != "onsite" or not officers:
        return None
    least = standing.officers_asked_for(call)
    if least is None or len(officers) >= least:
        return None
    said = Words(
        f"只填了 {len(officers)} 名检查人员，少于 {least} 名，这次检查不计入应检。确认如此，请再提交一次。",
        f"Officers: {len(officers)}, at least {least}. The visit will fill no slot of the plan. If so, submit again.",
    )
    return Doubt(said, "officers", "officers=" + "+".join(officers))


_DOUBTS: Final[dict[str, Callable[[Call, Mapping[str, str], House], Doubt | None]]] = {
    "InForm": _receipt,
    "InspectionForm": _visit,
}
