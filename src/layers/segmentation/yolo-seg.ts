import { Blob } from "../../blob/blob.ts";
import { sameShape, shapeText } from "../../util/shape.ts";
import type { Arity, One, OneOrMore, ParamField } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

/**
 * A loss of masks, one plane for each class.
 *
 *     E = 1/N · Σ δ²,  δ = s·(σ(x) − t);  ∂E/∂x = δ/N, which is not the derivative
 *
 * s is object_scale. With a third bottom, of how many pixels each class has in each image, s is object_scale·(2 − a/b)
 * where t is above ½: a class's pixels over the batch, and all others.
 *
 * - bottom[0] x, bottom[1] t: N×C×H×W; bottom[2], optional: N×C×…; top[0]: a scalar
 * - `yolo_seg_param`: object_scale 5
 *
 * @see MobileNet-YOLO's YoloSegLayer
 */
export class YoloSegLayer extends LossLayer<OneOrMore, One> {
  static override readonly type: string = "YoloSeg";
  static override readonly paramFields: readonly ParamField[] = ["yolo_seg_param"];
  static override readonly needs = ["host"] as const;
  static override readonly bottoms: Arity = { min: 2, max: 3 };

  #delta!: Blob;

  override setUp(): void {
    this.#delta = new Blob([0], this.context.dtype);
  }

  override reshape([x, target, counts]: OneOrMore, [loss]: One): void {
    if (x.shape.length < 2 || !target || !sameShape(x.shape, target.shape)) {
      this.fail(
        `bottoms of shapes ${shapeText(x.shape)} and ${shapeText(target?.shape ?? [])}. Expected one shape, N×C×H×W.`,
      );
    }
    if (counts && counts.count() !== x.count(0, 2)) {
      this.fail(
        `counts have shape ${shapeText(counts.shape)}. Expected (${x.shape[0]},${x.shape[1]}): one for each class of each image.`,
      );
    }
    loss.reshape([]);
    this.#delta.reshapeLike(x);
  }

  override forward([x, target, counts]: OneOrMore, [loss]: One): void {
    const { object_scale = 5 } = this.param.yolo_seg_param ?? {};
    const [values, wanted] = [x.dataMem.cpu(), target!.dataMem.cpu()];
    const delta = this.#delta.dataMem.overwriteCpu();
    const [n = 0, classes = 0] = x.shape;
    const pixels = x.count(2);
    const factors = Array.from({ length: classes }, (_, c) => {
      if (!counts) return object_scale;
      let own = 0;
      for (let image = 0; image < n; image++) own += counts.dataMem.cpu()[image * classes + c]!;
      return object_scale * (2 - own / (n * pixels - own));
    });
    let sum = 0;
    for (let i = 0; i < x.count(); i++) {
      const factor = factors[Math.floor(i / pixels) % classes]!;
      const scale = wanted[i]! > 0.5 ? factor : object_scale;
      delta[i] = scale * (1 / (1 + Math.exp(-values[i]!)) - wanted[i]!);
      sum += delta[i]! * delta[i]!;
    }
    loss.dataMem.overwriteCpu()[0] = sum / Math.max(1, n);
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x]: OneOrMore): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const [delta, dx] = [this.#delta.dataMem.cpu(), x.diffMem.overwriteCpu()];
    const scale = loss.diffMem.cpu()[0]! / Math.max(1, x.shape[0] ?? 0);
    for (let i = 0; i < x.count(); i++) dx[i] = scale * delta[i]!;
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
