// Elementwise functions, each a few lines: its value, and its derivative from what backward has.
#include <iterator>

#include "loops.h"
#include "primitive.h"
#include "vector-math.h"

namespace caffe {

namespace {

// p: the numbers that the layer's kernel names, in its order.
struct Abs {
  explicit Abs(const float*) {}
  float forward(float x) const { return fabsf(x); }
  float backward(float x, float, float dy) const { return x > 0 ? dy : x < 0 ? -dy : x * dy; }
};
struct Bnll {
  explicit Bnll(const float*) {}
  // The exponent is never positive, so that nothing overflows.
  float forward(float x) const { return std::max(x, 0.0f) + log1pf(expf(-fabsf(x))); }
  float backward(float x, float, float dy) const { return dy / (1 + expf(-x)); }
};
struct Clip {
  float min, max;
  explicit Clip(const float* p) : min(p[0]), max(p[1]) {}
  // x before the bounds: of NaN and a number std::min and std::max give the first.
  float forward(float x) const { return std::max(std::min(x, max), min); }
  float backward(float x, float, float dy) const { return x >= min && x <= max ? dy : 0; }
};
struct Elu {
  float alpha;
  explicit Elu(const float* p) : alpha(p[0]) {}
  float forward(float x) const { return x > 0 ? x : alpha * expm1f(std::min(x, 0.0f)); }
  // A choice, not gate's product: y above zero is not read, and may be infinite, or what another layer wrote since.
  float backward(float x, float y, float dy) const { return dy * (x > 0 ? 1.0f : y + alpha); }
};
struct Exp {
  float inner, outer;
  explicit Exp(const float* p) : inner(p[0]), outer(p[1]) {}
  float forward(float x) const { return outer * expf(inner * x); }
  float backward(float, float y, float dy) const { return dy * y * inner; }
};
struct HardSwish {
  explicit HardSwish(const float*) {}
  float forward(float x) const { return x * std::min(std::max(x + 3, 0.0f), 6.0f) / 6; }
  float backward(float x, float, float dy) const { return x <= -3 ? 0 : x < 3 ? dy * (2 * x + 3) / 6 : dy; }
};
struct LineInPlace {
  float power, scale, shift;
  explicit LineInPlace(const float* p) : power(p[0]), scale(p[1]), shift(p[2]) {}
  float forward(float x) const { return shift + scale * x; }
  float backward(float, float, float) const { return scale * scale; }
};
struct Log {
  float base, scale, shift;
  explicit Log(const float* p) : base(p[0]), scale(p[1]), shift(p[2]) {}
  float forward(float x) const { return base * logf(scale * x + shift); }
  float backward(float x, float, float dy) const { return dy * base * scale / (scale * x + shift); }
};
struct Power {
  float power, scale, shift;
  explicit Power(const float* p) : power(p[0]), scale(p[1]), shift(p[2]) {}
  float forward(float x) const {
    const float line = shift + scale * x;
    return power == 1 ? line : power == 2 ? line * line : powf(line, power);
  }
  float backward(float x, float, float dy) const {
    const float line = shift + scale * x, slope = power * scale;
    // A constant has no gradient, also where the power below would be 0 · ∞.
    if (slope == 0) return 0;
    return dy * slope * (power == 1 ? 1.0f : power == 2 ? line : powf(line, power - 1));
  }
};
struct Relu {
  float slope;
  explicit Relu(const float* p) : slope(p[0]) {}
  template <typename V>
  V forward(const V& x) const {
    return rectify(x, slope);
  }
  template <typename V>
  V backward(const V& x, const V&, const V& dy) const {
    return dy * gate(x, slope);
  }
};
struct Relu6 {
  float slope;
  explicit Relu6(const float* p) : slope(p[0]) {}
  float forward(float x) const { return std::min(rectify(x, slope), 6.0f); }
  float backward(float x, float, float dy) const { return x >= 6 ? 0 : dy * gate(x, slope); }
};
struct Selu {
  float lambda, alpha;
  explicit Selu(const float* p) : lambda(p[0]), alpha(p[1]) {}
  float forward(float x) const { return lambda * (x > 0 ? x : alpha * expm1f(std::min(x, 0.0f))); }
  // As of Elu: y above zero is not read.
  float backward(float x, float y, float dy) const { return dy * (x > 0 ? lambda : y + lambda * alpha); }
};
struct Sigmoid {
  explicit Sigmoid(const float*) {}
  // By tanh, which does not overflow where e^−x would.
  float forward(float x) const { return 0.5f * tanhf(0.5f * x) + 0.5f; }
  float backward(float, float y, float dy) const { return dy * y * (1 - y); }
};
struct Swish {
  float beta;
  explicit Swish(const float* p) : beta(p[0]) {}
  float gate(float x) const { return 0.5f * tanhf(0.5f * beta * x) + 0.5f; }
  float forward(float x) const { return x * gate(x); }
  float backward(float x, float y, float dy) const { return dy * (beta * y + gate(x) * (1 - beta * y)); }
};
struct Tanh {
  explicit Tanh(const float*) {}
  float forward(float x) const { return tanhf(x); }
  float backward(float, float y, float dy) const { return dy * (1 - y * y); }
};
struct Threshold {
  float threshold;
  explicit Threshold(const float* p) : threshold(p[0]) {}
  float forward(float x) const { return x > threshold ? 1.0f : 0.0f; }
  float backward(float, float, float) const { return 0; }
};

template <typename E>
struct Function {
  const char* name;
  void (*forward)(const float* p, size_t n, const E* x, E* y);
  void (*backward)(const float* p, size_t n, const E* x, const E* y, const E* dy, E* dx);
};

template <typename E, typename F>
constexpr Function<E> function(const char* name) {
  return {name,
          [](const float* p, size_t n, const E* x, E* y) {
            const F f(p);
            parallel_parts(n, [=](size_t begin, size_t end) {
              if constexpr (std::is_same_v<F, Relu>) {
                map_elements(begin, end, y, [=](const auto& x) { return f.forward(x); }, x);
              } else {
#pragma omp simd
                for (size_t i = begin; i < end; i++) y[i] = f.forward(x[i]);
              }
            });
          },
          [](const float* p, size_t n, const E* x, const E* y, const E* dy, E* dx) {
            const F f(p);
            parallel_parts(n, [=](size_t begin, size_t end) {
              if constexpr (std::is_same_v<F, Relu>) {
                map_elements(begin, end, dx, [=](const auto& x, const auto& dy) { return f.backward(x, dy, dy); }, x, dy);
              } else {
#pragma omp simd
                for (size_t i = begin; i < end; i++) dx[i] = f.backward(x[i], y[i], dy[i]);
              }
            });
          }};
}

// By the names of the layers' kernels.
template <typename E>
const Function<E> kFunctions[] = {
    function<E, Abs>("abs"),     function<E, Bnll>("bnll"),     function<E, Clip>("clip"),
    function<E, Elu>("elu"),     function<E, Exp>("exp"),       function<E, HardSwish>("hard_swish"),
    function<E, Log>("log"),     function<E, Power>("power"),   function<E, LineInPlace>("line_in_place"),
    function<E, Relu>("relu"),   function<E, Relu6>("relu6"),   function<E, Selu>("selu"),
    function<E, Swish>("swish"), function<E, Sigmoid>("sigmoid"), function<E, Tanh>("tanh"),
    function<E, Threshold>("threshold"),
};

// unaryIndex(name): which function that is; -1 for none
Napi::Value UnaryIndex(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  int index = 0;
  for (const auto& f : kFunctions<float>) {
    if (name == f.name) return Napi::Number::New(info.Env(), index);
    index++;
  }
  return Napi::Number::New(info.Env(), -1);
}

// What calls begin with: a function, its numbers, and how many elements.
template <typename E>
struct Call {
  const Function<E>& function;
  const float p[3];
  const size_t n;

