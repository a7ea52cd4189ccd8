interface StreamOfHandle {
  /** What is below a stream on a pipe. */
  readonly _handle?: { setBlocking?(isBlocking: boolean): void };
}

/**
 * Lets standard output and error wait for whoever reads them. Node makes a pipe one that does not wait, and where another
 * process writes to the same pipe its writing would fail.
 */
export function shareStandardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    (stream as StreamOfHandle)._handle?.setBlocking?.(true);
  }
}
