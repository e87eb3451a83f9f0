"""What is planned for a network is what it does: steps, kinds, sizes, costs, and what a number is made of."""

import numpy as np
import pytest

from minunet import layers
from minunet.explore.plan import PICTURE, steps_of
from minunet.recording import Recording
from minunet.unet import UNet

NETWORKS = [
    (UNet(base=2, depth=3), 12, 20),
    (UNet(base=2, depth=1, in_channels=1, classes=2), 5, 3),
    (UNet(base=4, depth=2, norm="group", in_channels=2, classes=4), 4, 6),
    (UNet(base=1, depth=3, padding="valid"), 44, 48),
    (UNet(base=12, depth=2, padding="valid", norm="group"), 18, 22),
    (UNet(base=1, depth=6), 32, 64),
]


@pytest.mark.parametrize(("net", "height", "width"), NETWORKS)
def test_the_steps_are_those_that_the_network_makes(net, height, width, rng):
    recording, params = Recording(net), net.init(rng, "float64")
    recording.forward(params, rng.normal(size=(1, height, width, net.in_channels)))
    steps = steps_of(net, height, width)
    assert [step.name for step in steps] == net.steps() == list(recording.steps)
    for step in steps:
        made = recording.steps[step.name]
        assert (step.kind, step.shape) == (made.operation, made.y.shape[1:])
        assert step.options.items() <= made.options.items()
        assert {"conv2d": {"padding"}, "group_norm": {"groups"}}.get(step.kind, set()) == step.options.keys()


@pytest.mark.parametrize(("net", "height", "width"), NETWORKS)
def test_a_step_takes_the_results_of_those_that_it_names(net, height, width, rng):
    recording, x = Recording(net), rng.normal(size=(1, height, width, net.in_channels))
    recording.forward(net.init(rng, "float64"), x)
    results = {PICTURE: x} | {name: step.y for name, step in recording.steps.items()}
    for step in steps_of(net, height, width):
        taken = recording.steps[step.name].inputs[: len(step.inputs)]
        assert all(np.array_equal(array, results[name]) for name, array in zip(step.inputs, taken, strict=True))
        assert len(step.windows) == len(step.inputs)


def test_the_arms_of_a_u_of_three_levels():
    blocks = {step.block: (step.level, step.side) for step in steps_of(UNet(base=1, depth=3), 8, 8)}
    assert blocks == {
        "input": (0, "down"), "down1": (1, "down"), "down2": (2, "bottom"),
        "up1": (1, "up"), "up2": (0, "up"), "out": (0, "up"),
    }  # fmt: skip


def test_the_products_of_a_small_network():
    """Counted by hand: 1 channel, 1 map at the first level, 2 at the second, 2 classes, 4 x 6 pixels."""
    net = UNet(in_channels=1, classes=2, base=1, depth=2)
    costs = {step.name: step.products for step in steps_of(net, 4, 6) if step.products}
    assert costs == {
        "input.conv1": 24 * 9, "input.conv2": 24 * 9, "down1.conv1": 6 * 9 * 2, "down1.conv2": 6 * 9 * 2 * 2,
        "up1.conv_transpose": 24 * 2, "up1.conv1": 24 * 9 * 2, "up1.conv2": 24 * 9, "out": 24 * 2,
    }  # fmt: skip


def test_valid_convolutions_are_made_where_the_whole_window_lies_inside():
    first = steps_of(UNet(in_channels=1, base=1, depth=1, padding="valid"), 5, 6)[0]
    assert (first.shape, first.products, first.options) == ((3, 4, 1), 12 * 9, {"padding": 0})


def rows_of(window: tuple[int, int, int, int], row: int, height: int) -> range:
    """Which rows of an input a row of the result is made of, by what plan.py says of windows."""
    times, over, before, after = window
    return range(max(0, row * times // over - before), min(height, row * times // over + after + 1))


@pytest.mark.parametrize(("net", "height", "width"), NETWORKS)
def test_a_number_depends_on_its_windows_and_on_nothing_else(net, height, width, rng):
    """A row of the result is NaN if and only if the row of the input that is NaN lies in its window."""
    recording, params = Recording(net), net.init(rng, "float64")
    x = rng.normal(size=(1, height, width, net.in_channels))
    recording.forward(params, x)
    recorded = dict(recording.steps)
    for step in steps_of(net, height, width):
        if step.kind == "group_norm":
            continue
        made = recorded[step.name]
        for n, window in enumerate(step.windows):
            for row in (0, made.inputs[n].shape[1] // 2, made.inputs[n].shape[1] - 1):
                inputs = [array.copy() for array in made.inputs]
                inputs[n][:, row] = np.nan
                touched = np.isnan(redone(made, inputs)[0]).any(axis=(1, 2))
                expected = [row in rows_of(window, r, inputs[n].shape[1]) for r in range(step.shape[0])]
                assert touched.tolist() == expected, (step.name, n, row)


def redone(made, inputs: list[np.ndarray]) -> np.ndarray:
    if made.operation == "max_pool2d":  # whose comparisons NaN may lose
        _, rows, columns, channels = inputs[0].shape
        return inputs[0].reshape(1, rows // 2, 2, columns // 2, 2, channels).sum(axis=(2, 4))
    return getattr(layers, made.operation)(*inputs, **made.options)[0]


@pytest.mark.parametrize(("padding", "size"), [("same", (12, 13)), ("same", (2, 8)), ("valid", (16, 20))])
def test_sizes_that_do_not_fit_are_refused(padding, size):
    with pytest.raises(ValueError, match="the nearest that do are"):
        steps_of(UNet(base=1, depth=3, padding=padding), *size)
