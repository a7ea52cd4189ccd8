// Vectors and matrix products, one pass each, in any layout: padding of blocked layouts is zero and stays zero.
#include <dnnl.h>
#include <omp.h>

#include <atomic>
#include <cstring>

#include "loops.h"
#include "primitive.h"
#include "signals.h"

namespace caffe {

namespace {

// copy(n, x, y)
template <typename E>
void Copy(Args& args) {
  const size_t n = args.size();
  const E* x = args.elements<E>(n);
  E* y = args.elements<E>(n);
  parallel_parts(n, [=](size_t begin, size_t end) { std::copy(x + begin, x + end, y + begin); });
}

// The greatest |x|; infinity where one is NaN. Magnitudes of floats are in the order of their bits.
template <typename E>
float greatest_of(const E* x, size_t n) {
  int32_t most = 0;
#pragma omp simd reduction(max : most)
  for (size_t i = 0; i < n; i++) {
    const float value = x[i];
    int32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    most = std::max(most, bits & 0x7fffffff);
  }
  float magnitude;
  std::memcpy(&magnitude, &most, sizeof(magnitude));
  return std::isnan(magnitude) ? INFINITY : magnitude;
}

// greatest(n, x)
template <typename E>
double Greatest(Args& args) {
  const size_t n = args.size();
  const E* x = args.elements<E>(n);
  std::atomic<float> greatest(0);
  parallel_parts(n, [=, &greatest](size_t begin, size_t end) {
    const float most = greatest_of(x + begin, end - begin);
    float known = greatest.load();
    while (most > known && !greatest.compare_exchange_weak(known, most)) {
    }
  });
  return greatest.load();
}

// axpby(n, alpha, x, beta, y): y is not read where beta is 0
template <typename E>
void Axpby(Args& args) {
  const size_t n = args.size();
  const float alpha = args.single();
  const E* x = args.elements<E>(n);
  const float beta = args.single();
  E* y = args.elements<E>(n);
  if (beta == 0) {
#pragma omp parallel for simd if (n > kParallel)
    for (size_t i = 0; i < n; i++) y[i] = alpha * x[i];
    return;
  }
#pragma omp parallel for simd if (n > kParallel)
  for (size_t i = 0; i < n; i++) y[i] = alpha * x[i] + beta * y[i];
}

template <typename E, typename Term>
float block_sum(const E* x, size_t n, Term term) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < n; i++) sum += term(x[i]);
  return sum;
}

// Sums go in blocks of fixed size, so that their bits do not depend on the number of threads.
template <typename E, typename Term>
double blocked_sum(const E* x, size_t n, Term term) {
  constexpr size_t kBlock = 4096;
  std::vector<float> parts((n + kBlock - 1) / kBlock);
  float* sums = parts.data();
  // Captured by value: what a loop reads through references is not vectorised.
  parallel(parts.size(), n, [=](size_t p) {
    sums[p] = block_sum(x + p * kBlock, std::min(kBlock, n - p * kBlock), term);
  });
  double sum = 0;
  for (float part : parts) sum += part;
  return sum;
}

// asum(n, x)
template <typename E>
double Asum(Args& args) {
  const size_t n = args.size();
  return blocked_sum(args.elements<E>(n), n, [](float v) { return std::fabs(v); });
}

// sumOfSquares(n, x)
template <typename E>
double SumOfSquares(Args& args) {
  const size_t n = args.size();
  return blocked_sum(args.elements<E>(n), n, [](float v) { return v * v; });
}

// How many floats a matrix of so many rows takes whose rows begin `step` apart.
size_t extent(size_t rows, size_t columns, size_t step) {
  if (step < columns) throw std::length_error("rows that overlap");
  return rows == 0 ? 0 : (rows - 1) * step + columns;
}

// gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c): row-major, C is m×n and dense
void Gemm(Args& args) {
  const bool turns_a = args.flag(), turns_b = args.flag();
  const size_t m = args.size(), n = args.size(), k = args.size();
  const float alpha = args.single();
  // An array's length is known once the step behind it is.
  const Array left = args.array();
  const size_t lda = args.size();
  const float* a = left.floats(turns_a ? extent(k, m, lda) : extent(m, k, lda));
  const Array right = args.array();
  const size_t ldb = args.size();
  const float* b = right.floats(turns_b ? extent(n, k, ldb) : extent(k, n, ldb));
  const float beta = args.single();
  float* c = args.floats(m * n);
  SignalsBlocked blocked;
  const auto status = dnnl_sgemm(turns_a ? 'T' : 'N', turns_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, n);
  if (status != dnnl_success) throw std::runtime_error("a matrix product failed");
}

// fillRows(m, n, b, y): every row of y is b
void FillRows(Args& args) {
  const size_t m = args.size(), n = args.size();
  const float* b = args.floats(n);
  float* y = args.floats(m * n);
  for (size_t i = 0; i < m; i++) std::copy(b, b + n, y + i * n);
}

// addRows(m, n, y, b): b += Σ rows of y
template <typename E>
void AddRows(Args& args) {
  const size_t m = args.size(), n = args.size();
  const E* y = args.elements<E>(m * n);
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
  define<Copy<float>, Copy<Bf16>>(exports, "copy");
  define<Greatest<float>, Greatest<Bf16>>(exports, "greatest");
  define<Axpby<float>, Axpby<Bf16>>(exports, "axpby");
  define<Asum<float>, Asum<Bf16>>(exports, "asum");
  define<SumOfSquares<float>, SumOfSquares<Bf16>>(exports, "sumOfSquares");
  define<Gemm>(exports, "gemm");
  define<FillRows>(exports, "fillRows");
  define<AddRows<float>, AddRows<Bf16>>(exports, "addRows");
  define<SetThreads>(exports, "setThreads");
  define<SetErrorClass>(exports, "setErrorClass");
}

}  // namespace caffe
