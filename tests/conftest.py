"""What all tests share: random generators, hypothesis settings, and the rule that no test is skipped in silence."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]  # for the test of the rule itself

NO_GPU = "no GPU: "  # the only reason for which a test may be skipped

# The same examples in every run: a test that fails one run in a thousand helps nobody who did not break it. To search
# further: pytest --hypothesis-seed=N with the profile "search", HYPOTHESIS_PROFILE=search.
settings.register_profile("default", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_unexpected_skips: list[str] = []


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers in every run of a test."""
    return np.random.default_rng(0)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and NO_GPU not in str(report.longrepr):
        _unexpected_skips.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _unexpected_skips.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _unexpected_skips and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in _unexpected_skips:
        terminalreporter.write_line(f"UNEXPECTED SKIP: {name}", red=True)
