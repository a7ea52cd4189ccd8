// What JavaScript says of a convolution.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "ending.h"
#include "planes.h"
#include "primitive.h"

namespace caffe {

// The shapes of a convolution, from { src, weights, dst, stride, padLeft, padRight, dilation, hasBias, algorithm, isSmall,
// type? }.
struct ConvolutionShapes {
  dnnl::memory::dims src, weights, dst, bias, stride, pad_left, pad_right, dilation;
  bool has_bias;
  // Of src, weights and dst, and of their gradients but for that of the weights; sums and the rest are floats.
  ElementType type;
  dnnl::algorithm algorithm;
  // One for what is done before a second thread has woken up.
  int threads;

  explicit ConvolutionShapes(const Napi::Object& d)
      : src(dims_property(d, "src")),
        weights(dims_property(d, "weights")),
        dst(dims_property(d, "dst")),
        bias{dst[1]},
        stride(dims_property(d, "stride")),
        pad_left(dims_property(d, "padLeft")),
        pad_right(dims_property(d, "padRight")),
        dilation(dims_property(d, "dilation")),
        has_bias(d.Get("hasBias").ToBoolean()),
        type(d.Get("type").IsString() ? type_named(text_property(d, "type")) : ElementType::f32),
        algorithm(text_property(d, "algorithm") == "winograd" ? dnnl::algorithm::convolution_winograd
                                                              : dnnl::algorithm::convolution_direct),
        threads(d.Get("isSmall").ToBoolean() ? 1 : omp_get_max_threads()) {}

  // oneDNN counts the elements skipped, Caffe the distance.
  dnnl::memory::dims skipped() const {
    dnnl::memory::dims result = dilation;
    for (auto& d : result) d -= 1;
    return result;
  }
};

inline bool are_positive(const dnnl::memory::dims& dims) {
  return std::all_of(dims.begin(), dims.end(), [](auto d) { return d > 0; });
}

// Of (images, channels, height, width): those of the first of so many groups of channels, which fill blocks where there are several.
inline Planes planes_of(const dnnl::memory::dims& dims, size_t lanes, size_t groups = 1) {
  const auto at = [&](size_t axis) { return static_cast<size_t>(dims[axis]); };
  return {at(0), at(1) / groups, at(2), at(3), lanes, (at(1) + lanes - 1) / lanes};
}

// Weights (outputs, inputs, height, width), or those of each group, in blocks of outputs by inputs, an output beside the other.
inline dnnl::memory::desc blocked_weights_desc(const dnnl::memory::dims& dims, size_t lanes) {
  using tag = dnnl::memory::format_tag;
  const tag in_groups = lanes == 16 ? tag::gOIhw16i16o : tag::gOIhw8i8o, alone = lanes == 16 ? tag::OIhw16i16o : tag::OIhw8i8o;
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32, dims.size() == 5 ? in_groups : alone);
}

// From slope, ceiling and adds as JavaScript gives them from argument i on: NaN for what there is not.
inline Ending ending_of(const Napi::CallbackInfo& info, size_t i) {
  const auto number = [&](size_t at) { return info[at].As<Napi::Number>().FloatValue(); };
  const float slope = number(i), ceiling = number(i + 1);
  const bool adds = info[i + 2].ToBoolean();
  if (!std::isnan(ceiling)) return {adds, 0, ceiling};
  return {adds, std::isnan(slope) ? 1 : slope, std::numeric_limits<float>::infinity()};
}

}  // namespace caffe
