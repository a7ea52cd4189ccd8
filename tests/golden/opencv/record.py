"""Writes images/, decoded.json and resized.json: see README.md."""
import base64
import json
import os

import cv2
import numpy as np
from PIL import Image

FOLDER = os.path.dirname(os.path.abspath(__file__))
IMAGES = os.path.join(FOLDER, "images")
RANDOM = np.random.default_rng(7)


def picture(height, width):
    """A smooth picture of all colours, so that JPEG keeps it."""
    small = RANDOM.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def text(array):
    return base64.b64encode(array.tobytes()).decode()


def write_images():
    os.makedirs(IMAGES, exist_ok=True)
    here = lambda name: os.path.join(IMAGES, name)
    image = picture(13, 19)
    rgb = Image.fromarray(image[:, :, ::-1])
    gray = rgb.convert("L")
    alpha = Image.fromarray(RANDOM.integers(0, 256, (13, 19), dtype=np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    gray_alpha = gray.copy()
    gray_alpha.putalpha(alpha)
    for name, subsampling in (("420", 2), ("422", 1), ("444", 0)):
        rgb.save(here(f"{name}.jpg"), quality=90, subsampling=subsampling)
    rgb.save(here("progressive.jpg"), quality=90, progressive=True)
    gray.save(here("gray.jpg"), quality=90)
    rgb.convert("CMYK").save(here("cmyk.jpg"), quality=90)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        rgb.save(here(f"orientation-{orientation}.jpg"), quality=90, exif=exif)
    rgb.save(here("rgb.png"))
    gray.save(here("gray.png"))
    rgba.save(here("rgba.png"))
    gray_alpha.save(here("gray-alpha.png"))
    rgb.quantize(16).save(here("palette.png"))
    rgba.quantize(16).save(here("palette-transparent.png"))
    cv2.imwrite(here("rgb16.png"), RANDOM.integers(0, 65536, (13, 19, 3), dtype=np.uint16))
    rgb.save(here("rgb.bmp"))
    gray.save(here("gray.bmp"))
    rgb.save(here("rgb.tif"))
    rgb.save(here("rgb.webp"), lossless=True)


def record_decoded():
    modes = {"color": cv2.IMREAD_COLOR, "gray": cv2.IMREAD_GRAYSCALE, "unchanged": cv2.IMREAD_UNCHANGED}
    decoded = []
    for name in sorted(os.listdir(IMAGES)):
        for mode, flag in modes.items():
            image = cv2.imread(os.path.join(IMAGES, name), flag)
            if image.dtype != np.uint8:
                continue
            shape = [1 if image.ndim == 2 else image.shape[2], *image.shape[:2]]
            decoded.append({"name": name, "mode": mode, "shape": shape, "pixels": text(image)})
    return decoded


def record_resized():
    resized = []
    for from_size, to_size in [((7, 5), (7, 5)), ((8, 10), (4, 5)), ((5, 9), (11, 4)), ((16, 16), (31, 17)), ((1, 1), (3, 3)), ((31, 20), (6, 9)), ((6, 4), (12, 8))]:
        for channels in (1, 3):
            image = RANDOM.integers(0, 256, (*from_size, channels), dtype=np.uint8)
            result = cv2.resize(image, (to_size[1], to_size[0]), interpolation=cv2.INTER_LINEAR)
            resized.append({"channels": channels, "from": from_size, "to": to_size, "pixels": text(image), "resized": text(result)})
    return resized


write_images()
for name, what in (("decoded", record_decoded()), ("resized", record_resized())):
    with open(os.path.join(FOLDER, f"{name}.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in what) + "\n]\n")
