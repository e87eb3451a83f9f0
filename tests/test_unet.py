"""The U-Net: known sizes and parameter counts, every gradient against PyTorch, helpful errors."""

import math

import numpy as np
import pytest
import torch

from minunet import UNet
from minunet.blocks import groups_for
from minunet.exchange.torch_bridge import TorchUNet, from_torch, nchw, nhwc, to_torch
from minunet.gradcheck.cases import network_case
from minunet.gradcheck.check import check, relative_error
from minunet.layers import dropout_mask
from minunet.operations import OPERATIONS

SEED = {"base": 64, "depth": 3, "padding": "valid"}
PAPER = {"base": 64, "depth": 5, "padding": "valid", "in_channels": 1, "classes": 2}


def count(net: UNet) -> int:
    return sum(math.prod(shape) for shape in net.shapes().values())


def test_the_seed_network():
    net = UNet(**SEED)
    assert count(net) == 1_862_979
    assert net.output_size(100, 100) == (60, 60)
    params = net.init(np.random.default_rng(0))
    logits, _ = net.forward(params, np.zeros((1, 100, 100, 3), "float32"))
    assert logits.shape == (1, 60, 60, 3)


def test_the_paper_network():
    net = UNet(**PAPER)
    assert net.output_size(572, 572) == (388, 388)
    assert count(net) == sum(p.numel() for p in TorchUNet(net).parameters()) == 31_030_658


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_size_that_is_promised_is_the_size_that_comes(rng, padding, depth):
    net = UNet(in_channels=1, classes=2, base=1, depth=depth, padding=padding)
    params = net.init(rng)
    fitting = 0
    for size in range(1, 120, 3):
        try:
            height, width = net.output_size(size, size + 8)
        except ValueError:
            continue
        fitting += 1
        logits, cache = net.forward(params, np.zeros((1, size, size + 8, 1), "float32"), keep_cache=False)
        assert logits.shape == (1, height, width, 2) and cache == {}
    assert fitting > 0


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("norm", [None, "group"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
@pytest.mark.parametrize("operations", OPERATIONS)
def test_every_gradient_equals_pytorchs(rng, padding, norm, dtype, tolerance, operations):
    net = UNet(in_channels=3, classes=4, base=8, depth=3, padding=padding, norm=norm, operations=OPERATIONS[operations])
    params = net.init(rng, dtype=dtype)
    for name in params:
        params[name] += (0.1 * rng.standard_normal(params[name].shape)).astype(dtype)
    size = (16, 24) if padding == "same" else (52, 44)
    x = rng.standard_normal((3, *size, 3)).astype(dtype)
    logits, cache = net.forward(params, x)
    dlogits = rng.standard_normal(logits.shape).astype(dtype)
    dx, grads = net.backward(dlogits, cache)

    twin = TorchUNet(net).to(getattr(torch, dtype))
    twin.load_state_dict(to_torch(params))
    x_torch = torch.tensor(x, requires_grad=True)
    logits_torch = nhwc(twin(nchw(x_torch)))
    logits_torch.backward(torch.tensor(dlogits))

    assert relative_error(logits, logits_torch.detach().numpy()) <= tolerance
    assert relative_error(dx, x_torch.grad.numpy()) <= tolerance
    expected = from_torch({name: parameter.grad for name, parameter in twin.named_parameters()})
    assert set(expected) == set(grads) == set(params)
    for name, gradient in grads.items():
        assert gradient.dtype == dtype and gradient.shape == params[name].shape
        assert relative_error(gradient, expected[name]) <= tolerance, name


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("norm", [None, "group"])
@pytest.mark.parametrize("operations", OPERATIONS)
def test_one_random_direction(rng, padding, norm, operations):
    """All parameters moved at once, along one random direction: two forward passes judge the whole gradient."""
    net = UNet(2, 3, base=4, depth=2, padding=padding, norm=norm, operations=OPERATIONS[operations])
    case = network_case(rng, net, (20, 24))
    y, cache = case.forward(case.inputs)
    dy = rng.standard_normal(y.shape)
    grads = dict(zip(case.inputs, case.backward(dy, cache), strict=True))
    direction = {name: rng.standard_normal(x.shape) for name, x in case.inputs.items()}
    claimed = sum((grads[name] * direction[name]).sum() for name in grads)
    h = 1e-7
    ahead, behind = (
        case.forward({name: x + sign * h * direction[name] for name, x in case.inputs.items()})[0] for sign in (1, -1)
    )
    assert claimed == pytest.approx((dy * (ahead - behind)).sum() / (2 * h), rel=1e-6)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("norm", [None, "group"])
@pytest.mark.parametrize("operations", OPERATIONS)
def test_each_parameter_against_differences(rng, padding, norm, operations):
    net = UNet(2, 2, base=4, depth=2, padding=padding, norm=norm, operations=OPERATIONS[operations])
    for row in check(network_case(rng, net, (20, 20), batch=1), rng, with_torch=True):
        assert row.ok, (row.input, row.errors)


def test_a_network_says_what_it_is():
    net = UNet(base=2, depth=2)
    lines = repr(net).splitlines()
    assert lines[0].startswith("UNet(in_channels=3, classes=3, base=2, depth=2") and "473 parameters" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == list(net.shapes()) and "(2, 2, 4, 2)" in lines[9]


def test_a_seed_will_do_for_a_generator(rng):
    for name, array in UNet(base=2, depth=2).init(0).items():
        np.testing.assert_array_equal(array, UNet(base=2, depth=2).init(np.random.default_rng(0))[name])


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (8, 8, 3), (1, 8, 8, 1)])
def test_batches_that_are_none(shape, rng):
    net = UNet(base=2, depth=2)
    with pytest.raises(ValueError, match=r"the shape \(N, H, W, 3\) with N of at least 1, not \("):
        net.forward(net.init(rng), np.zeros(shape, "float32"))


