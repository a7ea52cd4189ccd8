// Channels brought to length 1, a position at a time; src/engines/ops/channels.ts has the formula.
#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

// Calls body(element, position in the run) for all channels of a run of positions, those that fill a block up too.
template <typename Body>
void each_channel(const View& v, const PositionRun& run, const Body& body) {
  with_block(v.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    const size_t block = kBlock == 0 ? v.block : kBlock, blocks = v.blocks();
    for (size_t b = 0; b < blocks; b++) {
      const size_t from = ((run.o * blocks + b) * v.s + run.begin) * block;
      if constexpr (kBlock == 1) {
#pragma omp simd
        for (size_t i = 0; i < run.n; i++) body(from + i, i);
      } else {
        for (size_t i = 0; i < run.n; i++) {
#pragma omp simd
          for (size_t l = 0; l < block; l++) body(from + i * block + l, i);
        }
      }
    }
  });
}

// sums[i] = Σ over channels of a·b, in doubles: the squares of small numbers are not lost.
void add_products(const View& v, const PositionRun& run, const float* a, const float* b, double* sums) {
  std::fill_n(sums, run.n, 0.0);
  const size_t block = v.block, blocks = v.blocks();
  for (size_t c = 0; c < blocks; c++) {
    const size_t from = ((run.o * blocks + c) * v.s + run.begin) * block;
    const float *left = a + from, *right = b + from;
    if (block == 1) {
#pragma omp simd
      for (size_t i = 0; i < run.n; i++) sums[i] += static_cast<double>(left[i]) * right[i];
      continue;
    }
    for (size_t i = 0; i < run.n; i++, left += block, right += block) {
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (size_t l = 0; l < block; l++) sum += static_cast<double>(left[l]) * right[l];
      sums[i] += sum;
    }
  }
}

// unitLengthForward(n, c, s, block, eps, isGiven, x, norms, y): y = x / norm, norm = √(Σ over channels of x² + eps)
void UnitLengthForward(Args& args) {
  const View v(args);
  const double eps = args.number();
  const bool is_given = args.flag();
  const float* x = args.floats(v.stored());
  float *norms = args.floats(v.n * v.s), *y = args.floats(v.stored());
  parallel_positions(v.n, v.s, v.stored(), [&](const PositionRun& run) {
    float* divisors = norms + run.o * v.s + run.begin;
    if (!is_given) {
      double sums[PositionRun::kMost];
      add_products(v, run, x, x, sums);
      for (size_t i = 0; i < run.n; i++) divisors[i] = static_cast<float>(std::sqrt(sums[i] + eps));
    }
    each_channel(v, run, [=](size_t at, size_t i) { y[at] = x[at] / divisors[i]; });
  });
}

// unitLengthBackward(n, c, s, block, x, norms, dy, dx): dx = (dy − x · Σ(x·dy) / norm²) / norm
void UnitLengthBackward(Args& args) {
  const View v(args);
  const float *x = args.floats(v.stored()), *norms = args.floats(v.n * v.s), *dy = args.floats(v.stored());
  float* dx = args.floats(v.stored());
  parallel_positions(v.n, v.s, v.stored(), [&](const PositionRun& run) {
    double sums[PositionRun::kMost];
    float along[PositionRun::kMost];
    add_products(v, run, x, dy, sums);
    const float* divisors = norms + run.o * v.s + run.begin;
    for (size_t i = 0; i < run.n; i++) {
      along[i] = static_cast<float>(sums[i] / divisors[i] / divisors[i]);
    }
    each_channel(v, run, [=, &along](size_t at, size_t i) { dx[at] = (dy[at] - x[at] * along[i]) / divisors[i]; });
  });
}

}  // namespace

void InitUnitLength(Napi::Object exports) {
  define<UnitLengthForward>(exports, "unitLengthForward");
  define<UnitLengthBackward>(exports, "unitLengthBackward");
}

}  // namespace caffe
