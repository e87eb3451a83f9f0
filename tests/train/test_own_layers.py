"""Layers of a learner in the network: right ones give the same training, wrong ones are refused by name."""

import csv

import numpy as np
import pytest

from minunet import layers, unet
from minunet.errors import InputError
from minunet.model.checkpoint import load_checkpoint
from minunet.operations import made_of
from minunet.train import __main__ as train
from minunet.train import own_layers
from tests.planted_bugs import BUGS

SHORT = ["--size", "32", "--base", "4", "--depth", "2", "--epochs", "1", "--set", "count=40", "--threads", "1"]
ALL = "from minunet.layers import *\nfrom minunet.layers import conv2d_loops as _\n"


def train_with(folder, text: str | None, *options: str) -> int:
    arguments = [*SHORT, "--out", str(folder / "run"), *options]
    if text is not None:
        (folder / "mine.py").write_text(text, encoding="utf-8")
        arguments += ["--layers", str(folder / "mine.py")]
    return train.main(arguments)


def losses(folder) -> list[float]:
    with open(folder / "run" / "metrics.csv", encoding="utf-8") as file:
        return [float(row["train_loss"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("norm", [[], ["--set", "norm=group"]])
def test_right_layers_train_as_the_project_does(tmp_path, capsys, norm):
    """All pairs at once; they round otherwise than the quick ones, so to a few digits."""
    for name, text in (("own", ALL), ("quick", None)):
        (tmp_path / name).mkdir()
        assert train_with(tmp_path / name, text, *norm) == 0
    assert losses(tmp_path / "own") == pytest.approx(losses(tmp_path / "quick"), rel=1e-4)
    names = "conv2d, relu, max_pool2d, conv_transpose2d, crop_concat, group_norm"
    assert f"layers of your own, checked, computed by one thread: {names}" in capsys.readouterr().out


def test_plain_operations_train_as_the_quick_ones_do(tmp_path):
    """`--operations plain`: the layers that the lessons show."""
    for name, options in (("plain", ["--operations", "plain"]), ("quick", [])):
        (tmp_path / name).mkdir()
        assert train_with(tmp_path / name, None, *options) == 0
    assert losses(tmp_path / "plain") == pytest.approx(losses(tmp_path / "quick"), rel=1e-4)
    plain, quick = (load_checkpoint(tmp_path / name / "run" / "best.npz").params for name in ("plain", "quick"))
    assert any((plain[name] != quick[name]).any() for name in plain)  # they round otherwise: so they were others
    assert train_with(tmp_path / "quick", None, "--operations", "plain", "--device", "gpu") == 2


@pytest.mark.parametrize("names", [["conv2d"], ["relu"], ["max_pool2d"], ["conv_transpose2d"], ["crop_concat"]])
def test_the_functions_are_really_called(names):
    called = []

    def counted(name):
        function = getattr(layers, name)
        return lambda *args, **kwargs: called.append(name) or function(*args, **kwargs)

    own = {each: counted(each) for name in names for each in (name, f"{name}_backward")}
    net = unet.UNet(base=2, depth=2)
    rng = np.random.default_rng(0)
    params = net.init(rng)
    x = rng.standard_normal((2, 8, 8, 3)).astype("float32")
    mine = net.using(made_of(own))
    y, cache = mine.forward(params, x)
    dx, grads = mine.backward(y, cache)
    assert set(called) == set(own)
    plain_y, plain_cache = net.forward(params, x)
    plain_dx, plain = net.backward(plain_y, plain_cache)
    np.testing.assert_allclose(y, plain_y, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(dx, plain_dx, rtol=1e-3, atol=1e-3)
    for name, gradient in grads.items():
        np.testing.assert_allclose(gradient, plain[name], rtol=1e-3, atol=1e-3 * np.abs(plain[name]).max())


def names_of(bug) -> str | None:
    """The pair that a planted bug is in, if it is one of those that can be swapped."""
    case = bug.case(np.random.default_rng(0)).name
    found = [name for name in own_layers.PAIRS if case.startswith((f"{name} ", f"{name},")) or case == name]
    return found[0] if found else None


BUGS_OF_LAYERS = [bug for bug in BUGS if names_of(bug)]


def test_enough_planted_bugs_are_tried():
    assert {names_of(bug) for bug in BUGS_OF_LAYERS} == set(own_layers.PAIRS)


HARMLESS_HERE = {"conv_stride_ignored_in_dx"}  # the network's convolutions have a stride of 1


@pytest.mark.parametrize("bug", BUGS_OF_LAYERS, ids=lambda bug: bug.name)
def test_planted_bugs_are_refused(bug):
    """Made in the project's own backward pass."""
    name = names_of(bug)
    single = len(own_layers.PAIRS[name]) == 1

    def backward(dy, cache):
        grads = bug.backward(dy, cache)
        return grads[0] if single and isinstance(grads, tuple) else grads

    trouble = own_layers.check(name, getattr(layers, name), backward)
    if bug.name in HARMLESS_HERE:
        assert trouble is None
    else:
        assert trouble.startswith(name)


KEPT_ARRAYS = {
    "relu returned y": """
import numpy as np
kept = {}
def relu(x):
    y = kept.setdefault((x.shape, x.dtype), np.empty_like(x))
    return np.maximum(x, 0, out=y), x > 0
def relu_backward(dy, cache): return dy * cache
""",
    "conv2d_backward returned dweight": """
import numpy as np
from minunet import layers
from minunet.layers import conv2d
kept = {}
def conv2d_backward(dy, cache):
    dx, dweight, dbias = layers.conv2d_backward(dy, cache)
    mine = kept.setdefault((dweight.shape, dweight.dtype), np.empty_like(dweight))
    mine[...] = dweight
    return dx, mine, dbias
""",
}


@pytest.mark.parametrize("what", KEPT_ARRAYS)
def test_what_is_returned_may_not_be_written_over_by_a_later_call(tmp_path, capsys, what):
    """Right when it is returned, and something else when the network uses it."""
    assert train_with(tmp_path, KEPT_ARRAYS[what]) == 2
    assert f"{what}, and a later call writes over it: make a new array in each call." in capsys.readouterr().err


MEMORIES = {
    "a buffer for each shape": """
import numpy as np
masks = {}
def relu(x):
    mask = masks.setdefault(x.shape, np.empty(x.shape, bool))
    mask[...] = x > 0
    return x * mask, x.shape
def relu_backward(dy, cache): return dy * masks[cache]
""",
    "the last call": """
from minunet import layers
def conv2d(x, weight, bias, stride, padding):
    global last
    y, last = layers.conv2d(x, weight, bias, stride=stride, padding=padding)
    return y, None
def conv2d_backward(dy, cache): return layers.conv2d_backward(dy, last)
""",
}


@pytest.mark.parametrize("text", MEMORIES.values(), ids=MEMORIES)
def test_what_is_remembered_outside_of_the_cache_is_found(tmp_path, capsys, text):
    """Forward and at once backward, these are right; in a network every forward pass comes first."""
    assert train_with(tmp_path, text) == 2
    assert "relu" in (said := capsys.readouterr().err) or "conv2d" in said


def test_what_a_layer_returned_is_not_written_over(tmp_path):
    """A group norm may keep its y: the network must leave it as it is."""
    text = """
import numpy as np
from minunet import layers
def group_norm(x, weight, bias, groups):
    y, (_, inverse_std, _, _) = layers.group_norm(x, weight, bias, groups=groups)
    return y, (y, inverse_std, weight, bias)
def group_norm_backward(dy, cache):
    y, inverse_std, weight, bias = cache
    n, g = len(y), inverse_std.shape[2]
    xhat = ((y - bias) / weight).reshape(n, -1, g, y.shape[3] // g)
    return layers.group_norm_backward(dy, (xhat, inverse_std, weight, y.shape))
"""
    for name, own in (("own", text), ("quick", None)):
        (tmp_path / name).mkdir()
        assert train_with(tmp_path / name, own, "--set", "norm=group") == 0
    assert losses(tmp_path / "own") == pytest.approx(losses(tmp_path / "quick"), rel=1e-3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def conv2d(x, weight, bias, stride, padding): ...", "has no conv2d_backward"),
        ("x = 1", "defines none of conv2d, relu"),
        ("def relu(x:", "mine.py, line 1 cannot be run: SyntaxError"),
        ("x = 1\0", "mine.py cannot be run: "),  # and no line is named
        ("import sys\nsys.exit()", "cannot be run: SystemExit"),
        ("def relu(x): raise NotImplementedError('exercise 1')\ndef relu_backward(dy, cache): ...", "not written yet"),
        ("def relu(x): raise NotImplementedError\ndef relu_backward(dy, cache): ...", "relu is not written yet. No"),
        ("def relu(x): raise GeneratorExit\ndef relu_backward(dy, cache): ...", "stopped with GeneratorExit, for"),
        ("class A(BaseException): ...\nraise A", "mine.py cannot be run: A."),
        ("def relu(x): return x / 'a', x\ndef relu_backward(dy, cache): ...", "stopped with"),
        ("def relu(x): return abs(x), x\ndef relu_backward(dy, cache): return dy", "relu is wrong: y is off by"),
        ("def relu(x): return x[0] * (x[0] > 0), x\ndef relu_backward(dy, cache): return dy", "y has the shape"),
        ("def relu(x): return 1, x\ndef relu_backward(dy, cache): return dy", "y is a int, not an array"),
        (
            "import numpy as np\ndef relu(x): return np.ma.masked_array(x, mask=True), x\n"
            "def relu_backward(dy, cache): return dy",
            "y is a MaskedArray, not a plain array, for",
        ),
        (
            "import numpy as np\ndef relu(x): return read_only(np.maximum(x, 0)), x\n"
            "def relu_backward(dy, cache): return dy * (cache > 0)\n"
            "def read_only(array):\n    array.flags.writeable = False\n    return array",
            "relu is wrong: y is read-only: return a copy, for",
        ),
        (
            "import numpy as np\nfrom minunet.layers import conv2d, conv2d_backward as right\n"
            "def conv2d_backward(dy, cache):\n    dx, dweight, dbias = right(dy, cache)\n"
            "    dbias.flags.writeable = False\n    return dx, dweight, dbias",
            "conv2d_backward is wrong: dbias is read-only: return a copy, for",
        ),
        (
            "import numpy as np\ndef relu(x): return np.maximum(x, 0), x\n"
            "def relu_backward(dy, cache): return (dy * (cache > 0)).astype('float64')",
            "dx is float64 instead of float32",
        ),
        (
            "def relu(x): x[x < 0] = 0; return x.copy(), x\ndef relu_backward(dy, cache): return dy * (cache > 0)",
            "changes its arguments",
        ),
        (
            "from minunet.layers import conv2d\ndef conv2d_backward(dy, cache): return dy",
            "must return dx, dweight, dbias",
        ),
    ],
)
def test_bad_files_are_refused_and_nothing_is_written(tmp_path, capsys, text, sentence):
    assert train_with(tmp_path, text) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_other_bad_input(tmp_path, capsys):
    assert train.main(["--layers", str(tmp_path / "none.py")]) == 2
    assert "There is no file" in capsys.readouterr().err
    (tmp_path / "layers.txt").write_text(ALL, encoding="utf-8")
    assert train.main(["--layers", str(tmp_path / "layers.txt")]) == 2
    assert "must end in .py" in capsys.readouterr().err
    assert train_with(tmp_path, ALL, "--device", "gpu") == 2
    assert "leave out --device gpu" in capsys.readouterr().err
    with pytest.raises(InputError):
        own_layers.load_own_layers(tmp_path / "none.py")


def test_own_layers_are_called_by_one_thread(tmp_path, capsys):
    """One that keeps an array from call to call is right by itself, and would be wrong if two threads called it."""
    assert train_with(tmp_path, ALL, "--threads", "2") == 0
    assert "CPU, 1 thread\n" in capsys.readouterr().out


def test_a_group_norm_of_two_groups_whatever_is_asked_is_refused(tmp_path, capsys):
    text = ALL + "from minunet import layers\n"
    text += "def group_norm(x, weight, bias, groups):\n    return layers.group_norm(x, weight, bias, groups=2)\n"
    assert train_with(tmp_path, text, "--set", "norm=group") == 2
    assert "group_norm is wrong: y is off by" in capsys.readouterr().err


def test_what_a_file_sets_of_numpy_does_not_stay(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import numpy as np\nnp.seterr(all='raise')\n", encoding="utf-8")
    before = np.geterr()
    own_layers.run_file(path)
    assert np.geterr() == before
