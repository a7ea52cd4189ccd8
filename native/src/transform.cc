// The loop over pixels of DataTransformer; which pixels, and what becomes of them, is decided in TypeScript.
#include "images.h"

#include <cstdint>
#include <vector>

namespace caffe {

namespace {

// Whole numbers of each image in the order that src/io/images-addon.ts gives them.
enum Place { kOffset, kChannelStep, kRowStep, kColumnStep, kChannels, kHeight, kWidth, kMeanOffset, kMeanChannelStep,
             kMeanRowStep, kIsMirrored, kOut, kPlaces };

// Memory for one row, used again for the next.
template <typename T>
struct Row {
  std::vector<T> planes;
  std::vector<float> forwards;
};

// out = (pixel - mean) * scale along a row of one channel; mean(x) is a row's or one value.
template <typename T, typename Mean>
void subtract(const T* __restrict from, int64_t step, Mean mean, float scale, int64_t width, float* __restrict to) {
  if (step == 1) {
    for (int64_t x = 0; x < width; x++) to[x] = (from[x] - mean(x)) * scale;
  } else {
    for (int64_t x = 0; x < width; x++) to[x] = (from[x * step] - mean(x)) * scale;
  }
}

// Turning a row round behind the arithmetic is twice as fast as writing it backwards.
void reverse(const float* __restrict from, int64_t width, float* __restrict to) {
  for (int64_t x = 0; x < width; x++) to[x] = from[width - 1 - x];
}

// Three values side by side come into rows of their own, as reading every third is slow.
template <typename T>
const T* split(const T* __restrict line, int64_t width, std::vector<T>& planes) {
  planes.resize(3 * width);
  T* __restrict plane = planes.data();
  for (int64_t x = 0; x < width; x++) {
    plane[x] = line[3 * x];
    plane[width + x] = line[3 * x + 1];
    plane[2 * width + x] = line[3 * x + 2];
  }
  return plane;
}

// Without a mean image the mean is values[1 + channel].
template <typename T>
void transform(const T* pixels, const float* mean, const float* values, const int32_t* at, float* out, Row<T>& row) {
  const float scale = values[0];
  const int64_t channels = at[kChannels], height = at[kHeight], width = at[kWidth];
  const bool isColor = channels == 3 && at[kChannelStep] == 1 && at[kColumnStep] == 3;
  const int64_t step = isColor ? 1 : at[kColumnStep], channelStep = isColor ? width : at[kChannelStep];
  row.forwards.resize(width);
  for (int64_t y = 0; y < height; y++) {
    const T* line = pixels + at[kOffset] + y * at[kRowStep];
    if (isColor) line = split(line, width, row.planes);
    for (int64_t c = 0; c < channels; c++) {
      float* to = out + at[kOut] + (c * height + y) * width;
      float* forwards = at[kIsMirrored] ? row.forwards.data() : to;
      if (mean) {
        const float* minus = mean + at[kMeanOffset] + c * at[kMeanChannelStep] + y * at[kMeanRowStep];
        subtract(line + c * channelStep, step, [minus](int64_t x) { return minus[x]; }, scale, width, forwards);
      } else {
        const float minus = values[1 + c];
        subtract(line + c * channelStep, step, [minus](int64_t) { return minus; }, scale, width, forwards);
      }
      if (at[kIsMirrored]) reverse(forwards, width, to);
    }
  }
}

template <typename T>
void transformAll(const T* pixels, const float* mean, const float* values, const Napi::Int32Array& places, float* out) {
  Row<T> row;
  const int32_t* end = places.Data() + places.ElementLength();
  for (const int32_t* at = places.Data(); at + kPlaces <= end; at += kPlaces) {
    transform(pixels, mean, values, at, out, row);
  }
}

// transform(pixels, mean or undefined, values, places of each image, out); pixels are bytes or floats
void Transform(const Napi::CallbackInfo& info) {
  auto pixels = info[0].As<Napi::TypedArray>();
  const float* mean = info[1].IsUndefined() ? nullptr : info[1].As<Napi::Float32Array>().Data();
  const float* values = info[2].As<Napi::Float32Array>().Data();
  auto places = info[3].As<Napi::Int32Array>();
  float* out = info[4].As<Napi::Float32Array>().Data();
  if (pixels.TypedArrayType() == napi_float32_array) {
    transformAll(info[0].As<Napi::Float32Array>().Data(), mean, values, places, out);
  } else {
    transformAll(info[0].As<Napi::Uint8Array>().Data(), mean, values, places, out);
  }
}

}  // namespace

void InitTransform(Napi::Env env, Napi::Object exports) {
  exports.Set("transform", Napi::Function::New(env, Transform));
}

}  // namespace caffe
