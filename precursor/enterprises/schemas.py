"""Forms and answers of enterprises, sites, partners, people and delegations."""

from precursor.api.common import own_id, ref, words
from precursor.core.members import Day, Each, Nested, Record, Text, Truth, Whole, Word
from precursor.enterprises import service

KINDS = (
    "producer",
    "trader",
    "user",
    "hospital",
    "pharma_wholesaler",
    "carrier",
    "importer_exporter",
    "drug_producer",
    "pharmacy",
)


class EnterpriseForm(Record):
    """An enterprise for the register."""

    id = own_id()
    name = words()
    kind = Word(*KINDS)
    county = ref()
    registered_on = Day()
    seal_card = ref(optional=True)
    seal_card_valid_to = Day(optional=True)
    credit_code = Text(optional=True, pattern="[0-9A-Za-z]{18}")
    credit_code_reason = words(optional=True, note="why a code that fails its check digit is right all the same")
    address = words(optional=True)
    contact = words(optional=True)


class ChangeForm(Record):
    """What may change of an enterprise; what is left out stays."""

    name = words(optional=True)
    address = words(optional=True, null=True)
    contact = words(optional=True, null=True)


class StatusForm(Record):
    """A status from today on."""

    status = Word(*service.STATUSES)
    reason = words()


class LeaveForm(Record):
    """The last day."""

    until = Day()


class EnterpriseAnswer(Record):
    """An enterprise."""

    id = Text()
    name = Text()
    kind = Text()
    grade = Text(null=True, note="A, B or C as of today; null for one that was never graded")
    county = Text()
    registered_on = Day()
    seal_card = Text(null=True)
    seal_card_valid_to = Day(null=True)
    credit_code = Text(null=True)
    credit_code_reason = Text(null=True)
    address = Text(null=True)
    contact = Text(null=True)
    version = Whole(1, 2**31)


class GradeForm(Record):
    """A grade (甲乙丙), in force from a day on: today when left out."""

    grade = Word("A", "B", "C")
    since = Day(optional=True)
    reason = words(optional=True)
    evidence = Each(ref(), optional=True, note="ids of the records that the grade rests on")


class GradeAnswer(Record):
    """A grade and since when."""

    grade = Text()
    since = Day()
    recorded_on = Day()
    reason = Text(null=True)


class StatusAnswer(Record):
    """A status and since when."""

    status = Text()
    since = Day()
    reason = Text()


class OfficerForm(Record):
    """An information officer (信息员): the code of the natural person, and the name."""

    person = Text(longest=40, pattern=r"[A-Za-z0-9-]{1,40}")
    name = words()


class EnterpriseDetail(EnterpriseAnswer):
    """An enterprise with its grades."""

    grades = Nested(GradeAnswer, many=True)
    statuses = Nested(StatusAnswer, many=True)
    status = Text()
    information_officer = Text(null=True, note="the name of the one in office")
    has_information_officer = Truth()


class PartnerForm(Record):
    """An outside party that enterprises here deal with."""

    id = own_id()
    name = words()
    county = ref(optional=True)


class PartnerAnswer(Record):
    """An outside party."""

    id = Text()
    name = Text()
    county = Text(null=True)


class SiteForm(Record):
    """A place where an enterprise works or stores. Not ``registered``: found by an inspection."""

    id = own_id()
    enterprise = ref()
    county = ref()
    open_on = Day()
    registered = Truth()
    name = words(optional=True)
    purpose = Word("plant", "store", "depot", "pharmacy", "office", optional=True)
    address = words(optional=True)


class SiteAnswer(Record):
    """A site."""

    id = Text()
    enterprise = Text()
    county = Text()
    open_on = Day()
    closed_on = Day(null=True)
    registered = Truth()
    name = Text(null=True)
    purpose = Text(null=True)
    address = Text(null=True)


class SupervisorForm(Record):
    """A supervisor (专管员) of a county."""

    id = own_id()
    county = ref()
    person = Text(longest=40, pattern=r"[A-Za-z0-9-]{1,40}")
    name = words()
    since = Day(optional=True)


class SupervisorAnswer(Record):
    """A supervisor of a county."""

    id = Text()
    county = Text()
    name = Text()
    since = Day()
    until = Day(null=True)


class ClosingForm(Record):
    """The last day on which a site was open."""

    closed_on = Day()


class DelegationForm(Record):
    """The county of registration is asked to entrust the county of the place with supervision (委托管理)."""

    id = own_id()
    site = ref()
    valid_to = Day()


class AnswerForm(Record):
    """Accepted from a day on, or revoked from a day on: today when left out."""

    answer = Word("accepted", "revoked")
    on = Day(optional=True)


class AnswerShown(Record):
    """What became of a delegation."""

    answer = Text()
    on = Day()
    recorded_on = Day()


class DelegationShown(Record):
    """A delegation."""

    id = Text()
    site = Text()
    delegator = Text()
    delegate = Text()
    requested_on = Day()
    valid_to = Day()


class DelegationDetail(DelegationShown):
    """A delegation and what became of it."""

    answers = Nested(AnswerShown, many=True)
