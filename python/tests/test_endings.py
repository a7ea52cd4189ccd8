"""How it ends: Ctrl-C, a killed engine, a killed Python, and what is missing from the start."""

import os
import shutil
import signal
import sys
import time
import unittest

from nets import temporary_folder
from programs import run, seconds_until_gone, start, write_files

LINUX = sys.platform.startswith("linux")
SOLVE = """
solver = caffe.get_solver("solver.prototxt")
print("pid", engine()._process.pid, flush=True)
"""


def left_behind():
    """What may be left where files are shared."""
    return {(folder, name) for folder in ("/dev/shm", "/tmp") if os.path.isdir(folder)
            for name in os.listdir(folder) if name.startswith("caffe") and not name.startswith("caffe-test-")}  # fmt: skip


@unittest.skipUnless(LINUX, "looks at processes in /proc")
class EndTestCase(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        write_files(self.folder)

    def run_program(self, code, **options):
        return run(self.folder, code, **options)

    def started(self, code):
        """A program, and the process of its engine, once it has said `pid N`."""
        process = start(self.folder, code)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        word, number = process.stdout.readline().split()
        self.assertEqual(word, "pid")
        return process, int(number)


class TestCtrlC(EndTestCase):
    def test_solve(self):
        process, _ = self.started(SOLVE + """
iterations = []
solver.add_callback(lambda: iterations.append(solver.iter), lambda: len(iterations) != 5 or print("five", flush=True))
try:
    solver.solve()
    print("no end")
except KeyboardInterrupt:
    print("interrupted", os.path.exists("endless_iter_%d.solverstate" % solver.iter), solver.iter >= 5)
solver.step(2)
print("usable", float(solver.net.blobs["loss"].data) >= 0)
""")  # fmt: skip
        self.assertEqual(process.stdout.readline(), "five\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(out, "interrupted True True\nusable True\n", err)

    def test_step_and_handlers(self):
        process, _ = self.started(SOLVE + """
told = []
signal.signal(signal.SIGINT, lambda *_: told.append("mine"))
solver.add_callback(lambda: None, lambda: solver.iter != 5 or print("five", flush=True))
solver.step(2000000000)
print("stopped", told, signal.getsignal(signal.SIGINT) is not signal.default_int_handler)
solver.step(2)
""")  # fmt: skip
        self.assertEqual(process.stdout.readline(), "five\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(out, "stopped ['mine'] True\n", err)
        self.assertEqual(process.returncode, 0)

    def test_a_layer_that_takes_long(self):
        with open(os.path.join(self.folder, "long_layers.py"), "w") as file:
            file.write("""
import caffe, time
class Long(caffe.Layer):
    def setup(self, bottom, top): pass
    def reshape(self, bottom, top): top[0].reshape(1)
    def forward(self, bottom, top):
        print("within", flush=True)
        for _ in range(2000): time.sleep(0.01)
    def backward(self, *_): pass
""")
        process, _ = self.started("""
print("pid", engine()._process.pid, flush=True)
open("long.prototxt", "w").write('layer { name: "long" type: "Python" top: "x" python_param { module: "long_layers" layer: "Long" } }')
net = caffe.Net("long.prototxt", caffe.TEST)
try:
    net.forward()
except KeyboardInterrupt:
    print("interrupted")
print(net.blobs["x"].data.shape)
""")  # fmt: skip
        self.assertEqual(process.stdout.readline(), "within\n")
        # The first lets what runs come to its end, one more does not.
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        self.assertEqual(out, "interrupted\n(1,)\n", err)

    def test_many(self):
        # Wherever it comes, the conversation goes on.
        process, _ = self.started("""
print("pid", engine()._process.pid, flush=True)
net = caffe.Net("small.prototxt", caffe.TEST)
interrupts, passes, armed = 0, 0, False
def interrupt(*_):
    global armed
    if armed:
        armed = False
        raise KeyboardInterrupt
signal.signal(signal.SIGINT, interrupt)
print("now", flush=True)
while interrupts < 50 or passes < 50:
    try:
        armed = True
        net.blobs["data"].data[...] = passes
        assert (net.forward()["ip"] == 3 * passes).all()
        passes += 1
        armed = False
    except KeyboardInterrupt:
        interrupts += 1
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("still there", (net.forward(data=np.ones((2, 3)))["ip"] == 3).all())
""")  # fmt: skip
        self.assertEqual(process.stdout.readline(), "now\n")
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        out, err = process.communicate(timeout=10)
        self.assertEqual(out, "still there True\n", err)


class TestKills(EndTestCase):
    def test_the_engine(self):
        code, out, err = self.run_program("""
net = caffe.Net("small.prototxt", caffe.TEST)
net.forward()
kept = net.blobs["ip"].data
os.kill(engine()._process.pid, signal.SIGKILL)
for use in (net.forward, net.reshape, lambda: caffe.Net("small.prototxt", caffe.TEST), lambda: net.blobs["ip"].diff):
    try:
        use()
        print("no error")
    except caffe.CaffeError as error:
        print(error)
print(kept.shape, net.blobs["ip"].data.shape)
print(programs.children(os.getpid()))
""")  # fmt: skip
        lines = out.splitlines()
        self.assertEqual(len(lines), 6, out + err)
        for line in lines[:4]:
            self.assertRegex(line, "^the engine is gone: a signal ended it: SIGKILL.*start Python anew")
        self.assertEqual(lines[4:], ["(2, 2) (2, 2)", "[]"])
        self.assertEqual((code, err), (0, ""))

    def test_python_at_rest(self):
        before = left_behind()
        process, pid = self.started("""
net = caffe.Net("small.prototxt", caffe.TEST)
net.forward()
print("pid", engine()._process.pid, flush=True)
time.sleep(60)
""")  # fmt: skip
        process.kill()
        self.assertLess(seconds_until_gone(pid), 2)
        self.assertEqual(left_behind(), before)

    def test_python_in_a_solver(self):
        process, pid = self.started(SOLVE + "solver.solve()")
        time.sleep(0.3)
        process.kill()
        self.assertLess(seconds_until_gone(pid), 2)

    def test_python_in_a_callback(self):
        process, pid = self.started(SOLVE + """
solver.add_callback(lambda: (print("within", flush=True), time.sleep(60)), lambda: None)
solver.solve()
""")  # fmt: skip
        self.assertEqual(process.stdout.readline(), "within\n")
        process.kill()
        self.assertLess(seconds_until_gone(pid), 2)

    def test_python_that_has_forked(self):
        process, pid = self.started("""
import subprocess
net = caffe.Net("small.prototxt", caffe.TEST)
print("pid", engine()._process.pid, flush=True)
other = subprocess.Popen(["sleep", "4"])
if os.fork() == 0:
    print("child", flush=True)
    time.sleep(4)
    os._exit(0)
time.sleep(20)
""")  # fmt: skip
        self.assertEqual(process.stdout.readline(), "child\n")
        process.kill()
        self.assertLess(seconds_until_gone(pid), 2)

    def test_a_good_end(self):
        code, out, err = self.run_program("""
net = caffe.Net("small.prototxt", caffe.TEST)
print(engine()._process.pid, flush=True)
""")  # fmt: skip
        self.assertEqual((code, err), (0, ""))
        self.assertFalse(os.path.exists("/proc/%s" % out.strip()))

    def test_an_exit_in_a_callback(self):
        code, _, err = self.run_program(SOLVE + """
solver.add_callback(lambda: sys.exit(3), lambda: None)
solver.solve()
""")  # fmt: skip
        self.assertEqual((code, err), (3, ""))


class TestMissing(EndTestCase):
    def said(self, env, code='caffe.layer_type_list()'):
        status, _, err = self.run_program("""
try:
    %s
except caffe.CaffeError as error:
    print(error, file=sys.stderr)
    sys.exit(7)
""" % code, env=env)  # fmt: skip
        self.assertEqual(status, 7, err)
        return err

    def test_the_engine(self):
        self.assertRegex(self.said({"CAFFE_TS_HOME": self.folder}), r"^the engine of caffe-ts is not found; looked at .*\n$")

    def test_the_build(self):
        os.mkdir(os.path.join(self.folder, "bin"))
        with open(os.path.join(self.folder, "bin", "caffe"), "w"):
            pass
        self.assertRegex(self.said({"CAFFE_TS_HOME": self.folder}), r"^.*bin/caffe has not been built. Run npm run setup.*\n$")

    def test_node(self):
        self.assertRegex(self.said({"CAFFE_NODE": "/none/node"}), r"^CAFFE_NODE is /none/node, which cannot be run.*\n$")
        self.assertRegex(self.said({"PATH": self.folder}), r"^node is not found.*\n$")

    def test_a_node_that_is_none(self):
        self.assertRegex(self.said({"CAFFE_NODE": shutil.which("false")}), r"^the engine is gone: it ended with code 1.*\n$")

    def test_a_gpu(self):
        err = self.said({}, 'caffe.set_mode_gpu(); caffe.set_device(97); caffe.Net("small.prototxt", caffe.TEST)')
        self.assertRegex(err, r"(^|\n)[^\n]*(GPU|webgpu)[^\n]*Expected[^\n]*\n$")


if __name__ == "__main__":
    unittest.main()
