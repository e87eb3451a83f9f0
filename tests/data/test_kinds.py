"""Folders as people have them: each kind of picture, of mask and of layout that `data/README.md` promises."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from minunet.data.dataset import IGNORED
from minunet.data.folder import read_folder
from minunet.data.pictures import read_image
from minunet.data.resize import resize_picture
from minunet.errors import InputError
from tests.data.pictures import write_folder

SIZE = (24, 30)
DISC = np.hypot(*np.ogrid[-12:12, -15:15]) < 7


def write_pictures(folder, values, count=5, ending="tif"):
    """images/ of these numbers, each a little brighter, and masks/ with the disc."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        picture = values + np.asarray(number, values.dtype)
        if ending == "tif":
            tifffile.imwrite(folder / "images" / f"p{number}.tif", picture)
        else:
            Image.fromarray(picture).save(folder / "images" / f"p{number}.{ending}")
        Image.fromarray(DISC.astype("uint8")).save(folder / "masks" / f"p{number}.png")
    return folder


def rewrite(folder, make, ending="png", part="masks"):
    """Each mask anew: `make(disc)` of its values."""
    (folder / part).mkdir(exist_ok=True)
    for path in sorted((folder / "masks").iterdir()):
        mask = make(np.array(Image.open(path)))
        path.unlink()
        target = folder / part / f"{path.stem}.{ending}"
        tifffile.imwrite(target, mask) if ending == "tif" else Image.fromarray(mask).save(target)
    if part != "masks":
        (folder / "masks").rmdir()
    return folder


@pytest.mark.parametrize("size", [None, 16])
def test_grey_pictures_have_one_channel_whatever_their_files_have(tmp_path, rng, size):
    grey = np.where(DISC, 200, 20).astype("uint8")
    for name, values in (("grey", grey), ("colours that are greys", np.repeat(grey[..., None], 3, axis=2))):
        loaded = read_folder(write_pictures(tmp_path / name, values, ending="png"), size, rng)
        assert loaded.channels == 1 and loaded.ranges is None
        assert loaded.splits.training.images[0].shape == ((size, size, 1) if size else (*SIZE, 1))


@pytest.mark.parametrize("size", [None, 16])
def test_one_picture_in_colour_makes_all_of_them_pictures_in_colour(tmp_path, rng, size):
    folder = write_pictures(tmp_path / "mixed", np.where(DISC, 200, 20).astype("uint8"), ending="png")
    colours = np.dstack([np.full(SIZE, 9), np.where(DISC, 90, 0), np.full(SIZE, 7)]).astype("uint8")
    Image.fromarray(colours).save(folder / "images" / "p2.png")
    loaded = read_folder(folder, size, rng)
    assert loaded.channels == 3
    grey, *_ = (part.images[part.names.index("p1.png")] for part in loaded.splits if "p1.png" in part.names)
    assert (grey == grey[..., :1]).all()


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32", "uint32", "float64"])
@pytest.mark.parametrize("size", [None, 16])
def test_deep_pictures_keep_their_depth_and_are_seen_through_ranges(tmp_path, rng, dtype, size):
    values = np.linspace(200, 1200, 24 * 30).reshape(SIZE).astype(dtype)
    loaded = read_folder(write_pictures(tmp_path / "deep", values), size, rng)
    low, high = loaded.ranges
    assert loaded.channels == 1 and 199 <= low <= 240 and 1170 <= high <= 1210
    for part in loaded.splits:
        for image, name in zip(part.images, part.names, strict=True):
            assert image.dtype == "uint16" and len(np.unique(image)) > (600 if size is None else 200)
            if size is None:
                own = tmp_path / "deep" / "images" / name
                np.testing.assert_array_equal(read_image(own, 1, loaded.ranges), image)


