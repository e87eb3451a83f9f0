"""Optimisers and schedules, step by step beside PyTorch's."""

import numpy as np
import pytest
import torch

import minunet
from minunet import SGD, Adam, UNet, optim
from minunet.exchange.torch_bridge import TorchUNet, nchw, to_torch
from minunet.optim import constant, follow, one_cycle, piecewise


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: Adam(lr=3e-3), lambda parameters: torch.optim.Adam(parameters, lr=3e-3)),
        (lambda: SGD(lr=0.05, momentum=0.9), lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9)),
        (lambda: SGD(lr=0.05), lambda parameters: torch.optim.SGD(parameters, lr=0.05)),
    ],
    ids=["Adam", "momentum", "plain SGD"],
)
@pytest.mark.parametrize(("padding", "size"), [("same", 16), ("valid", 24)])
def test_ten_steps_give_the_losses_of_pytorch(rng, ours, theirs, padding, size):
    net = UNet(in_channels=2, classes=3, base=4, depth=2, padding=padding, norm="group")
    params = net.init(rng, dtype="float64")
    x = rng.standard_normal((3, size, size, 2))
    labels = rng.integers(0, 3, (3, *net.output_size(size, size)))
    class_weight = np.array([1.0, 0.5, 2.0])
    twin = TorchUNet(net).double()
    twin.load_state_dict(to_torch(params))
    ours, optimizer = ours(), theirs(twin.parameters())

    losses, expected = [], []
    for _ in range(10):
        loss, grads = minunet.loss_and_gradients(net, params, x, labels, class_weight=class_weight)
        ours.step(params, grads)
        losses.append(float(loss))
        optimizer.zero_grad()
        loss_torch = torch.nn.functional.cross_entropy(
            twin(nchw(torch.tensor(x))), torch.tensor(labels), weight=torch.tensor(class_weight)
        )
        loss_torch.backward()
        optimizer.step()
        expected.append(loss_torch.item())
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("optimizer", [Adam(lr=0.1), SGD(lr=0.1, momentum=0.9)])
def test_a_step_is_in_place_and_keeps_the_dtype(optimizer):
    param = np.array([1.0, 2.0], dtype="float32")
    params, grads = {"w": param}, {"w": np.array([0.5, -0.5], dtype="float32")}
    optimizer.step(params, grads)
    assert params["w"] is param and param.dtype == np.float32
    assert param[0] < 1 and param[1] > 2
    np.testing.assert_array_equal(grads["w"], [0.5, -0.5])
    assert all(name == "t" or array.dtype == np.float32 for name, array in optimizer.state.items())


def test_the_state_is_all_there_is(rng):
    """A new optimiser with the state of the old one goes on to the same bits."""
    grads = [{"w": rng.standard_normal(3)} for _ in range(6)]
    straight, halfway = {"w": np.ones(3)}, {"w": np.ones(3)}
    one = Adam(lr=0.1)
    for gradient in grads:
        one.step(straight, gradient)
    first, second = Adam(lr=0.1), Adam(lr=0.1)
    for gradient in grads[:3]:
        first.step(halfway, gradient)
    second.state = {name: array.copy() for name, array in first.state.items()}
    for gradient in grads[3:]:
        second.step(halfway, gradient)
    np.testing.assert_array_equal(halfway["w"], straight["w"])


def test_constant():
    assert {constant(0.1)(step) for step in range(5)} == {0.1}


def test_piecewise():
    schedule = piecewise([3.0, 2.0, 1.0], [2, 4])
    assert [schedule(step) for step in range(6)] == [3, 3, 2, 2, 1, 1]


@pytest.mark.parametrize("boundaries", [[1], [3, 1]])
def test_piecewise_needs_one_rate_more_than_boundaries(boundaries):
    with pytest.raises(ValueError, match="rising boundaries"):
        piecewise([1.0, 2.0, 3.0], boundaries) if len(boundaries) == 2 else piecewise([1.0], boundaries)


