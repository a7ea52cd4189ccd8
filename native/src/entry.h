// The one way from JavaScript into the engine's addon: nothing that C++ throws gets past it.
#pragma once

#include <napi.h>

#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace caffe {

// The classes as one of JavaScript's threads knows them: the addon may be loaded in any number of threads. `error` is
// what a failure of the library or of the system's memory is thrown as, where JavaScript has said so.
struct Classes {
  Napi::FunctionReference layout, primitive, error;
};
inline Classes& classes(Napi::Env env) { return *env.GetInstanceData<Classes>(); }

inline Napi::Error failure(Napi::Env env, const std::string& what) {
  auto& error = classes(env).error;
  if (error.IsEmpty()) return Napi::Error::New(env, what);
  return Napi::Error(env, error.New({Napi::String::New(env, what)}));
}

// Runs work and turns what it throws into JavaScript's errors. A logic_error is a fault of ours, and stays a plain one.
template <typename Work>
auto guarded(Napi::Env env, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::logic_error& error) {
    throw Napi::Error::New(env, error.what());
  } catch (const std::bad_alloc&) {
    throw failure(env, "out of memory");
  } catch (const std::exception& error) {
    throw failure(env, error.what());
  }
}

template <auto function>
Napi::Value entry(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    if constexpr (std::is_void_v<decltype(function(info))>) {
      function(info);
      return info.Env().Undefined();
    } else {
      return function(info);
    }
  });
}

// Gives JavaScript a function of that name.
template <auto function>
void define(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<entry<function>>(exports.Env(), name));
}

// As `define`, for arrays of floats; and in `exports.bf16`, by the same name, for arrays of Bf16.
template <auto of_floats, auto of_bf16>
void define(Napi::Object exports, const char* name) {
  define<of_floats>(exports, name);
  define<of_bf16>(exports.Get("bf16").As<Napi::Object>(), name);
}

}  // namespace caffe
