"""OpenCV's dnn as a side of bench/inference/compare.ts: python3 opencv_side.py DEPLOY.prototxt NET.caffemodel NET.onnx SHAPE THREADS.

Each line it reads is a number of milliseconds to run forward passes for; it answers with the time of each, and its peak of resident
memory, as a line of JSON.
"""
import json
import re
import sys
from time import perf_counter

import cv2
import numpy

file, weights, onnx, shape_text, threads = sys.argv[1:]
cv2.setNumThreads(int(threads))
shape = [int(length) for length in shape_text.split(",")]
# OpenCV 5 reads Caffe's files no longer.
reads_caffe = hasattr(cv2.dnn, "readNetFromCaffe")
net = cv2.dnn.readNetFromCaffe(file, weights) if reads_caffe else cv2.dnn.readNetFromONNX(onnx)
image = numpy.random.default_rng(1).uniform(-1, 1, shape).astype(numpy.float32)
for line in sys.stdin:
    times = []
    end = perf_counter() + float(line) / 1000
    while len(times) < 3 or perf_counter() < end:
        begin = perf_counter()
        net.setInput(image)
        net.forward()
        times.append(1000 * (perf_counter() - begin))
    with open("/proc/self/status") as status:
        peak = re.search(r"VmHWM:\s*(\d+)", status.read())
    print(json.dumps({"times": times, "memoryMiB": int(peak.group(1)) / 1024}), flush=True)
