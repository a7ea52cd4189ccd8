import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import {
  defaultTuningFile,
  TuningFile,
  tuningFileOf,
} from "../../../src/engines/native/tuning-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

/** A store in memory. */
function remembered(choices: Choices = {}) {
  return {
    choices,
    read: () => ({ ...choices }),
    write: (all: Choices) => void Object.assign(choices, all),
  };
}

/** Runs for so many milliseconds. */
const busy = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};
const pace: Record<string, number> = { slow: 8, fast: 1 };
const run = (name: string): void => busy(pace[name] ?? 0);
const same = (name: string): string => name;

describe("a tuner", () => {
  test("takes the fastest, and remembers it", () => {
    const store = remembered();
    expect(new Tuner(store).choose("k", ["slow", "fast"], same, run)).toBe("fast");
    expect(store.choices).toEqual({ k: "fast" });
  });

  test("tries the first of a kind alone, and what is worth it", () => {
    const store = remembered();
    const tuner = new Tuner(store);
    const kind = "like k";
    expect(tuner.choose("k1", ["slow", "fast"], same, run, { kind })).toBe("fast");
    const fails = (): never => expect.fail("a trial");
    expect(tuner.choose("k2", ["slow", "fast"], same, fails, { kind })).toBe("fast");
    expect(store.choices).toEqual({ k1: "fast", [kind]: "fast" });
    expect(new Tuner(store).choose("k3", ["slow", "fast"], same, fails, { kind })).toBe("fast");
    const isWorth = (name: string): boolean => name !== "fast";
    expect(tuner.choose("k4", ["slow", "fast"], same, run, { isWorth })).toBe("slow");
    const known = new Tuner(remembered({ k5: "fast" }));
    expect(known.choose("k5", ["slow", "fast"], same, fails, { isWorth })).toBe("fast");
  });

  describe("by a clock of its own", () => {
    let clock = 0;
    beforeEach(() => void vi.spyOn(performance, "now").mockImplementation(() => clock));
    afterEach(() => void vi.restoreAllMocks());

    test("is not misled by a moment in which the machine does something else", () => {
      let moment = 3;
      const timed = (name: string): void => {
        const isDisturbed = name === "fast" && moment-- > 0;
        clock += isDisturbed ? 4 : name === "fast" ? 0.5 : 1;
      };
      expect(new Tuner(remembered()).choose("k", ["slow", "fast"], same, timed)).toBe("fast");
    });

    test("does not repeat what takes long", () => {
      let runs = 0;
      const long = (): void => {
        runs++;
        clock += 10;
      };
      new Tuner(remembered()).choose("k", ["first", "second"], same, long);
      expect(runs).toBe(6);
    });
  });

  test("tries nothing that it remembers, or that stands alone", () => {
    const never = (): void => expect.fail("a trial");
    const tuner = new Tuner(remembered({ k: "slow" }));
    expect(tuner.choose("k", ["fast", "slow"], same, never)).toBe("slow");
    expect(tuner.choose("other", ["only"], same, never)).toBe("only");
    expect(new Tuner().choose("k", ["first", "fast"], same, never)).toBe("first");
  });

  test("of several together, takes what the first knows, but its own choices before", () => {
    const never = (): void => expect.fail("a trial");
    const tuner = new Tuner(remembered({ k: "slow" }), { k: "fast", other: "slow" });
    expect(tuner.choose("k", ["fast", "slow"], same, never)).toBe("slow");
    expect(tuner.choose("other", ["fast", "slow"], same, never)).toBe("slow");
    expect(tuningFileOf("/a/tuning.json", "rank-1-of-2")).toBe("/a/tuning.rank-1-of-2.json");
  });

  test("leaves out what cannot be made, and what it remembers that is not known any more", () => {
    const make = (name: string): string => {
      if (name === "fast") throw new Error("not for this shape");
      return name;
    };
    expect(new Tuner(remembered()).choose("k", ["slow", "fast"], make, run)).toBe("slow");
    const old = new Tuner(remembered({ k: "gone" }));
    expect(old.choose("k", ["slow", "fast"], make, run)).toBe("slow");
    const nothing = (): never => make("fast") as never;
    expect(() => new Tuner(remembered()).choose("k", ["a", "b"], nothing, run)).toThrow(
      "none of a, b can be made for k.",
    );
  });
});

