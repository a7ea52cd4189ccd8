import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";
import { trimOnednn } from "./trim-onednn.ts";

/** A library that is compiled into the addons, from its source. */
interface Source {
  readonly title: string;
  readonly version: string;
  /** Debian keeps every source that it has released. */
  readonly url: string;
  readonly sha256: string;
  /** What cmake is told, besides what all are. */
  readonly options: readonly string[];
  /** Files of its source that say how it may be used. */
  readonly licences: readonly string[];
  /** Changes the unpacked source. */
  readonly change?: (tree: string) => void;
}

/** What the addons use of them and no more: their size, and the time they take, are mostly of what is left out. */
export const SOURCES = {
  onednn: {
    title: "oneDNN",
    version: "3.7.2",
    url: "http://deb.debian.org/debian/pool/main/o/onednn/onednn_3.7.2+ds.orig.tar.xz",
    sha256: "0cc51ca26c1af6a2bb1e71e378e7046f3ceb3e71791ee9d4e246d50f904a6ea6",
    options: [
      "-DDNNL_LIBRARY_TYPE=STATIC",
      // Made so that `shareOnednn` can link its functions, and nothing else, into a shared library.
      ...(process.platform === "linux"
        ? ["-DCMAKE_CXX_FLAGS=-DDNNL_DLL -DDNNL_DLL_EXPORTS -ffunction-sections -fdata-sections"]
        : []),
      // Its registers are constants in C++14, and variables that each file fills in before.
      "-DCMAKE_CXX_STANDARD=14",
      "-DDNNL_CPU_RUNTIME=OMP",
      "-DONEDNN_BUILD_GRAPH=OFF",
      "-DONEDNN_ENABLE_PRIMITIVE=CONVOLUTION;INNER_PRODUCT;POOLING;REORDER",
      // AMX's kernels are left out: bfloat16 and bytes are multiplied by those of AVX512.
      "-DONEDNN_ENABLE_PRIMITIVE_CPU_ISA=AVX512",
      // What is hot is code that it writes itself, at run time, for the processor that it meets: compiled for size it is half as large.
      "-DDNNL_ARCH_OPT_FLAGS=",
      "-DCMAKE_CXX_FLAGS_RELEASE=-Os -DNDEBUG",
      "-DDNNL_BUILD_TESTS=OFF",
      "-DDNNL_BUILD_EXAMPLES=OFF",
      "-DDNNL_BUILD_DOC=OFF",
      "-DDNNL_ENABLE_JIT_PROFILING=OFF",
      "-DDNNL_ENABLE_ITT_TASKS=OFF",
    ],
    licences: ["LICENSE", "THIRD-PARTY-PROGRAMS"],
    change: trimOnednn,
  },
  jpeg: {
    title: "libjpeg-turbo",
    version: "2.1.5",
    url: "http://deb.debian.org/debian/pool/main/libj/libjpeg-turbo/libjpeg-turbo_2.1.5.orig.tar.gz",
    sha256: "254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c",
    // Its loops for vectors are half of its speed, so without their assembler there is no build.
    options: ["-DENABLE_SHARED=OFF", "-DWITH_TURBOJPEG=OFF", "-DREQUIRE_SIMD=ON"],
    licences: ["LICENSE.md", "README.ijg"],
  },
} satisfies Record<string, Source>;

/** Where a library lies once it is compiled. */
export interface Compiled {
  readonly title: string;
  readonly version: string;
  /** Has `include` and `lib`. */
  readonly root: string;
  readonly licences: readonly string[];
}

/** Where libraries are compiled, once for all clones. */
const CACHE = process.env["CAFFE_PREBUILT_CACHE"] ?? join(homedir(), ".cache/caffe-ts/prebuilt");

function folderOf({ title, version }: Source): string {
  return join(CACHE, `${title}-${version}`);
}

/** Where a library lies once it is compiled: a folder with `include` and `lib`. */
export function rootOf(source: Source): string {
  return join(folderOf(source), "installed");
}

/**
 * Compiles a library, once: what was compiled before serves again.
 * @throws Error where it cannot be had, is not the file that its checksum is of, or does not compile
 */
export async function compiled(source: Source): Promise<Compiled> {
  const { title, version, options, licences } = source;
  const [folder, root] = [folderOf(source), rootOf(source)];
  const tree = join(folder, "source");
  const done = { title, version, root, licences: licences.map((name) => join(tree, name)) };
  if (existsSync(join(folder, "compiled"))) {
    console.log(`${title} ${version}: compiled before, in ${folder}`);
    return done;
  }
  if (!existsSync(tree)) await unpack(source, folder, tree);
  console.log(`${title} ${version}: compiling, which takes minutes ...`);
  run("cmake", [
    "-S",
    tree,
    "-B",
    join(folder, "build"),
    "-DCMAKE_BUILD_TYPE=Release",
    `-DCMAKE_INSTALL_PREFIX=${root}`,
    `-DCMAKE_INSTALL_LIBDIR=${join(root, "lib")}`,
    "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
    ...options,
  ]);
  const jobs = process.env["CAFFE_PREBUILT_JOBS"] ?? String(availableParallelism());
  run("cmake", [
    "--build",
    join(folder, "build"),
    "--config",
    "Release",
    "--target",
    "install",
    "--parallel",
    jobs,
  ]);
  writeFileSync(join(folder, "compiled"), "");
  return done;
}

async function unpack(
  { url, sha256, change }: Source,
  folder: string,
  tree: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, url.slice(url.lastIndexOf("/") + 1));
  if (!existsSync(file)) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: the server answers ${response.status}.`);
    writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  }
  const found = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (found !== sha256) {
    throw new Error(
      `${file} has the SHA-256 ${found}. Expected ${sha256}; remove it to have it fetched again.`,
    );
  }
  const partial = `${tree}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  run("tar", ["-xf", file, "-C", partial, "--strip-components=1"]);
  change?.(partial);
  renameSync(partial, tree);
}
