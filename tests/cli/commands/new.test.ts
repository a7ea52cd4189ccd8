// caffe new, and what goes with it: training, testing, classifying and finetuning without an edit.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { datasetInfo } from "../../../src/io/dataset/info.ts";
import { rawRecordsOf } from "../../../src/io/db/records.ts";
import { readNetParameter, readSolverParameter } from "../../../src/io/text/read-net.ts";
import { caffeHere, startCaffe } from "../../support/cli.ts";
import { drawFolder, FIGURE_NAMES } from "../../support/drawn-pictures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const made = async (...args: string[]) => caffeHere(["new", ...args], folder);

beforeAll(async () => {
  await drawFolder(at("pictures"), 30);
  await drawFolder(at("few"), 6, ["disc", "ring"]);
});

describe("from a folder of pictures", () => {
  test("to a net that tells them apart, with three commands", async () => {
    const { status, stderr } = await made(
      ..."run --images=pictures --model=cifar10_quick --epochs=30".split(" "),
    );
    expect(stderr).toContain("4 classes: cross, disc, ring, square. Pictures: train 96, val 24.");
    expect(status).toBe(0);
    expect(readdirSync(at("run")).sort()).toEqual(
      "README.md deploy.prototxt labels.txt mean.binaryproto run.json solver.prototxt train.txt train_lmdb train_val.prototxt val.txt val_lmdb".split(
        " ",
      ),
    );
    const run = await startCaffe(["train", "--solver=run/solver.prototxt"], folder).ended;
    expect(run.status, run.stderr).toBe(0);
    const weights = "run/cifar10_quick_iter_90.caffemodel";
    const scored = await caffeHere(
      ["test", "--model=run/train_val.prototxt", `--weights=${weights}`, "--iterations=1"],
      folder,
    );
    expect(Number(/\] accuracy = (\S+)/.exec(scored.stderr)?.[1])).toBeGreaterThanOrEqual(0.8);

    // Classifying finds the same net, labels and preparation, so it is right as often.
    const { stdout } = await caffeHere(
      ["classify", weights, "run/val.txt", "--root=pictures", "--csv", "--top=1"],
      folder,
    );
    const rows = stdout.trim().split("\n").slice(1);
    const right = rows.filter((row) => {
      const [file = "", label] = row.split(",");
      return file.split("/")[1] === label;
    });
    expect(rows).toHaveLength(24);
    expect(right.length / 24).toBeCloseTo(
      Number(/\] accuracy = (\S+)/.exec(scored.stderr)?.[1]),
      5,
    );
  }, 240_000);

  test("finetuning goes on from what was trained, and all but the last layer take weights over", async () => {
    const weights = "--weights=run/cifar10_quick_iter_90.caffemodel";
    const { status, stderr } = await made("more", "--images=few", weights, "--epochs=1");
    expect(stderr).toContain("These layers begin anew: ip2_more.");
    expect(status).toBe(0);
    const net = readNetParameter(at("more/train_val.prototxt"));
    const last = net.layer?.find(({ name }) => name === "ip2_more");
    expect(last?.param?.map(({ lr_mult }) => lr_mult)).toEqual([10, 20]);
    expect(last?.inner_product_param?.num_output).toBe(2);
    expect(readNetParameter(at("more/deploy.prototxt")).layer?.map(({ name }) => name)).toContain(
      "ip2_more",
    );
    // Pictures are prepared as for the weights.
    const run = JSON.parse(readFileSync(at("more/run.json"), "utf8")) as { mean_value: unknown };
    expect(run.mean_value).toEqual(
      (JSON.parse(readFileSync(at("run/run.json"), "utf8")) as typeof run).mean_value,
    );
    expect(existsSync(at("more/mean.binaryproto"))).toBe(false);
    const trained = await caffeHere(["train", "--solver=more/solver.prototxt"], folder);
    expect(trained.status, trained.stderr).toBe(0);
    expect(trained.stderr).toMatch(
      /Copied .* of net "CIFAR10_quick" from run\/cifar10_quick_iter_90/,
    );
  }, 240_000);
});

