/** Whether what takes minutes is asked for too: `npm run test:long`. */
export const isLong: boolean = process.env["CAFFE_TESTS"] === "long";
