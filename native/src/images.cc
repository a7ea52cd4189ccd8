// The addon that decodes and transforms images; it may be loaded in any number of threads.
#include "images.h"

#include "processor.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  caffe::InitJpeg(env, exports);
  caffe::InitTransform(env, exports);
  return exports;
}

}  // namespace

CAFFE_MODULE(Init)
