// Whether this processor has the instructions that the addon was compiled for. An install copied to another machine
// would else end the process at the first instruction that is missing there.
#pragma once

#include <napi.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define CAFFE_FOR_ANY_PROCESSOR __attribute__((target("arch=x86-64")))
#else
#define CAFFE_FOR_ANY_PROCESSOR
#endif

namespace caffe {

// What to say of one that is missing; nullptr where none is.
CAFFE_FOR_ANY_PROCESSOR inline const char* missing_instructions() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
#define CAFFE_NEEDS(name)                                                 \
  if (!__builtin_cpu_supports(name))                                      \
    return "built for a processor with " name ", which this one lacks. " \
           "Run npm rebuild caffe-ts (in a clone: npm run build:native)";
#ifdef __SSE4_2__
  CAFFE_NEEDS("sse4.2")
#endif
#ifdef __AVX__
  CAFFE_NEEDS("avx")
#endif
#ifdef __AVX2__
  CAFFE_NEEDS("avx2")
#endif
#ifdef __FMA__
  CAFFE_NEEDS("fma")
#endif
#ifdef __BMI2__
  CAFFE_NEEDS("bmi2")
#endif
#ifdef __AVX512F__
  CAFFE_NEEDS("avx512f")
#endif
#ifdef __AVX512BW__
  CAFFE_NEEDS("avx512bw")
#endif
#ifdef __AVX512DQ__
  CAFFE_NEEDS("avx512dq")
#endif
#ifdef __AVX512VL__
  CAFFE_NEEDS("avx512vl")
#endif
#ifdef __AVX512VBMI__
  CAFFE_NEEDS("avx512vbmi")
#endif
#ifdef __AVX512VBMI2__
  CAFFE_NEEDS("avx512vbmi2")
#endif
#ifdef __AVX512VNNI__
  CAFFE_NEEDS("avx512vnni")
#endif
#ifdef __GFNI__
  CAFFE_NEEDS("gfni")
#endif
#undef CAFFE_NEEDS
#endif
  return nullptr;
}

// Whether it multiplies bfloat16 by instructions of its own.
CAFFE_FOR_ANY_PROCESSOR inline bool multiplies_bf16() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

// Whether it multiplies bytes and adds the products up exactly (VNNI): instructions before that end sums of two products at 16 bits.
CAFFE_FOR_ANY_PROCESSOR inline bool multiplies_bytes() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw");
#else
  return false;
#endif
}

}  // namespace caffe

// Defines how the addon begins: init(env, exports), where the processor has what that was compiled for, else a
// JavaScript error. What looks is compiled for any processor.
#define CAFFE_MODULE(init)                                                                                       \
  extern "C" CAFFE_FOR_ANY_PROCESSOR napi_value NAPI_MODULE_INITIALIZER(napi_env, napi_value);                   \
  static napi_value begin(napi_env env, napi_value exports) { return Napi::RegisterModule(env, exports, init); } \
  NAPI_MODULE_INIT() {                                                                                           \
    const char* missing = caffe::missing_instructions();                                                         \
    if (missing == nullptr) return begin(env, exports);                                                          \
    napi_throw_error(env, nullptr, missing);                                                                     \
    return nullptr;                                                                                              \
  }
