"""Sums up the tree over HTTP: the four values, who contributes, ratios of sums, and when an answer changes."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.samples import (
    CENTRE,
    CHANGSHA,
    CODES,
    FOSHAN,
    GUANGDONG,
    GUANGDONG_UNITS,
    GUANGZHOU,
    REPORTS,
    SHAOGUAN,
    SHENZHEN,
    SHUNDE,
    at,
    explained,
    figures,
    report,
    unit,
)
from tests.service import Asked, Service

LEDGER_CODES = (
    "members_added",
    "members_left",
    "members_total",
    "orgs_new",
    "orgs_dissolved",
    "orgs_rectified",
    "orgs_total",
)
SHANGHAI_DISTRICT = "310101"


def sums(
    service: Service, place: str = GUANGDONG, period: str = "2015-04", by: str = "centre", view: str = ""
) -> Any:
    query = f"?view={view}" if view else ""
    answer = service.get(f"/api/v1/aggregates/{period}/{place}{query}", by=by)
    assert answer.status == 200, answer.json
    return answer.json


def file(service: Service, *codes: str, period: str = "2015-04", **changes: Any) -> None:
    answers = service.together(
        [Asked("POST", REPORTS, "everybody", report(code, period, **changes)) for code in codes]
    )
    assert {answer.status for answer in answers} == {201}, [a.json for a in answers]


def reconcile(service: Service, *rows: str, period: str = "2015-04") -> None:
    header = (
        "period,unit_code,unit_name,members_added,members_left,members_total,orgs_new,orgs_dissolved,"
        "orgs_rectified,orgs_total,as_of\n"
    )
    body = header + "".join(f"{period},{row},{period}-25\n" for row in rows)
    address = f"/api/v1/reconciliations?period={period}&unit={GUANGDONG}"
    answer = service.post(address, body.encode(), by="reviewer", content_type="text/csv")
    assert answer.status == 201, answer.json


def half_up(numerator: int, denominator: int) -> str:
    """A percentage with one decimal by exact arithmetic: the oracle."""
    share = Decimal(100 * numerator) / Decimal(denominator)
    return f"{share.quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def test_an_empty_month_has_no_sums_and_not_zero(service: Service) -> None:
    body = sums(service)

    assert body["units_expected"] == 22
    for code in (*CODES, "coop_orgs_new"):
        cell = body["cells"][code]
        assert (cell["reported_sum"], cell["effective_sum"], cell["units_with_value"]) == (None, None, 0)
        assert cell["units_missing"] == GUANGDONG_UNITS


def test_the_province_is_the_sum_of_what_its_units_sent(service: Service) -> None:
    file(service, GUANGZHOU, SHAOGUAN, SHUNDE, CHANGSHA)

    body = sums(service)

    for code in CODES:
        cell = body["cells"][code]
        expected = sum(figures(each)[code] for each in (GUANGZHOU, SHAOGUAN, SHUNDE))
        assert (cell["reported_sum"], cell["effective_sum"]) == (expected, expected)
        assert cell["units_with_value"] == 3
        assert len(cell["units_missing"]) == 19
    assert (body["period"], body["unit"], body["form"]) == ("2015-04", GUANGDONG, "baixian-qianxiang/1")
    assert body["provisional"] is True


def test_a_city_stands_for_itself(service: Service) -> None:
    file(service, FOSHAN, SHUNDE)

    body = sums(service, FOSHAN)

    assert [row["unit"] for row in body["units"]] == [FOSHAN]
    assert body["cells"]["townships_total"]["reported_sum"] == 15


def test_the_nation_is_the_sum_of_all_that_reports(service: Service) -> None:
    file(service, GUANGZHOU, SHUNDE, CHANGSHA)

    body = sums(service, CENTRE)

    expected = sum(figures(code)["members_total"] for code in (GUANGZHOU, SHUNDE, CHANGSHA))
    assert body["cells"]["members_total"]["reported_sum"] == expected


@pytest.mark.parametrize("seed", range(6))
def test_every_total_equals_its_listed_parts(service: Service, seed: int) -> None:
    """Whatever is sent, returned, withdrawn, accepted and in the ledger (promise 8)."""
    dice = random.Random(seed)
    codes = dice.sample(GUANGDONG_UNITS, 12)
    file(service, *codes, supplements={"coop_orgs_new": 0})
    for code in codes:
        step = dice.choice(["accept", "return", "withdraw", None])
        body = {"reasons": [{"pointer": "", "text": "请核实"}]} if step == "return" else {}
        if step:
            by = "everybody" if step == "withdraw" else "reviewer"
            assert service.post(at(f"/{step}", code), body, by=by).status == 200
    reconcile(
        service,
        *(
            f"{code},,{dice.randrange(9)},,{dice.randrange(900)},0,,1,"
            for code in dice.sample(GUANGDONG_UNITS, 8)
        ),
    )

    body = sums(service)

    for code, cell in body["cells"].items():
        for name in ("reported", "effective"):
            parts = [row[name].get(code) for row in body["units"]]
            known = [part for part in parts if part is not None]
            assert cell[f"{name}_sum"] == (sum(known) if known else None)
        missing = [row["unit"] for row in body["units"] if row["effective"].get(code) is None]
        assert cell["units_missing"] == missing
        assert cell["units_with_value"] + len(missing) == cell["units_expected"] == 22
    for ratio in body["ratios"].values():
        if ratio["denominator"]:
            assert ratio["display"] == half_up(ratio["numerator"], ratio["denominator"])


class TestSupplements:
    def test_what_units_enter_besides_the_columns_is_summed_too(self, service: Service) -> None:
        file(service, GUANGZHOU, SHAOGUAN, supplements={"coop_orgs_new": 2})
        file(service, FOSHAN, supplements={"coop_orgs_new": 0})
        file(service, SHUNDE)

        cell = sums(service)["cells"]["coop_orgs_new"]

        assert (cell["reported_sum"], cell["effective_sum"], cell["units_with_value"]) == (4, 4, 3)
        assert SHUNDE in cell["units_missing"]
        assert FOSHAN not in cell["units_missing"]

    def test_what_is_not_given_is_null(self, service: Service) -> None:
        file(service, GUANGZHOU)

        row = sums(service, GUANGZHOU)["units"][0]

        assert row["reported"]["coop_orgs_new"] is None
        assert row["effective"]["coop_orgs_new"] is None

    def test_a_correction_that_leaves_it_out_takes_it_away(self, service: Service) -> None:
        file(service, GUANGZHOU, supplements={"coop_orgs_new": 2})

        service.put(at(""), report(), if_match='"1"')

        assert sums(service)["cells"]["coop_orgs_new"]["reported_sum"] is None


class TestTheFourValues:
    def test_they_stand_side_by_side(self, service: Service) -> None:
        file(service, GUANGZHOU)
        reconcile(service, f"{GUANGZHOU},,3,1,400,2,1,1,613")

        row = sums(service, GUANGZHOU)["units"][0]

        assert row["reported"]["members_total"] == 410
        assert row["ledger"]["members_total"] == 400
        assert row["effective"]["members_total"] == 400
        assert row["sources"]["members_total"] == "ledger"
        assert row["flags"]["members_total"] == ["ledger_corrected"]
        assert row["evidenced"] == dict.fromkeys(
            ("prefectures_mobilized", "counties_mobilized", "townships_mobilized"), 0
        )
        assert row["flags"]["townships_mobilized"] == ["pending"]

    def test_the_ledger_decides_exactly_seven_columns(self, service: Service) -> None:
        file(service, GUANGZHOU)
        reconcile(service, f"{GUANGZHOU},,0,0,0,0,0,0,0")

        row = sums(service, GUANGZHOU)["units"][0]

        assert set(row["ledger"]) == set(LEDGER_CODES)
        for code in CODES:
            assert row["effective"][code] == (0 if code in LEDGER_CODES else figures()[code])

    def test_a_blank_in_the_ledger_leaves_the_reported_figure_unverified(self, service: Service) -> None:
        file(service, GUANGZHOU)
        reconcile(service, f"{GUANGZHOU},,0,,,,,,")

        cells = sums(service)["cells"]

        assert cells["members_added"]["effective_sum"] == 0
        assert cells["members_added"]["units_ledger_corrected"] == [GUANGZHOU]
        assert cells["members_total"]["effective_sum"] == 410
        assert cells["members_total"]["units_unverified"] == [GUANGZHOU]

    def test_a_unit_in_the_ledger_that_did_not_report_counts_and_is_still_missing(
        self, service: Service
    ) -> None:
        reconcile(service, f"{SHAOGUAN},,3,1,1100,2,1,1,1700")

        cell = sums(service)["cells"]["members_total"]

        assert (cell["reported_sum"], cell["effective_sum"]) == (None, 1100)
        assert cell["effective_sum_reporting_only"] is None
        assert cell["units_ledger_only"] == [SHAOGUAN]
        counts = service.get(f"/api/v1/completeness/2015-04/{GUANGDONG}", by="reviewer").json
        assert counts["missing"] == 22

    def test_who_is_listed_where(self, service: Service) -> None:
        file(service, GUANGZHOU, SHAOGUAN, FOSHAN)
        reconcile(service, f"{GUANGZHOU},,3,1,410,2,1,1,613", f"{SHAOGUAN},,3,1,1,2,1,1,1711")

        cells = sums(service)["cells"]

        assert cells["members_total"]["units_unverified"] == [FOSHAN]
        assert cells["members_total"]["units_ledger_corrected"] == [SHAOGUAN]
        assert cells["townships_mobilized"]["units_pending"] == [GUANGZHOU, SHAOGUAN, FOSHAN]
        assert cells["townships_mobilized"]["units_deemed"] == []


class TestRatios:
    def test_they_are_ratios_of_sums_rounded_half_up(self, service: Service) -> None:
        # Shaoguan has 10 counties and Heyuan 6: one of them is 6.25 %.
        file(service, SHAOGUAN, figures={"counties_mobilized": 1})
        file(service, "441600", figures={"counties_mobilized": 0})

        ratio = sums(service)["ratios"]["counties_mobilized_rate"]

        assert (ratio["numerator"], ratio["denominator"], ratio["display"]) == (1, 16, "6.3%")
        assert ratio["ratio"] == "0.0625"

    def test_nothing_of_nothing_is_no_ratio(self, service: Service) -> None:
        file(service, SHENZHEN)

        ratio = sums(service, SHENZHEN)["ratios"]["townships_mobilized_rate"]

        assert (ratio["numerator"], ratio["denominator"], ratio["ratio"], ratio["display"]) == (
            0,
            0,
            None,
            "—",
        )

    def test_units_without_counties_do_not_spoil_the_others(self, service: Service) -> None:
        file(service, SHENZHEN, "441900", GUANGZHOU)

        ratio = sums(service)["ratios"]["counties_mobilized_rate"]

        assert (ratio["numerator"], ratio["denominator"], ratio["display"]) == (7, 7, "100.0%")

    def test_the_basis_of_all_units_takes_missing_ones_from_the_register(self, service: Service) -> None:
        file(service, GUANGZHOU)
        total = sum(unit(code).townships_count or 0 for code in GUANGDONG_UNITS)

        ratio = sums(service)["ratios"]["townships_mobilized_rate"]

        assert (ratio["all_units_numerator"], ratio["all_units_denominator"]) == (34, total)
        assert ratio["all_units_display"] == half_up(34, total)
        assert ratio["display"] == "100.0%"

    def test_and_from_their_last_accepted_report_where_there_is_one(self, service: Service) -> None:
        body = report(SHAOGUAN, figures={"townships_total": 90, "townships_mobilized": 90})
        service.post(REPORTS, body, by="shaoguan")
        service.post(at("/accept", SHAOGUAN), by="reviewer")
        service.clock.set("2015-05-20T09:00:00+08:00")
        file(service, GUANGZHOU, period="2015-05")
        total = sum(unit(code).townships_count or 0 for code in GUANGDONG_UNITS)

        ratio = sums(service, period="2015-05")["ratios"]["townships_mobilized_rate"]

        assert ratio["all_units_denominator"] == total - 95 + 90

    def test_the_share_of_cities_counts_those_expected(self, service: Service) -> None:
        file(service, GUANGZHOU, SHAOGUAN)

        ratio = sums(service)["ratios"]["prefectures_mobilized_rate"]

        assert (ratio["numerator"], ratio["denominator"]) == (2, 22)
        assert ratio["display"] == half_up(2, 22)


class TestTheCentresView:
    def test_it_sums_prefectures_and_shows_shunde_separately(self, service: Service) -> None:
        file(service, GUANGZHOU, FOSHAN, SHUNDE)

        body = sums(service, view="centre")

        assert body["units_expected"] == 21
        assert SHUNDE not in [row["unit"] for row in body["units"]]
        assert [(row["unit"], row["remark"]["zh"]) for row in body["separate"]] == [(SHUNDE, "顺德区单列")]
        assert body["cells"]["townships_total"]["reported_sum"] == 34 + 15
        assert body["ratios"]["prefectures_mobilized_rate"]["denominator"] == 21

    def test_the_province_s_own_view_has_nothing_separate(self, service: Service) -> None:
        assert sums(service)["separate"] == []

    def test_another_view_is_refused(self, service: Service) -> None:
        assert service.get(f"/api/v1/aggregates/2015-04/{GUANGDONG}?view=x", by="reviewer").status == 422

    def test_what_reports_to_a_municipality_has_no_first_column(self, service: Service) -> None:
        body = sums(service, "310000")

        assert body["cells"]["prefectures_mobilized"]["units_expected"] == 0
        assert body["cells"]["townships_total"]["units_expected"] == 16


def test_totals_equal_their_parts_while_others_write(service: Service) -> None:
    """Every answer is one consistent picture, whatever goes on beside it (promise 8)."""
    writes = [Asked("POST", REPORTS, "everybody", report(code)) for code in GUANGDONG_UNITS]
    reads = [Asked("GET", f"/api/v1/aggregates/2015-04/{GUANGDONG}", "reviewer")] * 60
    mixed = [*writes, *reads]
    random.Random(1).shuffle(mixed)

    answers = service.together(mixed)

    seen = [answer.json for answer, asked in zip(answers, mixed, strict=True) if asked.method == "GET"]
    for body in seen:
        for code in CODES:
            known = [row["reported"][code] for row in body["units"] if row["reported"][code] is not None]
            assert body["cells"][code]["reported_sum"] == (sum(known) if known else None)
    assert sums(service)["cells"]["members_total"]["units_with_value"] == 22


def test_a_reporter_reads_its_own_sums_only(service: Service) -> None:
    file(service, GUANGZHOU)

    assert sums(service, GUANGZHOU, by="guangzhou")["cells"]["members_total"]["reported_sum"] == 410
    assert service.get(f"/api/v1/aggregates/2015-04/{GUANGDONG}", by="guangzhou").status == 404


def test_explanations_do_not_matter_to_sums(service: Service) -> None:
    file(service, GUANGZHOU, figures={"wechat_groups": 700}, explanations=explained("R21"))

    assert sums(service)["cells"]["wechat_groups"]["reported_sum"] == 700
