"""Quantizes an ONNX model as ONNX Runtime does at its best: quantize_onnx.py IN OUT SHAPE.

Weights have a scale for each output channel, activations one each by least and greatest value of a batch (QDQ, bytes with a sign for
weights and without for activations). SHAPE, as 1,3,224,224, is that of the input; its values are those of side.mjs.
"""

import sys

import numpy
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
import onnx

source, target, shape = sys.argv[1], sys.argv[2], [int(length) for length in sys.argv[3].split(",")]
count = int(numpy.prod(shape))
mixed = (numpy.arange(1, count + 1, dtype=numpy.uint64) * 0x9E3779B1 % 2**32).astype(numpy.uint32) >> 8
image = ((mixed / 2.0**24 - 0.5) * 2).astype(numpy.float32).reshape(shape)


class Batch(CalibrationDataReader):
    def __init__(self, name):
        self.left = [{name: image}]

    def get_next(self):
        return self.left.pop() if self.left else None


quant_pre_process(source, target)
name = onnx.load(target).graph.input[0].name
quantize_static(
    target, target, Batch(name), quant_format=QuantFormat.QDQ, per_channel=True,
    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, reduce_range=False)
