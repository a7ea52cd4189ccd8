// A convolution of 3×3 or 5×5 that moves by one, and the gradient of its data, by Winograd's algorithm.
//
// The weights are transformed first, for as many outputs as stay in the last cache, or were before, all of them. Then each thread takes
// one block of tiles after the other: transforms the inputs, multiplies, transforms back, all while they lie in its own cache.
//
// Of few tiles, as of one image, the transformed weights are most of what moves: each thread has outputs of its own there, holds all tiles,
// and multiplies by a piece of the weights as soon as it has transformed it, while that lies in its own cache. Nobody waits for another.
#pragma once

#include <omp.h>

#include <cmath>
#include <type_traits>
#include <vector>

#include "ending.h"
#include "winograd-tiles.h"

namespace caffe {

// What the transforms work on: sums over `from.channels` go to `to`.
struct WinogradShapes {
  Planes from, to;
  // How far the first window begins before the first row and column.
  ptrdiff_t pad_y, pad_x;
  // The weights' first axis is that of `from`: a gradient of data. Its windows are turned round.
  bool is_gradient;
  // They come transformed.
  bool are_prepared;
};

// E: what data and results are made of. P: what is multiplied, floats or bfloat16, as which transformed data and weights are held.
// Weights are floats, and rounded as data is where those are multiplied.
template <typename E, typename P, size_t kLanes, size_t kOut, size_t kWindow>
class WinogradForward {
  using V = typename Lanes<kLanes>::Floats;
  using T = Winograd<kOut, kWindow>;
  static constexpr size_t kIn = T::kIn, kPoints = kIn * kIn, kTaps = kWindow * kWindow;
  static constexpr bool kIsPaired = std::is_same_v<P, Bf16>;
  // Inputs that a product takes at a time: their weights lie side by side.
  static constexpr size_t kAtOnce = kIsPaired ? 2 : 1;
  // A product's sums: kTall tiles by kWide vectors of outputs, as many as registers hold.
  static constexpr size_t kTall = 6, kWide = kLanes == 16 ? 4 : 2;
  // Tiles in a block; vectors of inputs whose transforms are held at a time; groups of kWide outputs that meet them.
  static constexpr size_t kBlock = tiles_in_block(kPoints) * kAtOnce, kChunk = 128 / kLanes, kGroups = 2;
  // Keeps the points' parts apart that would else lie on the same lines of the first cache.
  static constexpr size_t kApart = 64 / sizeof(P), kApartSums = 16;
  // Products that one thread does in the time in which another joins.
  static constexpr size_t kAlone = 1 << 19;
  // Floats of a piece of transformed weights, and vectors of inputs that it is for; floats of all tiles' data that are few.
  static constexpr size_t kPieceFloats = 80000, kFewFloats = 300000;
  static constexpr size_t kPiece = std::max<size_t>(1, kPieceFloats / (kPoints * kWide * kLanes * kLanes));

 public:
  WinogradForward(const WinogradShapes& shapes, int threads)
      : s_(shapes),
        tiles_{s_.to.images, (s_.to.height + kOut - 1) / kOut, (s_.to.width + kOut - 1) / kOut},
        inputs_(s_.from.vectors(), kChunk),
        outputs_(s_.to.vectors(), kWide) {
    const size_t count = tiles_.count(), products = kPoints * count * s_.from.channels * s_.to.channels;
    threads_ = std::min(static_cast<size_t>(threads), std::max<size_t>(1, products / kAlone));
    are_few_ = !s_.are_prepared && kPoints * tall(count) * s_.from.vectors() * kLanes <= kFewFloats && s_.to.vectors() >= threads_;
    if (are_few_) {
      inputs_ = Parts(s_.from.vectors(), kPiece);
      outputs_.count = (outputs_.count + threads_ - 1) / threads_ * threads_;
      outputs_.count = std::min(outputs_.count, s_.to.vectors());
      block_ = count;
      u_step_ = inputs_.longest() * kLanes * outputs_.longest() * kLanes + kApart;
      v_step_ = tall(count) * inputs_.longest() * kLanes + kApart;
      m_step_ = count * outputs_.longest() * kLanes + kApartSums;
      return;
    }
    blocks_ = (count + kBlock - 1) / kBlock;
    if (blocks_ > 1) blocks_ = (blocks_ + threads_ - 1) / threads_ * threads_;
    block_ = (count + blocks_ - 1) / blocks_;
    blocks_ = (count + block_ - 1) / block_;
    pass_ = inputs_.count == 1 ? outputs_.count : std::min(outputs_.count, kGroups);
    held_ = inputs_.count == 1 || blocks_ < threads_ ? 1 : pass_;
    // Where there are fewer blocks than threads, these share out the outputs.
    shares_ = std::min(pass_ / held_, (threads_ + blocks_ - 1) / blocks_);
    const size_t wide = outputs_.longest() * kLanes;
    u_step_ = s_.from.vectors() * kLanes * (s_.are_prepared ? outputs_.count : pass_) * wide + kApart;
    v_step_ = tall(block_) * inputs_.longest() * kLanes + kApart;
    m_step_ = block_ * held_ * wide + kApartSums;
  }

