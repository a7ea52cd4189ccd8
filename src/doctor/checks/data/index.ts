export { classBalance } from "./class-balance.ts";
export { labelsBeyondClasses } from "./labels-beyond-classes.ts";
export { lessThanAnEpoch } from "./less-than-an-epoch.ts";
export { seenInTraining } from "./seen-in-training.ts";
export { sortedRecords } from "./sorted-records.ts";
export { testSize } from "./test-size.ts";
