import type { RecurrentParameter } from "../../io/proto/caffe.ts";
import type { Arity } from "../base/layer.ts";
import { RecurrentLayer, type Unrolled } from "../base/recurrent.ts";
import { StepWriter } from "../base/step-writer.ts";

/**
 * A simple recurrent network.
 *
 *     h(t) = tanh(W_hh · (cont(t) · h(t−1)) + W_xh · x(t) + b_h (+ W_xh_static · x_static))
 *     o(t) = tanh(W_ho · h(t) + b_o)
 *
 * - bottom[0] x: T×N×…; bottom[1] cont: T×N, 0 where a sequence begins; bottom[2], optional, x_static: N×…;
 *   with `expose_hidden` then h(0), 1×N×D
 * - top[0] o: T×N×D; with `expose_hidden` then h(T)
 * - blobs: W_xh D×…, b_h D, (W_xh_static D×…,) W_hh D×D, W_ho D×D, b_o D
 * - `recurrent_param`: num_output D (required), weight_filler, bias_filler, expose_hidden false, debug_info false
 *
 * It is unrolled: every step is layers of its own (InnerProduct, Eltwise, TanH), each on the engine it finds. The
 * state goes on from batch to batch, the gradient does not, nor does it pass through what `expose_hidden` shows.
 *
 * @see Elman, Cognitive Science 1990; Caffe's RNNLayer
 */
export class RNNLayer extends RecurrentLayer {
  static override readonly type: string = "RNN";
  static override readonly bottoms: Arity = { min: 2, max: 4 };
  static override readonly tops: Arity = { min: 1, max: 2 };
  protected override readonly hiddenBlobs = 1;

  protected override unroll(
    steps: number,
    hasStatic: boolean,
    param: RecurrentParameter,
  ): Unrolled {
    const outputs = param.num_output ?? 0;
    const write = new StepWriter(param);
    write.inputs("W_xh", "b_h", outputs, steps, hasStatic);
    for (let t = 1; t <= steps; t++) {
      write.flush(t);
      write.transform(`W_hh_h_${t - 1}`, `h_conted_${t - 1}`, `W_hh_h_${t - 1}`, ["W_hh"], outputs);
      const parts = [`W_hh_h_${t - 1}`, `W_xh_x_${t}`, ...(hasStatic ? ["W_xh_x_static"] : [])];
      write.add("Eltwise", `h_input_sum_${t}`, parts, `h_neuron_input_${t}`);
      write.add("TanH", `h_neuron_${t}`, [`h_neuron_input_${t}`], `h_${t}`);
      write.transform(`W_ho_h_${t}`, `h_${t}`, `W_ho_h_${t}`, ["W_ho", "b_o"], outputs);
      write.add("TanH", `o_neuron_${t}`, [`W_ho_h_${t}`], `o_${t}`);
    }
    write.join("o", steps);
    return { layers: write.layers, output: "o", hidden: [["h_0", `h_${steps}`]] };
  }
}
