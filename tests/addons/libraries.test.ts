// Where native/libraries.mjs finds oneDNN.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findLibrary } from "../../native/libraries.mjs";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A folder with a oneDNN's headers and lib. */
function onednn(version: string, root = temporaryFolder()): string {
  const [major, minor, patch] = version.split(".");
  mkdirSync(join(root, "include/oneapi/dnnl"), { recursive: true });
  mkdirSync(join(root, "lib"));
  writeFileSync(
    join(root, "include/oneapi/dnnl/dnnl_version.h"),
    `#define DNNL_VERSION_MAJOR ${major}\n#define DNNL_VERSION_MINOR ${minor}\n#define DNNL_VERSION_PATCH ${patch}\n`,
  );
  return root;
}

const found = (environment: NodeJS.ProcessEnv): string => {
  const library = findLibrary("onednn", { PATH: "", ...environment });
  return `${library?.how} ${library?.version} ${library?.lib}`;
};

test("a folder that is named counts before all others, in versions 2 and 3", () => {
  for (const version of ["2.6.3", "3.7.2"]) {
    const root = onednn(version);
    expect(found({ ONEDNN_ROOT: root, CONDA_PREFIX: onednn("3.1.0") })).toBe(
      `ONEDNN_ROOT ${version} ${join(root, "lib")}`,
    );
  }
});

test("a folder that is named and has no such oneDNN is an error", () => {
  for (const root of [onednn("1.9.0"), temporaryFolder()]) {
    expect(() => findLibrary("onednn", { ONEDNN_ROOT: root })).toThrow(
      `ONEDNN_ROOT is ${root}, and there is no oneDNN 2 or 3 in it. Expected its include/oneapi/dnnl/dnnl_version.h and its lib.`,
    );
  }
});

test.skipIf(process.platform !== "linux")("pkg-config, then vcpkg, then conda", () => {
  const conda = { CONDA_PREFIX: onednn("3.1.0") };
  expect(found(conda)).toBe(`conda 3.1.0 ${conda.CONDA_PREFIX}/lib`);
  const triplet = `installed/${process.arch}-linux`;
  const vcpkg = { ...conda, VCPKG_ROOT: temporaryFolder() };
  mkdirSync(join(vcpkg.VCPKG_ROOT, triplet), { recursive: true });
  onednn("3.2.0", join(vcpkg.VCPKG_ROOT, triplet));
  expect(found(vcpkg)).toBe(`vcpkg 3.2.0 ${vcpkg.VCPKG_ROOT}/${triplet}/lib`);
  const root = onednn("3.3.0");
  const programs = temporaryFolder();
  writeFileSync(
    join(programs, "pkg-config"),
    `#!/bin/sh\ncase $1 in *includedir) echo ${root}/include;; *) echo ${root}/lib;; esac\n`,
  );
  chmodSync(join(programs, "pkg-config"), 0o755);
  expect(found({ ...vcpkg, PATH: programs })).toBe(`pkg-config 3.3.0 ${root}/lib`);
});
