// Arithmetic with one number per channel, in any layout that keeps channels in blocks.
#include <algorithm>

#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

// What may be applied on the way out: a rectifier of that slope that ends at a ceiling; NaN for none of either.
struct Rectifier {
  bool is_there;
  float slope, ceiling;

  explicit Rectifier(double slope, double ceiling = NAN)
      : is_there(!std::isnan(slope)), slope(static_cast<float>(slope)), ceiling(static_cast<float>(ceiling)) {}
  // Nothing is above a ceiling that is NaN.
  template <typename V>
  V apply(const V& z) const {
    const V above = rectify(z, slope);
    return ceiling < above ? V{} + ceiling : above;
  }
  // What it multiplies a gradient by. Without a rectifier its slope is 1.
  template <typename V>
  V gradient(const V& z) const {
    const V open = gate(z, is_there ? slope : 1.0f);
    return z >= ceiling ? V{} : open;
  }
};

// y = a·(x − m) + b per channel, rectified. As it stands: near m nothing cancels.
template <typename E>
void normalise(const View& v, const float* a, const float* m, const float* b, Rectifier rectifier, const E* x, E* y) {
  if (!rectifier.is_there) each(v, {a, m, b}, y, [](const auto& k, const auto& x) { return k.a * (x - k.b) + k.c; }, x);
  else each(v, {a, m, b}, y, [=](const auto& k, const auto& x) { return rectifier.apply(k.a * (x - k.b) + k.c); }, x);
}

// y = a·x + b per channel, rectified.
template <typename E>
void line(const View& v, const float* a, const float* b, Rectifier rectifier, const E* x, E* y) {
  if (!rectifier.is_there) each(v, {a, b}, y, [](const auto& k, const auto& x) { return k.a * x + k.b; }, x);
  else each(v, {a, b}, y, [=](const auto& k, const auto& x) { return rectifier.apply(k.a * x + k.b); }, x);
}

// Of a row of vectors: a first mean, and Σ (x − mean)² and Σ (x − mean) by it.
template <size_t kLanes>
void row_statistics(const Bf16* x, size_t s, float inverse, float* mean, float* square, float* rest) {
  using L = Lanes<kLanes>;
  using V = typename L::Floats;
  // So many sums at a time as additions are under way.
  constexpr size_t kSums = 4;
  const auto over_all = [=](auto add) {
    size_t i = 0;
    for (; i + kSums <= s; i += kSums) {
#pragma GCC unroll 4
      for (size_t k = 0; k < kSums; k++) add(k, load_floats<L>(x + (i + k) * kLanes));
    }
    for (; i < s; i++) add(0, load_floats<L>(x + i * kLanes));
  };
  V sums[kSums] = {}, squares[kSums] = {}, rests[kSums] = {};
  over_all([&](size_t k, const V& value) { sums[k] += value; });
  const V mu = (sums[0] + sums[1] + sums[2] + sums[3]) * inverse;
  over_all([&](size_t k, const V& value) {
    const V d = value - mu;
    rests[k] += d;
    squares[k] += d * d;
  });
  store(mean, mu);
  store(square, squares[0] + squares[1] + squares[2] + squares[3]);
  store(rest, rests[0] + rests[1] + rests[2] + rests[3]);
}

