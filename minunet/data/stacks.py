"""Which pictures a TIFF holds: its pages may be channels of one picture, slices of a volume, times, or anything.

A TIFF itself knows pages only. What they are stands in the first one's description, as ImageJ, OME and tifffile write
it, each in its own way. Where nothing is said, they are taken for pictures that have nothing to do with each other.
"""

import itertools
import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

from PIL import Image

from minunet.data.decoded import CHANNELS, most_pixels
from minunet.errors import InputError

if TYPE_CHECKING:
    import tifffile

PAGES = 1 << 16  # so many are looked at: a small file could have billions
TAGS = 1 << 21  # of all pages together
LAST = 1 << 20  # no page behind this one is looked for
MOST_AXES, LONGEST = 16, 1 << 40  # of what a file says of its pages
METAMORPH = 33629  # a tag with a value for each plane
NAMES = {"Z": "slices of Z", "T": "times"}


class Stack(NamedTuple):
    """How many planes there are, what they are, and where.

    axes: a letter for each axis along which planes are counted, the slowest first: C channels, Z slices, T times, I
        for what is not known.
    shape: how many there are along each.
    runs: (number of a plane, index of its page, count), sorted: so many planes from this one on lie in a page each.
    behind: the planes after the first have no pages; they lie behind it, byte after byte.
    samples: what the numbers of one pixel are: S colours or channels, C channels, or slices as above.
    rows: along the last of `axes` lie the rows of a picture, and its pages are (W, C).
    differ: there are pages that belong to none of the planes, or pages of several sizes and kinds.
    """

    axes: str
    shape: tuple[int, ...]
    runs: list[tuple[int, int, int]]
    behind: bool = False
    samples: str = "S"
    rows: bool = False
    differ: bool = False

    @property
    def together(self) -> list[bool]:
        """Of each axis, whether all that lies along it belongs to one picture."""
        return [letter in "CS" or (self.rows and letter == "Y") for letter in self.axes]

    @property
    def choices(self) -> dict[str, int]:
        """How many there are along each axis that is to be chosen from, of more than one."""
        every = zip(self.axes, self.shape, self.together, strict=True)
        return {f"{letter}{place}": size for place, (letter, size, one) in enumerate(every) if not one and size > 1}

    def planes(self, number: int) -> Iterator[int]:
        """The planes of the picture of this number, from 0; of its channels the last axis runs fastest."""
        along: list[range] = []
        for size, one in reversed(list(zip(self.shape, self.together, strict=True))):
            number, here = (number, 0) if one else divmod(number, size)
            along.append(range(size) if one else range(here, here + 1))
        for place in itertools.product(*reversed(along)):
            plane = 0
            for here, size in zip(place, self.shape, strict=True):
                plane = plane * size + here
            yield plane

    def index_of(self, plane: int) -> int | None:
        """The page in which a plane lies; None if there is none."""
        place = bisect_right(self.runs, plane, key=lambda run: run[0]) - 1
        start, index, count = self.runs[place] if place >= 0 else (0, 0, 0)
        return index + plane - start if plane < start + count else None


def stack_of(tiff: "tifffile.TiffFile", page: int | str | None) -> Stack:
    """What the pages of a TIFF are; no more of them are looked at than are needed for this `page`, see `decode`."""
    first = tiff.pages.first
    found = _of_shaped(tiff, first) or _of_ome(tiff, first) or _of_imagej(tiff, first)
    if not found and METAMORPH in first.tags:
        planes = first.tags[METAMORPH].count
        found = Stack("I", (planes,), [(0, 0, 1)], behind=planes > 1)
    if not found or math.prod(found.shape) == 1:
        return _of_pages(tiff, found, page if isinstance(page, int) else PAGES + 1)
    if isinstance(page, int):
        return found
    end = 1 if found.behind else max(index + count for _, index, count in found.runs)
    others = (is_picture(each) for each in itertools.islice(pages_from(tiff, end), PAGES))
    return found._replace(differ=any(others))


def page_at(tiff: "tifffile.TiffFile", index: int) -> "tifffile.TiffPage":
    """The page at this place, from 0. Raises IndexError if there is none."""
    if not 0 <= index < LAST:  # tifffile counts from the last one, and could go round in circles
        raise IndexError(index)
    page: Any = tiff.pages[index]
    return page.aspage()  # of some formats tifffile keeps less of all but the first


def pages_from(tiff: "tifffile.TiffFile", start: int) -> Iterator["tifffile.TiffPage"]:
    """All pages from this place on. Raises InputError for a file that goes round in circles, or would take minutes."""
    seen: set[int] = set()
    tags = 0
    for index in itertools.count(start):
        try:
            page = page_at(tiff, index)
        except IndexError:
            return
        tags += len(page.tags)
        if page.offset in seen or tags > TAGS:
            raise InputError("is damaged: its pages go round in a circle." if tags <= TAGS else "holds too many tags.")
        seen.add(page.offset)
        yield page


