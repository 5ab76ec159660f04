"""Written and read back, a report is what it was."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.documents.form_book import form_book
from app.domain.content import LONGEST_NARRATIVE, parse_content
from tests.documents.sample import CONTENT, filled, sheet
from tests.domain.sample import FORM

PREFIXES = ["=", "+", "-", "@", "\t", "＝", "＋", "－", "＠", "'", " ", "_x0041_", '&<>"', "", "二、报送内容"]
COUNTS = st.integers(0, FORM.largest_figure)
TEXTS = st.builds(
    str.__add__,
    st.sampled_from(PREFIXES),
    st.text(st.characters(exclude_categories=["C"], include_characters="\n"), max_size=40),
)
PHONES = st.sampled_from(["13800000000", "020-12345678", "0755 1234567", "02012345678转123"])


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Bodies with every member, texts as wild as the content lets them be."""
    figures = st.fixed_dictionaries(dict.fromkeys(FORM.codes, COUNTS))
    entry = st.fixed_dictionaries(
        {"done": st.booleans(), "count": st.none() | COUNTS, "text": TEXTS},
    )
    items = draw(st.lists(st.sampled_from(sorted(FORM.entered_items)), unique=True))
    explanation = st.fixed_dictionaries(
        {
            "rule": st.sampled_from(sorted(FORM.rule)),
            "category": st.sampled_from([c.code for c in FORM.categories]),
            "text": TEXTS,
        }
    )
    line = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
    return {
        "contact": {"name": draw(line), "phone": draw(PHONES)},
        "figures": draw(figures),
        "supplements": draw(st.sampled_from([{}, {"coop_orgs_new": 0}, {"coop_orgs_new": 12}])),
        "activities": [{"item": item, **draw(entry)} for item in items],
        "narrative": draw(TEXTS),
        "explanations": draw(st.lists(explanation, max_size=3)),
    }


@settings(deadline=None, max_examples=60)
@given(contents())
@example({**CONTENT, "narrative": "长" * LONGEST_NARRATIVE})
@example({**CONTENT, "contact": {"name": "=1+1", "phone": "13800000000"}})
def test_a_report_survives_the_workbook(body: dict[str, Any]) -> None:
    before, wrong = parse_content(FORM, body)
    assert wrong == []

    found = filled(form_book(sheet(before.as_json())))
    after, findings = parse_content(FORM, found.content)

    assert findings == found.findings == []
    assert after == before


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.sampled_from(FORM.codes), COUNTS))
def test_blank_figures_stay_blank_and_zeros_stay_zeros(figures: dict[str, int]) -> None:
    found = filled(form_book(sheet({"figures": figures})))

    assert found.content["figures"] == figures
