"""How whole files become damaged ones: strategies of Hypothesis, which makes what fails as simple as it can."""

import json
import struct
import zlib
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

ODD = (0, 1, 2, 7, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)  # numbers in headers
WORDS = [  # in texts
    *(b"NaN", b"1e999", b"-1", b"0.5", b"null", b"true", b'""', b"[]", b"{}", b"[" * 5000, b"9" * 5000, b'"', b","),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\x1b[2J", b"\r", b"\n\n", "\u202e".encode(), b"\xed\xb2\x80", b"\\ud800"),
    *(b"../", b"/", b":", b"#"),
]
ODD_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=5)
    | st.just("x" * 9999),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3),
    max_leaves=4,
)  # where a file of JSON holds another one


@st.composite
def damaged(draw: DrawFn, wholes: list[bytes], text: bool = False) -> bytes:
    """One of the files, with up to five places changed, taken out, repeated, cut off, or taken from another file."""
    data = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.sampled_from((1, 2, 4, 8, 30)))
        how = draw(st.sampled_from(("byte", "number", "out", "again", "other", "end", "word")))
        if how == "byte" or how == "word" and not text:
            data[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif how == "number":
            form = draw(st.sampled_from(("<H", ">H", "<I", ">I")))
            number = draw(st.sampled_from(ODD)) % (1 << 8 * struct.calcsize(form))
            data[at : at + struct.calcsize(form)] = struct.pack(form, number)
        elif how == "out":
            del data[at : at + length]
        elif how == "again":
            data[at:at] = data[at : at + length]
        elif how == "other":
            other = draw(st.sampled_from(wholes))
            start = draw(st.integers(0, max(0, len(other) - 1)))
            data[at : at + length] = other[start : start + length]
        elif how == "end":
            del data[at:]
        else:
            data[at : at + draw(st.integers(0, 8))] = draw(st.sampled_from(WORDS))
    return bytes(data)


@st.composite
def other_values(draw: DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """What a file of JSON held, with up to three values that are others, gone, or added."""
    changed = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 3))):
        place = changed
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            if not keys or draw(st.integers(0, 9)) == 0:
                break
            key = draw(st.sampled_from(keys))
            if not isinstance(place[key], (dict, list)) or draw(st.booleans()):
                if draw(st.integers(0, 5)) == 0:
                    del place[key]
                else:
                    place[key] = draw(ODD_VALUES)
                break
            place = place[key]
        else:
            continue
        if isinstance(place, dict) and draw(st.integers(0, 9)) == 0:
            place[draw(st.text(max_size=4))] = draw(ODD_VALUES)
    return changed


def mended(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums that belong to them; other files as they are."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    made, at = bytearray(data), 8
    while at + 12 <= len(made):
        end = at + 8 + int.from_bytes(made[at : at + 4], "big")
        if end + 4 <= len(made):
            made[end : end + 4] = zlib.crc32(made[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(made)
