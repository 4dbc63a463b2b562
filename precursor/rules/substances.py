"""Classes of substances (shim)."""

from enum import StrEnum


class SubstanceClass(StrEnum):
    """What the law treats alike."""

    CAT1_NON_DRUG = "1"
    CAT1_DRUG = "1-drug"
    CAT2 = "2"
    CAT3 = "3"
    NARCOTIC = "narcotic"
    PSYCHOTROPIC_1 = "psychotropic_1"
    PSYCHOTROPIC_2 = "psychotropic_2"
    NON_MEDICINAL = "non_medicinal"

    @property
    def is_drug(self) -> bool:
        """Whether a substance of this class counts as a drug."""
        return self not in (self.CAT1_NON_DRUG, self.CAT2, self.CAT3)
