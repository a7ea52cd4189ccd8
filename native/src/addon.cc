// The addon makes oneDNN primitives and runs them, and loops over memory; every decision is in TypeScript.
#include "primitive.h"

namespace caffe {

namespace {

// reorder(Layout, Layout): from one layout to another of the same dims
Napi::Value MakeReorder(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto* from = Layout::Unwrap(info[0].As<Napi::Object>());
    auto* to = Layout::Unwrap(info[1].As<Napi::Object>());
    dnnl::reorder::primitive_desc pd(cpu(), from->desc, cpu(), to->desc);
    return Primitive::Make(info.Env(), dnnl::reorder(pd), pd.impl_info_str(),
                           {{"from", DNNL_ARG_FROM, from->desc}, {"to", DNNL_ARG_TO, to->desc}});
  });
}

// eltwiseForward(algorithm, alpha, Layout), eltwiseBackward(...): backward reads dst
dnnl::algorithm eltwise_algorithm(const std::string& name, bool backward) {
  using dnnl::algorithm;
  if (name == "logistic") {
    return backward ? algorithm::eltwise_logistic_use_dst_for_bwd : algorithm::eltwise_logistic;
  }
  return backward ? algorithm::eltwise_tanh_use_dst_for_bwd : algorithm::eltwise_tanh;
}

dnnl::eltwise_forward::primitive_desc eltwise_desc(dnnl::algorithm algorithm, const dnnl::memory::desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
  return describe<dnnl::eltwise_forward>(cpu(), dnnl::primitive_attr(), dnnl::prop_kind::forward_training, algorithm,
                                         desc, desc, 0.0f, 0.0f);
#else
  return describe<dnnl::eltwise_forward>(cpu(), dnnl::primitive_attr(), dnnl::prop_kind::forward_training, algorithm,
                                         desc, 0.0f, 0.0f);
#endif
}

Napi::Value MakeEltwiseForward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto* layout = Layout::Unwrap(info[1].As<Napi::Object>());
    auto pd = eltwise_desc(eltwise_algorithm(info[0].As<Napi::String>(), false), layout->desc);
    return Primitive::Make(info.Env(), dnnl::eltwise_forward(pd), pd.impl_info_str(),
                           {{"src", DNNL_ARG_SRC, layout->desc}, {"dst", DNNL_ARG_DST, layout->desc}});
  });
}

Napi::Value MakeEltwiseBackward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto* layout = Layout::Unwrap(info[1].As<Napi::Object>());
    auto algorithm = eltwise_algorithm(info[0].As<Napi::String>(), true);
    auto hint = eltwise_desc(algorithm, layout->desc);
#if DNNL_VERSION_MAJOR >= 3
    auto pd = describe_backward<dnnl::eltwise_backward>(cpu(), hint, algorithm, layout->desc, layout->desc,
                                                        layout->desc, 0.0f, 0.0f);
#else
    auto pd = describe_backward<dnnl::eltwise_backward>(cpu(), hint, algorithm, layout->desc, layout->desc, 0.0f,
                                                        0.0f);
#endif
    return Primitive::Make(info.Env(), dnnl::eltwise_backward(pd), pd.impl_info_str(),
                           {{"dst", DNNL_ARG_DST, layout->desc},
                            {"diffDst", DNNL_ARG_DIFF_DST, layout->desc},
                            {"diffSrc", DNNL_ARG_DIFF_SRC, layout->desc}});
  });
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Layout::Init(env, exports);
  Store::Init(env, exports);
  Primitive::Init(env, exports);
  InitConvolution(env, exports);
  InitPooling(env, exports);
  InitNormalization(env, exports);
  InitLoops(env, exports);
  InitUpdates(env, exports);
  exports.Set("reorder", Napi::Function::New(env, MakeReorder));
  exports.Set("eltwiseForward", Napi::Function::New(env, MakeEltwiseForward));
  exports.Set("eltwiseBackward", Napi::Function::New(env, MakeEltwiseBackward));
  const dnnl_version_t* version = dnnl_version();
  exports.Set("version", std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                             std::to_string(version->patch));
  return exports;
}

}  // namespace

NODE_API_MODULE(caffe_native, Init)

}  // namespace caffe
