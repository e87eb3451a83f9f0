"""`python -m tests.faults [SCENE ...] [--count N] [--seed S]`: what may happen to a run, and that nothing is lost.

Exit status 1 if anything was lost. What may not be played on this machine is reported as not shown.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from tests.faults.scenes import SCENES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.split("\n\n")[0])
    parser.add_argument("scene", nargs="*", help=f"of {', '.join(SCENES)} (default: all)")
    parser.add_argument(
        "--count", type=int, metavar="N", help="how often each is played (default: 200 kills, others less)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="other moments (default: 0)")
    options = parser.parse_args()
    if unknown := set(options.scene) - set(SCENES):
        parser.error(f"no scene is called {', '.join(sorted(unknown))}")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.scene or SCENES:
            play, count = SCENES[name]
            began = time.perf_counter()
            try:
                played = play(Path(folder), options.count or count, np.random.default_rng(options.seed))
                told = f"{played:,} times, nothing lost"
            except PermissionError as error:
                told = f"not shown: {error}"
            except Exception:  # what a scene asserts, a command that hangs, a checkpoint that is damaged
                traceback.print_exc()
                failed, told = failed + 1, "LOST"
            print(f"{name}: {told}, {time.perf_counter() - began:.0f} s", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
