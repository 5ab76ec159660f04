"""The official table over HTTP: downloaded, filled in, sent back."""

from __future__ import annotations

from tests.service import Service


def test_smoke(service: Service) -> None:
    got = service.get("/api/v1/reports/2015-04/440100/form.xlsx")
    assert got.status == 200, got.body
    XL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    sent = service.post("/api/v1/reports/xlsx", got.body, content_type=XL)
    assert sent.status == 422
    print(sent.json)
    marked = service.post("/api/v1/reports/xlsx", got.body, content_type=XL, accept=XL)
    assert marked.headers["content-type"] == XL
    z = service.get("/api/v1/reports/2015-04/forms.zip?within=440000", by="reviewer")
    assert z.status == 200
    for accept in ("text/csv", XL, "*/*"):
        a = service.get("/api/v1/aggregates/2015-04/440000", by="reviewer", accept=accept)
        print(a.status, a.headers, a.body[:200])
    spec = service.get("/openapi.json").json
    print(spec["paths"]["/api/v1/reports/xlsx"], spec["paths"]["/api/v1/aggregates/{period}/{unit}"]["get"]["responses"]["200"], spec["paths"]["/api/v1/reports/{period}/{unit}/form.xlsx"])
