import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { readHdf5 } from "../../dist/io/hdf5/hdf5.js";
import { messageType } from "../../dist/io/proto/messages.js";
import { readSolverParameter } from "../../dist/io/text/read-net.js";
import { readSolverState } from "../../dist/io/weights/solver-state.js";
import { Solver } from "../../dist/solvers/solver.js";
import { compareParams, setParams } from "./net-case.mjs";

/** Runs a case of kind "solver": ten iterations, the snapshot after five, and the run resumed in both formats. */
export async function runSolverCase(golden, engines, check) {
  const work = mkdtempSync(join(tmpdir(), "golden-"));
  cpSync(golden.folder, work, { recursive: true });
  try {
    await runFresh(golden, work, engines, check);
    await runResumed(golden, work, engines, check, "");
    await runResumed(golden, work, engines, check, ".h5");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function openSolver({ info }, work, engines, name = info.solver) {
  const file = join(work, name);
  const param = readSolverParameter(file, () => {});
  return new Solver(
    { ...param, snapshot: 0, snapshot_prefix: join(work, "ours") },
    { engines, file, root: work },
  );
}

function feed(solver, { info, arrayOf }, iteration) {
  if (!info.batches?.length) return;
  for (const input of info.batches[iteration % info.batches.length]) {
    solver.net.blob(input.blob).data.set(arrayOf(input));
  }
}

async function runFresh(golden, work, engines, check) {
  const { info, arrayOf } = golden;
  const solver = openSolver(golden, work, engines);
  try {
    setParams(solver.net, info.init, arrayOf, check);
    for (let i = 0; i < 10; i++) {
      feed(solver, golden, i);
      check.close(`lr ${i}`, [solver.learningRate()], [info.lr[i]]);
      await solver.step(1);
      await solver.net.toHost();
      const loss = solver.net.blobs.get("loss");
      if (loss) check.close(`loss ${i}`, loss.values(), [info.loss[i]]);
      compareParams(
        solver.net,
        info.iters[String(i + 1)],
        "data",
        `iteration ${i + 1}`,
        arrayOf,
        check,
      );
      if (i === 4) {
        const state = readSolverState(await solver.snapshot());
        check.equal("our snapshot's iteration", state.iter, 5);
        check.equal("our snapshot's step", state.current_step, info.snapshot.current_step);
      }
    }
  } finally {
    solver.close();
  }
}

/** Goes on from the files that Caffe wrote in one format; written again, they are the same files. */
async function runResumed(golden, work, engines, check, ending) {
  const { info, arrayOf } = golden;
  const theirs = {
    model: join(work, info.snapshot[`caffemodel${ending && "_h5"}`]),
    state: join(work, info.snapshot[`solverstate${ending && "_h5"}`]),
  };
  const solver = openSolver(golden, work, engines, ending ? info.solver_hdf5 : info.solver);
  try {
    await solver.restore(theirs.state);
    compareFiles(theirs, await solver.snapshot(), ending, check);
    for (let i = 5; i < 10; i++) {
      feed(solver, golden, i);
      await solver.step(1);
    }
    await solver.net.toHost();
    compareParams(
      solver.net,
      info.resume_iter10,
      "data",
      `resumed${ending || " "}`,
      arrayOf,
      check,
    );
  } finally {
    solver.close();
  }
}

function compareFiles(theirs, state, ending, check) {
  const model = state.replace(".solverstate", ".caffemodel");
  const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  const text = (value) => JSON.parse(JSON.stringify(value, (_key, inner) => plain(inner)));
  const read = (path, message) => {
    const bytes = readFileSync(path);
    if (ending) return text(readHdf5(bytes, path));
    const type = messageType(message);
    return text(type.toObject(type.decode(bytes), { enums: String, longs: Number }));
  };
  const sorted = (value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, sorted(value[key])]),
        )
      : value;
  check.equal(
    `our caffemodel${ending}`,
    sorted(read(model, "NetParameter")),
    sorted(read(theirs.model, "NetParameter")),
  );
  const [ours, wanted] = [state, theirs.state].map((path) => sorted(read(path, "SolverState")));
  ours.learned_net = basename(ours.learned_net).replace(/^ours/, "snap");
  check.equal(`our solverstate${ending}`, ours, wanted);
  if (ending) return;
  const same = readFileSync(model).equals(readFileSync(theirs.model));
  if (!same) check.fail("our caffemodel has not the bytes of Caffe's");
}
