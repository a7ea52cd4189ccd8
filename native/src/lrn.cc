// Response normalisation within each channel and across channels, in any layout that keeps channels in blocks without
// padding. Backward computes the scale again: to keep it would cost more memory than time.
#include "loops.h"
#include "primitive.h"
#include "vector-math.h"

namespace caffe {

namespace {

// s = k + ratio · Σ x² over neighbours at most `half` away, y = x · s^−beta
struct Norm {
  int64_t half;
  float ratio, beta, k;

  // localSize, alpha, beta, k; `axes` that the neighbours lie along, none of them longer than `longest`
  Norm(Args& args, int axes, size_t longest) {
    const size_t size = args.size();
    const double alpha = args.number();
    half = static_cast<int64_t>(std::min((std::max<size_t>(size, 1) - 1) / 2, longest));
    ratio = static_cast<float>(alpha / std::pow(static_cast<double>(size), axes));
    beta = args.single();
    k = args.single();
  }
};

// Neighbours in a square of the plane.
struct Region {
  View view;
  size_t height, width;
  Norm norm;

  // view, height, width, localSize, alpha, beta, k
  explicit Region(Args& args)
      : view(args), height(args.size()), width(args.size()), norm(args, 2, std::max(height, width)) {
    if (height * width != view.s) throw std::length_error("a plane of another size");
  }
};

// to[i] = Σ of from[i + d·step] for |d| <= half, where that is in [0, n): n numbers, step apart from their neighbours.
void sum_along(const float* from, float* to, size_t n, size_t step, int64_t half) {
  std::copy_n(from, n, to);
  for (int64_t d = 1; d <= half; d++) {
    const size_t shift = static_cast<size_t>(d) * step;
    if (shift >= n) return;
#pragma omp simd
    for (size_t i = shift; i < n; i++) to[i] += from[i - shift];
#pragma omp simd
    for (size_t i = 0; i < n - shift; i++) to[i] += from[i + shift];
  }
}

// Sums over the square around each position: along the rows, then along the columns.
void box_sum(const Region& r, const float* from, float* rows, float* to) {
  const size_t line = r.width * r.view.block;
  for (size_t h = 0; h < r.height; h++) sum_along(from + h * line, rows + h * line, line, r.view.block, r.norm.half);
  sum_along(rows, to, r.height * line, line, r.norm.half);
}

// Calls body(i, s^−beta, 1/s) for n elements with s = scale(i); the common power is made of roots.
template <typename Scale, typename Body>
void each_power(float beta, size_t n, Scale scale, Body body) {
  if (beta == 0.75f) {
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
      const float r = 1 / sqrtf(scale(i));
      body(i, r * sqrtf(r), r * r);
    }
    return;
  }
#pragma omp simd
  for (size_t i = 0; i < n; i++) {
    const float s = scale(i);
    body(i, powf(s, -beta), 1 / s);
  }
}

// s = k + alpha/size² · Σ x² around each position of a row
template <typename E>
void scale_of_row(const Region& r, const E* x, float* rows, float* s) {
  const size_t n = r.view.row_size();
  std::vector<float> squares(n);
#pragma omp simd
  for (size_t i = 0; i < n; i++) squares[i] = x[i] * x[i];
  box_sum(r, squares.data(), rows, s);
#pragma omp simd
  for (size_t i = 0; i < n; i++) s[i] = r.norm.k + r.norm.ratio * s[i];
}

// lrnWithin(view, height, width, localSize, alpha, beta, k, x, y): y = x · s^−beta
template <typename E>
void WithinForward(Args& args) {
  const Region r(args);
  const E* x = args.elements<E>(r.view.stored());
  E* y = args.elements<E>(r.view.stored());
  const size_t n = r.view.row_size();
  parallel(r.view.rows(), r.view.stored(), [&](size_t row) {
    const E* from = x + row * n;
    E* to = y + row * n;
    std::vector<float> rows(n), scale(n);
    scale_of_row(r, from, rows.data(), scale.data());
    const float* s = scale.data();
    each_power(r.norm.beta, n, [=](size_t i) { return s[i]; },
               [=](size_t i, float factor, float) { to[i] = from[i] * factor; });
  });
}

// lrnWithinBackward(view, height, width, localSize, alpha, beta, k, x, y, dy, dx):
// dx = dy · s^−beta − 2·alpha·beta/size² · x · Σ (dy · y / s)
template <typename E>
void WithinBackward(Args& args) {
  const Region r(args);
  const size_t count = r.view.stored();
  const E *x = args.elements<E>(count), *y = args.elements<E>(count), *dy = args.elements<E>(count);
  E* dx = args.elements<E>(count);
  const size_t n = r.view.row_size();
  const float factor = 2 * r.norm.ratio * r.norm.beta;
  parallel(r.view.rows(), r.view.stored(), [&](size_t row) {
    const size_t at = row * n;
    std::vector<float> rows(n), scale(n), shares(n), sums(n);
    scale_of_row(r, x + at, rows.data(), scale.data());
    const float* s = scale.data();
    const E *value = x + at, *result = y + at, *gradient = dy + at;
    float* share = shares.data();
    E* to = dx + at;
#pragma omp simd
    for (size_t i = 0; i < n; i++) share[i] = gradient[i] * result[i] / s[i];
    box_sum(r, share, rows.data(), sums.data());
    const float* sum = sums.data();
    each_power(r.norm.beta, n, [=](size_t i) { return s[i]; },
               [=](size_t i, float power, float) { to[i] = gradient[i] * power - factor * value[i] * sum[i]; });
  });
}

// Channels of one position, or of a few neighbouring ones: `rows` runs of `width` numbers, `stride` apart. In an array of
// its own one lies behind the other, and a channel's neighbour is `step` away.
template <size_t kWidth>
struct Tile {
  size_t at, rows, stride, most, step;

