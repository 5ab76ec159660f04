"""The timetable of a month for everybody: the form in force, what it covers, and when each level is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.db import Session
from app.domain.deadline import Deadline
from app.domain.form import FormVersion
from app.domain.period import FIRST, Period, Window
from app.services import forms
from app.services.periods import Policy


@dataclass(frozen=True, slots=True)
class Timetable:
    """One period by the form alone; `due` is by the level that is reported to, and knows no unit's own day."""

    period: Period
    form: FormVersion
    window: Window
    due: Mapping[str, Deadline]


def current(session: Session, *, now: datetime, policy: Policy) -> Timetable:
    """The month that runs in China at `now`, or the first one before it began. Raises Invalid without a form."""
    period = max(Period.at(now), FIRST)
    form = forms.in_force(session, period)
    due = {level: form.deadline(period, level, shift=policy.shift) for level in form.timetable.due}
    return Timetable(period, form, form.window(period), due)
