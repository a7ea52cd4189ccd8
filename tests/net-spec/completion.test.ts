// What an editor shows of `L`, asked of the language service that editors ask.
import ts from "typescript";
import { expect, test } from "vitest";
import { paramFields } from "../../src/io/proto/layer-types.ts";

const FILE = `${process.cwd()}/tests/net-spec/completion.ts`;
/** Layers of each kind of parameters: forks' fields within, several messages, transform_param, another Caffe's type, none. */
const TYPES = ["Convolution", "SoftmaxWithLoss", "Data", "Permute", "ReLU"] as const;
const TEXT = `import { L } from "../../src/net-spec/layers.ts";
  const data = L.Input();
  ${TYPES.map((type) => `L.${type}(data, { /*${type}*/ });`).join("\n")}
  L.Data({ transform_param: { /*transform_param*/ } });
  L.Convolution(data, { forks: { /*forks*/ } });
  L.Pooling(data, { pool: "/*words*/" });`;

const service = ts.createLanguageService({
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  getCurrentDirectory: ts.sys.getCurrentDirectory,
  getCompilationSettings: () => ({
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
  }),
  getScriptFileNames: () => [FILE],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) => {
    const content = name === FILE ? TEXT : ts.sys.readFile(name);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getDefaultLibFileName: ts.getDefaultLibFilePath,
});

/** What an editor lists at a mark, in its order, each with what it says of it. */
function listedAt(mark: string): ReadonlyMap<string, string> {
  const place = TEXT.indexOf(`/*${mark}*/`);
  const entries = service.getCompletionsAtPosition(FILE, place, {})?.entries ?? [];
  const sorted = entries.toSorted((a, b) =>
    `${a.sortText} ${a.name}` < `${b.sortText} ${b.name}` ? -1 : 1,
  );
  return new Map(
    sorted.map(({ name }) => {
      const details = service.getCompletionEntryDetails(
        FILE,
        place,
        name,
        {},
        undefined,
        {},
        undefined,
      );
      return [name, ts.displayPartsToString(details?.documentation)];
    }),
  );
}

const OF_EVERY_LAYER = [
  ...["blobs", "exclude", "fork", "forks", "in_place", "include", "loss_weight", "name", "ntop"],
  ...["param", "phase", "propagate_down", "top"],
];

test("the fields of a layer are Caffe's, each with a sentence, and forks' apart", () => {
  expect([...listedAt("Convolution").keys()]).toEqual(
    [
      ...OF_EVERY_LAYER,
      ...["axis", "bias_filler", "bias_term", "convolution_param", "dilation", "engine"],
      ...["force_nd_im2col", "group", "kernel_h", "kernel_size", "kernel_w", "num_output"],
      ...["pad", "pad_h", "pad_w", "stride", "stride_h", "stride_w", "weight_filler"],
    ].sort(),
  );
  expect([...listedAt("forks").keys()]).toEqual(
    expect.arrayContaining(["relu", "pad_l", "forward_type", "cudnn_math_override"]),
  );
  for (const mark of [...TYPES, "transform_param", "forks"]) {
    const listed = listedAt(mark);
    const told = [...listed.values()];
    expect([...listed].filter(([, text]) => !/^[A-Z(0-9−-].*[.:)]$/.test(text))).toEqual([]);
    const isOfForks = mark === "forks" || mark === "Permute";
    expect(told.some((text) => text.startsWith("(forks)"))).toBe(isOfForks);
  }
});

test("a layer has no other layer's parameters", () => {
  for (const type of TYPES) {
    const params = [...listedAt(type).keys()].filter((name) => name.endsWith("_param"));
    expect(params).toEqual([...paramFields[type]].sort());
  }
});

test("the words of an enum are listed", () => {
  expect([...listedAt("words").keys()]).toEqual(
    expect.arrayContaining(["MAX", "AVE", "STOCHASTIC"]),
  );
});
