import { join } from "node:path";
import type { Engines } from "../../src/engines/choose.ts";
import { keepSource } from "../../src/io/proto/source.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { Net } from "../../src/net/net.ts";
import type { Comparison } from "./comparison.ts";
import type {
  ArrayPlace,
  GoldenCase,
  NetInfo,
  NetSetting,
  ParamArray,
  Pass,
} from "./golden-case.ts";

type ArrayOf = (place: ArrayPlace) => Float32Array;

/** Builds the net of a case, in its folder. */
export function buildNet(folder: string, setting: NetSetting, engines: Engines): Net {
  const param = readNetParameter(join(folder, setting.net), () => {});
  const { fork } = setting;
  const named = fork === undefined ? param.layer : param.layer?.map((one) => ({ fork, ...one }));
  return new Net(keepSource(param, { ...param, ...(named && { layer: named }) }), {
    engines,
    phase: setting.phase,
    level: setting.level ?? 0,
    stages: setting.stages ?? [],
    root: folder,
  });
}

/** Writes the parameter values of a case. */
export function setParams(
  net: Net,
  params: readonly ParamArray[],
  arrayOf: ArrayOf,
  check: Comparison,
): void {
  for (const entry of params) {
    const blob = net.layers[net.layerNames.indexOf(entry.layer)]?.blobs[entry.index];
    if (!blob) {
      check.fail(`layer ${entry.layer} has no blob ${entry.index}`);
      continue;
    }
    check.shape(`${entry.layer}[${entry.index}]`, blob.shape, entry.shape);
    blob.data.set(arrayOf(entry));
  }
}

/** Runs a case of kind "layer" or "net". */
export async function runNetCase(
  { folder, info, arrayOf }: GoldenCase<NetInfo>,
  engines: Engines,
  check: Comparison,
): Promise<void> {
  const net = buildNet(folder, info, engines);
  try {
    check.equal("layer names", net.layerNames, info.layer_names);
    check.equal("net outputs", net.outputs, info.net_outputs);
    setParams(net, info.params, arrayOf, check);
    for (const [i, pass] of info.passes.entries()) {
      await runPass(net, pass, `pass ${i}`, arrayOf, check);
    }
  } finally {
    net.close();
  }
}

async function runPass(
  net: Net,
  pass: Pass,
  name: string,
  arrayOf: ArrayOf,
  check: Comparison,
): Promise<void> {
  for (const input of pass.inputs ?? []) {
    const blob = net.blob(input.blob);
    if (pass.reshape) blob.reshape(input.shape);
    blob.data.set(arrayOf(input));
  }
  if (pass.reshape) net.reshape();
  const loss = await net.forward();
  await net.toHost();
  check.close(`${name} loss`, [loss], [pass.loss]);
  for (const want of [...(pass.outputs ?? []), ...(pass.blobs ?? [])]) {
    const blob = net.blob(want.blob);
    check.shape(`${name} ${want.blob}`, blob.shape, want.shape);
    check.close(`${name} ${want.blob}`, blob.values(), arrayOf(want));
  }
  compareParams(net, pass.params_after, "data", `${name} after`, arrayOf, check);
  if (!pass.backward) return;
  if (!pass.accumulate) net.clearParamDiffs();
  for (const given of pass.top_diffs ?? []) {
    net.blob(given.blob).diff.set(arrayOf(given));
  }
  await net.backward();
  await net.toHost();
  for (const want of pass.input_diffs ?? []) {
    check.close(`${name} d${want.blob}`, net.blob(want.blob).diffValues(), arrayOf(want));
  }
  compareParams(net, pass.param_diffs, "diff", `${name} d`, arrayOf, check);
}

/** Compares the data or diff of parameter blobs. */
export function compareParams(
  net: Net,
  wanted: readonly ParamArray[] | undefined,
  side: "data" | "diff",
  name: string,
  arrayOf: ArrayOf,
  check: Comparison,
): void {
  for (const want of wanted ?? []) {
    const blob = net.layers[net.layerNames.indexOf(want.layer)]?.blobs[want.index];
    const got = side === "data" ? blob?.values() : blob?.diffValues();
    check.close(`${name} ${want.layer}[${want.index}]`, got ?? [], arrayOf(want));
  }
}
