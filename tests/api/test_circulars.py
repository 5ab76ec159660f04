"""The circular through the application: drafted, edited, signed, published, corrected, and who may read it."""

from __future__ import annotations

from io import BytesIO

import pytest
from docx import Document
from openpyxl import load_workbook

from app.domain.canonical import canonical, digest
from tests.samples import GUANGDONG, REPORTS, at, report
from tests.service import Answer, Asked, Service

CIRCULARS = "/api/v1/circulars"
APRIL = {"period": "2015-04", "unit": GUANGDONG}
NUMBER = {"number": "示农青〔2015〕3号", "dated": "2015-04-30"}


def drafted(service: Service) -> str:
    """The path of a new draft."""
    service.post(REPORTS, report())
    answer = service.post(CIRCULARS, APRIL, by="reviewer")
    assert answer.status == 201, answer.json
    return answer.headers["location"]


def published(service: Service) -> str:
    """The path of a circular that was published."""
    path = drafted(service)
    for step, body in (("submit", {}), ("approve", {"approver": "示例领导"}), ("publish", NUMBER)):
        assert service.post(f"{path}/{step}", body, by="reviewer").status == 200
    return path


def test_a_draft_tells_the_month_and_what_can_be_done_with_it(service: Service) -> None:
    service.post(REPORTS, report())

    answer = service.post(CIRCULARS, APRIL, by="reviewer")

    assert answer.status == 201
    assert answer.json["status"] == "draft"
    assert answer.json["committed"] is True
    assert answer.json["title"] == "关于2015年4月“百县千乡”分类示范创建活动进展情况的通报"
    assert "应报单位22个，已报1个" in answer.json["content"]["blocks"][0]["paragraphs"][0]
    assert answer.json["content_hash"] == digest(answer.json["content"])
    assert {a["action"] for a in answer.json["allowed"] if a["ok"]} == {"edit", "submit", "approve"}
    assert service.get(answer.headers["location"], by="reviewer").json == answer.json


def test_a_dry_run_drafts_nothing(service: Service) -> None:
    answer = service.post(f"{CIRCULARS}?dry_run=true", APRIL, by="reviewer")

    assert (answer.status, answer.json["committed"], answer.json["id"]) == (200, False, None)
    assert service.get(CIRCULARS, by="reviewer").json["items"] == []


def test_no_draft_is_made_of_a_month_that_has_not_begun(service: Service) -> None:
    """All months before it would be summed up as well: those until the year 9998 took minutes."""
    answer = service.post(CIRCULARS, APRIL | {"period": "9998-11"}, by="reviewer")

    assert (answer.status, answer.code) == (409, "period-not-begun")


def test_a_second_draft_of_a_month_is_refused_with_the_place_of_the_first(service: Service) -> None:
    path = drafted(service)

    again = service.post(CIRCULARS, APRIL, by="reviewer")

    assert (again.status, again.code) == (409, "circular-exists")
    assert again.headers["location"] == path


def test_sections_of_a_draft_are_worded_anew_and_tables_are_not(service: Service) -> None:
    path = drafted(service)
    before = service.get(path, by="reviewer")
    words = {"blocks": [{"code": "problems", "paragraphs": ["示例：材料不全。"]}], "contact": "示例甲"}

    answer = service.put(path, words, by="reviewer", if_match=before.etag)

    blocks = {block["code"]: block["paragraphs"] for block in answer.json["content"]["blocks"]}
    assert blocks["problems"] == ["示例：材料不全。"]
    assert answer.json["content"]["attachments"] == before.json["content"]["attachments"]
    assert answer.json["content_hash"] != before.json["content_hash"]
    assert service.put(path, words, by="reviewer", if_match=before.etag).status == 412
    assert service.put(path, words, by="reviewer").status == 428


def test_a_section_that_does_not_exist_is_refused(service: Service) -> None:
    path = drafted(service)

    answer = service.put(
        path, {"blocks": [{"code": "secret", "paragraphs": ["x"]}]}, by="reviewer", if_match="*"
    )

    assert (answer.status, answer.code) == (409, "unknown-block")


def test_publication_without_approval_is_refused(service: Service) -> None:
    path = drafted(service)

    assert service.post(f"{path}/publish", NUMBER, by="reviewer").code == "not-approved"
    service.post(f"{path}/submit", by="reviewer")
    assert service.post(f"{path}/publish", NUMBER, by="reviewer").code == "not-approved"


def test_what_waits_for_a_decision_is_not_edited(service: Service) -> None:
    path = drafted(service)
    service.post(f"{path}/submit", by="reviewer")

    answer = service.put(path, {"blocks": []}, by="reviewer", if_match="*")

    assert (answer.status, answer.code) == (409, "wrong-status")


def test_an_approval_binds_to_the_content_that_was_read(service: Service) -> None:
    path = drafted(service)
    read = service.get(path, by="reviewer").json["content_hash"]
    service.put(
        path,
        {"blocks": [{"code": "problems", "paragraphs": ["示例：改动。"]}]},
        by="second_reviewer",
        if_match="*",
    )

    answer = service.post(f"{path}/approve", {"content_hash": read}, by="reviewer")

    assert (answer.status, answer.code) == (412, "content-changed")


def test_a_return_voids_the_approval(service: Service) -> None:
    path = drafted(service)
    service.post(f"{path}/approve", by="reviewer")

    answer = service.post(f"{path}/return", {"reason": "示例：请补充问题"}, by="reviewer")

    assert (answer.json["status"], answer.json["approved_at"]) == ("draft", None)
    assert service.post(f"{path}/publish", by="reviewer").code == "not-approved"


def test_a_published_circular_is_numbered_dated_and_never_changes(service: Service) -> None:
    path = published(service)
    first = service.get(path, by="reviewer")

    service.post(REPORTS, report("440200"), by="shaoguan")

    assert first.json["content"]["number"] == "示农青〔2015〕3号"
    assert first.json["content"]["dated"] == "2015-04-30"
    assert service.get(path, by="reviewer").body == first.body
    assert service.post(f"{path}/return", {"reason": "示例原因"}, by="reviewer").status == 409
    for ending in ("docx", "xlsx"):
        assert service.get(f"{path}.{ending}", by="reviewer").body == (
            service.get(f"{path}.{ending}", by="second_reviewer").body
        )


def test_without_a_number_the_next_one_of_the_year_is_given(service: Service) -> None:
    path = drafted(service)
    service.post(f"{path}/approve", by="reviewer")

    answer = service.post(f"{path}/publish", by="reviewer")

    assert answer.json["number"] == "〔2015〕1号"
    assert answer.json["dated"] == "2015-04-24"


@pytest.mark.parametrize("number", ["示农青[2015]3号", "示农青〔2015〕03号", "第3号"])
def test_a_number_that_is_not_written_officially_is_refused(service: Service, number: str) -> None:
    path = drafted(service)
    service.post(f"{path}/approve", by="reviewer")

    answer = service.post(f"{path}/publish", {"number": number}, by="reviewer")

    assert answer.status == 422
    assert list(answer.places) == ["/number"]


def test_a_correction_is_the_next_edition_and_the_old_one_stays_readable(service: Service) -> None:
    path = published(service)
    old = service.get(path, by="reviewer").json
    service.post(REPORTS, report("440200"), by="shaoguan")

    draft = service.post(f"{path}/restate", {"reason": "示例：补报"}, by="reviewer")
    new = draft.headers["location"]

    assert (draft.status, draft.json["edition"], draft.json["corrects"]) == (201, 2, old["id"])
    assert draft.json["content"]["attachments"][3]["rows"][0][0] == "韶关市"
    assert service.post(f"{path}/restate", {"reason": "示例：再次"}, by="reviewer").code == "circular-exists"
    assert service.get(path, by="reviewer").json["status"] == "published"
    service.post(f"{new}/approve", by="reviewer")
    service.post(f"{new}/publish", {"number": "示农青〔2015〕4号"}, by="reviewer")
    assert service.get(path, by="reviewer").json["status"] == "corrected"
    assert service.get(path, by="reviewer").json["content"] == old["content"]


def test_the_units_read_what_is_addressed_to_them_once_it_is_published(service: Service) -> None:
    path = drafted(service)
    absent = service.get(f"{CIRCULARS}/{'0' * 32}")

    assert service.get(path).status == absent.status == 404
    service.post(f"{path}/approve", by="reviewer")
    service.post(f"{path}/publish", by="reviewer")
    assert service.get(path).json["status"] == "published"
    assert [c["unit"] for c in service.get(CIRCULARS).json["items"]] == [GUANGDONG]
    assert service.get(path, by="hunan").code == absent.code == "not-found"
    assert service.get(CIRCULARS, by="hunan").json["items"] == []
    assert service.post(f"{path}/restate", {"reason": "示例原因"}).status == 403


@pytest.mark.parametrize(
    ("method", "step", "body"),
    [
        ("PUT", "", {"blocks": []}),
        ("POST", "/submit", {}),
        ("POST", "/return", {"reason": "示例原因"}),
        ("POST", "/approve", {}),
        ("POST", "/publish", {}),
        ("POST", "/restate", {"reason": "示例原因"}),
        ("GET", ".docx", None),
        ("GET", ".xlsx", None),
        ("GET", ".pdf", None),
    ],
)
def test_who_does_not_write_circulars_finds_no_draft(
    service: Service, method: str, step: str, body: object
) -> None:
    path = drafted(service)

    for person in ("guangzhou", "hunan", "integrator", "auditor", "administrator"):
        answer = service.ask(Asked(method, f"{path}{step}", person, body, {"if-match": "*"}))
        assert (answer.status, answer.code) == (404, "not-found"), person


def test_of_two_who_approve_and_return_at_once_one_is_refused(service: Service) -> None:
    path = drafted(service)
    service.post(f"{path}/submit", by="reviewer")

    answers = service.together(
        [
            Asked("POST", f"{path}/approve", "reviewer", {}),
            Asked("POST", f"{path}/return", "second_reviewer", {"reason": "示例原因"}),
        ]
    )

    assert sorted(a.status for a in answers)[0] == 200
    assert service.get(path, by="reviewer").json["status"] in ("approved", "draft")


def test_the_word_file_holds_the_text_and_the_tables(service: Service) -> None:
    path = published(service)

    answer = service.get(f"{path}.docx", by="reviewer")
    document = Document(BytesIO(answer.body))
    text = [p.text for p in document.paragraphs]

    assert "attachment" in answer.headers["content-disposition"]
    assert "示农青〔2015〕3号" in text
    assert "各地级以上市团委、顺德区团委：" in text
    assert "2015年4月30日" in text
    assert len(document.tables[0].rows) == 24


def test_the_workbook_holds_the_attachments_as_numbers(service: Service) -> None:
    path = published(service)

    book = load_workbook(BytesIO(service.get(f"{path}.xlsx", by="reviewer").body))

    assert book.sheetnames == ["附件1汇总表", "附件2排名", "附件3差异清单"]
    last = [cell.value for cell in book["附件1汇总表"][25]]
    assert last[0] == "合计"
    assert isinstance(last[2], int)


def test_files_have_a_tag_of_their_own(service: Service) -> None:
    path = published(service)
    first = service.get(f"{path}.docx", by="reviewer")

    again = service.get(f"{path}.docx", by="reviewer", if_none_match=first.etag)

    assert again.status == 304
    assert service.get(f"{path}.xlsx", by="reviewer", if_none_match=first.etag).status == 200


def test_the_trail_tells_every_step_and_the_outbox_the_publication(service: Service) -> None:
    published(service)

    trail: Answer = service.get("/api/v1/audit?limit=1000", by="auditor")
    told = [e["kind"] for e in service.get("/api/v1/events", by="reviewer").json["items"]]

    actions = [e["action"] for e in trail.json["items"] if e["action"].startswith("circular.")]
    assert actions == [f"circular.{what}" for what in ("created", "submitted", "approved", "published")]
    assert told[-1] == "circular.published"


def test_the_returns_of_the_month_are_counted(service: Service) -> None:
    service.post(REPORTS, report())
    returned = {"reasons": [{"pointer": "/figures/members_total", "text": "示例：请核实"}]}
    assert service.post(at("/return"), returned, by="reviewer").status == 200

    content = service.post(CIRCULARS, APRIL, by="reviewer").json["content"]

    assert "审核期间退回报表1次。" in content["blocks"][1]["paragraphs"]


def test_what_was_published_cannot_be_changed_in_the_database(service: Service) -> None:
    path = published(service)
    database = service.app.state.database
    session = database.connect()
    try:
        with pytest.raises(Exception, match="immutable"):
            session.connection.execute("UPDATE circular SET content_hash = 'x'")
        with pytest.raises(Exception, match=r"immutable|aborted"):
            session.connection.execute("DELETE FROM circular")
    finally:
        session.connection.close()
    found = service.get(path, by="reviewer").json
    assert digest(found["content"]) == found["content_hash"]
    assert canonical(found["content"])


def test_the_ranking_lists_every_unit_under_each_ratio(service: Service) -> None:
    service.post(REPORTS, report())
    service.post(REPORTS, report("440300"), by="everybody")

    rows = service.post(CIRCULARS, APRIL, by="reviewer").json["content"]["attachments"][1]["rows"]

    counties = [row for row in rows if row[0] == "召开动员会的县比例"]
    townships = {row[2]: row[1] for row in rows if row[0] == "召开动员会的乡镇比例"}
    assert len(counties) == 22
    assert townships["广州市"] == 1
    assert townships["深圳市"] == "不参与排名"
    assert townships["韶关市"] == "未报"


def test_of_a_closed_month_the_circular_tells_the_last_vintage(service: Service) -> None:
    service.post(REPORTS, report())
    service.post(at("/accept"), by="reviewer")
    service.clock.set("2015-05-01T09:00:00+08:00")
    assert service.post(f"/api/v1/periods/2015-04/{GUANGDONG}/close", {}, by="reviewer").status == 200

    answer = service.post(CIRCULARS, APRIL, by="reviewer")

    blocks = {block["code"]: "".join(block["paragraphs"]) for block in answer.json["content"]["blocks"]}
    assert answer.json["vintage"] == answer.json["content"]["vintage"] == 1
    assert "2015年5月1日审核截止（第1版）" in blocks["overview"]
    assert "召开动员会县数量：广州市填报7个、认定0个。" in blocks["deemed"]
    assert "漏报单位：韶关市" in blocks["submission"]


def test_flows_are_told_since_the_first_month(service: Service) -> None:
    service.clock.set("2015-05-24T09:00:00+08:00")
    for month in ("2015-04", "2015-05"):
        assert service.post(REPORTS, report(period=month)).status == 201

    answer = service.post(CIRCULARS, {"period": "2015-05", "unit": GUANGDONG}, by="reviewer")

    said = {block["code"]: "".join(block["paragraphs"]) for block in answer.json["content"]["blocks"]}
    assert "2015年4月以来累计新增团委委员数量6名、退出团委委员数量2名。" in said["organization"]
    assert "现有团委委员总数为412名，比上月（410名）增加2名" in said["organization"]
