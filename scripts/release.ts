// Checks everything that has to be so before a release, tells all that is not, and stops before publishing:
//
//     npm run release
//
// The tag, which starts the workflow that publishes, is set by hand: the last lines say how.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { PLATFORMS } from "./prebuilt/platforms.ts";

const read = (file: string): string => readFileSync(file, "utf8");
const { version } = JSON.parse(read("package.json")) as { version: string };
const faults: string[] = [];

function check(what: string, isSo: boolean, otherwise: string): void {
  console.log(`${isSo ? "ok    " : "FAILED"} ${what}`);
  if (!isSo) faults.push(`${what}: ${otherwise}`);
}

function succeeds(command: string): boolean {
  console.log(`$ ${command}`);
  return spawnSync(command, { shell: true, stdio: "inherit" }).status === 0;
}

const printed = (command: string): string =>
  spawnSync(command, { shell: true, encoding: "utf8" }).stdout.trim();

check(
  "the tree is clean",
  printed("git status --porcelain") === "",
  "commit or remove what git status shows",
);
check(
  "the branch is main",
  printed("git branch --show-current") === "main",
  "merge into main first",
);
check(
  `v${version} is new`,
  printed(`git tag --list v${version}`) === "",
  "raise the version in package.json",
);
const python = /^version = "(.*)"$/m.exec(read("python/pyproject.toml"))?.[1];
check(
  "Python's package has the version",
  python === version,
  `python/pyproject.toml has ${python}`,
);
const lock = (JSON.parse(read("package-lock.json")) as { version: string }).version;
check(
  "the lock file has the version",
  lock === version,
  `package-lock.json has ${lock}; run npm install`,
);
check(
  "the sources have the version",
  read("src/util/version.ts").includes(`"${version}"`),
  "src/util/version.ts has another",
);
const changes = read("CHANGELOG.md").split(/^## /m)[1] ?? "";
check(
  "the changelog begins with the version",
  changes.startsWith(version),
  `CHANGELOG.md begins with "${changes.split("\n")[0]}"`,
);

for (const command of [
  "npm run --silent check",
  "npm run --silent gen",
  "npm run --silent docs",
  "npm test",
  "npm run --silent check:package",
]) {
  check(command, succeeds(command), "it fails");
}
check(
  "npm run gen changes nothing",
  printed("git status --porcelain") === "",
  "commit what it made",
);

// Those of other platforms come from the workflow "prebuilt", run by hand on this commit; its artifacts belong into that folder.
const prebuilt = existsSync("build-prebuilt") ? readdirSync("build-prebuilt") : [];
for (const platform of Object.keys(PLATFORMS)) {
  const file = `caffe-ts-${platform}-${version}.tgz`;
  check(
    `build-prebuilt/${file} is there`,
    prebuilt.includes(file),
    "npm run prebuilt on that platform, or the workflow's artifact",
  );
}

if (faults.length > 0) {
  console.log(`\nnot ready:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  process.exit(1);
}
console.log(`\n${version} is ready. Nothing has been published. These two lines publish it, by the workflow "prebuilt":

  git tag -s v${version} -m "caffe-ts ${version}"
  git push origin v${version}`);
