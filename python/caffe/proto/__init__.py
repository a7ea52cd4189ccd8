"""Caffe's messages, for Python's protobuf: `from caffe.proto import caffe_pb2`."""
