"""`python -m tests.versions lowest`, or `newest`: the tests of few packages on the ends of what setup.cfg admits.

A fresh virtual environment gets the lowest version of every package that setup.cfg names for the course, or the newest
that there is. `--python` says of which Python: the lowest is 3.11. The exit status is that of the tests; warnings are
errors as everywhere.
"""

import argparse
import configparser
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("reference", "data", "model", "fuzz", "train")
ALONE = ("metrics", "seeds", "files", "threads", "predict", "errors")
LIGHT = [*(f"tests/{name}" for name in ROOMS), *(f"tests/test_{name}.py" for name in ALONE)]
HEAVY = ("tests/train/test_train.py", "tests/train/test_transfer.py")  # need PyTorch or tensorboardX
LEFT_OUT = ("tensorboardx", "takes_no_more_events", "scikit_image")  # and so do tests of these names, or scikit-image
AS_OLD = ["pyparsing < 3.2"]  # of which newer ones warn the lowest Matplotlib


def requirements(lowest: bool) -> list[str]:
    """What setup.cfg needs for the course, and to read state dicts."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    lines = "\n".join([setup["options"]["install_requires"], extras["course"], extras["export"]]).splitlines()
    named = [line.strip() for line in lines if line.strip()]
    return [line.replace(">=", "==") for line in named] + AS_OLD if lowest else named


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=__doc__.split("\n\n")[0])
    parser.add_argument("which", choices=("lowest", "newest"))
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="the Python (default: this one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.python, "-m", "venv", folder], check=True)
        python = str(Path(folder, "bin", "python"))
        install = [python, "-m", "pip", "install", "--quiet", "--upgrade", *requirements(options.which == "lowest")]
        subprocess.run(install, check=True)
        named = "import platform, numpy, scipy, PIL, matplotlib as m; print('Python', platform.python_version(), "
        subprocess.run([python, "-c", f"{named}'NumPy', numpy.__version__, 'SciPy', scipy.__version__, 'Pillow', "
                        "PIL.__version__, 'Matplotlib', m.__version__)"], check=True)  # fmt: skip
        ignored = [f"--ignore={path}" for path in HEAVY]
        command = [
            python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *LIGHT,
            *ignored,
            "-k",
            " and ".join(f"not {name}" for name in LEFT_OUT),
        ]
        return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode


if __name__ == "__main__":
    sys.exit(main())
