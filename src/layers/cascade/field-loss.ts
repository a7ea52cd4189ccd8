import type { Arity, Blobs, LayerState, One } from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { LossLayer } from "../base/loss.ts";
import { RandomStream } from "../base/random-stream.ts";
import { LossTerms } from "../detection/loss-terms.ts";
import { smoothL1 } from "../detection/smooth-l1.ts";
import { type BoxScale, boxScaleOf, scaled } from "./box-scale.ts";
import { type Cell, type FieldLabel, type FieldMaps, FieldReader } from "./field-maps.ts";
import { bounded, type OffsetBounds, offsetAt, offsetBounds } from "./fields.ts";

const { fround } = Math;
/** Caffe takes a probability as at least this. */
const LEAST_PROBABILITY = 1.17549435e-38;

/** What DetectionLoss and DetectionGroupLoss read of their parameters. */
export interface FieldLossOptions {
  readonly lambda: number;
  /** Whether all objects are one class. */
  readonly objectness: boolean;
  /** Whether the loss of an offset is straight beyond 1; else it is square everywhere. */
  readonly isSmooth: boolean;
  /** Where predicted offsets are kept within. */
  readonly bounds: OffsetBounds | undefined;
  readonly evensOut: boolean;
  readonly weighsByOverlap: boolean;
  /** How many cells of background there are to each of an object. */
  readonly multiple: number;
}

/** A cell with what it is to learn. */
export interface LabelledCell extends FieldLabel {
  readonly cell: Cell;
}

/** The cells of an image that are learnt. */
export interface Chosen {
  readonly objects: readonly LabelledCell[];
  readonly background: readonly LabelledCell[];
}

/** What the losses have in common of maps whose cells say what object is there and where. */
export abstract class FieldLossLayer extends LossLayer<Blobs, One> {
  static override readonly bottoms: Arity = { min: 2, max: 3 };

  protected readonly stream: RandomStream = new RandomStream(this.randomOfRank("cells"));
  /** The gradients of the last forward, by bottom. */
  #terms: readonly LossTerms[] = [];

  protected abstract get options(): FieldLossOptions;
  protected abstract mapsOf(bottom: Blobs): FieldMaps;
  protected abstract choose(cells: readonly LabelledCell[], reader: FieldReader): Chosen;