  explicit Call(Args& args) : function(known(args.size())), p{args.single(), args.single(), args.single()}, n(args.size()) {}

 private:
  static const Function<E>& known(size_t index) {
    if (index >= std::size(kFunctions<E>)) throw std::out_of_range("an elementwise function that is not known");
    return kFunctions<E>[index];
  }
};

// unaryForward(index, p0, p1, p2, n, x, y)
template <typename E>
void UnaryForward(Args& args) {
  const Call<E> call(args);
  const E* x = args.elements<E>(call.n);
  call.function.forward(call.p, call.n, x, args.elements<E>(call.n));
}

// unaryBackward(index, p0, p1, p2, n, x, y, dy, dx)
template <typename E>
void UnaryBackward(Args& args) {
  const Call<E> call(args);
  const E *x = args.elements<E>(call.n), *y = args.elements<E>(call.n), *dy = args.elements<E>(call.n);
  call.function.backward(call.p, call.n, x, y, dy, args.elements<E>(call.n));
}

}  // namespace

void InitUnary(Napi::Object exports) {
  define<UnaryIndex>(exports, "unaryIndex");
  define<UnaryForward<float>, UnaryForward<Bf16>>(exports, "unaryForward");
  define<UnaryBackward<float>, UnaryBackward<Bf16>>(exports, "unaryBackward");
}

}  // namespace caffe
