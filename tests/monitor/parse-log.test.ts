import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseLog, tableText } from "../../src/monitor/parse-log.ts";

const line = (time: string, message: string): string =>
  `I${time} 12345 solver.cpp:204] ${message}\n`;

const plain = (rows: readonly ReadonlyMap<string, number>[]): Record<string, number>[] =>
  rows.map((row) => Object.fromEntries(row));

describe("parseLog", () => {
  test("counts seconds from Solving, over midnight, New Year and a leap day", () => {
    const text =
      "Log file created at: 2023/12/31 23:59:00\n" +
      line("1231 23:59:50.000000", "Solving N") +
      line("1231 23:59:59.500000", "Iteration 0, loss = 1") +
      line("1231 23:59:59.500000", "    Train net output #0: loss = 1 (* 1 = 1 loss)") +
      line("0101 00:00:10.250000", "Iteration 10, loss = 0.5") +
      line("0101 00:00:10.250000", "    Train net output #0: loss = 0.5 (* 1 = 0.5 loss)") +
      line("0301 00:00:00.000000", "Iteration 20, loss = 0.1") +
      line("0301 00:00:00.000000", "    Train net output #0: loss = 0.1 (* 1 = 0.1 loss)");
    expect(parseLog(text).train.map((row) => row.get("Seconds"))).toEqual([
      9.5,
      20.25,
      60 * 86400 + 10,
    ]);
  });

  test("takes nan and inf for numbers, and forgets no last row", () => {
    const text =
      line("0101 00:00:00.000000", "Solving N") +
      line("0101 00:00:01.000000", "Iteration 0 (2 iter/s, 1s/10 iters), loss = nan") +
      line("0101 00:00:01.000000", "    Train net output #0: loss = nan (* 1 = nan loss)") +
      line("0101 00:00:01.000000", "    Train net output #1: other = -inf") +
      line("0101 00:00:01.000000", "Iteration 0, lr = 1e-05") +
      line("0101 00:00:02.000000", "Iteration 10 (2 iter/s, 1s/10 iters), loss = 3") +
      line("0101 00:00:02.000000", "    Train net output #0: loss = 3 (* 1 = 3 loss)");
    expect(plain(parseLog(text).train)).toEqual([
      {
        NumIters: 0,
        Seconds: 1,
        LearningRate: 1e-5,
        loss: Number.NaN,
        other: Number.NEGATIVE_INFINITY,
      },
      { NumIters: 10, Seconds: 2, LearningRate: 1e-5, loss: 3 },
    ]);
  });

  test("reads what Windows writes, and stamps behind others", () => {
    const other = (text: string): string => `2023-01-01T00:00:00Z worker-1 ${text}`;
    const text =
      other(line("0101 00:00:00.000000", "Solving N")) +
      other(line("0101 00:00:05.000000", "Iteration 0, loss = 1.#QNAN")) +
      other(line("0101 00:00:05.000000", "    Train net output #0: a = -1.#IND")) +
      other(
        line("0101 00:00:05.000000", "    Train net output #1: b = 1.#INF (* 1 = 1.#INF loss)"),
      ) +
      other(line("0101 00:00:05.000000", "    Train net output #2: c = -1.#INF")) +
      other(line("0101 00:00:05.000000", "    Train net output #3: d = -nan(ind)")) +
      other(line("0101 00:00:05.000000", "    Train net output #4: two words = 0.5"));
    expect(plain(parseLog(text).train)).toEqual([
      {
        NumIters: 0,
        Seconds: 5,
        LearningRate: Number.NaN,
        a: Number.NaN,
        b: Number.POSITIVE_INFINITY,
        c: Number.NEGATIVE_INFINITY,
        d: Number.NaN,
        "two words": 0.5,
      },
    ]);
  });

  test("gives each output of one name a column", () => {
    const report = (iteration: number, ...values: number[]): string =>
      line("0101 00:00:01.000000", `Iteration ${iteration}, Testing net (#0)`) +
      values
        .map((value, i) =>
          line(
            "0101 00:00:01.000000",
            `    Test net output #${i}: ${i < 3 ? "class" : "acc"} = ${value}`,
          ),
        )
        .join("");
    const rows = plain(parseLog(report(0, 1, 2, 3, 4) + report(10, 5, 6, 7, 8)).test);
    expect(rows.map((row) => [row["class"], row["class[1]"], row["class[2]"], row["acc"]])).toEqual(
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    );
  });

  test("believes no name", () => {
    const text =
      line("0101 00:00:01.000000", "Iteration 0, loss = 1") +
      line("0101 00:00:01.000000", "    Train net output #0: loss = 1") +
      line("0101 00:00:01.000000", "Creating Layer Iteration 7, loss = 5") +
      '  name: "Iteration 8, Train net output #0: loss = 6"\n';
    expect(plain(parseLog(text).train).map((row) => [row["NumIters"], row["loss"]])).toEqual([
      [0, 1],
    ]);
  });

  test("keeps test nets apart", () => {
    const text =
      line("0101 00:00:00.000000", "Solving N") +
      line("0101 00:00:01.000000", "Iteration 0, Testing net (#0)") +
      line("0101 00:00:01.000000", "    Test net output #0: accuracy = 0.5") +
      line("0101 00:00:01.000000", "Iteration 0, Testing net (#1)") +
      line("0101 00:00:01.000000", "    Test net output #0: accuracy = 0.25");
    expect(plain(parseLog(text).test)).toEqual([
      { NumIters: 0, Seconds: 1, LearningRate: Number.NaN, accuracy: 0.5, "accuracy#1": 0.25 },
    ]);
  });

  test("reads NVCaffe's lines, and Windows' line ends", () => {
    const text =
      line("0101 00:00:00.000000", "Solving N").replace("\n", "\r\n") +
      line("0101 00:00:01.000000", "[0] Iteration 50 (2.25 iter/s, 21.2s/48 iter), loss = 3.22\r") +
      line("0101 00:00:01.000000", "    Train net output #0: loss = 3.22 (* 1 = 3.22 loss)\r") +
      line(
        "0101 00:00:01.000000",
        "Iteration 50, lr = 0.0001, m = 0.9, lrm = 0.1, wd = 0.0004, gs = 1\r",
      ) +
      line("0101 00:00:02.000000", "Iteration 100 (2.25 iter/s, 21.2s/48 iter), loss = 3\r") +
      line("0101 00:00:02.000000", "    Train net output #0: loss = 3 (* 1 = 3 loss)\r");
    expect(plain(parseLog(text).train)).toMatchObject([
      { NumIters: 50, LearningRate: 0.0001, loss: 3.22 },
      { NumIters: 100, LearningRate: 0.0001, loss: 3 },
    ]);
  });

  test("finds nothing in what is no log", () => {
    expect(parseLog("")).toEqual({ train: [], test: [] });
    expect(parseLog("Train net output #0: loss = 3\n")).toEqual({ train: [], test: [] });
  });

  const recorded = "tests/golden/cases/solvers/sgd_09_itersize3_clip/caffe_train.log";
  test.skipIf(!existsSync(recorded))("reads the log that BVLC Caffe wrote", () => {
    const { train } = parseLog(readFileSync(recorded, "utf8"));
    expect(train.map((row) => row.get("NumIters"))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(train.map((row) => row.get("LearningRate")).slice(2)).toBeAllClose(
      [0.3, 0.3, 0.15, 0.075, 0.075, 0.0375, 0.0375, 0.0375],
      { rtol: 1e-5 },
    );
  });
});

test("tableText gives every column a name and leaves unknown cells empty", () => {
  const rows = [
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
    new Map([
      ["a", 3],
      ["c", Number.NaN],
    ]),
  ];
  expect(tableText(rows)).toBe("a,b,c\n1,2,\n3,,NaN\n");
  expect(tableText(rows, ";")).toBe("a;b;c\n1;2;\n3;;NaN\n");
});
