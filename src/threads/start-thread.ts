import { existsSync } from "node:fs";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** The folder of the compiled modules. */
const MODULES = new URL("../", import.meta.url).href;

/** Starts a thread whose program is a compiled module, or a source where its parent runs sources. */
export function startThread(file: URL, options: WorkerOptions): Worker {
  const isSource = file.pathname.endsWith(".ts");
  const program = isSource ? sourceProgram(file) : joinedProgram(file);
  return new Worker(program, { ...options, execArgv: [], eval: isSource });
}

/** The program as `scripts/bundle.ts` has joined it from its modules, which opens sooner, where it has. */
function joinedProgram(file: URL): URL {
  if (!file.href.startsWith(MODULES)) return file;
  const name = file.href.slice(MODULES.length).replaceAll("/", "-");
  const joined = new URL(`bundle/${name}`, MODULES);
  return existsSync(joined) ? joined : file;
}

/** A program that runs a source: threads do not take over what compiles the sources of the one that starts them. */
function sourceProgram(file: URL): string {
  const [compiler, source] = [import.meta.resolve("tsx/esm/api"), file.href].map((url) =>
    JSON.stringify(url),
  );
  return `import(${compiler}).then(({ register }) => { register(); return import(${source}); });`;
}
