"""Archives: a byte that is not what was written is noticed, wherever it stands."""

import zipfile

import numpy as np
import pytest

from minunet import InputError, UNet
from minunet.model.archive import read_archive, write_archive
from minunet.model.checkpoint import Checkpoint, load_checkpoint, row_names, same_run, save_checkpoint, save_weights
from minunet.model.config import Config

META = {"config": {"lr": 0.1 + 0.2, "class_weight": (1, 2)}, "nothing": float("nan"), "classes": ["a", "größer"]}


def arrays_of(rng):
    shapes = {"params/a": (3, 4), "params/b": (5,), "average/a": (3, 4), "optimizer/t": ()}
    return {name: np.asarray(rng.standard_normal(shape), "float32") for name, shape in shapes.items()}


def test_what_was_written_comes_back(tmp_path, rng):
    arrays = arrays_of(rng)
    for compressed in (False, True):
        write_archive(tmp_path / "a.npz", META, arrays, compressed)
        meta, back = read_archive(tmp_path / "a.npz")
        assert meta["config"] == {"lr": 0.1 + 0.2, "class_weight": [1, 2]} and "digest" not in meta
        assert back.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(back[name], array)


@pytest.mark.parametrize("name", ["params/a.npy", "optimizer/readme.txt"])
def test_members_that_are_no_arrays_are_refused(tmp_path, rng, name):
    """NumPy returns the bytes of what does not begin as its files do; and earlier versions wrote no digest."""
    np.savez(tmp_path / "a.npz", meta=np.array("{}"), **{"params/b": rng.standard_normal(3)})
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr(name, b"no array")
    with pytest.raises(ValueError, match="holds what is no array"):
        read_archive(tmp_path / "a.npz")


def test_no_single_byte_can_change_what_is_read(tmp_path, rng):
    """Each byte of a file, one after the other, changed in two ways: an error, or all that was written."""
    arrays = arrays_of(rng)
    write_archive(tmp_path / "a.npz", META, arrays)
    whole, written = (tmp_path / "a.npz").read_bytes(), repr(read_archive(tmp_path / "a.npz")[0])
    read, refused = 0, 0
    for place in range(0, len(whole), 2 if len(whole) > 4000 else 1):
        for change in (1, 0x80):
            damaged = bytearray(whole)
            damaged[place] ^= change
            (tmp_path / "b.npz").write_bytes(damaged)
            try:
                meta, back = read_archive(tmp_path / "b.npz")
            except Exception:  # of whatever kind: load_checkpoint makes a sentence of it
                refused += 1
                continue
            read += 1
            assert back.keys() == arrays.keys() and repr(meta) == written
            assert all(np.array_equal(back[name], array) for name, array in arrays.items())
    assert refused > read  # the others are dates, and names that a zip holds twice


@pytest.mark.parametrize("part", ["params/b", "average/a", "optimizer/t"])
def test_an_array_that_is_not_there_or_too_many_is_noticed(tmp_path, rng, part):
    arrays = arrays_of(rng)
    write_archive(tmp_path / "a.npz", META, arrays)
    with np.load(tmp_path / "a.npz") as archive:
        written = dict(archive)
    for change in (
        {name: array for name, array in written.items() if name != part},
        {**written, "params/other": np.ones(3)},
        {**written, part: written[part] + 1},
        {**written, part: written[part].astype("float64")},
    ):
        np.savez(tmp_path / "b.npz", **change)
        with pytest.raises(ValueError, match="not what was written"):
            read_archive(tmp_path / "b.npz")


def test_a_small_file_cannot_fill_the_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (10**8,)})
        for _ in range(100):
            file.write(bytes(10**6))
    with pytest.raises(ValueError, match="100,000,... bytes in"):
        read_archive(tmp_path / "a.npz")
    with pytest.raises(InputError, match="a.npz is not a checkpoint of minunet, or it is damaged"):
        load_checkpoint(tmp_path / "a.npz")


def run_of(rng, **changes) -> Checkpoint:
    classes = ("a", "b")
    rows = [dict.fromkeys(row_names(classes), epoch / 7) | {"epoch": epoch} for epoch in (1, 2, 3)]
    rows[1]["iou_a"] = float("nan")
    values = {"data": ["x", "y", "z"], "step": 30, "rows": rows, **changes}
    return Checkpoint(Config("cells", data_dir="/here"), classes, UNet(3, 2, 2, 2).init(rng), **values)


def test_weights_know_their_run(tmp_path, rng):
    run = run_of(rng)
    save_checkpoint(tmp_path / "last.npz", run)
    best = run_of(rng, rows=run.rows[:2])
    save_weights(tmp_path / "best.npz", best)
    run, best = (load_checkpoint(tmp_path / name) for name in ("last.npz", "best.npz"))
    assert same_run(best, run)
    later = [{**row, "seconds": 99.0} for row in [*run.rows, run.rows[0]]]
    assert same_run(run_of(rng, rows=later), run)  # killed between two files: the epoch is done again
    assert not same_run(run_of(rng, data=["x", "y", "other"]), run)
    assert not same_run(run_of(rng, rows=[{**row, "val_loss": 0.5} for row in run.rows]), run)
