"""Forks, threads, other processes, and standard streams of every kind."""

import os
import subprocess
import sys
import unittest

from nets import temporary_folder, write
from programs import run, write_files


class TestProcesses(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        write_files(self.folder)

    def printed(self, code, **options):
        status, out, err = run(self.folder, code, **options)
        self.assertEqual(status, 0, err)
        return out

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork")
    def test_a_fork_afterwards(self):
        out = self.printed("""
net = caffe.Net("small.prototxt", caffe.TEST)
view = net.blobs["ip"].data
if os.fork() == 0:
    for use in (net.forward, lambda: net.blobs["data"].diff):
        try:
            use()
        except caffe.CaffeError as error:
            print(error)
    own = caffe.Net("small.prototxt", caffe.TEST)
    print(view.shape, (own.forward(data=np.ones((2, 3)))["ip"] == 3).all(), flush=True)
    sys.exit(0)
os.wait()
print((net.forward(data=np.ones((2, 3)))["ip"] == 3).all())
""")  # fmt: skip
        lines = out.splitlines()
        self.assertEqual(len(lines), 4, out)
        for line in lines[:2]:
            self.assertRegex(line, "process that the present one was forked from")
        self.assertEqual(lines[2:], ["(2, 2) True", "True"])

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork")
    def test_a_fork_before(self):
        out = self.printed("""
child = os.fork()
net = caffe.Net("small.prototxt", caffe.TEST)
assert (net.forward(data=np.ones((2, 3)))["ip"] == 3).all()
if child:
    os.wait()
print("both", flush=True)
""")  # fmt: skip
        self.assertEqual(out, "both\nboth\n")

    def test_multiprocessing(self):
        write(self.folder, "work.py", """
import multiprocessing
import numpy as np
import caffe

def work(value):
    net = caffe.Net("small.prototxt", caffe.TEST)
    return net.forward(data=np.full((2, 3), value))["ip"].copy()

if __name__ == "__main__":
    caffe.Net("small.prototxt", caffe.TEST)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print([float(one[0, 0]) for one in pool.map(work, range(4))])
""")  # fmt: skip
        env = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        ended = subprocess.run([sys.executable, "work.py"], cwd=self.folder, env=env, capture_output=True, text=True, timeout=40)
        self.assertEqual((ended.stdout, ended.stderr), ("[0.0, 3.0, 6.0, 9.0]\n", ""))

    def test_threads(self):
        # Some share a net, with a lock of their own around what belongs together, some have one of their own.
        out = self.printed("""
shared, lock, wrong = caffe.Net("small.prototxt", caffe.TEST), threading.Lock(), []

def one_net(value):
    for i in range(50):
        with lock:
            if not (shared.forward(data=np.full((2, 3), value + i))["ip"] == 3 * (value + i)).all():
                wrong.append(value)

def own_nets(value):
    for i in range(10):
        net = caffe.Net("small.prototxt", caffe.TEST)
        for j in range(5):
            if not (net.forward(data=np.full((2, 3), value + j))["ip"] == 3 * (value + j)).all():
                wrong.append(value)

def reads(_):
    for i in range(200):
        for blob in shared.blobs.values():
            blob.data.sum(), blob.shape

threads = [threading.Thread(target=work, args=(i,)) for i in range(3) for work in (one_net, own_nets, reads)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(wrong)
""")  # fmt: skip
        self.assertEqual(out, "[]\n")

    def test_the_first_use_in_a_thread(self):
        out = self.printed("""
made = []
threads = [threading.Thread(target=lambda: made.append(caffe.Net("small.prototxt", caffe.TEST))) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(made), len({net._peer for net in made}))
""")  # fmt: skip
        self.assertEqual(out, "4 1\n")

    def test_standard_input_is_ours(self):
        process = subprocess.run(
            [sys.executable, "-c", """
import sys, caffe
caffe.layer_type_list()
print(sys.stdin.read(), end="")
"""],
            input="all of it\n" * 1000, capture_output=True, text=True, timeout=40,
            env=dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # fmt: skip
        self.assertEqual(process.stdout, "all of it\n" * 1000)

    def test_pipes_go_on_waiting(self):
        # Node makes a pipe one that does not wait, which print would stumble over where the pipe is full.
        out = self.printed("""
caffe.log("a line")
print([os.get_blocking(stream) for stream in (0, 1, 2)])
print("much\\n" * 50000, end="")
""", env={"GLOG_minloglevel": "0"})  # fmt: skip
        self.assertEqual(out, "[True, True, True]\n" + "much\n" * 50000)

    def test_streams_that_are_no_files(self):
        # As in a notebook.
        out = self.printed("""
import io
sys.stderr, sys.stdout, kept = io.StringIO(), io.StringIO(), sys.stdout
net = caffe.Net("small.prototxt", caffe.TEST)
caffe.log("a line")
sys.stdout = kept
print((net.forward(data=np.ones((2, 3)))["ip"] == 3).all())
""")  # fmt: skip
        self.assertEqual(out, "True\n")

    def test_streams_that_are_closed(self):
        self.printed("""
for stream in (0, 1, 2):
    os.close(stream)
sys.stdin = sys.stdout = sys.stderr = None
net = caffe.Net("small.prototxt", caffe.TEST)
caffe.log("a line")
open("result", "w").write(str((net.forward(data=np.ones((2, 3)))["ip"] == 3).all()))
""")  # fmt: skip
        with open(os.path.join(self.folder, "result")) as file:
            self.assertEqual(file.read(), "True")

    def test_sockets_with_a_timeout(self):
        out = self.printed("""
import socket
socket.setdefaulttimeout(0.05)
net = caffe.Net("small.prototxt", caffe.TEST)
net.before_forward(lambda layer: time.sleep(0.1))
print((net.forward(data=np.ones((2, 3)))["ip"] == 3).all())
""")  # fmt: skip
        self.assertEqual(out, "True\n")

    def test_another_folder(self):
        os.mkdir(os.path.join(self.folder, "deeper"))
        out = self.printed("""
caffe.layer_type_list()
os.chdir("deeper")
net = caffe.Net("../small.prototxt", caffe.TEST)
net.save("here.caffemodel")
print(os.listdir("."))
""")  # fmt: skip
        self.assertEqual(out, "['here.caffemodel']\n")

    def test_the_log(self):
        lines = """
caffe.log("before")
caffe.init_log(2)
caffe.log("in between")
caffe.init_log(0)
caffe.log("after")
"""
        _, _, err = run(self.folder, lines, env={"GLOG_minloglevel": "0"})
        self.assertRegex(err, r"\AI\d{4} \S+ +\d+ pycaffe[^\n]*\] before\nI[^\n]*\] after\n\Z")
        _, _, err = run(self.folder, lines, env={"GLOG_minloglevel": "1"})
        self.assertEqual(err, "")


if __name__ == "__main__":
    unittest.main()
