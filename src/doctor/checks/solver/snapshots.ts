import { dirname } from "node:path";
import { isDirectory, isWritableFolder } from "../../../io/files/file-system.ts";
import { linesOf } from "../../../io/proto/source.ts";
import { snapshotPrefix } from "../../../solvers/setup/solver-parameters.ts";
import { silent } from "../../../util/log.ts";
import type { PatientCheck } from "../../check.ts";
import { ofSolver } from "../../finding.ts";

/** Snapshots that cannot be written, or never are: then training leaves nothing behind. */
export const snapshots: PatientCheck = {
  name: "snapshots",
  *look({ solver }) {
    if (!solver) return;
    const { snapshot = 0, snapshot_after_train = true } = solver;
    if (snapshot === 0 && !snapshot_after_train) {
      yield ofSolver(solver, "snapshot_after_train", {
        severity: "error",
        what: "no snapshot is ever written: snapshot is 0, and snapshot_after_train false.",
        advice: "Write e.g. snapshot: 1000, or take snapshot_after_train out.",
      });
      return;
    }
    const prefix = snapshotPrefix(solver, linesOf(solver)?.file ?? "solver.prototxt", silent);
    const folder = dirname(prefix);
    if (isWritableFolder(folder)) return;
    yield ofSolver(solver, "snapshot_prefix", {
      severity: "error",
      what: `snapshots go to ${prefix}_iter_N.caffemodel, and the folder ${folder} ${isDirectory(folder) ? "may not be written into" : "is not there"}.`,
      advice: isDirectory(folder)
        ? `Write another snapshot_prefix, or chmod u+w ${folder}.`
        : `mkdir -p ${folder} (relative paths begin where caffe is started), or write another snapshot_prefix.`,
    });
  },
};
