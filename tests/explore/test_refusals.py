"""What cannot be shown gets one sentence and exit status 2, and nothing is written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minunet.explore.__main__ import main
from tests.explore.test_command import _elsewhere, save_model, save_picture, written

__all__ = ["_elsewhere"]


def assert_refused(capsys, arguments: list[str], *sentence: str) -> None:
    try:
        status = main(arguments)
    except SystemExit as error:  # of argparse, after the way of use
        status = error.code
    told = capsys.readouterr()
    assert status == 2 and told.out == "" and "Traceback" not in told.err
    assert all(part in told.err for part in sentence), told.err
    assert told.err.splitlines()[-1].startswith(("minunet: ", "python -m minunet.explore: error: "))
    assert written() == [] and not list(Path().glob(".*"))


def save_mask(name: str, labels: np.ndarray) -> str:
    Image.fromarray(labels.astype("uint8")).save(name)
    return name


def test_no_picture_and_broken_ones(capsys):
    weights = str(save_model("pets"))
    assert_refused(capsys, ["nothing.png", "--weights", weights], "nothing.png")
    Path("broken.png").write_bytes(Path(save_picture()).read_bytes()[:300])
    Path("text.png").write_text("not a picture")
    Path("folder").mkdir()
    for name in ("broken.png", "text.png", "folder"):
        assert_refused(capsys, [name, "--weights", weights], name)


def test_no_run(capsys):
    assert_refused(capsys, ["--weights", "runs/nothing"], "There is no checkpoint")
    Path("no.npz").write_bytes(b"junk")
    assert_refused(capsys, ["--weights", "no.npz"], "no.npz is not a checkpoint")


def test_a_network_that_saw_no_cells_needs_a_picture(capsys):
    assert_refused(capsys, ["--weights", str(save_model("pets"))], "not trained on cells: give it a PICTURE")


def test_mask_and_at_need_a_picture(capsys):
    for more in (["--mask", "mask.png"], ["--at", "3,4"]):
        assert_refused(capsys, more, "--mask and --at are for a PICTURE.")


def test_a_picture_of_other_channels(capsys):
    weights = str(save_model("folder", channels=5))
    assert_refused(capsys, [save_picture(), "--weights", weights], "cat.png", "5")


def test_depth_1_is_no_u(capsys):
    weights = str(save_model("pets", depth=1))
    assert_refused(capsys, [save_picture(), "--weights", weights], "there is no U to show")


def test_too_many_products(capsys):
    weights = str(save_model("pets", base=8, depth=3, size=1024))
    assert_refused(capsys, [save_picture(), "--weights", weights], "6.6 billion products", "the 3 that a browser does")


def test_a_page_that_is_too_large(capsys):
    """Even with 8 bits for a parameter."""
    weights = str(save_model("pets", base=208))
    assert_refused(capsys, [save_picture(), "--weights", weights], "The page would have 5.", " MB, and 5 are the most")


def test_masks_that_do_not_fit(capsys):
    pets = ["--weights", str(save_model("pets", classes=("cat", "dog")))]
    other = save_mask("other.png", np.zeros((20, 31)))
    assert_refused(capsys, [save_picture(), *pets, "--mask", other], "other.png", "31")
    labels = np.zeros((20, 30))
    labels[3, 4] = 2
    wrong = save_mask("wrong.png", labels)
    said = "wrong.png holds 2, which is no class of this network. Its classes are 0 cat, 1 dog; 255 is"
    assert_refused(capsys, ["cat.png", *pets, "--mask", wrong], said)
    for number, values in enumerate(([0, 255], [255, 255], [0, 0])):
        mask = save_mask(f"{number}.png", np.repeat([values], 15, axis=1).repeat(20, axis=0))
        assert_refused(capsys, ["cat.png", *pets, "--mask", mask], "holds nothing but 0 and 255")
    assert_refused(capsys, ["cat.png", *pets, "--mask", "nothing.png"], "nothing.png")


@pytest.mark.parametrize("at", ["20,0", "0,30", "99999999999999999999,0"])
def test_at_outside_of_the_picture(capsys, at):
    weights = str(save_model("nuclei"))
    said = f"--at {at} lies outside of cat.png, which is 20 x 30."
    assert_refused(capsys, [save_picture(), "--weights", weights, "--at", at], said)


@pytest.mark.parametrize("at", ["3", "3,4,5", "a,b", "-1,4", "1.5,2", "", ",", "\u0663,4"])
def test_at_is_two_numbers(capsys, at):
    weights = str(save_model("nuclei"))
    assert_refused(capsys, [save_picture(), "--weights", weights, f"--at={at}"], "must be a row and a column")


def test_at_is_for_networks_of_pieces(capsys):
    arguments = [save_picture(), "--weights", str(save_model("pets")), "--at", "3,4"]
    assert_refused(capsys, arguments, "--at is for networks of pieces")


def test_out_where_nothing_can_be_written(capsys):
    arguments = [save_picture(), "--weights", str(save_model("pets")), "--out"]
    Path("file").write_text("")
    for out in ("nowhere/page.html", "file/page.html"):
        assert_refused(capsys, [*arguments, out], out.split("/")[0])


@pytest.mark.parametrize("out", [".", "..", "/", "", "taken"])
def test_out_that_is_a_folder(capsys, out):
    Path("taken").mkdir()
    assert_refused(capsys, [save_picture(), "--weights", str(save_model("pets")), "--out", out], "is a folder")


def test_out_without_an_ending_gets_one():
    """A browser opens no page that is called anything else."""
    arguments = [save_picture(), "--weights", str(save_model("pets")), "--out"]
    for out, file in {"a": "a.html", "b.c": "b.c.html", "d.htm": "d.htm"}.items():
        assert main([*arguments, out]) == 0 and Path(file).is_file()
