// Pooling by loops, in any layout that keeps channels in blocks, with Caffe's windows and the position of each maximum.
#include <limits>

#include "lanes.h"
#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

// Output (i, j) sees rows [h0, h1) and columns [w0, w1) of the image; padding counts in its area, what lies beyond
// the padded image does not.
struct Pool {
  View in;
  size_t height, width, out_height, out_width;
  int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;

  explicit Pool(Args& args)
      : in(args),
        height(args.size()),
        width(args.size()),
        out_height(args.size()),
        out_width(args.size()),
        kernel_h(args.size()),
        kernel_w(args.size()),
        stride_h(args.size()),
        stride_w(args.size()),
        pad_h(args.size()),
        pad_w(args.size()) {
    if (height * width != in.s) throw std::length_error("a plane of another size");
    if (kernel_h < 1 || kernel_w < 1 || stride_h < 1 || stride_w < 1) throw std::out_of_range("a window of no size");
  }

  // Elements of the input and of the output.
  size_t inputs() const { return in.stored(); }
  size_t outputs() const { return in.rows() * positions() * in.block; }
  size_t positions() const { return out_height * out_width; }

  // Calls visit(output position, h0, h1, w0, w1, area) in order.
  template <typename Visit>
  void each_window(Visit visit) const {
    const auto h = static_cast<int64_t>(height), w = static_cast<int64_t>(width);
    for (size_t i = 0, at = 0; i < out_height; i++) {
      const int64_t top = static_cast<int64_t>(i) * stride_h - pad_h, bottom = std::min(top + kernel_h, h + pad_h);
      for (size_t j = 0; j < out_width; j++, at++) {
        const int64_t left = static_cast<int64_t>(j) * stride_w - pad_w, right = std::min(left + kernel_w, w + pad_w);
        visit(at, std::max<int64_t>(top, 0), std::min(bottom, h), std::max<int64_t>(left, 0), std::min(right, w),
              static_cast<float>((bottom - top) * (right - left)));
      }
    }
  }
};

// Runs task(row, lane, lanes) so that lanes of one row are neighbours in memory: 16 channels, or a single one.
template <typename Task>
void each_row(const Pool& p, Task task) {
  with_block(p.in.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    constexpr size_t kLanes = kBlock == 0 ? 1 : kBlock;
    const size_t groups = p.in.block / kLanes;
    parallel(p.in.rows() * groups, p.in.stored(), [&](size_t r) {
      task(std::integral_constant<size_t, kLanes>(), r / groups, r % groups * kLanes);
    });
  });
}

// Where the sums of one row's lanes are made, which windows that overlap add to: of floats in the array itself, of other
// elements in floats beside it.
template <typename E>
class RowSums {
 public:
  RowSums(const Pool& p, E* to, size_t lanes) : p_(p), to_(to), lanes_(lanes) {
    if constexpr (!std::is_same_v<E, float>) beside_.resize(p.in.row_size());
  }
  float* sums() {
    if constexpr (std::is_same_v<E, float>) return to_;
    else return beside_.data();
  }
  void finish() {
    if constexpr (std::is_same_v<E, float>) return;
    const size_t block = p_.in.block;
    for (size_t i = 0; i < p_.in.s; i++) std::copy_n(beside_.data() + i * block, lanes_, to_ + i * block);
  }

 private:
  const Pool& p_;
  E* to_;
  size_t lanes_;
  std::vector<float> beside_;
};

// Calls work with height and width of the window as constants where they are 2 or 3; else 0 for "not known".
template <typename Work>
void with_window(const Pool& p, Work work) {
  if (p.kernel_h == 2 && p.kernel_w == 2) work(std::integral_constant<int64_t, 2>());
  else if (p.kernel_h == 3 && p.kernel_w == 3) work(std::integral_constant<int64_t, 3>());
  else work(std::integral_constant<int64_t, 0>());
}

// Calls visit(h, w, position) for each position of the window of output (i, j) that lies in the image; `position` counts
// the window's own. Where the window's size is a constant and none of it lies outside, the loop is unrolled.
template <int64_t kSize, typename Visit>
inline void each_position(const Pool& p, int64_t top, int64_t left, Visit visit) {
  const auto h = static_cast<int64_t>(p.height), w = static_cast<int64_t>(p.width);
  if (kSize > 0 && top >= 0 && left >= 0 && top + kSize <= h && left + kSize <= w) {
#pragma GCC unroll 9
    for (int64_t k = 0; k < kSize * kSize; k++) visit(top + k / kSize, left + k % kSize, static_cast<int32_t>(k));
    return;
  }
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + p.kernel_h, h); y++) {
    for (int64_t x = std::max<int64_t>(left, 0); x < std::min(left + p.kernel_w, w); x++) {
      visit(y, x, static_cast<int32_t>((y - top) * p.kernel_w + x - left));
    }
  }
}

