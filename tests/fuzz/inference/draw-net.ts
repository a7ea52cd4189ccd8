import type { Net } from "../../../src/net/net.ts";
import type { Random } from "../../../src/util/random.ts";

/** A blob of a net that is drawn. */
export interface DrawnBlob {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A net as it is used, not trained. */
export interface DrawnNet {
  readonly text: string;
  readonly inputs: readonly DrawnBlob[];
}

/** A blob by its channels and sides. */
type Map4 = readonly [number, number, number, number];

/**
 * Draws nets of what inference fuses, folds and hands on: convolutions before normalisation, factors, rectifiers, pooling and sums of
 * two, residual blocks, layers in place and not, blobs that several read, weights that several share.
 */
export class NetSketch {
  readonly #random: Random;
  readonly #layers: string[] = [];
  readonly #blobs: DrawnBlob[] = [];
  readonly #inputs: DrawnBlob[] = [];
  readonly #read = new Set<string>();
  readonly #batch: number;
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#batch = this.#pick(1, 1, 2, 3);
    const side = (): number => this.#pick(1, 4, 5, 7, 8, 9, 12);
    const first = this.#input([this.#batch, this.#pick(1, 3, 4, 8, 16, 17), side(), side()]);
    const parts = this.#parts(first);
    for (let left = 2 + random.below(12); left > 0; left--) this.#pick(...parts)();
  }

  get drawn(): DrawnNet {
    return { text: this.#layers.join("\n"), inputs: this.#inputs };
  }

  /** What may come next; those that suit no blob add nothing. */
  #parts(first: DrawnBlob): readonly (() => void)[] {
    const onMap = (draw: (bottom: DrawnBlob, map: Map4) => DrawnBlob | undefined) => () => {
      const bottom = this.#choose(({ shape }) => shape.length === 4);
      if (bottom) this.#follow(draw(bottom, bottom.shape as Map4));
    };
    const convolve = onMap((bottom) => this.#convolution(bottom, this.#pick(1, 2, 3, 3, 3, 5)));
    const block = onMap((bottom, map) => this.#block(bottom, map));
    const elementwise = (): void => {
      const bottom = this.#choose();
      if (bottom) this.#elementwise(bottom);
    };
    return [
      ...[convolve, convolve, convolve, block, block, elementwise, elementwise, elementwise],
      onMap((bottom) => this.#convolution(bottom, 1)),
      onMap((bottom, map) => this.#depthwise(bottom, map)),
      onMap((bottom, map) => this.#pooling(bottom, map)),
      onMap((bottom, map) => this.#concat(bottom, map)),
      onMap((bottom, [n, , h, w]) =>
        this.#layer("Deconvolution", [bottom], [n, 4, h + 1, w + 1], convolution(4, 2)),
      ),
      onMap((bottom, map) => this.#shared(bottom, map)),
      onMap((bottom, [n, c, h, w]) =>
        this.#layer(
          ...(["Reshape", [bottom], [n, c, h * w, 1]] as const),
          "reshape_param { shape { dim: 0 dim: 0 dim: -1 dim: 1 } }",
        ),
      ),
      onMap((bottom, map) => {
        const region = this.#random.bernoulli(0.3) ? "norm_region: WITHIN_CHANNEL" : "";
        return this.#layer(
          "LRN",
          [bottom],
          map,
          `lrn_param { local_size: 3 alpha: 0.1 ${region} }`,
        );
      }),
      () => this.#slice(),
      () => this.#sum(),
      () => this.#volume(),
      () => {
        const bottom = this.#choose(({ shape }) => shape.length >= 2);
        if (bottom) this.#follow(this.#innerProduct(bottom));
      },
      () => {
        const bottom = this.#choose(({ shape }) => shape.length > 2);
        const [n = 1, ...rest] = bottom?.shape ?? [];
        if (bottom) this.#follow(this.#layer("Flatten", [bottom], [n, product(rest)]));
      },
      () => {
        const bottom = this.#choose(({ shape }) => shape.length >= 2);
        if (bottom)
          this.#layer("Softmax", [bottom], bottom.shape, "", this.#mayOverwrite(bottom, 0.3));
      },
      () => {
        const [, , h = 1, w = 1] = first.shape;
        if (this.#random.bernoulli(0.3)) this.#input([this.#batch, this.#pick(3, 8, 16), h, w]);
      },
    ];
  }

  #pick<T>(...options: readonly T[]): T {
    return options[this.#random.below(options.length)] as T;
  }

  #maybe(text: string, probability: number): string {
    return this.#random.bernoulli(probability) ? text : "";
  }

  /** A blob to be read: the last one more often than not. */
  #choose(suits: (blob: DrawnBlob) => boolean = () => true): DrawnBlob | undefined {
    const all = this.#blobs.filter(suits);
    return this.#random.bernoulli(0.65) ? all.at(-1) : all[this.#random.below(all.length || 1)];
  }

  #mayOverwrite({ name }: DrawnBlob, probability: number): boolean {
    return !this.#read.has(name) && this.#random.bernoulli(probability);
  }

  #input(shape: readonly number[]): DrawnBlob {
    const dims = shape.map((length) => `dim: ${length}`).join(" ");
    const input = this.#layer("Input", [], shape, `input_param { shape { ${dims} } }`);
    this.#inputs.push(input);
    return input;
  }

  #layer(
    type: string,
    bottoms: readonly DrawnBlob[],
    shape: readonly number[],
    fields = "",
    isInPlace = false,
  ): DrawnBlob {
    const name = `${type.toLowerCase()}${this.#names++}`;
    const [own] = bottoms;
    const top = isInPlace && own ? own : { name, shape };
    const read = bottoms.map((bottom) => `bottom: "${bottom.name}" `).join("");
    this.#layers.push(
      `layer { name: "${name}" type: "${type}" ${read}top: "${top.name}" ${fields} }`,
    );
    if (top === own) return top;
    for (const bottom of bottoms) this.#read.add(bottom.name);
    this.#blobs.push(top);
    return top;
  }

