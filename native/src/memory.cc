#include "memory.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "system-memory.h"

namespace caffe {

using dnnl::memory;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  static thread_local dnnl::stream stream(cpu());
  return stream;
}

memory::desc plain_desc(const memory::dims& dims, ElementType type) {
  if (dims.empty() || dims.size() > DNNL_MAX_NDIMS) {
    // oneDNN knows neither an array without axes nor one of so many: as a line it lies the same way.
    memory::dim count = 1;
    for (auto d : dims) count *= d;
    return plain_desc({count}, type);
  }
  memory::dims strides(dims.size(), 1);
  for (int i = static_cast<int>(dims.size()) - 2; i >= 0; i--) strides[i] = strides[i + 1] * dims[i + 1];
  return memory::desc(dims, type, strides);
}

memory::desc blocked_desc(const memory::dims& dims, int64_t block, ElementType type) {
  using tag = memory::format_tag;
  if (dims.size() < 3 || dims.size() > 5) throw std::out_of_range("blocks of channels in an array without planes");
  static const tag last[] = {tag::nwc, tag::nhwc, tag::ndhwc};
  static const tag by16[] = {tag::nCw16c, tag::nChw16c, tag::nCdhw16c};
  static const tag by8[] = {tag::nCw8c, tag::nChw8c, tag::nCdhw8c};
  return memory::desc(dims, type, (block == 0 ? last : block == 16 ? by16 : by8)[dims.size() - 3]);
}

memory::desc any_desc(const memory::dims& dims, ElementType type) {
  return memory::desc(dims, type, memory::format_tag::any);
}

memory::desc typed_desc(const memory::desc& desc, ElementType type) {
  if (type_of(desc) == type) return desc;
  const auto dims = dims_of(desc);
  const auto blocking = blocking_of(desc);
  if (blocking.blocks.empty()) return memory::desc(dims, type, blocking.strides);
  const auto block = static_cast<int64_t>(channel_block(desc));
  const bool is_known = (block == 8 || block == 16) && dims.size() >= 3 && dims.size() <= 5;
  return is_known ? blocked_desc(dims, block, type) : plain_desc(dims, type);
}

ElementType type_named(const std::string& name) {
  if (name == "f32") return ElementType::f32;
  if (name == "bf16") return ElementType::bf16;
  if (name == "u8") return ElementType::u8;
  if (name == "s8") return ElementType::s8;
  // Of places in large windows that MAX pooling keeps for backward.
  if (name == "s32") return ElementType::s32;
  throw std::out_of_range("elements of a type that is not known");
}

std::string name_of(ElementType type) {
  for (const char* name : {"f32", "bf16", "u8", "s8", "s32"}) {
    if (type_named(name) == type) return name;
  }
  throw std::out_of_range("elements of a type that has no name");
}

memory::dims to_dims(const Napi::Value& value) {
  auto list = value.As<Napi::Array>();
  memory::dims dims(list.Length());
  for (uint32_t i = 0; i < list.Length(); i++) dims[i] = list.Get(i).As<Napi::Number>().Int64Value();
  return dims;
}

memory::dims dims_property(const Napi::Object& object, const char* name) { return to_dims(object.Get(name)); }

float number_property(const Napi::Object& object, const char* name) {
  return object.Get(name).As<Napi::Number>().FloatValue();
}

std::string text_property(const Napi::Object& object, const char* name) {
  return object.Get(name).As<Napi::String>().Utf8Value();
}

