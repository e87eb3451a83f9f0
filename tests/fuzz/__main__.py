"""`python -m tests.fuzz [TARGET ...] [--count N] [--seed S]`: damaged files by the thousand, and not one traceback.

What fails is made as small as it can be, and written to tests/fuzz/found/TARGET/, where the tests find it from then on.
Exit status 1 if anything failed.
"""

import argparse
import contextlib
import hashlib
import io
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.targets import TARGETS, Target, survive

FOUND = Path(__file__).parent / "found"


def fuzz(target: Target, count: int, number: int, folder: Path) -> tuple[int, bytes | None, BaseException | None]:
    """How many files were tried; and the simplest that failed, with its error."""
    tried, last = 0, b""

    @seed(number)
    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False,
    )  # fmt: skip
    @given(target.files())
    def attempt(data: bytes) -> None:
        nonlocal tried, last
        tried, last = tried + 1, data
        survive(target, folder, data)

    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            attempt()
    except Exception as error:
        return tried, last, error
    return tried, None, None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.split("\n\n")[0])
    parser.add_argument("target", nargs="*", choices=[*TARGETS, []], help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--count", type=int, default=100_000, metavar="N", help="files of each (default: 100000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="other files (default: 0)")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="PIL")  # as the commands do
    failed = 0
    for name in options.target or TARGETS:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            (inner := Path(folder, "inside")).mkdir()
            tried, data, error = fuzz(TARGETS[name], options.count, options.seed, inner)
        told = "not one traceback"
        if data is not None and error is not None:
            failed += 1
            path = FOUND / name / hashlib.blake2b(data, digest_size=6).hexdigest()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            traceback.print_exception(error)
            told = f"{type(error).__name__}, by {path}"
        print(f"{name}: {tried:,} files in {time.perf_counter() - start:.0f} s, {told}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
