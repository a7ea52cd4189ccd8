// Products of a few rows with many: an inner product forward, whose weights are larger than all else by far. They are
// read once, as they lie; each piece of them meets every sample while it is in cache.
#include "lanes.h"
#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

// kWide samples by kTall rows of weights: as many sums as registers hold beside what they are made of.
#ifdef __AVX512F__
constexpr size_t kLanes = 16, kTall = 6, kWide = 4;
#else
constexpr size_t kLanes = 8, kTall = 4, kWide = 3;
#endif
using Vector = Lanes<kLanes>::Floats;

// How long a piece of a row is used up while it is in cache, how many samples it meets, and how often kTall rows do so
// in turn, for the samples to stay there too.
constexpr size_t kPiece = 1024, kSamples = 64, kGroups = 8;
constexpr size_t kRows = kGroups * kTall;

// sums (i, j) += a(i)·w(j) over `length` elements of rows of k.
template <size_t kA, size_t kW>
void add_dots(size_t length, size_t k, const float* a, const float* w, Vector* sums) {
  Vector own[kA][kW];
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 8
    for (size_t j = 0; j < kW; j++) own[i][j] = sums[i * kTall + j];
  }
  for (size_t p = 0; p < length; p += kLanes) {
    Vector row[kW];
#pragma GCC unroll 8
    for (size_t j = 0; j < kW; j++) row[j] = load<Vector>(w + j * k + p);
#pragma GCC unroll 8
    for (size_t i = 0; i < kA; i++) {
      const auto x = load<Vector>(a + i * k + p);
#pragma GCC unroll 8
      for (size_t j = 0; j < kW; j++) own[i][j] += x * row[j];
    }
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 8
    for (size_t j = 0; j < kW; j++) sums[i * kTall + j] = own[i][j];
  }
}

// As add_dots, for any number of samples and up to kTall rows of weights.
void add_all_dots(size_t length, size_t k, size_t samples, const float* a, size_t rows, const float* w, Vector* sums) {
  with_constant<kTall>(rows, [&](auto row_count) {
    for (size_t i = 0; i < samples; i += kWide) {
      with_constant<kWide>(std::min(kWide, samples - i), [&](auto count) {
        add_dots<decltype(count)::value, decltype(row_count)::value>(length, k, a + i * k, w, sums + i * kTall);
      });
    }
  });
}

// The sum of a vector of so many lanes: its halves are added, and theirs.
template <size_t kCount = kLanes>
float total(const typename Lanes<kCount>::Floats& v) {
  if constexpr (kCount == 2) {
    return v[0] + v[1];
  } else {
    typename Lanes<kCount / 2>::Floats halves[2];
    std::memcpy(halves, &v, sizeof(v));
    return total<kCount / 2>(halves[0] + halves[1]);
  }
}

// rowProducts(m, n, k, a, w, adds, y): y = a·wᵀ, or y += a·wᵀ; a is m×k, w n×k, y m×n
void RowProducts(Args& args) {
  const size_t m = args.size(), n = args.size(), k = args.size();
  const float *a = args.floats(m * k), *w = args.floats(n * k);
  const bool adds = args.flag();
  float* y = args.floats(m * n);
  const size_t whole = k / kLanes * kLanes;
  for (size_t first = 0; first < m; first += kSamples) {
    const size_t samples = std::min(kSamples, m - first);
    const float* x = a + first * k;
    parallel((n + kRows - 1) / kRows, samples * n * k, [&](size_t part) {
      const size_t begin = part * kRows, rows = std::min(kRows, n - begin);
      Vector sums[kGroups][kSamples * kTall];
      for (auto& group : sums) std::fill_n(group, samples * kTall, Vector{});
      for (size_t p = 0; p < whole; p += kPiece) {
        for (size_t j = 0; j < rows; j += kTall) {
          add_all_dots(std::min(kPiece, whole - p), k, samples, x + p, std::min(kTall, rows - j), w + (begin + j) * k + p,
                       sums[j / kTall]);
        }
      }
      for (size_t i = 0; i < samples; i++) {
        for (size_t j = 0; j < rows; j++) {
          float& to = y[(first + i) * n + begin + j];
          float sum = total(sums[j / kTall][i * kTall + j % kTall]);
          for (size_t p = whole; p < k; p++) sum += x[i * k + p] * w[(begin + j) * k + p];
          to = adds ? to + sum : sum;
        }
      }
    });
  }
}

}  // namespace

void InitRowProducts(Napi::Object exports) {
  define<RowProducts>(exports, "rowProducts");
}

}  // namespace caffe
