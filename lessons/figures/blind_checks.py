"""blind_checks.png: which of the planted bugs does a gradient check find, with ones as dy, on small shapes, and so on?

Run: python -m lessons.figures.blind_checks
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lessons.figures.style import CORRECT, DPI, FALSE_ALARM, INK, MISSED, PHONE, save
from minunet.gradcheck import cases
from minunet.gradcheck.check import NUMERIC_TOLERANCE, Arrays, Case, _central, relative_error
from tests.planted_bugs import BUGS, CLASS_WEIGHT, NET, OVERLAPPING, STRIDED, Backward, with_input

MakeCase = Callable[[np.random.Generator], Case]
FINDS, MISSES, CANNOT_TELL = "finds", "misses", "cannot tell"
SEED = 1


# --- the experiment -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """A way to check gradients: with which dy, on which shapes, and by moving every number or along one direction."""

    name: str
    ones: bool = False
    small: bool = False
    every_number: bool = True


CHECKS = [
    Check("ones, small", ones=True, small=True),
    Check("ones", ones=True),
    Check("random, small", small=True),
    Check("random"),
    Check("random, one direction", every_number=False),
]

LAYERS: dict[str, MakeCase] = {
    "conv": cases.conv2d_case,
    "conv_transpose": cases.conv_transpose2d_case,
    "pool": cases.max_pool2d_case,
    "crop": cases.crop_concat_case,
    "relu": cases.relu_case,
    "dropout": cases.dropout_case,
    "norm": cases.group_norm_case,
    "softmax": cases.softmax_case,
}

# What a backward pass may do to dy, and then do everything else right.
MIX_UPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "samples in reverse order": lambda dy: dy[::-1],
    "upside down": lambda dy: dy[:, ::-1],
    "left and right swapped": lambda dy: dy[:, :, ::-1],
    "channels in reverse order": lambda dy: dy[..., ::-1],
    "read as channels first": lambda dy: dy.transpose(0, 3, 1, 2).reshape(dy.shape),
    "first sample for all": lambda dy: np.broadcast_to(dy[:1], dy.shape),
    "mean instead of dy": lambda dy: np.full_like(dy, dy.mean()),
}


@cache
def on_planted_bugs(check: Check) -> dict[str, str]:
    """Name of each planted bug -> what the check says of it."""
    case_of = {bug.name: smallest(bug.name) if check.small else bug.case for bug in BUGS}
    found: dict[str, str] = {}
    for make in dict.fromkeys(case_of.values()):  # bugs of the same case are judged by the same measurements
        rng = np.random.default_rng(SEED)
        bugs = [bug for bug in BUGS if case_of[bug.name] is make]
        answers = verdicts(check, make(rng), [bug.backward for bug in bugs], rng)
        found |= {bug.name: answer for bug, answer in zip(bugs, answers, strict=True)}
    return {bug.name: found[bug.name] for bug in BUGS}


@cache
def on_mixed_up_dy(check: Check) -> dict[str, list[str]]:
    """Name of each mix-up -> what the check says of it, for each layer."""
    found: dict[str, list[str]] = {name: [] for name in MIX_UPS}
    for layer, make in LAYERS.items():
        rng = np.random.default_rng(SEED)
        case = smallest(layer)(rng) if check.small else make(rng)
        wrong = [mixed_up(case.backward, mix_up) for mix_up in MIX_UPS.values()]
        for name, answer in zip(MIX_UPS, verdicts(check, case, wrong, rng), strict=True):
            found[name].append(answer)
    return found


def mixed_up(backward: Backward, mix_up: Callable[[np.ndarray], np.ndarray]) -> Backward:
    """The right backward pass, given the wrong dy."""
    return lambda dy, cache: backward(mix_up(dy), cache)


def verdicts(check: Check, case: Case, wrong: list[Backward], rng: np.random.Generator) -> list[str]:
    """What one check says of several wrong backward passes of a case: it finds or misses each.

    It cannot tell if it refuses the right backward pass as well.
    """
    y, _ = case.forward(case.inputs)
    dy = np.ones(np.shape(y)) if check.ones else rng.standard_normal(np.shape(y))
    directions = {
        name: np.eye(x.size).reshape(x.size, *x.shape) if check.every_number else rng.standard_normal((1, *x.shape))
        for name, x in case.inputs.items()
    }
    for h in (1e-6, 1e-7, 1e-8):  # a smaller step if one crossed a kink
        measured = {name: np.array([_central(case, dy, name, v, h) for v in vs]) for name, vs in directions.items()}
        if passes(case, case.backward, dy, directions, measured):
            return [MISSES if passes(case, each, dy, directions, measured) else FINDS for each in wrong]
    return [CANNOT_TELL] * len(wrong)


def passes(case: Case, backward: Backward, dy: np.ndarray, directions: Arrays, measured: Arrays) -> bool:
    """Whether the gradients of a backward pass are, for every input, what was measured."""
    _, cache = case.forward(case.inputs)
    try:
        grads = backward(dy, cache)
    except ValueError:  # shapes that do not fit together: nobody overlooks that
        return False
    for (name, vs), grad in zip(directions.items(), grads, strict=True):
        if np.shape(grad) != vs.shape[1:]:
            return False
        if relative_error(np.array([(grad * v).sum() for v in vs]), measured[name]) > NUMERIC_TOLERANCE:
            return False
    return True


# --- the layers, as small and as symmetric as they go -------------------------------------------------------------

PICTURE = (1, 4, 4, 1)  # one sample, square, one channel


def _fresh_norm(rng: np.random.Generator) -> Case:
    """Group norm with scale 1 and shift 0, as a network starts."""
    case = cases.group_norm_case(rng, shape=PICTURE, groups=1)
    return replace(case, inputs={"x": case.inputs["x"], "weight": np.ones(1), "bias": np.zeros(1)})


SMALLEST: dict[str, MakeCase] = {  # beginning of a bug's name -> its case; the first that fits
    "conv_stride": lambda rng: cases.conv2d_case(rng, image=PICTURE, channels=1, **STRIDED),
    "conv_transpose": lambda rng: cases.conv_transpose2d_case(rng, image=PICTURE, channels=1),
    "conv": lambda rng: cases.conv2d_case(rng, image=PICTURE, channels=1),
    "pool_overlap": lambda rng: cases.max_pool2d_case(rng, image=PICTURE, **OVERLAPPING),
    "pool_tie": lambda rng: with_input(cases.max_pool2d_case(rng, image=PICTURE, ties=True)),
    "pool": lambda rng: cases.max_pool2d_case(rng, image=PICTURE),
    "crop": lambda rng: cases.crop_concat_case(rng, skip=PICTURE, x=PICTURE),
    "concat": lambda rng: cases.crop_concat_case(rng, skip=PICTURE, x=PICTURE),
    "relu": lambda rng: cases.relu_case(rng, shape=PICTURE),
    "dropout": lambda rng: cases.dropout_case(rng, shape=PICTURE),
    "norm": _fresh_norm,
    "softmax": lambda rng: cases.softmax_case(rng, shape=(1, 4, 4, 2)),
    "cross_entropy_class": lambda rng: cases.cross_entropy_case(rng, shape=(1, 4, 4, 5), class_weight=CLASS_WEIGHT),
    "cross_entropy_ignored": lambda rng: cases.cross_entropy_case(rng, shape=(1, 4, 4, 5), ignore=True),
    "cross_entropy": lambda rng: cases.cross_entropy_case(rng, shape=(1, 4, 4, 5)),
    "dice_ignored": lambda rng: cases.dice_case(rng, shape=(1, 4, 4, 5), ignore=True),
    "dice": lambda rng: cases.dice_case(rng, shape=(1, 4, 4, 5)),
    "network": lambda rng: cases.network_case(rng, NET, (8, 8), batch=1),
}


def smallest(name: str) -> MakeCase:
    """The case for a bug or a layer, small and symmetric."""
    return next(make for beginning, make in SMALLEST.items() if name.startswith(beginning))


# --- the picture --------------------------------------------------------------------------------------------------

ROW = 0.18  # height, in inches


class Layout(NamedTuple):
    """In inches: the width of the figure, of a column of names and of a cell, and how high the headings are."""

    width: float
    names: float
    cell: float
    headings: float


WIDE, NARROW = Layout(9.5, 2.2, 0.475, 0.65), Layout(PHONE, 2.12, 0.365, 1.4)
COLOURS = {FINDS: CORRECT, MISSES: MISSED, CANNOT_TELL: FALSE_ALARM}
HEADINGS = ("ones,\nsmall\n", "ones\n", "random,\nsmall\n", "random\n", "random,\none\ndirection")
GROUPS = {  # beginning of a name -> heading; the first that fits
    "conv_transpose_": "transposed convolution",
    "conv_": "convolution",
    "pool_": "max-pool",
    "crop_": "crop",
    "concat_": "concatenate",
    "relu_": "ReLU",
    "dropout_": "dropout",
    "norm_": "group norm",
    "softmax_": "softmax",
    "cross_entropy_": "softmax and cross-entropy",
    "dice_": "soft Dice",
    "network_": "the network",
}


def draw(narrow: bool = False) -> Figure:
    """A row per bug, a column per check; right backward passes that mix up their dy first; and the counts."""
    planted = [on_planted_bugs(check) for check in CHECKS]
    mixed = [on_mixed_up_dy(check) for check in CHECKS]
    rows = list(_rows(planted))
    cut = next(number for number, (text, _) in enumerate(rows) if text == "crop")
    left, right = rows[:cut], rows[cut:]
    left += [("dy mixed up: found, of 8 layers", None)]
    left += [(name, [column[name] for column in mixed]) for name in MIX_UPS]

    layout = NARROW if narrow else WIDE
    top = layout.headings + (0.7 if narrow else 0.4)
    below = top + ROW * len(left) + layout.headings  # where the second part begins, on a phone
    if narrow:
        parts, height = ((0.04, top, left), (0.04, below, right)), below + ROW * (len(right) + 2)
    else:
        parts, height = ((0.1, top, left), (4.85, top, right)), top + ROW * max(len(left), len(right) + 2)
    figure = Figure(figsize=(layout.width, height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, layout.width), ylim=(height, 0))
    axes.axis("off")
    _legend(axes, narrow)
    for start, above, part in parts:
        for number, heading in enumerate(HEADINGS):
            text, angle = (" ".join(heading.split()), 90) if narrow else (heading, 0)
            x = _middle(layout, start, number)
            axes.text(x, above - 0.08, text, ha="center", va="bottom", fontsize=8, color=INK, rotation=angle)
        for number, (text, answers) in enumerate(part):
            _draw_row(axes, layout, start, above + ROW * number, text, answers)
    start, above, part = parts[1]
    bottom = above + ROW * (len(part) + 1)
    axes.text(start, bottom, f"planted bugs found, of {len(BUGS)}", va="center", fontsize=8.5, color=INK, weight="bold")
    for number, column in enumerate(planted):
        count = list(column.values()).count(FINDS)
        x = _middle(layout, start, number)
        axes.text(x, bottom, count, ha="center", va="center", fontsize=9, weight="bold")
    return figure


def _middle(layout: Layout, start: float, number: int) -> float:
    """The middle of a column."""
    return start + layout.names + layout.cell * (number + 0.5)


def _rows(planted: list[dict[str, str]]) -> Iterator[tuple[str, list[str] | None]]:
    """Headings, with None, and bugs, with what each check said."""
    last = ""
    for name in planted[0]:
        beginning = next(each for each in GROUPS if name.startswith(each))
        if beginning != last:
            yield GROUPS[beginning], None
        last = beginning
        yield name.removeprefix(beginning).replace("_", " "), [column[name] for column in planted]


def _draw_row(axes: Axes, layout: Layout, left: float, top: float, text: str, answers: list | None) -> None:
    """A heading, or a name and a cell for each check; a cell of several answers is divided among them."""
    if answers is None:
        axes.text(left, top + ROW * 0.55, text, va="center", fontsize=8.5, color=INK, weight="bold")
        return
    size = 7 if layout is NARROW and len(text) > 32 else 8
    axes.text(left + 0.1, top + ROW * 0.55, text, va="center", fontsize=size, color=INK)
    for number, answer in enumerate(answers):
        several = answer if isinstance(answer, list) else [answer]
        x = left + layout.names + layout.cell * number
        for kind, colour in COLOURS.items():
            part = layout.cell * several.count(kind) / len(several)
            axes.add_patch(Rectangle((x, top), part, ROW, facecolor=colour, linewidth=0))
            x += part
        corner = (x - layout.cell, top)
        axes.add_patch(Rectangle(corner, layout.cell, ROW, fill=False, edgecolor="white", linewidth=1.5))
        if len(several) > 1:
            middle, count = _middle(layout, left, number), several.count(FINDS)
            box = {"facecolor": COLOURS[FINDS], "edgecolor": "none", "pad": 1}
            axes.text(middle, top + ROW * 0.55, count, ha="center", va="center", fontsize=8, color=INK, bbox=box)


def _legend(axes: Axes, narrow: bool) -> None:
    words = {FINDS: "finds it", MISSES: "misses it", CANNOT_TELL: "cannot tell: the right one is refused as well"}
    x, y = 0.2, 0.12
    for answer, text in words.items():
        axes.add_patch(Rectangle((x, y), WIDE.cell, ROW, facecolor=COLOURS[answer], linewidth=0))
        axes.text(x + WIDE.cell + 0.08, y + ROW * 0.55, text, va="center", fontsize=9, color=INK)
        x, y = (x, y + 0.22) if narrow else (x + WIDE.cell + 0.9, y)


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
