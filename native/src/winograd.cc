// Winograd's algorithm of our own as primitives: forward, and the gradients of data and of weights.
#include <limits>

#include "convolution-shapes.h"
#include "processor.h"
#include "winograd-forward.h"
#include "winograd-weights.h"

namespace caffe {

namespace {

using dnnl::memory;

// The shapes of one that this algorithm is for, else std::out_of_range.
ConvolutionShapes fitting(const Napi::CallbackInfo& info) {
  ConvolutionShapes s(info[0].As<Napi::Object>());
  const memory::dims one{1, 1};
  const size_t tile = size_of(info[1]), lanes = size_of(info[2]);
  const int64_t groups = s.weights.size() == 5 ? s.weights[0] : 1;
  const memory::dims window(s.weights.end() - std::min<size_t>(s.weights.size(), 4), s.weights.end());
  const bool fits = s.src.size() == 4 && s.dst.size() == 4 && s.weights.size() <= 5 && window.size() == 4 && (window[2] == 3 || window[2] == 5) &&
                    window[3] == window[2] && s.stride == one && s.dilation == one && s.src[0] == s.dst[0] &&
                    s.src[1] == groups * window[1] && s.dst[1] == groups * window[0] && s.pad_left.size() == 2;
  if (!fits || !are_positive(s.src) || !are_positive(s.dst) || !are_positive(s.weights)) {
    throw std::out_of_range("a convolution that Winograd's algorithm is not for");
  }
  if ((tile != 4 && tile != 2) || (lanes != kWidest && lanes != 8)) {
    throw std::out_of_range("tiles of 2 or 4, and 8 lanes or as many as this build has, are what there is");
  }
  if (groups > 1 && (window[0] % lanes != 0 || window[1] % lanes != 0)) {
    throw std::out_of_range("groups of channels that do not fill blocks, which Winograd's algorithm is not for");
  }
  return s;
}

// How many groups of channels there are, and how far it is from one to the next.
struct Groups {
  size_t count, src, weights, dst, outputs;

