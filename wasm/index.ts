// The wasm engine's loops, in AssemblyScript. Arrays are addresses of floats; src/engines/wasm knows what lies where.
export { channelDots, channelSpreads, channelSums, fillChannels, lines, normalise, normaliseBackward, softmax, softmaxBackward } from "./channels";
export { cutRows, foldRows, padRows, unfoldPanels, unfoldRows } from "./columns";
export * from "./elementwise";
export { labelGradient, labelLoss } from "./losses";
export { lrnBackward, lrnForward, lrnScale } from "./lrn";
export { maxPool, maxPoolBackward, meanPool, toFloats } from "./pooling";
export { multiplyPanels, packColumns, packRows, packTransposed, product, productScratch, rowProducts } from "./product";
export { absoluteSum, addSums, dot } from "./sums";
export { update } from "./updates";
export { winogradData, winogradOutputs, winogradWeights } from "./winograd";
export { winogradInputs, winogradWindows } from "./winograd-gradients";

/** Where memory that the module does not use begins. */
export function heapBase(): usize {
  return __heap_base;
}
