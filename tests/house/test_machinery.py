"""What surrounds the code: the container, the build server's script, the installation of programs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.repository import GIT, ROOT, tracked

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text()
STEPS = re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def steps(instruction: str) -> list[str]:
    """The arguments of every step of one kind, continuation lines joined."""
    return [re.sub(r"\s*\\\n\s*", " ", rest) for name, rest in STEPS if name == instruction]


def copied() -> list[str]:
    """What the image takes from the repository."""
    return [source for step in steps("COPY") if "--from" not in step for source in step.split()[:-1]]


def test_the_image_copies_only_what_exists_and_is_let_through() -> None:
    let_through = [line[1:] for line in IGNORED.splitlines() if line.startswith("!")]

    assert [name for name in copied() if not (ROOT / name).exists()] == []
    assert sorted(let_through) == sorted(copied())


def test_the_image_is_given_no_compiled_files() -> None:
    assert IGNORED.splitlines()[-2:] == ["**/__pycache__", "**/*.pyc"]


def test_the_image_is_built_in_two_stages_on_one_pinned_base() -> None:
    assert steps("FROM") == ["${BASE} AS build", "${BASE} AS run"]
    assert "BASE=python:3.11-slim-bookworm" in steps("ARG")[0]
    assert [step.split()[0] for step in steps("COPY") if "--from" in step] == ["--from=build"]


def test_the_image_installs_the_hashed_lock_with_our_uv() -> None:
    makefile = (ROOT / "Makefile").read_text()
    version = re.search(r"UV_VERSION := (.+)", makefile)

    assert re.search(r"uv pip sync --require-hashes .*requirements\.lock", DOCKERFILE)
    assert version
    assert f"UV_VERSION={version.group(1)}" in steps("ARG")


def test_the_container_runs_as_a_numbered_user_who_owns_only_data() -> None:
    run = DOCKERFILE.split(" AS run", 1)[1]

    assert steps("USER") == ["10001:10001"]
    assert steps("VOLUME") == ["/data"]
    assert "chown" not in run
    assert re.findall(r"install -d -o 10001 -g 10001 (\S+)", run) == ["/data"]


def test_the_container_is_checked_by_python_and_started_without_a_shell() -> None:
    assert "/health/live" in steps("HEALTHCHECK")[0]
    assert all(step.startswith("[") for step in [*steps("ENTRYPOINT"), *steps("CMD")])
    assert 'CMD ["python"' in steps("HEALTHCHECK")[0]


def test_the_image_is_labelled_with_this_version_and_licence() -> None:
    labels = dict(re.findall(r'org\.opencontainers\.image\.([\w.]+)="(.*?)"', DOCKERFILE))

    assert f"VERSION={PROJECT['project']['version']}" in steps("ARG")
    assert labels["licenses"] == PROJECT["project"]["license"]
    assert labels["description"] == PROJECT["project"]["description"]
    assert {"title", "version", "revision", "created", "source", "documentation", "vendor"} <= labels.keys()


def test_the_wheel_takes_the_migrations_along() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert wheel["packages"] == ["app"]
    assert wheel["force-include"] == {"migrations": "app/migrations"}


@pytest.mark.parametrize("script", [".ci/run", ".ci/system"])
def test_a_script_can_be_run_as_cloned(script: str) -> None:
    mode = subprocess.run(
        [*GIT, "ls-files", "--stage", script],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    assert Path(script) in tracked(".ci")
    assert mode.startswith("100755")


def run_with(programs: dict[str, str], folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command that finds our stand-ins, shell scripts, before the real programs."""
    for name, body in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    path = f"{folder}:/usr/bin:/bin"
    return subprocess.run(
        command, cwd=ROOT, env={"PATH": path}, capture_output=True, check=False, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("printed", "status", "last"),
    [
        ("12 passed in 3.45s", 0, "12 passed in 3.45s"),
        (
            "1 failed, 11 passed in 3.45s\nmake: *** [Makefile:1: test] Error 1",
            2,
            "1 failed, 11 passed in 3.45s",
        ),
        ("2 errors in 0.45s\nmake: *** Error 2", 2, "2 errors in 0.45s"),
        ("Found 3 errors.\nmake: *** [Makefile:1: test] Error 1", 2, "make test ended before the tests"),
    ],
)
def test_the_build_server_fails_with_make_and_ends_with_the_summary(
    printed: str, status: int, last: str, tmp_path: Path
) -> None:
    make = f"cat <<'END'\n{printed}\nEND\nexit {status}"

    done = run_with({"make": make}, tmp_path, ".ci/run")

    assert done.returncode == status
    assert done.stdout.splitlines()[-1] == last


def test_a_missing_program_is_installed_by_root(tmp_path: Path) -> None:
    programs = {"id": "echo 0", "apt-get": f'echo "$@" >> {tmp_path}/called'}

    done = run_with(programs, tmp_path, ".ci/system", "sh", "no-such-program")

    assert done.returncode == 0
    assert (tmp_path / "called").read_text().splitlines() == [
        "update -qq",
        "install -y --no-install-recommends no-such-program -qq",
    ]


def test_a_missing_program_is_named_to_anybody_else(tmp_path: Path) -> None:
    done = run_with({"id": "echo 1000", "apt-get": "exit 9"}, tmp_path, ".ci/system", "no-such-program")

    assert done.returncode == 1
    assert "apt-get install -y --no-install-recommends no-such-program" in done.stderr


def test_make_help_names_every_target(tmp_path: Path) -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    told = run_with({}, tmp_path, "make", "help").stdout

    assert phony
    assert {line.split()[0] for line in told.splitlines()} == set(phony.group(1).split())


def test_what_the_image_copies_is_enough_to_start(tmp_path: Path) -> None:
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))

    done = subprocess.run(
        [sys.executable, "-m", "app", "init"],
        cwd=tmp_path,
        env={"YUEBAO_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "yuebao.sqlite3").exists()
