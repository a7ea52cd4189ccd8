// Response normalisation within each channel, in any layout that keeps channels in blocks.
#include "loops.h"
#include "primitive.h"
#include "vector-math.h"

namespace caffe {

namespace {

struct Region {
  View view;
  size_t height, width;
  int64_t half;
  float ratio, beta, k;

  // view, height, width, localSize, alpha, beta, k
  explicit Region(Args& args) : view(args), height(args.size()), width(args.size()) {
    const double size = args.number(), alpha = args.number();
    half = (static_cast<int64_t>(size) - 1) / 2;
    ratio = static_cast<float>(alpha / (size * size));
    beta = static_cast<float>(args.number());
    k = static_cast<float>(args.number());
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
  for (size_t h = 0; h < r.height; h++) sum_along(from + h * line, rows + h * line, line, r.view.block, r.half);
  sum_along(rows, to, r.height * line, line, r.half);
}

// s^−beta; the common power is made of roots.
void power(const float* s, float* to, size_t n, float beta) {
  if (beta == 0.75f) {
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
      const float root = sqrtf(s[i]);
      to[i] = 1 / (root * sqrtf(root));
    }
    return;
  }
#pragma omp simd
  for (size_t i = 0; i < n; i++) to[i] = powf(s[i], -beta);
}

// s = k + alpha/size² · Σ x² around each position of a row
void scale_of_row(const Region& r, const float* x, float* rows, float* s) {
  const size_t n = r.view.row_size();
  std::vector<float> squares(n);
#pragma omp simd
  for (size_t i = 0; i < n; i++) squares[i] = x[i] * x[i];
  box_sum(r, squares.data(), rows, s);
#pragma omp simd
  for (size_t i = 0; i < n; i++) s[i] = r.k + r.ratio * s[i];
}

// lrnWithin(view, height, width, localSize, alpha, beta, k, x, y): y = x · s^−beta
void Forward(const Napi::CallbackInfo& info) {
  Args args(info);
  const Region r(args);
  const float* x = args.floats();
  float* y = args.floats();
  const size_t n = r.view.row_size();
  parallel(r.view.rows(), r.view.stored(), [&](size_t row) {
    const float* from = x + row * n;
    float* to = y + row * n;
    std::vector<float> rows(n), s(n);
    scale_of_row(r, from, rows.data(), s.data());
    power(s.data(), rows.data(), n, r.beta);
#pragma omp simd
    for (size_t i = 0; i < n; i++) to[i] = from[i] * rows[i];
  });
}

// lrnWithinBackward(view, height, width, localSize, alpha, beta, k, x, y, dy, dx):
// dx = dy · s^−beta − 2·alpha·beta/size² · x · Σ (dy · y / s)
void Backward(const Napi::CallbackInfo& info) {
  Args args(info);
  const Region r(args);
  const float *x = args.floats(), *y = args.floats(), *dy = args.floats();
  float* dx = args.floats();
  const size_t n = r.view.row_size();
  const float factor = 2 * r.ratio * r.beta;
  parallel(r.view.rows(), r.view.stored(), [&](size_t row) {
    const size_t at = row * n;
    std::vector<float> rows(n), s(n), shares(n), sums(n);
    scale_of_row(r, x + at, rows.data(), s.data());
#pragma omp simd
    for (size_t i = 0; i < n; i++) shares[i] = dy[at + i] * y[at + i] / s[i];
    box_sum(r, shares.data(), rows.data(), sums.data());
    power(s.data(), rows.data(), n, r.beta);
#pragma omp simd
    for (size_t i = 0; i < n; i++) dx[at + i] = dy[at + i] * rows[i] - factor * x[at + i] * sums[i];
  });
}

}  // namespace

void InitLRNWithin(Napi::Env env, Napi::Object exports) {
  exports.Set("lrnWithin", Napi::Function::New(env, Forward));
  exports.Set("lrnWithinBackward", Napi::Function::New(env, Backward));
}

}  // namespace caffe
