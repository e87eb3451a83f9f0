"""The streams of a run: the same for the same seed, and none the beginning of another."""

from minunet.seeds import PURPOSES, generator


def test_every_stream_is_its_own():
    keys = [
        (seed, purpose, *numbers) for seed in (0, 1) for purpose in PURPOSES for numbers in ((), (0,), (0, 0), (1,))
    ]
    first = {key: generator(*key).integers(2**63) for key in keys}
    assert len(set(first.values())) == len(keys)
    assert all(generator(*key).integers(2**63) == number for key, number in first.items())
