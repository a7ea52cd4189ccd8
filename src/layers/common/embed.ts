import type { BiasOp, GatherOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import type { BackwardReads, LayerRole, One, ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Looks up a learned row for every number: an inner product with one-hot vectors.
 *
 *     y(m) = W(x(m)) + b
 *
 * - bottom[0] x: whole numbers 0 … input_dim − 1, any shape, no gradient; top[0]: that shape, then num_output
 * - blobs: W input_dim × num_output; b num_output, unless `bias_term: false`
 * - `embed_param`: num_output and input_dim (required), bias_term true, weight_filler, bias_filler
 *
 * @see Caffe's EmbedLayer
 */
export class EmbedLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "Embed";
  static override readonly paramFields: readonly ParamField[] = ["embed_param"];
  static override readonly needs: readonly Primitive[] = ["gather", "bias"];

  static override readonly hostBottoms: readonly number[] = [0];
  static override readonly role: LayerRole = "learned";

  #outputs = 0;
  #inputs = 0;
  #shape: Shape | undefined;
  #rows!: GatherOp;
  #bias!: BiasOp;

  override setUp(): void {
    const {
      num_output = 0,
      input_dim = 0,
      bias_term,
      weight_filler,
      bias_filler,
    } = withDefaults("EmbedParameter", this.param.embed_param);
    if (num_output < 1) this.fail(`embed_param.num_output is ${num_output}. Expected 1 or more.`);
    if (input_dim < 1) this.fail(`embed_param.input_dim is ${input_dim}. Expected 1 or more.`);
    this.#outputs = num_output;
    this.#inputs = input_dim;
    this.makeBlobs([
      { shape: [input_dim, num_output], filler: weight_filler },
      ...(bias_term ? [{ shape: [num_output], filler: bias_filler }] : []),
    ]);
  }

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const [picks, size] = [x.count(), this.#outputs];
    const shape = [...x.shape, size];
    y.reshape(shape);
    this.#rows = this.engine.gather({ rows: this.#inputs, size, picks });
    this.#bias = this.engine.bias({ shape, outer: picks, length: size, inner: 1 });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    const index = x.dataMem.cpu();
    for (let m = 0; m < x.count(); m++) {
      const row = Math.trunc(index[m]!);
      if (!(row >= 0 && row < this.#inputs)) {
        this.fail(
          `index ${index[m]} at position ${m}. Expected 0 to ${this.#inputs - 1} (input_dim - 1).`,
        );
      }
    }
    const [w, b] = this.blobs;
    this.#rows.forward(w!.dataMem, x.dataMem, y.dataMem);
    if (b) this.#bias.forward(y.dataMem, b.dataMem, y.dataMem);
  }

  override backwardReadsBottom(): BackwardReads {
    return this.paramPropagateDown[0] ? "present" : "nothing";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.fail("Can't backpropagate to EmbedLayer input.");
    const [w, b] = this.blobs;
    const [learnsW, learnsB] = this.paramPropagateDown;
    if (learnsW) this.#rows.backward(y.diffMem, x.dataMem, w!.diffMem);
    if (learnsB && b) this.#bias.backwardBias(y.diffMem, b.diffMem);
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
