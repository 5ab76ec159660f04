"""What every file keeps to: no hosts of registries, no paths of one machine, pinned packages."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from tests.house.repository import texts

REGISTRY = re.compile(
    # Written in pieces, or this file would name them.
    r"pypi\.or" + r"g|pythonhoste" + r"d|registry\.npmj" + r"s|npmmirro" + r"r|crates\.i" + r"o"
    r"|(pypi|mirrors?)\.[a-z0-9-]+\.(edu|com|cn|net)",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.$}/-])/(work|root|home)/[\w.-]+")
SCRATCH = re.compile(r"(?<![\w.$}/-])/tm" + r"p/")

LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"]
FILES = texts()


@pytest.mark.parametrize(
    ("what", "applies"),
    [
        pytest.param(REGISTRY, lambda path: True, id="the host of a registry"),
        pytest.param(MACHINE, lambda path: True, id="a path of one machine"),
        pytest.param(SCRATCH, lambda path: path.endswith(".md"), id="a scratch path in a document"),
    ],
)
def test_no_file_names(what: re.Pattern[str], applies) -> None:
    named = {path: what.search(text) for path, text in FILES.items() if applies(path)}

    assert {path: found.group() for path, found in named.items() if found} == {}


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (REGISTRY, "https://pypi" + ".org/simple"),
        (REGISTRY, "https://mirrors" + ".aliyun.com/pypi"),
        (MACHINE, "see /root" + "/notes"),
        (MACHINE, '"/home' + '/someone"'),
        (SCRATCH, "`/tmp" + "/x`"),
    ],
)
def test_a_forbidden_name_is_seen(what: re.Pattern[str], text: str) -> None:
    assert what.search(text)


def pins(name: str) -> dict[str, str]:
    """The packages of a lock file and the version of each."""
    return dict(re.findall(r"^([\w.-]+)==([\w.+!]+)", FILES[name], re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_by_hash_and_names_no_address(name: str) -> None:
    entries = re.split(r"\n(?=\w)", FILES[name].split("make lock\n", 1)[1])

    assert "://" not in FILES[name]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(("smaller", "larger"), [(LOCKS[0], LOCKS[1]), (LOCKS[1], LOCKS[2])])
def test_tests_and_benchmarks_run_what_is_shipped(smaller: str, larger: str) -> None:
    assert pins(smaller).items() <= pins(larger).items()


def test_every_dependency_says_what_it_is_for() -> None:
    project = FILES["pyproject.toml"]
    named = re.findall(r'^    "[a-zA-Z][^"]*[<>=~][^"]*",.*$', project, re.MULTILINE)
    declared = tomllib.loads(project)
    groups = [item for group in declared["dependency-groups"].values() for item in group]

    assert len(named) == len(declared["project"]["dependencies"]) + sum(isinstance(g, str) for g in groups)
    assert [line for line in named if not re.search(r"# \S", line)] == []


def test_the_changelog_opens_with_this_version_or_the_next() -> None:
    version = tomllib.loads(FILES["pyproject.toml"])["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", FILES["CHANGELOG.md"], re.MULTILINE)

    assert headings[0] == "Unreleased"
    assert version in headings[:2] or len(headings) == 1


VISITORS_LOOK_FOR = {
    "README.md",
    "README.zh.md",
    "LICENSE",
    "NOTICE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
}


def test_a_visitor_finds_what_one_looks_for() -> None:
    assert FILES.keys() >= VISITORS_LOOK_FOR


PERMISSIVE = re.compile(r"MIT|BSD|Apache|ISC|PSF|freely", re.IGNORECASE)
"""Words of licences that ask for a notice at most; "freely" is zlib's."""


def licence(package: str) -> str:
    """What a package says of its licence: its metadata or the text beside it; nothing if not installed."""
    try:
        found = distribution(package)
    except PackageNotFoundError:  # it belongs to another platform
        return ""
    told = found.metadata
    classes = [line for line in told.get_all("Classifier") or [] if line.startswith("License")]
    stated = [told.get("License-Expression") or "", told.get("License") or "", *classes]
    return "".join(stated) or "".join(f.read_text() for f in found.files or [] if f.name == "LICENSE")


def test_every_licence_that_is_not_permissive_is_in_the_notice() -> None:
    asked = {name: licence(name) for name in pins(LOCKS[0])}
    strict = {name for name, text in asked.items() if text and not PERMISSIVE.search(text)}

    assert strict == {"psycopg", "psycopg-binary"}
    assert strict == set(re.findall(r"psycopg[\w-]*", FILES["NOTICE.md"]))
