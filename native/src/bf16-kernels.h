// Products of bfloat16 by the processor's own instructions (AVX512_BF16), two at a time, with sums of floats. They are compiled for
// these whatever the rest is compiled for: who calls them has asked multiplies_bf16().
//
// Nothing of the standard library is used between the marks: a copy made for this processor could become everyone's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "elements.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define CAFFE_HAS_BF16_KERNELS

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")
#endif

namespace caffe {
namespace bf16 {

// Two elements side by side, wherever they lie.
typedef int32_t Pair __attribute__((may_alias, aligned(2)));

// Floats in a vector, and elements in one of bfloat16.
constexpr size_t kFloats = 16, kHalves = 32;
// Rows by vectors whose sums stay in registers beside what they are made of.
constexpr size_t kTall = 6, kWide = 4;

// GCC 12 warns of what the forms of instructions without a mask leave undefined.
constexpr __mmask32 kAll = 0xffffffff;

static inline __m512i halves_at(const void* from) { return _mm512_loadu_si512(from); }
static inline __m512 multiplied(__m512 sum, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

// 32 elements of two vectors of floats, those of `low` first.
static inline __m512i rounded(__m512 low, __m512 high) { return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)); }

// The same with an element of `low` and one of `high` side by side.
static inline __m512i paired(__m512 low, __m512 high) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4,
                                         19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_maskz_permutexvar_epi16(kAll, order, rounded(low, high));
}

static inline __mmask16 first_of(size_t count) {
  return static_cast<__mmask16>(count >= kFloats ? 0xffff : (1u << count) - 1);
}

// Up to 16 numbers from there on, as floats; zeros behind them.
static inline __m512 floats_at(const float* from, size_t count) { return _mm512_maskz_loadu_ps(first_of(count), from); }
static inline __m512 floats_at(const Bf16* from, size_t count) {
  const __mmask16 mask = first_of(count);
  const __m512i words = _mm512_maskz_cvtepu16_epi32(mask, _mm256_maskz_loadu_epi16(mask, from));
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(mask, words, 16));
}

// `count` floats, rounded.
static inline void round_line(size_t count, const float* from, Bf16* to) {
  for (size_t i = 0; i < count; i += kFloats) {
    const __m256i halves = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(floats_at(from + i, count - i)));
    _mm256_mask_storeu_epi16(to + i, first_of(count - i), halves);
  }
}

// `count` floats rounded, and zeros behind them up to a whole vector.
static inline void round_row(size_t count, const float* from, Bf16* to) {
  for (size_t i = 0; i < count; i += kHalves) {
    const size_t left = count - i;
    const __m512 low = floats_at(from + i, left);
    const __m512 high = left > kFloats ? floats_at(from + i + kFloats, left - kFloats) : _mm512_setzero_ps();
    _mm512_storeu_si512(to + i, rounded(low, high));
  }
}

// Two rows of `count` numbers side by side: an element of the first, one of the second; the second may be nullptr, for zeros.
template <typename E>
static inline void pair_rows(size_t count, const E* first, const E* second, Bf16* to) {
  for (size_t i = 0; i < count; i += kFloats) {
    const size_t left = count - i;
    const __m512 low = floats_at(first + i, left);
    const __m512 high = second == nullptr ? _mm512_setzero_ps() : floats_at(second + i, left);
    const __m512i pairs = paired(low, high);
    if (left >= kFloats) _mm512_storeu_si512(to + 2 * i, pairs);
    else _mm512_mask_storeu_epi32(to + 2 * i, first_of(left), pairs);
  }
}

// sums (i, j), a vector each, kWide in a row, += a(i)·w(j) over `length` elements: rows of a are `a_step` apart, those of w
// `w_step`, and filled up with zeros to a whole vector.
template <size_t kA, size_t kW>
static void add_dots_of(size_t length, const Bf16* a, size_t a_step, const Bf16* w, size_t w_step, float* sums) {
  __m512 own[kA][kW];
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kW; j++) own[i][j] = _mm512_loadu_ps(sums + (i * kWide + j) * kFloats);
  }
  const size_t whole = length / kHalves * kHalves;
  for (size_t p = 0; p < whole; p += kHalves) {
    __m512i row[kW];
#pragma GCC unroll 4
    for (size_t j = 0; j < kW; j++) row[j] = halves_at(w + j * w_step + p);
#pragma GCC unroll 8
    for (size_t i = 0; i < kA; i++) {
      const __m512i x = halves_at(a + i * a_step + p);
#pragma GCC unroll 4
      for (size_t j = 0; j < kW; j++) own[i][j] = multiplied(own[i][j], x, row[j]);
    }
  }
  if (whole < length) {
    const auto mask = static_cast<__mmask32>((1u << (length - whole)) - 1);
#pragma GCC unroll 8
    for (size_t i = 0; i < kA; i++) {
      const __m512i x = _mm512_maskz_loadu_epi16(mask, a + i * a_step + whole);
#pragma GCC unroll 4
      for (size_t j = 0; j < kW; j++) own[i][j] = multiplied(own[i][j], x, halves_at(w + j * w_step + whole));
    }
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kW; j++) _mm512_storeu_ps(sums + (i * kWide + j) * kFloats, own[i][j]);
  }
}

