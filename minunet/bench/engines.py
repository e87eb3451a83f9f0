"""Prediction beside the engines that people deploy: ONNX Runtime and OpenVINO, on the same exported graph.

Each side makes the probabilities of a batch from its images. Both engines get the graph of `python -m minunet.export`,
the same number of threads, and float32: OpenVINO would take bfloat16 where the processor has it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minunet.bench.compare import number
from minunet.bench.measure import alternate
from minunet.bench.networks import Task
from minunet.bench.sides import Torch
from minunet.errors import InputError
from minunet.fast import softmax
from minunet.gradient import logits
from minunet.model.tiling import settled
from minunet.threads import get_threads

TOLERANCE = 1e-4  # of a probability, float32 on all sides
SIDES = ("minunet", "PyTorch", "ONNX Runtime", "OpenVINO")


class Ours:
    """This library; weights are transformed once for all runs, as `predict` does it."""

    def __init__(self, task: Task) -> None:
        self.net = settled(task.network())
        self.params, self.images, _ = task.data()

    def run(self) -> np.ndarray:
        return softmax(logits(self.net, self.params, self.images))[0]


class TorchEager:
    """PyTorch, in channels last."""

    def __init__(self, task: Task) -> None:
        self.side = Torch(task, channels_last=True)

    def run(self) -> Any:
        return self.side.logits().softmax(dim=1)


class OnnxRuntime:
    def __init__(self, task: Task) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = get_threads()
        graph, self.images = exported(task)
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(self) -> np.ndarray:
        return self.session.run(None, {"image": self.images})[0]


class OpenVino:
    def __init__(self, task: Task) -> None:
        import openvino

        graph, self.images = exported(task)
        core = openvino.Core()
        model = core.read_model(graph)
        model.reshape(list(self.images.shape))
        how = {"INFERENCE_NUM_THREADS": get_threads(), "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        self.request = core.compile_model(model, "CPU", how).create_infer_request()

    def run(self) -> np.ndarray:
        return self.request.infer([self.images])[0]


def exported(task: Task) -> tuple[bytes, np.ndarray]:
    """The graph of a task's network, and its images in the order of axes that the graph takes, (N, C, H, W)."""
    from minunet.exchange.onnx_graph import build_onnx

    params, images, _ = task.data()
    model = build_onnx(task.network(), params, centred=False, about={})
    return model.SerializeToString(), np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def measure_engines(task: Task, rounds: int) -> dict[str, Any]:
    """For each side that is installed: median ms a run, and the median ratio of minunet's time to its own.

    First all must make the same probabilities, which the others hand out as (N, classes, OH, OW): if one does not,
    "apart" says which and by how much, and nothing is timed.
    """
    ours = Ours(task)
    sides: dict[str, Callable[[], object]] = {"minunet": ours.run}
    missing: list[str] = []
    expected = ours.run().transpose(0, 3, 1, 2)
    made: dict[str, Callable[[Task], Any]] = dict(zip(SIDES[1:], (TorchEager, OnnxRuntime, OpenVino), strict=True))
    for name, side in made.items():
        try:
            run = side(task).run
        except ModuleNotFoundError as error:
            missing.append(str(error.name))
            continue
        apart = float(np.abs(np.asarray(run()) - expected).max())
        if not apart <= TOLERANCE:
            return {"apart": {name: apart}}
        sides[name] = run
    if len(sides) == 1:
        raise InputError(
            f"There is nothing to compare with ({', '.join(missing)} missing): pip install 'minunet[bench]'"
        )
    times = alternate(sides, rounds)
    found: dict[str, Any] = {"ms": {name: float(np.median(each)) * 1e3 for name, each in times.items()}}
    found["ratio"] = {name: float(np.median(times["minunet"] / times[name])) for name in sides if name != "minunet"}
    return found


def print_engines(task: Task, found: dict[str, Any]) -> None:
    """A line: ms a run of each side, and how minunet's time compares with it; or that they do not agree."""
    if "apart" in found:
        [(name, apart)] = found["apart"].items()
        print(f"{task.name:<20}minunet and {name} DO NOT AGREE: a probability differs by {apart:.1e}", flush=True)
        return
    columns = [f"{number(found['ms'].get(name), 1):>10}{number(found['ratio'].get(name), 2):>8}" for name in SIDES[1:]]
    print(f"{task.name:<20}{found['ms']['minunet']:>10.1f}" + "".join(columns), flush=True)


HEADER = f"\n{'ms a run; ratio':<20}{'minunet':>10}" + "".join(f"{name:>18}" for name in SIDES[1:])
