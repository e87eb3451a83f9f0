"""From a file to the numbers in it, upright, as many bits as it holds.

Only formats are read that are known to be read rightly. No program is ever started for a picture, as Pillow does for
EPS, and no other file is opened.
"""

from pathlib import Path

from PIL import Image

from minunet.data.checks import PNG, refuse_damaged_png
from minunet.data.decoded import CHANNELS, Decoded, most_pixels
from minunet.data.tiff import STARTS, read_tiff
from minunet.data.with_pillow import ENDINGS, FORMATS, read_frame
from minunet.errors import InputError

PICTURE_ENDINGS = {ending for ending, name in ENDINGS.items() if name in (*FORMATS, "MPO")}  # .jpg, .png, ...


Page = int | str | None  # a number from 1 on, or "channels"


def decode(path: Path, page: Page = None) -> Decoded:
    """Read a picture or a mask, of any of FORMATS, whatever its name ends in. Raises InputError, naming the file.

    Of a file of several pictures (slices, times, frames of an animation) `page` is the number of the one to read, from
    1, or "channels": all of them are the channels of one picture. Without it, the first frame of an animation is read;
    of a TIFF it must hold one picture only. What a TIFF itself calls channels are channels, and no pictures.
    """
    if page != CHANNELS and page is not None and (isinstance(page, str) or page < 1):
        raise InputError(f'Pages are counted from 1, or "{CHANNELS}" takes all of them: there is no page {page}.')
    try:
        if path.exists() and not path.is_file():
            raise InputError("is not a file.")
        with open(path, "rb") as file:
            start = file.read(4)
            if not start:
                raise InputError("is empty.")
            if start == PNG:
                refuse_damaged_png(file, frames=page not in (None, 1))
            file.seek(0)
            return read_tiff(file, page) if start in STARTS else read_frame(file, page)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except MemoryError as error:
        raise MemoryError(f"{path}: {str(error) or 'NumPy got none'}") from error
    except Image.DecompressionBombError:
        most = most_pixels() // 10**6
        raise InputError(f"{path} has more than {most} million pixels: cut it into smaller ones.") from None
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    except Exception as error:  # readers of damaged files raise nearly anything
        raise InputError(f"{path} cannot be read as a picture: {error}.") from error
