// The platforms that have a package of prebuilt addons, by the package's name in the scope @caffe-ts; the fields are npm's.

interface Platform {
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string;
}

export const PLATFORMS: Readonly<Record<string, Platform>> = {
  "linux-x64": { os: "linux", cpu: "x64", libc: "glibc" },
  "linux-arm64": { os: "linux", cpu: "arm64", libc: "glibc" },
  "linux-x64-musl": { os: "linux", cpu: "x64", libc: "musl" },
  "linux-arm64-musl": { os: "linux", cpu: "arm64", libc: "musl" },
  "darwin-x64": { os: "darwin", cpu: "x64" },
  "darwin-arm64": { os: "darwin", cpu: "arm64" },
  "win32-x64": { os: "win32", cpu: "x64" },
};

/** The optional dependencies of the package caffe-ts: npm installs the one that fits. */
export function prebuiltPackages(version: string): Record<string, string> {
  return Object.fromEntries(
    Object.keys(PLATFORMS).map((platform) => [`@caffe-ts/${platform}`, version]),
  );
}
