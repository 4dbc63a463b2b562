"""What members and their words are called on pages, in the field's terms: one table, zh and en."""

from typing import Final

from precursor.api.collection import Collection
from precursor.core.access import Action
from precursor.rules.inspection_form import ITEMS
from precursor.rules.law import Words
from precursor.rules.movements import CALLED
from precursor.rules.permits import CALLED as DOCUMENTS_CALLED
from precursor.rules.roadside import CASES, FINDINGS, PRESENCES
from precursor.rules.roadside import ITEMS as CHECKED
from precursor.signing.verdicts import SCREENS


def _table(text: str) -> dict[str, Words]:
    """Name | zh | en, a line each."""
    made = {}
    for line in text.strip().splitlines():
        name, zh, en = (part.strip() for part in line.split("|"))
        made[name] = Words(zh, en)
    return made


#: Members of records.
MEMBERS: Final = _table("""
id | 编号 | Number
address | 地址 | Address
agent | 由代理人办理 | Through an agent
answer | 答复 | Answer
answers | 答复 | Answers
approved | 已批准 | Approved
asked_by | 申请人 | Asked for by
batch | 批号 | Batch
broken | 不符合的规则 | Rules it broke
by_mail | 邮寄 | By mail
carrier | 承运单位 | Carrier
cas | CAS 号 | CAS number
catalogue_item | 目录编号 | Catalogue item
category | 类别 | Category
city | 市 | City
closed_on | 关闭日期 | Closed on
code | 代码 | Code
consignee | 收货单位 | Consignee
contact | 联系人 | Contact
standing | 办理情况 | Standing
cosignature | 复核签字 | Second signature
counted | 实盘数量 | Counted
counterpart | 对方记录 | Other side's record
counterparty | 外方单位 | Foreign party
count | 份数 | How many
country | 国别 | Country
county | 县区 | County
covers | 品种类别 | Class covered
credit_code | 统一社会信用代码 | Credit code
credit_code_reason | 代码校验不符的理由 | Why a failing code was taken
customs_date | 通关日期 | Customs date
customs_no | 报关单号 | Customs declaration
date | 日期 | Date
delegate | 受托机关辖区 | Delegate
delegator | 委托机关辖区 | Delegator
destination | 运入地 | Destination
direction | 进口或出口 | Direction
discovered_at | 发现时间 | Discovered at
done | 已冲销 | Done
dosage_form | 剂型 | Dosage form
doubt | 待核实 | In doubt
drawn | 已核减 | Drawn
drawn_on | 核减日期 | Drawn on
draws | 核减记录 | Draws
enterprise | 企业 | Enterprise
event | 事项 | Event
evidence | 依据 | Evidence
exempt | 免证情形 | Exemption
expires_on | 有效期至 | Expires on
explanation | 差异说明 | Explanation
external | 外部单位 | Outside party
external_confirmed_on | 外部单位确认日期 | Confirmed by outside party on
external_permit | 外地证件号 | Number of outside document
findings | 检查事项 | Findings
found | 所见 | Found
grade | 等级 | Grade
grades | 等级沿革 | Grade history
handler | 经办人 | Handler
happened | 事后补录 | It has happened already
has_information_officer | 有信息员 | Has an information officer
holder | 持证单位 | Holder
hs_code | 商品编号 | HS code
incident | 流失事件 | Incident
individual | 售与个人 | To an individual
information_officer | 信息员 | Information officer
inspectors | 检查人数 | Number of officers
issuer | 发证机关 | Issued by
item | 项目或品名 | Item
counts | 盘点 | Stock count
keep_until | 保存至 | Keep until
left | 余量 | Left
book | 账面结存 | Book
difference | 差额（盘点减账面） | Difference (counted less book)
reversed_on | 冲销日 | Reversed on
reversals | 冲销前的记录 | Before reversal
approved_by | 批准人 | Approved by
key | 重点地区 | Key area
kind | 种类 | Kind
law | 依据版本 | Versions of the law
leg | 环节 | Leg
legs | 双向核查 | Both legs
level | 级别 | Level
licence | 进出口许可证 | Trade licence
made_on | 生产日期 | Made on
main_flow | 主要流向 | Main flow
mandate | 委托书编号 | Mandate
mode | 检查方式 | Mode
name | 名称 | Name
name_en | 英文名称 | English name
name_zh | 中文名称 | Chinese name
notice | 公告 | Notice
number | 批号 | Number
officers | 检查人员 | Officers
on | 日期 | On
open_on | 启用日期 | Open since
other_site | 对方场所 | Other side's site
other_enterprise | 对方单位 | Other side
differences | 现场发现 | Found on the spot
parent | 上级辖区 | Lies in
particulars | 证载事项 | Particulars
patrols | 巡查记录 | Patrols
payment | 付款方式 | Payment
permit | 购买证件 | Purchase document
permit_type | 许可证种类 | Type of permit
person | 人员代码 | Code of the person
place | 地点 | Place
places | 应在 | Should be at
moves | 最近出入库 | Last movements
other | 对方 | Other side
plate | 车牌 | Plate
plates | 车牌 | Plates
port | 口岸 | Port
purpose | 用途 | Purpose
quantity | 数量 | Quantity
quarter | 季度 | Quarter
reason | 理由 | Reason
receiver | 收件人 | Receiver
recorded_on | 录入日期 | Recorded on
registered | 已登记 | Registered
registered_on | 登记日期 | Registered on
reported_at | 报告时间 | Reported at
reported_by | 报告人 | Reported by
reported_on | 报告日期 | Reported on
requested_on | 申请日期 | Requested on
result | 结果 | Result
reversal_asked_by | 申请冲销人 | Reversal asked for by
revoked_on | 吊销日期 | Revoked on
route | 途经辖区 | Route
sales_reported_on | 销售备案日期 | Sale reported on
schedule | 麻精类别 | Schedule
seal_card | 印鉴卡号 | Seal card
seal_card_valid_to | 印鉴卡有效期至 | Seal card valid to
seller | 销售单位 | Seller
shipment | 进出口批次 | Shipment
signatories | 签章人 | Signatories
since | 自 | Since
since_year | 启用年份 | In force since
site | 场所 | Site
small_quantity | 少量免证 | Small quantity
state | 状态 | State
status | 状态 | Status
statuses | 状态沿革 | Status history
submitted_on | 报送日期 | Submitted on
substance | 品种 | Substance
suspended | 已暂停 | Suspended
transport_permit | 运输证件 | Transport document
type | 类型 | Type
unit | 单位 | Unit
until | 至 | Until
until_year | 停用年份 | In force until
usage_record | 使用记录 | Usage record
uses | 使用次数 | Uses
valid_from | 生效日期 | Valid from
valid_to | 有效期至 | Valid to
verification_result | 核查结果 | Verification found
verified_on | 核查日期 | Verified on
version | 版本 | Version
year | 年度 | Year
account | 账号 | Account
days | 天数 | Days
ended_on | 结束日 | Ended on
how | 如何结束 | How it ended
trip | 车次 | Trip
at | 时间 | At
device | 手机 | Phone
document | 证件号 | Document
due_on | 办结期限 | Due by
enrolled_on | 登记日 | Enrolled on
entries | 日志条数 | Entries
heard_at | 最近上传 | Last heard of
items | 检查项 | Items
locked_on | 锁定日 | Locked on
measured | 实载数量 | On board
note | 备注 | Note
opened_on | 立案日 | Opened on
outcome | 结论 | Outcome
received_at | 收到时间 | Received at
record | 形成的记录 | Record of it
scans | 扫码 | Scans
shown | 现场结论 | Shown on the spot
verdict | 结论 | Verdict
""")

