"""The content of a report: read from a body with every defect at once, kept in one canonical form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from app.domain.canonical import digest
from app.domain.contact import is_phone, masked_name, masked_phone
from app.domain.form_version import FormVersion
from app.domain.period import Period
from app.domain.pointer import pointer
from app.domain.reading import (
    cleaned,
    flag_defect,
    is_printable_name,
    line_defect,
    malformed,
    name_defect,
    text_defect,
    whole_number_defect,
)
from app.errors import Finding, Severity, Text

LONGEST_NARRATIVE = 20_000
LONGEST_TEXT = 2_000
LONGEST_LINE = 50
MOST_ENTRIES = 100
"""Characters of the narrative, of other texts and of a line; entries of a list."""

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


@dataclass(frozen=True)
class ReportContent:
    """What one version of a report says. A figure that is not there is blank; 0 is a figure."""

    contact: Contact
    figures: Mapping[str, int]
    supplements: Mapping[str, int]
    activities: tuple[ActivityEntry, ...]
    narrative: str
    explanations: tuple[Explanation, ...]

    def as_json(self) -> dict[str, Any]:
        """The members of the body that `parse_content` reads back to an equal content."""
        return {
            "contact": self.contact._asdict(),
            "figures": dict(self.figures),
            "supplements": dict(self.supplements),
            "activities": [entry.as_json() for entry in self.activities],
            "narrative": self.narrative,
            "explanations": [explanation._asdict() for explanation in self.explanations],
        }

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON: the same for bodies that differ in spaces and order only."""
        return digest(self.as_json())


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
        self._items = {item.number for item in form.items if item.inputs}
        self._categories = {name: c.code for c in form.categories for name in (c.code, c.label.zh)}
        self.findings: list[Finding] = []

    def content(self, raw: Mapping[str, object]) -> ReportContent:
        body = self._members(raw, (), MEMBERS)
        return ReportContent(
            contact=self._contact(body.get("contact", {})),
            figures=self._figures(body.get("figures", {})),
            supplements=self._supplements(body.get("supplements", {})),
            activities=self._activities(body.get("activities", [])),
            narrative=self._text(body, ("narrative",), LONGEST_NARRATIVE) or "",
            explanations=self._explanations(body.get("explanations", [])),
        )

    def _contact(self, raw: object) -> Contact:
        members = self._members(raw, ("contact",), Contact._fields)
        lines = {name: self._line(members, name) for name in Contact._fields}
        if lines["name"] == "":
            self._about("R31", "invalid-contact", ("contact", "name"), self._unfinished)
        if lines["phone"] is not None and not is_phone(lines["phone"]):
            self._about("R31", "invalid-phone", ("contact", "phone"), self._unfinished)
        return Contact(**{name: line or "" for name, line in lines.items()})

    def _line(self, members: Mapping[str, object], name: str) -> str | None:
        if name not in members:
            self._about("R31", "missing-field", ("contact", name), self._unfinished)
            return None
        value = members[name]
        if found := line_defect(value, LONGEST_LINE):
            self._refuse(found, "contact", name)
        return cleaned(value) if isinstance(value, str) and not found else None

    def _figures(self, raw: object) -> dict[str, int]:
        members = self._members(raw, ("figures",), self._form.codes)
        blank = [code for code in self._form.codes if code not in members]
        for code in blank if isinstance(raw, Mapping) else ():
            self._about("R02", "missing-field", ("figures", code), self._unfinished)
        return self._numbers(members, "figures", self._form.codes)

    def _supplements(self, raw: object) -> dict[str, int]:
        codes = self._form.reported_supplements
        return self._numbers(self._members(raw, ("supplements",), codes), "supplements", codes)

    def _numbers(self, members: Mapping[str, object], at: str, codes: Sequence[str]) -> dict[str, int]:
        """The sound numbers, in the form's order; null is a blank, never 0."""
        sound = {}
        for code in (code for code in codes if code in members):
            value = members[code]
            if found := whole_number_defect(value, self._form.largest_figure):
                self._about("R01", found, (at, code), self._unfinished if value is None else Severity.ERROR)
            elif isinstance(value, int):
                sound[code] = value
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
        members = self._members(raw, at, ActivityEntry.__slots__)
        item, done, count = (members.get(name) for name in ("item", "done", "count"))
        if found := whole_number_defect(item, 99) or ("unknown-item" if item not in self._items else None):
            self._refuse("missing-field" if "item" not in members else found, *at, "item")
        if "done" in members and (wrong := flag_defect(done)):
            self._refuse(wrong, *at, "done")
        if count is not None and (wrong := whole_number_defect(count, self._form.largest_figure)):
            self._refuse(wrong, *at, "count")
        text = self._text(members, (*at, "text"), LONGEST_TEXT)
        if found or not isinstance(item, int):
            return None
        return ActivityEntry(item, done is True, count if isinstance(count, int) else None, text or "")

    def _explanations(self, raw: object) -> tuple[Explanation, ...]:
        entries = enumerate(self._entries(raw, "explanations"))
        read = (self._explanation(value, index) for index, value in entries)
        return tuple(sorted(entry for entry in read if entry))

    def _explanation(self, raw: object, index: int) -> Explanation | None:
        at = ("explanations", index)
        members = self._members(raw, at, Explanation._fields)
        rule = self._name(members, (*at, "rule"), {rule: rule for rule in self._form.rule}, "unknown-rule")
        category = self._name(members, (*at, "category"), self._categories, "unknown-category")
        if "text" not in members:
            self._refuse("missing-field", *at, "text")
        text = self._text(members, (*at, "text"), LONGEST_TEXT)
        return Explanation(rule, category, text) if rule and category and text is not None else None

    def _name(
        self, members: Mapping[str, object], at: tuple[str | int, ...], known: Mapping[str, str], code: str
    ) -> str | None:
        """One of the names that the form knows, as it writes them."""
        name = members.get(str(at[-1]))
        if isinstance(name, str) and name in known:
            return known[name]
        wrong = "missing-field" if at[-1] not in members else line_defect(name, LONGEST_TEXT) or code
        self._refuse(wrong, *at)
        return None

    def _text(self, members: Mapping[str, object], at: tuple[str | int, ...], longest: int) -> str | None:
        """A text of several lines; absent reads as empty."""
        value = members.get(str(at[-1]), "")
        if found := text_defect(value, longest):
            self._refuse(found, *at)
        return cleaned(value) if isinstance(value, str) and not found else None

    def _members(
        self, raw: object, at: tuple[str | int, ...], known: Collection[str]
    ) -> Mapping[str, object]:
        """The members of an object; those that nobody knows are refused by name."""
        if not isinstance(raw, Mapping):
            self._refuse("wrong-type", *at)
            return {}
        for name in raw:
            if found := name_defect(name, known):
                self._refuse(found, *at, *([name] if is_printable_name(name) else []))
        return raw

    def _entries(self, raw: object, at: str) -> Sequence[object]:
        if not isinstance(raw, list):
            self._refuse("wrong-type", at)
            return []
        if len(raw) > MOST_ENTRIES:
            self._refuse("too-many", at)
        return raw[:MOST_ENTRIES]

    def _refuse(self, code: str, *at: str | int) -> None:
        self.findings.append(malformed(code, pointer(*at)))

    def _about(self, rule_id: str, code: str, at: tuple[str, str], severity: Severity) -> None:
        """A finding that a rule of the form's catalogue words."""
        rule, name = self._form.rule[rule_id], at[1]
        label = self._form.labels.get(name, Text(name, name))
        message = Text(rule.message.zh.format(code=label.zh), rule.message.en.format(code=label.en))
        values = {"code": name} if name in self._form.labels else {}
        self.findings.append(Finding(rule.id, code, severity, pointer(*at), message, values))
