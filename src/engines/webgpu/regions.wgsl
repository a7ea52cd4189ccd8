// Regions of maps, each cut into a grid of bins: what a bin makes of a plane, and what a place of a map gets back from bins.
struct Params {
  // Elements of y (forward) or of dx (backward).
  count: u32,
  regions: u32,
  // Planes of an image in x, and of a region in y.
  channels: u32,
  depth: u32,
  height: i32,
  width: i32,
  rows: u32,
  columns: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// forward: x, (N, C, H, W); backward: dy, (R, D, P, Q)
@group(0) @binding(1) var<storage, read> source: array<f32>;
// forward: y; backward: dx
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
// For each region its image, and behind it the numbers of its rows and columns of bins.
@group(0) @binding(3) var<storage, read> bins: array<f32>;
// Where each maximum lay, h·W + w within its plane; −1 from nowhere. Like y.
@group(0) @binding(4) var<storage, read_write> winners: array<f32>;

// Numbers of a row or column of bins.
override NUMBERS = 2u;

const LOWEST = -3.4028234663852886e38;

fn lengthOf() -> u32 {
  return 1u + NUMBERS * (p.rows + p.columns);
}

// Where the numbers of row i, or of column j, of region r begin.
fn rowAt(r: u32, i: u32) -> u32 {
  return r * lengthOf() + 1u + NUMBERS * i;
}

fn columnAt(r: u32, j: u32) -> u32 {
  return rowAt(r, p.rows + j);
}

// [from, to), or two neighbours.
fn bounds(at: u32) -> vec2i {
  return vec2i(i32(bins[at]), i32(bins[at + 1u]));
}

fn holds(at: u32, place: i32) -> bool {
  let b = bounds(at);
  return place >= b.x && place < b.y;
}

fn imageOf(r: u32) -> u32 {
  return u32(bins[r * lengthOf()]);
}

// A value of y: region, channel, row and column of its bin.
fn placeOf(i: u32) -> vec4u {
  let plane = p.rows * p.columns;
  return vec4u(i / (plane * p.depth), i / plane % p.depth, i / p.columns % p.rows, i % p.columns);
}

// Where the plane begins that a channel of a region looks at.
fn planeOf(r: u32, channel: u32) -> i32 {
  return i32(imageOf(r) * p.channels + channel) * p.height * p.width;
}

@compute @workgroup_size(256)
fn maxForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let at = placeOf(i);
    let rows = bounds(rowAt(at.x, at.z));
    let columns = bounds(columnAt(at.x, at.w));
    let plane = planeOf(at.x, at.y);
    var most = 0.0;
    var place = -1;
    for (var h = rows.x; h < rows.y; h++) {
      for (var w = columns.x; w < columns.y; w++) {
        let value = source[plane + h * p.width + w];
        let isFirst = place < 0 && value >= LOWEST && !isNan(value);
        if (isFirst || (place >= 0 && isGreater(value, most))) {
          most = value;
          place = h * p.width + w;
        }
      }
    }
    result[i] = most;
    winners[i] = f32(place);
  }
}

fn areaOf(row: u32, column: u32) -> f32 {
  let rows = bounds(row);
  let columns = bounds(column);
  return f32(max(rows.y - rows.x, 0) * max(columns.y - columns.x, 0));
}

@compute @workgroup_size(256)
fn meanForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let at = placeOf(i);
    let row = rowAt(at.x, at.z);
    let column = columnAt(at.x, at.w);
    let rows = bounds(row);
    let columns = bounds(column);
    let plane = planeOf(at.x, (at.y * p.rows + at.z) * p.columns + at.w);
    var sum = 0.0;
    for (var h = rows.x; h < rows.y; h++) {
      for (var w = columns.x; w < columns.y; w++) {
        sum += source[plane + h * p.width + w];
      }
    }
    let area = areaOf(row, column);
    if (area == 0.0) {
      result[i] = 0.0;
    } else {
      result[i] = sum / area;
    }
  }
}

@compute @workgroup_size(256)
fn linearForward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let at = placeOf(i);
    let row = rowAt(at.x, at.z);
    let column = columnAt(at.x, at.w);
    let rows = bounds(row);
    let columns = bounds(column);
    if (rows.x < 0 || columns.x < 0) {
      result[i] = 0.0;
      continue;
    }
    let v = bins[row + 2u];
    let u = bins[column + 2u];
    let low = planeOf(at.x, at.y) + rows.x * p.width;
    let high = planeOf(at.x, at.y) + rows.y * p.width;
    let above = source[low + columns.x] * (1.0 - u) + source[low + columns.y] * u;
    let below = source[high + columns.x] * (1.0 - u) + source[high + columns.y] * u;
    result[i] = above * (1.0 - v) + below * v;
  }
}

// A value of dx: image, channel, row and column.
fn pixelOf(i: u32) -> vec4u {
  let width = u32(p.width);
  let plane = u32(p.height) * width;
  return vec4u(i / (plane * p.channels), i / plane % p.channels, i / width % u32(p.height), i % width);
}

@compute @workgroup_size(256)
fn maxBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let pixel = pixelOf(i);
    let place = f32(pixel.z * u32(p.width) + pixel.w);
    var sum = 0.0;
    for (var r = 0u; r < p.regions; r++) {
      if (imageOf(r) != pixel.x) {
        continue;
      }
      for (var row = 0u; row < p.rows; row++) {
        if (!holds(rowAt(r, row), i32(pixel.z))) {
          continue;
        }
        for (var column = 0u; column < p.columns; column++) {
          let at = ((r * p.depth + pixel.y) * p.rows + row) * p.columns + column;
          if (winners[at] == place && holds(columnAt(r, column), i32(pixel.w))) {
            sum += source[at];
          }
        }
      }
    }
    result[i] = sum;
  }
}

@compute @workgroup_size(256)
fn meanBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let pixel = pixelOf(i);
    let row = pixel.y / p.columns % p.rows;
    let column = pixel.y % p.columns;
    var sum = 0.0;
    for (var r = 0u; r < p.regions; r++) {
      let rows = rowAt(r, row);
      let columns = columnAt(r, column);
      if (imageOf(r) == pixel.x && holds(rows, i32(pixel.z)) && holds(columns, i32(pixel.w))) {
        sum += source[r * p.channels + pixel.y] / areaOf(rows, columns);
      }
    }
    result[i] = sum;
  }
}

// How much of a row or column of bins comes from a place.
fn shareOf(at: u32, place: i32) -> f32 {
  let b = bounds(at);
  let share = bins[at + 2u];
  return select(0.0, 1.0 - share, b.x == place) + select(0.0, share, b.x >= 0 && b.y == place);
}

@compute @workgroup_size(256)
fn linearBackward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 256u * grid.x) {
    let pixel = pixelOf(i);
    var sum = 0.0;
    for (var r = 0u; r < p.regions; r++) {
      if (imageOf(r) != pixel.x) {
        continue;
      }
      for (var row = 0u; row < p.rows; row++) {
        let v = shareOf(rowAt(r, row), i32(pixel.z));
        if (v == 0.0) {
          continue;
        }
        for (var column = 0u; column < p.columns; column++) {
          let columns = columnAt(r, column);
          // Neither its row nor its column has anything where one of them is nowhere.
          if (bins[columns] < 0.0) {
            continue;
          }
          let u = shareOf(columns, i32(pixel.w));
          if (u != 0.0) {
            sum += v * u * source[((r * p.depth + pixel.y) * p.rows + row) * p.columns + column];
          }
        }
      }
    }
    result[i] = sum;
  }
}
