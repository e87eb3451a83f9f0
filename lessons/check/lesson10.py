"""Lesson 10: what the checker knows about flips, class weights, dropout and the running mean."""

from collections.abc import Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers, optim

# --- 10.1 flip_both

FLIPS = [  # shape of the image, left_right, up_down
    ((3, 4, 3), True, False),
    ((4, 3, 1), False, True),
    ((4, 5, 3), True, True),
    ((3, 3, 3), False, False),
    ((5, 5, 3), True, False),
]


def flip_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, left_right, up_down in FLIPS:
        yield {
            "image": rng.random(shape),
            "labels": rng.integers(0, 10, shape[:2]),
            "left_right": left_right,
            "up_down": up_down,
        }


def flipped(array, left_right, up_down):
    axes = [axis for axis, asked in enumerate((up_down, left_right)) if asked]
    return np.flip(array, axes)


def flip(image, labels, left_right, up_down):
    return flipped(image, left_right, up_down), flipped(labels, left_right, up_down)


def flip_mistakes(output: str) -> tuple[Mistake, ...]:
    def otherwise(change):
        """The output, flipped by other rules: `change` takes what was asked."""
        return lambda left_right, up_down, **both: flipped(both[output], *change(left_right, up_down))

    named = (
        (
            "the axes are swapped: left_right turns the columns around, axis 1, and up_down the rows, axis 0.",
            lambda left_right, up_down: (up_down, left_right),
        ),
        ("only the first of the two flips was made: both can be asked for at once.", lambda a, b: (a, b and not a)),
        ("only the second of the two flips was made: both can be asked for at once.", lambda a, b: (a and not b, b)),
        ("both flips were made where one of them, or neither, was asked for.", lambda a, b: (True, True)),
    )

    def every_axis(left_right, up_down, **both):
        return np.flip(both[output]) if left_right != up_down else both[output]

    not_moved = {
        "labels": "the labels stayed where they were while the image moved: each pixel now has the label of another.",
        "image": "the image stayed where it was, although a flip was asked for.",
    }
    return (
        Mistake(output, not_moved[output], otherwise(lambda a, b: (False, False))),
        Mistake(
            output,
            f"in your {output} both rows and columns are turned where only one flip was asked for (np.flip without an "
            "axis turns every axis).",
            every_axis,
        ),
        *(Mistake(output, f"in your {output} {sentence}", otherwise(change)) for sentence, change in named),
    )


FLIP_MISTAKES = (
    Mistake(
        "image",
        "these are the labels: the image comes first, then the labels.",
        lambda **case: flip(**case)[1],
    ),
    Mistake(
        "image",
        "the channels are reversed: red became blue. The columns are axis 1, the channels axis 2.",
        lambda image, **rest: flipped(image, False, rest["up_down"])[..., ::-1],
    ),
    *flip_mistakes("image"),
    *flip_mistakes("labels"),
)

# --- 10.2 class_weights

COUNTS = [  # shape, and how likely each class is
    ((2, 3, 4), (0.6, 0.3, 0.1)),
    ((2, 6, 6), (0.55, 0.05, 0.4)),
    ((1, 7, 8), (0.7, 0.0, 0.2, 0.1)),
    ((9, 9), (0.5, 0.3, 0.2, 0.0)),
    ((3, 5, 5), (0.0, 0.9, 0.1)),
]


def weight_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, likely in COUNTS:
        labels = rng.choice(len(likely), shape, p=likely)
        present = np.flatnonzero(likely)
        labels.flat[: 2 * len(present)] = np.repeat(present, 2)  # each class that can occur does, more than once
        yield {"labels": labels, "classes": len(likely)}


def counted(labels, classes):
    return np.bincount(labels.ravel(), minlength=classes).astype(float)


def inverse(labels, classes):
    """1 / n of the classes that occur, 0 of the others."""
    counts = counted(labels, classes)
    return np.divide(1, counts, out=np.zeros(classes), where=counts > 0)


