// Convolutions of planes as their formula says, over channels in blocks of kLanes: a channel with its own window, and sums over all
// channels of which there are not as many as fill blocks.
#pragma once

#include <omp.h>

#include <algorithm>

#include "ending.h"
#include "planes.h"

namespace caffe {

// How a window lies on a plane, along one axis.
struct Sliding {
  size_t taps, step, apart, length, outputs;
  ptrdiff_t pad;

  // Where the window of an output begins.
  ptrdiff_t at(size_t output) const { return static_cast<ptrdiff_t>(output * step) - pad; }
  bool has(size_t output, size_t tap) const {
    const ptrdiff_t i = at(output) + static_cast<ptrdiff_t>(tap * apart);
    return i >= 0 && i < static_cast<ptrdiff_t>(length);
  }
  // The taps that lie on the plane: from `first` on, before `last`.
  size_t first(size_t output) const {
    size_t tap = 0;
    while (tap < taps && !has(output, tap)) tap++;
    return tap;
  }
  size_t last(size_t output) const {
    size_t tap = taps;
    while (tap > 0 && !has(output, tap - 1)) tap--;
    return tap;
  }
  // The outputs whose windows lie on the plane with all taps: from `whole` on, before `whole_end`.
  size_t whole = 0, whole_end = 0;

  Sliding(size_t taps, size_t step, size_t apart, size_t length, size_t outputs, ptrdiff_t pad)
      : taps(taps), step(step), apart(apart), length(length), outputs(outputs), pad(pad) {
    const auto is_whole = [&](size_t output) { return has(output, 0) && has(output, taps - 1); };
    while (whole < outputs && !is_whole(whole)) whole++;
    whole_end = whole;
    while (whole_end < outputs && is_whole(whole_end)) whole_end++;
  }
};

// The shapes of a direct convolution; `from` has 1 lane where its channels are planes one after the other, fewer than fill a block.
struct DirectShapes {
  Planes from, to;
  Sliding y, x;
  // In floats, from one output to the next, from one tap to the next, and from one channel to the next of its block.
  size_t step() const { return x.step * from.lanes; }
  size_t apart() const { return x.apart * from.lanes; }
  size_t channel() const { return from.lanes == 1 ? from.size() : 1; }
};

#if defined(__AVX512F__)
constexpr size_t kRegister = 64;
#elif defined(__AVX__)
constexpr size_t kRegister = 32;
#else
constexpr size_t kRegister = 16;
#endif

// Keeps the compiler from reading it from memory again for each of its uses, where one register holds it.
template <typename V>
inline void in_register(V& v) {
#if defined(__x86_64__) && defined(__GNUC__)
  if constexpr (sizeof(V) <= kRegister) __asm__("" : "+v"(v));
#endif
}

// Calls run(x, count, first, last) for all outputs of a row, `count` neighbours of which, at most kMost, have the taps from
// `first` on before `last`.
template <size_t kMost, typename Run>
inline void along_row(const Sliding& s, const Run& run) {
  const auto at_edge = [&](size_t x) {
    const size_t first = s.first(x), last = s.last(x);
    run(x, size_t(1), std::min(first, last), last);
  };
  for (size_t x = 0; x < s.whole; x++) at_edge(x);
  for (size_t x = s.whole, left = (s.whole_end - x + kMost - 1) / kMost; left > 0; left--) {
    const size_t count = (s.whole_end - x + left - 1) / left;
    run(x, count, size_t(0), s.taps);
    x += count;
  }
  for (size_t x = s.whole_end; x < s.outputs; x++) at_edge(x);
}

// The numbers of a vector's channels; 0 in lanes without one, and where there are none.
template <size_t kLanes>
inline typename Lanes<kLanes>::Floats of_channels(const float* numbers, size_t vector, size_t channels) {
  typename Lanes<kLanes>::Floats result{};
  if (numbers == nullptr) return result;
  const size_t first = vector * kLanes;
  for (size_t l = 0; l < std::min(kLanes, channels - first); l++) result[l] = numbers[first + l];
  return result;
}

// Calls task(plane, begin, end) for all rows of all planes, shared out among the threads there are.
template <typename Task>
inline void over_rows(size_t planes, size_t rows, const Task& task) {
#pragma omp parallel if (omp_get_max_threads() > 1)
  {
    const size_t threads = static_cast<size_t>(omp_get_num_threads()), thread = static_cast<size_t>(omp_get_thread_num());
    const size_t end = planes * rows * (thread + 1) / threads;
    for (size_t at = planes * rows * thread / threads; at < end;) {
      const size_t plane = at / rows, begin = at % rows, count = std::min(rows - begin, end - at);
      task(plane, begin, begin + count);
      at += count;
    }
  }
}

// Each channel by its own window.
template <size_t kLanes>
class Depthwise {
  using L = Lanes<kLanes>;
  using V = typename L::Floats;
  static constexpr size_t kTall = 7;