#: Words of members; the same word means the same everywhere but where ``member.word`` says otherwise.
WORDS: Final = _table("""
province | 省 | province
county | 县区 | county
township | 乡镇 | township
village | 村 | village
level.city | 市 | prefecture
non_drug | 非药品类 | not a drug
drug | 药品类 | drug
narcotic | 麻醉药品 | narcotic drug
non_medicinal | 非药用类 | non-medicinal
psychotropic_1 | 第一类精神药品 | psychotropic, class 1
psychotropic_2 | 第二类精神药品 | psychotropic, class 2
producer | 生产企业 | producer
trader | 经营企业 | trader
user | 使用单位 | user
hospital | 医疗机构 | hospital
pharma_wholesaler | 药品批发企业 | pharma wholesaler
carrier | 运输企业 | carrier
importer_exporter | 进出口企业 | importer and exporter
drug_producer | 药品生产企业 | drug producer
pharmacy | 药店 | pharmacy
external | 外部单位 | outside party
grade.A | 甲 | A
grade.B | 乙 | B
grade.C | 丙 | C
role.ent_admin | 企业管理员 | Enterprise administrator
role.ent_officer | 信息员 | Information officer
role.ent_keeper | 库管员 | Storekeeper
role.ent_second | 双人复核员 | Second signer
role.ent_counter | 盘点员 | Counter
role.ent_carrier | 承运人 | Carrier
role.ps_clerk | 公安受理 | Police, reception
role.ps_inspector | 民警 | Police inspector
role.ps_approver | 公安审批 | Police, approval
role.ps_lead | 公安督办 | Police, oversight
role.drug_reg | 药监 | Drug administration
role.em_auditor | 应急管理督导 | Safety bureau auditor
role.commerce | 商务 | Commerce
role.customs | 海关 | Customs
role.health | 卫生健康 | Health
role.sysadmin | 系统管理员 | System administrator
role.secadmin | 安全管理员 | Security administrator
role.auditadmin | 审计管理员 | Audit administrator
applied | 申请中 | applied
active | 正常 | active
status.suspended | 停业 | suspended
rejected | 未准入 | rejected
closed | 已注销 | closed
moved_out | 已迁出 | moved out
plant | 厂区 | plant
store | 仓库 | store
depot | 异地库 | depot
office | 办公地 | office
accepted | 接受 | accepted
revoked | 撤回 | revoked
covers.1 | 第一类（非药品） | category 1, not a drug
covers.1-drug | 第一类（药品类） | category 1, drug
covers.2 | 第二类 | category 2
covers.3 | 第三类 | category 3
category.0 | 麻精药品 | narcotic or psychotropic
category.1 | 第一类 | category 1
category.2 | 第二类 | category 2
category.3 | 第三类 | category 3
single | 一次使用 | single use
multi | 多次使用 | many uses
import | 进口 | import
export | 出口 | export
match | 相符 | match
mismatch | 不符 | mismatch
unused | 未使用 | unused
state.suspended | 暂停 | suspend
slot.missed | 逾期未查 | overdue
slot.pending | 待检查 | to be done
slot.filled | 已检查 | done
reinstated | 恢复 | reinstate
own_use | 自用免证 | own use
exempt.not_required | 无需证件 | none needed
bank | 转账 | bank
cash | 现金 | cash
foreign | 境外核查 | foreign leg
domestic | 境内核查 | domestic leg
verified | 已核实 | verified
pending | 待核 | pending
not_required | 不要求 | not required
onsite | 实地 | on site
remote | 远程 | remote
nothing_found | 未发现问题 | nothing found
corrected | 当场整改 | corrected
pending_police | 移交公安 | passed to police
pending_other | 移交其他部门 | passed to another department
no_such_business | 无此业务 | no such business
closed_down | 已停业 | closed down
uncooperative | 不配合 | uncooperative
deregistered | 已注销登记 | deregistered
licence_withdrawn | 已撤销许可 | licence withdrawn
registration_revoked | 已吊销执照 | registration revoked
ok | 符合 | in order
fault | 不符合 | fault
result.fault | 扣留 | held
unchecked | 未查 | not checked
pass | 放行 | passed
lease | 出租 | lease
transfer | 转让 | transfer
theft | 被盗 | theft
robbery | 被抢 | robbery
loss | 丢失 | loss
leak | 泄漏 | leak
public_security | 公安机关 | public security
drug_administration | 药品监管部门 | drug administration
emergency_management | 应急管理部门 | emergency management
commerce | 商务部门 | commerce
health | 卫生健康部门 | health
scan | 扫码 | scan
check | 道路检查 | road check
visit | 实地检查 | visit
arrived | 已到达 | arrived
given_up | 已取消 | given up
replaced | 已换发 | replaced
violation | 查实违法 | violation
explained | 已说明 | explained
mistake | 误报 | mistake
true | 是 | yes
false | 否 | no
""")

