"""A filing: a submission with everything that judging it needs, and the judgment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.db import Session
from app.domain.checks import blocking
from app.domain.content import ReportContent, parse_content, read_period
from app.domain.form import FormVersion
from app.domain.period import FIRST, Period
from app.domain.permission import Action, Actor
from app.domain.proof import Proof, units_covered
from app.domain.workflow import Status, Step, Transition
from app.errors import Finding, Invalid, Severity, Text, merge
from app.services import checking, consolidations, forms, standing, steps
from app.services.periods import Policy
from app.services.standing import Standing


class Submission(NamedTuple):
    """What a client sent: whose report, for when, and the content as decoded from JSON.

    `found` holds what the strict loader and the schema already found in the body. `unit` is empty when the
    body names none.
    """

    unit: str
    period: object
    content: Mapping[str, object]
    draft: bool = False
    found: Sequence[Finding] = ()


class Filing(NamedTuple):
    """A submission with everything that judging and storing it needs."""

    submission: Submission
    at: Standing
    period: Period
    form: FormVersion
    policy: Policy
    deadline: datetime
    by: Actor
    now: datetime


def opened(session: Session, submission: Submission, *, by: Actor, now: datetime, policy: Policy) -> Filing:
    """Whose report this is, for when, under which form and deadline.

    Raises NotFound, Forbidden, and Invalid (R30) with all that is wrong with the body besides the period.
    """
    if not submission.unit:
        by.check_role(Action.WRITE_REPORT)
        raise _refusal(submission.found)
    named = submission.period
    at = standing.of(session, submission.unit, named if isinstance(named, str) else "")
    by.check(Action.WRITE_REPORT, at.unit["report_path"])
    form = forms.in_force(session, _month(named))
    period, found = read_period(form, named, now)
    if period is None:
        _, shape = parse_content(form, submission.content, draft=submission.draft)
        raise _refusal(merge(found, shape, submission.found))
    deadline = at.due(period, form, policy).instant
    return Filing(submission, at, period, form, policy, deadline, by, now)


def _month(named: object) -> Period:
    """The month that chooses the form; the first one for a body that names none, so that all else is judged."""
    try:
        return max(Period.parse(named), FIRST) if isinstance(named, str) else FIRST
    except ValueError:
        return FIRST


def line_of(filing: Filing) -> Transition:
    """The move that saving it is. Raises Conflict where the report's status does not allow it."""
    report, step = filing.at.report, Step.SAVE if filing.submission.draft else Step.SUBMIT
    line = steps.line_of(Status(report["status"]) if report else Status.ABSENT, step)
    if report:
        steps.check_not_expired(report, filing.now)
    steps.check_open(line, filing.at.figures, filing.now)
    return line


def judge(session: Session, filing: Filing, proofs: Sequence[Proof]) -> tuple[ReportContent, list[Finding]]:
    """The content and what was found in it, given what the unit's claims prove.

    Raises Invalid with everything, when anything blocks.
    """
    submission, at = filing.submission, filing.at
    content, found = parse_content(filing.form, submission.content, draft=submission.draft)
    # Where the reader of the content names a rule of the form, its word is the better one.
    shape = merge(_of_unit(filing), found, submission.found)
    checked = checking.findings_of(
        session,
        form=filing.form,
        unit=consolidations.counted(session, at.unit, filing.period, filing.form) if at.collects else at.unit,
        period=filing.period,
        content=content,
        stored=at.figures,
        covered=units_covered(filing.form, proofs, levels=filing.policy.evidence_levels, accepted=False),
    )
    if at.collects:
        checked += consolidations.check(
            session, unit=at.unit, period=filing.period, form=filing.form, said=content.figures
        )
    # A draft is kept with whatever its rules say: it is work in progress, and the findings are its to-do list.
    stops = blocking(shape, ()) if submission.draft else blocking([*shape, *checked], content.explanations)
    if stops:
        raise _refusal([*shape, *checked], stops)
    return content, [*shape, *checked]


def _of_unit(filing: Filing) -> list[Finding]:
    unit, cut_off = filing.at.unit, filing.form.window(filing.period).end
    ended = unit["valid_to"] is not None and unit["valid_to"] <= cut_off
    return [] if unit["reports"] and unit["valid_from"] <= cut_off and not ended else [_NOT_EXPECTED]


_NOT_EXPECTED = Finding(
    "unit-not-reporting",
    "unit-not-reporting",
    Severity.ERROR,
    "/unit",
    Text("该单位本期不是填报单位，其报表不会计入汇总", "No report is expected of this unit in this period"),
)


def _refusal(findings: Sequence[Finding], stops: Sequence[Finding] | None = None) -> Invalid:
    """The refusal by the slug of the one defect in the shape of the body, else by the general one.

    `stops` are the findings that block: the errors, unless it is said otherwise.
    """
    codes = {f.code for f in (blocking(findings, ()) if stops is None else stops)}
    only = codes.pop() if len(codes) == 1 else ""
    return Invalid(code=only if only and not only[0].isupper() else "report-refused", findings=findings)