// Marks where a maximum was: in a window of fewer than 256 positions by the position in it, one byte each.
constexpr uint8_t kNowhere = 255;

// maxPool(view, sizes…, isRectified, x, y, marks): the first greatest of each window; nowhere where it is not above 0 and
// isRectified
template <typename E>
void MaxPool(Args& args) {
  const Pool p(args);
  const float least = args.flag() ? 0 : -std::numeric_limits<float>::infinity();
  const E* x = args.elements<E>(p.inputs());
  E* y = args.elements<E>(p.outputs());
  auto* marks = reinterpret_cast<uint8_t*>(args.floats((p.outputs() + 3) / 4));
  each_row(p, [&](auto constant, size_t row, size_t lane) {
    using L = Lanes<decltype(constant)::value>;
    with_window(p, [&](auto size) {
      const size_t block = p.in.block, width = p.width;
      size_t out = row * p.positions() * block + lane;
      const E* from = x + row * p.in.row_size() + lane;
      for (size_t i = 0; i < p.out_height; i++) {
        for (size_t j = 0; j < p.out_width; j++, out += block) {
          auto best = typename L::Floats{} - std::numeric_limits<float>::max();
          auto mark = typename L::Ints{} + kNowhere;
          const auto top = static_cast<int64_t>(i) * p.stride_h - p.pad_h;
          const auto left = static_cast<int64_t>(j) * p.stride_w - p.pad_w;
          each_position<decltype(size)::value>(p, top, left, [&](int64_t h, int64_t w, int32_t here) {
            const auto value = load_floats<L>(from + (h * width + w) * block);
            const auto is_greater = value > best;
            best = is_greater ? value : best;
            mark = is_greater ? typename L::Ints{} + here : mark;
          });
          store_floats<L>(y + out, best);
          mark = best > least ? mark : typename L::Ints{} + kNowhere;
          store(marks + out, __builtin_convertvector(mark, typename L::Bytes));
        }
      }
    });
  });
}

// maxPoolBackward(view, sizes…, dy, marks, dx)
template <typename E>
void MaxPoolBackward(Args& args) {
  const Pool p(args);
  const E* dy = args.elements<E>(p.outputs());
  const auto* marks = reinterpret_cast<const uint8_t*>(args.floats((p.outputs() + 3) / 4));
  E* dx = args.elements<E>(p.inputs());
  const bool overlaps = p.stride_h < p.kernel_h || p.stride_w < p.kernel_w;
  each_row(p, [&](auto constant, size_t row, size_t lane) {
    using L = Lanes<decltype(constant)::value>;
    with_window(p, [&](auto size) {
      const size_t block = p.in.block, width = p.width;
      size_t out = row * p.positions() * block + lane;
      RowSums<E> own(p, dx + row * p.in.row_size() + lane, decltype(constant)::value);
      float* to = own.sums();
      // Rows of the image are cleared shortly before windows reach them, while they are in the cache.
      size_t cleared = 0;
      const auto clear_rows = [&](int64_t end) {
        const size_t positions = std::min(static_cast<size_t>(std::max<int64_t>(end, 0)), p.height) * width;
        for (; cleared < positions; cleared++) store(to + cleared * block, typename L::Floats{});
      };
      for (size_t i = 0; i < p.out_height; i++) {
        const auto top = static_cast<int64_t>(i) * p.stride_h - p.pad_h;
        clear_rows(top + p.kernel_h);
        for (size_t j = 0; j < p.out_width; j++, out += block) {
          const auto slope = load_floats<L>(dy + out);
          const auto mark = __builtin_convertvector(load<typename L::Bytes>(marks + out), typename L::Ints);
          const auto left = static_cast<int64_t>(j) * p.stride_w - p.pad_w;
          each_position<decltype(size)::value>(p, top, left, [&](int64_t h, int64_t w, int32_t here) {
            float* target = to + (h * width + w) * block;
            const auto share = mark == here ? slope : typename L::Floats{};
            store(target, overlaps ? load<typename L::Floats>(target) + share : share);
          });
        }
      }
      clear_rows(static_cast<int64_t>(p.height));
      own.finish();
    });
  });
}

