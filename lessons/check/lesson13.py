"""Lesson 13: what the checker knows about Winograd's algorithm, and about a batch in parts."""

from collections.abc import Callable, Iterator

import numpy as np

from lessons.check.exercise import Arguments, Exercise, Mistake
from minunet import layers

# F(2, 3), as in the exercises; minunet itself uses F(4, 3).
BT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])  # (4, 4)
G = np.array([[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]])  # (4, 3)
AT = np.array([[1.0, 1, 1, 0], [0, 1, -1, 1]])  # (2, 4)

# --- 13.1 ----------------------------------------------------------------------------------------------------------


def f23_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield {"d": np.array([[1.0, 2.0, 4.0, 7.0]]), "g": np.array([1.0, 2.0, 6.0])}
    for tiles in (1, 3, 4, 7):
        yield {"d": rng.standard_normal((tiles, 4)), "g": rng.standard_normal(3)}


def products(d, g):
    return (d @ BT.T) * (G @ g)


def correlation(d, g):
    """Without any trick: two outputs from four inputs, (T, 2)."""
    return layers.conv2d(d[:, None, :, None], g.reshape(1, 3, 1, 1))[0][:, 0, :, 0]


def f23(d, g):
    return products(d, g), correlation(d, g)


def changed(*factors: float) -> Callable:
    """The four products, each times a factor."""
    return lambda d, g: products(d, g) * np.array(factors)


def made_of(*rows: tuple[float, ...]) -> Callable:
    """y by another AT."""
    return lambda d, g: products(d, g) @ np.array(rows, dtype=float).T


F23_MISTAKES = (
    Mistake("m", "the halves are missing in m[:, 1] and m[:, 2].", changed(1, 2, 2, 1)),
    Mistake("m", "the half is missing in m[:, 1].", changed(1, 2, 1, 1)),
    Mistake("m", "the half is missing in m[:, 2].", changed(1, 1, 2, 1)),
    Mistake("m", "the sign of m[:, 2] is the other way round: it has d2 - d1.", changed(1, 1, -1, 1)),
    Mistake("m", "the sign of m[:, 3] is the other way round: it has d3 - d1.", changed(1, 1, 1, -1)),
    Mistake("m", "the sign of m[:, 0] is the other way round: it has d0 - d2.", changed(-1, 1, 1, 1)),
    Mistake(
        "m",
        "the taps are reversed: m[:, 0] goes with g0, m[:, 3] with g2; nothing is flipped here.",
        lambda d, g: products(d, g[::-1]),
    ),
    Mistake(
        "m",
        "m[:, 1] and m[:, 2] have exchanged their taps: the sum of the inputs goes with g0 + g1 + g2.",
        lambda d, g: (d @ BT.T) * (G @ g)[[0, 2, 1, 3]],
    ),
    Mistake("y", "m[:, 2] must be subtracted in y[:, 1]; yours adds it.", made_of((1, 1, 1, 0), (0, 1, 1, 1))),
    Mistake(
        "y",
        "m[:, 3] must be added in y[:, 1]; with d3 - d1 its sign is right already.",
        made_of((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    Mistake("y", "m[:, 3] is missing in y[:, 1].", made_of((1, 1, 1, 0), (0, 1, -1, 0))),
    Mistake("y", "m[:, 0] is missing in y[:, 0].", made_of((0, 1, 1, 0), (0, 1, -1, 1))),
    Mistake("y", "the two outputs are exchanged.", made_of((0, 1, -1, 1), (1, 1, 1, 0))),
    Mistake("y", "m[:, 2] must be added in y[:, 0]; yours subtracts it.", made_of((1, 1, -1, 0), (0, 1, -1, 1))),
)

# --- 13.2 ----------------------------------------------------------------------------------------------------------


def tile_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    yield {"d": np.arange(16.0).reshape(4, 4) ** 2, "g": np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 2]])}
    for _ in range(4):
        yield {"d": rng.standard_normal((4, 4)), "g": rng.standard_normal((3, 3))}


def plain(x, weight):
    return layers.conv2d(x, weight)[0]


def winograd_tile(d, g):
    return BT @ d @ BT.T, G @ g @ G.T, plain(d[None, ..., None], g[..., None, None])[0, ..., 0]


def back(m):
    return AT @ m @ AT.T


