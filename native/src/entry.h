// The one way from JavaScript into the engine's addon: nothing that C++ throws gets past it.
#pragma once

#include <napi.h>

#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_map>

namespace caffe {

class Args;

// A function of the addon that takes its arguments in their order; what gives back nothing gives 0.
using Function = double (*)(Args&);

// The classes as one of JavaScript's threads knows them: the addon may be loaded in any number of threads. `error` is
// what a failure of the library or of the system's memory is thrown as, where JavaScript has said so. `functions` are those of floats that a tape
// can call, by their names.
struct Classes {
  Napi::FunctionReference layout, primitive, error;
  std::unordered_map<std::string, Function> functions;
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
constexpr bool kTakesArgs = std::is_invocable_v<decltype(function), Args&>;

template <auto function>
double call(Args& args) {
  if constexpr (std::is_void_v<decltype(function(args))>) {
    function(args);
    return 0;
  } else {
    return function(args);
  }
}

template <auto function>
Napi::Value entry(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    if constexpr (kTakesArgs<function>) {
      Args args(info);
      const double result = call<function>(args);
      if constexpr (!std::is_void_v<decltype(function(args))>) return Napi::Number::New(info.Env(), result);
    } else if constexpr (std::is_void_v<decltype(function(info))>) {
      function(info);
    } else {
      return function(info);
    }
    return info.Env().Undefined();
  });
}

// Gives JavaScript a function of that name.
template <auto function>
void define(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<entry<function>>(exports.Env(), name));
  if constexpr (kTakesArgs<function>) classes(exports.Env()).functions.emplace(name, &call<function>);
}

// As `define`, for arrays of floats; and in `exports.bf16`, by the same name, for arrays of Bf16.
template <auto of_floats, auto of_bf16>
void define(Napi::Object exports, const char* name) {
  define<of_floats>(exports, name);
  define<of_bf16>(exports.Get("bf16").As<Napi::Object>(), name);
}

}  // namespace caffe
