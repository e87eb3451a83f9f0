"""Folders that are laid out otherwise: what was found is said, and what is expected."""

import shutil
import unicodedata

import pytest

from minunet import InputError
from minunet.data.layout import OTHERS, find_layout
from tests.data.pictures import write_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "mine")


def refused(folder, says):
    with pytest.raises(InputError, match=says):
        find_layout(folder, quiet=True)


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_two_forms_of_the_same_letters_are_one_name(folder, forms):
    """As when pictures come from a Mac and masks do not; and in a list."""
    names = ["Größe", "é", "photo-2"]
    for number, name in enumerate(names[:2]):
        for part, ending, form in (("images", "jpg", forms[0]), ("masks", "png", forms[1])):
            there = folder / part / f"photo-{number}.{ending}"
            there.rename(folder / part / f"{unicodedata.normalize(form, name)}.{ending}")
    (folder / "test.txt").write_text(unicodedata.normalize(forms[1], "é") + "\n", encoding="utf-8")
    layout = find_layout(folder)
    assert len(layout.pairs) == 5
    for image, mask in layout.pairs:
        assert unicodedata.normalize("NFC", image.stem) == unicodedata.normalize("NFC", mask.stem)
    assert [unicodedata.normalize("NFC", name) for name in layout.lists["test.txt"]] == ["é.jpg"]


def test_names_that_differ_by_capital_letters(folder):
    (folder / "masks" / "photo-1.png").rename(folder / "masks" / "PHOTO-1.png")
    refused(folder, "photo-1.jpg has no mask: .*, and PHOTO-1.png differs by capital letters: call both the same")


@pytest.mark.parametrize("more", ["NAME_seg", "label_NAME"])
def test_masks_with_another_ending(folder, more):
    for path in list((folder / "masks").iterdir()):
        path.rename(path.with_name(f"{more.replace('NAME', path.stem)}.png"))
    first = f"{more.replace('NAME', 'photo-0')}.png"
    refused(folder, rf"holds {first}: masks may be called NAME or NAME_mask or .*, not {more}\.")


@pytest.mark.parametrize("part", ["images", "masks"])
def test_pictures_in_folders_of_a_folder(folder, part):
    (folder / part / "batch 1").mkdir()
    for path in [path for path in (folder / part).iterdir() if path.is_file()]:
        path.rename(folder / part / "batch 1" / path.name)
    refused(folder, rf"{part} holds folders \(batch 1\) and no pictures: move what they hold up into it")


@pytest.mark.parametrize("names", OTHERS, ids="-".join)
def test_folders_as_other_tools_call_them(folder, names):
    for new, old in zip(names, ("images", "masks"), strict=True):
        (folder / old).rename(folder / new)
    refused(folder, f"is laid out as for {OTHERS[names]}: call {names[0]}/ images/, and {names[1]}/ masks/")


@pytest.mark.parametrize("ending", [".txt", ".json", ".xml"])
def test_polygons_and_boxes_are_no_masks(folder, ending):
    shutil.rmtree(folder / "masks")
    (folder / "labels").mkdir()
    (folder / "labels" / f"photo-0{ending}").touch()
    refused(folder, f"labels holds photo-0{ending}, and no pictures: a mask is a picture")


def test_a_folder_for_each_part(folder):
    (folder / "train").mkdir()
    (folder / "val").mkdir()
    for part in ("images", "masks"):
        (folder / part).rename(folder / "train" / part)
    refused(
        folder, "holds train, val, each with pictures: put all into one images/ and one masks/, and their names into"
    )
    refused(folder / "nothing", "does not exist")