def is_picture(page: "tifffile.TiffPage") -> bool:
    """Whether a page is no small copy (1) and no mask of what is transparent (4)."""
    return not int(page.subfiletype or 0) & 5


def _of_pages(tiff: "tifffile.TiffFile", found: Stack | None, most: int) -> Stack:
    """Pages of which nothing is known but how the first is to be read, `most` of them."""
    kinds = set()
    indices: list[int] = []
    for index, page in enumerate(itertools.islice(pages_from(tiff, 0), PAGES)):
        if is_picture(page) or not index:
            indices.append(index)
            kinds.add((page.shape, page.dtype))
        if len(indices) == most:
            break
    else:
        if index == PAGES - 1:
            raise InputError(f"holds {PAGES} pages and more: --page N takes one of the first.")
    runs = [(plane, index, 1) for plane, index in enumerate(indices)]
    return Stack("I", (len(runs),), runs, samples=found.samples if found else "S", differ=len(kinds) > 1)


def _of_shaped(tiff: "tifffile.TiffFile", page: "tifffile.TiffPage") -> Stack | None:
    """What tifffile has written: the shape of an array and perhaps, as letters, what its axes are."""
    text = page.shaped_description or ""
    try:
        old = text.startswith("shape=")
        said = {"shape": re.findall(r"\d+", text)} if old else json.loads(text)
        sizes = [int(size) for size in said["shape"]]
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    if min(sizes, default=0) < 1:
        return None
    letters = str(said.get("axes", "")).upper()
    letters = letters if len(letters) == len(sizes) and letters.isalpha() else ""
    whole = [(letter, size) for letter, size in zip(letters or "I" * len(sizes), sizes, strict=True) if size != 1]
    inside = [(letter, size) for letter, size in zip(page.axes, page.shape, strict=True) if size != 1]
    axes, within = whole[: len(whole) - len(inside)], whole[len(whole) - len(inside) :]
    if [size for _, size in within] != [size for _, size in inside]:
        return None
    meant = {own: said for (own, _), (said, _) in zip(inside, within, strict=True)} if letters else {}
    if len(axes) > MOST_AXES or any(size > LONGEST for _, size in axes):
        raise InputError(f"names more than {MOST_AXES} axes, or one of more than {LONGEST} pages.")
    stack = Stack("".join(letter for letter, _ in axes), tuple(size for _, size in axes), [])
    lines = meant == {"Y": "X", "X": "C"} and stack.axes.endswith("Y") and not {"C", "S"} & set(stack.axes)
    behind = bool(said.get("truncated")) or not _has_page(tiff, 1)
    runs = [(0, 0, 1 if behind else math.prod(stack.shape))]
    return stack._replace(runs=runs, behind=behind, samples=meant.get("S", "S"), rows=lines)


