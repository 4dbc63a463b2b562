"""Forms and answers of documents."""

from typing import Final

from precursor.api.common import own_id, ref, unit, words
from precursor.core.members import Amount, Day, Each, Nested, Record, Text, Truth, Word, record_of
from precursor.permits.models import PARTICULARS
from precursor.rules.permits import LICENCES, PURCHASE, TRADE, TRANSPORT, PermitKind, Result, Uses
from precursor.rules.substances import SubstanceClass


class ParticularsForm(Record):
    """What the law wants on a document besides (its mandatory fields); which, depends on its kind."""

    purpose = words(optional=True)
    handler = words(optional=True)
    destination = words(optional=True)
    permit_type = words(optional=True)
    main_flow = words(optional=True)
    hs_code = words(optional=True)
    country = words(optional=True)
    port = words(optional=True)
    counterparty = words(optional=True)
    signatories = words(optional=True)
    receiver = words(optional=True)
    site = words(optional=True)
    plates = words(optional=True, note="of the vehicles, with commas between")
    direction = Word("import", "export", optional=True)


class IssueForm(Record):
    """A document to be issued. ``covers`` a class of substances, where the kind names no one substance."""

    id = own_id()
    kind = Word(*PermitKind)
    holder = ref()
    substance = ref(optional=True)
    covers = Word(*SubstanceClass, optional=True)
    quantity = Amount(optional=True)
    unit = unit()
    valid_from = Day()
    valid_to = Day()
    uses = Word(*Uses)
    county = ref(note="the county that must verify it")
    seller = ref(optional=True)
    consignee = ref(optional=True)
    carrier = ref(optional=True)
    route = Each(ref(), optional=True)
    particulars = Nested(ParticularsForm, optional=True)


class PurchaseForm(IssueForm):
    """A document for a purchase, or a transfer."""

    kind = Word(*PURCHASE)


class TransportForm(IssueForm):
    """A document for a transport or a dispatch by mail."""

    kind = Word(*TRANSPORT)


class LicenceForm(IssueForm):
    """A permit or filing of production or trade, or a seal card."""

    kind = Word(*LICENCES)


class TradeForm(IssueForm):
    """A licence for an import or an export."""

    kind = Word(*TRADE)


class VerificationForm(Record):
    """What the verification (核查) found."""

    result = Word(*Result)
    on = Day(optional=True)


class RevocationForm(Record):
    """The last good day, today when left out, and the ground of the decision, which its holder is told."""

    on = Day(optional=True)
    reason = words(optional=True)


class SuspensionForm(Record):
    """Suspend a document, or reinstate it, from now on."""

    state = Word("suspended", "reinstated")
    reason = words()


class DocumentAnswer(Record):
    """A document and what is left on it."""

    id = Text()
    kind = Text()
    holder = Text()
    substance = Text(null=True)
    covers = Text(null=True)
    quantity = Amount(null=True)
    drawn = Amount(null=True)
    unit = Text(null=True)
    valid_from = Day()
    valid_to = Day()
    uses = Text()
    county = Text()
    seller = Text(null=True)
    consignee = Text(null=True)
    carrier = Text(null=True)
    issuer = Text(null=True)
    law = Text(null=True, note="the versions of the packs it was issued under")
    suspended = Truth()
    revoked_on = Day(null=True)


class DrawAnswer(Record):
    """One draw (核减) that stands."""

    date = Day()
    quantity = Amount()
    unit = Text()
    recorded_on = Day()


DocumentDetail: Final = record_of(
    "DocumentDetail",
    "A document with its particulars, its route, its draws and what the county found.",
    {
        **{name: Text(null=True) for name in PARTICULARS},
        "route": Each(Text()),
        "draws": Nested(DrawAnswer, many=True),
        "verified_on": Day(null=True),
        "verification_result": Text(null=True),
    },
    DocumentAnswer,
)
