// Convolutions and inner products of bytes, with sums of 32-bit integers.
#include <cmath>

#include "convolution-shapes.h"

namespace caffe {

using dnnl::memory;
using dnnl::prop_kind;

namespace {

// What becomes of the sums: { src, dst, factors, slope, ceiling, sumScale, sumType }. They are multiplied by a factor for each output,
// `sumScale` times what dst holds as `sumType` is added (nothing where it is NaN), what is below 0 multiplied by `slope`, and what is above
// `ceiling` cut off (not where these are NaN; with a ceiling the slope is 0). `src` and `dst` are the types of these.
struct WayOut {
  ElementType src, dst;
  std::vector<float> factors;
  float slope, ceiling, sum_scale;
  ElementType sum_type;

  WayOut(const Napi::Object& d, size_t outputs)
      : src(type_named(text_property(d, "src"))),
        dst(type_named(text_property(d, "dst"))),
        slope(number_property(d, "slope")),
        ceiling(number_property(d, "ceiling")),
        sum_scale(number_property(d, "sumScale")),
        sum_type(type_named(text_property(d, "sumType"))) {
    const float* values = floats_of(d.Get("factors"), outputs);
    factors.assign(values, values + outputs);
  }

  dnnl::primitive_attr attributes(const Factors& by_output) const {
    dnnl::primitive_attr attr = scratching();
    by_output.set(attr);
    dnnl::post_ops ops;
    if (!std::isnan(sum_scale)) add_sum(ops, sum_scale, sum_type);
    if (!std::isnan(ceiling)) add_eltwise(ops, dnnl::algorithm::eltwise_clip, 0, ceiling);
    else if (!std::isnan(slope)) add_eltwise(ops, dnnl::algorithm::eltwise_relu, slope);
    attr.set_post_ops(ops);
    return attr;
  }
};

template <typename Forward>
Napi::Value make(Napi::Env env, const typename Forward::primitive_desc& pd, bool has_bias, const Factors& factors) {
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()},
                                  {"weights", DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                  {"dst", DNNL_ARG_DST, pd.dst_desc()}};
  if (has_bias) arguments.push_back({"bias", DNNL_ARG_BIAS, pd.bias_desc()});
  return Primitive::Make(env, Forward(pd), pd.impl_info_str(), arguments, nullptr, pd.scratchpad_desc(), factors.constants(cpu()));
}

// bytesConvolution(shapes, wayOut): `type` and `algorithm` of the shapes do not count
Napi::Value MakeConvolution(const Napi::CallbackInfo& info) {
  using Forward = dnnl::convolution_forward;
  const ConvolutionShapes s(info[0].As<Napi::Object>());
  const Threads threads(s.threads);
  const WayOut out(info[1].As<Napi::Object>(), static_cast<size_t>(s.dst[1]));
  const auto factors = Factors::of_outputs(out.factors, s.weights.size() > s.dst.size());
  const auto bias = s.has_bias ? plain_desc(s.bias) : memory::desc();
  const auto pd = describe<Forward>(cpu(), out.attributes(factors), prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                                    any_desc(s.src, out.src), any_desc(s.weights, ElementType::s8), bias, any_desc(s.dst, out.dst),
                                    s.stride, s.skipped(), s.pad_left, s.pad_right);
  return make<Forward>(info.Env(), pd, s.has_bias, factors);
}

// bytesInnerProduct(src dims, outputs, hasBias, wayOut): weights are (outputs, …the other dims of src)
Napi::Value MakeInnerProduct(const Napi::CallbackInfo& info) {
  using Forward = dnnl::inner_product_forward;
  const auto src = to_dims(info[0]);
  const auto outputs = static_cast<int64_t>(size_of(info[1]));
  const bool has_bias = info[2].ToBoolean();
  const WayOut out(info[3].As<Napi::Object>(), static_cast<size_t>(outputs));
  const auto factors = Factors::of_outputs(out.factors, false);
  auto weights = src;
  weights.at(0) = outputs;
  const auto bias = has_bias ? plain_desc({outputs}) : memory::desc();
  const auto pd = describe<Forward>(cpu(), out.attributes(factors), prop_kind::forward_inference, any_desc(src, out.src),
                                    any_desc(weights, ElementType::s8), bias, any_desc({src[0], outputs}, out.dst));
  return make<Forward>(info.Env(), pd, has_bias, factors);
}

}  // namespace

void InitBytes(Napi::Object exports) {
  define<MakeConvolution>(exports, "bytesConvolution");
  define<MakeInnerProduct>(exports, "bytesInnerProduct");
  exports.Set("addsBiasFirst", kAddsBiasFirst);
}

}  // namespace caffe