def balanced(labels, classes):
    weights = inverse(labels, classes)
    return weights / weights[weights > 0].mean()


def _infinite(labels, classes):
    weights = 1 / counted(labels, classes)
    return weights / weights.mean()


def _at_least_one(labels, classes):
    weights = 1 / np.maximum(counted(labels, classes), 1)
    return weights / weights.mean()


def _one_more(labels, classes):
    weights = 1 / (counted(labels, classes) + 1)
    return weights / weights.mean()


def _root(labels, classes):
    weights = np.sqrt(inverse(labels, classes))
    return weights / weights[weights > 0].mean()


WEIGHT_MISTAKES = (
    Mistake(
        "weights",
        "these grow with the frequency: a rare class must get a large weight, so 1 / n.",
        lambda labels, classes: (
            counted(labels, classes) / counted(labels, classes)[inverse(labels, classes) > 0].mean()
        ),
    ),
    Mistake(
        "weights",
        "these are the shares of the classes; the weights are proportional to 1 / n.",
        lambda labels, classes: counted(labels, classes) / labels.size,
    ),
    Mistake(
        "weights",
        "your weights sum to 1; it is their mean that must be 1.",
        lambda labels, classes: inverse(labels, classes) / inverse(labels, classes).sum(),
    ),
    Mistake(
        "weights",
        "the mean is taken over all classes; those that do not occur must be left out of it.",
        lambda labels, classes: inverse(labels, classes) / inverse(labels, classes).mean(),
    ),
    Mistake("weights", "1 / n is not normalised: divide by the mean of the weights.", inverse),
    Mistake(
        "weights",
        "pixels / n is not normalised: divide by the mean of the weights.",
        lambda labels, classes: labels.size * inverse(labels, classes),
    ),
    Mistake(
        "weights",
        "your weights have the mean 1 over the pixels; asked for is the mean over the classes that occur.",
        lambda labels, classes: labels.size * inverse(labels, classes) / (inverse(labels, classes) > 0).sum(),
    ),
    Mistake(
        "weights",
        "pixels / (classes * n) has no fixed mean over the classes: divide 1 / n by its mean over those that occur.",
        lambda labels, classes: labels.size * inverse(labels, classes) / classes,
    ),
    Mistake(
        "weights",
        "your largest weight is 1; it is the mean over the classes that occur that must be 1.",
        lambda labels, classes: inverse(labels, classes) / inverse(labels, classes).max(),
    ),
    Mistake(
        "weights",
        "a class that does not occur was divided by 0 and became infinite: it gets 0, and takes no part in the mean.",
        _infinite,
    ),
    Mistake(
        "weights",
        "a class that does not occur was counted once: it gets the weight 0, and takes no part in the mean.",
        _at_least_one,
    ),
    Mistake(
        "weights",
        "1 was added to every count: a class that does not occur gets the weight 0 instead.",
        _one_more,
    ),
    Mistake(
        "weights",
        "there must be a weight for each of the classes, also 0 for one that does not occur: bincount(..., minlength).",
        lambda labels, classes: balanced(labels, classes)[inverse(labels, classes) > 0],
    ),
    Mistake("weights", "there is a square root too many: 1 / n, not 1 / sqrt(n).", _root),
)

# --- 10.3 dropout

RATES = [((2, 3), 0.3, "float64"), ((2, 4, 4, 3), 0.2, "float64"), ((3, 5, 5, 2), 0.9, "float64")]
RATES += [((1, 4, 4, 8), 0.0, "float64"), ((2, 3, 3, 4), 0.75, "float32"), ((2, 4, 4, 3), 0.5, "float64")]


def dropout_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for number, (shape, rate, dtype) in enumerate(RATES, start=1):
        drawn = rng.random(shape)
        drawn.flat[:2] = rate / 2, (1 + rate) / 2  # at least one is dropped, unless the rate is 0, and one is kept
        if number == len(RATES):
            drawn.flat[2] = rate  # exactly: that is not below
        yield {"x": rng.standard_normal(shape).astype(dtype), "drawn": drawn, "rate": rate}


