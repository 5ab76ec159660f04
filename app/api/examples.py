"""Examples in the OpenAPI document; a test sends each of them to the running application."""

from __future__ import annotations

from typing import Any

FIGURES = {
    "prefectures_mobilized": 1,
    "counties_agri_total": 7,
    "counties_mobilized": 6,
    "county_work_committees": 5,
    "townships_total": 34,
    "townships_mobilized": 30,
    "members_added": 41,
    "members_left": 12,
    "members_total": 452,
    "townships_funded_20k": 20,
    "orgs_new": 38,
    "orgs_dissolved": 4,
    "orgs_rectified": 9,
    "orgs_total": 690,
    "wechat_groups": 512,
}

_REPORT: dict[str, Any] = {
    "period": "2015-04",
    "unit": "440100",
    "contact": {"name": "示例甲", "phone": "13800000000"},
    "figures": FIGURES,
    "supplements": {"coop_orgs_new": 6},
    "activities": [{"item": 3, "done": True, "count": 2, "text": "示例：班子成员赴两个县督导"}],
    "narrative": "示例：四月召开全市动员会。",
    "explanations": [],
    "draft": False,
}

REPORT = {
    "report": _REPORT,
    "draft": {"period": "2015-04", "unit": "440200", "draft": True, "figures": {"townships_total": 94}},
}

RETURN = {
    "cell": {"reasons": [{"pointer": "/figures/members_total", "text": "与上期相差较大，请核实后重报"}]}
}
REOPEN = {"correction": {"reason": "单位来函更正", "expires_at": "2015-05-05T00:00:00+08:00"}}
DEADLINE = {"later": {"due_on": "2015-04-27", "reason": "25日为周六，顺延至周一"}}
EXCUSE = {"excuse": {"reason": "因灾停工，本月免报"}}
CLOSE = {"close": {"reason": "全部报表已审核，按期关闭"}}
RESTATE = {"ledger": {"reason": "台账更正后重述"}}
RECONCILE = {"in_force": {"period": "2015-04", "unit": "440000"}}
FORM = {"refused": {"definition": 'code = "example"\nversion = 1\n'}}

PROMOTE = {"earlier": {"in_force": "0" * 32}}
EXPLAIN = {"reason": {"text": "台账未录入4月下旬新增的3名委员"}}
RESOLVE = {"stands": {"text": "差异原因已核实，本期以台账为准"}}
SIGN_IN = {"account": {"name": "li.example", "password": "example-only-4711"}}
NEW_PASSWORD = {"own": {"current": "example-only-4711", "new": "示例 长江 算盘 四月 4711"}}
CONFIRM_PASSWORD = {"again": {"password": "example-only-4711"}}
CONFIRM_CODE = {"code": {"code": "123456"}}
ACCOUNT = {"reporter": {"name": "li.example", "display_name": "示例李", "unit": "440100"}}
GRANT = {"reporter": {"role": "reporter", "unit": "440100"}}
TOKEN = {
    "exchange": {
        "name": "示例：数据交换",
        "unit": "440000",
        "scopes": ["ledger:write"],
        "networks": ["192.0.2.0/24"],
        "days": 90,
    }
}
CONTACT = {"person": {"name": "示例甲", "phone": "13800000000", "email": "jia@office.example"}}
REVEAL = {"call": {"reason": "截止日前电话催报"}}

CLAIM = {
    "city": {
        "activity": "mobilization_meeting",
        "level": "prefecture",
        "dated": "2015-04-10",
        "title": "示例：全市动员会新闻稿",
        "evidence": ["0" * 32],
    }
}
REJECT_CLAIM = {"reason": {"reason": "新闻稿未写明会议日期"}}

WEBHOOK = {
    "reports": {
        "unit": "440000",
        "url": "https://hooks.example.org/yuebao",
        "kinds": ["report.*", "claim.accepted"],
    }
}
SUBSCRIPTION = {"office": {"emails": ["nongqing@example.org"]}}

LEDGER = (
    "period,unit_code,unit_name,members_added,members_left,members_total,orgs_new,orgs_dissolved,"
    "orgs_rectified,orgs_total,as_of\n"
    "2015-04,440100,广州市,41,12,451,38,4,9,690,2015-04-25\n"
)

CIRCULAR = {"province": {"period": "2015-04", "unit": "440000"}}
EDIT_CIRCULAR = {
    "problems": {"blocks": [{"code": "problems", "paragraphs": ["示例：个别单位材料报送不及时。"]}]}
}
APPROVE_CIRCULAR = {"leader": {"approver": "示例领导"}}
PUBLISH = {"numbered": {"number": "示农青〔2015〕3号", "dated": "2015-04-30"}}
REASON = {"reason": {"reason": "示例：个别数据有误，予以更正"}}
SDMX_TABLE = (
    "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,INDICATOR,VALUATION,TIME_PERIOD,OBS_VALUE\n"
    "dataflow,YUEBAO:BAIXIAN_QIANXIANG(1.0.0),I,M,440200,townships_total,reported,2015-04,94\n"
)
PDF = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
"""The smallest file that is one."""