describe("a tuning file", () => {
  const lines: string[] = [];
  const log = (_level: string, _from: string, line: string): void => void lines.push(line);
  const at = (path: string, machine = "this cpu") => new TuningFile(path, machine, log);
  const write = (path: string, choices: Choices, machine?: string): void => {
    const file = at(path, machine);
    file.write(choices);
    file.flush();
  };
  const held = (path: string): Record<string, Choices> => JSON.parse(readFileSync(path, "utf8"));
  beforeEach(() => lines.splice(0));

  test("is written a moment later, once; who reads in the same process knows it before", async () => {
    const path = join(folder, "tuning.json");
    const file = at(path);
    for (let i = 0; i < 100; i++) file.write({ [`k${i}`]: "direct" });
    expect(existsSync(path)).toBe(false);
    expect(Object.keys(at(path).read())).toHaveLength(100);
    expect(at(path, "another cpu").read()).toEqual({});
    await expect.poll(() => existsSync(path), { timeout: 5000 }).toBe(true);
    expect(Object.keys(held(path)["this cpu"] ?? {})).toHaveLength(100);
    expect(at(path).read()).toEqual(held(path)["this cpu"]);
  });

  test("keeps the newest choices and machines, and no more", () => {
    const path = join(folder, "tuning.json");
    write(path, Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, "direct"])));
    write(path, { last: "winograd" });
    const choices = Object.keys(at(path).read());
    expect(choices).toHaveLength(4096);
    expect([choices[0], choices.at(-1)]).toEqual(["k905", "last"]);
    for (let i = 0; i < 70; i++) write(path, { a: "direct" }, `cpu ${i}`);
    const machines = Object.keys(held(path));
    expect(machines).toHaveLength(32);
    expect([machines[0], machines.at(-1)]).toEqual(["cpu 38", "cpu 69"]);
  });

  test("loses nothing where many processes end at once, and no lock is left", async () => {
    const path = join(folder, "tuning.json");
    const module = new URL("../../../src/engines/native/tuning-file.ts", import.meta.url).href;
    const program = `
      import { TuningFile } from "${module}";
      const file = new TuningFile(process.argv[1], "this cpu", console.log);
      for (let i = 0; i < 50; i++) file.write({ [process.pid + " " + i]: "direct" });`;
    const args = ["--import", "tsx", "--input-type=module", "-e", program, path];
    const ends = Array.from({ length: 4 }, () => once(spawn(process.execPath, args), "exit"));
    expect((await Promise.all(ends)).map(([code]) => code as number)).toEqual([0, 0, 0, 0]);
    expect(Object.keys(at(path).read())).toHaveLength(200);
    expect(readdirSync(folder)).toEqual(["tuning.json"]);
  });

  test("that another process writes waits for it, but not for one that was killed", () => {
    const path = join(folder, "tuning.json");
    const lock = `${path}.lock`;
    writeFileSync(lock, "");
    // However long this machine takes until then.
    const later = Date.now() / 1000 + 3600;
    utimesSync(lock, later, later);
    const file = at(path);
    file.write({ a: "direct" });
    file.flush(0);
    expect(existsSync(path)).toBe(false);
    expect(at(path).read()).toEqual({ a: "direct" });
    file.flush();
    expect(held(path)).toEqual({ "this cpu": { a: "direct" } });
    expect(existsSync(lock)).toBe(true);
    utimesSync(lock, 1, 1);
    write(path, { b: "direct" });
    expect(existsSync(lock)).toBe(false);
    expect(lines).toEqual([]);
  });

  test("keeps choices apart for each machine, and those of others", () => {
    const path = join(folder, "deep", "tuning.json");
    write(path, { a: "direct" });
    write(path, { a: "winograd" }, "another cpu");
    write(path, { b: "winograd" });
    expect(at(path).read()).toEqual({ a: "direct", b: "winograd" });
    expect(at(path, "another cpu").read()).toEqual({ a: "winograd" });
    expect(at(path, "a third").read()).toEqual({});
    expect(readdirSync(join(folder, "deep"))).toEqual(["tuning.json"]);
    expect(lines).toEqual([]);
  });

  test.each(['{ "a": ', "[]", "null", '{"this cpu": {"a": 1}}', '{"this cpu": 3}'])(
    "that holds %s is left out with a word, and replaced",
    (text) => {
      const path = join(folder, "tuning.json");
      writeFileSync(path, text);
      expect(at(path).read()).toEqual({});
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^Algorithms are tried again: .*tuning\.json is damaged/);
      write(path, { a: "direct" });
      expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ "this cpu": { a: "direct" } });
    },
  );

  test("that cannot be written is given up with one word", () => {
    const blocked = join(folder, "file");
    writeFileSync(blocked, "");
    const file = at(join(blocked, "tuning.json"));
    for (const a of ["direct", "winograd"]) {
      file.write({ a });
      file.flush();
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("cannot be made: ");
  });

  test("lies in the user's folder for caches", () => {
    expect(defaultTuningFile({ XDG_CACHE_HOME: "/c" })).toBe("/c/caffe-ts/tuning.json");
    expect(defaultTuningFile({})).toMatch(/\/\.cache\/caffe-ts\/tuning\.json$/);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "of a user whom the system does not know lies elsewhere",
    () => {
      const module = new URL("../../../src/engines/native/tuning-file.ts", import.meta.url).href;
      const program = `
      import { defaultTuningFile } from "${module}";
      process.setuid(54321);
      console.log(defaultTuningFile({}));`;
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "-e", program],
        { encoding: "utf8", env: { TMPDIR: folder } },
      );
      expect(stdout, stderr).toBe(`${folder}/.cache/caffe-ts/tuning.json\n`);
    },
  );
});
