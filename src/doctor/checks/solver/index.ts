export { learningRate } from "./learning-rate.ts";
export { snapshots } from "./snapshots.ts";