WORDS.update({verdict.value: screen.word for verdict, screen in SCREENS.items()})
WORDS.update({kind.value: said for kind, said in CALLED.items()})
WORDS.update({kind.value: said for kind, said in DOCUMENTS_CALLED.items()})
WORDS.update({f"differences.{code}": said for code, said in FINDINGS.items()})
WORDS.update({f"{name}.NONE": Words("无码", "no code") for name in ("shown", "verdict")})
WORDS.update({f"{name}.{code}": said for code, said in PRESENCES.items() for name in ("shown", "verdict")})
WORDS.update({f"item.{item}": said for item, said in (CHECKED | ITEMS).items()})
WORDS.update({kind.value: said for kind, said in CASES.items()})

#: What is said below a field's name, where the name does not say enough.
HINTS: Final = {
    "officers": Words(
        "须含录入人；两人以上的实地检查才计入应检。其他人员填代码，每行一个",
        "Yours among them; a visit counts when at least two came. Others by their codes, one a line",
    ),
    "person": Words("自然人代码，与账号相同", "The code of the natural person, as with accounts"),
    "counterpart": Words("对方出入库记录的编号", "The number of the other side's movement"),
    "other_site": Words(
        "对方收发货的场所；先填购买证件，可从名单中选",
        "Where the other side keeps it; with the document filled in there is a list",
    ),
    "permit": Words("可从在有效期内的证件中选", "Those in force are offered"),
    "id": Words("不填则由系统编号", "Left out, the system gives one"),
    "particulars.plates": Words("每行一个车牌", "One plate a line"),
    "route": Words("途经县区的代码，每行一个", "Codes of the counties on the way, one a line"),
}


