import { readFileSync } from "node:fs";
import textformat from "protobufjs/ext/textformat.js";
import type { Engines } from "../../src/engines/choose.ts";
import type { NetParameter, Phase, SolverParameter } from "../../src/io/proto/caffe.ts";
import { messageType } from "../../src/io/proto/messages.ts";
import { readNetParameter, readSolverParameter } from "../../src/io/text/read-net.ts";
import { filterByState, mergeStates } from "../../src/net/build/state.ts";
import { Net } from "../../src/net/net.ts";
import { guesses, hasSource, sourceTops, standIn } from "./stand-in.ts";

export type Verdict = "ok" | "OTHER" | "REFUSED" | "FAILED";

/** What becomes of a file, and why. */
interface Judgement {
  readonly verdict: Verdict;
  readonly text: string;
}

export interface FileJudgement extends Judgement {
  readonly kind: "net" | "solver";
}

const silent = (): void => {};
const messageOf = (error: unknown): string => (error as Error).message;

/** Checks that BVLC Caffe makes too, and with it refuses the net. */
const FAULTS = [
  /Top blob '.*' produced by multiple sources/,
  /Cannot configure batch normalization statistics as layer parameters/,
  /Layer (takes|produces) .* (bottom|top) blob\(s\)/,
  /\(Eltwise\): bottom \d+ has shape .* as bottom 0/,
  /\(Eltwise\): shape .* does not lie on bottom shape/,
  /param_str has \w+\. Expected/,
];

/**
 * What a file is, and what becomes of it:
 *
 * - ok       it is built, or read where it lacks what building takes: the code or the shape of its data
 * - OTHER    it uses a layer type that BVLC Caffe lacks, and the error says so
 * - REFUSED  BVLC Caffe refuses it too: a fork's field or value, or a fault of the net
 * - FAILED   anything else
 */
export function judge(path: string, engines: Engines): FileJudgement {
  let asNet: NetParameter;
  try {
    asNet = readNetParameter(path, silent);
  } catch (netError) {
    try {
      return { kind: "solver", ...judgeSolver(readSolverParameter(path, silent), engines) };
    } catch (solverError) {
      return judgeUnread(path, messageOf(netError), messageOf(solverError));
    }
  }
  return { kind: "net", ...judgeNet(asNet, engines) };
}

function judgeNet(param: NetParameter, engines: Engines): Judgement {
  const built: string[] = [];
  for (const phase of phasesOf(param)) {
    try {
      built.push(`${phase} built, ${build(param, phase, engines)} layers`);
    } catch (error) {
      const text = messageOf(error);
      const reason = lacking(param, phase, text);
      if (!reason) return { verdict: verdictOf(param, text), text };
      built.push(`${phase} read, not built: ${reason}`);
    }
  }
  return { verdict: "ok", text: built.join("; ") };
}

/** A solver, and the nets that are written in it. */
function judgeSolver(solver: SolverParameter, engines: Engines): Judgement {
  const { net_param, train_net_param, test_net_param = [], net, train_net } = solver;
  const inline = [net_param, train_net_param, ...test_net_param];
  const verdicts = inline.flatMap((param) => (param ? [judgeNet(param, engines)] : []));
  return (
    verdicts.find(({ verdict }) => verdict !== "ok") ?? {
      verdict: "ok",
      text: verdicts[0]?.text ?? `solver of ${net ?? train_net ?? "no net"}`,
    }
  );
}

/** It is neither, or no reader takes it. */
function judgeUnread(path: string, netError: string, solverError: string): FileJudgement {
  // What a file is meant to be is seen from how far its reader came.
  const isSolver =
    /this is a solver's prototxt/.test(netError) ||
    (!/this is a net's prototxt/.test(solverError) &&
      placeOf(path, solverError) > placeOf(path, netError));
  const kind = isSolver ? "solver" : "net";
  const text = isSolver ? solverError : netError;
  if (/Unknown layer type/.test(text)) return { kind, verdict: "OTHER", text };
  const isForks = /is not a field of BVLC Caffe/.test(text);
  const verdict = isForks || !isProtobufText(readFileSync(path, "utf8")) ? "REFUSED" : "FAILED";
  return { kind, verdict, text };
}

/** Line and column of an error, as one number. */
function placeOf(path: string, error: string): number {
  const [, line = 0, column = 0] = /^:(\d+):(\d+)?/.exec(error.replace(path, "")) ?? [];
  return Number(line) * 1e6 + Number(column);
}

