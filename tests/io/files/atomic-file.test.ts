import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test, vi } from "vitest";
import {
  checkWritable,
  PartialFile,
  writeFileAtomically,
  writeFilesAtomically,
} from "../../../src/io/files/atomic-file.ts";
import { isDirectory } from "../../../src/io/files/file-system.ts";
import { removeLeftovers, temporaryOf } from "../../../src/io/files/temporary-file.ts";
import { FileError } from "../../../src/util/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("writeFileAtomically", () => {
  test("writes all chunks and leaves nothing beside them", () => {
    const directory = temporaryFolder();
    const path = join(directory, "a.bin");
    writeFileSync(path, "before");
    writeFileAtomically(path, [bytes("one "), bytes(""), bytes("two")]);
    expect(readFileSync(path, "utf8")).toBe("one two");
    expect(readdirSync(directory)).toEqual(["a.bin"]);
  });

  test("keeps what was there when a chunk cannot be made", () => {
    const directory = temporaryFolder();
    const path = join(directory, "a.bin");
    writeFileSync(path, "before");
    function* chunks(): Generator<Uint8Array> {
      yield bytes("half");
      throw new Error("out of values");
    }
    expect(() => writeFileAtomically(path, chunks())).toThrow(FileError);
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(directory)).toEqual(["a.bin"]);
  });

  test("removes its temporary when the name is taken by a directory", () => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, "a", "b"), { recursive: true });
    expect(() => writeFileAtomically(join(directory, "a"), [bytes("x")])).toThrow(FileError);
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  test("a missing directory is named", () => {
    expect(() => writeFileAtomically("/nowhere/a.bin", [])).toThrow(
      '"/nowhere/a.bin" cannot be written: no such file or directory.',
    );
  });
});

