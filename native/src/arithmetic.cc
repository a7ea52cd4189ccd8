// Elementwise combinations, reductions, rows normalised by themselves, and one step of an LSTM.
#include "loops.h"
#include "primitive.h"
#include "vector-math.h"

namespace caffe {

namespace {

// sum(n, coeffs, xs, slope, y): Σ coeffᵢ·xᵢ, rectified unless slope is NaN
template <typename E>
void Sum(Args& args) {
  const size_t n = args.size();
  const auto coeffs = args.singles();
  const auto xs = args.arrays<E>(n, 1);
  if (xs.size() != coeffs.size()) throw std::length_error("as many arrays as coefficients are needed");
  const float given = args.single();
  // Without a rectifier its slope is 1.
  const float slope = std::isnan(given) ? 1.0f : given;
  E* y = args.elements<E>(n);
  if (xs.size() == 2) {
    const E *a = xs[0], *b = xs[1];
    const float ca = coeffs[0], cb = coeffs[1];
    parallel_parts(n, [=](size_t begin, size_t end) {
      map_elements(begin, end, y, [=](const auto& a, const auto& b) { return rectify(ca * a + cb * b, slope); }, a, b);
    });
    return;
  }
  parallel_parts(n, [&](size_t begin, size_t end) {
    // In parts that stay in the cache. y may be one of the xs, so it is written last.
    constexpr size_t kRun = 1024;
    for (size_t from = begin; from < end; from += kRun) {
      const size_t count = std::min(kRun, end - from);
      float total[kRun] = {};
      for (size_t k = 0; k < xs.size(); k++) {
        const E* x = xs[k] + from;
        const float c = coeffs[k];
#pragma omp simd
        for (size_t i = 0; i < count; i++) total[i] += c * x[i];
      }
      E* to = y + from;
      const float below = slope;
#pragma omp simd
      for (size_t i = 0; i < count; i++) to[i] = rectify(total[i], below);
    }
  });
}

// sumGradient(n, coeff, slope, y?, dy, dx): dx = coeff·dy through the rectifier whose result was y
template <typename E>
void SumGradient(Args& args) {
  const size_t n = args.size();
  const float coeff = args.single(), slope = args.single();
  const E *y = args.optional<E>(n), *dy = args.elements<E>(n);
  E* dx = args.elements<E>(n);
  parallel_parts(n, [=](size_t begin, size_t end) {
    if (y == nullptr) {
      map_elements(begin, end, dx, [=](const auto& dy) { return coeff * dy; }, dy);
    } else {
      map_elements(begin, end, dx, [=](const auto& y, const auto& dy) { return coeff * gate(y, slope) * dy; }, y, dy);
    }
  });
}

// product(n, xs, y)
template <typename E>
void Product(Args& args) {
  const size_t n = args.size();
  const auto xs = args.arrays<E>(n, 2);
  E* y = args.elements<E>(n);
  if (xs.size() == 2) {
    const E *a = xs[0], *b = xs[1];
    parallel_parts(n, [=](size_t begin, size_t end) {
#pragma omp simd
      for (size_t i = begin; i < end; i++) y[i] = a[i] * b[i];
    });
    return;
  }
  parallel_parts(n, [&](size_t begin, size_t end) {
    // In parts that stay in the cache. y may be one of the xs, so it is written last.
    constexpr size_t kRun = 1024;
    for (size_t from = begin; from < end; from += kRun) {
      const size_t count = std::min(kRun, end - from);
      float total[kRun];
      std::copy_n(xs[0] + from, count, total);
      for (size_t k = 1; k < xs.size(); k++) {
        const E* x = xs[k] + from;
#pragma omp simd
        for (size_t i = 0; i < count; i++) total[i] *= x[i];
      }
      std::copy_n(total, count, y + from);
    }
  });
}

// productGradient(n, k, isStable, xs, y, dy, dx): dx = dy · Π of the others, or dy · y / xₖ
template <typename E>
void ProductGradient(Args& args) {
  const size_t n = args.size(), k = args.size();
  const bool is_stable = args.flag();
  const auto xs = args.arrays<E>(n, k + 1);
  const E *y = args.elements<E>(n), *dy = args.elements<E>(n);
  E* dx = args.elements<E>(n);
  parallel_parts(n, [&](size_t begin, size_t end) {
    const E* own = xs[k];
    if (!is_stable) {
#pragma omp simd
      for (size_t i = begin; i < end; i++) dx[i] = dy[i] * (y[i] / own[i]);
      return;
    }
    for (size_t i = begin; i < end; i++) {
      float others = 1;
      for (size_t j = 0; j < xs.size(); j++) {
        if (j != k) others *= xs[j][i];
      }
      dx[i] = dy[i] * others;
    }
  });
}

// maximum(n, xs, y, winner): the greatest, and which it was; x₁ unless x₀ is greater, one behind them only if it is
// greater than those before it
template <typename E>
void Maximum(Args& args) {
  const size_t n = args.size();
  const auto xs = args.arrays<E>(n, 2);
  E *y = args.elements<E>(n), *winner = args.elements<E>(n);
  parallel_parts(n, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i++) {
      const bool is_first = xs[0][i] > xs[1][i];
      float best = is_first ? xs[0][i] : xs[1][i], which = is_first ? 0 : 1;
      for (size_t k = 2; k < xs.size(); k++) {
        if (xs[k][i] > best) {
          best = xs[k][i];
          which = static_cast<float>(k);
        }
      }
      y[i] = best;
      winner[i] = which;
    }
  });
}

