"""What all tests share: random generators, a headless browser, and the rule that no test is skipped in silence."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Before NumPy is imported, also by the commands that tests start: networks of the tests are so small that threads of
# BLAS only wait for each other (20 steps: 5.85 seconds of the processor with two of them, 0.67 with one).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of PyTorch, which turn on the spot while they wait

import numpy as np
import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]  # for the test of the rule itself

NO_GPU = "no GPU: "  # the reasons for which a test may be skipped; in CI, there must be a browser
NO_BROWSER = "no browser: "
OTHER_SYSTEM = "not on this system: "
REASONS = (NO_GPU, OTHER_SYSTEM) if os.environ.get("CI") else (NO_GPU, OTHER_SYSTEM, NO_BROWSER)

# The same examples in every run: a test that fails one run in a thousand helps nobody who did not break it. To search
# further: pytest --hypothesis-seed=N with the profile "search", HYPOTHESIS_PROFILE=search.
settings.register_profile("default", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}  # windows of a browser

_unexpected_skips: list[str] = []


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers in every run of a test."""
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _restore_threads() -> Iterator[None]:
    """A test may use another number of threads."""
    from minunet import threads

    before = threads.get_threads()
    yield
    threads.set_threads(before)


@pytest.fixture(scope="module")
def gpu() -> Iterator[None]:
    """CuPy and a GPU; where there is none, the stand-in of tests/cupy_on_cpu.py, if there is g++ for its kernels."""
    from minunet import backend
    from tests import cupy_on_cpu

    if backend.why_no_gpu() is None:
        yield
    elif shutil.which("g++") is None:
        pytest.skip(f"{NO_GPU}nor g++ for the stand-in")
    else:
        with pytest.MonkeyPatch.context() as patch, cupy_on_cpu.installed(patch):
            yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, as the system or Playwright has it."""
    from playwright.sync_api import sync_playwright

    from lessons.site.pdf import launch
    from minunet.errors import InputError

    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except InputError as error:
            pytest.skip(f"{NO_BROWSER}{error}")
        yield browser
        browser.close()


@pytest.fixture
def context(browser) -> Iterator[Any]:
    """Windows of a browser that remembers nothing from other tests, and is light."""
    context = browser.new_context(viewport=DESK, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def tab(context) -> Iterator[Any]:
    with new_tab(context) as page:
        yield page


@contextmanager
def new_tab(context: Any) -> Iterator[Any]:
    """A page of the browser that fails the test for whatever it complains about or asks the network for."""
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))
    page.on("request", lambda request: trouble.append(request.url) if request.url.startswith("http") else None)
    yield page
    page.close()
    assert trouble == []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not any(reason in str(report.longrepr) for reason in REASONS):
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