  // Floats to work in: transformed weights, and what each thread holds.
  size_t scratch() const { return (s_.are_prepared || are_few_ ? 0 : prepared()) + threads_ * held(); }
  // Those that transformed weights take.
  size_t prepared() const { return kPoints * floats_for<P>(u_step_); }
  // Those of them that each thread has to itself.
  size_t held() const {
    if (are_few_) return few_weights() + kPoints * (inputs_.count * floats_for<P>(v_step_) + m_step_);
    return kPoints * (floats_for<P>(v_step_) + m_step_);
  }

  // All weights, transformed: for a run of them that are prepared.
  void prepare(const float* weights, float* prepared) const {
    P* const u = reinterpret_cast<P*>(prepared);
#pragma omp parallel for collapse(2) schedule(static) num_threads(static_cast<int>(threads_))
    for (size_t o = 0; o < s_.to.vectors(); o++) {
      for (size_t i = 0; i < s_.from.vectors(); i++) transform_weights(weights, o, i, place(0, o, i, u));
    }
  }

  // Weights are as prepare gives them where they are prepared; bias may be nullptr.
  void run(const E* from, const float* weights, const float* bias, const Ending& ending, E* to, float* scratch) const {
    std::vector<float> shifts(s_.to.vectors() * kLanes);
    if (bias != nullptr) std::copy_n(bias, s_.to.channels, shifts.begin());
    if (are_few_) return run_few(from, weights, shifts.data(), ending, to, scratch);
    float* const held_by_threads = s_.are_prepared ? scratch : scratch + prepared();
    for (size_t first = 0; first < outputs_.count; first += pass_) {
      const size_t end = std::min(outputs_.count, first + pass_);
      const size_t begin_vector = outputs_.begin(first), vectors = outputs_.begin(end) - begin_vector;
      const size_t shares = std::min(shares_, end - first);
#pragma omp parallel num_threads(static_cast<int>(threads_))
      {
        if (!s_.are_prepared) {
#pragma omp for collapse(2) schedule(static)
          for (size_t o = 0; o < vectors; o++) {
            for (size_t i = 0; i < s_.from.vectors(); i++) {
              transform_weights(weights, begin_vector + o, i, place(first, begin_vector + o, i, reinterpret_cast<P*>(scratch)));
            }
          }
        }
        const P* const u = s_.are_prepared ? reinterpret_cast<const P*>(weights) + offset(0, first) * s_.from.vectors() * kLanes
                                           : reinterpret_cast<const P*>(scratch);
        float* const own = held_by_threads + omp_get_thread_num() * held();
#pragma omp for collapse(2) schedule(dynamic)
        for (size_t block = 0; block < blocks_; block++) {
          for (size_t share = 0; share < shares; share++) {
            const size_t groups = end - first;
            work(from, u, shifts.data(), ending, to, block, first, first + groups * share / shares,
                 first + groups * (share + 1) / shares, reinterpret_cast<P*>(own), own + kPoints * floats_for<P>(v_step_));
          }
        }
      }
    }
  }

