// What a pass has called, to be called again without JavaScript.
#pragma once

#include <vector>

#include "primitive.h"

namespace caffe {

// Calls of the addon's functions and primitives in their order, with what they were given. JavaScript sees add(name or Primitive,
// arguments, limit) and play(). Whoever holds it keeps its primitives and arrays, and does not play it once an array has lost its memory.
class Tape : public Napi::ObjectWrap<Tape> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Tape(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Tape>(info) {}

 private:
  struct Step {
    // One of the two.
    Function function;
    Primitive* primitive;
    std::vector<Given> given;
    // The result may not be greater.
    double limit;
  };
  void Add(const Napi::CallbackInfo& info);
  Napi::Value Play(const Napi::CallbackInfo& info);
  std::vector<Step> steps_;
};

}  // namespace caffe
