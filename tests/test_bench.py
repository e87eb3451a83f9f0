"""The benchmark command: what it measures and what it prints. How fast anything is, is not tested."""

import json
import os
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from minunet.backend import why_no_torch
from minunet.bench import __main__ as command
from minunet.bench import engines, measure, profile, sides, threads
from minunet.bench.networks import TASKS, Task, convolutions, task_flops
from minunet.errors import InputError

TINY = Task("tiny", 8, 2, "same", 3, 16)


@pytest.fixture
def tiny(monkeypatch):
    """The only task, so small that it takes no time; a child process, which would not know it, is not started."""
    for name in list(TASKS):
        monkeypatch.delitem(TASKS, name)
    monkeypatch.setitem(TASKS, "tiny", TINY)
    monkeypatch.setattr(command, "peak_memory", lambda task, side: 12.0)
    monkeypatch.setattr(command, "gemm_peak", lambda: 100.0)
    return TINY


def test_every_convolution_is_listed():
    for task in TASKS.values():
        net = task.network()
        found = {
            f"{c.name}.weight": (c.kernel, c.kernel, c.channels, c.out_channels) for c in convolutions(net, task.size)
        }
        assert found == {name: shape for name, shape in net.shapes().items() if len(shape) == 4}
        assert convolutions(net, task.size)[-1].out_size == net.output_size(task.size, task.size)[0]


def test_flops_of_a_network_counted_by_hand():
    """Depth 1: 3 -> 8 and 8 -> 8 channels, 3x3, then 8 -> 3, 1x1, each on 16x16 pixels; no dx for the images."""
    one, two, out = 2 * 9 * 3 * 8 * 256, 2 * 9 * 8 * 8 * 256, 2 * 8 * 3 * 256
    assert task_flops(Task("", 8, 1, "same", 5, 16)) == 5 * (2 * one + 3 * two + 3 * out)
    assert task_flops(Task("", 8, 1, "same", 5, 16, train=False)) == 5 * (one + two + out)


def test_by_turns():
    calls = []
    times = measure.alternate({name: lambda name=name: calls.append(name) for name in "ab"}, 3)
    assert [sorted(calls[i : i + 2]) for i in range(0, 8, 2)] == [["a", "b"]] * 4  # the first round is to warm up
    assert [len(t) for t in times.values()] == [3, 3] and min(map(np.min, times.values())) >= 0


def test_both_sides_compute_the_same():
    ours, theirs = sides.Minunet(TINY), sides.Torch(TINY, channels_last=True)
    loss, gradient = sides.difference(ours, theirs)
    assert loss <= sides.LOSS_TOLERANCE and gradient <= sides.GRADIENT_TOLERANCE
    ours.params["input.conv2.weight"] *= 1.01
    assert max(sides.difference(ours, theirs)) > sides.GRADIENT_TOLERANCE
    del ours.params["input.conv2.weight"]
    with pytest.raises(KeyError):
        sides.difference(ours, theirs)


def test_a_side_that_computes_something_else_is_found(monkeypatch):
    """In whichever memory format, and for an answer as for a gradient; a NaN is a difference, too."""
    for train in (True, False):
        task = Task("tiny", 8, 2, "same", 3, 16, train)
        ours, theirs = sides.Minunet(task), sides.Torch(task, channels_last=True)
        assert max(sides.difference(ours, theirs)) < sides.GRADIENT_TOLERANCE
        theirs.images = theirs.images[:2] if train else theirs.images * 1.01
        theirs.labels = theirs.labels[:2]
        assert sides.difference(ours, theirs)[1] > sides.GRADIENT_TOLERANCE
        ours.params["out.bias"][0] = np.nan
        assert np.isnan(sides.difference(ours, theirs)[1])


def test_tasks_that_do_not_train_have_no_layers_to_measure(tiny, monkeypatch, capsys):
    monkeypatch.setitem(TASKS, "tiny", Task("tiny", 8, 2, "same", 3, 16, train=False))
    assert command.main(["--layers"]) == 2
    assert "the tasks that train" in capsys.readouterr().err


