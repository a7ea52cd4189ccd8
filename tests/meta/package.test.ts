import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("the package holds what it needs to install and run elsewhere, and no more", () => {
  const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    encoding: "utf8",
  });
  const report: unknown = JSON.parse(stdout);
  const [packed] = (Array.isArray(report) ? report : Object.values(report as object)) as {
    files: { path: string }[];
  }[];
  const files = packed?.files.map(({ path }) => path) ?? [];
  for (const needed of [
    "bin/caffe",
    "binding.gyp",
    "dist/bundle/caffe.js",
    "dist/bundle/index.js",
    "dist/carried/LICENCES.txt",
    "dist/index.d.ts",
    "dist/io/prefetch/worker.js",
    "dist/io/jobs/worker.js",
    "dist/io/hdf5/h5wasm/hdf5.wasm.br",
    "dist/net-worker/thread.js",
    "matlab/+caffe/Net.m",
    "matlab/+caffe/+internal/Engine.m",
    "native/src/addon.cc",
    "native/libraries.mjs",
    "native/level.gypi",
    "proto/caffe.proto",
    "python/caffe/__init__.py",
    "python/caffe/proto/caffe_pb2.py",
    "python/pyproject.toml",
    "python/classify.py",
    "scripts/install.mjs",
    "scripts/node-gyp-settings.mjs",
    "models/lenet/lenet_solver.prototxt",
    "LICENSE",
    "README.md",
  ]) {
    expect(files).toContain(needed);
  }
  expect(
    files.filter((file) =>
      /^(src|tests|bench|build|data|dashboard|python\/(tests|build))\/|__pycache__|\.(caffemodel|solverstate|runstate)$/.test(
        file,
      ),
    ),
  ).toEqual([]);
});
