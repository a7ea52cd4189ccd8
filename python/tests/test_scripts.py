"""classify.py, detect.py, draw_net.py and train.py, run as a user runs them."""

import contextlib
import csv
import io
import os
import runpy
import subprocess
import sys
import unittest

import numpy as np

from nets import MEANS, means_of_channels, temporary_folder, write, write_image

SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

SOLVER = """
    net: "%s" base_lr: 0.1 lr_policy: "fixed" max_iter: 4 display: 2 snapshot_prefix: "%s"
"""
REGRESSION = """
    layer { name: "data" type: "DummyData" top: "x" top: "y"
        dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 1 }
            data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 2 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "y" top: "loss" }
"""


class TestScripts(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        model, weights = means_of_channels(self.folder)
        self.net = ["--model_def", model, "--pretrained_model", weights]
        self.images = [
            write_image(self.folder, "%d.ppm" % i, np.full((6, 6, 3), [10 * i, 20, 30]))
            for i in range(3)
        ]

    def run_script(self, name, *args, status=0):
        done = subprocess.run(
            [sys.executable, os.path.join(SCRIPTS, name), *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            cwd=self.folder,
        )
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def run_here(self, name, *args, status=0):
        """The same within this process, whose engine is there already."""
        out, err, ended = io.StringIO(), io.StringIO(), 0
        argv, folder = sys.argv, os.getcwd()
        sys.argv = [name, *args]
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                runpy.run_path(os.path.join(SCRIPTS, name), run_name="__main__")
        except SystemExit as end:
            # A text is what Python prints, and ends with 1.
            ended = end.code if isinstance(end.code, int) else 1
            err.write("%s\n" % end.code)
        finally:
            sys.argv = argv
            os.chdir(folder)
        self.assertEqual(ended, status, err.getvalue())
        return (out if status == 0 else err).getvalue()

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_classify(self):
        flags = [*self.net, "--mean_file", "", "--images_dim", "4,4", "--ext", "ppm"]
        said = self.run_script("classify.py", self.folder, self.path("out.npy"), *flags)
        self.assertIn("CPU mode\n", said)
        self.assertIn("Classifying 3 inputs.\n", said)
        wanted = [[30, 20, 10 * i] for i in range(3)]
        np.testing.assert_allclose(np.load(self.path("out.npy")), wanted, atol=1e-4)

        np.save(self.path("mean.npy"), np.array([1.0, 2.0, 3.0]))
        more = ["--mean_file", "mean.npy", "--center_only", "--channel_swap", "", "--input_scale", "2"]
        self.run_here("classify.py", self.images[2], self.path("one.npy"), *flags, *more)
        made = np.load(self.path("one.npy"))
        np.testing.assert_allclose(made, np.reshape([38, 36, 54], (1, 3, 1, 1)), atol=1e-4)

        np.save(self.path("in.npy"), np.full((2, 4, 4, 3), 0.5))
        self.run_here("classify.py", "in.npy", self.path("two.npy"), *flags, "--raw_scale", "1")
        np.testing.assert_allclose(np.load(self.path("two.npy")), np.full((2, 3), 0.5))

    def test_classify_says_what_it_has_not(self):
        said = self.run_script("classify.py", ".", "out.npy", *self.net, "--ext", "tiff", status=1)
        self.assertIn("no *.tiff", said)
        said = self.run_here("classify.py", self.images[0], "out.npy", *self.net, "--images_dim", "4,4")
        self.assertIn("Subtracting the means 104, 117, 123", said)
        np.testing.assert_allclose(np.load(self.path("out.npy"))[0], [-74, -97, -123], atol=1e-3)

    def test_detect(self):
        rows = "filename, xmin, ymin, xmax, ymax\n1.ppm,0,1,4,6\n2.ppm,0,0,6,6\n1.ppm,2,2,6,6\n"
        write(self.folder, "windows.csv", rows)
        flags = [*self.net, "--crop_mode", "list", "--mean_file", "", "--context_pad", "0"]
        said = self.run_script("detect.py", "windows.csv", "out.csv", *flags)
        self.assertIn("Processed 3 windows in", said)
        with open(self.path("out.csv"), newline="") as file:
            header, *made = csv.reader(file)
        self.assertEqual(",".join(header), "filename,ymin,xmin,ymax,xmax,class0,class1,class2")
        self.assertEqual(
            [row[:5] for row in made],
            [
                ["1.ppm", "1", "0", "6", "4"],
                ["1.ppm", "2", "2", "6", "6"],
                ["2.ppm", "0", "0", "6", "6"],
            ],
        )
        scores = [[float(value) for value in row[5:]] for row in made]
        np.testing.assert_allclose(scores, [[30, 20, 10]] * 2 + [[30, 20, 20]], atol=1e-4)

    def test_detect_says_what_is_wrong(self):
        write(self.folder, "windows.csv", "filename,xmin,ymin,xmax\n")
        write(self.folder, "bad.csv", "filename,xmin,ymin,xmax,ymax\n1.ppm,0,0,six,6\n")
        write(self.folder, "list.txt", "1.ppm\n")
        flags = [*self.net, "--mean_file", "", "--context_pad", "0"]
        listed = [*flags, "--crop_mode", "list"]
        said = self.run_script("detect.py", "windows.csv", "out.csv", *listed, status=1)
        self.assertIn("windows.csv: no column ymax", said)
        said = self.run_here("detect.py", "bad.csv", "out.csv", *listed, status=1)
        self.assertIn("bad.csv:2: expected a number", said)
        said = self.run_here("detect.py", "list.txt", "out.csv", *listed, status=2)
        self.assertIn("--crop_mode list takes a .csv", said)
        said = self.run_script("detect.py", "list.txt", "out.csv", *flags, status=1)
        self.assertIn("selective_search_ijcv_with_python", said)

    def test_draw_net(self):
        write(self.folder, "net.prototxt", MEANS % (4, 4))
        said = self.run_script("draw_net.py", "net.prototxt", "net.raw", "--phase", "NOW", status=1)
        self.assertIn("Unknown phase: NOW", said)
        try:
            import pydot  # noqa: F401
        except ImportError:
            self.skipTest("pydot is not installed")
        flags = ["--rankdir", "TB", "--phase", "TEST", "--display_lrm"]
        said = self.run_here("draw_net.py", "net.prototxt", "net.raw", *flags)
        self.assertEqual(said, "Drawing net to net.raw\n")
        with open(self.path("net.raw")) as file:
            self.assertIn("digraph means", file.read())

    def test_train(self):
        net = write(self.folder, "net.prototxt", REGRESSION)
        solver = write(self.folder, "solver.prototxt", SOLVER % (net, self.path("made")))
        self.run_script("train.py", "--solver", solver)
        self.assertTrue(os.path.exists(self.path("made_iter_4.caffemodel")))
        longer = (SOLVER % (net, self.path("made"))).replace("max_iter: 4", "max_iter: 6")
        solver = write(self.folder, "longer.prototxt", longer)
        state = self.path("made_iter_4.solverstate")
        done = subprocess.run(
            [sys.executable, os.path.join(SCRIPTS, "train.py"), "--solver", solver]
            + ["--snapshot", state, "--timing"],
            stderr=subprocess.PIPE,
            universal_newlines=True,
            env={**os.environ, "GLOG_minloglevel": "0"},
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"forw +0 +data : \d+\.\d\d")
        self.assertRegex(done.stderr, r"back +1 +ip : \d+\.\d\d")
        self.assertRegex(done.stderr, r"solver total: \d+\.\d\d")
        self.assertTrue(os.path.exists(self.path("made_iter_6.solverstate")))

    def test_train_on_several_gpus(self):
        said = self.run_script("train.py", "--solver", "x", "--gpus", "0", "1", status=2)
        self.assertIn("--gpus 0 1: several are not available", said)
        self.assertIn("mpirun", said)


if __name__ == "__main__":
    unittest.main()
