import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import type { Engine, Params, PartialEngine, UnaryKernel, UnaryOp } from "../engine.ts";
import type { BytesPlan } from "../ops/bytes.ts";
import { referenceBatchNorm } from "./batch-norm.ts";
import { referenceBias, referenceScale } from "./broadcast.ts";
import { bytesPrimitives } from "./bytes.ts";
import { referenceConcat } from "./concat.ts";
import { referenceContrastiveLoss } from "./contrastive-loss.ts";
import { referenceConvolution } from "./convolution.ts";
import { referenceCrop } from "./crop.ts";
import { referenceDropout } from "./dropout.ts";
import { referenceEltwise } from "./eltwise.ts";
import { productsOfHalves } from "./f16.ts";
import { referenceGather } from "./gather.ts";
import { referenceIm2col } from "./im2col.ts";
import { referenceInnerProduct } from "./inner-product.ts";
import { referenceInfogainLoss, referenceMultinomialLoss } from "./label-losses.ts";
import { referenceHingeLoss, referenceSigmoidLoss, referenceSoftmaxLoss } from "./losses.ts";
import { referenceLRN } from "./lrn.ts";
import { referenceLSTMUnit } from "./lstm-unit.ts";
import { referenceMVN } from "./mvn.ts";
import { referenceNoise } from "./noise.ts";
import { referencePermute } from "./permute.ts";
import { referencePooling } from "./pooling.ts";
import { referencePReLU } from "./prelu.ts";
import { referenceReduction } from "./reduction.ts";
import { referenceRegions } from "./regions.ts";
import { bfloats, halves, roundedPrimitives } from "./rounded.ts";
import { referenceAccuracy, referenceArgMax } from "./scores.ts";
import { referenceSoftmax } from "./softmax.ts";
import { referenceSuppress, referenceSuppressClasses } from "./suppression.ts";
import { referenceTile } from "./tile.ts";
import { referenceUnitLength } from "./unit-length.ts";
import { referenceUnpooling } from "./unpooling.ts";
import { referenceUpdate } from "./update.ts";

/**
 * Every primitive in plain loops, in float32 and float64: what each one means, what tests compare with, and
 * what runs where nothing faster can.
 */
export class ReferenceEngine implements Engine {
  readonly name = "reference";
  readonly host = true;
  readonly noise: Engine["noise"] = referenceNoise;
  readonly convolution: Engine["convolution"] = referenceConvolution;
  readonly im2col: Engine["im2col"] = referenceIm2col;
  readonly pooling: Engine["pooling"] = referencePooling;
  readonly unpooling: Engine["unpooling"] = referenceUnpooling;
  readonly lrn: Engine["lrn"] = referenceLRN;
  readonly regions: Engine["regions"] = referenceRegions;
  readonly innerProduct: Engine["innerProduct"] = referenceInnerProduct;
  readonly eltwise: Engine["eltwise"] = referenceEltwise;
  readonly reduction: Engine["reduction"] = referenceReduction;
  readonly dropout: Engine["dropout"] = referenceDropout;
  readonly lstmUnit: Engine["lstmUnit"] = referenceLSTMUnit;
  readonly softmax: Engine["softmax"] = referenceSoftmax;
  readonly batchNorm: Engine["batchNorm"] = referenceBatchNorm;
  readonly mvn: Engine["mvn"] = referenceMVN;
  readonly unitLength: Engine["unitLength"] = referenceUnitLength;
  readonly scale: Engine["scale"] = referenceScale;
  readonly bias: Engine["bias"] = referenceBias;
  readonly prelu: Engine["prelu"] = referencePReLU;
  readonly concat: Engine["concat"] = referenceConcat;
  readonly crop: Engine["crop"] = referenceCrop;
  readonly permute: Engine["permute"] = referencePermute;
  readonly tile: Engine["tile"] = referenceTile;
  readonly gather: Engine["gather"] = referenceGather;
  readonly softmaxLoss: Engine["softmaxLoss"] = referenceSoftmaxLoss;
  readonly sigmoidLoss: Engine["sigmoidLoss"] = referenceSigmoidLoss;
  readonly hingeLoss: Engine["hingeLoss"] = referenceHingeLoss;
  readonly multinomialLoss: Engine["multinomialLoss"] = referenceMultinomialLoss;
  readonly infogainLoss: Engine["infogainLoss"] = referenceInfogainLoss;
  readonly contrastiveLoss: Engine["contrastiveLoss"] = referenceContrastiveLoss;
  readonly accuracy: Engine["accuracy"] = referenceAccuracy;
  readonly argMax: Engine["argMax"] = referenceArgMax;
  readonly suppress: Engine["suppress"] = referenceSuppress;
  readonly suppressClasses: Engine["suppressClasses"] = referenceSuppressClasses;
  readonly update: Engine["update"] = referenceUpdate;

  #rounded: PartialEngine | undefined;

  bf16(): PartialEngine {
    // What is not listed are methods of the class, and numbers of it.
    this.#rounded ??= Object.assign(new ReferenceEngine(), roundedPrimitives(this, bfloats));
    return this.#rounded;
  }

  f16(keepsHalves: boolean): PartialEngine {
    const flag = { hasHalves: true };
    const engine = Object.assign(new ReferenceEngine(), productsOfHalves(this), flag);
    if (!keepsHalves) return engine;
    return Object.assign(new ReferenceEngine(), roundedPrimitives(engine, halves), flag);
  }

  bytes(plan: BytesPlan): PartialEngine {
    return Object.assign(new ReferenceEngine(), bytesPrimitives(this, plan));
  }

  unary<P extends Params>(kernel: UnaryKernel<P>, params: P, shape: Shape): UnaryOp {
    const count = countOf(shape);
    return {
      forward(x, y) {
        const source = x.cpu();
        kernel.reference.forward(count, source, y.overwriteCpu(), params);
      },
      backward(x, y, dy, dx) {
        const [xs, ys, dys] = [x.cpu(), y.cpu(), dy.cpu()];
        kernel.reference.backward(count, xs, ys, dys, dx.overwriteCpu(), params);
      },
    };
  }

  copy(count: number, x: SyncedMem, y: SyncedMem): void {
    y.overwriteCpu().set(x.cpu().subarray(0, count));
  }

  axpby(count: number, alpha: number, xMem: SyncedMem, beta: number, yMem: SyncedMem): void {
    const x = xMem.cpu();
    if (beta === 0) {
      const y = yMem.overwriteCpu();
      for (let i = 0; i < count; i++) y[i] = alpha * x[i]!;
      return;
    }
    const y = yMem.mutableCpu();
    for (let i = 0; i < count; i++) y[i] = alpha * x[i]! + beta * y[i]!;
  }

  asum(count: number, xMem: SyncedMem): number {
    if (xMem.isZero) return 0;
    const x = xMem.cpu();
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Math.abs(x[i]!);
    return sum;
  }

  sumOfSquares(count: number, xMem: SyncedMem): number {
    if (xMem.isZero) return 0;
    const x = xMem.cpu();
    let sum = 0;
    for (let i = 0; i < count; i++) sum += x[i]! * x[i]!;
    return sum;
  }
}
