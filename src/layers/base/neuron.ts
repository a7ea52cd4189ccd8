import type { Params, Primitive, UnaryKernel, UnaryOp } from "../../engines/engine.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "./coord-map.ts";
import { InPlaceInput } from "./in-place-input.ts";
import { type BackwardReads, Layer, type LayerRole, type One } from "./layer.ts";
import type { LayerFusion } from "./layer-fusion.ts";

/** An elementwise layer: one bottom, one top of the same shape, in place if the net says so. */
export abstract class NeuronLayer<P extends Params> extends Layer<One, One> {
  static override readonly role: LayerRole = "activation";
  static override readonly coordMap: CoordMapOf = unmoved;
  static override readonly needs: readonly Primitive[] = ["unary", "copy"];
  static override readonly allowsInPlace: boolean = true;
  protected abstract readonly kernel: UnaryKernel<P>;
  protected abstract readonly params: P;

  override readonly fusion: LayerFusion = {
    postOp: () => ({
      kind: "unary",
      kernel: this.kernel as UnaryKernel<Params>,
      params: this.params,
    }),
  };

  #op!: UnaryOp;
  #shape: Shape | undefined;
  readonly #input: InPlaceInput = new InPlaceInput();

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    else if (this.kernel.backwardReadsX) this.#input.reshapeLike(x, this.context);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    for (const [name, value] of Object.entries(this.params)) {
      if (Number.isNaN(value)) this.fail(`${name} is NaN. Expected a number.`);
    }
    this.#shape = x.shape;
    this.#op = this.engine.unary(this.kernel, this.params, x.shape);
  }

  override forward([x]: One, [y]: One): void {
    this.#input.keep(x, this.engine);
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backwardReadsBottom(): BackwardReads {
    return this.kernel.backwardReadsX && !this.#input.isKept ? "present" : "nothing";
  }

  override backwardReadsTop(): BackwardReads {
    return this.kernel.backwardReadsY ? "present" : "nothing";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(this.#input.of(x).dataMem, y.dataMem, y.diffMem, x.diffMem);
  }
}
