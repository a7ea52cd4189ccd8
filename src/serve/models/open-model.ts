import type { Engines } from "../../engines/choose.ts";
import { createEngines } from "../../engines/create.ts";
import { openGpu } from "../../engines/webgpu/device.ts";
import { deployNetOf } from "../../inference/deploy-net.ts";
import { Net } from "../../net/net.ts";
import type { Log } from "../../util/log.ts";
import { BatchNets, runNet } from "./batch-nets.ts";
import { whyAlone } from "./batch-probe.ts";
import type { Answer, Question } from "./messages.ts";
import type { ModelFacts, ModelPlan, NamedShape } from "./model-plan.ts";
import { openPictureModel, type PictureModel } from "./picture-models.ts";
import type { Tensor, Tensors } from "./tensors.ts";

/** A net that answers: opened by a thread, or where threads cannot be. */
export class OpenModel {
  readonly facts: ModelFacts;
  readonly #net: Net;
  readonly #nets: BatchNets;
  readonly #pictures: PictureModel | undefined;

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
   * @throws CaffeError where a file cannot be read or does not fit
   */
  static async open(plan: ModelPlan, log: Log): Promise<OpenModel> {
    const engines = await enginesOf(plan, log);
    const options = { engines, phase: "TEST", forwardOnly: true } as const;
    const { param } = deployNetOf(plan.model, { log });
    const shapesOf = (net: Net, names: readonly string[]): NamedShape[] =>
      names.map((name) => ({ name, shape: net.blob(name).shape }));
    const pictures = openPictureModel(plan, { ...options, log });
    const net = pictures?.net ?? new Net(param, { ...options, log, weights: plan.weights });
    const nets = new BatchNets(net, param, options);
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
        labels: pictures?.labels ?? [],
      });
    } catch (error) {
      nets.close();
      net.close();
      throw error;
    }
  }

  /** Answers a question; several have to be asked one after the other. */
  async ask({ inputs, rows, picture }: Question): Promise<Answer> {
    if (picture) return { outputs: {}, shown: (await this.#pictures?.look(picture)) ?? {} };
    const outputs = rows === 0 ? runNet(this.#net, inputs) : this.#nets.run(inputs, rows);
    return { outputs: await outputs };
  }

  close(): void {
    this.#nets.close();
    this.#net.close();
  }
}

async function enginesOf({ engine, threads, gpu }: ModelPlan, log: Log): Promise<Engines> {
  const more = { log, ...(threads !== undefined && { threads }) };
  if (gpu !== undefined) return createEngines({ gpu: await openGpu({ index: gpu }), ...more });
  return createEngines({ ...more, ...(engine !== undefined && { prefer: engine }) });
}

/** The memory that tensors lie in, each once: what is handed over, not copied. */
export function memoryOf(tensors: Tensors): ArrayBuffer[] {
  const isWhole = ({ data }: Tensor): boolean => data.byteLength === data.buffer.byteLength;
  return [
    ...new Set(
      Object.values(tensors)
        .filter(isWhole)
        .map(({ data }) => data.buffer),
    ),
  ];
}
