// Loops over memory, one pass each, in any layout: padding of blocked layouts is zero and stays zero.
#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "primitive.h"

namespace caffe {

namespace {

// Below this, starting threads costs more than the loop.
constexpr size_t kParallel = 1 << 15;

double number(const Napi::CallbackInfo& info, int i) { return info[i].As<Napi::Number>().DoubleValue(); }
size_t size(const Napi::CallbackInfo& info, int i) { return static_cast<size_t>(number(info, i)); }
float* floats(const Napi::CallbackInfo& info, int i) { return floats_of(info[i]).data; }

// copy(n, x, y)
void Copy(const Napi::CallbackInfo& info) {
  const float* x = floats(info, 1);
  std::copy(x, x + size(info, 0), floats(info, 2));
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
  double sum = 0;
  for (size_t from = 0; from < n; from += kBlock) {
    const size_t to = std::min(n, from + kBlock);
    float part = 0;
#pragma omp simd reduction(+ : part)
    for (size_t i = from; i < to; i++) part += term(x[i]);
    sum += part;
  }
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
  dnnl_sgemm(a, b, m, n, k, number(info, 5), floats(info, 6), size(info, 7), floats(info, 8), size(info, 9),
             number(info, 10), floats(info, 11), n);
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

// reluForward(n, slope, x, y)
void ReluForward(const Napi::CallbackInfo& info) {
  const size_t n = size(info, 0);
  const float slope = number(info, 1);
  const float* x = floats(info, 2);
  float* y = floats(info, 3);
#pragma omp parallel for simd if (n > kParallel)
  for (size_t i = 0; i < n; i++) y[i] = std::max(x[i], 0.0f) + slope * std::min(x[i], 0.0f);
}

// reluBackward(n, slope, y, dy, dx): the sign of y is that of x
void ReluBackward(const Napi::CallbackInfo& info) {
  const size_t n = size(info, 0);
  const float slope = number(info, 1);
  const float *y = floats(info, 2), *dy = floats(info, 3);
  float* dx = floats(info, 4);
#pragma omp parallel for simd if (n > kParallel)
  for (size_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : slope * dy[i];
}

// softmax(outer, channels, inner, x, y)
void Softmax(const Napi::CallbackInfo& info) {
  const size_t outer = size(info, 0), channels = size(info, 1), inner = size(info, 2);
  const float* x = floats(info, 3);
  float* y = floats(info, 4);
#pragma omp parallel for collapse(2) if (outer * channels * inner > kParallel)
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const float* from = x + o * channels * inner + i;
      float* to = y + o * channels * inner + i;
      float max = from[0];
      for (size_t c = 1; c < channels; c++) max = std::max(max, from[c * inner]);
      float sum = 0;
      for (size_t c = 0; c < channels; c++) sum += to[c * inner] = std::exp(from[c * inner] - max);
      for (size_t c = 0; c < channels; c++) to[c * inner] /= sum;
    }
  }
}

// softmaxBackward(outer, channels, inner, y, dy, dx)
void SoftmaxBackward(const Napi::CallbackInfo& info) {
  const size_t outer = size(info, 0), channels = size(info, 1), inner = size(info, 2);
  const float *y = floats(info, 3), *dy = floats(info, 4);
  float* dx = floats(info, 5);
#pragma omp parallel for collapse(2) if (outer * channels * inner > kParallel)
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const size_t from = o * channels * inner + i;
      float dot = 0;
      for (size_t c = 0; c < channels; c++) dot += dy[from + c * inner] * y[from + c * inner];
      for (size_t c = 0; c < channels; c++) {
        const size_t at = from + c * inner;
        dx[at] = y[at] * (dy[at] - dot);
      }
    }
  }
}

// labelLoss(outer, channels, inner, ignored, prob, label): Σ −log max(prob[label], FLT_MIN)
Napi::Value LabelLoss(const Napi::CallbackInfo& info) {
  const size_t outer = size(info, 0), channels = size(info, 1), inner = size(info, 2);
  const int ignored = static_cast<int>(number(info, 3));
  const float *prob = floats(info, 4), *label = floats(info, 5);
  double loss = 0;
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const int l = static_cast<int>(label[o * inner + i]);
      if (l == ignored) continue;
      loss -= std::log(std::max(prob[(o * channels + l) * inner + i], std::numeric_limits<float>::min()));
    }
  }
  return Napi::Number::New(info.Env(), loss);
}

// labelGradient(outer, channels, inner, ignored, scale, prob, label, dx)
void LabelGradient(const Napi::CallbackInfo& info) {
  const size_t outer = size(info, 0), channels = size(info, 1), inner = size(info, 2);
  const int ignored = static_cast<int>(number(info, 3));
  const float scale = number(info, 4);
  const float *prob = floats(info, 5), *label = floats(info, 6);
  float* dx = floats(info, 7);
#pragma omp parallel for collapse(2) if (outer * channels * inner > kParallel)
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const int l = static_cast<int>(label[o * inner + i]);
      for (size_t c = 0; c < channels; c++) {
        const size_t at = (o * channels + c) * inner + i;
        dx[at] = l == ignored ? 0 : scale * (prob[at] - (static_cast<int>(c) == l ? 1.0f : 0.0f));
      }
    }
  }
}

// setThreads(n)
void SetThreads(const Napi::CallbackInfo& info) { omp_set_num_threads(static_cast<int>(number(info, 0))); }

}  // namespace

void InitLoops(Napi::Env env, Napi::Object exports) {
  exports.Set("copy", Napi::Function::New(env, Copy));
  exports.Set("axpby", Napi::Function::New(env, Axpby));
  exports.Set("asum", Napi::Function::New(env, Asum));
  exports.Set("sumOfSquares", Napi::Function::New(env, SumOfSquares));
  exports.Set("gemm", Napi::Function::New(env, Gemm));
  exports.Set("fillRows", Napi::Function::New(env, FillRows));
  exports.Set("addRows", Napi::Function::New(env, AddRows));
  exports.Set("reluForward", Napi::Function::New(env, ReluForward));
  exports.Set("reluBackward", Napi::Function::New(env, ReluBackward));
  exports.Set("softmax", Napi::Function::New(env, Softmax));
  exports.Set("softmaxBackward", Napi::Function::New(env, SoftmaxBackward));
  exports.Set("labelLoss", Napi::Function::New(env, LabelLoss));
  exports.Set("labelGradient", Napi::Function::New(env, LabelGradient));
  exports.Set("setThreads", Napi::Function::New(env, SetThreads));
}

}  // namespace caffe
