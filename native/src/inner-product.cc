// Inner products by the library, which reads weights in a layout of its own: faster where samples are few.
#include "primitive.h"

namespace caffe {

namespace {

using Product = dnnl::inner_product_forward;

// innerProductForward(samples, features, outputs, hasBias): src and dst are dense rows
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  const auto samples = static_cast<int64_t>(size_of(info[0])), features = static_cast<int64_t>(size_of(info[1])),
             outputs = static_cast<int64_t>(size_of(info[2]));
  const bool has_bias = info[3].ToBoolean();
  const auto bias = has_bias ? plain_desc({outputs}) : dnnl::memory::desc();
  const auto pd = describe<Product>(cpu(), scratching(), dnnl::prop_kind::forward_inference,
                                    plain_desc({samples, features}), any_desc({outputs, features}), bias,
                                    plain_desc({samples, outputs}));
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()},
                                  {"weights", DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                  {"dst", DNNL_ARG_DST, pd.dst_desc()}};
  if (has_bias) arguments.push_back({"bias", DNNL_ARG_BIAS, pd.bias_desc()});
  return Primitive::Make(info.Env(), Product(pd), pd.impl_info_str(), arguments, nullptr, pd.scratchpad_desc());
}

}  // namespace

void InitInnerProduct(Napi::Object exports) { define<MakeForward>(exports, "innerProductForward"); }

}  // namespace caffe
