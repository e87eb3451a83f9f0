"""`python -m minunet.export`: hand a trained network on, as a small file for `minunet.predict`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from minunet.checkpoint import load_checkpoint, save_small
from minunet.errors import InputError, exit_status
from minunet.model import load_model

DESCRIPTION = """\
Write the network of a run into a file of its own. --small: for minunet.predict, the weights
rounded to 8 bits, a byte a weight and not four.
Exit status: 0 written, 2 something given is wrong.
"""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 written, 2 bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m minunet.export",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the folder of a run, or a checkpoint file")
    parser.add_argument("--small", type=Path, required=True, metavar="FILE", help="where to, ending in .npz")
    options = parser.parse_args(arguments)

    def run() -> int:
        source = options.run / "best.npz" if options.run.is_dir() else options.run
        load_model(source)  # refuses what could not predict
        checkpoint = load_checkpoint(source)
        if options.small.exists():
            raise InputError(f"{options.small} exists already; nothing was written.")
        try:
            save_small(options.small, checkpoint)
        except OSError as error:
            raise InputError(f"{options.small} cannot be written: {error}.") from error
        print(f"wrote {options.small}, {options.small.stat().st_size:,} bytes")
        return 0

    return exit_status(run)


if __name__ == "__main__":
    sys.exit(main())