 private:
  // Tiles as they lie in v, for a product of kTall each.
  static constexpr size_t tall(size_t tiles) { return (tiles + kTall - 1) / kTall * kTall; }

  // Floats that a thread's piece of transformed weights takes where tiles are few.
  size_t few_weights() const { return kPoints * floats_for<P>(u_step_); }

  // All tiles at once, each thread for outputs of its own.
  void run_few(const E* from, const float* weights, const float* shifts, const Ending& ending, E* to, float* scratch) const {
    const size_t tiles = tiles_.count();
#pragma omp parallel num_threads(static_cast<int>(threads_))
    {
      const auto threads = static_cast<size_t>(omp_get_num_threads()), thread = static_cast<size_t>(omp_get_thread_num());
      float* const own = scratch + thread * held();
      P *const u = reinterpret_cast<P*>(own), *const v = reinterpret_cast<P*>(own + few_weights());
      float* const m = own + few_weights() + kPoints * inputs_.count * floats_for<P>(v_step_);
      for (size_t chunk = 0; chunk < inputs_.count; chunk++) transform_data(from, 0, tiles, chunk, v + chunk * kPoints * v_step_);
      const size_t end = outputs_.count * (thread + 1) / threads;
      for (size_t group = outputs_.count * thread / threads; group < end; group++) {
        const size_t wide = width(group);
        for (size_t chunk = 0; chunk < inputs_.count; chunk++) {
          const size_t begin = inputs_.begin(chunk), vectors = inputs_.length(chunk);
          const size_t channels = std::min(vectors * kLanes, s_.from.channels - begin * kLanes);
          for (size_t o = 0; o < outputs_.length(group); o++) {
            for (size_t i = 0; i < vectors; i++) {
              transform_weights(weights, outputs_.begin(group) + o, begin + i, {u + i * kLanes * wide + o * kLanes * kAtOnce, wide});
            }
          }
          for (size_t p = 0; p < kPoints; p++) {
            const P* const data = v + (chunk * kPoints + p) * v_step_;
            for (size_t t = 0; t < tiles; t += kTall) {
              product(std::min(kTall, tiles - t), outputs_.length(group), data + t * vectors * kLanes, channels, u + p * u_step_,
                      m + p * m_step_ + t * wide, chunk > 0);
            }
          }
        }
        transform_back(m, shifts, ending, to, 0, tiles, group, group);
      }
    }
  }

  // One block of tiles, for the groups of outputs from `begin` to `end`.
  void work(const E* from, const P* u, const float* shifts, const Ending& ending, E* to, size_t block, size_t first,
            size_t begin, size_t end, P* v, float* m) const {
    const size_t tile = block * block_, tiles = std::min(block_, tiles_.count() - tile);
    for (size_t group = begin; group < end; group += held_) {
      const size_t last = std::min(end, group + held_);
      for (size_t chunk = 0; chunk < inputs_.count; chunk++) {
        if (inputs_.count > 1 || group == begin) transform_data(from, tile, tiles, chunk, v);
        multiply(u, v, m, tiles, chunk, first, group, last);
      }
      for (size_t g = group; g < last; g++) transform_back(m, shifts, ending, to, tile, tiles, group, g);
    }
  }

  size_t width(size_t group) const { return outputs_.length(group) * kLanes; }
  // Where a group's weights begin behind those of the pass's first.
  size_t offset(size_t first, size_t group) const { return (outputs_.begin(group) - outputs_.begin(first)) * kLanes; }

  // Where a vector's transformed weights begin, and how far it is from an input to the next.
  struct Place {
    P* to;
    size_t wide;
  };

  // Of vector o of outputs and i of inputs in u (point, group, input, output).
  Place place(size_t first, size_t o, size_t i, P* u) const {
    const size_t group = group_of(o), wide = width(group), inputs = s_.from.vectors() * kLanes;
    return {u + offset(first, group) * inputs + i * kLanes * wide + (o - outputs_.begin(group)) * kLanes * kAtOnce, wide};
  }

