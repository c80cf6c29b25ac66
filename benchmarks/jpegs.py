"""A folder of class folders with JPEG files, made where no data set is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def write(folder: Path, count: int, side: int, classes: int = 10) -> Path:
    """Write smooth noise, which JPEG compresses as it does photographs; returns the folder."""
    drawn = np.random.default_rng(0)
    for index in range(count):
        class_folder = folder / f"class{index % classes}"
        class_folder.mkdir(parents=True, exist_ok=True)
        coarse = drawn.integers(0, 256, (side // 4, side // 4, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
        image.save(class_folder / f"{index}.jpg", quality=90)
    return folder
