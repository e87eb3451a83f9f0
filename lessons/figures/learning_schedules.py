"""learning_schedules.png: the learning rate at each of 100 steps.

Run: python -m lessons.figures.learning_schedules
"""

from dataclasses import replace

from matplotlib.figure import Figure

from lessons.figures.style import GREY, INK, OLIVE, panels, save
from minunet.train.presets import PRESETS, make_schedule

STEPS, HIGHEST = 100, 0.002


def draw(narrow: bool = False) -> Figure:
    """The three schedules of `minunet.optim`, all with one highest rate, on a plain and a logarithmic scale."""
    figure, (plain, logarithmic) = panels(narrow, 2, 3.4, 6.2)
    for name, colour, shape in (("constant", GREY, ":"), ("piecewise", OLIVE, "--"), ("one-cycle", INK, "-")):
        schedule = make_schedule(replace(PRESETS["cells"], schedule=name, lr=HIGHEST), STEPS)
        rates = [schedule(step) for step in range(STEPS)]
        for axes in (plain, logarithmic):
            axes.plot(
                rates, shape, color=colour, label=name, drawstyle="steps-mid" if name == "piecewise" else "default"
            )
    logarithmic.set_yscale("log")
    for axes, title in ((plain, "learning rate"), (logarithmic, "the same, logarithmic")):
        axes.set_title(title, fontsize=10, color=INK)
        axes.set(xlabel="step", xlim=(0, STEPS - 1))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    logarithmic.legend(loc="lower left", fontsize=9, frameon=False)
    return figure


if __name__ == "__main__":
    save(draw(), __file__, draw(narrow=True))
