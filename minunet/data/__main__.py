"""`python -m minunet.data pets`: fetch a data set."""

import sys
from pathlib import Path

from minunet.commands import Parser
from minunet.data.download import Archive, fetch
from minunet.data.pets import ADDRESS, FOLDER
from minunet.errors import exit_status

FILES = {  # bytes and SHA256
    "images": (791_918_971, "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d"),
    "annotations": (19_173_078, "52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91"),
}
ARCHIVES = tuple(Archive(f"{ADDRESS}data/{name}.tar.gz", *about, name) for name, about in FILES.items())

DESCRIPTION = """\
Download a data set and unpack it where the preset of its name looks for it.
  pets   the Oxford-IIIT Pet photographs, 7,349 images, 0.8 GB, CC BY-SA 4.0
A download that was cut off goes on where it stopped; the hashes of the archives are checked.
Exit status: 0 it is there, 2 something went wrong, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 it is there, 2 something went wrong, 130 or 143 stopped by Ctrl-C or SIGTERM."""
    parser = Parser(prog="python -m minunet.data", description=DESCRIPTION)
    parser.add_argument("name", choices=["pets"], help="the data set")
    parser.add_argument("--data-dir", type=Path, default=FOLDER, metavar="DIR", help=f"where to (default: {FOLDER})")
    options = parser.parse_args(arguments)

    def run() -> int:
        fetch(ARCHIVES, options.data_dir)
        print(f"train with: python -m minunet.train --preset {options.name} --data-dir {options.data_dir}")
        return 0

    return exit_status(run)


if __name__ == "__main__":
    sys.exit(main())
