// Convolutions of images, as few-planes.h says.
#include "few-planes.h"

namespace caffe {

namespace {

template <size_t kLanes>
using Vector = typename Lanes<kLanes>::Floats;

// Neighbouring outputs: with two vectors of each as many sums as registers hold, and fewer where inputs are skipped, whose addresses take
// registers too.
constexpr size_t tall(size_t lanes, bool is_next) { return lanes == 16 && is_next ? 14 : 6; }

// To sums of neighbouring outputs what one tap of one channel gives to each.
template <size_t kLanes, size_t kCount, size_t kVectors>
__attribute__((always_inline)) inline void add(Vector<kLanes> (&sums)[kCount][kVectors], const float* at, size_t step,
                                               const float* weights) {
  using V = Vector<kLanes>;
  V row[kVectors];
#pragma GCC unroll 4
  for (size_t j = 0; j < kVectors; j++) {
    row[j] = load<V>(weights + j * kLanes);
    in_register(row[j]);
  }
#pragma GCC unroll 16
  for (size_t i = 0; i < kCount; i++) {
    const float value = at[i * step];
#pragma GCC unroll 4
    for (size_t j = 0; j < kVectors; j++) sums[i][j] += value * row[j];
  }
}

}  // namespace

template <size_t kLanes>
void OfFewPlanes<kLanes>::run(const float* from, const float* weights, const float* bias, const Ending& ending, float* to) const {
  const size_t vectors = s_.to.vectors(), groups = (vectors + kWide - 1) / kWide;
  over_rows(s_.to.images * groups, s_.to.height, [&](size_t i, size_t begin, size_t end) {
    const size_t image = i / groups, first = i % groups * kWide;
    with_constant<kWide>(std::min(kWide, vectors - first), [&](auto wide) {
      constexpr size_t kVectors = decltype(wide)::value;
      const float* const planes = from + image * s_.from.channels * s_.from.size();
      float* const place = to + s_.to.at(image, first);
      if (s_.x.step == 1) this->template rows<kVectors, true>(planes, weights, bias, ending, first, begin, end, place);
      else this->template rows<kVectors, false>(planes, weights, bias, ending, first, begin, end, place);
    });
  });
}

// Rows `begin` to `end` of kVectors planes from vector `first` on, at `to`.
template <size_t kLanes>
template <size_t kVectors, bool kIsNext>
void OfFewPlanes<kLanes>::rows(const float* from, const float* weights, const float* bias, const Ending& given, size_t first, size_t begin,
                               size_t end, float* to) const {
  using L = Lanes<kLanes>;
  using V = Vector<kLanes>;
  constexpr size_t kTap = kLanes * kLanes;
  constexpr size_t kMost = tall(kLanes, kIsNext);
  const Ending ending = given;
  const size_t channels = s_.from.channels, taps = s_.y.taps * s_.x.taps, plane = s_.to.size();
  // One behind the other: where they lie, a tap's are as far apart as lines that take each other's place in the first cache.
  alignas(64) float own[kWeights];
  V shifts[kVectors], used[kVectors];
  for (size_t j = 0; j < kVectors; j++) {
    for (size_t k = 0; k < taps * channels; k++) {
      const float* const at = weights + ((first + j) * taps + k / channels) * kTap + k % channels * kLanes;
      store(own + (k * kVectors + j) * kLanes, load<V>(at));
    }
    shifts[j] = of_channels<kLanes>(bias, first + j, s_.to.channels);
    used[j] = V{};
    for (size_t l = 0; l < std::min(kLanes, s_.to.channels - (first + j) * kLanes); l++) used[j][l] = 1;
  }
  for (size_t y = begin; y < end; y++) {
    const size_t first_row = s_.y.first(y), last_row = s_.y.last(y);
    along_row<kMost>(s_.x, [&](size_t x, size_t count, size_t first_tap, size_t last_tap) {
      with_constant<kMost>(count, [&](auto n) {
        constexpr size_t kCount = decltype(n)::value;
        V sums[kCount][kVectors];
#pragma GCC unroll 16
        for (size_t i = 0; i < kCount; i++) {
#pragma GCC unroll 4
          for (size_t j = 0; j < kVectors; j++) sums[i][j] = shifts[j];
        }
        for (size_t k = first_row; k < last_row; k++) {
          for (size_t l = first_tap; l < last_tap; l++) {
            const float* w = own + (k * s_.x.taps + l) * channels * kVectors * kLanes;
            const float* at = from + (s_.y.at(y) + static_cast<ptrdiff_t>(k * s_.y.apart)) * static_cast<ptrdiff_t>(s_.from.width) +
                              s_.x.at(x) + static_cast<ptrdiff_t>(l * s_.x.apart);
            for (size_t c = 0; c < channels; c++, at += s_.from.size(), w += kVectors * kLanes) {
              add<kLanes, kCount, kVectors>(sums, at, kIsNext ? 1 : s_.x.step, w);
            }
          }
        }
        float* const place = to + (y * s_.to.width + x) * kLanes;
#pragma GCC unroll 16
        for (size_t i = 0; i < kCount; i++) {
          // Infinite data times the zeros that fill a block is no number.
#pragma GCC unroll 4
          for (size_t j = 0; j < kVectors; j++) ending.write<L>(used[j] > 0 ? sums[i][j] : V{}, place + j * plane + i * kLanes);
        }
      });
    });
  }
}

template class OfFewPlanes<8>;
#ifdef __AVX512F__
template class OfFewPlanes<16>;
#endif

}  // namespace caffe
