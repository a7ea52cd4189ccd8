#!/usr/bin/env python
"""Draws a net: its layers, its blobs and what goes from one to the other."""

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser

from google.protobuf import text_format

import caffe
import caffe.draw
from caffe.proto import caffe_pb2


def parse_args():
    """The flags of the command line."""
    parser = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    parser.add_argument("input_net_proto_file", help="The net, a prototxt.")
    parser.add_argument("output_image_file", help="The picture; its ending tells the format.")
    parser.add_argument(
        "--rankdir", default="LR", help="Where the graph runs: TB, BT, LR, RL, as Graphviz says it."
    )
    parser.add_argument(
        "--phase", default="ALL", help="Whose layers are drawn: those of TRAIN, of TEST, or ALL."
    )
    parser.add_argument(
        "--display_lrm", action="store_true", help="Tell the factors of layers' learning rates."
    )
    return parser.parse_args()


def main():
    args = parse_args()
    phases = {"TRAIN": caffe.TRAIN, "TEST": caffe.TEST, "ALL": None}
    if args.phase not in phases:
        raise ValueError("Unknown phase: %s. Expected TRAIN, TEST or ALL." % args.phase)
    net = caffe_pb2.NetParameter()
    with open(args.input_net_proto_file) as file:
        text_format.Merge(file.read(), net)
    print("Drawing net to %s" % args.output_image_file)
    caffe.draw.draw_net_to_file(
        net, args.output_image_file, args.rankdir, phases[args.phase], args.display_lrm
    )


if __name__ == "__main__":
    main()
