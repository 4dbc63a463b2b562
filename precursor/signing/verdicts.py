"""The verdicts (``docs/pc1.md`` C11): one set of codes for command line, API, page and phone, in words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from precursor.rules.law import Words


class Verdict(StrEnum):
    """What a verifier says of a text; the first that applies, in this order."""

    TRUST_INVALID = "TRUST_INVALID"
    TRUST_EXPIRED = "TRUST_EXPIRED"
    MALFORMED = "MALFORMED"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    FORGED = "FORGED"
    KEY_COMPROMISED = "KEY_COMPROMISED"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    STATUS_MISSING = "STATUS_MISSING"
    STATUS_INVALID = "STATUS_INVALID"
    STATUS_EXPIRED = "STATUS_EXPIRED"
    REVOKED = "REVOKED"
    UNISSUED = "UNISSUED"
    SUSPENDED = "SUSPENDED"
    USED_UP = "USED_UP"
    NOT_YET = "NOT_YET"
    EXPIRED = "EXPIRED"
    GENUINE = "GENUINE"


class Warn(StrEnum):
    """What is to be confirmed otherwise, though the signature is genuine."""

    FOREIGN_HOST = "FOREIGN_HOST"
    INCOMPLETE = "INCOMPLETE"
    ISSUED_AFTER_STATUS = "ISSUED_AFTER_STATUS"
    STATUS_STALE = "STATUS_STALE"


V = Verdict
WORDS: Final = {
    V.TRUST_INVALID: Words("信任列表无效", "the trust list is not valid"),
    V.TRUST_EXPIRED: Words("信任列表已过期,请同步", "the trust list has expired: sync"),
    V.MALFORMED: Words("不是可读的证件码", "not readable as a permit code"),
    V.UNKNOWN_KEY: Words("签发机关不在信任列表内", "the issuer is not on the trust list"),
    V.FORGED: Words("签名不符:内容被改动或伪造", "the signature does not match: changed or forged"),
    V.KEY_COMPROMISED: Words("签发密钥已作废,须换发", "the issuing key was compromised: to be issued again"),
    V.OUT_OF_SCOPE: Words("签发机关无权签发此证", "the key may not sign for this authority or at this time"),
    V.STATUS_MISSING: Words("没有此证的状态列表", "no status list for this document"),
    V.STATUS_INVALID: Words("状态列表无效", "the status list is not valid"),
    V.STATUS_EXPIRED: Words("状态列表已过期,请同步", "the status list has expired: sync"),
    V.REVOKED: Words("已吊销或已换发", "revoked, or replaced by a newer one"),
    V.UNISSUED: Words("编号从未签发", "its number was never issued"),
    V.SUSPENDED: Words("已暂停", "suspended"),
    V.USED_UP: Words("已用完", "used up"),
    V.NOT_YET: Words("尚未生效", "not yet valid"),
    V.EXPIRED: Words("已过期", "expired"),
    V.GENUINE: Words("签名有效、未吊销、在有效期内", "the signature is genuine, not revoked, in force"),
}
WARNINGS: Final = {
    Warn.FOREIGN_HOST: Words("网址不是本系统的", "its address is not that of this system"),
    Warn.INCOMPLETE: Words(
        "缺少收货人、承运人、车牌或路线", "consignee, carrier, plates or route are not written in it"
    ),
    Warn.ISSUED_AFTER_STATUS: Words("签发晚于状态列表", "issued after the status list"),
    Warn.STATUS_STALE: Words("状态列表超过 24 小时", "the status list is older than 24 hours"),
}


@dataclass(frozen=True, slots=True)
class Screen:
    """What one looks at: the field's look, one word, and what to do. ``claimed``: what the code says is unproved."""

    look: str
    word: Words
    todo: Words
    claimed: bool = False


_HOLD: Final = Words("扣留货物，联系签发机关", "Hold the load and call the authority")
_UNCONFIRMED: Final = Words("待核", "Unconfirmed")
_ASK: Final = Words("此设备无法判断：先同步，或打电话核实", "This device cannot judge: sync first, or call")
_FORGED: Final = Screen(
    "forged",
    Words("伪造", "Forged"),
    Words("不要放行，拍照留证，立即报告", "Do not release; photograph it and report"),
    claimed=True,
)
_STALE: Final = Screen("stale", _UNCONFIRMED, _ASK)
#: One screen for each verdict, for page and phone alike.
SCREENS: Final[dict[Verdict, Screen]] = {
    **dict.fromkeys((V.FORGED, V.OUT_OF_SCOPE, V.UNISSUED), _FORGED),
    V.REVOKED: Screen("revoked", Words("吊销", "Revoked"), _HOLD),
    V.KEY_COMPROMISED: Screen("revoked", Words("吊销", "Revoked"), _HOLD, claimed=True),
    V.SUSPENDED: Screen("revoked", Words("暂停", "Suspended"), _HOLD),
    V.USED_UP: Screen("revoked", Words("用完", "Used up"), _HOLD),
    V.EXPIRED: Screen("expired", Words("过期", "Expired"), Words("不得继续运输", "Must not travel on")),
    V.NOT_YET: Screen(
        "expired", Words("未到", "Not yet valid"), Words("生效前不得运输", "Must not travel before that day")
    ),
    V.MALFORMED: Screen(
        "stale",
        Words("错码", "Bad code"),
        Words("看纸面，输入证号查询", "Look at the paper and type its number"),
    ),
    V.UNKNOWN_KEY: Screen("stale", _UNCONFIRMED, _ASK, claimed=True),
    **dict.fromkeys((V.TRUST_INVALID, V.TRUST_EXPIRED, V.STATUS_MISSING, V.STATUS_INVALID, V.STATUS_EXPIRED), _STALE),
    V.GENUINE: Screen(
        "valid",
        Words("有效", "Valid"),
        Words("人、车、货与下列一致即可放行", "Release if driver, vehicle and load match"),
    ),
}
#: A genuine document with a warning: what the warning names is to be confirmed.
WARNED: Final = Screen(
    "stale",
    _UNCONFIRMED,
    Words("签名有效；下列事项须另行核实", "The signature is genuine; confirm what is named here"),
)


class Refused(ValueError):
    """A token or list is not accepted: the verdict, and why in words for a log."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason
