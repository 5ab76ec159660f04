"""The official table over HTTP: downloaded, filled in, sent back, summed up."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from app.api.examples import FIGURES
from app.api.media import CSV, XLSX
from app.api.workbooks import LARGEST_UPLOAD
from app.documents.layout import PAGES_SHEET, TABLE_SHEET
from app.documents.marked import RESULT_SHEET
from app.documents.opened import open_book
from app.documents.stamp import SHEET
from app.models import Report
from tests.samples import GUANGZHOU, SHAOGUAN, report
from tests.service import Answer, Service

REPORTS = Report.__table__  # type: ignore[attr-defined]
FORM = "/api/v1/reports/2015-04/440100/form.xlsx"
UPLOAD = "/api/v1/reports/xlsx"
CELLS = {code: f"{letter}5" for code, letter in zip(FIGURES, "ABCDEFGHIJKLMNO", strict=True)}


def edited(data: bytes, change: Callable[[Any], None]) -> bytes:
    book = load_workbook(BytesIO(data))
    change(book)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def filled(data: bytes, figures: Mapping[str, int] = FIGURES, **changes: object) -> bytes:
    """A downloaded form with figures, contact and single cells filled in."""

    def change(book: Any) -> None:
        table = book[TABLE_SHEET]
        for code, value in figures.items():
            table[CELLS[code]] = value
        table["H2"], table["M2"] = "示例甲", "13800000000"
        for address, value in changes.items():
            table[address] = value

    return edited(data, change)


def form(service: Service, unit: str = GUANGZHOU, by: str = "guangzhou") -> bytes:
    answer = service.get(f"/api/v1/reports/2015-04/{unit}/form.xlsx", by)
    assert answer.status == 200, answer.body
    return answer.body


def send(service: Service, data: bytes, query: str = "", by: str = "guangzhou", **headers: str) -> Answer:
    return service.post(f"{UPLOAD}{query}", data, by, **{"content_type": XLSX, **headers})


def test_a_filled_form_is_filed_like_its_json(service: Service) -> None:
    sent = send(service, filled(form(service)))
    kept = service.get("/api/v1/reports/2015-04/440100").json

    assert (sent.status, sent.headers["location"]) == (201, "/api/v1/reports/2015-04/440100")
    assert (kept["status"], kept["figures"], kept["timeliness"]) == ("submitted", FIGURES, "on_time")
    assert kept["contact"] == {"name": "示例甲", "phone": "13800000000"}


def test_a_workbook_and_json_give_the_same_content(service: Service) -> None:
    with_json = service.post("/api/v1/reports?dry_run=true", report(figures=FIGURES)).json
    with_file = send(service, filled(form(service)), "?dry_run=true").json

    kept = ("contact", "figures", "supplements", "activities", "narrative", "explanations")
    assert {name: with_file[name] for name in kept} == {name: with_json[name] for name in kept}
    assert with_file["content_hash"] == with_json["content_hash"]


def test_a_dry_run_stores_nothing(service: Service) -> None:
    sent = send(service, filled(form(service)), "?dry_run=true")

    assert (sent.status, sent.json["committed"]) == (200, False)
    assert service.rows(REPORTS) == []


def test_an_unfinished_form_can_be_kept_as_a_draft(service: Service) -> None:
    sent = send(service, form(service), "?draft=true")

    assert (sent.status, sent.json["status"]) == (201, "draft")


def test_a_refusal_names_the_cell_of_every_finding(service: Service) -> None:
    sent = send(service, filled(form(service), A5=2, C5="=1+1", I5="１，２３９", N5=None))

    found = {(f["pointer"], f["code"], f["values"].get("cell")) for f in sent.json["findings"]}

    assert (sent.status, sent.code) == (422, "report-refused")
    assert found >= {
        ("/figures/prefectures_mobilized", "R03", "A5"),
        ("/figures/counties_mobilized", "formula-refused", "C5"),
        ("/figures/members_total", "cell-tidied", "I5"),
        ("/figures/orgs_total", "missing-field", "N5"),
    }
    assert "公式" in next(f for f in sent.json["findings"] if f["code"] == "formula-refused")["message"]["zh"]
    assert service.rows(REPORTS) == []


def test_a_tidied_number_is_filed_and_said(service: Service) -> None:
    sent = send(service, filled(form(service), I5=" ４５２ "))

    assert (sent.status, sent.json["figures"]["members_total"]) == (201, 452)
    assert [f["code"] for f in sent.json["findings"] if f["pointer"] == "/figures/members_total"] == [
        "cell-tidied"
    ]


def test_a_client_that_takes_workbooks_gets_the_refused_one_back_marked(service: Service) -> None:
    sent = send(service, filled(form(service), A5=2), accept=f"{XLSX}, application/json;q=0.5")
    book = load_workbook(BytesIO(sent.body))

    assert (sent.status, sent.headers["content-type"]) == (422, XLSX)
    assert "attachment" in sent.headers["content-disposition"]
    assert book[TABLE_SHEET]["A5"].fill.fgColor.rgb == "FFFFC7CE"
    assert "R03" in book[TABLE_SHEET]["A5"].comment.text
    assert book[RESULT_SHEET]["B2"].value == "A5"

    again = send(
        service, edited(sent.body, lambda b: b[TABLE_SHEET]["A5"].__setattr__("value", 1)), accept=XLSX
    )
    assert again.status == 201


def test_a_warning_asks_for_an_explanation_that_the_second_sheet_takes(service: Service) -> None:
    warned = filled(form(service), O5=700)

    def explain(book: Any) -> None:
        pages = book[PAGES_SHEET]
        row = next(cell.row for cell in pages["A"] if cell.value == "审核关系") + 1
        pages.cell(row, 1).value, pages.cell(row, 2).value = "R21", "其他"
        pages.cell(row, 3).value = "示例：含合并前各群"

    refused, sent = send(service, warned), send(service, edited(warned, explain))

    assert {f["rule"]: f["values"].get("cell") for f in refused.json["findings"]}["R21"] == "O5"
    assert sent.status == 201


def test_a_form_of_a_filed_report_corrects_that_version(service: Service) -> None:
    send(service, filled(form(service)))
    later = form(service)

    first = send(service, filled(later, {**FIGURES, "wechat_groups": 511}))
    stale = send(service, filled(later, {**FIGURES, "wechat_groups": 510}))
    forced = send(service, filled(later, {**FIGURES, "wechat_groups": 510}), if_match="*")

    assert open_book(later).stamp[3] == 1
    assert (first.status, first.json["version"]) == (200, 2)
    assert (stale.status, stale.code) == (412, "version-conflict")
    assert (forced.status, forced.json["version"]) == (200, 3)


def test_a_first_form_does_not_overwrite_a_report(service: Service) -> None:
    data = filled(form(service))
    send(service, data)

    assert send(service, data).code == "report-exists"


def test_a_repeated_upload_with_its_key_is_answered_once(service: Service) -> None:
    data = filled(form(service))

    first, again = (send(service, data, idempotency_key="k1") for _ in range(2))

    assert (first.status, again.status, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert len(service.rows(REPORTS)) == 1


def test_the_prefilled_form_brings_denominators_and_contact_of_the_unit(service: Service) -> None:
    table = load_workbook(BytesIO(form(service)))[TABLE_SHEET]

    assert (table["B5"].value, table["E5"].value, table["I5"].value) == (7, 34, None)
    send(service, filled(form(service), {**FIGURES, "counties_agri_total": 6}))
    service.clock.set("2015-05-20T09:00:00+08:00")
    may = load_workbook(BytesIO(service.get("/api/v1/reports/2015-05/440100/form.xlsx").body))[TABLE_SHEET]
    assert (may["B5"].value, may["H2"].value, may["I5"].value) == (6, "示例甲", None)


def test_an_unchanged_form_is_not_sent_again(service: Service) -> None:
    first = service.get(FORM)

    assert service.get(FORM, if_none_match=first.etag).status == 304
    assert service.get(FORM).body == first.body


def test_others_get_neither_drafts_nor_contacts(service: Service) -> None:
    send(service, filled(form(service)), "?draft=true")
    draft = load_workbook(BytesIO(form(service, by="reviewer")))
    service.post("/api/v1/reports/2015-04/440100/submit")
    filed = load_workbook(BytesIO(form(service, by="reviewer")))

    assert (draft[TABLE_SHEET]["I5"].value, draft[SHEET]["A1"].value[-1]) == (None, "0")
    assert (filed[TABLE_SHEET]["I5"].value, filed[SHEET]["A1"].value[-1]) == (452, "2")
    assert [filed[TABLE_SHEET][cell].value for cell in ("H2", "M2")] == [None, None]


@pytest.mark.parametrize(
    ("by", "unit", "status"),
    [
        ("guangzhou", SHAOGUAN, 404),
        ("changsha", GUANGZHOU, 404),
        ("hunan", GUANGZHOU, 404),
        ("auditor", GUANGZHOU, 403),
        ("administrator", GUANGZHOU, 403),
        ("reviewer", GUANGZHOU, 200),
        ("integrator", GUANGZHOU, 200),
        ("guangzhou", "449999", 404),
    ],
)
def test_a_form_is_for_those_who_may_read_the_report(
    service: Service, by: str, unit: str, status: int
) -> None:
    assert service.get(f"/api/v1/reports/2015-04/{unit}/form.xlsx", by).status == status


@pytest.mark.parametrize(
    ("by", "status"), [("shaoguan", 404), ("reviewer", 403), ("integrator", 403), ("auditor", 403)]
)
def test_a_workbook_is_filed_only_for_ones_own_unit(service: Service, by: str, status: int) -> None:
    assert send(service, filled(form(service)), by=by).status == status


def without_stamp(data: bytes) -> bytes:
    def change(book: Any) -> None:
        del book[SHEET]
        del book.custom_doc_props["yuebao"]

    return edited(data, change)


def test_a_lost_stamp_is_made_up_for_by_the_query(service: Service) -> None:
    data = without_stamp(filled(form(service)))

    assert send(service, data).code == "stamp-missing"
    assert send(service, data, "?period=2015-04").code == "stamp-missing"
    assert send(service, data, "?period=2015-04&unit=440100").status == 201


def test_a_workbook_of_another_unit_or_month_is_refused(service: Service) -> None:
    shaoguan = send(service, filled(form(service, SHAOGUAN, "shaoguan")), "?unit=440100")
    may = send(service, filled(form(service)), "?period=2015-05")

    assert shaoguan.places["/unit"] == "unit-mismatch"
    assert may.places["/period"] in ("period-mismatch", "period-invalid")


def test_what_is_no_workbook_is_refused(service: Service) -> None:
    assert send(service, b"PK nonsense").code == "workbook-damaged"
    assert send(service, b"a,b").code == "not-a-workbook"
    assert send(service, b"a,b", content_type=CSV).status == 415
    assert send(service, b"{}", content_type="application/json").status == 415
    assert send(service, bytes(LARGEST_UPLOAD + 1)).status == 413


def test_all_forms_of_a_province_come_in_one_file(service: Service) -> None:
    send(service, filled(form(service)))
    answer = service.get("/api/v1/reports/2015-04/forms.zip?within=440000", "reviewer")

    with ZipFile(BytesIO(answer.body)) as file:
        names = file.namelist()
        guangzhou = load_workbook(BytesIO(file.read("440100_广州市_2015-04.xlsx")))[TABLE_SHEET]
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    assert (len(names), names == sorted(names)) == (22, True)
    assert [name for name in names if name.startswith("440606")] == ["440606_顺德区_2015-04.xlsx"]
    assert (guangzhou["I5"].value, guangzhou["H2"].value) == (452, None)
    assert service.get("/api/v1/reports/2015-04/forms.zip?within=440000", "guangzhou").status == 404
    assert service.get("/api/v1/reports/2015-04/forms.zip", "reviewer").status == 422


AGGREGATE = "/api/v1/aggregates/2015-04/440000"


def test_the_sums_of_a_province_come_as_table_and_as_csv(service: Service) -> None:
    send(service, filled(form(service)))

    book = service.get(AGGREGATE, "reviewer", accept=XLSX)
    text = service.get(AGGREGATE, "reviewer", accept="text/csv")

    table = load_workbook(BytesIO(book.body))[TABLE_SHEET]
    rows = list(csv.reader(StringIO(text.body.decode("utf-8-sig"))))
    total = next(row for row in table.rows if row[0].value == "合计")
    assert [table["A5"].value, table["B5"].value] == ["440100", "广州市"]
    assert [cell.value for cell in total][2:] == [*FIGURES.values()]
    assert rows[1] == ["440100", "广州市", *map(str, FIGURES.values())]
    assert rows[23] == ["", "合计", *map(str, FIGURES.values())]
    assert rows[2][2:] == [""] * 15


def test_each_kind_of_sums_has_its_own_tag(service: Service) -> None:
    kinds = ("application/json", CSV, XLSX)

    tags = [service.get(AGGREGATE, "reviewer", accept=kind).etag for kind in kinds]
    again = [
        service.get(AGGREGATE, "reviewer", accept=kind, if_none_match=tag).status
        for kind, tag in zip(kinds, tags, strict=True)
    ]

    assert (len({*tags}), again) == (3, [304] * 3)
    assert service.get(AGGREGATE, "reviewer", accept="*/*").headers["content-type"] == "application/json"
    assert service.get(AGGREGATE, "reviewer", accept="text/*").headers["content-type"].startswith(CSV)
    assert service.get(AGGREGATE, "reviewer", accept="image/png").code == "not-acceptable"
    assert service.get(AGGREGATE, "reviewer", accept="text/csv;q=0, application/json;q=x").status == 406
