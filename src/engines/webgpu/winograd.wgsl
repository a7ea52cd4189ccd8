// Winograd's algorithm for windows of 3 × 3 that move by one, around a product for each of SIDE × SIDE points: `weights` and `data`
// make its operands, `result` takes what it gives. Of the gradient of weights these are `gradients`, `data` and `taps`. A file in front of this one (winograd-2 or winograd-4) has the formulas in one
// dimension; in two they stand on both sides.
struct Params {
  numbers: vec4f,
  // Of the result and of the data; tiles of OUT × OUT results, and the same up to whole fours.
  rows: u32,
  channels: u32,
  tiles: u32,
  pitch: u32,
  // Tiles of an image, along both sides; and the planes of data and result.
  tilesY: u32,
  tilesX: u32,
  height: u32,
  width: u32,
  resultHeight: u32,
  resultWidth: u32,
  padY: i32,
  padX: i32,
  // The weights are those of the gradient of data: turned over, and of the other direction.
  isTurned: u32,
  finish: u32,
  // The gradient of weights is added to.
  adds: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// W (O, C, 3, 3); data (N, channels, plane); gradients (N, rows, plane); or products (point, rows, pitch or channels)
@group(0) @binding(1) var<storage, read> source: array<E1>;
// (rows) or a line, see finish.wgsl
@group(0) @binding(2) var<storage, read> bias: array<f32>;
// (point, rows, channels); (point, channels or rows, pitch); or the result: (N, rows, plane), or like W
@group(0) @binding(3) var<storage, read_write> to: array<E3>;

@compute @workgroup_size(64)
fn weights(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = p.rows * p.channels;
  for (var i = id.x; i < count; i += 64u * grid.x) {
    let row = i / p.channels;
    let channel = i % p.channels;
    let isTurned = p.isTurned != 0u;
    let start = 9u * select(i, channel * p.rows + row, isTurned);
    var between: array<array<f32, 3>, SIDE>;
    for (var x = 0u; x < 3u; x++) {
      var line: array<f32, 3>;
      for (var y = 0u; y < 3u; y++) {
        let tap = 3u * y + x;
        line[y] = f32(source[start + select(tap, 8u - tap, isTurned)]);
      }
      let turned = ofWeights(line);
      for (var y = 0u; y < SIDE; y++) {
        between[y][x] = turned[y];
      }
    }
    for (var y = 0u; y < SIDE; y++) {
      let line = ofWeights(between[y]);
      for (var x = 0u; x < SIDE; x++) {
        to[(y * SIDE + x) * count + i] = E3(line[x]);
      }
    }
  }
}

@compute @workgroup_size(64)
fn data(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = p.channels * p.pitch;
  for (var i = id.x; i < count; i += 64u * grid.x) {
    let channel = i / p.pitch;
    // Columns beyond the last tile are multiplied, and what comes of them is not looked at.
    let tile = min(i % p.pitch, p.tiles - 1u);
    let image = tile / (p.tilesY * p.tilesX);
    let top = i32(OUT * (tile / p.tilesX % p.tilesY)) - p.padY;
    let left = i32(OUT * (tile % p.tilesX)) - p.padX;
    let start = i32((image * p.channels + channel) * p.height * p.width);
    var between: array<array<f32, SIDE>, SIDE>;
    for (var x = 0u; x < SIDE; x++) {
      var line: array<f32, SIDE>;
      for (var y = 0u; y < SIDE; y++) {
        let at = vec2i(top + i32(y), left + i32(x));
        let isInside = all(vec2u(at) < vec2u(p.height, p.width));
        line[y] = select(0.0, f32(source[select(0, start + at.x * i32(p.width) + at.y, isInside)]), isInside);
      }
      let turned = ofData(line);
      for (var y = 0u; y < SIDE; y++) {
        between[y][x] = turned[y];
      }
    }
    for (var y = 0u; y < SIDE; y++) {
      let line = ofData(between[y]);
      for (var x = 0u; x < SIDE; x++) {
        to[(y * SIDE + x) * count + i] = E3(line[x]);
      }
    }
  }
}

@compute @workgroup_size(64)
fn result(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = p.rows * p.tiles;
  for (var i = id.x; i < count; i += 64u * grid.x) {
    let row = i / p.tiles;
    let tile = i % p.tiles;
    let image = tile / (p.tilesY * p.tilesX);
    let top = OUT * (tile / p.tilesX % p.tilesY);
    let left = OUT * (tile % p.tilesX);
    let start = (image * p.rows + row) * p.resultHeight * p.resultWidth;
    var between: array<array<f32, SIDE>, OUT>;
    for (var x = 0u; x < SIDE; x++) {
      var line: array<f32, SIDE>;
      for (var y = 0u; y < SIDE; y++) {
        line[y] = f32(source[((y * SIDE + x) * p.rows + row) * p.pitch + tile]);
      }
      let turned = ofProducts(line);
      for (var y = 0u; y < OUT; y++) {
        between[y][x] = turned[y];
      }
    }
    for (var y = 0u; y < OUT; y++) {
      let line = ofProducts(between[y]);
      for (var x = 0u; x < OUT; x++) {
        if (top + y < p.resultHeight && left + x < p.resultWidth) {
          to[start + (top + y) * p.resultWidth + left + x] = E3(finished(line[x], row, p.rows));
        }
      }
    }
  }
}

// The transforms of the gradient of results; 0 beyond the last tile and beyond the plane.
@compute @workgroup_size(64)
fn gradients(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = p.rows * p.pitch;
  for (var i = id.x; i < count; i += 64u * grid.x) {
    let row = i / p.pitch;
    let tile = i % p.pitch;
    let image = tile / (p.tilesY * p.tilesX);
    let top = OUT * (tile / p.tilesX % p.tilesY);
    let left = OUT * (tile % p.tilesX);
    let start = (image * p.rows + row) * p.resultHeight * p.resultWidth;
    var between: array<array<f32, OUT>, SIDE>;
    for (var x = 0u; x < OUT; x++) {
      var line: array<f32, OUT>;
      for (var y = 0u; y < OUT; y++) {
        let at = vec2u(top + y, left + x);
        let exists = tile < p.tiles && all(at < vec2u(p.resultHeight, p.resultWidth));
        line[y] = select(0.0, f32(source[select(0u, start + at.x * p.resultWidth + at.y, exists)]), exists);
      }
      let turned = ofResults(line);
      for (var y = 0u; y < SIDE; y++) {
        between[y][x] = turned[y];
      }
    }
    for (var y = 0u; y < SIDE; y++) {
      let line = ofResults(between[y]);
      for (var x = 0u; x < SIDE; x++) {
        to[(y * SIDE + x) * count + i] = E3(line[x]);
      }
    }
  }
}

// The gradient of weights from the sums over all tiles.
@compute @workgroup_size(64)
fn taps(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = p.rows * p.channels;
  for (var i = id.x; i < count; i += 64u * grid.x) {
    var between: array<array<f32, SIDE>, 3>;
    for (var x = 0u; x < SIDE; x++) {
      var line: array<f32, SIDE>;
      for (var y = 0u; y < SIDE; y++) {
        line[y] = f32(source[(y * SIDE + x) * count + i]);
      }
      let turned = ofSums(line);
      for (var y = 0u; y < 3u; y++) {
        between[y][x] = turned[y];
      }
    }
    for (var y = 0u; y < 3u; y++) {
      let line = ofSums(between[y]);
      for (var x = 0u; x < 3u; x++) {
        let at = 9u * i + 3u * y + x;
        if (p.adds != 0u) {
          to[at] = E3(f32(to[at]) + line[x]);
        } else {
          to[at] = E3(line[x]);
        }
      }
    }
  }
}