  /** Lets elementwise layers follow, as they do behind convolutions. */
  #follow(top: DrawnBlob | undefined): void {
    let last = top;
    while (last && this.#random.bernoulli(0.55)) last = this.#elementwise(last);
  }

  #elementwise(bottom: DrawnBlob): DrawnBlob | undefined {
    const isInPlace = this.#mayOverwrite(bottom, 0.85);
    const type = this.#pick(
      ...["ReLU", "ReLU", "ReLU", "ReLU", "ReLU6", "BatchNorm", "BatchNorm", "Scale", "Scale"],
      ...["Dropout", "PReLU", "Sigmoid", "TanH", "Power", "ELU", "Bias"],
    );
    if (["BatchNorm", "Scale", "Bias", "PReLU"].includes(type) && bottom.shape.length < 2) return;
    const fields: Readonly<Record<string, string>> = {
      ReLU: this.#maybe(`relu_param { negative_slope: ${this.#pick(0.1, -0.2, 1)} }`, 0.25),
      BatchNorm: `batch_norm_param { ${this.#maybe("use_global_stats: false", 0.1)} ${this.#maybe("eps: 0.1", 0.2)} }`,
      Scale: `scale_param { ${this.#maybe("bias_term: true", 0.7)} ${this.#maybe("axis: 0", 0.07)} }`,
      Power: `power_param { power: ${this.#pick(1, 2)} scale: ${this.#pick(0.5, -1)} shift: ${this.#pick(0, 0.5)} }`,
    };
    return this.#layer(type, [bottom], bottom.shape, fields[type], isInPlace);
  }

  #convolution(bottom: DrawnBlob, kernel: number): DrawnBlob | undefined {
    const [n = 1, channels = 1, ...sides] = bottom.shape;
    const [outputs, stride] = [this.#pick(1, 3, 8, 16, 17, 20, 24), this.#pick(1, 1, 1, 2, 3)];
    const dilation = this.#pick(1, 1, 1, 1, 2);
    const pad = kernel === 3 && this.#random.bernoulli(0.7) ? dilation : this.#pick(0, 0, 1, 2);
    const group = this.#random.bernoulli(0.15) ? this.#pick(2, 4) : 1;
    const out = sides.map(
      (side) => Math.floor((side + 2 * pad - (dilation * (kernel - 1) + 1)) / stride) + 1,
    );
    if (channels % group || outputs % group || out.some((side) => side < 1)) return undefined;
    const more = `stride: ${stride} pad: ${pad} dilation: ${dilation} group: ${group} ${this.#maybe("bias_term: false", 0.3)}`;
    return this.#layer(
      "Convolution",
      [bottom],
      [n, outputs, ...out],
      convolution(outputs, kernel, more),
    );
  }

  #depthwise(bottom: DrawnBlob, [, channels]: Map4): DrawnBlob {
    const type = this.#pick("DepthwiseConvolution", "Convolution");
    const fields = convolution(channels, 3, `pad: 1 group: ${channels}`);
    return this.#layer(type, [bottom], bottom.shape, fields);
  }

  /** The sum of convolutions and what they read, or a convolution of that. */
  #block(bottom: DrawnBlob, [n, channels, h, w]: Map4): DrawnBlob {
    const outputs = this.#random.bernoulli(0.5) ? channels : this.#pick(8, 16, 20);
    const arm = (kernel: number): DrawnBlob => {
      const more = `pad: ${(kernel - 1) / 2} ${this.#maybe("bias_term: false", 0.3)}`;
      const top = this.#layer(
        ...(["Convolution", [bottom], [n, outputs, h, w]] as const),
        convolution(outputs, kernel, more),
      );
      if (this.#random.bernoulli(0.6)) {
        this.#layer("BatchNorm", [top], top.shape, "", true);
        if (this.#random.bernoulli(0.8))
          this.#layer("Scale", [top], top.shape, "scale_param { bias_term: true }", true);
      }
      if (this.#random.bernoulli(0.3)) this.#layer("ReLU", [top], top.shape, "", true);
      return top;
    };
    const short = outputs === channels ? bottom : arm(1);
    const long = arm(this.#pick(1, 3));
    const arms = this.#random.bernoulli(0.5) ? [short, long] : [long, short];
    const factors = this.#maybe(`coeff: ${this.#pick(1, 0.5)} coeff: ${this.#pick(1, -1)}`, 0.15);
    return this.#layer("Eltwise", arms, long.shape, `eltwise_param { operation: SUM ${factors} }`);
  }

  #pooling(bottom: DrawnBlob, [n, channels, h, w]: Map4): DrawnBlob | undefined {
    const pool = this.#pick("MAX", "AVE");
    if (this.#random.bernoulli(0.2)) {
      const fields = `pooling_param { pool: ${pool} global_pooling: true }`;
      return this.#layer("Pooling", [bottom], [n, channels, 1, 1], fields);
    }
    const [kernel, stride, pad] = [this.#pick(2, 3), this.#pick(1, 2), this.#pick(0, 1)];
    if (Math.min(h, w) + 2 * pad < kernel) return undefined;
    const out = (side: number): number => {
      const most = Math.ceil((side + 2 * pad - kernel) / stride) + 1;
      return pad > 0 && (most - 1) * stride >= side + pad ? most - 1 : most;
    };
    const fields = `pooling_param { pool: ${pool} kernel_size: ${kernel} stride: ${stride} pad: ${pad} }`;
    return this.#layer("Pooling", [bottom], [n, channels, out(h), out(w)], fields);
  }

  #concat(bottom: DrawnBlob, [n, , h, w]: Map4): DrawnBlob {
    const others = this.#blobs.filter(
      ({ shape }) => shape.length === 4 && shape[0] === n && shape[2] === h && shape[3] === w,
    );
    const more = Array.from({ length: this.#pick(0, 1, 2, 2, 3) }, () => this.#pick(...others));
    const all = [bottom, ...more];
    const channels = all.reduce((sum, { shape }) => sum + (shape[1] as number), 0);
    return this.#layer("Concat", all, [n, channels, h, w]);
  }

  #slice(): void {
    const bottom = this.#choose(({ shape }) => shape.length === 4 && (shape[1] as number) > 1);
    if (!bottom) return;
    const [n, channels, h, w] = bottom.shape as Map4;
    const at = 1 + this.#random.below(channels - 1);
    const left = this.#layer(
      "Slice",
      [bottom],
      [n, at, h, w],
      `slice_param { slice_point: ${at} }`,
    );
    const right = { name: `${left.name}_right`, shape: [n, channels - at, h, w] };
    const last = this.#layers.pop() as string;
    this.#layers.push(last.replace(`top: "${left.name}"`, `$& top: "${right.name}"`));
    this.#blobs.push(right);
    if (this.#random.bernoulli(0.5)) this.#elementwise(right);
  }

  #sum(): void {
    const bottom = this.#choose();
    if (!bottom) return;
    const alike = this.#blobs.filter(({ shape }) => shape.join() === bottom.shape.join());
    const more = Array.from({ length: this.#pick(1, 1, 2) }, () => this.#pick(...alike));
    const all = [bottom, ...more];
    const operation = this.#pick("SUM", "SUM", "PROD", "MAX");
    const hasFactors = operation === "SUM" && this.#random.bernoulli(0.3);
    const factors = hasFactors ? all.map(() => `coeff: ${this.#pick(1, -1, 0.5)}`).join(" ") : "";
    const fields = `eltwise_param { operation: ${operation} ${factors} }`;
    this.#follow(this.#layer("Eltwise", all, bottom.shape, fields));
  }

  /** A convolution over three axes. */
  #volume(): void {
    const is = ({ shape }: DrawnBlob): boolean =>
      shape.length === 5 && shape.slice(2).every((side) => side > 1);
    const fresh = this.#random.bernoulli(0.3) ? this.#input([this.#batch, 2, 3, 4, 5]) : undefined;
    const bottom = fresh ?? this.#choose(is);
    if (!bottom) return;
    const [n = 1, , ...sides] = bottom.shape;
    const shape = [n, 4, ...sides.map((side) => side - 1)];
    this.#follow(this.#layer("Convolution", [bottom], shape, convolution(4, 2)));
  }

  #innerProduct(bottom: DrawnBlob): DrawnBlob {
    const fields = `inner_product_param { num_output: 10 ${this.#maybe("transpose: true", 0.2)} ${this.#maybe("bias_term: false", 0.2)} }`;
    return this.#layer("InnerProduct", [bottom], [bottom.shape[0] ?? 1, 10], fields);
  }

  /** Two convolutions of the same weights. */
  #shared(bottom: DrawnBlob, [, channels]: Map4): DrawnBlob {
    const [outputs, name] = [this.#pick(8, 16), `weights${this.#names++}`];
    const fields = `param { name: "${name}" } param { name: "${name}_bias" } ${convolution(outputs, 3, "pad: 1")}`;
    const convolve = (one: DrawnBlob): DrawnBlob => {
      const [n, , h, w] = one.shape as Map4;
      return this.#layer("Convolution", [one], [n, outputs, h, w], fields);
    };
    this.#follow(convolve(bottom));
    const others = this.#blobs.filter(({ shape }) => shape.length === 4 && shape[1] === channels);
    return convolve(this.#pick(...others));
  }
}

function convolution(outputs: number, kernel: number, more = ""): string {
  return `convolution_param { num_output: ${outputs} kernel_size: ${kernel} ${more} }`;
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((all, length) => all * length, 1);
}

/** Gives a net weights, and BatchNorm statistics, some of which say that nothing was counted. */
export function fillWeights(net: Net, random: Random): void {
  for (const { param, blobs } of net.layers) {
    const isNorm = param.type === "BatchNorm";
    const size = param.type === "Convolution" || param.type === "InnerProduct" ? 0.4 : 1;
    for (const [i, blob] of blobs.entries()) {
      const values = blob.dataMem.overwriteCpu();
      for (let at = 0; at < values.length; at++) {
        const value = size * random.uniform(-1, 1);
        values[at] = isNorm && i === 1 ? Math.abs(value) + 0.2 : value;
      }
      if (isNorm && i === 2) values.fill(random.bernoulli(0.1) ? 0 : 2);
    }
  }
}