// maximumGradient(n, k, winner, dy, dx)
template <typename E>
void MaximumGradient(Args& args) {
  const size_t n = args.size();
  const float k = args.single();
  const E *winner = args.elements<E>(n), *dy = args.elements<E>(n);
  E* dx = args.elements<E>(n);
  parallel_parts(n, [=](size_t begin, size_t end) {
#pragma omp simd
    for (size_t i = begin; i < end; i++) dx[i] = winner[i] == k ? static_cast<float>(dy[i]) : 0.0f;
  });
}

// Σ term(x) of a row, in parts of fixed size.
template <typename Term>
double row_sum(const float* x, size_t n, Term term) {
  constexpr size_t kPart = 4096;
  double sum = 0;
  for (size_t begin = 0; begin < n; begin += kPart) {
    const size_t end = std::min(n, begin + kPart);
    float part = 0;
#pragma omp simd reduction(+ : part)
    for (size_t i = begin; i < end; i++) part += term(x[i]);
    sum += part;
  }
  return sum;
}

enum { kSum, kAbs, kSquare };

// reduce(kind, outer, inner, coeff, x, y): kind 0 Σ x, 1 Σ |x|, 2 Σ x²
void Reduce(Args& args) {
  const size_t kind = args.size(), outer = args.size(), inner = args.size();
  const double coeff = args.number();
  const float* x = args.floats(outer * inner);
  float* y = args.floats(outer);
  parallel(outer, outer * inner, [=](size_t o) {
    const float* from = x + o * inner;
    const double sum = kind == kAbs      ? row_sum(from, inner, [](float v) { return fabsf(v); })
                       : kind == kSquare ? row_sum(from, inner, [](float v) { return v * v; })
                                         : row_sum(from, inner, [](float v) { return v; });
    y[o] = static_cast<float>(coeff * sum);
  });
}

// reduceBackward(kind, outer, inner, coeff, x, dy, dx)
void ReduceBackward(Args& args) {
  const size_t kind = args.size(), outer = args.size(), inner = args.size();
  const float coeff = args.single();
  const float *x = args.floats(outer * inner), *dy = args.floats(outer);
  float* dx = args.floats(outer * inner);
  parallel(outer, outer * inner, [=](size_t o) {
    const float slope = coeff * dy[o];
    const size_t begin = o * inner, end = begin + inner;
    if (kind == kSum) std::fill(dx + begin, dx + end, slope);
    else if (kind == kSquare) for (size_t i = begin; i < end; i++) dx[i] = 2 * slope * x[i];
    else for (size_t i = begin; i < end; i++) dx[i] = slope * (x[i] > 0 ? 1.0f : x[i] < 0 ? -1.0f : x[i]);
  });
}

// mvnForward(rows, size, dividesBySigma, eps, x, y, scales): y = (x − mean) · scale row by row
void MVNForward(Args& args) {
  const size_t rows = args.size(), size = args.size();
  const bool divides = args.flag();
  const double eps = args.number();
  const float* x = args.floats(rows * size);
  float *y = args.floats(rows * size), *scales = args.floats(rows);
  parallel(rows, rows * size, [=](size_t r) {
    const float* from = x + r * size;
    float* to = y + r * size;
    const auto n = static_cast<double>(size);
    const float mean = static_cast<float>(row_sum(from, size, [](float v) { return v; }) / n);
    // What the mean was rounded by counts where all are nearly alike: ε is tiny.
    const double left = row_sum(from, size, [mean](float v) { return v - mean; }) / n;
    const float rest = std::isfinite(mean) ? static_cast<float>(left) : 0;
    float scale = 1;
    if (divides) {
      const double squares =
          row_sum(from, size, [mean, rest](float v) { return (v - mean - rest) * (v - mean - rest); });
      scale = static_cast<float>(1 / (std::sqrt(squares / n) + eps));
    }
    scales[r] = scale;
#pragma omp simd
    for (size_t i = 0; i < size; i++) to[i] = (from[i] - mean - rest) * scale;
  });
}

