#include "primitive.h"

namespace caffe {

using dnnl::memory;
using dnnl::prop_kind;
using Forward = dnnl::pooling_forward;
using Backward = dnnl::pooling_backward;

namespace {

dnnl::algorithm algorithm_of(const std::string& name) {
  if (name == "max") return dnnl::algorithm::pooling_max;
  if (name == "include") return dnnl::algorithm::pooling_avg_include_padding;
  return dnnl::algorithm::pooling_avg_exclude_padding;
}

struct Window {
  dnnl::algorithm algorithm;
  memory::dims dst, stride, kernel, pad_left, pad_right;

  explicit Window(const Napi::Object& d)
      : algorithm(algorithm_of(text_property(d, "algorithm"))),
        dst(dims_property(d, "dst")),
        stride(dims_property(d, "stride")),
        kernel(dims_property(d, "kernel")),
        pad_left(dims_property(d, "padLeft")),
        pad_right(dims_property(d, "padRight")) {}
};

#if DNNL_VERSION_MAJOR >= 3
const memory::dims kNoDilation{0, 0};
#define CAFFE_KERNEL(w) (w).kernel, kNoDilation
#else
#define CAFFE_KERNEL(w) (w).kernel
#endif

// poolingForward(window, Layout of src)
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  Window w(info[0].As<Napi::Object>());
  auto* src = Layout::Unwrap(info[1].As<Napi::Object>());
  const auto type = type_of(src->desc);
  const bool is_bytes = type == ElementType::u8 || type == ElementType::s8;
  const auto kind = is_bytes ? prop_kind::forward_inference : prop_kind::forward_training;
  auto pd = describe<Forward>(cpu(), dnnl::primitive_attr(), kind, w.algorithm, src->desc,
                              any_desc(w.dst, type_of(src->desc)), w.stride, CAFFE_KERNEL(w), w.pad_left, w.pad_right);
  std::vector<Argument> arguments{{"src", DNNL_ARG_SRC, pd.src_desc()}, {"dst", DNNL_ARG_DST, pd.dst_desc()}};
  if (pd.workspace_desc().get_size() > 0) {
    arguments.push_back({"workspace", DNNL_ARG_WORKSPACE, pd.workspace_desc()});
  }
  return Primitive::Make(info.Env(), Forward(pd), pd.impl_info_str(), arguments,
                         std::make_shared<Forward::primitive_desc>(pd));
}

// poolingBackward(window, forward Primitive)
Napi::Value MakeBackward(const Napi::CallbackInfo& info) {
  Window w(info[0].As<Napi::Object>());
  auto hint = std::static_pointer_cast<Forward::primitive_desc>(
      Primitive::Unwrap(info[1].As<Napi::Object>())->hint());
  auto pd = describe_backward<Backward>(cpu(), dnnl::primitive_attr(), *hint, w.algorithm, hint->src_desc(),
                                        hint->dst_desc(), w.stride, CAFFE_KERNEL(w), w.pad_left, w.pad_right);
  std::vector<Argument> arguments{{"diffDst", DNNL_ARG_DIFF_DST, pd.diff_dst_desc()},
                                  {"diffSrc", DNNL_ARG_DIFF_SRC, pd.diff_src_desc()}};
  if (pd.workspace_desc().get_size() > 0) {
    arguments.push_back({"workspace", DNNL_ARG_WORKSPACE, pd.workspace_desc()});
  }
  return Primitive::Make(info.Env(), Backward(pd), pd.impl_info_str(), arguments);
}

}  // namespace

void InitPooling(Napi::Object exports) {
  define<MakeForward>(exports, "poolingForward");
  define<MakeBackward>(exports, "poolingBackward");
}

}  // namespace caffe
