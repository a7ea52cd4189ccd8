// Winograd's algorithm of our own as primitives: forward, and the gradients of data and of weights.
#include <limits>

#include "convolution-shapes.h"
#include "winograd-forward.h"
#include "winograd-weights.h"

namespace caffe {

namespace {

using dnnl::memory;

#ifdef __AVX512F__
constexpr size_t kWidest = 16;
#else
constexpr size_t kWidest = 8;
#endif

// The shapes of one that this algorithm is for, else std::out_of_range.
ConvolutionShapes fitting(const Napi::CallbackInfo& info) {
  ConvolutionShapes s(info[0].As<Napi::Object>());
  const memory::dims one{1, 1};
  const bool fits = s.src.size() == 4 && s.dst.size() == 4 && s.weights.size() == 4 && s.weights[2] == 3 &&
                    s.weights[3] == 3 && s.stride == one && s.dilation == one && s.src[0] == s.dst[0] &&
                    s.src[1] == s.weights[1] && s.dst[1] == s.weights[0] && s.pad_left.size() == 2;
  if (!fits || !are_positive(s.src) || !are_positive(s.dst)) {
    throw std::out_of_range("a convolution that Winograd's algorithm is not for");
  }
  return s;
}

// What arrays are made of, as the compiler knows it.
template <typename E>
struct Of {
  using Element = E;
};

// Memory for such elements.
template <typename E>
E* of(float* memory) {
  return reinterpret_cast<E*>(memory);
}

// Calls make with what arrays are made of, and the lanes and the outputs of a tile as constants that the compiler knows.
template <typename Make>
Napi::Value with_tile_of(ElementType type, size_t tile, size_t lanes, const Make& make) {
  using std::integral_constant;
  using Four = integral_constant<size_t, 4>;
  using Two = integral_constant<size_t, 2>;
  using Wide = integral_constant<size_t, 16>;
  using Half = integral_constant<size_t, 8>;
  if ((tile != 4 && tile != 2) || (lanes != 16 && lanes != 8)) {
    throw std::out_of_range("tiles of 2 or 4, and 8 or 16 lanes, are what there is");
  }
  const auto made_of = [&](auto elements) {
    if (lanes == 16) return tile == 4 ? make(elements, Wide(), Four()) : make(elements, Wide(), Two());
    return tile == 4 ? make(elements, Half(), Four()) : make(elements, Half(), Two());
  };
  return type == ElementType::bf16 ? made_of(Of<Bf16>()) : made_of(Of<float>());
}

// JavaScript sees `held` too: the floats to scratch in that each thread has to itself.
template <typename Work>
Napi::Value made(const Napi::CallbackInfo& info, const Work& work, Primitive::Work run, const std::string& name,
                 const std::vector<Argument>& arguments) {
  auto primitive = Primitive::Make(info.Env(), std::move(run), name, arguments, work.scratch());
  primitive.Set("held", static_cast<double>(work.held()));
  return primitive;
}

std::string name_of(size_t tile, size_t lanes) {
  const std::string side = std::to_string(tile);
  return "winograd:F(" + side + "x" + side + "),lanes:" + std::to_string(lanes);
}

// winogradForward(shapes, tile, lanes, slope, ceiling, adds): the last three as for convolutionForward
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  const auto s = fitting(info);
  const Threads threads(s.threads);
  const size_t tile = size_of(info[1]), lanes = size_of(info[2]);
  const Ending ending = ending_of(info, 3);
  const WinogradShapes shapes{planes_of(s.src, lanes), planes_of(s.dst, lanes), s.pad_left[0], s.pad_left[1], false};
  return with_tile_of(s.type, tile, lanes, [&](auto elements, auto lane, auto out) -> Napi::Value {
    using E = typename decltype(elements)::Element;
    const WinogradForward<E, decltype(lane)::value, decltype(out)::value> work(shapes, omp_get_max_threads());
    std::vector<Argument> arguments{{"src", 0, blocked_desc(s.src, lanes, s.type)},
                                    {"weights", 0, blocked_weights_desc(s.weights, lanes)},
                                    {"dst", 0, blocked_desc(s.dst, lanes, s.type)}};
    if (s.has_bias) arguments.push_back({"bias", 0, plain_desc(s.bias)});
    const auto run = [work, ending, has_bias = s.has_bias](float* const* b) {
      work.run(of<E>(b[0]), b[1], has_bias ? b[3] : nullptr, ending, of<E>(b[2]), b[has_bias ? 4 : 3]);
    };
    return made(info, work, run, name_of(tile, lanes), arguments);
  });
}

// winogradBackwardData(shapes, tile, lanes)
Napi::Value MakeBackwardData(const Napi::CallbackInfo& info) {
  const auto s = fitting(info);
  const Threads threads(s.threads);
  const size_t tile = size_of(info[1]), lanes = size_of(info[2]);
  const WinogradShapes shapes{planes_of(s.dst, lanes), planes_of(s.src, lanes), 2 - s.pad_left[0], 2 - s.pad_left[1],
                              true};
  return with_tile_of(s.type, tile, lanes, [&](auto elements, auto lane, auto out) -> Napi::Value {
    using E = typename decltype(elements)::Element;
    const WinogradForward<E, decltype(lane)::value, decltype(out)::value> work(shapes, omp_get_max_threads());
    const Ending none{false, 1, std::numeric_limits<float>::infinity()};
    const auto run = [work, none](float* const* b) { work.run(of<E>(b[0]), b[1], nullptr, none, of<E>(b[2]), b[3]); };
    return made(info, work, run, name_of(tile, lanes),
                {{"diffDst", 0, blocked_desc(s.dst, lanes, s.type)},
                 {"weights", 0, blocked_weights_desc(s.weights, lanes)},
                 {"diffSrc", 0, blocked_desc(s.src, lanes, s.type)}});
  });
}

// winogradBackwardWeights(shapes, tile, lanes)
Napi::Value MakeBackwardWeights(const Napi::CallbackInfo& info) {
  const auto s = fitting(info);
  const Threads threads(s.threads);
  const size_t tile = size_of(info[1]), lanes = size_of(info[2]);
  const WinogradGradientShapes shapes{planes_of(s.src, lanes), planes_of(s.dst, lanes), s.pad_left[0], s.pad_left[1]};
  return with_tile_of(s.type, tile, lanes, [&](auto elements, auto lane, auto out) -> Napi::Value {
    using E = typename decltype(elements)::Element;
    const WinogradBackwardWeights<E, decltype(lane)::value, decltype(out)::value> work(shapes, omp_get_max_threads());
    std::vector<Argument> arguments{{"src", 0, blocked_desc(s.src, lanes, s.type)},
                                    {"diffDst", 0, blocked_desc(s.dst, lanes, s.type)},
                                    {"diffWeights", 0, blocked_weights_desc(s.weights, lanes)}};
    if (s.has_bias) arguments.push_back({"diffBias", 0, plain_desc(s.bias)});
    const auto run = [work, has_bias = s.has_bias](float* const* b) {
      work.run(of<E>(b[0]), of<E>(b[1]), b[2], has_bias ? b[3] : nullptr, b[has_bias ? 4 : 3]);
    };
    return made(info, work, run, name_of(tile, lanes), arguments);
  });
}

}  // namespace

void InitWinograd(Napi::Object exports) {
  define<MakeForward>(exports, "winogradForward");
  define<MakeBackwardData>(exports, "winogradBackwardData");
  define<MakeBackwardWeights>(exports, "winogradBackwardWeights");
  // Neighbouring floats that a vector of this build has.
  exports.Set("lanes", static_cast<double>(kWidest));
}

}  // namespace caffe
