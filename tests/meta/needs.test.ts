import { afterEach, describe, expect, test, vi } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { ReferenceEngine } from "../../src/engines/reference/index.ts";
import { RecurrentLayer } from "../../src/layers/base/recurrent.ts";
import * as layers from "../../src/layers/index.ts";
import type { Net } from "../../src/net/net.ts";
import { SyncedMem } from "../../src/syncedmem/synced-mem.ts";
import { bottomsOf, configurations, type Row, withoutGradient } from "../support/configurations.ts";
import { layerNet, noise, write } from "../support/nets.ts";

const rowsByType = { ...configurations, ...withoutGradient };
/** Recurrent layers are made of layers that are here themselves. */
const classes = Object.values(layers).filter(
  (Class) => rowsByType[Class.type] && !(Class.prototype instanceof RecurrentLayer),
);

const named = (list: typeof classes) => list.map((Class) => [Class.type, Class] as const);

/** A net of one layer as a row has it, its inputs written. Splits before it are on an engine of their own. */
function netOfRow(type: string, row: Row, engine: Engine): { net: Net; at: number } {
  const { shapes, inputs } = bottomsOf(row);
  const net = layerNet(`type: "${type}" ${row[0]}`, shapes, {
    engines: [engine, new ReferenceEngine()],
  });
  shapes.forEach((_, i) => {
    const blob = net.blob(String.fromCharCode(97 + i));
    write(blob, inputs[i] ?? noise(blob.count(), 7 + i));
  });
  return { net, at: net.layerNames.indexOf("t") };
}

test.each(named(classes))(
  "%s asks its engine for what it needs and nothing else",
  async (type, Class) => {
    const allowed: readonly string[] = ["name", "noise", "device", "forLayer", ...Class.needs];
    const engine = new Proxy<Engine>(new ReferenceEngine(), {
      get: (target, key) =>
        allowed.includes(String(key)) ? Reflect.get(target, key, target) : undefined,
    });
    for (const row of rowsByType[type] ?? []) {
      const { net, at } = netOfRow(type, row, engine);
      expect(net.layers[at]?.engine).toBe(engine);
      await net.forward();
      await net.backward();
    }
  },
);

describe("what a layer's own code reads of arrays that may lie on a device", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Arrays that were read on the host since, not counting what the engine and its ops read. */
  function watchReads(): { readonly engine: Engine; readonly read: Set<SyncedMem> } {
    let depth = 0;
    const read = new Set<SyncedMem>();
    const unwatched = <T extends object>(target: T): T =>
      new Proxy(target, {
        get(of, key) {
          const value: unknown = Reflect.get(of, key, of);
          if (typeof value !== "function") return value;
          return (...args: unknown[]): unknown => {
            depth++;
            try {
              const result: unknown = value.apply(of, args);
              return typeof result === "object" && result !== null ? unwatched(result) : result;
            } finally {
              depth--;
            }
          };
        },
      });
    for (const name of ["cpu", "mutableCpu"] as const) {
      const original = SyncedMem.prototype[name];
      vi.spyOn(SyncedMem.prototype, name).mockImplementation(function (this: SyncedMem) {
        if (depth === 0) read.add(this);
        return original.call(this);
      });
    }
    return { engine: unwatched<Engine>(new ReferenceEngine()), read };
  }

  // What needs the host, or boxes there, computes there: all that it has is brought to it.
  const onDevices = classes.filter(({ needs }) =>
    (needs as readonly string[]).every((need) => need !== "host" && need !== "suppress"),
  );

  test.each(named(onDevices))("%s names it", async (type, { hostBottoms, hostTopDiffs }) => {
    const { engine, read } = watchReads();
    const isRead = { bottoms: new Set<number>(), topDiffs: new Set<number>() };
    for (const row of rowsByType[type] ?? []) {
      const { net, at } = netOfRow(type, row, engine);
      await net.forward();
      await net.backward();
      const [layer, bottoms, tops] = [
        net.layers[at],
        net.bottomBlobs[at] ?? [],
        net.topBlobs[at] ?? [],
      ];
      const said = hostBottoms.map((i) => (i + bottoms.length) % bottoms.length);
      read.clear();
      layer?.reshape(bottoms, tops);
      layer?.forward(bottoms, tops);
      if (net.layerNeedsBackward[at])
        layer?.backward(tops, net.bottomNeedsBackward[at] ?? [], bottoms);
      bottoms.forEach(({ dataMem }, i) => {
        if (read.delete(dataMem)) isRead.bottoms.add(hostBottoms[said.indexOf(i)] ?? i);
      });
      tops.forEach(({ diffMem }, i) => {
        if (read.delete(diffMem)) isRead.topDiffs.add(i);
      });
      const left = [...bottoms, ...tops, ...(layer?.blobs ?? [])].flatMap((blob) => [
        blob.dataMem,
        blob.diffMem,
      ]);
      expect(left.filter((mem) => read.has(mem))).toEqual([]);
    }
    expect([...isRead.bottoms]).toEqual(hostBottoms);
    expect([...isRead.topDiffs]).toEqual(hostTopDiffs);
  });
});
