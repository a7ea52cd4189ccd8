/** WebGPU's usage bits, which are globals in a browser and nowhere in Node. */
export const Usage = {
  mapRead: 0x1,
  mapWrite: 0x2,
  copyFrom: 0x4,
  copyTo: 0x8,
  uniform: 0x40,
  storage: 0x80,
  resolve: 0x200,
} as const;

/** GPUShaderStage.COMPUTE. */
export const COMPUTE_STAGE = 0x4;

/** GPUMapMode.READ. */
export const MAP_READ = 0x1;

/** GPUMapMode.WRITE. */
export const MAP_WRITE = 0x2;
