"""Small runs that the tests of this folder share."""

import itertools

from minunet.train import __main__ as train

SMALL = ["--size", "16", "--base", "4", "--depth", "2", "--device", "cpu"]


def stops_after(step: int) -> type[train.StopSignals]:
    """In the place of StopSignals: it asks to stop after this step, as if somebody had pressed Ctrl-C just then."""
    steps = itertools.count(1)

    class Stops(train.StopSignals):
        def __enter__(self):
            super().__enter__()
            return lambda: next(steps) == step

    return Stops


def stopped_in_the_second_epoch(monkeypatch, *options: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(train, "StopSignals", stops_after(4))
        assert train.main([*SMALL, "--batch-size", "5", "--epochs", "2", *options]) == 130
