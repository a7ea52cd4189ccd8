"""Programs that change the current folder, fork, run threads or find the module through a link."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import unittest

import numpy as np

import caffe
from nets import means_of_channels, temporary_folder, write

caffe.init_log(2)


def means_in(model, value):
    """The mean of a net of this process that sees one value everywhere; the words of an error."""
    try:
        net = caffe.Net(model, caffe.TEST)
        return float(net.forward(data=np.full(net.blobs["data"].data.shape, value))["mean"].mean())
    except caffe.CaffeError as error:
        return str(error)


class TestFork(unittest.TestCase):
    def setUp(self):
        self.model, _ = means_of_channels(temporary_folder(self))
        self.fork = multiprocessing.get_context("fork")

    def test_a_forked_process_makes_nets_of_its_own(self):
        self.assertEqual(means_in(self.model, 1), 1)
        with self.fork.Pool(2) as pool:
            self.assertEqual(pool.starmap(means_in, [(self.model, value) for value in (2, 3, 4)]), [2, 3, 4])
        self.assertEqual(means_in(self.model, 5), 5)

    def test_a_net_of_the_parent_is_refused_there_and_goes_on_here(self):
        net = caffe.Net(self.model, caffe.TEST)
        asked, answers = self.fork.SimpleQueue(), self.fork.SimpleQueue()

        def child():
            asked.get()
            try:
                net.forward()
                answers.put("")
            except caffe.CaffeError as error:
                answers.put(str(error))

        process = self.fork.Process(target=child)
        process.start()
        asked.put(None)
        self.assertIn("fork", answers.get())
        process.join()
        self.assertEqual(net.forward(data=np.full((4, 3, 4, 4), 7))["mean"].min(), 7)


class TestFolder(unittest.TestCase):
    def test_files_that_nets_name_are_found_from_the_current_folder(self):
        caffe.layer_type_list()
        folder = temporary_folder(self)
        self.addCleanup(os.chdir, os.getcwd())
        os.makedirs(os.path.join(folder, "pictures"))
        with open(os.path.join(folder, "pictures", "grey.ppm"), "wb") as file:
            file.write(b"P6 2 2 255\n" + bytes([50] * 12))
        write(folder, "list.txt", "pictures/grey.ppm 6\n")
        write(
            folder,
            "net.prototxt",
            'layer { name: "d" type: "ImageData" top: "d" top: "l" image_data_param { source: "list.txt" } }',
        )
        os.chdir(folder)
        tops = caffe.Net("net.prototxt", caffe.TEST).forward()
        self.assertEqual((tops["d"].max(), tops["l"][0]), (50, 6))

    def test_a_link_to_the_package_leads_to_the_engine(self):
        folder = temporary_folder(self)
        os.symlink(os.path.dirname(caffe.__file__), os.path.join(folder, "caffe"))
        environment = {name: value for name, value in os.environ.items() if name != "CAFFE_TS_HOME"}
        environment["PYTHONPATH"] = folder
        found = subprocess.run(
            [sys.executable, "-c", "import caffe; print(caffe.__file__, 'ReLU' in caffe.layer_type_list())"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.assertEqual(found.split(), [os.path.join(folder, "caffe", "__init__.py"), "True"])


class TestThreads(unittest.TestCase):
    def test_threads_take_turns(self):
        model, _ = means_of_channels(temporary_folder(self))
        seen = {}

        def run(value):
            net = caffe.Net(model, caffe.TEST)
            data = np.full((4, 3, 4, 4), value)
            seen[value] = {float(mean) for _ in range(20) for mean in net.forward(data=data)["mean"].flat}

        threads = [threading.Thread(target=run, args=(value,)) for value in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, {0: {0.0}, 1: {1.0}, 2: {2.0}})


if __name__ == "__main__":
    unittest.main()
