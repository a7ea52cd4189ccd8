/** The update rules. A solver prototxt names one by its kernel's name. */
export { adaDelta } from "./adadelta.ts";
export { adaGrad } from "./adagrad.ts";
export { adam } from "./adam.ts";
export { adamW } from "./adamw.ts";
export { nesterov } from "./nesterov.ts";
export { rmsProp } from "./rmsprop.ts";
export { sgd } from "./sgd.ts";
