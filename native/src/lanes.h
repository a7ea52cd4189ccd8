// Vectors of neighbouring channels, as the compiler knows them: 8 or 16 floats, or one.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "elements.h"

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

namespace caffe {

// Neighbouring floats that a vector of this build has.
#ifdef __AVX512F__
constexpr size_t kWidest = 16;
#else
constexpr size_t kWidest = 8;
#endif

template <size_t kLanes>
struct Lanes {
  typedef float Floats __attribute__((vector_size(4 * kLanes)));
  typedef int32_t Ints __attribute__((vector_size(4 * kLanes)));
  typedef uint32_t Words __attribute__((vector_size(4 * kLanes)));
  typedef uint16_t Halves __attribute__((vector_size(2 * kLanes)));
  typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
};

// Calls work with n, 1 to kMost, as a constant the compiler knows.
template <size_t kMost, typename Work>
inline void with_constant(size_t n, const Work& work) {
  if (n == kMost) work(std::integral_constant<size_t, kMost>());
  else if constexpr (kMost > 1) with_constant<kMost - 1>(n, work);
}

template <typename Vector, typename Element>
inline Vector load(const Element* from) {
  Vector v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

template <typename Vector, typename Element>
inline void store(Element* to, const Vector& v) {
  std::memcpy(to, &v, sizeof(v));
}

// As many elements as floats, and back.
template <typename L>
inline typename L::Floats load_floats(const float* from) {
  return load<typename L::Floats>(from);
}

template <typename L>
inline typename L::Floats load_floats(const Bf16* from) {
  return reinterpret_cast<typename L::Floats>(
      __builtin_convertvector(load<typename L::Halves>(from), typename L::Words) << 16);
}

template <typename L>
inline void store_floats(float* to, const typename L::Floats& v) {
  store(to, v);
}

// The processor's own rounding, where this build has it, makes zeros of numbers below 2⁻¹²⁶.
template <typename L>
inline void store_floats(Bf16* to, const typename L::Floats& v) {
#ifdef __AVX512BF16__
  if constexpr (sizeof(v) == 64) {
    store(to, _mm512_cvtneps_pbh(reinterpret_cast<__m512>(v)));
    return;
  }
#endif
  const auto words = reinterpret_cast<typename L::Words>(v);
  const auto nearest = (words + 0x7fff + ((words >> 16) & 1)) >> 16;
  const auto quiet = (words >> 16) | 0x40;
  store(to, __builtin_convertvector(v == v ? nearest : quiet, typename L::Halves));
}

// Whether loops over blocks of so many such elements are written in vectors. The compiler makes them of loops over floats; of bfloat16 it
// would take half of a vector.
template <typename E, size_t kLanes>
constexpr bool kInVectors = std::is_same_v<E, Bf16> && (kLanes == 8 || kLanes == 16) && kLanes <= kWidest;

}  // namespace caffe
