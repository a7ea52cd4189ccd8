import type { RecurrentParameter } from "../../io/proto/caffe.ts";
import type { Arity } from "../base/layer.ts";
import { RecurrentLayer, type Unrolled } from "../base/recurrent.ts";
import { StepWriter } from "../base/step-writer.ts";

/**
 * Long short-term memory.
 *
 *     [i f o g] = W_xc · x(t) + b_c (+ W_xc_static · x_static) + W_hc · (cont(t) · h(t−1))
 *     c(t) = cont(t) · σ(f) ∘ c(t−1) + σ(i) ∘ tanh(g)        h(t) = σ(o) ∘ tanh(c(t))
 *
 * - bottom[0] x: T×N×…; bottom[1] cont: T×N, 0 where a sequence begins; bottom[2], optional, x_static: N×…;
 *   with `expose_hidden` then h(0) and c(0), 1×N×D
 * - top[0] h: T×N×D; with `expose_hidden` then h(T) and c(T)
 * - blobs: W_xc 4D×…, b_c 4D, (W_xc_static 4D×…,) W_hc 4D×D; gates in the order i, f, o, g
 * - `recurrent_param`: num_output D (required), weight_filler, bias_filler, expose_hidden false, debug_info false
 *
 * It is unrolled: every step is layers of its own (InnerProduct, Eltwise, LSTMUnit), each on the engine it finds.
 * The state goes on from batch to batch, the gradient does not, nor does it pass through what `expose_hidden` shows.
 *
 * @see Donahue et al., CVPR 2015; Caffe's LSTMLayer
 */
export class LSTMLayer extends RecurrentLayer {
  static override readonly type: string = "LSTM";
  static override readonly bottoms: Arity = { min: 2, max: 5 };
  static override readonly tops: Arity = { min: 1, max: 3 };
  protected override readonly hiddenBlobs = 2;

  protected override unroll(
    steps: number,
    hasStatic: boolean,
    param: RecurrentParameter,
  ): Unrolled {
    const outputs = 4 * (param.num_output ?? 0);
    const write = new StepWriter(param);
    write.inputs("W_xc", "b_c", outputs, steps, hasStatic);
    for (let t = 1; t <= steps; t++) {
      write.flush(t);
      write.transform(`transform_${t}`, `h_conted_${t - 1}`, `W_hc_h_${t - 1}`, ["W_hc"], outputs);
      const parts = [`W_hc_h_${t - 1}`, `W_xc_x_${t}`, ...(hasStatic ? ["W_xc_x_static"] : [])];
      write.add("Eltwise", `gate_input_${t}`, parts, `gate_input_${t}`);
      write.layers.push({
        name: `unit_${t}`,
        type: "LSTMUnit",
        bottom: [`c_${t - 1}`, `gate_input_${t}`, `cont_${t}`],
        top: [`c_${t}`, `h_${t}`],
      });
    }
    write.add("Split", "c_T_copy", [`c_${steps}`], "c_T");
    write.join("h", steps);
    return {
      layers: write.layers,
      output: "h",
      hidden: [
        ["h_0", `h_${steps}`],
        ["c_0", "c_T"],
      ],
    };
  }
}
