import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import protobuf from "protobufjs/light.js";
import type { Engines } from "../../src/engines/choose.ts";
import { readHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { type MessageName, messageType } from "../../src/io/proto/messages.ts";
import { delimited } from "../../src/io/proto/wire.ts";
import { readSolverParameter } from "../../src/io/text/read-net.ts";
import { readSolverState } from "../../src/io/weights/solver-state.ts";
import { Solver } from "../../src/solvers/solver.ts";
import type { Comparison } from "./comparison.ts";
import type { GoldenCase, SolverInfo } from "./golden-case.ts";
import { compareParams, setParams } from "./net-case.ts";

type SolverCase = GoldenCase<SolverInfo>;

/** A caffemodel and a solverstate that Caffe wrote. */
interface Snapshot {
  readonly model: string;
  readonly state: string;
}

/** Runs a case of kind "solver": ten iterations, the snapshot after five, and the run resumed in both formats. */
export async function runSolverCase(
  golden: SolverCase,
  engines: Engines,
  check: Comparison,
): Promise<void> {
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

function openSolver(name: string, work: string, engines: Engines): Solver {
  const file = join(work, name);
  const param = readSolverParameter(file, () => {});
  return new Solver(
    { ...param, snapshot: 0, snapshot_prefix: join(work, "ours") },
    { engines, file, root: work },
  );
}

function feed(solver: Solver, { info, arrayOf }: SolverCase, iteration: number): void {
  const { batches = [] } = info;
  for (const input of batches[iteration % batches.length] ?? []) {
    solver.net.blob(input.blob).data.set(arrayOf(input));
  }
}

async function runFresh(
  golden: SolverCase,
  work: string,
  engines: Engines,
  check: Comparison,
): Promise<void> {
  const { info, arrayOf } = golden;
  const solver = openSolver(info.solver, work, engines);
  const { net } = solver;
  let rate = Number.NaN;
  solver.callbacks.push({
    onIteration: (event) => {
      rate = event.rate;
    },
  });
  try {
    setParams(net, info.init, arrayOf, check);
    for (let i = 0; i < 10; i++) {
      feed(solver, golden, i);
      const before = solver.learningRate();
      await solver.step(1);
      // What a plateau makes of an iteration's own loss is known after it; any other rate was known before.
      const isPlateau = solver.param.lr_policy === "plateau";
      check.close(`lr ${i}`, [isPlateau ? rate : before], [info.lr[i]!]);
      await net.toHost();
      const loss = net.blobs.get("loss");
      if (loss) check.close(`loss ${i}`, loss.values(), [info.loss[i]!]);
      compareParams(net, info.iters[i + 1], "data", `iteration ${i + 1}`, arrayOf, check);
      if (i === 4) {
        const state = readSolverState(await solver.snapshot());
        check.equal("our snapshot's iteration", state.iter, 5);
        check.equal("our snapshot's step", state.current_step, info.snapshot.current_step);
        const { minimum_loss, iter_last_event } = info.snapshot;
        if (minimum_loss !== undefined) {
          const { plateau } = state;
          check.close("our snapshot's loss", [plateau?.minimum_loss ?? 0], [minimum_loss]);
          check.equal("our snapshot's event", plateau?.iter_last_event, iter_last_event);
        }
      }
    }
  } finally {
    solver.close();
  }
}

/** Goes on from the files that Caffe wrote in one format; written again, they are the same files. */
async function runResumed(
  golden: SolverCase,
  work: string,
  engines: Engines,
  check: Comparison,
  ending: "" | ".h5",
): Promise<void> {
  const { info, arrayOf } = golden;
  const { snapshot } = info;
  const theirs = {
    model: join(work, ending ? snapshot.caffemodel_h5 : snapshot.caffemodel),
    state: join(work, ending ? snapshot.solverstate_h5 : snapshot.solverstate),
  };
  const solver = openSolver(ending ? info.solver_hdf5 : info.solver, work, engines);
  const { net } = solver;
  try {
    await solver.restore(theirs.state);
    compareFiles(theirs, await solver.snapshot(), ending, check);
    for (let i = 5; i < 10; i++) {
      feed(solver, golden, i);
      await solver.step(1);
    }
    await net.toHost();
    compareParams(net, info.resume_iter10, "data", `resumed${ending || " "}`, arrayOf, check);
  } finally {
    solver.close();
  }
}

function compareFiles(
  theirs: Snapshot,
  state: string,
  ending: "" | ".h5",
  check: Comparison,
): void {
  const model = state.replace(".solverstate", ".caffemodel");
  const read = (path: string, message: MessageName): Record<string, unknown> => {
    const bytes = readFileSync(path);
    if (ending) return plain(readHdf5(bytes, path)) as Record<string, unknown>;
    const type = messageType(message);
    const known = message === "NetParameter" ? withoutPrivate(bytes) : bytes;
    const fields = type.toObject(type.decode(known), { enums: String, longs: Number });
    return plain(fields) as Record<string, unknown>;
  };
  check.equal(
    `our caffemodel${ending}`,
    read(model, "NetParameter"),
    read(theirs.model, "NetParameter"),
  );
  const ours = read(state, "SolverState");
  const learned = basename(String(ours["learned_net"])).replace(/^ours/, "snap");
  check.equal(
    `our solverstate${ending}`,
    { ...ours, learned_net: learned },
    withoutUnusedPlateau(read(theirs.state, "SolverState")),
  );
  if (ending) return;
  const same = withoutPrivate(readFileSync(model)).equals(
    withoutPrivate(readFileSync(theirs.model)),
  );
  if (!same) check.fail("our caffemodel has not the bytes of Caffe's");
}

/** Up to here numbers of a layer's fields mean the same in every Caffe that has them: BVLC's, then SSD's. */
const LAST_PUBLIC = 207;

/** A caffemodel without the fields of layers that one fork alone, or a recording, has numbered. */
function withoutPrivate(bytes: Uint8Array): Buffer {
  const kept = [...fieldsOf(bytes)].flatMap(({ number, whole, content }) => {
    if (number !== 100) return [whole];
    const own = [...fieldsOf(content)].filter((field) => field.number <= LAST_PUBLIC);
    return delimited(
      100,
      own.map((field) => field.whole),
    );
  });
  return Buffer.concat(kept);
}

/** The fields of a message, as their bytes; what is in a delimited one. */
function* fieldsOf(bytes: Uint8Array): Generator<{
  readonly number: number;
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}> {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const begin = reader.pos;
    const tag = reader.uint32();
    const body = reader.pos;
    reader.skipType(tag & 7);
    const whole = bytes.subarray(begin, reader.pos);
    const isDelimited = (tag & 7) === 2;
    const content = isDelimited ? protobuf.Reader.create(bytes.subarray(body)).bytes() : whole;
    yield { number: tag >>> 3, whole, content };
  }
}

/** SSD's Caffe writes what a plateau is found by whatever the policy: the greatest loss, and iteration 0. */
function withoutUnusedPlateau(state: Record<string, unknown>): Record<string, unknown> {
  const { minimum_loss, iter_last_event, ...others } = state;
  const loss = (minimum_loss as { data?: readonly number[] })?.data?.[0] ?? minimum_loss;
  return Number(loss) > 1e38 ? others : state;
}

/** The same value with arrays for typed ones and the keys of every object sorted. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}
