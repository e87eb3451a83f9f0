"""thin_class.png: the right answer, moved to the right by a few pixels: accuracy hardly sees it, the thin class does.

The pictures are those on which `python -m minunet.train` tests. Run: python -m lessons.figures.thin_class
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lessons.figures.style import BLUE, GREEN, GREY, ORANGE, new_figure, save
from minunet.metrics import confusion_matrix, iou, pixel_accuracy
from minunet.train.presets import PRESETS, load_data

SHIFTS = range(6)
# What is no border in either; missed, false, right: none of them the colour of a class on the right.
TINTS = np.array([[255, 255, 255], [34, 34, 34], [204, 121, 167], [196, 196, 196]])


def draw() -> Figure:
    """Left: the border of one picture, true and moved by a pixel. Right: the scores of all test pictures."""
    test = load_data(PRESETS["cells"]).test
    labels, classes = test.labels, test.classes
    matrices = [confusion_matrix(labels, np.roll(labels, shift, axis=2), len(classes)) for shift in SHIFTS]
    scores = np.stack([iou(matrix) for matrix in matrices])  # (shifts, classes)

    figure = new_figure(9.5, 3.7)
    seam, curves = figure.subplots(1, 2, width_ratios=(1, 1.7))
    most = int(np.argmax((labels[:, 16:48, 16:48] == 2).sum((1, 2))))
    true = labels[most] == 2
    moved = np.roll(true, 1, axis=1)
    kinds = (1 * (true & ~moved) + 2 * (moved & ~true) + 3 * (true & moved))[16:48, 16:48]
    seam.imshow(TINTS[kinds].astype("uint8"))
    seam.set(xticks=[], yticks=[])
    seam.set_title("the border, moved by one pixel", fontsize=10)
    names = ("missed", "false alarm", "right")
    seam.legend(
        handles=[Patch(color=tint / 255, label=name) for name, tint in zip(names, TINTS[1:], strict=True)],
        loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=8, frameon=False, columnspacing=1,
    )  # fmt: skip

    accuracy = [pixel_accuracy(matrix) for matrix in matrices]
    curves.plot(SHIFTS, accuracy, color="#c4c4c4", linewidth=9, label="pixel accuracy", solid_capstyle="round")
    for name, colour, values, marker in zip(classes, (BLUE, ORANGE, GREEN), scores.T, "s^v", strict=True):
        curves.plot(SHIFTS, values, color=colour, marker=marker, label=f"IoU of {name}")
    majority = matrices[0].sum(axis=1).max() / matrices[0].sum()
    curves.axhline(majority, color=GREY, linewidth=1, linestyle=":")
    curves.text(
        5.1, majority + 0.012, '"background" everywhere: accuracy', fontsize=8, color="#555555", ha="right", va="bottom"
    )
    curves.set(xlim=(-0.1, 5.15), ylim=(0, 1.03), xticks=list(SHIFTS))
    curves.set_xlabel("pixels that the answer is moved by", fontsize=9)
    curves.set_title(f"scores of {len(labels)} pictures", fontsize=10)
    curves.grid(alpha=0.25)
    curves.legend(loc="lower left", fontsize=8)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
