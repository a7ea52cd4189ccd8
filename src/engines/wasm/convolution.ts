import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ConvolutionDescriptor, LinearOp } from "../engine.ts";
import { slopeOf } from "../ops/rectifier-slope.ts";
import type { Arrays } from "./arrays.ts";
import type { Address } from "./kernels.ts";
import { Windows } from "./windows.ts";
import { isWorthWinograd, winogradConvolution } from "./winograd.ts";

/** Lengths of what is unfolded and multiplied at a time, so that it lies in the second cache. */
const DEPTH = 384;
const WIDTH = 256;
const HEIGHT = 128;
const STRIP = 1024;
const FEW_ROWS = 64;

/** Calls `use` for each part of at most `length` of a whole. */
function inParts(whole: number, length: number, use: (begin: number, size: number) => void): void {
  for (let begin = 0; begin < whole; begin += length) use(begin, Math.min(length, whole - begin));
}

/** Convolution, by the algorithm that takes the least work. */
export function wasmConvolution(arrays: Arrays, d: ConvolutionDescriptor): LinearOp {
  const unfolded = unfoldedConvolution(arrays, d);
  if (!isWorthWinograd(d)) return unfolded;
  const sums = (dy: SyncedMem, db: SyncedMem): void =>
    unfolded.backwardWeights(dy, dy, undefined, db);
  return { ...unfolded, ...winogradConvolution(arrays, d, sums) };
}

