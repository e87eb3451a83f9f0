"""Anyone's own folder of images and masks, and all that can be wrong with one."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from minunet import InputError
from minunet.data.folder import load_folder
from tests.data.pictures import png, rows_of_bits, write_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "mine")


def edit_mask(folder, edit, name="photo-2.png"):
    path = folder / "masks" / name
    Image.fromarray(edit(np.array(Image.open(path)))).save(path)


def test_images_and_masks_go_together(folder, rng):
    parts = load_folder(folder, 16, rng)
    assert [len(part) for part in parts] == [3, 1, 1]
    assert sorted(name for part in parts for name in part.names) == [f"photo-{i}.jpg" for i in range(5)]
    for part in parts:
        assert part.classes == ("class 0", "class 1")
        for image, labels in zip(part.images, part.labels, strict=True):
            assert image[labels == 1].mean() > image[labels == 0].mean() + 60


def test_masks_of_one_bit_hold_0_and_1(folder, rng):
    """Not False and True, in no message."""
    (folder / "classes.txt").write_text("0 background\n255 object\n")
    for number in range(5):
        edit_mask(folder, lambda mask: mask.astype(bool), f"photo-{number}.png")
    with pytest.raises(InputError, match="holds the values 0, 1, but its class ids must be 0, 255"):
        load_folder(folder, 16, rng)


def test_classes_txt_says_what_the_values_mean(tmp_path, rng):
    folder = write_folder(tmp_path / "mine", values=(0, 255))
    (folder / "classes.txt").write_text("255 the cell\n0 background\n\n")
    training, _, _ = load_folder(folder, 16, rng)
    assert training.classes == ("background", "the cell")
    assert set(np.unique(training.labels)) == {0, 1}


def test_values_of_16_bits(folder, rng):
    """White is 65535; unnamed it is refused with the two lines that name it."""
    for path in (folder / "masks").iterdir():
        Image.fromarray(np.array(Image.open(path)).astype("uint16") * 65535).save(path)
    with pytest.raises(InputError, match="black and white.*'0 background' and '65535 object'"):
        load_folder(folder, 16, rng)
    (folder / "classes.txt").write_text("0 background\n65535 object\n")
    training, _, _ = load_folder(folder, 16, rng)
    assert set(np.unique(training.labels)) == {0, 1}


def test_labels_are_a_byte(folder, rng):
    (folder / "classes.txt").write_text("".join(f"{value} name{value}\n" for value in range(257)))
    with pytest.raises(InputError, match="257 classes; there can be 2 to 256"):
        load_folder(folder, 16, rng)


@pytest.mark.parametrize("mode", ["1", "P", "I;16", "I"])
def test_masks_of_any_grey_or_palette_kind(folder, rng, mode):
    for path in (folder / "masks").iterdir():
        mask = np.array(Image.open(path))
        if mode == "P":
            picture = Image.frombytes("P", mask.shape[::-1], mask.tobytes())
            picture.putpalette([255, 0, 0, 0, 255, 0])
        else:
            kind = {"1": bool, "I;16": "uint16", "I": "int32"}[mode]
            picture = Image.fromarray(mask.astype(kind))
        picture.save(path.with_suffix(".tif" if mode == "I" else ".png"))
        assert picture.mode == mode
        if mode == "I":
            path.unlink()
    training, _, _ = load_folder(folder, 16, rng)
    assert set(np.unique(training.labels)) == {0, 1}


def test_classes_do_not_depend_on_the_size(folder, rng):
    """A single pixel of class 2 is lost when the masks are made small; the class is not."""

    def add_a_pixel(mask):
        mask[3, 3] = 2
        return mask

    edit_mask(folder, add_a_pixel)
    for size in (4, 64):
        assert len(load_folder(folder, size, rng)[0].classes) == 3


def test_classes_txt_of_a_windows_editor(folder, rng):
    (folder / "classes.txt").write_bytes(b"\xef\xbb\xbf0\tground\r\n1\tthe thing\r\n")
    assert load_folder(folder, 8, rng)[0].classes == ("ground", "the thing")


def test_hidden_files_are_passed_over(folder, rng):
    (folder / "images" / ".DS_Store").write_bytes(b"junk")
    (folder / "masks" / "._photo-1.png").write_bytes(b"junk")
    assert sum(map(len, load_folder(folder, 8, rng))) == 5


def test_what_does_not_belong_is_passed_over(folder, rng, capsys):
    """But with a word."""
    (folder / "images" / "Thumbs.db").write_bytes(b"junk")
    (folder / "masks" / "notes.txt").write_text("junk")
    (folder / "images" / "photo-1.jpg").unlink()
    assert sum(map(len, load_folder(folder, 16, rng))) == 4
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"passed over in {folder / 'images'}, as they are folders, or no pictures by their ending: Thumbs.db",
        "masks without an image, which are passed over: photo-1.png",
    ]


def test_exif_orientation_is_respected(folder, rng, capsys):
    """A camera held upright stores a wide picture and says "turn me": the mask belongs to the turned one."""
    path = folder / "images" / "photo-0.jpg"
    upright = Image.open(path).convert("RGB")
    exif = Image.Exif()
    exif[274] = 6  # turn by a quarter, clockwise
    upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
    parts = load_folder(folder, 16, rng)
    assert "1 of 5 pictures are turned upright by their orientation tag" in capsys.readouterr().err
    part = next(part for part in parts if "photo-0.jpg" in part.names)
    index = part.names.index("photo-0.jpg")
    assert part.images[index][part.labels[index] == 1].mean() > part.images[index][part.labels[index] == 0].mean() + 60


def spoil_missing_mask(folder):
    (folder / "masks" / "photo-1.png").unlink()
    (folder / "masks" / "photo-3.png").unlink()


def spoil_no_masks(folder):
    for path in (folder / "masks").iterdir():
        path.unlink()
    (folder / "masks").rmdir()


def spoil_black_and_white(folder):
    for path in (folder / "masks").iterdir():
        edit_mask(folder, lambda mask: mask * 255, path.name)


def spoil_stray_value(folder):
    edit_mask(folder, lambda mask: np.where(mask == 1, 7, 0).astype("uint8"))


def spoil_unknown_value(folder):
    (folder / "classes.txt").write_text("0 background\n1 thing\n")
    edit_mask(folder, lambda mask: np.where(mask == 1, 7, 0).astype("uint8"))


def spoil_size(folder):
    edit_mask(folder, lambda mask: mask[:-3])


def spoil_truncated(folder):
    path = folder / "images" / "photo-4.jpg"
    path.write_bytes(path.read_bytes()[:300])


def spoil_colour_mask(folder):
    edit_mask(folder, lambda mask: np.stack([mask] * 3, axis=2))


def spoil_float_mask(folder):
    path = folder / "masks" / "photo-2.png"
    Image.fromarray(np.full((20, 16), 0.5, "float32")).save(path.with_suffix(".tif"))
    path.unlink()


def spoil_two_images(folder):
    Image.open(folder / "images" / "photo-1.jpg").save(folder / "images" / "photo-1.png")


def spoil_two_masks(folder):
    Image.open(folder / "masks" / "photo-1.png").save(folder / "masks" / "photo-1.bmp")


def spoil_same_name(folder):
    (folder / "classes.txt").write_text("0 thing\n1 thing\n")


def spoil_latin1(folder):
    (folder / "classes.txt").write_bytes("0 gr\u00fcn\n1 wei\u00df\n".encode("latin-1"))


def spoil_superscript(folder):
    (folder / "classes.txt").write_text("0 background\n\u00b2 thing\n", encoding="utf-8")


def spoil_jpeg_mask(folder):
    path = folder / "masks" / "photo-2.png"
    Image.open(path).save(path, format="JPEG")


def spoil_single_class(folder):
    for path in (folder / "masks").iterdir():
        edit_mask(folder, np.zeros_like, path.name)


def spoil_count(folder):
    for number in (0, 1, 2):
        (folder / "images" / f"photo-{number}.jpg").unlink()


def spoil_wide_value(folder):
    edit_mask(folder, lambda mask: mask.astype("uint16") * 1000)


def spoil_classes(folder):
    (folder / "classes.txt").write_text("0 background\ncell 1\n")


def spoil_one_class(folder):
    (folder / "classes.txt").write_text("0 background\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_missing_mask, r"photo-1.jpg \(and 1 more\) has no mask: .*masks should hold photo-1.png"),
        (spoil_no_masks, "masks does not exist"),
        (spoil_black_and_white, r"0, 255 \(photo-0.png the 255\).*black and white.*classes.txt with .*'255 object'"),
        (spoil_stray_value, r"0, 1, 7 \(photo-2.png the 7\).*Say what your values mean"),
        (spoil_unknown_value, r"photo-2.png holds the values 0, 7, but its class ids must be 0, 1"),
        (spoil_size, "photo-2.jpg has 16 x 20 pixels, but its mask .* 16 x 17"),
        (spoil_truncated, "photo-4.jpg cannot be read as a picture"),
        (spoil_colour_mask, "photo-2.png is a picture of mode RGB"),
        (spoil_float_mask, "mode float32, but a mask"),
        (spoil_two_images, "holds photo-1.jpg and photo-1.png: which"),
        (spoil_two_masks, "holds photo-1.bmp and photo-1.png: which"),
        (spoil_same_name, "line 2: '1 thing' names a value or a class"),
        (spoil_latin1, "not text in UTF-8"),
        (spoil_superscript, "is neither VALUE NAME"),
        (spoil_jpeg_mask, "photo-2.png is a JPEG"),
        (spoil_single_class, "only the value 0"),
        (spoil_count, "holds 2 images"),
        (spoil_wide_value, r"0, 1, 1000 \(photo-2.png the 1000\)"),
        (spoil_classes, "classes.txt, line 2: 'cell 1' is neither VALUE NAME"),
        (spoil_one_class, "names 1 classes"),
    ],
)
def test_errors_say_what_is_wrong_and_where(folder, rng, spoil, says):
    spoil(folder)
    with pytest.raises(InputError, match=says):
        load_folder(folder, 8, rng)


def test_a_folder_that_does_not_exist(tmp_path, rng):
    with pytest.raises(InputError, match="nowhere does not exist"):
        load_folder(tmp_path / "nowhere", 8, rng)


def rewrite_masks(folder, edit):
    for number, path in enumerate(sorted((folder / "masks").iterdir())):
        edit(np.array(Image.open(path)), number).save(path.with_suffix(".png"))


def test_numbered_objects_are_no_classes(tmp_path, rng):
    """As Cellpose, StarDist, QuPath and napari write them: 0, 1, 2, ... N, each number a cell."""
    folder = write_folder(tmp_path / "mine", count=6, size=(40, 40))

    def numbered(mask, number):
        mask = np.zeros_like(mask)
        for cell in range(3 + number):
            mask[5 * (cell // 4) : 5 * (cell // 4) + 3, 8 * (cell % 4) : 8 * (cell % 4) + 5] = cell + 1
        return Image.fromarray(mask.astype("uint16"))

    rewrite_masks(folder, numbered)
    with pytest.raises(InputError, match=r"0, 1, 2, .* 8.*look like single objects.*save `mask > 0`; if they are"):
        load_folder(folder, 16, rng)
    (folder / "classes.txt").write_text("".join(f"{value} kind{value}\n" for value in range(9)))
    assert len(load_folder(folder, 16, rng).training.classes) == 9


@pytest.mark.parametrize("named", [False, True])
def test_smooth_edges_are_no_classes(tmp_path, rng, named):
    folder = write_folder(tmp_path / "mine", size=(60, 60), values=(0, 255))
    if named:
        (folder / "classes.txt").write_text("0 background\n255 cell\n")
    rewrite_masks(
        folder, lambda mask, _: Image.fromarray(mask).resize((77, 77), Image.Resampling.BILINEAR).resize((60, 60))
    )
    says = (
        "photo-0.png holds .*must be 0, 255. They look like smooth edges"
        if named
        else "between 0 and 255: edges that were smoothed.*`mask > 127`"
    )
    with pytest.raises(InputError, match=says):
        load_folder(folder, 16, rng)


def palette_mask(ids, colours):
    picture = Image.frombytes("P", ids.shape[::-1], ids.astype("uint8").tobytes())
    picture.putpalette(colours)
    return picture


def test_palettes_that_differ_are_refused(folder, rng):
    black_and_red = [0, 0, 0, 255, 0, 0]
    rewrite_masks(folder, lambda mask, _: palette_mask(mask, black_and_red))
    assert load_folder(folder, 16, rng).training.labels.max() == 1

    def by_turns(mask, number):
        return palette_mask(1 - mask, [255, 0, 0, 0, 0, 0]) if number % 2 else palette_mask(mask, black_and_red)

    rewrite_masks(folder, by_turns)
    with pytest.raises(InputError, match="Number 0 is RGB 0, 0, 0 in photo-0.png and RGB 255, 0, 0 in photo-1"):
        load_folder(folder, 16, rng)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_masks_that_were_made_smaller(tmp_path, rng, bits):
    """White, or one of few greys, and 1 are the same number in two files when each is as small as can be."""
    folder, white = write_folder(tmp_path / "mine"), 255 // (2**bits - 1)
    (folder / "classes.txt").write_text(f"0 background\n1 cell\n{white} void\n")

    rewrite_masks(folder, lambda mask, number: Image.fromarray(mask * np.uint8(white if number == 3 else 1)))
    assert len(load_folder(folder, 16, rng).training.classes) == 3
    path = folder / "masks" / "photo-3.png"
    mask = np.array(Image.open(path)) // white
    path.write_bytes(png(rows_of_bits(mask, bits), mask.shape[::-1], bits, 0))
    with pytest.raises(InputError, match=f"Number 1 is grey 1 in photo-0.png, and number 1 is grey {white} in photo-3"):
        load_folder(folder, 16, rng)
    for each in (folder / "masks").iterdir():  # what the message says
        Image.open(each).convert("L").save(each)
    assert set(np.unique(np.array(Image.open(path)))) == {0, white}
    assert len(load_folder(folder, 16, rng).training.classes) == 3


@pytest.mark.parametrize("orientation", [3, 6])
def test_picture_and_mask_are_turned_alike(folder, rng, orientation, capsys):
    exif = Image.Exif()
    exif[274] = orientation
    for part in ("images", "masks"):
        for path in (folder / part).iterdir():
            Image.open(path).save(path, exif=exif)
    for part in load_folder(folder, 16, rng):
        for image, labels in zip(part.images, part.labels, strict=True):
            assert image[labels == 1].mean() > image[labels == 0].mean() + 60
    assert capsys.readouterr().err == ""


def test_a_link_that_leads_nowhere_is_no_picture_less(folder, rng):
    """As of a data set whose files were not fetched, or of a disk that is not there."""
    for part in ("images", "masks"):
        (folder / part / "photo-9.png").symlink_to(folder / "nowhere.png")
    with pytest.raises(InputError, match=r"photo-9\.png does not exist"):
        load_folder(folder, 16, rng)


@pytest.mark.parametrize("name", ["classes.txt", "train.txt", "val.txt", "test.txt"])
def test_a_text_file_that_is_none_is_not_passed_over(folder, rng, name):
    """Classes would be others, and the test another one."""
    (folder / name).symlink_to(folder / "nowhere.txt")
    with pytest.raises(InputError, match=rf"{name} should be a file, but is a link to nowhere"):
        load_folder(folder, 16, rng)
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(InputError, match=rf"{name} should be a file, but is a folder"):
        load_folder(folder, 16, rng)


def test_an_empty_file_is_called_so(folder, rng):
    (folder / "masks" / "photo-2.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"photo-2\.png is empty\.$"):
        load_folder(folder, 16, rng)


def test_a_turned_photograph_whose_mask_is_as_stored(folder, rng):
    exif = Image.Exif()
    exif[274] = 6
    path = folder / "images" / "photo-2.jpg"
    Image.open(path).save(path, exif=exif)
    with pytest.raises(
        InputError,
        match="photo-2.jpg is stored on its side .* its mask .*photo-2.png was painted on the picture as it is stored",
    ):
        load_folder(folder, 16, rng)


def test_reading_needs_little_more_than_what_is_kept(tmp_path, rng):
    """Today's figure is 1.1 times what is kept; the masks alone were 8 bytes a pixel once."""
    folder = write_folder(tmp_path / "mine", count=20, size=(32, 32))
    tracemalloc.start()
    try:
        parts = load_folder(folder, 256, rng)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    kept = sum(part.images.nbytes + part.labels.nbytes for part in parts)
    assert peak < 2.5 * kept, peak / kept


def test_grey_pictures_are_no_masks(tmp_path, rng):
    """The wrong folder, or probabilities: as many values as a byte has, none of them rare."""
    folder = write_folder(tmp_path / "mine", size=(40, 40))
    rewrite_masks(folder, lambda mask, _: Image.fromarray(rng.permutation(1600).reshape(40, 40).astype("uint8")))
    with pytest.raises(InputError, match="0, 1, 2, .* 255, 256 of them: grey pictures, perhaps.*classes.txt"):
        load_folder(folder, 16, rng)
