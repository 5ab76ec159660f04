"""The circular (通报): what it says about a month, written from figures and frozen as canonical JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from app.domain import circular_text as text
from app.domain.circular_tables import attachments, changed_rows
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.wording import month

Body = Mapping[str, Any]


class Facts(NamedTuple):
    """Everything that a circular is written from; nothing else enters it, so equal facts give equal bytes.

    `aggregate`, `completeness` and `reconciliation` are the bodies that the HTTP contract answers for the
    period and unit, as one vintage froze them, and `activities` the judgments of those without a column, by unit
    (empty before the close); `previous` the aggregate of the month before, None in the
    first month or when its form does not compare. `cumulative` sums each flow since the first period.
    `returns` counts how often reports were returned. `closed_on` and `ledger_as_of` are days in China.
    """

    form: FormVersion
    period: Period
    aggregate: Body
    completeness: Body
    reconciliation: Body | None
    activities: Mapping[str, Sequence[Body]]
    previous: Body | None
    cumulative: Mapping[str, int | None]
    rankings: Sequence[Body]
    returns: int
    vintage: int | None
    closed_on: date | None
    ledger_as_of: date | None
    next_due: date


class Block(NamedTuple):
    """A numbered section. The paragraphs may be edited until the circular is approved."""

    code: str
    heading: str
    paragraphs: list[str]

    def as_json(self) -> dict[str, Any]:
        """As the HTTP contract writes it."""
        return self._asdict()


CHANGES_POSITION = 4
"""Where the list of changes stands among the attachments of a correction."""

BLOCKS = (
    ("overview", "总体情况", text.overview),
    ("submission", "报送情况", text.submission),
    ("coverage", "工作覆盖", text.coverage),
    ("organization", "队伍和组织", text.organization),
    ("reconciliation", "比对核实", text.reconciliation),
    ("deemed", "视为未开展", text.deemed),
    ("ranking", "排名情况", text.ranking),
    ("problems", "存在问题", text.problems),
    ("requirements", "下月要求", text.requirements),
)
"""The sections in the order of domain.md section 7, each with what writes it."""


def draft(facts: Facts) -> dict[str, Any]:
    """The content of a new circular: JSON-ready, everything generated, number and date still open."""
    return {
        "title": title(facts.form, facts.period),
        "number": None,
        "recipients": recipients(facts.aggregate),
        "opening": f"现将{month(facts.period)}{subject(facts.form)}通报如下。",
        "blocks": [Block(code, heading, write(facts)).as_json() for code, heading, write in BLOCKS],
        "signature": facts.form.issuer.zh,
        "dated": None,
        "contact": None,
        "attachments": attachments(facts),
        "vintage": facts.vintage,
    }


def corrected(content: Mapping[str, Any], published: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """The content of a correction (更正): which circular it corrects, why, and every figure of the table that
    is another now, with old and new."""
    changes = changed_rows(published["attachments"][0], content["attachments"][0])
    number = published["number"]
    opening = f"{published['title']}（{number}）有关内容更正如下。更正原因：{reason.rstrip('。')}。"
    block = Block("correction", "更正内容", [opening, _told(changes)])
    return {
        **content,
        "title": f"{content['title']}（更正）",
        "blocks": [block.as_json(), *content["blocks"]],
        "attachments": [*content["attachments"], changes],
        "corrects": number,
    }


def _told(changes: Mapping[str, Any]) -> str:
    count, position = len(changes["rows"]), CHANGES_POSITION
    return f"更正数据共{count}项，见附件{position}。" if count else "汇总表数据没有变化。"


def subject(form: FormVersion) -> str:
    """What the table is about: its title without the word for the table."""
    return form.title.zh.removesuffix("统计表")


def title(form: FormVersion, period: Period) -> str:
    """关于2015年4月“百县千乡”分类示范创建活动进展情况的通报."""
    return f"关于{month(period)}{subject(form)}的通报"


ADDRESSED = {
    "province": "各省、自治区、直辖市团委",
    "prefecture": "各地级以上市团委",
    "county": "各县（市、区）团委",
    "township": "各乡镇团委",
}
"""How the offices of a level are addressed together."""


def recipients(aggregate: Body) -> str:
    """The main recipients (主送机关): the offices of the common level together, any other by its name.

    各地级以上市团委、顺德区团委 for Guangdong, where Shunde reports beside the cities. A corps of the level of
    a province is named too, because the common phrase does not include it.
    """
    units = [*aggregate["units"], *aggregate["separate"]]
    if not units:
        return ""
    common, _ = Counter(unit["level"] for unit in units).most_common(1)[0]
    others = [u["name"] for u in units if u["level"] != common or u["name"].endswith("兵团")]
    return "、".join([ADDRESSED.get(common, ""), *(f"{name}团委" for name in others)])