// new Layout(dims, block?, type = "f32", scale = 1): plain, channels in blocks, or last (block 0); new Layout(layout, undefined, type,
// scale = 1): the same order of elements of that type. Layouts of primitives come from Make.
Layout::Layout(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Layout>(info) {
  guarded(info.Env(), [&] { Describe(info); });
}

void Layout::Describe(const Napi::CallbackInfo& info) {
  memory::dims dims;
  if (info[0].IsExternal()) {
    desc = *info[0].As<Napi::External<memory::desc>>().Data();
    dims = dims_of(desc);
  } else {
    const auto type = info[2].IsUndefined() ? ElementType::f32 : type_named(info[2].As<Napi::String>());
    if (info[0].IsArray()) {
      dims = to_dims(info[0]);
      desc = info[1].IsNumber() ? blocked_desc(dims, info[1].As<Napi::Number>().Int64Value(), type) : plain_desc(dims, type);
    } else {
      desc = typed_desc(Layout::Unwrap(info[0].As<Napi::Object>())->desc, type);
      dims = dims_of(desc);
    }
    if (info[3].IsNumber()) scale = info[3].As<Napi::Number>().FloatValue();
  }
  auto self = info.This().As<Napi::Object>();
  auto env = info.Env();
  auto list = Napi::Array::New(env, dims.size());
  double count = 1;
  for (size_t i = 0; i < dims.size(); i++) {
    list.Set(i, static_cast<double>(dims[i]));
    count *= static_cast<double>(dims[i]);
  }
  const ElementType type = type_of(desc);
  const bool is_f32 = type == ElementType::f32;
  const std::string name = name_of(type);
  std::ostringstream key;
  if (!is_f32) key << name;
  if (scale != 1) key << '*' << std::hexfloat << scale << std::defaultfloat;
  key << (is_f32 ? "" : " ") << layout_key(desc);
  self.Set("key", key.str());
  self.Set("type", name);
  self.Set("scale", scale);
  self.Set("dims", list);
  self.Set("count", count);
  const double bytes = static_cast<double>(desc.get_size());
  self.Set("stored", std::ceil(bytes / static_cast<double>(memory::data_type_size(type))));
  self.Set("floats", std::ceil(bytes / sizeof(float)));
  const size_t block = channel_block(desc);
  self.Set("block", static_cast<double>(block));
  // One block of channels over a single position lies as the plain layout does.
  const bool is_point = dims.size() > 2 && std::all_of(dims.begin() + 2, dims.end(), [](auto d) { return d == 1; });
  self.Set("isPlain", is_f32 && (desc == plain_desc(dims) || (block > 1 && is_point && dims[1] % block == 0)));
}

void Layout::Init(Napi::Env env, Napi::Object exports) {
  auto function = DefineClass(env, "Layout", {});
  classes(env).layout = Napi::Persistent(function);
  exports.Set("Layout", function);
}

Napi::Object Layout::Make(Napi::Env env, const memory::desc& desc) {
  memory::desc copy = desc;
  return classes(env).layout.New({Napi::External<memory::desc>::New(env, &copy)});
}

// new Store(count, isReserved = false, isLarge = false): only reserved, and in large pages; or new Store(whole, begin, count)
Store::Store(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Store>(info) {
  guarded(info.Env(), [&] { Allocate(info); });
}

void Store::Allocate(const Napi::CallbackInfo& info) {
  if (info[0].IsObject()) {
    auto object = info[0].As<Napi::Object>();
    const size_t begin = size_of(info[1]), count = size_of(info[2]);
    data_ = floats_of(object, begin + count) + begin;
    bytes_ = count * sizeof(float);
    whole_ = Napi::Persistent(object);
    return;
  }
  bytes_ = (size_of(info[0]) * sizeof(float) + 63) / 64 * 64;
  is_reserved_ = info[1].ToBoolean();
  data_ = static_cast<float*>(is_reserved_ ? reserve(bytes_) : allocate_lines(bytes_));
  if (data_ == nullptr) throw std::bad_alloc();
  if (info[2].ToBoolean()) want_large_pages(data_, bytes_);
  // What is only reserved costs nothing until it is written, so the collector need not know of it.
  if (!is_reserved_) Napi::MemoryManagement::AdjustExternalMemory(info.Env(), static_cast<int64_t>(bytes_));
}

Store::~Store() {
  if (!whole_.IsEmpty() || data_ == nullptr) return;
  if (is_reserved_) {
    release(data_, bytes_);
    return;
  }
  free_lines(data_);
  Napi::MemoryManagement::AdjustExternalMemory(Env(), -static_cast<int64_t>(bytes_));
}

void Store::Zero(const Napi::CallbackInfo&) { std::memset(data_, 0, bytes_); }

void Store::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Store", DefineClass(env, "Store", {InstanceMethod("zero", &Store::Zero)}));
  exports.Set("countsReserved", counts_reserved());
}

Array array_of(const Napi::Value& value) {
  Array array;
  if (value.IsTypedArray()) {
    // Float32Arrays over shared memory have no ArrayBuffer, so the pointer is asked for directly.
    napi_typedarray_type type;
    void* start = nullptr;
    napi_get_typedarray_info(value.Env(), value, &type, &array.length, &start, nullptr, nullptr);
    if (type != napi_float32_array) throw std::length_error("an array that is not of 32-bit floats");
    array.data = static_cast<float*>(start);
  } else if (value.IsObject()) {
    array.store = Store::Unwrap(value.As<Napi::Object>());
  } else {
    throw std::length_error("no array where floats are needed");
  }
  return array;
}

float* Array::floats(size_t count) const {
  float* start = store == nullptr ? data : store->data();
  const size_t there = store == nullptr ? length : store->count();
  if (there < count) {
    throw std::length_error("an array of " + std::to_string(there) + " floats where " + std::to_string(count) +
                            " are needed");
  }
  // An empty one has no place of its own; nullptr stands for what was not given.
  static float nothing;
  return start == nullptr ? &nothing : start;
}

size_t size_of(double number) {
  if (!(number >= 0 && number <= 9007199254740991.0)) {
    throw std::out_of_range(std::to_string(number) + " where a whole number is needed");
  }
  return static_cast<size_t>(number);
}

}  // namespace caffe
