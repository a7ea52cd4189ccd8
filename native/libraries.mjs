// Finds the libraries that the addons are compiled with, wherever a system has them. binding.gyp asks:
//
//     node native/libraries.mjs onednn include|link
//
// A folder that ONEDNN_ROOT (JPEG_ROOT, OPENMP_ROOT) names counts first; then pkg-config, Homebrew, vcpkg, conda and the system's
// own folders are looked at. An install says what was found.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is looked for. `versions` are the major ones that the addons compile with; the header is what holds the version. */
const LIBRARIES = {
  onednn: {
    title: "oneDNN",
    variable: "ONEDNN_ROOT",
    names: ["dnnl"],
    header: "oneapi/dnnl/dnnl_version.h",
    version: ["DNNL_VERSION_MAJOR", "DNNL_VERSION_MINOR", "DNNL_VERSION_PATCH"],
    versions: [2, 3],
    pkgConfig: "dnnl",
    brew: "onednn",
  },
  jpeg: {
    title: "libjpeg-turbo",
    variable: "JPEG_ROOT",
    names: ["jpeg"],
    header: "jpeglib.h",
    version: ["JPEG_LIB_VERSION"],
    pkgConfig: "libjpeg",
    brew: "jpeg-turbo",
  },
  // Apple's clang brings neither its header nor its library.
  openmp: {
    title: "OpenMP",
    variable: "OPENMP_ROOT",
    names: ["omp"],
    header: "omp.h",
    version: [],
    brew: "libomp",
  },
};

/** Folders in which a compiler looks by itself. */
const USUAL_INCLUDES = ["/usr/include", "/usr/local/include"];

/**
 * @param {keyof typeof LIBRARIES} name
 * @param {NodeJS.ProcessEnv} environment
 * @returns what there is: `how` it was found, its `version`, and folders; undefined where there is none
 */
export function findLibrary(name, environment = process.env) {
  const library = LIBRARIES[name];
  const root = environment[library.variable];
  if (root) {
    const found = inRoot(library, root, library.variable);
    if (found) return found;
    throw new Error(
      `${library.variable} is ${root}, and there is no ${library.title}${versionsOf(library)} in it. Expected its include/${library.header} and its lib.`,
    );
  }
  for (const candidate of candidates(library, environment)) {
    const found = candidate();
    if (found) return found;
  }
  return undefined;
}

function* candidates(library, environment) {
  if (library.pkgConfig) yield () => byPkgConfig(library, environment);
  if (process.platform === "darwin") {
    for (const prefix of ["/opt/homebrew", "/usr/local"]) {
      yield () => inRoot(library, join(prefix, "opt", library.brew), "Homebrew");
    }
  }
  const vcpkg = environment.VCPKG_INSTALLATION_ROOT ?? environment.VCPKG_ROOT;
  for (const triplet of vcpkg ? vcpkgTriplets() : []) {
    yield () => inRoot(library, join(vcpkg, "installed", triplet), "vcpkg");
  }
  const conda = environment.CONDA_PREFIX;
  if (conda) {
    yield () =>
      inRoot(library, process.platform === "win32" ? join(conda, "Library") : conda, "conda");
  }
  for (const include of [...USUAL_INCLUDES, ...multiarchIncludes()]) {
    yield () => found(library, include, undefined, "the system");
  }
}

function vcpkgTriplets() {
  const system = { win32: "windows", darwin: "osx" }[process.platform] ?? "linux";
  const ending = system === "windows" ? ["-static", "-static-md", ""] : [""];
  return ending.map((end) => `${process.arch}-${system}${end}`);
}

/** Debian keeps some headers apart by architecture. */
function multiarchIncludes() {
  if (process.platform !== "linux" || !existsSync("/usr/include")) return [];
  return readdirSync("/usr/include")
    .filter((name) => /^[a-z0-9_]+-linux-(gnu|musl)/.test(name))
    .map((name) => join("/usr/include", name));
}

function byPkgConfig(library, env) {
  const ask = (what) => {
    const { status, stdout } = spawnSync("pkg-config", [what, library.pkgConfig], {
      encoding: "utf8",
      env,
    });
    return status === 0 ? stdout.trim() : undefined;
  };
  const include = ask("--variable=includedir");
  if (!include) return undefined;
  return found(library, include, ask("--variable=libdir"), "pkg-config");
}

function inRoot(library, root, how) {
  const lib = ["lib", "lib64"].map((name) => join(root, name)).find((folder) => existsSync(folder));
  return lib && found(library, join(root, "include"), lib, how);
}

function found(library, include, lib, how) {
  const header = join(include, library.header);
  if (!existsSync(header)) return undefined;
  const text = readFileSync(header, "utf8");
  const numbers = library.version.map((word) =>
    Number(new RegExp(`#define\\s+${word}\\s+(\\d+)`).exec(text)?.[1]),
  );
  if (library.versions && !library.versions.includes(numbers[0])) return undefined;
  const version = numbers.some(Number.isNaN) ? "" : numbers.join(".");
  return { title: library.title, how, version, include, lib };
}

function versionsOf({ versions }) {
  return versions ? ` ${versions.join(" or ")}` : "";
}

/** A line that says what is there: `oneDNN 3.7.2 (pkg-config, /usr/include)`. */
export function describeLibrary(name) {
  const library = findLibrary(name);
  if (!library) return `no ${LIBRARIES[name].title}${versionsOf(LIBRARIES[name])}`;
  const { title, version, how, include } = library;
  return `${title}${version && ` ${version}`} (${how}, ${include})`;
}

/** What the compiler is told of where its headers are; nothing where it looks by itself. */
function includeFlags(library) {
  return library && !USUAL_INCLUDES.includes(library.include) ? [library.include] : [];
}

/** What the linker is told. A library that is not there is asked for by name, so that the linker says that it is missing. */
function linkFlags(name, library) {
  const names = LIBRARIES[name].names;
  if (process.platform === "win32") {
    const at = (file) => (library?.lib ? join(library.lib, file) : file);
    return names.map((file) => at(`${file}.lib`));
  }
  const folder = library?.lib;
  const isUsual = !folder || /^\/usr\/lib(64)?(\/[a-z0-9_]+-linux-[a-z]+)?$/.test(folder);
  // Where only an archive lies, nothing is looked for at run time; nor where a prebuilt package carries the library.
  const looksThere =
    !isUsual &&
    process.env.CAFFE_CARRIES_LIBRARIES !== "1" &&
    readdirSync(folder).some((file) => /\.(so|dylib)/.test(file));
  const where = isUsual ? [] : [`-L${folder}`, ...(looksThere ? [`-Wl,-rpath,${folder}`] : [])];
  return [...where, ...names.map((file) => `-l${file}`)];
}

// A build elsewhere comes here by a link.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [name, what] = process.argv.slice(2);
  const library = findLibrary(name);
  const flags = what === "include" ? includeFlags(library) : linkFlags(name, library);
  process.stdout.write(flags.join(" "));
}
