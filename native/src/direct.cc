// Direct convolutions of our own as primitives, forward.
#include "convolution-shapes.h"
#include "few-planes.h"

namespace caffe {

namespace {

using dnnl::memory;

std::out_of_range not_for() { return std::out_of_range("a convolution that loops of our own are not for"); }

size_t at(const memory::dims& dims, size_t axis) { return static_cast<size_t>(dims[axis]); }

// Along axis 0 (rows) or 1 of the planes; `axis` of the weights is the one of its taps.
Sliding sliding_of(const ConvolutionShapes& s, size_t i) {
  const size_t taps = at(s.weights, s.weights.size() - 2 + i);
  return {taps, at(s.stride, i), at(s.dilation, i), at(s.src, 2 + i), at(s.dst, 2 + i), s.pad_left[i]};
}

// Whether weights are (channels, 1, 1, …): each channel has a window of its own; else they are (outputs, inputs, …).
bool checked(const ConvolutionShapes& s) {
  const bool are_planes = s.src.size() == 4 && s.dst.size() == 4 && s.stride.size() == 2 && s.dilation.size() == 2 &&
                         s.pad_left.size() == 2 && s.type == ElementType::f32 && are_positive(s.src) && are_positive(s.dst) &&
                         are_positive(s.weights) && are_positive(s.stride) && are_positive(s.dilation) && s.src[0] == s.dst[0] &&
                         s.pad_left[0] >= 0 && s.pad_left[1] >= 0;
  if (!are_planes) throw not_for();
  const bool is_depthwise = s.weights.size() == 5 && s.weights[0] == s.src[1] && s.weights[0] == s.dst[1] && s.weights[1] == 1 &&
                            s.weights[2] == 1;
  const bool is_whole = s.weights.size() == 4 && s.weights[0] == s.dst[1] && s.weights[1] == s.src[1];
  if (!is_depthwise && !is_whole) throw not_for();
  return is_depthwise;
}

template <size_t kLanes>
Napi::Value made(const Napi::CallbackInfo& info, const ConvolutionShapes& s) {
  using tag = memory::format_tag;
  const bool is_depthwise = checked(s);
  const Ending ending = ending_of(info, 2);
  // Fewer channels than a block has come as planes.
  const bool is_plain = !is_depthwise && at(s.src, 1) < kLanes;
  const DirectShapes shapes{planes_of(s.src, is_plain ? 1 : kLanes), planes_of(s.dst, kLanes), sliding_of(s, 0), sliding_of(s, 1)};
  const auto windows = kLanes == 16 ? tag::Goihw16g : tag::Goihw8g;
  const auto weights = is_depthwise ? memory::desc(s.weights, memory::data_type::f32, windows) : blocked_weights_desc(s.weights, kLanes);
  std::vector<Argument> arguments{{"src", 0, is_plain ? plain_desc(s.src) : blocked_desc(s.src, kLanes)},
                                  {"weights", 0, weights},
                                  {"dst", 0, blocked_desc(s.dst, kLanes)}};
  if (s.has_bias) arguments.push_back({"bias", 0, plain_desc(s.bias)});
  const auto make = [&](const auto& work, const char* name) {
    const auto run = [work, ending, has_bias = s.has_bias](float* const* b) {
      work.run(b[0], b[1], has_bias ? b[3] : nullptr, ending, b[2]);
    };
    auto primitive = Primitive::Make(info.Env(), run, std::string(name) + ",lanes:" + std::to_string(kLanes), arguments, 0);
    primitive.Set("clearsPadding", true);
    return primitive;
  };
  if (is_depthwise) return make(Depthwise<kLanes>(shapes), "depthwise");
  if (OfFewPlanes<kLanes>::suits(shapes)) return make(OfFewPlanes<kLanes>(shapes), "direct");
  return make(Direct<kLanes>(shapes), "direct");
}

// directForward(shapes, lanes, slope, ceiling, adds): the last three as for convolutionForward
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  const ConvolutionShapes s(info[0].As<Napi::Object>());
  const Threads threads(s.threads);
  const size_t lanes = size_of(info[1]);
  if (lanes == kWidest) return made<kWidest>(info, s);
  if (lanes == 8) return made<8>(info, s);
  throw std::out_of_range("8 lanes, or as many as this build has, are what there is");
}

}  // namespace

void InitDirect(Napi::Object exports) { define<MakeForward>(exports, "directForward"); }

}  // namespace caffe
