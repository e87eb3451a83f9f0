"""What may happen to a run: killed, a full disk, a folder that is gone or read-only, two at once, Ctrl-C in a save.

Each scene plays with commands of their own in a folder, and returns how often it was played. It raises AssertionError
when anything was lost: a file that is neither the old one nor the new one, a run that does not go on to the same bits,
a traceback, or one that hangs.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from minunet.errors import exit_status
from minunet.model import checkpoint
from minunet.model.checkpoint import load_checkpoint, save_checkpoint
from tests.train.runs import assert_same_run

ROOT = Path(__file__).parents[2]
TRAIN = [sys.executable, "-m", "minunet.train", "--device", "cpu", "--threads", "1"]
EPOCHS = 12
NEW = ["--size", "16", "--base", "4", "--depth", "2", "--set", "count=12", "--batch-size", "4", "--epochs", str(EPOCHS)]
PATIENCE = 120  # seconds after which a command hangs


def start(*options: str, limit: int | None = None) -> subprocess.Popen:
    """A training, with the bytes of memory that it may take, if they are limited."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    limited = ["prlimit", f"--as={limit}"] if limit else []
    return subprocess.Popen([*limited, *TRAIN, *options], env=environment, text=True, **pipes)


def end(process: subprocess.Popen, *expected: int) -> str:
    """What a command printed; it ends by itself, with one of the expected statuses, and without a traceback."""
    try:
        printed, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode in expected and "Traceback" not in printed, (process.returncode, printed)
    return printed


def go_on(run: Path) -> subprocess.Popen:
    """A run that was stopped, or, if it had not been saved yet, from its beginning."""
    return start("--resume", str(run)) if (run / "last.npz").exists() else start(*NEW, "--out", str(run))


def straight(folder: Path) -> Path:
    """A run that nothing happens to."""
    run = folder / "straight"
    if not run.exists():
        end(start(*NEW, "--out", str(run)), 0)
    return run


def kills(folder: Path, count: int, rng: np.random.Generator) -> int:
    """SIGKILL at random moments, and every other time while a file is being written; until `count` have hit."""
    whole, killed = straight(folder), 0
    run = folder / "killed"
    while killed < count:
        shutil.rmtree(run, ignore_errors=True)
        while True:
            process = go_on(run)
            _wait(process, run, writing=killed % 2 == 1, seconds=rng.uniform(0.1, 2.5))
            if killed == count or process.poll() is not None:
                end(process, 0)
                break
            process.kill()
            process.communicate()
            killed += 1
            for name in ("last.npz", "best.npz"):
                if (run / name).exists():
                    load_checkpoint(run / name)  # it is whole
        assert_same_run(whole, run)
    return killed


def _wait(process: subprocess.Popen, run: Path, writing: bool, seconds: float) -> None:
    """For some time; or, if it is to be `writing`, until a file of the run is half written, at some moment then."""
    time.sleep(seconds)
    while writing and process.poll() is None and not any(run.glob(".*.unfinished")):
        pass
    time.sleep(seconds / 1000 if writing else 0)


def full_disk(folder: Path, count: int, rng: np.random.Generator) -> int:
    """A disk that becomes full somewhere: a sentence; and when there is room again, the run goes on."""
    whole = straight(folder)
    needed = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())
    for _ in range(count):
        with small_disk(folder / "disk", 2 * needed + (1 << 20)) as disk:
            free = shutil.disk_usage(disk).free
            (disk / "filler").write_bytes(b"x" * (free - int(rng.uniform(0, 1.2) * needed)))
            printed = end(start(*NEW, "--out", str(disk / "run")), 0, 2)
            (disk / "filler").unlink()
            assert "minunet: " not in printed or "No space left" in printed, printed
            if not (disk / "run" / "last.npz").exists():
                shutil.rmtree(disk / "run", ignore_errors=True)
            end(go_on(disk / "run"), 0)
            assert_same_run(whole, disk / "run")
    return count


