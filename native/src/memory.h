// Layouts and stores: how JavaScript holds oneDNN's memory descriptors and aligned memory.
#pragma once

#include <napi.h>

#include <memory>

#include "dnnl-version.h"
#include "entry.h"

namespace caffe {

// The CPU engine, and this thread's stream; made at first use.
const dnnl::engine& cpu();
dnnl::stream& stream();

using ElementType = dnnl::memory::data_type;

// Row-major and dense, of any number of axes.
dnnl::memory::desc plain_desc(const dnnl::memory::dims& dims, ElementType type = ElementType::f32);
// Channels (axis 1) in blocks of 8 or 16, or with a block of 0 all of them last, of three to five axes.
dnnl::memory::desc blocked_desc(const dnnl::memory::dims& dims, int64_t block, ElementType type = ElementType::f32);
// The same dims in whatever layout the primitive likes best.
dnnl::memory::desc any_desc(const dnnl::memory::dims& dims, ElementType type = ElementType::f32);
// Elements of another type in the same order; row-major where the order is one that no primitive but its own knows.
dnnl::memory::desc typed_desc(const dnnl::memory::desc& desc, ElementType type);
// "f32", "bf16", "u8" or "s8".
ElementType type_named(const std::string& name);
std::string name_of(ElementType type);

// The entries of a JavaScript list of numbers, or of one property of an object.
dnnl::memory::dims to_dims(const Napi::Value& value);
dnnl::memory::dims dims_property(const Napi::Object& object, const char* name);
float number_property(const Napi::Object& object, const char* name);
std::string text_property(const Napi::Object& object, const char* name);

// A memory descriptor, and what numbers are multiplied by where they are kept as bytes, 1 elsewhere. JavaScript sees `key`, `dims`,
// `count`, `stored`, `floats`, `type`, `scale`, `block` and `isPlain`.
class Layout : public Napi::ObjectWrap<Layout> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  static Napi::Object Make(Napi::Env env, const dnnl::memory::desc& desc);
  explicit Layout(const Napi::CallbackInfo& info);
  dnnl::memory::desc desc;
  float scale = 1;

 private:
  void Describe(const Napi::CallbackInfo& info);
};

// Memory for so many floats, aligned to cache lines: its own, or a part of another store's.
class Store : public Napi::ObjectWrap<Store> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Store(const Napi::CallbackInfo& info);
  ~Store() override;
  float* data() { return data_; }
  size_t count() const { return bytes_ / sizeof(float); }

 private:
  void Allocate(const Napi::CallbackInfo& info);
  void Zero(const Napi::CallbackInfo& info);
  float* data_ = nullptr;
  size_t bytes_ = 0;
  // The store this is a part of, which lives as long.
  Napi::ObjectReference whole_;
  bool is_reserved_ = false;
};

// An array as it was given: a store, or a Float32Array's memory, which stays where it is as long as it has that length.
struct Array {
  Store* store = nullptr;
  float* data = nullptr;
  size_t length = 0;
  // Its floats: at least so many, else std::length_error.
  float* floats(size_t count) const;
};
// A Store or a Float32Array, else std::length_error.
Array array_of(const Napi::Value& value);
inline float* floats_of(const Napi::Value& value, size_t count) { return array_of(value).floats(count); }
// A whole number that counts or numbers something, else std::out_of_range.
size_t size_of(double number);
inline size_t size_of(const Napi::Value& value) { return size_of(value.As<Napi::Number>().DoubleValue()); }

}  // namespace caffe