def hint(name: str) -> Words | None:
    """What is said below the name of a field."""
    return HINTS.get(name)


#: The collections of documents.
DOCUMENTS: Final = ("purchase-documents", "transport-documents", "licences", "trade-licences")

#: What a collection is called on pages, where its summary is too long for that.
TITLES: Final = {
    "movements": Words("出入库记录", "Movements"),
    "batches": Words("批次", "Batches"),
    "labels": Words("容器标签", "Labels"),
    "reversals": Words("冲销", "Reversals"),
    "purchase-documents": Words("购买证件", "Purchase documents"),
    "transport-documents": Words("运输证件", "Transport documents"),
    "licences": Words("许可与备案", "Licences"),
    "trade-licences": Words("进出口许可", "Trade licences"),
    "inspections": Words("实地检查", "Visits"),
    "road-checks": Words("道路检查", "Road checks"),
    "road-cases": Words("道路案件", "Road cases"),
    "trip-slips": Words("随车单", "Trip slips"),
    "road-scans": Words("扫码日志", "Scans"),
    "devices": Words("查验手机", "Phones"),
    "key-sites": Words("重点部位", "Key sites"),
    "incidents": Words("流失事件", "Incidents"),
    "enterprises": Words("企业", "Enterprises"),
    "partners": Words("外部单位", "Outside parties"),
    "equipment-events": Words("设备出租转让", "Equipment"),
    "substances": Words("品种", "Substances"),
    "supervisors": Words("专管员", "Supervisors"),
    "delegations": Words("异地委托管理", "Delegations"),
    "annual-reports": Words("年度报告", "Annual reports"),
    "quarterly-reports": Words("季度报送", "Quarterly reports"),
    "cosignatures": Words("双人复核", "Second signatures"),
}


