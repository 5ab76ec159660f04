"""Tables from elsewhere: drafts for reports that are missing, differences for those that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.db import Session
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import Finding, Invalid, NotFound, Severity, Text
from app.services import drafts, forms, reports, standing
from app.services.periods import Policy, parse_period
from app.services.reports import Submission


@dataclass(frozen=True, slots=True)
class Reported:
    """What a table says that a unit reported for a month, by indicator; None is blank."""

    unit: str
    period: str
    figures: Mapping[str, int | None]


@dataclass(slots=True)
class Taken:
    """What became of a table."""

    form: str
    created: list[dict[str, str]] = field(default_factory=list)
    matched: list[dict[str, str]] = field(default_factory=list)
    differing: list[dict[str, Any]] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)


def take(
    session: Session,
    *,
    form: tuple[str, int],
    rows: Sequence[Reported],
    ignored: Mapping[str, int] | None = None,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> Taken:
    """Compare a table with the reports that there are, and save a draft for each that is missing.

    Nothing that is there is changed: where a table differs, the unit or its reviewer decides. A draft goes the
    way of any other (permission, checks, audit), carries over the contact and the denominators that the table
    leaves blank, and counts only when its unit submits it. All or nothing: Invalid with every finding, whose
    pointers name period and unit. Raises Forbidden for who may write no report.
    """
    by.check_role(Action.WRITE_REPORT)
    taken = Taken(f"{form[0]}/{form[1]}", ignored=dict(ignored or {}))
    findings: list[Finding] = []
    for row in sorted(rows, key=lambda row: (row.period, row.unit)):
        try:
            _take(session, row, form, taken, by=by, now=now, policy=policy)
        except NotFound:
            findings.append(_finding(row, "unit-unknown", _UNKNOWN))
        except Invalid as refused:
            findings += [_placed(row, found) for found in refused.findings]
    if any(found.severity is Severity.ERROR for found in findings):
        raise Invalid(code="table-refused", findings=findings)
    return taken


_UNKNOWN = Text("没有这个填报单位，或不在您的管辖范围", "No such reporting unit within your reach")
_FORM = Text("该期适用的不是文件所写的表式版本", "Another form version is in force in this period")
_INDICATOR = Text("该期表式没有文件中的某个指标", "The form of this period lacks an indicator of the file")


def _take(
    session: Session,
    row: Reported,
    named: tuple[str, int],
    taken: Taken,
    *,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    at = standing.of(session, row.unit, row.period)
    by.check(Action.WRITE_REPORT, at.unit["report_path"])
    period = parse_period(row.period)
    form = forms.in_force(session, period)
    _check_form(form, row, named)
    key = {"period": row.period, "unit": row.unit}
    if at.report is None:
        submission = _draft(session, form, period, at.unit, row)
        reports.submit(session, submission=submission, by=by, now=now, policy=policy)
        taken.created.append(key)
        return
    stored = (at.figures["reported"] if at.figures else None) or {}
    different = list(_differences(row, stored))
    taken.differing += [{**key, **each} for each in different]
    if not different:
        taken.matched.append(key)


def _check_form(form: FormVersion, row: Reported, named: tuple[str, int]) -> None:
    if (form.code, form.version) != named:
        raise Invalid(findings=[_finding(row, "form-not-in-force", _FORM, "/form")])
    if not row.figures.keys() <= {figure.code for figure in form.summed}:
        raise Invalid(findings=[_finding(row, "unknown-indicator", _INDICATOR, "/figures")])


def _draft(
    session: Session, form: FormVersion, period: Period, unit: Mapping[str, Any], row: Reported
) -> Submission:
    content = drafts.carried_over(session, dict(unit), period)
    known = {code: value for code, value in row.figures.items() if value is not None}
    content["figures"] |= {code: value for code, value in known.items() if code in form.codes}
    content["supplements"] = {code: value for code, value in known.items() if code not in form.codes}
    for name in ("period", "unit", "draft"):
        content.pop(name)
    return Submission(unit=row.unit, period=row.period, content=content, draft=True)


def _differences(row: Reported, stored: Mapping[str, int | None]) -> Iterable[dict[str, Any]]:
    """Cells in which the table and the report differ; a blank of the table says nothing."""
    for code, value in row.figures.items():
        said = stored.get(code)
        if value is not None and value != said:
            difference = value - said if said is not None else None
            yield {"indicator": code, "table": value, "reported": said, "difference": difference}


def _finding(row: Reported, code: str, text: Text, place: str = "") -> Finding:
    return Finding(code, code, Severity.ERROR, f"/{row.period}/{row.unit}{place}", text)


def _placed(row: Reported, found: Finding) -> Finding:
    pointer = f"/{row.period}/{row.unit}{found.pointer.removeprefix(f'/{row.period}/{row.unit}')}"
    return Finding(found.rule, found.code, found.severity, pointer, found.message, found.values)


def reported_of(observations: Iterable[Any], valuation: str) -> tuple[list[Reported], dict[str, int]]:
    """The rows of one kind of value by month and unit, and how many of the other kinds were passed over."""
    rows: dict[tuple[str, str], dict[str, int | None]] = {}
    ignored: Counter[str] = Counter()
    for each in observations:
        if each.valuation == valuation:
            rows.setdefault((each.period, each.unit), {})[each.indicator] = each.value
        else:
            ignored[each.valuation] += 1
    kept = [Reported(unit, period, figures) for (period, unit), figures in rows.items() if _said(figures)]
    return kept, dict(ignored)


def _said(figures: Mapping[str, int | None]) -> bool:
    """Whether the unit reported anything: all blank is no report."""
    return any(value is not None for value in figures.values())