 public:
  explicit Depthwise(const DirectShapes& shapes) : s_(shapes), is_three_(is_three(shapes.x) && shapes.y.taps == 3) {}

  // Weights are (vector, taps, lane). bias may be nullptr.
  void run(const float* from, const float* weights, const float* bias, const Ending& ending, float* to) const {
    const size_t vectors = s_.to.vectors(), taps = s_.y.taps * s_.x.taps;
    over_rows(s_.to.images * vectors, s_.to.height, [&](size_t plane, size_t begin, size_t end) {
      const size_t vector = plane % vectors;
      const V shift = of_channels<kLanes>(bias, vector, s_.to.channels);
      const Plane p{from + plane * s_.from.size(), weights + vector * taps * kLanes, to + plane * s_.to.size(), shift, begin, end};
      if (is_three_) by_threes(p, ending);
      else by_any(p, ending);
    });
  }

 private:
  // Rows `begin` to `end` of one plane.
  struct Plane {
    const float *from, *weights;
    float* to;
    V shift;
    size_t begin, end;
  };

  // Whether windows have three taps, of which the first output's may lack the first and the last one's the last.
  static bool is_three(const Sliding& s) {
    return s.taps == 3 && s.whole <= 1 && s.outputs - s.whole_end <= 1 && s.has(0, 1) && s.has(s.outputs - 1, 1) &&
           (s.outputs == 1 || (s.has(0, 2) && s.has(s.outputs - 1, 0)));
  }

  // Where the window of output (y, x) begins.
  const float* corner(const Plane& p, size_t y, size_t x) const {
    return p.from + (s_.y.at(y) * static_cast<ptrdiff_t>(s_.from.width) + s_.x.at(x)) * static_cast<ptrdiff_t>(kLanes);
  }
  size_t line() const { return s_.y.apart * s_.from.width * kLanes; }

  void by_threes(const Plane& p, const Ending& ending) const {
    const Sliding& s = s_.x;
    for (size_t x = 0, left = (s.outputs + kTall - 1) / kTall; left > 0; left--) {
      const size_t count = (s.outputs - x + left - 1) / left;
      const bool lacks_first = !s.has(x, 0), lacks_last = !s.has(x + count - 1, 2);
      with_constant<kTall>(count, [&](auto n) {
        constexpr size_t kCount = decltype(n)::value;
        if (lacks_first && lacks_last) column<kCount, true, true>(p, x, ending);
        else if (lacks_first) column<kCount, true, false>(p, x, ending);
        else if (lacks_last) column<kCount, false, true>(p, x, ending);
        else column<kCount, false, false>(p, x, ending);
      });
      x += count;
    }
  }

  // kCount neighbours of all rows, the nine weights in registers where all are wanted.
  template <size_t kCount, bool kLacksFirst, bool kLacksLast>
  void column(const Plane& p, size_t x, const Ending& given) const {
    const Ending ending = given;
    const size_t step = s_.step(), apart = s_.apart(), line = this->line();
    V weights[9];
#pragma GCC unroll 9
    for (size_t k = 0; k < 9; k++) weights[k] = load<V>(p.weights + k * kLanes);
    const auto add = [&](V* sums, const float* at, const V* row) {
#pragma GCC unroll 3
      for (size_t k = 0; k < 3; k++) {
#pragma GCC unroll 8
        for (size_t i = 0; i < kCount; i++) {
          const bool lacks = (kLacksFirst && k == 0 && i == 0) || (kLacksLast && k == 2 && i == kCount - 1);
          if (!lacks) sums[i] += load<V>(at + k * apart + i * step) * row[k];
        }
      }
    };
    for (size_t y = p.begin; y < p.end; y++) {
      const float* const at = corner(p, y, x);
      V sums[kCount];
#pragma GCC unroll 8
      for (size_t i = 0; i < kCount; i++) sums[i] = p.shift;
      if (y >= s_.y.whole && y < s_.y.whole_end) {
#pragma GCC unroll 3
        for (size_t j = 0; j < 3; j++) add(sums, at + j * line, weights + j * 3);
      } else {
        for (size_t j = s_.y.first(y); j < s_.y.last(y); j++) {
          const V row[3] = {load<V>(p.weights + j * 3 * kLanes), load<V>(p.weights + (j * 3 + 1) * kLanes),
                            load<V>(p.weights + (j * 3 + 2) * kLanes)};
          add(sums, at + j * line, row);
        }
      }
      float* const to = p.to + (y * s_.to.width + x) * kLanes;
#pragma GCC unroll 8
      for (size_t i = 0; i < kCount; i++) ending.write<L>(sums[i], to + i * kLanes);
    }
  }

