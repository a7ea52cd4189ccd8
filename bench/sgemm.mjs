import { loadAddon } from "../dist/engines/native/binding.js";

/** The least time of a few runs by the clock that `now` reads, in ms. */
export function least(run, now = () => performance.now()) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const since = now();
    run();
    best = Math.min(best, now() - since);
  }
  return best;
}

/** GFLOP/s of the matrix product of the native engine's own library, the best of a few. */
export function sgemmRate(now) {
  const addon = loadAddon();
  const n = 1024;
  const [a, b, c] = [0, 0, 0].map(() => new Float32Array(n * n).fill(1));
  const product = () => addon.gemm(false, false, n, n, n, 1, a, n, b, n, 0, c);
  return (2 * n ** 3) / least(product, now) / 1e6;
}
