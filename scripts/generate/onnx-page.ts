import { readFileSync } from "node:fs";
import { createEngines } from "../../src/engines/create.ts";
import { LayerRegistry } from "../../src/layers/registry.ts";
import { Net } from "../../src/net/net.ts";
import { constants } from "../../src/onnx/export/constants.ts";
import { isEnd } from "../../src/onnx/export/ends.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { translations } from "../../src/onnx/export/translations.ts";
import { withoutForm } from "../../src/onnx/export/without-form.ts";
import { CaffeError } from "../../src/util/errors.ts";
import { silent } from "../../src/util/log.ts";
import { bottomsOf, type Row } from "../../tests/support/configurations.ts";
import { onnxConfigurations } from "../../tests/support/onnx-configurations.ts";
import { importTable } from "./onnx-import-table.ts";
import { table } from "./table.ts";

/** Uses that are refused, and what is to be known besides. */
const NOTES: Readonly<Record<string, string>> = {
  CTCGreedyDecoder: "of scores alone",
  DetectionOutput: "not with `eta` below 1 or `no_permute`",
  Dropout: "not with `sample_weights_test`",
  DummyData: "not with random fillers",
  Im2col: "channels on axis 1",
  InnerDistance: "not with `update_center_only`",
  LSTM: "unrolled",
  Lstm: "unrolled with flags, else any number of steps",
  PriorBox: "for the image's size",
  PriorBoxClustered: "for the image's size",
  Proposal: "for as many images as the net has",
  RNN: "unrolled",
  SPP: "not with `pool: STOCHASTIC`",
  YoloDetectionOutput: "for maps of the net's size",
  Yolov3DetectionOutput: "for maps of the net's size",
};

/** Where the file does not do what the layer does, and why. */
const APPROXIMATE: Readonly<Record<string, string>> = {
  BoxGroupOutput: "boxes less than a pixel apart overlap a little; in Cascade R-CNN they do not",
  DetectionOutput: "of scores that equal the last of `top_k`, all are looked at",
  FrcnnOutput: "boxes less than a pixel apart overlap a little; in Cascade R-CNN they do not",
  Yolov3DetectionOutput:
    "boxes of infinite size, which nets have that have learned nothing, suppress others",
  MarginInnerProduct: "the label's product too is without its margin, which is of training",
};

/** What is written, and a table of what each layer type becomes. */
export async function onnxPage(): Promise<string> {
  const text = readFileSync("scripts/generate/onnx-page.md", "utf8");
  const rows: string[][] = [];
  for (const type of [...translations.keys()].sort()) {
    const operators = new Set<string>();
    for (const row of onnxConfigurations[type] ?? [])
      for (const one of await operatorsOf(type, row)) operators.add(one);
    // A layer that does nothing in TEST is a name for its bottom; as an output it is an Identity.
    if (operators.size > 1) operators.delete("Identity");
    const shown = [...operators].sort().map((one) => `\`${one}\``);
    const what = Object.hasOwn(constants, type) ? "a constant" : shown.join(", ");
    const approximate = APPROXIMATE[type];
    rows.push([
      type,
      what || "nothing",
      [approximate === undefined ? "exact" : `approximate: ${approximate}`, NOTES[type] ?? []]
        .flat()
        .join("; "),
    ]);
  }
  const ends = new LayerRegistry().types.filter((type) => isEnd({ type }));
  const listed = (types: readonly string[]): string =>
    types.map((type) => `\`${type}\``).join(", ");
  const reasons = Object.entries(withoutForm).map(([type, why]) => `- \`${type}\`: ${why}`);
  return text
    .replace("TABLE", table(["layer", "operators", "as the layer?"], rows))
    .replace("ENDS", listed(ends))
    .replace("WITHOUT", reasons.join("\n"))
    .replace("IMPORTED", importTable())
    .replace(/^/, "<!-- Made from src/onnx by npm run gen; change it there. -->\n\n");
}

/** The operators that one use becomes; none where it is refused. */
async function operatorsOf(type: string, row: Row): Promise<readonly string[]> {
  const inputs = bottomsOf(row).shapes.map((shape, i) => {
    const name = String.fromCharCode(97 + i);
    const dims = shape.map((dim) => `dim: ${dim}`).join(" ");
    return `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims} } } }`;
  });
  const fields = row[0].replace("phase: TRAIN", "");
  using net = Net.parse(`${inputs.join(" ")} layer { name: "t" type: "${type}" ${fields} }`, {
    engines: createEngines({ prefer: "reference", log: silent }),
    phase: "TEST",
    silent: true,
  });
  try {
    return (await toOnnx(net)).operators;
  } catch (error) {
    if (error instanceof CaffeError) return [];
    throw error;
  }
}