def _of_imagej(tiff: "tifffile.TiffFile", page: "tifffile.TiffPage") -> Stack | None:
    """What ImageJ and Fiji have written: how many channels, slices and frames there are."""
    said = tiff.imagej_metadata or {}
    names = {"C": "channels", "Z": "slices", "T": "frames"}
    try:
        sizes = {letter: int(said.get(name, 1)) for letter, name in names.items()}
        images = int(said.get("images", 1))
    except (ValueError, TypeError, OverflowError):
        return None
    if sizes["C"] == page.samplesperpixel and (page.planarconfig == 2 or images == sizes["Z"] * sizes["T"]):
        sizes["C"], images = 1, sizes["Z"] * sizes["T"]  # they lie in each page
    order = str(said.get("order", ""))[-3:].upper()  # the fastest first
    axes = (order if sorted(order) == ["C", "T", "Z"] else "CZT")[::-1]
    shape = tuple(sizes[letter] for letter in axes)
    planes = math.prod(shape)
    if min(shape) < 1 or max(planes, images) == 1:
        return None
    if images > planes and images % planes == 0:
        axes, shape, planes = "I" + axes, (images // planes, *shape), images
    behind = not _has_page(tiff, 1)  # so are more than 4 GB stored
    return Stack(axes, shape, [(0, 0, 1 if behind else planes)], behind)


def _of_ome(tiff: "tifffile.TiffFile", page: "tifffile.TiffPage") -> Stack | None:
    """What OME says of its first picture, unless parts of it lie in other files."""
    try:
        root = ElementTree.fromstring(tiff.ome_metadata or "")
        pixels = next(root.iterfind("{*}Image/{*}Pixels"))
        axes = pixels.attrib["DimensionOrder"][::-1]
        sizes = {letter: int(pixels.attrib[f"Size{letter}"]) for letter in axes}
        sizes["C"] = max(sizes["C"] // page.samplesperpixel, min(sizes["C"], 1))  # planes of one or more channels
        parts = [(part.attrib, part.find("{*}UUID")) for part in pixels.iterfind("{*}TiffData")]
        shape, runs = tuple(sizes[letter] for letter in axes[:3]), []
        for said, _ in parts:
            plane = 0
            for letter, size in zip(axes, shape, strict=False):
                plane = plane * size + int(said.get(f"First{letter}", 0))
            count = int(said.get("PlaneCount", 1 if "IFD" in said else math.prod(shape)))
            runs.append((plane, int(said.get("IFD", 0)), count))
    except (ElementTree.ParseError, StopIteration, KeyError, ValueError):
        return None
    names = {(name.text, name.attrib.get("FileName")) for _, name in parts if name is not None}
    own = root.attrib.get("UUID")
    elsewhere = {text for text, _ in names} - {own} if own else set(list(names)[1:])
    drawn = (sizes.get("Y"), sizes.get("X")) == (page.imagelength, page.imagewidth)
    known = drawn and sorted(axes[:3]) == ["C", "T", "Z"] and min(shape) > 0
    return Stack(axes[:3], shape, sorted(runs)) if known and runs and not elsewhere else None


def _has_page(tiff: "tifffile.TiffFile", index: int) -> bool:
    try:
        tiff.pages[index]
    except IndexError:
        return False
    return True


def choose(stack: Stack, page: int | str | None, first: "tifffile.TiffPage") -> tuple[list[int], int, slice]:
    """Which planes are read for a page: their numbers, how many of them are one picture, and which of their samples.

    Raises InputError if there is no such page, or if there are several and none is asked for.
    """
    if first.imagewidth * first.imagelength > most_pixels():
        raise Image.DecompressionBombError
    inner = first.samplesperpixel if stack.samples not in "CS" else 1
    parts = {**stack.choices, **({stack.samples: inner} if inner > 1 else {})}
    count = math.prod(parts.values())
    if page is None and (count > 1 or stack.differ):
        raise InputError(_which(stack, parts, first))
    if isinstance(page, int) and page > count:
        raise InputError(f"holds {count} picture{'s' * (count > 1)}, and no number {page}.")
    if page == CHANNELS and stack.differ:
        raise InputError("holds pictures of several sizes or kinds, which are no channels: --page N takes one of them.")
    each = math.prod(size for size, one in zip(stack.shape, stack.together, strict=True) if one)
    taken = count // inner if page == CHANNELS else 1
    if taken * each > PAGES:
        raise InputError(f"holds {taken * each} pages, of which {PAGES} at most are read as one picture.")
    refuse_many(taken * each * first.size, page)
    if page == CHANNELS:
        return [plane for number in range(taken) for plane in stack.planes(number)], each, slice(None)
    number, sample = divmod((page if isinstance(page, int) else 1) - 1, inner)
    return list(stack.planes(number)), each, slice(sample, None, inner)


def refuse_many(numbers: int, page: int | str | None = None) -> None:
    """Raise InputError for more numbers than four for each pixel of the largest picture."""
    if numbers > (most := 4 * most_pixels()):
        way = "--page N takes one of its pictures" if page == CHANNELS else "cut it into smaller ones"
        raise InputError(f"has {numbers} numbers in its channels, and more than {most} are not read at once: {way}.")


def _which(stack: Stack, parts: dict[str, int], first: "tifffile.TiffPage") -> str:
    """What a file of several pictures holds, and what to do about it."""
    count = math.prod(parts.values())
    if stack.differ:
        which = f"--page N takes one of the first {count}" if count > 1 else "--page 1 takes the first"
        return f"holds several pictures of different sizes or kinds: {which}, or save each in a file of its own."
    channels = math.prod(size for letter, size in zip(stack.axes, stack.shape, strict=True) if letter in "CS")
    size = "" if stack.rows else f" of {first.imagewidth} x {first.imagelength} pixels"
    size += f" and {channels} channels" * (channels > 1)
    known = all(name[0] in NAMES for name in parts)
    counts = len(parts) > 1
    names = [f"{number} " * counts + NAMES[name[0]] for name, number in parts.items() if known]
    what = f", {' x '.join(names)}" if known else ", and does not say what they are"
    return (
        f"holds {count} pictures{size}{what}: --page N takes one of them, --page {CHANNELS} all as the channels of "
        "one picture."
    )
