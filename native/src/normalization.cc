#include "primitive.h"

namespace caffe {

using dnnl::prop_kind;
using Forward = dnnl::lrn_forward;
using Backward = dnnl::lrn_backward;

namespace {

constexpr auto kAcross = dnnl::algorithm::lrn_across_channels;

struct Window {
  int64_t size;
  float alpha, beta, k;

  explicit Window(const Napi::Object& d)
      : size(static_cast<int64_t>(number_property(d, "localSize"))),
        alpha(number_property(d, "alpha")),
        beta(number_property(d, "beta")),
        k(number_property(d, "k")) {}
};

Forward::primitive_desc forward_desc(const Window& w, const dnnl::memory::desc& src) {
#if DNNL_VERSION_MAJOR >= 3
  return describe<Forward>(cpu(), dnnl::primitive_attr(), prop_kind::forward_training, kAcross, src, src, w.size,
                           w.alpha, w.beta, w.k);
#else
  return describe<Forward>(cpu(), dnnl::primitive_attr(), prop_kind::forward_training, kAcross, src, w.size, w.alpha,
                           w.beta, w.k);
#endif
}

void add_workspace(std::vector<Argument>& arguments, const dnnl::memory::desc& workspace) {
  if (workspace.get_size() > 0) arguments.push_back({"workspace", DNNL_ARG_WORKSPACE, workspace});
}

// lrnForward(window, Layout of src)
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto* src = Layout::Unwrap(info[1].As<Napi::Object>());
    auto pd = forward_desc(Window(info[0].As<Napi::Object>()), src->desc);
    std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()}, {"dst", DNNL_ARG_DST, pd.dst_desc()}};
    add_workspace(arguments, pd.workspace_desc());
    return Primitive::Make(info.Env(), Forward(pd), pd.impl_info_str(), arguments);
  });
}

// lrnBackward(window, Layout of src)
Napi::Value MakeBackward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    Window w(info[0].As<Napi::Object>());
    auto* src = Layout::Unwrap(info[1].As<Napi::Object>());
    auto hint = forward_desc(w, src->desc);
#if DNNL_VERSION_MAJOR >= 3
    auto pd = describe_backward<Backward>(cpu(), hint, kAcross, src->desc, src->desc, src->desc, w.size, w.alpha,
                                          w.beta, w.k);
#else
    auto pd = describe_backward<Backward>(cpu(), hint, kAcross, src->desc, src->desc, w.size, w.alpha, w.beta, w.k);
#endif
    std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, src->desc},
                                    {"diffDst", DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                    {"diffSrc", DNNL_ARG_DIFF_SRC, pd.diff_src_desc()}};
    add_workspace(arguments, pd.workspace_desc());
    return Primitive::Make(info.Env(), Backward(pd), pd.impl_info_str(), arguments);
  });
}

}  // namespace

void InitNormalization(Napi::Env env, Napi::Object exports) {
  exports.Set("lrnForward", Napi::Function::New(env, MakeForward));
  exports.Set("lrnBackward", Napi::Function::New(env, MakeBackward));
}

}  // namespace caffe
