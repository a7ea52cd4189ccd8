import type { Blob } from "../../blob/blob.ts";
import { boxAt } from "../detection/boxes.ts";
import type { Offset } from "./box-scale.ts";
import type { Field } from "./fields.ts";
import type { Patch } from "./patches.ts";

/** What is to be learnt at a cell: a class, the object's middle and size, and how much the field overlaps it. */
export interface FieldLabel {
  readonly label: number;
  readonly object: Patch;
  readonly overlap: number;
}

/** The numbers of a label at a cell: label, middle and size, overlap. */
export const LABEL_CHANNELS = 6;

/** Maps of scores, of offsets and of labels, whose items go through the anchors of one image after the other. */
export interface FieldMaps {
  readonly scores: { readonly blob: Blob; readonly first: number };
  readonly offsets: { readonly blob: Blob; readonly first: number };
  readonly labels: Blob;
  readonly classes: number;
  /** The fields of the anchors: one where there is but one. */
  readonly fields: readonly Field[];
}

/** A cell of an item. */
export interface Cell {
  readonly item: number;
  readonly place: number;
  /** Its number among all cells of the maps. */
  readonly index: number;
}

/** Reads and writes at the cells of maps. */
export class FieldReader {
  readonly maps: FieldMaps;
  readonly #plane: number;
  readonly #columns: number;

  constructor(maps: FieldMaps) {
    this.maps = maps;
    this.#plane = maps.labels.count(2);
    this.#columns = maps.labels.shape[3] ?? 1;
  }

  get images(): number {
    return Math.floor((this.maps.labels.shape[0] ?? 0) / this.maps.fields.length);
  }

  /** The cells of an image, anchor after anchor. */
  cells(image: number): readonly Cell[] {
    const { length } = this.maps.fields;
    return Array.from({ length: length * this.#plane }, (_, k): Cell => {
      const item = image * length + Math.floor(k / this.#plane);
      const place = k % this.#plane;
      return { item, place, index: item * this.#plane + place };
    });
  }

  field({ item }: Cell): Field {
    const { fields } = this.maps;
    return fields[item % fields.length]!;
  }

  row({ place }: Cell): number {
    return Math.floor(place / this.#columns);
  }

  column({ place }: Cell): number {
    return place % this.#columns;
  }

  label(cell: Cell): FieldLabel {
    const values = this.maps.labels.dataMem.cpu();
    const at = (k: number): number =>
      values[(cell.item * LABEL_CHANNELS + k) * this.#plane + cell.place]!;
    return {
      label: Math.trunc(at(0)),
      object: boxAt([at(1), at(2), at(3), at(4)], 0),
      overlap: Math.fround(at(5)),
    };
  }

  /** Where the score of a class, or a number of the offset, stands in its blob. */
  scorePlace({ item, place }: Cell, kind: number): number {
    const { blob, first } = this.maps.scores;
    return item * blob.count(1) + (first + kind) * this.#plane + place;
  }

  offsetPlace({ item, place }: Cell, k: number): number {
    const { blob, first } = this.maps.offsets;
    return item * blob.count(1) + (first + k) * this.#plane + place;
  }

  scores(cell: Cell): readonly number[] {
    const values = this.maps.scores.blob.dataMem.cpu();
    return Array.from(
      { length: this.maps.classes },
      (_, kind) => values[this.scorePlace(cell, kind)]!,
    );
  }

  offset(cell: Cell): Offset {
    const values = this.maps.offsets.blob.dataMem.cpu();
    const at = (k: number): number => values[this.offsetPlace(cell, k)]!;
    return [at(0), at(1), at(2), at(3)];
  }
}
