// Softmax and losses. Sums go in order, so that their bits do not depend on the number of threads.
#include <limits>

#include "loops.h"
#include "primitive.h"
#include "vector-math.h"

namespace caffe {

namespace {

constexpr size_t kRun = PositionRun::kMost;

// What the losses of given probabilities take a smaller one for.
constexpr float kLeast = 1e-20f;

// softmax(outer, channels, inner, x, y)
void Softmax(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size(), channels = args.size(), inner = args.size();
  const float* x = args.floats();
  float* y = args.floats();
  if (inner == 1) {
    parallel(outer, outer * channels, [=](size_t o) {
      const float* from = x + o * channels;
      float* to = y + o * channels;
      float max = -std::numeric_limits<float>::infinity(), sum = 0;
#pragma omp simd reduction(max : max)
      for (size_t c = 0; c < channels; c++) max = std::max(max, from[c]);
#pragma omp simd reduction(+ : sum)
      for (size_t c = 0; c < channels; c++) sum += to[c] = expf(from[c] - max);
#pragma omp simd
      for (size_t c = 0; c < channels; c++) to[c] /= sum;
    });
    return;
  }
  parallel_positions(outer, inner, outer * channels * inner, [=](const PositionRun& run) {
    const size_t n = run.n, from = run.o * channels * inner + run.begin;
    float max[kRun], sum[kRun] = {};
    std::fill_n(max, n, -std::numeric_limits<float>::infinity());
    for (size_t c = 0; c < channels; c++) {
#pragma omp simd
      for (size_t i = 0; i < n; i++) max[i] = std::max(max[i], x[from + c * inner + i]);
    }
    for (size_t c = 0; c < channels; c++) {
#pragma omp simd
      for (size_t i = 0; i < n; i++) sum[i] += y[from + c * inner + i] = expf(x[from + c * inner + i] - max[i]);
    }
    for (size_t c = 0; c < channels; c++) {
#pragma omp simd
      for (size_t i = 0; i < n; i++) y[from + c * inner + i] /= sum[i];
    }
  });
}

// softmaxBackward(outer, channels, inner, y, dy, dx)
void SoftmaxBackward(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size(), channels = args.size(), inner = args.size();
  const float *y = args.floats(), *dy = args.floats();
  float* dx = args.floats();
  parallel_positions(outer, inner, outer * channels * inner, [=](const PositionRun& run) {
    const size_t n = run.n, from = run.o * channels * inner + run.begin;
    float dot[kRun] = {};
    for (size_t c = 0; c < channels; c++) {
      for (size_t i = 0; i < n; i++) dot[i] += dy[from + c * inner + i] * y[from + c * inner + i];
    }
    for (size_t c = 0; c < channels; c++) {
      for (size_t i = 0; i < n; i++) {
        const size_t at = from + c * inner + i;
        dx[at] = y[at] * (dy[at] - dot[i]);
      }
    }
  });
}

// labelLoss(outer, channels, inner, ignored, prob, label): Σ −log max(prob[label], FLT_MIN)
Napi::Value LabelLoss(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size(), channels = args.size(), inner = args.size();
  const int ignored = static_cast<int>(args.number());
  const float *prob = args.floats(), *label = args.floats();
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
  Args args(info);
  const size_t outer = args.size(), channels = args.size(), inner = args.size();
  const int ignored = static_cast<int>(args.number());
  const float scale = static_cast<float>(args.number());
  const float *prob = args.floats(), *label = args.floats();
  float* dx = args.floats();
  parallel_positions(outer, inner, outer * channels * inner, [=](const PositionRun& run) {
    const size_t o = run.o, begin = run.begin, n = run.n;
    float factor[kRun];
    for (size_t i = 0; i < n; i++) {
      factor[i] = static_cast<int>(label[o * inner + begin + i]) == ignored ? 0 : scale;
    }
    for (size_t c = 0; c < channels; c++) {
      const size_t from = (o * channels + c) * inner + begin;
#pragma omp simd
      for (size_t i = 0; i < n; i++) dx[from + i] = factor[i] * prob[from + i];
    }
    for (size_t i = 0; i < n; i++) {
      if (factor[i] == 0) continue;
      const auto l = static_cast<size_t>(label[o * inner + begin + i]);
      dx[(o * channels + l) * inner + begin + i] -= scale;
    }
  });
}

// sigmoidLoss(n, ignored, x, target): −Σ t·log σ(x) + (1 − t)·log(1 − σ(x)); no exponent is positive
Napi::Value SigmoidLoss(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t n = args.size();
  const double ignored = args.number();
  const float *x = args.floats(), *target = args.floats();
  constexpr size_t kPart = 4096;
  double sum = 0;
  for (size_t begin = 0; begin < n; begin += kPart) {
    const size_t end = std::min(n, begin + kPart);
    float part = 0;
#pragma omp simd reduction(+ : part)
    for (size_t i = begin; i < end; i++) {
      const float loss = log1pf(expf(-fabsf(x[i]))) - x[i] * (target[i] - (x[i] >= 0 ? 1.0f : 0.0f));
      part += std::trunc(target[i]) == ignored ? 0 : loss;
    }
    sum += part;
  }
  return Napi::Number::New(info.Env(), sum);
}

// sigmoidGradient(n, ignored, scale, x, target, dx)
void SigmoidGradient(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t n = args.size();
  const double ignored = args.number();
  const float scale = static_cast<float>(args.number());
  const float *x = args.floats(), *target = args.floats();
  float* dx = args.floats();
  parallel_parts(n, [=](size_t begin, size_t end) {
#pragma omp simd
    for (size_t i = begin; i < end; i++) {
      const float gradient = scale * (1 / (1 + expf(-x[i])) - target[i]);
      dx[i] = std::trunc(target[i]) == ignored ? 0 : gradient;
    }
  });
}

// hingeLoss(batch, classes, isSquared, x, label): Σ max(0, 1 − s·x)ᵖ
Napi::Value HingeLoss(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t batch = args.size(), classes = args.size();
  const bool is_squared = args.flag();
  const float *x = args.floats(), *label = args.floats();
  double sum = 0;
  for (size_t n = 0; n < batch; n++) {
    const auto right = static_cast<size_t>(label[n]);
    for (size_t c = 0; c < classes; c++) {
      const float value = x[n * classes + c], gap = std::max(0.0f, 1 + (c == right ? -value : value));
      sum += is_squared ? gap * gap : gap;
    }
  }
  return Napi::Number::New(info.Env(), sum);
}

// hingeGradient(batch, classes, isSquared, scale, x, label, dx)
void HingeGradient(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t batch = args.size(), classes = args.size();
  const bool is_squared = args.flag();
  const float scale = static_cast<float>(args.number());
  const float *x = args.floats(), *label = args.floats();
  float* dx = args.floats();
  for (size_t n = 0; n < batch; n++) {
    const auto right = static_cast<size_t>(label[n]);
    for (size_t c = 0; c < classes; c++) {
      const float sign = c == right ? -1.0f : 1.0f, gap = std::max(0.0f, 1 + sign * x[n * classes + c]);
      dx[n * classes + c] = sign * scale * (is_squared ? 2 * gap : gap > 0 ? 1.0f : 0.0f);
    }
  }
}

// multinomialLoss(batch, classes, p, label): Σ −log p(label)
Napi::Value MultinomialLoss(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t batch = args.size(), classes = args.size();
  const float *p = args.floats(), *label = args.floats();
  double sum = 0;
  for (size_t n = 0; n < batch; n++) {
    sum -= std::log(std::max(p[n * classes + static_cast<size_t>(label[n])], kLeast));
  }
  return Napi::Number::New(info.Env(), sum);
}

// multinomialGradient(batch, classes, scale, p, label, dp)
void MultinomialGradient(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t batch = args.size(), classes = args.size();
  const auto scale = static_cast<float>(args.number());
  const float *p = args.floats(), *label = args.floats();
  float* dp = args.floats();
  parallel_parts(batch * classes, [=](size_t begin, size_t end) { std::fill(dp + begin, dp + end, 0.0f); });
  for (size_t n = 0; n < batch; n++) {
    const size_t at = n * classes + static_cast<size_t>(label[n]);
    dp[at] = -scale / std::max(p[at], kLeast);
  }
}

// infogainLoss(outer, classes, inner, ignored, p, label, h): −Σ h(label, c)·log p(c)
Napi::Value InfogainLoss(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size(), classes = args.size(), inner = args.size();
  const auto ignored = static_cast<int>(args.number());
  const float *p = args.floats(), *label = args.floats(), *h = args.floats();
  std::vector<double> losses(PositionRun::count(outer, inner));
  parallel_positions(outer, inner, outer * classes * inner, [&](const PositionRun& run) {
    const size_t o = run.o;
    for (size_t i = run.begin; i < run.begin + run.n; i++) {
      const auto l = static_cast<int>(label[o * inner + i]);
      if (l == ignored) continue;
      const float *row = h + l * classes, *from = p + o * classes * inner + i;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (size_t c = 0; c < classes; c++) sum += row[c] * logf(std::max(from[c * inner], kLeast));
      losses[run.index] -= sum;
    }
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return Napi::Number::New(info.Env(), sum);
}

// infogainGradient(outer, classes, inner, ignored, scale, p, label, h, dx)
void InfogainGradient(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size(), classes = args.size(), inner = args.size();
  const auto ignored = static_cast<int>(args.number());
  const auto scale = static_cast<float>(args.number());
  const float *p = args.floats(), *label = args.floats(), *h = args.floats();
  float* dx = args.floats();
  std::vector<float> worth(classes);
  for (size_t l = 0; l < classes; l++) {
    for (size_t c = 0; c < classes; c++) worth[l] += h[l * classes + c];
  }
  parallel_positions(outer, inner, outer * classes * inner, [&](const PositionRun& run) {
    const size_t o = run.o;
    for (size_t i = run.begin; i < run.begin + run.n; i++) {
      const auto l = static_cast<int>(label[o * inner + i]);
      const size_t from = o * classes * inner + i;
      if (l == ignored) {
        for (size_t c = 0; c < classes; c++) dx[from + c * inner] = 0;
        continue;
      }
      const float *row = h + l * classes, all = worth[l];
#pragma omp simd
      for (size_t c = 0; c < classes; c++) dx[from + c * inner] = scale * (p[from + c * inner] * all - row[c]);
    }
  });
}

// ‖a − b‖² of pair n
float squared_distance(const float* a, const float* b, size_t channels, size_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t k = n * channels; k < (n + 1) * channels; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

// contrastiveLoss(pairs, channels, margin, isLegacy, a, b, similar): Σ d², or max(margin − d, 0)² of dissimilar pairs
Napi::Value ContrastiveLoss(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t pairs = args.size(), channels = args.size();
  const auto margin = static_cast<float>(args.number());
  const bool is_legacy = args.flag();
  const float *a = args.floats(), *b = args.floats(), *similar = args.floats();
  double sum = 0;
  for (size_t n = 0; n < pairs; n++) {
    const float square = squared_distance(a, b, channels, n);
    const float gap = std::max(margin - (is_legacy ? square : std::sqrt(square)), 0.0f);
    sum += static_cast<int>(similar[n]) != 0 ? square : is_legacy ? gap : gap * gap;
  }
  return Napi::Number::New(info.Env(), sum);
}

// contrastiveGradient(pairs, channels, margin, isLegacy, scale, a, b, similar, da)
void ContrastiveGradient(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t pairs = args.size(), channels = args.size();
  const auto margin = static_cast<float>(args.number());
  const bool is_legacy = args.flag();
  const auto scale = static_cast<float>(args.number());
  const float *a = args.floats(), *b = args.floats(), *similar = args.floats();
  float* da = args.floats();
  // Keeps the gradient finite where both of a pair are the same.
  constexpr float kNearZero = 1e-4f;
  parallel(pairs, pairs * channels, [=](size_t n) {
    float slope = scale;
    if (static_cast<int>(similar[n]) == 0) {
      const float square = squared_distance(a, b, channels, n), distance = std::sqrt(square);
      const float gap = margin - (is_legacy ? square : distance);
      slope = gap > 0 ? -scale * (is_legacy ? 1 : gap / (distance + kNearZero)) : 0;
    }
#pragma omp simd
    for (size_t k = n * channels; k < (n + 1) * channels; k++) da[k] = slope * (a[k] - b[k]);
  });
}

}  // namespace

void InitLosses(Napi::Env env, Napi::Object exports) {
  exports.Set("softmax", Napi::Function::New(env, Softmax));
  exports.Set("softmaxBackward", Napi::Function::New(env, SoftmaxBackward));
  exports.Set("labelLoss", Napi::Function::New(env, LabelLoss));
  exports.Set("labelGradient", Napi::Function::New(env, LabelGradient));
  exports.Set("sigmoidLoss", Napi::Function::New(env, SigmoidLoss));
  exports.Set("sigmoidGradient", Napi::Function::New(env, SigmoidGradient));
  exports.Set("hingeLoss", Napi::Function::New(env, HingeLoss));
  exports.Set("hingeGradient", Napi::Function::New(env, HingeGradient));
  exports.Set("multinomialLoss", Napi::Function::New(env, MultinomialLoss));
  exports.Set("multinomialGradient", Napi::Function::New(env, MultinomialGradient));
  exports.Set("infogainLoss", Napi::Function::New(env, InfogainLoss));
  exports.Set("infogainGradient", Napi::Function::New(env, InfogainGradient));
  exports.Set("contrastiveLoss", Napi::Function::New(env, ContrastiveLoss));
  exports.Set("contrastiveGradient", Napi::Function::New(env, ContrastiveGradient));
}

}  // namespace caffe