TILE_MISTAKES = (
    Mistake("v", "v and u have changed places: v, the transformed tile, comes first.", lambda d, g: G @ g @ G.T),
    Mistake("v", "only the rows are transformed: B = BT.T is missing at the right.", lambda d, g: BT @ d),
    Mistake("v", "only the columns are transformed: BT is missing at the left.", lambda d, g: d @ BT.T),
    Mistake("v", "it is BT d BT; at the right belongs the transpose, B = BT.T.", lambda d, g: BT @ d @ BT),
    Mistake("v", "it is B d BT; BT stands at the left, B = BT.T at the right.", lambda d, g: BT.T @ d @ BT),
    Mistake("v", "d was transposed: rows and columns are exchanged.", lambda d, g: BT @ d.T @ BT.T),
    Mistake("u", "g was transposed: rows and columns are exchanged.", lambda d, g: G @ g.T @ G.T),
    Mistake("u", "the kernel is flipped; nothing is turned around here.", lambda d, g: G @ g[::-1, ::-1] @ G.T),
    Mistake("u", "only the rows are transformed: GT is missing at the right.", lambda d, g: G @ g),
    Mistake(
        "y",
        "v and u are multiplied as matrices (@); they are multiplied place by place (*).",
        lambda d, g: back((BT @ d @ BT.T) @ (G @ g @ G.T)),
    ),
    Mistake(
        "y",
        "v and u are multiplied as matrices (@); they are multiplied place by place (*).",
        lambda d, g: back((G @ g @ G.T) @ (BT @ d @ BT.T)),
    ),
    Mistake(
        "y",
        "the way back is missing: AT at the left of v * u, and A = AT.T at the right.",
        lambda d, g: (BT @ d @ BT.T) * (G @ g @ G.T),
    ),
    Mistake(
        "y",
        "half of the way back is missing: A = AT.T at the right.",
        lambda d, g: AT @ ((BT @ d @ BT.T) * (G @ g @ G.T)),
    ),
    Mistake(
        "y",
        "the upper left 2x2 of v * u is no answer: every y is a sum over the rows and columns of it, AT (v * u) A.",
        lambda d, g: ((BT @ d @ BT.T) * (G @ g @ G.T))[:2, :2],
    ),
)

# --- 13.3 ----------------------------------------------------------------------------------------------------------

CONVOLUTIONS = [  # (x, channels out)
    ((1, 4, 4, 1), 1),
    ((1, 6, 8, 1), 1),
    ((1, 4, 4, 3), 2),
    ((2, 8, 6, 2), 3),
    ((3, 10, 4, 4), 2),
]


def conv_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    for shape, kernels in CONVOLUTIONS:
        yield {"x": rng.standard_normal(shape), "weight": rng.standard_normal((3, 3, shape[3], kernels))}