#: What a list offers besides its own acts: words, address, and the action that it is.
BESIDE: Final = {"devices": (Words("登记手机", "Enrol a phone"), "/scan/enrolment", Action.ROAD_CHECK_RECORD)}


#: One record of a collection, where the title is a plural in English.
ONE: Final = {
    "inspections": Words("实地检查", "Visit"),
    "road-checks": Words("道路检查", "Road check"),
    "road-cases": Words("道路案件", "Road case"),
    "trip-slips": Words("随车单", "Trip slip"),
    "road-scans": Words("扫码", "Scan"),
    "devices": Words("查验手机", "Phone"),
    "incidents": Words("流失事件", "Incident"),
    "stocktakes": Words("盘点", "Stocktake"),
    "batches": Words("批次", "Batch"),
    "labels": Words("容器标签", "Label"),
    "reversals": Words("冲销", "Reversal"),
    "shipments": Words("进出口批次", "Shipment"),
    "delegations": Words("异地委托管理", "Delegation"),
    "key-sites": Words("重点部位", "Key site"),
}


def title_of(collection: Collection) -> Words:
    """What a collection is called on pages."""
    return TITLES.get(collection.path, collection.summary)


#: Groups of the navigation and the collections in them.
NAV: Final = (
    (Words("台账", "Ledger"), ("movements", "stocktakes", "batches", "labels", "reversals")),
    (Words("证件", "Documents"), (*DOCUMENTS, "trip-slips")),
    (
        Words("检查", "Inspection"),
        ("inspections", "road-checks", "road-cases", "road-scans", "devices", "key-sites", "incidents"),
    ),
    (Words("单位", "Register"), ("enterprises", "sites", "delegations", "substances")),
    (
        Words("报送", "Reports"),
        ("shipments", "annual-reports", "quarterly-reports", "equipment-events", "supervisors", "partners", "areas"),
    ),
)

#: Members that name a record of another collection.
#: Members that are amounts: numbers with separators on a page, numbers in a workbook.
AMOUNTS: Final = frozenset({"quantity", "drawn", "left", "counted", "book", "difference"})
REFS: Final = {
    "enterprise": "enterprises",
    "seller": "enterprises",
    "other_enterprise": "enterprises",
    "consignee": "enterprises",
    "carrier": "enterprises",
    "site": "sites",
    "other_site": "sites",
    "substance": "substances",
    "county": "areas",
    "delegator": "areas",
    "delegate": "areas",
    "parent": "areas",
    "city": "areas",
    "counterpart": "movements",
    "permit": "purchase-documents",
    "transport_permit": "transport-documents",
    "licence": "trade-licences",
    "document": "transport-documents",
    "shipment": "shipments",
    "incident": "incidents",
    "holder": "enterprises",
    "route": "areas",
    "external": "partners",
}

#: What a list shows, where it is not simply all of it.
COLUMNS: Final = {
    "enterprises": ("id", "name", "grade", "kind", "county", "registered_on", "credit_code"),
    "sites": ("id", "name", "enterprise", "county", "purpose", "open_on", "closed_on", "registered"),
    "movements": ("id", "date", "type", "site", "substance", "quantity", "unit", "counterpart", "external", "permit"),
    "substances": ("id", "name_zh", "name_en", "category", "kind", "schedule", "cas", "unit", "doubt"),
    "areas": ("id", "name", "level", "parent", "code"),
} | dict.fromkeys(
    ("purchase-documents", "transport-documents", "licences", "trade-licences"),
    (
        "id",
        "kind",
        "holder",
        "substance",
        "quantity",
        "left",
        "unit",
        "valid_to",
        "state",
        "county",
    ),
)

#: Members that documents of some kinds bear.
OF_SOME: Final = (
    *("seller", "consignee", "carrier", "route", "purpose", "handler", "destination", "permit_type", "main_flow"),
    *("hs_code", "country", "port", "counterparty", "signatories", "receiver", "site", "plates", "direction"),
)


def _but(*names: str) -> frozenset[str]:
    return frozenset(OF_SOME) - set(names)


