import { availableParallelism } from "node:os";
import { enginesNamed } from "../../engines/open.ts";
import { deployNetOf } from "../../inference/deploy-net.ts";
import { readNetParameter } from "../../io/text/read-net.ts";
import { Net } from "../../net/net.ts";
import type { Log } from "../../util/log.ts";
import { BatchNets, runNet, runRowByRow } from "./batch-nets.ts";
import { whyAlone } from "./batch-probe.ts";
import { lookAt } from "./look-at.ts";
import type { Answer, OpenBefore, Question } from "./messages.ts";
import type { ModelFacts, ModelPlan, NamedShape } from "./model-plan.ts";
import { openPictureModel, type PictureModel } from "./picture-models.ts";
import { type SharedWeights, shareWeights, useWeights } from "./shared-weights.ts";
import type { Tensors } from "./tensors.ts";

/** A net that answers: opened by a thread, or where threads cannot be. */
export class OpenModel {
  readonly facts: ModelFacts;
  readonly #net: Net;
  readonly #nets: BatchNets;
  readonly #pictures: PictureModel | undefined;
  #shared: SharedWeights | undefined;

  private constructor(
    net: Net,
    nets: BatchNets,
    pictures: PictureModel | undefined,
    facts: ModelFacts,
  ) {
    this.#net = net;
    this.#nets = nets;
    this.#pictures = pictures;
    this.facts = facts;
  }

  /**
   * Builds the net, reads its weights, and finds out whether rows can run together.
   * @param before the same model, open in another thread: its weights are used, and what was found out of it holds
   * @throws CaffeError where a file cannot be read or does not fit
   */
  static async open(plan: ModelPlan, log: Log, before?: OpenBefore): Promise<OpenModel> {
    const { threads = availableParallelism() } = before?.facts ?? plan;
    return await OpenModel.#open({ ...plan, threads }, log, before);
  }

  static async #open(given: ModelPlan, log: Log, before?: OpenBefore): Promise<OpenModel> {
    const plan = before ? { ...given, weights: [], task: before.facts.task } : given;
    // What nets say while they are built is of no use here; warnings are, once.
    const told: Log = (severity, source, message) => {
      if (!before && severity !== "info") log(severity, source, message);
    };
    const engines = await enginesNamed(plan, told);
    const options = { engines, phase: "TEST", forInference: true } as const;
    const read = readNetParameter(plan.model, told);
    const { param } = deployNetOf(read, { log: told });
    const shapesOf = (net: Net, names: readonly string[]): NamedShape[] =>
      names.map((name) => ({ name, shape: net.blob(name).shape }));
    const isPlain = before !== undefined && before.facts.task === undefined;
    const pictures = isPlain ? undefined : openPictureModel(plan, read, { ...options, log: told });
    const net = pictures?.net ?? new Net(param, { ...options, log: told, weights: plan.weights });
    const nets = new BatchNets(net, param, options);
    if (before) {
      useWeights(net, before.weights);
      const model = new OpenModel(net, nets, pictures, before.facts);
      model.#shared = before.weights;
      return model;
    }
    if (plan.weights.length === 0) warnOfUntrained(net, log);
    try {
      const reason =
        pictures?.task === "detection"
          ? "what it finds has no rows of requests"
          : await whyAlone(net, nets);
      return new OpenModel(net, nets, pictures, {
        netName: net.name,
        inputs: shapesOf(net, net.inputs),
        outputs: shapesOf(net, net.outputs),
        maxBatch: reason === undefined ? plan.maxBatch : 0,
        ...(reason !== undefined && { runsAloneSince: reason }),
        ...(pictures && { task: pictures.task }),
        joinsPictures: reason === undefined && pictures?.joins === true,
        labels: pictures?.labels ?? [],
        threads: plan.threads ?? 1,
        passTime: Number.POSITIVE_INFINITY,
      });
    } catch (error) {
      nets.close();
      net.close();
      throw error;
    }
  }

  /** Bytes of its parameters. */
  get weightBytes(): number {
    return this.#net.parameterCount * Float32Array.BYTES_PER_ELEMENT;
  }

  /** The weights, which are moved to memory that other threads may use too. */
  share(): SharedWeights {
    this.#shared ??= shareWeights(this.#net);
    return this.#shared;
  }

  /** Answers a question; several have to be asked one after the other. */
  async ask({ inputs, rows, pictures }: Question): Promise<Answer> {
    if (pictures && this.#pictures) {
      const ofNet = (given: Tensors, count: number): Promise<Tensors> =>
        this.facts.maxBatch > 0
          ? this.#nets.run(given, count)
          : runRowByRow(this.#net, given, count);
      return { outputs: {}, shown: await lookAt(pictures, this.#pictures, ofNet) };
    }
    const outputs = rows === 0 ? runNet(this.#net, inputs) : this.#nets.run(inputs, rows);
    return { outputs: await outputs };
  }

  close(): void {
    this.#nets.close();
    this.#net.close();
  }
}

/** A net's answers look like answers whoever made its weights. */
function warnOfUntrained({ name, unfilledLayers }: Net, log: Log): void {
  const [first, ...others] = unfilledLayers;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  log(
    "warning",
    "serve",
    `net "${name}" is served untrained: no weights are given, and fillers drew those of layer "${first}"${more}. Expected --weights=FILE.`,
  );
}
