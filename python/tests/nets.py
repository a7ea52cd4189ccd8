"""Small nets of these tests, and folders that go away."""

import os
import shutil
import tempfile

# The engine, which starts later, says no more than it has to.
os.environ.setdefault("GLOG_minloglevel", "2")

MEANS = """
    name: "means"
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 dim: %d dim: %d } } }
    layer { name: "mean" type: "Pooling" bottom: "data" top: "mean" pooling_param { pool: AVE global_pooling: true } }
"""


def temporary_folder(test):
    """A folder that the test's end removes."""
    folder = tempfile.mkdtemp()
    test.addCleanup(shutil.rmtree, folder)
    return folder


def write(folder, name, text):
    """Writes a file, and returns its path."""
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def means_of_channels(folder, height=4, width=4):
    """A net in batches of four that gives the mean of each of three channels, and weights for it (none)."""
    model = write(folder, "means.prototxt", MEANS % (height, width))
    return model, write(folder, "means.caffemodel", "")


def write_image(folder, name, pixels):
    """Writes an array (H, W, 3) from 0 to 255 as a PPM, which Pillow and scikit-image read."""
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(b"P6 %d %d 255\n" % (pixels.shape[1], pixels.shape[0]))
        file.write(pixels.astype("uint8").tobytes())
    return path
