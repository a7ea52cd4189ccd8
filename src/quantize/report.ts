import { entryOf } from "../util/records.ts";
import type { Quantized } from "./quantize.ts";

/** A layer that multiplies, in a report. */
interface ReportedLayer {
  readonly name: string;
  readonly type: string;
  readonly kept: "int8" | "float";
  /** Why it is a layer of floats. */
  readonly reason?: string;
  /** What numbers are multiplied by to be bytes: those that it reads, and gives where it gives bytes. */
  readonly scaleIn?: number;
  readonly scaleOut?: number;
  readonly isNegativeInput?: boolean;
  /** Of its result behind all that belongs to it, and all that is wrong before it: signal to noise, and noise over signal. */
  readonly decibels: number;
  readonly relativeError: number;
  readonly greatestError: number;
}

/** What quantizing a net came to. */
export interface QuantizeReport {
  readonly samples: number;
  /** Share of samples for which both nets choose the same; null where there is nothing to choose. */
  readonly agreement: number | null;
  readonly outputs: readonly {
    readonly name: string;
    readonly float: number;
    readonly int8: number;
  }[];
  readonly layers: readonly ReportedLayer[];
}

/** The report of a quantized net. */
export function reportOf({ param, kept, comparison }: Quantized): QuantizeReport {
  const { agreement, samples, outputs } = comparison;
  return {
    samples,
    agreement: agreement?.share ?? null,
    outputs,
    layers: (param.layer ?? []).flatMap((layer) => {
      const { name = "", type = "" } = layer;
      const found = comparison.layers.get(name);
      if (!found) return [];
      const said = layer.quantization_param as Readonly<Record<string, unknown>> | undefined;
      const reason = kept.get(name);
      const number = (field: string): number => Number(entryOf(said ?? {}, field));
      return [
        {
          name,
          type,
          kept: said ? ("int8" as const) : ("float" as const),
          ...(reason !== undefined && { reason }),
          ...(said && {
            scaleIn: number("scale_in"),
            ...(number("bw_layer_out") === 8 && { scaleOut: number("scale_out") }),
            isNegativeInput: entryOf(said, "is_negative_input") === true,
          }),
          decibels: found.decibels,
          relativeError: found.relative,
          greatestError: found.greatest,
        },
      ];
    }),
  };
}
