// What loops over memory have in common: arguments, threads, and arrays seen by channels.
#pragma once

#include <algorithm>
#include <cmath>
#include <exception>
#include <type_traits>
#include <vector>

#include "args.h"
#include "lanes.h"

namespace caffe {

// Below this many elements, starting threads costs more than the loop.
constexpr size_t kParallel = 1 << 15;

// The class that a label names, which is one of `classes`.
inline size_t class_of(float label, size_t classes) {
  if (!(label > -1 && label < static_cast<float>(classes))) throw std::out_of_range("a label that names no class");
  return static_cast<size_t>(label);
}

// z above zero, else slope · z; z where slope is 1. Here and below z is a float or a vector of them.
template <typename V, typename Slope>
inline V rectify(const V& z, const Slope& slope) {
  return (z < V{} ? V{} : z) + slope * (V{} < z ? V{} : z);
}

// 1 above zero, else `slope`: what a rectifier multiplies by. Only constants are chosen between, which is one
// instruction for many elements; a choice between two values in memory would be a branch for each.
template <typename V, typename Slope>
inline V gate(const V& z, const Slope& slope) {
  const V on = z > V{} ? V{} + 1.0f : V{};
  return on + slope * (1.0f - on);
}

// Word i of a random sequence; src/util/random-bits.ts has the meaning.
inline uint32_t mix_bits(uint32_t h) {
  h ^= h >> 16;
  h *= 0x7feb352du;
  h ^= h >> 15;
  h *= 0x846ca68bu;
  return h ^ (h >> 16);
}
inline uint32_t random_bits(uint32_t stream, uint32_t pass, uint32_t i) { return mix_bits(mix_bits(i ^ stream) + pass); }

// Runs task(i) for each i of n, by several threads where `work` elements are worth it. What a task throws is thrown here:
// an exception may not leave a thread of OpenMP's.
template <typename Task>
void parallel(size_t n, size_t work, Task task) {
  if (work <= kParallel || n <= 1) {
    for (size_t i = 0; i < n; i++) task(i);
    return;
  }
  std::exception_ptr thrown;
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < n; i++) {
    try {
      task(i);
    } catch (...) {
#pragma omp critical
      thrown = std::current_exception();
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

// Runs task(begin, end) for parts of [0, n).
template <typename Task>
void parallel_parts(size_t n, Task task) {
  constexpr size_t kPart = 1 << 13;
  const size_t parts = (n + kPart - 1) / kPart;
  parallel(parts, n, [&](size_t p) {
    // A copy of the thread's own: what it captured is then known not to change, and stays in registers.
    const Task own = task;
    own(p * kPart, std::min(n, (p + 1) * kPart));
  });
}

// y[i] = f(xs[i]…) for i of [begin, end); f takes floats and vectors of them.
template <typename E, typename F, typename... Xs>
inline void map_elements(size_t begin, size_t end, E* y, const F& f, const Xs*... xs) {
  size_t i = begin;
  if constexpr (kInVectors<E, kWidest>) {
    using L = Lanes<kWidest>;
    for (; i + kWidest <= end; i += kWidest) store_floats<L>(y + i, f(load_floats<L>(xs + i)...));
  }
#pragma omp simd
  for (size_t k = i; k < end; k++) y[k] = f(static_cast<float>(xs[k])...);
}

// Neighbouring positions of an array (outer, channels, inner): few enough that a number for each stays in registers and
// cache, side by side.
struct PositionRun {
  static constexpr size_t kMost = 64;
  // Which one it is, of which outer index, where it begins in `inner`, and how many positions it has.
  size_t index, o, begin, n;

  static size_t count(size_t outer, size_t inner) { return outer * ((inner + kMost - 1) / kMost); }
};

// Runs task(PositionRun) for all positions of an array of `work` elements.
template <typename Task>
void parallel_positions(size_t outer, size_t inner, size_t work, Task task) {
  const size_t runs = PositionRun::count(1, inner);
  parallel(outer * runs, work, [&](size_t r) {
    const size_t begin = r % runs * PositionRun::kMost;
    task(PositionRun{r, r / runs, begin, std::min(inner - begin, PositionRun::kMost)});
  });
}

// An array (n, c, s) whose channels lie in blocks: element (n, c, s) at ((n·⌈c/b⌉ + c/b)·s + s)·b + c%b.
// Row-major is b = 1; oneDNN's nChw16c is b = 16; channels-last is b = c. Padding up to a whole block is zero.
struct View {
  size_t n, c, s, block;

  explicit View(Args& args) : n(args.size()), c(args.size()), s(args.size()), block(args.size()) {
    if (block == 0) throw std::out_of_range("blocks of no channels");
  }
  size_t blocks() const { return (c + block - 1) / block; }
  size_t padded() const { return blocks() * block; }
  size_t rows() const { return n * blocks(); }
  size_t row_size() const { return s * block; }
  size_t stored() const { return rows() * row_size(); }
};

// One number per channel, or zeros where there are none, filled up to whole blocks.
class PerChannel {
 public:
  PerChannel(const View& v, float value) : values_(v.padded(), 0.0f) { std::fill_n(values_.begin(), v.c, value); }
  PerChannel(const View& v, const float* from) : values_(v.padded(), 0.0f) {
    if (from != nullptr) std::copy(from, from + v.c, values_.begin());
  }
  float& operator[](size_t c) { return values_[c]; }
  const float* data() const { return values_.data(); }

 private:
  std::vector<float> values_;
};

// Calls work with the block as a constant the compiler knows, 0 for one it does not.
template <typename Work>
void with_block(size_t block, Work work) {
  if (block == 1) work(std::integral_constant<size_t, 1>());
  else if (block == 16) work(std::integral_constant<size_t, 16>());
  else if (block == 8) work(std::integral_constant<size_t, 8>());
  else work(std::integral_constant<size_t, 0>());
}

// Up to five numbers per channel that a loop multiplies by or adds: arrays filled up to whole blocks, or nullptr.
struct Coefficients {
  const float *a = nullptr, *b = nullptr, *c = nullptr, *d = nullptr, *e = nullptr;
};

// The coefficients of the channels of one row, copied to where nothing that the loop writes can change them: then they
// stay in registers.
template <size_t kLanes>
struct RowCoefficients {
  float a[kLanes] = {}, b[kLanes] = {}, c[kLanes] = {}, d[kLanes] = {}, e[kLanes] = {};

  RowCoefficients(const Coefficients& from, size_t channel, size_t lanes) {
    const auto take = [=](const float* source, float* target) {
      if (source != nullptr) std::copy(source + channel, source + channel + lanes, target);
    };
    take(from.a, a);
    take(from.b, b);
    take(from.c, c);
    take(from.d, d);
    take(from.e, e);
  }
};

// Those of one channel as floats, or of a vector of them.
template <typename V>
struct Numbers {
  V a, b, c, d, e;

  template <size_t kLanes>
  static Numbers at(const RowCoefficients<kLanes>& k, size_t l) {
    if constexpr (std::is_same_v<V, float>) return {k.a[l], k.b[l], k.c[l], k.d[l], k.e[l]};
    else return {load<V>(k.a), load<V>(k.b), load<V>(k.c), load<V>(k.d), load<V>(k.e)};
  }
};

// y = body(factors, xs…) for every stored element with the coefficients of its channel. The body takes floats and vectors of them.
template <typename E, typename Body, typename... Xs>
void each(const View& v, const Coefficients& coefficients, E* y, const Body& shared, const Xs*... xs) {
  with_block(v.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    constexpr size_t kLanes = kBlock == 0 ? 16 : kBlock;
    const size_t block = kBlock == 0 ? v.block : kBlock, blocks = v.blocks(), s = v.s;
    parallel(v.rows(), v.stored(), [&, y, xs...](size_t row) {
      const Body body = shared;
      const size_t channel = row % blocks * block, from = row * s * block;
      for (size_t lane = 0; lane < block; lane += kLanes) {
        const size_t lanes = std::min(kLanes, block - lane);
        const RowCoefficients<kLanes> k(coefficients, channel + lane, lanes);
        if constexpr (kLanes == 1) {
          const auto factors = Numbers<float>::at(k, 0);
#pragma omp simd
          for (size_t i = 0; i < s; i++) y[from + i] = body(factors, static_cast<float>(xs[from + i])...);
        } else if constexpr (kBlock != 0 && kInVectors<E, kLanes>) {
          using L = Lanes<kLanes>;
          const auto factors = Numbers<typename L::Floats>::at(k, 0);
          for (size_t i = 0, at = from; i < s; i++, at += kLanes) store_floats<L>(y + at, body(factors, load_floats<L>(xs + at)...));
        } else if (lanes == kLanes) {
          for (size_t i = 0, at = from + lane; i < s; i++, at += block) {
#pragma omp simd
            for (size_t l = 0; l < kLanes; l++) y[at + l] = body(Numbers<float>::at(k, l), static_cast<float>(xs[at + l])...);
          }
        } else {
          for (size_t i = 0, at = from + lane; i < s; i++, at += block) {
            for (size_t l = 0; l < lanes; l++) y[at + l] = body(Numbers<float>::at(k, l), static_cast<float>(xs[at + l])...);
          }
        }
      }
    });
  });
}

// Two terms of two sums.
template <typename V>
struct Terms {
  V first, second;
};

// Sums over images and positions of two terms for each channel, term(factors, xs…): sums[2c] and sums[2c + 1]. Terms are floats and
// vectors of them.
// Rows are summed by themselves and then in order, so that the bits do not depend on the number of threads.
template <typename E, typename Term, typename... Xs>
std::vector<double> channel_sums(const View& v, const Coefficients& coefficients, const Term& shared, const E* x, const Xs*... xs) {
  constexpr size_t kRun = 256;
  const size_t blocks = v.blocks(), padded = v.padded();
  std::vector<double> rows(v.rows() * v.block * 2, 0.0);
  with_block(v.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    constexpr size_t kLanes = kBlock < 8 ? 16 : kBlock;
    const size_t block = kBlock == 0 ? v.block : kBlock, s = v.s;
    parallel(v.rows(), v.stored(), [&, x, xs...](size_t row) {
      const Term term = shared;
      const size_t channel = row % blocks * block, from = row * s * block;
      double* sums = rows.data() + row * block * 2;
      if constexpr (kBlock == 1) {
        // As many running sums of the one channel as a vector has lanes.
        const auto k = Numbers<float>::at(RowCoefficients<1>(coefficients, channel, 1), 0);
        for (size_t begin = 0; begin < s; begin += kRun * kLanes) {
          const size_t end = std::min(s, begin + kRun * kLanes);
          float first = 0, second = 0;
#pragma omp simd reduction(+ : first, second)
          for (size_t i = begin; i < end; i++) {
            const Terms<float> t = term(k, static_cast<float>(x[from + i]), static_cast<float>(xs[from + i])...);
            first += t.first;
            second += t.second;
          }
          sums[0] += first;
          sums[1] += second;
        }
        return;
      }
      for (size_t lane = 0; lane < block; lane += kLanes) {
        const size_t lanes = std::min(kLanes, block - lane);
        const RowCoefficients<kLanes> k(coefficients, channel + lane, lanes);
        for (size_t begin = 0; begin < s; begin += kRun) {
          const size_t end = std::min(s, begin + kRun);
          float first[kLanes] = {}, second[kLanes] = {};
          if constexpr (kBlock != 0 && kInVectors<E, kLanes>) {
            using L = Lanes<kLanes>;
            using V = typename L::Floats;
            const auto factors = Numbers<V>::at(k, 0);
            V one{}, other{};
            for (size_t i = begin, at = from + begin * kLanes; i < end; i++, at += kLanes) {
              const Terms<V> t = term(factors, load_floats<L>(x + at), load_floats<L>(xs + at)...);
              one += t.first;
              other += t.second;
            }
            store(first, one);
            store(second, other);
          } else {
            for (size_t i = begin, at = from + begin * block + lane; i < end; i++, at += block) {
              const auto add = [&](size_t l) {
                const Terms<float> t = term(Numbers<float>::at(k, l), static_cast<float>(x[at + l]), static_cast<float>(xs[at + l])...);
                first[l] += t.first;
                second[l] += t.second;
              };
              if (lanes == kLanes) {
#pragma omp simd
                for (size_t l = 0; l < kLanes; l++) add(l);
              } else {
                for (size_t l = 0; l < lanes; l++) add(l);
              }
            }
          }
          for (size_t l = 0; l < lanes; l++) {
            sums[2 * (lane + l)] += first[l];
            sums[2 * (lane + l) + 1] += second[l];
          }
        }
      }
    });
  });
  std::vector<double> total(padded * 2, 0.0);
  for (size_t n = 0; n < v.n; n++) {
    const double* row = rows.data() + n * padded * 2;
    for (size_t i = 0; i < padded * 2; i++) total[i] += row[i];
  }
  return total;
}

}  // namespace caffe
