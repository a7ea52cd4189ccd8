// Channels of an array (outer, length, inner) normalised to mean 0 and variance 1: one pass for the statistics, in
// slices, and one that applies them.
// Behind it may come a line per channel and a function: y = f(γ·x̂ + β).
struct Params {
  numbers: vec4f,
  eps: f32,
  outer: u32,
  length: u32,
  inner: u32,
  slices: u32,
  sliceLength: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// (outer, length, inner): x, dy
@group(0) @binding(1) var<storage, read> input: array<E1>;
// y, dx
@group(0) @binding(2) var<storage, read_write> output: array<E2>;
// backward: the normalised values
@group(0) @binding(3) var<storage, read> normalised: array<E3>;
// (slices, length): (mean, Σ (x − mean)²) or (Σ dy, Σ dy·x̂) of a slice; behind them what means were rounded by
@group(0) @binding(4) var<storage, read_write> parts: array<vec2f>;
// (length), or (2, length): the mean and what it was rounded by
@group(0) @binding(5) var<storage, read> mean: array<f32>;
@group(0) @binding(6) var<storage, read> variance: array<f32>;
@group(0) @binding(7) var<storage, read_write> newMean: array<f32>;
@group(0) @binding(8) var<storage, read_write> newVariance: array<f32>;
// The normalised values once more, for backward.
@group(0) @binding(9) var<storage, read_write> kept: array<E9>;
// (length)
@group(0) @binding(10) var<storage, read> gamma: array<f32>;
@group(0) @binding(11) var<storage, read> beta: array<f32>;

// The output is the input, or the gradient, too.
override IN_PLACE = false;
// dx = dy / σ: the statistics do not depend on x.
override IS_GLOBAL = false;
override HAS_GAMMA = false;
override HAS_BETA = false;
override HAS_POSTS = false;
// Of the mean its rounding error is kept too: it counts where all are nearly alike and nothing is added to the variance.
override KEEPS_REST = false;
// 0: 1/√(variance + eps). 1: 1/(√variance + eps). 2: 1.
override DIVISOR = 0u;

fn at(i: u32) -> f32 {
  if (IN_PLACE) {
    return f32(output[i]);
  }
  return f32(input[i]);
}

fn factorOf(l: u32) -> f32 {
  if (HAS_GAMMA) {
    return gamma[l];
  }
  return 1.0;
}

// γ·x̂ + β
fn onLine(l: u32, value: f32) -> f32 {
  if (HAS_BETA) {
    return factorOf(l) * value + beta[l];
  }
  return factorOf(l) * value;
}

// The gradient of the line: of y, through f.
fn gradientAt(i: u32, l: u32) -> f32 {
  if (!HAS_POSTS) {
    return at(i);
  }
  let x = onLine(l, f32(normalised[i]));
  return df(x, f(x), at(i));
}

fn indexOf(l: u32, j: u32) -> u32 {
  return (j / p.inner * p.length + l) * p.inner + j % p.inner;
}

// x − mean
fn deviationOf(x: f32, l: u32) -> f32 {
  if (KEEPS_REST) {
    return x - mean[l] - mean[p.length + l];
  }
  return x - mean[l];
}

fn inverse(v: f32) -> f32 {
  if (DIVISOR == 0u) {
    return 1.0 / rootOf(v + p.eps);
  }
  if (DIVISOR == 1u) {
    return 1.0 / (rootOf(v) + p.eps);
  }
  return 1.0;
}

// Mean and squared deviations of each slice of each channel, one after the other, so that nothing cancels.
@compute @workgroup_size(WIDTH)
fn statistics(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.outer * p.inner);
  for (var l = workgroup.x; l < p.length; l += grid.x) {
    var sum = 0.0;
    for (var j = begin + lane.index; j < end; j += WIDTH) {
      sum += f32(input[indexOf(l, j)]);
    }
    let m = workgroupSum(lane, vec2f(sum, 0.0)).x / f32(end - begin);
    // (Σ d², Σ d): what the mean was rounded by is known from the deviations d, which are small.
    var sums = vec2f();
    for (var j = begin + lane.index; j < end; j += WIDTH) {
      let deviation = f32(input[indexOf(l, j)]) - m;
      sums += deviation * vec2f(deviation, 1.0);
    }
    let total = workgroupSum(lane, sums);
    if (lane.index == 0u) {
      let rounded = select(0.0, total.y / f32(end - begin), isFinite(total.x));
      let i = workgroup.y * p.length + l;
      parts[i] = vec2f(select(m + rounded, m, KEEPS_REST), total.x - rounded * total.y);
      if (KEEPS_REST) {
        parts[p.slices * p.length + i] = vec2f(rounded, 0.0);
      }
    }
  }
}