// indexedMaxPool(view, sizes…, x, y, index): index is h·W + w of the first greatest, as a float; −1 where the window is
// empty
template <typename E>
void IndexedMaxPool(Args& args) {
  const Pool p(args);
  const E* x = args.elements<E>(p.inputs());
  E *y = args.elements<E>(p.outputs());
  float* index = args.floats(p.outputs());
  each_row(p, [&](auto constant, size_t row, size_t lane) {
    constexpr size_t kLanes = decltype(constant)::value;
    const size_t block = p.in.block, out = row * p.positions() * block + lane;
    const E* from = x + row * p.in.row_size() + lane;
    p.each_window([&](size_t at, int64_t h0, int64_t h1, int64_t w0, int64_t w1, float) {
      float best[kLanes], mark[kLanes];
      std::fill_n(best, kLanes, -std::numeric_limits<float>::max());
      std::fill_n(mark, kLanes, -1.0f);
      for (int64_t h = h0; h < h1; h++) {
        for (int64_t w = w0; w < w1; w++) {
          const size_t offset = h * p.width + w;
          const E* value = from + offset * block;
          const auto here = static_cast<float>(offset);
#pragma omp simd
          for (size_t l = 0; l < kLanes; l++) {
            const float here_value = value[l];
            const bool is_greater = here_value > best[l];
            best[l] = is_greater ? here_value : best[l];
            mark[l] = is_greater ? here : mark[l];
          }
        }
      }
      std::copy(best, best + kLanes, y + out + at * block);
      std::copy(mark, mark + kLanes, index + out + at * block);
    });
  });
}

// A position of the plane.
size_t place_of(float index, size_t positions) {
  if (!(index < static_cast<float>(positions))) throw std::out_of_range("a place that is not in the plane");
  return static_cast<size_t>(index);
}

// indexedMaxPoolBackward(view, sizes…, dy, index, dx)
template <typename E>
void IndexedMaxPoolBackward(Args& args) {
  const Pool p(args);
  const E* dy = args.elements<E>(p.outputs());
  const float* index = args.floats(p.outputs());
  E* dx = args.elements<E>(p.inputs());
  each_row(p, [&](auto constant, size_t row, size_t lane) {
    constexpr size_t kLanes = decltype(constant)::value;
    const size_t block = p.in.block, out = row * p.positions() * block + lane;
    RowSums<E> own(p, dx + row * p.in.row_size() + lane, kLanes);
    float* to = own.sums();
    for (size_t i = 0; i < p.in.s; i++) std::fill_n(to + i * block, kLanes, 0.0f);
    for (size_t at = 0; at < p.positions(); at++) {
      const size_t from = out + at * block;
      for (size_t l = 0; l < kLanes; l++) {
        if (index[from + l] >= 0) to[place_of(index[from + l], p.in.s) * block + l] += dy[from + l];
      }
    }
    own.finish();
  });
}

// meanPool(view, sizes…, x, y)
template <typename E>
void MeanPool(Args& args) {
  const Pool p(args);
  const E* x = args.elements<E>(p.inputs());
  E* y = args.elements<E>(p.outputs());
  each_row(p, [&](auto constant, size_t row, size_t lane) {
    constexpr size_t kLanes = decltype(constant)::value;
    const size_t block = p.in.block, out = row * p.positions() * block + lane;
    const E* from = x + row * p.in.row_size() + lane;
    p.each_window([&](size_t at, int64_t h0, int64_t h1, int64_t w0, int64_t w1, float area) {
      float sum[kLanes] = {};
      for (int64_t h = h0; h < h1; h++) {
        for (int64_t w = w0; w < w1; w++) {
          const E* value = from + (h * p.width + w) * block;
#pragma omp simd
          for (size_t l = 0; l < kLanes; l++) sum[l] += value[l];
        }
      }
      for (size_t l = 0; l < kLanes; l++) y[out + at * block + l] = sum[l] / area;
    });
  });
}

// meanPoolBackward(view, sizes…, dy, dx)
template <typename E>
void MeanPoolBackward(Args& args) {
  const Pool p(args);
  const E* dy = args.elements<E>(p.outputs());
  E* dx = args.elements<E>(p.inputs());
  each_row(p, [&](auto constant, size_t row, size_t lane) {
    constexpr size_t kLanes = decltype(constant)::value;
    const size_t block = p.in.block, out = row * p.positions() * block + lane;
    RowSums<E> own(p, dx + row * p.in.row_size() + lane, kLanes);
    float* to = own.sums();
    for (size_t i = 0; i < p.in.s; i++) std::fill_n(to + i * block, kLanes, 0.0f);
    p.each_window([&](size_t at, int64_t h0, int64_t h1, int64_t w0, int64_t w1, float area) {
      float share[kLanes];
      for (size_t l = 0; l < kLanes; l++) share[l] = dy[out + at * block + l] / area;
      for (int64_t h = h0; h < h1; h++) {
        for (int64_t w = w0; w < w1; w++) {
          float* value = to + (h * p.width + w) * block;
#pragma omp simd
          for (size_t l = 0; l < kLanes; l++) value[l] += share[l];
        }
      }
    });
    own.finish();
  });
}

