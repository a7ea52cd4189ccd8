import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import type { LayerParameter } from "../../io/proto/caffe.ts";
import type { Random } from "../../util/random.ts";
import type { Blobs, LayerContext, LayerState } from "../base/layer.ts";
import { PythonSpatialDropoutLayer } from "../common/python-spatial-dropout.ts";
import { AnchorTargetLayer } from "./anchor-target-layer.ts";
import { PythonProposalLayer } from "./proposal-layer.ts";
import { PythonProposalTargetLayer } from "./proposal-target-layer.ts";
import { PythonRoiDataLayer } from "./roi-data-layer.ts";

/** What these layers may have besides a user layer's methods: what `Layer` has by these names. */
export interface KnownLayer {
  backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void;
  ready?(): Promise<void> | undefined;
  state?(): LayerState;
  restore?(state: LayerState): void;
  recordName?(): string | undefined;
  recordsInPass?(): RecordCounts | undefined;
  close?(): void;
}

/** How one is made: what is drawn by chance comes from `random`. */
type KnownLayerClass = new (
  random: Random,
  context: LayerContext,
  param: LayerParameter,
) => KnownLayer;

/** Layers of py-faster-rcnn and ENet that are known by module and class, where there is no module of that name. */
export const knownLayers: Readonly<Record<string, KnownLayerClass>> = {
  "rpn.proposal_layer.ProposalLayer": PythonProposalLayer,
  "rpn.anchor_target_layer.AnchorTargetLayer": AnchorTargetLayer,
  "rpn.proposal_target_layer.ProposalTargetLayer": PythonProposalTargetLayer,
  "roi_data_layer.layer.RoIDataLayer": PythonRoiDataLayer,
  "spatial_dropout.SpatialDropoutLayer": PythonSpatialDropoutLayer,
};
