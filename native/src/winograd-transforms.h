// Winograd's algorithm for windows of three, in one dimension and two: how many outputs a tile gives, and what turns
// inputs, weights and outputs into products and back.
//
// S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S. Gray, Fast Algorithms for Convolutional
// Neural Networks (2015). An output of `kOut` is a product of two polynomials, taken at kOut + 1 points and infinity:
//   y = Aᵀ[(G g) ⊙ (Bᵀ d)],   and so, by transposition,   ∂g = Gᵀ[(A ∂y) ⊙ (Bᵀ d)].
// In two dimensions each stands on both sides. Row p of A is 1, p, p², …; that of G is (1, p, p²) / Π (p − q) over the
// other points q; Bᵀ follows (Lagrange).
#pragma once

#include <cstddef>

namespace caffe {

template <size_t kOut>
struct Winograd;

// F(2, 3) at 0, 1, −1, ∞.
template <>
struct Winograd<2> {
  static constexpr size_t kIn = 4;

  template <typename V>
  static inline void data(const V* d, V* v) {
    v[0] = d[0] - d[2];
    v[1] = d[2] + d[1];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
  }
  template <typename V>
  static inline void weights(const V* g, V* u) {
    const V even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  template <typename V>
  static inline void output(const V* m, V* y) {
    y[0] = m[0] + (m[1] + m[2]);
    y[1] = (m[1] - m[2]) + m[3];
  }
  template <typename V>
  static inline void output_gradient(const V* y, V* z) {
    z[0] = y[0];
    z[1] = y[0] + y[1];
    z[2] = y[0] - y[1];
    z[3] = y[1];
  }
  template <typename V>
  static inline void weights_gradient(const V* u, V* g) {
    const V sum = (u[1] + u[2]) * 0.5f;
    g[0] = u[0] + sum;
    g[1] = (u[1] - u[2]) * 0.5f;
    g[2] = sum + u[3];
  }
};

// F(4, 3) at 0, ±a, ±b, ∞. Points of one magnitude share their sums; those of 5/8 and 3/2 leave half of the error that
// the usual 1 and 2 do (bench: 6.4e-6 against 1.3e-5, root of the mean square over 64 channels), and their powers are
// exact. B. Barabasz et al., Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks
// (2020), on what makes points good.
template <>
struct Winograd<4> {
  static constexpr size_t kIn = 6;
  static constexpr float a = 0.625f, b = 1.5f, a2 = a * a, b2 = b * b;
  // What the products' weights are divided by.
  static constexpr float w0 = 1 / (a2 * b2), wa = 1 / (2 * a2 * (a2 - b2)), wb = 1 / (2 * b2 * (b2 - a2));

  template <typename V>
  static inline void data(const V* d, V* v) {
    const V even_a = d[4] - d[2] * b2, odd_a = (d[3] - d[1] * b2) * a;
    const V even_b = d[4] - d[2] * a2, odd_b = (d[3] - d[1] * a2) * b;
    v[0] = d[0] * (a2 * b2) + (d[4] - d[2] * (a2 + b2));
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = d[1] * (a2 * b2) + (d[5] - d[3] * (a2 + b2));
  }
  template <typename V>
  static inline void weights(const V* g, V* u) {
    const V even_a = g[0] * wa + g[2] * (wa * a2), odd_a = g[1] * (wa * a);
    const V even_b = g[0] * wb + g[2] * (wb * b2), odd_b = g[1] * (wb * b);
    u[0] = g[0] * w0;
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
  }
  template <typename V>
  static inline void output(const V* m, V* y) {
    const V even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4];
    y[0] = m[0] + (even_a + even_b);
    y[1] = odd_a * a + odd_b * b;
    y[2] = even_a * a2 + even_b * b2;
    y[3] = odd_a * (a2 * a) + (odd_b * (b2 * b) + m[5]);
  }
  template <typename V>
  static inline void output_gradient(const V* y, V* z) {
    const V even_a = y[0] + y[2] * a2, odd_a = y[1] * a + y[3] * (a2 * a);
    const V even_b = y[0] + y[2] * b2, odd_b = y[1] * b + y[3] * (b2 * b);
    z[0] = y[0];
    z[1] = even_a + odd_a;
    z[2] = even_a - odd_a;
    z[3] = even_b + odd_b;
    z[4] = even_b - odd_b;
    z[5] = y[3];
  }
  template <typename V>
  static inline void weights_gradient(const V* u, V* g) {
    const V even_a = u[1] + u[2], odd_a = u[1] - u[2], even_b = u[3] + u[4], odd_b = u[3] - u[4];
    g[0] = u[0] * w0 + (even_a * wa + even_b * wb);
    g[1] = odd_a * (wa * a) + odd_b * (wb * b);
    g[2] = even_a * (wa * a2) + (even_b * (wb * b2) + u[5]);
  }
};

// A transform of kFrom numbers into kTo on both sides of a matrix: load(i, j) gives its elements, store(i, j, v) takes
// those of the result.
template <typename V, size_t kFrom, size_t kTo, typename Line, typename Load, typename Store>
inline __attribute__((always_inline)) void on_both_sides(Line line, Load load, Store store) {
  V between[kTo][kFrom];
#pragma GCC unroll 6
  for (size_t j = 0; j < kFrom; j++) {
    V from[kFrom], to[kTo];
#pragma GCC unroll 6
    for (size_t i = 0; i < kFrom; i++) from[i] = load(i, j);
    line(from, to);
#pragma GCC unroll 6
    for (size_t i = 0; i < kTo; i++) between[i][j] = to[i];
  }
#pragma GCC unroll 6
  for (size_t i = 0; i < kTo; i++) {
    V to[kTo];
    line(between[i], to);
#pragma GCC unroll 6
    for (size_t j = 0; j < kTo; j++) store(i, j, to[j]);
  }
}

}  // namespace caffe
