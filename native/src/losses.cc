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

// Rows by functions of their own: the compiler then makes vectors of their loops.
void softmax_row(size_t n, const float* x, float* y) {
  float max = -std::numeric_limits<float>::infinity(), sum = 0;
#pragma omp simd reduction(max : max)
  for (size_t c = 0; c < n; c++) max = std::max(max, x[c]);
#pragma omp simd reduction(+ : sum)
  for (size_t c = 0; c < n; c++) sum += y[c] = expf(x[c] - max);
#pragma omp simd
  for (size_t c = 0; c < n; c++) y[c] /= sum;
}

void softmax_gradient_row(size_t n, const float* y, const float* dy, float* dx) {
  float dot = 0;
#pragma omp simd reduction(+ : dot)
  for (size_t c = 0; c < n; c++) dot += dy[c] * y[c];
#pragma omp simd
  for (size_t c = 0; c < n; c++) dx[c] = y[c] * (dy[c] - dot);
}

// softmax(outer, channels, inner, x, y)
void Softmax(Args& args) {
  const size_t outer = args.size(), channels = args.size(), inner = args.size(), n = outer * channels * inner;
  const float* x = args.floats(n);
  float* y = args.floats(n);
  if (inner == 1) {
    parallel(outer, n, [=](size_t o) { softmax_row(channels, x + o * channels, y + o * channels); });
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
void SoftmaxBackward(Args& args) {
  const size_t outer = args.size(), channels = args.size(), inner = args.size(), n = outer * channels * inner;
  const float *y = args.floats(n), *dy = args.floats(n);
  float* dx = args.floats(n);
  if (inner == 1) {
    parallel(outer, n, [=](size_t o) {
      const size_t from = o * channels;
      softmax_gradient_row(channels, y + from, dy + from, dx + from);
    });
    return;
  }
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
double LabelLoss(Args& args) {
  const size_t outer = args.size(), channels = args.size(), inner = args.size();
  const int ignored = args.label();
  const float *prob = args.floats(outer * channels * inner), *label = args.floats(outer * inner);
  double loss = 0;
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < inner; i++) {
      const float named = label[o * inner + i];
      if (static_cast<int>(named) == ignored) continue;
      const size_t l = class_of(named, channels);
      loss -= std::log(std::max(prob[(o * channels + l) * inner + i], std::numeric_limits<float>::min()));
    }
  }
  return loss;
}

// labelGradient(outer, channels, inner, ignored, scale, prob, label, dx)
void LabelGradient(Args& args) {
  const size_t outer = args.size(), channels = args.size(), inner = args.size();
  const int ignored = args.label();
  const float scale = args.single();
  const float *prob = args.floats(outer * channels * inner), *label = args.floats(outer * inner);
  float* dx = args.floats(outer * channels * inner);
  if (inner == 1) {
    parallel(outer, outer * channels, [=](size_t o) {
      const float named = label[o], factor = scale;
      float* to = dx + o * channels;
      if (static_cast<int>(named) == ignored) {
        std::fill_n(to, channels, 0.0f);
        return;
      }
      const float* from = prob + o * channels;
#pragma omp simd
      for (size_t c = 0; c < channels; c++) to[c] = factor * from[c];
      to[class_of(named, channels)] -= factor;
    });
    return;
  }
  parallel_positions(outer, inner, outer * channels * inner, [=](const PositionRun& run) {
    const size_t o = run.o, begin = run.begin, n = run.n;
    bool counts[kRun];
    for (size_t i = 0; i < n; i++) counts[i] = static_cast<int>(label[o * inner + begin + i]) != ignored;
    for (size_t c = 0; c < channels; c++) {
      const size_t from = (o * channels + c) * inner + begin;
#pragma omp simd
      for (size_t i = 0; i < n; i++) dx[from + i] = counts[i] ? scale * prob[from + i] : 0;
    }
    for (size_t i = 0; i < n; i++) {
      if (!counts[i]) continue;
      const size_t l = class_of(label[o * inner + begin + i], channels);
      dx[(o * channels + l) * inner + begin + i] -= scale;
    }
  });
}

// sigmoidLoss(n, ignored, x, target): −Σ t·log σ(x) + (1 − t)·log(1 − σ(x)); no exponent is positive
double SigmoidLoss(Args& args) {
  const size_t n = args.size();
  const double ignored = args.number();
  const float *x = args.floats(n), *target = args.floats(n);
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
  return sum;
}

// sigmoidGradient(n, ignored, scale, x, target, dx)
void SigmoidGradient(Args& args) {
  const size_t n = args.size();
  const double ignored = args.number();
  const float scale = args.single();
  const float *x = args.floats(n), *target = args.floats(n);
  float* dx = args.floats(n);
  parallel_parts(n, [=](size_t begin, size_t end) {
#pragma omp simd
    for (size_t i = begin; i < end; i++) {
      const float gradient = scale * (1 / (1 + expf(-x[i])) - target[i]);
      dx[i] = std::trunc(target[i]) == ignored ? 0 : gradient;
    }
  });
}

// max(0, gap), and NaN for NaN.
inline float above_zero(float gap) { return std::max(gap, 0.0f); }

// hingeLoss(batch, classes, isSquared, x, label): Σ max(0, 1 − s·x)ᵖ
double HingeLoss(Args& args) {
  const size_t batch = args.size(), classes = args.size();
  const bool is_squared = args.flag();
  const float *x = args.floats(batch * classes), *label = args.floats(batch);
  double sum = 0;
  for (size_t n = 0; n < batch; n++) {
    const size_t right = class_of(label[n], classes);
    for (size_t c = 0; c < classes; c++) {
      const float value = x[n * classes + c], gap = above_zero(1 + (c == right ? -value : value));
      sum += is_squared ? gap * gap : gap;
    }
  }
  return sum;
}

// hingeGradient(batch, classes, isSquared, scale, x, label, dx)
void HingeGradient(Args& args) {
  const size_t batch = args.size(), classes = args.size();
  const bool is_squared = args.flag();
  const float scale = args.single();
  const float *x = args.floats(batch * classes), *label = args.floats(batch);
  float* dx = args.floats(batch * classes);
  for (size_t n = 0; n < batch; n++) {
    const size_t right = class_of(label[n], classes);
    for (size_t c = 0; c < classes; c++) {
      const float sign = c == right ? -1.0f : 1.0f, gap = above_zero(1 + sign * x[n * classes + c]);
      dx[n * classes + c] = sign * scale * (is_squared ? 2 * gap : gap > 0 ? 1.0f : gap);
    }
  }
}

// multinomialLoss(batch, classes, p, label): Σ −log p(label)
double MultinomialLoss(Args& args) {
  const size_t batch = args.size(), classes = args.size();
  const float *p = args.floats(batch * classes), *label = args.floats(batch);
  double sum = 0;
  for (size_t n = 0; n < batch; n++) {
    sum -= std::log(std::max(p[n * classes + class_of(label[n], classes)], kLeast));
  }
  return sum;
}

// multinomialGradient(batch, classes, scale, p, label, dp)
void MultinomialGradient(Args& args) {
  const size_t batch = args.size(), classes = args.size();
  const float scale = args.single();
  const float *p = args.floats(batch * classes), *label = args.floats(batch);
  float* dp = args.floats(batch * classes);
  parallel_parts(batch * classes, [=](size_t begin, size_t end) { std::fill(dp + begin, dp + end, 0.0f); });
  for (size_t n = 0; n < batch; n++) {
    const size_t at = n * classes + class_of(label[n], classes);
    dp[at] = -scale / std::max(p[at], kLeast);
  }
}

// infogainLoss(outer, classes, inner, ignored, p, label, h): −Σ h(label, c)·log p(c)
double InfogainLoss(Args& args) {
  const size_t outer = args.size(), classes = args.size(), inner = args.size();
  const int ignored = args.label();
  const float *p = args.floats(outer * classes * inner), *label = args.floats(outer * inner);
  const float* h = args.floats(classes * classes);
  std::vector<double> losses(PositionRun::count(outer, inner));
  parallel_positions(outer, inner, outer * classes * inner, [&](const PositionRun& run) {
    const size_t o = run.o;
    for (size_t i = run.begin; i < run.begin + run.n; i++) {
      const float named = label[o * inner + i];
      if (static_cast<int>(named) == ignored) continue;
      const float *row = h + class_of(named, classes) * classes, *from = p + o * classes * inner + i;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (size_t c = 0; c < classes; c++) sum += row[c] * logf(std::max(from[c * inner], kLeast));
      losses[run.index] -= sum;
    }
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum;
}

// infogainGradient(outer, classes, inner, ignored, scale, p, label, h, dx)
void InfogainGradient(Args& args) {
  const size_t outer = args.size(), classes = args.size(), inner = args.size();
  const int ignored = args.label();
  const float scale = args.single();
  const float *p = args.floats(outer * classes * inner), *label = args.floats(outer * inner);
  const float* h = args.floats(classes * classes);
  float* dx = args.floats(outer * classes * inner);
  std::vector<float> worth(classes);
  for (size_t l = 0; l < classes; l++) {
    for (size_t c = 0; c < classes; c++) worth[l] += h[l * classes + c];
  }
  parallel_positions(outer, inner, outer * classes * inner, [&](const PositionRun& run) {
    const size_t o = run.o;
    for (size_t i = run.begin; i < run.begin + run.n; i++) {
      const float named = label[o * inner + i];
      const size_t from = o * classes * inner + i;
      if (static_cast<int>(named) == ignored) {
        for (size_t c = 0; c < classes; c++) dx[from + c * inner] = 0;
        continue;
      }
      const size_t l = class_of(named, classes);
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
double ContrastiveLoss(Args& args) {
  const size_t pairs = args.size(), channels = args.size();
  const float margin = args.single();
  const bool is_legacy = args.flag();
  const float *a = args.floats(pairs * channels), *b = args.floats(pairs * channels), *similar = args.floats(pairs);
  double sum = 0;
  for (size_t n = 0; n < pairs; n++) {
    const float square = squared_distance(a, b, channels, n);
    const float gap = std::max(margin - (is_legacy ? square : std::sqrt(square)), 0.0f);
    sum += static_cast<int>(similar[n]) != 0 ? square : is_legacy ? gap : gap * gap;
  }
  return sum;
}

// contrastiveGradient(pairs, channels, margin, isLegacy, scale, a, b, similar, da)
void ContrastiveGradient(Args& args) {
  const size_t pairs = args.size(), channels = args.size();
  const float margin = args.single();
  const bool is_legacy = args.flag();
  const float scale = args.single();
  const float *a = args.floats(pairs * channels), *b = args.floats(pairs * channels), *similar = args.floats(pairs);
  float* da = args.floats(pairs * channels);
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

void InitLosses(Napi::Object exports) {
  define<Softmax>(exports, "softmax");
  define<SoftmaxBackward>(exports, "softmaxBackward");
  define<LabelLoss>(exports, "labelLoss");
  define<LabelGradient>(exports, "labelGradient");
  define<SigmoidLoss>(exports, "sigmoidLoss");
  define<SigmoidGradient>(exports, "sigmoidGradient");
  define<HingeLoss>(exports, "hingeLoss");
  define<HingeGradient>(exports, "hingeGradient");
  define<MultinomialLoss>(exports, "multinomialLoss");
  define<MultinomialGradient>(exports, "multinomialGradient");
  define<InfogainLoss>(exports, "infogainLoss");
  define<InfogainGradient>(exports, "infogainGradient");
  define<ContrastiveLoss>(exports, "contrastiveLoss");
  define<ContrastiveGradient>(exports, "contrastiveGradient");
}

}  // namespace caffe
