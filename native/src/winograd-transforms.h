// Winograd's algorithm for windows of three and five, in one dimension and two: how many outputs a tile gives, and what
// turns inputs, weights and outputs into products and back.
//
// S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S. Gray, Fast Algorithms for Convolutional
// Neural Networks (2015). Outputs are the coefficients of a product of two polynomials, taken at points and at infinity:
//   y = Aᵀ[(G g) ⊙ (Bᵀ d)],   and so, by transposition,   ∂g = Gᵀ[(A ∂y) ⊙ (Bᵀ d)].
// In two dimensions each stands on both sides. Row p of A is 1, p, p², …; that of G is (1, p, p²) / Π (p − q) over the
// other points q; Bᵀ follows (Lagrange): row p has the coefficients of Π (x − q).
#pragma once

#include <cstddef>

namespace caffe {

// The points of a tile of kIn inputs: 0, ±p for each of these, ∞. Points of one magnitude share their sums.
template <size_t kIn>
struct Points;

template <>
struct Points<4> {
  static constexpr float at[] = {1};
};

// Those of 5/8 and 3/2 leave half of the error that the usual 1 and 2 do (F(4, 3): 6.4e-6 against 1.3e-5, root of the mean square
// over 64 channels), and their powers are exact. B. Barabasz et al., Error Analysis and Improving the Accuracy of Winograd
// Convolution for Deep Neural Networks (2020), on what makes points good.
template <>
struct Points<6> {
  static constexpr float at[] = {0.625f, 1.5f};
};

// Of twelve numbers from 1/4 to 2 no three left less of an error: F(4, 5) 3.2e-6 of the result's root mean square over 64 channels.
template <>
struct Points<8> {
  static constexpr float at[] = {0.5f, 1, 2};
};

// What transforms multiply by.
template <size_t kIn>
struct Multipliers {
  static constexpr size_t kPairs = kIn / 2 - 1, kAll = kPairs;
  // Powers of each pair's p, and those over Π (p − q), which products' weights are divided by; and the latter's of 0.
  float power[kPairs][kIn] = {}, divided[kPairs][kIn] = {}, zero = 1;
  // [without][i] is the coefficient of x^(2·i) in Π (x² − q²) over the pairs but `without`.
  float coefficient[kPairs + 1][kPairs + 1] = {};

  constexpr Multipliers() {
    const auto& at = Points<kIn>::at;
    for (size_t p = 0; p < kPairs; p++) {
      float product = 2 * at[p] * at[p], power_of_p = 1;
      for (size_t q = 0; q < kPairs; q++) product *= q == p ? 1 : at[p] * at[p] - at[q] * at[q];
      for (size_t i = 0; i < kIn; i++, power_of_p *= at[p]) {
        power[p][i] = power_of_p;
        divided[p][i] = power_of_p / product;
      }
    }
    for (size_t without = 0; without <= kPairs; without++) {
      float* const c = coefficient[without];
      c[0] = 1;
      for (size_t q = 0; q < kPairs; q++) {
        if (q == without) continue;
        for (size_t i = kPairs; i > 0; i--) c[i] = c[i - 1] - at[q] * at[q] * c[i];
        c[0] *= -at[q] * at[q];
      }
    }
    zero = 1 / coefficient[kAll][0];
  }
};

// F(kOut, kWindow): so many outputs of a window of that length.
template <size_t kOut, size_t kWindow>
struct Winograd {
  static constexpr size_t kIn = kOut + kWindow - 1;

 private:
  static constexpr Multipliers<kIn> f{};
  static constexpr size_t kPairs = f.kPairs, kAll = f.kAll;