  void transform_weights(const float* weights, size_t o, size_t i, const Place& place) const {
    constexpr size_t kTap = kLanes * kLanes;
    const auto [to, wide] = place;
    alignas(64) float turned[kTaps * kTap];
    const float* taps = weights + (o * s_.from.vectors() + i) * kTaps * kTap;
    if (s_.is_gradient) {
      taps = weights + (i * s_.to.vectors() + o) * kTaps * kTap;
      for (size_t tap = 0; tap < kTaps; tap++) {
        for (size_t l = 0; l < kLanes; l++) {
          for (size_t k = 0; k < kLanes; k++) turned[tap * kTap + k * kLanes + l] = taps[(kTaps - 1 - tap) * kTap + l * kLanes + k];
        }
      }
      taps = turned;
    }
    const auto transform = [&](size_t k, float* points, size_t step) {
      on_both_sides<V, kWindow, kIn>(
          [](const V* g, V* w) { T::weights(g, w); },
          [&](size_t y, size_t x) {
            const V weight = load<V>(taps + (y * kWindow + x) * kTap + k * kLanes);
            return kIsPaired ? weight : rounded(weight);
          },
          [&](size_t y, size_t x, const V& value) { store(points + (y * kIn + x) * step, value); });
    };
    if constexpr (kIsPaired) {
      TilePairs<kPoints, kLanes> pairs;
      for (size_t k = 0; k < kLanes; k++) {
        transform(k, pairs.of(k), kLanes);
        pairs.put(k, kLanes, to + k / 2 * 2 * wide, u_step_);
      }
    } else {
      for (size_t k = 0; k < kLanes; k++) transform(k, to + k * wide, u_step_);
    }
  }

  // As an E holds it.
  static V rounded(const V& v) {
    if constexpr (std::is_same_v<E, float>) return v;
    E held[kLanes];
    store_floats<Lanes<kLanes>>(held, v);
    return load_floats<Lanes<kLanes>>(held);
  }

  size_t group_of(size_t vector) const {
    size_t group = vector / outputs_.longest();
    while (group + 1 < outputs_.count && outputs_.begin(group + 1) <= vector) group++;
    return group;
  }

  // v (point, kTall tiles, vector, tile, lane)
  void transform_data(const E* from, size_t first, size_t tiles, size_t chunk, P* v) const {
    const size_t vectors = inputs_.length(chunk);
    const DataTiles<kLanes, kOut, kWindow> data{s_.from, tiles_, s_.pad_y, s_.pad_x};
    data.transform(from, first, tiles, inputs_.begin(chunk), vectors, v_step_, [=](size_t i, size_t t) {
      return v + (t / kTall * vectors + i) * kTall * kLanes + t % kTall * kLanes;
    });
  }

  // m (point, group, tile, output) = or += v · u
  void multiply(const P* u, const P* v, float* m, size_t tiles, size_t chunk, size_t first, size_t begin,
                size_t end) const {
    const size_t inputs = s_.from.vectors() * kLanes, vectors = inputs_.length(chunk);
    const size_t channels = std::min(vectors * kLanes, s_.from.channels - inputs_.begin(chunk) * kLanes);
    for (size_t p = 0; p < kPoints; p++) {
      for (size_t group = begin; group < end; group++) {
        const size_t wide = width(group);
        const P* weights = u + p * u_step_ + offset(first, group) * inputs + inputs_.begin(chunk) * kLanes * wide;
        float* const to = m + p * m_step_ + offset(begin, group) * block_;
        for (size_t t = 0; t < tiles; t += kTall) {
          product(std::min(kTall, tiles - t), outputs_.length(group), v + p * v_step_ + t * vectors * kLanes, channels,
                  weights, to + t * wide, chunk > 0);
        }
      }
    }
  }

