"""by_place.png: how far resized labels are displaced, and what that does to the accuracy, place by place.

Run: python -m lessons.figures.by_place       (the runs: python lessons/experiments/alignment.py)
"""

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lessons.figures.style import GREY, METHODS, WINE, panels, save
from minunet.data.batches import centre_crop, whole_resized

FILE = Path(__file__).parents[1] / "experiments" / "alignment.json"
SIZE, OUT = 100, 60


def draw(narrow: bool = False) -> Figure:
    """On the left the formula and the pixels of the code; on the right means of three seeds, and each seed thinly."""
    figure, (left, right) = panels(narrow, 2, 3.5, 7.2)

    i = np.arange(OUT)
    rows = np.arange(SIZE)[None, :, None].repeat(SIZE, axis=2)  # the number of its row in every pixel
    away = (whole_resized(rows, OUT, OUT) - centre_crop(rows, OUT, OUT))[0, :, 0]
    left.axhline(0, color=GREY, linewidth=0.8)
    left.plot(i, (i + 0.5) * (SIZE / OUT - 1) - (SIZE - OUT) / 2, color=METHODS[0][0], linewidth=1, label="formula")
    left.plot(i, away, ".", color=WINE, markersize=5, label="whole pixels, as in the code")
    left.set(
        xlabel="row of the output", ylabel="label taken from (pixels away)", xlim=(-1, OUT), yticks=range(-20, 21, 10)
    )
    left.set_title("how far each label is displaced", fontsize=10.5)
    left.legend(frameon=False, fontsize=9, loc="upper left")

    found = json.loads(FILE.read_text(encoding="utf-8"))
    kinds = (
        ("aligned", "aligned", "trained on aligned, tested on aligned labels"),
        ("aligned", "resized", "the same network, tested on resized labels"),
        ("resized", "resized", "trained on resized, tested on resized labels"),
    )
    for (trained_on, tested_on, words), (colour, shape) in zip(kinds, METHODS[:3], strict=True):
        runs = [row["by_ring"] for row in found if (row["trained_on"], row["tested_on"]) == (trained_on, tested_on)]
        for each in runs:
            right.plot(each, color=colour, linewidth=0.6, alpha=0.45)
        right.plot(np.mean(runs, axis=0), shape, color=colour, linewidth=2, label=words)
    bar = np.mean([row["majority"] for row in found if row["tested_on"] == "resized"])
    right.axhline(bar, color=GREY, linestyle=":", label="the most frequent resized label")
    right.set(xlabel="pixels from the centre of the output", ylabel="pixel accuracy", xlim=(0, 29), ylim=(0.4, 1.02))
    right.set_title("accuracy by place", fontsize=10.5)
    right.legend(frameon=False, fontsize=8.5, loc="lower left")
    for axes in (left, right):
        axes.grid(alpha=0.25)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
