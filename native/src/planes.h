// Planes of channels, as loops of ours see them.
#pragma once

#include <cstddef>

namespace caffe {

// Planes of one layout nChw16c or nChw8c: `vectors` of `lanes` channels each. Those of a group of channels are among `step` vectors
// that an image has.
struct Planes {
  size_t images, channels, height, width, lanes, step;
  size_t vectors() const { return (channels + lanes - 1) / lanes; }
  size_t size() const { return height * width * lanes; }
  size_t at(size_t image, size_t vector) const { return (image * step + vector) * size(); }
};

}  // namespace caffe
