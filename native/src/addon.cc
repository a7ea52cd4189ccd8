// The addon makes oneDNN primitives and runs them, and loops over memory; every decision is in TypeScript.
#include "digest.h"
#include "processor.h"
#include "signals.h"
#include "tape.h"

namespace caffe {

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  start_threads();
  env.SetInstanceData(new Classes());
  exports.Set("bf16", Napi::Object::New(env));
  exports.Set("multipliesBf16", multiplies_bf16());
  exports.Set("multipliesBytes", multiplies_bytes());
  Layout::Init(env, exports);
  Store::Init(env, exports);
  Primitive::Init(env, exports);
  Tape::Init(env, exports);
  InitConvolution(exports);
  InitDirect(exports);
  InitBytes(exports);
  InitBf16Products(exports);
  InitPooling(exports);
  InitVectors(exports);
  InitUnary(exports);
  InitChannels(exports);
  InitCopies(exports);
  InitArithmetic(exports);
  InitInnerProduct(exports);
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
  InitReorder(exports);
  InitUpdates(exports);
  const dnnl_version_t* version = dnnl_version();
  exports.Set("version", std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                             std::to_string(version->patch));
  exports.Set("digest", CAFFE_DIGEST);
  return exports;
}

}  // namespace

}  // namespace caffe

CAFFE_MODULE(caffe::Init)
