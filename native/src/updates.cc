// A solver's update of one parameter: decay, rule and subtraction in one pass, in any layout (padding stays zero).
#include <atomic>
#include <cmath>

#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

// Each rule turns a gradient g into the amount to subtract; a and b are one element of its history. `history` says how
// many of them it keeps. Its numbers come by name, as src/solvers/rules says them.

// v ← μv + ηg; v
struct SGD {
  static constexpr const char* name = "SGD";
  static constexpr int history = 1;
  float rate, momentum;
  SGD(float rate, const Napi::Object& p) : rate(rate), momentum(number_property(p, "momentum")) {}
  float operator()(float g, float& v, float&) const { return v = momentum * v + rate * g; }
};

// u ← μv + ηg; (1+μ)u − μv; v ← u
struct Nesterov {
  static constexpr const char* name = "Nesterov";
  static constexpr int history = 1;
  float rate, momentum;
  Nesterov(float rate, const Napi::Object& p) : rate(rate), momentum(number_property(p, "momentum")) {}
  float operator()(float g, float& v, float&) const {
    const float before = v;
    v = momentum * v + rate * g;
    return (1 + momentum) * v - momentum * before;
  }
};

// h ← h + g²; ηg / (√h + δ)
struct AdaGrad {
  static constexpr const char* name = "AdaGrad";
  static constexpr int history = 1;
  float rate, delta;
  AdaGrad(float rate, const Napi::Object& p) : rate(rate), delta(number_property(p, "delta")) {}
  float operator()(float g, float& h, float&) const {
    h += g * g;
    return rate * (g / (std::sqrt(h) + delta));
  }
};

// h ← ρh + (1−ρ)g²; ηg / (√h + δ)
struct RMSProp {
  static constexpr const char* name = "RMSProp";
  static constexpr int history = 1;
  float rate, decay, delta;
  RMSProp(float rate, const Napi::Object& p)
      : rate(rate), decay(number_property(p, "rms_decay")), delta(number_property(p, "delta")) {}
  float operator()(float g, float& h, float&) const {
    h = decay * h + (1 - decay) * (g * g);
    return rate * (g / (std::sqrt(h) + delta));
  }
};

// h ← μh + (1−μ)g²; u = g √((s+δ)/(h+δ)); s ← μs + (1−μ)u²; ηu
struct AdaDelta {
  static constexpr const char* name = "AdaDelta";
  static constexpr int history = 2;
  float rate, momentum, delta;
  AdaDelta(float rate, const Napi::Object& p)
      : rate(rate), momentum(number_property(p, "momentum")), delta(number_property(p, "delta")) {}
  float operator()(float g, float& h, float& s) const {
    h = momentum * h + (1 - momentum) * (g * g);
    const float u = g * std::sqrt((s + delta) / (h + delta));
    s = momentum * s + (1 - momentum) * (u * u);
    return rate * u;
  }
};

// m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; η·correction·m / (√v + δ)
struct Adam {
  static constexpr const char* name = "Adam";
  static constexpr int history = 2;
  float rate, beta1, beta2, delta;
  Adam(float rate, const Napi::Object& p)
      : rate(rate * number_property(p, "correction")),
        beta1(number_property(p, "beta1")),
        beta2(number_property(p, "beta2")),
        delta(number_property(p, "delta")) {}
  float operator()(float g, float& m, float& v) const {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * (g * g);
    return rate * (m / (std::sqrt(v) + delta));
  }
};

// Adam; its decay does not pass through the rule
struct AdamW : Adam {
  static constexpr const char* name = "AdamW";
  using Adam::Adam;
};

// What every rule has in common: g ← scale·g + coupled·r(w) goes in, decoupled·r(w) is added to what comes out.
struct Step {
  float rate, scale, coupled, decoupled;
  bool is_l1;
  explicit Step(const Napi::Object& step)
      : rate(number_property(step, "rate")),
        scale(number_property(step, "gradientScale")),
        is_l1(step.Get("isL1").ToBoolean()) {
    const float decay = number_property(step, "decay");
    const bool is_decoupled = step.Get("isDecoupled").ToBoolean();
    coupled = is_decoupled ? 0 : decay;
    decoupled = is_decoupled ? rate * decay : 0;
  }
};

// Whether every parameter is a finite number afterwards: one that is not leaves something of itself less itself. A function of
// its own, with values and not references, and one for each kind of decay: the compiler makes vectors of no other loop.
template <typename Rule, bool kIsL1>
bool update_part(const Rule rule, const Step step, size_t n, float* w, float* g, float* a, float* b) {
  const float scale = step.scale, coupled = step.coupled, decoupled = step.decoupled;
  float left = 0;
#pragma omp simd reduction(+ : left)
  for (size_t i = 0; i < n; i++) {
    const float before = w[i], sign = (before > 0 ? 1.0f : 0.0f) - (before < 0 ? 1.0f : 0.0f);
    const float penalty = kIsL1 ? sign : before;
    float first = a[i], second = 0;
    if constexpr (Rule::history == 2) second = b[i];
    const float amount = rule(scale * g[i] + coupled * penalty, first, second) + decoupled * penalty;
    a[i] = first;
    if constexpr (Rule::history == 2) b[i] = second;
    g[i] = amount;
    const float updated = before - amount;
    w[i] = updated;
    left += updated - updated;
  }
  return left == 0;
}

template <typename Rule>
bool run(const Step& step, const Napi::Object& params, size_t n, float* w, float* g, float* a, float* b) {
  const Rule rule(step.rate, params);
  std::atomic<bool> is_finite(true);
  parallel_parts(n, [=, &is_finite, &step](size_t begin, size_t end) {
    float* const second = Rule::history == 2 ? b + begin : nullptr;
    const auto part = step.is_l1 ? update_part<Rule, true> : update_part<Rule, false>;
    if (!part(rule, step, end - begin, w + begin, g + begin, a + begin, second)) is_finite = false;
  });
  return is_finite;
}

struct Known {
  const char* name;
  int history;
  decltype(&run<SGD>) run;
};

template <typename Rule>
constexpr Known known() {
  return {Rule::name, Rule::history, run<Rule>};
}

constexpr Known kRules[] = {known<SGD>(),      known<Nesterov>(), known<AdaGrad>(), known<RMSProp>(),
                            known<AdaDelta>(), known<Adam>(),     known<AdamW>()};

// update(rule, n, step, params, w, g, ...history) → whether w is finite
Napi::Value Update(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const size_t n = size_of(info[1]);
  const Step step(info[2].As<Napi::Object>());
  for (const Known& rule : kRules) {
    if (name != rule.name) continue;
    float* second = rule.history == 2 ? floats_of(info[7], n) : nullptr;
    return Napi::Boolean::New(info.Env(), rule.run(step, info[3].As<Napi::Object>(), n, floats_of(info[4], n),
                                                   floats_of(info[5], n), floats_of(info[6], n), second));
  }
  throw std::out_of_range("no update rule " + name);
}

}  // namespace

void InitUpdates(Napi::Object exports) {
  auto names = Napi::Array::New(exports.Env());
  for (const Known& rule : kRules) names.Set(names.Length(), rule.name);
  exports.Set("updates", names);
  define<Update>(exports, "update");
}

}  // namespace caffe