def test_nothing_is_modified_and_backward_is_idempotent(rng):
    net = UNet(in_channels=2, classes=3, base=4, depth=3, norm="group")
    params, x = net.init(rng), rng.standard_normal((2, 8, 8, 2)).astype("float32")
    before, x_before = {name: array.copy() for name, array in params.items()}, x.copy()
    logits, cache = net.forward(params, x)
    dlogits = rng.standard_normal(logits.shape).astype("float32")
    dlogits_before = dlogits.copy()
    (dx1, grads1), (dx2, grads2) = net.backward(dlogits, cache), net.backward(dlogits, cache)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dlogits, dlogits_before)
    np.testing.assert_array_equal(dx1, dx2)
    for name in params:
        np.testing.assert_array_equal(params[name], before[name])
        np.testing.assert_array_equal(grads1[name], grads2[name])


def test_he_initialisation_keeps_the_size_of_the_signal(rng):
    net = UNet(base=32, depth=3)
    params = net.init(rng)
    for name, array in params.items():
        assert array.dtype == np.float32
        if array.ndim == 4:
            fan_in = array.shape[2] * (1 if "conv_transpose" in name else array.shape[0] * array.shape[1])
            assert array.std() == pytest.approx(math.sqrt(2 / fan_in), rel=0.15), name
        else:
            assert not array.any(), name
    logits, _ = net.forward(params, rng.standard_normal((1, 32, 32, 3)).astype("float32"))
    assert 0.3 < logits.std() < 6


