"""Installs the module caffe, where its messages have been made; what it is, pyproject.toml says."""

import os
import sys

from setuptools import setup

messages = os.path.join(os.path.dirname(os.path.abspath(__file__)), "caffe", "proto", "caffe_pb2.py")
if not os.path.exists(messages):
    sys.exit("%s is not there. Make it first, in the folder above: npm run gen:code." % messages)
setup()