  get #ignored(): number | undefined {
    return this.param.loss_param?.ignore_label;
  }

  protected get scale(): BoxScale {
    return boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
  }

  override setUp(_bottom: Blobs, _top: One): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
  }

  override forward(bottom: Blobs, [y]: One): void {
    const reader = new FieldReader(this.mapsOf(bottom));
    this.#terms = bottom.map(() => new LossTerms());
    const objects: LabelledCell[] = [];
    const background: LabelledCell[] = [];
    for (let image = 0; image < reader.images; image++) {
      const cells = reader.cells(image).map((cell) => ({ cell, ...reader.label(cell) }));
      const chosen = this.choose(cells, reader);
      objects.push(...chosen.objects);
      background.push(...chosen.background);
    }
    const weights = this.#weights(objects, background);
    const classLoss = this.#classLoss([...objects, ...background], weights, bottom, reader);
    const boxLoss = this.#boxLoss(objects, bottom, reader);
    y.dataMem.overwriteCpu().set([classLoss + boxLoss, boxLoss]);
  }

  /** The weight of each object, then of each cell of background. */
  #weights(
    objects: readonly LabelledCell[],
    background: readonly LabelledCell[],
  ): readonly number[] {
    const { evensOut, weighsByOverlap, multiple } = this.options;
    const own = objects.map(({ overlap }) => (weighsByOverlap ? overlap : 1));
    const all = [...own, ...background.map(() => 1)];
    const front = own.reduce((a, b) => a + b, 0);
    if (!evensOut || front === 0) return all;
    const share = 1 / (1 + multiple);
    return all.map((weight, i) =>
      i < own.length
        ? (weight * share * all.length) / front
        : ((1 - share) * all.length) / background.length,
    );
  }

  /** −Σ weight · log p(class) over the cells that count, over their number. */
  #classLoss(
    cells: readonly LabelledCell[],
    weights: readonly number[],
    bottom: Blobs,
    reader: FieldReader,
  ): number {
    const kinds = cells.map(({ label }) => this.classOf(label));
    const counted = kinds.filter((kind) => kind !== this.#ignored).length;
    const terms = this.#terms[bottom.indexOf(reader.maps.scores.blob)]!;
    let sum = 0;
    cells.forEach(({ cell }, i) => {
      const [kind, weight] = [kinds[i]!, weights[i]!];
      if (kind === this.#ignored) return;
      this.checkClass(kind, cell, reader);
      const probabilities = softmax(reader.scores(cell));
      sum -= weight * Math.log(Math.max(probabilities[kind]!, LEAST_PROBABILITY));
      probabilities.forEach((probability, c) => {
        const slope = probability - (c === kind ? 1 : 0);
        terms.add(reader.scorePlace(cell, c), (weight * slope) / counted);
      });
    });
    return sum / Math.max(1, counted);
  }

  /** λ · the mean loss of the four numbers of each object's offset. */
  #boxLoss(objects: readonly LabelledCell[], bottom: Blobs, reader: FieldReader): number {
    const { lambda, isSmooth, bounds } = this.options;
    const counted = objects.filter(({ label }) => label !== this.#ignored);
    const terms = this.#terms[bottom.indexOf(reader.maps.offsets.blob)]!;
    const factor = lambda / Math.max(1, 4 * counted.length);
    const { scale } = this;
    let sum = 0;
    for (const { cell, object } of counted) {
      const wanted = offsetAt(object, reader.field(cell), reader.row(cell), reader.column(cell));
      const target = scaled(wanted, scale);
      const read = reader.offset(cell);
      (bounds ? bounded(read, bounds) : read).forEach((value, k) => {
        const difference = value - target[k]!;
        const [loss, slope] = isSmooth
          ? smoothL1(difference)
          : [(difference * difference) / 2, difference];
        sum += loss;
        terms.add(reader.offsetPlace(cell, k), factor * slope);
      });
    }
    return factor * sum;
  }

  /** The class that a label means. */
  protected classOf(label: number): number {
    return this.options.objectness ? Math.min(1, label) : label;
  }

  /** @throws LayerError where there is no such class */
  protected checkClass(kind: number, cell: Cell, { maps, images }: FieldReader): void {
    if (kind >= 0 && kind < maps.classes) return;
    const image = Math.min(images - 1, Math.floor(cell.item / maps.fields.length));
    this.failAt(
      image,
      `label ${kind} at cell ${cell.place} of item ${cell.item}. Expected 0 to ${maps.classes - 1}, a class.`,
    );
  }

  override backward([y]: One, propagateDown: readonly boolean[], bottom: Blobs): void {
    const last = bottom.length - 1;
    if (propagateDown[last]) this.fail("Layer cannot backpropagate to label inputs.");
    const factor = y.diffMem.cpu()[0]!;
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) this.#terms[i]!.write(factor, blob);
    });
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex < (this.param.bottom?.length ?? 0) - 1;
  }

  override state(): LayerState {
    return this.stream.state();
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.stream.restore(state);
  }
}

/** The probabilities that scores mean. */
export function softmax(scores: readonly number[]): readonly number[] {
  const greatest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - greatest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Cells by a key, the greatest first; of equal ones the later one, as pairs sort in the forks. */
export function greatestFirst<T>(items: readonly T[], keyOf: (item: T) => number): T[] {
  const keyed = items.map((item, i) => ({ item, i, key: keyOf(item) }));
  return keyed.sort((a, b) => b.key - a.key || b.i - a.i).map(({ item }) => item);
}

/** The bounds that field_xyr and field_whr mean for offsets that are scaled. */
export function scaledBounds(xyr: number, whr: number, { mean, std }: BoxScale): OffsetBounds {
  const { middle, size } = offsetBounds(xyr, whr);
  const [m0 = 0, m1 = 0, m2 = 0, m3 = 0] = mean;
  const [s0 = 1, s1 = 1, s2 = 1, s3 = 1] = std;
  const along = (
    bounds: readonly [number, number],
    by: number,
    over: number,
  ): readonly [number, number] => [
    fround(fround(bounds[0] - by) / over),
    fround(fround(bounds[1] - by) / over),
  ];
  return {
    middle: along(middle, fround(fround(m0 + m1) / 2), fround(Math.sqrt(fround(s0 * s1)))),
    size: along(size, fround(fround(m2 + m3) / 2), fround(Math.sqrt(fround(s2 * s3)))),
  };
}
