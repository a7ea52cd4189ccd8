#include "tape.h"

#include <limits>

#include "signals.h"

namespace caffe {

void Tape::Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Tape", DefineClass(env, "Tape", {InstanceMethod("add", &Tape::Add), InstanceMethod("play", &Tape::Play)}));
}

// add(name of a function or Primitive, arguments, limit): a call that is made again by play
void Tape::Add(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Step step{nullptr, nullptr, given_of(info[1]).list, std::numeric_limits<double>::infinity()};
    if (info[0].IsString()) {
      const std::string name = info[0].As<Napi::String>();
      const auto& functions = classes(info.Env()).functions;
      const auto found = functions.find(name);
      if (found == functions.end()) throw std::logic_error(name + " cannot be called by a tape");
      step.function = found->second;
    } else {
      step.primitive = Primitive::Unwrap(info[0].As<Napi::Object>());
    }
    if (!info[2].IsUndefined()) step.limit = info[2].As<Napi::Number>().DoubleValue();
    steps_.push_back(std::move(step));
  });
}

// play(): makes all calls again; false as soon as a result is greater than its limit
Napi::Value Tape::Play(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const SignalsBlocked blocked;
    for (const auto& step : steps_) {
      if (step.primitive != nullptr) {
        step.primitive->RunOn(step.given);
        continue;
      }
      Args args(step.given);
      if (step.function(args) > step.limit) return Napi::Boolean::New(info.Env(), false);
    }
    return Napi::Boolean::New(info.Env(), true);
  });
}

}  // namespace caffe
