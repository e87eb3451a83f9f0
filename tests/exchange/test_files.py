"""State dicts on disk: what is written comes back, and PyTorch computes the same with it."""

import json
import os
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from minunet import InputError, UNet
from minunet.exchange.files import load_state_dict, save_state_dict
from minunet.exchange.torch_bridge import TorchUNet, nchw, nhwc

NET = UNet(3, 4, 4, 3, "valid", "group")
PARAMS = NET.init(np.random.default_rng(0))


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.safetensors"])
def test_there_and_back(tmp_path, name):
    save_state_dict(tmp_path / name, PARAMS, {})
    back = load_state_dict(tmp_path / name)
    assert back.keys() == PARAMS.keys()
    assert all(np.array_equal(back[key], PARAMS[key]) and back[key].flags.c_contiguous for key in back)


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_pytorch_reads_it_and_computes_the_same(tmp_path, name):
    save_state_dict(tmp_path / name, PARAMS, {"classes": ["a"]})
    net = TorchUNet(NET)
    net.load_state_dict(torch.load(tmp_path / name) if name == "a.pt" else load_file(tmp_path / name))
    x = np.random.default_rng(1).standard_normal((2, 44, 52, 3), "float32")
    with torch.no_grad():
        expected = nhwc(net(nchw(torch.tensor(x)))).numpy()
    np.testing.assert_allclose(NET.forward(PARAMS, x)[0], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "dtype"), [("a.pt", "float16"), ("a.pt", "bfloat16"), ("a.pt", "float64"), ("a.safetensors", "float16")]
)
def test_other_precisions_come_back_as_float32(tmp_path, name, dtype):
    state = {"a.weight": torch.full((2, 3), 0.5, dtype=getattr(torch, dtype))}
    (torch.save if name == "a.pt" else save_file)(state, tmp_path / name)
    array = load_state_dict(tmp_path / name)["a.weight"]
    assert array.dtype == np.float32 and (array == 0.5).all()


def test_a_safetensors_file_says_what_it_is(tmp_path):
    save_state_dict(tmp_path / "a.safetensors", PARAMS, {"classes": ["cat", "dog"]})
    with safe_open(tmp_path / "a.safetensors", "np") as file:
        assert json.loads(file.metadata()["minunet"]) == {"classes": ["cat", "dog"]}


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
@pytest.mark.parametrize("content", [b"", b"something else", b"PK\x03\x04 a zip, but"])
def test_damaged_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="is not a state dict of .* numbers, or it is damaged"):
        load_state_dict(tmp_path / name)


def test_a_file_cannot_run_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "hacked"), "w"))

    torch.save({"a": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(InputError, match="not a state dict"):
        load_state_dict(tmp_path / "evil.pt")
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_whole_numbers_are_no_weights(tmp_path, name):
    """As a quantised network holds them; what they are multiplied with is not in the file."""
    save_state_dict(tmp_path / name, PARAMS | {"out.bias": np.array([1, 2], "int8")}, {})
    with pytest.raises(InputError, match=f"{name}: out.bias holds whole numbers"):
        load_state_dict(tmp_path / name)


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_a_file_of_holes_cannot_fill_the_memory(tmp_path, name):
    save_state_dict(tmp_path / name, PARAMS, {})
    os.truncate(tmp_path / name, 10**12)
    with pytest.raises(InputError, match="is not a state dict of"):
        load_state_dict(tmp_path / name)


def test_a_tensor_that_repeats_a_number_cannot_fill_the_memory(tmp_path):
    torch.save({"out.bias": torch.zeros(1).expand(10**12)}, tmp_path / "a.pt")
    with pytest.raises(InputError, match="is not a state dict"):
        load_state_dict(tmp_path / "a.pt")


def test_a_folder_is_no_file(tmp_path):
    for name in ("a.pt", "a.safetensors"):
        (tmp_path / name).mkdir()
        with pytest.raises(InputError, match="cannot be read: .*Is a directory"):
            load_state_dict(tmp_path / name)


def test_other_names(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_state_dict(tmp_path / "none.pt")
    for function in (load_state_dict, lambda path: save_state_dict(path, PARAMS, {})):
        with pytest.raises(InputError, match="should end in"):
            function(tmp_path / "a.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "package"), [("a.pt", "torch"), ("a.safetensors", "safetensors")])
def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch, name, package):
    save_state_dict(tmp_path / name, PARAMS, {})
    for module in [key for key in sys.modules if key == package or key.startswith(f"{package}.")]:
        monkeypatch.setitem(sys.modules, module, None)
    for function in (load_state_dict, lambda path: save_state_dict(path, PARAMS, {})):
        with pytest.raises(InputError, match="pip install"):
            function(tmp_path / name)
