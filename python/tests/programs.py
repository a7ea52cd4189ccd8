"""Programs that use caffe, run as processes of their own, with what belongs to them."""

import os
import subprocess
import sys
import time

_BEGIN = """
import os, signal, sys, threading, time
import numpy as np
import caffe
from caffe._engine import engine
import programs
"""

# A solver that takes long, and its net.
ENDLESS_NET = """
    layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
      shape { dim: 5 dim: 4 } shape { dim: 5 dim: 1 }
      data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 3 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
ENDLESS_SOLVER = """
    net: "endless.prototxt" base_lr: 0.001 lr_policy: "fixed" max_iter: 2000000000 snapshot_prefix: "endless"
"""
SMALL_NET = """
    force_backward: true
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param {
      num_output: 2 weight_filler { type: "constant" value: 1 } } }
"""


def write_files(folder):
    """The files of these programs."""
    for name, text in (
        ("endless.prototxt", ENDLESS_NET),
        ("solver.prototxt", ENDLESS_SOLVER),
        ("small.prototxt", SMALL_NET),
    ):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)


def start(folder, code, **options):
    """Starts a program that has caffe, in a folder."""
    here = os.path.dirname(os.path.abspath(__file__))
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([here, os.path.dirname(here)]))
    env.update(options.pop("env", {}))
    streams = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    streams.update(options)
    return subprocess.Popen([sys.executable, "-c", _BEGIN + code], cwd=folder, env=env, **streams)


def run(folder, code, **options):
    """Runs a program to its end: its code, what it printed and what it said of errors."""
    process = start(folder, code, **options)
    out, err = process.communicate(timeout=40)
    return process.returncode, out, err


def is_alive(pid):
    """Whether a process runs: one that has ended and is not yet taken note of does not."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def seconds_until_gone(pid, most=10):
    """How long a process goes on."""
    began = time.monotonic()
    while is_alive(pid) and time.monotonic() - began < most:
        time.sleep(0.02)
    return time.monotonic() - began


def children(pid):
    """The processes that a process has started and that are there in any form."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(one) for one in file.read().split()]


def open_files(pid):
    """How many files a process has open."""
    return len(os.listdir("/proc/%d/fd" % pid))


def resident_megabytes(pid):
    """The memory of a process."""
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
