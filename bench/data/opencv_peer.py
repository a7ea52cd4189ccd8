"""Reads an LMDB of JPEG Datums as BVLC Caffe does: one thread, OpenCV, crop, mirror, mean, into float batches.

python3 opencv_peer.py DATABASE IMAGES BATCH CROP: prints images a second and CPU microseconds an image.
"""
import sys
import time

import cv2
import lmdb
import numpy as np

database, images, batch, crop = sys.argv[1], *(int(word) for word in sys.argv[2:5])
cv2.setNumThreads(1)
rng = np.random.default_rng(1)
mean = np.full((3, 256, 256), 120, np.float32)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7


def datum(data):
    """The bytes and the label of a Datum."""
    at, image, label = 0, None, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag == 0x22:
            length, at = varint(data, at)
            image = np.frombuffer(data, np.uint8, length, at)
            at += length
        else:
            value, at = varint(data, at)
            if tag == 0x28:
                label = value
    return image, label


out = np.empty((batch, 3, crop, crop), np.float32)
labels = np.empty(batch, np.float32)
with lmdb.open(database, readonly=True, lock=False).begin(buffers=False) as transaction:
    cursor = transaction.cursor()
    cursor.first()
    begin, worked = time.perf_counter(), time.process_time()
    for k in range(images):
        data, labels[k % batch] = datum(cursor.value())
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        top, left = rng.integers(0, 256 - crop + 1, 2)
        part = image[top : top + crop, left : left + crop].transpose(2, 0, 1)
        place = out[k % batch]
        if rng.integers(0, 2):
            place = place[:, :, ::-1]
        np.subtract(part, mean[:, top : top + crop, left : left + crop], out=place)
        if not cursor.next():
            cursor.first()
    print(images / (time.perf_counter() - begin), 1e6 * (time.process_time() - worked) / images)
