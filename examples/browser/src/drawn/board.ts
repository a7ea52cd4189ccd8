/** What a touch of the board does. */
export type Pen = "draw" | "fill" | "erase";

type Point = readonly [x: number, y: number];

/** Widths of lines. */
const WIDTHS: Readonly<Record<Pen, number>> = { draw: 18, fill: 0, erase: 30 };

/** A canvas that is drawn on, white on black. */
export class Board {
  readonly #context: CanvasRenderingContext2D;
  readonly #side: number;
  #last: Point;
  #pen: Pen = "draw";

  constructor(canvas: HTMLCanvasElement) {
    this.#context = canvas.getContext("2d", {
      willReadFrequently: true,
    }) as CanvasRenderingContext2D;
    this.#side = canvas.width;
    this.#last = [this.#side / 2, this.#side / 2];
    this.clear();
  }

  /** Where the pen is. */
  get last(): Point {
    return this.#last;
  }

  clear(): void {
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, this.#side, this.#side);
  }

  /** Puts the pen down. */
  begin(point: Point, pen: Pen): void {
    [this.#last, this.#pen] = [point, pen];
    if (pen === "fill") this.#fill(point);
    else this.goOn(point);
  }

  /** Draws from where the pen was. */
  goOn(point: Point): void {
    if (this.#pen === "fill") return;
    const context = this.#context;
    context.strokeStyle = this.#pen === "erase" ? "#000" : "#fff";
    context.lineWidth = WIDTHS[this.#pen];
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...this.#last);
    context.lineTo(...point);
    context.stroke();
    this.#last = point;
  }

  /** Moves the pen without drawing. */
  move(point: Point): void {
    this.#last = point;
  }

  /** Makes white what is dark around a point, up to what is light. */
  #fill([x, y]: Point): void {
    const side = this.#side;
    const image = this.#context.getImageData(0, 0, side, side);
    const isDark = (at: number): boolean => (image.data[4 * at] ?? 255) < 128;
    const open = [Math.floor(y) * side + Math.floor(x)];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const goesOn = isDark(at);
      // The soft edge of a line becomes white, and ends it.
      image.data.fill(255, 4 * at, 4 * at + 3);
      if (!goesOn) continue;
      const column = at % side;
      if (column > 0) open.push(at - 1);
      if (column < side - 1) open.push(at + 1);
      if (at >= side) open.push(at - side);
      if (at < side * (side - 1)) open.push(at + side);
    }
    this.#context.putImageData(image, 0, 0);
  }
}
