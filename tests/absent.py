"""What a test says when a program that it needs is not on the machine: it is skipped, and fails in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def refuse(what_to_install: str) -> NoReturn:
    """Skip the test with the command that helps; a build server that lacks the program has proved nothing."""
    if os.environ.get("CI") == "true":
        pytest.fail(what_to_install)
    pytest.skip(what_to_install)
