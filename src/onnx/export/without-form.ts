/** Layer types that ONNX has no form for, and why. */
export const withoutForm: Readonly<Record<string, string>> = {
  BoxAnnotatorOHEM: "it chooses what to learn from, which inference has no use for",
  MultiStageMeanfield:
    "its filter sorts pixels into a lattice by their colours, for which there are no operators",
  ProposalTarget: "it draws regions to learn from, which inference has no use for",
  Python: "it is a program of its own",
};
