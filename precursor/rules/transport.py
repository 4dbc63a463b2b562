"""Before goods leave: when a transport document is needed, which one, and what may be mailed.

Look here for: prefecture and county boundaries, key areas, small quantities, mail, two persons, what nobody may move.
"""

from dataclasses import dataclass
from typing import Final

from precursor.rules import law
from precursor.rules.law import Violation
from precursor.rules.movements import COMMERCIAL, MovementType
from precursor.rules.permits import PermitKind
from precursor.rules.substances import SCHEDULED, TWO_PERSON_CLASSES, SubstanceClass

C, K = SubstanceClass, PermitKind

#: By class, the document that travels with the goods; () for those without.
DOCUMENTS: Final = {
    C.CAT1_NON_DRUG: (K.TRANSPORT_PERMIT,),
    C.CAT1_DRUG: (K.TRANSPORT_PERMIT,),
    C.CAT2: (K.TRANSPORT_PERMIT,),
    C.CAT3: (K.TRANSPORT_FILING,),
    C.NARCOTIC: (K.NARCOTIC_TRANSPORT_CERTIFICATE,),
    C.PSYCHOTROPIC_1: (K.NARCOTIC_TRANSPORT_CERTIFICATE,),
    C.PSYCHOTROPIC_2: (),
    C.NON_MEDICINAL: (),
}
#: unit of the substance: the threshold of article 23 that it is measured by
_SMALL: Final = {"片": "tablets", "支": "ampoules", "粒": "tablets"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """From where to where; None where it is not known. ``in_key_area``: published by the ministry."""

    from_county: int | None
    to_county: int | None
    from_prefecture: int | str | None
    to_prefecture: int | str | None
    in_key_area: bool = False

    @property
    def crosses(self) -> bool:
        """Whether it crosses a boundary that matters. An unknown end is taken to lie elsewhere."""
        if self.from_prefecture != self.to_prefecture or self.to_prefecture is None:
            return True
        return self.in_key_area and self.from_county != self.to_county


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is to be carried. ``quantity`` in base units of ``unit`` (mg for what is weighed)."""

    cls: SubstanceClass
    unit: str
    quantity: int
    is_small_claimed: bool = False
    by_mail: bool = False
    document: PermitKind | None = None


def check_transport(load: Load, route: Route) -> list[Violation]:
    """Every rule that carrying the load along the route would break, the validity of the document aside."""
    if load.by_mail:
        return _mail(load)
    wanted = DOCUMENTS[load.cls]
    if load.document is not None and wanted and load.document not in wanted:
        return [law.broken("TRANSPORT_KIND", kinds=", ".join(wanted))]
    if load.document is not None or not wanted or not route.crosses:
        return []
    if load.is_small_claimed:
        return _small(load)
    return [law.broken("TRANSPORT_DOCUMENT_MISSING")]


def _small(load: Load) -> list[Violation]:
    """Article 23: a drug-type sample or small pack goes without."""
    rule = law.RULES["SMALL_QUANTITY_EXCEEDED"]
    counted = _SMALL.get(load.unit)
    most = rule.value[counted] if counted else rule.value["sample_g"] * 1000  # grams as mg
    return [] if load.cls is C.CAT1_DRUG and load.quantity <= most else [rule.broken()]


def _mail(load: Load) -> list[Violation]:
    if load.cls not in SCHEDULED:
        return [law.broken("MAIL_BANNED")]
    return [] if load.document is K.MAIL_CERTIFICATE else [law.broken("MAIL_CERTIFICATE_MISSING")]


def check_hands(cls: SubstanceClass, first: str, second: str | None) -> list[Violation]:
    """Narcotic and first-class psychotropic drugs: two different natural persons (codes compared in upper case)."""
    is_alone = second is None or second.upper() == first.upper()
    return [law.broken("TWO_PERSONS")] if cls in TWO_PERSON_CLASSES and is_alone else []


def check_existence(cls: SubstanceClass, kind: MovementType, *, is_research: bool = False) -> list[Violation]:
    """Non-medicinal drugs: no commercial movement by anybody; research by approval."""
    is_banned = cls is C.NON_MEDICINAL and kind in COMMERCIAL and not is_research
    return [law.broken("NON_MEDICINAL_BANNED")] if is_banned else []


def needs_import_licence(cas: str, percent: int) -> list[Violation]:
    """A mixture that holds so much of a substance counts as it: above the threshold a licence is needed.

    ``percent``: whole percent. Toluene, acetone, butanone and sulfuric acid have one threshold, hydrochloric acid
    another; of any other substance every content counts.
    """
    rule = law.RULES["MIXTURE_OVER_THRESHOLD"]
    limit = dict.fromkeys(_SOLVENTS, rule.value["solvents_pct"]) | {_HYDROCHLORIC: rule.value["hydrochloric_pct"]}
    most = limit.get(cas, 0)
    return [rule.broken(percent=most)] if percent > most else []


_SOLVENTS: Final = ("108-88-3", "67-64-1", "78-93-3", "7664-93-9")
_HYDROCHLORIC: Final = "7647-01-0"
