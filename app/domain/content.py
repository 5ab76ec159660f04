"""The content of a report: read from a body with every defect at once, kept in one canonical form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from app.domain import reading
from app.domain.contact import is_phone, masked_name, masked_phone
from app.domain.form_version import FormVersion
from app.domain.period import Period
from app.domain.pointer import pointer
from app.domain.reading import Defect
from app.errors import Finding, Severity, Text

T = TypeVar("T")

LONGEST_NARRATIVE = 20_000
LONGEST_TEXT = 2_000
LONGEST_LINE = 50
MOST_ENTRIES = 100
"""Characters of the narrative, of other texts and of a line; entries of a list."""

LARGEST_ITEM = 99
"""Items are numbered from 1 (app.domain.form_parts)."""

MEMBERS = ("contact", "figures", "supplements", "activities", "narrative", "explanations")
"""What a body may hold besides period, unit and draft, which address the report and are read elsewhere."""


class Contact(NamedTuple):
    """Who answers for a report; personal information."""

    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """What a unit says about one item of the narrative; a count that was left blank is None, not 0."""

    item: int
    done: bool = False
    count: int | None = None
    text: str = ""

    def as_json(self) -> dict[str, int | str | None]:
        """The entry as the body holds it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Explanation(NamedTuple):
    """Why a rule that failed is nevertheless in order (情况说明)."""

    rule: str
    category: str
    text: str


class ReportContent(NamedTuple):
    """What one version of a report says. A figure that is not there is blank; 0 is a figure."""

    contact: Contact
    figures: Mapping[str, int]
    supplements: Mapping[str, int]
    activities: tuple[ActivityEntry, ...]
    narrative: str
    explanations: tuple[Explanation, ...]

    def as_json(self) -> dict[str, Any]:
        """The members of the body that `parse_content` reads back to an equal content.

        Their canonical digest is the content's hash: the same for bodies that differ in spaces and order only.
        """
        return {
            "contact": self.contact._asdict(),
            "figures": dict(self.figures),
            "supplements": dict(self.supplements),
            "activities": [entry.as_json() for entry in self.activities],
            "narrative": self.narrative,
            "explanations": [explanation._asdict() for explanation in self.explanations],
        }


def parse_content(
    form: FormVersion, raw: Mapping[str, object], *, draft: bool = False
) -> tuple[ReportContent, list[Finding]]:
    """The sound part of a body's content members, and everything that is wrong with the rest.

    `raw` holds the members of MEMBERS as the strict loader decoded them; any other is a finding. The content
    is complete only when no finding is an error: with errors it serves to check what was sound, not to be
    stored. In a draft, what is still blank or unfinished (figures, contact) is only a hint. No value that was
    sent appears in a finding.
    """
    reader = _Reader(form, draft)
    content = reader.content(raw)
    return content, reader.findings