/** Whether protobufjs, which knows no more than the schema, reads the text as a net or a solver. */
function isProtobufText(text: string): boolean {
  return (["NetParameter", "SolverParameter"] as const).some((name) => {
    try {
      textformat.fromText(messageType(name), text);
      return true;
    } catch {
      return false;
    }
  });
}

function verdictOf(param: NetParameter, text: string): Verdict {
  if (/Unknown layer type/.test(text)) return "OTHER";
  const isFaulty =
    FAULTS.some((fault) => fault.test(text)) ||
    (!hasSource(param) && /Output count must match input count/.test(text));
  return isFaulty ? "REFUSED" : "FAILED";
}

/** What a net needs that its file does not bring; undefined where the error has another cause. */
function lacking(param: NetParameter, phase: Phase, error: string): string | undefined {
  if (/Unknown layer type/.test(error)) return undefined;
  if (/module ".*" is not found/.test(error)) return `needs a layer of its author's: ${error}`;
  if (/(label_map_file|name_size_file) ".*" cannot be read: no such file/.test(error))
    return `names a file that is not here: ${error}`;
  const blob = /Unknown bottom blob '(.*?)'/.exec(error)?.[1];
  if (blob !== undefined && isMissing(param, phase, blob)) return `it is a part of a net: ${error}`;
  if ((hasSource(param) || hasShapelessInput(param)) && /shape/.test(error))
    return `the shape of its data is not known: ${error}`;
  return undefined;
}

/** Whether an Input leaves its shape to the program. */
function hasShapelessInput({ layer = [] }: NetParameter): boolean {
  return layer.some(({ type, input_param }) => type === "Input" && !input_param?.shape?.length);
}

/** Whether a layer of this phase reads the blob before any makes it. */
function isMissing(param: NetParameter, phase: Phase, blob: string): boolean {
  const { layer = [] } = filterByState(param, mergeStates(param.state, { phase }), silent);
  const made = layer.findIndex(({ top = [] }) => top.includes(blob));
  const read = layer.findIndex(({ bottom = [] }) => bottom.includes(blob));
  return read >= 0 && (made < 0 || made >= read);
}

/** A net that tells phases apart is built in both. */
function phasesOf(param: NetParameter): readonly Phase[] {
  const rules = (param.layer ?? []).flatMap(({ include = [], exclude = [] }) => [
    ...include,
    ...exclude,
  ]);
  return rules.some(({ phase }) => phase !== undefined) ? ["TRAIN", "TEST"] : ["TEST"];
}

/** Builds the net, with several shapes of its data where it does not tell them; gives the number of its layers. */
function build(param: NetParameter, phase: Phase, engines: Engines): number {
  let first: unknown;
  for (const guess of guesses(param)) {
    const known = new Map<string, readonly number[]>();
    for (;;) {
      try {
        const net = new Net(standIn(param, guess, known), { engines, phase, root: "." });
        net.close();
        return net.layerNames.length;
      } catch (error) {
        first ??= error;
        const learnt = learn(param, messageOf(error));
        if (!learnt || known.has(learnt.blob)) break;
        known.set(learnt.blob, learnt.dim);
      }
    }
  }
  throw first;
}

/** The shape that a label must have, from what a loss says. */
function learn(
  param: NetParameter,
  error: string,
): { readonly blob: string; readonly dim: readonly number[] } | undefined {
  const [, name, scores] =
    /layer "(.*)" \(\w+\): \d+ labels, shape .* for scores of shape \(([\d,]+)\)/.exec(error) ?? [];
  const [, pairName, a, b] =
    /layer "(.*)" \(\w+\): bottoms of shapes \(([\d,]*)\) and \(([\d,]*)\)/.exec(error) ?? [];
  const layer = (param.layer ?? []).find((one) => one.name === (name ?? pairName)) ?? {};
  const [first = "", second = ""] = layer.bottom ?? [];
  const tops = sourceTops(param);
  const dims = (text: string): number[] => text.split(",").map(Number);
  if (scores !== undefined && tops.has(second)) {
    const axis = layer.softmax_param?.axis ?? layer.accuracy_param?.axis ?? 1;
    const dim = dims(scores);
    dim.splice(axis < 0 ? axis + dim.length : axis, 1);
    return { blob: second, dim };
  }
  if (a !== undefined && tops.has(second)) return { blob: second, dim: dims(a) };
  if (b !== undefined && tops.has(first)) return { blob: first, dim: dims(b) };
  return undefined;
}
