// Builds every prototxt below a folder: npm run zoo -- DIR [--engine E] [--only PART-OF-NAME]
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createEngines } from "../../dist/engines/create.js";
import { readNetParameter, readSolverParameter } from "../../dist/io/read-net.js";
import { Net } from "../../dist/net/net.js";
import { standIn } from "./stand-in.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: "string", default: "reference" },
    only: { type: "string", default: "" },
  },
});
const [root] = positionals;
if (!root || !existsSync(root)) {
  console.error(
    "usage: npm run zoo -- DIR [--engine reference|native|webgpu] [--only PART-OF-NAME]",
  );
  process.exit(2);
}
const engines = createEngines({ prefer: values.engine, log: () => {} });
const silent = () => {};

let passed = 0;
let failed = 0;
let foreign = 0;
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".prototxt") && file.includes(values.only))
  .sort();
for (const file of files) {
  const { kind, result, error } = read(join(root, file));
  // A type that Caffe never had is not this engine's to build; that it says so is right.
  const isForeign = error !== undefined && /Unknown layer type/.test(error);
  if (!error) passed++;
  else if (isForeign) foreign++;
  else failed++;
  console.log(
    `${error ? (isForeign ? "OTHER " : "FAILED") : "ok    "} ${kind.padEnd(6)} ${file}: ${(error ?? result).slice(0, 300)}`,
  );
}
console.log(`${foreign} of a layer type that Caffe does not have`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** What a file is, and what became of it. */
function read(path) {
  const errors = [];
  const kinds = [
    ["net", () => buildNet(path)],
    ["solver", () => `solver of ${readSolverParameter(path, silent).net ?? "its own nets"}`],
  ];
  for (const [kind, attempt] of kinds) {
    try {
      return { kind, result: attempt() };
    } catch (error) {
      errors.push([kind, error instanceof Error ? error.message : String(error)]);
    }
  }
  // A dialect's field that would change the result is understood, and refused on purpose.
  const refused = errors.find(([, text]) => /without it the result would differ/.test(text));
  if (refused && !errors.some(([, text]) => /Unknown layer type/.test(text))) {
    return { kind: refused[0], result: `parsed, not built: ${refused[1]}` };
  }
  // What a file is meant to be is seen from how far its reader came.
  const [kind, error] = errors.find(([, text]) => !/has no field named/.test(text)) ?? errors[0];
  return { kind, error };
}

function buildNet(path) {
  const param = readNetParameter(path, silent);
  const built = [];
  for (const phase of phasesOf(param)) {
    try {
      const net = new Net(standIn(param), { engines, phase, root });
      built.push(`${phase} built, ${net.layerNames.length} layers`);
      net.close();
    } catch (error) {
      const reason = lacking(error instanceof Error ? error.message : String(error));
      if (!reason) throw error;
      built.push(`${phase} parsed, not built: ${reason}`);
    }
  }
  return built.join("; ");
}

/** What a net needs that its file does not bring; undefined where the error has another cause. */
function lacking(error) {
  if (/module ".*" is not found/.test(error)) return `needs a layer of its author's: ${error}`;
  if (/Unknown bottom blob/.test(error))
    return `a part of a net, or its inputs have no shape: ${error}`;
  if (/labels, shape|Inputs must have the same dimension/.test(error))
    return `the shape of its data is not known: ${error}`;
  return undefined;
}

/** A net that tells phases apart is built in both. */
function phasesOf(param) {
  const rules = (param.layer ?? []).flatMap(({ include = [], exclude = [] }) => [
    ...include,
    ...exclude,
  ]);
  return rules.some(({ phase }) => phase !== undefined) ? ["TRAIN", "TEST"] : ["TEST"];
}
