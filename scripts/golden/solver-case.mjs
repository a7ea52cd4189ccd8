import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeCaffemodel, encodeCaffemodel, readCaffemodel } from "../../dist/io/caffemodel.js";
import { readSolverParameter } from "../../dist/io/read-net.js";
import { readSolverState } from "../../dist/io/solver-state.js";
import { Solver } from "../../dist/solvers/solver.js";
import { compareParams, setParams } from "./net-case.mjs";

/** Runs a case of kind "solver": ten iterations, the snapshot after five, and the resumed run. */
export async function runSolverCase(golden, engines, check) {
  const work = mkdtempSync(join(tmpdir(), "golden-"));
  cpSync(golden.folder, work, { recursive: true });
  try {
    await runFresh(golden, work, engines, check);
    await runResumed(golden, work, engines, check);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function openSolver({ info }, work, engines) {
  const file = join(work, info.solver);
  const param = readSolverParameter(file, () => {});
  return new Solver(
    { ...param, snapshot: 0, snapshot_prefix: join(work, "ours") },
    { engines, file, root: work },
  );
}

function feed(solver, { info, arrayOf }, iteration) {
  if (!info.batches?.length) return;
  for (const input of info.batches[iteration % info.batches.length]) {
    solver.net.blob(input.blob).data.overwriteCpu().set(arrayOf(input));
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

async function runResumed(golden, work, engines, check) {
  const { info, arrayOf } = golden;
  const statePath = join(work, info.snapshot.solverstate ?? info.snapshot.binary?.solverstate);
  const model = readCaffemodel(
    join(work, info.snapshot.caffemodel ?? info.snapshot.binary?.caffemodel),
  );
  const solver = openSolver(golden, work, engines);
  try {
    await solver.restore(statePath);
    const again = decodeCaffemodel(
      Buffer.concat(encodeCaffemodel(solver.net.toParameter())),
      "ours",
    );
    check.equal(
      "our caffemodel's layers",
      again.layers.map(({ name, type, blobs }) => [name, type, blobs.map(({ shape }) => shape)]),
      model.layers.map(({ name, type, blobs }) => [name, type, blobs.map(({ shape }) => shape)]),
    );
    for (let i = 5; i < 10; i++) {
      feed(solver, golden, i);
      await solver.step(1);
    }
    compareParams(solver.net, info.resume_iter10, "data", "resumed", arrayOf, check);
  } finally {
    solver.close();
  }
}
