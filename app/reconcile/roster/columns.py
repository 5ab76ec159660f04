"""The columns of a roster, what is kept of them, and the words that they may hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.reconcile.columns import Column, Kind


class RosterKind(StrEnum):
    """What a roster lists; also the name of its table."""

    MEMBERS = "members"
    ORGS = "orgs"


MEMBERS = (
    Column("member_id", "委员编号", Kind.ID, ("编号", "委员编码", "id")),
    Column(
        "township_code", "乡镇代码", Kind.TOWNSHIP, ("所在乡镇代码", "行政区划代码", "区划代码", "township")
    ),
    Column("township_name", "乡镇名称", Kind.NAME, ("乡镇", "所在乡镇"), is_required=False),
    Column("name", "姓名", Kind.TEXT, ("委员姓名",), is_required=False),
    Column("role", "职务", Kind.TERM, ("团内职务",), is_required=False),
    Column("full_time", "专兼职", Kind.TERM, ("专职兼职",), is_required=False),
    Column("source_type", "来源类别", Kind.TERM, ("来源", "人员来源"), is_required=False),
    Column("start_date", "任职日期", Kind.DATE, ("任职时间", "开始日期", "start")),
    Column("end_date", "退出日期", Kind.DATE, ("退出时间", "离任日期", "结束日期", "end")),
    Column("end_reason", "退出原因", Kind.TERM, ("离任原因",), is_required=False),
    Column("updated_at", "更新时间", Kind.TEXT, ("更新日期",), is_required=False),
)
"""委员花名册 (domain.md 4.3); a record is keyed by member, township and start."""

ORGS = (
    Column("org_id", "团组织编号", Kind.ID, ("组织编号", "编号", "id")),
    Column(
        "township_code", "乡镇代码", Kind.TOWNSHIP, ("所在乡镇代码", "行政区划代码", "区划代码", "township")
    ),
    Column("township_name", "乡镇名称", Kind.NAME, ("乡镇", "所在乡镇"), is_required=False),
    Column("org_name", "直属团组织名称", Kind.TEXT, ("团组织名称", "组织名称", "name"), is_required=False),
    Column("org_type", "类型", Kind.TERM, ("团组织类型", "组织类型", "type")),
    Column("founded_on", "成立日期", Kind.DATE, ("成立时间", "founded")),
    Column("dissolved_on", "撤销日期", Kind.DATE, ("撤销时间", "dissolved")),
    Column("dissolve_reason", "撤销原因", Kind.TEXT, (), is_required=False),
    Column("rectified_on", "整顿日期", Kind.DATES, ("整顿时间", "rectified")),
    Column("member_count", "团员数", Kind.FIGURE, ("团员数量",), is_required=False),
    Column("youth_count", "联系青年数", Kind.FIGURE, ("联系青年数量",), is_required=False),
    Column("wechat_groups", "微信群数量", Kind.FIGURE, ("微信群数",), is_required=False),
    Column("updated_at", "更新时间", Kind.TEXT, ("更新日期",), is_required=False),
)
"""直属团组织名册 (domain.md 4.3); a record is keyed by the organization."""

VILLAGE = ("村团组织", "村团支部", "村级团组织")
"""Types that are listed beside direct organizations and are none (domain.md 4.1)."""
COOPERATIVE = "农村合作组织"

TERMS = {
    "role": ("书记", "副书记", "委员"),
    "full_time": ("专职", "兼职"),
    "source_type": (
        "党政干部",
        "大学生村官",
        "企业负责人",
        "教师",
        "民警",
        "农技人员",
        "致富带头人",
        "其他",
    ),
    "end_reason": ("超龄", "工作调动", "辞职", "换届未连任", "撤职", "其他"),
    "org_type": (
        COOPERATIVE,
        "企业",
        "行业",
        "驻镇或镇属单位",
        "学校",
        "大学生村官",
        "兴趣社团",
        "社区",
        "其他",
    ),
}
"""The words of each column of terms; any other is kept with a warning."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of roster: its columns, and which of them say who, from when and until when."""

    kind: RosterKind
    columns: tuple[Column, ...]
    identity: str
    begins: str
    ends: str

    @property
    def terms(self) -> tuple[str, ...]:
        """The codes of its columns of terms."""
        return tuple(c.code for c in self.columns if c.kind is Kind.TERM)

    @property
    def figures(self) -> tuple[str, ...]:
        """The codes of its columns of figures."""
        return tuple(c.code for c in self.columns if c.kind is Kind.FIGURE)

    def column(self, code: str) -> Column:
        """A column by its code."""
        return next(c for c in self.columns if c.code == code)


SHAPES = {
    RosterKind.MEMBERS: Shape(RosterKind.MEMBERS, MEMBERS, "member_id", "start_date", "end_date"),
    RosterKind.ORGS: Shape(RosterKind.ORGS, ORGS, "org_id", "founded_on", "dissolved_on"),
}
