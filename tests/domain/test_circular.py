"""What a circular says about a month, section by section (domain.md section 7)."""

import re

import pytest

from app.domain.canonical import canonical
from app.domain.circular import BLOCKS, corrected, draft, recipients
from app.domain.circular_life import LIFE, CircularState, CircularStep, allowed_steps, target
from app.domain.circular_number import is_number, number
from app.domain.completeness import completeness
from app.domain.period import Period
from app.errors import Conflict
from tests.domain.circular_sample import SAID, STATES, facts, last_month, sums, three, unit


def said(block, **changes):
    found = {b["code"]: b["paragraphs"] for b in draft(facts(**changes))["blocks"]}
    return "\n".join(found[block])


def test_title_recipients_and_opening_are_those_of_the_notice():
    content = draft(facts())

    assert content["title"] == "关于2015年4月“百县千乡”分类示范创建活动进展情况的通报"
    assert content["recipients"] == "各地级以上市团委、示例区团委"
    assert content["opening"] == "现将2015年4月“百县千乡”分类示范创建活动进展情况通报如下。"
    assert content["signature"] == "团省委农青部"


def test_the_nine_sections_stand_in_the_order_of_the_rules():
    assert [block["code"] for block in draft(facts())["blocks"]] == [code for code, *_ in BLOCKS]


def test_the_overview_counts_units_and_names_the_basis_of_the_figures():
    text = said("overview")

    assert "应报单位3个，已报2个，其中按时报送1个、迟报1个，漏报1个。" in text
    assert "数据截止2015年4月25日" in text
    assert "2015年4月30日审核截止（第1版）" in text


def test_before_the_close_the_figures_are_called_provisional_and_nobody_missing_is_blamed():
    open_still = {"closed_on": None, "vintage": None}

    assert "暂定数" in said("overview", **open_still)
    assert "尚未报送1个" in said("overview", **open_still)
    assert "漏报" not in said("submission", **open_still)


def test_rates_and_names_of_late_and_missing_units_are_told():
    assert said("submission", returns=2).split("\n") == [
        "报送率66.7%（2/3），及时率33.3%（1/3）。",
        "迟报单位：示例区。",
        "漏报单位：示例甲市。",
        "审核期间退回报表2次。",
    ]


def test_who_is_excused_is_told_and_neither_missing_nor_in_the_rates():
    excused = completeness([state._replace(is_let_off=True) for state in STATES])

    assert "漏报0个，免报1个。" in said("overview", completeness=excused)
    assert said("submission", completeness=excused).split("\n") == [
        "报送率100.0%（2/2），及时率50.0%（1/2）。",
        "迟报单位：示例区。",
        "漏报单位：无。",
        "免报单位：示例甲市。",
        "审核期间退回报表0次。",
    ]
    assert "（2/2）" in said("coverage", completeness=excused)


def test_coverage_tells_number_share_and_change_against_last_month():
    text = said("coverage", previous=last_month())

    assert "召开动员会县数量为6个，召开动员会的县比例75.0%（6/8），与上月（75.0%）持平。" in text
    assert "在农村合作组织中新建团组织数量为12个，与上月（12个）持平。" in text


def test_in_the_first_month_nothing_is_compared():
    assert "上月" not in said("coverage")


def test_both_bases_are_told_where_units_did_not_report():
    basis = said("coverage").split("\n")[-1]

    assert basis.startswith("以上比例按已报单位计算（2/3）；未报单位按未开展计，")


def test_organizations_are_told_with_flows_since_the_first_month():
    later = said("organization", period=Period(2015, 5), previous=last_month())

    assert "现有团委委员总数为412名" in later
    assert "2015年4月以来累计新增团委委员数量12名、退出团委委员数量12名。" in later
    assert "以来累计" not in said("organization")


def test_a_unit_known_only_from_the_ledger_is_told_apart():
    ledger = {"members_total": 30}
    body = sums(
        unit("999800", "示例甲市", None, ledger=ledger),
        unit("999806", "示例区", None),
        unit("999900", "示例乙市", SAID),
    )

    assert "现有团委委员总数为232名（含未报单位台账数，仅计已报单位为202名）" in said(
        "organization", aggregate=body
    )


def test_differences_are_told_with_too_much_and_too_little():
    assert said("reconciliation").split("\n") == [
        "与台账数据库比对14项，一致13项，不一致1项，台账缺失7项。",
        "乡镇团委现有团委委员总数合计少报8名。",
        "差异较大的有：示例乙市乡镇团委现有团委委员总数填报202名、台账210名，少报8名。",
    ]


def test_a_month_that_was_not_reconciled_says_so():
    assert said("reconciliation", reconciliation=None) == "本期尚未与台账数据库比对。"
    assert "尚未与台账数据库比对" in said("overview", reconciliation=None)


