"""Mistakes in the gradient of a bias, the same wherever a layer adds one number to every pixel: lessons 1, 3 and 5."""

from lessons.check.exercise import Mistake

BIAS_MISTAKES = (
    Mistake(
        "dbias",
        "your dbias is the sum over height and width, but not over the batch.",
        lambda dy, cache: dy.sum((1, 2)),
    ),
    Mistake(
        "dbias",
        "your dbias is the mean over the pixels; every pixel got the whole bias, so it is their sum.",
        lambda dy, cache: dy.mean((0, 1, 2)),
    ),
    Mistake("dbias", "your dbias is the sum over the batch only; height and width too.", lambda dy, cache: dy.sum(0)),
    Mistake("dbias", "your dbias is one number: keep the output channels apart.", lambda dy, cache: dy.sum()),
)