// to (i, column) = or += Σ over pairs p of a(i, p) · w(p, column), for kVectors vectors of columns of which the last has `last`. A pair of a
// lies together, those of a row one behind the other; rows of w are `w_step` elements apart, rows of `to` `step` floats.
template <size_t kA, size_t kVectors>
static void add_columns_of(size_t pairs, const Bf16* a, size_t a_step, const Bf16* w, size_t w_step, float* to, size_t step,
                           size_t last, bool adds) {
  __m512 own[kA][kVectors];
  const __mmask16 mask = first_of(last);
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kVectors; j++) {
      const __mmask16 of_vector = j + 1 == kVectors ? mask : static_cast<__mmask16>(0xffff);
      own[i][j] = adds ? _mm512_maskz_loadu_ps(of_vector, to + i * step + j * kFloats) : _mm512_setzero_ps();
    }
  }
  for (size_t p = 0; p < pairs; p++, w += w_step) {
    __m512i row[kVectors];
#pragma GCC unroll 4
    for (size_t j = 0; j < kVectors; j++) {
      const __mmask16 of_vector = j + 1 == kVectors ? mask : static_cast<__mmask16>(0xffff);
      row[j] = _mm512_maskz_loadu_epi32(of_vector, w + j * kHalves);
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < kA; i++) {
      const __m512i x = _mm512_set1_epi32(*reinterpret_cast<const Pair*>(a + i * a_step + 2 * p));
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; j++) own[i][j] = multiplied(own[i][j], x, row[j]);
    }
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kVectors; j++) {
      const __mmask16 of_vector = j + 1 == kVectors ? mask : static_cast<__mmask16>(0xffff);
      _mm512_mask_storeu_ps(to + i * step + j * kFloats, of_vector, own[i][j]);
    }
  }
}

// `count` vectors of floats that lie one behind the other, rounded, each `step` elements behind the one before.
static inline void round_points(size_t count, const float* from, Bf16* to, size_t step) {
  for (size_t i = 0; i < count; i++) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i * step),
                        reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_loadu_ps(from + i * kFloats))));
  }
}

// The same of two such arrays: an element of the first and one of the second side by side.
static inline void pair_points(size_t count, const float* first, const float* second, Bf16* to, size_t step) {
  for (size_t i = 0; i < count; i++) {
    _mm512_storeu_si512(to + i * step, paired(_mm512_loadu_ps(first + i * kFloats), _mm512_loadu_ps(second + i * kFloats)));
  }
}

// Where pairs of a row of a product lie: `length` of them `step` elements apart, and from one such run to the next `run_step` more.
struct PairRuns {
  size_t length, step, run_step;
};

// to (i, column) = or += Σ over pairs p of a(i, p) · w(p, column), for kVectors whole vectors of columns: rows of a are kRowStep elements
// apart and their pairs as `runs` tells, rows of w `w_step` elements, rows of `to` `step` floats.
template <size_t kA, size_t kVectors, size_t kRowStep>
static void add_pairs_of(size_t pairs, const Bf16* a, const PairRuns& runs, const Bf16* w, size_t w_step, float* to, size_t step,
                         bool adds) {
  __m512 own[kA][kVectors];
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kVectors; j++) own[i][j] = adds ? _mm512_loadu_ps(to + i * step + j * kFloats) : _mm512_setzero_ps();
  }
  const size_t run = runs.length, pair_step = runs.step, run_step = runs.run_step;
  for (size_t begin = 0; begin < pairs; begin += run, a += run_step) {
    const size_t end = begin + run < pairs ? run : pairs - begin;
#pragma GCC unroll 2
    for (size_t p = 0; p < end; p++, a += pair_step, w += w_step) {
      __m512i row[kVectors];
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; j++) row[j] = halves_at(w + j * kHalves);
#pragma GCC unroll 8
      for (size_t i = 0; i < kA; i++) {
        const __m512i x = _mm512_set1_epi32(*reinterpret_cast<const Pair*>(a + i * kRowStep));
#pragma GCC unroll 4
        for (size_t j = 0; j < kVectors; j++) own[i][j] = multiplied(own[i][j], x, row[j]);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < kA; i++) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kVectors; j++) _mm512_storeu_ps(to + i * step + j * kFloats, own[i][j]);
  }
}

// The sum of a vector.
static inline float total(const float* sums) {
  const __m256 eight = _mm256_add_ps(_mm256_loadu_ps(sums), _mm256_loadu_ps(sums + 8));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace bf16
}  // namespace caffe

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
