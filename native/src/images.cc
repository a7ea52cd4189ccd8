// The addon that decodes and transforms images; it may be loaded in any number of threads.
#include "images.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  caffe::InitJpeg(env, exports);
  caffe::InitTransform(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(caffe_images, Init)
