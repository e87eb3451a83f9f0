"""thin_class.png: the ground truth, moved to the right by a few pixels: accuracy hardly sees it, the thin class does.

The pictures are those on which `python -m minunet.train` tests. Run: python -m lessons.figures.thin_class
"""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lessons.figures.style import CORRECT, FALSE_ALARM, GREY, MISSED, new_figure, save
from minunet.draw.colours import class_colours
from minunet.metrics import confusion_matrix, iou, pixel_accuracy
from minunet.train.presets import PRESETS, load_data

SHIFTS = range(6)
KINDS = {"": "white", "missed": MISSED, "false alarm": FALSE_ALARM, "right": CORRECT}  # first, no border in either


def draw(narrow: bool = False) -> Figure:
    """Left, or above: the border of one picture, true and moved by a pixel. Right: the scores of all test pictures."""
    test = load_data(PRESETS["cells"]).test
    labels, classes = test.labels, test.classes
    matrices = [confusion_matrix(labels, np.roll(labels, shift, axis=2), len(classes)) for shift in SHIFTS]
    scores = np.stack([iou(matrix) for matrix in matrices])  # (shifts, classes)

    figure = new_figure(4, 6.6) if narrow else new_figure(9.5, 3.7)
    seam, curves = figure.subplots(2, 1) if narrow else figure.subplots(1, 2, width_ratios=(1, 1.7))
    most = int(np.argmax((labels[:, 16:48, 16:48] == 2).sum((1, 2))))
    true = labels[most] == 2
    moved = np.roll(true, 1, axis=1)
    kinds = (1 * (true & ~moved) + 2 * (moved & ~true) + 3 * (true & moved))[16:48, 16:48]
    seam.imshow(np.array([to_rgb(colour) for colour in KINDS.values()])[kinds])
    seam.set(xticks=[], yticks=[])
    seam.set_title("the border, moved by one pixel", fontsize=10)
    seam.legend(
        handles=[Patch(color=colour, label=name) for name, colour in KINDS.items() if name],
        loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=8, frameon=False, columnspacing=1,
    )  # fmt: skip

    accuracy = [pixel_accuracy(matrix) for matrix in matrices]
    curves.plot(SHIFTS, accuracy, color=CORRECT, linewidth=9, label="pixel accuracy", solid_capstyle="round")
    for name, colour, values, marker in zip(classes, class_colours(classes) / 255, scores.T, "s^v", strict=True):
        curves.plot(SHIFTS, values, color=colour, marker=marker, label=f"IoU of {name}")
    majority = matrices[0].sum(axis=1).max() / matrices[0].sum()
    curves.axhline(majority, color=GREY, linewidth=1, linestyle=":")
    curves.text(
        5.1, majority + 0.012, '"background" everywhere: accuracy', fontsize=8, color="#555555", ha="right", va="bottom"
    )
    curves.set(xlim=(-0.1, 5.15), ylim=(0, 1.03), xticks=list(SHIFTS))
    curves.set_xlabel("pixels that the prediction is moved by", fontsize=9)
    curves.set_title(f"scores of {len(labels)} pictures", fontsize=10)
    curves.grid(alpha=0.25)
    curves.legend(loc="lower left", fontsize=8)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
