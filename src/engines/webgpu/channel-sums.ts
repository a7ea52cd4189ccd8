import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, MOST_GROUPS, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { channelSums as code } from "./shaders.ts";

/** An array seen as (outer, length, inner); the sums are over outer and inner. */
export interface ChannelView {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

const KINDS = { dot: 0, plain: 1, negative: 2 } as const;

/** Sums over all but the channels, in an order that depends on the shape alone. */
export class ChannelSums {
  readonly #scope: Scope;
  readonly #view: ChannelView;
  readonly #slices: number;
  readonly #params: Uint32Array;

  constructor(scope: Scope, view: ChannelView) {
    const { outer, length, inner } = view;
    this.#scope = scope;
    this.#view = view;
    const wanted = inner === 1 ? 64 / Math.ceil(length / 256) : 256 / length;
    const extent = inner === 1 ? outer : outer * inner;
    const least = inner === 1 ? 16 : 1024;
    const sliceLength = Math.max(least, Math.ceil(extent / Math.max(1, Math.ceil(wanted))));
    this.#slices = Math.max(1, Math.ceil(extent / sliceLength));
    this.#params = uniforms([], [outer, length, inner, this.#slices, sliceLength]);
  }

  /** sum(l) += Σ a. */
  add(a: SyncedMem, sum: SyncedMem): void {
    const from = this.#scope.read(a);
    this.#run("plain", from, this.#scope.gpu.nothing, sum, undefined);
  }

  /** sum(l) += Σ a and dot(l) += Σ a·b, those that are given. */
  addDot(a: SyncedMem, b: SyncedMem, sum: SyncedMem | undefined, dot: SyncedMem | undefined): void {
    const [left, right] = [this.#scope.read(a), this.#scope.read(b)];
    this.#run("dot", left, right, sum, dot);
  }

  /** sum(l) += Σ a·b over those b that are below 0. */
  addWhereNegative(a: SyncedMem, b: SyncedMem, sum: SyncedMem): void {
    const [left, right] = [this.#scope.read(a), this.#scope.read(b)];
    this.#run("negative", left, right, sum, undefined);
  }

  #run(
    kind: keyof typeof KINDS,
    a: GpuBuffer,
    b: GpuBuffer,
    sum: SyncedMem | undefined,
    dot: SyncedMem | undefined,
  ): void {
    const scope = this.#scope;
    const { length, inner } = this.#view;
    const parts = scope.workspace(2 * this.#slices * length);
    const entry = inner === 1 ? "columns" : "rows";
    const constants = { KIND: KINDS[kind] };
    const partial = scope.summingKernel({
      name: "sums of channels",
      code,
      entry,
      arrays: "rrw",
      constants,
    });
    const groups = inner === 1 ? groupsFor(length) : Math.min(length, MOST_GROUPS);
    partial.run([a, b, parts], this.#params, groups, this.#slices);
    addSlices(scope, parts, this.#slices, length, [sum, dot]);
  }
}

/** Adds two sums per channel, which lie in slices (slices, length, 2), to those of two arrays that are given. */
export function addSlices(
  scope: Scope,
  parts: GpuBuffer,
  slices: number,
  length: number,
  to: readonly [SyncedMem | undefined, SyncedMem | undefined],
): void {
  const finish = scope.summingKernel({
    name: "sums of slices",
    code,
    entry: "finish",
    arrays: "..ww",
  });
  for (const [which, mem] of to.entries()) {
    if (!mem) continue;
    const { buffer, adds } = scope.addTo(mem);
    const params = uniforms([], [0, length, 0, slices, 0, which, adds]);
    finish.run([parts, buffer], params, groupsFor(length));
  }
}
