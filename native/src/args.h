// What a function of the addon is given: by a call from JavaScript, or by a tape that has kept what a call was given.
#pragma once

#include <vector>

#include "elements.h"
#include "memory.h"

namespace caffe {

// An argument as a tape keeps it: a number (a truth value is 0 or 1), an array, a list of such, or nothing for undefined.
struct Given {
  enum class Kind { nothing, number, array, list };
  Kind kind = Kind::nothing;
  double number = 0;
  Array array;
  std::vector<Given> list;
};
Given given_of(const Napi::Value& value);

// The arguments of a call, taken one after the other. An array is taken with the length that will be read or written.
class Args {
 public:
  explicit Args(const Napi::CallbackInfo& info) : info_(&info) {}
  explicit Args(const std::vector<Given>& kept) : kept_(&kept) {}
  double number() { return info_ ? told().As<Napi::Number>().DoubleValue() : next(Given::Kind::number).number; }
  float single() { return static_cast<float>(number()); }
  size_t size() { return size_of(number()); }
  // A label that does not count; none is below 0.
  int label() { return static_cast<int>(number()); }
  // 32 bits of a random stream's name.
  uint32_t word() { return static_cast<uint32_t>(size()); }
  bool flag() { return info_ ? told().ToBoolean() : next(Given::Kind::number).number != 0; }
  // An array whose length an argument behind it tells.
  Array array() { return info_ ? array_of(told()) : next(Given::Kind::array).array; }
  float* floats(size_t count) { return array().floats(count); }
  // A buffer, or nullptr for undefined.
  float* optional(size_t count) { return optional<float>(count); }
  // The same of either kind of elements.
  template <typename E>
  E* elements(size_t count) {
    return as_elements<E>(array(), count);
  }
  template <typename E>
  E* optional(size_t count) {
    if (info_) {
      const Napi::Value value = told();
      return value.IsUndefined() ? nullptr : as_elements<E>(array_of(value), count);
    }
    return optional<E>(any(), count);
  }
  std::vector<size_t> sizes() {
    std::vector<size_t> result;
    for (const auto& one : list()) result.push_back(size_of(checked(one, Given::Kind::number).number));
    return result;
  }
  std::vector<float> singles() {
    std::vector<float> result;
    for (const auto& one : list()) result.push_back(static_cast<float>(checked(one, Given::Kind::number).number));
    return result;
  }
  // As many arrays as `counts` has entries; those that are undefined are nullptr.
  template <typename E = float>
  std::vector<E*> buffers(const std::vector<size_t>& counts) {
    const auto& all = list();
    if (all.size() != counts.size()) throw std::length_error("as many arrays as lengths are needed");
    std::vector<E*> result(counts.size());
    for (size_t i = 0; i < all.size(); i++) result[i] = optional<E>(all[i], counts[i]);
    return result;
  }
  // Any number of arrays of one length, none of them undefined; `least` at least.
  template <typename E = float>
  std::vector<const E*> arrays(size_t count, size_t least) {
    const auto& all = list();
    if (all.size() < least) throw std::length_error("more arrays are needed");
    std::vector<const E*> result;
    for (const auto& one : all) result.push_back(as_elements<E>(checked(one, Given::Kind::array).array, count));
    return result;
  }

 private:
  Napi::Value told() { return (*info_)[at_++]; }
  const Given& any() {
    if (at_ >= kept_->size()) throw std::length_error("fewer arguments than are needed");
    return (*kept_)[at_++];
  }
  const Given& next(Given::Kind kind) { return checked(any(), kind); }
  static const Given& checked(const Given& given, Given::Kind kind) {
    if (given.kind != kind) throw std::length_error("an argument of another kind than is needed");
    return given;
  }
  const std::vector<Given>& list() {
    if (!info_) return next(Given::Kind::list).list;
    told_ = given_of(told());
    return checked(told_, Given::Kind::list).list;
  }
  template <typename E>
  static E* as_elements(const Array& array, size_t count) {
    return reinterpret_cast<E*>(array.floats(floats_for<E>(count)));
  }
  template <typename E>
  static E* optional(const Given& given, size_t count) {
    if (given.kind == Given::Kind::nothing) return nullptr;
    return as_elements<E>(checked(given, Given::Kind::array).array, count);
  }
  const Napi::CallbackInfo* info_ = nullptr;
  const std::vector<Given>* kept_ = nullptr;
  // The list that is being taken from JavaScript.
  Given told_;
  size_t at_ = 0;
};

}  // namespace caffe