def test_both_sides_train():
    for side in (sides.Minunet(TINY), sides.Torch(TINY, channels_last=False)):
        before, _ = side.outcome()
        for _ in range(5):
            side.run()
        assert side.outcome()[0] < before


def test_peak_memory_is_that_of_a_training_step(monkeypatch):
    """At least the features of the batch: 16 images of 64x64 pixels with 16 channels, several times over."""
    monkeypatch.setattr(measure, "PROCESSES", 1)
    for side in ("minunet", "channels last"):
        memory = measure.peak_memory("small", side)
        assert memory is None or 4 < memory < 4000


def test_the_machine_is_measured(monkeypatch):
    monkeypatch.setattr(measure, "SIZES", ((32, 2),))
    assert measure.gemm_peak() > 0


def test_the_table_and_the_json(tiny, tmp_path, capsys):
    path = tmp_path / "bench.json"
    assert command.main(["--rounds", "5", "--no-compile", "--json", str(path)]) == 0
    printed = capsys.readouterr().out
    row = json.loads(path.read_text())["tasks"]["tiny"]
    assert row["agree"] and row["format"] in command.FORMATS
    assert row["ratio_quartiles"][0] <= row["ratio"] <= row["ratio_quartiles"][1]
    assert row["memory"] == {"minunet": 12.0, "PyTorch": 12.0}
    assert row["share_of_peak"] == pytest.approx(
        task_flops(TINY) / (row["ms_per_image"]["minunet"] / 1e3 * TINY.batch) / 100e9
    )
    line = next(line for line in printed.splitlines() if line.startswith("tiny"))
    assert f"{row['ratio']:.2f} (" in line and f"{row['share_of_peak']:.0%}" in line


def test_inference_too(tiny, monkeypatch, capsys):
    monkeypatch.setitem(TASKS, "tiny", Task("tiny", 8, 2, "same", 3, 16, train=False))
    assert command.main(["--rounds", "5", "--no-compile"]) == 0
    assert "tiny" in capsys.readouterr().out


def test_compiled_pytorch_is_timed_where_it_works(tiny, monkeypatch, capsys):
    class Compiled(sides.Torch):
        def __init__(self, task, channels_last, compiled=False):
            if compiled and broken:
                raise RuntimeError("no compiler\nand many more lines")
            super().__init__(task, channels_last)

    monkeypatch.setattr(command, "Torch", Compiled)
    broken = False
    assert command.measure_task(TINY, 5, 100.0, compiled=True)["ratio_compiled"] > 0
    broken = True
    assert command.main(["--rounds", "5"]) == 0
    assert "torch.compile does not work here: RuntimeError: no compiler\n" in capsys.readouterr().out


def test_nothing_is_timed_unless_both_agree(tiny, monkeypatch, capsys):
    monkeypatch.setattr(command, "difference", lambda one, other: (0.0, 0.5))
    monkeypatch.setattr(command, "alternate", lambda *_: pytest.fail("timed"))
    assert command.main(["--no-compile"]) == 1
    assert "DO NOT AGREE" in capsys.readouterr().out


def test_without_pytorch_minunet_alone(tiny, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)  # makes `import torch` fail
    why_no_torch.cache_clear()
    assert command.main(["--rounds", "5"]) == 0
    printed = capsys.readouterr().out
    assert "PyTorch is" in printed and "minunet alone" in printed and "       -  " in printed
    assert command.main(["--layers", "--rounds", "5"]) == 0
    assert "8 -> 8, 16, 1" in capsys.readouterr().out
    why_no_torch.cache_clear()


def test_a_row_that_others_have_disturbed_says_so(tiny, monkeypatch, capsys):
    class Disturbed(measure.OtherWork):
        def __exit__(self, *error):
            self.cores = 0.7

    monkeypatch.setattr(command, "OtherWork", Disturbed)
    assert command.main(["--no-compile", "--rounds", "5"]) == 0
    assert "other processes kept 0.7 cores busy: do not trust the figures above" in capsys.readouterr().out


