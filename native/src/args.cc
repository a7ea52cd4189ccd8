#include "args.h"

namespace caffe {

Given given_of(const Napi::Value& value) {
  Given given;
  if (value.IsNumber() || value.IsBoolean()) {
    given.kind = Given::Kind::number;
    given.number = value.ToNumber().DoubleValue();
  } else if (value.IsArray()) {
    given.kind = Given::Kind::list;
    const auto list = value.As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); i++) given.list.push_back(given_of(list.Get(i)));
  } else if (!value.IsUndefined()) {
    given.kind = Given::Kind::array;
    given.array = array_of(value);
  }
  return given;
}

}  // namespace caffe
