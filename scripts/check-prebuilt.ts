// Installs the packed caffe-ts with the prebuilt package of this platform where nothing but Node is, and runs there what a user does:
//
//     npm pack && npm run prebuilt && npm run check:prebuilt -- [ROOT]
//
// ROOT is the folder of a bare system, as `debootstrap --variant=minbase` makes it, which is entered as a plain user (chroot, so this
// takes root). Without it, a folder of this system and a PATH with Node alone have to do.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

/** Whoever it is, it is not root. */
const USER = 12_345;
const SLOWEST_INSTALL_S = 20;
const LARGEST_INSTALL_MB = 60;

const root = process.argv[2] && resolve(process.argv[2]);
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const tarballs = [
  `caffe-ts-${version}.tgz`,
  ...readdirSync("build-prebuilt")
    .filter((name) => name.endsWith(`-${version}.tgz`))
    .map((name) => `build-prebuilt/${name}`),
];
for (const file of tarballs)
  if (!existsSync(file))
    throw new Error(`${file} is not there. Run npm pack and npm run prebuilt first.`);

const folder = root
  ? join(root, "home/caffe-user")
  : mkdtempSync(join(tmpdir(), "caffe-prebuilt-"));
rmSync(folder, { recursive: true, force: true });
const programs = root ? join(root, "usr/local/bin") : join(folder, "bin");
for (const path of [folder, programs]) mkdirSync(path, { recursive: true });

// Node and npm, and no more.
const npm = dirname(dirname(realpathSync(join(dirname(process.execPath), "npm"))));
const npmThere = join(programs, "../lib-npm");
copyFileSync(process.execPath, join(programs, "node"));
chmodSync(join(programs, "node"), 0o755);
rmSync(npmThere, { recursive: true, force: true });
cpSync(npm, npmThere, { recursive: true, verbatimSymlinks: true });
for (const name of ["npm", "npx"]) {
  rmSync(join(programs, name), { force: true });
  symlinkSync(`../lib-npm/bin/${name}-cli.js`, join(programs, name));
}
if (root) copyFileSync("/etc/resolv.conf", join(root, "etc/resolv.conf"));
// Behind a proxy with a certificate of its own npm needs that too.
const certificates = process.env["NODE_EXTRA_CA_CERTS"];
if (root && certificates) {
  mkdirSync(dirname(join(root, certificates)), { recursive: true });
  copyFileSync(certificates, join(root, certificates));
}

const project = join(folder, "project");
mkdirSync(project);
writeFileSync(join(project, "package.json"), '{ "type": "module", "private": true }');
for (const file of tarballs) copyFileSync(file, join(project, basename(file)));
for (const name of ["program.mjs", "prebuilt.mjs"])
  copyFileSync(join("tests/package", name), join(project, name));
for (const path of [folder, project, ...readdirSync(project).map((name) => join(project, name))]) {
  chownSync(path, USER, USER);
}

/** Runs a command there, shows what it prints, and gives it with the seconds it took. */
function there(command: string): { readonly said: string; readonly seconds: number } {
  const inside = (path: string): string => (root ? path.slice(root.length) : path);
  const shell = [
    "-ec",
    `cd ${inside(project)}; export HOME=${inside(folder)} PATH=${inside(programs)}${root ? ":/usr/bin:/bin" : ""}; ${command}`,
  ];
  const start = performance.now();
  const options = {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { LANG: "C.UTF-8", ...(certificates && { NODE_EXTRA_CA_CERTS: certificates }) },
  } as const;
  const { status, stdout, stderr } = root
    ? spawnSync(
        "/usr/sbin/chroot",
        [`--userspec=${USER}:${USER}`, root, "/bin/sh", ...shell],
        options,
      )
    : spawnSync("/bin/sh", shell, { ...options, uid: process.getuid?.() === 0 ? USER : undefined });
  const seconds = (performance.now() - start) / 1000;
  console.log(`$ ${command}  (${seconds.toFixed(1)} s)\n${stdout}`);
  if (status !== 0) throw new Error(`${command} ends with ${status}:\n${stderr}`);
  return { said: stdout + stderr, seconds };
}

try {
  there("! command -v gcc cc g++ clang make; node --version");
  const names = tarballs.map((file) => `./${basename(file)}`).join(" ");
  const { seconds } = there(`npm install --no-audit --no-fund ${names}`);
  const { said } = there(
    "du -sm node_modules | cut -f1; du -sm node_modules/* node_modules/@*/* | sort -n | tail -8; npx caffe device_query; node prebuilt.mjs; node program.mjs",
  );
  const size = Number(said.split("\n")[0]);
  console.log(`installed in ${seconds.toFixed(1)} s, ${size} MB`);
  if (seconds > SLOWEST_INSTALL_S)
    throw new Error(`installing took ${seconds} s. Expected ${SLOWEST_INSTALL_S} at most.`);
  if (size > LARGEST_INSTALL_MB)
    throw new Error(`the install has ${size} MB. Expected ${LARGEST_INSTALL_MB} at most.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
