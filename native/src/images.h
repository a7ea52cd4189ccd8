#pragma once

#include <napi.h>

namespace caffe {

// Each adds its functions to the addon that decodes and transforms images.
void InitJpeg(Napi::Env env, Napi::Object exports);
void InitTransform(Napi::Env env, Napi::Object exports);

}  // namespace caffe
