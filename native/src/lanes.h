// Vectors of neighbouring channels, as the compiler knows them: 8 or 16 floats, or one.
#pragma once

#include <cstdint>
#include <cstring>

namespace caffe {

template <size_t kLanes>
struct Lanes {
  typedef float Floats __attribute__((vector_size(4 * kLanes)));
  typedef int32_t Ints __attribute__((vector_size(4 * kLanes)));
  typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
};

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

}  // namespace caffe
