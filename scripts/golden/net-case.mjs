import { join } from "node:path";
import { readNetParameter } from "../../dist/io/text/read-net.js";
import { Net } from "../../dist/net/net.js";

/** Builds the net of a case, in its folder. */
export function buildNet({ folder, info }, engines, extra = {}) {
  const param = readNetParameter(join(folder, info.net), () => {});
  return new Net(param, {
    engines,
    phase: info.phase,
    level: info.level ?? 0,
    stages: info.stages ?? [],
    root: folder,
    ...extra,
  });
}

/** Writes the parameter values of a case. */
export function setParams(net, params, arrayOf, check) {
  for (const entry of params) {
    const layer = net.layers[net.layerNames.indexOf(entry.layer)];
    const blob = layer?.blobs[entry.index];
    if (!blob) {
      check.fail(`layer ${entry.layer} has no blob ${entry.index}`);
      continue;
    }
    check.shape(`${entry.layer}[${entry.index}]`, blob.shape, entry.shape);
    blob.data.set(arrayOf(entry));
  }
}

/** Runs a case of kind "layer" or "net". */
export async function runNetCase(golden, engines, check) {
  const { info, arrayOf } = golden;
  const net = buildNet(golden, engines);
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

async function runPass(net, pass, name, arrayOf, check) {
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
  if (pass.backward === false) return;
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
export function compareParams(net, wanted, side, name, arrayOf, check) {
  for (const want of wanted ?? []) {
    const blob = net.layers[net.layerNames.indexOf(want.layer)]?.blobs[want.index];
    const got = side === "data" ? blob?.values() : blob?.diffValues();
    check.close(`${name} ${want.layer}[${want.index}]`, got ?? [], arrayOf(want));
  }
}
