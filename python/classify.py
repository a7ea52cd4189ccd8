#!/usr/bin/env python
"""Writes what a net says of images into a .npy: a row of probabilities for each."""

import argparse
import glob
import os
import sys
import time

import numpy as np

import caffe
from caffe._flags import add_net_flags, settings_of


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input_file", help="An image, a folder of images, or a .npy of images.")
    parser.add_argument("output_file", help="The .npy to write.")
    add_net_flags(parser)
    parser.add_argument(
        "--center_only",
        action="store_true",
        help="Look at the middle alone, rather than take the mean over ten crops.",
    )
    parser.add_argument(
        "--images_dim",
        default="256,256",
        help="'height,width' to which images are brought before they are cropped.",
    )
    parser.add_argument("--ext", default="jpg", help="The ending of a folder's images.")
    args = parser.parse_args(argv[1:])

    image_dims = [int(side) for side in args.images_dim.split(",")]
    source = os.path.expanduser(args.input_file)
    files = [source]
    if os.path.isdir(source):
        files = sorted(glob.glob(os.path.join(glob.escape(source), "*." + args.ext)))
        if not files:
            sys.exit("%s: no *.%s. Name another ending with --ext." % (source, args.ext))
    settings = settings_of(args)
    classifier = caffe.Classifier(
        args.model_def, args.pretrained_model, image_dims=image_dims, **settings
    )

    print("Loading %s: %s" % ("folder" if os.path.isdir(source) else "file", source))
    is_array = source.endswith("npy")
    inputs = np.load(source) if is_array else [caffe.io.load_image(file) for file in files]
    print("Classifying %d inputs." % len(inputs))
    start = time.time()
    predictions = classifier.predict(inputs, not args.center_only)
    print("Done in %.2f s." % (time.time() - start))
    print("Saving results into %s" % args.output_file)
    np.save(args.output_file, predictions)


if __name__ == "__main__":
    main(sys.argv)
