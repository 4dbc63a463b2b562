"""The police inspection form: its items, what each may find, and the results (Zhejiang's form, read whole)."""

from typing import Final

from precursor.rules.law import Words

#: item: what is looked at. Legal basis on the form: the Regulation, article 32; Decree 87, article 26.
ITEMS: Final = {
    "business_licence": Words("营业执照在有效期内", "business licence in force"),
    "permits": Words("生产(经营)许可证在有效期内", "production or operating permit in force"),
    "ledger_complete": Words("品种、数量、日期有记录", "kind, quantity and date recorded"),
    "endorsements": Words("证件签注数量、经办人如实填写", "quantity and handler endorsed on the documents"),
    "within_documents": Words("台账在许可、备案范围内", "ledger within what the documents allow"),
    "no_cash": Words("资金往来无现金交易", "no cash in the money flow"),
    "guarding": Words("防盗、防抢、防丢失措施落实", "guarding against theft, robbery and loss"),
    "stock_matches": Words("仓储与台账一致", "store agrees with the ledger"),
    "rules_in_place": Words("安全管理制度已建立", "safety rules in place"),
    "posts": Words("管理岗位职责明确", "posts and duties defined"),
    "training": Words("从业人员培训", "staff trained"),
}
FOUND: Final = ("ok", "fault", "unchecked")  # 符合、不符合、未查

RESULTS: Final = {
    "nothing_found": Words("未发现问题", "nothing found"),
    "corrected": Words("发现问题经责令已改正", "faults found, corrected on order"),
    "pending_police": Words("发现问题待后续处理(违反公安部门相关规定)", "pending: rules of public security broken"),
    "pending_other": Words("发现问题待后续处理(违反其他部门相关规定)", "pending: rules of another department broken"),
    "no_such_business": Words("未发现开展本次抽查涉及的经营活动", "no such business found"),
    "closed_down": Words("已关闭停业或正在组织清算", "closed down or being wound up"),
    "uncooperative": Words("不配合检查情节严重", "gravely uncooperative"),
    "deregistered": Words("注销", "deregistered"),
    "licence_withdrawn": Words("被吊销", "licence withdrawn"),
    "registration_revoked": Words("被撤销", "registration revoked"),
    "moved_out": Words("迁出", "moved out"),
}