// mvnBackward(rows, size, dividesBySigma, y, dy, scales, dx)
void MVNBackward(Args& args) {
  const size_t rows = args.size(), size = args.size();
  const bool divides = args.flag();
  const float *y = args.floats(rows * size), *dy = args.floats(rows * size), *scales = args.floats(rows);
  float* dx = args.floats(rows * size);
  parallel(rows, rows * size, [=](size_t r) {
    const float *ys = y + r * size, *dys = dy + r * size;
    float* to = dx + r * size;
    const auto n = static_cast<double>(size);
    const float mean = static_cast<float>(row_sum(dys, size, [](float v) { return v; }) / n);
    if (!divides) {
#pragma omp simd
      for (size_t i = 0; i < size; i++) to[i] = dys[i] - mean;
      return;
    }
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (size_t i = 0; i < size; i++) dot += dys[i] * ys[i];
    const auto along = static_cast<float>(dot / n);
#pragma omp simd
    for (size_t i = 0; i < size; i++) to[i] = (dys[i] - mean - ys[i] * along) * scales[r];
  });
}

// Exact near 0 too, where 1 + tanh(x / 2) has lost what is left.
float sigmoid(float x) { return 1 / (1 + expf(-x)); }

// lstmForward(batch, hidden, before, gates, cont, c, h, values): values are σ(i), σ(f), σ(o), tanh(g)
void LSTMForward(Args& args) {
  const size_t batch = args.size(), hidden = args.size(), n = batch * hidden;
  const float *before = args.floats(n), *gates = args.floats(4 * n), *cont = args.floats(batch);
  float *c = args.floats(n), *h = args.floats(n), *values = args.floats(4 * n);
  parallel(batch, batch * hidden * 8, [=](size_t n) {
    const float *in = gates + n * 4 * hidden, *old = before + n * hidden, keep = cont[n];
    float *out = values + n * 4 * hidden, *cell = c + n * hidden, *state = h + n * hidden;
#pragma omp simd
    for (size_t d = 0; d < 3 * hidden; d++) out[d] = sigmoid(in[d]);
#pragma omp simd
    for (size_t d = 3 * hidden; d < 4 * hidden; d++) out[d] = tanhf(in[d]);
#pragma omp simd
    for (size_t d = 0; d < hidden; d++) {
      const float kept = keep == 0 ? 0 : keep * out[hidden + d] * old[d];
      cell[d] = kept + out[d] * out[3 * hidden + d];
      state[d] = out[2 * hidden + d] * tanhf(cell[d]);
    }
  });
}

// lstmBackward(batch, hidden, before, cont, c, values, dc, dh, dBefore, dGates)
void LSTMBackward(Args& args) {
  const size_t batch = args.size(), hidden = args.size(), n = batch * hidden;
  const float *before = args.floats(n), *cont = args.floats(batch), *c = args.floats(n), *values = args.floats(4 * n);
  const float *dc = args.floats(n), *dh = args.floats(n);
  float *dbefore = args.floats(n), *dgates = args.floats(4 * n);
  parallel(batch, batch * hidden * 8, [=](size_t n) {
    const float *v = values + n * 4 * hidden, *old = before + n * hidden, keep = cont[n];
    float *to = dgates + n * 4 * hidden, *back = dbefore + n * hidden;
#pragma omp simd
    for (size_t d = 0; d < hidden; d++) {
      const float i = v[d], f = v[hidden + d], o = v[2 * hidden + d], g = v[3 * hidden + d];
      const float tanh_c = tanhf(c[n * hidden + d]), from_h = dh[n * hidden + d];
      const float cell = dc[n * hidden + d] + from_h * o * (1 - tanh_c * tanh_c);
      const float kept = keep == 0 ? 0 : keep * cell;
      back[d] = kept * f;
      to[d] = cell * g * i * (1 - i);
      to[hidden + d] = kept * old[d] * f * (1 - f);
      to[2 * hidden + d] = from_h * tanh_c * o * (1 - o);
      to[3 * hidden + d] = cell * i * (1 - g * g);
    }
  });
}

}  // namespace

void InitArithmetic(Napi::Object exports) {
  define<Sum<float>, Sum<Bf16>>(exports, "sum");
  define<SumGradient<float>, SumGradient<Bf16>>(exports, "sumGradient");
  define<Product<float>, Product<Bf16>>(exports, "product");
  define<ProductGradient<float>, ProductGradient<Bf16>>(exports, "productGradient");
  define<Maximum<float>, Maximum<Bf16>>(exports, "maximum");
  define<MaximumGradient<float>, MaximumGradient<Bf16>>(exports, "maximumGradient");
  define<Reduce>(exports, "reduce");
  define<ReduceBackward>(exports, "reduceBackward");
  define<MVNForward>(exports, "mvnForward");
  define<MVNBackward>(exports, "mvnBackward");
  define<LSTMForward>(exports, "lstmForward");
  define<LSTMBackward>(exports, "lstmBackward");
}

}  // namespace caffe
