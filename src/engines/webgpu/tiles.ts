/** How a product is shared among invocations: workgroups of rows × columns of them, and what each takes. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Blocks of 4 × 4 elements that an invocation makes along each side; more than one only where tiles are staged. */
  readonly blocksM: number;
  readonly blocksN: number;
  /** Elements of K that are staged at a time. */
  readonly depth: number;
}

/** Elements along the two sides of a tile. */
export function sidesOf({ rows, columns, blocksM, blocksN }: Tile): readonly [number, number] {
  return [4 * rows * blocksM, 4 * columns * blocksN];
}

/** What of an adapter bounds a tile. */
interface Bounds {
  readonly workgroupBytes: number;
  readonly invocations: number;
}

/** WebGPU's least, which every adapter has. */
const LEAST: Bounds = { workgroupBytes: 16384, invocations: 256 };

/** Workgroups that a large GPU wants before it is busy. */
export const BUSY = 256;

/**
 * Tiles for staging, the largest first: sides, invocations and the depth of a stage. The larger, the less is read for each product, and
 * the fewer workgroups share the work. Few are enough: each is a shader of its own to compile.
 */
const STAGED: readonly Tile[] = [
  { rows: 16, columns: 16, blocksM: 2, blocksN: 2, depth: 16 },
  { rows: 16, columns: 16, blocksM: 2, blocksN: 2, depth: 8 },
  { rows: 8, columns: 16, blocksM: 2, blocksN: 2, depth: 16 },
  { rows: 16, columns: 8, blocksM: 2, blocksN: 2, depth: 16 },
  { rows: 8, columns: 8, blocksM: 2, blocksN: 2, depth: 16 },
  { rows: 8, columns: 16, blocksM: 1, blocksN: 2, depth: 16 },
  { rows: 16, columns: 8, blocksM: 2, blocksN: 1, depth: 16 },
  { rows: 8, columns: 8, blocksM: 1, blocksN: 1, depth: 16 },
  { rows: 4, columns: 16, blocksM: 1, blocksN: 2, depth: 8 },
  { rows: 16, columns: 4, blocksM: 2, blocksN: 1, depth: 8 },
  { rows: 4, columns: 8, blocksM: 1, blocksN: 1, depth: 16 },
];

/** Bytes of workgroup memory of a tile's two stages. */
function stageBytes(tile: Tile, elementBytes: number): number {
  const [m, n] = sidesOf(tile);
  return 2 * tile.depth * (m + n) * elementBytes;
}

/** The tiles that an adapter has room for. */
export function stagedTiles(
  limits: Readonly<Record<string, number>>,
  elementBytes: number,
): readonly Tile[] {
  const bounds: Bounds = {
    workgroupBytes: limits["maxComputeWorkgroupStorageSize"] ?? LEAST.workgroupBytes,
    invocations: limits["maxComputeInvocationsPerWorkgroup"] ?? LEAST.invocations,
  };
  return STAGED.filter(
    (tile) =>
      stageBytes(tile, elementBytes) <= bounds.workgroupBytes &&
      tile.rows * tile.columns <= bounds.invocations,
  );
}

/** How many tiles are worth a trial. */
const WORTH_TRYING = 4;

/** The tiles that a product of m × n may be fastest with, among `parts` such products; the likeliest first. */
export function likelyTiles(
  tiles: readonly Tile[],
  m: number,
  n: number,
  parts: number,
): readonly Tile[] {
  const costs = new Map(tiles.map((tile) => [tile, costOf(tile, m, n, parts)]));
  return tiles.toSorted((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0)).slice(0, WORTH_TRYING);
}

/** "128x64x16": the sides of a tile, and the depth of its stages. */
export function nameOf(tile: Tile): string {
  return [...sidesOf(tile), tile.depth].join("x");
}

/** Products that are computed, of no use too, divided by how fast: what memory and too few workgroups take from a GPU's peak. */
function costOf(tile: Tile, m: number, n: number, parts: number): number {
  const [tileM, tileN] = sidesOf(tile);
  const workgroups = Math.max(1, Math.ceil(m / tileM) * Math.ceil(n / tileN) * parts);
  // Products for each element that is read: from workgroup memory by an invocation, from caches by a workgroup.
  const [ownM, ownN] = [4 * tile.blocksM, 4 * tile.blocksN];
  const own = (ownM * ownN) / (ownM + ownN);
  const shared = (tileM * tileN) / (tileM + tileN);
  const speed = (own / (own + 1)) * (shared / (shared + 8));
  const busy = Math.min(1, (workgroups * tile.rows * tile.columns) / (BUSY * 64));
  return (workgroups * tileM * tileN) / (speed * busy);
}

/** Tiles where each invocation loads for itself: rows and columns of blocks of 4 × 4. */
export function directTile(m: number, n: number): Tile {
  const rows = m > 4 ? 4 : 1;
  const columns = n > 16 ? 16 : 4;
  return { rows, columns, blocksM: 1, blocksN: 1, depth: 4 };
}