  void by_any(const Plane& p, const Ending& given) const {
    const Ending ending = given;
    const size_t step = s_.step(), apart = s_.apart();
    for (size_t y = p.begin; y < p.end; y++) {
      const size_t first_row = s_.y.first(y), last_row = s_.y.last(y);
      along_row<kTall>(s_.x, [&](size_t x, size_t count, size_t first, size_t last) {
        with_constant<kTall>(count, [&](auto n) {
          constexpr size_t kCount = decltype(n)::value;
          V sums[kCount];
#pragma GCC unroll 8
          for (size_t i = 0; i < kCount; i++) sums[i] = p.shift;
          for (size_t j = first_row; j < last_row; j++) {
            const float* const at = corner(p, y, x) + j * line();
            for (size_t k = first; k < last; k++) {
              const auto weight = load<V>(p.weights + (j * s_.x.taps + k) * kLanes);
#pragma GCC unroll 8
              for (size_t i = 0; i < kCount; i++) sums[i] += load<V>(at + k * apart + i * step) * weight;
            }
          }
#pragma GCC unroll 8
          for (size_t i = 0; i < kCount; i++) ending.write<L>(sums[i], p.to + (y * s_.to.width + x + i) * kLanes);
        });
      });
    }
  }

  DirectShapes s_;
  bool is_three_;
};

// Sums over all channels there are, and none that only fill a block. They grow in `to`, by as many weights at a time as stay in
// the first cache.
template <size_t kLanes>
class Direct {
  using L = Lanes<kLanes>;
  using V = typename L::Floats;
  // Neighbouring outputs by vectors of channels: as many sums as registers hold.
  static constexpr size_t kTall = 6, kWide = kLanes == 16 ? 4 : 2;
  // Outputs whose sums stay in the second cache, and weights that stay in the first.
  static constexpr size_t kOutputs = 256, kWeights = 8192;

 public:
  explicit Direct(const DirectShapes& shapes) : s_(shapes) {}

  // Weights are (vector of outputs, of inputs, taps, lane of inputs, of outputs). bias may be nullptr.
  void run(const float* from, const float* weights, const float* bias, const Ending& ending, float* to) const {
    const size_t vectors = s_.to.vectors(), groups = (vectors + kWide - 1) / kWide;
    const size_t most = std::max<size_t>(1, kOutputs / s_.to.width);
    over_rows(s_.to.images * groups, s_.to.height, [&](size_t i, size_t begin, size_t end) {
      const size_t image = i / groups, group = i % groups;
      const size_t first = vectors * group / groups, last = vectors * (group + 1) / groups;
      with_constant<kWide>(last - first, [&](auto wide) {
        for (size_t y = begin; y < end; y += most) {
          rows<decltype(wide)::value>(from + s_.from.at(image, 0), weights, bias, ending, first, y, std::min(end, y + most),
                                      to + s_.to.at(image, first));
        }
      });
    });
  }

 private:
  static constexpr size_t kTap = kLanes * kLanes;

