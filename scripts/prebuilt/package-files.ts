import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow } from "../../src/io/files/picture-names.ts";
import { PLATFORMS } from "./platforms.ts";
import type { Compiled } from "./sources.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Where Debian and its kin say what the parts of GCC that are linked in are licensed by. */
const GCC = ["libstdc++6", "libgcc-s1", "libgomp1"].map(
  (name) => `/usr/share/doc/${name}/copyright`,
);

/** The package.json of a platform's package. */
export function manifestOf(platform: string, version: string): object {
  const { license, repository, homepage, bugs } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  ) as Record<string, unknown>;
  const { os, cpu, libc } = PLATFORMS[platform] as (typeof PLATFORMS)[string];
  return {
    name: `@caffe-ts/${platform}`,
    version,
    description: `caffe-ts's addons, compiled for ${platform}`,
    license,
    repository,
    homepage,
    bugs,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    engines: { node: ">=20" },
    preferUnplugged: true,
  };
}

/**
 * Copies the licences of what is compiled in or carried.
 * @returns their files, by what they are of
 */
export function copyLicences(libraries: readonly Compiled[], folder: string): string[] {
  const into = join(folder, "licences");
  mkdirSync(into, { recursive: true });
  const names: string[] = [];
  const copy = (title: string, file: string): void => {
    const name = `${title}-${basename(file)}`;
    copyFileSync(file, join(into, name));
    names.push(name);
  };
  for (const { title, licences } of libraries) for (const file of licences) copy(title, file);
  for (const file of GCC) if (existsSync(file)) copy(basename(join(file, "..")), file);
  return names;
}

/** What a package's README says. */
interface Contents {
  readonly platform: string;
  readonly onednn: Compiled;
  readonly jpeg: Compiled;
  readonly carried: readonly string[];
  readonly glibc: string | undefined;
  readonly licences: readonly string[];
}

export function readmeOf({ platform, onednn, jpeg, carried, glibc, licences }: Contents): string {
  const libraries = [onednn, jpeg].map(({ title, version }) => `${title} ${version}`.trim());
  const lines = [
    `# @caffe-ts/${platform}`,
    `The addons of [caffe-ts](https://www.npmjs.com/package/caffe-ts), compiled for ${platform} with ${libraries.join(" and ")}. npm installs it with caffe-ts; nothing is compiled then.`,
    ...(glibc ? [`It runs with glibc ${glibc} and newer.`] : []),
    ...(carried.length > 0
      ? [
          `\`lib\` carries ${carried.join(", ")} for systems that have none. libgomp is a part of GCC (https://gcc.gnu.org, where its source is), under the GPL 3 with GCC's Runtime Library Exception, which lets programs of any licence use it.`,
        ]
      : []),
    `caffe-ts itself is under the licence in LICENSE; those of what is compiled in are in \`licences\`: ${licences.join(", ")}.`,
  ];
  return `${lines.join("\n\n")}\n`;
}

/** Bytes of all files below a folder. */
export function sizeOf(folder: string): number {
  return filesBelow(folder, () => true).reduce(
    (sum, name) => sum + statSync(join(folder, name)).size,
    0,
  );
}
