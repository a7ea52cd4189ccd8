import type { Area, LaidLine, Layout, Place } from "./layout-parts.ts";
import { isNamedLink, type MeasuredRow, portsOf } from "./measured-row.ts";
import type { Item, Wire } from "./row.ts";

/** How far lines between rows lie from one another, from rows, and how round their corners are. */
export const LANE = 8;
const LANE_MARGIN = 12;
const CORNER = 6;
const BETWEEN_ROWS = 20;

/** A wire that leaves a row, by the place where it does. */
export interface LaidWire {
  readonly wire: Wire;
  readonly at: Place;
}

/** Rows as they come below one another, and the lines between them. */
export class StackedRows {
  readonly #boxes: (Area & { readonly node: number })[] = [];
  readonly #tags: (Area & { readonly text: string; readonly isOutput: boolean })[] = [];
  readonly #lines: LaidLine[] = [];
  readonly #labels: { readonly text: string; readonly at: Place }[] = [];
  readonly #frames: (Area & { readonly frame: number })[] = [];
  /** Where the last row ends across, and where all end along. */
  #bottom = 0;
  #length = 0;
  #lanes = 0;
  #rowCount = 0;

  /**
   * Puts a row below those that are there.
   * @param came what left the row before
   * @returns what leaves this one, in the order across
   */
  addRow(measured: MeasuredRow, came: readonly LaidWire[]): LaidWire[] {
    const { row } = measured;
    const top =
      this.#rowCount === 0
        ? 0
        : this.#bottom + BETWEEN_ROWS + (came.length > 0 ? came.length * LANE + LANE_MARGIN : 0);
    this.#rowCount++;
    this.#drawLanes(measured, came, top);
    for (const [i, item] of row.items.entries()) {
      const area = moved(measured.areaOf(item, i), top);
      if (item.kind === "box") this.#boxes.push({ ...area, node: item.node });
      if (item.kind === "tag") {
        this.#tags.push({ ...area, text: item.text, isOutput: item.isOutput });
      }
      if (item.kind === "bend") this.#drawBend(measured, item, top + measured.acrossOf(i));
    }
    for (const frame of measured.frames)
      this.#frames.push({ ...moved(frame, top), frame: frame.frame });
    this.#drawLinks(measured, top);
    this.#bottom = top + measured.breadth;
    const leaving = [...row.exits].map(([wire, item]): LaidWire => {
      const [, end] = measured.columnOf(row.items[item] as Item);
      return { wire, at: [end, top + measured.acrossOf(item)] };
    });
    this.#length = Math.max(
      this.#length,
      measured.length + (leaving.length > 0 ? LANE_MARGIN + leaving.length * LANE : 0),
    );
    return leaving.sort((a, b) => a.at[1] - b.at[1]);
  }

  finished(): Layout {
    const shift = this.#lanes > 0 ? LANE_MARGIN + this.#lanes * LANE : 0;
    const place = ([along, across]: Place): Place => [along + shift, across];
    const area = <T extends Area>(one: T): T => ({ ...one, along: one.along + shift });
    return {
      length: this.#length + shift,
      breadth: this.#bottom,
      boxes: this.#boxes.map(area),
      tags: this.#tags.map(area),
      frames: this.#frames.map(area),
      labels: this.#labels.map(({ text, at }) => ({ text, at: place(at) })),
      lines: this.#lines.map(({ from, steps, hasArrow }) => ({
        from: place(from),
        steps: steps.map((step) =>
          step.length === 1
            ? ([place(step[0])] as const)
            : ([place(step[0]), place(step[1]), place(step[2])] as const),
        ),
        hasArrow,
      })),
      rowCount: this.#rowCount,
    };
  }

  /**
   * Lines from the end of the row before to the beginning of this one: behind that row, between both, before this. The first
   * across lies outermost there, lowest in between, and innermost here, so that none crosses another.
   */
  #drawLanes(measured: MeasuredRow, came: readonly LaidWire[], top: number): void {
    this.#lanes = Math.max(this.#lanes, came.length);
    const { entries } = measured.row;
    const behind = this.#length - came.length * LANE;
    for (const [k, { wire, at }] of came.entries()) {
      const outer = (came.length - 1 - k) * LANE;
      const entry = entries.get(wire) ?? 0;
      const right = behind + outer;
      const between = this.#bottom + LANE_MARGIN + outer;
      const left = -LANE_MARGIN - k * LANE;
      this.#drawCorners([
        at,
        [right, at[1]],
        [right, between],
        [left, between],
        [left, top + measured.acrossOf(entry)],
        [0, top + measured.acrossOf(entry)],
      ]);
    }
  }

  /** A line with round corners. */
  #drawCorners(places: readonly Place[]): void {
    const steps: LaidLine["steps"][number][] = [];
    for (const [i, corner] of places.entries()) {
      const [before, after] = [places[i - 1], places[i + 1]];
      if (!before) continue;
      if (!after) steps.push([corner]);
      else {
        const begin = towards(corner, before);
        steps.push([begin], [corner, corner, towards(corner, after)]);
      }
    }
    this.#lines.push({ from: places[0] as Place, steps, hasArrow: false });
  }

  #drawBend(measured: MeasuredRow, item: Item, across: number): void {
    const [begin, end] = measured.columnOf(item);
    if (end > begin) {
      this.#lines.push({ from: [begin, across], steps: [[[end, across]]], hasArrow: false });
    }
  }

  #drawLinks(measured: MeasuredRow, top: number): void {
    const { items, links } = measured.row;
    const ports = portsOf(measured);
    for (const [i, { from, to, wire }] of links.entries()) {
      const [source, target] = [items[from] as Item, items[to] as Item];
      const [out, into] = ports[i] ?? [0, 0];
      const [a, b] = [top + measured.acrossOf(from) + out, top + measured.acrossOf(to) + into];
      const start = measured.areaOf(source, from);
      const leave = measured.columnOf(source)[1] + measured.labelRoom(source.column);
      const [arrive] = measured.columnOf(target);
      const begin =
        source.kind === "bend" ? measured.columnOf(source)[1] : start.along + start.length;
      const end = target.kind === "bend" ? arrive : measured.areaOf(target, to).along;
      const middle = (leave + arrive) / 2;
      const straight = Math.abs(a - b) < 0.5;
      this.#lines.push({
        from: [begin, a],
        steps: straight
          ? [[[end, b]]]
          : [
              [[leave, a]],
              [
                [middle, a],
                [middle, b],
                [arrive, b],
              ],
              [[end, b]],
            ],
        hasArrow: target.kind === "box",
      });
      if (isNamedLink(measured.row, from, to) && measured.input.labelLength(wire) > 0) {
        const isFirst = links.findIndex((one) => one.from === from && one.wire === wire) === i;
        if (isFirst) this.#labels.push({ text: wire.blob, at: [begin, a] });
      }
    }
  }
}

function moved(area: Area, across: number): Area {
  return { ...area, across: area.across + across };
}

/** A place a corner's length from a corner, on the way to another. */
function towards([a, b]: Place, [c, d]: Place): Place {
  const distance = Math.hypot(c - a, d - b);
  const share = distance === 0 ? 0 : Math.min(CORNER, distance / 2) / distance;
  return [a + (c - a) * share, b + (d - b) * share];
}