class Drawn:
    """In place of a generator: it has drawn already."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers

    def random(self, shape: tuple[int, ...]) -> np.ndarray:
        assert shape == self.numbers.shape
        return self.numbers


def dropped(x, drawn, rate):
    return layers.dropout(x, layers.dropout_mask(x.shape, rate, Drawn(drawn), x.dtype))


def dropout_mistakes(output: str) -> tuple[Mistake, ...]:
    def with_mask(mask):
        """The output as another mask makes it, in the dtype of x."""
        return lambda x, drawn, rate: (x if output == "y" else 1) * mask(drawn, rate).astype(x.dtype)

    not_scaled = {
        "y": "what is kept must be made larger, by 1 / (1 - rate), or the sum that the next layer takes shrinks.",
        "mask": "y is right, but the mask lacks its factor 1 / (1 - rate): backward, dy is multiplied by the mask.",
    }
    other = 1 - ("y", "mask").index(output)
    this_is_other = {
        "y": "this is the mask: y comes first, then the mask.",
        "mask": "this is y: the mask comes second.",
    }
    return (
        Mistake(output, this_is_other[output], lambda **case: dropped(**case)[other]),
        Mistake(
            output,
            f"the numbers are right, but {output} has another dtype than x: give the mask the dtype of x.",
            lambda **case: dropped(**case)[("y", "mask").index(output)],
        ),
        Mistake(
            output,
            not_scaled[output],
            with_mask(lambda drawn, rate: (drawn >= rate) * 1.0),
        ),
        Mistake(
            output,
            "what is kept is divided by rate; the probability to be kept is 1 - rate.",
            with_mask(lambda drawn, rate: (drawn >= rate) / rate),
        ),
        Mistake(
            output,
            "what is kept is made smaller, times 1 - rate; it must be made larger, 1 / (1 - rate).",
            with_mask(lambda drawn, rate: (drawn >= rate) * (1 - rate)),
        ),
        Mistake(
            output,
            "kept and dropped are swapped: the mask is 0 where drawn is below rate.",
            with_mask(lambda drawn, rate: (drawn < rate) / (1 - rate)),
        ),
        Mistake(
            output,
            "rate is taken for the probability to be kept; it is that of being dropped.",
            with_mask(lambda drawn, rate: (drawn < rate) / rate),
        ),
        Mistake(
            output,
            "a number that is drawn exactly as rate is not below it: it is kept.",
            with_mask(lambda drawn, rate: (drawn > rate) / (1 - rate)),
        ),
        Mistake(
            output,
            "the kept numbers are scaled by how many happen to be kept; the factor is 1 / (1 - rate), always the same.",
            with_mask(lambda drawn, rate: (drawn >= rate) / (drawn >= rate).mean()),
        ),
    )


# --- 10.4 follow_average

STEPS = [(0.99, 0), (0.99, 5), (0.99, 2000), (0.9, 100), (0.3, 40)]  # decay, step


def follow_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for decay, step in STEPS:
        shapes = {"conv.weight": (3, 3, 1, 2), "conv.bias": (2,), "out.bias": (3,)}
        average, params = ({name: rng.standard_normal(shape) for name, shape in shapes.items()} for _ in range(2))
        yield {"average": average, "params": params, "decay": decay, "step": step}


def followed(average, params, decay, step):
    average = {name: array.copy() for name, array in average.items()}
    optim.follow(average, params, decay, step)
    return average


def mixed(part):
    """The mean with another share of the old one: `part` takes decay and step."""

    def wrong(average, params, decay, step):
        d = part(decay, step)
        return {name: d * average[name] + (1 - d) * params[name] for name in params}

    return wrong


FOLLOW_MISTAKES = (
    Mistake(
        "average",
        "old and new are swapped: d, near 1, belongs to the average, and 1 - d to the parameters.",
        mixed(lambda decay, step: 1 - min(decay, (1 + step) / (10 + step))),
    ),
    Mistake(
        "average",
        "the warm-up is missing: at the beginning d is (1 + step) / (10 + step), which is smaller than decay.",
        mixed(lambda decay, step: decay),
    ),
    Mistake(
        "average",
        "d is the larger of the two numbers; it must be the smaller.",
        mixed(lambda decay, step: max(decay, (1 + step) / (10 + step))),
    ),
    Mistake(
        "average",
        "d never stops growing: later on it is decay, the smaller of the two numbers.",
        mixed(lambda decay, step: (1 + step) / (10 + step)),
    ),
    Mistake(
        "average",
        "the steps are counted from 0: (1 + step) / (10 + step), yours is one step ahead.",
        mixed(lambda decay, step: min(decay, (2 + step) / (11 + step))),
    ),
    Mistake(
        "average",
        "the steps are counted from 0: (1 + step) / (10 + step); yours, step / (9 + step), is one step behind.",
        mixed(lambda decay, step: min(decay, step / (9 + step))),
    ),
    Mistake(
        "average",
        "the warm-up is (1 + step) / (10 + step); yours is step / (10 + step), one less above.",
        mixed(lambda decay, step: min(decay, step / (10 + step))),
    ),
    Mistake("average", "these are the parameters themselves, not their mean.", lambda params, **rest: params),
    Mistake("average", "the average has not moved.", lambda average, **rest: average),
    Mistake(
        "average",
        "the new parameters are added whole: only the part 1 - d of them belongs into the mean.",
        lambda average, params, decay, step: {
            name: min(decay, (1 + step) / (10 + step)) * average[name] + params[name] for name in params
        },
    ),
)

# --- 10.5 dropout_backward


def dropout_backward_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Masks of several rates; the last one drops nothing."""
    for shape, rate in (((2, 3), 0.3), ((2, 4, 4, 3), 0.5), ((3, 5, 5, 2), 0.8), ((1, 2, 2, 2), 0.0)):
        yield {"dy": rng.standard_normal(shape), "mask": layers.dropout_mask(shape, rate, rng, "float64")}


