"""`minunet.predict` from its start to its end, and the same with ONNX Runtime in the place of the network.

Run: python lessons/experiments/predict_engines.py PICTURES [OPTIONS OF PREDICT]     (needs minunet[bench])

Both read the same pictures, cut the same tiles and write the same files; the network is the exported graph on one side.
Each run is a process of its own, by turns: pictures a second, and the peak of its memory, medians of three. Then the
masks are compared.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

import minunet.predict
from minunet.model import tiling
from minunet.threads import get_threads
from minunet.unet import Parameters, UNet

ROUNDS = 3
SIDES = ("minunet", "ONNX Runtime")


def engine() -> Callable[[UNet, Parameters, np.ndarray], np.ndarray]:
    """In the place of `tiling.logits`: the probabilities, by a session that is made when it is first asked."""
    import onnxruntime

    from minunet.exchange.onnx_graph import build_onnx

    sessions = []

    def probabilities(net: UNet, params: Parameters, x: np.ndarray) -> np.ndarray:
        if not sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = get_threads()
            graph = build_onnx(net, params, centred=False, about={}).SerializeToString()
            sessions.append(onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"]))
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        return sessions[0].run(None, {"image": x})[0].transpose(0, 2, 3, 1)

    return probabilities


def run_here(side: str, arguments: list[str]) -> int:
    """One run; prints the peak of this process in MiB."""
    if side == "minunet":
        status = minunet.predict.main(arguments)
    else:
        with patch.object(tiling, "logits", engine()), patch.object(tiling, "softmax", lambda found: (found, None)):
            status = minunet.predict.main(arguments)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return status


def different(one: Path, other: Path) -> float:
    """The part of the pixels of all masks that are of another class."""
    apart = [np.mean(np.asarray(Image.open(mask)) != np.asarray(Image.open(other / mask.name))) for mask in masks(one)]
    return float(np.mean(apart))


def masks(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mask.png"))


def main(arguments: list[str]) -> int:
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    memory: dict[str, list[float]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            for side in SIDES:
                out, began = Path(folder, f"{side} {number}"), time.perf_counter()
                command = [sys.executable, __file__, "--side", side, *arguments, "--out", str(out)]
                ended = subprocess.run(command, stdout=subprocess.PIPE, text=True)
                if ended.returncode:
                    return ended.returncode
                seconds[side].append(time.perf_counter() - began)
                memory[side].append(float(ended.stdout.splitlines()[-1]))
        ours, theirs = (Path(folder, f"{side} 0") for side in SIDES)
        count = len(masks(ours))
        for side in SIDES:
            each = float(np.median(seconds[side]))
            print(f"{side:<14}{each:>8.1f} s {count / each:>8.2f} pictures/s {np.median(memory[side]):>8.0f} MiB")
        ratio = np.median(np.divide(seconds[SIDES[0]], seconds[SIDES[1]]))
        print(f"minunet / ONNX Runtime {ratio:.2f}; pixels of another class: {different(ours, theirs):.1e}")
    return 0


if __name__ == "__main__":
    side = sys.argv[1:2] == ["--side"]
    sys.exit(run_here(sys.argv[2], sys.argv[3:]) if side else main(sys.argv[1:]))