def test_norms_start_as_the_identity(rng):
    params = UNet(norm="group").init(rng)
    assert (params["down1.norm2.weight"] == 1).all() and (params["down1.norm2.bias"] == 0).all()


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (2, 1), (4, 2), (5, 1), (6, 1), (12, 2), (16, 8), (64, 8)])
def test_groups_divide_the_channels_and_hold_at_least_two(channels, groups):
    assert groups_for(channels) == groups
    assert channels % groups == 0 and (channels // groups >= 2 or channels == 1)


@pytest.mark.parametrize("norm", [None, "group"])
def test_weights_survive_the_way_to_pytorch_and_back(rng, norm):
    net = UNet(in_channels=1, classes=2, base=4, depth=3, norm=norm)
    params = net.init(rng)
    back = from_torch(to_torch(params))
    assert list(back) == list(params)
    for name in params:
        np.testing.assert_array_equal(back[name], params[name])
    TorchUNet(net).load_state_dict(to_torch(params), strict=True)


@pytest.mark.parametrize(
    ("options", "size", "says"),
    [
        ({"depth": 4}, (100, 96), "height 100 does not fit, the nearest that do are 96 and 104"),
        ({"depth": 4}, (96, 5), "width 5 does not fit, the nearest that do are 8, the smallest"),
        (SEED, (101, 99), "height 101 .* 100 and 104; width 99 .* 96 and 100"),
        (SEED, (3, 100), "44, the smallest"),
        (PAPER, (512, 512), "508 and 524"),
    ],
)
def test_sizes_that_do_not_fit(options, size, says):
    net = UNet(**options)
    with pytest.raises(ValueError, match=says):
        net.output_size(*size)
    with pytest.raises(ValueError, match=says):
        net.forward({}, np.zeros((1, *size, net.in_channels), "float32"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"depth": 0}, "at least 1"),
        ({"padding": "full"}, "'same' or 'valid'"),
        ({"norm": "batch"}, "None or 'group'"),
    ],
)
def test_networks_that_cannot_be(options, says):
    with pytest.raises(ValueError, match=says):
        UNet(**options)


@pytest.mark.parametrize("shape", [(8, 8, 3), (1, 8, 8, 1)])
def test_images_of_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"\(N, H, W, 3\)"):
        UNet().forward({}, np.zeros(shape, "float32"))


def test_a_cache_that_was_emptied_is_refused(rng):
    net = UNet(3, 2, base=4, depth=2)
    params = net.init(rng)
    logits, cache = net.forward(params, rng.standard_normal((1, 8, 8, 3)).astype("float32"))
    dx, expected = net.backward(logits, cache)
    nothing, grads = net.backward(logits, cache, need_dx=False, empty_cache=True)
    assert dx.shape == (1, 8, 8, 3) and nothing is None
    for name, gradient in expected.items():
        np.testing.assert_array_equal(grads[name], gradient)
    with pytest.raises(ValueError, match="run forward again"):
        net.backward(logits, cache)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("depth", [1, 3])
def test_dropout_in_the_network(rng, padding, depth):
    """The gradient in a random direction, numerically, with some features of the lowest level dropped."""
    net = UNet(3, 2, base=4, depth=depth, padding=padding)
    params = net.init(rng, dtype="float64")
    x = rng.standard_normal((2, 52, 44, 3))
    shape = net.lowest_shape(*x.shape[:3])
    mask = dropout_mask(shape, 0.5, rng, "float64")
    logits, cache = net.forward(params, x, dropout_mask=mask)
    dy = rng.standard_normal(logits.shape)
    _, grads = net.backward(dy, cache)
    direction = {name: rng.standard_normal(array.shape) for name, array in params.items()}
    step = 1e-9  # so small that no ReLU changes sides

    def loss(sign: int) -> float:
        moved = {name: array + sign * step * direction[name] for name, array in params.items()}
        return float((net.forward(moved, x, dropout_mask=mask)[0] * dy).sum())

    numeric = (loss(1) - loss(-1)) / (2 * step)
    assert numeric == pytest.approx(sum((grads[name] * direction[name]).sum() for name in params), rel=1e-5)

    plain, _ = net.forward(params, x)
    kept, _ = net.forward(params, x, dropout_mask=np.ones(shape))
    np.testing.assert_allclose(kept, plain)
    assert abs(logits - plain).max() > 1e-3
