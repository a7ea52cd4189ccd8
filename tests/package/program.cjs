// A program of CommonJS: node program.cjs. Uses the installed package alone.
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { L, Net, NetSpec } = require("caffe-ts");

async function main() {
  const data = L.Input({ shape: { dim: [2, 3] } });
  const ip = L.InnerProduct(data, { num_output: 4, weight_filler: { type: "xavier" } });
  const model = new NetSpec({ data, ip }).toProto();
  const folder = mkdtempSync(join(tmpdir(), "caffe-ts-"));
  const net = new Net(model, { phase: "TEST" });
  try {
    const given = { shape: [2, 3], data: new Float32Array(6).fill(1) };
    const { ip: first } = await net.forward({ data: given });
    // HDF5 is read and written by a thread of its own.
    const weights = join(folder, "net.caffemodel.h5");
    net.save(weights);
    const again = new Net(model, { phase: "TEST", weights });
    const { ip: second } = await again.forward({ data: given });
    again.close();
    if (first.shape.join() !== "2,4" || first.values().join() !== second.values().join()) {
      throw new Error(`ip is ${second.values().join()}`);
    }
    console.log("ok a net of a program that requires the package");
  } finally {
    net.close();
    rmSync(folder, { recursive: true });
  }
}

void main();
