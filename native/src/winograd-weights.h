// The gradient of the weights of a convolution of 3×3 or 5×5 that moves by one, by Winograd's algorithm.
//
// A task is a part of the inputs by a part of the outputs, so small that its sums stay in a thread's own cache; all tiles go
// past them. Where there are fewer tasks than threads keep busy, these share out the tiles, and their sums are added in order.
#pragma once

#include <omp.h>

#include <cmath>
#include <type_traits>

#include "winograd-tiles.h"

namespace caffe {

struct WinogradGradientShapes {
  // The convolution's data, and the gradient of its result.
  Planes data, gradient;
  ptrdiff_t pad_y, pad_x;
};

// E: what data and the gradient of the result are made of. P: what is multiplied, floats or bfloat16, as which both are held transformed.
template <typename E, typename P, size_t kLanes, size_t kOut, size_t kWindow>
class WinogradBackwardWeights {
  using V = typename Lanes<kLanes>::Floats;
  using T = Winograd<kOut, kWindow>;
  static constexpr size_t kIn = T::kIn, kPoints = kIn * kIn, kTaps = kWindow * kWindow, kTap = kLanes * kLanes;
  // A product's sums: kTall inputs by kWide vectors of outputs, as many as registers hold.
  static constexpr size_t kTall = 6, kWide = kLanes == 16 ? 4 : 2;
  static constexpr bool kIsPaired = std::is_same_v<P, Bf16>;
  // Tiles that a product takes at a time: their numbers lie side by side.
  static constexpr size_t kAtOnce = kIsPaired ? 2 : 1;
  // Tiles in a block, and vectors of inputs and of outputs in a task.
  static constexpr size_t kBlock = (kPoints == 36 ? 20 : tiles_in_block(kPoints)) * kAtOnce, kPart = (kPoints > 36 ? 32 : 64) / kLanes;
  static_assert(kBlock % 2 == 0, "Tiles of a block are paired.");
  // Keeps the points' parts apart that would else lie on the same lines of the first cache.
  static constexpr size_t kApart = 64 / sizeof(P), kApartSums = 16;

 public:
  WinogradBackwardWeights(const WinogradGradientShapes& shapes, int threads)
      : s_(shapes),
        threads_(static_cast<size_t>(threads)),
        tiles_{s_.gradient.images, (s_.gradient.height + kOut - 1) / kOut, (s_.gradient.width + kOut - 1) / kOut},
        inputs_(s_.data.vectors(), kPart),
        outputs_(s_.gradient.vectors(), kPart) {
    blocks_ = (tiles_.count() + kBlock - 1) / kBlock;
    const size_t tasks = inputs_.count * outputs_.count;
    splits_ = tasks % threads_ == 0 || tasks >= 8 * threads_ ? 1 : std::min(threads_, blocks_);
    const size_t in = inputs_.longest() * kLanes, out = outputs_.longest() * kLanes;
    v_step_ = kBlock * in + kApart;
    z_step_ = kBlock * out + kApart;
    m_step_ = in * out + kApartSums;
  }

  // Floats to work in: what each thread holds, and the results of each share of the tiles.
  size_t scratch() const { return threads_ * held() + splits_ * (shared() + s_.gradient.vectors() * kLanes); }

  // dbias may be nullptr.
  void run(const E* data, const E* gradient, float* dweights, float* dbias, float* scratch) const {
    float* const shares = scratch + threads_ * held();
    float* const biases = shares + splits_ * shared();
    const size_t channels = s_.gradient.vectors() * kLanes;
#pragma omp parallel num_threads(static_cast<int>(threads_))
    {
      float* const own = scratch + omp_get_thread_num() * held();
#pragma omp for collapse(3) schedule(dynamic)
      for (size_t out = 0; out < outputs_.count; out++) {
        for (size_t in = 0; in < inputs_.count; in++) {
          for (size_t split = 0; split < splits_; split++) {
            work(data, gradient, in, out, split, own, splits_ == 1 ? dweights : shares + split * shared(),
                 biases + split * channels);
          }
        }
      }
      if (splits_ > 1) {
#pragma omp for schedule(static)
        for (size_t i = 0; i < shared(); i += kLanes) {
          V sum = load<V>(shares + i);
          for (size_t split = 1; split < splits_; split++) sum += load<V>(shares + split * shared() + i);
          store(dweights + i, sum);
        }
      }
    }
    if (dbias == nullptr) return;
    for (size_t c = 0; c < s_.gradient.channels; c++) {
      dbias[c] = 0;
      for (size_t split = 0; split < splits_; split++) dbias[c] += biases[split * channels + c];
    }
  }

