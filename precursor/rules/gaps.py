"""Gap codes (缺口): what is missing, who must act, and what he must do.

Look here for: the owner of a gap, its words, the figure it lowers.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from precursor.rules.law import Words


class Owner(StrEnum):
    """Who must act on a gap."""

    ENTERPRISE = "enterprise"  # the enterprise itself, the one of the site
    OTHER_SIDE = "other_side"  # the other party of the movement
    REGISTERED_POLICE = "police_registered"  # public security of the county of registration
    RESPONSIBLE_POLICE = "police_responsible"  # public security of the county that must verify, patrol, check
    COMMERCE = "commerce"  # the commerce department


@dataclass(frozen=True, slots=True)
class GapKind:
    """One row of the table of gap codes. ``lowers``: whether it lowers its figure, or only stands beside it.

    ``is_final``: it was done, though late, and nothing that anybody does now takes it away.
    """

    figure: str
    owner: Owner
    title: Words
    action: Words
    lowers: bool = True
    is_final: bool = False


_W = Words
#: What is left to do about what was done late.
_ON_RECORD: Final = _W("已办，逾期的事实留作记录", "Done, though late: that stays on record")

GAPS: Final[dict[str, GapKind]] = {
    "DELEGATION_UNCOVERED": GapKind(
        "K1",
        Owner.REGISTERED_POLICE,
        _W("异地场所无委托管理", "Off-site place not under delegation"),
        _W("向经营地公安机关办理或续办委托", "Request or renew the delegation with the police of the place"),
    ),
    "SITE_UNREGISTERED": GapKind(
        "K1", Owner.ENTERPRISE, _W("场所未登记", "Site not registered"), _W("登记该场所", "Register the site")
    ),
    "PERMIT_UNVERIFIED": GapKind(
        "K2",
        Owner.RESPONSIBLE_POLICE,
        _W("证件未核查", "Document not verified"),
        _W("核查该证件并录入结果", "Verify the document and enter the result"),
    ),
    "PERMIT_VERIFIED_LATE": GapKind(
        "K2b",
        Owner.RESPONSIBLE_POLICE,
        _W("证件核查逾期", "Document verified late"),
        _ON_RECORD,
        is_final=True,
    ),
    "IE_FOREIGN_LEG_MISSING": GapKind(
        "K3",
        Owner.COMMERCE,
        _W("境外核查未完成", "Foreign leg not verified"),
        _W("催办国际核查", "Press for the international verification"),
    ),
    "IE_DOMESTIC_LEG_MISSING": GapKind(
        "K3",
        Owner.RESPONSIBLE_POLICE,
        _W("境内核查未完成", "Domestic leg not verified"),
        _W("核对许可、报关与出入库数量", "Compare licence, customs and stock quantities"),
    ),
    "WRITEOFF_NO_COUNTERPART": GapKind(
        "K4",
        Owner.OTHER_SIDE,
        _W("对方没有记录", "No record by the other side"),
        _W("补录所缺的一方，双方互相指认", "Enter the side that is missing; each names the other"),
    ),
    "WRITEOFF_NO_PERMIT": GapKind(
        "K4",
        Owner.ENTERPRISE,
        _W("没有有效证件", "No document in force"),
        _W("补充证件或说明", "Name the document, or explain"),
    ),
    "WRITEOFF_NO_CONFIRMATION": GapKind(
        "K4",
        Owner.ENTERPRISE,
        _W("外部对方未确认", "Not confirmed by the outside party"),
        _W("取得收货或供货确认", "Get the confirmation of receipt or supply"),
    ),
    "WRITEOFF_NO_RECORD": GapKind(
        "K4",
        Owner.ENTERPRISE,
        _W("没有凭据", "No record behind it"),
        _W("补充批记录、使用记录或报告", "Add the batch, usage or incident record"),
    ),
    "WRITEOFF_QTY_MISMATCH": GapKind(
        "K4",
        Owner.OTHER_SIDE,
        _W("双方数量不符", "Quantities differ"),
        _W("双方核对数量，错的一方冲销重记", "Compare; the side in error reverses and records again"),
    ),
    "INSPECTION_MISSED": GapKind(
        "K5",
        Owner.REGISTERED_POLICE,
        _W("未实地检查", "Inspection missed"),
        _W(
            "期内查过的，补录检查；现在补查只计入当期",
            "Enter the visit if it was made in time; a visit now counts for now",
        ),
    ),
    "INSPECTION_ENTRY_LATE": GapKind(
        "K5b",
        Owner.REGISTERED_POLICE,
        _W("检查录入逾期", "Inspection entered late"),
        _ON_RECORD,
        is_final=True,
    ),
    "ROAD_CHECK_MISSED": GapKind(
        "K6",
        Owner.RESPONSIBLE_POLICE,
        _W("未开展道路检查", "No road check"),
        _W(
            "季度内查过的，补录检查；现在检查只计入当季",
            "Enter the check if it was held in time; one now counts for now",
        ),
    ),
    "SALES_REPORT_MISSING": GapKind(
        "K7", Owner.ENTERPRISE, _W("销售未备案", "Sale not reported"), _W("补报", "Report it")
    ),
    "SALES_REPORT_LATE": GapKind(
        "K7", Owner.ENTERPRISE, _W("销售备案逾期", "Sale reported late"), _ON_RECORD, is_final=True
    ),
    "ANNUAL_REPORT_MISSING": GapKind(
        "K8", Owner.ENTERPRISE, _W("年度报告未交", "Annual report missing"), _W("补交", "Hand it in")
    ),
    "ANNUAL_REPORT_LATE": GapKind(
        "K8", Owner.ENTERPRISE, _W("年度报告迟交", "Annual report late"), _ON_RECORD, is_final=True
    ),
    "INFORMATION_OFFICER_MISSING": GapKind(
        "K10", Owner.ENTERPRISE, _W("没有信息员", "No information officer"), _W("指定信息员", "Name one")
    ),
    "PATROL_MISSED": GapKind(
        "K12",
        Owner.RESPONSIBLE_POLICE,
        _W("重点部位未巡查", "Key site not patrolled"),
        _W(
            "期内巡查过的，补录；现在巡查只计入当期",
            "Enter the patrol if it was made in time; one now counts for now",
        ),
    ),
    "QUARTERLY_REPORT_MISSING": GapKind(
        "K13", Owner.RESPONSIBLE_POLICE, _W("季度报送缺失", "Quarterly report missing"), _W("补报", "Hand it in")
    ),
    "QUARTERLY_REPORT_LATE": GapKind(
        "K13",
        Owner.RESPONSIBLE_POLICE,
        _W("季度报送迟交", "Quarterly report late"),
        _ON_RECORD,
        is_final=True,
    ),
    "LOSS_REPORT_LATE": GapKind(
        "K14",
        Owner.ENTERPRISE,
        _W("流失报告迟报", "Loss reported late"),
        _W(
            "已报告，逾期的事实留作记录，流失另行调查",
            "Reported, though late: that stays on record; the loss is investigated",
        ),
        is_final=True,
    ),
    "EQUIPMENT_REPORT_MISSING": GapKind(
        "K15", Owner.ENTERPRISE, _W("设备转让未报告", "Equipment transfer not reported"), _W("补报", "Report it")
    ),
    "EQUIPMENT_REPORT_LATE": GapKind(
        "K15",
        Owner.ENTERPRISE,
        _W("设备转让报告逾期", "Equipment transfer reported late"),
        _ON_RECORD,
        is_final=True,
    ),
    "STOCK_VARIANCE": GapKind(
        "K4",
        Owner.ENTERPRISE,
        _W("账实不符", "Stock differs from the book"),
        _W("查明原因，按损失或更正处理", "Find the cause; book a loss or a correction"),
        lowers=False,
    ),
}
