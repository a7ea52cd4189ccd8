import type { Board, Pen } from "./board.ts";

/** Pixels of a key's step. */
const STEP = 10;
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

let isDown = false;

/** Draws by a key; whether it is one that does. */
export function keyMove(board: Board, key: string, pen: Pen): boolean {
  const [x, y] = board.last;
  const step = Object.hasOwn(STEPS, key) ? STEPS[key] : undefined;
  if (key === "Delete" || key === "Backspace") board.clear();
  else if (key === " ") {
    isDown = pen !== "fill" && !isDown;
    if (isDown || pen === "fill") board.begin([x, y], pen);
  } else if (step) {
    const to = [x + step[0], y + step[1]] as const;
    if (isDown) board.goOn(to);
    else board.move(to);
  } else return false;
  return true;
}
