import type { Blob } from "../../blob/blob.ts";
import type { Primitive } from "../../engines/engine.ts";
import { shapeText } from "../../util/shape.ts";
import { Layer, type LayerRole, type One, type OneOrMore } from "./layer.ts";
import { planesOf } from "./planes.ts";
import { Detections } from "./yolo-detections.ts";

/** What a layer of detections has to know of its bottoms. */
export interface YoloOutput {
  readonly classes: number;
  /** Boxes of a cell. */
  readonly boxes: number;
  /** Numbers of a box before its classes. */
  readonly numbers: number;
  readonly nmsThreshold: number;
}

/** What the layers have in common that make detections of a YOLO net's maps: shapes, suppression, rows. None has a gradient. */
export abstract class YoloOutputLayer extends Layer<OneOrMore, One> {
  static override readonly role: LayerRole = "result";
  static override readonly needs: readonly Primitive[] = ["suppress"];

  #hasWarned = false;

  protected abstract get output(): YoloOutput;

  /** Adds the boxes of a bottom whose scores are high enough, in any order. */
  protected abstract detect(x: Blob, found: Detections, bottomIndex: number): void;

  /** @throws LayerError where num_classes of that parameter is missing */
  protected checkClasses(field: string): void {
    const { classes } = this.output;
    if (classes < 1) {
      this.fail(`${field}.num_classes is ${classes}. Must specify num_classes.`);
    }
  }

  override reshape(bottoms: OneOrMore, [top]: One): void {
    const { classes, boxes, numbers } = this.output;
    const wanted = boxes * (numbers + classes);
    for (const x of bottoms) {
      const [, c] = planesOf(x, (message) => this.fail(message));
      if (c === wanted) continue;
      this.fail(
        `bottom has ${c} channels, shape ${shapeText(x.shape)}. Expected ${wanted}: ${numbers} numbers and ${classes} classes for each of num_box ${boxes}.`,
      );
    }
    top.reshape([1, 1, 1, 7]);
    const images = bottoms[0].shape[0] ?? 0;
    if (images > 1 && !this.#hasWarned) {
      this.#hasWarned = true;
      this.context.warn(
        `it is given ${images} images at once, and says of every box that it is the first one's, as MobileNet-YOLO does. Expected batch_size: 1 where boxes are evaluated.`,
      );
    }
  }

  override forward(bottoms: OneOrMore, [top]: One): void {
    const found = new Detections();
    bottoms.forEach((x, i) => {
      this.detect(x, found, i);
    });
    const best = found.best(this.output.nmsThreshold, this.engine.suppress);
    const rows = found.rows(best, bottoms[0].shape[0] ?? 0);
    top.reshape([1, 1, rows.length / 7, 7]);
    top.dataMem.overwriteCpu().set(rows);
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean)) this.fail("it has no gradient. Expected it under no loss.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
