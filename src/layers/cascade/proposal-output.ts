import type { Blob } from "../../blob/blob.ts";
import type { Box } from "../../util/box.ts";
import { type Arity, arity, type Blobs, type LayerRole } from "../base/layer.ts";
import { ToldLayer } from "../base/told-layer.ts";
import { suppressBy } from "../detection/nms.ts";
import { boxScaleOf, type Offset, unscaled } from "./box-scale.ts";
import { bounded, type Field, type OffsetBounds, offsetBounds, patchAt } from "./fields.ts";
import { type OverlapMode, overlapModeOf, type Patch } from "./patches.ts";

/** What BoxOutput and BoxGroupOutput read of their parameters. */
export interface ProposalOptions {
  readonly threshold: number;
  readonly overlap: number;
  readonly mode: OverlapMode;
  readonly fieldXyr: number;
  readonly fieldWhr: number;
  /** How many of the best are looked at, and how many stay; 0: all. */
  readonly candidates: number;
  readonly most: number;
  readonly leastSize: number;
}

/** The parameters of both, by the fields that they share. */
export function proposalOptions(param: {
  readonly fg_thr: number;
  readonly iou_thr: number;
  readonly nms_type: string;
  readonly field_xyr: number;
  readonly field_whr: number;
  readonly max_nms_num: number;
  readonly max_post_nms_num: number;
  readonly min_size: number;
}): ProposalOptions {
  return {
    threshold: Math.fround(param.fg_thr),
    overlap: param.iou_thr,
    mode: overlapModeOf(param.nms_type),
    fieldXyr: param.field_xyr,
    fieldWhr: param.field_whr,
    candidates: param.max_nms_num,
    most: param.max_post_nms_num,
    leastSize: Math.fround(param.min_size),
  };
}

/** A box that a map proposes for an image. */
export interface Proposal {
  readonly box: Box;
  /** Its corner and size, before they became edges. */
  readonly patch: Patch;
  readonly score: number;
}

/** The region that stands for none: roi pooling needs one. */
const NONE = [0, 1, 1, 10, 10];

/** What the layers have in common that make regions of the maps of several receptive fields. */
export abstract class ProposalOutputLayer extends ToldLayer<Blobs, Blobs> {
  static override readonly role: LayerRole = "result";
  static override readonly bottoms: Arity = arity.oneOrMore;
  static override readonly tops: Arity = arity.oneOrTwo;

  protected abstract get options(): ProposalOptions;

  /** All boxes of an image whose score and size are enough, in the order of its maps. */
  protected abstract propose(bottom: Blobs, image: number): readonly Proposal[];

  /** Numbers of proposals, the best first. */
  protected abstract ranked(proposals: readonly Proposal[]): number[];

  protected abstract overlapOf(a: Proposal, b: Proposal, mode: OverlapMode): number;

  protected abstract imagesOf(bottom: Blobs): number;

  override reshape(_bottom: Blobs, top: Blobs): void {
    top[0]?.reshape([1, 5, 1, 1]);
    top[1]?.reshape([1, 6, 1, 1]);
  }

  override forward(bottom: Blobs, top: Blobs): void {
    const { candidates, most, overlap, mode } = this.options;
    const regions: number[] = [];
    const scored: number[] = [];
    for (let image = 0; image < this.imagesOf(bottom); image++) {
      const proposals = this.propose(bottom, image);
      const ranked = this.ranked(proposals);
      const kept = suppressBy(
        candidates > 0 ? ranked.slice(0, candidates) : ranked,
        (a, b) => this.overlapOf(proposals[a]!, proposals[b]!, mode),
        overlap,
        most > 0 ? most : Number.POSITIVE_INFINITY,
      );
      for (const i of kept) {
        const { box, score } = proposals[i]!;
        regions.push(image, ...box);
        scored.push(image, ...box, score);
      }
    }
    const write = (y: Blob | undefined, rows: readonly number[], none: readonly number[]): void => {
      const values = rows.length > 0 ? rows : none;
      y?.reshape([values.length / none.length, none.length, 1, 1]);
      y?.dataMem.overwriteCpu().set(values);
    };
    write(top[0], regions, NONE);
    write(top[1], scored, [0, 0, 0, 0, 0, 0]);
  }

  /** Reads the patches of a map: the four numbers at a cell begin at `first`, a plane apart. */
  protected patchReader(map: Blob, field: Field): (first: number, cell: number) => Patch {
    const values = map.dataMem.cpu();
    const [plane, width] = [map.count(2), map.shape[3] ?? 1];
    const scale = boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const { fieldXyr, fieldWhr } = this.options;
    const bounds: OffsetBounds = offsetBounds(fieldXyr, fieldWhr);
    return (first, cell) => {
      const at = (k: number): number => Math.fround(values[first + k * plane + cell]!);
      const offset: Offset = [at(0), at(1), at(2), at(3)];
      const [row, column] = [Math.floor(cell / width), cell % width];
      return patchAt(bounded(unscaled(offset, scale), bounds), field, row, column);
    };
  }
}
