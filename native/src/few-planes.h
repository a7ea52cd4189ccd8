// Convolutions of images: of a few channels that are planes one after the other, fewer than fill a block.
#pragma once

#include "direct.h"

namespace caffe {

// Sums over a few channels that are planes, which all stay in registers from the first tap to the last. Compiled by themselves: beside
// each other the loops of a file are inlined less.
template <size_t kLanes>
class OfFewPlanes {
  // Vectors of outputs at a time, and floats of their weights that stay in the first cache.
  static constexpr size_t kWide = 2, kWeights = 6144;

 public:
  explicit OfFewPlanes(const DirectShapes& shapes) : s_(shapes) {}

  static bool suits(const DirectShapes& s) {
    return s.from.lanes == 1 && s.from.channels <= kLanes && s.y.taps * s.x.taps * s.from.channels <= kWeights / (kWide * kLanes);
  }

  // Weights are (vector of outputs, taps, lane of inputs, of outputs). bias may be nullptr.
  void run(const float* from, const float* weights, const float* bias, const Ending& ending, float* to) const;

 private:
  template <size_t kVectors, bool kIsNext>
  void rows(const float* from, const float* weights, const float* bias, const Ending& given, size_t first, size_t begin, size_t end,
            float* to) const;

  DirectShapes s_;
};

extern template class OfFewPlanes<8>;
#ifdef __AVX512F__
extern template class OfFewPlanes<16>;
#endif

}  // namespace caffe
