import { importModel } from "../../src/onnx/import/from-onnx.ts";
import { fileOfUse, operatorUses } from "../../tests/support/onnx-uses.ts";
import { table } from "./table.ts";

/** What is to be known besides. */
const NOTES: Readonly<Record<string, string>> = {
  AveragePool: "one or two axes of places",
  BatchNormalization: "exported for inference",
  Cast: "to floats",
  Clip: "a rectifier where it is one",
  Gather: "of fixed places; `Embed` where rows of a constant are looked up",
  Greater: "than a number",
  Gemm: "with a constant matrix",
  LSTM: "from zeros; the outputs of all steps",
  Less: "than a number",
  MatMul: "with a constant matrix",
  MaxPool: "one or two axes of places, without gaps and places of maxima",
  Pad: "of a constant",
  Pow: "by a number",
  ReduceMax: "over axes side by side",
  ReduceMin: "over axes side by side",
  Resize: "`nearest` and `linear`, of planes",
  Slice: "in steps of 1 or more",
  Upsample: "as Resize",
};

/** Layers that only bring a blob to another's shape. */
const AROUND = new Set(["Flatten", "Input", "Parameter", "Reshape", "Silence", "Tile"]);

/** A table of the layers that operators become, found by importing the uses of the tests. */
export function importTable(): string {
  const rows = Object.keys(operatorUses).map((type) => {
    const found = new Set<string>();
    for (const use of operatorUses[type] ?? []) {
      const { deploy } = importModel(fileOfUse(type, use), `${type}.onnx`);
      for (const layer of deploy.layer ?? []) found.add(layer.type ?? "");
    }
    // What is positive was made so by a product, and a product is an Eltwise.
    if (["Pow", "Sqrt"].includes(type)) found.delete("Eltwise");
    const own = [...found].filter((one) => !AROUND.has(one));
    const shown = own.length > 0 ? own : [...found].filter((one) => one !== "Input");
    const layers = shown.sort().map((one) => `\`${one}\``);
    return [type, layers.join(", ") || "nothing", NOTES[type] ?? ""];
  });
  return table(["operator", "layers", ""], rows);
}
