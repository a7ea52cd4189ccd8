#!/usr/bin/env python
"""Writes what a net says of windows of images into a .csv or an .h5: a row for each window."""

import argparse
import csv
import sys
import time

import numpy as np

import caffe
from caffe._flags import add_net_flags, settings_of

CROP_MODES = ["list", "selective_search"]
COORD_COLS = ["ymin", "xmin", "ymax", "xmax"]


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "input_file",
        help="A .txt with an image's file in each line, for selective_search; or a .csv with the "
        "header 'filename,xmin,ymin,xmax,ymax', for list.",
    )
    parser.add_argument(
        "output_file", help="The .csv to write, or an .h5, which needs pandas and tables."
    )
    add_net_flags(parser)
    parser.add_argument(
        "--crop_mode",
        default="selective_search",
        choices=CROP_MODES,
        help="Whether windows are listed, or those that selective search finds.",
    )
    parser.add_argument(
        "--context_pad",
        type=int,
        default=16,
        help="Pixels along each side of the input that show what is around the window.",
    )
    args = parser.parse_args(argv[1:])
    ending = ".csv" if args.crop_mode == "list" else ".txt"
    if not args.input_file.lower().endswith(ending):
        parser.error("--crop_mode %s takes a %s, not %s." % (args.crop_mode, ending, args.input_file))

    start = time.time()
    print("Loading input...")
    is_listed = args.crop_mode == "list"
    given = windows_of(args.input_file) if is_listed else names_of(args.input_file)

    settings = settings_of(args)
    if settings["mean"] is not None and settings["mean"].ndim == 3:
        settings["mean"] = settings["mean"].mean(1).mean(1)
    detector = caffe.Detector(
        args.model_def, args.pretrained_model, context_pad=args.context_pad, **settings
    )
    detect = detector.detect_windows if is_listed else detector.detect_selective_search
    detections = detect(given)
    print("Processed {} windows in {:.3f} s.".format(len(detections), time.time() - start))

    start = time.time()
    write = write_csv if args.output_file.lower().endswith("csv") else write_h5
    write(args.output_file, detections)
    print("Saved to {} in {:.3f} s.".format(args.output_file, time.time() - start))


def names_of(path):
    """The images of a .txt."""
    with open(path) as file:
        return [line.strip() for line in file if line.strip()]


def windows_of(path):
    """The images of a .csv, in the order in which they appear, with their windows."""
    found = {}
    with open(path, newline="") as file:
        rows = csv.reader(file, skipinitialspace=True)
        header = [name.strip() for name in next(rows, [])]
        missing = [name for name in ["filename"] + COORD_COLS if name not in header]
        if missing:
            sys.exit("%s: no column %s in its first line." % (path, ", ".join(missing)))
        for cells in rows:
            if not cells:
                continue
            try:
                row = dict(zip(header, cells))
                window = [int(float(row[name])) for name in COORD_COLS]
            except (KeyError, ValueError):
                sys.exit("%s:%d: expected a number for each side." % (path, rows.line_num))
            found.setdefault(row["filename"], []).append(window)
    return [(name, np.array(windows)) for name, windows in found.items()]


def write_csv(path, detections):
    """A row for each window: its file, its sides, and what the net says."""
    classes = detections[0]["prediction"].size if detections else 0
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["filename"] + COORD_COLS + ["class%d" % i for i in range(classes)])
        for one in detections:
            rows.writerow([one["filename"], *one["window"], *one["prediction"].ravel().tolist()])


def write_h5(path, detections):
    """The table `df` of pandas, by the files' names: `prediction`, and the sides of the window."""
    try:
        import pandas
        import tables  # noqa: F401, to_hdf needs it
    except ImportError as error:
        sys.exit("%s: %s. An .h5 needs pandas and tables; a .csv does not." % (path, error))
    table = pandas.DataFrame(
        [[one["filename"], one["prediction"], *one["window"]] for one in detections],
        columns=["filename", "prediction"] + COORD_COLS,
    )
    table.set_index("filename").to_hdf(path, key="df", mode="w")


if __name__ == "__main__":
    main(sys.argv)