def masked(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as JSON with its contact masked, for everybody but the unit itself."""
    contact = content["contact"]
    shown = Contact(masked_name(contact["name"]), masked_phone(contact["phone"]))
    return {**content, "contact": shown._asdict()}


def read_period(form: FormVersion, value: object, now: datetime) -> tuple[Period | None, list[Finding]]:
    """The period that a body names, if reports of it can be written at this instant (R30)."""
    try:
        period = Period.parse(value) if isinstance(value, str) else None
    except ValueError:
        period = None
    if period is not None and period >= form.timetable.first_period and form.opens_at(period) <= now:
        return period, []
    rule = form.rule["R30"]
    return None, [Finding(rule.id, "period-invalid", rule.severity, "/period", rule.message.text)]


class _Reader:
    """Reads one body; what is wrong collects in `findings`."""

    def __init__(self, form: FormVersion, draft: bool) -> None:
        self._form = form
        self._unfinished = Severity.INFO if draft else Severity.ERROR
        self.findings: list[Finding] = []

    def content(self, raw: Mapping[str, object]) -> ReportContent:
        body = self._members(raw, MEMBERS)
        return ReportContent(
            contact=self._contact(body.get("contact", {})),
            figures=self._figures(body.get("figures", {})),
            supplements=self._supplements(body.get("supplements", {})),
            activities=self._activities(body.get("activities", [])),
            narrative=self._text(body, LONGEST_NARRATIVE, "narrative") or "",
            explanations=self._explanations(body.get("explanations", [])),
        )

    def _contact(self, raw: object) -> Contact:
        members = self._members(raw, Contact._fields, "contact")
        name, phone = self._line(members, "name"), self._line(members, "phone")
        if name == "":
            self._about("R31", "invalid-contact", "contact", "name", severity=self._unfinished)
        if phone is not None and not is_phone(phone):
            self._about("R31", "invalid-phone", "contact", "phone", severity=self._unfinished)
        return Contact(name or "", phone or "")

    def _line(self, members: Mapping[str, object], name: str) -> str | None:
        if name in members:
            return self._sound(reading.line(members[name], LONGEST_LINE), "contact", name)
        self._about("R31", "missing-field", "contact", name, severity=self._unfinished)
        return None

    def _figures(self, raw: object) -> dict[str, int]:
        codes = self._form.codes
        members = self._members(raw, self._form.indicator, "figures")
        for code in [code for code in codes if code not in members] if isinstance(raw, dict) else ():
            self._about("R02", "missing-field", "figures", code, severity=self._unfinished)
        return self._numbers(members, codes, "figures")

    def _supplements(self, raw: object) -> dict[str, int]:
        codes = self._form.reported_supplements
        return self._numbers(self._members(raw, codes, "supplements"), codes, "supplements")

    def _numbers(self, members: Mapping[str, object], codes: Sequence[str], at: str) -> dict[str, int]:
        """The sound numbers, in the form's order; null is a blank, never 0."""
        sound: dict[str, int] = {}
        largest = self._form.largest_figure
        for code in filter(members.__contains__, codes):
            number = reading.whole_number(members[code], largest)
            if isinstance(number, int):
                sound[code] = number
            else:
                severity = self._unfinished if members[code] is None else Severity.ERROR
                self._about("R01", number.code, at, code, severity=severity)
        return sound

    def _activities(self, raw: object) -> tuple[ActivityEntry, ...]:
        entries: dict[int, ActivityEntry] = {}
        for index, value in enumerate(self._entries(raw, "activities")):
            entry = self._activity(value, index)
            if entry and entry.item in entries:
                self._refuse("duplicate-item", "activities", index, "item")
            elif entry:
                entries[entry.item] = entry
        return tuple(entries[item] for item in sorted(entries))

    def _activity(self, raw: object, index: int) -> ActivityEntry | None:
        at = ("activities", index)
        members = self._members(raw, ActivityEntry.__slots__, *at)
        item = self._item(members, *at, "item")
        done = self._sound(reading.flag(members.get("done", False)), *at, "done")
        count = self._count(members.get("count"), *at, "count")
        text = self._text(members, LONGEST_TEXT, *at, "text")
        return ActivityEntry(item, done or False, count, text or "") if item else None

    def _count(self, raw: object, *at: str | int) -> int | None:
        return raw if raw is None else self._sound(reading.whole_number(raw, self._form.largest_figure), *at)

    def _item(self, members: Mapping[str, object], *at: str | int) -> int | None:
        if "item" not in members:
            self._refuse("missing-field", *at)
            return None
        item = self._sound(reading.whole_number(members["item"], LARGEST_ITEM), *at)
        if item is not None and item not in self._form.entered_items:
            self._refuse("unknown-item", *at)
            return None
        return item

    def _explanations(self, raw: object) -> tuple[Explanation, ...]:
        entries = enumerate(self._entries(raw, "explanations"))
        read = (self._explanation(value, index) for index, value in entries)
        return tuple(sorted(entry for entry in read if entry))

    def _explanation(self, raw: object, index: int) -> Explanation | None:
        at = ("explanations", index)
        members = self._members(raw, Explanation._fields, *at)
        categories = self._form.category_codes
        rule = self._name(members, self._form.rule, "unknown-rule", *at, "rule")
        category = self._name(members, categories, "unknown-category", *at, "category")
        if "text" not in members:
            self._refuse("missing-field", *at, "text")
        text = self._text(members, LONGEST_TEXT, *at, "text")
        if rule is None or category is None or text is None:
            return None
        return Explanation(rule, categories[category], text)

    def _name(
        self, members: Mapping[str, object], known: Collection[str], unknown: str, *at: str | int
    ) -> str | None:
        """One of the names that the form knows."""
        if at[-1] not in members:
            self._refuse("missing-field", *at)
            return None
        name = self._sound(reading.line(members[str(at[-1])], LONGEST_TEXT), *at)
        if name is not None and name not in known:
            self._refuse(unknown, *at)
            return None
        return name

    def _text(self, members: Mapping[str, object], longest: int, *at: str | int) -> str | None:
        """A text of several lines; absent reads as empty."""
        return self._sound(reading.text(members.get(str(at[-1]), ""), longest), *at)

    def _members(self, raw: object, known: Collection[str], *at: str | int) -> Mapping[str, object]:
        """The members of an object; those that nobody knows are refused by name."""
        if not isinstance(raw, dict):
            self._refuse("wrong-type", *at)
            return {}
        for name in [name for name in raw if name not in known]:
            if defect := reading.stranger(name, known):
                self._refuse(defect.code, *at, *([name] if reading.is_printable_name(name) else []))
        return raw

    def _entries(self, raw: object, at: str) -> Sequence[object]:
        if not isinstance(raw, list):
            self._refuse("wrong-type", at)
            return []
        if len(raw) > MOST_ENTRIES:
            self._refuse("too-many", at)
        return raw[:MOST_ENTRIES]

    def _sound(self, read: T | Defect, *at: str | int) -> T | None:
        if isinstance(read, Defect):
            self._refuse(read.code, *at)
            return None
        return read

    def _refuse(self, code: str, *at: str | int) -> None:
        self.findings.append(reading.malformed(code, pointer(*at)))

    def _about(self, rule_id: str, code: str, *at: str, severity: Severity) -> None:
        """A finding that a rule of the form's catalogue words, about a figure or the contact."""
        rule, name = self._form.rule[rule_id], at[-1]
        label = self._form.labels.get(name, Text(name, name))
        message = Text(rule.message.zh.format(code=label.zh), rule.message.en.format(code=label.en))
        values = {"code": name} if name in self._form.labels else {}
        self.findings.append(Finding(rule.id, code, severity, pointer(*at), message, values))
