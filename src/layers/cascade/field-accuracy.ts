import { type Arity, arity, type Blobs, type LayerRole } from "../base/layer.ts";
import { ToldLayer } from "../base/told-layer.ts";
import { boxScaleOf, unscaled } from "./box-scale.ts";
import { type Cell, type FieldMaps, FieldReader } from "./field-maps.ts";
import { bounded, offsetBounds, patchAt } from "./fields.ts";
import { type LastPixel, type Patch, patchOverlap } from "./patches.ts";

const { fround } = Math;

/** What DetectionAccuracy and DetectionGroupAccuracy read of their parameters. */
export interface FieldAccuracyOptions {
  readonly objectness: boolean;
  readonly threshold: number;
  readonly fieldXyr: number;
  readonly fieldWhr: number;
  readonly last: LastPixel;
}

/** What the layers have in common that say how often a map's cells are right, and how well their boxes lie. */
export abstract class FieldAccuracyLayer extends ToldLayer<Blobs, Blobs> {
  static override readonly role: LayerRole = "result";
  static override readonly tops: Arity = arity.oneOrTwo;

  protected abstract get options(): FieldAccuracyOptions;
  protected abstract mapsOf(bottom: Blobs): FieldMaps;
  /** Whether a class counts as found by its scores. */
  protected abstract isRight(scores: readonly number[], kind: number): boolean;

  protected shapeTops(top: Blobs): void {
    top[0]?.reshape([1, 1, 1, 2]);
    top[1]?.reshape([1, 1, 1, 1]);
  }

  override forward(bottom: Blobs, top: Blobs): void {
    const { objectness, threshold } = this.options;
    const ignored = this.param.loss_param?.ignore_label;
    const reader = new FieldReader(this.mapsOf(bottom));
    const all = { counted: 0, right: 0 };
    const objects = { counted: 0, right: 0 };
    const boxes = { counted: 0, sum: 0 };
    for (let image = 0; image < reader.images; image++) {
      for (const cell of reader.cells(image)) {
        const { label, object, overlap } = reader.label(cell);
        if (label !== 0 && label !== ignored) {
          boxes.counted++;
          boxes.sum += this.#overlap(reader, cell, object);
        }
        const kind = objectness ? Math.min(1, label) : label;
        if (kind === ignored || (kind === 0 && overlap >= fround(threshold))) continue;
        const right = this.isRight(reader.scores(cell), kind) ? 1 : 0;
        all.counted++;
        all.right += right;
        if (kind === 0) continue;
        objects.counted++;
        objects.right += right;
      }
    }
    const mean = (sum: number, counted: number): number => (counted > 0 ? sum / counted : -1);
    top[0]?.dataMem
      .overwriteCpu()
      .set([mean(all.right, all.counted), mean(objects.right, objects.counted)]);
    top[1]?.dataMem.overwriteCpu().set([mean(boxes.sum, boxes.counted)]);
  }

  /** How much the predicted box and the object have in common. */
  #overlap(reader: FieldReader, cell: Cell, [x, y, w, h]: Patch): number {
    const { fieldXyr, fieldWhr, last } = this.options;
    const scale = boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const [dx, dy, dw, dh] = reader.offset(cell);
    const read = [fround(dx), fround(dy), fround(dw), fround(dh)] as const;
    const offset = bounded(unscaled(read, scale), offsetBounds(fieldXyr, fieldWhr));
    const own = patchAt(offset, reader.field(cell), reader.row(cell), reader.column(cell));
    const object: Patch = [fround(x - fround(w / 2)), fround(y - fround(h / 2)), w, h];
    return patchOverlap(own, object, last);
  }
}