describe("what is made", () => {
  test("is as the lists say, the same for a seed, and each class is in both parts", async () => {
    for (const name of ["a", "b"]) {
      expect((await made(name, "--images=pictures", "--model=lenet", "--seed=5")).status).toBe(0);
    }
    const list = (run: string, part: string): string[] =>
      readFileSync(at(`${run}/${part}.txt`), "utf8")
        .trim()
        .split("\n");
    expect(list("a", "train")).toEqual(list("b", "train"));
    for (const part of ["train", "val"]) {
      const labels = list("a", part).map((line) => line.split(" ")[1]);
      const counts = FIGURE_NAMES.map((_, k) => labels.filter((label) => label === `${k}`).length);
      expect(counts).toEqual(part === "train" ? [24, 24, 24, 24] : [6, 6, 6, 6]);
      const { labels: stored, shapes } = datasetInfo(at(`a/${part}_lmdb`), () => {});
      expect([...stored.values()]).toEqual(counts);
      expect([...shapes.keys()].join()).toMatch(/1×32×32/);
    }
    expect(list("a", "train").filter((line) => list("a", "val").includes(line))).toEqual([]);
    expect((await made("c", "--images=pictures", "--model=lenet", "--seed=6")).status).toBe(0);
    expect(list("c", "val")).not.toEqual(list("a", "val"));
  });

  test("fits the pictures: batches hold the tested ones exactly, and five classes need no top five", async () => {
    const solver = readSolverParameter(at("a/solver.prototxt"));
    const net = readNetParameter(at("a/train_val.prototxt"));
    const batches = net.layer?.map(({ data_param }) => data_param?.batch_size);
    expect(Number(batches?.[1]) * Number(solver.test_iter?.[0])).toBe(24);
    expect((await made("d", "--images=pictures", "--size=64")).status).toBe(0);
    const tops = readNetParameter(at("d/train_val.prototxt")).layer?.map(({ name }) => name);
    expect(tops).toContain("accuracy");
    expect(tops).not.toContain("accuracy_top5");
  });

  test("what the page says can be run by hand", async () => {
    const page = readFileSync(at("a/README.md"), "utf8");
    const lines = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, text = ""]) =>
      text.trim().split("\n"),
    );
    for (const line of lines.filter((one) => /convert_imageset|mean|models/.test(one))) {
      for (const part of ["train", "val"]) {
        if (line.endsWith(`${part}_lmdb`)) rmSync(at(`a/${part}_lmdb`), { recursive: true });
      }
      const { status, stderr } = await caffeHere(line.split(" ").slice(1), folder);
      expect(status, stderr).toBe(0);
    }
    for (const name of ["train_lmdb", "val_lmdb", "mean.binaryproto"]) {
      const [one, two] = ["a", "b"].map((run) => {
        const path = at(`${run}/${name}`);
        if (!name.endsWith("lmdb")) return readFileSync(path, "base64");
        return Array.from(rawRecordsOf(path), ({ key, value }) => [key, value.slice()]);
      });
      expect(one, name).toEqual(two);
    }
  });

  test("folders train, val and test stay apart", async () => {
    for (const [k, part] of ["train", "val", "test"].entries()) {
      for (const name of ["disc", "ring"]) {
        mkdirSync(at(`parts/${part}/${name}`), { recursive: true });
        for (let i = 2 * k; i < 2 * k + 2; i++) {
          cpSync(at(`few/${name}/00${i}.png`), at(`parts/${part}/${name}/${i}.png`));
        }
      }
    }
    const { status, stderr } = await made("e", "--images=parts", "--model=lenet");
    expect(stderr).toContain("Pictures: train 4, val 4, test 4.");
    expect(status).toBe(0);
    expect(readFileSync(at("e/test.txt"), "utf8")).toContain("test/disc/4.png 0\n");
    const net = readNetParameter(at("e/train_val.prototxt"));
    expect(net.layer?.slice(0, 3).map(({ include }) => include)).toEqual([
      [{ phase: "TRAIN" }],
      [{ phase: "TEST", not_stage: ["test"] }],
      [{ phase: "TEST", stage: ["test"] }],
    ]);
  });

  test("a table names pictures and classes", async () => {
    const rows = ["disc", "ring"].flatMap((name) =>
      [0, 1, 2, 3].map((i) => `"${name}, drawn",few/${name}/00${i}.png`),
    );
    writeFileSync(at("table.csv"), `class,path\n${rows.join("\n")}\n`);
    expect((await made("f", "--images=table.csv", "--model=lenet")).status).toBe(0);
    expect(readFileSync(at("f/labels.txt"), "utf8")).toBe("disc, drawn\nring, drawn\n");
  });
});

test("a database of images and labels is made files first, with names for its labels", async () => {
  const root = `${folder}/`;
  const list = ["disc", "ring"].flatMap((name, label) =>
    [0, 1, 2].map((i) => `few/${name}/00${i}.png ${label}\n`),
  );
  writeFileSync(at("few.txt"), list.join(""));
  const convert = ["convert_imageset", "--resize_height=40", "--resize_width=40"];
  for (const [name, ...more] of [["raw_lmdb"], ["png_lmdb", "--encoded"]] as const) {
    expect((await caffeHere([...convert, ...more, root, at("few.txt"), at(name)])).status).toBe(0);
  }
  writeFileSync(at("names.txt"), "round\nhollow\n");
  const args = ["--model=lenet", "--labels=names.txt", "--val=0.4"];
  for (const [run, source] of [
    ["h", "raw_lmdb"],
    ["i", "png_lmdb"],
  ] as const) {
    const { status, stderr } = await made(run, `--images=${source}`, ...args);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("2 classes: hollow, round. Pictures: train 4, val 2.");
  }
  expect(readdirSync(at("h/pictures"))).toHaveLength(6);
  expect(readFileSync(at("h/README.md"), "utf8")).toMatch(
    / h\/pictures\/ h\/train\.txt h\/train_lmdb$/m,
  );
  const values = ["h", "i"].map((run) =>
    Array.from(rawRecordsOf(at(`${run}/train_lmdb`)), ({ key, value }) => [key, value.slice()]),
  );
  expect(values[0]).toEqual(values[1]);
  const { stderr } = await made("j", "--images=raw_lmdb", "--labels=few/none.txt");
  expect(stderr).toContain("few/none.txt");
  writeFileSync(at("one.txt"), "round\n");
  const unnamed = await made("j", "--images=raw_lmdb", "--labels=one.txt");
  expect(unnamed.stderr).toMatch(
    /raw_lmdb: key "\d+_few\/ring\/000\.png": label 1 has no name in one\.txt/,
  );
  const loose = await made("j", "--images=few", "--labels=names.txt");
  expect(loose.stderr).toContain("--labels names the labels of a database or of --masks");
  expect(existsSync(at("j"))).toBe(false);
});

