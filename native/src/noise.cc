// Random numbers for fillers; src/engines/ops/noise.ts has the formulas.
#include "loops.h"
#include "primitive.h"
#include "vector-math.h"

namespace caffe {

namespace {

constexpr float kUnit = 1.0f / (1 << 24);

struct Request {
  size_t n;
  float a, b;
  uint32_t stream, pass;
  float* values;

  explicit Request(Args& args)
      : n(args.size()),
        a(args.single()),
        b(args.single()),
        stream(args.word()),
        pass(args.word()),
        values(args.floats(n)) {}
  // Word i, cut to the 24 bits that a float holds exactly.
  float word(size_t i) const {
    return static_cast<float>(static_cast<int32_t>(random_bits(stream, pass, static_cast<uint32_t>(i)) >> 8));
  }
};

// uniform(n, low, high, stream, pass, values)
void Uniform(Args& args) {
  const Request r(args);
  const float range = (r.b - r.a) * kUnit;
  parallel_parts(r.n, [=](size_t begin, size_t end) {
#pragma omp simd
    for (size_t i = begin; i < end; i++) r.values[i] = r.a + range * r.word(i);
  });
}

// gaussian(n, mean, std, stream, pass, values)
void Gaussian(Args& args) {
  const Request r(args);
  constexpr float kTurn = 6.283185307179586f * kUnit;
  // In parts that stay in the cache, one loop for each function.
  constexpr size_t kRun = 256;
  const size_t pairs = (r.n + 1) / 2;
  parallel_parts(pairs, [=](size_t begin, size_t end) {
    const Request own = r;
    float radius[kRun], angle[kRun], even[kRun], odd[kRun];
    for (size_t from = begin; from < end; from += kRun) {
      const size_t count = std::min(kRun, end - from);
#pragma omp simd
      for (size_t p = 0; p < count; p++) radius[p] = (own.word(2 * (from + p)) + 1) * kUnit;
#pragma omp simd
      for (size_t p = 0; p < count; p++) angle[p] = kTurn * own.word(2 * (from + p) + 1);
#pragma omp simd
      for (size_t p = 0; p < count; p++) radius[p] = own.b * sqrtf(-2 * logf(radius[p]));
#pragma omp simd
      for (size_t p = 0; p < count; p++) even[p] = own.a + radius[p] * cosf(angle[p]);
#pragma omp simd
      for (size_t p = 0; p < count; p++) odd[p] = own.a + radius[p] * sinf(angle[p]);
      float* to = own.values + 2 * from;
      for (size_t p = 0; p < count; p++) {
        to[2 * p] = even[p];
        if (2 * (from + p) + 1 < own.n) to[2 * p + 1] = odd[p];
      }
    }
  });
}

}  // namespace

void InitNoise(Napi::Object exports) {
  define<Uniform>(exports, "uniform");
  define<Gaussian>(exports, "gaussian");
}

}  // namespace caffe
