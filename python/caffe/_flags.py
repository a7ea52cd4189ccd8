"""What classify.py and detect.py ask of their callers alike."""

import os

import numpy as np

from .pycaffe import set_mode_cpu, set_mode_gpu

_HERE = os.path.dirname(os.path.abspath(__file__))
_CAFFENET = os.path.join(os.path.dirname(os.path.dirname(_HERE)), "models", "caffenet")
_MEAN_FILE = os.path.join(_HERE, "imagenet", "ilsvrc_2012_mean.npy")
# Of ILSVRC 2012's images: blue, green, red.
_MEANS = [104, 117, 123]


def add_net_flags(parser):
    """The flags of a net, its weights and the preparation of its images."""
    parser.add_argument(
        "--model_def",
        default=os.path.join(_CAFFENET, "deploy.prototxt"),
        help="The net. CaffeNet unless given.",
    )
    parser.add_argument(
        "--pretrained_model",
        default=os.path.join(_CAFFENET, "bvlc_reference_caffenet.caffemodel"),
        help="Its weights. CaffeNet's, which `caffe models get caffenet` fetches, unless given.",
    )
    parser.add_argument("--gpu", action="store_true", help="Compute on the GPU.")
    parser.add_argument(
        "--mean_file",
        default=_MEAN_FILE,
        help="The mean as a .npy, channels x height x width; '' for none. Where the file of the "
        "default is not there, the means %s." % ", ".join(map(str, _MEANS)),
    )
    parser.add_argument("--input_scale", type=float, help="Factor after the mean.")
    parser.add_argument("--raw_scale", type=float, default=255.0, help="Factor before the mean.")
    parser.add_argument(
        "--channel_swap",
        default="2,1,0",
        help="The channel of the image that each of the input is; '2,1,0' makes BGR of RGB.",
    )


def settings_of(args):
    """Chooses CPU or GPU, and returns the arguments of Classifier and Detector that flags set."""
    if args.gpu:
        set_mode_gpu()
    else:
        set_mode_cpu()
    print("%s mode" % ("GPU" if args.gpu else "CPU"))
    mean = None
    if args.mean_file == _MEAN_FILE and not os.path.exists(_MEAN_FILE):
        mean = np.array(_MEANS, dtype=np.float32)
        print("Subtracting the means %s: no %s" % (", ".join(map(str, _MEANS)), _MEAN_FILE))
    elif args.mean_file:
        mean = np.load(args.mean_file)
    swap = [int(channel) for channel in args.channel_swap.split(",")] if args.channel_swap else None
    return dict(
        mean=mean, input_scale=args.input_scale, raw_scale=args.raw_scale, channel_swap=swap
    )
