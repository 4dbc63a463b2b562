"""What has happened to a document (办理与状态): issued, signed, suspended, verified, revoked; the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from precursor.api.collection import Call, Values
from precursor.core.access import OF_ENTERPRISE
from precursor.desk import terms
from precursor.permits.models import Permit, Revocation, Suspension, Verification
from precursor.rules.law import Words
from precursor.rules.matrix import Department, department_words
from precursor.tokens.models import Token
from precursor.web.i18n import local, t


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when it was recorded, what it was, and what was said of it."""

    at: datetime
    said: Words
    note: str = ""
    look: str = ""

    @property
    def when(self) -> str:
        """The instant as a clock in China shows it."""
        return local(self.at)


def of(call: Call, record: Values) -> list[Step]:
    """Every step of a document that the reader may see, the newest first."""
    permit = call.session.scalars(sa.select(Permit).where(Permit.outside_id == record["id"])).one()
    found = list(_steps(call, permit))[::-1]  # of one instant the later step first
    return sorted(found, key=lambda step: step.at, reverse=True)


def _steps(call: Call, permit: Permit) -> Iterator[Step]:
    session, key = call.session, (permit.enterprise_id, permit.id)
    yield Step(permit.recorded_at, _begun(permit))
    tokens = sa.select(Token).where(Token.enterprise_id == permit.enterprise_id, Token.permit_id == permit.id)
    for token in session.scalars(tokens):
        yield Step(
            token.recorded_at, Words("签名，生成二维码", "signed, and given its code"), t("密钥 ", "key ") + token.kid
        )
    of_it = sa.select(Suspension).where(
        Suspension.enterprise_id == permit.enterprise_id, Suspension.permit_id == permit.id
    )
    is_office = call.scope.reach not in OF_ENTERPRISE  # why is for whoever decides, not for who is meant
    for each in session.scalars(of_it):
        stops = each.state == "suspended"
        said = Words("暂停使用", "suspended") if stops else Words("恢复使用", "reinstated")
        yield Step(each.recorded_at, said, each.reason if is_office else "", "bad" if stops else "")
    if (found := session.get(Verification, key)) is not None:
        result = terms.word("verification_result", found.result) or Words("", "")
        said = Words(f"核查 {found.day} {result.zh}", f"verified on {found.day}: {result.en}")
        yield Step(found.recorded_at, said, look="" if found.result == "match" else "bad")
    if (ended := session.get(Revocation, key)) is not None:
        yield Step(ended.recorded_at, _ended(ended.day), ended.reason or "", "bad")


def _begun(permit: Permit) -> Words:
    if permit.issuer is None:
        return Words("登记在案，由别处签发", "put on record; issued elsewhere")
    office = department_words(Department(permit.issuer))
    return Words(f"{office.zh}签发", f"issued by {office.en}")


def _ended(day: date) -> Words:
    return Words(f"吊销，最后有效日 {day}", f"revoked; good until {day}")
