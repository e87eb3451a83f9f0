"""Cross-validation: every image is tested once, by a network that never saw it.

Run: python lessons/experiments/folds.py DATA_DIR OUT [OPTIONS of minunet.train]

The images of a folder (see data/README.md) are dealt out to five test.txt, every fifth to each, and
`python -m minunet.train` trains on the rest of each, with its default options or with those given. Lists of the folder
do not count, but where train.txt, val.txt and test.txt are all there: then only the images that they name take part.
OUT gets folds.json, which says of what images and options it is, and fold-0 to fold-4, each with its data/ (links), its
run/ and its log; what is finished there is not done again. The scores of the five and their means are printed in the
end.
"""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from minunet.data.layout import Layout, find_layout
from minunet.errors import InputError, Terminated, exit_status, printable
from minunet.files import locked, remove_unfinished, whole_file

FOLDS = 5
OURS = ("--data-dir", "--out", "--resume")  # options of minunet.train that are different in each fold
# Those that a run does not keep, so that they are said again when it goes on: with a value, and without one.
VALUES = ("--device", "--operations", "--layers", "--threads")
SWITCHES = ("--tf32", "--check-numerics", "--tensorboard")


def main(arguments: list[str]) -> int:
    """A row for each fold. Exit status 0, or 2 for bad input or a training that failed."""
    if len(arguments) < 2:
        raise InputError("folds.py takes a folder of images, a folder for the results, and options of minunet.train.")
    source, out, options = Path(arguments[0]), Path(arguments[1]), arguments[2:]
    if ours := [option for option in options if option.partition("=")[0] in OURS]:
        raise InputError(f"{ours[0]} is different for each fold, and folds.py gives it: leave it out.")
    layout = find_layout(source)
    images = names(layout)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        remember(out, layout, options)
        tests = [result(out / f"fold-{fold}", layout, images[fold::FOLDS], options) for fold in range(FOLDS)]
    rows = [scores(test) for test in tests]
    for fold, row in enumerate(rows):
        print(f"fold {fold}: " + ", ".join(f"{name} {value:.3f}" for name, value in row.items()))
    shared = [name for name in rows[0] if all(name in row for row in rows)]
    print("mean:   " + ", ".join(f"{name} {np.mean([row[name] for row in rows]):.3f}" for name in shared))
    return 0


def names(layout: Layout) -> list[str]:
    """The names of the images. Raises InputError if there are too few, or one cannot stand in a list of images."""
    images, stems = ([image.name for image, _ in layout.pairs], {image.stem for image, _ in layout.pairs})
    if len(images) < FOLDS:
        raise InputError(f"{layout.folder} holds {len(images)} images, and {FOLDS} folds need {FOLDS} at least.")
    for name in images:  # lines of a list are in UTF-8, lose the spaces at their ends, and may leave out the ending
        if printable(name.strip()) != name or name in stems:
            raise InputError(f"No list can name the image {name!r}: call it otherwise, with plain letters and digits.")
    return images


def remember(out: Path, layout: Layout, options: list[str]) -> None:
    """Write down what the results are of. Raises InputError if there are results of something else already."""
    asked = {"source": str(layout.folder.resolve()), "options": options, "files": {}}
    if layout.folder.resolve().is_relative_to(out.resolve()):
        raise InputError(f"The images lie in {out}, in which folds.py makes its folders: choose another one for those.")
    for path in files(layout):
        asked["files"][str(path.relative_to(layout.folder))] = hashlib.blake2b(path.read_bytes()).hexdigest()
    note, text = out / "folds.json", json.dumps(asked, indent=1)
    remove_unfinished(out)
    if any(out.iterdir()) and not ours(note, list(asked)):
        raise InputError(f"{out} holds something else: choose another folder for the results.")
    if not note.is_file() or note.read_bytes() != text.encode():
        if any(out.glob("fold-*/run")):
            raise InputError(f"{out} holds results of other images or options: choose another folder for the results.")
        with whole_file(note) as file:
            file.write(text)


def ours(note: Path, keys: list[str]) -> bool:
    """Whether the file was written by `remember`."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(known, dict) and list(known) == keys


def files(layout: Layout) -> list[Path]:
    """All files of a folder that say something about its images, but for lists."""
    classes = layout.folder / "classes.txt"
    return [path for pair in layout.pairs for path in pair] + [classes] * classes.is_file()


def result(folder: Path, layout: Layout, test: list[str], options: list[str]) -> dict[str, Any]:
    """What test.json says of a fold, which is trained before if it is not finished."""
    run, data = folder / "run", folder / "data"
    for path in (folder, run, data, folder / "log.txt"):
        if path.is_symlink():
            raise InputError(f"{path} is a link, and folds.py makes none there: choose another folder for the results.")
    if not (run / "test.json").exists():
        deal(layout, data, test)
        saved = (run / "last.npz").exists()
        how = ["--resume", run, *not_kept(options)] if saved else ["--out", run, *options]
        train(folder, ["--data-dir", data, *how])
    return json.loads((run / "test.json").read_text(encoding="utf-8"))


def deal(layout: Layout, folder: Path, test: list[str]) -> None:
    """Links to the images and masks of `layout`, and a test.txt of its own."""
    for path in sorted(folder.rglob("*"), reverse=True):  # links, perhaps to other images, if nothing was trained
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif path.is_symlink() or path == folder / "test.txt":
            path.unlink()
        else:
            raise InputError(f"{path} is none of the links that folds.py makes: move it elsewhere.")
    for path in files(layout):
        link = folder / path.relative_to(layout.folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())
    (folder / "test.txt").write_text("".join(f"{name}\n" for name in test), encoding="utf-8")


def not_kept(options: list[str]) -> list[str]:
    """Those of the options that a run does not keep."""
    found = []
    for place, option in enumerate(options):
        if option.partition("=")[0] in VALUES + SWITCHES:
            found += options[place : place + 1 + (option in VALUES)]
    return found


def train(folder: Path, options: list[str | Path]) -> None:
    """Run the training, and what it prints into log.txt. Who stops this command stops that, which saves first."""
    command = [sys.executable, "-m", "minunet.train", *map(str, options)]
    asked: list[int] = []
    started: list[subprocess.Popen] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        for process in started:
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, *Terminated.SIGNALS)}
    try:
        with open(folder / "log.txt", "a", encoding="utf-8") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True))
            if asked:  # before it had begun
                started[0].terminate()
            failed = started[0].wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        print(f"stopped; {log.name} says how far it was saved, and the same command goes on", file=sys.stderr)
        raise SystemExit(128 + asked[0])
    if failed or not (folder / "run" / "test.json").exists():  # --help, say, trains nothing
        raise InputError(f"The training of {folder} failed: see {log.name}.")


def scores(test: dict[str, Any]) -> dict[str, float]:
    """Of test.json what is one number."""
    row = {name: test[name] for name in ("pixel_accuracy", "mean_iou")}
    row |= {f"Rand {name}": value for name, value in test.get("rand_score", {}).items() if value is not None}
    row |= {f"AP {at}": value for at, value in test.get("average_precision", {}).items() if value is not None}
    return row


if __name__ == "__main__":
    sys.exit(exit_status(lambda: main(sys.argv[1:])))
