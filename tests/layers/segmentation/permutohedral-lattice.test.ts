import { expect, test } from "vitest";
import { PermutohedralLattice } from "../../../src/layers/segmentation/permutohedral-lattice.ts";
import { noise } from "../../support/noise.ts";

test("in two dimensions, it is near a Gaussian filter", () => {
  const dims = 2;
  const points = 60;
  const features = Float32Array.from(noise(points * dims, 3), (x) => 1.5 * x);
  const lattice = new PermutohedralLattice(features, dims);
  const filtered = (x: Float64Array): Float64Array => {
    const [y, ones] = [new Float64Array(points), new Float64Array(points).fill(1)];
    lattice.filter(x, y, 0, 1);
    lattice.filter(ones, ones, 0, 1);
    return y.map((value, p) => value / ones[p]!);
  };
  const x = Float64Array.from(noise(points, 4));
  const y = filtered(x);
  let [error, size] = [0, 0];
  for (let p = 0; p < points; p++) {
    let [sum, weight] = [0, 0];
    for (let q = 0; q < points; q++) {
      let distance = 0;
      for (let i = 0; i < dims; i++) {
        distance += (features[p * dims + i]! - features[q * dims + i]!) ** 2;
      }
      sum += Math.exp(-distance / 2) * x[q]!;
      weight += Math.exp(-distance / 2);
    }
    error += (y[p]! - sum / weight) ** 2;
    size += (sum / weight) ** 2;
  }
  expect(Math.sqrt(error / size)).toBeLessThan(0.25);
});

test("the transposed filter is the transpose, and adds where it is asked to", () => {
  const lattice = new PermutohedralLattice(
    Float32Array.from(noise(30, 1), (x) => 4 * x),
    2,
  );
  const [x, z] = [Float64Array.from(noise(45, 2)), Float64Array.from(noise(45, 3))];
  const [y, back] = [new Float64Array(45), new Float64Array(45).fill(1)];
  lattice.filter(x, y, 0, 3);
  lattice.filter(z, back, 0, 3, { isTransposed: true, adds: true });
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, i) => s + v * b[i]!, 0);
  expect(dot(y, z)).toBeCloseTo(dot(x, back) - dot(x, new Float64Array(45).fill(1)), 10);
});

test("in five dimensions, it gives what crfasrnn's code gives", () => {
  const features = [
    [0.5, -1, 0.25, 2, 0],
    [0.75, -1.25, 0.5, 1.5, 0.25],
    [-2, 1, 0, 0.5, -1],
    [0.5, -1, 0, 1.75, 0.5],
  ];
  const lattice = new PermutohedralLattice(Float32Array.from(features.flat()), 5);
  const [x, y, z] = [Float32Array.of(1, -2, 3, 0.5), new Float32Array(4), new Float32Array(4)];
  lattice.filter(x, y, 0, 1);
  lattice.filter(x, z, 0, 1, { isTransposed: true });
  expect(y).toBeAllClose([-0.00396774, -0.3767127, 1.162732, -0.03397351]);
  expect(z).toBeAllClose([-0.007784411, -0.3909303, 1.162732, -0.08321042]);
});
