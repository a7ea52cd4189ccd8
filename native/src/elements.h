// What arrays are made of: floats, or bfloat16, the upper half of a float. Loops compute with floats whichever it is.
#pragma once

#include <cstdint>
#include <cstring>

namespace caffe {

// A number that is kept as the upper 16 bits of a float: rounded to the nearest, of two to the even one, when it is written.
struct Bf16 {
  uint16_t bits;

  // By the number itself: a copy of a whole Bf16 would keep loops from being vectorised.
  Bf16& operator=(float value) {
    bits = rounded(value);
    return *this;
  }
  operator float() const {
    const uint32_t whole = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &whole, sizeof(value));
    return value;
  }

 private:
  static uint16_t rounded(float value) {
    uint32_t whole;
    std::memcpy(&whole, &value, sizeof(whole));
    const uint32_t nearest = (whole + 0x7fff + ((whole >> 16) & 1)) >> 16;
    // Of NaN the upper bits alone may be those of infinity.
    const uint32_t quiet = (whole >> 16) | 0x40;
    return static_cast<uint16_t>((whole & 0x7fffffff) > 0x7f800000 ? quiet : nearest);
  }
};

// How many floats of memory so many elements take.
template <typename Element>
constexpr size_t floats_for(size_t count) {
  return (count * sizeof(Element) + sizeof(float) - 1) / sizeof(float);
}

}  // namespace caffe
