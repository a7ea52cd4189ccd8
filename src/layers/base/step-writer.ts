import type { LayerParameter, RecurrentParameter } from "../../io/proto/caffe.ts";

/** Names and parameters that RNN and LSTM have in common when they write out their steps. */
export class StepWriter {
  readonly layers: LayerParameter[] = [];
  readonly #param: RecurrentParameter;

  constructor(param: RecurrentParameter) {
    this.#param = param;
  }

  /** A layer of one top. */
  add(
    type: string,
    name: string,
    bottom: readonly string[],
    top: string,
    more: LayerParameter = {},
  ): void {
    this.layers.push({ name, type, bottom: [...bottom], top: [top], ...more });
  }

  /** An inner product whose weights are shared by name; with a bias where two names are given. */
  transform(
    name: string,
    bottom: string,
    top: string,
    weights: readonly string[],
    outputs: number,
    axis = 2,
  ): void {
    const { weight_filler, bias_filler } = this.#param;
    this.add("InnerProduct", name, [bottom], top, {
      // The inputs of the whole layer are no inputs of it that anything below would learn from.
      ...(bottom.startsWith("x") && { propagate_down: [true] }),
      param: weights.map((weight) => ({ name: weight })),
      inner_product_param: {
        num_output: outputs,
        bias_term: weights.length > 1,
        axis,
        ...(weight_filler && { weight_filler }),
        ...(weights.length > 1 && bias_filler && { bias_filler }),
      },
    });
  }

  /** Cuts a blob into its steps `<top>_1` … `<top>_T`. */
  #slice(name: string, bottom: string, top: string, steps: number): void {
    this.layers.push({
      name,
      type: "Slice",
      bottom: [bottom],
      top: Array.from({ length: steps }, (_, t) => `${top}_${t + 1}`),
      slice_param: { axis: 0 },
    });
  }

  /**
   * What the inputs give to each of the steps: cont cut into `cont_1` …, x through its weights `prefix` into `<prefix>_x_1` …,
   * and, if there is one, the static input's part `<prefix>_x_static`.
   */
  inputs(prefix: string, bias: string, outputs: number, steps: number, hasStatic: boolean): void {
    this.#slice("cont_slice", "cont", "cont", steps);
    this.transform("x_transform", "x", `${prefix}_x`, [prefix, bias], outputs);
    if (hasStatic) this.#still(prefix, outputs);
    this.#slice(`${prefix}_x_slice`, `${prefix}_x`, `${prefix}_x`, steps);
  }

  /** The static input's part, as one step: 1×N×outputs. */
  #still(prefix: string, outputs: number): void {
    this.transform(
      `${prefix}_x_static`,
      "x_static",
      `${prefix}_x_static_preshape`,
      [`${prefix}_static`],
      outputs,
      1,
    );
    this.add(
      "Reshape",
      `${prefix}_x_static_reshape`,
      [`${prefix}_x_static_preshape`],
      `${prefix}_x_static`,
      {
        reshape_param: { shape: { dim: [1, -1, outputs] } },
      },
    );
  }

  /** The hidden state that step t begins with: nothing where a sequence begins. */
  flush(t: number): void {
    this.add("Scale", `h_conted_${t - 1}`, [`h_${t - 1}`, `cont_${t}`], `h_conted_${t - 1}`, {
      scale_param: { axis: 0 },
    });
  }

  /** Joins the steps `<part>_1` … `<part>_T`. */
  join(part: string, steps: number): void {
    const bottom = Array.from({ length: steps }, (_, t) => `${part}_${t + 1}`);
    this.add("Concat", `${part}_concat`, bottom, part, { concat_param: { axis: 0 } });
  }
}
