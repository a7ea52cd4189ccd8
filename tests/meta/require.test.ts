// A program may require the package: Node gives a module of ES to `require` where nothing on the way to its names waits.
import { build, type Plugin } from "esbuild";
import { expect, test } from "vitest";

/** What is imported when it is needed is not on the way. */
const later: Plugin = {
  name: "later",
  setup: ({ onResolve }) => {
    onResolve({ filter: /./ }, ({ kind, path }) => {
      return kind === "dynamic-import" ? { path, external: true } : undefined;
    });
  },
};

test("no module that index.ts imports has an await at its top", async () => {
  const { outputFiles } = await build({
    ...{ entryPoints: ["src/index.ts"], bundle: true, write: false, logLevel: "silent" },
    // The form of CommonJS has no place for one: esbuild refuses it, and names the file.
    ...{ format: "cjs", platform: "node", packages: "external", plugins: [later] },
    logOverride: { "empty-import-meta": "silent" },
  });
  expect(outputFiles[0]?.text.length).toBeGreaterThan(100_000);
}, 60_000);