// What the mean of a slice was rounded by.
fn restOf(part: u32) -> f32 {
  if (KEEPS_REST) {
    return parts[p.slices * p.length + part].x;
  }
  return 0.0;
}

// Mean and variance of each channel from those of its slices.
@compute @workgroup_size(WIDTH)
fn merge(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let size = p.outer * p.inner;
  for (var l = id.x; l < p.length; l += WIDTH * grid.x) {
    let m = parts[l].x;
    var rest = restOf(l);
    var squares = parts[l].y;
    var seen = f32(min(p.sliceLength, size));
    for (var s = 1u; s < p.slices; s++) {
      let i = s * p.length + l;
      let count = f32(min(p.sliceLength, size - s * p.sliceLength));
      let delta = parts[i].x - m + (restOf(i) - rest);
      let both = seen + count;
      rest += delta * count / both;
      squares += parts[i].y + delta * delta * seen * count / both;
      seen = both;
    }
    newMean[l] = select(m + rest, m, KEEPS_REST);
    if (KEEPS_REST) {
      newMean[p.length + l] = rest;
    }
    newVariance[l] = squares / f32(size);
  }
}

@compute @workgroup_size(WIDTH)
fn apply(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.length * p.inner; i += WIDTH * grid.x) {
    let l = i / p.inner % p.length;
    output[i] = E2(f(onLine(l, deviationOf(at(i), l) * inverse(variance[l]))));
  }
}

@compute @workgroup_size(WIDTH)
fn applyAndKeep(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.outer * p.length * p.inner; i += WIDTH * grid.x) {
    let l = i / p.inner % p.length;
    let value = deviationOf(at(i), l) * inverse(variance[l]);
    output[i] = E2(f(onLine(l, value)));
    kept[i] = E9(value);
  }
}

// Σ g and Σ g·x̂ of each slice of each channel, g being the gradient of the line: those of β and γ, too.
@compute @workgroup_size(WIDTH)
fn gradientSums(lane: Lane, @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let begin = workgroup.y * p.sliceLength;
  let end = min(begin + p.sliceLength, p.outer * p.inner);
  for (var l = workgroup.x; l < p.length; l += grid.x) {
    var sums = vec2f();
    for (var j = begin + lane.index; j < end; j += WIDTH) {
      let i = indexOf(l, j);
      sums += gradientAt(i, l) * vec2f(1.0, f32(normalised[i]));
    }
    let total = workgroupSum(lane, sums);
    if (lane.index == 0u) {
      parts[workgroup.y * p.length + l] = total;
    }
  }
}

// dx = γ · (g − mean(g) − x̂ · mean(g·x̂)) / σ
@compute @workgroup_size(WIDTH)
fn gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let size = f32(p.outer * p.inner);
  for (var i = id.x; i < p.outer * p.length * p.inner; i += WIDTH * grid.x) {
    let l = i / p.inner % p.length;
    if (IS_GLOBAL) {
      output[i] = E2(gradientAt(i, l) * factorOf(l) * inverse(variance[l]));
    } else {
      var sums = vec2f();
      for (var s = 0u; s < p.slices; s++) {
        sums += parts[s * p.length + l];
      }
      let along = f32(normalised[i]) * select(sums.y / size, 0.0, DIVISOR == 2u);
      let own = gradientAt(i, l) - sums.x / size - along;
      output[i] = E2(own * factorOf(l) * inverse(variance[l]));
    }
  }
}