describe("what is behind a name", () => {
  const isRoot = process.getuid?.() === 0;
  /** A device of the name, as /dev/null (3) and /dev/full (7) are; none of the machine's own is touched. */
  const device = (minor: number): string => {
    const path = join(temporaryFolder(), "device");
    expect(spawnSync("mknod", [path, "c", "1", String(minor)]).status).toBe(0);
    return path;
  };
  const fifo = (): string => {
    const path = join(temporaryFolder(), "fifo");
    expect(spawnSync("mkfifo", [path]).status).toBe(0);
    return path;
  };

  test.skipIf(!isRoot)("a device is written to, and stays one", () => {
    const path = device(3);
    writeFileAtomically(path, [bytes("gone")]);
    const link = join(temporaryFolder(), "link");
    symlinkSync(path, link);
    writeFileAtomically(link, [bytes("gone")]);
    const partial = new PartialFile(path);
    writeFileSync(partial.temporary, "gone");
    partial.publishCopy();
    partial.publish();
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
    expect(existsSync(partial.temporary)).toBe(false);
    expect(readdirSync(join(path, ".."))).toEqual(["device"]);
  });

  test.skipIf(!isRoot)("a device that takes no more is an error", () => {
    const path = device(7);
    expect(() => writeFileAtomically(path, [bytes("x")])).toThrow(
      `"${path}" cannot be written: no space is left on the device.`,
    );
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
  });

  test.skipIf(!isRoot)("a disk is refused", () => {
    const path = join(temporaryFolder(), "disk");
    // A loop device's number: nothing stands behind it, and it is never opened.
    expect(spawnSync("mknod", [path, "b", "7", "200"]).status).toBe(0);
    expect(() => writeFileAtomically(path, [bytes("x")])).toThrow("it is a disk. Expected a file");
    expect(lstatSync(path).isBlockDevice()).toBe(true);
  });

  test("a pipe that somebody reads is written to; one that nobody reads is an error", async () => {
    const path = fifo();
    expect(() => writeFileAtomically(path, [bytes("x")])).toThrow("nobody reads it");
    const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "ignore"] });
    const text: string[] = [];
    reader.stdout.on("data", (piece: Buffer) => text.push(String(piece)));
    // Until it has opened the pipe.
    for (let tries = 0; tries < 500; tries++) {
      try {
        writeFileAtomically(path, [bytes("one "), bytes("two")]);
        break;
      } catch {
        await new Promise((done) => setTimeout(done, 10));
      }
    }
    await new Promise((done) => reader.on("close", done));
    expect(text.join("")).toBe("one two");
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  test("more than a pipe holds reaches its reader whole, whose end comes once", async () => {
    for (let round = 0; round < 8; round++) {
      const path = fifo();
      const reader = spawn("sh", ["-c", `cat ${path} | wc -c`], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      let counted = "";
      reader.stdout.on("data", (piece: Buffer) => {
        counted += String(piece);
      });
      const closed = new Promise((done) => reader.on("close", done));
      await vi.waitFor(() => writeFileAtomically(path, [new Uint8Array(100_000)]), {
        timeout: 10_000,
        interval: 5,
      });
      await closed;
      expect(counted.trim()).toBe("100000");
    }
  });

  test("a socket and a folder are refused", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "socket");
    const server = createServer().listen(path);
    await new Promise((done) => server.on("listening", done));
    expect(() => writeFileAtomically(path, [])).toThrow(
      `"${path}" cannot be written: it is a socket`,
    );
    expect(lstatSync(path).isSocket()).toBe(true);
    server.close();
    expect(() => writeFileAtomically(folder, [])).toThrow("it is a directory. Expected a file");
  });

  test("links are followed, one after the other, relative ones from where they lie", () => {
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(there, "file"), "before");
    symlinkSync("file", join(there, "second"));
    symlinkSync(join(there, "second"), join(here, "first"));
    writeFileAtomically(join(here, "first"), [bytes("after")]);
    expect(readFileSync(join(there, "file"), "utf8")).toBe("after");
    expect(readlinkSync(join(here, "first"))).toBe(join(there, "second"));
    expect(readdirSync(here)).toEqual(["first"]);
    expect(readdirSync(there).sort()).toEqual(["file", "second"]);
  });

  test("a link to what is not there yet makes it; a partial file too", () => {
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    symlinkSync(join(there, "new"), join(here, "link"));
    writeFileAtomically(join(here, "link"), [bytes("x")]);
    expect(readFileSync(join(there, "new"), "utf8")).toBe("x");
    unlinkSync(join(there, "new"));
    const partial = new PartialFile(join(here, "link"));
    writeFileSync(partial.temporary, "y");
    partial.publish();
    expect(readFileSync(join(there, "new"), "utf8")).toBe("y");
    expect(lstatSync(join(here, "link")).isSymbolicLink()).toBe(true);
  });

  test("links in a circle are an error in one line", () => {
    const folder = temporaryFolder();
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    symlinkSync(a, b);
    symlinkSync(b, a);
    for (const path of [a, join(a, "file")]) {
      expect(() => writeFileAtomically(path, [])).toThrow(FileError);
      expect(() => writeFileAtomically(path, [])).toThrow("its links lead in a circle.");
      expect(isDirectory(path)).toBe(false);
    }
    expect(() => checkWritable(join(a, "lenet"))).toThrow("(its links lead in a circle)");
  });

  test("a part that is a file, a name that is too long, a zero byte: each is an error in one line", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    for (const [path, reason] of [
      [join(folder, "file", "x"), "a part of the path is not a directory"],
      [join(folder, "n".repeat(300)), "too long"],
      [join(folder, "a\0b"), "a character that no file system takes"],
    ] as const) {
      for (const act of [
        () => writeFileAtomically(path, [bytes("x")]),
        () => new PartialFile(path),
        () => checkWritable(path),
      ]) {
        expect(act).toThrow(FileError);
        expect(act).toThrow(reason);
      }
    }
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("a name as long as a name may be is written", () => {
    const path = join(temporaryFolder(), "ü".repeat(127));
    writeFileAtomically(path, [bytes("x")]);
    expect(readFileSync(path, "utf8")).toBe("x");
  });

  test("mode and owner are kept", () => {
    const path = join(temporaryFolder(), "shared");
    writeFileSync(path, "before");
    chmodSync(path, 0o664);
    if (isRoot) chownSync(path, 12345, 23456);
    writeFileAtomically(path, [bytes("after")]);
    const partial = new PartialFile(path);
    partial.publishCopy();
    const { mode, uid, gid } = statSync(path);
    expect(mode & 0o7777).toBe(0o664);
    if (isRoot) expect([uid, gid]).toEqual([12345, 23456]);
    partial.publish();
    expect(statSync(path)).toMatchObject({ mode, uid, gid });
  });

  test("standard output is written to where it goes", () => {
    const script = `
      const { writeFileAtomically } = await import(${JSON.stringify(pathToFileURL("dist/io/files/atomic-file.js").href)});
      console.log("before");
      writeFileAtomically("/dev/stdout", [Buffer.from("written\\n")]);
      console.log("after");`;
    const path = join(temporaryFolder(), "out");
    const run = (to: string) =>
      spawnSync("bash", ["-c", `${process.execPath} --input-type=module -e '${script}' ${to}`], {
        encoding: "utf8",
      });
    expect(run(`> ${path}`)).toMatchObject({ stderr: "", status: 0 });
    expect(readFileSync(path, "utf8")).toBe("before\nwritten\nafter\n");
    expect(run("| cat").stdout).toBe("before\nwritten\nafter\n");
  });
});

