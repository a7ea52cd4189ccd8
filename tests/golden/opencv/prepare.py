"""Writes prepared.json: see README.md."""
import base64
import json
import os

import cv2
import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(11)
SIZES = [((9, 13), (5, 6)), ((8, 12), (4, 4)), ((7, 6), (15, 11)), ((12, 10), (6, 17))]
MODES = {"AREA": cv2.INTER_AREA, "NEAREST": cv2.INTER_NEAREST, "CUBIC": cv2.INTER_CUBIC, "LANCZOS4": cv2.INTER_LANCZOS4}


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def picture(height, width, channels):
    noise = RANDOM.integers(0, 256, (height, width, channels), dtype=np.uint8)
    return noise


def on_brightness(image, change):
    if image.shape[2] == 1:
        return change(image[:, :, 0])[:, :, None]
    planes = list(cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)))
    planes[0] = change(planes[0])
    return cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2BGR)


def jpeg(image, quality):
    _, file = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)


NOISES = {
    "decolorize": lambda image: cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
    "gaussBlur": lambda image: cv2.GaussianBlur(image, (7, 7), 1.5),
    "histEq": lambda image: on_brightness(image, cv2.equalizeHist),
    "clahe": lambda image: on_brightness(image, cv2.createCLAHE(clipLimit=4).apply),
    "jpeg": lambda image: jpeg(image, 60),
    "erode": lambda image: cv2.erode(image, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3), (1, 1))),
    "toHsv": lambda image: cv2.cvtColor(image, cv2.COLOR_BGR2HSV),
    "toLab": lambda image: cv2.cvtColor(image, cv2.COLOR_BGR2LAB),
}


def case(what, image, result):
    height, width, channels = image.shape
    return {
        "what": what,
        "from": [channels, height, width],
        "to": [result.shape[0], result.shape[1]],
        "pixels": text(image),
        "result": text(result),
    }


cases = []
for mode, flag in MODES.items():
    for (height, width), (to_height, to_width) in SIZES:
        image = picture(height, width, 3)
        cases.append(case(mode, image, cv2.resize(image, (to_width, to_height), interpolation=flag)))
for noise, change in NOISES.items():
    for height, width in ((19, 21), (16, 24)):
        image = picture(height, width, 3)
        cases.append(case(noise, image, change(image)))
for noise in ("histEq", "clahe", "gaussBlur"):
    image = picture(17, 16, 1)
    result = NOISES[noise](image)
    cases.append(case(noise, image, result.reshape(17, 16, 1)))
with open(os.path.join(FOLDER, "prepared.json"), "w") as file:
    json.dump(cases, file)
