// Vectors and matrix products, one pass each, in any layout: padding of blocked layouts is zero and stays zero.
#include <dnnl.h>
#include <omp.h>

#include "loops.h"
#include "primitive.h"
#include "signals.h"

namespace caffe {

namespace {

double number(const Napi::CallbackInfo& info, int i) { return info[i].As<Napi::Number>().DoubleValue(); }
size_t size(const Napi::CallbackInfo& info, int i) { return static_cast<size_t>(number(info, i)); }
float* floats(const Napi::CallbackInfo& info, int i) { return floats_of(info[i]).data; }

// copy(n, x, y)
void Copy(const Napi::CallbackInfo& info) {
  const float* x = floats(info, 1);
  float* y = floats(info, 2);
  parallel_parts(size(info, 0), [=](size_t begin, size_t end) { std::copy(x + begin, x + end, y + begin); });
}

// axpby(n, alpha, x, beta, y): y is not read where beta is 0
void Axpby(const Napi::CallbackInfo& info) {
  const size_t n = size(info, 0);
  const float alpha = static_cast<float>(number(info, 1)), beta = static_cast<float>(number(info, 3));
  const float* x = floats(info, 2);
  float* y = floats(info, 4);
  if (beta == 0) {
#pragma omp parallel for simd if (n > kParallel)
    for (size_t i = 0; i < n; i++) y[i] = alpha * x[i];
    return;
  }
#pragma omp parallel for simd if (n > kParallel)
  for (size_t i = 0; i < n; i++) y[i] = alpha * x[i] + beta * y[i];
}

// Sums go in blocks of fixed size, so that their bits do not depend on the number of threads.
template <typename Term>
double blocked_sum(const float* x, size_t n, Term term) {
  constexpr size_t kBlock = 4096;
  std::vector<float> parts((n + kBlock - 1) / kBlock);
  parallel(parts.size(), n, [&](size_t p) {
    const size_t from = p * kBlock, to = std::min(n, from + kBlock);
    float part = 0;
#pragma omp simd reduction(+ : part)
    for (size_t i = from; i < to; i++) part += term(x[i]);
    parts[p] = part;
  });
  double sum = 0;
  for (float part : parts) sum += part;
  return sum;
}

// asum(n, x)
Napi::Value Asum(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           blocked_sum(floats(info, 1), size(info, 0), [](float v) { return std::fabs(v); }));
}

// sumOfSquares(n, x)
Napi::Value SumOfSquares(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), blocked_sum(floats(info, 1), size(info, 0), [](float v) { return v * v; }));
}

// gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c): row-major, C is m×n and dense
void Gemm(const Napi::CallbackInfo& info) {
  const char a = info[0].ToBoolean() ? 'T' : 'N', b = info[1].ToBoolean() ? 'T' : 'N';
  const dnnl_dim_t m = size(info, 2), n = size(info, 3), k = size(info, 4);
  const float alpha = number(info, 5), beta = number(info, 10);
  const float *x = floats(info, 6), *y = floats(info, 8);
  float* z = floats(info, 11);
  const dnnl_dim_t ldx = size(info, 7), ldy = size(info, 9);
  SignalsBlocked blocked;
  dnnl_sgemm(a, b, m, n, k, alpha, x, ldx, y, ldy, beta, z, n);
}

// fillRows(m, n, b, y): every row of y is b
void FillRows(const Napi::CallbackInfo& info) {
  const size_t m = size(info, 0), n = size(info, 1);
  const float* b = floats(info, 2);
  float* y = floats(info, 3);
  for (size_t i = 0; i < m; i++) std::copy(b, b + n, y + i * n);
}

// addRows(m, n, y, b): b += Σ rows of y
void AddRows(const Napi::CallbackInfo& info) {
  const size_t m = size(info, 0), n = size(info, 1);
  const float* y = floats(info, 2);
  float* b = floats(info, 3);
  for (size_t i = 0; i < m; i++) {
#pragma omp simd
    for (size_t j = 0; j < n; j++) b[j] += y[i * n + j];
  }
}

// setThreads(n)
void SetThreads(const Napi::CallbackInfo& info) {
  omp_set_num_threads(static_cast<int>(number(info, 0)));
  start_threads();
}

}  // namespace

void InitVectors(Napi::Env env, Napi::Object exports) {
  exports.Set("copy", Napi::Function::New(env, Copy));
  exports.Set("axpby", Napi::Function::New(env, Axpby));
  exports.Set("asum", Napi::Function::New(env, Asum));
  exports.Set("sumOfSquares", Napi::Function::New(env, SumOfSquares));
  exports.Set("gemm", Napi::Function::New(env, Gemm));
  exports.Set("fillRows", Napi::Function::New(env, FillRows));
  exports.Set("addRows", Napi::Function::New(env, AddRows));
  exports.Set("setThreads", Napi::Function::New(env, SetThreads));
}

}  // namespace caffe
