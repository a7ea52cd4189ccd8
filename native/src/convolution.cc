#include <cmath>

#include "convolution-shapes.h"

namespace caffe {

using dnnl::memory;
using dnnl::prop_kind;
using Forward = dnnl::convolution_forward;
using BackwardData = dnnl::convolution_backward_data;
using BackwardWeights = dnnl::convolution_backward_weights;

namespace {

Forward::primitive_desc forward_desc(const ConvolutionShapes& s, const dnnl::primitive_attr& attr) {
  auto bias = s.has_bias ? plain_desc(s.bias) : memory::desc();
  return describe<Forward>(cpu(), attr, prop_kind::forward_training, s.algorithm, any_desc(s.src, s.type), any_desc(s.weights, s.type),
                           bias, any_desc(s.dst, s.type), s.stride, s.skipped(), s.pad_left, s.pad_right);
}

// convolutionForward(shapes, slope, ceiling, adds): where it adds, to what dst holds; with a rectifier of that slope behind
// it unless NaN; with a ceiling unless that is NaN, then the slope is 0
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  const ConvolutionShapes s(info[0].As<Napi::Object>());
  const Threads threads(s.threads);
  const float slope = info[1].As<Napi::Number>().FloatValue(), ceiling = info[2].As<Napi::Number>().FloatValue();
  dnnl::primitive_attr attr = scratching();
  dnnl::post_ops ops;
  if (info[3].ToBoolean()) ops.append_sum(1);
  if (!std::isnan(ceiling)) add_eltwise(ops, dnnl::algorithm::eltwise_clip, 0, ceiling);
  else if (!std::isnan(slope)) add_eltwise(ops, dnnl::algorithm::eltwise_relu, slope);
  attr.set_post_ops(ops);
  auto pd = forward_desc(s, attr);
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()},
                                  {"weights", DNNL_ARG_WEIGHTS, pd.weights_desc()},
                                  {"dst", DNNL_ARG_DST, pd.dst_desc()}};
  if (s.has_bias) arguments.push_back({"bias", DNNL_ARG_BIAS, pd.bias_desc()});
  return Primitive::Make(info.Env(), Forward(pd), pd.impl_info_str(), arguments, nullptr, pd.scratchpad_desc());
}

// Has the layouts of forward where an implementation can: a reorder of all gradients costs more than a better one saves.
BackwardData::primitive_desc backward_data_desc(const ConvolutionShapes& s, const Forward::primitive_desc& hint) {
  const auto make = [&] {
    return describe_backward<BackwardData>(cpu(), scratching(), hint, s.algorithm, any_desc(s.src, s.type), any_desc(s.weights, s.type),
                                           any_desc(s.dst, s.type), s.stride, s.skipped(), s.pad_left, s.pad_right);
  };
  return describe_fitting(make, [&](const BackwardData::primitive_desc& pd) {
    return pd.diff_src_desc() == hint.src_desc() && pd.diff_dst_desc() == hint.dst_desc();
  });
}

Napi::Value MakeBackwardData(const Napi::CallbackInfo& info) {
  const ConvolutionShapes s(info[0].As<Napi::Object>());
  const Threads threads(s.threads);
  auto hint = forward_desc(s, dnnl::primitive_attr());
  auto pd = backward_data_desc(s, hint);
  return Primitive::Make(info.Env(), BackwardData(pd), pd.impl_info_str(),
                         {{"diffDst", DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                          {"weights", DNNL_ARG_WEIGHTS, pd.weights_desc()},
                          {"diffSrc", DNNL_ARG_DIFF_SRC, pd.diff_src_desc()}},
                         nullptr, pd.scratchpad_desc());
}

Napi::Value MakeBackwardWeights(const Napi::CallbackInfo& info) {
  const ConvolutionShapes s(info[0].As<Napi::Object>());
  const Threads threads(s.threads);
  auto hint = forward_desc(s, dnnl::primitive_attr());
  auto bias = s.has_bias ? plain_desc(s.bias) : memory::desc();
  auto pd = describe_backward<BackwardWeights>(cpu(), scratching(), hint, s.algorithm, any_desc(s.src, s.type),
                                               any_desc(s.weights), bias, any_desc(s.dst, s.type), s.stride, s.skipped(),
                                               s.pad_left, s.pad_right);
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()},
                                  {"diffDst", DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                  {"diffWeights", DNNL_ARG_DIFF_WEIGHTS, pd.diff_weights_desc()}};
  if (s.has_bias) arguments.push_back({"diffBias", DNNL_ARG_DIFF_BIAS, pd.diff_bias_desc()});
  return Primitive::Make(info.Env(), BackwardWeights(pd), pd.impl_info_str(), arguments, nullptr,
                         pd.scratchpad_desc());
}

}  // namespace

void InitConvolution(Napi::Object exports) {
  define<MakeForward>(exports, "convolutionForward");
  define<MakeBackwardData>(exports, "convolutionBackwardData");
  define<MakeBackwardWeights>(exports, "convolutionBackwardWeights");
}

}  // namespace caffe