def _rate(mask: np.ndarray) -> float:
    return 1 - 1 / mask.max()


DROPOUT_BACKWARD_MISTAKES = (
    Mistake(
        "dx",
        "what was dropped gets no gradient, but what was kept lost its factor 1 / (1 - rate), which is in the mask.",
        lambda dy, mask: dy * (mask > 0),
    ),
    Mistake(
        "dx",
        "the scale is taken back: dy is multiplied by the mask, not divided by it; x was multiplied, too.",
        lambda dy, mask: np.where(mask > 0, dy * (1 - _rate(mask)), 0),
    ),
    Mistake("dx", "dy goes back to all, also to what was dropped: that x has changed no y.", lambda dy, mask: dy),
    Mistake(
        "dx", "the gradient goes to what was dropped, and not to what was kept.", lambda dy, mask: dy * (mask == 0)
    ),
    Mistake("dx", "the mask is applied twice.", lambda dy, mask: dy * mask * mask),
    Mistake("dx", "what comes back is the mask; times dy, it is dx.", lambda dy, mask: mask),
    Mistake("dx", "dy's sign plays no part here: the mask alone decides.", lambda dy, mask: dy * mask * (dy > 0)),
)

EXERCISES = [
    Exercise("10.1", "flip_both", flip_cases, flip, ("image", "labels"), FLIP_MISTAKES),
    Exercise("10.2", "class_weights", weight_cases, balanced, ("weights",), WEIGHT_MISTAKES),
    Exercise(
        "10.3", "dropout", dropout_cases, dropped, ("y", "mask"), (*dropout_mistakes("y"), *dropout_mistakes("mask"))
    ),
    Exercise("10.4", "follow_average", follow_cases, followed, ("average",), FOLLOW_MISTAKES),
    Exercise(
        "10.5",
        "dropout_backward",
        dropout_backward_cases,
        lambda dy, mask: layers.dropout_backward(dy, mask),
        ("dx",),
        DROPOUT_BACKWARD_MISTAKES,
    ),
]
