"""`python -m minunet.export`: hand a trained network on: to PyTorch, to whatever runs ONNX, or as a small file."""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from minunet.commands import Parser
from minunet.errors import InputError, exit_status, printable
from minunet.exchange.files import about_of, check_ending, load_state_dict, save_state_dict
from minunet.files import put, whole_file
from minunet.model.checkpoint import check_fits, save_small, save_weights
from minunet.model.trained import Model, load_model

DESCRIPTION = """\
Write the network of a run into files of their own. With --weights the numbers come from a file of
PyTorch or safetensors instead, with the names and shapes that --state-dict writes: so weights go to
PyTorch, are trained on there, and come back. What exists is not overwritten.
Exit status: 0 written, 2 something given is wrong.
"""
# Fields of a configuration, which change no shapes.
PREPARED = ("centred", "padding", "stretch", "pieces", "labels", "scale", "ranges", "page")
ONNX_TOLERANCE = 1e-5  # of a probability


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 written, 2 bad input."""
    parser = Parser(prog="python -m minunet.export", description=DESCRIPTION)
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="the folder of a run, or a checkpoint file")
    add("--weights", type=Path, metavar="FILE", help="take the weights from this .pt, .pth or .safetensors file")
    add("--npz", type=Path, metavar="FILE", help="write a checkpoint for minunet.predict")
    add("--small", type=Path, metavar="FILE", help="the same rounded to 8 bits: a byte a weight and not four")
    add("--state-dict", type=Path, metavar="FILE", help="write a state dict for PyTorch: .pt, .pth or .safetensors")
    add(
        "--onnx", type=Path, metavar="FILE", help="write an ONNX graph: image (N, channels, H, W) in, probabilities out"
    )
    return exit_status(lambda: _export(parser.parse_args(arguments)))


def _export(options: argparse.Namespace) -> int:
    # Numbers that overflow are told by what is refused then, and not by each line that computes with them.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="minunet")
    model = load_model(options.run)
    if options.weights:
        params = load_state_dict(options.weights)
        check_fits(params, model.net, options.weights)
        about, own = about_of(options.weights), json.loads(json.dumps(model.about()))  # tuples are lists in JSON
        if about.get("classes", own["classes"]) != own["classes"]:
            raise InputError(f"{options.weights} holds weights for other classes than {', '.join(model.classes)}.")
        theirs = about["config"] if isinstance(about.get("config"), dict) else {}
        for name in (*PREPARED, *(() if model.config.pieces else ("size",))):  # to which pictures are scaled
            if theirs.get(name, own["config"][name]) != own["config"][name]:
                raise InputError(f"{options.weights} holds weights for pictures prepared in another way ({name}).")
        model = dataclasses.replace(model, params=params)
    writers: dict[str, Callable[[Path], str | None]] = {
        "npz": lambda path: save_weights(path, model.checkpoint()),
        "small": lambda path: save_small(path, model.checkpoint()),
        "state_dict": lambda path: save_state_dict(path, model.params, model.about()),
        "onnx": lambda path: _save_onnx(path, model),
    }
    wanted = {name: path for name in writers if (path := getattr(options, name)) is not None}
    if not wanted:
        raise InputError("Nothing to write: give --npz, --small, --state-dict or --onnx, or several of them.")
    for path in wanted.values():
        if os.path.lexists(path):
            raise InputError(f"{path} exists already; nothing was written.")
    if len({os.path.realpath(path) for path in wanted.values()}) < len(wanted):
        raise InputError("Two of the files have the same name; nothing was written.")
    if options.state_dict:
        check_ending(options.state_dict)
    for name, ending in (("npz", ".npz"), ("small", ".npz"), ("onnx", ".onnx")):
        if name in wanted and wanted[name].suffix != ending:
            raise InputError(f"{wanted[name]} should end in {ending}.")
    for name, path in wanted.items():
        try:
            with tempfile.TemporaryDirectory(prefix=".", suffix=".unfinished", dir=path.parent) as folder:
                made = Path(folder, path.name)  # where nobody else writes
                remark = writers[name](made) or ""
                put(made, path)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
        print(f"wrote {printable(path)}, {path.stat().st_size:,} bytes{remark}")
    return 0


def _save_onnx(path: Path, model: Model) -> str:
    """Write the graph if it computes what the network computes; return what is to be said of it."""
    try:
        from minunet.exchange import onnx_graph
    except ImportError:
        raise InputError("--onnx needs the package onnx: pip install 'minunet[export]'.") from None
    graph = onnx_graph.build_onnx(model.net, model.params, model.config.centred, model.about())
    worst = onnx_graph.difference(graph, model.net, model.params, model.config.centred)
    if not worst <= ONNX_TOLERANCE:
        raise InputError(f"The ONNX graph differs from the network by {worst:.1e}; it was not written.")
    with whole_file(path, "wb") as file:
        file.write(graph.SerializeToString())
    remark = f"; run by ONNX's reference, it differs by {worst:.0e} from minunet in float64"
    return "\n".join([remark, *(f"  not in the graph: {step}" for step in model.steps_around())])


if __name__ == "__main__":
    sys.exit(main())
