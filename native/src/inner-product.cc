// Inner products by the library, which reads weights in a layout of its own: faster where samples are few.
#include "primitive.h"

namespace caffe {

namespace {

using dnnl::memory;
using dnnl::prop_kind;
using Forward = dnnl::inner_product_forward;

// innerProductForward(samples, features, outputs, hasBias): src and dst are dense rows
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  const auto size = [&](size_t i) { return static_cast<int64_t>(size_of(info[i])); };
  const int64_t samples = size(0), features = size(1), outputs = size(2);
  const bool has_bias = info[3].ToBoolean();
  const auto pd = describe<Forward>(cpu(), scratching(), prop_kind::forward_inference, plain_desc({samples, features}),
                                    any_desc({outputs, features}), has_bias ? plain_desc({outputs}) : memory::desc(),
                                    plain_desc({samples, outputs}));
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()},
                                  {"weights", DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                  {"dst", DNNL_ARG_DST, pd.dst_desc()}};
  if (has_bias) arguments.push_back({"bias", DNNL_ARG_BIAS, pd.bias_desc()});
  return Primitive::Make(info.Env(), Forward(pd), pd.impl_info_str(), arguments, nullptr, pd.scratchpad_desc());
}

}  // namespace

void InitInnerProduct(Napi::Object exports) {
  define<MakeForward>(exports, "innerProductForward");
}

}  // namespace caffe
