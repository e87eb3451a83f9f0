"""`python -m tests.reference`: ask PyTorch about every case of gradcheck and ten steps of training; keep the answers.

    gradients.npz    for each case: inputs, y, dy, and the gradient of each input
    training.npz     for each optimiser and network: the ten losses; and the weights and images they begin with

Whoever has no PyTorch proves minunet with these: `python -m minunet.gradcheck`, and the tests of this folder.
"""

import json
from pathlib import Path

import numpy as np
import torch

from minunet.exchange.torch_bridge import TorchUNet, nchw, to_torch
from minunet.gradcheck.cases import default_cases
from minunet.gradcheck.reference import FILE, SEED
from tests.reference.training import NETWORKS, STEPS, TRAINING, beginning

OPTIMIZERS = {
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=3e-3),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.05),
}


def write_gradients(path: Path = FILE) -> None:
    rng, names, arrays = np.random.default_rng([SEED, 1]), [], {}
    for number, case in enumerate(default_cases(np.random.default_rng(SEED))):
        tensors = {name: torch.tensor(x, requires_grad=True) for name, x in case.inputs.items()}
        y = case.torch(tensors)
        dy = rng.standard_normal(tuple(y.shape))
        gradients = torch.autograd.grad(y, list(tensors.values()), torch.tensor(dy))
        names.append(case.name)
        arrays |= {f"{number}.y": y.detach().numpy(), f"{number}.dy": dy}
        arrays |= {f"{number}.inputs.{name}": x for name, x in case.inputs.items()}
        arrays |= {f"{number}.gradients.{name}": each.numpy() for name, each in zip(tensors, gradients, strict=True)}
    assert len(set(names)) == len(names)
    np.savez_compressed(path, meta=json.dumps({"torch": torch.__version__, "cases": names}), **arrays)


def write_training(path: Path = TRAINING) -> None:
    arrays = {}
    for name, net in NETWORKS.items():
        params, x, labels = beginning(net)
        arrays |= {f"{name}.x": x, f"{name}.labels": labels}
        arrays |= {f"{name}.params.{key}": array for key, array in params.items()}
        for optimizer_name, make in OPTIMIZERS.items():
            twin = TorchUNet(net).double()
            twin.load_state_dict(to_torch(params))
            optimizer, losses = make(twin.parameters()), []
            for _ in range(STEPS):
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(twin(nchw(torch.tensor(x))), torch.tensor(labels))
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            arrays[f"{name}.losses.{optimizer_name}"] = np.array(losses)
    np.savez_compressed(path, torch=str(torch.__version__), **arrays)


if __name__ == "__main__":
    write_gradients()
    write_training()
    print(
        f"PyTorch {torch.__version__}: {FILE.stat().st_size:,} and {TRAINING.stat().st_size:,} bytes in {FILE.parent}"
    )
