"""Who is responsible for a unit's reports: named, handed over, masked, and shown in full with a reason."""

from __future__ import annotations

import pytest

from tests.samples import CHANGSHA, GUANGZHOU
from tests.service import Answer, Service

CONTACT = f"/api/v1/units/{GUANGZHOU}/contact"
FIRST = {"name": "示例甲", "phone": "13800001234", "email": "jia@office.example"}
SECOND = {"name": "示例乙", "phone": "020-12345678"}
MAIL = {"email": "jia"}
WHY = {"reason": "截止日前电话催报"}


def shown(answer: Answer) -> tuple[str, str, str, bool]:
    return answer.json["name"], answer.json["phone"], answer.json["email"], answer.json["masked"]


def test_the_unit_itself_sees_its_contact_and_all_above_see_a_mask(service: Service) -> None:
    assert service.get(CONTACT).status == 404
    assert service.put(CONTACT, FIRST).status == 200

    assert shown(service.get(CONTACT)) == ("示例甲", "13800001234", "jia@office.example", False)
    for person in ("reviewer", "centre", "everybody"):
        assert shown(service.get(CONTACT, by=person)) == ("示**", "138****1234", "j***@office.example", True)
    for person in ("shaoguan", "hunan"):
        assert service.get(CONTACT, by=person).status == 404
    for person in ("auditor", "administrator", "integrator"):
        assert service.get(CONTACT, by=person).status == 403


def test_a_hand_over_leaves_only_a_mask_of_the_one_before(service: Service) -> None:
    service.put(CONTACT, FIRST)
    service.clock.set("2015-04-24T10:00:00+08:00")
    service.put(CONTACT, SECOND, by="reviewer")

    lines = service.get(f"{CONTACT}/history").json["items"]
    assert [(line["name"], line["phone"]) for line in lines] == [
        ("示**", "020-****5678"),
        ("示**", "138****1234"),
    ]
    assert lines[1]["until_at"] == lines[0]["from_at"] == "2015-04-24T10:00:00+08:00"
    assert lines[1]["until_by"] == lines[0]["from_by"]
    stored = str(service.rows_of("contact")) + str(service.rows_of("audit_event"))
    assert "13800001234" not in stored
    assert "示例甲" not in stored
    assert "jia@office.example" not in stored
    assert [line["email"] for line in lines] == [None, "j***@office.example"]
    assert [row["action"] for row in service.rows_of("audit_event")][-2:] == ["contact.hand-over"] * 2


def test_a_reviewer_with_a_reason_sees_the_number_and_the_unit_sees_the_reason(service: Service) -> None:
    service.put(CONTACT, FIRST)

    answer = service.post(f"{CONTACT}/reveal", WHY, by="reviewer")

    assert shown(answer) == ("示例甲", "13800001234", "jia@office.example", False)
    [told] = service.get(CONTACT).json["shown"]
    assert told["reason"] == WHY["reason"]
    last = service.rows_of("audit_event")[-1]
    assert (last["action"], last["actor"]) == ("contact.reveal", told["shown_to"])
    assert WHY["reason"] not in str(service.rows_of("audit_event"))


def test_a_dry_run_shows_no_number(service: Service) -> None:
    service.put(CONTACT, FIRST)

    answer = service.post(f"{CONTACT}/reveal?dry_run=true", WHY, by="reviewer")

    assert shown(answer) == ("示**", "138****1234", "j***@office.example", True)
    assert service.get(CONTACT).json["shown"] == []


def test_a_stored_answer_holds_no_number(service: Service) -> None:
    service.put(CONTACT, FIRST)
    service.post(f"{CONTACT}/reveal", WHY, by="reviewer", idempotency_key="one")

    kept = str([bytes(row["body"]) for row in service.rows_of("idempotency_key")])
    assert "13800001234" not in kept
    assert "jia@" not in kept


def test_only_a_reviewer_above_has_it_shown(service: Service) -> None:
    service.put(CONTACT, FIRST)

    for person, status in {"guangzhou": 403, "auditor": 403, "administrator": 403, "hunan": 404}.items():
        assert service.post(f"{CONTACT}/reveal", WHY, by=person).status == status
    assert service.post(f"{CONTACT}/reveal", {"reason": ""}, by="reviewer").status == 422
    assert service.post(f"/api/v1/units/{CHANGSHA}/contact/reveal", WHY, by="centre").status == 404


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"phone": "12345"}, "/phone"),
        ({"name": "  "}, "/name"),
        ({"name": "a\u202eb"}, "/name"),
        ({"email": "jia"}, "/email"),
    ],
)
def test_a_contact_is_a_name_and_a_number_that_can_be_called(
    service: Service, change: dict[str, str], place: str
) -> None:
    answer = service.put(CONTACT, FIRST | change)

    assert answer.status == 422
    assert list(answer.places) == [place]
