#pragma once

#include <napi.h>

namespace caffe {

// Whether it is an array of that type: nothing else has its memory read.
inline bool isArray(const Napi::Value& value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// Each adds its functions to the addon that decodes and transforms images.
void InitJpeg(Napi::Env env, Napi::Object exports);
void InitTransform(Napi::Env env, Napi::Object exports);

}  // namespace caffe