// Calls visit(output position of the array, window's plane, h0, h1, w0, w1, Σ x, Σ x²) for each window of row-major planes.
template <typename Visit>
void each_sum(const Pool& p, const float* x, Visit visit) {
  if (p.in.block != 1) throw std::length_error("planes that do not lie by themselves");
  parallel(p.in.rows(), p.in.stored(), [&](size_t plane) {
    const float* from = x + plane * p.in.s;
    p.each_window([&](size_t at, int64_t h0, int64_t h1, int64_t w0, int64_t w1, float) {
      double sum = 0, squares = 0;
      for (int64_t h = h0; h < h1; h++) {
        for (int64_t w = w0; w < w1; w++) {
          const double value = from[h * p.width + w];
          sum += value;
          squares += value * value;
        }
      }
      visit(plane * p.positions() + at, plane, h0, h1, w0, w1, sum, squares);
    });
  });
}

// drawnPool(plain view, sizes…, stream, pass, x, y, index): y is the first x at which the running sum of its window
// reaches a random share of Σ x, or is no number; index as of indexedMaxPool
void DrawnPool(Args& args) {
  const Pool p(args);
  const uint32_t stream = args.word(), pass = args.word();
  const float* x = args.floats(p.inputs());
  float *y = args.floats(p.outputs()), *index = args.floats(p.outputs());
  each_sum(p, x, [=](size_t at, size_t plane, int64_t h0, int64_t h1, int64_t w0, int64_t w1, double sum, double) {
    const float* from = x + plane * p.in.s;
    const double threshold = random_bits(stream, pass, static_cast<uint32_t>(at)) / 4294967296.0 * sum;
    size_t drawn = (h1 - 1) * p.width + w1 - 1;
    double running = 0;
    for (int64_t h = h0; h < h1; h++) {
      for (int64_t w = w0; w < w1; w++) {
        running += from[h * p.width + w];
        if (!(running >= threshold || std::isnan(running))) continue;
        drawn = h * p.width + w;
        h = h1;
        break;
      }
    }
    y[at] = from[drawn];
    index[at] = static_cast<float>(drawn);
  });
}

// expectedPool(plain view, sizes…, x, y): Σ x² / Σ x, 0 where the sum is 0 or less
void ExpectedPool(Args& args) {
  const Pool p(args);
  const float* x = args.floats(p.inputs());
  float* y = args.floats(p.outputs());
  each_sum(p, x, [=](size_t at, size_t, int64_t, int64_t, int64_t, int64_t, double sum, double squares) {
    y[at] = sum <= 0 ? 0 : static_cast<float>(squares / sum);
  });
}

// expectedPoolBackward(plain view, sizes…, x, dy, dx): dx = Σ over the windows dy · (2x − y) / Σ x
void ExpectedPoolBackward(Args& args) {
  const Pool p(args);
  const float *x = args.floats(p.inputs()), *dy = args.floats(p.outputs());
  float* dx = args.floats(p.inputs());
  std::fill_n(dx, p.inputs(), 0.0f);
  each_sum(p, x, [=](size_t at, size_t plane, int64_t h0, int64_t h1, int64_t w0, int64_t w1, double sum,
                     double squares) {
    if (sum <= 0) return;
    const auto share = static_cast<float>(dy[at] / sum), mean = static_cast<float>(squares / sum);
    for (int64_t h = h0; h < h1; h++) {
      for (int64_t w = w0; w < w1; w++) {
        const size_t i = plane * p.in.s + h * p.width + w;
        dx[i] += share * (2 * x[i] - mean);
      }
    }
  });
}

}  // namespace

void InitWindows(Napi::Object exports) {
  define<MaxPool<float>, MaxPool<Bf16>>(exports, "maxPool");
  define<MaxPoolBackward<float>, MaxPoolBackward<Bf16>>(exports, "maxPoolBackward");
  define<IndexedMaxPool<float>, IndexedMaxPool<Bf16>>(exports, "indexedMaxPool");
  define<IndexedMaxPoolBackward<float>, IndexedMaxPoolBackward<Bf16>>(exports, "indexedMaxPoolBackward");
  define<MeanPool<float>, MeanPool<Bf16>>(exports, "meanPool");
  define<MeanPoolBackward<float>, MeanPoolBackward<Bf16>>(exports, "meanPoolBackward");
  define<DrawnPool>(exports, "drawnPool");
  define<ExpectedPool>(exports, "expectedPool");
  define<ExpectedPoolBackward>(exports, "expectedPoolBackward");
}

}  // namespace caffe