  // Floats of those that each thread has to itself.
  size_t held() const { return kPoints * (floats_for<P>(v_step_ + z_step_) + m_step_); }

 private:
  // All weights, where shares of the tiles give each their own.
  size_t shared() const { return splits_ == 1 ? 0 : kTaps * kTap * s_.data.vectors() * s_.gradient.vectors(); }

  void work(const E* data, const E* gradient, size_t in, size_t out, size_t split, float* own, float* dweights,
            float* biases) const {
    P *const v = reinterpret_cast<P*>(own), *const z = v + kPoints * v_step_;
    float* const m = own + kPoints * floats_for<P>(v_step_ + z_step_);
    const size_t first = split * blocks_ / splits_, last = (split + 1) * blocks_ / splits_;
    const size_t rows = inputs_.length(in) * kLanes, columns = outputs_.length(out) * kLanes;
    // The gradient of the bias is summed once, beside the first inputs.
    float* const sums = in == 0 ? biases + outputs_.begin(out) * kLanes : nullptr;
    if (sums != nullptr) std::fill_n(sums, columns, 0.0f);
    for (size_t block = first; block < last; block++) {
      const size_t tile = block * kBlock, tiles = std::min(kBlock, tiles_.count() - tile);
      transform_data(data, tile, tiles, in, v);
      transform_gradient(gradient, tile, tiles, out, z, sums);
      for (size_t p = 0; p < kPoints; p++) {
        for (size_t c = 0; c < columns; c += kWide * kLanes) {
          const size_t wide = std::min(kWide, (columns - c) / kLanes);
          for (size_t r = 0; r < rows; r += kTall) {
            product(std::min(kTall, rows - r), wide, tiles, v + p * v_step_ + kAtOnce * r, rows, z + p * z_step_ + kAtOnce * c, columns,
                    m + p * m_step_ + r * columns + c, block > first);
          }
        }
      }
    }
    transform_back(m, in, out, dweights);
  }

  // v (point, tile, input), or of two tiles side by side
  void transform_data(const E* from, size_t first, size_t tiles, size_t in, P* v) const {
    const size_t vectors = inputs_.length(in);
    const DataTiles<kLanes, kOut, kWindow> data{s_.data, tiles_, s_.pad_y, s_.pad_x};
    if constexpr (kIsPaired) {
      data.transform_pairs(from, first, tiles, inputs_.begin(in), vectors, v_step_,
                           [=](size_t i, size_t pair) { return v + (pair * vectors + i) * 2 * kLanes; });
    } else {
      data.transform(from, first, tiles, inputs_.begin(in), vectors, v_step_,
                     [=](size_t i, size_t t) { return v + (t * vectors + i) * kLanes; });
    }
  }

  // z (point, tile, output), or of two tiles side by side; what the tiles hold is added to `sums` unless that is nullptr.
  void transform_gradient(const E* gradient, size_t first, size_t tiles, size_t out, P* z, float* sums) const {
    const size_t vectors = outputs_.length(out);
    for (size_t o = 0; o < vectors; o++) {
      TileWalk at(tiles_, first);
      V sum{};
      [[maybe_unused]] std::conditional_t<kIsPaired, TilePairs<kPoints, kLanes>, int> pairs;
      for (size_t t = 0; t < tiles; t++, at.step()) {
        const E* plane = gradient + s_.gradient.at(at.image, outputs_.begin(out) + o);
        float* to;
        size_t step;
        if constexpr (kIsPaired) {
          to = pairs.of(t);
          step = kLanes;
        } else {
          to = z + (t * vectors + o) * kLanes;
          step = z_step_;
        }
        with_tile<V, kLanes, kOut>(plane, s_.gradient, static_cast<ptrdiff_t>(at.row * kOut),
                                   static_cast<ptrdiff_t>(at.column * kOut), [&](const auto* d, size_t row) {
          V total{};
          on_both_sides<V, kOut, kIn>(
              [](const V* x, V* y) { T::output_gradient(x, y); },
              [&](size_t y, size_t x) {
                const V value = load_floats<Lanes<kLanes>>(d + y * row + x * kLanes);
                total += value;
                return value;
              },
              [&](size_t y, size_t x, const V& value) { store(to + (y * kIn + x) * step, value); });
          sum += total;
        });
        if constexpr (kIsPaired) pairs.put(t, tiles, z + (t / 2 * vectors + o) * 2 * kLanes, z_step_);
      }
      if (sums != nullptr) store(sums + o * kLanes, load<V>(sums + o * kLanes) + sum);
    }
  }

