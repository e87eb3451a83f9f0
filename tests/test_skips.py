"""The rule of tests/conftest.py: a skip that is not expected fails the run."""

import os
from pathlib import Path

import pytest

RULE = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("def test_it(): pytest.skip('no GPU: there is none')", 0),
        ("def test_it(): pytest.skip('no browser: there is none')", 0 if not os.environ.get("CI") else 1),
        ("def test_it(): pytest.skip('some day')", 1),
        ("pytest.importorskip('a_module_that_is_not_there')\ndef test_it(): pass", 1),
        ("@pytest.mark.skip\ndef test_it(): pass", 1),
        ("def test_it(): pass", 0),
    ],
)
def test_only_what_the_machine_lacks_may_skip(pytester, body, status):
    pytester.makeconftest(RULE.replace('pytest_plugins = ["pytester"]', ""))
    pytester.makepyfile(f"import pytest\n{body}\ndef test_other(): pass\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert (result.ret != 0) == bool(status)
    if status:
        result.stdout.fnmatch_lines(["*UNEXPECTED SKIP*"])