  // Values of the polynomial with n coefficients at all points, kDivided: as the weights' are.
  template <size_t n, bool kDivided, typename V>
  static inline __attribute__((always_inline)) void values(const V* c, V* z) {
    z[0] = kDivided ? c[0] * f.zero : c[0];
#pragma GCC unroll 8
    for (size_t p = 0; p < kPairs; p++) {
      const float(&factors)[kIn] = kDivided ? f.divided[p] : f.power[p];
      V even = c[0] * factors[0], odd = c[1] * factors[1];
#pragma GCC unroll 8
      for (size_t i = 2; i < n; i++) {
        if (i % 2) odd += c[i] * factors[i];
        else even += c[i] * factors[i];
      }
      z[1 + 2 * p] = even + odd;
      z[2 + 2 * p] = even - odd;
    }
    z[kIn - 1] = c[n - 1];
  }

  // The transposed of that.
  template <size_t n, bool kDivided, typename V>
  static inline __attribute__((always_inline)) void sums(const V* z, V* c) {
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++) {
      V sum{};
#pragma GCC unroll 8
      for (size_t p = 0; p < kPairs; p++) {
        const V both = i % 2 ? z[1 + 2 * p] - z[2 + 2 * p] : z[1 + 2 * p] + z[2 + 2 * p];
        const V part = both * (kDivided ? f.divided[p][i] : f.power[p][i]);
        sum = p == 0 ? part : sum + part;
      }
      if (i == 0) sum += kDivided ? z[0] * f.zero : z[0];
      if (i == n - 1) sum += z[kIn - 1];
      c[i] = sum;
    }
  }

  // Σ of every second of d by the coefficients of Π (x² − q²) over the pairs but `without`.
  template <typename V>
  static inline __attribute__((always_inline)) V product(const V* d, size_t without) {
    const size_t degree = without == kAll ? kPairs : kPairs - 1;
    V sum = d[2 * degree];
#pragma GCC unroll 8
    for (size_t i = 0; i < degree; i++) sum += d[2 * i] * f.coefficient[without][i];
    return sum;
  }

 public:
  // Bᵀ d
  template <typename V>
  static inline __attribute__((always_inline)) void data(const V* d, V* v) {
    v[0] = product(d, kAll);
#pragma GCC unroll 8
    for (size_t p = 0; p < kPairs; p++) {
      const V even = product(d + 2, p), odd = product(d + 1, p) * f.power[p][1];
      v[1 + 2 * p] = even + odd;
      v[2 + 2 * p] = even - odd;
    }
    v[kIn - 1] = product(d + 1, kAll);
  }
  // G g
  template <typename V>
  static inline __attribute__((always_inline)) void weights(const V* g, V* u) {
    values<kWindow, true>(g, u);
  }
  // Aᵀ m
  template <typename V>
  static inline __attribute__((always_inline)) void output(const V* m, V* y) {
    sums<kOut, false>(m, y);
  }
  // A ∂y
  template <typename V>
  static inline __attribute__((always_inline)) void output_gradient(const V* y, V* z) {
    values<kOut, false>(y, z);
  }
  // Gᵀ ∂u
  template <typename V>
  static inline __attribute__((always_inline)) void weights_gradient(const V* u, V* g) {
    sums<kWindow, true>(u, g);
  }
};

// A transform of kFrom numbers into kTo on both sides of a matrix: load(i, j) gives its elements, store(i, j, v) takes
// those of the result.
template <typename V, size_t kFrom, size_t kTo, typename Line, typename Load, typename Store>
inline __attribute__((always_inline)) void on_both_sides(Line line, Load load, Store store) {
  V between[kTo][kFrom];
#pragma GCC unroll 8
  for (size_t j = 0; j < kFrom; j++) {
    V from[kFrom], to[kTo];
#pragma GCC unroll 8
    for (size_t i = 0; i < kFrom; i++) from[i] = load(i, j);
    line(from, to);
#pragma GCC unroll 8
    for (size_t i = 0; i < kTo; i++) between[i][j] = to[i];
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < kTo; i++) {
    V to[kTo];
    line(between[i], to);
#pragma GCC unroll 8
    for (size_t j = 0; j < kTo; j++) store(i, j, to[j]);
  }
}

}  // namespace caffe