def test_channels_have_a_range_each(tmp_path, rng):
    two = np.stack([np.where(DISC, 3000, 100), np.linspace(0, 40, 720).reshape(SIZE)]).astype("uint16")
    folder = write_pictures(tmp_path / "two", two[0])
    for path in (folder / "images").iterdir():
        tifffile.imwrite(path, two, imagej=True, metadata={"axes": "CYX"})
    loaded = read_folder(folder, None, rng)
    assert loaded.channels == 2 and loaded.ranges == (100, 3000, 0, 40)
    assert loaded.splits.test.images[0].max(axis=(0, 1)).tolist() == [65535, 65535]


def test_pages_are_no_channels_unless_somebody_says_so(tmp_path, rng):
    folder = write_pictures(tmp_path / "pages", np.where(DISC, 3000, 100).astype("uint16"))
    for path in (folder / "images").iterdir():
        pages = np.stack([np.linspace(0, 9000, 720).reshape(SIZE), np.where(DISC, 3000, 100)]).astype("uint16")
        tifffile.imwrite(path, pages)
    with pytest.raises(InputError, match="holds 2 .*--page N takes one of them, --page channels all"):
        read_folder(folder, None, rng)
    second = read_folder(folder, None, rng, page=2)
    assert second.channels == 1 and second.ranges == (100, 3000)
    assert read_folder(folder, None, rng, page="channels").channels == 2


def test_some_deep_pictures_become_ones_of_8_bits(tmp_path, rng, capsys):
    folder = write_pictures(tmp_path / "mixed", np.where(DISC, 200, 20).astype("uint8"))
    tifffile.imwrite(folder / "images" / "p2.tif", np.where(DISC, 40000, 30000).astype("uint16"))
    loaded = read_folder(folder, None, rng)
    assert loaded.ranges is None and all(image.dtype == "uint8" for part in loaded.splits for image in part.images)
    assert (
        "4 of 5 images have no more than 8 bits (p0.tif, p1.tif, p3.tif, p4.tif): all are read as images of 8 bits"
        in capsys.readouterr().err
    )


def test_pictures_of_different_channels_are_refused(tmp_path, rng):
    folder = write_pictures(tmp_path / "mixed", np.where(DISC, 200, 20).astype("uint8"))
    tifffile.imwrite(
        folder / "images" / "p2.tif", np.zeros((*SIZE, 5), "uint8"), planarconfig="contig", photometric="minisblack"
    )
    with pytest.raises(
        InputError, match=r"must have the same number of channels, but 4 have 1, and there are 5 in p2\.tif"
    ):
        read_folder(folder, None, rng)


COLOURS = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], "uint8")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("size", [None, 16])
def test_masks_of_colours(tmp_path, rng, mode, size):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    (folder / "classes.txt").write_text("255,0,0 disc\n0,0,0 ground\n0,0,255 ignore\n")

    def coloured(mask):
        mask[:2] = 2
        return np.asarray(Image.fromarray(COLOURS[mask]))

    rewrite(folder, coloured)
    for path in (folder / "masks").iterdir():
        Image.open(path).convert(mode).save(path)
    data = read_folder(folder, size, rng).splits.training
    assert data.classes == ("disc", "ground") and set(np.unique(data.labels)) == {0, 1, IGNORED}
    if size is None:
        assert (data.labels[0][2:] == 1 - DISC[2:]).all() and (data.labels[0][:2] == IGNORED).all()


def test_colours_without_classes_txt_are_refused_with_the_way_out(tmp_path, rng):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    rewrite(folder, lambda mask: COLOURS[mask])
    with pytest.raises(InputError, match="If its colours are classes, name them in classes.txt, as in '255,0,0 road'"):
        read_folder(folder, 16, rng)


def test_deep_colours_are_refused(tmp_path, rng):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    (folder / "classes.txt").write_text("255,0,0 disc\n0,0,0 ground\n")
    rewrite(folder, lambda mask: COLOURS[mask].astype("uint16") * 257, "tif")
    with pytest.raises(InputError, match="is of mode uint16, but colours of 8 bits are named in classes.txt"):
        read_folder(folder, 16, rng)


def test_what_is_ignored(tmp_path, rng):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))

    def edged(mask):
        mask[0] = 255
        return mask

    rewrite(folder, edged)
    with pytest.raises(
        InputError, match="0, 1, 255 .*If 255 is what does not count, the lines are '0 NAME', '1 NAME' and '255 ignore'"
    ):
        read_folder(folder, 16, rng)
    (folder / "classes.txt").write_text("0 ground\n1 disc\n255 ignore\n")
    data = read_folder(folder, None, rng).splits.training
    assert data.classes == ("ground", "disc") and (data.labels[0][0] == IGNORED).all()
    np.testing.assert_array_equal(data.labels[0][1:], DISC[1:])


@pytest.mark.parametrize("kind", ["uint8", "uint16", ">u2", "int32", "<u4", ">u4", "float32"])
@pytest.mark.parametrize("size", [None, 16])
def test_single_objects_by_their_numbers(tmp_path, rng, kind, size):
    """As Cellpose, StarDist and Fiji write them."""
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    high = 250 if kind == "uint8" else 40000

    def numbered(mask):
        return (mask * np.where(np.arange(30) < 15, 3, high)).astype(kind)

    rewrite(folder, numbered, "png" if kind in ("uint8", "uint16") else "tif", "instances")
    data = read_folder(folder, size, rng).splits.training
    assert data.classes == ("background", "object", "border")
    assert [np.unique(each).tolist() for each in data.instances] == [[0, 1, 2]] * 3
    assert data.instances[0].dtype == "int32" and set(np.unique(data.labels)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda mask: mask * np.uint8(255), "are black and white: objects need a number each.*scipy.ndimage.label"),
        (lambda mask: mask.astype("int16") * -1, "holds -1, but objects have numbers from 1 on"),
        (lambda mask: mask * 2.0**53, "is a picture of mode float64, but a mask holds one whole number a pixel"),
        (lambda mask: mask * 0.5, "is a picture of mode float64, but a mask holds one whole number a pixel"),
    ],
)
def test_what_are_no_objects(tmp_path, rng, make, says):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    rewrite(folder, make, "tif", "instances")
    with pytest.raises(InputError, match=says):
        read_folder(folder, None, rng)


def test_without_a_border_there_is_no_such_class(tmp_path, rng):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    rewrite(folder, lambda mask: mask, "png", "instances")
    assert read_folder(folder, None, rng, border=0).splits.training.classes == ("background", "object")


def test_masks_beside_their_pictures(tmp_path, rng):
    folder = write_folder(tmp_path / "mine")
    for part, suffix in (("images", ""), ("masks", "_mask")):
        for path in sorted((folder / part).iterdir()):
            path.rename(folder / f"{path.stem}{suffix}{path.suffix}")
        (folder / part).rmdir()
    assert sum(map(len, read_folder(folder, 16, rng).splits)) == 5
    (folder / "photo-3_mask.png").unlink()
    with pytest.raises(InputError, match=r"holds photo-3\.jpg, but no photo-3_mask\.png beside it"):
        read_folder(folder, 16, rng)


def test_several_masks_beside_one_picture(tmp_path, rng):
    """One's own, perhaps, and that of a program: which one is learnt must not depend on their names."""
    folder = write_folder(tmp_path / "mine")
    for part, suffix in (("images", ""), ("masks", "_masks")):
        for path in sorted((folder / part).iterdir()):
            path.rename(folder / f"{path.stem}{suffix}{path.suffix}")
        (folder / part).rmdir()
    Image.new("L", (16, 20)).save(folder / "photo-3_cp_masks.tif")
    with pytest.raises(InputError, match=r"photo-3_cp_masks\.tif and photo-3_masks\.png: which of them is meant"):
        read_folder(folder, 16, rng)


def test_masks_that_are_called_so_in_their_folder(tmp_path, rng):
    folder = write_folder(tmp_path / "mine")
    for path in sorted((folder / "masks").iterdir()):
        path.rename(path.with_stem(f"{path.stem}_mask"))
    assert sum(map(len, read_folder(folder, 16, rng).splits)) == 5


def test_masks_or_instances(tmp_path, rng):
    folder = write_folder(tmp_path / "mine")
    (folder / "instances").mkdir()
    with pytest.raises(InputError, match="holds masks/ and instances/: which of them is meant"):
        read_folder(folder, 16, rng)


LISTS = {"train.txt": "photo-4\nphoto-2.jpg\n", "val.txt": "photo-0\n", "test.txt": "photo-1\nphoto-3\n"}


def write_lists(folder, *names):
    for name in names:
        (folder / name).write_text(LISTS[name])
    return folder


def names_of(loaded):
    return [sorted(name.removesuffix(".jpg").removeprefix("photo-") for name in part.names) for part in loaded.splits]


def test_lists_say_which_pictures_are_for_what(tmp_path, rng):
    folder = write_lists(write_folder(tmp_path / "mine"), *LISTS)
    assert names_of(read_folder(folder, 16, rng)) == [["2", "4"], ["0"], ["1", "3"]]


def test_what_no_list_says_is_drawn(tmp_path, rng):
    folder = write_lists(write_folder(tmp_path / "mine", count=6), "test.txt")
    training, validation, test = names_of(read_folder(folder, 16, rng))
    assert test == ["1", "3"] and len(validation) == 1 and sorted(training + validation) == ["0", "2", "4", "5"]
    write_lists(folder, "val.txt")
    assert names_of(read_folder(folder, 16, rng)) == [["2", "4", "5"], ["0"], ["1", "3"]]


def test_pictures_that_no_list_names_are_passed_over(tmp_path, rng, capsys):
    folder = write_lists(write_folder(tmp_path / "mine", count=7), *LISTS)
    assert names_of(read_folder(folder, 16, rng)) == [["2", "4"], ["0"], ["1", "3"]]
    told = "pictures that no list names, which are passed over: photo-5.jpg, photo-6.jpg\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("val.txt", "photo-9\n", "names photo-9, but there is no picture of that name with a mask"),
        ("val.txt", "photo-1\n", r"photo-1\.jpg stands in val\.txt and in test\.txt|stands in"),
        ("val.txt", "\n\n", "is empty: without it, the pictures are divided at random"),
        ("val.txt", "photo-0\nphoto-0.jpg\n", "names photo-0.jpg twice"),
    ],
)
def test_lists_that_are_wrong(tmp_path, rng, name, text, says):
    folder = write_lists(write_folder(tmp_path / "mine"), *LISTS)
    (folder / name).write_text(text)
    with pytest.raises(InputError, match=says):
        read_folder(folder, 16, rng)


def test_lists_that_leave_nothing_to_train_on(tmp_path, rng):
    folder = write_folder(tmp_path / "mine", count=3)
    (folder / "val.txt").write_text("photo-0\n")
    (folder / "test.txt").write_text("photo-1\nphoto-2\n")
    with pytest.raises(InputError, match="The lists leave no image to train on"):
        read_folder(folder, 16, rng)


def test_a_network_of_deep_pictures_refuses_others(tmp_path):
    Image.fromarray(np.zeros((8, 8), "uint8")).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png holds 8 bits a channel, but .* numbers from 100 to 3000"):
        read_image(tmp_path / "a.png", 1, (100, 3000))


@pytest.mark.parametrize(
    ("shape", "channels", "says"),
    [
        ((8, 8, 3), 1, r"three channels \(colours\), but .* one channel \(grey\): make it grey"),
        ((8, 8), 2, r"one channel \(grey\), but the network was trained on pictures of 2 channels\."),
        ((8, 8, 5), 3, r"5 channels, but the network was trained on pictures of three channels \(colours\)"),
    ],
)
def test_pictures_of_other_channels_are_refused(tmp_path, rng, shape, channels, says):
    values = rng.integers(0, 255, shape).astype("uint8")
    how = {"planarconfig": "contig"} if len(shape) == 3 else {}
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb" if shape[2:] == (3,) else "minisblack", **how)
    with pytest.raises(InputError, match=r"a\.tif has " + says):
        read_image(tmp_path / "a.tif", channels)


def test_what_is_transparent_in_deep_pictures_does_not_count(tmp_path, rng):
    folder = write_pictures(tmp_path / "deep", np.where(DISC, 3000, 100).astype("uint16"))
    for path in (folder / "images").iterdir():
        values = np.dstack([np.where(DISC, 3000, 100), np.full(SIZE, 65535)]).astype("uint16")
        values[:5] = 60000, 0
        tifffile.imwrite(path, values, photometric="minisblack", extrasamples=["unassalpha"])
    loaded = read_folder(folder, None, rng)
    assert loaded.ranges == (100, 3000) and not loaded.splits.test.images[0][:5].any()


@pytest.mark.parametrize(
    ("size", "says"),
    [((20, 60), "up to 3.0 times as wide as high."), ((60, 20), "up to 3.0 times as high as wide."), ((20, 22), "")],
)
def test_images_that_are_squeezed_are_told(tmp_path, rng, capsys, size, says):
    folder = write_folder(tmp_path / "mine", size=size)
    read_folder(folder, None, rng)
    assert capsys.readouterr().err == ""
    read_folder(folder, 16, rng)
    said = capsys.readouterr().err
    assert says in said and bool(says) == ("squeezed" in said)


def noisy(rng, kind):
    """A picture whose numbers differ from pixel to pixel, with some that are none, or far off."""
    values = rng.poisson(np.where(DISC, 40, 4)).astype("float64")
    if kind == "float32":
        values[rng.random(SIZE) < 0.05] = np.nan
        values /= 100
    elif kind == "uint16":
        values[rng.random(SIZE) < 0.01] = 60000
    return values.clip(0, 255).astype("uint8") if kind == "uint8" else values.astype(kind)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "two channels", "some deep"])
@pytest.mark.parametrize("size", [None, 10])
def test_training_sees_what_prediction_sees(tmp_path, rng, kind, size):
    folder = write_pictures(tmp_path / "mine", np.zeros(SIZE, "uint8"))
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        depth = {"two channels": "uint16", "some deep": "uint16" if number else "uint8"}.get(kind, kind)
        values = noisy(rng, depth)
        values = np.dstack([values, noisy(rng, depth)]) if kind == "two channels" else values
        how = {"planarconfig": "contig"} if values.ndim == 3 else {}
        tifffile.imwrite(path, values, photometric="minisblack", **how)
    loaded = read_folder(folder, size, rng)
    for part in loaded.splits:
        for image, name in zip(part.images, part.names, strict=True):
            seen = read_image(folder / "images" / name, loaded.channels, loaded.ranges)
            np.testing.assert_array_equal(resize_picture(seen, (size, size)) if size else seen, image)


def test_floating_point_and_whole_numbers_do_not_mix(tmp_path, rng):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 3000, 100).astype("uint16"))
    tifffile.imwrite(folder / "images" / "p2.tif", np.where(DISC, 0.9, 0.1).astype("float32"))
    with pytest.raises(InputError, match=r"p2\.tif holds floating-point numbers and p4\.tif whole ones"):
        read_folder(folder, None, rng)


def test_an_alpha_that_was_perhaps_measured_is_told(tmp_path, rng, capsys):
    folder = write_pictures(tmp_path / "mine", np.zeros(SIZE, "uint8"))
    four = rng.integers(1, 255, (*SIZE, 4)).astype("uint8")
    for path in (folder / "images").iterdir():
        tifffile.imwrite(path, four, photometric="rgb", extrasamples=["unassalpha"])
    assert read_folder(folder, None, rng).channels == 3
    assert "5 of 5 images are TIFFs with a channel that is called alpha" in capsys.readouterr().err
    loaded = read_folder(folder, None, rng, page="channels")
    assert loaded.channels == 4 and capsys.readouterr().err == ""
    np.testing.assert_array_equal(loaded.splits.test.images[0], four)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda mask: mask.astype(bool), "The masks of .* are black and white: objects need a number each"),
        (lambda mask: mask * 0, "No image of .* has a mask with an object"),
        (
            lambda mask: (np.indices(SIZE) % 6 < 3).all(axis=0).astype("uint8"),
            "An object in .* lies in .* pieces, in the mean",
        ),
    ],
)
def test_what_are_no_numbers_of_objects(tmp_path, rng, make, says):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    rewrite(folder, make, "png", "instances")
    with pytest.raises(InputError, match=says):
        read_folder(folder, None, rng)


def test_classes_of_objects_are_passed_over(tmp_path, rng, capsys):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    rewrite(folder, lambda mask: mask, "png", "instances")
    (folder / "classes.txt").write_text("0 a\n1 b\n")
    read_folder(folder, None, rng)
    assert "classes.txt is passed over" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["_mask", "_masks", "_cp_masks"])
def test_names_that_programs_give_to_masks(tmp_path, rng, suffix):
    folder = write_folder(tmp_path / "mine")
    path = folder / "masks" / "photo-2.png"
    path.rename(path.with_stem(f"photo-2{suffix}"))
    assert sum(map(len, read_folder(folder, 16, rng).splits)) == 5
    Image.new("L", (16, 20)).save(path)
    with pytest.raises(InputError, match=rf"holds photo-2\.png and photo-2{suffix}\.png: which of them is meant"):
        read_folder(folder, 16, rng)


def test_a_mask_of_another_name_is_named(tmp_path, rng):
    folder = write_folder(tmp_path / "mine")
    path = folder / "masks" / "photo-2.png"
    path.rename(path.with_stem("photo-2-seg"))
    with pytest.raises(InputError, match=r"should hold photo-2\.png, or \.tif, but holds photo-2-seg\.png"):
        read_folder(folder, 16, rng)


@pytest.mark.parametrize("name", ["Classes.txt", "classes.txt.txt", "Train.txt", "test.TXT"])
def test_nearly_the_right_names(tmp_path, rng, name):
    folder = write_folder(tmp_path / "mine")
    (folder / name).write_text("0 a\n1 b\n")
    with pytest.raises(InputError, match=rf"{name} should be called {name.lower().split('.')[0]}\.txt"):
        read_folder(folder, 16, rng)


def test_images_that_no_list_names_are_for_the_list_that_is_not_there(tmp_path, rng):
    folder = write_lists(write_folder(tmp_path / "mine", count=7), "train.txt", "val.txt")
    loaded = read_folder(folder, 16, rng)
    assert names_of(loaded) == [["2", "4"], ["0"], ["1", "3", "5", "6"]]
    assert loaded.dealt == "validation: val.txt; test: drawn at random from the images that no list names"
    (folder / "val.txt").unlink()
    training, validation, test = names_of(read_folder(folder, 16, rng))
    assert training == ["2", "4"] and len(validation) == 3 and len(test) == 2


def test_where_every_image_is_named_for_training_some_are_drawn_from_it(tmp_path, rng):
    folder = write_folder(tmp_path / "mine")
    (folder / "train.txt").write_text("".join(f"photo-{k}\n" for k in range(5)))
    loaded = read_folder(folder, 16, rng)
    assert [len(part) for part in loaded.splits] == [3, 1, 1]
    assert loaded.dealt == "validation: drawn at random from train.txt; test: drawn at random from train.txt"