describe("writeFilesAtomically", () => {
  test("puts back what it has renamed where a later one cannot be", () => {
    const folder = temporaryFolder();
    const paths = ["a", "b", "c"].map((name) => join(folder, name));
    writeFileSync(paths[0] as string, "before");
    function* blocked(): Generator<Uint8Array> {
      yield bytes("c");
      mkdirSync(paths[2] as string);
    }
    const write = (): void =>
      writeFilesAtomically([
        { path: paths[0] as string, chunks: [bytes("a")] },
        { path: paths[1] as string, chunks: [bytes("b")] },
        { path: paths[2] as string, chunks: blocked() },
      ]);
    expect(write).toThrow(`"${paths[2]}" cannot be written: it is a directory.`);
    expect(readFileSync(paths[0] as string, "utf8")).toBe("before");
    expect(readdirSync(folder).sort()).toEqual(["a", "c"]);
  });

  test("leaves nothing but the files where all goes well", () => {
    const folder = temporaryFolder();
    const files = ["a", "b"].map((name) => ({ path: join(folder, name), chunks: [bytes(name)] }));
    for (let i = 0; i < 2; i++) writeFilesAtomically(files);
    expect(readdirSync(folder).sort()).toEqual(["a", "b"]);
    expect(readFileSync(join(folder, "b"), "utf8")).toBe("b");
  });
});

describe("what a writer has left", () => {
  /** The temporary file of a process of this machine, or of another. */
  const leftBy = (path: string, pid: number, machine?: string): string => {
    const own = temporaryOf(path).replace(`-${process.pid}-`, `-${pid}-`);
    const name = machine === undefined ? own : own.replace(/tmp-\w{8}/, `tmp-${machine}`);
    writeFileSync(name, "half");
    return name;
  };
  const ended = (): number => spawnSync("true").pid;

  test("is removed where its process has ended, and kept where it runs", () => {
    const prefix = join(temporaryFolder(), "lenet");
    const gone = leftBy(`${prefix}_iter_1.caffemodel`, ended());
    const running = leftBy(`${prefix}_iter_2.caffemodel`, process.ppid);
    const other = leftBy(`${prefix}2_iter_2.caffemodel`, ended());
    removeLeftovers(prefix);
    expect([gone, running, other].map(existsSync)).toEqual([false, true, true]);
  });

  test("is kept where its process is of another machine or container, until nobody has touched it for a week", () => {
    const prefix = join(temporaryFolder(), "lenet");
    const fresh_ = leftBy(`${prefix}_iter_1.caffemodel`, ended(), "0123abcd");
    const old = leftBy(`${prefix}_iter_2.caffemodel`, ended(), "0123abcd");
    const week = Date.now() / 1000 - 8 * 24 * 3600;
    utimesSync(old, week, week);
    removeLeftovers(prefix);
    expect([fresh_, old].map(existsSync)).toEqual([true, false]);
  });

  test("of a partial file goes with the next one of its name", () => {
    const path = join(temporaryFolder(), "x.h5");
    const [gone, elsewhere] = [leftBy(`${path}.1`, ended()), leftBy(`${path}.2`, 1, "0123abcd")];
    const [first, second] = [new PartialFile(path), new PartialFile(path)];
    expect(existsSync(first.temporary)).toBe(true);
    expect([gone, elsewhere].map(existsSync)).toEqual([false, true]);
    for (const partial of [first, second]) partial.discard();
  });
});

test("checkWritable leaves nothing, and throws where nothing can be written", () => {
  const directory = temporaryFolder();
  checkWritable(join(directory, "lenet"));
  expect(readdirSync(directory)).toEqual([]);
  expect(() => checkWritable(join(directory, "none", "lenet"))).toThrow(FileError);
});
