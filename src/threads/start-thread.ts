import { Worker, type WorkerOptions } from "node:worker_threads";

/** Starts a thread whose program is a compiled module, or a source where its parent runs sources. */
export function startThread(file: URL, options: WorkerOptions = {}): Worker {
  const isSource = file.pathname.endsWith(".ts");
  const program = isSource ? sourceProgram(file) : file;
  return new Worker(program, { ...options, execArgv: [], eval: isSource });
}

/** A program that runs a source: threads do not take over what compiles the sources of the one that starts them. */
function sourceProgram(file: URL): string {
  const [compiler, source] = [import.meta.resolve("tsx/esm/api"), file.href].map((url) =>
    JSON.stringify(url),
  );
  return `import(${compiler}).then(({ register }) => { register(); return import(${source}); });`;
}
