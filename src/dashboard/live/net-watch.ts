import type { Blob } from "../../blob/blob.ts";
import type { TransformationParameter } from "../../io/proto/caffe.ts";
import type { ApVersion } from "../../net/evaluation/average-precision.ts";
import type { Net } from "../../net/net.ts";
import type { LayerCallback } from "../../net/run/layer-runner.ts";
import { recordSource } from "../../net/tools/record-source.ts";
import { detectionLayer } from "../../report/collect/detected.ts";
import { comparedScores, scaleOf } from "../../report/collect/scored.ts";
import { removeFrom } from "../../util/arrays.ts";
import { firstNow } from "./array-sample.ts";
import { ClassesTest, type JudgedClasses } from "./judged/classes.ts";
import { type JudgedObjects, ObjectsTest } from "./judged/objects.ts";
import { type JudgedPixels, PixelsTest } from "./judged/pixels.ts";

/** How the records of a test are pictures. */
export interface Pictures {
  /** Channels, rows and columns. */
  readonly shape: readonly number[];
  readonly transform: TransformationParameter | undefined;
}

/** What a test net said of all records, or why there is nothing to say. */
export interface JudgedTest {
  readonly judged: JudgedClasses | JudgedPixels | JudgedObjects | undefined;
  readonly pictures: Pictures | undefined;
  readonly why: string | undefined;
}

/** Watches the passes of one test net: its scores right before the layer that compares them reads them, detections once they are judged. */
export class NetWatch {
  readonly #net: Net;
  readonly #version: ApVersion;
  readonly #before: LayerCallback;
  readonly #after: LayerCallback;
  /** Of this test so far. */
  batches = 0;
  #test: ClassesTest | PixelsTest | ObjectsTest | undefined;
  #pictures: Pictures | undefined;
  #why: string | undefined;
  /** Batches whose scores are on their way from a device. */
  readonly #arriving: Promise<void>[] = [];

  /** @param version how average precisions are found */
  constructor(net: Net, version: ApVersion) {
    this.#net = net;
    this.#version = version;
    let comparing: Comparing | undefined;
    const detecting = detectionLayer(net);
    this.#before = this.#guarded((i) => {
      if (i === 0) {
        this.batches++;
        comparing = detecting === undefined ? comparingLayer(net) : undefined;
      }
      if (i === comparing?.layer) this.#compare(comparing);
    });
    this.#after = this.#guarded((i) => {
      if (i === detecting) this.#detect(detecting);
    });
    net.beforeForward.push(this.#before);
    net.afterForward.push(this.#after);
  }

  /** A pass does not end for who looks at it. */
  #guarded(look: LayerCallback): LayerCallback {
    return (i) => {
      try {
        look(i);
      } catch (error) {
        this.#why = messageOf(error);
      }
    };
  }

  #compare({ layer, ignored }: Comparing): void {
    const net = this.#net;
    const [scores, labels] = net.bottomBlobs[layer] as readonly [Blob, Blob];
    if (!labels.dataMem.isOnHost) {
      this.#why = "labels lie on the GPU.";
      return;
    }
    const { shape } = scores;
    const classes = shape[1] ?? 0;
    this.#test ??= scores.count(2) > 1 ? new PixelsTest(classes, ignored) : new ClassesTest();
    const test = this.#test;
    const given = {
      ...{ ignored, classes, shape: [...shape], labels: Float32Array.from(labels.values()) },
      pixelsOf: this.#pixelsOf(shape[0] ?? 0),
    };
    const add = (values: Float32Array, batch: typeof given): void => {
      if (test instanceof PixelsTest) test.add(values, batch);
      else if (test instanceof ClassesTest) test.add(values, scaleOf(net, scores, values), batch);
    };
    const values = firstNow(scores.dataMem, scores.count());
    if (values instanceof Promise) {
      // By then the batch is another: such a mistake has no picture.
      const later = { ...given, pixelsOf: () => undefined };
      this.#arriving.push(values.then((arrived) => add(arrived, later)));
    } else add(values, given);
  }

  #detect(layer: number): void {
    const records = this.#data?.shape[0] ?? 0;
    this.#test ??= new ObjectsTest(this.#version);
    if (!(this.#test instanceof ObjectsTest)) return;
    this.#test.add(this.#net, layer, records, this.#pixelsOf(records));
  }

  /** What the source of the net's records has given. */
  get #data(): Blob | undefined {
    return this.#net.topBlobs[recordSource(this.#net)]?.[0];
  }

  /** What gives a copy of a record of this batch as the net sees it; nothing where its records are no pictures. */
  #pixelsOf(records: number): (record: number) => Float32Array | undefined {
    const [net, data] = [this.#net, this.#data];
    const isPicture =
      data?.shape.length === 4 && data.dataMem.isOnHost && data.shape[0] === records;
    if (!isPicture) {
      this.#pictures = undefined;
      return () => undefined;
    }
    const transform = net.layers[recordSource(net)]?.param.transform_param;
    this.#pictures = { shape: data.shape.slice(1), transform };
    const length = data.count(1);
    return (record) =>
      Float32Array.from(data.values().subarray(record * length, (record + 1) * length));
  }

  /** What the test that has just ended told; the next begins anew. */
  async take(): Promise<JudgedTest> {
    try {
      await Promise.all(this.#arriving.splice(0));
    } catch (error) {
      this.#why = messageOf(error);
    }
    const [test, why, pictures] = [this.#test, this.#why, this.#pictures];
    this.#test = undefined;
    this.#why = undefined;
    this.batches = 0;
    if (why !== undefined) return { judged: undefined, pictures, why };
    if (!test) return { judged: undefined, pictures, why: NOTHING_COMPARED };
    const judged = test.result();
    return { judged, pictures, why: judged ? undefined : "no record has a label that counts." };
  }

  close(): void {
    removeFrom(this.#net.beforeForward, this.#before);
    removeFrom(this.#net.afterForward, this.#after);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Comparing {
  readonly layer: number;
  /** Labels that count for nothing. */
  readonly ignored: readonly number[];
}

const NOTHING_COMPARED =
  "the net compares no scores of classes with a label of each record or of each pixel, and evaluates no detections (SoftmaxWithLoss, Accuracy, SegAccuracy, DetectionEvaluate).";

/** The last layer that compares scores of classes with labels: what it reads is there before it runs. */
function comparingLayer(net: Net): Comparing | undefined {
  const { source = "", ignored = [] } = comparedScores(net) ?? {};
  const layer = net.layerKeys.indexOf(source);
  return layer < 0 ? undefined : { layer, ignored };
}
