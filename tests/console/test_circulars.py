"""The circular on pages: drafted, edited, signed, published and corrected by plain forms."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.console.test_entry import send, token_of
from tests.office import seeded_url, seeds, service
from tests.people import add, enter
from tests.samples import GUANGDONG, GUANGZHOU, REPORTS, report
from tests.service import Answer, Service

__all__ = ["seeded_url", "seeds", "service"]

PAGE = "/circular"


@pytest.fixture
def engine_name() -> str:
    """The pages call the services that are tested on both databases."""
    return "sqlite"


@pytest.fixture
def officer(service: Service) -> Service:
    """A service with the report of a city and the province's reviewer signed in as `chen`."""
    service.post(REPORTS, report())
    enter(service, "chen", add(service, "chen", "reviewer", GUANGDONG))
    return service


def form_of(service: Service, by: str = "chen") -> str:
    return token_of(service.get("/account", by=by))


def act(service: Service, do: str, by: str = "chen", **fields: str) -> Answer:
    return send(service, PAGE, by, form=form_of(service, by), do=do, **fields)


def drafted(service: Service) -> str:
    answer = act(service, "create", unit=GUANGDONG, period="2015-04")
    assert answer.status == 303, answer.body.decode()
    return re.findall("id=([0-9a-f]{32})", answer.headers["location"])[0]


def shown(service: Service, id: str, by: str = "chen", **more: str) -> str:
    answer = service.get(f"{PAGE}?{urlencode({'id': id, **more})}", by=by)
    assert answer.status == 200
    return answer.body.decode()


def hash_of(service: Service, id: str) -> str:
    """What the page that was read asks to be signed."""
    return re.findall(r'name="content_hash" value="([0-9a-f]{64})"', shown(service, id))[0]


def test_an_officer_takes_a_circular_from_the_draft_to_its_correction(officer: Service) -> None:
    id = drafted(officer)
    page = shown(officer, id, done="create")
    assert "已生成草稿" in page
    assert all(f"{n}、" in page for n in "一二三四五六七八九")

    version = re.findall(r'name="version" value="(\d+)"', shown(officer, id, edit="1"))[0]
    words = {
        "block-problems": "示例：材料不全。\r\n\r\n示例：迟报。",
        "version": version,
        "contact": "示例甲",
    }
    assert act(officer, "edit", id=id, **words).status == 303
    assert "<p>示例：迟报。</p>" in shown(officer, id)
    assert act(officer, "submit", id=id).status == 303
    assert act(officer, "return", id=id, reason="示例：再改").status == 303
    read = hash_of(officer, id)
    assert act(officer, "approve", id=id, content_hash=read, approver="示例领导").status == 303
    number = "示农青〔2015〕3号"
    assert act(officer, "publish", id=id, number=number, dated="2015-04-30").status == 303
    assert number in shown(officer, id)
    correction = act(officer, "restate", id=id, reason="示例：补报")
    assert "更正内容" in officer.get(correction.headers["location"], by="chen").body.decode()


def test_words_that_came_too_late_are_kept_in_the_form(officer: Service) -> None:
    id = drafted(officer)
    act(officer, "edit", id=id, version="1", **{"block-problems": "示例：先改的。"})

    late = act(officer, "edit", id=id, version="1", **{"block-problems": "示例：后改的。"})

    assert late.status == 412
    assert 'role="alert"' in late.body.decode()
    assert "示例：后改的。</textarea>" in late.body.decode()
    assert "示例：先改的。" in shown(officer, id)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"do": "return", "reason": "x"}, "理由：须填写"),
        ({"do": "publish", "number": "示农青[2015]3号"}, "发文字号的格式"),
        ({"do": "publish", "dated": "2015-02-30"}, "成文日期：须为日期"),
        ({"do": "publish"}, "须经批准"),
        ({"do": "edit", "block-problems": "坏\x00字"}, "不允许的字符"),
        ({"do": "edit", "block-problems": "长" * 8001}, "文字过长"),
        ({"do": "edit", "block-problems": "段\n" * 41}, "最多40段"),
        ({"do": "edit", "block-nowhere": "x"}, "没有这个部分"),
        ({"do": "approve", "content_hash": "0" * 64}, "已被"),
    ],
)
def test_what_is_refused_is_told_on_the_page(officer: Service, fields: dict[str, str], told: str) -> None:
    id = drafted(officer)

    answer = act(officer, id=id, **fields)

    assert answer.status in (409, 412, 422)
    assert told in answer.body.decode()
    assert "坏\x00字" not in shown(officer, id)


@pytest.mark.parametrize("id", ["", "x", "0" * 32])
@pytest.mark.parametrize("do", ["submit", "nonsense"])
def test_a_step_of_nothing_is_not_found(officer: Service, id: str, do: str) -> None:
    assert act(officer, do, id=id).status == 404


def test_those_addressed_read_it_once_it_is_published_and_find_no_form(officer: Service) -> None:
    enter(officer, "li", add(officer, "li", "reporter", GUANGZHOU))
    id = drafted(officer)
    assert officer.get(f"{PAGE}?id={id}", by="li").status == 404

    act(officer, "approve", id=id, content_hash=hash_of(officer, id))
    act(officer, "publish", id=id)

    assert "<form" not in shown(officer, id, "li").partition("<main")[2]
    assert act(officer, "restate", "li", id=id, reason="示例：更正").status == 403
    for ending in ("docx", "xlsx"):
        assert officer.get(f"/api/v1/circulars/{id}.{ending}", by="li").status == 200


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_are_whole_in_either_language(officer: Service, lang: str) -> None:
    id = drafted(officer)

    for query in (f"lang={lang}", f"id={id}&lang={lang}", f"id={id}&edit=1&lang={lang}"):
        body = officer.get(f"{PAGE}?{query}", by="chen").body.decode().partition("<main")[2]
        said = re.sub(r'<(article|\w+)[^>]* lang="zh-CN".*?</\1>|<footer.*', "", body, flags=re.S)
        assert bool(re.search("[\u4e00-\u9fff]", re.sub("<[^>]+>", "", said))) == (lang == "zh")
