// Vectors and matrix products, one pass each, in any layout: padding of blocked layouts is zero and stays zero.
#include <dnnl.h>
#include <omp.h>

#include <atomic>

#include "loops.h"
#include "primitive.h"
#include "signals.h"

namespace caffe {

namespace {

// copy(n, x, y)
void Copy(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t n = args.size();
  const float* x = args.floats(n);
  float* y = args.floats(n);
  parallel_parts(n, [=](size_t begin, size_t end) { std::copy(x + begin, x + end, y + begin); });
}

// greatest(n, x): the greatest |x|; infinity where one is NaN
Napi::Value Greatest(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t n = args.size();
  const float* x = args.floats(n);
  std::atomic<float> greatest(0);
  parallel_parts(n, [=, &greatest](size_t begin, size_t end) {
    float most = 0;
    int others = 0;
#pragma omp simd reduction(max : most) reduction(+ : others)
    for (size_t i = begin; i < end; i++) {
      const float magnitude = fabsf(x[i]);
      most = magnitude > most ? magnitude : most;
      others += magnitude != magnitude;
    }
    if (others > 0) most = INFINITY;
    float known = greatest.load();
    while (most > known && !greatest.compare_exchange_weak(known, most)) {
    }
  });
  return Napi::Number::New(info.Env(), greatest.load());
}

// axpby(n, alpha, x, beta, y): y is not read where beta is 0
void Axpby(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t n = args.size();
  const float alpha = args.single();
  const float* x = args.floats(n);
  const float beta = args.single();
  float* y = args.floats(n);
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
  float* sums = parts.data();
  // Captured by value: what a loop reads through references is not vectorised.
  parallel(parts.size(), n, [=](size_t p) {
    const size_t from = p * kBlock, to = std::min(n, from + kBlock);
    float part = 0;
#pragma omp simd reduction(+ : part)
    for (size_t i = from; i < to; i++) part += term(x[i]);
    sums[p] = part;
  });
  double sum = 0;
  for (float part : parts) sum += part;
  return sum;
}

// asum(n, x)
Napi::Value Asum(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t n = args.size();
  return Napi::Number::New(info.Env(), blocked_sum(args.floats(n), n, [](float v) { return std::fabs(v); }));
}

// sumOfSquares(n, x)
Napi::Value SumOfSquares(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t n = args.size();
  return Napi::Number::New(info.Env(), blocked_sum(args.floats(n), n, [](float v) { return v * v; }));
}

// How many floats a matrix of so many rows takes whose rows begin `step` apart.
size_t extent(size_t rows, size_t columns, size_t step) {
  if (step < columns) throw std::length_error("rows that overlap");
  return rows == 0 ? 0 : (rows - 1) * step + columns;
}

// gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c): row-major, C is m×n and dense
void Gemm(const Napi::CallbackInfo& info) {
  Args args(info);
  const bool turns_a = args.flag(), turns_b = args.flag();
  const size_t m = args.size(), n = args.size(), k = args.size();
  const float alpha = args.single();
  // An array's length is known once the step behind it is.
  const size_t lda = size_of(info[7]), ldb = size_of(info[9]);
  const float* a = args.floats(turns_a ? extent(k, m, lda) : extent(m, k, lda));
  args.size();
  const float* b = args.floats(turns_b ? extent(n, k, ldb) : extent(k, n, ldb));
  args.size();
  const float beta = args.single();
  float* c = args.floats(m * n);
  SignalsBlocked blocked;
  const auto status = dnnl_sgemm(turns_a ? 'T' : 'N', turns_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, n);
  if (status != dnnl_success) throw std::runtime_error("a matrix product failed");
}

// fillRows(m, n, b, y): every row of y is b
void FillRows(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t m = args.size(), n = args.size();
  const float* b = args.floats(n);
  float* y = args.floats(m * n);
  for (size_t i = 0; i < m; i++) std::copy(b, b + n, y + i * n);
}

// addRows(m, n, y, b): b += Σ rows of y
void AddRows(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t m = args.size(), n = args.size();
  const float* y = args.floats(m * n);
  float* b = args.floats(n);
  for (size_t i = 0; i < m; i++) {
#pragma omp simd
    for (size_t j = 0; j < n; j++) b[j] += y[i * n + j];
  }
}

// setThreads(n)
void SetThreads(const Napi::CallbackInfo& info) {
  const size_t n = size_of(info[0]);
  if (n < 1 || n > 1024) throw std::out_of_range("a number of threads that cannot be");
  omp_set_num_threads(static_cast<int>(n));
  start_threads();
}

// setErrorClass(class): what failures are thrown as from now on
void SetErrorClass(const Napi::CallbackInfo& info) {
  classes(info.Env()).error = Napi::Persistent(info[0].As<Napi::Function>());
}

}  // namespace

void InitVectors(Napi::Object exports) {
  define<Copy>(exports, "copy");
  define<Greatest>(exports, "greatest");
  define<Axpby>(exports, "axpby");
  define<Asum>(exports, "asum");
  define<SumOfSquares>(exports, "sumOfSquares");
  define<Gemm>(exports, "gemm");
  define<FillRows>(exports, "fillRows");
  define<AddRows>(exports, "addRows");
  define<SetThreads>(exports, "setThreads");
  define<SetErrorClass>(exports, "setErrorClass");
}

}  // namespace caffe
