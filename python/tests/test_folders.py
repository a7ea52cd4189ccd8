"""Programs that change the current folder, or find the module through a link."""

import os
import subprocess
import sys
import unittest

import caffe
from nets import temporary_folder, write

caffe.init_log(2)


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


if __name__ == "__main__":
    unittest.main()
