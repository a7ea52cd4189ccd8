// Where an installed package takes its addons from: a copy of the loader in a project of its own, run as a user runs it.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { version } from "../../src/util/version.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const BUILT = "build/Release/caffe_images.node";
const PLATFORM = `${process.platform}-${process.arch}`;
const TSX = join(process.cwd(), "node_modules/tsx/dist/loader.mjs");

/** A project with caffe-ts and, if files are given, a package of prebuilt addons beside it. */
function project(files: Readonly<Record<string, string | Buffer>> = {}, theirs = version): string {
  const root = temporaryFolder();
  const own = join(root, "node_modules/caffe-ts");
  for (const name of ["addons/addon-file", "util/errors", "util/version"]) {
    mkdirSync(dirname(join(own, "src", name)), { recursive: true });
    copyFileSync(`src/${name}.ts`, join(own, `src/${name}.ts`));
  }
  writeFileSync(join(own, "package.json"), '{ "type": "module" }');
  const prebuilt = join(root, `node_modules/@caffe-ts/${PLATFORM}`);
  if (Object.keys(files).length > 0) {
    mkdirSync(prebuilt, { recursive: true });
    writeFileSync(join(prebuilt, "package.json"), JSON.stringify({ version: theirs }));
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(prebuilt, name)), { recursive: true });
    if (content === BUILT) copyFileSync(BUILT, join(prebuilt, name));
    else writeFileSync(join(prebuilt, name), content);
  }
  return root;
}

/** What loading an addon there gives: the names in it, or the error and what mends it. */
function load(root: string, name = "caffe_images", env: NodeJS.ProcessEnv = {}): string {
  const script = `
    import { loadAddonFile } from "caffe-ts/src/addons/addon-file.ts";
    try { console.log(Object.keys(loadAddonFile("${name}")).join()); }
    catch (error) { console.log(error.name, error.message, error.mend); }`;
  writeFileSync(join(root, "program.mjs"), script);
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", TSX, "program.mjs"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return `${stdout}${stderr}`.trim();
}

test("without any, the error names both commands that bring it", () => {
  expect(load(project())).toMatch(
    new RegExp(
      `caffe_images.node has not been built Run npm install @caffe-ts/${PLATFORM}@${version}, which brings it compiled, or npm rebuild caffe-ts --foreground-scripts`,
    ),
  );
});

test("a package of another version does not count, and is told", () => {
  const root = project({ "x86-64-v3/caffe_images.node": "no library" }, "99.0.0");
  expect(load(root)).toContain(
    `@caffe-ts/${PLATFORM} is of version 99.0.0, and caffe-ts of ${version}`,
  );
});

test.skipIf(!existsSync(BUILT))("what cannot be loaded is passed over for the next kind", () => {
  const root = project({
    "x86-64-v4/caffe_images.node": "no library",
    "x86-64-v3/caffe_images.node": BUILT,
    "caffe_bridge.node": "no library",
  });
  expect(load(root)).toBe("decodeJpeg,transform");
  expect(load(root, "caffe_bridge")).toMatch(
    /^EngineError .*caffe_bridge.node has not been built; /,
  );
});

test.skipIf(!existsSync(BUILT))("CAFFE_ADDONS names the only folder that counts", () => {
  const folder = temporaryFolder();
  copyFileSync(BUILT, join(folder, "caffe_images.node"));
  expect(load(project(), "caffe_images", { CAFFE_ADDONS: folder })).toBe("decodeJpeg,transform");
  expect(load(project(), "caffe_native", { CAFFE_ADDONS: folder })).toContain(
    `${folder}, which CAFFE_ADDONS names, has no caffe_native.node`,
  );
});