def read_only(folder: Path, count: int, rng: np.random.Generator) -> int:
    """A disk that becomes read-only while the run goes on, as disks do that break."""
    whole = straight(folder)
    for _ in range(count):
        with small_disk(folder / "disk", 1 << 24) as disk:
            process = start(*NEW, "--out", str(disk / "run"))
            _wait_for_epochs(process, disk / "run", int(rng.integers(1, EPOCHS // 2)))
            while subprocess.run(["mount", "-o", "remount,ro", str(disk)], capture_output=True).returncode:
                assert process.poll() is None, "it ended before the disk could become read-only, which was busy"
            printed = end(process, 2)
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            assert "Read-only file system" in printed, printed
            end(go_on(disk / "run"), 0)
            assert_same_run(whole, disk / "run")
    return count


def gone(folder: Path, count: int, rng: np.random.Generator) -> int:
    """The folder of a run is removed, or moved away, while it goes on: a sentence; a moved one goes on where it is."""
    whole, run, moved = straight(folder), folder / "gone", folder / "moved"
    for number in range(count):
        for path in (run, moved):
            shutil.rmtree(path, ignore_errors=True)
        process = start(*NEW, "--out", str(run))
        _wait_for_epochs(process, run, int(rng.integers(1, EPOCHS // 2)))
        run.rename(moved)
        if number % 2:
            shutil.rmtree(moved)
        printed = end(process, 2)
        assert "The folder of the run is gone" in printed and not run.exists(), printed
        if moved.exists():
            end(go_on(moved), 0)
            assert_same_run(whole, moved)
    return count


def _wait_for_epochs(process: subprocess.Popen, run: Path, epochs: int) -> None:
    """Until so many rows stand in the table of a run."""
    table, until = run / "metrics.csv", time.monotonic() + PATIENCE
    while not (table.exists() and len(table.read_text().splitlines()) > epochs):
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.001)


def two_runs(folder: Path, count: int, rng: np.random.Generator) -> int:
    """Two at once in one folder: one of them trains, the other is refused."""
    whole, run, half = straight(folder), folder / "both", folder / "half"
    process = start(*NEW, "--out", str(half))
    _wait_for_epochs(process, half, 2)
    process.kill()
    process.communicate()
    for number in range(count):
        shutil.rmtree(run, ignore_errors=True)
        if number % 2:  # every other time it had begun before
            shutil.copytree(half, run)
        one = go_on(run)
        time.sleep(rng.uniform(0, 0.3))
        other = start("--resume", str(run)) if number % 2 else start(*NEW, "--out", str(run))
        printed = [end(process, 0, 2) for process in (one, other)]
        assert sorted((one.returncode, other.returncode)) == [0, 2], printed
        assert_same_run(whole, run)
    return count


def interrupted_saves(folder: Path, count: int, rng: np.random.Generator) -> int:
    """Ctrl-C at a line of a save, at every one if `count` is as large: the file is the old one, or the new one."""
    run = load_checkpoint(straight(folder) / "last.npz")
    path = folder / "save.npz"
    lines = _lines_of_a_save(path, run, stop=None)
    chosen = range(lines) if count >= lines else sorted(rng.choice(lines, count, replace=False).tolist())
    for number in chosen:
        run.step = 0
        save_checkpoint(path, run)
        run.step = 1
        _lines_of_a_save(path, run, stop=number)
        assert load_checkpoint(path).step in (0, 1)
        for left_over in folder.glob(".*.unfinished"):  # the next run removes it
            left_over.unlink()
    return len(chosen)


def _lines_of_a_save(path: Path, run: checkpoint.Checkpoint, stop: int | None) -> int:
    """How many lines Python runs while it saves; the one of number `stop` is interrupted."""
    passed = 0

    def trace(frame, event, argument):
        nonlocal passed
        if event == "line":
            if passed == stop:
                passed += 1
                raise KeyboardInterrupt
            passed += 1
        return trace

    def save() -> int:
        sys.settrace(trace)
        try:
            save_checkpoint(path, run)
        finally:
            sys.settrace(before)
        return 0

    before = sys.gettrace()
    with contextlib.redirect_stderr(said := io.StringIO()):
        status = exit_status(save)  # as every command ends
    assert (status, said.getvalue()) in ((0, ""), (130, "\nminunet: stopped\n")), (stop, said.getvalue())
    return passed


def little_memory(folder: Path, count: int, rng: np.random.Generator) -> int:
    """A process that may take only so much: a sentence, whoever notices it first, or all goes well."""
    run = folder / "little"
    for limit in np.linspace(1000, 100, count).astype(int).tolist():
        shutil.rmtree(run, ignore_errors=True)
        large = ["--size", "96", "--base", "32", "--batch-size", "16", "--epochs", "1", "--set", "count=32"]
        process = start(*large, "--out", str(run), limit=limit << 20)
        printed = end(process, 0, 2)
        assert process.returncode == 0 or "memory" in printed or "new thread" in printed, (limit, printed)
    return count


def many_steps(folder: Path, count: int, rng: np.random.Generator) -> int:
    """2,000 steps in 200 epochs: after the first tenth, memory grows by less than a twentieth."""
    run, held = folder / "many", []
    process = start(*NEW, "--out", str(run), "--batch-size", "2", "--epochs", "200", "--set", "count=20")
    for epochs in (20, 199):
        _wait_for_epochs(process, run, epochs)
        status = Path(f"/proc/{process.pid}/status").read_text()
        held.append(int(status.split("VmRSS:")[1].split()[0]))
    end(process, 0)
    assert held[1] < 1.05 * held[0], f"{held[0]} and {held[1]} KiB"
    return load_checkpoint(run / "last.npz").step


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of so many bytes. Raises PermissionError where none may be mounted."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        raise PermissionError(mounted.stderr.decode().strip() or "no tmpfs may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


SCENES = {  # and how often each is played by the command
    "kills": (kills, 200),
    "full disk": (full_disk, 20),
    "read-only disk": (read_only, 10),
    "folder gone": (gone, 10),
    "two runs": (two_runs, 10),
    "interrupted saves": (interrupted_saves, 10**9),
    "little memory": (little_memory, 20),
    "many steps": (many_steps, 1),
}