  // Rows `begin` to `end` of kVectors planes from vector `first` on, at `to`.
  template <size_t kVectors>
  void rows(const float* from, const float* weights, const float* bias, const Ending& given, size_t first, size_t begin, size_t end,
            float* to) const {
    const Ending ending{false, given.slope, given.ceiling};
    const size_t blocks = (s_.from.channels + kLanes - 1) / kLanes, taps = s_.y.taps * s_.x.taps;
    const size_t from_place = begin * s_.to.width * kLanes, to_place = end * s_.to.width * kLanes;
    for (size_t j = 0; j < kVectors; j++) {
      const V shift = of_channels<kLanes>(bias, first + j, s_.to.channels);
      float* const plane = to + j * s_.to.size();
      for (size_t p = from_place; p < to_place; p += kLanes) store(plane + p, given.adds ? load<V>(plane + p) + shift : shift);
    }
    for (size_t block = 0; block < blocks; block++) {
      const size_t channels = std::min(kLanes, s_.from.channels - block * kLanes);
      const size_t tap_rows = std::max<size_t>(1, kWeights / (s_.x.taps * channels * kVectors * kLanes));
      const float* const own = weights + (first * blocks + block) * taps * kTap;
      for (size_t k = 0; k < s_.y.taps; k += tap_rows) {
        for (size_t y = begin; y < end; y++) {
          add_row<kVectors>(from, own, block, std::max(k, s_.y.first(y)), std::min(k + tap_rows, s_.y.last(y)), y, to);
        }
      }
    }
    for (size_t j = 0; j < kVectors; j++) {
      const size_t channels = std::min(kLanes, s_.to.channels - (first + j) * kLanes);
      // Infinite data times the zeros that fill a block is no number.
      V used{};
      for (size_t l = 0; l < channels; l++) used[l] = 1;
      float* const plane = to + j * s_.to.size();
      for (size_t p = from_place; p < to_place; p += kLanes) ending.write<L>(used > 0 ? load<V>(plane + p) : V{}, plane + p);
    }
  }

  // To row y what the rows of taps from first_row on before last_row make of a block of inputs.
  template <size_t kVectors>
  void add_row(const float* from, const float* weights, size_t block, size_t first_row, size_t last_row, size_t y, float* to) const {
    const size_t step = s_.step(), apart = s_.apart(), channel = s_.channel(), lanes = s_.from.lanes, plane = s_.to.size();
    const size_t channels = std::min(kLanes, s_.from.channels - block * kLanes);
    const size_t next = (s_.from.channels + kLanes - 1) / kLanes * s_.y.taps * s_.x.taps * kTap;
    const size_t line = s_.y.apart * s_.from.width * lanes;
    const float* const window = from + block * s_.from.size() + s_.y.at(y) * static_cast<ptrdiff_t>(s_.from.width * lanes);
    if (first_row >= last_row) return;
    along_row<kTall>(s_.x, [&](size_t x, size_t count, size_t first, size_t last) {
      with_constant<kTall>(count, [&](auto n) {
        constexpr size_t kCount = decltype(n)::value;
        float* const place = to + (y * s_.to.width + x) * kLanes;
        V sums[kCount][kVectors];
#pragma GCC unroll 8
        for (size_t i = 0; i < kCount; i++) {
#pragma GCC unroll 4
          for (size_t j = 0; j < kVectors; j++) sums[i][j] = load<V>(place + j * plane + i * kLanes);
        }
        // Whole blocks of neighbouring taps lie one behind the other.
        const bool are_one = channels == kLanes && s_.x.apart == 1;
        const size_t parts = are_one ? 1 : last - first, length = are_one ? channels * (last - first) : channels;
        const float* const corner = window + s_.x.at(x) * static_cast<ptrdiff_t>(lanes);
        for (size_t k = first_row; k < last_row; k++) {
          for (size_t l = first; l < first + parts; l++) {
            const float* at = corner + k * line + l * apart;
            const float* w = weights + (k * s_.x.taps + l) * kTap;
#pragma GCC unroll 1
            for (size_t c = 0; c < length; c++, at += channel, w += kLanes) {
              V column[kVectors];
#pragma GCC unroll 4
              for (size_t j = 0; j < kVectors; j++) {
                column[j] = load<V>(w + j * next);
                in_register(column[j]);
              }
#pragma GCC unroll 8
              for (size_t i = 0; i < kCount; i++) {
                const float value = at[i * step];
#pragma GCC unroll 4
                for (size_t j = 0; j < kVectors; j++) sums[i][j] += value * column[j];
              }
            }
          }
        }
#pragma GCC unroll 8
        for (size_t i = 0; i < kCount; i++) {
#pragma GCC unroll 4
          for (size_t j = 0; j < kVectors; j++) store(place + j * plane + i * kLanes, sums[i][j]);
        }
      });
    });
  }

  DirectShapes s_;
};

}  // namespace caffe
