// The loop over pixels of DataTransformer; which pixels, and what becomes of them, is decided in TypeScript.
#include "images.h"

#include <cstdint>

namespace caffe {

namespace {

// Whole numbers in the order that src/io/images-addon.ts gives them.
enum Place { kOffset, kChannelStep, kRowStep, kColumnStep, kChannels, kHeight, kWidth, kMeanOffset, kMeanChannelStep,
             kMeanRowStep, kIsMirrored };

// out = (pixel - mean) * scale, channel by channel. Without a mean image the mean is values[1 + channel].
template <typename T>
void transform(const T* pixels, const float* mean, const float* values, const int32_t* at, float* out) {
  const float scale = values[0];
  const int64_t width = at[kWidth], height = at[kHeight], step = at[kColumnStep];
  for (int64_t y = 0; y < height; y++) {
    for (int64_t c = 0; c < at[kChannels]; c++) {
      const T* from = pixels + at[kOffset] + c * at[kChannelStep] + y * at[kRowStep];
      float* to = out + (c * height + y) * width;
      const int64_t direction = at[kIsMirrored] ? -1 : 1;
      if (direction < 0) to += width - 1;
      if (mean) {
        const float* minus = mean + at[kMeanOffset] + c * at[kMeanChannelStep] + y * at[kMeanRowStep];
        for (int64_t x = 0; x < width; x++) to[direction * x] = (from[x * step] - minus[x]) * scale;
      } else {
        const float minus = values[1 + c];
        for (int64_t x = 0; x < width; x++) to[direction * x] = (from[x * step] - minus) * scale;
      }
    }
  }
}

// transform(pixels, mean or undefined, values, places, out); pixels are bytes or floats
void Transform(const Napi::CallbackInfo& info) {
  auto pixels = info[0].As<Napi::TypedArray>();
  const float* mean = info[1].IsUndefined() ? nullptr : info[1].As<Napi::Float32Array>().Data();
  const float* values = info[2].As<Napi::Float32Array>().Data();
  const int32_t* places = info[3].As<Napi::Int32Array>().Data();
  float* out = info[4].As<Napi::Float32Array>().Data();
  if (pixels.TypedArrayType() == napi_float32_array) {
    transform(info[0].As<Napi::Float32Array>().Data(), mean, values, places, out);
  } else {
    transform(info[0].As<Napi::Uint8Array>().Data(), mean, values, places, out);
  }
}

}  // namespace

void InitTransform(Napi::Env env, Napi::Object exports) {
  exports.Set("transform", Napi::Function::New(env, Transform));
}

}  // namespace caffe