#: Optional members of a form that are asked for at once; the others stand behind 更多.
ASKED: Final = {
    "InForm": ("counterpart", "external", "permit", "batch", "usage_record"),
    "OutForm": ("other_site", "permit", "transport_permit", "payment", "handler", "batch", "usage_record"),
    "PurchaseForm": ("substance", "quantity", "seller", "particulars"),
    "TransportForm": ("substance", "quantity", "consignee", "carrier", "route", "particulars"),
    "LicenceForm": ("substance", "covers", "quantity", "particulars"),
    "TradeForm": ("substance", "quantity", "particulars"),
    "InspectionForm": ("result", "findings"),
    "RoadCheckForm": ("place", "plate", "result", "officers"),
    "EnterpriseForm": ("credit_code", "credit_code_reason", "address", "contact"),
    "ChangeForm": ("name", "address", "contact"),
    "GradeForm": ("since", "reason", "evidence"),
    "IncidentForm": ("reported_at",),
    "ShipmentForm": ("licence", "customs_no"),
    "LegForm": ("on", "reason"),
    "VerificationForm": ("on",),
    "RevocationForm": ("on", "reason"),
    "ExplanationForm": ("explanation",),
}

#: Words that are offered where any text is taken.
SUGGESTED: Final = {("IncidentForm", "kind"): ("theft", "robbery", "loss", "leak")}

#: Members that a page leaves out, since no document of the kinds in the form bears them.
LEFT_OUT: Final = {
    "PurchaseForm": _but("seller", "purpose", "handler"),
    "TransportForm": _but(
        "seller", "consignee", "carrier", "route", "destination", "permit_type", "plates", "receiver"
    ),
    "LicenceForm": _but("site", "main_flow", "signatories"),
    "TradeForm": _but("direction", "hs_code", "counterparty", "country", "port"),
}

#: Members that are instants.
MOMENTS: Final = frozenset({"discovered_at", "reported_at", "at", "received_at", "heard_at"})

#: What a page insists on, though a register that comes as a bundle may lack it.
MUST: Final = {"RoadCheckForm": ("place", "plate", "result", "officers")}

#: The field at which a broken rule is shown; of the others the one that a fact that broke it cannot rest on.
AT_RULE: Final = {
    "INDIVIDUAL_BANNED": "individual",
    "CASH_BANNED": "payment",
    "DRUG_CASH_BANNED": "payment",
    "PERMIT_MISSING": "permit",
    "WRONG_SUBSTANCE": "permit",
    "PERMIT_OVERDRAW": "quantity",
    "CARRIER_MISMATCH": "transport_permit",
    "HANDLER_UNCHECKED": "handler",
    "MANDATE_MISSING": "mandate",
    "NON_MEDICINAL_BANNED": "substance",
    "TWO_PERSONS": "cosignature",
    "TRANSPORT_DOCUMENT_MISSING": "transport_permit",
    "SMALL_QUANTITY_EXCEEDED": "small_quantity",
    "MAIL_BANNED": "by_mail",
    "MAIL_CERTIFICATE_MISSING": "by_mail",
    "KIND_NOT_FOR_CLASS": "substance",
    "VALIDITY_TOO_LONG": "valid_to",
    "USES_WRONG": "uses",
    "TWO_INSPECTORS": "officers",
}
AT_FIELD: Final = {"permit": "permit", "transport": "transport_permit", "exemption": "exempt"}


#: Words to filter by where no form makes such records.
FILTERED: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("road-cases", "kind"): tuple(kind.value for kind in CASES),
    ("road-cases", "outcome"): ("violation", "explained", "mistake"),
    ("road-scans", "kind"): ("scan", "check", "visit", "store", "handover"),
    ("road-scans", "shown"): (*(verdict.value for verdict in SCREENS), "NONE"),
}


def word(member: str, value: object) -> Words | None:
    """What a word of a member is called; None when it is no word."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return WORDS.get(f"{member}.{text}") or (WORDS.get(text) if isinstance(value, bool | str) else None)


def member(name: str) -> Words:
    """What a member is called."""
    return MEMBERS.get(name) or ITEMS.get(name) or Words(name, name)
