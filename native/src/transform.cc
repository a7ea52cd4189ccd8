// The loop over pixels of DataTransformer; which pixels, and what becomes of them, is decided in TypeScript.
#include "images.h"

#include <cstdint>
#include <vector>

namespace caffe {

namespace {

// Whole numbers of each image in the order that src/io/images/addon.ts gives them.
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

// How much of each array there is.
struct Lengths {
  int64_t pixels, mean, values, out;
};

// From the first to the last place of an image in an array. Products of 32-bit numbers have 62 bits, so that two of them
// may be added, and each axis by itself must lie within the array.
class Span {
 public:
  Span(int64_t offset, int64_t length) : length_(length), least_(offset), most_(offset) {}
  void along(int64_t count, int64_t step) {
    if (isWithin()) (step < 0 ? least_ : most_) += (count - 1) * step;
  }
  bool isWithin() const { return least_ >= 0 && most_ < length_; }

 private:
  int64_t length_, least_, most_;
};

// What is wrong with the places of an image, or null.
const char* problemOf(const int32_t* at, bool hasMean, const Lengths& lengths) {
  const int64_t channels = at[kChannels], height = at[kHeight], width = at[kWidth];
  if (channels < 0 || height < 0 || width < 0) return "an image has a negative size";
  if (channels == 0 || height == 0 || width == 0) return nullptr;
  Span pixels(at[kOffset], lengths.pixels);
  pixels.along(channels, at[kChannelStep]);
  pixels.along(height, at[kRowStep]);
  pixels.along(width, at[kColumnStep]);
  if (!pixels.isWithin()) return "an image reaches beyond its pixels";
  if (hasMean) {
    Span mean(at[kMeanOffset], lengths.mean);
    mean.along(channels, at[kMeanChannelStep]);
    mean.along(height, at[kMeanRowStep]);
    mean.along(width, 1);
    if (!mean.isWithin()) return "an image reaches beyond the mean's";
  } else if (channels >= lengths.values) {
    return "an image has more channels than there are means";
  }
  // Divided, as the product may have more than 64 bits.
  const int64_t left = lengths.out - at[kOut];
  if (at[kOut] < 0 || channels > left / height / width) return "an image reaches beyond what is written";
  return nullptr;
}

// transform(pixels, mean or undefined, values, places of each image, out); pixels are bytes or floats
void Transform(const Napi::CallbackInfo& info) {
  const auto fail = [&](const char* problem) {
    Napi::Error::New(info.Env(), problem).ThrowAsJavaScriptException();
  };
  const bool isFloat = isArray(info[0], napi_float32_array), hasMean = !info[1].IsUndefined();
  if (!(isFloat || isArray(info[0], napi_uint8_array)) || (hasMean && !isArray(info[1], napi_float32_array)) ||
      !isArray(info[2], napi_float32_array) || !isArray(info[3], napi_int32_array) ||
      !isArray(info[4], napi_float32_array)) {
    return fail("an array of another type is expected");
  }
  const auto lengthOf = [&](size_t i) -> int64_t { return info[i].As<Napi::TypedArray>().ElementLength(); };
  const Lengths lengths = {lengthOf(0), hasMean ? lengthOf(1) : 0, lengthOf(2), lengthOf(4)};
  if (lengths.values == 0) return fail("the scale is missing");
  const float* mean = hasMean ? info[1].As<Napi::Float32Array>().Data() : nullptr;
  const float* values = info[2].As<Napi::Float32Array>().Data();
  auto places = info[3].As<Napi::Int32Array>();
  if (places.ElementLength() % kPlaces != 0) return fail("the places of an image are not whole");
  for (size_t i = 0; i < places.ElementLength(); i += kPlaces) {
    if (const char* problem = problemOf(places.Data() + i, hasMean, lengths)) return fail(problem);
  }
  float* out = info[4].As<Napi::Float32Array>().Data();
  if (isFloat) {
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