@pytest.mark.parametrize("steps", [2, 7, 10, 100])
def test_one_cycle_is_that_of_pytorch(steps):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.02, total_steps=steps)
    schedule = one_cycle(0.02, steps)
    for step in range(steps):
        assert schedule(step) == pytest.approx(theirs.get_last_lr()[0], rel=1e-9), step
        optimizer.step()
        if step < steps - 1:
            theirs.step()


def test_one_cycle_of_a_single_step_is_a_rate():
    assert one_cycle(0.1, 1)(0) == 0.1


@pytest.mark.parametrize(("steps", "warm_up"), [(0, 0.3), (5, 1.0), (5, -0.1)])
def test_one_cycles_that_cannot_be(steps, warm_up):
    with pytest.raises(ValueError, match="at least one step"):
        one_cycle(0.1, steps, warm_up=warm_up)


def test_a_running_mean_follows_the_parameters():
    """By hand: 1/10, 2/11, ... of the old value at first, the decay later; constant parameters stay what they are."""
    average, params = {"w": np.array([1.0, 5.0])}, {"w": np.array([3.0, 5.0])}
    follow(average, params, 0.9, step=0)
    np.testing.assert_allclose(average["w"], [0.1 * 1 + 0.9 * 3, 5])
    follow(average, params, 0.9, step=1000)
    np.testing.assert_allclose(average["w"], [0.9 * 2.8 + 0.1 * 3, 5])
    np.testing.assert_array_equal(params["w"], [3, 5])


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9), Adam(0.1)])
@pytest.mark.parametrize("shape", [(3, 2), (6,), (3,), (2, 3, 1)])
def test_a_gradient_of_another_shape_is_refused(optimizer, shape):
    """NumPy would broadcast some of them; of as many numbers in another order it would say nothing at all."""
    params = {"w": np.zeros((2, 3), "float32")}
    with pytest.raises(ValueError, match=r"the gradient of w must have its shape \(2, 3\), not"):
        optimizer.step(params, {"w": np.ones(shape, "float32")})
    assert not params["w"].any() and not optimizer.state.get("t", np.zeros(())).any()


def test_what_is_remembered_of_another_shape_is_refused():
    params, optimizer = {"w": np.zeros((2, 3), "float32")}, Adam(0.1)
    optimizer.step(params, {"w": np.ones((2, 3), "float32")})
    optimizer.state["m.w"] = optimizer.state["m.w"].reshape(3, 2)
    with pytest.raises(ValueError, match=r"has m.w with the shape \(3, 2\), not \(2, 3\)"):
        optimizer.step(params, {"w": np.ones((2, 3), "float32")})


def test_tied_weights_are_left_to_one_thread(rng):
    """Two names of one array: what one thread has added, another one might overwrite."""
    gradient, found = rng.standard_normal((1 << 10, 1 << 10)).astype("float32"), []
    for count in (1, 2):
        minunet.set_threads(count)
        weight, optimizer = np.zeros_like(gradient), Adam(0.1)
        for _ in range(3):
            optimizer.step({"a": weight, "b": weight[:], "c": weight}, {"a": gradient, "b": gradient, "c": gradient})
        found.append(weight)
    np.testing.assert_array_equal(*found)


def test_only_arrays_of_their_own_memory_are_shared_out(rng, monkeypatch):
    asked, whole = [], np.zeros((2, 1 << 10, 1 << 10), "float32")
    monkeypatch.setattr(optim, "do_pieces", lambda update, pieces, worth: asked.append(worth))
    own = np.zeros((1 << 10, 1 << 10), "float32"), np.zeros((1 << 10, 1 << 10), "float32")
    for one, other in (own, (own[0], own[0]), (whole[0], whole[0]), (whole[0], own[0][:]), (own[0], own[0].T)):
        Adam(0.1).step({"a": one, "b": other}, {"a": one, "b": other})
    assert asked == [True, False, False, True, False]
    Adam(0.1).step({"a": own[0][:5].copy()}, {"a": own[0][:5]})  # too small to be worth it
    assert asked[-1] is False
