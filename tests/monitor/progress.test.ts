import { expect, test } from "vitest";
import { clock, ProgressBar, progressText } from "../../src/monitor/progress.ts";

test("the bar tells iteration, loss, speed, images and the time left, within the terminal's width", () => {
  const text = progressText({ iter: 50, maxIter: 200, smoothedLoss: 0.123456 }, 10, 64, 100);
  expect(text).toContain("50/200  loss 0.1235  10.0 it/s  640 images/s  ETA 0:15");
  expect(text).toMatch(/^\[█+·+\]/);
  for (const columns of [20, 40, 60, 100, 200]) {
    expect(
      progressText({ iter: 1, maxIter: 2, smoothedLoss: 1 }, 1, 1, columns).length,
    ).toBeLessThan(columns);
  }
});

test("times are written as clocks write them", () => {
  expect([0, 59.6, 61, 3723].map(clock)).toEqual(["0:00", "1:00", "1:01", "1:02:03"]);
});

test("lines are written above the bar, which is drawn again", () => {
  let screen = "";
  const bar = new ProgressBar(
    {
      columns: 80,
      write: (text) => {
        screen += text;
      },
    },
    0,
  );
  bar.above("a line\n");
  expect(screen).toBe("\r\x1b[Ka line\n");
  const event = { loss: 1, smoothedLoss: 1, rate: 1, maxIter: 2 };
  bar.onIteration({ ...event, iter: 1 });
  bar.onIteration({ ...event, iter: 2 });
  expect(screen).toContain("2/2  loss 1.000");
  bar.onStop();
  expect(screen.endsWith("\n")).toBe(true);
});