def test_all_pixels_of_a_part_are_ignored(tmp_path, rng):
    folder = write_lists(write_folder(tmp_path / "mine"), *LISTS)
    (folder / "classes.txt").write_text("0 a\n1 b\n9 Ignore\n")
    Image.fromarray(np.full((20, 16), 9, "uint8")).save(folder / "masks" / "photo-0.png")
    with pytest.raises(InputError, match="All pixels of the pictures to validate with are ignored"):
        read_folder(folder, 16, rng)


def test_side_by_side_what_is_passed_over_is_told(tmp_path, rng, capsys):
    folder = write_folder(tmp_path / "mine")
    for part, suffix in (("images", ""), ("masks", "_mask")):
        for path in sorted((folder / part).iterdir()):
            path.rename(folder / f"{path.stem}{suffix}{path.suffix}")
        (folder / part).rmdir()
    (folder / "photo-1.jpg").rename(folder / "photo-1.heic")
    assert sum(map(len, read_folder(folder, 16, rng).splits)) == 4
    said = capsys.readouterr().err
    assert "no pictures by their ending: photo-1.heic" in said
    assert "masks without an image, which are passed over: photo-1_mask.png" in said


def test_objects_of_many_numbers_are_no_grey_pictures(tmp_path, rng):
    """As many in every mask, each with a number of its own."""
    folder = write_folder(tmp_path / "mine", size=(40, 48))
    squares = (np.indices((40, 48)) % 8 < 6).all(axis=0)
    places = np.indices((40, 48))[0] // 8 * 6 + np.indices((40, 48))[1] // 8
    for number, path in enumerate(sorted((folder / "masks").iterdir())):
        Image.fromarray((squares * (1 + places + 30 * number)).astype("uint16")).save(path)
    with pytest.raises(InputError, match="these look like single objects.* call the folder .*instances"):
        read_folder(folder, 16, rng)


def test_a_mask_of_several_pages_is_refused_without_advice_for_images(tmp_path, rng):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    rewrite(folder, lambda mask: np.stack([mask, mask]), "tif")
    with pytest.raises(InputError, match=r"p0\.tif holds 2 pictures .*say what they are: save each mask in a file of"):
        read_folder(folder, None, rng)


@pytest.mark.parametrize("kind", ["classes", "smooth"])
def test_objects_whose_numbers_lie_everywhere_are_none(tmp_path, rng, kind):
    """Classes, or label maps that were made smaller with smooth edges."""
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    parts = (np.indices(SIZE) // 4).sum(axis=0) % 4
    rows, columns = np.indices(SIZE)
    squares = np.where((rows % 8 < 6) & (columns % 8 < 6), 9 + rows // 8 * 36 + columns // 8 * 9, 0).astype("uint8")
    smooth = Image.fromarray(squares).resize((15, 12), Image.Resampling.BILINEAR).resize((30, 24))
    rewrite(folder, lambda mask: (parts if kind == "classes" else np.array(smooth)).astype("uint8"), "png", "instances")
    with pytest.raises(InputError, match="An object in .* lies in .* pieces, in the mean: objects need a number each"):
        read_folder(folder, None, rng)


def test_objects_that_vanish_are_told(tmp_path, rng, capsys):
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))

    def dotted(mask):
        mask[::8, ::8] = 2 + np.arange(12).reshape(3, 4)
        return mask

    rewrite(folder, dotted, "png", "instances")
    read_folder(folder, None, rng)
    assert "vanish" not in capsys.readouterr().err
    read_folder(folder, 6, rng)
    assert (
        "objects vanish in scaling to 6 x 6 pixels, and are neither trained on nor counted" in capsys.readouterr().err
    )