  template <size_t kRows, size_t kVectors>
  static void sums(const float* v, size_t channels, const float* u, float* m, bool adds) {
    V own[kRows][kVectors];
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; j++) own[i][j] = adds ? load<V>(m + (i * kVectors + j) * kLanes) : V{};
    }
    for (size_t c = 0; c < channels; c += kLanes, v += kTall * kLanes) {
      const size_t lanes = std::min(kLanes, channels - c);
#pragma GCC unroll 2
      for (size_t l = 0; l < lanes; l++, u += kVectors * kLanes) {
        V row[kVectors];
#pragma GCC unroll 4
        for (size_t j = 0; j < kVectors; j++) row[j] = load<V>(u + j * kLanes);
#pragma GCC unroll 8
        for (size_t i = 0; i < kRows; i++) {
          const float x = v[i * kLanes + l];
#pragma GCC unroll 4
          for (size_t j = 0; j < kVectors; j++) own[i][j] += x * row[j];
        }
      }
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (size_t j = 0; j < kVectors; j++) store(m + (i * kVectors + j) * kLanes, own[i][j]);
    }
  }

  template <size_t kRows>
  static void product_of(size_t wide, const float* v, size_t channels, const float* u, float* m, bool adds) {
    if (wide == 1) sums<kRows, 1>(v, channels, u, m, adds);
    else if (wide == 2) sums<kRows, 2>(v, channels, u, m, adds);
    else if constexpr (kWide > 2) {
      if (wide == 3) sums<kRows, 3>(v, channels, u, m, adds);
      else sums<kRows, 4>(v, channels, u, m, adds);
    }
  }

  static void product(size_t rows, size_t wide, const Bf16* v, size_t channels, const Bf16* u, float* m, bool adds) {
    if constexpr (kHasPairs<kLanes>) {
      with_constant<kTall>(rows, [&](auto tall) {
        with_constant<kWide>(wide, [&](auto vectors) {
          constexpr size_t kVectors = decltype(vectors)::value;
          bf16::add_pairs_of<decltype(tall)::value, kVectors, kLanes>(
              (channels + 1) / 2, v, {kLanes / 2, 2, (kTall - 1) * kLanes}, u, kVectors * kLanes * 2, m, kVectors * kLanes, adds);
        });
      });
    }
  }

  static void product(size_t rows, size_t wide, const float* v, size_t channels, const float* u, float* m, bool adds) {
    switch (rows) {
      case 1: return product_of<1>(wide, v, channels, u, m, adds);
      case 2: return product_of<2>(wide, v, channels, u, m, adds);
      case 3: return product_of<3>(wide, v, channels, u, m, adds);
      case 4: return product_of<4>(wide, v, channels, u, m, adds);
      case 5: return product_of<5>(wide, v, channels, u, m, adds);
      default: return product_of<6>(wide, v, channels, u, m, adds);
    }
  }

  void transform_back(const float* m, const float* shifts, const Ending& ending, E* to, size_t first, size_t tiles,
                      size_t begin, size_t group) const {
    const size_t wide = width(group), vectors = outputs_.length(group), vector = outputs_.begin(group);
    // A copy of its own stays in registers.
    const Ending way_out = ending;
    for (size_t o = 0; o < vectors; o++) {
      const V shift = load<V>(shifts + (vector + o) * kLanes);
      const float* sums = m + offset(begin, group) * block_ + o * kLanes;
      TileWalk at(tiles_, first);
      for (size_t t = 0; t < tiles; t++, at.step(), sums += wide) {
        const size_t y0 = at.row * kOut, x0 = at.column * kOut;
        const size_t rows = std::min(kOut, s_.to.height - y0), columns = std::min(kOut, s_.to.width - x0);
        E* const out = to + s_.to.at(at.image, vector + o) + (y0 * s_.to.width + x0) * kLanes;
        const size_t step = s_.to.width * kLanes;
        on_both_sides<V, kIn, kOut>(
            [](const V* x, V* y) { T::output(x, y); },
            [&](size_t y, size_t x) { return load<V>(sums + (y * kIn + x) * m_step_); },
            [&](size_t y, size_t x, V value) {
              if (y >= rows || x >= columns) return;
              E* const place = out + y * step + x * kLanes;
              way_out.write<Lanes<kLanes>>(value + shift, place);
            });
      }
    }
  }

  WinogradShapes s_;
  size_t threads_;
  bool are_few_;
  Tiles tiles_;
  Parts inputs_, outputs_;
  // Blocks of tiles, and tiles in each; groups whose weights are transformed at a time, and whose sums are held.
  size_t blocks_, block_, pass_, held_, shares_;
  // From one point to the next.
  size_t u_step_, v_step_, m_step_;
};

}  // namespace caffe
