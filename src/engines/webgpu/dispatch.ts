/** Invocations in a workgroup of the kernels that go through an array from end to end. */
export const WIDTH = 256;

/** The most workgroups along one axis: WebGPU's least limit, which adapters seldom go beyond. */
export const MOST_GROUPS = 65535;

/** Workgroups of such a kernel; each invocation takes several elements where there are very many. */
export function groupsFor(count: number): number {
  return Math.min(Math.ceil(count / WIDTH), 16384);
}

/** The uniform struct of a kernel: its float32s, then its whole numbers. */
export function uniforms(floats: readonly number[], whole: readonly number[]): Uint32Array {
  const words = new Uint32Array(Math.ceil((floats.length + whole.length) / 4) * 4);
  new Float32Array(words.buffer).set(floats);
  words.set(whole, floats.length);
  return words;
}