// Mean and biased variance of each channel. Each row is read once from memory; what its first mean has been rounded by is
// the mean of the differences. Rows are joined as Chan, Golub & LeVeque do (1979), so that nothing cancels.
template <typename E>
void statistics(const View& v, const E* x, float* mean, float* variance) {
  const size_t padded = v.padded();
  std::vector<double> row_mean(v.rows() * v.block), row_square(v.rows() * v.block);
  // Of a row: its mean by Σ (x − mu), and Σ (x − mean)² by Σ (x − mu)².
  const auto finish = [&, s = static_cast<double>(v.s)](size_t at, float mu, double rest, double square) {
    // About an infinite mean differences are no numbers.
    row_mean[at] = std::isfinite(mu) ? mu + rest / s : mu;
    row_square[at] = square - rest * rest / s;
  };
  const float inverse = 1.0f / static_cast<float>(v.s);
  with_block(v.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    const size_t block = kBlock == 0 ? v.block : kBlock, s = v.s;
    constexpr size_t kLanes = kBlock == 0 || kBlock == 1 ? 16 : kBlock;
    parallel(v.rows(), v.stored(), [&](size_t row) {
      const E* from = x + row * s * block;
      if constexpr (kBlock == 1) {
        float sum = 0, square = 0, rest = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < s; i++) sum += from[i];
        const float mu = sum * inverse;
#pragma omp simd reduction(+ : square, rest)
        for (size_t i = 0; i < s; i++) {
          const float d = from[i] - mu;
          rest += d;
          square += d * d;
        }
        finish(row, mu, rest, square);
      } else {
        for (size_t b = 0; b < block; b += kLanes) {
          const size_t lanes = std::min(kLanes, block - b);
          float sum[kLanes] = {}, square[kLanes] = {}, rest[kLanes] = {};
          if constexpr (kBlock != 0 && kInVectors<E, kLanes>) {
            row_statistics<kLanes>(from, s, inverse, sum, square, rest);
          } else if (lanes == kLanes) {
            for (size_t i = 0; i < s; i++) {
#pragma omp simd
              for (size_t l = 0; l < kLanes; l++) sum[l] += from[i * block + b + l];
            }
            for (size_t l = 0; l < kLanes; l++) sum[l] *= inverse;
            for (size_t i = 0; i < s; i++) {
#pragma omp simd
              for (size_t l = 0; l < kLanes; l++) {
                const float d = from[i * block + b + l] - sum[l];
                rest[l] += d;
                square[l] += d * d;
              }
            }
          } else {
            for (size_t l = 0; l < lanes; l++) {
              for (size_t i = 0; i < s; i++) sum[l] += from[i * block + b + l];
              sum[l] *= inverse;
              for (size_t i = 0; i < s; i++) {
                const float d = from[i * block + b + l] - sum[l];
                rest[l] += d;
                square[l] += d * d;
              }
            }
          }
          for (size_t l = 0; l < lanes; l++) finish(row * block + b + l, sum[l], rest[l], square[l]);
        }
      }
    });
  });
  for (size_t c = 0; c < v.c; c++) {
    double mu = 0, square = 0;
    for (size_t n = 0; n < v.n; n++) mu += row_mean[n * padded + c];
    mu /= static_cast<double>(v.n);
    for (size_t n = 0; n < v.n; n++) {
      const double d = row_mean[n * padded + c] - mu;
      square += row_square[n * padded + c] + static_cast<double>(v.s) * d * d;
    }
    mean[c] = static_cast<float>(mu);
    variance[c] = static_cast<float>(square / static_cast<double>(v.n * v.s));
  }
}

// batchStatistics(n, c, s, block, x, mean, variance): mean and biased variance of each channel
template <typename E>
void BatchStatistics(Args& args) {
  const View v(args);
  const E* x = args.elements<E>(v.stored());
  float *mean = args.floats(v.c), *variance = args.floats(v.c);
  statistics(v, x, mean, variance);
}

// batchNormForward(n, c, s, block, eps, isGiven, slope, ceiling, x, mean, variance, gamma?, beta?, y):
// y = γ·(x − mean)/√(variance + eps) + β, rectified
template <typename E>
void BatchNormForward(Args& args) {
  const View v(args);
  const double eps = args.number();
  const bool is_given = args.flag();
  const double slope = args.number(), ceiling = args.number();
  const Rectifier rectifier(slope, ceiling);
  const E* x = args.elements<E>(v.stored());
  float *mean = args.floats(v.c), *variance = args.floats(v.c);
  const float *gamma = args.optional(v.c), *beta = args.optional(v.c);
  E* y = args.elements<E>(v.stored());
  if (!is_given) statistics(v, x, mean, variance);
  PerChannel a(v, 0.0f);
  for (size_t c = 0; c < v.c; c++) {
    a[c] = static_cast<float>((gamma ? gamma[c] : 1) / std::sqrt(variance[c] + eps));
  }
  const PerChannel m(v, mean), b(v, beta);
  normalise(v, a.data(), m.data(), b.data(), rectifier, x, y);
}