@pytest.mark.parametrize("size", [None, 40])
def test_thin_objects_are_in_one_piece(tmp_path, rng, size):
    """Rings whose pixels meet at corners; scaled they fall into pieces, but told is what the mask holds."""
    folder = tmp_path / "mine"
    for part in ("images", "instances"):
        (folder / part).mkdir(parents=True)
    rows, columns = np.indices((120, 120))
    distance = np.hypot(rows % 60 - 30, columns % 60 - 30)
    rings = np.where((distance >= 25) & (distance < 26), 1 + rows // 60 * 2 + columns // 60, 0).astype("uint8")
    for number in range(3):
        Image.fromarray(rings * 50).save(folder / "images" / f"{number}.png")
        Image.fromarray(rings).save(folder / "instances" / f"{number}.png")
    assert sum(map(len, read_folder(folder, size, rng).splits)) == 3


def test_one_object_may_have_the_number_of_white(tmp_path, rng, capsys):
    """If other masks hold other numbers; some show nothing."""
    folder = write_pictures(tmp_path / "mine", np.where(DISC, 200, 20).astype("uint8"))
    numbers = iter([255, 255, 3, 0, 255])
    rewrite(folder, lambda mask: (mask * next(numbers)).astype("uint8"), "png", "instances")
    assert sum(map(len, read_folder(folder, None, rng).splits)) == 5
    assert "images whose masks show no object: 1 of 5" in capsys.readouterr().err
    Image.fromarray((DISC * 255).astype("uint8")).save(folder / "instances" / "p2.png")
    with pytest.raises(InputError, match="The masks of .*mine are black and white"):
        read_folder(folder, None, rng)


def test_what_only_scaling_loses_is_not_blamed_on_the_masks(tmp_path, rng, capsys):
    """Neither that there is no object, nor that all is ignored."""
    folder = write_pictures(tmp_path / "objects", np.where(DISC, 200, 20).astype("uint8"))
    dots = np.zeros(SIZE, "uint8")
    dots[::8, ::8] = 1 + np.arange(12).reshape(3, 4)
    rewrite(folder, lambda mask: dots, "png", "instances")
    with pytest.raises(
        InputError, match=r"All 60 objects vanish in scaling to 3 x 3 pixels\. A larger --size keeps more"
    ):
        read_folder(folder, 3, rng)
    folder = write_pictures(tmp_path / "classes", np.where(DISC, 200, 20).astype("uint8"))
    rewrite(folder, lambda mask: np.where(dots > 0, dots % 2, 255).astype("uint8"))
    (folder / "classes.txt").write_text("0 a\n1 b\n255 ignore\n")
    says = r"All pixels .* train on are ignored, as they are scaled to 3 x 3 pixels\. A larger --size keeps more"
    with pytest.raises(InputError, match=says):
        read_folder(folder, 3, rng)


def test_a_list_names_the_picture_of_that_very_name(tmp_path, rng):
    folder = write_folder(tmp_path / "mine")
    for part in ("images", "masks"):
        for number, name in enumerate(("a", "a.png")):
            path = next((folder / part).glob(f"photo-{number}.*"))
            Image.open(path).save(folder / part / f"{name}.png")
            path.unlink()
    (folder / "test.txt").write_text("a.png\n")
    assert read_folder(folder, 16, rng).splits.test.names == ["a.png"]
    (folder / "test.txt").write_text("a\na.png.png\n")
    assert sorted(read_folder(folder, 16, rng).splits.test.names) == ["a.png", "a.png.png"]


def test_the_name_of_a_folder_cannot_steer_the_terminal(tmp_path, rng, monkeypatch):
    shown = []
    monkeypatch.setattr("minunet.data.pairs.tqdm", lambda items, what, *rest, **how: shown.append(what) or items)
    read_folder(write_folder(tmp_path / "a\x1b[31m"), 16, rng)
    assert shown[0].startswith("Reading ") and "\\x1b[31m" in shown[0] and "\x1b" not in shown[0]
