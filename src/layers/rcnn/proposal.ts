import type { Blob } from "../../blob/blob.ts";
import type { Primitive } from "../../engines/engine.ts";
import type { ProposalParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Arity, arity, type Blobs, type LayerRole, type ParamField } from "../base/layer.ts";
import { ToldLayer } from "../base/told-layer.ts";
import { ANCHORS, anchorCount } from "./anchors.ts";
import { checkProposalShapes, type ProposalOptions, propose } from "./propose.ts";

/** What `proposal_param` says. */
export function proposalOptions(given: ProposalParameter = {}): ProposalOptions {
  const param = withDefaults("ProposalParameter", given);
  const { ratio = [], scale = [] } = given;
  return {
    anchors: {
      stride: param.feat_stride,
      base: param.base_size,
      scales: scale.length > 0 ? [...scale] : ANCHORS.scales,
      ratios: ratio.length > 0 ? [...ratio] : ANCHORS.ratios,
    },
    candidates: param.pre_nms_topn,
    most: param.post_nms_topn,
    overlap: param.nms_thresh,
    leastSize: param.min_size,
  };
}

/**
 * Proposes regions: anchors of every position of a map, moved and stretched, within the image, the best that do not
 * overlap. What py-faster-rcnn does in Python (`rpn.proposal_layer`), as a layer of its own.
 *
 * - bottom[0]: scores N×2A×H×W, of background and then of objects; bottom[1]: deltas N×4A×H×W; bottom[2]: im_info N×3
 *   (height, width, scale); none has a gradient
 * - top[0]: regions R×5 `[image xmin ymin xmax ymax]`, of each image the best first; top[1], optional: their scores, R×1
 * - `proposal_param`: feat_stride 16, base_size 16 (the edge that scales are multiples of), ratio 0.5, 1, 2 (heights over
 *   widths), scale 8, 16, 32, min_size 16 (before the image was scaled), pre_nms_topn 6000, post_nms_topn 300, nms_thresh
 *   0.7 (what two regions may overlap by)
 *
 * Of equal scores the later anchor comes first.
 *
 * @see Ren et al., Faster R-CNN, NIPS 2015; the ProposalLayer of PVANet, mini-caffe and Intel's Caffe
 */
export class ProposalLayer extends ToldLayer<Blobs, Blobs> {
  static override readonly type: string = "Proposal";
  static override readonly role: LayerRole = "result";
  static override readonly needs: readonly Primitive[] = ["suppress"];
  static override readonly paramFields: readonly ParamField[] = ["proposal_param"];
  static override readonly bottoms: Arity = { min: 3, max: 3 };
  static override readonly tops: Arity = arity.oneOrTwo;

  get #options(): ProposalOptions {
    return proposalOptions(this.param.proposal_param);
  }

  override setUp(): void {
    const { anchors, candidates, most, overlap } = this.#options;
    const { stride, base, scales, ratios } = anchors;
    const numbers = { feat_stride: stride, base_size: base, pre_nms_topn: candidates };
    for (const [field, value] of Object.entries({ ...numbers, post_nms_topn: most })) {
      if (!(value > 0)) this.fail(`proposal_param.${field} is ${value}. Expected more than 0.`);
    }
    const wrong = [...scales, ...ratios].find((value) => !(value > 0));
    if (wrong !== undefined) {
      this.fail(`proposal_param has a scale or ratio of ${wrong}. Expected more than 0.`);
    }
    if (!(overlap >= 0)) this.fail(`nms_thresh is ${overlap}. Expected 0 or more.`);
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const images = bottom[0]!.shape[0] ?? 0;
    checkProposalShapes(
      bottom as readonly [Blob, Blob, Blob],
      anchorCount(this.#options.anchors),
      images,
      (message) => this.fail(message),
    );
    // How many there are is known after forward.
    top[0]?.reshape([1, 5]);
    top[1]?.reshape([1, 1]);
  }

  override forward(bottom: Blobs, top: Blobs): void {
    const rows: number[] = [];
    const scores: number[] = [];
    for (let image = 0; image < bottom[0]!.shape[0]!; image++) {
      const found = propose(
        bottom as readonly [Blob, Blob, Blob],
        image,
        this.#options,
        this.engine.suppress,
      );
      for (const box of found.boxes) rows.push(image, ...box);
      scores.push(...found.scores);
    }
    top[0]!.reshape([scores.length, 5]);
    top[0]!.dataMem.overwriteCpu().set(rows);
    top[1]?.reshape([scores.length, 1]);
    top[1]?.dataMem.overwriteCpu().set(scores);
  }
}
