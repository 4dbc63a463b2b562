"""Classes of substances: what the law treats alike.

Look here for: the class of a substance, which classes are drugs, which need two persons.
"""

from enum import StrEnum
from typing import Final


class SubstanceClass(StrEnum):
    """What the law treats alike."""

    CAT1_NON_DRUG = "1"  # 第一类非药品类
    CAT1_DRUG = "1-drug"  # 第一类药品类
    CAT2 = "2"
    CAT3 = "3"
    NARCOTIC = "narcotic"  # 麻醉药品
    PSYCHOTROPIC_1 = "psychotropic_1"  # 第一类精神药品
    PSYCHOTROPIC_2 = "psychotropic_2"  # 第二类精神药品
    NON_MEDICINAL = "non_medicinal"  # 非药用类

    @property
    def is_drug(self) -> bool:
        """Whether the drug administration, not the safety bureau, looks after it."""
        return self not in (self.CAT1_NON_DRUG, self.CAT2, self.CAT3)

    @property
    def category(self) -> int:
        """The category of a precursor, 1 to 3; 0 for narcotic and psychotropic drugs."""
        return int(self.value[0]) if self.value[0].isdigit() else 0


C = SubstanceClass
#: Narcotic and psychotropic drugs.
SCHEDULED: Final = frozenset({C.NARCOTIC, C.PSYCHOTROPIC_1, C.PSYCHOTROPIC_2, C.NON_MEDICINAL})
#: In and out by two persons.
TWO_PERSON_CLASSES: Final = frozenset({C.NARCOTIC, C.PSYCHOTROPIC_1})


def class_of(category: int, kind: str, schedule: str | None) -> SubstanceClass:
    """The class of a substance of the register: its schedule, or its category and whether it is drug-type."""
    if schedule:
        return SubstanceClass(schedule)
    return C.CAT1_DRUG if category == 1 and kind == "drug" else SubstanceClass(str(category))
