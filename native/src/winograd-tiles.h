// How planes of channels in blocks are cut into tiles for Winograd's algorithm, and how tiles are read and written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "bf16-kernels.h"
#include "lanes.h"
#include "planes.h"
#include "winograd-transforms.h"

namespace caffe {

// Tiles over all images, one row after the other.
struct Tiles {
  size_t images, rows, columns;
  size_t count() const { return images * rows * columns; }
};

// One tile after the other, from the one of that number on.
struct TileWalk {
  const Tiles& tiles;
  size_t image, row, column;
  TileWalk(const Tiles& all, size_t number)
      : tiles(all), image(number / (all.rows * all.columns)), row(number / all.columns % all.rows),
        column(number % all.columns) {}
  void step() {
    if (++column < tiles.columns) return;
    column = 0;
    if (++row < tiles.rows) return;
    row = 0;
    image++;
  }
};

// Loads the kSize×kSize elements from row y and column x on of a plane, 0 outside of it, and calls
// use(address, step): element (i, j) then lies at address + i * step + j * kLanes, as a float where it was brought together.
template <typename V, size_t kLanes, size_t kSize, typename E, typename Use>
inline __attribute__((always_inline)) void with_tile(const E* plane, const Planes& p, ptrdiff_t y, ptrdiff_t x, Use use) {
  const auto height = static_cast<ptrdiff_t>(p.height), width = static_cast<ptrdiff_t>(p.width);
  constexpr auto size = static_cast<ptrdiff_t>(kSize);
  if (y >= 0 && x >= 0 && y + size <= height && x + size <= width) {
    use(plane + (y * width + x) * kLanes, p.width * kLanes);
    return;
  }
  alignas(64) float room[kSize * kSize * kLanes];
  for (ptrdiff_t i = 0; i < size; i++) {
    for (ptrdiff_t j = 0; j < size; j++) {
      const bool is_inside = y + i >= 0 && y + i < height && x + j >= 0 && x + j < width;
      const V v = is_inside ? load_floats<Lanes<kLanes>>(plane + ((y + i) * width + x + j) * kLanes) : V{};
      store(room + (i * size + j) * kLanes, v);
    }
  }
  use(room, kSize * kLanes);
}

// Whether products of such vectors may be of bfloat16: where vectors have as many floats as the kernels'.
#if defined(CAFFE_HAS_BF16_KERNELS) && defined(__AVX512F__)
template <size_t kLanes>
constexpr bool kHasPairs = kLanes == bf16::kFloats;
#else
template <size_t kLanes>
constexpr bool kHasPairs = false;
#endif

// kPoints vectors rounded to bfloat16, each `step` elements behind the one before.
template <size_t kPoints, size_t kLanes>
inline void round_points(const float* from, Bf16* to, size_t step) {
  if constexpr (kHasPairs<kLanes>) bf16::round_points(kPoints, from, to, step);
}

// Transformed tiles of a vector of channels, of which two at a time are rounded to bfloat16, their numbers side by side.
template <size_t kPoints, size_t kLanes>
struct TilePairs {
  alignas(64) float points[2][kPoints * kLanes];

  // Where that of number t is to be written.
  float* of(size_t t) { return points[t % 2]; }
  // It is there: where it is the second, or the last of `count`, the pair goes to `to`, each point `step` elements behind the one before.
  void put(size_t t, size_t count, Bf16* to, size_t step) {
    if (t % 2 == 0 && t + 1 < count) return;
    if (t % 2 == 0) std::fill_n(points[1], kPoints * kLanes, 0.0f);
    if constexpr (kHasPairs<kLanes>) bf16::pair_points(kPoints, points[0], points[1], to, step);
  }
};

// Tiles of a plane's data as they go into products: those of a convolution whose first window begins pad_y rows and pad_x
// columns before the plane.
template <size_t kLanes, size_t kOut, size_t kWindow>
struct DataTiles {
  using V = typename Lanes<kLanes>::Floats;
  using T = Winograd<kOut, kWindow>;
  const Planes& planes;
  const Tiles& tiles;
  ptrdiff_t pad_y, pad_x;

  // `count` tiles from `first` on, of `vectors` vectors of channels from `begin` on: vector i of tile t to place(i, t), each
  // point `step` elements behind the one before.
  template <typename E, typename Place>
  void transform(const E* data, size_t first, size_t count, size_t begin, size_t vectors, size_t step,
                 const Place& place) const {
    using P = std::remove_pointer_t<decltype(place(0, 0))>;
    for (size_t i = 0; i < vectors; i++) {
      TileWalk at(tiles, first);
      for (size_t t = 0; t < count; t++, at.step()) {
        if constexpr (std::is_same_v<P, float>) {
          one(data, at, begin + i, place(i, t), step);
        } else {
          alignas(64) float points[kPoints * kLanes];
          one(data, at, begin + i, points, kLanes);
          round_points<kPoints, kLanes>(points, place(i, t), step);
        }
      }
    }
  }

  // The same rounded to bfloat16, numbers of two tiles side by side: vector i of tiles 2·t and 2·t + 1 to place(i, t).
  template <typename E, typename Place>
  void transform_pairs(const E* data, size_t first, size_t count, size_t begin, size_t vectors, size_t step,
                       const Place& place) const {
    for (size_t i = 0; i < vectors; i++) {
      TileWalk at(tiles, first);
      TilePairs<kPoints, kLanes> pairs;
      for (size_t t = 0; t < count; t++, at.step()) {
        one(data, at, begin + i, pairs.of(t), kLanes);
        pairs.put(t, count, place(i, t / 2), step);
      }
    }
  }

 private:
  static constexpr size_t kIn = T::kIn, kPoints = kIn * kIn;

  template <typename E>
  void one(const E* data, const TileWalk& at, size_t vector, float* to, size_t step) const {
    const E* plane = data + planes.at(at.image, vector);
    with_tile<V, kLanes, kIn>(plane, planes, static_cast<ptrdiff_t>(at.row * kOut) - pad_y,
                              static_cast<ptrdiff_t>(at.column * kOut) - pad_x, [&](const auto* d, size_t row) {
      on_both_sides<V, kIn, kIn>(
          [](const V* x, V* y) { T::data(x, y); },
          [&](size_t y, size_t x) { return load_floats<Lanes<kLanes>>(d + y * row + x * kLanes); },
          [&](size_t y, size_t x, const V& value) { store(to + (y * kIn + x) * step, value); });
    });
  }
};

// How many tiles lie in a block of them: fewer of more points.
constexpr size_t tiles_in_block(size_t points) { return points <= 16 ? 48 : points <= 36 ? 24 : 12; }

// Vectors of channels in parts of at most `most`, as equal as they can be.
struct Parts {
  size_t vectors, count;
  Parts(size_t all, size_t most) : vectors(all), count((all + most - 1) / most) {}
  size_t begin(size_t part) const { return part * (vectors / count) + std::min(part, vectors % count); }
  size_t length(size_t part) const { return begin(part + 1) - begin(part); }
  size_t longest() const { return (vectors + count - 1) / count; }
};

}  // namespace caffe