test("caffe train makes a run of pictures and trains it, in a folder that is new each time", async () => {
  for (const name of ["few", "few-2"]) {
    const args = ["train", "--images=few", "--model=lenet", "--epochs=1"];
    const { status, stderr } = await caffeHere(args, folder);
    expect(status, stderr).toBe(0);
    expect(existsSync(at(`runs/${name}/lenet_iter_1.caffemodel`))).toBe(true);
  }
  const again = await caffeHere(["train", "runs/few/solver.prototxt"], folder);
  expect(again.status).toBe(0);
  expect(again.stderr).toContain("Optimization Done.");
});

describe("what is wrong", () => {
  test("damaged pictures are named and left out", async () => {
    cpSync(at("few"), at("hurt"), { recursive: true });
    writeFileSync(at("hurt/disc/000.png"), "no picture");
    const bytes = readFileSync(at("hurt/ring/001.png"));
    writeFileSync(at("hurt/ring/001.png"), bytes.subarray(0, bytes.length / 2));
    const { status, stderr } = await made("g", "--images=hurt", "--model=lenet");
    expect(status).toBe(0);
    expect(stderr).toMatch(/hurt\/disc\/000\.png.* It is left out\./);
    expect(stderr).toMatch(/hurt\/ring\/001\.png.* It is left out\./);
    expect(stderr).toContain("2 damaged pictures are left out.");
    const lists = ["train", "val"]
      .map((part) => readFileSync(at(`g/${part}.txt`), "utf8"))
      .join("");
    expect(lists.trim().split("\n")).toHaveLength(10);
    expect(readFileSync(at("g/README.md"), "utf8")).toContain("hurt/disc/000.png");
  });

  test("each fault is one line, and nothing is left", async () => {
    mkdirSync(at("none/cat"), { recursive: true });
    cpSync(at("few/disc"), at("one/disc"), { recursive: true });
    cpSync(at("few"), at("gap"), { recursive: true });
    mkdirSync(at("gap/void"));
    mkdirSync(at("taken"));
    writeFileSync(at("taken/note.txt"), "mine");
    writeFileSync(at("twice.txt"), "few/disc/000.png 0\nfew/disc/000.png 1\n");
    const before = readdirSync(folder).sort();
    const faults: [args: string[], said: string][] = [
      [["x"], "Need pictures. Give --images=FOLDER."],
      [["x", "--images=nowhere"], '"nowhere" is not there. Expected a folder'],
      [["x", "--images=none"], '"none" holds no picture in its 1 folders'],
      [["x", "--images=few/disc"], '"few/disc" holds 6 pictures and no folder of a class'],
      [["x", "--images=one"], '"one" holds pictures of one class, disc. Expected two or more'],
      [["x", "--images=gap"], "the class void holds no picture"],
      [["x", "--images=twice.txt"], "twice.txt:2: few/disc/000.png is of class 1, and of class 0"],
      [["taken", "--images=few"], '"taken" is not empty. Expected a new folder; --force'],
      [["x", "--images=few", "--val=1.5"], "--val is 1.5. Expected a part between 0 and 1"],
      [["x", "--images=few", "--model=segnet"], 'model "segnet" is for segmentation'],
      [["x", "--images=few", "--size=16"], 'model "squeezenet" does not work on 16×16 pixels'],
      [["x", "--images=few", "--weights=run/labels.txt"], "run/labels.txt: this is text"],
    ];
    for (const [args, said] of faults) {
      const { status, stderr } = await made(...args);
      expect(stderr).toContain(said);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(status).toBe(1);
    }
    expect(readdirSync(folder).sort()).toEqual(before);
    expect(readdirSync(at("taken"))).toEqual(["note.txt"]);
    // Forced, it is made beside what was there.
    const forced = await made("taken", "--images=few", "--model=lenet", "--force");
    expect(forced.status, forced.stderr).toBe(0);
    expect(readFileSync(at("taken/note.txt"), "utf8")).toBe("mine");
    expect(existsSync(at("taken/solver.prototxt"))).toBe(true);
  });

  test("weights of another model are refused", async () => {
    const { stderr } = await made(
      ...[
        "x",
        "--images=few",
        "--weights=run/cifar10_quick_iter_90.caffemodel",
        "--model=resnet18",
      ],
    );
    expect(stderr).toContain("it is of another model than resnet18");
  });
});
