/** Layers of Python that are known: what they do is no secret of their module's. */
import { ParamStr } from "../../layers/rcnn/param-str.ts";
import { pythonProposalOptions } from "../../layers/rcnn/proposal-layer.ts";
import { line } from "../graph/operators.ts";
import { proposalsOf } from "./proposal.ts";
import type { Translation } from "./site.ts";

const proposalLayer: Translation = (at) =>
  proposalsOf(
    at,
    at.named(() => pythonProposalOptions(at.param.python_param?.param_str ?? "", "TEST")),
  );

/** ENet's scales in TEST too, though nothing is dropped. */
const spatialDropoutLayer: Translation = (at) => {
  const param = new ParamStr(at.param.python_param?.param_str ?? "", ["phase", "p"]);
  if (param.text("phase") !== "TEST") {
    at.fail("param_str has 'phase': 'TRAIN', which drops channels by chance. Expected 'TEST'.");
  }
  return line(at.graph, at.x.value, 1 / (1 - Number(param.text("p"))), 0);
};

/** What Python layers become, by module and class. */
export const pythonLayers: Readonly<Record<string, Translation>> = {
  "rpn.proposal_layer.ProposalLayer": proposalLayer,
  "spatial_dropout.SpatialDropoutLayer": spatialDropoutLayer,
};
