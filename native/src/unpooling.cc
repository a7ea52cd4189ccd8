// Maxima back to their places, in any layout that keeps channels in blocks; src/engines/ops/windowed.ts has the formula.
#include <limits>

#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();

// Whether a mask names one of `size` places; false for NaN.
bool is_place(float mask, size_t size) { return mask > -1 && mask < static_cast<float>(size); }

// unpool(n, c, s, block, size, x, mask, y): planes of s positions into planes of `size`; the number, in a plain array, of
// the first element of the mask that names no place, or −1
double Unpool(Args& args) {
  const View v(args);
  const size_t size = args.size(), block = v.block, s = v.s;
  const float *x = args.floats(v.stored()), *mask = args.floats(v.stored());
  float* y = args.floats(v.rows() * size * block);
  std::vector<size_t> wrong(v.rows(), kNone);
  parallel(v.rows(), v.rows() * size * block, [&](size_t row) {
    // Zeros go just before what is written into them, while they are in the cache: maxima come in order, but for a few.
    constexpr size_t kAhead = 2048;
    const size_t channel = row % v.blocks() * block, lanes = std::min(block, v.c - channel);
    const size_t from = row * s * block, total = size * block;
    float* to = y + row * total;
    size_t zeroed = 0;
    for (size_t i = 0; i < s; i++) {
      for (size_t lane = 0; lane < lanes; lane++) {
        const float where = mask[from + i * block + lane];
        if (!is_place(where, size)) {
          const size_t plain = ((row / v.blocks()) * v.c + channel + lane) * s + i;
          wrong[row] = std::min(wrong[row], plain);
          continue;
        }
        const size_t at = static_cast<size_t>(where) * block + lane;
        if (at >= zeroed) {
          const size_t end = std::min(total, at + kAhead);
          std::fill(to + zeroed, to + end, 0.0f);
          zeroed = end;
        }
        to[at] = x[from + i * block + lane];
      }
    }
    std::fill(to + zeroed, to + total, 0.0f);
  });
  const size_t first = wrong.empty() ? kNone : *std::min_element(wrong.begin(), wrong.end());
  return first == kNone ? -1.0 : static_cast<double>(first);
}

// unpoolBackward(n, c, s, block, size, dy, mask, dx)
void UnpoolBackward(Args& args) {
  const View v(args);
  const size_t size = args.size(), block = v.block, s = v.s;
  const float *dy = args.floats(v.rows() * size * block), *mask = args.floats(v.stored());
  float* dx = args.floats(v.stored());
  parallel(v.rows(), v.stored(), [&](size_t row) {
    const size_t lanes = std::min(block, v.c - row % v.blocks() * block), from = row * s * block;
    const float* own = dy + row * size * block;
    for (size_t i = 0; i < s; i++) {
      float* to = dx + from + i * block;
      for (size_t lane = 0; lane < lanes; lane++) {
        const float where = mask[from + i * block + lane];
        if (!is_place(where, size)) throw std::out_of_range("a mask that names no place");
        to[lane] = own[static_cast<size_t>(where) * block + lane];
      }
      std::fill(to + lanes, to + block, 0.0f);
    }
  });
}

}  // namespace

void InitUnpooling(Napi::Object exports) {
  define<Unpool>(exports, "unpool");
  define<UnpoolBackward>(exports, "unpoolBackward");
}

}  // namespace caffe
