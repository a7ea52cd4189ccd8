import { readCaffemodel } from "../io/caffemodel.ts";
import { readNetParameter } from "../io/read-net.ts";
import { Net } from "../net/net.ts";
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
}

/**
 * The net that the flags ask for, with its weights.
 * @throws CaffeError
 */
export function openNet(flags: NetFlags, phase: "TRAIN" | "TEST", log: Log): Net {
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  const param = readNetParameter(flags.model, log);
  const net = new Net(param, {
    engines: enginesFor(flags, log),
    phase,
    level: flags.level,
    stages: listOf(flags.stage),
    log,
  });
  try {
    for (const file of listOf(flags.weights)) net.copyTrainedLayersFrom(readCaffemodel(file), log);
  } catch (error) {
    net.close();
    throw error;
  }
  return net;
}
