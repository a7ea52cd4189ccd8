// The addon makes oneDNN primitives and runs them, and loops over memory; every decision is in TypeScript.
#include "primitive.h"
#include "processor.h"
#include "signals.h"

namespace caffe {

namespace {

// reorder(Layout, Layout): from one layout to another of the same dims
Napi::Value MakeReorder(const Napi::CallbackInfo& info) {
  auto* from = Layout::Unwrap(info[0].As<Napi::Object>());
  auto* to = Layout::Unwrap(info[1].As<Napi::Object>());
  dnnl::reorder::primitive_desc pd(cpu(), from->desc, cpu(), to->desc);
  return Primitive::Make(info.Env(), dnnl::reorder(pd), pd.impl_info_str(),
                         {{"from", DNNL_ARG_FROM, from->desc}, {"to", DNNL_ARG_TO, to->desc}});
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  start_threads();
  env.SetInstanceData(new Classes());
  Layout::Init(env, exports);
  Store::Init(env, exports);
  Primitive::Init(env, exports);
  InitConvolution(exports);
  InitPooling(exports);
  InitVectors(exports);
  InitUnary(exports);
  InitChannels(exports);
  InitCopies(exports);
  InitArithmetic(exports);
  InitLosses(exports);
  InitLRN(exports);
  InitNoise(exports);
  InitRegions(exports);
  InitWindows(exports);
  InitWinograd(exports);
  InitScores(exports);
  InitSuppression(exports);
  InitRowProducts(exports);
  InitUnitLength(exports);
  InitUnpooling(exports);
  InitUpdates(exports);
  define<MakeReorder>(exports, "reorder");
  const dnnl_version_t* version = dnnl_version();
  exports.Set("version", std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                             std::to_string(version->patch));
  return exports;
}

}  // namespace

}  // namespace caffe

CAFFE_MODULE(caffe::Init)