def tiles_of(y):
    """(N, H, W, K) -> (N, t, T', 2, 2, K)."""
    batch, height, width, kernels = y.shape
    return y.reshape(batch, height // 2, 2, width // 2, 2, kernels).swapaxes(2, 3)


def _tiles_four_apart(x, weight):
    """Tiles that do not overlap."""
    parts = [
        [plain(x[:, i : i + 4, j : j + 4], weight) for j in range(0, x.shape[2] - 3, 4)]
        for i in range(0, x.shape[1] - 3, 4)
    ]
    return np.concatenate([np.concatenate(row, axis=2) for row in parts], axis=1)


def _four_apart_and_zeros(x, weight):
    """The same, in an array of the right size."""
    y = np.zeros((len(x), x.shape[1] - 2, x.shape[2] - 2, weight.shape[3]))
    for i in range(0, x.shape[1] - 3, 4):
        for j in range(0, x.shape[2] - 3, 4):
            y[:, i : i + 2, j : j + 2] = plain(x[:, i : i + 4, j : j + 4], weight)
    return y


def _row_of_tiles_missing(x, weight):
    y = plain(x, weight)
    y[:, -2:] = 0
    y[:, :, -2:] = 0
    return y


CONV_MISTAKES = (
    Mistake(
        "y",
        "the kernel is flipped; nothing is turned around here.",
        lambda x, weight: plain(x, weight[::-1, ::-1]),
    ),
    Mistake(
        "y",
        "rows and columns of the kernel are exchanged.",
        lambda x, weight: plain(x, weight.swapaxes(0, 1)),
    ),
    Mistake(
        "y",
        "only the first channel is used: the products are summed over C.",
        lambda x, weight: plain(x[..., :1], weight[:, :, :1]),
    ),
    Mistake(
        "y",
        "the channels are added up before they are multiplied: each has a kernel of its own.",
        lambda x, weight: plain(x.sum(axis=3, keepdims=True), weight.sum(axis=2, keepdims=True)),
    ),
    Mistake(
        "y",
        "the tiles are reshaped straight to a picture: the 2x2 pixels of a tile then lie side by side. First bring the "
        "axes into the order tile row, row, tile column, column.",
        lambda x, weight: tiles_of(plain(x, weight)).reshape(plain(x, weight).shape),
    ),
    Mistake("y", "the tiles begin 4 apart; they begin 2 apart and overlap by 2.", _tiles_four_apart),
    Mistake("y", "the tiles begin 4 apart, and places of y are left out; they begin 2 apart.", _four_apart_and_zeros),
    Mistake("y", "the last row and column of tiles are missing: the last tile begins at H - 4.", _row_of_tiles_missing),
    Mistake(
        "y",
        "every sample got the answer of the first one.",
        lambda x, weight: np.repeat(plain(x[:1], weight), len(x), axis=0),
    ),
)

# --- 13.4 ----------------------------------------------------------------------------------------------------------


def part_cases(rng: np.random.Generator) -> Iterator[Arguments]:
    """Weights alike, unlike, not summing to 1, one of them 0, and one part only."""
    for weights in ([1.0, 1.0], [1.0, 3.0], [4.0, 2.5, 9.0], [2.0, 0.0, 5.0, 0.5], [7.0]):
        names = {"conv.weight": (2, 3), "conv.bias": (3,), "out.bias": ()}
        yield {
            "losses": [round(float(loss), 3) for loss in rng.uniform(0.2, 2, len(weights))],
            "grads": [{name: np.asarray(rng.standard_normal(shape)) for name, shape in names.items()} for _ in weights],
            "weights": weights,
        }


def combined(losses, grads, shares):
    """The sum of all parts, each times its share."""
    loss = float(np.dot(losses, shares))
    return loss, {
        name: np.sum([part[name] * share for part, share in zip(grads, shares, strict=True)], axis=0)
        for name in grads[0]
    }


def sum_of_parts(losses, grads, weights):
    return combined(losses, grads, np.array(weights) / np.sum(weights))


def part_mistakes() -> Iterator[Mistake]:
    """Each way to choose wrong shares, as it shows in the loss and in the gradients."""
    ways: list[tuple[str, Callable]] = [
        (
            "all parts count alike (a mean); a part counts as much as its pixels weigh: weights[i] / sum(weights).",
            lambda weights: np.full(len(weights), 1 / len(weights)),
        ),
        (
            "every part counts fully (a sum); multiply each by its share, weights[i] / sum(weights).",
            lambda weights: np.ones(len(weights)),
        ),
        (
            "each part is multiplied by its weight, but the sum is not divided by the sum of the weights.",
            lambda weights: np.array(weights),
        ),
        (
            "the weighted sum is divided by the number of parts; divide by the sum of the weights.",
            lambda weights: np.array(weights) / len(weights),
        ),
        (
            "each part is divided by the sum of the weights, but not multiplied by its own weight.",
            lambda weights: np.full(len(weights), 1 / np.sum(weights)),
        ),
        (
            "all parts that weigh anything count alike; a part counts as much as its pixels weigh.",
            lambda weights: (np.array(weights) > 0) / np.sum(np.array(weights) > 0),
        ),
        (
            "only the last part is left: is something assigned (=) where it should be added (+=)?",
            lambda weights: np.arange(len(weights)) == len(weights) - 1,
        ),
        (
            "only the last part is left, with its share: is something assigned (=) where it should be added (+=)?",
            lambda weights: (np.arange(len(weights)) == len(weights) - 1) * np.array(weights) / np.sum(weights),
        ),
        (
            "the first part is counted twice: if you begin with it, go on with the second.",
            lambda weights: (1.0 + (np.arange(len(weights)) == 0)) * np.array(weights) / np.sum(weights),
        ),
    ]
    for sentence, shares in ways:
        for position, output in enumerate(("loss", "grads")):
            yield Mistake(
                output,
                f"in your {output} {sentence}",
                lambda losses, grads, weights, shares=shares, position=position: combined(
                    losses, grads, shares(weights)
                )[position],
            )


EXERCISES = [
    Exercise("13.1", "winograd_f23", f23_cases, f23, ("m", "y"), F23_MISTAKES),
    Exercise("13.2", "winograd_tile", tile_cases, winograd_tile, ("v", "u", "y"), TILE_MISTAKES),
    Exercise("13.3", "winograd_conv", conv_cases, plain, mistakes=CONV_MISTAKES),
    Exercise("13.4", "sum_of_parts", part_cases, sum_of_parts, ("loss", "grads"), tuple(part_mistakes())),
]
