import { resolve } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** KiB of a bundle that imports a name of the built package, its dependencies left outside, carried ones too. */
async function sizeOf(name: string): Promise<{ readonly kib: number; readonly text: string }> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${name} } from ${JSON.stringify(resolve("dist/index.js"))}; globalThis.it = ${name};`,
      resolveDir: resolve("."),
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    packages: "external",
    external: ["./dist/carried/*"],
    logLevel: "silent",
  });
  const text = outputFiles[0]?.text ?? "";
  return { kib: text.length / 1024, text };
}

test("who imports a part of the package gets that part", async () => {
  const chart = await sizeOf("chartSvg");
  expect(chart.kib).toBeLessThan(20);
  expect(chart.text).not.toContain("protobufjs");
  const spec = await sizeOf("NetSpec");
  expect(spec.text).not.toContain("h5wasm");
  // The schema of every message is in both, and no layer in the one.
  expect(spec.kib).toBeLessThan((await sizeOf("Net")).kib / 3);
});