// batchNormBackward(n, c, s, block, eps, isGiven, slope, ceiling, x, mean, variance, gamma?, beta?, dy, dx?, dGamma?,
// dBeta?, meanGradient?, meanAlong?): the gradients of the above; dGamma and dBeta are added to. Of a part of a batch the two
// means over the whole of it are given: of dy, and of dy·(x − mean)/√(variance + eps), both behind the rectifier.
template <typename E>
void BatchNormBackward(Args& args) {
  const View v(args);
  const double eps = args.number();
  const bool is_given = args.flag();
  const double slope = args.number(), ceiling = args.number();
  const Rectifier rectifier(slope, ceiling);
  const E* x = args.elements<E>(v.stored());
  const float *given_mean = args.floats(v.c), *variance = args.floats(v.c);
  const float *gamma = args.optional(v.c), *beta = args.optional(v.c);
  const E* dy = args.elements<E>(v.stored());
  E* dx = args.optional<E>(v.stored());
  float *dgamma = args.optional(v.c), *dbeta = args.optional(v.c);
  const float *mean_gradient = args.optional(v.c), *mean_along = args.optional(v.c);
  const bool is_part = mean_gradient != nullptr && mean_along != nullptr;
  // Of nothing there is no deviation, but its gradient is 0.
  if (v.stored() == 0) return;
  const PerChannel mean(v, given_mean), b(v, beta);
  PerChannel a(v, 0.0f), inverse(v, 0.0f);
  for (size_t c = 0; c < v.c; c++) {
    inverse[c] = static_cast<float>(1 / std::sqrt(variance[c] + eps));
    a[c] = (gamma ? gamma[c] : 1) * inverse[c];
  }
  // dy goes through the rectifier: what that saw, a·(x − mean) + b, is computed again.
  std::vector<double> sums;
  if ((!is_given && !is_part) || dgamma != nullptr || dbeta != nullptr) {
    const Coefficients k{a.data(), mean.data(), b.data()};
    const auto term = [=](const auto& k, const auto& x, const auto& dy) {
      const auto centred = x - k.b, d = dy * rectifier.gradient(k.a * centred + k.c);
      return Terms<std::decay_t<decltype(x)>>{d, d * centred};
    };
    sums = channel_sums(v, k, term, x, dy);
    for (size_t c = 0; c < v.c; c++) {
      if (dbeta != nullptr) dbeta[c] += static_cast<float>(sums[2 * c]);
      if (dgamma != nullptr) dgamma[c] += static_cast<float>(sums[2 * c + 1] * inverse[c]);
    }
  }
  if (dx == nullptr) return;
  if (is_given) {
    // Not as below with zeros, which are no zeros times infinity.
    const auto along_slope = [=](const auto& k, const auto& x, const auto& dy) { return k.a * dy * rectifier.gradient(k.a * (x - k.b) + k.c); };
    each(v, Coefficients{a.data(), mean.data(), b.data()}, dx, along_slope, x, dy);
    return;
  }
  // dx = a·(dy − mean(dy) − (x − mean)·inverse²·mean(dy·(x − mean)))
  PerChannel along(v, 0.0f), constant(v, 0.0f);
  const double m = static_cast<double>(v.n * v.s);
  for (size_t c = 0; c < v.c; c++) {
    const double slope_x =
        is_part ? a[c] * inverse[c] * mean_along[c] : a[c] * inverse[c] * inverse[c] * sums[2 * c + 1] / m;
    along[c] = static_cast<float>(slope_x);
    constant[c] = static_cast<float>(is_part ? -a[c] * mean_gradient[c] : -a[c] * sums[2 * c] / m);
  }
  const Coefficients k{a.data(), mean.data(), b.data(), along.data(), constant.data()};
  const auto gradient = [=](const auto& k, const auto& x, const auto& dy) {
    const auto centred = x - k.b;
    return k.a * dy * rectifier.gradient(k.a * centred + k.c) - k.d * centred + k.e;
  };
  each(v, k, dx, gradient, x, dy);
}