def test_the_work_of_others_is_what_is_not_ones_own(tmp_path):
    stat = tmp_path / "stat"
    ticks = os.sysconf("SC_CLK_TCK")
    stat.write_text(f"cpu  {1000 * ticks} 0 0 0 0 0 0 0 0 0\n")
    with measure.OtherWork(stat) as others:
        start, own = time.perf_counter(), time.process_time()
        while time.process_time() - own < 0.2:
            pass
        passed = time.perf_counter() - start
        busy = 1000 + 0.2 + 3 * passed  # ours, and three cores of somebody else
        stat.write_text(f"cpu  {round(busy * ticks)} 0 0 900 900 0 0 0 0 0\n")  # idle and waiting are no work
    assert 2.5 < others.cores < 3.3
    with measure.OtherWork(tmp_path / "not there") as unknown:
        pass
    assert unknown.cores is None


def test_layer_by_layer(tiny, tmp_path, capsys):
    path = tmp_path / "layers.json"
    assert command.main(["--layers", "--rounds", "5", "--json", str(path)]) == 0
    rows = json.loads(path.read_text())["layers"]["tiny"]
    assert [(row["channels"], row["out_channels"], row["size"]) for row in rows] == [
        (3, 8, 16), (8, 8, 16), (8, 16, 8), (16, 16, 8), (16, 8, 16),
    ]  # fmt: skip
    assert all(rate > 0 for row in rows for rate in [*row["forward"].values(), *row["backward"].values()])
    assert capsys.readouterr().out.count("*") == len(rows) + 1  # the chosen one of each row, and the legend


def test_ctrl_c_ends_without_a_traceback(tiny, monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "gemm_peak", interrupted)
    assert command.main([]) == 130
    assert capsys.readouterr().err == "\nminunet: stopped\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--rounds", "4"], "--rounds must be at least 5"),
        (["--threads", "1,2", "--layers"], "a measurement of their own"),
        (["--json", "/nowhere/at/all.json"], "No such file or directory"),
        (["--json", "/"], "Is a directory"),
    ],
)
def test_bad_input_gets_one_sentence(tiny, arguments, says, capsys):
    assert command.main(arguments) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_several_numbers_of_threads(tiny, tmp_path, monkeypatch, capsys):
    """Those for which there are cores, with both sides; the number from before is put back."""
    monkeypatch.setattr(command, "CORES", 3)
    before, used = threads.get_threads(), []
    monkeypatch.setattr(threads, "set_threads", lambda count: used.append(count))
    assert command.main(["--threads", "1,2,4", "--rounds", "5", "--json", str(tmp_path / "t.json")]) == 0
    assert used == [1, 2, before]
    result = json.loads((tmp_path / "t.json").read_text())["threads"]["tiny"]
    assert list(result) == ["1", "2"] and all(min(row.values()) > 0 for row in result.values())
    assert set(result["1"]) == {"minunet", "PyTorch", "ratio"}
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    one, two = (next(line for line in lines if line[:1] == [count]) for count in "12")
    assert one[2] == one[4] == "1.00" and len(one) == len(two) == 6
    assert ["measured", "for", "1,", "2", "threads:", "there", "are", "3", "cores"] in lines
    monkeypatch.setattr(threads, "torch_problem", lambda: "none here")
    assert set(threads.measure_threads(TINY, [1], 5)[1]) == {"minunet"}


@pytest.mark.parametrize("text", ["0", "1,,2", "1,x", ""])
def test_numbers_of_threads_that_are_none(text, capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["--threads", text])
    assert end.value.code == 2 and "whole number of at least 1" in capsys.readouterr().err


def test_the_profile_counts_every_second_once(tiny, monkeypatch, tmp_path, capsys):
    """Functions that sleep instead: one inside another, as `winograd_rows.backward` calls its own `forward`."""

    def outer():
        time.sleep(0.02)
        inner.sleep()

    inner = SimpleNamespace(sleep=lambda: time.sleep(0.01))
    owner = SimpleNamespace(run=outer)
    monkeypatch.setattr(profile, "PARTS", {"outer": (owner, ("run",)), "inner": (inner, ("sleep",))})
    monkeypatch.setattr(profile.Minunet, "run", lambda self: owner.run())
    monkeypatch.setattr(profile, "get_threads", lambda: 1)
    parts = profile.measure_parts(tiny, 5)
    assert owner.run is outer  # no clock is left behind
    assert parts["outer"] * TINY.batch >= 20 and parts["inner"] * TINY.batch >= 10
    assert parts[profile.REST] >= 0  # what is left of the time of a step


