// What becomes of the sums of a convolution of ours on their way to memory.
#pragma once

#include "lanes.h"

namespace caffe {

// Whether what is there is added, and then the rectifier's slope below zero (1 for none) and greatest value (infinity for none).
struct Ending {
  bool adds;
  float slope, ceiling;

  // The sums of neighbouring channels, to what `place` holds.
  template <typename L, typename E>
  void write(typename L::Floats value, E* place) const {
    using V = typename L::Floats;
    if (adds) value += load_floats<L>(place);
    value = value > 0 ? value : value * slope;
    value = value > ceiling ? V{} + ceiling : value;
    store_floats<L>(place, value);
  }
};

}  // namespace caffe
