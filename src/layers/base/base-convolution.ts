import type { ConvolutionDescriptor } from "../../engines/engine.ts";
import type { ConvolutionParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  convolvedLengths,
  deconvolvedLengths,
  describeConvolution,
  type Window,
  windowOf,
} from "./convolution-geometry.ts";
import { arity, type BackwardReads, type Blobs, type LayerRole, type ParamField } from "./layer.ts";
import { LearnedLayer } from "./learned.ts";

/**
 * What Convolution and Deconvolution have in common: their parameters, their weights, and bottoms of one shape. A
 * deconvolution is the gradient of the convolution from its top to its bottom, whose descriptor and weights it has.
 *
 * - blobs: W, output channels × input channels / group × k… of that convolution; b num_output, unless `bias_term: false`
 *
 * @see Caffe's BaseConvolutionLayer
 */
export abstract class BaseConvolutionLayer extends LearnedLayer<Blobs, Blobs> {
  static override readonly role: LayerRole = "learned";
  static override readonly paramFields: readonly ParamField[] = ["convolution_param"];
  static override readonly bottoms = arity.oneOrMore;
  static override readonly tops = arity.oneOrMore;
  static override readonly equalBottomsAndTops: boolean = true;

  /** Whether it is the gradient of a convolution rather than one. @see Caffe's reverse_dimensions */
  protected abstract readonly isTransposed: boolean;
  protected window!: Window;
  #channels = 0;
  #shape: Shape | undefined;
  #topShape: Shape = [];

  override setUp([x]: Blobs): void {
    const shape = x!.shape;
    const axis = this.named(() => x!.axis(this.param.convolution_param?.axis ?? 1));
    this.#channels = shape[axis]!;
    const param = withDefaults("ConvolutionParameter", this.parameterFor(this.#channels));
    const { num_output: outputs = 0, group: groups, weight_filler, bias_filler } = param;
    if (outputs < 1) this.fail(`convolution_param.num_output is ${outputs}. Expected 1 or more.`);
    if (groups < 1) this.fail(`convolution_param.group is ${groups}. Expected 1 or more.`);
    if (outputs % groups !== 0) {
      this.fail(
        `convolution_param.num_output is ${outputs}. Expected a multiple of group ${groups}.`,
      );
    }
    const fail = (message: string): never => this.fail(message);
    this.window = windowOf(this.param.convolution_param, axis, shape.length, fail);
    if (this.#channels % groups !== 0) {
      this.fail(
        `bottom has ${this.#channels} channels, shape ${shapeText(shape)}. Expected a multiple of group ${groups}.`,
      );
    }
    const [to, from] = this.isTransposed ? [this.#channels, outputs] : [outputs, this.#channels];
    this.makeBlobs([
      { shape: [to, from / groups, ...this.window.kernel], filler: weight_filler },
      ...(param.bias_term ? [{ shape: [outputs], filler: bias_filler }] : []),
    ]);
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const shape = bottom[0]!.shape;
    const descriptor =
      this.#shape && sameShape(shape, this.#shape) ? undefined : this.#describe(shape);
    bottom.forEach((x, i) => {
      if (!sameShape(x.shape, shape)) {
        this.fail(
          `bottom ${i} has shape ${shapeText(x.shape)}. Expected ${shapeText(shape)}, as bottom 0.`,
        );
      }
      top[i]!.reshape(this.#topShape);
    });
    // Tops come first: one that is larger than a blob may be is told of before an engine lists its windows.
    if (descriptor) this.makeOps(descriptor, this.#topShape);
    this.#shape = shape;
  }

  /** Its parameters for a bottom of so many channels. */
  protected parameterFor(_channels: number): ConvolutionParameter {
    return this.param.convolution_param ?? {};
  }

  /** Makes the ops of a convolution, or of that whose gradient it is, for tops of that shape. */
  protected abstract makeOps(descriptor: ConvolutionDescriptor, topShape: Shape): void;

  #describe(shape: Shape): ConvolutionDescriptor {
    this.#shape = undefined;
    const { axis } = this.window;
    this.#checkBottom(shape);
    const { num_output = 0, group = 1, bias_term = true } = this.parameterFor(this.#channels);
    const fail = (message: string): never => this.fail(message);
    const below = { channels: this.#channels, lengths: shape.slice(axis + 1) };
    const lengthsOf = this.isTransposed ? deconvolvedLengths : convolvedLengths;
    const above = { channels: num_output, lengths: lengthsOf(this.window, shape, fail) };
    this.#topShape = [...shape.slice(0, axis), num_output, ...above.lengths];
    const [from, to] = this.isTransposed ? [above, below] : [below, above];
    return describeConvolution(this.window, {
      batch: countOf(shape, 0, axis),
      groups: group,
      inputChannels: from.channels,
      outputChannels: to.channels,
      input: from.lengths,
      output: to.lengths,
      hasBias: bias_term && !this.isTransposed,
    });
  }

  /** A bottom is like the one for which the weights were made: as many axes, as many channels. */
  #checkBottom(shape: Shape): void {
    const { axis, kernel } = this.window;
    const rank = axis + 1 + kernel.length;
    const has = (what: string): string => `bottom has ${what}, shape ${shapeText(shape)}.`;
    if (shape.length !== rank) {
      this.fail(
        `${has(`${shape.length} axes`)} Expected ${rank}, as when the weights were set up.`,
      );
    }
    if (shape[axis] !== this.#channels) {
      this.fail(
        `${has(`${shape[axis]} channels`)} Expected ${this.#channels}, as when the weights were set up.`,
      );
    }
  }

  /** Every weight at every place of the convolution's top. */
  override macs(bottom: Blobs, top: Blobs): number {
    const [outputs = 1] = this.blobs[0]!.shape;
    const tops = this.isTransposed ? bottom : top;
    return this.blobs[0]!.count() * tops.reduce((places, y) => places + y.count() / outputs, 0);
  }

  override backwardReadsBottom(): BackwardReads {
    return this.paramPropagateDown[0] ? "present" : "nothing";
  }
}