  // kRows inputs by kVectors of outputs: m = or += Σ over tiles v · z
  template <size_t kRows, size_t kVectors>
  static void sums_of(size_t tiles, const float* v, size_t rows, const float* z, size_t columns, float* m, bool adds) {
    V own[kRows][kVectors];
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; j++) own[i][j] = adds ? load<V>(m + i * columns + j * kLanes) : V{};
    }
    for (size_t t = 0; t < tiles; t++, v += rows, z += columns) {
      V row[kVectors];
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; j++) row[j] = load<V>(z + j * kLanes);
#pragma GCC unroll 8
      for (size_t i = 0; i < kRows; i++) {
        const float x = v[i];
#pragma GCC unroll 4
        for (size_t j = 0; j < kVectors; j++) own[i][j] += x * row[j];
      }
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; j++) store(m + i * columns + j * kLanes, own[i][j]);
    }
  }

  template <size_t kRows>
  static void product_of(size_t wide, size_t tiles, const float* v, size_t rows, const float* z, size_t columns,
                         float* m, bool adds) {
    if (wide == 1) sums_of<kRows, 1>(tiles, v, rows, z, columns, m, adds);
    else if (wide == 2) sums_of<kRows, 2>(tiles, v, rows, z, columns, m, adds);
    else if constexpr (kWide > 2) {
      if (wide == 3) sums_of<kRows, 3>(tiles, v, rows, z, columns, m, adds);
      else sums_of<kRows, 4>(tiles, v, rows, z, columns, m, adds);
    }
  }

  static void product(size_t count, size_t wide, size_t tiles, const Bf16* v, size_t rows, const Bf16* z, size_t columns, float* m,
                      bool adds) {
    if constexpr (kHasPairs<kLanes>) {
      const size_t pairs = (tiles + 1) / 2;
      with_constant<kTall>(count, [&](auto tall) {
        with_constant<kWide>(wide, [&](auto vectors) {
          bf16::add_pairs_of<decltype(tall)::value, decltype(vectors)::value, 2>(pairs, v, {pairs, 2 * rows, 0}, z, 2 * columns, m,
                                                                               columns, adds);
        });
      });
    }
  }

  static void product(size_t count, size_t wide, size_t tiles, const float* v, size_t rows, const float* z,
                      size_t columns, float* m, bool adds) {
    switch (count) {
      case 2: return product_of<2>(wide, tiles, v, rows, z, columns, m, adds);
      case 4: return product_of<4>(wide, tiles, v, rows, z, columns, m, adds);
      default: return product_of<6>(wide, tiles, v, rows, z, columns, m, adds);
    }
  }

  void transform_back(const float* m, size_t in, size_t out, float* dweights) const {
    const size_t columns = outputs_.length(out) * kLanes;
    for (size_t o = 0; o < outputs_.length(out); o++) {
      for (size_t i = 0; i < inputs_.length(in) * kLanes; i++) {
        const float* sums = m + i * columns + o * kLanes;
        const size_t block = (outputs_.begin(out) + o) * s_.data.vectors() + inputs_.begin(in) + i / kLanes;
        float* const to = dweights + block * kTaps * kTap + i % kLanes * kLanes;
        on_both_sides<V, kIn, kWindow>(
            [](const V* u, V* g) { T::weights_gradient(u, g); },
            [&](size_t y, size_t x) { return load<V>(sums + (y * kIn + x) * m_step_); },
            [&](size_t y, size_t x, const V& value) { store(to + (y * kWindow + x) * kTap, value); });
      }
    }
  }

  WinogradGradientShapes s_;
  size_t threads_;
  Tiles tiles_;
  Parts inputs_, outputs_;
  size_t blocks_, splits_;
  // From one point to the next.
  size_t v_step_, z_step_, m_step_;
};

}  // namespace caffe
