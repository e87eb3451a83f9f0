"""Would the tests notice? Small changes are made to the code, one at a time, and the tests that know it must fail.

Run: tests/mutation/run [--sample N] [--seed S] [--folder DIR]     (needs cosmic-ray: pip install -e '.[test,mutation]')

The commit that is checked out is cloned into the folder, and changed there. Without --sample every change is made that
cosmic-ray knows, which takes days; a sample draws places of the code, and for each one change. The session is kept in
the folder: the same command goes on where it was stopped. At the end stand the changes that no test noticed, but for
those of `equivalent.toml`, which change nothing that anybody could see; the exit status is 1 if there are any.
"""

import argparse
import random
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHANGED = (
    "layers", "fast", "blocks.py", "unet.py", "gradient.py", "optim.py", "metrics.py", "data", "model", "train",
    "predict.py", "exchange",
)  # fmt: skip
TIMEOUT = 400  # seconds for the tests of one change: some changes make loops that do not end


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/mutation/run", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--sample", type=int, metavar="N", help="of so many places, drawn at random (default: all changes)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which places are drawn (default: 0)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".mutation", help="of the clone (default: .mutation)")
    options = parser.parse_args()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    name = f"{commit.stdout.strip()}-{f'{options.sample}-{options.seed}' if options.sample else 'all'}"
    clone, session = options.folder.resolve() / name, options.folder.resolve() / f"{name}.sqlite"
    config = clone / "tests" / "mutation" / "config.toml"
    if not session.exists():
        _prepare(clone, session, config, options.sample, random.Random(options.seed))
    print(f"commit {commit.stdout.strip()}, in {clone}", flush=True)
    subprocess.run(["git", "checkout", "--quiet", "--", "minunet"], cwd=clone, check=True)  # if a change was left there
    subprocess.run([*_cosmic_ray(), "exec", str(config), str(session)], cwd=clone, check=True)
    return _report(session)


def _cosmic_ray() -> list[str]:
    return [sys.executable, "-m", "cosmic_ray.cli"]


def _prepare(clone: Path, session: Path, config: Path, sample: int | None, rng: random.Random) -> None:
    """A clone, and the session of what is to be done in it."""
    from cosmic_ray.work_db import WorkDB, use_db

    clone.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(clone, ignore_errors=True)  # half of one
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    modules = ", ".join(f'"minunet/{name}"' for name in CHANGED)
    command = shlex.join([sys.executable, "-m", "tests.mutation.command"])
    config.write_text(
        f"[cosmic-ray]\nmodule-path = [{modules}]\ntimeout = {TIMEOUT}.0\nexcluded-modules = []\n"
        f"test-command = {command!r}\n\n[cosmic-ray.distributor]\nname = 'local'\n"
    )
    # Files that were compiled are told from changed ones by what they hold: two changes within a second look alike.
    compiled = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "minunet", "tests"]
    subprocess.run(compiled, cwd=clone, check=True)
    print("the tests, of the code as it is; they must pass", flush=True)
    files = [f"minunet/{name}" if name.endswith(".py") else f"minunet/{name}/__init__.py" for name in CHANGED]
    subprocess.run([sys.executable, "-m", "tests.mutation.command", *files], cwd=clone, check=True)
    unfinished = session.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    subprocess.run([*_cosmic_ray(), "init", str(config), str(unfinished)], cwd=clone, check=True)
    if sample:
        with use_db(unfinished, WorkDB.Mode.open) as database:
            chosen = _drawn(database.work_items, sample, rng)
            database.clear()
            database.add_work_items(chosen)
    unfinished.rename(session)


def _drawn(items, sample: int, rng: random.Random) -> list:
    """Changes at `sample` places, one at each: of the changes that can be made, nine of ten are of a few operators."""
    places: dict[tuple, list] = {}
    for item in sorted(items, key=lambda item: _key(item.mutations[0])):
        change = item.mutations[0]
        places.setdefault((str(change.module_path), change.start_pos, change.end_pos), []).append(item)
    some = rng.sample(sorted(places), min(sample, len(places)))
    return [rng.choice(places[place]) for place in some]


def _key(change) -> tuple:
    return str(change.module_path), change.start_pos, change.end_pos, change.operator_name, change.occurrence


def _report(session: Path) -> int:
    """Prints what survived; returns how many that should not have."""
    from cosmic_ray.work_db import WorkDB, use_db

    with (HERE / "equivalent.toml").open("rb") as file:
        equivalent = {(each["file"], each["diff"].strip()): each["reason"] for each in tomllib.load(file)["change"]}
    counts: Counter[str] = Counter()
    with use_db(session, WorkDB.Mode.open) as database:
        results = sorted(database.completed_work_items, key=lambda pair: _key(pair[0].mutations[0]))
    for item, result in results:
        path = item.mutations[0].module_path.as_posix()
        lines = [
            line for line in (result.diff or "").splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
        diff = "\n".join(f"{line[0]} {line[1:].strip()}".rstrip() for line in lines)
        if result.test_outcome == "killed" and result.worker_outcome == "normal":
            kind = "noticed"
        elif result.test_outcome == "survived":
            kind = "equivalent" if (path, diff) in equivalent else "not noticed"
        else:
            kind = "not shown"
        counts[kind] += 1
        if kind.startswith("not"):
            print(f"{kind}: {path}\n{diff}\n")
    shown = max(1, counts.total() - counts["not shown"])
    told = ", ".join(f"{counts[kind]} {kind}" for kind in ("noticed", "equivalent", "not noticed", "not shown"))
    print(f"{counts.total()} changes: {told}; noticed of those that could be: {_share(counts, shown):.1%}")
    return int(counts["not noticed"] + counts["not shown"] > 0)


def _share(counts: Counter[str], shown: int) -> float:
    return counts["noticed"] / max(1, shown - counts["equivalent"])


if __name__ == "__main__":
    sys.exit(main())
