// What the modules in plain JavaScript export, which run before anything is installed.

declare module "*/native/libraries.mjs" {
  /** A library that the addons are compiled with. */
  interface FoundLibrary {
    readonly title: string;
    /** Where it was found: "pkg-config". */
    readonly how: string;
    readonly version: string;
    readonly include: string;
    /** Undefined where a linker looks by itself. */
    readonly lib: string | undefined;
  }
  type LibraryName = "onednn" | "jpeg" | "openmp";
  export function findLibrary(
    name: LibraryName,
    environment?: NodeJS.ProcessEnv,
  ): FoundLibrary | undefined;
  export function describeLibrary(name: LibraryName): string;
}

declare module "*/node-gyp-settings.mjs" {
  export function nodeGypSettings(): {
    readonly npm_config_nodedir?: string;
    readonly JOBS: string;
  };
}
