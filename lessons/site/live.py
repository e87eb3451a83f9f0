"""Figures that move: a layer as minunet/explore has it for the browser, and the numbers of the figure above it."""

import html
import json

from lessons.figures import stamps, windows
from minunet.errors import InputError

NUMBERS = {"conv2d": (windows.X, windows.KERNEL), "conv_transpose2d": (stamps.X, stamps.KERNEL)}
LAYERS = ("unet.js", "sums.js")  # of minunet/explore, which script/live.js needs


def live_figure(kind: str, still: str) -> str:
    """A place for script/live.js to fill; until then, and without scripts, it holds `still`."""
    if kind not in NUMBERS:
        raise InputError(f"there is no live figure {kind}, but {', '.join(NUMBERS)}")
    numbers = zip(("x", "kernel"), NUMBERS[kind], strict=True)
    data = "".join(f' data-{name}="{html.escape(json.dumps(array.tolist()))}"' for name, array in numbers)
    return f'<figure class="live" data-kind="{kind}"{data}>{still}</figure>'