/** Convolution by unfolding windows into columns, some at a time, and multiplying them while they are in the cache. */
function unfoldedConvolution(arrays: Arrays, d: ConvolutionDescriptor): LinearOp {
  const { kernels } = arrays;
  const windows = new Windows(arrays, d);
  const { elements, positions, paddedSize, isPadded } = windows;
  const outputs = d.outputChannels / d.groups;
  const inputSize = (d.inputChannels / d.groups) * d.input.reduce((a, b) => a * b, 1);
  const panelRows = 4 * Math.ceil(outputs / 4);
  const elementRows = 4 * Math.ceil(elements / 4);

  /** Where a group's part of an array of equal parts begins. */
  const partOf = (array: Address, index: number, size: number): Address => array + 4 * index * size;

  /** For each image and group the channels with their padding, and its number. */
  const forEachInput = (x: Address, use: (image: Address, index: number) => void): void => {
    const count = d.batch * d.groups;
    if (!isPadded) {
      for (let i = 0; i < count; i++) use(partOf(x, i, inputSize), i);
      return;
    }
    arrays.lend(paddedSize, (padded) => {
      arrays.heap.floats.fill(0, padded / 4, padded / 4 + paddedSize);
      for (let i = 0; i < count; i++) {
        windows.pad(partOf(x, i, inputSize), padded);
        use(padded, i);
      }
    });
  };

  return {
    accepts: (posts) => slopeOf(posts) !== undefined,
    forward(xMem, wMem, bMem, yMem, posts = []) {
      const [x, w, b] = [arrays.read(xMem), arrays.read(wMem), bMem && arrays.read(bMem)];
      const y = arrays.write(yMem);
      const slope = slopeOf(posts);
      const { packRows, unfoldPanels, multiplyPanels, fillChannels, rectify } = kernels;
      arrays.lend(d.groups * panelRows * elements + DEPTH * WIDTH, (packed) => {
        const panels = packed + 4 * d.groups * panelRows * elements;
        for (let g = 0; g < d.groups; g++) {
          const [from, to] = [
            partOf(w, g, outputs * elements),
            partOf(packed, g, panelRows * elements),
          ];
          inParts(elements, DEPTH, (e0, depth) => {
            packRows(from + 4 * e0, elements, outputs, depth, to + 4 * e0 * panelRows);
          });
        }
        forEachInput(x, (image, index) => {
          const group = index % d.groups;
          const rows = partOf(packed, group, panelRows * elements);
          const to = partOf(y, index, outputs * positions);
          if (b !== undefined) fillChannels(1, outputs, positions, partOf(b, group, outputs), to);
          inParts(positions, WIDTH, (p0, width) => {
            const places = windows.positionsFrom(p0);
            inParts(elements, DEPTH, (e0, depth) => {
              unfoldPanels(image, places, width, windows.elementsFrom(e0), depth, panels);
              const adds = b !== undefined || e0 > 0;
              const factor = rows + 4 * e0 * panelRows;
              multiplyPanels(outputs, width, depth, factor, panels, to + 4 * p0, positions, adds);
            });
          });
          // Whole vectors reach into the next image, which is not written yet.
          if (slope !== undefined) rectify(outputs * positions, slope, to, to);
        });
      });
    },
    backwardData(dyMem, wMem, dxMem) {
      const [dy, w, dx] = [arrays.read(dyMem), arrays.read(wMem), arrays.write(dxMem)];
      const { packTransposed, packColumns, multiplyPanels, foldRows } = kernels;
      const sizes = {
        weights: d.groups * elementRows * outputs,
        gradient: 8 * Math.ceil(outputs / 8) * WIDTH,
        tile: HEIGHT * WIDTH,
        padded: isPadded ? paddedSize : 0,
      };
      const total = sizes.weights + sizes.gradient + sizes.tile + sizes.padded;
      arrays.lend(total, (packed) => {
        const gradient = packed + 4 * sizes.weights;
        const tile = gradient + 4 * sizes.gradient;
        const padded = tile + 4 * sizes.tile;
        for (let g = 0; g < d.groups; g++) {
          const [from, to] = [
            partOf(w, g, outputs * elements),
            partOf(packed, g, elementRows * outputs),
          ];
          inParts(outputs, DEPTH, (o0, depth) => {
            packTransposed(
              from + 4 * o0 * elements,
              elements,
              elements,
              depth,
              to + 4 * o0 * elementRows,
            );
          });
        }
        for (let index = 0; index < d.batch * d.groups; index++) {
          const from = partOf(dy, index, outputs * positions);
          const to = partOf(dx, index, inputSize);
          const weights = partOf(packed, index % d.groups, elementRows * outputs);
          const image = isPadded ? padded : to;
          const size = isPadded ? paddedSize : inputSize;
          arrays.heap.floats.fill(0, image / 4, image / 4 + size);
          inParts(positions, WIDTH, (p0, width) => {
            const panelWidth = 8 * Math.ceil(width / 8);
            inParts(outputs, DEPTH, (o0, depth) => {
              packColumns(
                from + 4 * (o0 * positions + p0),
                positions,
                depth,
                width,
                gradient + 4 * o0 * panelWidth,
              );
            });
            inParts(elements, HEIGHT, (e0, height) => {
              inParts(outputs, DEPTH, (o0, depth) => {
                const factor = weights + 4 * (o0 * elementRows + e0 * depth);
                multiplyPanels(
                  height,
                  width,
                  depth,
                  factor,
                  gradient + 4 * o0 * panelWidth,
                  tile,
                  width,
                  o0 > 0,
                );
              });
              foldRows(
                tile,
                windows.positionsFrom(p0),
                width,
                windows.elementsFrom(e0),
                height,
                image,
              );
            });
          });
          if (isPadded) windows.cut(padded, to);
        }
      });
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      const dy = arrays.read(dyMem);
      if (dwMem) addWeightGradient(arrays.read(xMem), dy, dwMem);
      if (dbMem) {
        const fill = (sums: Address): void =>
          kernels.channelSums(d.batch, d.outputChannels, positions, dy, sums);
        arrays.addSums(d.outputChannels, fill, dbMem);
      }
    },
  };

  function addWeightGradient(x: Address, dy: Address, dwMem: SyncedMem): void {
    const { unfoldRows, rowProducts } = kernels;
    // A gradient that is still zero is written; one that holds something is added to.
    const isSum = !dwMem.isZero;
    const dw = isSum ? arrays.update(dwMem) : arrays.write(dwMem);
    arrays.lend(FEW_ROWS * STRIP, (columns) => {
      forEachInput(x, (image, index) => {
        const gradient = partOf(dy, index, outputs * positions);
        const to = partOf(dw, index % d.groups, outputs * elements);
        inParts(elements, FEW_ROWS, (e0, rows) => {
          inParts(positions, STRIP, (p0, width) => {
            unfoldRows(
              image,
              windows.positionsFrom(p0),
              width,
              windows.elementsFrom(e0),
              rows,
              columns,
            );
            const adds = isSum || index >= d.groups || p0 > 0;
            rowProducts(
              outputs,
              rows,
              width,
              gradient + 4 * p0,
              positions,
              columns,
              width,
              to + 4 * e0,
              elements,
              adds,
            );
          });
        });
      });
    });
  }
}
