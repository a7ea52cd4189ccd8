import type { LayerParameter, NetParameter } from "../../src/io/proto/caffe.ts";

/**
 * The net with its layers `by` times narrower: every num_output and every depthwise group is divided, so that it
 * trains in moments and still has the same form.
 *
 * @param keeps names of the layers whose outputs mean something each, as the numbers of a box do
 */
export function shrink(param: NetParameter, by: number, keeps?: RegExp): NetParameter {
  const less = (n: number): number => Math.max(1, Math.round(n / by));
  return {
    ...param,
    layer: (param.layer ?? []).map((layer): LayerParameter => {
      if (keeps?.test(layer.name ?? "")) return layer;
      const { convolution_param: conv, inner_product_param: ip } = layer;
      const { recurrent_param: recurrent, embed_param: embed, lstm_param: lstm } = layer;
      const outputs = (p: { readonly num_output?: number }): { readonly num_output: number } => ({
        num_output: less(p.num_output ?? 1),
      });
      return {
        ...layer,
        ...(conv && {
          convolution_param: {
            ...conv,
            ...outputs(conv),
            // AlexNet's two halves stay; as many groups as channels get fewer with them.
            ...((conv.group ?? 1) > 2 && { group: less(conv.group ?? 1) }),
          },
        }),
        ...(ip && { inner_product_param: { ...ip, ...outputs(ip) } }),
        ...(recurrent && { recurrent_param: { ...recurrent, ...outputs(recurrent) } }),
        ...(lstm && { lstm_param: { ...lstm, ...outputs(lstm) } }),
        ...(embed && { embed_param: { ...embed, ...outputs(embed) } }),
      };
    }),
  };
}
