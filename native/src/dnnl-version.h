// The one place that knows how oneDNN 2.x and 3.x differ: primitive descriptors and memory descriptors.
#pragma once

#include <dnnl.hpp>
#include <sstream>
#include <string>

namespace caffe {

#if DNNL_VERSION_MAJOR >= 3

// A primitive_desc from the arguments that follow the engine.
template <typename Primitive, typename... Args>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attr,
                                            Args&&... args) {
  return typename Primitive::primitive_desc(engine, std::forward<Args>(args)..., attr);
}

template <typename Primitive, typename Hint, typename... Args>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const Hint& hint, Args&&... args) {
  return typename Primitive::primitive_desc(engine, std::forward<Args>(args)..., hint);
}

inline std::string layout_key(const dnnl::memory::desc& md) {
  std::ostringstream key;
  for (auto d : md.get_dims()) key << d << 'x';
  for (auto d : md.get_padded_dims()) key << ',' << d;
  for (auto s : md.get_strides()) key << ':' << s;
  auto blocks = md.get_inner_blks();
  auto axes = md.get_inner_idxs();
  for (size_t i = 0; i < blocks.size(); i++) key << '/' << blocks[i] << '@' << axes[i];
  return key.str();
}

inline dnnl::memory::dims dims_of(const dnnl::memory::desc& md) { return md.get_dims(); }

inline void add_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha) {
  ops.append_eltwise(algorithm, alpha, 0.0f);
}

#else

template <typename Primitive, typename... Args>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attr,
                                            Args&&... args) {
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Args>(args)...), attr, engine);
}

template <typename Primitive, typename Hint, typename... Args>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const Hint& hint, Args&&... args) {
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Args>(args)...), engine, hint);
}

inline std::string layout_key(const dnnl::memory::desc& md) {
  std::ostringstream key;
  const auto& blocking = md.data.format_desc.blocking;
  for (int i = 0; i < md.data.ndims; i++) key << md.data.dims[i] << 'x';
  for (int i = 0; i < md.data.ndims; i++) key << ',' << md.data.padded_dims[i];
  for (int i = 0; i < md.data.ndims; i++) key << ':' << blocking.strides[i];
  for (int i = 0; i < blocking.inner_nblks; i++) key << '/' << blocking.inner_blks[i] << '@' << blocking.inner_idxs[i];
  return key.str();
}

inline dnnl::memory::dims dims_of(const dnnl::memory::desc& md) { return md.dims(); }

inline void add_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha) {
  ops.append_eltwise(1.0f, algorithm, alpha, 0.0f);
}

#endif

}  // namespace caffe