// scaleForward(n, c, s, block, slope, x, scale?, bias?, y): y = scale·x + bias per channel, rectified
template <typename E>
void ScaleForward(Args& args) {
  const View v(args);
  const Rectifier rectifier(args.number());
  const E* x = args.elements<E>(v.stored());
  const float *scale = args.optional(v.c), *bias = args.optional(v.c);
  const PerChannel a = scale ? PerChannel(v, scale) : PerChannel(v, 1.0f);
  const PerChannel b(v, bias);
  line(v, a.data(), b.data(), rectifier, x, args.elements<E>(v.stored()));
}

// scaleSums(n, c, s, block, x?, dy, dScale?, dBias?): dScale += Σ x·dy, dBias += Σ dy per channel
template <typename E>
void ScaleSums(Args& args) {
  const View v(args);
  const E *x = args.optional<E>(v.stored()), *dy = args.elements<E>(v.stored());
  float *dscale = args.optional(v.c), *dbias = args.optional(v.c);
  if (dscale != nullptr && x == nullptr && v.stored() > 0) throw std::length_error("no array where the gradient of a scale needs one");
  const auto of_one = [](const auto&, const auto& dy) { return Terms<std::decay_t<decltype(dy)>>{dy, {}}; };
  const auto of_both = [](const auto&, const auto& dy, const auto& x) { return Terms<std::decay_t<decltype(dy)>>{dy, dy * x}; };
  const auto sums = x == nullptr ? channel_sums(v, {}, of_one, dy) : channel_sums(v, {}, of_both, dy, x);
  for (size_t c = 0; c < v.c; c++) {
    if (dbias != nullptr) dbias[c] += static_cast<float>(sums[2 * c]);
    if (dscale != nullptr) dscale[c] += static_cast<float>(sums[2 * c + 1]);
  }
}

// preluForward(n, c, s, block, x, slope, y): y = x > 0 ? x : slope·x per channel
template <typename E>
void PReLUForward(Args& args) {
  const View v(args);
  const E* x = args.elements<E>(v.stored());
  const PerChannel slopes(v, args.floats(v.c));
  E* y = args.elements<E>(v.stored());
  each(v, {slopes.data()}, y, [](const auto& k, const auto& x) { return rectify(x, k.a); }, x);
}

// preluBackward(n, c, s, block, x, slope, dy, dx)
template <typename E>
void PReLUBackward(Args& args) {
  const View v(args);
  const E* x = args.elements<E>(v.stored());
  const PerChannel slopes(v, args.floats(v.c));
  const E* dy = args.elements<E>(v.stored());
  E* dx = args.elements<E>(v.stored());
  each(v, {slopes.data()}, dx, [](const auto& k, const auto& x, const auto& dy) { return dy * gate(x, k.a); }, x, dy);
}

// preluSums(n, c, s, block, x, dy, dSlope): dSlope += Σ min(x, 0)·dy per channel
template <typename E>
void PReLUSums(Args& args) {
  const View v(args);
  const E *x = args.elements<E>(v.stored()), *dy = args.elements<E>(v.stored());
  float* dslope = args.floats(v.c);
  const auto below = [](const auto&, const auto& x, const auto& dy) {
    using V = std::decay_t<decltype(x)>;
    return Terms<V>{(V{} < x ? V{} : x) * dy, {}};
  };
  const auto sums = channel_sums(v, {}, below, x, dy);
  for (size_t c = 0; c < v.c; c++) dslope[c] += static_cast<float>(sums[2 * c]);
}

