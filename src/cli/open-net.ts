import type { NetParameter } from "../io/proto/caffe.ts";
import { keepSource } from "../io/proto/source.ts";
import { readNetParameter } from "../io/text/read-net.ts";
import { Net } from "../net/net.ts";
import type { NetOptions } from "../net/options.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { listOf } from "./flags.ts";
import { type CommonFlags, enginesFor } from "./session.ts";

/** Flags of commands that run one net. */
export interface NetFlags extends CommonFlags {
  readonly model: string | undefined;
  readonly weights?: string | undefined;
  readonly level: number;
  readonly stage: string | undefined;
  readonly precision?: NetOptions["precision"];
}

/**
 * The net that the flags ask for, with its weights.
 * @param more fields of the net and options besides
 * @throws CaffeError
 */
export async function openNet(
  flags: NetFlags,
  phase: "TRAIN" | "TEST",
  log: Log,
  more: { readonly param?: NetParameter; readonly options?: Partial<NetOptions> } = {},
): Promise<Net> {
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  const param = readNetParameter(flags.model, log);
  const net = new Net(keepSource(param, { ...param, ...more.param }), {
    engines: await enginesFor(flags, log),
    phase,
    level: flags.level,
    stages: listOf("stage", flags.stage),
    ...(flags.precision && { precision: flags.precision }),
    log,
    ...more.options,
  });
  try {
    if (flags.weights) net.copyFrom(listOf("weights", flags.weights), log);
  } catch (error) {
    net.close();
    throw error;
  }
  return net;
}
