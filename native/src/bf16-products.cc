// Inner products of bfloat16, and their gradients. Weights are floats as they lie for everyone, each rounded while it is on its way
// through the cache: no rounded copy of them is kept, and they are read once for many samples.
#include "bf16-kernels.h"
#include "lanes.h"
#include "loops.h"
#include "primitive.h"
#include "processor.h"

namespace caffe {

namespace {

#ifdef CAFFE_HAS_BF16_KERNELS

using bf16::kFloats;
using bf16::kHalves;
using bf16::kTall;
using bf16::kWide;

// Samples that meet a piece of the weights at a time.
constexpr size_t kSamples = 60;
// How many elements of a row of weights a piece has, and how many rows a task: for sums of rows.
constexpr size_t kPiece = 1024, kRows = 16;
// Rows and columns of a piece: for sums of columns, where a row of a piece is read in a run.
constexpr size_t kDeep = 128, kColumns = 128;

// Results of `samples` rows as they are rounded on their way out, `bias` added where it is not nullptr.
void finish(size_t samples, size_t count, const float* sums, size_t sums_step, const float* bias, Bf16* to, size_t step) {
  for (size_t i = 0; i < samples; i++) {
    float line[kColumns];
    for (size_t j = 0; j < count; j++) line[j] = sums[i * sums_step + j] + (bias == nullptr ? 0 : bias[j]);
    bf16::round_line(count, line, to + i * step);
  }
}

// productOfRows(m, r, c, a, w, bias, y): y = a·wᵀ + bias; a is m×c and y m×r, of bfloat16, w r×c, and a bias, which may be undefined, r
void ProductOfRows(Args& args) {
  const size_t m = args.size(), r = args.size(), c = args.size();
  const Bf16* a = args.elements<Bf16>(m * c);
  const float *w = args.floats(r * c), *bias = args.optional(r);
  Bf16* y = args.elements<Bf16>(m * r);
  for (size_t first = 0; first < m; first += kSamples) {
    const size_t samples = std::min(kSamples, m - first);
    const Bf16* x = a + first * c;
    parallel((r + kRows - 1) / kRows, samples * r * c, [&](size_t task) {
      const size_t begin = task * kRows, end = std::min(r, begin + kRows);
      alignas(64) float sums[kSamples * kWide * kFloats], results[kSamples * kRows];
      alignas(64) Bf16 piece[kWide * kPiece];
      for (size_t row = begin; row < end; row += kWide) {
        const size_t rows = std::min(kWide, end - row);
        std::fill_n(sums, samples * kWide * kFloats, 0.0f);
        for (size_t p = 0; p < c; p += kPiece) {
          const size_t length = std::min(kPiece, c - p);
          for (size_t j = 0; j < rows; j++) bf16::round_row(length, w + (row + j) * c + p, piece + j * kPiece);
          with_constant<kWide>(rows, [&](auto wide) {
            for (size_t i = 0; i < samples; i += kTall) {
              with_constant<kTall>(std::min(kTall, samples - i), [&](auto tall) {
                bf16::add_dots_of<decltype(tall)::value, decltype(wide)::value>(length, x + i * c + p, c, piece, kPiece,
                                                                                sums + i * kWide * kFloats);
              });
            }
          });
        }
        for (size_t i = 0; i < samples; i++) {
          for (size_t j = 0; j < rows; j++) {
            results[i * kRows + row - begin + j] = bf16::total(sums + (i * kWide + j) * kFloats);
          }
        }
      }
      finish(samples, end - begin, results, kRows, bias == nullptr ? nullptr : bias + begin, y + first * r + begin, r);
    });
  }
}

// to (i, column) = or += Σ over pairs of a(i)·w: as add_columns_of, for any number of rows and columns
void add_columns(size_t rows, size_t pairs, size_t columns, const Bf16* a, size_t a_step, const Bf16* w, size_t w_step, float* to,
                 size_t step, bool adds) {
  for (size_t j = 0; j < columns; j += kWide * kFloats) {
    const size_t count = std::min(columns - j, kWide * kFloats), vectors = (count + kFloats - 1) / kFloats;
    with_constant<kWide>(vectors, [&](auto wide) {
      for (size_t i = 0; i < rows; i += kTall) {
        with_constant<kTall>(std::min(kTall, rows - i), [&](auto tall) {
          bf16::add_columns_of<decltype(tall)::value, decltype(wide)::value>(pairs, a + i * a_step, a_step, w + 2 * j, w_step,
                                                                             to + i * step + j, step,
                                                                             count - (vectors - 1) * kFloats, adds);
        });
      }
    });
  }
}

// productOfColumns(m, r, c, a, w, bias, y): y = a·w + bias; a is m×r and y m×c, of bfloat16, w r×c, and a bias, which may be undefined, c
void ProductOfColumns(Args& args) {
  const size_t m = args.size(), r = args.size(), c = args.size();
  const Bf16* a = args.elements<Bf16>(m * r);
  const float *w = args.floats(r * c), *bias = args.optional(c);
  Bf16* y = args.elements<Bf16>(m * c);
  // The last of an odd number of rows meets a zero.
  const size_t even = r + r % 2;
  std::vector<Bf16> filled(even == r ? 0 : m * even, Bf16{0});
  if (even != r) {
    for (size_t i = 0; i < m; i++) std::copy_n(a + i * r, r, filled.data() + i * even);
    a = filled.data();
  }
  for (size_t first = 0; first < m; first += kSamples) {
    const size_t samples = std::min(kSamples, m - first);
    parallel((c + kColumns - 1) / kColumns, samples * r * c, [&](size_t task) {
      const size_t begin = task * kColumns, count = std::min(kColumns, c - begin);
      alignas(64) float sums[kSamples * kColumns];
      alignas(64) Bf16 piece[kDeep * kColumns];
      for (size_t row = 0; row < r; row += kDeep) {
        const size_t rows = std::min(kDeep, r - row);
        for (size_t p = 0; p < rows; p += 2) {
          const float* from = w + (row + p) * c + begin;
          bf16::pair_rows(count, from, p + 1 < rows ? from + c : nullptr, piece + p * kColumns);
        }
        add_columns(samples, (rows + 1) / 2, count, a + first * even + row, even, piece, 2 * kColumns, sums, kColumns, row > 0);
      }
      if (r == 0) std::fill_n(sums, samples * kColumns, 0.0f);
      finish(samples, count, sums, kColumns, bias == nullptr ? nullptr : bias + begin, y + first * c + begin, c);
    });
  }
}

// pairRows(n, c, b, pairs): rows of b, n×c, rounded, two by two side by side; a zero beside the last of an odd number
template <typename E>
void PairRows(Args& args) {
  const size_t n = args.size(), c = args.size();
  const E* b = args.elements<E>(n * c);
  const size_t pairs = (n + 1) / 2;
  Bf16* to = args.elements<Bf16>(2 * pairs * c);
  parallel(pairs, n * c, [=](size_t p) {
    const E* row = b + 2 * p * c;
    bf16::pair_rows(c, row, 2 * p + 1 < n ? row + c : nullptr, to + 2 * p * c);
  });
}

// productOfPairs(n, rows, begin, end, columns, a, pairs, adds, y): y = or += aᵀ·b, those rows of it; a is n×rows, pairs what pairRows makes of b
template <typename E>
void ProductOfPairs(Args& args) {
  const size_t n = args.size(), rows = args.size(), begin = args.size(), end = args.size(), columns = args.size();
  if (begin > end || end > rows) throw std::length_error("rows that there are not");
  const E* a = args.elements<E>(n * rows);
  const size_t pairs = (n + 1) / 2, height = end - begin;
  const Bf16* b = args.elements<Bf16>(2 * pairs * columns);
  const bool adds = args.flag();
  float* y = args.floats(height * columns);
  std::vector<Bf16> turned(height * 2 * pairs, Bf16{0});
  for (size_t k = 0; k < n; k++) {
    for (size_t i = 0; i < height; i++) turned[i * 2 * pairs + k] = static_cast<float>(a[k * rows + begin + i]);
  }
  parallel((columns + kColumns - 1) / kColumns, height * columns * n, [&](size_t task) {
    const size_t from = task * kColumns, count = std::min(kColumns, columns - from);
    add_columns(height, pairs, count, turned.data(), 2 * pairs, b + 2 * from, 2 * columns, y + from, columns, adds);
  });
}

#endif

}  // namespace

void InitBf16Products(Napi::Object exports) {
#ifdef CAFFE_HAS_BF16_KERNELS
  if (!multiplies_bf16()) return;
  define<ProductOfRows>(exports, "productOfRows");
  define<ProductOfColumns>(exports, "productOfColumns");
  define<PairRows<float>, PairRows<Bf16>>(exports, "pairRows");
  define<ProductOfPairs<float>, ProductOfPairs<Bf16>>(exports, "productOfPairs");
#else
  static_cast<void>(exports);
#endif
}

}  // namespace caffe
