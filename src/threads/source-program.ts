/** A program that runs a source: threads do not take over what compiles the sources of the one that starts them. */
export function sourceProgram(file: URL): string {
  const [compiler, source] = [import.meta.resolve("tsx/esm/api"), file.href].map((url) =>
    JSON.stringify(url),
  );
  return `import(${compiler}).then(({ register }) => { register(); return import(${source}); });`;
}
