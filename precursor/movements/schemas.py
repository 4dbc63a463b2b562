"""Forms and answers of movements, stock and stocktakes."""

from typing import Final

from precursor.api.common import (
    own_id,
    ref,
    unit,
    words,
)
from precursor.core.members import Amount, Day, Nested, Record, Text, Truth, Whole, Word
from precursor.movements.labels import MOST
from precursor.rules.movements import MovementType
from precursor.rules.sale import Exemption

_IN: Final = tuple(kind.value for kind in MovementType if kind.is_in)


_OUT: Final = tuple(kind.value for kind in MovementType if not kind.is_in)


class HappenedForm(Record):
    """It has happened already: why it is recorded late, or against a rule, and who reported it."""

    reason = words()
    reported_by = words(optional=True)


class _MovementForm(Record):
    """What both directions share. The other side: ``counterpart`` if it is recorded, ``other_site`` if not yet."""

    id = own_id()
    date = Day()
    site = ref()
    substance = ref()
    quantity = Amount()
    unit = unit()
    batch = words(optional=True)
    usage_record = words(optional=True)
    incident = ref(optional=True)
    shipment = ref(optional=True)
    counterpart = ref(optional=True)
    other_site = ref(optional=True)
    external = ref(optional=True)
    permit = ref(optional=True)
    external_permit = words(optional=True)
    transport_permit = ref(optional=True)
    drawn_on = Day(optional=True)
    exempt = Word(*Exemption, optional=True)
    cosignature = ref(optional=True)
    by_mail = Truth(optional=True)
    small_quantity = Truth(optional=True, note="claims the amounts that need no transport permit (article 23)")
    happened = Nested(HappenedForm, optional=True)


class InForm(_MovementForm):
    """Something comes in."""

    type = Word(*_IN)


class OutForm(_MovementForm):
    """Something goes out. A sale to an individual names nobody else and says ``individual``."""

    type = Word(*_OUT)
    individual = Truth(optional=True)
    payment = Word("bank", "cash", optional=True)
    handler = words(optional=True, note="identity of the buyer's handler, checked at the sale")
    agent = Truth(optional=True, note="the handler acts for somebody else")
    mandate = words(optional=True, note="number of the handler's letter of authority")


class MovementAnswer(Record):
    """A movement as it stands."""

    id = Text()
    enterprise = Text()
    date = Day()
    recorded_on = Day()
    site = Text()
    type = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    batch = Text(null=True)
    usage_record = Text(null=True)
    counterpart = Text(null=True)
    external = Text(null=True)
    permit = Text(null=True)
    external_permit = Text(null=True)
    transport_permit = Text(null=True)
    exempt = Text(null=True)
    reason = Text(null=True)


class ReversedAnswer(Record):
    """A version of a movement that was reversed: what it said, why it fell, who asked and who approved."""

    date = Day()
    quantity = Amount()
    unit = Text()
    reversed_on = Day()
    reason = Text()
    asked_by = Text()
    approved_by = Text()


class ReasonForm(Record):
    """Why."""

    reason = words()


class EmptyForm(Record):
    """Nothing more to say."""


class ConfirmationForm(Record):
    """What an outside party confirmed, and when."""

    on = Day()
    quantity = Amount()
    unit = unit()


class CosignatureForm(Record):
    """A second person signs for one movement to come, exactly as it will be recorded."""

    site = ref()
    type = Word(*MovementType)
    substance = ref()
    quantity = Amount()
    unit = unit()
    date = Day()


class CosignatureAnswer(Record):
    """A second person's signature."""

    id = Text()
    site = Text()
    type = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    date = Day()


class BatchForm(Record):
    """A batch or lot."""

    enterprise = ref()
    substance = ref()
    number = Text(longest=64, pattern=r"[^/]{1,64}")  # it stands in an address
    made_on = Day(optional=True)
    expires_on = Day(optional=True)


class BatchAnswer(Record):
    """A batch or lot; its id is enterprise, substance and number."""

    id = Text()
    enterprise = Text()
    substance = Text()
    number = Text()
    made_on = Day(null=True)
    expires_on = Day(null=True)


class LabelForm(Record):
    """Stickers for containers of a batch at a site: how many, and how much is in each."""

    site = ref()
    substance = ref()
    batch = ref()
    count = Whole(1, MOST)
    quantity = Amount()
    unit = unit()


class LabelAnswer(Record):
    """An order of stickers."""

    id = Text()
    enterprise = Text()
    site = Text()
    substance = Text()
    batch = Text()
    count = Whole(1, MOST)
    quantity = Amount()
    unit = Text()
    date = Day()


class PlaceAnswer(Record):
    """Where some of a batch is by the books."""

    place = Text()
    quantity = Amount()
    unit = Text()


class MoveAnswer(Record):
    """One of the last movements of a batch."""

    date = Day()
    type = Text()
    quantity = Amount()
    unit = Text()
    other = Text(null=True)


class LabelDetail(LabelAnswer):
    """An order of stickers, with where its batch is by the books now, and how it came there."""

    document = Text(null=True, note="that it came under")
    places = Nested(PlaceAnswer, many=True)
    moves = Nested(MoveAnswer, many=True)


class CountForm(Record):
    """What was counted at the end of a day."""

    date = Day()
    site = ref()
    substance = ref()
    counted = Amount()
    unit = unit()


class CountAnswer(Record):
    """A stocktake."""

    id = Text()
    date = Day()
    site = Text()
    substance = Text()
    counted = Amount()
    unit = Text()
    approved = Truth()
    explanation = Text(null=True)


class CountDetail(CountAnswer):
    """A stocktake beside the book of its day; ``difference``: counted less booked, in its unit."""

    book = Amount()
    difference = Text()


class ExplanationForm(Record):
    """Where a difference comes from, when there is one."""

    explanation = words(optional=True)


class OpeningForm(Record):
    """What is at a site when the register opens."""

    site = ref()
    substance = ref()
    quantity = Amount()
    unit = unit()


class ReversalAnswer(Record):
    """A reversal that is asked for, or done."""

    id = Text()
    date = Day()
    type = Text()
    site = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    reason = Text()
    asked_by = Text()
    done = Truth()


class OpeningAnswer(Record):
    """An opening stock; its id is site and substance."""

    id = Text()
    site = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