def test_the_profile_of_a_network(tiny, tmp_path, capsys):
    path = tmp_path / "profile.json"
    assert command.main(["--profile", "--rounds", "5", "--json", str(path)]) == 0
    parts = json.loads(path.read_text())["profile"]["tiny"]
    assert set(parts) == {*profile.PARTS, profile.REST}
    assert all(parts[name] > 0 for name in ("3x3 by winograd_rows", "3 channels and 1x1, im2col", "loss", "Adam"))
    printed = capsys.readouterr().out
    for part, value in parts.items():
        assert f"{part:<30}{value:>10.1f}" in printed


def test_what_a_step_keeps(tiny, tmp_path, capsys):
    """Counted by hand for TINY's network: what a block returns is the input of the next, and counted once."""
    path = tmp_path / "profile.json"
    assert command.main(["--profile", "--rounds", "5", "--json", str(path)]) == 0
    kept = json.loads(path.read_text())["kept"]["tiny"]
    net, (params, images, _) = TINY.network(), TINY.data()
    _, cache = net.forward(params, images[:1])
    (_, (x, *_, y2)) = cache["input"]  # the second convolution: its input is what the first one's ReLU has made
    assert kept["input"] == (x.nbytes + y2.nbytes) / 2**20
    assert list(kept) == [block.name for block in net.blocks()] and kept["out"] == 0
    printed = capsys.readouterr().out.splitlines()
    assert f"{'input':<30}{kept['input']:>10.1f}" in printed
    assert f"{'together':<30}{sum(kept.values()):>10.1f}" in printed


def test_prediction_beside_the_engines(tiny, tmp_path, monkeypatch, capsys):
    """All sides make the same probabilities from the same graph, before anything is timed."""
    monkeypatch.setitem(TASKS, "tiny", Task("tiny", 8, 2, "valid", 2, 20, train=False))
    path = tmp_path / "engines.json"
    assert command.main(["--inference", "--rounds", "5", "--json", str(path)]) == 0
    found = json.loads(path.read_text())["inference"]["tiny"]
    assert list(found["ms"]) == list(engines.SIDES) and min(found["ms"].values()) > 0
    assert list(found["ratio"]) == list(engines.SIDES[1:]) and min(found["ratio"].values()) > 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("tiny"))
    assert [float(word) for word in line.split()[1:3]] == [
        pytest.approx(found["ms"][name], abs=0.06) for name in engines.SIDES[:2]
    ]


def test_an_engine_that_computes_something_else_is_not_timed(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(TASKS, "tiny", Task("tiny", 8, 2, "same", 2, 16, train=False))
    right = engines.OnnxRuntime.run
    monkeypatch.setattr(engines.OnnxRuntime, "run", lambda self: right(self) + 2e-4)
    assert command.main(["--inference", "--json", str(tmp_path / "found.json")]) == 1
    assert "minunet and ONNX Runtime DO NOT AGREE: a probability differs by 2.0e-04" in capsys.readouterr().out
    assert list(json.loads((tmp_path / "found.json").read_text())["inference"]["tiny"]) == ["apart"]


def test_engines_that_are_not_installed_are_left_out(monkeypatch, capsys):
    task = Task("tiny", 8, 2, "same", 2, 16, train=False)
    for name in ("onnxruntime", "torch"):
        monkeypatch.setitem(sys.modules, name, None)
    found = engines.measure_engines(task, 5)
    assert list(found["ms"]) == ["minunet", "OpenVINO"]
    engines.print_engines(task, found)
    assert capsys.readouterr().out.split().count("-") == 4
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(
        InputError, match=r"nothing to compare with \(.*openvino missing\): pip install 'minunet\[bench"
    ):
        engines.measure_engines(task, 5)


def test_inference_needs_a_task_that_predicts(tiny, capsys):
    assert command.main(["--inference"]) == 2
    assert "names none of them" in capsys.readouterr().err
