"""The strict loader: what it accepts, what it refuses, and that nothing surprises it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from time import process_time
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.api.findings import MAX_FINDINGS
from app.api.strict_json import BAD_TEXT_PATTERN, MAX_INTEGER, Loaded, Unusable, load, rewrite
from app.errors import Finding, Malformed, Problem, UnsupportedMedia


def refusal(body: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        load(body)
    return caught.value


def places(loaded: Loaded | Problem) -> dict[str, str]:
    return {found.pointer: found.code for found in loaded.findings}


@pytest.mark.parametrize(
    "literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400 + ".5"]
)
def test_row_01_a_number_that_is_not_finite_is_found_and_marked(literal: str) -> None:
    loaded = load(f'{{"figures":{{"a":{literal},"b":2}}}}'.encode())

    assert places(loaded) == {"/figures/a": "number-not-finite"}
    assert loaded.value["figures"]["a"].code == "number-not-finite"
    assert loaded.value["figures"]["b"] == 2


@pytest.mark.parametrize("escape", ["\\ud800", "\\udfff", "\\udc00\\ud800", "a\\ud83dz"])
def test_row_02_a_lone_surrogate_is_invalid_text_in_values_and_in_names(escape: str) -> None:
    loaded = load(f'{{"text":"{escape}","{escape}":1,"ok":[true]}}'.encode())

    assert places(loaded) == {"/text": "invalid-text", "": "invalid-text"}
    assert loaded.value["ok"] == [True]
    json.dumps(rewrite(loaded).decode())


@pytest.mark.parametrize(
    "text",
    [
        "\\u0000",
        "\\u0007",
        "\\b",
        "\\f",
        "a\\rb",
        "\\u001b[31m",
        "\\u202e",
        "\u202e",
        "\u2066",
        "\x7f",
        "\x9b",
        "\uffff",
    ],
)
def test_row_03_control_characters_and_bidi_overrides_are_invalid_text(text: str) -> None:
    loaded = load(f'{{"narrative":"x{text}"}}'.encode())

    assert places(loaded) == {"/narrative": "invalid-text"}
    assert loaded.value["narrative"].code == "invalid-text"


@pytest.mark.parametrize(
    "text", ["第一行\\n\\t第二行", "a\\/b\\\\u0000", "\\ud83d\\ude00", "\u200e\u0627", "\\u4e2d"]
)
def test_line_feeds_tabs_escapes_and_marks_of_direction_are_text(text: str) -> None:
    body = f'{{"narrative":"{text}"}}'.encode()

    assert load(body)[:2] == (json.loads(body), [])


def test_text_is_normalised_and_windows_line_ends_become_line_feeds() -> None:
    loaded = load('{"a":"e\u0301\\r\\nx","e\u0301":1}'.encode())

    assert loaded == Loaded({"a": "\u00e9\nx", "\u00e9": 1}, [], True)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ('{"a":1,"a":1}', {"/a"}),
        ('{"x":[{"a":1,"b":2,"a":3,"b":4}]}', {"/x/0/a", "/x/0/b"}),
        ('{"a":1,"\\u0061":2}', {"/a"}),
        ('{"\u00e9":1,"e\u0301":2}', {"/\u00e9"}),
        ('{"a/b~":1,"a/b~":2}', {"/a~1b~0"}),
    ],
)
def test_row_04_a_repeated_member_is_refused_with_its_pointer(body: str, pointers: set[str]) -> None:
    problem = refusal(body.encode())

    assert (problem.status, problem.code) == (400, "duplicate-member")
    assert set(places(problem)) == pointers


def test_a_repeated_member_is_reported_together_with_everything_else() -> None:
    problem = refusal(b'{"a":1,"a":NaN,"b":1e999}')

    assert [found.code for found in problem.findings] == [
        "duplicate-member",
        "number-not-finite",
        "number-not-finite",
    ]


@pytest.mark.parametrize(
    "literal", [str(MAX_INTEGER + 1), str(-MAX_INTEGER - 1), "9" * 21, "9" * 5000, "-" + "1" * 400]
)
def test_rows_05_and_06_an_integer_that_is_not_exact_everywhere_is_out_of_range(literal: str) -> None:
    loaded = load(f"[{literal}]".encode())

    assert places(loaded) == {"/0": "number-out-of-range"}
    assert loaded.value[0].code == "number-out-of-range"


@pytest.mark.parametrize("number", [MAX_INTEGER, -MAX_INTEGER, 0, 10**15, 1.5, 1e308])
def test_exact_integers_and_finite_fractions_are_kept(number: float) -> None:
    loaded = load(json.dumps([number]).encode())

    assert (loaded.value, loaded.findings) == ([number], [])
    assert type(loaded.value[0]) is type(number)


@pytest.mark.parametrize(
    ("literal", "number"), [("12.0", 12), ("1e3", 1000), ("-0.0", 0), ("9007199254740991.0", 2**53 - 1)]
)
def test_a_number_without_a_fraction_is_an_integer_however_it_is_written(literal: str, number: int) -> None:
    assert repr(load(f"[{literal}]".encode()).value) == repr([number])


@pytest.mark.parametrize(
    "body",
    ["[" * 33 + "]" * 33, "[" * 200_000, '{"a":' * 33 + "1" + "}" * 33, '[{"a":' * 17 + "1" + "}]" * 17],
)
def test_row_07_nesting_beyond_32_levels_is_refused(body: str) -> None:
    problem = refusal(body.encode())

    assert (problem.status, problem.code) == (400, "json-too-deep")


def test_nesting_of_32_levels_and_any_width_is_accepted() -> None:
    body = ("[" * 32 + "]" * 32).encode()
    wide = json.dumps([[{}] for _ in range(100)]).encode()

    assert load(body).findings == []
    assert load(wide).value == [[{}] for _ in range(100)]


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-16-be"),
        '{"a":1}'.encode("utf-32"),
        '{"a":1}'.encode("utf-8-sig"),
        '{"a":"\u5317\u4eac"}'.encode("gb18030"),
        b'"\xff"',
        b'"\xed\xa0\x80"',
    ],
)
def test_row_12_any_encoding_but_plain_utf_8_is_an_unsupported_media_type(body: bytes) -> None:
    assert isinstance(refusal(body), UnsupportedMedia)


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ("", 1, 1),
        ("{", 1, 2),
        ('{"a":tru}', 1, 6),
        ('\n {"a":\n  x}', 3, 3),
        ("[1,]", 1, 4),
        ("[01]", 1, 3),
        ("{} {}", 1, 3),
        ("'a'", 1, 1),
        ('["a\tb"]', 1, 4),
        ("[\uff11]", 1, 2),
        ("[+1]", 1, 2),
        ("nan", 1, 1),
    ],
)
def test_bad_syntax_is_refused_with_its_line_and_column(body: str, line: int, column: int) -> None:
    problem = refusal(body.encode())

    assert (problem.status, problem.code) == (400, "malformed-json")
    assert dict(problem.findings[0].values) == {"line": line, "column": column}


def test_everything_wrong_comes_at_once() -> None:
    loaded = load(b'{"figures":{"a":NaN,"b":99999999999999999999},"texts":["ok","\\u0000",{"\\u0001":1}]}')

    assert places(loaded) == {
        "/figures/a": "number-not-finite",
        "/figures/b": "number-out-of-range",
        "/texts/1": "invalid-text",
        "/texts/2": "invalid-text",
    }


def test_a_pointer_never_repeats_a_long_name() -> None:
    name = "13800000000" * 30

    assert places(load(f'{{"figures":{{"{name}":NaN}}}}'.encode())) == {"/figures": "number-not-finite"}


MIB = 1 << 20
HEAVY = {
    "a letter with countless accents": '["a' + "\u0301\u0323" * (MIB // 4) + '"]',
    "accents of the second plane": '["a' + "\U0001d165\U0001d16d" * (MIB // 8) + '"]',
    "accents in escapes": '["a' + "\\u0301\\u0323" * (MIB // 12) + '"]',
    "accents in a name": '{"a' + "\u0301\u0323" * (MIB // 4) + '":1}',
    "vowel signs that are taken apart": '["\u0f40' + "\u0f73" * (MIB // 3 - 8) + '"]',
    "no numbers": "[" + "NaN," * (MIB // 4) + "1]",
    "a long number": "[" + "9" * MIB + "]",
    "a long fraction": "[0." + "9" * MIB + "]",
    "many names twice": "{" + ",".join(f'"{n % 50_000}":1' for n in range(90_000)) + "}",
    "one name often": "{" + '"a":1,' * (MIB // 6) + '"a":1}',
    "bad text": "[" + '"\\u0000",' * (MIB // 9) + "1]",
    "empty lists": "[" + "[]," * (MIB // 3) + "1]",
    "open lists": "[" * MIB,
    "open strings": '"' * MIB,
}


@pytest.mark.parametrize("body", HEAVY.values(), ids=HEAVY)
def test_no_body_of_a_megabyte_takes_long_or_gives_endless_findings(body: str) -> None:
    started = process_time()
    try:
        findings: Sequence[Finding] = load(body.encode()).findings
    except Problem as problem:
        findings = problem.findings

    assert len(findings) <= MAX_FINDINGS
    assert process_time() - started < 5


def test_thirty_accents_are_text_and_more_are_not() -> None:
    assert load(f'["a{chr(0x323) * 30}"]'.encode()).findings == []
    assert places(load(f'["a{chr(0x323) * 31}"]'.encode())) == {"/0": "invalid-text"}


def test_only_so_many_findings_are_kept_and_the_answer_says_so() -> None:
    problem = refusal(b"[" + b"NaN," * 2000 + b"1]")

    assert (problem.status, problem.code) == (422, "number-not-finite")
    assert len(problem.findings) == MAX_FINDINGS
    assert problem.members == {"truncated": True}


@pytest.mark.parametrize("value", [math.pi, "x", [], {}, None, True])
def test_a_marked_value_becomes_null_when_it_is_written_again(value: object) -> None:
    loaded = load(json.dumps([value, math.nan]).encode())

    assert json.loads(rewrite(loaded)) == [value, None]


@given(st.binary(max_size=200))
@example(b"\x00")
@example(b"[" * 200)
@example(b'{"a":1,"a":"\\ud800"}')
def test_arbitrary_bytes_are_read_or_refused_and_never_crash(body: bytes) -> None:
    with suppress(Malformed, UnsupportedMedia):
        rewrite(load(body))


GOOD_TEXT = (
    st.text().map(lambda text: normalize("NFC", text)).filter(lambda t: not BAD_TEXT_PATTERN.search(t))
)
GOOD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | GOOD_TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(GOOD_TEXT, inner, max_size=5),
    max_leaves=30,
)


@given(GOOD, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_good_json_reads_as_the_standard_library_reads_it(
    value: object, is_ascii: bool, indent: object
) -> None:
    body = json.dumps(value, ensure_ascii=is_ascii, indent=indent).encode()  # type: ignore[arg-type]

    loaded = load(body)
    assert (loaded.value, loaded.findings) == (json.loads(body), [])
    assert json.loads(rewrite(loaded) if loaded.is_changed else body) == loaded.value


ODD = st.recursive(
    st.floats() | st.integers(-(10**25), 10**25) | st.text() | st.just(Unusable("x")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(ODD, st.booleans())
def test_whatever_passes_without_findings_is_safe_to_store(value: object, is_ascii: bool) -> None:
    body = json.dumps(value, ensure_ascii=is_ascii, default=lambda _: "e\u0301").encode(
        errors="surrogatepass"
    )
    try:
        loaded = load(body)
    except Problem:
        return

    assert loaded.findings or is_safe(loaded.value)


def is_safe(node: object) -> bool:
    if isinstance(node, dict):
        return all(is_safe(name) and is_safe(child) for name, child in node.items())
    if isinstance(node, list):
        return all(map(is_safe, node))
    if isinstance(node, str):
        return not BAD_TEXT_PATTERN.search(node) and normalize("NFC", node) == node and "\r" not in node
    if isinstance(node, int):
        return abs(node) <= MAX_INTEGER
    return not isinstance(node, Unusable) and (node is None or math.isfinite(node))  # type: ignore[arg-type]
