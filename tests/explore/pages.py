"""Pages of small networks, opened in the browser, and the numbers in them."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minunet.explore.page import Scene, packed, write_page
from minunet.layers import crop_concat
from minunet.recording import Recording
from minunet.unet import Parameters, UNet

FOUR, THREE = 1e-4, 1e-3  # how exact numbers are printed: in sentences and in tables
NUMBER = re.compile(r"(?<![\w.])[-\u2212]?\d+(?:\.\d+)?(?:e[+\u2212]?\d+)?")
# Every so many numbers of the arrays in `state[kind]`, by name: [height, width, channels, base64 of float64].
NUMBERS = """([kind, every]) => Object.fromEntries(Object.entries(state[kind]).map(([name, {h, w, c, d}]) => {
  const some = every === 1 ? d : d.filter((_, n) => n % every === 0);
  const bytes = new Uint8Array(some.buffer, some.byteOffset, some.byteLength), parts = [];
  for (let n = 0; n < bytes.length; n += 1 << 15) parts.push(String.fromCharCode(...bytes.subarray(n, n + (1 << 15))));
  return [name, [h, w, c, btoa(parts.join(""))]];
}))"""


def random_scene(
    height: int = 16, width: int = 16, truth: bool = False, names: Sequence[str] | None = None, **sizes: Any
) -> Scene:
    """A network with random weights and biases, and a random picture; 2 levels of 4 channels unless sizes say more."""
    net, rng = UNet(**{"base": 4, "depth": 2} | sizes), np.random.default_rng(1)
    params = {name: array + rng.normal(0, 0.1, array.shape).astype("float32") for name, array in net.init(rng).items()}
    x = rng.normal(size=(height, width, net.in_channels)).astype("float32")
    picture = rng.integers(256, size=(height, width, 3), dtype="uint8")
    known = rng.integers(net.classes, size=net.output_size(height, width), dtype="uint8") if truth else None
    classes = tuple(names or [f"class {k}" for k in range(net.classes)])
    return Scene((f"random, {height} \u00d7 {width}",), net, params, classes, x, picture, known)


def opened(tab: Any, page: str, folder: Path, address: str = "") -> Any:
    """The tab, when the page in it has computed everything."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    tab.goto(path.as_uri() + address)
    settled(tab)
    return tab


def opened_scene(tab: Any, scene: Scene, folder: Path, address: str = "") -> Any:
    return opened(tab, write_page(scene), folder, address)


def settled(tab: Any) -> None:
    """When nothing is computed any more."""
    done = "state.answer && !document.body.hasAttribute('aria-busy')"
    tab.wait_for_function(done, timeout=15_000)


def resized(tab: Any, width: int, height: int = 900) -> None:
    """When the page has been laid out for a window of another size."""
    tab.set_viewport_size({"width": width, "height": height})
    tab.wait_for_function(f"innerWidth === {width}")
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def backward(tab: Any, i: int, j: int, k: int, loss: bool = False) -> None:
    """The gradients of the score of class k at a pixel, or of the loss."""
    tab.evaluate(
        "([i, j, k, loss]) => { Object.assign(state.aim, {i, j, k, loss}); return setMode(true); }", [i, j, k, loss]
    )
    settled(tab)


def numbers(tab: Any, kind: str = "arrays", every: int = 1) -> dict[str, np.ndarray]:
    """All arrays, or gradients, of a page by name, (H, W, C); with `every` some of each, (N,)."""
    found = {}
    for name, (h, w, c, text) in tab.evaluate(NUMBERS, [kind, every]).items():
        values = np.frombuffer(base64.b64decode(text), "<f8")
        found[name] = values.reshape(h, w, c) if every == 1 else values
    return found


class Edited(Recording):
    """With skips that are switched off, by the names of their steps, and maps that are 0."""

    def __init__(self, net: UNet, off: Sequence[str] = (), zeroed: dict[str, list[int]] | None = None) -> None:
        super().__init__(net)
        self._off, self._zeroed = off, zeroed or {}

    def _forward(self, operation: str, *inputs: np.ndarray, **options: Any) -> tuple[np.ndarray, Any]:
        y, cache = super()._forward(operation, *inputs, **options)
        step = cache[1]
        if step.name in self._off:
            y, _ = crop_concat(np.zeros_like(inputs[0]), inputs[1])
        y = y.copy()  # which the cache may hold
        y[..., self._zeroed.get(step.name, [])] = 0
        step.y = y.copy()
        return y, cache

    def _backward(self, dy: np.ndarray, cache: Any) -> Any:  # type: ignore[override]
        step, passed = cache[1], dy.copy()
        passed[..., self._zeroed.get(step.name, [])] = 0
        grads = super()._backward(passed, cache)
        step.dy = dy.copy()
        if step.name in self._off:
            grads = step.grads = 0 * grads[0], grads[1]
        return grads


def exact(scene: Scene, **edits: Any) -> tuple[Recording, Parameters]:
    """The forward pass of the plain layers in float64, with the weights of the page."""
    params = {name: array.astype("float64") for name, array in packed(scene.params)[1].items()}
    recording = Edited(scene.net, **edits)
    recording.forward(params, scene.x[None].astype("float64"))
    return recording, params


def arrays_of(recording: Recording, scene: Scene) -> dict[str, np.ndarray]:
    return {"x": scene.x, **{name: step.y[0] for name, step in recording.steps.items()}}


def gradients_of(recording: Recording, dlogits: np.ndarray) -> dict[str, np.ndarray]:
    """Those of all arrays."""
    dx, _ = recording.backward(dlogits)
    return {"x": dx[0], **{name: step.dy[0] for name, step in recording.steps.items()}}


def score(scene: Scene, i: int, j: int, k: int) -> np.ndarray:
    """The gradient of one score with respect to all."""
    dlogits = np.zeros((1, *scene.net.output_size(*scene.x.shape[:2]), scene.net.classes))
    dlogits[0, i, j, k] = 1
    return dlogits


def assert_equal(
    found: dict[str, np.ndarray], wanted: dict[str, np.ndarray], part: float = 1e-9, every: int = 1
) -> None:
    """To a part of the largest number of each array."""
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        some = array if every == 1 else array.ravel()[::every]
        np.testing.assert_allclose(found[name], some, rtol=0, atol=1e-9 * abs(array).max(), err_msg=name)


def read(text: str) -> list[float]:
    """The numbers in a text."""
    return [float(number.replace("\u2212", "-")) for number in NUMBER.findall(text)]
