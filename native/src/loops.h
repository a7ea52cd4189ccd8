// What loops over memory have in common: arguments from JavaScript, threads, and arrays seen by channels.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "memory.h"

namespace caffe {

// Below this many elements, starting threads costs more than the loop.
constexpr size_t kParallel = 1 << 14;

// The arguments of a call, taken one after the other.
class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info) : info_(info) {}
  double number() { return next().As<Napi::Number>().DoubleValue(); }
  size_t size() { return static_cast<size_t>(number()); }
  bool flag() { return next().ToBoolean(); }
  float* floats() { return floats_of(next()).data; }
  // A buffer, or nullptr for undefined.
  float* optional() {
    auto value = next();
    return value.IsUndefined() ? nullptr : floats_of(value).data;
  }
  std::vector<size_t> sizes() {
    std::vector<size_t> result;
    for (auto v : to_dims(next())) result.push_back(static_cast<size_t>(v));
    return result;
  }
  std::vector<float*> buffers() {
    auto list = next().As<Napi::Array>();
    std::vector<float*> result(list.Length());
    for (uint32_t i = 0; i < list.Length(); i++) {
      auto value = list.Get(i);
      result[i] = value.IsUndefined() ? nullptr : floats_of(value).data;
    }
    return result;
  }

 private:
  Napi::Value next() { return info_[at_++]; }
  const Napi::CallbackInfo& info_;
  size_t at_ = 0;
};

// 1 above zero, else `slope`: what a rectifier multiplies by. Only constants are chosen between, which is one
// instruction for many elements; a choice between two values in memory would be a branch for each.
inline float gate(float z, float slope) {
  const float on = z > 0 ? 1.0f : 0.0f;
  return on + slope * (1 - on);
}

// Runs task(i) for each i of n, by several threads where `work` elements are worth it.
template <typename Task>
void parallel(size_t n, size_t work, Task task) {
#pragma omp parallel for schedule(static) if (work > kParallel && n > 1)
  for (size_t i = 0; i < n; i++) task(i);
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

// An array (n, c, s) whose channels lie in blocks: element (n, c, s) at ((n·⌈c/b⌉ + c/b)·s + s)·b + c%b.
// Row-major is b = 1; oneDNN's nChw16c is b = 16; channels-last is b = c. Padding up to a whole block is zero.
struct View {
  size_t n, c, s, block;

  explicit View(Args& args) : n(args.size()), c(args.size()), s(args.size()), block(args.size()) {}
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

// Calls body(at, channel) for every stored element.
template <typename Body>
void each(const View& v, const Body& shared) {
  with_block(v.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    const size_t block = kBlock == 0 ? v.block : kBlock, blocks = v.blocks(), s = v.s;
    parallel(v.rows(), v.stored(), [&](size_t row) {
      const Body body = shared;
      const size_t channel = row % blocks * block, from = row * s * block;
      if constexpr (kBlock == 1) {
#pragma omp simd
        for (size_t i = 0; i < s; i++) body(from + i, channel);
      } else {
        for (size_t i = 0; i < s; i++) {
#pragma omp simd
          for (size_t k = 0; k < block; k++) body(from + i * block + k, channel + k);
        }
      }
    });
  });
}

// Sums over images and positions of K terms for each channel: term(at, channel, sums) adds to sums[0 … K).
// Rows are summed by themselves and then in order, so that the bits do not depend on the number of threads.
template <size_t K, typename Term>
std::vector<double> channel_sums(const View& v, const Term& shared) {
  const size_t blocks = v.blocks(), padded = v.padded();
  std::vector<double> rows(v.rows() * v.block * K, 0.0);
  with_block(v.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    constexpr size_t kRun = 256;
    const size_t block = kBlock == 0 ? v.block : kBlock, s = v.s;
    parallel(v.rows(), v.stored(), [&](size_t row) {
      const Term term = shared;
      const size_t channel = row % blocks * block, from = row * s * block;
      double* sums = rows.data() + row * block * K;
      if constexpr (kBlock == 1) {
        // Lanes of one channel: as many running sums as a vector has.
        constexpr size_t kLanes = 16;
        for (size_t begin = 0; begin < s; begin += kRun * kLanes) {
          const size_t end = std::min(s, begin + kRun * kLanes);
          float part[K][kLanes] = {};
          size_t i = begin;
          for (; i + kLanes <= end; i += kLanes) {
#pragma omp simd
            for (size_t l = 0; l < kLanes; l++) {
              float terms[K];
              term(from + i + l, channel, terms);
              for (size_t k = 0; k < K; k++) part[k][l] += terms[k];
            }
          }
          for (; i < end; i++) {
            float terms[K];
            term(from + i, channel, terms);
            for (size_t k = 0; k < K; k++) part[k][0] += terms[k];
          }
          for (size_t k = 0; k < K; k++) {
            for (size_t l = 0; l < kLanes; l++) sums[k] += part[k][l];
          }
        }
      } else {
        constexpr size_t kLanes = kBlock == 0 ? 16 : kBlock;
        for (size_t b = 0; b < block; b += kLanes) {
          const size_t lanes = std::min(kLanes, block - b);
          for (size_t begin = 0; begin < s; begin += kRun) {
            const size_t end = std::min(s, begin + kRun);
            float part[K][kLanes] = {};
            for (size_t i = begin; i < end; i++) {
              if (lanes == kLanes) {
#pragma omp simd
                for (size_t l = 0; l < kLanes; l++) {
                  float terms[K];
                  term(from + i * block + b + l, channel + b + l, terms);
                  for (size_t k = 0; k < K; k++) part[k][l] += terms[k];
                }
              } else {
                for (size_t l = 0; l < lanes; l++) {
                  float terms[K];
                  term(from + i * block + b + l, channel + b + l, terms);
                  for (size_t k = 0; k < K; k++) part[k][l] += terms[k];
                }
              }
            }
            for (size_t k = 0; k < K; k++) {
              for (size_t l = 0; l < lanes; l++) sums[(b + l) * K + k] += part[k][l];
            }
          }
        }
      }
    });
  });
  std::vector<double> total(padded * K, 0.0);
  for (size_t n = 0; n < v.n; n++) {
    const double* row = rows.data() + n * padded * K;
    for (size_t i = 0; i < padded * K; i++) total[i] += row[i];
  }
  return total;
}

}  // namespace caffe
