"""Forms over HTTP: read as data and as schema, published once, and what a new version changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app.api.schemas.views import DEFINITION
from app.domain.form import builtin_forms
from app.models import metadata
from tests.samples import CODES, GUANGDONG, GUANGZHOU, REPORTS, at, figures, report
from tests.service import Answer, Service

FORMS = "/api/v1/forms"
SECOND = (Path(__file__).parents[2] / "examples/forms/baixian-qianxiang-2.toml").read_text(encoding="utf-8")
GONE = ("prefectures_mobilized", "counties_mobilized", "townships_mobilized")
TABLE = metadata.tables["form_version"]


def publish(service: Service, definition: str = SECOND, by: str = "administrator") -> Answer:
    return service.post(FORMS, {"definition": definition}, by=by)


def second_body(period: str = "2015-07", **changes: Any) -> dict[str, Any]:
    """A report under the second version."""
    cells = {code: value for code, value in figures(period=period).items() if code not in GONE}
    return report(period=period) | {"figures": {**cells, "townships_rectified": 20}} | changes


def test_the_built_in_form_is_published(service: Service) -> None:
    items = service.get(FORMS).json["items"]

    assert [(row["form"], row["valid_from"]) for row in items] == [("baixian-qianxiang/1", "2015-04")]
    assert "definition" not in items[0]


def test_a_form_is_read_whole(service: Service) -> None:
    form = service.get(f"{FORMS}/baixian-qianxiang/1").json

    assert [indicator["code"] for indicator in form["indicators"]] == list(CODES)
    assert [indicator["column"] for indicator in form["indicators"]] == list(range(1, 16))
    assert all(indicator["definition"]["zh"] for indicator in form["indicators"])
    assert {rule["id"] for rule in form["rules"]} >= {"R01", "R10", "R34"}
    assert len(form["items"]) == 13


def test_its_schema_names_every_figure(service: Service) -> None:
    schema = service.get(f"{FORMS}/baixian-qianxiang/1/schema").json

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(schema["properties"]["figures"]["properties"]) == list(CODES)
    assert schema["properties"]["figures"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("path", "status"),
    [("/baixian-qianxiang/2", 404), ("/other/1", 404), ("/baixian-qianxiang/0", 422), ("/X/1", 422)],
)
def test_a_form_that_is_not_there(service: Service, path: str, status: int) -> None:
    assert service.get(FORMS + path).status == status
    assert service.get(f"{FORMS}{path}/schema").status == status


class TestPublishing:
    def test_an_administrator_publishes(self, service: Service) -> None:
        published = publish(service)

        assert (published.status, published.json["form"], published.json["valid_from"]) == (
            201,
            "baixian-qianxiang/2",
            "2015-07",
        )
        assert published.headers["location"] == f"{FORMS}/baixian-qianxiang/2"
        assert service.get(published.headers["location"]).json["version"] == 2

    def test_a_published_version_is_never_changed(self, service: Service) -> None:
        publish(service)
        before = service.rows(TABLE)

        again = publish(service, SECOND.replace("2015-07", "2015-08"))

        assert (again.status, again.code) == (409, "form-published")
        assert service.rows(TABLE) == before

    def test_the_shipped_version_cannot_be_replaced(self, service: Service) -> None:
        assert publish(service, builtin_forms()[0]).status == 409

    @pytest.mark.parametrize("by", ["guangzhou", "reviewer", "centre", "integrator", "auditor"])
    def test_nobody_else_publishes_nor_learns_of_defects(self, service: Service, by: str) -> None:
        refused = publish(service, "nonsense", by=by)

        assert (refused.status, refused.code) == (403, "forbidden")

    @pytest.mark.parametrize(
        ("old", "new", "place"),
        [
            ('code = "baixian-qianxiang"', 'code = "Bad Code"', "/code"),
            ("version = 2", "version = 0", "/version"),
            ('holds = "!t.gap"', 'holds = "!t.nothing"', "/rules/11/holds"),
            ('valid_from = "2015-07"', 'valid_from = "2015-03"', "/valid_from"),
        ],
    )
    def test_a_defect_is_named_where_it_stands(
        self, service: Service, old: str, new: str, place: str
    ) -> None:
        assert old in SECOND

        refused = publish(service, SECOND.replace(old, new, 1))

        assert (refused.status, refused.code) == (422, "form-invalid")
        assert any(pointer.startswith(place.split("/")[0]) for pointer in refused.places)
        assert place in refused.places or place.startswith("/rules")
        assert len(service.rows(TABLE)) == 1

    def test_what_is_not_toml_is_told_the_line(self, service: Service) -> None:
        refused = publish(service, 'code = "x"\nversion = \n')

        assert "2" in refused.json["findings"][0]["message"]["en"]

    def test_invisible_characters_are_named_once_and_not_as_a_wrong_type(self, service: Service) -> None:
        refused = publish(service, 'code = "x\x0b"\n')

        assert (refused.status, refused.places) == (422, {"/definition": "invalid-text"})

    @pytest.mark.parametrize("text", ["", " \n", "{}", "\x0bx", "\u3000", "\u202ex"])
    def test_a_text_that_the_document_forbids_is_never_read_as_toml(
        self, service: Service, text: str
    ) -> None:
        refused = publish(service, text)

        assert re.search(DEFINITION, text) is None
        assert refused.places["/definition"] in {"wrong-type", "invalid-text"}

    @pytest.mark.parametrize("text", ["x", "\t\n x", "\u3000x", "# {"])
    def test_a_text_that_the_document_allows_is_read_as_toml(self, service: Service, text: str) -> None:
        assert re.search(DEFINITION, text)
        assert publish(service, text).code == "form-invalid"

    def test_a_dry_run_publishes_nothing(self, service: Service) -> None:
        rehearsed = service.post(f"{FORMS}?dry_run=true", {"definition": SECOND}, by="administrator")

        assert (rehearsed.status, rehearsed.json["committed"]) == (200, False)
        assert len(service.rows(TABLE)) == 1
        assert service.get(f"{FORMS}/baixian-qianxiang/2").status == 404
        assert publish(service).status == 201

    def test_publishing_is_audited_and_told(self, service: Service) -> None:
        publish(service)

        last = service.rows(metadata.tables["audit_event"])[-1]
        assert (last["action"], last["object"], last["role"]) == (
            "form.publish",
            "baixian-qianxiang/2",
            "administrator",
        )
        assert service.get("/api/v1/events", by="centre").json["items"][-1]["kind"] == "form.published"


class TestANewPhase:
    @pytest.fixture
    def july(self, service: Service) -> Service:
        """Three months under the first version are accepted, and July begins under the second."""
        service.clock.set("2015-07-20T09:00:00+08:00")
        for period in ("2015-04", "2015-05", "2015-06"):
            assert service.post(REPORTS, report(period=period)).status == 201
            assert service.post(at("/accept", period=period), by="reviewer").status == 200
        assert publish(service).status == 201
        return service

    def test_july_is_reported_under_the_second_version(self, july: Service) -> None:
        filed = july.post(REPORTS, second_body())

        assert (filed.status, filed.json["form"]) == (201, "baixian-qianxiang/2")
        assert filed.json["figures"]["townships_rectified"] == 20

    def test_what_ended_is_unknown_and_what_began_is_needed(self, july: Service) -> None:
        refused = july.post(REPORTS, report(period="2015-07"))

        assert refused.errors == {f"/figures/{code}": "unknown-field" for code in GONE} | {
            "/figures/townships_rectified": "missing-field"
        }

    def test_a_series_that_ended_is_null_and_not_zero(self, july: Service) -> None:
        july.post(REPORTS, second_body())

        sums = july.get(f"/api/v1/aggregates/2015-07/{GUANGDONG}", by="reviewer").json
        row = next(row for row in sums["units"] if row["unit"] == GUANGZHOU)

        assert sums["form"] == "baixian-qianxiang/2"
        assert not {*GONE} & sums["cells"].keys()
        assert not any(row[value].get(code) for value in ("reported", "effective") for code in GONE)
        assert "townships_mobilized_rate" not in sums["ratios"]
        assert sums["cells"]["townships_rectified"]["reported_sum"] == 20

    def test_june_stays_under_the_first_version(self, july: Service) -> None:
        june = july.get(f"/api/v1/aggregates/2015-06/{GUANGDONG}", by="reviewer").json

        assert june["form"] == "baixian-qianxiang/1"
        assert june["cells"]["townships_mobilized"]["reported_sum"] == 34
        assert "townships_rectified" not in june["cells"]
        assert july.get(at("", period="2015-06")).json["form"] == "baixian-qianxiang/1"

    def test_a_correction_of_june_is_judged_by_the_first_version(self, july: Service) -> None:
        july.post(
            at("/reopen", period="2015-06"),
            {"reason": "更正", "expires_at": "2015-08-01T00:00:00+08:00"},
            by="reviewer",
        )

        sent = july.put(at("", period="2015-06"), report(period="2015-06"), if_match='"1"')

        assert (sent.status, sent.json["form"]) == (200, "baixian-qianxiang/1")

    def test_the_month_before_still_measures_what_goes_on(self, july: Service) -> None:
        body = second_body()
        body["figures"]["members_total"] = 999

        refused = july.post(REPORTS, body)

        assert {"R10"} <= {f["rule"] for f in refused.json["findings"] if f["severity"] == "warning"}

    def test_the_draft_of_july_asks_for_what_july_needs(self, july: Service) -> None:
        draft = july.get(at("/draft", period="2015-07")).json

        assert draft["figures"] == {"counties_agri_total": 7, "townships_total": 34}

    def test_the_schema_and_the_changes_follow(self, july: Service) -> None:
        schema = july.get(f"{FORMS}/baixian-qianxiang/2/schema").json
        changes = july.get(f"{FORMS}/baixian-qianxiang/2/diff?from=1").json["changes"]

        assert not {*GONE} & schema["properties"]["figures"]["properties"].keys()
        effects = {change["code"]: change["effect"] for change in changes}
        assert {code: effects[code] for code in (*GONE, "townships_rectified")} == {
            **dict.fromkeys(GONE, "removed"),
            "townships_rectified": "added",
        }


def test_a_threshold_is_changed_by_data_alone(service: Service) -> None:
    definition = builtin_forms()[0]
    stricter = definition.replace("version = 1\n", "version = 2\n", 1).replace(
        'holds = "c.wechat_groups <= c.orgs_total"', 'holds = "2 * c.wechat_groups <= c.orgs_total"'
    )
    body = report(figures={"wechat_groups": 400})
    assert service.post(f"{REPORTS}?dry_run=true", body).status == 200

    assert publish(service, stricter).status == 201

    assert service.post(f"{REPORTS}?dry_run=true", body).places["/figures/wechat_groups"] == "R21"