  size_t width() const { return kWidth == 0 ? most : kWidth; }
  size_t size() const { return rows * width(); }
  template <typename E>
  void load(const E* from, float* to) const {
    for (size_t r = 0; r < rows; r++) std::copy_n(from + at + r * stride, width(), to + r * width());
  }
  template <typename E>
  void store(const float* from, E* to) const {
    for (size_t r = 0; r < rows; r++) std::copy_n(from + r * width(), width(), to + at + r * stride);
  }
};

// Four arrays of a tile's size, each with zeros before and behind it where channels have no neighbour.
struct TileArrays {
  std::vector<float> memory;
  float *x, *squares, *dy, *shares;

  TileArrays(size_t size, size_t edge) : memory(4 * (size + 2 * edge), 0.0f) {
    float* next = memory.data() + edge;
    for (float** array : {&x, &squares, &dy, &shares}) {
      *array = next;
      next += size + 2 * edge;
    }
  }
};

// How many elements an array has that each_tile goes through: its blocks have no padding.
size_t whole_channels(const View& v) {
  if (v.c % v.block != 0) throw std::length_error("blocks that are not full of channels");
  return v.stored();
}

// Runs task(tile, arrays) for tiles that make up the whole array.
template <typename Task>
void each_tile(const View& v, int64_t half, Task task) {
  with_block(v.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    parallel_positions(v.n, v.s, v.stored(), [&](const PositionRun& run) {
      const size_t image = run.o * v.c * v.s;
      if constexpr (kBlock == 1) {
        TileArrays own(v.c * run.n, half * run.n);
        task(Tile<0>{image + run.begin, v.c, v.s, run.n, run.n}, own);
      } else {
        const size_t block = kBlock == 0 ? v.block : kBlock;
        TileArrays own(v.c, half);
        for (size_t i = 0; i < run.n; i++) {
          task(Tile<kBlock>{image + (run.begin + i) * block, v.c / block, v.s * block, block, 1}, own);
        }
      }
    });
  });
}

// Calls work with half a window as a constant the compiler knows where it is the usual one, else as a number.
template <typename Work>
void with_half(int64_t half, Work work) {
  if (half == 2) work(std::integral_constant<int64_t, 2>());
  else work(half);
}

// Σ of the neighbours of element i
template <typename Half>
inline float around(const float* values, size_t i, size_t step, Half half) {
  const float* at = values + i;
  float sum = *at;
  for (int64_t d = 1; d <= half; d++) sum += at[-d * static_cast<int64_t>(step)] + at[d * static_cast<int64_t>(step)];
  return sum;
}

// As each_power, with the scale of a tile's elements.
template <typename Half, typename Body>
void each_scale(const Norm& norm, size_t n, size_t step, const float* squares, Half half, Body body) {
  const float k = norm.k, ratio = norm.ratio;
  each_power(norm.beta, n, [=](size_t i) { return k + ratio * around(squares, i, step, half); }, body);
}

// lrnAcross(view, localSize, alpha, beta, k, x, y): y = x · s^−beta
template <typename E>
void AcrossForward(Args& args) {
  const View v(args);
  const Norm norm(args, 1, v.c);
  const E* from = args.elements<E>(whole_channels(v));
  E* to = args.elements<E>(whole_channels(v));
  with_half(norm.half, [&](auto half) {
    each_tile(v, norm.half, [&](const auto& tile, TileArrays& own) {
      float *x = own.x, *squares = own.squares;
      const size_t n = tile.size();
      tile.load(from, x);
#pragma omp simd
      for (size_t i = 0; i < n; i++) squares[i] = x[i] * x[i];
      each_scale(norm, n, tile.step, squares, half, [=](size_t i, float factor, float) { x[i] *= factor; });
      tile.store(x, to);
    });
  });
}

// lrnAcrossBackward(view, localSize, alpha, beta, k, x, dy, dx):
// dx = dy · s^−beta − 2·alpha·beta/size · x · Σ (dy · x · s^−beta / s)
template <typename E>
void AcrossBackward(Args& args) {
  const View v(args);
  const Norm norm(args, 1, v.c);
  const size_t count = whole_channels(v);
  const E *from = args.elements<E>(count), *gradient = args.elements<E>(count);
  E* to = args.elements<E>(count);
  const float share = 2 * norm.ratio * norm.beta;
  with_half(norm.half, [&](auto half) {
    each_tile(v, norm.half, [&](const auto& tile, TileArrays& own) {
      float *x = own.x, *squares = own.squares, *dy = own.dy, *shares = own.shares;
      const size_t n = tile.size(), step = tile.step;
      tile.load(from, x);
      tile.load(gradient, dy);
#pragma omp simd
      for (size_t i = 0; i < n; i++) squares[i] = x[i] * x[i];
      each_scale(norm, n, step, squares, half, [=](size_t i, float factor, float inverse) {
        dy[i] *= factor;
        shares[i] = dy[i] * x[i] * inverse;
      });
#pragma omp simd
      for (size_t i = 0; i < n; i++) dy[i] -= share * x[i] * around(shares, i, step, half);
      tile.store(dy, to);
    });
  });
}

}  // namespace

void InitLRN(Napi::Object exports) {
  define<WithinForward<float>, WithinForward<Bf16>>(exports, "lrnWithin");
  define<WithinBackward<float>, WithinBackward<Bf16>>(exports, "lrnWithinBackward");
  define<AcrossForward<float>, AcrossForward<Bf16>>(exports, "lrnAcross");
  define<AcrossBackward<float>, AcrossBackward<Bf16>>(exports, "lrnAcrossBackward");
}

}  // namespace caffe
