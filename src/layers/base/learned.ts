import { Blob } from "../../blob/blob.ts";
import { checkFiller, fill, fillsZeros } from "../../blob/filler.ts";
import type { FillerParameter } from "../../io/proto/caffe.ts";
import { type Shape, shapeText } from "../../util/shape.ts";
import { type Blobs, Layer } from "./layer.ts";

/** One learnable blob: its shape and what fills it. */
interface LearnedBlob {
  readonly shape: Shape;
  readonly filler: FillerParameter | undefined;
}

/** A layer with parameters of its own. */
export abstract class LearnedLayer<Bottom extends Blobs, Top extends Blobs> extends Layer<
  Bottom,
  Top
> {
  /**
   * Creates and fills `blobs`, or, where the prototxt gave them, checks that they fit.
   * @throws LayerError where given blobs do not fit, or a filler is wrong
   */
  protected makeBlobs(wanted: readonly LearnedBlob[]): void {
    if (this.blobs.length === 0) {
      wanted.forEach(({ shape, filler }, i) => {
        const blob = new Blob(shape, this.context.dtype);
        // Memory that has not been written is zero, and takes no time.
        if (!fillsZeros(filler)) {
          const { noise, fillLater } = this.context;
          const random = this.random("filler", i);
          const { dataMem } = blob;
          const filling = (): void =>
            this.named(() => fill(dataMem.overwriteCpu(), shape, filler, random, noise));
          if (fillLater) {
            this.named(() => checkFiller(filler));
            fillLater(dataMem, filling);
          } else filling();
        }
        this.blobs.push(blob);
      });
      return;
    }
    this.context.log("Skipping parameter initialization");
    if (this.blobs.length !== wanted.length) {
      this.fail(`${this.blobs.length} blobs are given. Expected ${wanted.length}.`);
    }
    wanted.forEach(({ shape }, i) => {
      const blob = this.blobs[i];
      if (!blob?.fits({ shape, legacyShape: shape.length <= 4 })) {
        this.fail(
          `blob ${i} is given with shape ${shapeText(blob?.shape ?? [])}. Expected ${shapeText(shape)}.`,
        );
      }
      blob.reshape(shape);
    });
  }
}