// clearPadding(n, c, s, block, x): zeros again where channels fill their last block up. Sums of zero weights and numbers
// that are not finite have made NaN of all of them at one place, so that the last one tells.
template <typename E>
void ClearPadding(Args& args) {
  const View v(args);
  E* x = args.elements<E>(v.stored());
  const size_t blocks = v.blocks(), block = v.block, s = v.s, used = v.c % block;
  if (used == 0) return;
  parallel(v.n, v.n * s, [=](size_t n) {
    E* last = x + ((n + 1) * blocks - 1) * s * block;
    for (size_t i = 0; i < s; i++, last += block) {
      if (last[block - 1] != 0) std::fill(last + used, last + block, 0.0f);
    }
  });
}

// y = rectify(x, slope) · kept(index), with the index that the element has in a plain array
template <typename E, typename Kept>
void drop(const View& v, float slope, const E* x, E* y, Kept kept) {
  const size_t blocks = v.blocks(), block = v.block, s = v.s, c = v.c;
  parallel(v.rows(), v.stored(), [=](size_t row) {
    const size_t n = row / blocks, channel = row % blocks * block, from = row * s * block;
    const auto first = static_cast<uint32_t>((n * c + channel) * s), step = static_cast<uint32_t>(s);
    if (block == 1) {
#pragma omp simd
      for (size_t i = 0; i < s; i++) y[from + i] = rectify<float>(x[from + i], slope) * kept(first + static_cast<uint32_t>(i));
      return;
    }
    for (size_t i = 0; i < s; i++) {
#pragma omp simd
      for (size_t k = 0; k < block; k++) {
        const auto index = first + static_cast<uint32_t>(k) * step + static_cast<uint32_t>(i);
        y[from + i * block + k] = rectify<float>(x[from + i * block + k], slope) * kept(index);
      }
    }
  });
}

// dropout(n, c, s, block, ratio, stream, pass, slope, x, y): y = bits(stream, pass, i) < ratio·2³² ? 0 :
// rectify(x, slope) / (1 − ratio)
template <typename E>
void Dropout(Args& args) {
  const View v(args);
  const double ratio = args.number();
  const auto threshold = static_cast<uint32_t>(ratio * 4294967296.0);
  const float scale = static_cast<float>(1 / (1 - ratio));
  const uint32_t stream = args.word(), pass = args.word();
  const float slope = args.single();
  const E* x = args.elements<E>(v.stored());
  E* y = args.elements<E>(v.stored());
  if (threshold == 0) {
    drop(v, slope, x, y, [](uint32_t) { return 1.0f; });
    return;
  }
  drop(v, slope, x, y, [=](uint32_t index) {
    return scale * (random_bits(stream, pass, index) < threshold ? 0.0f : 1.0f);
  });
}

}  // namespace

void InitChannels(Napi::Object exports) {
  define<BatchStatistics<float>, BatchStatistics<Bf16>>(exports, "batchStatistics");
  define<BatchNormForward<float>, BatchNormForward<Bf16>>(exports, "batchNormForward");
  define<BatchNormBackward<float>, BatchNormBackward<Bf16>>(exports, "batchNormBackward");
  define<ScaleForward<float>, ScaleForward<Bf16>>(exports, "scaleForward");
  define<ScaleSums<float>, ScaleSums<Bf16>>(exports, "scaleSums");
  define<PReLUForward<float>, PReLUForward<Bf16>>(exports, "preluForward");
  define<PReLUBackward<float>, PReLUBackward<Bf16>>(exports, "preluBackward");
  define<PReLUSums<float>, PReLUSums<Bf16>>(exports, "preluSums");
  define<ClearPadding<float>, ClearPadding<Bf16>>(exports, "clearPadding");
  define<Dropout<float>, Dropout<Bf16>>(exports, "dropout");
}

}  // namespace caffe
