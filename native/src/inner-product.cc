// Inner products by the library, which reads weights in a layout of its own: of floats, faster where samples are few; of bfloat16.
#include "primitive.h"

namespace caffe {

namespace {

using dnnl::memory;
using dnnl::prop_kind;
using Forward = dnnl::inner_product_forward;
using BackwardData = dnnl::inner_product_backward_data;
using BackwardWeights = dnnl::inner_product_backward_weights;

// samples, features, outputs, hasBias, type = "f32", isTransposed = false: src and dst are dense rows
struct Shapes {
  int64_t samples, features, outputs;
  bool has_bias;
  ElementType type;
  bool is_transposed;

  explicit Shapes(const Napi::CallbackInfo& info)
      : samples(static_cast<int64_t>(size_of(info[0]))),
        features(static_cast<int64_t>(size_of(info[1]))),
        outputs(static_cast<int64_t>(size_of(info[2]))),
        has_bias(info[3].ToBoolean()),
        type(info[4].IsUndefined() ? ElementType::f32 : type_named(info[4].As<Napi::String>())),
        is_transposed(info[5].ToBoolean()) {}

  memory::desc src() const { return plain_desc({samples, features}, type); }
  memory::desc dst() const { return plain_desc({samples, outputs}, type); }
  memory::desc bias() const { return has_bias ? plain_desc({outputs}) : memory::desc(); }
  memory::desc any_weights() const { return any_desc({outputs, features}, type); }
  // As they lie for everyone else, (outputs, features) or transposed.
  memory::desc weights() const {
    if (!is_transposed) return plain_desc({outputs, features});
    return memory::desc({outputs, features}, ElementType::f32, memory::dims{1, outputs});
  }
};

Forward::primitive_desc forward_desc(const Shapes& s, prop_kind kind) {
  return describe<Forward>(cpu(), scratching(), kind, s.src(), s.any_weights(), s.bias(), s.dst());
}

// innerProductForward(shapes…)
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  const Shapes s(info);
  const auto pd = forward_desc(s, s.type == ElementType::f32 ? prop_kind::forward_inference : prop_kind::forward_training);
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()},
                                  {"weights", DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                  {"dst", DNNL_ARG_DST, pd.dst_desc()}};
  if (s.has_bias) arguments.push_back({"bias", DNNL_ARG_BIAS, pd.bias_desc()});
  return Primitive::Make(info.Env(), Forward(pd), pd.impl_info_str(), arguments, nullptr, pd.scratchpad_desc());
}

// innerProductBackwardData(shapes…)
Napi::Value MakeBackwardData(const Napi::CallbackInfo& info) {
  const Shapes s(info);
  const auto hint = forward_desc(s, prop_kind::forward_training);
  const auto pd = describe_backward<BackwardData>(cpu(), scratching(), hint, s.src(), s.any_weights(), s.dst());
  return Primitive::Make(info.Env(), BackwardData(pd), pd.impl_info_str(),
                         {{"diffDst", DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                          {"weights", DNNL_ARG_WEIGHTS, pd.weights_desc()},
                          {"diffSrc", DNNL_ARG_DIFF_SRC, pd.diff_src_desc()}},
                         nullptr, pd.scratchpad_desc());
}

// innerProductBackwardWeights(shapes…): the gradient lies as the weights do for everyone else
Napi::Value MakeBackwardWeights(const Napi::CallbackInfo& info) {
  const Shapes s(info);
  const auto hint = forward_desc(s, prop_kind::forward_training);
  const auto pd = describe_backward<BackwardWeights>(cpu(), scratching(), hint, s.src(), s.weights(), s.bias(), s.dst());
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()},
                                  {"diffDst", DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                  {"diffWeights", DNNL_ARG_DIFF_WEIGHTS, pd.diff_weights_desc()}};
  if (s.has_bias) arguments.push_back({"diffBias", DNNL_ARG_DIFF_BIAS, pd.diff_bias_desc()});
  return Primitive::Make(info.Env(), BackwardWeights(pd), pd.impl_info_str(), arguments, nullptr,
                         pd.scratchpad_desc());
}

}  // namespace

void InitInnerProduct(Napi::Object exports) {
  define<MakeForward>(exports, "innerProductForward");
  define<MakeBackwardData>(exports, "innerProductBackwardData");
  define<MakeBackwardWeights>(exports, "innerProductBackwardWeights");
}

}  // namespace caffe
