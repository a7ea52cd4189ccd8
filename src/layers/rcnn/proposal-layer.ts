import type { Blob } from "../../blob/blob.ts";
import { referenceSuppress } from "../../engines/reference/suppression.ts";
import type { Phase } from "../../io/proto/caffe.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Blobs } from "../base/layer.ts";
import { ANCHOR_KEYS, anchorCount, anchorOptions } from "./anchors.ts";
import { ParamStr } from "./param-str.ts";
import { checkProposalShapes, type ProposalOptions, propose } from "./propose.ts";

const KEYS = [
  ...ANCHOR_KEYS,
  "RPN_PRE_NMS_TOP_N",
  "RPN_POST_NMS_TOP_N",
  "RPN_NMS_THRESH",
  "RPN_MIN_SIZE",
];
/** What py-faster-rcnn's configuration says by default. */
const DEFAULTS = {
  TRAIN: { candidates: 12_000, most: 2000 },
  TEST: { candidates: 6000, most: 300 },
};

/**
 * What `param_str` says, and py-faster-rcnn's configuration where it says nothing.
 * @throws CaffeError where it has other keys, or no feat_stride
 */
export function pythonProposalOptions(text: string, phase: Phase): ProposalOptions {
  const param = new ParamStr(text, KEYS);
  const { candidates, most } = DEFAULTS[phase === "TRAIN" ? "TRAIN" : "TEST"];
  return {
    anchors: anchorOptions(param),
    candidates: param.number("RPN_PRE_NMS_TOP_N", candidates),
    most: param.number("RPN_POST_NMS_TOP_N", most),
    overlap: param.number("RPN_NMS_THRESH", 0.7),
    leastSize: param.number("RPN_MIN_SIZE", 16, 0),
  };
}

/**
 * Proposes regions: the `rpn.proposal_layer` of py-faster-rcnn, with its default configuration.
 *
 * Bottoms: scores 1×2A×H×W (background, then objects), deltas 1×4A×H×W, im_info 1×3 (height, width, scale). Tops: R×5
 * `[0 xmin ymin xmax ymax]`, the best first, and, optional, their scores, R×1. Nothing flows back.
 */
export class PythonProposalLayer {
  param_str = "";
  phase: Phase = "TRAIN";
  #options!: ProposalOptions;

  setup(_bottom: Blobs, top: Blobs): void {
    this.#options = pythonProposalOptions(this.param_str, this.phase);
    top[0]?.reshape([1, 5]);
    top[1]?.reshape([1, 1]);
  }

  reshape(bottom: Blobs): void {
    checkProposalShapes(
      bottom as readonly [Blob, Blob, Blob],
      anchorCount(this.#options.anchors),
      1,
      (message) => {
        throw new CaffeError(message);
      },
    );
  }

  forward(bottom: Blobs, top: Blobs): void {
    const { boxes, scores } = propose(
      bottom as readonly [Blob, Blob, Blob],
      0,
      this.#options,
      referenceSuppress,
    );
    top[0]!.reshape([boxes.length, 5]);
    top[0]!.dataMem.overwriteCpu().set(boxes.flatMap((box) => [0, ...box]));
    top[1]?.reshape([boxes.length, 1]);
    top[1]?.dataMem.overwriteCpu().set(scores);
  }

  backward(_top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) blob.diffMem.zero();
    });
  }
}