def test_figures_without_evidence_are_told_as_reported_and_as_counted():
    assert said("deemed") == "召开动员会县数量：示例区填报4个、认定3个；示例乙市填报4个、认定3个。"
    assert said("deemed", closed_on=None, aggregate=three(closed=False)).startswith("证明材料尚在审核")


def test_an_activity_without_evidence_is_told_with_the_units_that_said_it():
    judged = [{"activity": "bulletin", "items": [5], "judgment": "deemed_not_held", "claimed": False}]
    held = [{"activity": "bulletin", "items": [5], "judgment": "held", "claimed": True}]

    text = said("deemed", activities={"999806": judged, "999900": held})

    assert text.split("\n")[-1] == "编发专题简报：示例区无证明材料，视为未开展。"


def test_a_month_without_faults_is_not_blamed():
    perfect = completeness([])
    clean = {"summary": dict.fromkeys(("compared", "matched", "mismatched", "missing_in_ledger"), 0)}

    assert (
        said("problems", completeness=perfect, reconciliation=clean | {"mismatches": []})
        == "本期报送情况总体良好。"
    )


def test_the_next_deadline_is_told_with_its_weekday():
    assert said("requirements").startswith("请于2015年5月25日（星期一）24时前报送2015年5月报表")


def test_the_first_attachment_sums_to_the_aggregate():
    table = draft(facts())["attachments"][0]
    parts = [row for row in table["rows"] if row[0] != "合计"]

    for column, total in enumerate(table["rows"][-1][1:], start=1):
        assert total == sum(row[column] or 0 for row in parts)


def test_equal_facts_give_equal_bytes():
    assert canonical(draft(facts())) == canonical(draft(facts()))


def test_no_number_in_the_text_is_unknown_to_the_facts():
    text = "\n".join(p for b in draft(facts(previous=last_month()))["blocks"] for p in b["paragraphs"])
    told = {int(n) for n in re.findall(r"(?<![.\d])\d+(?=[个名项次版])", text)}
    counts = {1, 2, 3, 7, 8, 13, 14, 0, 202, 210}
    cells = {v for c in three()["cells"].values() for v in c.values() if isinstance(v, int)}
    before = {v for c in last_month()["cells"].values() for v in c.values() if isinstance(v, int)}
    differences = {abs(a - b) for a in cells for b in before}

    assert told <= counts | cells | before | differences | {4}


def test_a_correction_names_what_it_corrects_and_every_figure_that_changed():
    published = draft(facts()) | {"number": "示农青〔2015〕3号"}
    now = draft(facts(aggregate=three({**SAID, "townships_total": 16})))

    content = corrected(now, published, "示例：乡镇数更正")

    assert content["title"].endswith("的通报（更正）")
    assert content["blocks"][0]["paragraphs"] == [
        "关于2015年4月“百县千乡”分类示范创建活动进展情况的通报（示农青〔2015〕3号）有关内容更正如下。更正原因：示例：乡镇数更正。",
        "更正数据共3项，见附件4。",
    ]
    assert content["attachments"][3]["rows"] == [
        ["示例区", "乡镇数量", 15, 16],
        ["示例乙市", "乡镇数量", 15, 16],
        ["合计", "乡镇数量", 30, 32],
    ]


def test_a_corps_of_the_level_of_a_province_is_addressed_by_name():
    body = {"units": [{"name": n, "level": "province"} for n in ("示例省", "示例兵团")], "separate": []}

    assert recipients(body) == "各省、自治区、直辖市团委、示例兵团团委"


@pytest.mark.parametrize("state", CircularState)
@pytest.mark.parametrize("step", CircularStep)
def test_a_step_that_the_table_does_not_know_is_refused_and_not_offered(state, step):
    offered = {line.step: line.because is None for line in allowed_steps(state)}

    assert offered[step] is ((state, step) in LIFE)
    if offered[step]:
        assert target(state, step) is LIFE[state, step]
    else:
        with pytest.raises(Conflict):
            target(state, step)


@pytest.mark.parametrize("state", [CircularState.DRAFT, CircularState.SUBMITTED])
def test_publication_without_approval_says_what_is_missing(state):
    with pytest.raises(Conflict) as refused:
        target(state, CircularStep.PUBLISH)

    assert refused.value.code == "not-approved"


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("示农青〔2015〕3号", True),
        ("〔2015〕12号", True),
        ("示农青〔2015〕03号", False),
        ("示农青[2015]3号", False),
        ("示农青〔15〕3号", False),
        ("示农青〔2015〕第3号", False),
        ("", False),
    ],
)
def test_a_number_is_written_as_the_standard_says(text, sound):
    assert is_number(text) is sound


def test_a_number_that_the_service_gives_is_sound():
    assert is_number(number(2015, 3))
