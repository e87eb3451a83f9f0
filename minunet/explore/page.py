"""The page: one file of HTML that holds a network, a picture, and the script that runs the one on the other.

It holds no activations and no gradients, as those would be a hundred times as many numbers: the script computes them,
and compares some of every step with what the plain layers have computed, when it opens.
"""

import base64
import dataclasses
import json
import re
from collections.abc import Sequence
from html import escape
from importlib import resources
from typing import Any

import numpy as np

from minunet.draw.colours import class_colours
from minunet.errors import InputError
from minunet.explore.plan import Step, arrows_of, steps_of
from minunet.model.checkpoint import rounded
from minunet.recording import Recording
from minunet.unet import Parameters, UNet

SCRIPTS = (
    "unet.js", "seen.js", "data.js", "draw.js", "sums.js", "back.js", "compute.js", "arms.js", "closer.js", "main.js",
)  # fmt: skip
EXACT = 4_000_000  # bytes: larger networks are rounded to 8 bits
LARGEST = 5_000_000  # bytes of a page
MOST_PRODUCTS = 3_000_000_000  # a pass
CHECKED = 8  # numbers of every step
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclasses.dataclass(frozen=True)
class Scene:
    """What the page shows: a network and the picture that it sees.

    Args:
        about: in words, of which network and of which picture it is.
        x: the picture as the network sees it, (H, W, C) float32.
        picture: as people see it, (H, W, 3) uint8.
        truth: the true classes of the output's pixels, (OH, OW) uint8, if they are known.
        ends: what black and white are in x.
    """

    about: tuple[str, ...]
    net: UNet
    params: Parameters
    classes: tuple[str, ...]
    x: np.ndarray
    picture: np.ndarray
    truth: np.ndarray | None = None
    ends: tuple[float, float] = (-2, 2)


def write_page(scene: Scene) -> str:
    """The text of the file. Raises InputError if it would be too large, or too slow."""
    steps = steps_of(scene.net, *scene.x.shape[:2])
    refuse_unsuited(steps)
    weights, params, changed = packed(scene.params)
    colours = class_colours(scene.classes).tolist()
    data = {
        "classes": scene.classes,
        "colours": colours,
        "channels": CHANNELS.get(scene.net.in_channels, [f"channel {k}" for k in range(scene.net.in_channels)]),
        "shape": scene.x.shape,
        "steps": [dataclasses.asdict(step) for step in steps],
        "blocks": list(dict.fromkeys(step.block for step in steps)),
        "depth": scene.net.depth,
        "arrows": arrows_of(steps),
        **weights,
        "x": text_of(scene.x.astype("<f4")),
        "picture": text_of(scene.picture),
        "truth": None if scene.truth is None else text_of(scene.truth.astype("uint8")),
        "ends": scene.ends,
        "checks": checks(scene.net, params, scene.x),
    }
    files = resources.files("minunet.explore")
    parts = {
        "title": f"{escape(scene.about[0])} \u2013 minunet explore",
        "about": escape("; ".join([*scene.about, *(["weights rounded to 8 bits"] if changed else [])])),
        "classes": "".join(legend(k, name, colours[k]) for k, name in enumerate(scene.classes)),
        "untrue": " disabled" if scene.truth is None else "",
        "truth": ": it needs the true classes, --mask FILE" if scene.truth is None else "",
        "style": (files / "style.css").read_text(encoding="utf-8"),
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "script": "\n".join((files / name).read_text(encoding="utf-8") for name in SCRIPTS),
    }
    page = (files / "page.html").read_text(encoding="utf-8")
    page = re.sub(r"{{(\w+)}}", lambda found: parts[found[1]], page)  # at once: names may hold {{...}}, too
    page = page.encode("utf-8", "backslashreplace").decode("utf-8")  # and bytes that are no text
    if len(page) > LARGEST:
        sizes = [sum(len(data[name]) for name in names) / 1e6 for names in (("floats", "bytes"), ("x", "picture"))]
        raise InputError(
            f"The page would have {len(page) / 1e6:.1f} MB, and {LARGEST / 1e6:.0f} are the most: the weights take "
            f"{sizes[0]:.1f} MB of that, and the picture {sizes[1]:.1f}."
        )
    return page


def refuse_unsuited(steps: Sequence[Step]) -> None:
    """Raise InputError for networks that a browser would compute for too long, and those that are no U."""
    if len({step.level for step in steps}) == 1:
        raise InputError("A network of depth 1 has no skip: there is no U to show.")
    products = sum(step.products for step in steps)
    if products > MOST_PRODUCTS:
        raise InputError(
            f"This network needs {products / 1e9:.1f} billion products for a picture, more than the "
            f"{MOST_PRODUCTS / 1e9:.0f} that a browser does in about two seconds."
        )


def packed(params: Parameters) -> tuple[dict[str, Any], Parameters, bool]:
    """The parameters as a table and two rows of numbers, float32 and int8, as text.

    Kernels of a large network are rounded to 8 bits, with a scale for each output channel, as `save_small` does.

    Returns:
        "table", rows [name, shape, type, first number, first scale], "floats" and "bytes"; the parameters as they are
        read from there; and whether that has changed them.
    """
    small = 4 * sum(array.size for array in params.values()) > EXACT
    rows: dict[str, list[np.ndarray]] = {"float32": [np.zeros(0, "<f4")], "int8": [np.zeros(0, "int8")]}
    table, read = [], dict(params)

    def put(array: np.ndarray) -> int:
        row = rows[array.dtype.name]
        row.append(array.ravel())
        return sum(each.size for each in row[:-1])

    for name, array in params.items():
        if small and array.ndim == 4:
            kernel, scale = rounded(array)
            read[name] = kernel * scale
            table.append([name, array.shape, "int8", put(kernel), put(scale)])
        else:
            table.append([name, array.shape, "float32", put(array), 0])
    changed = not all(np.allclose(read[name], array, rtol=1e-6, atol=0) for name, array in params.items())
    floats, bytes8 = (text_of(np.concatenate(each)) for each in rows.values())
    return {"table": table, "floats": floats, "bytes": bytes8}, read, changed


def checks(net: UNet, params: Parameters, x: np.ndarray) -> dict[str, list[Any]]:
    """Of each step its largest number, and some others, [index, number], by the plain layers.

    Raises InputError if there are numbers that are not finite.
    """
    recording = Recording(net)
    with np.errstate(over="ignore", invalid="ignore"):
        recording.forward(params, x[None])
    if not all(np.isfinite(step.y).all() for step in recording.steps.values()):
        raise InputError("The network computes numbers that are not finite: its training has diverged.")
    found, rng = {}, np.random.default_rng(0)
    for name, step in recording.steps.items():
        values = step.y.ravel()
        # At equal steps between the first and the last, they could all be of a few maps.
        places = [0, len(values) - 1, *rng.integers(len(values), size=CHECKED - 2)]
        found[name] = [float(np.abs(values).max()), [[int(n), float(values[n])] for n in places]]
    return found


def text_of(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def legend(number: int, name: str, colour: Sequence[int]) -> str:
    """A class in the legend: its colour, and lines, for those who cannot tell colours apart; the first has none."""
    lines = " ".join(word for bit, word in ((1, "rising"), (2, "falling")) if number & bit)
    patch = f'<i class="{lines}" style="--class: linear-gradient(rgb{tuple(colour)}, rgb{tuple(colour)})"></i>'
    return f"<li>{patch}{escape(name)}</li>"