  Groups(const ConvolutionShapes& s, size_t lanes) : count(s.weights.size() == 5 ? static_cast<size_t>(s.weights[0]) : 1) {
    const Planes from = planes_of(s.src, lanes, count), to = planes_of(s.dst, lanes, count);
    src = from.vectors() * from.size();
    dst = to.vectors() * to.size();
    weights = from.vectors() * to.vectors() * lanes * lanes * static_cast<size_t>(s.weights.back() * s.weights.back());
    outputs = to.channels;
  }
};

// What arrays are made of and what is multiplied, as the compiler knows it.
template <typename E, typename P>
struct Of {
  using Element = E;
  using Factor = P;
};

// Whether tiles of bfloat16 are multiplied so, transformed: where the processor does. Windows of 5×5 would leave errors of 4 %.
bool multiplies_pairs(const ConvolutionShapes& s, size_t lanes) {
  return s.type == ElementType::bf16 && s.weights.back() == 3 && lanes == 16 && kHasPairs<16> && multiplies_bf16();
}

// Memory for such elements.
template <typename E>
E* of(float* memory) {
  return reinterpret_cast<E*>(memory);
}

// Calls next with the one of two numbers that n is, as a constant that the compiler knows.
template <size_t kOne, size_t kOther, typename Next>
Napi::Value with_one_of(size_t n, const Next& next) {
  return n == kOne ? next(std::integral_constant<size_t, kOne>()) : next(std::integral_constant<size_t, kOther>());
}

// Calls make with what arrays are made of, and the lanes, the outputs of a tile and the window's side as constants that the compiler knows.
template <typename Make>
Napi::Value with_tile_of(const ConvolutionShapes& s, size_t tile, size_t lanes, const Make& make) {
  if constexpr (kHasPairs<kWidest>) {
    if (multiplies_pairs(s, lanes)) {
      return with_one_of<4, 2>(tile, [&](auto out) {
        return make(Of<Bf16, Bf16>(), std::integral_constant<size_t, kWidest>(), out, std::integral_constant<size_t, 3>());
      });
    }
  }
  const auto made_of = [&](auto elements) {
    return with_one_of<kWidest, 8>(lanes, [&](auto lane) {
      return with_one_of<4, 2>(tile, [&](auto out) {
        return with_one_of<3, 5>(static_cast<size_t>(s.weights.back()), [&](auto window) { return make(elements, lane, out, window); });
      });
    });
  };
  return s.type == ElementType::bf16 ? made_of(Of<Bf16, float>()) : made_of(Of<float, float>());
}

// JavaScript sees `held` too: the floats to scratch in that each thread has to itself.
template <typename Work>
Napi::Value made(const Napi::CallbackInfo& info, const Work& work, Primitive::Work run, const std::string& name,
                 const std::vector<Argument>& arguments) {
  auto primitive = Primitive::Make(info.Env(), std::move(run), name, arguments, work.scratch());
  primitive.Set("held", static_cast<double>(work.held()));
  return primitive;
}

std::string name_of(const ConvolutionShapes& s, size_t tile, size_t lanes) {
  const std::string out = std::to_string(tile), window = std::to_string(s.weights.back());
  const std::string products = multiplies_pairs(s, lanes) ? "winograd_bf16" : "winograd";
  return products + ":F(" + out + "x" + out + "," + window + "x" + window + "),lanes:" + std::to_string(lanes);
}

// Floats of transformed weights, group after group.
dnnl::memory::desc prepared_desc(const Groups& groups, size_t each) {
  return plain_desc({static_cast<int64_t>(groups.count * each)});
}

// winogradWeights(shapes, tile, lanes): weights as winogradForward takes them where they are prepared
Napi::Value MakeWeights(const Napi::CallbackInfo& info) {
  const auto s = fitting(info);
  const Threads threads(s.threads);
  const size_t tile = size_of(info[1]), lanes = size_of(info[2]);
  const Groups groups(s, lanes);
  const WinogradShapes shapes{planes_of(s.src, lanes, groups.count), planes_of(s.dst, lanes, groups.count), 0, 0, false, true};
  return with_tile_of(s, tile, lanes, [&](auto elements, auto lane, auto out, auto window) -> Napi::Value {
    using E = typename decltype(elements)::Element;
    using P = typename decltype(elements)::Factor;
    const WinogradForward<E, P, decltype(lane)::value, decltype(out)::value, decltype(window)::value> work(shapes, omp_get_max_threads());
    const auto run = [work, groups](float* const* b) {
      for (size_t g = 0; g < groups.count; g++) work.prepare(b[0] + g * groups.weights, b[1] + g * work.prepared());
    };
    return Primitive::Make(info.Env(), run, "prepare " + name_of(s, tile, lanes),
                           {{"from", 0, blocked_weights_desc(s.weights, lanes)}, {"to", 0, prepared_desc(groups, work.prepared())}}, 0);
  });
}

// winogradForward(shapes, tile, lanes, slope, ceiling, adds, arePrepared): slope, ceiling and adds as for convolutionForward
Napi::Value MakeForward(const Napi::CallbackInfo& info) {
  const auto s = fitting(info);
  const Threads threads(s.threads);
  const size_t tile = size_of(info[1]), lanes = size_of(info[2]);
  const Ending ending = ending_of(info, 3);
  const bool are_prepared = info[6].ToBoolean();
  const Groups groups(s, lanes);
  const WinogradShapes shapes{planes_of(s.src, lanes, groups.count), planes_of(s.dst, lanes, groups.count), s.pad_left[0],
                              s.pad_left[1], false, are_prepared};
  return with_tile_of(s, tile, lanes, [&](auto elements, auto lane, auto out, auto window) -> Napi::Value {
    using E = typename decltype(elements)::Element;
    using P = typename decltype(elements)::Factor;
    const WinogradForward<E, P, decltype(lane)::value, decltype(out)::value, decltype(window)::value> work(shapes, omp_get_max_threads());
    const auto weights = are_prepared ? prepared_desc(groups, work.prepared()) : blocked_weights_desc(s.weights, lanes);
    const size_t each = are_prepared ? work.prepared() : groups.weights;
    std::vector<Argument> arguments{{"src", 0, blocked_desc(s.src, lanes, s.type)},
                                    {"weights", 0, weights},
                                    {"dst", 0, blocked_desc(s.dst, lanes, s.type)}};
    if (s.has_bias) arguments.push_back({"bias", 0, plain_desc(s.bias)});
    const auto run = [work, ending, groups, each, has_bias = s.has_bias](float* const* b) {
      for (size_t g = 0; g < groups.count; g++) {
        work.run(of<E>(b[0]) + g * groups.src, b[1] + g * each, has_bias ? b[3] + g * groups.outputs : nullptr, ending,
                 of<E>(b[2]) + g * groups.dst, b[has_bias ? 4 : 3]);
      }
    };
    return made(info, work, run, name_of(s, tile, lanes), arguments);
  });
}

// winogradBackwardData(shapes, tile, lanes)
Napi::Value MakeBackwardData(const Napi::CallbackInfo& info) {
  const auto s = fitting(info);
  const Threads threads(s.threads);
  const size_t tile = size_of(info[1]), lanes = size_of(info[2]);
  const Groups groups(s, lanes);
  const auto before = [&](size_t i) { return s.weights.back() - 1 - s.pad_left[i]; };
  const WinogradShapes shapes{planes_of(s.dst, lanes, groups.count), planes_of(s.src, lanes, groups.count), before(0), before(1), true, false};
  return with_tile_of(s, tile, lanes, [&](auto elements, auto lane, auto out, auto window) -> Napi::Value {
    using E = typename decltype(elements)::Element;
    using P = typename decltype(elements)::Factor;
    const WinogradForward<E, P, decltype(lane)::value, decltype(out)::value, decltype(window)::value> work(shapes, omp_get_max_threads());
    const Ending none{false, 1, std::numeric_limits<float>::infinity()};
    const auto run = [work, none, groups](float* const* b) {
      for (size_t g = 0; g < groups.count; g++) {
        work.run(of<E>(b[0]) + g * groups.dst, b[1] + g * groups.weights, nullptr, none, of<E>(b[2]) + g * groups.src, b[3]);
      }
    };
    return made(info, work, run, name_of(s, tile, lanes),
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
  const Groups groups(s, lanes);
  const WinogradGradientShapes shapes{planes_of(s.src, lanes, groups.count), planes_of(s.dst, lanes, groups.count), s.pad_left[0],
                                      s.pad_left[1]};
  return with_tile_of(s, tile, lanes, [&](auto elements, auto lane, auto out, auto window) -> Napi::Value {
    using E = typename decltype(elements)::Element;
    using P = typename decltype(elements)::Factor;
    const WinogradBackwardWeights<E, P, decltype(lane)::value, decltype(out)::value, decltype(window)::value> work(shapes, omp_get_max_threads());
    std::vector<Argument> arguments{{"src", 0, blocked_desc(s.src, lanes, s.type)},
                                    {"diffDst", 0, blocked_desc(s.dst, lanes, s.type)},
                                    {"diffWeights", 0, blocked_weights_desc(s.weights, lanes)}};
    if (s.has_bias) arguments.push_back({"diffBias", 0, plain_desc(s.bias)});
    const auto run = [work, groups, has_bias = s.has_bias](float* const* b) {
      for (size_t g = 0; g < groups.count; g++) {
        work.run(of<E>(b[0]) + g * groups.src, of<E>(b[1]) + g * groups.dst, b[2] + g * groups.weights,
                 has_bias ? b[3] + g * groups.outputs : nullptr, b[has_bias ? 4 : 3]);
      }
    };
    return made(info, work, run, name_of(s, tile, lanes), arguments);
  });
}

}  // namespace

void InitWinograd(Napi::Object exports) {
  define<MakeWeights>(exports, "winogradWeights");
  define<MakeForward>(exports, "winogradForward");
  define<MakeBackwardData>(exports, "winogradBackwardData");
  define<MakeBackwardWeights>(exports, "winogradBackwardWeights");
  exports.Set("lanes", static_cast<double>(kWidest));
}

}  // namespace caffe
